//! The answers that frameworks give by themselves, shortened where the text does not matter.

use super::asked::Asked;
use super::reply::{Ending, Reply};
use serde_json::{Value, json};

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

fn object(status: u16, reason: &'static str, content_type: &str, body: &Value) -> Reply {
    Reply::new(status, reason, content_type, &body.to_string())
}

/// Flask and Werkzeug: an HTML page with the reason as its heading.
pub(super) fn flask(status: u16, reason: &'static str) -> Reply {
    let page = format!("<!doctype html>\n<html lang=en>\n<title>{status} {reason}</title>\n<h1>{reason}</h1>\n");
    Reply::new(status, reason, HTML, &page).with("Server", "Werkzeug/3.1.8 Python/3.12.3")
}

/// FastAPI: a JSON object with the member `detail`.
pub(super) fn fastapi(status: u16, reason: &'static str, detail: &Value) -> Reply {
    object(status, reason, JSON, &json!({ "detail": detail })).with("server", "uvicorn")
}

/// Django without `DEBUG`: a short HTML page.
pub(super) fn django(status: u16, reason: &'static str) -> Reply {
    let page = format!("<!doctype html>\n<html lang=\"en\">\n<body>\n  <h1>{reason}</h1><p></p>\n</body>\n</html>\n");
    Reply::new(status, reason, HTML, &page).with("X-Frame-Options", "DENY").with("X-Content-Type-Options", "nosniff")
}

/// Go's `http.Error`: plain text with a line end.
pub(super) fn go(status: u16, reason: &'static str, text: &str) -> Reply {
    Reply::new(status, reason, TEXT, &format!("{text}\n")).with("X-Content-Type-Options", "nosniff")
}

/// Express: an HTML page with the message of the error, and in development with its stack.
pub(super) fn express(status: u16, reason: &'static str, text: &str) -> Reply {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n\
         <pre>{text}</pre>\n</body>\n</html>\n"
    );
    Reply::new(status, reason, HTML, &page)
        .with("X-Powered-By", "Express")
        .with("Content-Security-Policy", "default-src 'none'")
        .with("X-Content-Type-Options", "nosniff")
}

/// Fastify: a JSON object with the status, its reason, a message and sometimes a code of its own.
pub(super) fn fastify(status: u16, reason: &'static str, code: Option<&str>, message: &str) -> Reply {
    let mut body = json!({ "statusCode": status, "error": reason, "message": message });
    if let Some(code) = code {
        body["code"] = Value::String(code.to_owned());
    }
    object(status, reason, "application/json; charset=utf-8", &body)
}

/// Spring Boot's BasicErrorController: a JSON object with time, status, reason and path.
pub(super) fn spring(status: u16, reason: &'static str, asked: &Asked) -> Reply {
    let timestamp = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.000+00:00").to_string();
    let body = json!({ "timestamp": timestamp, "status": status, "error": reason, "path": asked.path() });
    object(status, reason, JSON, &body)
}

/// ASP.NET Core: problem details.
pub(super) fn aspnet(status: u16, reason: &'static str, title: &str) -> Reply {
    let body = json!({ "type": "https://tools.ietf.org/html/rfc9110#section-15.5", "title": title, "status": status });
    object(status, reason, "application/problem+json; charset=utf-8", &body).with("Server", "Kestrel")
}

/// Django REST framework: a JSON object with the member `detail`.
pub(super) fn rest_framework(status: u16, reason: &'static str, detail: &str) -> Reply {
    object(status, reason, JSON, &json!({ "detail": detail })).with("Vary", "Accept")
}

/// Rails: a static HTML page from `public/`.
pub(super) fn rails(status: u16, reason: &'static str) -> Reply {
    let page = format!("<!doctype html>\n<html lang=\"en\"><head><title>{reason} ({status})</title></head></html>\n");
    Reply::new(status, reason, "text/html; charset=UTF-8", &page)
}

/// Vert.x Web: the reason as text.
pub(super) fn vertx(status: u16, reason: &'static str) -> Reply {
    let mut reply = Reply::new(status, reason, TEXT, reason);
    reply.without("date");
    reply
}

/// The text that axum's and Actix' extractors refuse with.
pub(super) fn text(status: u16, reason: &'static str, text: &str) -> Reply {
    Reply::new(status, reason, TEXT, text)
}

/// Jetty: an HTML table with the URI, the status and the message.
pub(super) fn jetty(status: u16, reason: &'static str, asked: &Asked) -> Reply {
    let page = format!(
        "<html>\n<head><title>Error {status} {reason}</title></head>\n<body><h2>HTTP ERROR {status} {reason}</h2>\n\
         <table>\n<tr><th>URI:</th><td>{}</td></tr>\n</table>\n</body>\n</html>\n",
        asked.path()
    );
    Reply::new(status, reason, "text/html;charset=iso-8859-1", &page).with("Server", "Jetty(12.0.14)")
}

/// nginx and lighttpd: an HTML page with status and reason.
pub(super) fn plain_html(status: u16, reason: &'static str, server: &str) -> Reply {
    let page = format!("<html>\n<head><title>{status} {reason}</title></head>\n<body></body>\n</html>\n");
    Reply::new(status, reason, "text/html", &page).with("Server", server)
}

/// Python's `http.server`: an HTML page in HTTP/1.0, after which the connection is closed.
pub(super) fn http_server(status: u16, reason: &'static str) -> Reply {
    let page = format!("<!DOCTYPE HTML>\n<html lang=\"en\">\n<body><p>Error code: {status}</p></body>\n</html>\n");
    let reply =
        Reply::new(status, reason, "text/html;charset=utf-8", &page).with("Server", "BaseHTTP/0.6 Python/3.12.3");
    Reply { version: "HTTP/1.0", ..reply.closing() }
}

/// The connection is closed without an answer.
pub(super) fn closed() -> Reply {
    Reply { ending: Ending::Closed, ..Reply::new(500, "", TEXT, "") }
}
