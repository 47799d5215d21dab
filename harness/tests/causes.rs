//! Causes at servers of which the faults are known: a mutant has one, so its divergences have one cause.

use crate::support::run::{options, replay};
use crate::support::{corpus, mutant, mutated, reference};
use std::collections::BTreeMap;
use std::io::Write;
use trentcheck_core::report::{CauseKind, RunReport};
use trentcheck_reference::{Mutant, mutants};

async fn at(mutant: &'static Mutant) -> RunReport {
    let (server, target) = reference(mutated(mutant)).await;
    let report = replay(&corpus(), &[], &target, &options(8)).await;
    server.stop().await;
    report
}

fn sentences(report: &RunReport) -> Vec<String> {
    report.causes.iter().map(|cause| format!("{} {}", cause.cases.len(), report.in_a_sentence(cause))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutant_with_many_divergences_has_one_cause() {
    for (name, kind, least) in [
        ("success-body-null", CauseKind::Form, 10),
        ("not-found-status-404", CauseKind::Answer, 10),
        ("pending-deletion-refused", CauseKind::Refused, 2),
    ] {
        let report = at(mutant(name)).await;
        assert_eq!(report.causes.len(), 1, "{name}: {:?}", sentences(&report));
        assert_eq!(report.causes[0].kind, kind, "{name}");
        assert_eq!(report.causes[0].cases.len(), report.figures.diverges, "{name}");
        assert!(report.figures.diverges >= least, "{name}: {}", report.figures.diverges);
    }
}

/// How many causes the divergences of mutants have, mutant by mutant. It runs every case at each sixth mutant, so it is not
/// run by default.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement of minutes: run it with `--nocapture` after a change of how causes are grouped"]
async fn causes_of_many_mutants() {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for mutant in mutants().iter().step_by(6) {
        let report = at(mutant).await;
        *counts.entry(report.causes.len()).or_default() += 1;
        let told = format!("{} {} {:?}", mutant.name, report.figures.diverges, sentences(&report));
        writeln!(std::io::stdout(), "{told}\n{counts:?}").unwrap();
    }
    let several: usize = counts.iter().filter(|(causes, _)| **causes > 1).map(|(_, mutants)| mutants).sum();
    assert!(several * 2 < counts.values().sum(), "{counts:?}");
}
