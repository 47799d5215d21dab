//! JUnit XML. A divergence is a failure, a case without a verdict an error, and nothing that did not run is a success.

use super::standing::{Standing, Why, besides, in_a_sentence, lines, missing, of_run, standing, target};
use crate::report::{CaseReport, Report, RunReport};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// One suite for each run, one test for each case.
pub(super) fn render(report: &Report) -> String {
    let mut junit = quick_junit::Report::new("trentcheck");
    for run in &report.runs {
        junit.add_test_suite(suite(run));
    }
    if let Some(missing) = missing(report) {
        let mut suite = TestSuite::new("not run");
        suite.add_test_case(TestCase::new("run", error(&Why::new("run", missing))));
        junit.add_test_suite(suite);
    }
    let text = junit.to_string().expect("the text is written to memory");
    // The schema of Jenkins knows the skipped tests of a suite and not those of all suites.
    text.replacen(&format!(" skipped=\"{}\"", junit.skipped), "", 1)
}

/// Text without the two characters that XML forbids and that are neither control characters nor surrogates.
fn xml(text: impl AsRef<str>) -> String {
    text.as_ref().replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

fn suite(run: &RunReport) -> TestSuite {
    let mut suite = TestSuite::new(xml(format!("{} ({})", target(run), run.target.edition)));
    suite.set_time(Duration::from_millis(run.duration_ms));
    for (name, value) in [
        ("endpoint", run.target.endpoint.as_str()),
        ("region", &run.target.region),
        ("lane", &run.lane),
        ("corpus", &run.corpus),
        ("started", &run.started),
        ("version", &run.version),
    ] {
        suite.add_property((name, xml(value).as_str()));
    }
    suite.add_test_cases(run.cases.iter().map(|case| test(case, run)));
    if let Some(why) = of_run(run) {
        let mut status = error(&why);
        let besides = besides(run);
        if !besides.is_empty() {
            status.set_description(xml(besides.join("\n")));
        }
        suite.add_test_case(TestCase::new("run", status));
    }
    suite
}

fn test(case: &CaseReport, run: &RunReport) -> TestCase {
    let status = match standing(case, run) {
        Standing::Passed => TestCaseStatus::success(),
        Standing::Skipped(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(xml(why));
            status
        }
        Standing::Failed(why) => described(NonSuccessKind::Failure, &why, case, run),
        Standing::Error(why) => described(NonSuccessKind::Error, &why, case, run),
    };
    let mut test = TestCase::new(xml(&case.id), status);
    test.set_classname(xml(format!("trentcheck.{}", case.group)));
    test.set_time(Duration::from_micros(case.duration_us));
    test
}

fn error(why: &Why) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type(why.kind).set_message(xml(&why.message));
    status
}

/// A failure or an error with everything that a person needs to look into it.
fn described(kind: NonSuccessKind, why: &Why, case: &CaseReport, run: &RunReport) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    let mut text = vec![case.title.clone()];
    text.extend(case.failures(run.fail_on).map(in_a_sentence));
    text.extend(case.exchanges.iter().flat_map(lines));
    text.push(format!("repeat: {}", case.repeat));
    status.set_type(why.kind).set_message(xml(&why.message)).set_description(xml(text.join("\n")));
    status
}
