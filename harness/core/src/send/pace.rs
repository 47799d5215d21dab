//! The pace of calls: the rate that a service publishes, reduced after the service throttles.

use super::error::SendError;
use super::exchange::{Exchange, Rates, Response};
use crate::http::Request;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The first pause after a throttled call. It doubles up to [`LONGEST`], and halves with each call that is not
/// throttled.
const FIRST: Duration = Duration::from_millis(250);

/// Services count quotas per second, so a pause of more than a few seconds has no benefit.
const LONGEST: Duration = Duration::from_secs(8);

/// The times at which calls are due. Both lanes of an endpoint share it.
#[derive(Debug, Default)]
pub(super) struct Pace {
    rates: Rates,
    due: Mutex<HashMap<String, Due>>,
}

#[derive(Clone, Copy, Debug)]
struct Due {
    next: Instant,
    pause: Duration,
}

impl Pace {
    pub(super) fn new(rates: Rates) -> Self {
        Self { rates, due: Mutex::default() }
    }

    /// Waits until this number of calls of an operation may be sent, one after another.
    pub(super) async fn wait(&self, operation: &str, count: usize) {
        #[expect(clippy::disallowed_methods, reason = "the next call waits until it is due")]
        let now = Instant::now();
        let wait = self.reserve(operation, count, now);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Adjusts the pace to the answers.
    pub(super) fn learn(&self, request: &Request, exchange: &Exchange) {
        self.answered(operation(request), &exchange.result);
    }

    /// Reserves the next calls of an operation, and returns the time until the first of them.
    fn reserve(&self, operation: &str, count: usize, now: Instant) -> Duration {
        let Some((name, rate)) = self.rate(operation) else { return Duration::ZERO };
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let due = due.entry(name.to_owned()).or_insert(Due { next: now, pause: Duration::ZERO });
        let start = due.next.max(now);
        let between = Duration::from_secs_f64(1.0 / rate) + due.pause;
        due.next = start + between * u32::try_from(count).unwrap_or(u32::MAX);
        start - now
    }

    fn answered(&self, operation: &str, result: &Result<Response, SendError>) {
        let (Some((name, _)), Ok(response)) = (self.rate(operation), result) else { return };
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(due) = due.get_mut(name) else { return };
        if is_throttled(response) {
            due.pause = (due.pause * 2).clamp(FIRST, LONGEST);
            due.next += due.pause;
        } else {
            due.pause = if due.pause <= FIRST { Duration::ZERO } else { due.pause / 2 };
        }
    }

    fn rate<'a>(&self, operation: &'a str) -> Option<(&'a str, f64)> {
        match self.rates.by_operation.get(operation) {
            Some(rate) => Some((operation, *rate)),
            None => Some(("", self.rates.others?)),
        }
    }
}

/// Whether an answer says that calls come too fast.
pub(super) fn is_throttled(response: &Response) -> bool {
    const NAME: &[u8] = b"ThrottlingException";
    response.status == 429 || (response.status == 400 && response.body.windows(NAME.len()).any(|window| window == NAME))
}

/// The operation that a request names, or an empty text.
pub(super) fn operation(request: &Request) -> &str {
    let target = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("x-amz-target"));
    let value = target.and_then(|header| std::str::from_utf8(&header.value).ok()).unwrap_or_default();
    value.rsplit('.').next().unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "any moment will do as the first")]
mod tests {
    use super::*;
    use crate::http::{Framing, Header};
    use crate::test_support;
    use std::collections::BTreeMap;

    fn pace() -> Pace {
        let by_operation = BTreeMap::from([("GetParametersForImport".to_owned(), 0.5), ("CreateKey".to_owned(), 5.0)]);
        Pace::new(Rates { by_operation, others: Some(10.0) })
    }

    fn answer(status: u16, body: &str) -> Result<Response, SendError> {
        Ok(test_support::answer(status, &[], body.as_bytes()))
    }

    #[test]
    fn each_operation_has_its_own_pace_and_the_others_share_one() {
        let (pace, now) = (pace(), Instant::now());
        let millis = |operation, count, now| pace.reserve(operation, count, now).as_millis();
        assert_eq!(millis("GetParametersForImport", 1, now), 0);
        assert_eq!(millis("GetParametersForImport", 1, now), 2000);
        assert_eq!(millis("GetParametersForImport", 1, now + Duration::from_secs(3)), 1000);
        assert_eq!(millis("CreateKey", 2, now), 0);
        assert_eq!(millis("CreateKey", 1, now), 400);
        assert_eq!(millis("A", 1, now), 0);
        assert_eq!(millis("B", 1, now), 100);
        // Unused time is not saved for later calls.
        let later = now + Duration::from_secs(60);
        assert_eq!(millis("CreateKey", 1, later), 0);
        assert_eq!(millis("CreateKey", 1, later), 200);
    }

    #[test]
    fn a_throttled_call_makes_the_next_ones_wait_longer_until_it_goes_well_again() {
        let (pace, now) = (pace(), Instant::now());
        let wait = || pace.reserve("CreateKey", 1, now).as_millis();
        let first = wait();
        pace.answered("CreateKey", &answer(400, r#"{"__type":"ThrottlingException"}"#));
        assert_eq!((first, wait()), (0, 450));
        pace.answered("CreateKey", &answer(429, ""));
        // The sum of 450 ms, its own interval of 200 ms, the pause of 250 ms, and the new pause of 500 ms.
        assert_eq!(wait(), 1400);
        for _ in 0..4 {
            pace.answered("CreateKey", &answer(200, ""));
        }
        let before = wait();
        assert_eq!(wait() - before, 200);
    }

    #[test]
    fn without_rates_nothing_waits() {
        let (pace, now) = (Pace::default(), Instant::now());
        pace.answered("CreateKey", &answer(429, ""));
        assert!((0..100).all(|_| pace.reserve("CreateKey", 1, now).is_zero()));
    }

    #[test]
    fn the_operation_is_what_the_target_header_says() {
        let request = |value: &str| Request {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: vec![Header::new("x-AMZ-target", value)],
            body: Vec::new(),
            framing: Framing::ContentLength,
            delivery: Default::default(),
        };
        assert_eq!(operation(&request("TrentService.CreateKey")), "CreateKey");
        assert_eq!(operation(&request("")), "");
    }
}
