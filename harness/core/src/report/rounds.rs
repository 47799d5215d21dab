//! What a report says of rounds: how many there were, why they ended, and what became of each case in them.

use super::outcome::Outcome;
use crate::send::{Latencies, Latency};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How many rounds a run had, and why no further one was begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RoundsReport {
    /// Rounds that were begun. Each made its keys and released them.
    pub run: u64,
    /// The number that was asked for; absent without `--repeat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<u64>,
    /// The time that was asked for, in milliseconds; absent without `--for`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_ms: Option<u64>,
    /// Why no further round was begun.
    pub ended: RoundsEnd,
    /// How long the answers to each operation took, in all rounds together; absent in a report that was joined from parts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub latencies: BTreeMap<String, LatencyReport>,
}

/// How long the answers to an operation took, in microseconds: from the first byte sent, or the connection's start, to the last
/// byte received. Quantiles are known to 1 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LatencyReport {
    /// The number of whole answers.
    pub count: u64,
    /// Half of the answers took at most this long.
    pub p50_us: u64,
    /// Nine of ten took at most this long.
    pub p90_us: u64,
    /// 99 of 100 took at most this long.
    pub p99_us: u64,
    /// The longest time.
    pub max_us: u64,
}

/// The latencies of all operations, as a report has them.
pub(super) fn latencies(latencies: &Latencies) -> BTreeMap<String, LatencyReport> {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let of = |Latency { count, p50, p90, p99, max }: Latency| LatencyReport {
        count,
        p50_us: micros(p50),
        p90_us: micros(p90),
        p99_us: micros(p99),
        max_us: micros(max),
    };
    latencies.by_operation().map(|(operation, latency)| (operation.to_owned(), of(latency))).collect()
}

impl RoundsReport {
    /// The rounds in words: `57 of 100, until the run was interrupted`.
    pub fn describe(&self) -> String {
        let of = self.asked.filter(|asked| *asked != self.run).map(|asked| format!(" of {asked}")).unwrap_or_default();
        let why = match (self.ended, self.asked_ms) {
            (RoundsEnd::Complete, Some(_)) if self.asked != Some(self.run) => "in the time that was asked for",
            (end, _) => end.describe(),
        };
        format!("{}{of}, {why}", self.run)
    }

    /// Adds those of other cases of the same run: the part with the fewest rounds says how many all cases had.
    pub(super) fn add_part(&mut self, part: &Self) {
        self.run = self.run.min(part.run);
        // Quantiles cannot be joined.
        self.latencies.clear();
        if self.ended == RoundsEnd::Complete {
            self.ended = part.ended;
        }
    }
}

/// Why no further round was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RoundsEnd {
    /// The rounds or the time that were asked for are over.
    Complete,
    /// The run was interrupted.
    Interrupted,
    /// The time limit of the run was reached. It may have cut the last round.
    Deadline,
    /// As many cases diverge as `--max-fail` allows.
    MaxFail,
    /// A round judged no case, and none before it did.
    NothingJudged,
    /// A key could not be released: another round would leave more.
    KeysLeft,
    /// A safety rule, a fault of our own, or a round that could not be begun.
    Failed,
}

impl RoundsEnd {
    /// Whether there were as many rounds as the user wanted.
    pub fn is_wanted(self) -> bool {
        matches!(self, Self::Complete | Self::Interrupted | Self::MaxFail)
    }

    /// The end in words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Complete => "all that were asked for",
            Self::Interrupted => "until the run was interrupted",
            Self::Deadline => "until the time limit of the run was reached",
            Self::MaxFail => "until as many cases diverged as `--max-fail` allows",
            Self::NothingJudged => "as no case could be judged",
            Self::KeysLeft => "until a key could not be released",
            Self::Failed => "until a round failed",
        }
    }
}

/// What became of a case in all rounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseRounds {
    /// In how many rounds it came to each outcome, before a list of known deviations is applied. A round that an interrupt or
    /// the time limit cut counts only the cases that it judged.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// The round that is reported, counted from 1: the first one with the worst outcome.
    pub shown: u64,
}

impl CaseRounds {
    /// Whether it did not come to the same outcome in all rounds.
    pub fn varies(&self) -> bool {
        self.outcomes.len() > 1
    }

    /// What became of it, worst first: `diverges in 1 of 50 rounds, passes in 49`.
    pub fn describe(&self) -> String {
        let all: u64 = self.outcomes.values().sum();
        let mut outcomes: Vec<(Outcome, u64)> =
            self.outcomes.iter().map(|(outcome, count)| (*outcome, *count)).collect();
        outcomes.sort_by_key(|(outcome, _)| std::cmp::Reverse(badness(*outcome)));
        let words = outcomes.iter().enumerate().map(|(place, (outcome, count))| match place {
            0 => format!("{} in {count} of {all} rounds", outcome.as_verb()),
            _ => format!("{} in {count}", outcome.as_verb()),
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

/// Which of two outcomes of a case is reported: the worse one. A case that was skipped in one round was run in another.
pub(super) fn badness(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Skipped => 0,
        Outcome::Pass | Outcome::Listed => 1,
        Outcome::Indeterminate => 2,
        Outcome::Unsupported => 3,
        Outcome::Blocked => 4,
        Outcome::Flaky => 5,
        Outcome::Diverges | Outcome::Stale => 6,
    }
}
