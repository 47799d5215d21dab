//! How the bytes of a request are handed over: at once, in pieces, or the body later than the head.

use super::http1::encode;
use crate::http::{Delivery, Request};
use memchr::memmem;
use std::time::Duration;

/// The bytes that are sent, and when.
pub(super) struct Outgoing {
    /// All bytes.
    pub(super) bytes: Vec<u8>,
    /// The pieces in which they are sent, in order.
    pub(super) pieces: Vec<Piece>,
    /// Whether what was not sent before the answer is sent after it.
    pub(super) is_finished: bool,
}

/// A piece of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where it ends.
    pub(super) end: usize,
    /// The pause before it.
    pub(super) pause: Duration,
}

impl Outgoing {
    /// One request, as its delivery says.
    pub(super) fn of(request: &Request) -> Self {
        let bytes = encode(request);
        let pieces = pieces(&bytes, request.delivery);
        Self { pieces, is_finished: matches!(request.delivery, Delivery::BodyWaits(_)), bytes }
    }

    /// Requests in one write.
    pub(super) fn pipelined(requests: [&Request; 2]) -> Self {
        let bytes = requests.map(encode).concat();
        Self { pieces: pieces(&bytes, Delivery::AtOnce), is_finished: false, bytes }
    }

    /// Nothing: the request was sent already.
    pub(super) fn nothing() -> Self {
        Self { bytes: Vec::new(), pieces: pieces(&[], Delivery::AtOnce), is_finished: false }
    }
}

fn pieces(bytes: &[u8], delivery: Delivery) -> Vec<Piece> {
    let whole = Piece { end: bytes.len(), pause: Duration::ZERO };
    let head = || memmem::find(bytes, b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
    match delivery {
        Delivery::AtOnce => vec![whole],
        Delivery::Pieces { count, pause } => {
            // A target that reads head and body apart has to find each of them in several pieces.
            let (head, of_head, of_body) = (head(), count - count / 2, count / 2);
            let heads = (1..=of_head).map(|number| head * number / of_head);
            let bodies = (1..=of_body).map(|number| head + (bytes.len() - head) * number / of_body);
            paused(heads.chain(bodies), pause)
        }
        Delivery::LineEnds { pause } => {
            let cuts = bytes.windows(2).enumerate().filter(|(_, two)| *two == b"\r\n").map(|(at, _)| at + 1);
            paused(cuts.chain([bytes.len()]), pause)
        }
        Delivery::BodyWaits(pause) => {
            vec![Piece { end: head(), pause: Duration::ZERO }, Piece { pause, ..whole }]
        }
    }
}

/// Pieces that end there, the first one without a pause.
fn paused(ends: impl Iterator<Item = usize>, pause: Duration) -> Vec<Piece> {
    let piece = |(number, end)| Piece { end, pause: if number == 0 { Duration::ZERO } else { pause } };
    ends.enumerate().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_all_of_the_request_and_the_first_one_does_not_wait() {
        let pause = Duration::from_millis(3);
        let ends = |delivery| {
            let pieces = pieces(b"POST / HTTP/1.1\r\n\r\n{}", delivery);
            assert_eq!(pieces[0].pause, Duration::ZERO);
            assert!(pieces[1..].iter().all(|piece| piece.pause == pause));
            pieces.iter().map(|piece| piece.end).collect::<Vec<_>>()
        };
        assert_eq!(ends(Delivery::AtOnce), [21]);
        assert_eq!(ends(Delivery::Pieces { count: 4, pause }), [9, 19, 20, 21]);
        assert_eq!(ends(Delivery::LineEnds { pause }), [16, 18, 21]);
        assert_eq!(ends(Delivery::BodyWaits(pause)), [19, 21]);
    }
}
