//! How long answers take, by operation: counted in buckets, so that the memory does not grow with the number of answers.

use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::time::Duration;

/// Two digits: a time is known to 1 %, and an operation needs less than 20 KiB.
const DIGITS: u8 = 2;

/// Longer times count as this one. No exchange may take a day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The times of answers, by operation. A time goes from the first byte sent, or the start of the connection, to the last byte
/// received.
#[derive(Clone, Default)]
pub struct Latencies(BTreeMap<String, Histogram<u64>>);

/// How long the answers to an operation took. Quantiles are known to 1 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// The number of answers.
    pub count: u64,
    /// Half of the answers took at most this long.
    pub p50: Duration,
    /// Nine of ten took at most this long.
    pub p90: Duration,
    /// 99 of 100 took at most this long.
    pub p99: Duration,
    /// The longest time.
    pub max: Duration,
}

impl Latencies {
    /// Adds the time of an answer.
    pub fn record(&mut self, operation: &str, took: Duration) {
        let micros = u64::try_from(took.min(LONGEST).as_micros()).unwrap_or(u64::MAX);
        self.of(operation).record(micros).expect("a histogram grows to hold what it is given");
    }

    /// Adds others.
    pub fn add(&mut self, others: &Self) {
        for (operation, others) in &others.0 {
            self.of(operation).add(others).expect("a histogram that grows takes what another one has");
        }
    }

    /// Each operation that was answered.
    pub fn by_operation(&self) -> impl Iterator<Item = (&str, Latency)> {
        self.0.iter().map(|(operation, times)| {
            let within = |share| Duration::from_micros(times.value_at_quantile(share));
            let latency = Latency {
                count: times.len(),
                p50: within(0.5),
                p90: within(0.9),
                p99: within(0.99),
                max: Duration::from_micros(times.max()),
            };
            (operation.as_str(), latency)
        })
    }

    fn of(&mut self, operation: &str) -> &mut Histogram<u64> {
        if !self.0.contains_key(operation) {
            let new = Histogram::new(DIGITS).expect("the number of digits is one that a histogram can have");
            self.0.insert(operation.to_owned(), new);
        }
        self.0.get_mut(operation).expect("it was added if it was not there")
    }
}

impl Debug for Latencies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.by_operation()).finish()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::{Latencies, Latency};
    use std::time::Duration;

    fn of(milliseconds: impl Iterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        milliseconds.for_each(|time| latencies.record("Encrypt", Duration::from_millis(time)));
        latencies
    }

    fn only(latencies: &Latencies) -> Latency {
        latencies.by_operation().next().unwrap().1
    }

    #[test]
    fn quantiles_are_known_to_one_percent() {
        let Latency { count, p50, p90, p99, max } = only(&of(1..=1000));
        assert_eq!(count, 1000);
        for (found, expected) in [(p50, 500.0), (p90, 900.0), (p99, 990.0), (max, 1000.0)] {
            let found = found.as_secs_f64() * 1000.0;
            assert!((found - expected).abs() <= expected / 100.0, "{found} instead of {expected}");
        }
    }

    #[test]
    fn parts_that_are_added_are_the_whole() {
        let mut both = of((1..=1000).filter(|time| time % 3 == 0));
        both.add(&of((1..=1000).filter(|time| time % 3 != 0)));
        both.record("Sign", Duration::MAX);
        let whole = of(1..=1000);
        assert_eq!(only(&both), only(&whole));
        assert_eq!(both.by_operation().map(|(name, _)| name.to_owned()).collect::<Vec<_>>(), ["Encrypt", "Sign"]);
    }
}
