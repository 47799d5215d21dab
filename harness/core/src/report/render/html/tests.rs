//! The page of the sample, whole; and what no value, whatever it is, can do to the page.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use super::super::tests::{filled, sample};
use super::{policy, render, source};
use crate::fixture::Level;
use crate::normalise::Shown;
use crate::report::{CaseReport, Held, KeyStates, Outcome, Report, RunReport};
use crate::test_support::{concluded, ran};
use proptest::prelude::*;
use regex::Regex;
use std::collections::BTreeMap;

const MARKUP: &str = "</script></style>--><img src=x onerror=alert(1)>\"'&amp;<b onload=x>{{ 1 }}{% raw %}";

/// The opening tags of a page, each with its attributes, style and script left out.
fn tags(page: &str) -> Vec<String> {
    let body = without_sources(page);
    let tags = Regex::new("<[a-z!][^>]*>").unwrap();
    tags.find_iter(&body).map(|tag| tag.as_str().to_owned()).collect()
}

fn without_sources(page: &str) -> String {
    let sources = Regex::new("(?s)<(style|script)>.*?</(style|script)>").unwrap();
    sources.replace_all(page, "<$1></$2>").into_owned()
}

/// How often each element comes.
fn elements(page: &str) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for tag in tags(page) {
        let name = tag.trim_start_matches('<').split([' ', '>', '/']).next().unwrap().to_owned();
        *count.entry(name).or_default() += 1;
    }
    count
}

/// A run with these outcomes that began then.
fn run(started: &str, cases: &[(&str, Outcome)]) -> RunReport {
    let mut ran = ran(cases);
    ran.started = started.to_owned();
    concluded(&ran, &[], Held::default())
}

#[test]
fn the_page_of_the_sample() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../../../../snapshots/reports");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter("sha256-[A-Za-z0-9+/&#;x=]+", "sha256-[digest]");
    settings.add_filter("(<dt>corpus</dt><dd>)[0-9a-f]+", "$1[digest]");
    settings.add_filter(r"(trentcheck |<dt>trentcheck</dt><dd>)\d+\.\d+\.\d+", "$1[version]");
    settings.add_filter(r"\.toml:\d+", ".toml:[line]");
    settings.bind(|| insta::assert_snapshot!("html", without_sources(&render(&sample()))));
}

#[test]
fn every_case_and_every_cause_is_there_once() {
    let report = sample();
    let page = render(&report);
    for case in &report.runs[0].cases {
        let opened = format!("id=\"case:{}\"", case.id.replace('/', "&#x2f;"));
        assert_eq!(page.matches(&opened).count(), 1, "{opened}");
        let repeats = format!("<code>{}</code>", case.repeat.replace('/', "&#x2f;"));
        assert!(page.contains(&repeats), "{repeats}");
    }
    for cause in &report.runs[0].causes {
        let sentence = cause.sentence.as_str();
        assert!(page.contains(&sentence[1..]), "{sentence}");
    }
    let causes: usize = report.runs.iter().map(|run| run.causes.len()).sum();
    assert_eq!(page.matches("<li class=\"cause\">").count(), causes);
    assert_eq!(page.matches("fix this first").count(), report.runs.iter().filter(|run| !run.causes.is_empty()).count());
    // Two of three targets, and what no case shows: a key is left at one.
    assert!(page.contains("1 of 3 targets were not run") && page.contains("setup or teardown failed"));
    assert!(page.contains("<th scope=\"col\"><span>night</span></th>"));
}

#[test]
fn markup_in_a_value_is_text() {
    let plain = render(&filled("plain"));
    let page = render(&filled(MARKUP));
    assert_eq!(elements(&page), elements(&plain));
    assert!(!without_sources(&page).contains("<img"));
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;amp;&lt;b onload=x&gt;{{ 1 }}{% raw %}"));
    let names = Regex::new("^<[a-z0-9]+(\\s+[a-zA-Z0-9-]+(=\"[^\"<>]*\")?)*\\s*/?>$").unwrap();
    let quoted = Regex::new("\"[^\"]*\"").unwrap();
    for tag in tags(&page).iter().filter(|tag| !tag.starts_with("<!")) {
        assert!(names.is_match(tag), "{tag}");
        let bare = quoted.replace_all(tag, "").into_owned();
        assert!(!bare.contains(" on") && !bare.contains(" style="), "{tag}");
    }
}

/// Every text of a case, whatever it is for.
#[test]
fn markup_in_a_name_is_text() {
    let mut run = run("2026-01-02T03:04:05Z", &[("members/null", Outcome::Pass)]);
    let case: &mut CaseReport = &mut run.cases[0];
    case.group = MARKUP.to_owned();
    case.id = MARKUP.to_owned();
    case.clauses = vec![MARKUP.to_owned()];
    case.answer = Some(MARKUP.to_owned());
    case.curl = Some(MARKUP.to_owned());
    case.start = MARKUP.to_owned();
    case.fixture.file = MARKUP.to_owned();
    case.states = vec![KeyStates { key: crate::compare::WhichKey::Other, seen: vec![Shown::ours(MARKUP); 3] }];
    run.groups.insert(MARKUP.to_owned(), MARKUP.to_owned());
    run.target.region = MARKUP.to_owned();
    run.started = MARKUP.to_owned();
    run.version = MARKUP.to_owned();
    let page = without_sources(&render(&Report::of(vec![run], 1)));
    assert!(!page.contains("<img") && !page.contains("<b on"), "{page}");
    assert!(page.contains("href=\"#case:%3C"));
    assert_eq!(page.matches("<details class=\"case\"").count(), 1);
}

#[test]
fn the_policy_is_that_of_the_page() {
    let page = render(&sample());
    let part = |tag: &str| {
        let (_, rest) = page.split_once(&format!("<{tag}>")).unwrap();
        rest.split_once(&format!("</{tag}>")).unwrap().0.to_owned()
    };
    let (style, script) = (part("style"), part("script"));
    let policy = policy(&style, &script).replace('\'', "&#x27;").replace('/', "&#x2f;");
    assert!(page.contains(&format!("content=\"{policy}\"")), "{policy}");
    assert!(!policy.contains("unsafe"));
    for source in [&style, &script] {
        assert!(!source.contains("http:") && !source.contains("https:") && !source.contains("</"));
        assert!(!source.contains("innerHTML") && !source.contains("@import") && !source.contains("url("));
    }
    assert_eq!(source("a\r\nb\n"), "a\nb\n");
}

#[test]
fn runs_at_one_target_are_nights_and_those_at_several_a_board() {
    use Outcome::{Diverges, Pass};
    let one = run("2026-01-01T00:00:00Z", &[("members/null", Pass), ("members/true", Diverges)]);
    let mut two = run("2026-01-02T00:00:00Z", &[("members/null", Diverges)]);
    let nights = render(&Report::of(vec![two.clone(), one.clone()], 2));
    assert!(nights.contains("<svg class=\"chart\"") && nights.contains("over 2 runs"));
    // The latest run is the one that is shown whole.
    assert_eq!(nights.matches("<details class=\"case").count(), 1);
    let [first, second] =
        ["2026-01-01 00:00", "2026-01-02 00:00"].map(|time| nights.find(&format!("<span>{time}")).unwrap());
    assert!(first < second);
    assert!(nights.contains("<dt>came</dt><dd><a href=\"#case:members&#x2f;null\">"));
    two.target.endpoint = "http://127.0.0.1:2".to_owned();
    let board = render(&Report::of(vec![one, two], 2));
    assert!(!board.contains("<svg class=\"chart\"") && board.contains("0 of 2 targets pass, 2 diverge"));
    assert_eq!(board.matches("<details class=\"case several\"").count(), 2);
    assert!(board.contains("not in this run"));
}

#[test]
fn what_was_not_run_is_no_pass() {
    let render = |report: &Report| without_sources(&render(report));
    let page = render(&Report::of(vec![run("", &[("members/null", Outcome::Skipped)])], 1));
    assert!(page.contains("Nothing was run") && !page.contains("o-pass"), "{page}");
    assert!(page.contains("<p class=\"value\">–</p>"));
    let empty = render(&Report::of(Vec::new(), 1));
    assert!(empty.contains("1 of 1 targets were not run") && !empty.contains("o-pass"), "{empty}");
    let missing = render(&Report::of(vec![run("", &[("members/null", Outcome::Pass)])], 2));
    assert!(missing.contains("<header class=\"top o-indeterminate\">"), "{missing}");
}

#[test]
fn what_counts_comes_before_what_is_noted() {
    let mut report = sample();
    let case = &mut report.runs[0].cases[0];
    let mut noted = case.mismatches[0].clone();
    noted.level = Level::May;
    case.mismatches.insert(0, noted);
    let page = render(&report);
    assert_eq!(page.matches("1 note below must").count(), 1);
    assert!(page.contains("<mark>500 Internal Server Error</mark>"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn no_text_makes_an_element(text in any::<String>()) {
        let text: String = text.chars().filter(|letter| !letter.is_control()).collect();
        prop_assert_eq!(elements(&render(&filled(&format!("x{text}")))), elements(&render(&filled("x"))));
    }
}
