//! Writes a request as a curl line, so that it can be repeated without trentcheck.

use crate::fixture::PrincipalName;
use crate::http::{Delivery, Framing, Request};
use crate::plan::Planned;

/// A curl line that sends the same request. curl signs by itself, with the credentials that variables of the shell hold.
/// `shown` takes out what must not be shown. Words are quoted afterwards, because a shell would read an unquoted `<` of what
/// stands for it as a redirection.
///
/// # Errors
///
/// Why there is none: curl cannot send what is signed in another way or altered after signing.
pub fn curl(planned: &Planned, request: &Request, shown: &dyn Fn(&str) -> String) -> Result<String, &'static str> {
    if planned.mutation.is_some() || planned.clock != 0 || !planned.sign_also.is_empty() || !planned.sign_not.is_empty()
    {
        return Err("its signature differs from the one that curl calculates");
    }
    if planned.auth != Default::default() {
        return Err("curl does not presign");
    }
    if planned.times > 1 {
        return Err("it is sent more than once on one connection");
    }
    if request.delivery != Delivery::AtOnce {
        return Err("curl sends it in one piece");
    }
    if request.framing != Framing::ContentLength {
        return Err("its framing differs from the one that curl chooses");
    }
    if request.method == "HEAD" {
        return Err("curl sends no body with HEAD");
    }
    let body = std::str::from_utf8(&request.body).map_err(|_| "its body is not text")?;
    if body.len() > 4096 {
        return Err("its body is too long for a line");
    }
    if body.starts_with('@') {
        return Err("curl reads a body that begins with `@` as the name of a file");
    }
    let quoted = |text: &str| {
        let text = shown(text);
        match shlex::try_quote(&text) {
            // A word with an account in it is quoted in any case: reports hide the account later.
            Ok(word) if word == text && has_account(&text) => Ok(format!("'{text}'")),
            Ok(word) => Ok(word.into_owned()),
            Err(_) => Err("it has a NUL byte, which no command line can hold"),
        }
    };
    let (method, target) = (quoted(&request.method)?, quoted(&request.target)?);
    let (user, token) = signs(planned.principal);
    let mut line = format!(
        "curl -i -X {method} \"$ENDPOINT\"{target} --aws-sigv4 \"aws:amz:$AWS_REGION:kms\" --user \"{user}\"{token}"
    );
    for header in &request.headers {
        let own = ["host", "content-length", "x-amz-date", "authorization", "x-amz-security-token"];
        if !own.contains(&header.name.to_ascii_lowercase().as_str()) {
            let text = match header.value.is_empty() {
                // curl omits a header whose colon is followed by nothing.
                true => format!("{};", header.name),
                false => format!("{}: {}", header.name, header.text()),
            };
            line.push_str(&format!(" -H {}", quoted(&text)?));
        }
    }
    if request.header("Content-Type").is_none() {
        // Otherwise curl would send the content type of a form.
        line.push_str(" -H 'Content-Type:'");
    }
    line.push_str(&format!(" --data-binary {}", quoted(body)?));
    Ok(line)
}

/// Whether a word has a number that can be an account.
fn has_account(word: &str) -> bool {
    word.split(|letter: char| !letter.is_ascii_digit()).any(|digits| digits.len() == 12)
}

/// The variables with the credentials of the principal, and the header for its session token.
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
        // These credentials may be temporary or permanent.
        PrincipalName::Primary | PrincipalName::Denied | PrincipalName::Stranger => {
            format!(" ${{{prefix}_SESSION_TOKEN:+{header}}}")
        }
    };
    (format!("${prefix}_ACCESS_KEY_ID:${prefix}_SECRET_ACCESS_KEY"), token)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::curl;
    use crate::fixture::RequestChange;
    use crate::plan::{KeyNames, World, plan};
    use crate::test_support::CORPUS;

    fn line(method: &str, target: &str, body: &str) -> Result<String, &'static str> {
        shown(method, target, body, &str::to_owned)
    }

    fn shown(method: &str, target: &str, body: &str, shown: &dyn Fn(&str) -> String) -> Result<String, &'static str> {
        let key = KeyNames::of("k-1", "arn:aws:kms:us-east-2:111122223333:key/k-1".parse().unwrap());
        let world = World { key: Some(key), host: "localhost:1".to_owned(), ..World::default() };
        let planned = plan(&CORPUS.operation, &RequestChange::default(), &world).unwrap();
        let mut request = planned.request.clone();
        (request.method, request.target, request.body) = (method.to_owned(), target.to_owned(), body.into());
        curl(&planned, &request, shown)
    }

    #[test]
    fn a_shell_takes_method_target_and_body_as_they_are() {
        for (method, target, body) in [
            ("POST", "/", "{}"),
            ("post", "/?a=b&c=\"d\"", "it's"),
            ("GET;id", "/$(id)`id`$HOME", "two\nlines"),
            ("!", "/two words#x", ""),
        ] {
            let line = line(method, target, body).unwrap();
            let words = shlex::split(&line).unwrap();
            let after = |flag: &str| &words[words.iter().position(|word| word == flag).unwrap() + 1];
            assert_eq!((after("-X").as_str(), after("--data-binary").as_str()), (method, body), "{line}");
            assert!(words.contains(&format!("$ENDPOINT{target}")), "{line}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_runs_nothing_of_a_target() {
        let line = line("GET", "/\"$(echo ran)`echo ran`\"$HOME", "{}").unwrap();
        let script = format!("curl() {{ printf '%s\\n' \"$4\"; }}; {line}");
        let output =
            std::process::Command::new("sh").args(["-c", &script]).env("ENDPOINT", "http://h").output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "http://h/\"$(echo ran)`echo ran`\"$HOME\n");
    }

    #[test]
    fn what_stands_for_something_hidden_is_quoted() {
        let hide = |text: &str| text.replace("s3cr3t", "<secret>").replace("210987654321", "<account>");
        let before = shown("POST", "/s3cr3t", "{}", &hide).unwrap();
        assert!(before.contains("\"$ENDPOINT\"'/<secret>'"), "{before}");
        for target in ["/210987654321", "/arn:aws:kms:r:210987654321:key/x"] {
            let afterwards = hide(&line("POST", target, "{}").unwrap());
            let words = shlex::split(&afterwards).unwrap();
            assert!(words.contains(&format!("$ENDPOINT{}", hide(target))), "{afterwards}");
            assert!(afterwards.contains(&format!("'{}'", hide(target))), "{afterwards}");
        }
    }

    #[test]
    fn what_curl_would_read_otherwise_has_no_line() {
        assert!(line("POST", "/", "@file").is_err());
        assert!(line("POST", "/\0", "{}").is_err());
    }
}
