//! Habits of frameworks, one a line: name, framework and link, what it does by default, clauses or the reason why nothing
//! forbids it, the case that must find it, edition, fault.

use super::fault::{answered, everywhere, forward, instead, read, receive};
use super::foreign::{Foreign, Source, forbidden, unforbidden};
use super::lenient::{Form, as_json, detected, first_value};
use super::pages;
use super::reading::{
    content_type, depth, first_length, first_of_duplicates, has_long_number, has_unknown_member, is_bad, is_right_type,
    key_ids, lacks_key_id, names_without_case, only_first, scalars_as_text,
};
use super::reply::{Ending, Reply};
use crate::edition::Edition::{KeyMaterialId, KeyOnly};
use serde_json::{Value, json};

/// Every habit.
pub fn habits() -> &'static [Foreign] {
    HABITS
}

const HTTP_SERVER: Source = ("Python http.server", "https://github.com/python/cpython/blob/3.12/Lib/http/server.py");
const FLASK: Source = ("Flask 3.1", "https://flask.palletsprojects.com/en/stable/errorhandling/");
const WERKZEUG: Source =
    ("Werkzeug 3.1", "https://github.com/pallets/werkzeug/blob/3.1.3/src/werkzeug/sansio/request.py");
const WERKZEUG_ROUTING: Source = ("Werkzeug 3.1", "https://werkzeug.palletsprojects.com/en/stable/routing/");
const TOMCAT: Source = (
    "Apache Tomcat 10",
    "https://github.com/apache/tomcat/blob/10.1.x/java/org/apache/catalina/connector/CoyoteAdapter.java",
);
const WERKZEUG_SERVER: Source =
    ("Werkzeug 3.1, development server", "https://github.com/pallets/werkzeug/blob/3.1.3/src/werkzeug/serving.py");
const PYTHON_JSON: Source = ("Python json", "https://docs.python.org/3/library/json.html");
const PYTHON_INT: Source = (
    "Python int, limit of digits",
    "https://docs.python.org/3/library/stdtypes.html#integer-string-conversion-length-limitation",
);
const FASTAPI: Source = ("FastAPI", "https://fastapi.tiangolo.com/tutorial/handling-errors/");
const FASTAPI_ANSWER: Source = ("FastAPI", "https://fastapi.tiangolo.com/tutorial/response-model/");
const STARLETTE: Source =
    ("Starlette JSONResponse", "https://github.com/encode/starlette/blob/0.41.0/starlette/responses.py");
const DRF: Source = ("Django REST framework", "https://www.django-rest-framework.org/api-guide/exceptions/");
const AIOHTTP: Source = ("aiohttp 3", "https://docs.aiohttp.org/en/stable/web_reference.html#response");
const GO_MUX: Source = ("Go net/http ServeMux", "https://pkg.go.dev/net/http#ServeMux");
const GO_SERVER: Source = ("Go net/http", "https://pkg.go.dev/net/http#Handler");
const GO_JSON: Source = ("Go encoding/json", "https://pkg.go.dev/encoding/json#Unmarshal");
const GO_DECODER: Source = ("Go encoding/json, Decoder", "https://pkg.go.dev/encoding/json#Decoder.Decode");
const GO_MIME: Source = ("Go mime", "https://pkg.go.dev/mime#ParseMediaType");
const GIN: Source = ("gin", "https://pkg.go.dev/github.com/gin-gonic/gin#Context.ShouldBindJSON");
const NODE: Source = ("Node.js http", "https://nodejs.org/api/http.html#messageheaders");
const EXPRESS: Source = ("Express 4", "https://expressjs.com/en/guide/error-handling.html");
const EXPRESS_ANSWER: Source = ("Express 4", "https://expressjs.com/en/4x/api.html#res.sendStatus");
const BODY_PARSER: Source = ("Express body-parser", "https://github.com/expressjs/body-parser#bodyparserjsonoptions");
const CORS: Source = ("Express cors", "https://github.com/expressjs/cors#configuration-options");
const FASTIFY: Source = ("Fastify 5", "https://fastify.dev/docs/latest/Reference/Errors/");
const FASTIFY_POISON: Source =
    ("Fastify 5, secure-json-parse", "https://fastify.dev/docs/latest/Reference/Server/#onprotopoisoning");
const KOA: Source = ("Koa 2", "https://github.com/koajs/koa/blob/master/docs/api/response.md");
const NEST: Source = ("NestJS", "https://docs.nestjs.com/exception-filters");
const SPRING: Source = (
    "Spring Boot",
    "https://docs.spring.io/spring-boot/reference/web/servlet.html#web.servlet.spring-mvc.error-handling",
);
const SPRING_SECURITY: Source =
    ("Spring Security", "https://docs.spring.io/spring-security/reference/servlet/exploits/headers.html");
const JACKSON: Source =
    ("Jackson databind 2", "https://github.com/FasterXML/jackson-databind/wiki/Deserialization-Features");
const JACKSON_MAPPER: Source =
    ("Jackson databind 2", "https://github.com/FasterXML/jackson-databind/wiki/Mapper-Features");
const JACKSON_LIMITS: Source = (
    "Jackson core 2.15",
    "https://javadoc.io/doc/com.fasterxml.jackson.core/jackson-core/2.15.0/com/fasterxml/jackson/core/StreamReadConstraints.html",
);
const GSON: Source = (
    "Gson, lenient",
    "https://javadoc.io/doc/com.google.code.gson/gson/2.10.1/com.google.gson/com/google/gson/stream/JsonReader.html",
);
const SERVLET: Source = (
    "Jakarta Servlet, HttpServlet",
    "https://jakarta.ee/specifications/servlet/6.0/apidocs/jakarta.servlet/jakarta/servlet/http/httpservlet",
);
const JETTY: Source = ("Jetty 12", "https://github.com/jetty/jetty.project");
const JDK: Source = (
    "JDK HttpServer",
    "https://docs.oracle.com/en/java/javase/21/docs/api/jdk.httpserver/com/sun/net/httpserver/HttpServer.html",
);
const VERTX: Source = ("Vert.x Web 4", "https://vertx.io/docs/vertx-web/java/");
const AXUM: Source = ("axum 0.8", "https://docs.rs/axum/latest/axum/struct.Json.html");
const TOWER: Source =
    ("axum with tower-http", "https://docs.rs/tower-http/latest/tower_http/compression/struct.CompressionLayer.html");
const SIMDJSON: Source = ("simdjson", "https://github.com/simdjson/simdjson/blob/master/doc/basics.md");
const LIGHTTPD: Source =
    ("lighttpd 1.4", "https://redmine.lighttpd.net/projects/lighttpd/wiki/Server_reject-expect-100-with-417Details");
const NGINX: Source = ("nginx before 1.3.9", "https://nginx.org/en/CHANGES");
const ACTIX_3: Source = ("Actix Web 3", "https://docs.rs/actix-web/3.3.3/actix_web/web/struct.JsonConfig.html");
const ACTIX: Source = ("Actix Web 4", "https://docs.rs/actix-web/latest/actix_web/web/struct.JsonConfig.html");
const SERDE: Source = ("serde", "https://serde.rs/field-attrs.html");
const ASPNET: Source = ("ASP.NET Core", "https://learn.microsoft.com/en-us/aspnet/core/web-api/handle-errors");
const ASPNET_JSON: Source = (
    "ASP.NET Core, System.Text.Json",
    "https://learn.microsoft.com/en-us/dotnet/standard/serialization/system-text-json/configure-options",
);
const NEWTONSOFT: Source = ("Newtonsoft.Json 13", "https://www.newtonsoft.com/json/help/html/ReadJson.htm");
const RAILS: Source = ("Rails", "https://guides.rubyonrails.org/layouts_and_rendering.html");
const RAILS_ERRORS: Source = ("Rails", "https://guides.rubyonrails.org/configuring.html#config-exceptions-app");
const PUMA: Source = ("Puma", "https://github.com/puma/puma");
const PHP: Source = ("PHP 8", "https://www.php.net/manual/en/errorfunc.configuration.php#ini.display-errors");
const LARAVEL: Source = ("Laravel", "https://laravel.com/docs/responses");

/// An error with the type NotFoundException, compressed.
#[rustfmt::skip]
const GZIPPED: &[u8] = &[0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0x8a, 0x8f, 0x2f, 0xa9, 0x2c, 0x48, 0x55, 0xb2, 0x52, 0xf2, 0xcb, 0x2f, 0x71, 0xcb, 0x2f, 0xcd, 0x4b, 0x71, 0xad, 0x48, 0x4e, 0x2d, 0x28, 0xc9, 0xcc, 0xcf, 0x53, 0xd2, 0x51, 0xca, 0x4d, 0x2d, 0x2e, 0x4e, 0x4c, 0x07, 0xc9, 0x7a, 0xa7, 0x56, 0x2a, 0xa4, 0xe4, 0xa7, 0x16, 0x2b, 0xe4, 0xe5, 0x97, 0x28, 0xa4, 0x56, 0x64, 0x16, 0x97, 0x28, 0xd5, 0x02, 0x00, 0x26, 0xe8, 0x8a, 0x64, 0x3d, 0x00, 0x00, 0x00];

#[rustfmt::skip]
static HABITS: &[Foreign] = &[
    // Methods
    unforbidden("flask-method-405", FLASK, "another method is answered with 405 and HTML", "a 4xx of any shape refuses it", KeyOnly, instead(|asked| (asked.method != "POST").then(|| pages::flask(405, "METHOD NOT ALLOWED").with("Allow", "POST, OPTIONS")))),
    forbidden("werkzeug-method-in-any-case", WERKZEUG, "the method is put in upper case, so that `post` is POST", &["S-37", "P-01"], "protocol/method-lower-case", KeyOnly, read(|request| request.method.make_ascii_uppercase())),
    unforbidden("http-server-method-501", HTTP_SERVER, "another method is answered with 501 in HTTP/1.0, and the connection is closed", "501 refuses a method that the server does not know", KeyOnly, instead(|asked| (asked.method != "POST").then(|| pages::http_server(501, "Unsupported method")))),
    unforbidden("fastapi-method-405", FASTAPI, "another method is answered with 405 and the member detail", "a 4xx of any shape refuses it", KeyOnly, instead(|asked| (asked.method != "POST").then(|| pages::fastapi(405, "Method Not Allowed", &json!("Method Not Allowed")).with("allow", "POST")))),
    unforbidden("express-method-404", EXPRESS, "another method is answered with 404 and HTML", "a 4xx of any shape refuses it", KeyOnly, instead(|asked| (asked.method != "POST").then(|| pages::express(404, "Not Found", &format!("Cannot {} {}", asked.method, asked.path()))))),
    unforbidden("spring-method-405", SPRING, "another method is answered with 405 and JSON of its own", "a 4xx of any shape refuses it", KeyOnly, instead(|asked| (asked.method != "POST").then(|| pages::spring(405, "Method Not Allowed", asked).with("Allow", "POST")))),
    unforbidden("aspnet-method-405", ASPNET, "another method is answered with 405 and no body", "a 4xx of any shape refuses it", KeyOnly, instead(|asked| (asked.method != "POST").then(|| pages::text(405, "Method Not Allowed", "").with("Allow", "POST")))),
    unforbidden("node-method-400", NODE, "a method in lower case is answered with 400, and the connection is closed", "a 4xx of any shape refuses it", KeyOnly, instead(|asked| (asked.method == "post").then(|| pages::text(400, "Bad Request", "").closing()))),
    forbidden("go-handle-every-method", GO_MUX, "a handler for `/` gets every method, and carries all of them out", &["S-37", "P-01"], "protocol/method-get", KeyOnly, read(|request| request.method = "POST".to_owned())),
    forbidden("servlet-trace-echo", SERVLET, "TRACE is answered with 200 and the request, whose signature anybody can read then", &["S-37", "P-01"], "protocol/method-trace", KeyOnly, instead(|asked| (asked.method == "TRACE").then(|| Reply::new(200, "OK", "message/http", asked.text.split("\r\n\r\n").next().unwrap_or_default())))),
    unforbidden("flask-options-200", FLASK, "OPTIONS is answered with 200 and Allow", "how KMS answers OPTIONS is recorded nowhere", KeyOnly, instead(|asked| (asked.method == "OPTIONS").then(|| Reply::new(200, "OK", "text/html; charset=utf-8", "").with("Allow", "POST, OPTIONS")))),
    unforbidden("express-cors-options-204", CORS, "OPTIONS is answered with 204", "how KMS answers OPTIONS is recorded nowhere", KeyOnly, instead(|asked| (asked.method == "OPTIONS").then(|| pages::text(204, "No Content", "").with("Access-Control-Allow-Origin", "*")))),
    // Paths
    unforbidden("flask-path-404", FLASK, "another path is answered with 404 and HTML", "a 4xx of any shape refuses it", KeyOnly, instead(|asked| (asked.path() != "/").then(|| pages::flask(404, "NOT FOUND")))),
    unforbidden("fastify-path-404", FASTIFY, "another path or method is answered with 404 and JSON of its own", "a 4xx of any shape refuses it", KeyOnly, instead(|asked| (asked.path() != "/" || asked.method != "POST").then(|| pages::fastify(404, "Not Found", None, &format!("Route {}:{} not found", asked.method, asked.path()))))),
    unforbidden("jetty-path-404", JETTY, "another path is answered with 404 and HTML", "a 4xx of any shape refuses it", KeyOnly, instead(|asked| (asked.path() != "/").then(|| pages::jetty(404, "Not Found", asked)))),
    unforbidden("vertx-path-404", VERTX, "another path is answered with 404 and HTML", "a 4xx of any shape refuses it", KeyOnly, instead(|asked| (asked.path() != "/").then(|| Reply::new(404, "Not Found", "text/html; charset=utf-8", "<html><body><h1>Resource not found</h1></body></html>")))),
    forbidden("go-handle-every-path", GO_MUX, "a handler for `/`, as index.php under PHP's server, gets every path and carries out all requests", &["S-37", "P-01"], "protocol/path-other", KeyOnly, read(|request| request.path = "/".to_owned())),
    forbidden("jdk-context-every-request", JDK, "a context for `/` gets every path and method", &["S-37", "P-01"], "protocol/path-other", KeyOnly, read(|request| { request.path = "/".to_owned(); request.method = "POST".to_owned() })),
    forbidden("go-clean-path-301", GO_MUX, "a doubled slash is answered with a redirect", &["S-37", "P-01"], "protocol/path-doubled-slash", KeyOnly, instead(|asked| asked.path().contains("//").then(|| pages::text(301, "Moved Permanently", "").with("Location", "/")))),
    forbidden("werkzeug-doubled-slash", WERKZEUG_ROUTING, "`//` is the path `/`", &["S-37", "P-01"], "protocol/path-doubled-slash", KeyOnly, read(|request| if request.path == "//" { request.path = "/".to_owned() })),
    forbidden("tomcat-path-parameter", TOMCAT, "what follows a semicolon in the path is no part of it", &["S-37", "P-01"], "protocol/path-parameter", KeyOnly, read(|request| request.path.truncate(request.path.find(';').unwrap_or(request.path.len())))),
    unforbidden("jetty-empty-segment-400", JETTY, "a doubled slash is answered with 400 and HTML", "a 4xx of any shape refuses it", KeyOnly, instead(|asked| asked.path().contains("//").then(|| pages::jetty(400, "Ambiguous URI empty segment", asked)))),
    // The head of a request
    forbidden("node-first-host", NODE, "of two Host lines the first one counts", &["P-14"], "protocol/host-twice", KeyOnly, receive(|request| only_first(request, "host"))),
    unforbidden("go-first-target", GO_SERVER, "of two X-Amz-Target lines the first one counts", "what KMS does with two targets is recorded nowhere", KeyOnly, read(|request| only_first(request, "x-amz-target"))),
    unforbidden("werkzeug-last-content-type", WERKZEUG_SERVER, "of two Content-Type lines the last one counts", "what KMS does with two types is recorded nowhere", KeyOnly, read(|request| { request.headers.reverse(); only_first(request, "content-type") })),
    forbidden("http-server-first-length", HTTP_SERVER, "of two lengths that differ the first one counts", &["P-14", "S-39"], "protocol/content-length-twice-keeps-key", KeyOnly, forward(first_length)),
    forbidden("express-charset-415", BODY_PARSER, "a charset that is no Unicode is answered with 415 and HTML", &["P-03"], "protocol/content-type-charset-latin-1", KeyOnly, instead(|asked| asked.header("content-type").is_some_and(|value| value.to_lowercase().contains("charset=iso-8859-1")).then(|| pages::express(415, "Unsupported Media Type", "UnsupportedMediaTypeError: unsupported charset &quot;ISO-8859-1&quot;")))),
    forbidden("go-media-parameter-415", GO_MIME, "a parameter of the content type without a value is answered with 415", &["P-03"], "protocol/content-type-parameter", KeyOnly, instead(|asked| asked.header("content-type").is_some_and(|value| value.split(';').skip(1).any(|parameter| !parameter.contains('='))).then(|| pages::go(415, "Unsupported Media Type", "mime: invalid media parameter")))),
    forbidden("flask-force-json", FLASK, "`get_json(force=True)`, as body-parser's `type: () => true`, reads every body as JSON, whatever its content type says", &["S-42"], "protocol/content-type-other", KeyOnly, read(|request| content_type(request, "application/x-amz-json-1.1"))),
    unforbidden("fastify-type-415", FASTIFY, "another content type is answered with 415 and JSON of its own", "a 4xx of any shape refuses it", KeyOnly, instead(|asked| (!is_right_type(asked)).then(|| pages::fastify(415, "Unsupported Media Type", Some("FST_ERR_CTP_INVALID_MEDIA_TYPE"), "Unsupported Media Type")))),
    unforbidden("rest-framework-type-415", DRF, "another content type is answered with 415 and the member detail", "a 4xx of any shape refuses it", KeyOnly, instead(|asked| (!is_right_type(asked)).then(|| pages::rest_framework(415, "Unsupported Media Type", "Unsupported media type in request.")))),
    unforbidden("axum-type-415", AXUM, "another content type is answered with 415 and text", "a 4xx of any shape refuses it", KeyOnly, instead(|asked| (!is_right_type(asked)).then(|| pages::text(415, "Unsupported Media Type", "Expected request with `Content-Type: application/json`")))),
    unforbidden("lighttpd-expect-417", LIGHTTPD, "every expectation is answered with 417", "what KMS makes of Expect is recorded nowhere", KeyOnly, instead(|asked| asked.header("expect").map(|_| pages::plain_html(417, "Expectation Failed", "lighttpd/1.4.35")))),
    unforbidden("werkzeug-server-continue", WERKZEUG_SERVER, "leave to send the body is given although the body is there", "an interim answer is allowed", KeyOnly, answered(|asked, reply| if asked.header("expect").is_some() { reply.before = "HTTP/1.1 100 Continue\r\n\r\n" })),
    unforbidden("nginx-chunked-411", NGINX, "a chunked body is answered with 411", "whether KMS takes chunked bodies is recorded nowhere", KeyOnly, instead(|asked| asked.header("transfer-encoding").map(|_| pages::plain_html(411, "Length Required", "nginx/1.2.9").closing()))),
    unforbidden("http-server-chunked-unread", HTTP_SERVER, "a chunked body is read as an empty one", "whether KMS takes chunked bodies is recorded nowhere", KeyOnly, read(|request| if request.values("transfer-encoding").next().is_some() { request.body.clear() })),
    unforbidden("actix-large-413", ACTIX_3, "a body of more than 32 KiB is answered with 413 and text, and the connection is closed", "no document gives the size that has to be taken", KeyOnly, instead(|asked| (asked.body.len() > 32 * 1024).then(|| pages::text(413, "Payload Too Large", "JSON payload has exceeded the limit").closing()))),
    // What JSON parsers take
    forbidden("python-nan", PYTHON_JSON, "NaN and Infinity are numbers", &["S-11", "P-13"], "body/not-a-number", KeyOnly, read(|request| request.body = as_json(&request.body, &[Form::NotANumber]))),
    forbidden("python-utf-16", PYTHON_JSON, "a body in UTF-16 or UTF-32 is detected and read", &["S-11", "P-13"], "body/utf-16", KeyOnly, read(|request| request.body = detected(&request.body))),
    forbidden("python-control-characters", PYTHON_JSON, "`strict=False` takes control characters inside strings", &["S-11", "P-13"], "body/raw-tab", KeyOnly, read(|request| request.body = as_json(&request.body, &[Form::ControlCharacters]))),
    forbidden("python-long-number-500", PYTHON_INT, "a number of more than 4300 digits is an error that nobody expects", &["S-36", "P-10"], "members/unknown-long-number", KeyOnly, instead(|asked| has_long_number(&asked.body, 4300).then(|| pages::django(500, "Server Error (500)")))),
    forbidden("python-deep-500", PYTHON_JSON, "a thousand levels of nesting are an error that nobody expects", &["S-36", "S-12"], "body/deep-lists", KeyOnly, instead(|asked| (depth(&asked.body) >= 1000).then(|| pages::flask(500, "INTERNAL SERVER ERROR")))),
    unforbidden("system-text-json-depth-64", ASPNET_JSON, "more than 64 levels of nesting are answered with 400", "a parser may limit the depth", KeyOnly, instead(|asked| (depth(&asked.body) > 64).then(|| pages::aspnet(400, "Bad Request", "One or more validation errors occurred.")))),
    unforbidden("jackson-long-number-400", JACKSON_LIMITS, "a number of more than 1000 digits is answered with 400", "a parser may set limits", KeyOnly, instead(|asked| has_long_number(&asked.body, 1000).then(|| pages::spring(400, "Bad Request", asked)))),
    forbidden("starlette-lone-surrogate-500", STARLETTE, "half a surrogate pair in an answer cannot be encoded and is a server fault", &["S-36", "S-11"], "members/lone-surrogate", KeyOnly, instead(|asked| (asked.json().is_none() && asked.text.to_lowercase().contains("\\ud8")).then(|| pages::text(500, "Internal Server Error", "Internal Server Error")))),
    forbidden("newtonsoft-single-quotes", NEWTONSOFT, "strings may have single quotes", &["S-11", "P-13"], "body/single-quotes", KeyOnly, read(|request| request.body = as_json(&request.body, &[Form::SingleQuotes]))),
    forbidden("newtonsoft-comments", NEWTONSOFT, "comments are skipped", &["S-11", "P-13"], "body/comment", KeyOnly, read(|request| request.body = as_json(&request.body, &[Form::Comments]))),
    forbidden("newtonsoft-bare-names", NEWTONSOFT, "names need no quotes", &["S-11", "P-13"], "body/bare-name", KeyOnly, read(|request| request.body = as_json(&request.body, &[Form::BareNames]))),
    forbidden("newtonsoft-trailing-commas", NEWTONSOFT, "a comma before the closing brace is skipped", &["S-11", "P-13"], "body/trailing-comma", KeyOnly, read(|request| request.body = as_json(&request.body, &[Form::TrailingCommas]))),
    forbidden("newtonsoft-octal", NEWTONSOFT, "numbers may be octal or hexadecimal", &["S-11", "P-13"], "body/leading-zero", KeyOnly, read(|request| request.body = as_json(&request.body, &[Form::OctalAndHexadecimal]))),
    forbidden("gson-lenient", GSON, "`=` stands for a colon", &["S-11", "P-13"], "body/equals-sign", KeyOnly, read(|request| request.body = as_json(&request.body, &[Form::EqualsSigns]))),
    forbidden("go-decoder-first-value", GO_DECODER, "only the first value of a body is read, as Jackson does by default", &["S-11", "P-13"], "body/trailing-bytes", KeyOnly, read(|request| request.body = first_value(&request.body).to_vec())),
    forbidden("go-invalid-utf-8-replaced", GO_JSON, "bytes that are not UTF-8 are replaced", &["S-11", "P-13"], "body/invalid-utf-8-elsewhere", KeyOnly, read(|request| request.body = String::from_utf8_lossy(&request.body).into_owned().into_bytes())),
    forbidden("go-names-without-case", GO_JSON, "member names are matched without regard to case", &["P-11"], "members/camel-case-name", KeyOnly, read(names_without_case)),
    forbidden("jackson-scalars-are-text", JACKSON_MAPPER, "numbers and booleans become strings", &["S-19"], "members/number", KeyOnly, read(scalars_as_text)),
    forbidden("jackson-unknown-500", JACKSON, "an unknown member is an error that nobody expects", &["P-10", "S-12"], "members/unknown", KeyOnly, instead(|asked| has_unknown_member(asked).then(|| pages::jetty(500, "Server Error", asked)))),
    forbidden("fastify-proto-400", FASTIFY_POISON, "a member named `__proto__` is answered with 400", &["P-10", "S-12"], "members/unknown-proto", KeyOnly, instead(|asked| asked.text.contains("\"__proto__\"").then(|| pages::fastify(400, "Bad Request", None, "Object contains forbidden prototype property")))),
    unforbidden("serde-duplicate-400", SERDE, "a member that occurs twice is answered with 400", "what KMS does with a member that occurs twice is recorded nowhere", KeyOnly, instead(|asked| (key_ids(&asked.body).len() > 1).then(|| pages::text(400, "Bad Request", "duplicate field `KeyId`")))),
    unforbidden("simdjson-first-of-duplicates", SIMDJSON, "of a member that occurs twice the first one counts", "what KMS does with a member that occurs twice is recorded nowhere", KeyOnly, read(first_of_duplicates)),
    unforbidden("python-byte-order-mark", PYTHON_JSON, "a byte order mark is skipped", "whether KMS takes a byte order mark is recorded nowhere", KeyOnly, read(|request| if request.body.starts_with(&[0xef, 0xbb, 0xbf]) { request.body.drain(..3); })),
    unforbidden("body-parser-empty-is-object", BODY_PARSER, "an empty body is an empty object", "ValidationException is as good as SerializationException", KeyOnly, read(|request| if request.body.is_empty() { request.body = b"{}".to_vec() })),
    unforbidden("php-null-is-object", PHP, "null at the top is an object without members", "ValidationException is as good as SerializationException", KeyOnly, read(|request| if serde_json::from_slice::<Value>(&request.body).is_ok_and(|value| value.is_null()) { request.body = b"{}".to_vec() })),
    // Bad bodies
    forbidden("flask-bad-json-400", FLASK, "a body that is not JSON is answered with 400 and HTML", &["P-06", "S-11"], "body/not-json", KeyOnly, instead(|asked| is_bad(asked).then(|| pages::flask(400, "BAD REQUEST")))),
    forbidden("fastapi-bad-json-422", FASTAPI, "a body that is not JSON is answered with 422 and a list in detail", &["P-06", "S-11"], "body/not-json", KeyOnly, instead(|asked| is_bad(asked).then(|| pages::fastapi(422, "Unprocessable Entity", &json!([{ "type": "json_invalid", "loc": ["body", 0], "msg": "JSON decode error" }]))))),
    forbidden("express-bad-json-400", BODY_PARSER, "a body that is not JSON is answered with 400, HTML and a stack trace", &["P-06", "S-11"], "body/not-json", KeyOnly, instead(|asked| is_bad(asked).then(|| pages::express(400, "Bad Request", "SyntaxError: Unexpected token &#39;K&#39;<br> &nbsp; at JSON.parse (&lt;anonymous&gt;)")))),
    forbidden("fastify-empty-json-400", FASTIFY, "an empty body is answered with 400 and a code of the framework", &["P-06", "S-36"], "body/empty", KeyOnly, instead(|asked| asked.body.is_empty().then(|| pages::fastify(400, "Bad Request", Some("FST_ERR_CTP_EMPTY_JSON_BODY"), "Body cannot be empty when content-type is set to 'application/json'")))),
    forbidden("spring-bad-json-400", SPRING, "a body that is not JSON is answered with 400 and JSON of its own", &["P-06", "S-11"], "body/not-json", KeyOnly, instead(|asked| is_bad(asked).then(|| pages::spring(400, "Bad Request", asked)))),
    forbidden("rails-bad-json-400", RAILS_ERRORS, "a body that is not JSON is answered with 400 and HTML", &["P-06", "S-11"], "body/not-json", KeyOnly, instead(|asked| is_bad(asked).then(|| pages::rails(400, "Bad Request")))),
    forbidden("actix-bad-json-400", ACTIX, "a body that is not JSON is answered with 400 and text", &["P-06", "S-11"], "body/truncated", KeyOnly, instead(|asked| is_bad(asked).then(|| pages::text(400, "Bad Request", "Json deserialize error: EOF while parsing an object at line 1 column 1")))),
    forbidden("vertx-bad-json-500", VERTX, "a body that is not JSON is a server fault", &["S-36", "S-11"], "body/not-json", KeyOnly, instead(|asked| is_bad(asked).then(|| pages::vertx(500, "Internal Server Error")))),
    forbidden("gin-empty-400", GIN, "an empty body is answered with 400 and the member error", &["P-06", "S-11"], "body/empty", KeyOnly, instead(|asked| asked.body.is_empty().then(|| Reply::new(400, "Bad Request", "application/json; charset=utf-8", "{\"error\":\"EOF\"}")))),
    forbidden("express-strict-400", BODY_PARSER, "a string, a number or null at the top is answered with 400 and HTML", &["P-06", "S-12"], "body/null", KeyOnly, instead(|asked| asked.json().is_some_and(|value| !value.is_object() && !value.is_array()).then(|| pages::express(400, "Bad Request", "SyntaxError: Unexpected token &#39;n&#39;, &quot;#&quot; is not valid JSON")))),
    // Errors that nobody caught
    forbidden("fastify-null-500", FASTIFY, "null at the top is a server fault, because null has no members", &["S-36", "S-12"], "body/null", KeyOnly, instead(|asked| asked.json().is_some_and(|value| value.is_null()).then(|| pages::fastify(500, "Internal Server Error", None, "Cannot read properties of null (reading 'KeyId')")))),
    forbidden("flask-list-500", FLASK, "a list at the top is a server fault, because a list has no `get`", &["S-36", "S-12"], "body/array", KeyOnly, instead(|asked| asked.json().is_some_and(|value| value.is_array()).then(|| pages::flask(500, "INTERNAL SERVER ERROR")))),
    forbidden("flask-missing-key-500", FLASK, "a request without KeyId is a server fault, because of a KeyError", &["S-22", "S-36"], "members/absent", KeyOnly, instead(|asked| asked.json().is_some_and(|value| value.is_object() && value.get("KeyId").is_none()).then(|| pages::flask(500, "INTERNAL SERVER ERROR")))),
    forbidden("express-key-id-type-500", EXPRESS, "KeyId that is no string is a server fault with a stack trace", &["S-19", "S-36"], "members/number", KeyOnly, instead(|asked| asked.key_id().is_some_and(|id| !id.is_string() && !id.is_null()).then(|| pages::express(500, "Internal Server Error", "TypeError: keyId.startsWith is not a function<br> &nbsp; at handler (/app/server.js:14:9)")))),
    forbidden("go-panic-closes", GO_SERVER, "KeyId that is no string is a panic, and the connection is closed without an answer", &["S-19", "P-01"], "members/number", KeyOnly, instead(|asked| asked.key_id().is_some_and(|id| !id.is_string() && !id.is_null()).then(pages::closed))),
    forbidden("go-unmarshal-400", GO_JSON, "KeyId that is no string is answered with 400 and text", &["P-06", "S-19"], "members/number", KeyOnly, instead(|asked| asked.key_id().is_some_and(|id| !id.is_string() && !id.is_null()).then(|| pages::go(400, "Bad Request", "json: cannot unmarshal number into Go struct field request.KeyId of type string")))),
    forbidden("fastapi-missing-422", FASTAPI, "a request without KeyId is answered with 422 and a list in detail", &["S-22", "P-06"], "members/absent", KeyOnly, instead(|asked| lacks_key_id(asked).then(|| pages::fastapi(422, "Unprocessable Entity", &json!([{ "type": "missing", "loc": ["body", "KeyId"], "msg": "Field required", "input": {} }]))))),
    forbidden("axum-missing-422", AXUM, "a request without KeyId is answered with 422 and text", &["S-22", "P-06"], "members/absent", KeyOnly, instead(|asked| lacks_key_id(asked).then(|| pages::text(422, "Unprocessable Entity", "Failed to deserialize the JSON body into the target type: missing field `KeyId` at line 1 column 2")))),
    forbidden("aspnet-missing-400", ASPNET, "a request without KeyId is answered with 400 and problem details", &["S-22", "P-06"], "members/absent", KeyOnly, instead(|asked| lacks_key_id(asked).then(|| pages::aspnet(400, "Bad Request", "One or more validation errors occurred.")))),
    forbidden("php-warning-in-answer", PHP, "a request without KeyId is answered with 200 and a warning in HTML", &["S-22", "S-23"], "members/absent", KeyOnly, instead(|asked| lacks_key_id(asked).then(|| Reply::new(200, "OK", "text/html; charset=UTF-8", "<br />\n<b>Warning</b>:  Undefined array key \"KeyId\" in <b>/app/index.php</b> on line <b>9</b><br />\n")))),
    forbidden("spring-not-found-500", SPRING, "an exception that no handler maps is a server fault", &["S-34", "S-36"], "example/absent-key", KeyOnly, answered(|asked, reply| if reply.error() == "NotFoundException" { *reply = pages::spring(500, "Internal Server Error", asked) })),
    forbidden("rails-not-found-404", RAILS_ERRORS, "RecordNotFound is answered with 404 and HTML", &["S-34", "P-06"], "example/absent-key", KeyOnly, answered(|_, reply| if reply.error() == "NotFoundException" { *reply = pages::rails(404, "Not Found") })),
    forbidden("aspnet-not-found-404", ASPNET, "`NotFound()` is answered with 404 and problem details", &["S-34", "P-06"], "example/absent-key", KeyOnly, answered(|_, reply| if reply.error() == "NotFoundException" { *reply = pages::aspnet(404, "Not Found", "Not Found") })),
    // How handlers answer
    forbidden("fastapi-detail-around-error", FASTAPI, "`HTTPException` puts the error inside the member detail", &["P-06", "S-33"], "example/absent-key", KeyOnly, answered(|_, reply| if reply.status != 200 { let error = reply.json(); reply.set_json(&json!({ "detail": error })); reply.header("content-type", "application/json") })),
    forbidden("express-error-as-json", EXPRESS, "an Error is written as JSON, which is an empty object", &["P-06", "S-33"], "example/absent-key", KeyOnly, answered(|_, reply| if reply.status != 200 { reply.text("{}"); reply.header("content-type", "application/json; charset=utf-8") })),
    forbidden("nest-exception", NEST, "errors have statusCode, message and error, and no type", &["P-06"], "example/absent-key", KeyOnly, answered(|_, reply| if reply.status != 200 { let message = reply.json()["message"].clone(); reply.set_json(&json!({ "statusCode": reply.status, "message": message, "error": "Bad Request" })) })),
    forbidden("fastapi-null-success", FASTAPI_ANSWER, "a handler that returns nothing answers with `null`", &["S-24"], "success/symmetric", KeyOnly, answered(|_, reply| if reply.status == 200 { reply.text("null"); reply.header("content-type", "application/json") })),
    forbidden("flask-empty-object-success", FLASK, "a handler that returns an empty dictionary answers with `{}`", &["S-24"], "success/symmetric", KeyOnly, answered(|_, reply| if reply.status == 200 { reply.text("{}\n"); reply.header("content-type", "application/json") })),
    forbidden("express-send-status", EXPRESS_ANSWER, "`sendStatus(200)` answers with the text `OK`", &["S-24"], "success/symmetric", KeyOnly, answered(|_, reply| if reply.status == 200 { reply.text("OK"); reply.header("content-type", "text/plain; charset=utf-8") })),
    forbidden("rails-head-no-content", RAILS, "`head :no_content` is status 204", &["S-23", "S-47"], "success/symmetric", KeyOnly, answered(|_, reply| if reply.status == 200 { reply.status = 204; reply.reason = "No Content"; reply.without("content-type") })),
    forbidden("koa-unset-body-404", KOA, "a handler that sets no body answers with 404, although it did its work", &["S-23"], "success/symmetric", KeyOnly, answered(|_, reply| if reply.status == 200 { *reply = pages::text(404, "Not Found", "Not Found") })),
    forbidden("go-no-content-type", GO_SERVER, "an empty answer has no content type", &["S-50", "P-04"], "success/symmetric", KeyOnly, answered(|_, reply| if reply.body.is_empty() { reply.without("content-type") })),
    forbidden("flask-html-content-type", FLASK, "an empty answer is HTML", &["S-50", "P-04"], "success/symmetric", KeyOnly, answered(|_, reply| if reply.status == 200 { reply.header("content-type", "text/html; charset=utf-8") })),
    forbidden("aiohttp-octet-stream", AIOHTTP, "an empty answer is `application/octet-stream`", &["S-50", "P-04"], "success/symmetric", KeyOnly, answered(|_, reply| if reply.status == 200 { reply.header("content-type", "application/octet-stream") })),
    forbidden("express-json-errors", EXPRESS_ANSWER, "`res.json()` says application/json", &["S-50"], "example/absent-key", KeyOnly, answered(|_, reply| if reply.status != 200 { reply.header("content-type", "application/json; charset=utf-8") })),
    forbidden("express-charset-added", EXPRESS_ANSWER, "`res.send()` adds a charset to the content type", &["S-50"], "example/absent-key", KeyOnly, answered(|_, reply| reply.header("content-type", "application/x-amz-json-1.1; charset=utf-8"))),
    forbidden("rails-cache-control", RAILS, "Cache-Control is `max-age=0, private, must-revalidate`", &["P-12"], "example/absent-key", KeyOnly, answered(|_, reply| reply.header("cache-control", "max-age=0, private, must-revalidate"))),
    forbidden("spring-security-cache-control", SPRING_SECURITY, "Cache-Control is `no-cache, no-store, max-age=0, must-revalidate`", &["P-12"], "example/absent-key", KeyOnly, answered(|_, reply| reply.header("cache-control", "no-cache, no-store, max-age=0, must-revalidate"))),
    forbidden("laravel-no-expires", LARAVEL, "Cache-Control is `no-cache, private`, and there is no Expires and no Pragma", &["P-12"], "example/absent-key", KeyOnly, answered(|_, reply| { reply.header("cache-control", "no-cache, private"); reply.without("expires"); reply.without("pragma") })),
    forbidden("rails-request-id", RAILS, "the id of a request is in X-Request-Id", &["S-53"], "example/absent-key", KeyOnly, answered(|_, reply| { reply.without("x-amzn-requestid"); reply.header("x-request-id", "2c1f7a58-4f0e-4a57-9a37-6f3b2d0a91c4") })),
    forbidden("puma-no-date", PUMA, "answers have no Date", &["S-49"], "example/absent-key", KeyOnly, answered(|_, reply| reply.without("date"))),
    forbidden("tower-gzip", TOWER, "a NotFoundException, since it has more than 32 bytes, is compressed if the client offers gzip", &["P-05"], "protocol/accept-encoding", KeyOnly, answered(|asked, reply| if reply.error() == "NotFoundException" && asked.header("accept-encoding").is_some_and(|value| value.contains("gzip")) { reply.body = GZIPPED.to_vec(); reply.header("content-encoding", "gzip") })),
    unforbidden("http-server-no-length", HTTP_SERVER, "answers have no Content-Length, and the connection is closed after each", "every framing of HTTP is as good", KeyOnly, answered(|_, reply| { reply.version = "HTTP/1.0"; reply.ending = Ending::UntilClose })),
    unforbidden("werkzeug-server-http-1-0", WERKZEUG_SERVER, "answers are in HTTP/1.0, and the connection is closed after each", "a server may close a connection after any answer", KeyOnly, answered(|_, reply| { reply.version = "HTTP/1.0"; reply.header("connection", "close"); reply.ending = Ending::Closing })),
    unforbidden("node-chunked-errors", NODE, "a body that is written in parts is chunked", "chunks are a framing of HTTP/1.1", KeyOnly, answered(|_, reply| if reply.status != 200 { reply.ending = Ending::Chunked })),
    unforbidden("express-headers", EXPRESS_ANSWER, "every answer has an ETag and says what it is powered by", "further headers are allowed", KeyOnly, everywhere(|_, reply| { reply.header("x-powered-by", "Express"); reply.header("etag", "W/\"2-vyGp6PvFo4RvsFtPoIWeCReyIC8\""); reply.header("keep-alive", "timeout=5") })),
    unforbidden("aspnet-escapes", ASPNET_JSON, "apostrophes are escaped", "an escaped letter is the same letter", KeyOnly, answered(|_, reply| { let text = String::from_utf8_lossy(&reply.body).replace('\'', "\\u0027"); reply.text(&text) })),
    forbidden("aspnet-camel-case-success", ASPNET_JSON, "members of a success begin in lower case", &["M-02"], "success/symmetric", KeyMaterialId, answered(|_, reply| if reply.status == 200 { let text = String::from_utf8_lossy(&reply.body).replace("\"Key", "\"key"); reply.text(&text) })),
    forbidden("jackson-null-members", JACKSON_MAPPER, "a member that is not set is printed as null", &["M-04"], "success/hmac", KeyMaterialId, answered(|_, reply| if reply.status == 200 && reply.json().get("KeyMaterialId").is_none() { reply.member("KeyMaterialId", Value::Null) })),
];
