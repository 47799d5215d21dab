//! Words of a command line that a person can paste into a POSIX shell.

use shlex::Quoter;

/// A text as one word.
pub(crate) fn word(text: &str) -> String {
    Quoter::new().allow_nul(true).quote(text).expect("only a NUL byte cannot be quoted, and it is allowed").into_owned()
}

/// A flag with its value, behind a space.
pub(crate) fn flag(name: &str, value: &str) -> String {
    format!(" {name} {}", word(value))
}

#[cfg(test)]
mod tests {
    use super::{flag, word};

    #[test]
    fn a_shell_reads_a_word_as_the_text_that_it_was() {
        for text in ["plain", "", "two words", "it's", "$(id) `id` $HOME", r#"a"b\c"#, "!x", "~", "a\nb", "*"] {
            assert_eq!(shlex::split(&word(text)), Some(vec![text.to_owned()]), "{text}");
        }
        assert_eq!(flag("--region", "us-east-2"), " --region us-east-2");
        assert_eq!(flag("--ca", "/a b/ca.pem"), " --ca '/a b/ca.pem'");
    }
}
