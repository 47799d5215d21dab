//! A request of the operation under test as the proxy received it.

use serde_json::Value;

/// A request on the wire.
pub(crate) struct Asked {
    /// The whole request. Bytes that are not UTF-8 are replaced.
    pub(super) text: String,
    pub(super) method: String,
    /// The target of the request line: path and query, or a whole URL.
    pub(super) target: String,
    /// Names as they were sent.
    pub(super) headers: Vec<(String, String)>,
    /// The body without its framing.
    pub(super) body: Vec<u8>,
}

impl Asked {
    /// Takes a complete request apart.
    pub(super) fn of(request: &[u8]) -> Self {
        let text = String::from_utf8_lossy(request).into_owned();
        let end = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(request.len());
        let head = String::from_utf8_lossy(&request[..end]).into_owned();
        let body = request.get(end + 4..).unwrap_or_default();
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        let mut asked = Self { text, method, target, headers, body: body.to_vec() };
        if asked.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            asked.body = dechunked(body);
        }
        asked
    }

    /// The first value of a header. The case of `name` does not count.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Every value of a header.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON, if it is JSON.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The value of KeyId, if the body is an object that has it.
    pub(super) fn key_id(&self) -> Option<Value> {
        self.json()?.get("KeyId").cloned()
    }

    /// The request with other header lines and its body without framing.
    pub(super) fn with_headers<'a>(&self, headers: impl Iterator<Item = &'a (String, String)>) -> Vec<u8> {
        let lines: String = headers.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        [format!("{} {} HTTP/1.1\r\n{lines}\r\n", self.method, self.target).as_bytes(), &self.body].concat()
    }

    /// The path without the query.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// The data of a chunked body. What cannot be read as chunks is left out.
fn dechunked(mut body: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    while let Some(line) = body.windows(2).position(|window| window == b"\r\n") {
        let size = String::from_utf8_lossy(&body[..line]).split(';').next().map(|size| size.trim().to_owned());
        let Some(size) = size.and_then(|size| usize::from_str_radix(&size, 16).ok()) else { break };
        let chunk = body.get(line + 2..line + 2 + size);
        match chunk {
            Some(chunk) if size > 0 => data.extend_from_slice(chunk),
            _ => break,
        }
        body = body.get(line + 4 + size..).unwrap_or_default();
    }
    data
}

#[cfg(test)]
mod tests {
    use super::Asked;

    #[test]
    fn a_request_is_taken_apart() {
        let asked = Asked::of(b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-A:1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\n{}");
        assert_eq!((asked.method.as_str(), asked.path(), asked.header("HOST")), ("POST", "/a", Some("x")));
        assert_eq!((asked.values("X-a").collect::<Vec<_>>(), asked.body.as_slice()), (vec!["1", "2"], &b"{}"[..]));
        assert!(asked.target.ends_with("?b=c") && asked.text.ends_with("\r\n\r\n{}"));
    }

    #[test]
    fn a_chunked_body_is_put_together() {
        let asked =
            Asked::of(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n");
        assert_eq!(asked.body, b"{}");
        let broken = Asked::of(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{\r\n0\r\n\r\n");
        assert_eq!(broken.body, b"");
    }
}
