//! Who answers at an endpoint.

use super::endpoint::{Endpoint, Scheme};
use super::tls::{Tls, Verify};

/// Who answers at an endpoint, as far as the way there tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// This machine, by the endpoint as it was typed.
    Loopback,
    /// Somebody whose certificate was verified.
    Verified,
    /// Anybody on the way.
    Unverified,
}

impl Peer {
    /// The one at this endpoint under these settings.
    pub fn of(endpoint: &Endpoint, tls: &Tls) -> Self {
        match (endpoint.is_loopback(), endpoint.scheme, tls.verify) {
            (true, _, _) => Self::Loopback,
            (false, Scheme::Https, Verify::Yes) => Self::Verified,
            (false, Scheme::Http, _) | (false, _, Verify::NoInsecure) => Self::Unverified,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;

    #[test]
    fn only_a_certificate_or_loopback_tells_who_answers() {
        let insecure = Tls { verify: Verify::NoInsecure, ..Tls::default() };
        for (url, tls, peer) in [
            ("https://kms.example.com", &Tls::default(), Peer::Verified),
            ("https://kms.example.com", &insecure, Peer::Unverified),
            ("http://kms.example.com", &Tls::default(), Peer::Unverified),
            ("https://127.0.0.1", &insecure, Peer::Loopback),
            ("http://localhost", &Tls::default(), Peer::Loopback),
        ] {
            assert_eq!(Peer::of(&Endpoint::parse(url).unwrap(), tls), peer, "{url}");
        }
    }
}
