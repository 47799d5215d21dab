//! A request before any check.

/// A request as it arrived. Header values that are not UTF-8 have replacement characters.
#[derive(Clone)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether another request on its connection succeeded before it. Only a mutant asks.
    pub(crate) is_behind_success: bool,
}

impl Incoming {
    /// The values of a header. `name` must be in lower case.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
