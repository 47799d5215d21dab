//! Whether a key is new. CreateKey's answer can name any key, and what is believed to be the run's is changed and at the
//! end scheduled for deletion.

use super::client::Client;
use super::failure::{Failure, FailureKind};
use super::pages::each_page;
use crate::arn::Arn;
use aws_lc_rs::digest;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::OnceCell;

/// A Date header and many a CreationDate count whole seconds.
const GRANULARITY: Duration = Duration::from_secs(2);

/// The most keys that one page lists.
const PAGE: u16 = 1000;

/// What tells a new key of one principal in one Region from one that was there before.
pub(super) struct Newness {
    /// By our clock.
    began: SystemTime,
    /// Digests of the ARNs that were listed before the first key was made; no list if the target refuses to give one.
    before: OnceCell<Option<HashSet<[u8; 32]>>>,
    /// The ARNs that answers of CreateKey named.
    named: Mutex<BTreeSet<Arn>>,
}

impl Newness {
    /// Keys that are made from now on are new.
    pub(super) fn since(began: SystemTime) -> Self {
        Self { began, before: OnceCell::new(), named: Mutex::default() }
    }

    /// Lists the keys that are there, once. A target that has no lists, or gives none to this principal, is no failure.
    /// `seen` gets the ARNs as they are listed.
    pub(super) async fn look(&self, client: &Client, mut seen: impl FnMut(&str)) -> Result<(), Failure> {
        let listing = async {
            let mut listed = HashSet::new();
            let body = json!({ "Limit": PAGE });
            let paged = each_page(client, "ListKeys", body, "Keys", |keys| {
                for arn in keys.iter().filter_map(|key| key["KeyArn"].as_str()) {
                    seen(arn);
                    listed.insert(digest_of(arn));
                }
            });
            match paged.await {
                Ok(()) => Ok(Some(listed)),
                Err(failure) => match failure.kind {
                    FailureKind::NoSuchOperation | FailureKind::Refused(_) | FailureKind::Unusable => Ok(None),
                    _ => Err(failure),
                },
            }
        };
        self.before.get_or_try_init(|| listing).await.map(drop)
    }

    /// The id and the ARN of the key that CreateKey's answer names, if the key can only be new.
    pub(super) fn named_by(&self, client: &Client, answer: &Value) -> Result<(String, Arn), Unbelievable> {
        let metadata = &answer["KeyMetadata"];
        let member = |name: &str| metadata[name].as_str();
        let (Some(id), Some(arn)) = (member("KeyId"), member("Arn")) else {
            return Err(Unbelievable::Nothing("without KeyMetadata.KeyId and KeyMetadata.Arn"));
        };
        // Ledger and guard know a key by its ARN.
        let Ok(arn) = arn.parse::<Arn>() else {
            return Err(Unbelievable::Nothing("with a KeyMetadata.Arn that is no ARN"));
        };
        if arn.key_id() != Some(id) {
            return Err(Unbelievable::Key(
                "with a KeyMetadata.Arn that is not the one of KeyMetadata.KeyId".to_owned(),
            ));
        }
        if !self.named.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.clone()) {
            return Err(Unbelievable::Key(format!("with key {arn}, which an earlier CreateKey answered with too")));
        }
        match self.objection(client, &arn, metadata["CreationDate"].as_f64()) {
            None => Ok((id.to_owned(), arn)),
            Some(why) => Err(Unbelievable::Key(format!("with key {arn}, {why}"))),
        }
    }

    /// Why a key that was made then, in seconds, is not new.
    pub(super) fn objection(&self, client: &Client, arn: &Arn, made: Option<f64>) -> Option<String> {
        let before = self.before.get().and_then(Option::as_ref);
        if before.is_some_and(|before| before.contains(&digest_of(arn.as_str()))) {
            return Some("which was listed before the run made any".to_owned());
        }
        let Some(made) = made else {
            // A list shows it too; without either nothing does.
            return before.is_none().then(|| "whose CreationDate is no number of seconds".to_owned());
        };
        let began = self.began.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let began_there = began - client.seconds_ahead() as f64;
        (made < began_there - GRANULARITY.as_secs_f64())
            .then(|| format!("which was made {:.0} seconds before the run began", began_there - made))
    }
}

/// Why an answer of CreateKey is not believed.
pub(super) enum Unbelievable {
    /// It names no key.
    Nothing(&'static str),
    /// It names a key that can be another than the one that was asked for.
    Key(String),
}

fn digest_of(arn: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, arn.as_bytes()).as_ref());
    bytes
}
