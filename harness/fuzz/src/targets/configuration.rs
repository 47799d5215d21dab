//! `trentcheck.toml`.

use super::scratch::with_file;
use super::visible::must_be_lines;
use crate::configuration::Configuration;

pub(super) const WORDS: &[&str] = &[
    "endpoint = ",
    "region = ",
    "edition = \"key-only\"\n",
    "fail-on = \"must\"\n",
    "jobs = ",
    "timeout = \"10s\"\n",
    "deadline = ",
    "[targets.a]\n",
    "[targets.b.credentials.primary]\n",
    "access-key-id = ",
    "secret-access-key = ",
    "session-token = ",
    "[credentials.denied]\n",
    "[rates]\n",
    "[keys.x]\n",
    "id = ",
    "material = ",
    "[[deviation]]\n",
    "expires = 2027-01-01\n",
    "profile = ",
    "account = \"111122223333\"\n",
    "resolve = \"127.0.0.1:1\"\n",
    "\"\"\"",
    "'''",
    "{",
    SECRET,
];

/// A message never repeats what stands in the file behind `secret-access-key`.
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A file that is taken has values for each target that it names; a message says which line, and shows no secret.
pub(super) fn check(bytes: &[u8]) {
    with_file("trentcheck.toml", bytes, |path| match Configuration::read(Some(path)) {
        Ok(configuration) => {
            for name in configuration.names() {
                let _ = configuration.named(name).unwrap();
            }
            let _ = (configuration.unnamed(), configuration.of_the_reference());
        }
        Err(failure) => {
            let text = failure.text();
            // What somebody wrote as the value of something else may be repeated: it is no secret there.
            let file = String::from_utf8_lossy(bytes);
            let mut lines = file.lines().filter(|line| line.contains(SECRET));
            let is_elsewhere = lines.any(|line| !line.trim_start().starts_with("secret-access-key"));
            assert!(is_elsewhere || !text.contains(SECRET), "{text}");
            must_be_lines(&text);
        }
    });
}
