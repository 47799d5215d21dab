//! Quotes words for a POSIX shell, so that a person can paste the command line.

use shlex::Quoter;

/// Quotes a text as one word.
pub(crate) fn word(text: &str) -> String {
    Quoter::new().allow_nul(true).quote(text).expect("only a NUL byte cannot be quoted, and it is allowed").into_owned()
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn a_shell_reads_a_word_as_the_text_that_it_was() {
        for text in ["plain", "", "two words", "it's", "$(id) `id` $HOME", r#"a"b\c"#, "!x", "~", "a\nb", "*"] {
            assert_eq!(shlex::split(&word(text)), Some(vec![text.to_owned()]), "{text}");
        }
        assert_eq!(word("us-east-2"), "us-east-2");
        assert_eq!(word("/a b/ca.pem"), "'/a b/ca.pem'");
    }
}
