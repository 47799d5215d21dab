//! Which keys are those of a run.

use super::client::Client;
use super::failure::Failure;
use super::mark;
use super::pages::{Pages, each_page};
use crate::arn::Arn;
use crate::text::TargetText;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A key that a run of this program made: its id is in the description and in the tag.
pub(crate) struct Ours {
    pub(crate) run: String,
    pub(crate) arn: Arn,
    pub(crate) id: String,
    pub(crate) state: String,
    /// In seconds.
    pub(crate) made: f64,
}

impl Ours {
    /// Whether the run of this id made it.
    pub(crate) fn is_of(&self, run: &str) -> bool {
        self.run == run
    }

    /// Whether its deletion is scheduled.
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.state.as_str(), "PendingDeletion" | "PendingReplicaDeletion")
    }
}

/// The keys of a caller.
#[derive(Default)]
pub(crate) struct Listing {
    /// Those that runs of this program made.
    pub(crate) ours: Vec<Ours>,
    /// The accounts of all of them.
    pub(crate) accounts: BTreeSet<String>,
    /// What is listed and could not be looked at, each with what is wrong with it.
    pub(crate) unseen: BTreeMap<TargetText, &'static str>,
}

/// The keys of one run, for a run that does not know whether its CreateKey made a key.
pub(crate) async fn keys_of_run(client: &Client, run: &str) -> Result<Vec<Ours>, Failure> {
    Ok(list(client).await?.ours.into_iter().filter(|ours| ours.run == run).collect())
}

/// Every key of the caller, looked at.
pub(crate) async fn list(client: &Client) -> Result<Listing, Failure> {
    let mut listing = Listing::default();
    let mut pages = Pages::new(client, "ListKeys", json!({}), "Keys");
    while let Some(keys) = pages.next().await? {
        for key in keys {
            let Some(arn) = key["KeyArn"].as_str() else { continue };
            let Ok(arn) = arn.parse::<Arn>() else {
                listing.does_not_see(arn, "is no ARN");
                continue;
            };
            listing.accounts.insert(arn.account().to_owned());
            match inspect(client, &arn).await {
                Ok(ours) => listing.ours.extend(ours),
                Err(failure) if is_not_found(&failure) => {
                    listing.does_not_see(arn.as_str(), "DescribeKey does not find it");
                }
                // A key that may not be looked at is not ours.
                Err(failure) if failure.is("AccessDeniedException") => {}
                Err(failure) => return Err(failure),
            }
        }
    }
    Ok(listing)
}

impl Listing {
    /// A few are enough to show that something is not as it should be.
    fn does_not_see(&mut self, named: &str, why: &'static str) {
        const KEPT: usize = 100;
        const LENGTH: usize = 300;
        if self.unseen.len() < KEPT {
            self.unseen.insert(TargetText::front(named, LENGTH), why);
        }
    }
}

/// Whether the target knows no such key, or not yet.
pub(crate) fn is_not_found(failure: &Failure) -> bool {
    failure.is("NotFoundException")
}

/// The key if it is one of ours: the description and the tag name the same run.
pub(crate) async fn inspect(client: &Client, arn: &Arn) -> Result<Option<Ours>, Failure> {
    let named = json!({ "KeyId": arn });
    let answer = client.call("DescribeKey", &named).await?;
    let metadata = &answer["KeyMetadata"];
    let text = |name: &str| metadata[name].as_str().unwrap_or_default().to_owned();
    let description = text("Description");
    let Some(run) = description.strip_prefix(mark::DESCRIPTION).filter(|run| is_run_id(run)) else { return Ok(None) };
    // The target described another key than the one that was asked for.
    if text("Arn") != arn.as_str() || text("KeyId").is_empty() || !metadata["CreationDate"].is_number() {
        return Ok(None);
    }
    let tags = paged(client, "ListResourceTags", named, "Tags").await?;
    let is_tagged = tags.iter().any(|tag| tag["TagKey"] == mark::TAG && tag["TagValue"] == run);
    Ok(is_tagged.then(|| Ours {
        run: run.to_owned(),
        arn: arn.clone(),
        id: text("KeyId"),
        state: text("KeyState"),
        made: metadata["CreationDate"].as_f64().unwrap_or(f64::MAX),
    }))
}

/// The aliases that the run gave to its key, as far as they still are that key's.
pub(crate) async fn aliases(client: &Client, ours: &Ours) -> Result<Vec<String>, Failure> {
    let aliases = paged(client, "ListAliases", json!({ "KeyId": ours.arn }), "Aliases").await?;
    let prefix = mark::alias_prefix(&ours.run);
    let is_ours = |alias: &&Value| alias["TargetKeyId"] == ours.id.as_str();
    let names = aliases.iter().filter(is_ours).filter_map(|alias| alias["AliasName"].as_str());
    Ok(names.filter(|name| name.starts_with(&prefix)).map(str::to_owned).collect())
}

/// All pages of a list.
async fn paged(client: &Client, operation: &str, body: Value, member: &str) -> Result<Vec<Value>, Failure> {
    let mut items = Vec::new();
    each_page(client, operation, body, member, |page| items.extend(page)).await?;
    Ok(items)
}

/// As [`crate::entropy::Entropy::run_id`] makes them.
fn is_run_id(text: &str) -> bool {
    text.len() == 12 && text.chars().all(|letter| matches!(letter, '0'..='9' | 'a'..='f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::Redactor;

    #[test]
    fn a_name_that_is_cut_shows_no_part_of_a_secret() {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let redactor = Redactor::new([(secret.to_owned(), "<secret>")]);
        let mut listing = Listing::default();
        for front in 250..320 {
            listing.does_not_see(&format!("{}{secret}{}", "z".repeat(front), "z".repeat(100)), "is no ARN");
        }
        // From 300 on they are alike.
        assert_eq!(listing.unseen.len(), 51);
        for named in listing.unseen.keys() {
            let shown = redactor.show_text(named).to_string();
            assert_eq!(shown.replace("<secret>", "").trim_matches(['z', '…']), "", "{shown}");
        }
    }
}
