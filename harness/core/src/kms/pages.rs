//! Lists that come in pages. What the target sends is kept for one page at a time, and the pages come to an end.

use super::client::Client;
use super::failure::{Failure, FailureKind};
use serde_json::Value;
use std::collections::HashSet;

/// The most pages that an honest list has.
fn most(operation: &str) -> usize {
    match operation {
        // An account may have 100,000 keys in a Region, and a page has a hundred of them unless more are asked for.
        "ListKeys" => 1000,
        // A key may have 50 tags and 50 aliases.
        _ => 50,
    }
}

/// Hands over the items of each page. A list that repeats a marker, or has more pages than an account can fill, is given
/// up.
pub(crate) async fn each_page(
    client: &Client,
    operation: &str,
    body: Value,
    member: &str,
    mut page: impl FnMut(Vec<Value>),
) -> Result<(), Failure> {
    let mut pages = Pages::new(client, operation, body, member);
    while let Some(items) = pages.next().await? {
        page(items);
    }
    Ok(())
}

/// The pages of a list, one after another.
pub(super) struct Pages<'a> {
    client: &'a Client,
    operation: &'a str,
    member: &'a str,
    /// The next call's; absent behind the last page.
    body: Option<Value>,
    markers: HashSet<String>,
    pages: usize,
}

impl<'a> Pages<'a> {
    /// None is asked for yet.
    pub(super) fn new(client: &'a Client, operation: &'a str, body: Value, member: &'a str) -> Self {
        Self { client, operation, member, body: Some(body), markers: HashSet::new(), pages: 0 }
    }

    /// The items of the next page, if there is one.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Value>>, Failure> {
        let Some(mut body) = self.body.take() else { return Ok(None) };
        let Value::Object(mut answer) = self.client.call(self.operation, &body).await? else {
            return Err(self.failure("something that is no JSON object", FailureKind::Unusable));
        };
        self.pages += 1;
        let items = match answer.remove(self.member) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        let next = answer.remove("NextMarker").unwrap_or_default();
        if answer.get("Truncated") == Some(&Value::Bool(true))
            && let Value::String(marker) = &next
        {
            if self.pages >= most(self.operation) {
                return Err(self.endless(&format!("more than {} pages", self.pages)));
            }
            // AWS's markers have at most 1024 characters.
            if marker.len() > 4096 || !self.markers.insert(marker.clone()) {
                return Err(self.endless("a NextMarker that it gave before, or one that is too long"));
            }
            body["Marker"] = next;
            self.body = Some(body);
        }
        Ok(Some(items))
    }

    fn endless(&self, what: &str) -> Failure {
        self.failure(&format!("{what}, so that its list has no end"), FailureKind::Endless)
    }

    fn failure(&self, what: &str, kind: FailureKind) -> Failure {
        Failure::new(self.operation, what.to_owned(), kind)
    }
}
