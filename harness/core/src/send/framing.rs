//! Decides where the body of an answer ends.

use super::error::{SendError, quoted};
use super::exchange::ResponseFraming;
use crate::http::Header;
use crate::text::{TargetText, Text};

/// The end of a body. Contradicting headers also have one defined end. The observation of such an answer then does not
/// depend on how the network splits the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There is no body.
    Head,
    /// The body has this number of bytes.
    Length(u64),
    /// The body ends after the last chunk.
    Chunks,
    /// The body ends with the connection.
    Close,
}

/// How the headers mark the end of the body, and where it is.
pub(super) fn framing(
    status: u16,
    is_head_request: bool,
    headers: &[Header],
) -> Result<(ResponseFraming, End), SendError> {
    if is_head_request || status == 204 || status == 304 || (100..200).contains(&status) {
        return Ok((ResponseFraming::None, End::Head));
    }
    let lengths = values(headers, "content-length");
    let codings = values(headers, "transfer-encoding");
    let is_chunked = codings.len() == 1 && codings[0].eq_ignore_ascii_case("chunked");
    // The smallest length is used, because the bytes of a larger one may never come.
    let smallest = lengths.iter().filter_map(|length| number(length)).min();
    match (lengths.as_slice(), codings.as_slice()) {
        ([], []) => Ok((ResponseFraming::UntilClose, End::Close)),
        ([], _) if is_chunked => Ok((ResponseFraming::Chunked, End::Chunks)),
        ([], _) => Err(SendError::Malformed(Text::from("the transfer coding ").and(quoted(codings.join(", "))))),
        ([length], []) => match smallest {
            Some(number) => Ok((ResponseFraming::Length(number), End::Length(number))),
            None => Err(SendError::Malformed(Text::from("the Content-Length ").and(quoted(length.as_str())))),
        },
        (lengths, codings) => {
            let why = if codings.is_empty() {
                Text::from("Content-Length ").and(TargetText::new(lengths.join(" and ")))
            } else {
                "both Content-Length and Transfer-Encoding".into()
            };
            match smallest {
                // HTTP gives chunks precedence.
                _ if is_chunked => Ok((ResponseFraming::Ambiguous(why), End::Chunks)),
                Some(number) => Ok((ResponseFraming::Ambiguous(why), End::Length(number))),
                None => Err(SendError::Malformed(why)),
            }
        }
    }
}

/// Whether the headers announce that the connection closes after this message.
pub(super) fn says_close(headers: &[Header]) -> bool {
    let words = values(headers, "connection").join(",").to_ascii_lowercase();
    words.split(',').any(|word| word.trim() == "close")
}

fn values(headers: &[Header], name: &str) -> Vec<String> {
    let named = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
    named.map(|header| header.text().trim().to_owned()).collect()
}

/// Accepts digits only: no sign, no list, no blank.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradicting_headers_are_ambiguous_and_still_end_somewhere() {
        let of = |headers: &[(&str, &str)]| {
            let headers: Vec<_> = headers.iter().map(|(name, value)| Header::new(*name, *value)).collect();
            framing(200, false, &headers)
        };
        let (length, coding) = ("Content-Length", "Transfer-Encoding");
        let end = |headers: &[(&str, &str)]| match of(headers) {
            Ok((ResponseFraming::Ambiguous(_), end)) => Some(end),
            _ => None,
        };
        assert_eq!(end(&[(length, "3"), (length, "2")]), Some(End::Length(2)));
        assert_eq!(end(&[(length, "2"), (length, "x")]), Some(End::Length(2)));
        assert_eq!(end(&[(length, "2"), (coding, "Chunked")]), Some(End::Chunks));
        assert_eq!(end(&[(length, "2"), (coding, "gzip")]), Some(End::Length(2)));
        for headers in [&[(length, "2, 2")][..], &[(length, "")], &[(coding, "gzip")], &[(length, "x"), (length, "y")]]
        {
            assert!(matches!(of(headers), Err(SendError::Malformed(_))), "{headers:?}");
        }
    }

    #[test]
    fn close_is_found_in_any_connection_header() {
        let headers = [Header::new("connection", "keep-alive"), Header::new("Connection", "x, Close")];
        assert!(says_close(&headers));
        assert!(!says_close(&headers[..1]));
    }
}
