//! Regular expressions for what a target sends.

/// A pattern whose words and white space are those of ASCII: what a target sends is bytes of a protocol, not prose.
pub(crate) fn pattern(text: &str) -> regex::Regex {
    regex::Regex::new(&text.replace(r"\b", r"(?-u:\b)")).expect("the pattern is a constant that the tests compile")
}
