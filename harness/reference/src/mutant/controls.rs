//! Controls: variations on the wire that the spec allows. No case may diverge on a control.

use super::fault::{Fault, Mutant};
use super::reply::{Ending, Reply, Rewrite, When};
use crate::edition::Edition::{self, KeyMaterialId, KeyOnly};
use serde_json::{Value, json};

const fn control(
    name: &'static str,
    title: &'static str,
    edition: Edition,
    when: When,
    change: fn(&mut Reply),
) -> Mutant {
    Mutant {
        name,
        title,
        clauses: &[],
        killed_by: "",
        equivalent: Some("a conforming server may do so"),
        edition,
        fault: Fault::Wire(Rewrite::Answers(when, change)),
    }
}

/// Every control.
pub fn controls() -> &'static [Mutant] {
    CONTROLS
}

#[rustfmt::skip]
static CONTROLS: &[Mutant] = &[
    control("header-order-reversed", "headers come in another order", KeyOnly, When::Always, |reply| reply.headers.reverse()),
    control("header-names-upper-case", "header names are in upper case", KeyOnly, When::Always, |reply| {
        for (name, _) in &mut reply.headers {
            *name = name.to_uppercase();
        }
    }),
    control("headers-added", "there are further headers", KeyOnly, When::Always, |reply| {
        reply.header("server", "Server");
        reply.header("x-amzn-trace-id", "Root=1-00000000-000000000000000000000000");
        reply.header("vary", "origin");
    }),
    control("types-with-namespace", "types have a namespace", KeyOnly, When::Error, |reply| {
        let error = format!("com.amazonaws.kms#{}", reply.error());
        reply.retype(&error);
    }),
    control("types-with-uri", "types have a URI behind them", KeyOnly, When::Error, |reply| {
        let error = format!("{}:http://internal.example/", reply.error());
        reply.retype(&error);
    }),
    control("type-in-header-too", "types are in a header as well", KeyOnly, When::Error, |reply| {
        let error = reply.error();
        reply.header("x-amzn-errortype", &error);
    }),
    control("message-text-other", "messages have other texts", KeyOnly, When::Error, |reply| {
        if reply.json().get("message").is_some() {
            reply.member("message", json!("something is wrong"));
        }
    }),
    control("messages-left-out", "messages are left out, as the model allows", KeyOnly, When::Error, |reply| reply.without_member("message")),
    control("error-pretty-printed", "errors have white space", KeyOnly, When::Error, pretty),
    control("success-pretty-printed", "successes have white space", KeyMaterialId, When::Success, pretty),
    control("success-members-reversed", "members come in another order", KeyMaterialId, When::Success, |reply| {
        let value = reply.json();
        let members = value.as_object().map(|members| members.iter().rev().map(|(name, value)| (name.clone(), value.clone())).collect());
        reply.set_json(&Value::Object(members.unwrap_or_default()));
    }),
    control("chunked", "bodies are chunked", KeyMaterialId, When::Always, |reply| reply.ending = Ending::Chunked),
    control("connection-close", "every connection is closed after one answer", KeyOnly, When::Always, |reply| {
        reply.header("connection", "close");
        reply.ending = Ending::Closing;
    }),
    control("connection-closed-unsaid", "every connection is closed after one answer without a word", KeyOnly, When::Always, |reply| reply.ending = Ending::ClosingUnsaid),
    control("one-throttled", "every fortieth answer is throttled", KeyOnly, When::Every(40), |reply| {
        reply.status = 400;
        reply.set_json(&json!({ "__type": "ThrottlingException", "message": "Rate exceeded" }));
    }),
    control("one-retryable-fault", "every fortieth answer is a fault after which a client may ask again", KeyOnly, When::Every(40), |reply| {
        reply.status = 500;
        reply.set_json(&json!({ "__type": "KMSInternalException", "message": "internal" }));
    }),
    control("method-unknown-501", "a method that nobody knows is answered with 501", KeyOnly, When::Asked(|request| !request.starts_with("POST ")), |reply| reply.status = 501),
    control("scoped-caller", "a caller who may use only his own keys is denied those that do not exist", KeyOnly, When::ErrorOf("NotFoundException"), |reply| {
        reply.set_json(&json!({ "__type": "AccessDeniedException", "Message": "User is not authorized to perform this operation" }));
    }),
    control("success-member-added", "a success has a further member, as services add them", KeyMaterialId, When::Success, |reply| reply.member("Region", json!("us-east-2"))),
    control("target-unknown-html", "a target that nobody knows gets a web page with status 404", KeyOnly, When::ErrorOf("UnknownOperationException"), |reply| {
        reply.status = 404;
        reply.header("content-type", "text/html");
        reply.text("<html><body>Not Found</body></html>");
    }),
    control("dependency-timeout-503", "DependencyTimeoutException has the model's status", KeyOnly, When::ErrorOf("DependencyTimeoutException"), |reply| reply.status = 503),
    control("front-door-403", "access is denied with status 403", KeyOnly, When::ErrorOf("AccessDeniedException"), |reply| reply.status = 403),
];

fn pretty(reply: &mut Reply) {
    if let Ok(text) = serde_json::to_string_pretty(&reply.json())
        && !reply.body.is_empty()
        && reply.json() != Value::Null
    {
        reply.text(&format!("{text}\n"));
    }
}
