//! Habits of frameworks, one a line: name, framework and link, what it does by default, clauses or the reason why nothing
//! forbids it, the case that must find it, edition, fault.

use super::asked::Asked;
use super::fault::Fault;
use super::foreign::{Foreign, forbidden, unforbidden};
use super::reply::{Ending, Reply, Rewrite};
use crate::edition::Edition::KeyOnly;
use crate::request::Incoming;

/// Every habit.
pub fn habits() -> &'static [Foreign] {
    HABITS
}

/// The framework answers before a handler sees the request.
const fn instead(answer: fn(&Asked) -> Option<Reply>) -> Fault {
    Fault::Wire(Rewrite::Instead(answer))
}

/// The framework changes what the handler answers.
const fn answered(change: fn(&Asked, &mut Reply)) -> Fault {
    Fault::Wire(Rewrite::Answered(change))
}

/// The framework gives the handler another request than was sent.
const fn read(change: fn(&mut Incoming)) -> Fault {
    Fault::Read(change)
}

const GO_JSON: (&str, &str) = ("Go encoding/json", "https://pkg.go.dev/encoding/json#Unmarshal");
const HTTP_SERVER: (&str, &str) =
    ("Python http.server", "https://github.com/python/cpython/blob/3.12/Lib/http/server.py");
const EXPRESS: (&str, &str) = ("Express 4", "https://expressjs.com/en/guide/routing.html");

#[rustfmt::skip]
static HABITS: &[Foreign] = &[
    forbidden("go-names-without-case", GO_JSON, "member names are matched without regard to case", &["P-11"], "members/camel-case-name", KeyOnly, read(names_without_case)),
    unforbidden("express-method-404", EXPRESS, "another method is answered with 404 and HTML", "a 4xx of any shape refuses the method", KeyOnly, instead(|asked| {
        (asked.method != "POST").then(|| Reply::new(404, "Not Found", "text/html; charset=utf-8", &format!("<pre>Cannot {} {}</pre>\n", asked.method, asked.path())))
    })),
    unforbidden("http-server-method-501", HTTP_SERVER, "another method is answered with 501 in HTTP/1.0, and the connection is closed", "501 refuses a method that the server does not know", KeyOnly, instead(|asked| {
        let page = format!("<!DOCTYPE HTML>\n<p>Message: Unsupported method ('{}').</p>\n", asked.method);
        let reply = Reply::new(501, "Unsupported method", "text/html;charset=utf-8", &page).with("Server", "BaseHTTP/0.6 Python/3.12.3");
        (asked.method != "POST").then(|| Reply { version: "HTTP/1.0", ending: Ending::UntilClose, ..reply })
    })),
    unforbidden("x-powered-by", EXPRESS, "answers say what they are powered by", "further headers are allowed", KeyOnly, Fault::Wire(Rewrite::Everything(|_, reply| reply.header("x-powered-by", "Express")))),
];

fn names_without_case(request: &mut Incoming) {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_slice(&request.body) else { return };
    let renamed: serde_json::Map<_, _> = members
        .into_iter()
        .map(|(name, value)| (if name.eq_ignore_ascii_case("KeyId") { "KeyId".to_owned() } else { name }, value))
        .collect();
    request.body = serde_json::Value::Object(renamed).to_string().into_bytes();
}
