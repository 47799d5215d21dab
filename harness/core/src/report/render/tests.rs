//! One sample through every format; and what no value, whatever it is, can do to a format.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use super::annotations::data;
use super::badge::percent;
use super::markdown::{block, text};
use super::prometheus::escaped;
use super::{Format, ndjson_of_report};
use crate::baseline::{Difference, Drift};
use crate::compare::{Fact, Mismatch, Place, What};
use crate::fixture::{Level, Supports};
use crate::normalise::Shown;
use crate::report::{
    CaseDeviation, DeviationsReport, DifferentialReport, ExchangeReport, ExitCode, Held, HeldBaseline, HeldDeviations,
    Outcome, Ran, Recordings, Relisted, Report, Stale, StaleEntry, Uncompared,
};
use crate::test_support::{concluded, head, ran};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Every way of writing that a format could take for its own.
const ODD: &str = "]]> <b>|`@all`| ::error::no %0A \" \\ # {{x}} *é* ``` &amp;";

fn status(expected: &str, status: u16, clauses: &[&str]) -> Mismatch<Shown> {
    Mismatch {
        what: What::Status,
        place: Place::answer(),
        expected: Fact::words(expected),
        found: Fact::Answer { status, error: Some(Shown::ours("InternalError")), body: None },
        clauses: clauses.iter().map(|clause| (*clause).to_owned()).collect(),
        supports: Supports::default(),
        level: Level::Must,
        hint: None,
    }
}

fn exchange() -> ExchangeReport {
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    ExchangeReport {
        role: "judged".to_owned(),
        lane: "wire".to_owned(),
        request: lines(&["POST / HTTP/1.1", "(body: 2 bytes, content-length)", "{}"]),
        response: Some(lines(&["HTTP/1.1 500 Internal Server Error", "", ODD])),
        error: None,
        duration_us: 1500,
    }
}

/// A case of each outcome.
fn every_outcome() -> Ran {
    let mut ran = ran(&[
        ("body/array", Outcome::Diverges),
        ("body/null", Outcome::Diverges),
        ("members/empty", Outcome::Pass),
        ("members/false", Outcome::Diverges),
        ("members/list", Outcome::Blocked),
        ("members/null", Outcome::Skipped),
        ("members/number", Outcome::Flaky),
        ("members/object", Outcome::Indeterminate),
        ("members/true", Outcome::Unsupported),
        ("success/disabled", Outcome::Pass),
        ("success/hmac", Outcome::Pass),
    ]);
    ran.started = "2026-01-02T03:04:05Z".to_owned();
    ran.duration_ms = 1234;
    ran.notices = vec![Shown::ours(ODD)];
    ran.target.endpoint = "http://127.0.0.1:4566".to_owned();
    for case in &mut ran.cases {
        case.title = format!("the title of {}", case.id);
        case.duration_us = 2500;
        match case.outcome {
            Outcome::Pass => {}
            Outcome::Diverges => case.exchanges = vec![exchange()],
            _ => case.reason = Some(Shown::ours(ODD)),
        }
    }
    ran.cases[0].mismatches = vec![status("4xx", 500, &["S-12"])];
    ran.cases[1].mismatches = vec![status("4xx", 500, &["S-11"]), status("4xx", 500, &["S-11"])];
    ran.cases[3].mismatches = vec![status("4xx", 200, &["S-19"])];
    ran
}

/// A list of two entries.
fn listing() -> DeviationsReport {
    DeviationsReport {
        file: "known.toml".to_owned(),
        entries: 2,
        not_selected: Vec::new(),
        no_verdict: Vec::new(),
        stale: Vec::new(),
    }
}

/// A baseline with which two cases were compared.
fn base() -> HeldBaseline {
    HeldBaseline {
        directory: "base".to_owned(),
        recorded: head(),
        recordings: Recordings::Optional,
        compared: 2,
        drifts: Vec::new(),
        passing: Vec::new(),
        not_compared: Vec::new(),
        not_recorded: Vec::new(),
        unreferenced: Vec::new(),
    }
}

/// Two of three targets: one with a case of each outcome and a list of deviations, one that has drifted and where a key is
/// left.
pub(super) fn sample() -> Report {
    let ran = every_outcome();
    let listed = |outcome, stale| {
        let deviation = CaseDeviation {
            entry: "success/*".to_owned(),
            reason: ODD.to_owned(),
            link: None,
            expires: "2027-01-01".to_owned(),
            stale,
        };
        Relisted { outcome, reason: None, deviation: Some(deviation) }
    };
    let deviations = HeldDeviations {
        report: listing(),
        cases: BTreeMap::from([
            ("success/disabled".to_owned(), listed(Outcome::Listed, None)),
            ("success/hmac".to_owned(), listed(Outcome::Stale, Some(Stale::Passes))),
        ]),
    };
    let first = concluded(&ran, &[], Held { deviations: Some(deviations), ..Held::default() });
    let mut second = crate::test_support::ran(&[("body/array", Outcome::Pass), ("body/null", Outcome::Pass)]);
    second.left = vec![Shown::ours(format!("key 1: {ODD}"))];
    second.started = "2026-01-02T03:05:05Z".to_owned();
    let line = |code: &str| Some(format!("HTTP/1.1 {code}"));
    let place = "judged, answer: first line".to_owned();
    let difference = Difference { place, recorded: line("400 Bad Request"), found: line("409 Conflict") };
    let drifts = vec![Drift { case: "body/null".to_owned(), differences: vec![difference] }];
    let baseline = HeldBaseline { drifts, ..base() };
    let mut second = concluded(&second, &[], Held { baseline: Some(baseline), ..Held::default() });
    second.name = Some("night".to_owned());
    Report::of(vec![first, second], 3)
}

#[test]
fn one_sample_through_every_format() {
    let settings = || {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../../../../../snapshots/reports");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        // The digest of the corpus and the version change with every change.
        settings.add_filter(r#"("?corpus"?(?:: |" value=)")[0-9a-f]+""#, "$1[digest]\"");
        settings.add_filter(r#"(name="version" value=")[^"]+""#, "$1[version]\"");
        settings.add_filter(r"line=\d+", "line=[line]");
        settings
    };
    let report = sample();
    let is_text = |format: &Format| !matches!(format, Format::Json | Format::Html);
    for format in Format::ALL.into_iter().filter(is_text) {
        settings().bind(|| insta::assert_snapshot!(format.as_str(), format.render(&report)));
    }
    assert_eq!(Report::read(&Format::Json.render(&report)).unwrap(), report);
}

#[test]
fn every_format_has_its_word() {
    for format in Format::ALL {
        assert_eq!(format.as_str().parse(), Ok(format));
    }
    let error = "xml".parse::<Format>().unwrap_err().to_string();
    assert!(error.starts_with("`xml` is not a format: json, junit, markdown"), "{error}");
}

fn junit(report: &Report) -> quick_junit::Report {
    quick_junit::Report::deserialize_from_str(&Format::Junit.render(report)).unwrap()
}

/// Failures, errors, skipped and all tests of the first suite.
fn counts(report: &Report) -> [usize; 4] {
    let suite = &junit(report).test_suites[0];
    [suite.failures, suite.errors, suite.skipped, suite.tests]
}

#[test]
fn junit_knows_four_ends_and_jenkins_its_attributes() {
    let report = sample();
    // Three diverge and one is stale; four have no verdict; one is skipped and one is listed; one passes.
    assert_eq!(counts(&report), [4, 4, 2, 11]);
    let text = Format::Junit.render(&report);
    let junit = junit(&report);
    assert_eq!((junit.test_suites[1].failures, junit.test_suites[2].errors), (1, 1));
    // The key that is left.
    assert_eq!((junit.test_suites[1].errors, junit.test_suites[1].tests), (1, 3));
    let allowed = ["name", "time", "tests", "failures", "errors"];
    let root = text.lines().find(|line| line.starts_with("<testsuites")).unwrap();
    let names: Vec<&str> =
        root.split(' ').skip(1).filter_map(|part| part.split_once('=').map(|(name, _)| name)).collect();
    assert!(names.iter().all(|name| allowed.contains(name)), "{names:?}");
}

#[test]
fn an_end_that_no_case_shows_is_an_error_of_its_own() {
    for (codes, message) in [
        (vec![ExitCode::Interrupted], "interrupted; teardown done"),
        (vec![ExitCode::Teardown], "setup or teardown failed; what is left is listed"),
        (vec![ExitCode::NothingRun], "nothing was run"),
        (vec![ExitCode::Indeterminate], "some cases could not be judged"),
    ] {
        let run = concluded(&ran(&[("members/null", Outcome::Pass)]), &[], Held::default());
        let mut report = Report::of(vec![run], 1);
        assert_eq!(counts(&report), [0, 0, 0, 1]);
        report.runs[0].exit_codes = codes;
        assert_eq!(counts(&report), [0, 1, 0, 2]);
        for format in [Format::Junit, Format::Markdown, Format::Github] {
            let told = format.render(&report);
            assert!(told.contains(message), "{format}: {told}");
        }
    }
}

/// A stale entry of a list that has no case.
fn stale_entry() -> Held {
    let entry = StaleEntry {
        entry: "members/n*".to_owned(),
        stale: Stale::MatchesNothing,
        reason: String::new(),
        expires: "2027-01-01".to_owned(),
    };
    let report = DeviationsReport { stale: vec![entry], ..listing() };
    Held { deviations: Some(HeldDeviations { report, cases: BTreeMap::new() }), ..Held::default() }
}

/// A second target with which nothing could be compared, and that did not confirm these cases.
fn second_target(unconfirmed: &[&str]) -> Held {
    let ran = ran(&[]);
    let unconfirmed = unconfirmed.iter().map(|case| (*case).to_owned()).collect();
    let differential = DifferentialReport { unconfirmed, ..DifferentialReport::of(&ran, &ran, None) };
    Held { differential: Some(differential), ..Held::default() }
}

#[test]
fn an_exit_code_that_no_case_shows_is_told_beside_a_case_that_shows_another() {
    for (outcome, held, message) in [
        (Outcome::Blocked, stale_entry(), "a listed deviation is stale"),
        (Outcome::Diverges, second_target(&[]), "some cases could not be judged"),
    ] {
        let report = Report::of(vec![concluded(&ran(&[("members/null", outcome)]), &[], held)], 1);
        assert_eq!(report.exit_codes, [ExitCode::Divergence, ExitCode::Indeterminate]);
        let [failures, errors, ..] = counts(&report);
        assert_eq!((failures, errors), if outcome == Outcome::Blocked { (0, 2) } else { (1, 1) }, "{outcome:?}");
        for format in [Format::Junit, Format::Github] {
            let told = format.render(&report);
            assert!(told.contains(message), "{format}: {told}");
        }
        assert!(Format::Markdown.render(&report).contains(&format!("**{message}**")));
    }
}

#[test]
fn a_case_that_did_not_pass_has_a_line_whatever_the_reason() {
    let baseline = HeldBaseline {
        recordings: Recordings::Demanded,
        drifts: Vec::new(),
        not_compared: vec![Uncompared { case: "members/list".to_owned(), reason: "no answer".to_owned() }],
        not_recorded: vec!["members/null".to_owned(), "members/true".to_owned()],
        ..base()
    };
    let held = Held { baseline: Some(baseline), ..second_target(&["members/number"]) };
    let names = ["members/list", "members/null", "members/number", "members/true"];
    let run = concluded(&ran(&names.map(|name| (name, Outcome::Pass))), &[], held);
    let report = Report::of(vec![run], 1);
    assert_eq!(counts(&report), [2, 2, 0, 4]);
    let lines = |format: Format, part: &str| {
        let told = format.render(&report);
        let lines: Vec<&str> = told.lines().filter(|line| line.contains(part)).collect();
        assert_eq!(lines.len(), 1, "{format}, {part}: {told}");
        lines[0].to_owned()
    };
    for (kind, word, cases) in [
        ("not-recorded", "error", "2 cases"),
        ("not-confirmed", "warning", "1 case"),
        ("not-compared", "warning", "1 case"),
    ] {
        let part = format!("{cases} {kind}");
        assert!(lines(Format::Github, &part).starts_with(&format!("::{word} file=fixtures/cases/members.toml,")));
        assert!(lines(Format::Markdown, &part).starts_with("- "));
    }
}

#[test]
fn what_was_not_run_is_no_pass_in_any_format() {
    let mut report = Report::of(vec![concluded(&ran(&[("members/null", Outcome::Skipped)]), &[], Held::default())], 1);
    assert_eq!(counts(&report), [0, 1, 1, 2]);
    assert!(Format::BadgeDivergence.render(&report).contains("\"message\": \"unknown\""));
    assert!(Format::BadgeCoverage.render(&report).contains("\"message\": \"0.0 %\""));
    let told = Format::Prometheus.render(&report);
    assert!(!told.contains("trentcheck_divergence_ratio{") && told.contains("trentcheck_exit_code"), "{told}");
    // A target that was not reached after an interrupt.
    report = Report::of(vec![concluded(&ran(&[("members/null", Outcome::Pass)]), &[], Held::default())], 2);
    for format in [Format::BadgeDivergence, Format::BadgeCoverage] {
        assert!(format.render(&report).contains("\"message\": \"incomplete\""));
    }
    for format in [Format::Junit, Format::Markdown, Format::Github] {
        assert!(format.render(&report).contains("1 of 2 targets were not run"));
    }
    assert!(Format::Prometheus.render(&report).contains("\ntrentcheck_targets_not_run 1\n"));
}

#[test]
fn a_badge_rounds_neither_to_nothing_nor_to_all() {
    let shown = [(0, 7), (1, 10_000), (1, 3), (9_999, 10_000), (7, 7)].map(|(part, whole)| percent(part, whole));
    assert_eq!(shown, ["0.0 %", "0.1 %", "33.3 %", "99.9 %", "100.0 %"]);
}

#[test]
fn a_badge_is_yellow_while_all_that_diverges_is_listed() {
    for (outcome, colour) in [(Outcome::Pass, "brightgreen"), (Outcome::Listed, "yellow"), (Outcome::Diverges, "red")] {
        let cases = [("members/null", outcome), ("members/true", Outcome::Pass)];
        let report = Report::of(vec![concluded(&ran(&cases), &[], Held::default())], 1);
        let badge = Format::BadgeDivergence.render(&report);
        assert!(badge.contains(&format!("\"color\": \"{colour}\"")), "{badge}");
    }
}

#[test]
fn a_series_has_one_value_and_it_is_the_latest() {
    let mut early = concluded(&ran(&[("members/null", Outcome::Pass)]), &[], Held::default());
    let mut late = early.clone();
    (early.started, early.duration_ms) = ("2026-01-01T00:00:00Z".to_owned(), 1000);
    (late.started, late.duration_ms) = ("2026-01-02T00:00:00Z".to_owned(), 2000);
    for runs in [vec![early.clone(), late.clone()], vec![late, early]] {
        let told = Format::Prometheus.render(&Report::of(runs, 2));
        let values: Vec<&str> = told.lines().filter(|line| line.starts_with("trentcheck_duration_seconds{")).collect();
        assert_eq!(values.len(), 1, "{told}");
        assert!(values[0].ends_with(" 2"), "{told}");
    }
}

/// A sample in which every text is this one.
pub(super) fn filled(text: &str) -> Report {
    let mut report = sample();
    for run in &mut report.runs {
        run.name = Some(text.to_owned());
        run.notices = vec![Shown::ours(text)];
        run.left.iter_mut().for_each(|line| *line = Shown::ours(text));
        for case in &mut run.cases {
            case.title = text.to_owned();
            case.repeat = text.to_owned();
            case.reason = case.reason.as_ref().map(|_| Shown::ours(text));
            for exchange in &mut case.exchanges {
                exchange.request = vec![text.to_owned()];
                exchange.response = Some(vec![text.to_owned()]);
            }
        }
        for cause in &mut run.causes {
            cause.sentence = Shown::ours(text);
            cause.repeat = text.to_owned();
        }
    }
    report
}

/// Text as nobody should write it, with the marks of every format.
fn any_text() -> impl Strategy<Value = String> {
    let marks = proptest::sample::select(vec![
        "\n",
        "\r",
        "::error::",
        "::",
        "%0A",
        "%",
        "]]>",
        "<![CDATA[",
        "<",
        "&",
        "\"",
        "'",
        "|",
        "`",
        "```",
        "\\",
        "@a",
        "\u{1b}[31m",
        "\0",
        "\u{fffe}",
        "\u{ffff}",
        "- ",
        "# ",
        "</details>",
        "{",
        "}",
    ]);
    proptest::collection::vec(prop_oneof![marks.prop_map(str::to_owned), any::<String>()], 0..6)
        .prop_map(|parts| parts.concat())
}

/// Markdown text as a renderer reads it: entities and backslashes taken off.
fn read(text: &str) -> String {
    let mut read = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            '\\' => {
                let escaped = rest.chars().next().unwrap();
                rest = &rest[escaped.len_utf8()..];
                read.push(escaped);
            }
            '&' => {
                let (number, behind) = rest.strip_prefix('#').unwrap().split_once(';').unwrap();
                read.push(char::from_u32(number.parse().unwrap()).unwrap());
                rest = behind;
            }
            letter => read.push(letter),
        }
    }
    read
}

proptest! {
    #[test]
    fn junit_is_valid_xml_and_counts_as_the_report_does(words in any_text()) {
        let report = filled(&words);
        let text = Format::Junit.render(&report);
        let is_allowed = |letter: char| {
            matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        };
        prop_assert!(text.chars().all(is_allowed));
        let junit = quick_junit::Report::deserialize_from_str(&text);
        prop_assert!(junit.is_ok(), "{:?}", junit);
        prop_assert_eq!(counts(&report), [4, 4, 2, 11]);
    }

    #[test]
    fn an_annotation_is_one_line_whatever_is_in_it(words in any_text()) {
        let report = filled(&words);
        let expected = Format::Github.render(&sample()).lines().count();
        let told = Format::Github.render(&report);
        prop_assert_eq!(told.split(['\n', '\r']).filter(|line| !line.is_empty()).count(), expected);
        for line in told.lines() {
            let rest = line.strip_prefix("::error ").or_else(|| line.strip_prefix("::warning "));
            prop_assert!(rest.is_some(), "{}", line);
            let (properties, _) = rest.unwrap().split_once("::").unwrap();
            for property in properties.split(',') {
                let name = property.split_once('=').unwrap().0;
                prop_assert!(["file", "line", "title"].contains(&name), "{}", line);
            }
        }
        let unescaped = data(&words).replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%");
        prop_assert_eq!(unescaped, words);
    }

    #[test]
    fn markdown_keeps_its_tables_and_fences(words in any_text()) {
        let told = Format::Markdown.render(&filled(&words));
        let rows: Vec<&str> = told.lines().filter(|line| line.starts_with('|')).collect();
        prop_assert_eq!(rows.len(), 4);
        for row in rows {
            prop_assert_eq!(row.matches('|').count(), 9, "{}", row);
        }
        let visible: String = words.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        prop_assert_eq!(read(&text(&words)), visible);
        for letter in ['<', '>', '@', '|', '\n', '\r'] {
            prop_assert!(!text(&words).contains(letter));
        }
        let lines = block("text", [words.clone()]);
        prop_assert_eq!(lines.len(), 3);
        let fence = &lines[2];
        prop_assert!(fence.len() >= 3 && fence.chars().all(|letter| letter == '`'));
        prop_assert!(!lines[1].contains(fence.as_str()) && !lines[1].contains(['\n', '\r']));
    }

    #[test]
    fn prometheus_has_a_sample_a_line(words in any_text()) {
        let report = filled(&words);
        let told = Format::Prometheus.render(&report);
        for line in told.split('\n').filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let value = line.rsplit_once(' ').map(|(_, value)| value.parse::<f64>());
            prop_assert!(matches!(value, Some(Ok(_))), "{}", line);
        }
        let mut read = String::new();
        let label = escaped(&words);
        let mut letters = label.chars();
        while let Some(letter) = letters.next() {
            prop_assert!(letter != '"' && letter != '\n');
            match letter {
                '\\' => read.push(if let Some('n') = letters.clone().next() { letters.next(); '\n' } else { letters.next().unwrap() }),
                letter => read.push(letter),
            }
        }
        prop_assert_eq!(read, words);
    }

    #[test]
    fn events_and_badges_are_json(words in any_text()) {
        let report = filled(&words);
        let told = Format::Ndjson.render(&report);
        let events: Vec<serde_json::Value> =
            told.lines().map(serde_json::from_str).collect::<Result<_, _>>().unwrap();
        let of = |event: &str| events.iter().filter(|found| found["event"] == event).count();
        prop_assert_eq!((of("began"), of("case"), of("ended"), of("done")), (2, 13, 2, 1));
        let case: serde_json::Value = serde_json::from_str(&ndjson_of_report(Some(&words), &report.runs[0].cases[0])).unwrap();
        prop_assert_eq!(case["target"].as_str(), Some(words.as_str()));
        for format in [Format::BadgeDivergence, Format::BadgeCoverage] {
            let badge: serde_json::Value = serde_json::from_str(&format.render(&report)).unwrap();
            prop_assert_eq!(&badge["schemaVersion"], 1);
        }
    }

    #[test]
    fn counts_are_those_of_the_report(outcomes in proptest::collection::vec(
        prop_oneof![
            Just(Outcome::Pass), Just(Outcome::Diverges), Just(Outcome::Unsupported), Just(Outcome::Indeterminate),
            Just(Outcome::Blocked), Just(Outcome::Skipped), Just(Outcome::Flaky),
        ],
        1..20,
    )) {
        let ids: Vec<String> = (0..outcomes.len()).map(|number| format!("members/{number}")).collect();
        let cases: Vec<(&str, Outcome)> = ids.iter().map(String::as_str).zip(outcomes).collect();
        let mut ran = ran(&cases);
        for case in ran.cases.iter_mut().filter(|case| case.outcome == Outcome::Diverges) {
            case.mismatches = vec![status("4xx", 200, &["S-12"])];
        }
        let run = concluded(&ran, &[], Held::default());
        let figures = run.figures;
        let report = Report::of(vec![run], 1);
        let [failures, errors, skipped, tests] = counts(&report);
        let without = figures.unsupported + figures.indeterminate + figures.blocked + figures.flaky;
        // A run of which no case shows its exit code has an error for the run.
        let own = usize::from(figures.skipped == figures.selected);
        prop_assert_eq!((failures, errors, skipped), (figures.diverges, without + own, figures.skipped));
        prop_assert_eq!(tests, figures.selected + own);
        let is_green = failures + errors == 0;
        prop_assert_eq!(is_green, report.exit_code == ExitCode::Pass);
        let told = Format::Prometheus.render(&report);
        let value = |name: &str, outcome: &str| -> usize {
            let wanted = format!("outcome=\"{outcome}\"");
            let line = told.lines().find(|line| line.starts_with(name) && line.contains(&wanted)).unwrap();
            line.rsplit_once(' ').unwrap().1.parse().unwrap()
        };
        for (outcome, count) in [
            ("pass", figures.pass), ("diverges", figures.diverges), ("blocked", figures.blocked),
            ("skipped", figures.skipped), ("flaky", figures.flaky), ("unsupported", figures.unsupported),
            ("indeterminate", figures.indeterminate), ("stale", 0), ("listed", 0),
        ] {
            prop_assert_eq!(value("trentcheck_cases{", outcome), count);
        }
        let share = |name: &str| -> Option<f64> {
            let line = told.lines().find(|line| line.starts_with(name))?;
            line.rsplit_once(' ').unwrap().1.parse().ok()
        };
        prop_assert_eq!(share("trentcheck_divergence_ratio{"), figures.divergence);
        prop_assert_eq!(share("trentcheck_coverage_ratio{"), figures.coverage);
        let events = Format::Ndjson.render(&report);
        let of = |word: &str| events.matches(&format!("\"outcome\":\"{word}\"")).count();
        prop_assert_eq!((of("pass"), of("diverges"), of("skipped")), (figures.pass, figures.diverges, figures.skipped));
    }
}
