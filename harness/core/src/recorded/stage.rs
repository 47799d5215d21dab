//! What all facts of a run share.

use super::names::Names;
use crate::entropy::Entropy;
use crate::fixture::{Corpus, Fact, Owner, Place};
use crate::keys::Pool;
use crate::kms::Kms;
use crate::normalise::Redactor;
use crate::target::Target;
use std::time::SystemTime;

/// What all facts of a run share.
pub(crate) struct Stage<'a, 'p> {
    pub(crate) corpus: &'a Corpus,
    pub(crate) target: &'a Target,
    pub(crate) pool: &'a Pool<'p>,
    pub(crate) redactor: &'a Redactor,
    pub(crate) entropy: &'a Entropy,
    /// The run's id.
    pub(crate) run: &'a str,
    /// When the run began.
    pub(crate) began: SystemTime,
    /// The caller's account and partition, if they are known.
    pub(crate) account: Option<(String, String)>,
}

impl Stage<'_, '_> {
    /// The client of the principal that makes keys.
    pub(super) fn primary(&self) -> Option<&Kms> {
        self.pool.client(Place::Here, Owner::Primary)
    }

    /// The names that every fact can use, of which some are the fact's own.
    pub(super) fn always(&self, fact: &Fact) -> Names {
        let mut names = Names::default();
        let absent = self.entropy.uuid(&format!("absent {}", fact.id()));
        names.add("absent.mrk", format!("mrk-{}", absent.replace('-', "")));
        names.add("absent.id", absent);
        names.add("region", &self.target.region);
        names.add("other_region", self.target.other_region());
        if let Some((account, partition)) = &self.account {
            names.add("account", account);
            names.add("partition", partition);
        }
        names
    }
}
