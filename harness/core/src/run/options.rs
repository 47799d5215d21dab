//! How a run behaves.

use crate::entropy::Entropy;
use crate::fixture::Level;
use crate::keys::Lent;
use crate::ledger::Ledger;
use crate::send::Lane;
use crate::target::{Clock, Permit};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, SystemTime};

/// The order of the cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceOf {
    /// As in the corpus.
    Corpus,
    /// Shuffled by a seed.
    Seed(u64),
}

/// How a run behaves.
#[derive(Clone)]
pub struct Options {
    /// The lane of the judged exchanges.
    pub lane: Lane,
    /// Cases at a time.
    pub jobs: usize,
    /// The order of the cases.
    pub order: SequenceOf,
    /// From which level on a mismatch makes a case diverge.
    pub fail_on: Level,
    /// How long to wait for a state to be seen: the service is eventually consistent.
    pub settle: Duration,
    /// Time limit of the whole run, teardown apart.
    pub deadline: Duration,
    /// How long to wait until the target can be reached.
    pub up_within: Duration,
    /// Which cases may be sent.
    pub permit: Permit,
    /// Tells the time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// The run's id, as in the tags of its keys; from [`Entropy::run_id`].
    pub run_id: String,
    /// Keys that may be used in place of some that the run would make.
    pub lent: Vec<Lent>,
    /// How many keys may still be made, by all runs that share it; any number when absent.
    pub budget: Option<Arc<AtomicUsize>>,
    /// Where to write what is made, before it is made.
    pub ledger: Option<Arc<Ledger>>,
    /// Cases that are skipped although they are selected, by id, each with the reason.
    pub excluded: BTreeMap<String, String>,
    /// Which recorded facts are replayed after the cases.
    pub facts: Facts,
    /// How much is kept of each case.
    pub detail: Detail,
    /// When no further case begins; all are run when absent.
    pub enough: Option<Enough>,
}

/// How much is kept of each case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Its outcome and its mismatches, for those who only count.
    Outcome,
    /// Its exchanges too, as a report shows them.
    Exchanges,
    /// And its recording, which is compared with a baseline or a second target.
    #[default]
    Recordings,
    /// And their traces: how long each phase took, and the bytes.
    Traces,
}

/// When a run has seen enough: no further case begins, and those that have begun come to their end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enough {
    /// The number of cases that diverge. It is not zero.
    pub diverging: usize,
    /// Cases that are known to diverge. They do not count.
    pub known: BTreeSet<String>,
}

/// Which recorded facts of the corpus a run replays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Facts {
    /// None.
    #[default]
    None,
    /// Those that were recorded.
    Recorded,
    /// Those, and those that nobody has recorded. What is seen is kept, in the form of `fixtures/recorded/`.
    AsEvidence,
}

impl Options {
    /// Options of a run that sends every case, one at a time and in the order of the corpus, on the wire lane, for at
    /// most a minute. Any mismatch fails it. No keys are lent to it, it may make any number, it keeps no ledger, and it
    /// replays no recorded facts. It does not end early, and does not wait for a target that cannot be reached.
    #[must_use]
    pub fn new(settle: Duration, entropy: Entropy) -> Self {
        Self {
            lane: Lane::Wire,
            jobs: 1,
            order: SequenceOf::Corpus,
            fail_on: Level::May,
            settle,
            deadline: Duration::from_secs(60),
            up_within: Duration::ZERO,
            permit: Permit::All,
            clock: Arc::new(SystemTime::now),
            run_id: entropy.run_id(),
            lent: Vec::new(),
            budget: None,
            ledger: None,
            excluded: BTreeMap::new(),
            facts: Facts::None,
            detail: Detail::default(),
            enough: None,
            entropy,
        }
    }
}
