//! Tests of lists that are stale, expired or wrong, and of their effect on a run.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use super::*;
use crate::compare::{BodyFact, Fact, Mismatch, Place, What, differs};
use crate::fixture::{Edition, Level, Supports};
use crate::normalise::{Normaliser, Redactor};
use crate::report::{ExitCode, Held, Outcome, RunReport, SecondLook, Stale};
use crate::test_support::{CORPUS, concluded, ran};
use crate::text::TargetText;

const TODAY: &str = "2026-06-01";

fn today() -> Date {
    TODAY.parse().unwrap()
}

fn entry(case: &str, answer: &str, expires: &str) -> String {
    format!(
        "[[deviation]]\ncase = \"{case}\"\nanswer = \"{answer}\"\ndiffers = [\"status, answer: {answer}\"]\n\
         reason = \"a crash\"\nexpires = \"{expires}\"\n"
    )
}

fn flaky(case: &str, expires: &str) -> String {
    format!("[[deviation]]\ncase = \"{case}\"\nflaky = true\nreason = \"it depends\"\nexpires = \"{expires}\"\n")
}

fn list(text: &str) -> List {
    List::parse("list.toml", text, &CORPUS).unwrap()
}

fn applied(cases: &[(&str, Outcome)], text: &str) -> RunReport {
    let ran = ran(cases);
    let deviations = Some(apply(&ran, &list(text), &CORPUS, today()));
    concluded(&ran, &[], Held { deviations, ..Held::default() })
}

const CASE: &str = "members/number";
const OTHER: &str = "members/true";

#[test]
fn an_entry_makes_a_case_listed_or_stale_and_the_exit_code_follows() {
    use Outcome::{Blocked, Diverges, Flaky, Indeterminate, Listed, Pass, Skipped, Stale as Gone};
    let fresh = entry(CASE, "500", TODAY);
    let (old, otherwise) = (entry(CASE, "500", "2026-05-31"), entry(CASE, "400", TODAY));
    let (shaky, old_shaky) = (flaky(CASE, TODAY), flaky(CASE, "2026-05-31"));
    for (outcome, text, expected, why, code) in [
        (Diverges, &fresh, Listed, None, ExitCode::Pass),
        (Pass, &fresh, Gone, Some("passes now"), ExitCode::Divergence),
        (Diverges, &otherwise, Gone, Some("diverges otherwise than listed"), ExitCode::Divergence),
        (Diverges, &old, Gone, Some("is past its date"), ExitCode::Divergence),
        (Pass, &old, Gone, Some("is past its date, and the case passes"), ExitCode::Divergence),
        (Blocked, &fresh, Blocked, None, ExitCode::Indeterminate),
        (Indeterminate, &fresh, Indeterminate, None, ExitCode::Indeterminate),
        (Skipped, &fresh, Skipped, None, ExitCode::Pass),
        (Diverges, &shaky, Flaky, None, ExitCode::Pass),
        (Pass, &shaky, Flaky, None, ExitCode::Pass),
        (Indeterminate, &shaky, Flaky, None, ExitCode::Pass),
        (Diverges, &old_shaky, Gone, Some("is past its date"), ExitCode::Divergence),
        (Indeterminate, &old_shaky, Indeterminate, None, ExitCode::Indeterminate),
    ] {
        let report = applied(&[(CASE, outcome), (OTHER, Pass)], text);
        let case = &report.cases[0];
        assert_eq!(case.outcome, expected, "{outcome:?} with {text}");
        let stale = case.deviation.as_ref().and_then(|deviation| deviation.stale.as_ref());
        assert_eq!(stale.map(Stale::describe), why, "{outcome:?} with {text}");
        assert_eq!(report.exit_code, code, "{outcome:?} with {text}");
    }
}

#[test]
fn a_listed_case_diverges_all_the_same_and_a_flaky_one_is_not_judged() {
    let cases = [(CASE, Outcome::Diverges), (OTHER, Outcome::Pass), ("members/list", Outcome::Diverges)];
    let text = entry(CASE, "500", TODAY) + &flaky("members/list", TODAY);
    let figures = applied(&cases, &text).figures;
    assert_eq!((figures.listed, figures.flaky, figures.diverges, figures.judged()), (1, 1, 0, 2));
    assert_eq!(figures.divergence, Some(0.5));
    let stale = applied(&[(CASE, Outcome::Pass)], &entry(CASE, "500", TODAY)).figures;
    assert_eq!((stale.stale, stale.divergence), (1, Some(0.0)));
}

#[test]
fn nothing_but_flaky_cases_is_no_pass() {
    assert_eq!(applied(&[(CASE, Outcome::Pass)], &flaky(CASE, TODAY)).exit_code, ExitCode::NothingRun);
}

#[test]
fn what_differs_from_the_list_is_told_from_both_sides() {
    let report = applied(&[(CASE, Outcome::Diverges)], &entry(CASE, "400", TODAY));
    let Some(Stale::Otherwise { listed, found }) = &report.cases[0].deviation.as_ref().unwrap().stale else { panic!() };
    assert_eq!(*listed, ["answer 400", "status, answer: 400"]);
    assert_eq!(*found, ["answer 500", "status, answer: 500"]);
}

#[test]
fn a_divergence_without_an_entry_fails_the_run() {
    let report = applied(&[(CASE, Outcome::Diverges), (OTHER, Outcome::Diverges)], &entry(CASE, "500", TODAY));
    assert_eq!((report.cases[1].outcome, report.exit_code), (Outcome::Diverges, ExitCode::Divergence));
}

#[test]
fn each_case_of_a_glob_has_to_deviate_as_it_says() {
    let text = entry("members/t*", "500", TODAY);
    let report = applied(&[("members/true", Outcome::Diverges), ("members/trailing", Outcome::Pass)], &text);
    let outcomes: Vec<Outcome> = report.cases.iter().map(|case| case.outcome).collect();
    let covered = CORPUS.cases.iter().any(|case| case.id() == "members/true");
    assert!(covered);
    assert_eq!(outcomes, [Outcome::Listed, Outcome::Stale]);
}

#[test]
fn a_glob_that_matches_nothing_is_stale_and_an_entry_that_was_not_selected_is_not() {
    let report =
        applied(&[(OTHER, Outcome::Pass)], &(entry("no-such-group/*", "500", TODAY) + &entry(CASE, "500", TODAY)));
    let deviations = report.deviations.unwrap();
    assert_eq!(deviations.stale.len(), 1);
    assert_eq!(deviations.stale[0].stale, Stale::MatchesNothing);
    assert_eq!(deviations.not_selected.len(), 1);
    assert_eq!(report.exit_code, ExitCode::Divergence);
}

#[test]
fn cases_that_rest_on_a_listed_one_are_skipped_and_on_a_stale_one_blocked() {
    let resting = CORPUS.cases.iter().find(|case| !case.requires.is_empty()).unwrap();
    let required = resting.requires[0].as_str();
    let cases = [(required, Outcome::Diverges), (resting.id(), Outcome::Blocked), (OTHER, Outcome::Pass)];
    let report = applied(&cases, &entry(required, "500", TODAY));
    assert_eq!((report.cases[1].outcome, report.exit_code), (Outcome::Skipped, ExitCode::Pass));
    assert!(report.cases[1].reason.as_ref().unwrap().contains(required));
    let report = applied(&cases, &entry(required, "400", TODAY));
    assert_eq!(report.cases[1].outcome, Outcome::Blocked);
    assert_eq!(report.exit_codes, [ExitCode::Divergence, ExitCode::Indeterminate]);
}

#[test]
fn a_broken_list_is_refused_with_file_line_and_fault() {
    let good = entry(CASE, "500", TODAY);
    for (text, expected) in [
        (good.replace("reason", "raeson"), "list.toml:5: unknown field `raeson`"),
        (good.replace(CASE, "members/nmber"), "list.toml:2: failed to find a case that matches `members/nmber`"),
        (good.replace(CASE, "authentication/*"), "a glob may match at most 20"),
        (good.replace("2026-06-01", "2026-06-31"), "`2026-06-31` is no day"),
        (good.replace("2026-06-01", "tomorrow"), "`tomorrow` is no day"),
        (good.replace("\"2026-06-01\"", "5"), "is a day such as"),
        (good.replace("\"2026-06-01\"", "2026-06-01T10:00:00Z"), "is no day"),
        (good.replace("a crash", "  "), "an empty `reason`"),
        (good.replace("answer = \"500\"\n", ""), "needs `answer` and `differs`"),
        (good.replace("[\"status, answer: 500\"]", "[]"), "needs `answer` and `differs`"),
        (good.replace("reason", "flaky = true\nreason"), "cannot have `answer` or `differs`"),
        (good.clone() + &entry("members/n*", "500", TODAY), "list.toml:8: `members/number` has an entry already"),
        ("fail-on = \"never\"".to_owned(), "list.toml:1"),
        ("edition = \"newest\"".to_owned(), "list.toml:1"),
        ("[[deviation".to_owned(), "list.toml:1"),
    ] {
        let error = List::parse("list.toml", &text, &CORPUS).unwrap_err().to_string();
        assert!(error.contains(expected), "expected `{expected}`, found {error}\n{text}");
    }
    assert_eq!(list(&good.replace("\"2026-06-01\"", "2026-06-01")).entries[0].expires, today());
}

#[test]
fn a_list_for_another_kind_of_run_is_refused() {
    let list = list("edition = \"key-only\"\nfail-on = \"should\"\n");
    assert!(list.fits(Edition::KeyOnly, Level::Should).is_ok());
    assert!(matches!(list.fits(Edition::KeyMaterialId, Level::Should), Err(Mismatched::Edition { .. })));
    assert!(matches!(list.fits(Edition::KeyOnly, Level::Must), Err(Mismatched::Level { .. })));
}

fn mismatch(what: What, found: Fact<TargetText>) -> Mismatch {
    Mismatch {
        what,
        place: Place::answer(),
        expected: Fact::Absent,
        found,
        clauses: Vec::new(),
        supports: Supports::default(),
        level: Level::Must,
        hint: None,
    }
}

#[test]
fn a_pin_says_what_is_wrong_and_leaves_out_what_varies() {
    let text = |bytes, text: &str, whole| BodyFact::Text { bytes, text: TargetText::new(text), whole };
    let body = |body| Fact::Body { body };
    let status = |error: Option<&str>, body| Fact::Answer { status: 404, error: error.map(TargetText::from), body };
    let again = Fact::About {
        words: String::new(),
        value: TargetText::new("0b7fd7dd-0000-4000-8000-000000000001"),
        then: " again".to_owned(),
    };
    for (what, found, expected) in [
        (What::Status, status(Some("InternalError"), None), "status, answer: 404 InternalError"),
        (What::Status, status(None, Some(text(12, "no such page", true))), "status, answer: 404 with a body"),
        (What::Status, status(None, Some(BodyFact::Empty)), "status, answer: 404 with zero bytes"),
        (What::ErrorShape, body(text(20, r#"{"message":"of now"}"#, true)), "error-shape, answer: a body"),
        (What::Body, body(text(2, "{}", true)), "body, answer: {}"),
        (What::Body, body(text(200, r#"{"KeyId":"arn:aws"#, false)), "body, answer: a body of 200 bytes"),
        (What::Message, Fact::value("reworded any day"), "message, answer"),
        (What::Effect, Fact::value("Enabled"), "effect, answer: Enabled"),
        (What::Header, again, "header, answer: <uuid-1> again"),
    ] {
        let mismatch = mismatch(what, found).shown(&Redactor::default());
        let pinned = differs(&[mismatch], &mut Normaliser::new(&crate::plan::World::default(), None));
        assert_eq!(pinned, [(Level::Must, expected.to_owned())]);
    }
}

fn fresh(renewed: Option<Date>) -> Fresh {
    Fresh { reason: "not read yet".to_owned(), expires: "2026-09-01".parse().unwrap(), renewed }
}

fn updated(text: &str, cases: &[(&str, Outcome)]) -> Update {
    update(text, &list(text), &ran(cases), &CORPUS, today(), &fresh(None)).unwrap()
}

#[test]
fn a_new_list_holds_what_deviates_and_then_the_run_deviates_as_listed() {
    let cases = [(CASE, Outcome::Diverges), (OTHER, Outcome::Pass)];
    let update = updated("", &cases);
    assert_eq!(update.added, [CASE]);
    assert!(
        update.text.starts_with("edition = \"key-material-id\"\nfail-on = \"must\"\n\n[[deviation]]\n"),
        "{}",
        update.text
    );
    let report = applied(&cases, &update.text);
    assert_eq!((report.exit_code, report.figures.listed), (ExitCode::Pass, 1));
}

#[test]
fn what_people_wrote_into_a_list_stays() {
    let text = format!(
        "# Read in May.\n\n# This one is filed.\n{}link = \"https://example.com/1\"\n{}# The end.\n",
        entry(CASE, "500", TODAY),
        entry(OTHER, "500", TODAY)
    );
    let cases = [(CASE, Outcome::Diverges), (OTHER, Outcome::Pass), ("members/list", Outcome::Diverges)];
    let update = updated(&text, &cases);
    assert_eq!(
        (&update.kept[..], &update.removed[..], &update.added[..]),
        (&[CASE.to_owned()][..], &[OTHER.to_owned()][..], &["members/list".to_owned()][..])
    );
    for kept in
        ["# Read in May.", "# This one is filed.", "https://example.com/1", "reason = \"a crash\"", "# The end."]
    {
        assert!(update.text.contains(kept), "{kept}\n{}", update.text);
    }
    assert_eq!(applied(&cases, &update.text).exit_code, ExitCode::Pass, "{}", update.text);
    let again = updated(&update.text, &cases);
    assert_eq!(again.text, update.text, "a second update changes nothing");
}

#[test]
fn an_entry_that_answers_otherwise_is_pinned_anew_and_has_to_be_read_again() {
    let cases = [(CASE, Outcome::Diverges)];
    let update = updated(&entry(CASE, "400", TODAY), &cases);
    assert_eq!(update.changed, [CASE]);
    assert!(update.text.contains("reason = \"not read yet (before: a crash)\""), "{}", update.text);
    assert_eq!(applied(&cases, &update.text).exit_code, ExitCode::Pass);
}

#[test]
fn a_glob_whose_cases_part_falls_apart() {
    let cases = [("members/null", Outcome::Diverges), ("members/number", Outcome::Pass)];
    let update = updated(&entry("members/nu*", "500", TODAY), &cases);
    assert_eq!(
        (&update.kept[..], &update.removed[..]),
        (&["members/null".to_owned()][..], &["members/number".to_owned()][..])
    );
    assert!(update.text.contains("case = \"members/null\"") && !update.text.contains('*'), "{}", update.text);
    let nothing = updated(&entry("no-such-group/*", "500", TODAY), &cases);
    assert_eq!(nothing.removed, ["no-such-group/*"]);
}

#[test]
fn a_past_date_is_not_moved_unless_asked() {
    let text = entry(CASE, "500", "2026-05-31");
    let ran = ran(&[(CASE, Outcome::Diverges)]);
    let kept = update(&text, &list(&text), &ran, &CORPUS, today(), &fresh(None)).unwrap();
    assert_eq!((kept.text.as_str(), &kept.expired[..]), (text.as_str(), &[CASE.to_owned()][..]));
    let later = fresh(Some("2026-12-31".parse().unwrap()));
    let renewed = update(&text, &list(&text), &ran, &CORPUS, today(), &later).unwrap();
    assert!(renewed.text.contains("2026-12-31") && renewed.expired.is_empty());
}

#[test]
fn entries_of_cases_that_were_skipped_stay() {
    let text = entry(CASE, "500", TODAY) + &flaky("members/list", TODAY);
    let update = updated(&text, &[(CASE, Outcome::Skipped), (OTHER, Outcome::Pass), ("members/list", Outcome::Pass)]);
    assert_eq!(update.text, text);
}

#[test]
fn a_case_that_was_not_run_keeps_its_part_of_a_glob_that_falls_apart() {
    let update = updated(&entry("members/n*", "500", TODAY), &[(CASE, Outcome::Pass), (OTHER, Outcome::Pass)]);
    assert!(!update.text.contains(&format!("case = \"{CASE}\"")), "{}", update.text);
    assert!(update.text.contains("case = \"members/null\""), "{}", update.text);
}

#[test]
fn a_run_that_is_not_complete_writes_no_list() {
    for outcome in [Outcome::Indeterminate, Outcome::Blocked, Outcome::Unsupported] {
        let ran = ran(&[(CASE, outcome), (OTHER, Outcome::Pass)]);
        let refused = update("", &list(""), &ran, &CORPUS, today(), &fresh(None)).unwrap_err();
        assert!(refused.to_string().contains(CASE), "{refused}");
    }
    let mut interrupted = ran(&[(CASE, Outcome::Pass)]);
    interrupted.end.is_interrupted = true;
    assert!(update("", &list(""), &interrupted, &CORPUS, today(), &fresh(None)).is_err());
    let skipped = ran(&[(CASE, Outcome::Skipped)]);
    assert!(update("", &list(""), &skipped, &CORPUS, today(), &fresh(None)).is_err());
}

#[test]
fn what_has_no_verdict_is_left_out_by_flags_or_by_a_file_and_not_if_it_is_most() {
    let ids: Vec<&str> = CORPUS.cases.iter().map(|case| case.id()).take(20).collect();
    let refused = |blocked: usize| {
        let outcome = |at: usize| if at < blocked { Outcome::Indeterminate } else { Outcome::Pass };
        let ran = ran(&ids.iter().enumerate().map(|(at, id)| (*id, outcome(at))).collect::<Vec<_>>());
        update("", &list(""), &ran, &CORPUS, today(), &fresh(None)).unwrap_err().to_string()
    };
    assert!(refused(1).contains(&format!("`--skip {}` leaves it out", ids[0])), "{}", refused(1));
    assert!(refused(2).contains(&format!("`--skip {} --skip {}` leaves them out", ids[0], ids[1])), "{}", refused(2));
    let lines = format!("with these lines in FILE:\n{}", ids[..8].join("\n"));
    assert!(refused(8).ends_with(&lines), "{}", refused(8));
    assert!(!refused(11).contains("--skip"), "{}", refused(11));
}

#[test]
fn entries_that_are_written_inline_are_kept() {
    let entry = format!(
        "{{ case = \"{CASE}\", answer = \"500\", differs = [\"status, answer: 500\"], reason = \"a crash\", \
         expires = \"{TODAY}\" }}"
    );
    let update = updated(&format!("deviation = [{entry}]\n"), &[(CASE, Outcome::Diverges), (OTHER, Outcome::Pass)]);
    assert_eq!((&update.kept[..], &update.added[..]), (&[CASE.to_owned()][..], &[][..]));
    assert!(update.text.contains("a crash"), "{}", update.text);
}

#[test]
fn what_blocks_a_case_is_what_was_wrong_at_the_second_look_too() {
    let resting = CORPUS.cases.iter().find(|case| case.requires.len() > 1).unwrap();
    let (right, wrong) = (resting.requires[0].as_str(), resting.requires[1].as_str());
    let mut ran = ran(&[(right, Outcome::Flaky), (wrong, Outcome::Diverges), (resting.id(), Outcome::Blocked)]);
    ran.cases[0].second = Some(SecondLook {
        outcome: Outcome::Pass,
        reason: None,
        answer: None,
        mismatches: Vec::new(),
        exchanges: Vec::new(),
    });
    let update = update("", &list(""), &ran, &CORPUS, today(), &fresh(None)).unwrap();
    assert_eq!(update.added, [wrong]);
    let deviations = apply(&ran, &list(&update.text), &CORPUS, today());
    let reason = deviations.cases[resting.id()].reason.as_deref().unwrap();
    assert!(reason.contains(wrong), "{reason}");
}
