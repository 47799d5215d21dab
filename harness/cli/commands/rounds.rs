//! `run --repeat N` and `run --for TIME`: the selected cases again and again, as one run.

use crate::edge::failure::Failure;
use crate::edge::interrupt::Interrupt;
use crate::edge::output;
use crate::setup::session::Session;
use crate::setup::settings::RoundsWanted;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use trentcheck_core::report::{Extent, Outcome, Ran, Rounds, RoundsEnd};
use trentcheck_core::send::Rates;

/// The pause after a round that judged nothing: the target may be on its way back.
const AWAY: Duration = Duration::from_secs(1);

/// Runs the selected cases as often as the settings say. Each round is a run: it makes its keys and releases them, so that
/// there are never more at a time than one run needs. Cases of these ids are known to diverge.
pub(super) async fn first_look(session: &Session, known: BTreeSet<String>) -> Result<Ran, Failure> {
    let Some(wanted) = session.settings.rounds else { return session.first_look(known).await };
    let began = Instant::now();
    // From here on, so that no signal between two rounds is lost.
    let mut interrupt =
        Interrupt::listen().map_err(|error| Failure::internal(format!("listen for interrupts: {error}")))?;
    let first = session.first_look(known.clone()).await?;
    let seed = first.seed;
    let mut pause = pause_after(&first, &session.target().limits.rates);
    let mut rounds = Rounds::of(first);
    let ended = loop {
        if let Some(end) = end(&rounds, wanted, began, session, &known) {
            break end;
        }
        tokio::select! {
            biased;
            () = interrupt.came() => break RoundsEnd::Interrupted,
            () = tokio::time::sleep(pause) => {}
        }
        // Each round has an order of its own, which follows from that of the first.
        let seed = seed.map(|seed| seed.wrapping_add(rounds.count()));
        let next = match session.further_round(known.clone(), seed).await {
            Ok(next) => next,
            // The rounds before it are worth a report.
            Err(failure) => {
                output::report(&failure);
                break RoundsEnd::Failed;
            }
        };
        pause = pause_after(&next, &session.target().limits.rates);
        let is_cut = next.end.is_interrupted || session.is_out_of_time();
        rounds.add(next, if is_cut { Extent::Cut } else { Extent::Whole });
    };
    let asked_ms = wanted.time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    let mut ran = rounds.ended(wanted.most, asked_ms, ended);
    ran.duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    ran.end.is_interrupted |= ended == RoundsEnd::Interrupted;
    Ok(ran)
}

/// Why no further round is begun; nothing if one is.
fn end(
    rounds: &Rounds,
    wanted: RoundsWanted,
    began: Instant,
    session: &Session,
    known: &BTreeSet<String>,
) -> Option<RoundsEnd> {
    let ran = rounds.so_far();
    let diverging =
        ran.cases.iter().filter(|case| case.outcome == Outcome::Diverges && !known.contains(&case.id)).count();
    let ends = [
        (RoundsEnd::Failed, ran.end.is_refused || ran.end.is_faulty),
        (RoundsEnd::Interrupted, ran.end.is_interrupted),
        (RoundsEnd::KeysLeft, !ran.left.is_empty()),
        (RoundsEnd::MaxFail, session.settings.max_fail.is_some_and(|most| diverging >= most)),
        (RoundsEnd::NothingJudged, !rounds.have_judged()),
        (RoundsEnd::Complete, wanted.most.is_some_and(|most| rounds.count() >= most)),
        (RoundsEnd::Complete, wanted.time.is_some_and(|time| began.elapsed() >= time)),
        (RoundsEnd::Deadline, session.is_out_of_time()),
    ];
    ends.into_iter().find(|(_, applies)| *applies).map(|(end, _)| end)
}

/// How long the next round waits, which does not know when this one sent its last calls: until a call of the slowest operation
/// is due at any rate.
fn pause_after(ran: &Ran, rates: &Rates) -> Duration {
    let away = if ran.has_judged() { Duration::ZERO } else { AWAY };
    between(&ran.calls, rates).max(away)
}

/// The longest time between two calls of one operation that these rates ask for.
fn between(calls: &BTreeMap<String, u64>, rates: &Rates) -> Duration {
    let rate = |operation: &String| rates.by_operation.get(operation).copied().or(rates.others);
    let between = calls.keys().filter_map(rate).map(|rate| Duration::from_secs_f64(1.0 / rate));
    between.max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::between;
    use std::collections::BTreeMap;
    use std::time::Duration;
    use trentcheck_core::send::Rates;

    #[test]
    fn the_next_round_waits_for_the_slowest_operation_of_this_one() {
        let rates = |others| Rates {
            by_operation: BTreeMap::from([("CreateKey".to_owned(), 0.5), ("Encrypt".to_owned(), 100.0)]),
            others,
        };
        let of = |operations: &[&str], others| {
            let calls = operations.iter().map(|operation| ((*operation).to_owned(), 3)).collect();
            between(&calls, &rates(others))
        };
        assert_eq!(of(&["CreateKey", "Encrypt"], None), Duration::from_secs(2));
        assert_eq!(of(&["Encrypt"], None), Duration::from_millis(10));
        assert_eq!(of(&["Encrypt", "Sign"], Some(5.0)), Duration::from_millis(200));
        assert_eq!(of(&["Sign"], None), Duration::ZERO);
    }
}
