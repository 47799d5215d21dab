//! What an exploration is asked for, and what came of it, as data.

use super::trial::Trial;
use crate::compare::Mismatch;
use crate::entropy::Entropy;
use crate::fixture::Level;
use crate::normalise::Shown;
use crate::target::Clock;
use std::time::Duration;

/// How an exploration behaves.
#[derive(Clone)]
pub struct ExploreOptions {
    /// How many trials to make at most.
    pub trials: usize,
    /// How many requests to send to the target at most.
    pub exchanges: usize,
    /// How long to go on.
    pub time: Duration,
    /// From which everything is generated.
    pub seed: u64,
    /// Weaker differences are no findings.
    pub level: Level,
    /// How many findings are enough.
    pub findings: usize,
    /// How many requests may be sent to the target to repeat one finding and make it smaller; with 0 it stays as it is.
    pub shrinking: usize,
    /// Trials to make before any generated one.
    pub known: Vec<Trial>,
    /// How long to wait for a state to be seen.
    pub settle: Duration,
    /// Tells the time.
    pub clock: Clock,
    /// Randomness of keys and ids; not of the trials.
    pub entropy: Entropy,
}

/// A difference, and the smallest trial that was seen to show it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The trial after shrinking.
    pub trial: Trial,
    /// The differences.
    pub mismatches: Vec<Mismatch<Shown>>,
    /// Whether it was seen again, and whether it is as small as it goes.
    pub certainty: Certainty,
    /// The generated trial that it came from; none if it was known before.
    pub number: Option<usize>,
    /// The calls, in words.
    pub steps: Vec<String>,
    /// Request and answer of the call that shows it, secrets removed.
    pub exchange: Vec<String>,
    /// A case for `fixtures/`.
    pub case: String,
}

impl Finding {
    /// Its strongest level.
    pub fn level(&self) -> Level {
        self.mismatches.iter().map(|mismatch| mismatch.level).max().unwrap_or(Level::May)
    }
}

/// What is known of a finding besides that it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It is as small as it goes, or was known before, and was seen once more at the end.
    Smallest,
    /// It was seen again, but time, the requests for it or the target were gone before it was as small as it goes.
    Larger,
    /// There was no time or no target left to repeat it.
    Once,
    /// It was not seen when it was repeated.
    NotAgain,
}

/// Why an exploration ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It made what it was asked for, or found enough.
    Done,
    /// It was interrupted.
    Interrupted,
    /// A side stopped answering.
    Lost(Shown),
}

/// What came of an exploration.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// Trials that were generated.
    pub generated: usize,
    /// Known trials that were made again.
    pub repeated: usize,
    /// How many of both were judged.
    pub judged: usize,
    /// How many could not be judged: a key could not be made, or the sides differed before the operation.
    pub blocked: usize,
    /// Why trials were blocked, each once.
    pub reasons: Vec<Shown>,
    /// Requests that the target got.
    pub exchanges: usize,
    /// The findings, in order.
    pub findings: Vec<Finding>,
    /// Known trials that were made and judged and showed nothing.
    pub gone: Vec<Trial>,
    /// Why it ended.
    pub ended: Ended,
    /// Accounts that the target was seen to use.
    pub accounts: Vec<String>,
    /// Keys that could not be released.
    pub left: Vec<Shown>,
    /// How long it took.
    pub took: Duration,
}

impl Exploration {
    /// One in which nothing was tried yet.
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

/// Hears of an exploration as it goes.
pub trait Watcher: Send + Sync {
    /// A trial ended: how many were made, how many requests were sent, how much was found.
    fn ended(&self, trials: usize, exchanges: usize, findings: usize);
}
