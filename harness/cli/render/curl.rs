//! A request as a curl line, to repeat it without this program.

use trentcheck_core::fixture::PrincipalName;
use trentcheck_core::http::{Framing, Request};
use trentcheck_core::plan::Planned;

/// A curl line that sends the same, or why there is none. curl signs by itself, so a request that is signed in any
/// other way, or altered afterwards, cannot be expressed.
pub(crate) fn curl(planned: &Planned, request: &Request) -> Result<String, &'static str> {
    if planned.mutation.is_some() || planned.clock != 0 || !planned.sign_also.is_empty() || !planned.sign_not.is_empty()
    {
        return Err("its signature is not what curl would make");
    }
    if planned.auth != Default::default() {
        return Err("curl does not presign");
    }
    if planned.times > 1 {
        return Err("it is sent more than once on one connection");
    }
    if request.framing != Framing::ContentLength {
        return Err("its framing is not what curl would choose");
    }
    if request.method == "HEAD" {
        return Err("curl sends no body with HEAD");
    }
    let body = std::str::from_utf8(&request.body).map_err(|_| "its body is not text")?;
    if body.len() > 4096 {
        return Err("its body is too long for a line");
    }
    let (user, token) = signs(planned.principal);
    let mut line = format!(
        "curl -i -X {} \"$ENDPOINT{}\" --aws-sigv4 \"aws:amz:$AWS_REGION:kms\" --user \"{user}\"{token}",
        request.method, request.target
    );
    for header in &request.headers {
        let own = ["host", "content-length", "x-amz-date", "authorization", "x-amz-security-token"];
        if !own.contains(&header.name.to_ascii_lowercase().as_str()) {
            let text = match header.value.is_empty() {
                // A colon with nothing behind it would leave the header out.
                true => format!("{};", header.name),
                false => format!("{}: {}", header.name, header.text()),
            };
            line.push_str(&format!(" -H {}", quoted(&text)));
        }
    }
    if request.header("Content-Type").is_none() {
        // curl would send that of a form.
        line.push_str(" -H 'Content-Type:'");
    }
    line.push_str(&format!(" --data-binary {}", quoted(body)));
    Ok(line)
}

/// The variables of whoever signs, and the header of the session token.
fn signs(principal: PrincipalName) -> (String, String) {
    let prefix = match principal {
        PrincipalName::Primary => "AWS",
        PrincipalName::Session => "TRENTCHECK_SESSION",
        PrincipalName::Denied => "TRENTCHECK_DENIED",
        PrincipalName::Stranger => "TRENTCHECK_STRANGER",
        PrincipalName::Expired => "TRENTCHECK_EXPIRED",
    };
    let header = format!("-H \"X-Amz-Security-Token: ${prefix}_SESSION_TOKEN\"");
    let token = match principal {
        PrincipalName::Session | PrincipalName::Expired => format!(" {header}"),
        // Theirs may be temporary or not.
        PrincipalName::Primary | PrincipalName::Denied | PrincipalName::Stranger => {
            format!(" ${{{prefix}_SESSION_TOKEN:+{header}}}")
        }
    };
    (format!("${prefix}_ACCESS_KEY_ID:${prefix}_SECRET_ACCESS_KEY"), token)
}

/// A word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
