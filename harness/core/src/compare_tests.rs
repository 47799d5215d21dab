//! Verdicts on answers: tables of what differs, and properties of any answer.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use crate::compare::{Claimed, Context, Mismatch, What, checks, every_answer, judge, matches_answer, transport};
use crate::fixture::{Answer, Corpus, Document, Edition, Effect, Expectation, Level, load};
use crate::http::Header;
use crate::normalise::{Redactor, response_lines};
use crate::observe::{Observation, observe};
use crate::observe_tests::{answer, observed};
use crate::send::{Response, ResponseFraming, SendError};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use std::sync::LazyLock;

pub(crate) static CORPUS: LazyLock<Corpus> = LazyLock::new(|| {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut documents = Vec::new();
    for part in ["spec", "cases"] {
        for entry in std::fs::read_dir(root.join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            documents.push(Document { path: format!("{part}/{name}"), text: std::fs::read_to_string(&path).unwrap() });
        }
    }
    load(&documents).unwrap()
});

const ARN: &str = "arn:aws:kms:us-east-2:111122223333:key/k-1";

fn context(edition: Edition) -> Context<'static> {
    Context {
        corpus: &CORPUS,
        edition,
        key_arn: Some(ARN),
        material_is_named: true,
        material_id: None,
        clauses: &[],
        source: "page",
        place: "answer",
    }
}

fn expectation(level: Level, answers: &[Answer]) -> Expectation {
    Expectation { level, answers: answers.to_vec(), message: None, source: None, clauses: Vec::new(), editions: None }
}

/// What differs, briefly.
fn found(mismatches: &[Mismatch]) -> Vec<(What, String, String)> {
    mismatches.iter().map(|mismatch| (mismatch.what, mismatch.expected.clone(), mismatch.found.clone())).collect()
}

fn judged(observation: &Observation, answers: &[Answer], context: &Context<'_>) -> Vec<(What, String, String)> {
    found(&judge(observation, &[expectation(Level::Must, answers)], context))
}

fn row(what: What, expected: &str, found: &str) -> (What, String, String) {
    (what, expected.to_owned(), found.to_owned())
}

fn error(name: &str) -> Answer {
    Answer::Error(name.to_owned())
}

const NOT_FOUND: &str = r#"{"__type":"NotFoundException","message":"m"}"#;
const OBJECT: &str = "a JSON object with the error's type in `__type`";

#[test]
fn an_answer_differs_from_what_is_accepted_in_these_ways() {
    let not = Answer::Not("NotFoundException".to_owned());
    for (status, body, accepted, expected) in [
        (400, NOT_FOUND, error("NotFoundException"), vec![]),
        (404, NOT_FOUND, error("NotFoundException"), vec![row(What::Status, "400", "404 NotFoundException")]),
        (
            400,
            NOT_FOUND,
            error("InvalidArnException"),
            vec![row(What::ErrorType, "InvalidArnException", "NotFoundException")],
        ),
        (400, "{}", error("InvalidArnException"), vec![row(What::ErrorType, "InvalidArnException", "2 bytes: `{}`")]),
        (
            200,
            "",
            error("InvalidArnException"),
            vec![row(What::Status, "400", "200"), row(What::ErrorType, "InvalidArnException", "zero bytes")],
        ),
        (
            501,
            NOT_FOUND,
            error("DependencyTimeoutException"),
            vec![
                row(What::Status, "500 or 503", "501 NotFoundException"),
                row(What::ErrorType, "DependencyTimeoutException", "NotFoundException"),
            ],
        ),
        (200, "", Answer::Done, vec![]),
        (299, "x", Answer::Done, vec![]),
        (300, "", Answer::Done, vec![row(What::Status, "2xx", "300")]),
        (400, NOT_FOUND, Answer::Refused, vec![]),
        (499, NOT_FOUND, Answer::Refused, vec![]),
        (399, "", Answer::Refused, vec![row(What::Status, "4xx", "399")]),
        (500, NOT_FOUND, Answer::Refused, vec![row(What::Status, "4xx", "500 NotFoundException")]),
        (400, "", Answer::Refused, vec![row(What::ErrorShape, OBJECT, "zero bytes")]),
        (400, "", Answer::RefusedUnclaimed, vec![]),
        (200, "", Answer::RefusedUnclaimed, vec![row(What::Status, "4xx", "200")]),
        (400, r#"{"__type":"A"}"#, not.clone(), vec![]),
        (
            400,
            NOT_FOUND,
            not.clone(),
            vec![row(What::ErrorType, "any type but NotFoundException", "NotFoundException")],
        ),
        (400, "{}", not.clone(), vec![row(What::ErrorShape, OBJECT, "2 bytes: `{}`")]),
        (500, "", not, vec![row(What::Status, "4xx", "500")]),
    ] {
        let observation = observed(status, body);
        let context = context(Edition::KeyOnly);
        assert_eq!(
            judged(&observation, std::slice::from_ref(&accepted), &context),
            expected,
            "{status} {body} {accepted}"
        );
        assert_eq!(
            matches_answer(&observation, &accepted, &context),
            expected.is_empty(),
            "{status} {body} {accepted}"
        );
    }
}

#[test]
fn a_status_of_the_public_model_is_explained() {
    let hint = |status| {
        let answers = [expectation(Level::Must, &[error("NotFoundException")])];
        judge(&observed(status, NOT_FOUND), &answers, &context(Edition::KeyOnly)).remove(0).hint
    };
    assert!(hint(404).unwrap().contains("(404)"));
    assert_eq!(hint(409), None);
}

const ID: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

#[test]
fn a_success_has_the_body_of_its_edition() {
    const TWO: &str = "an object of `KeyId` and `KeyMaterialId`";
    let both = format!(r#"{{"KeyId":"{ARN}","KeyMaterialId":"{ID}"}}"#);
    for (edition, status, body, expected) in [
        (Edition::KeyOnly, 200, "", vec![]),
        (Edition::KeyOnly, 201, "", vec![row(What::Status, "200", "201")]),
        (Edition::KeyOnly, 200, "{}", vec![row(What::Body, "zero bytes", "2 bytes: `{}`")]),
        (Edition::KeyMaterialId, 200, both.as_str(), vec![]),
        (Edition::KeyMaterialId, 204, both.as_str(), vec![row(What::Status, "200", "204")]),
        (Edition::KeyMaterialId, 200, "", vec![row(What::Body, TWO, "zero bytes")]),
        (Edition::KeyMaterialId, 200, "{}", vec![row(What::Body, TWO, "2 bytes: `{}`")]),
        (Edition::KeyMaterialId, 200, "[]", vec![row(What::Body, TWO, "2 bytes: `[]`")]),
        (Edition::KeyMaterialId, 200, "x", vec![row(What::Body, TWO, "1 bytes: `x`")]),
    ] {
        assert_eq!(judged(&observed(status, body), &[Answer::Success], &context(edition)), expected, "{status} {body}");
    }
}

#[test]
fn a_wrong_body_of_a_success_hints_at_the_edition() {
    let hint = |edition, body: &str| {
        judge(&observed(200, body), &[expectation(Level::Must, &[Answer::Success])], &context(edition)).remove(0).hint
    };
    for (edition, body, expected) in [
        (Edition::KeyOnly, "{}", Some("`{}` satisfies neither edition")),
        (Edition::KeyMaterialId, "{}", Some("`{}` satisfies neither edition")),
        (
            Edition::KeyOnly,
            r#"{"KeyId":"a"}"#,
            Some("that is the body of the edition `key-material-id`; choose it with `--edition`"),
        ),
        (Edition::KeyMaterialId, "", Some("that is the body of the edition `key-only`; choose it with `--edition`")),
        (Edition::KeyOnly, r#"{"a":1}"#, None),
        (Edition::KeyOnly, "[]", None),
        (Edition::KeyMaterialId, "[]", None),
    ] {
        assert_eq!(hint(edition, body).as_deref(), expected, "{body}");
    }
}

#[test]
fn the_members_of_a_success_are_judged_one_by_one() {
    const DIGITS: &str = "`KeyMaterialId` is 64 lower-case hex digits";
    let arn = format!("`KeyId` is the key's ARN, `{ARN}`");
    let upper = ID.to_uppercase();
    for (body, key_arn, is_named, expected) in [
        (json!({"KeyId": ARN, "KeyMaterialId": ID}), Some(ARN), true, vec![]),
        (json!({"KeyId": "k-1", "KeyMaterialId": ID}), None, true, vec![]),
        (json!({"KeyId": "k-1", "KeyMaterialId": ID}), Some(ARN), true, vec![row(What::Body, &arn, "`k-1`")]),
        (json!({"KeyMaterialId": ID}), Some(ARN), true, vec![row(What::Body, "`KeyId` is a string", "absent")]),
        (
            json!({"KeyId": 1, "KeyMaterialId": ID}),
            Some(ARN),
            true,
            vec![row(What::Body, "`KeyId` is a string", "`1`")],
        ),
        (
            json!({"KeyId": ARN, "KeyMaterialId": ID, "A": 1, "B": 2}),
            Some(ARN),
            true,
            vec![row(What::Body, "no members but `KeyId` and `KeyMaterialId`", "A, B")],
        ),
        (json!({"KeyId": ARN}), Some(ARN), true, vec![row(What::Body, DIGITS, "absent")]),
        (json!({"KeyId": ARN}), Some(ARN), false, vec![]),
        (json!({"KeyId": ARN, "KeyMaterialId": ""}), Some(ARN), false, vec![]),
        (json!({"KeyId": ARN, "KeyMaterialId": ""}), Some(ARN), true, vec![row(What::Body, DIGITS, "`\"\"`")]),
        (json!({"KeyId": ARN, "KeyMaterialId": "a"}), Some(ARN), false, vec![row(What::Body, DIGITS, "`\"a\"`")]),
        (
            json!({"KeyId": ARN, "KeyMaterialId": ID[1..]}),
            Some(ARN),
            true,
            vec![row(What::Body, DIGITS, &format!("`\"{}\"`", &ID[1..]))],
        ),
        (
            json!({"KeyId": ARN, "KeyMaterialId": upper}),
            Some(ARN),
            true,
            vec![row(What::Body, DIGITS, &format!("`\"{upper}\"`"))],
        ),
    ] {
        let context = Context { key_arn, material_is_named: is_named, ..context(Edition::KeyMaterialId) };
        assert_eq!(judged(&observed(200, &body.to_string()), &[Answer::Success], &context), expected, "{body}");
    }
}

#[test]
fn of_several_answers_one_is_enough_and_otherwise_all_are_named() {
    let context = context(Edition::KeyOnly);
    let answers = [error("InvalidArnException"), Answer::Success, error("DependencyTimeoutException")];
    assert_eq!(judged(&observed(200, ""), &answers, &context), []);
    let all = "400 InvalidArnException, or 200 with the body of the edition, or 500 DependencyTimeoutException";
    let described = format!("400 {}", "NotFoundException");
    assert_eq!(judged(&observed(400, NOT_FOUND), &answers, &context), [row(What::ErrorType, all, &described)]);
    // The one with fewer differences says what differs, wherever it stands.
    let answers = [error("DependencyTimeoutException"), error("InvalidArnException"), Answer::Done];
    let named = "500 DependencyTimeoutException, or 400 InvalidArnException, or a 2xx";
    assert_eq!(judged(&observed(400, NOT_FOUND), &answers, &context), [row(What::ErrorType, named, &described)]);
    let answers = [Answer::Done, error("InvalidArnException")];
    assert_eq!(judged(&observed(400, "{}"), &answers, &context)[0].0, What::Status, "of two alike the first");
    assert_eq!(judged(&observed(400, "x"), &answers, &context)[0].2, "400 with 1 bytes: `x`");
    assert_eq!(judged(&observed(400, "x"), &[], &context), []);
}

#[test]
fn expectations_of_another_edition_and_repeated_mismatches_are_left_out() {
    let of = |edition| Expectation { editions: Some(vec![edition]), ..expectation(Level::Must, &[Answer::Done]) };
    let observation = observed(400, "");
    for (edition, other) in [(Edition::KeyOnly, Edition::KeyMaterialId), (Edition::KeyMaterialId, Edition::KeyOnly)] {
        assert_eq!(judge(&observation, &[of(other)], &context(edition)), []);
        assert_eq!(judge(&observation, &[of(edition)], &context(edition)).len(), 1);
    }
    let twice = [expectation(Level::Must, &[Answer::Done]), expectation(Level::Must, &[Answer::Done])];
    assert_eq!(judge(&observation, &twice, &context(Edition::KeyOnly)).len(), 1);
    let levels = [expectation(Level::Must, &[Answer::Done]), expectation(Level::May, &[Answer::Done])];
    assert_eq!(judge(&observation, &levels, &context(Edition::KeyOnly)).len(), 2);
}

#[test]
fn a_mismatch_cites_the_expectation_or_what_stands_in_for_it() {
    let clauses = ["S-01".to_owned()];
    let context = Context { clauses: &clauses, source: "a", place: "p", ..context(Edition::KeyMaterialId) };
    let cited = |expectation: Expectation, body: &str, status| {
        let mismatch = judge(&observed(status, body), &[expectation], &context).remove(0);
        (mismatch.clauses.join(" "), mismatch.source, mismatch.level, mismatch.place)
    };
    let plain = expectation(Level::Should, &[Answer::Done]);
    assert_eq!(cited(plain.clone(), "", 400), ("S-01".into(), "a".into(), Level::Should, "p".into()));
    let own = Expectation { clauses: vec!["S-02".into()], source: Some("b".into()), ..plain };
    assert_eq!(cited(own, "", 400), ("S-02".into(), "b".into(), Level::Should, "p".into()));
    // A rule for the shape cites itself, at the weaker level of the two.
    let arn = CORPUS.shape(crate::fixture::ShapeRule::SuccessKeyIdIsArn).unwrap();
    for (level, expected) in [(Level::Must, Level::Should), (Level::May, Level::May)] {
        let body = json!({"KeyId": "k-1", "KeyMaterialId": ID}).to_string();
        let found = cited(expectation(level, &[Answer::Success]), &body, 200);
        assert_eq!(found, (arn.clauses.join(" "), arn.source.clone(), expected, "p".into()));
    }
}

#[test]
fn a_message_matches_its_pattern() {
    let of = |pattern: &str| Expectation { message: Some(pattern.to_owned()), ..expectation(Level::Must, &[]) };
    let context = context(Edition::KeyOnly);
    let observation = observed(400, r#"{"__type":"A","Message":"key k-1 is gone"}"#);
    assert_eq!(judge(&observation, &[of("key * is gone")], &context), []);
    assert_eq!(found(&judge(&observation, &[of("key")], &context)), [row(What::Message, "`key`", "`key k-1 is gone`")]);
    assert_eq!(
        found(&judge(&observed(400, "{}"), &[of("key")], &context)),
        [row(What::Message, "`key`", "no message")]
    );
}

#[test]
fn a_long_body_is_cut() {
    let shown = |body: &str| judged(&observed(400, body), &[Answer::Refused], &context(Edition::KeyOnly))[0].2.clone();
    assert_eq!(shown(&"x".repeat(80)), format!("80 bytes: `{}`", "x".repeat(80)));
    assert_eq!(shown(&"x".repeat(81)), format!("81 bytes: `{}…`", "x".repeat(80)));
    assert_eq!(shown(&"\n".repeat(41)), format!("41 bytes: `{}…`", "\\n".repeat(40)));
    assert_eq!(shown(&"é".repeat(41)), format!("82 bytes: `{}`", "é".repeat(41)));
}

/// Headers that every rule is content with.
const HEADERS: [(&str, &str); 6] = [
    ("x-amzn-RequestId", "0b7fd7dd-1b2c-4d3e-8f4a-5b6c7d8e9fa0"),
    ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("Content-Type", "application/x-amz-json-1.1"),
    ("Cache-Control", "no-cache, no-store, must-revalidate, private"),
    ("Expires", "0"),
    ("Pragma", "no-cache"),
];

fn ruled(response: &Response, claimed: Claimed) -> Vec<(What, String, String)> {
    found(&every_answer(&CORPUS, response, &observe(response), claimed))
}

#[test]
fn every_answer_is_framed_and_no_server_fault() {
    let good = answer(200, &HEADERS, b"");
    let one = "one length that all headers agree on";
    let ambiguous = Response { framing: ResponseFraming::Ambiguous("two".to_owned()), ..good.clone() };
    let more = Response { leftover: 1, ..good.clone() };
    let fault = answer(500, &HEADERS, br#"{"__type":"NotFoundException","message":"m"}"#);
    let unknown = answer(502, &HEADERS, b"");
    let internal = answer(500, &HEADERS, br#"{"__type":"KMSInternalException","message":"m"}"#);
    for (response, expected) in [
        (&good, vec![]),
        (&ambiguous, vec![row(What::Framing, one, "two")]),
        (&more, vec![row(What::Framing, "nothing behind the body", "1 bytes")]),
        (&fault, vec![row(What::Status, "no server fault", "500 NotFoundException")]),
        (&unknown, vec![row(What::Status, "no server fault", "502 with zero bytes")]),
        (&internal, vec![]),
        (&answer(400, &[], b""), vec![]),
        (&answer(499, &[], b""), vec![]),
    ] {
        assert_eq!(ruled(response, Claimed::No), expected);
    }
    // What is claimed for the protocol is judged by its rules too.
    assert_eq!(ruled(&good, Claimed::Yes), []);
    assert_eq!(ruled(&internal, Claimed::Yes), []);
    assert_eq!(ruled(&fault, Claimed::Yes).len(), 2);
}

#[test]
fn an_error_has_the_protocol_s_shape() {
    const SHAPE: What = What::ErrorShape;
    const KNOWN: &str = "one of the operation's six types or a common one";
    let lifecycle = CORPUS.errors.iter().find(|error| error.scope == crate::fixture::ErrorScope::Lifecycle).unwrap();
    let lifecycle = lifecycle.id.get_ref();
    for (status, body, expected) in [
        (400, NOT_FOUND.to_owned(), vec![]),
        (
            400,
            String::new(),
            vec![row(SHAPE, "a JSON object", "zero bytes"), row(SHAPE, "the error's type in `__type`", "zero bytes")],
        ),
        (400, "{}".to_owned(), vec![row(SHAPE, "the error's type in `__type`", "2 bytes: `{}`")]),
        (404, NOT_FOUND.to_owned(), vec![row(What::Status, "400 for this type", "404 NotFoundException")]),
        (
            404,
            r#"{"__type":"AccessDeniedException"}"#.to_owned(),
            vec![row(What::Status, "400 or 403 for this type", "404 AccessDeniedException")],
        ),
        (400, r#"{"__type":"A"}"#.to_owned(), vec![row(What::ErrorType, KNOWN, "A")]),
        (400, format!(r#"{{"__type":"{lifecycle}"}}"#), vec![row(What::ErrorType, KNOWN, lifecycle)]),
        (400, r#"{"code":"ValidationException"}"#.to_owned(), vec![row(SHAPE, "the type in `__type`", "in `code`")]),
        (
            400,
            r#"{"__type":"a#ValidationException"}"#.to_owned(),
            vec![row(SHAPE, "`ValidationException`", "`a#ValidationException`")],
        ),
        (
            400,
            r#"{"__type":"NotFoundException","message":1}"#.to_owned(),
            vec![row(SHAPE, "a message that is a string", "`1`")],
        ),
        (400, r#"{"__type":"NotFoundException"}"#.to_owned(), vec![row(SHAPE, "the member `message`", "absent")]),
        (
            400,
            r#"{"__type":"NotFoundException","Message":"m"}"#.to_owned(),
            vec![row(SHAPE, "the member `message`", "`Message`")],
        ),
        (400, r#"{"__type":"ValidationException","Message":"m"}"#.to_owned(), vec![]),
        (400, r#"{"__type":"ValidationException"}"#.to_owned(), vec![]),
    ] {
        assert_eq!(ruled(&answer(status, &HEADERS, body.as_bytes()), Claimed::Yes), expected, "{status} {body}");
    }
}

#[test]
fn each_header_is_there_once_in_its_form() {
    for (name, value, expected) in [
        ("x-amzn-RequestId", "0b7fd7dd1b2c4d3e8f4a5b6c7d8e9fa0", &["a UUID"][..]),
        ("x-amzn-RequestId", "0b7fd7dd-1b2c-4d3e-8f4a-5b6c7d8e9fag", &["a UUID"][..]),
        ("Date", "Mon, 06 Nov 1994 08:49:37 GMT", &["a date as in `Sun, 06 Nov 1994 08:49:37 GMT`"]),
        (
            "Content-Type",
            "application/json",
            &["the media type `application/x-amz-json-1.1`", "`application/x-amz-json-1.1`"],
        ),
        ("Pragma", "", &["`no-cache`"]),
    ] {
        let rows = |found: &str| expected.iter().map(|expected| row(What::Header, expected, found)).collect::<Vec<_>>();
        for (status, body) in [(200, ""), (400, NOT_FOUND)] {
            let mut response = answer(status, &HEADERS, body.as_bytes());
            let header = response.headers.iter_mut().find(|header| header.name == name).unwrap();
            let good = std::mem::replace(&mut header.value, value.as_bytes().to_vec());
            assert_eq!(ruled(&response, Claimed::Yes), rows(&format!("`{value}`")));
            assert_eq!(ruled(&response, Claimed::No), []);
            response.headers.iter_mut().find(|header| header.name == name).unwrap().value.clone_from(&good);
            assert_eq!(ruled(&response, Claimed::Yes), []);
            let good = String::from_utf8(good).unwrap();
            response.headers.push(Header::new(name.to_uppercase(), good.as_str()));
            assert_eq!(ruled(&response, Claimed::Yes), rows(&format!("`{good}`, `{good}`")));
            response.headers.retain(|header| !header.name.eq_ignore_ascii_case(name));
            assert_eq!(ruled(&response, Claimed::Yes), rows("absent"));
        }
    }
}

#[test]
fn a_media_type_in_other_letters_or_with_a_parameter_is_told_and_fails_no_run() {
    let mut response = answer(200, &HEADERS, b"");
    let header = response.headers.iter_mut().find(|header| header.name == "Content-Type").unwrap();
    header.value = b"Application/X-Amz-JSON-1.1; charset=utf-8".to_vec();
    let found = every_answer(&CORPUS, &response, &observe(&response), Claimed::Yes);
    assert_eq!(found.iter().map(|mismatch| mismatch.level).collect::<Vec<_>>(), [Level::May]);
    response.headers.push(Header::new("Content-Encoding", "gzip"));
    let found = every_answer(&CORPUS, &response, &observe(&response), Claimed::Yes);
    assert!(found.iter().any(|mismatch| mismatch.expected == "no such header" && mismatch.level == Level::Should));
}

#[test]
fn only_the_target_s_faults_are_mismatches_of_transport() {
    let closed = transport(&CORPUS, &SendError::ClosedBeforeAnswer).unwrap();
    assert_eq!((closed.what, closed.expected.as_str()), (What::Transport, "a whole answer in HTTP"));
    assert_eq!(transport(&CORPUS, &SendError::Resolve("a".to_owned())), None);
}

#[test]
fn an_effect_s_checks_compare_members() {
    let effect = |checks: &str| {
        let text = format!(
            "id = \"a\"\ntitle = \"a\"\ncall = \"DescribeKey\"\nsource = \"page\"\nclauses = [\"S-01\"]\nchecks = [{checks}]"
        );
        toml::from_str::<Effect>(&text).unwrap()
    };
    let before = json!({"A": "x", "B": 1, "C": null});
    for (check, after, expected) in [
        (r#"member = "A", is = "y""#, json!({"A": "y"}), vec![]),
        (r#"member = "A", is = "y""#, json!({"A": "x"}), vec![("A", "`y`", "`x`")]),
        (r#"member = "A", is = false"#, json!({}), vec![("A", "`false`", "absent")]),
        (r#"member = "A", same = true"#, json!({"A": "x"}), vec![]),
        (r#"member = "B", same = true"#, json!({"B": 2}), vec![("B", "as before, `1`", "`2`")]),
        (r#"member = "C", same = true"#, json!({}), vec![]),
        (r#"member = "A", absent = true"#, json!({"A": null}), vec![]),
        (r#"member = "A", absent = true"#, json!({"A": 0}), vec![("A", "absent", "`0`")]),
        (r#"member = "*", same = true"#, json!({"B": 1, "A": "x", "C": null}), vec![]),
        (
            r#"member = "*", same = true"#,
            json!({"D": 1, "B": 1}),
            vec![("A", "as before, `x`", "absent"), ("D", "as before, absent", "`1`")],
        ),
        (r#"member = "A", is = "y", editions = ["key-material-id"]"#, json!({}), vec![]),
    ] {
        let found = checks(&effect(&format!("{{ {check}, level = \"must\" }}")), &before, &after, Edition::KeyOnly);
        let rows: Vec<(String, &str, &str)> = found
            .iter()
            .map(|mismatch| (mismatch.place.clone(), mismatch.expected.as_str(), mismatch.found.as_str()))
            .collect();
        let expected: Vec<(String, &str, &str)> = expected
            .into_iter()
            .map(|(name, expected, found)| (format!("DescribeKey {name} afterwards"), expected, found))
            .collect();
        assert_eq!(rows, expected, "{check} {after}");
    }
    let mut other = effect("{ member = \"A\", absent = true, level = \"may\", clauses = [\"S-02\"], source = \"b\" }");
    other.on = crate::fixture::On::Other;
    let found = checks(&other, &before, &before, Edition::KeyOnly).remove(0);
    assert_eq!(found.place, "DescribeKey A of the other key afterwards");
    assert_eq!((found.what, found.clauses.join(" ").as_str(), found.source.as_str()), (What::Effect, "S-02", "b"));
    other.checks[0].clauses.clear();
    other.checks[0].source = None;
    let found = checks(&other, &before, &before, Edition::KeyOnly).remove(0);
    assert_eq!((found.clauses.join(" ").as_str(), found.source.as_str(), found.level), ("S-01", "page", Level::May));
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        error_name().prop_map(Value::from),
    ];
    let name = select(vec!["__type", "code", "message", "Message", "KeyId", "KeyMaterialId", "x"]);
    leaf.prop_recursive(2, 12, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((name.clone(), inner), 0..4)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

fn error_name() -> impl Strategy<Value = String> {
    let names: Vec<String> = CORPUS.errors.iter().map(|error| error.id.get_ref().clone()).collect();
    prop_oneof![select(names.clone()), select(names).prop_map(|name| format!("a#{name}:b")), ".{0,6}"]
}

fn any_answer() -> impl Strategy<Value = Response> {
    let body = prop_oneof![
        json_value().prop_map(|value| value.to_string().into_bytes()),
        (error_name(), ".{0,12}")
            .prop_map(|(name, text)| json!({"__type": name, "message": text}).to_string().into_bytes()),
        vec(any::<u8>(), 0..200),
    ];
    let names = ["Date", "x-amzn-RequestId", "Content-Type", "X-Amzn-Errortype", "x", ""];
    let headers = vec((select(names.to_vec()), vec(any::<u8>(), 0..12)), 0..6);
    let status = prop_oneof![select(vec![200, 204, 301, 400, 403, 404, 500, 503]), any::<u16>()];
    let framing = prop_oneof![
        Just(ResponseFraming::None),
        any::<u64>().prop_map(ResponseFraming::Length),
        ".{0,5}".prop_map(ResponseFraming::Ambiguous),
    ];
    (status, headers, body, framing, any::<usize>()).prop_map(|(status, headers, body, framing, leftover)| Response {
        headers: headers.into_iter().map(|(name, value)| Header::new(name, value)).collect(),
        framing,
        leftover,
        ..answer(status, &[], &body)
    })
}

/// The strictest expectations that an answer itself meets.
fn of_itself(observation: &Observation) -> Vec<Expectation> {
    let mut expectations = Vec::new();
    let mut expect = |accepted: Answer| expectations.push(expectation(Level::Must, &[accepted]));
    if observation.is_success() {
        expect(Answer::Done);
    }
    if observation.status == 200 && observation.bytes.is_empty() {
        expect(Answer::Success);
    }
    if (400..500).contains(&observation.status) {
        expect(Answer::RefusedUnclaimed);
        if let Some(name) = observation.error_name() {
            expect(Answer::Refused);
            expect(Answer::Not(format!("{name}x")));
        }
    }
    if let Some(known) = observation.error_name().and_then(|name| CORPUS.error(name))
        && known.status.contains(&observation.status)
    {
        expect(error(known.id.get_ref()));
    }
    let message = observation.message.text().unwrap_or_default().to_owned();
    expectations.push(Expectation { message: Some(message), ..expectation(Level::Must, &[]) });
    expectations
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_is_what_it_is(response in any_answer()) {
        let observation = observe(&response);
        let context = context(Edition::KeyOnly);
        prop_assert_eq!(judge(&observation, &of_itself(&observation), &context), vec![]);
        for other in &CORPUS.errors {
            let is_it = observation.error_name() == Some(other.id.get_ref()) && other.status.contains(&observation.status);
            prop_assert_eq!(matches_answer(&observation, &error(other.id.get_ref()), &context), is_it);
        }
    }

    #[test]
    fn metadata_is_the_same_as_itself(metadata in json_value()) {
        for effect in &CORPUS.effects {
            let mut effect = effect.clone();
            effect.checks.retain(|check| check.same);
            prop_assert_eq!(checks(&effect, &metadata, &metadata, Edition::KeyMaterialId), vec![]);
        }
    }

    #[test]
    fn any_answer_is_judged_without_a_panic(response in any_answer(), before in json_value(), after in json_value()) {
        let observation = observe(&response);
        for edition in Edition::ALL {
            for case in &CORPUS.cases {
                judge(&observation, &case.expect, &context(edition));
            }
            for effect in &CORPUS.effects {
                judge(&observation, &effect.expect, &context(edition));
                checks(effect, &before, &after, edition);
            }
        }
        for claimed in [Claimed::Yes, Claimed::No] {
            every_answer(&CORPUS, &response, &observation, claimed);
        }
        response_lines(&response, &Redactor::default());
    }
}
