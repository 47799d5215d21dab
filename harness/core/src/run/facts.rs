//! The recorded facts of a run: replayed after the cases, several at a time, within the time limit of the run.

use super::context::Run;
use super::options::Facts;
use super::schedule::{INTERNAL, Part, Schedule};
use super::slots::Slots;
use crate::fixture::{Fact, Recording};
use crate::normalise::Shown;
use crate::recorded::{Stage, as_seen, evidence, play};
use crate::report::{FactReport, FactVerdict, Outcome, RecordedRan};

/// Replays the recorded facts that the options ask for.
pub(super) async fn replayed(schedule: &Schedule<'_>) -> Option<RecordedRan> {
    let run = schedule.run;
    let (asked, not_replayed) = asked(run)?;
    let stage = stage(run);
    let slots = &Slots::new(run.options.jobs);
    let ends = futures_util::future::join_all(asked.into_iter().map(|(recording, fact)| {
        let stage = &stage;
        let replayed = async move {
            if schedule.is_interrupted() {
                return (fact, without_verdict(run, recording, fact, &"the run was interrupted".into()), None);
            }
            // On the heap, as the cases are.
            match schedule.within(Box::pin(play(stage, recording, fact))).await {
                Part::Done(played) => {
                    let seen = match run.options.facts {
                        Facts::AsEvidence => as_seen(stage, fact, &played),
                        Facts::None | Facts::Recorded => None,
                    };
                    (fact, played.report, seen)
                }
                Part::OutOfTime => {
                    let why = match schedule.is_interrupted() {
                        true => "the run was interrupted",
                        false => "the time limit of the run was reached",
                    };
                    (fact, without_verdict(run, recording, fact, &why.into()), None)
                }
                Part::Panicked => (fact, without_verdict(run, recording, fact, &INTERNAL.into()), None),
            }
        };
        slots.within(replayed, || run.tally.strains())
    }))
    .await;
    let (mut facts, mut all_seen) = (Vec::new(), Vec::new());
    for (fact, report, seen) in ends {
        // What nobody has recorded has no verdict.
        facts.extend((!fact.wanted).then_some(report));
        all_seen.extend(seen);
    }
    let is_evidence = run.options.facts == Facts::AsEvidence;
    let evidence = is_evidence.then(|| evidence(run.target, stage.began, all_seen));
    Some(RecordedRan { facts, not_replayed, evidence })
}

/// The same where the target cannot be tested.
pub(super) fn not_replayed(run: &Run<'_>, outcome: Outcome, reason: &Shown) -> Option<RecordedRan> {
    let (asked, not_replayed) = asked(run)?;
    let verdict = match outcome {
        Outcome::Unsupported => FactVerdict::NotOffered,
        _ => FactVerdict::Indeterminate,
    };
    let facts = asked
        .into_iter()
        .filter(|(_, fact)| !fact.wanted)
        .map(|(recording, fact)| FactReport { verdict, ..without_verdict(run, recording, fact, reason) });
    Some(RecordedRan { facts: facts.collect(), not_replayed, evidence: None })
}

/// The facts that are asked for, and how many recorded facts are not among them.
fn asked<'a>(run: &Run<'a>) -> Option<(Vec<(&'a Recording, &'a Fact)>, usize)> {
    let takes_wanted = match run.options.facts {
        Facts::None => return None,
        Facts::Recorded => false,
        Facts::AsEvidence => true,
    };
    let takes = |recording: &Recording, fact: &Fact| {
        let is_taken = if fact.wanted { takes_wanted } else { fact.not_replayed.is_none() };
        is_taken && fact.holds_in(run.target.edition, recording)
    };
    let asked: Vec<_> = run.corpus.facts().filter(|(recording, fact)| takes(recording, fact)).collect();
    let replayed = asked.iter().filter(|(_, fact)| !fact.wanted).count();
    let recorded = run.corpus.facts().filter(|(_, fact)| !fact.wanted).count();
    Some((asked, recorded - replayed))
}

/// What all facts share.
fn stage<'r, 'a>(run: &'r Run<'a>) -> Stage<'r, 'a> {
    Stage {
        corpus: run.corpus,
        target: run.target,
        pool: &run.pool,
        redactor: &run.redactor,
        entropy: &run.options.entropy,
        run: &run.id,
        began: (run.options.clock)(),
        account: run.account(),
    }
}

fn without_verdict(run: &Run<'_>, recording: &Recording, fact: &Fact, why: &Shown) -> FactReport {
    FactReport {
        reason: Some(why.clone()),
        ..FactReport::of(recording, fact, run.corpus.lines.get(fact.id()).cloned().unwrap_or_default())
    }
}
