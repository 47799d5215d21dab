//! A run, and what it comes to.

use std::time::Duration;
use tokio::sync::watch;
use trentcheck_core::fixture::{Corpus, Selection};
use trentcheck_core::report::{About, Held, Ran, RunReport};
use trentcheck_core::run::{Entropy, Options, Target, fill_random, run};

/// Options for a target that answers at once.
pub(crate) fn options(jobs: usize) -> Options {
    let mut seed = [0; 32];
    fill_random(&mut seed).unwrap();
    Options { jobs, ..Options::new(Duration::from_millis(200), Entropy::new(seed)) }
}

/// All cases, or those of these patterns.
pub(crate) fn selection(patterns: &[&str]) -> Selection {
    Selection { patterns: patterns.iter().map(|pattern| pattern.parse().unwrap()).collect(), ..Selection::default() }
}

/// Runs to the end.
pub(crate) async fn ran(corpus: &Corpus, patterns: &[&str], target: &Target, options: &Options) -> Ran {
    let (_stop, stopped) = watch::channel(false);
    run(corpus, &selection(patterns), target, options, &(), stopped).await.unwrap()
}

/// The report of a run that is held against nothing but the corpus.
pub(crate) fn concluded(corpus: &Corpus, ran: &Ran) -> RunReport {
    let about = About { name: None, corpus, repeat: &|ids| format!("trentcheck run {}", ids.join(" ")) };
    RunReport::conclude(ran, &[], Held::default(), &about)
}

/// Runs to the end and concludes.
pub(crate) async fn replay(corpus: &Corpus, patterns: &[&str], target: &Target, options: &Options) -> RunReport {
    concluded(corpus, &ran(corpus, patterns, target, options).await)
}

/// Runs with a stop signal that is given from the start.
pub(crate) async fn replay_stopped(corpus: &Corpus, target: &Target, options: &Options) -> RunReport {
    let (_stop, stopped) = watch::channel(true);
    concluded(corpus, &run(corpus, &selection(&[]), target, options, &(), stopped).await.unwrap())
}

/// Every mismatch and reason of a run, for a message.
pub(crate) fn complaints(report: &RunReport) -> Vec<String> {
    report
        .cases
        .iter()
        .flat_map(|case| {
            let reason = case.reason.iter().map(|reason| format!("{}: {reason}", case.id));
            let mismatches = case.mismatches.iter().map(|mismatch| format!("{}: {mismatch:?}", case.id));
            reason.chain(mismatches).collect::<Vec<_>>()
        })
        .collect()
}
