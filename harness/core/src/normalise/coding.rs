//! Bodies in which nothing can be looked for, since they are compressed.

use crate::http::{Header, find};

/// How bodies of the common compressions begin, for those that do not say what they are.
const BEGINNINGS: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x78\x01", "deflate"),
    (b"\x78\x5e", "deflate"),
    (b"\x78\x9c", "deflate"),
    (b"\x78\xda", "deflate"),
];

/// What a body is encoded as, by its header or by how it begins. A secret in such a body would be found by nobody here
/// and by everybody else, so that no such body is kept or shown.
pub(crate) fn coding(headers: &[Header], body: &[u8]) -> Option<String> {
    let stated = find(headers, "Content-Encoding").map(|header| header.text().trim().to_ascii_lowercase());
    let begins = || BEGINNINGS.iter().find(|(beginning, _)| body.starts_with(beginning));
    match stated.filter(|coding| !coding.is_empty() && coding != "identity") {
        _ if body.is_empty() => None,
        Some(coding) => {
            // A name of its own could be anything.
            let known = ["gzip", "x-gzip", "deflate", "br", "zstd", "compress"];
            Some(if known.contains(&coding.as_str()) { coding } else { "another coding".to_owned() })
        }
        None => begins().map(|(_, name)| (*name).to_owned()),
    }
}

/// What stands for such a body.
pub(crate) fn not_kept(coding: &str) -> String {
    format!("<not kept: {coding}>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_bodies_are_told_from_others() {
        let of = |value: &str, body: &[u8]| coding(&[Header::new("content-encoding", value)], body);
        assert_eq!(of("GZIP", b"{}").as_deref(), Some("gzip"));
        assert_eq!(of("secret", b"{}").as_deref(), Some("another coding"));
        assert_eq!(of("identity", b"{}"), None);
        assert_eq!(of("gzip", b""), None);
        assert_eq!(coding(&[], b"\x1f\x8b\x08").as_deref(), Some("gzip"));
        assert_eq!(coding(&[], b"\x78\x9c.").as_deref(), Some("deflate"));
        assert_eq!(coding(&[], b"{\"a\":1}"), None);
    }
}
