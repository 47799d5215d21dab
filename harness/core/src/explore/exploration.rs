//! The options of an exploration and its result, as data.

use super::trial::Trial;
use crate::compare::Mismatch;
use crate::entropy::Entropy;
use crate::fixture::Level;
use crate::normalise::Shown;
use crate::target::Clock;
use std::collections::BTreeMap;
use std::time::Duration;

/// The options of an exploration.
#[derive(Clone)]
pub struct ExploreOptions {
    /// The most trials.
    pub trials: usize,
    /// The most requests to the target.
    pub exchanges: usize,
    /// The time after which the exploration ends.
    pub time: Duration,
    /// The seed of all generated trials.
    pub seed: u64,
    /// The level from which on a difference is a finding.
    pub level: Level,
    /// The number of findings after which the exploration ends.
    pub findings: usize,
    /// The most requests to the target for repeating and shrinking one finding; 0 means that a finding is not shrunk.
    pub shrinking: usize,
    /// Trials to make before the generated ones.
    pub known: Vec<Trial>,
    /// Generated trials that are not made, by number, with the requests to the target that each would take. They count as
    /// made, and as judged without a finding: whoever names them knows that they show nothing.
    pub spared: BTreeMap<usize, usize>,
    /// The time within which a state change must become visible.
    pub settle: Duration,
    /// The clock.
    pub clock: Clock,
    /// The randomness of keys and ids. Trials do not depend on it.
    pub entropy: Entropy,
}

/// A difference, with the smallest trial that shows it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The trial after shrinking.
    pub trial: Trial,
    /// The differences.
    pub mismatches: Vec<Mismatch<Shown>>,
    /// Whether the finding was repeated, and whether it is shrunk fully.
    pub certainty: Certainty,
    /// The number of the generated trial that it comes from; absent if it was known before.
    pub number: Option<usize>,
    /// The calls, in words.
    pub steps: Vec<String>,
    /// The request and the answer of the call that shows the difference, without secrets.
    pub exchange: Vec<String>,
    /// The finding as a case for `fixtures/`.
    pub case: String,
}

impl Finding {
    /// The strongest level of the differences.
    pub fn level(&self) -> Level {
        self.mismatches.iter().map(|mismatch| mismatch.level).max().unwrap_or(Level::May)
    }
}

/// How far a finding was repeated and shrunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The finding is shrunk fully, or was known before, and was repeated at the end.
    Smallest,
    /// The finding was repeated, but not shrunk fully, because the time or the requests were used up or the target was
    /// lost.
    Larger,
    /// The finding was not repeated, because the time was up or the target was lost.
    Once,
    /// The finding was repeated, and the repetition did not show it.
    NotAgain,
}

/// The reason why an exploration ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The exploration made all trials, or found enough.
    Done,
    /// The user interrupted the exploration.
    Interrupted,
    /// A side stopped answering.
    Lost(Shown),
}

/// The result of an exploration.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// The number of generated trials.
    pub generated: usize,
    /// The number of known trials that were repeated.
    pub repeated: usize,
    /// The number of trials that were judged, generated and known.
    pub judged: usize,
    /// The number of trials that could not be judged, because a key could not be created or the sides differed before
    /// the operation.
    pub blocked: usize,
    /// The reasons why trials were blocked, each once.
    pub reasons: Vec<Shown>,
    /// The number of requests to the target.
    pub exchanges: usize,
    /// The findings, in order.
    pub findings: Vec<Finding>,
    /// Known trials that were judged and no longer show a difference.
    pub gone: Vec<Trial>,
    /// The reason why it ended.
    pub ended: Ended,
    /// The accounts that appear in the target's answers.
    pub accounts: Vec<String>,
    /// Keys whose deletion could not be scheduled.
    pub left: Vec<Shown>,
    /// The duration.
    pub took: Duration,
}

impl Exploration {
    /// An exploration before its first trial.
    pub(super) fn new() -> Self {
        Self {
            generated: 0,
            repeated: 0,
            judged: 0,
            blocked: 0,
            reasons: Vec::new(),
            exchanges: 0,
            findings: Vec::new(),
            gone: Vec::new(),
            ended: Ended::Done,
            accounts: Vec::new(),
            left: Vec::new(),
            took: Duration::ZERO,
        }
    }
}

/// Receives the progress of an exploration.
pub trait Watcher: Send + Sync {
    /// A trial ended. The numbers are those of all trials, requests and findings so far.
    fn ended(&self, trials: usize, exchanges: usize, findings: usize);
}
