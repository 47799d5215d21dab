//! What leaves the program leaves without secrets.

use super::pattern;
use regex_lite::Regex;
use std::sync::LazyLock;

/// Header lines whose values are secrets or made with one.
pub(super) const SECRET_HEADERS: &[&str] = &["authorization", "x-amz-security-token"];

/// Replaces secrets in anything that leaves the program.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    secrets: Vec<(String, &'static str)>,
}

impl Redactor {
    /// A redactor of these values; empty ones are ignored.
    pub fn new(secrets: impl IntoIterator<Item = (String, &'static str)>) -> Self {
        let secrets = secrets.into_iter().filter(|(value, _)| !value.is_empty());
        // Bytes that are no text are shown as hex.
        let mut secrets: Vec<_> =
            secrets.flat_map(|(value, name)| [(hex::encode(&value), name), (value, name)]).collect();
        // The longest first, in case one secret contains another.
        secrets.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        Self { secrets }
    }

    /// The text without secrets and signatures.
    pub fn redact(&self, text: &str) -> String {
        static SIGNATURE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(Signature=)[^\s,&]+"));
        // Import tokens and wrapped material are as good as secrets.
        static MATERIAL: LazyLock<Regex> =
            LazyLock::new(|| pattern(r#"("(?:ImportToken|EncryptedKeyMaterial)"\s*:\s*")[^"]*"#));
        let text = SIGNATURE.replace_all(text, "${1}<signature>");
        let mut text = MATERIAL.replace_all(&text, "${1}<removed>").into_owned();
        for (secret, placeholder) in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), placeholder);
            }
        }
        text
    }
}

/// An Authorization value without what a key made: scope and list of signed headers stay, since cases are about them.
pub(super) fn secret_value(value: &str) -> String {
    static CREDENTIAL: LazyLock<Regex> = LazyLock::new(|| pattern(r"Credential=[^/,\s]+"));
    static SIGNATURE: LazyLock<Regex> = LazyLock::new(|| pattern(r"Signature=[^,\s]*"));
    if !value.contains("Credential=") && !value.contains("Signature=") && !value.contains("SignedHeaders=") {
        return if value.is_empty() { String::new() } else { format!("<{} characters>", value.len()) };
    }
    let value = CREDENTIAL.replace_all(value, "Credential=<access-key-id>");
    SIGNATURE.replace_all(&value, "Signature=<signature>").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_signatures_do_not_pass() {
        let redactor = Redactor::new([("s3cr3t".to_owned(), "<secret>")]);
        assert_eq!(redactor.redact("a s3cr3t, Signature=0a1b, b"), "a <secret>, Signature=<signature>, b");
        assert_eq!(redactor.redact(r#"{"ImportToken": "abc","x":1}"#), r#"{"ImportToken": "<removed>","x":1}"#);
        let value = "AWS4-HMAC-SHA256 Credential=AKID/20260101/r/kms/aws4_request, SignedHeaders=host, Signature=00";
        assert_eq!(
            secret_value(value),
            "AWS4-HMAC-SHA256 Credential=<access-key-id>/20260101/r/kms/aws4_request, SignedHeaders=host, Signature=<signature>"
        );
    }
}
