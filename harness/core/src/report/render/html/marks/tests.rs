//! What is marked in an answer.

use super::*;
use crate::fixture::{Level, Supports};

fn mismatch(what: What, place: Place<Shown>, found: Fact<Shown>) -> Mismatch {
    let (expected, supports) = (Fact::Absent, Supports::default());
    Mismatch { what, place, expected, found, clauses: Vec::new(), supports, level: Level::Must, hint: None }
}

/// What is marked in this answer.
fn marks(role: &str, lines: &[&str], mismatch: &Mismatch) -> Vec<String> {
    let exchange = ExchangeReport {
        role: role.to_owned(),
        lane: "wire".to_owned(),
        request: Vec::new(),
        response: Some(lines.iter().map(|line| (*line).to_owned()).collect()),
        error: None,
        duration_us: 0,
    };
    let of = Of { exchange: &exchange, judged: (role == "judged").then_some(1) };
    let pieces = marked(of, [mismatch]);
    assert_eq!(pieces.iter().map(|piece| piece.text.as_str()).collect::<String>(), lines.join("\n"));
    pieces.into_iter().filter(|piece| piece.differs).map(|piece| piece.text).collect()
}

const ANSWER: [&str; 6] = [
    "HTTP/1.1 400 Bad Request",
    "X-Amzn-ErrorType: NotFoundException",
    "date: today",
    "(body: 9 bytes, content-length)",
    r#"{"__type":"a#NotFoundException","n":1,"KeyState":"Enabled","Enabled": true}"#,
    "é",
];

#[test]
fn the_part_that_a_mismatch_is_about_is_marked() {
    let error = |name: &str| Fact::ErrorType { name: Shown::ours(name) };
    let answer = Fact::Answer { status: 400, error: Some(Shown::ours("NotFoundException")), body: None };
    let of = |what, place, found| marks("judged", &ANSWER, &mismatch(what, place, found));
    assert_eq!(
        of(What::Status, Place::answer(), answer),
        ["400 Bad Request", "NotFoundException", "NotFoundException"]
    );
    assert_eq!(of(What::ErrorType, Place::answer(), error("NotFoundException")).len(), 2);
    assert!(of(What::ErrorType, Place::answer(), error("")).is_empty());
    assert_eq!(of(What::Header, Place::Header { name: "Date".to_owned() }, Fact::Absent), ["date: today"]);
    assert_eq!(of(What::Framing, Place::answer(), Fact::Absent), [ANSWER[3]]);
    assert_eq!(of(What::Body, Place::Answer { number: Some(1) }, Fact::Absent), [ANSWER[4..].join("\n")]);
    assert!(of(What::Body, Place::Answer { number: Some(2) }, Fact::Absent).is_empty());
    assert!(of(What::Effect, Place::afterwards("DescribeKey"), Fact::Absent).is_empty());
}

#[test]
fn a_member_is_marked_with_its_value() {
    let of = |member: &str, body: &str| {
        let place = Place::Afterwards {
            call: "DescribeKey".to_owned(),
            member: Some(Shown::ours(member)),
            key: crate::compare::WhichKey::Key,
        };
        let lines = ["HTTP/1.1 200 OK", "(body)", "(body: 1 bytes)", body];
        marks("DescribeKey", &lines, &mismatch(What::Effect, place, Fact::Absent))
    };
    assert_eq!(of("KeyState", ANSWER[4]), [r#""KeyState":"Enabled""#]);
    assert_eq!(of("Enabled", ANSWER[4]), [r#""Enabled": true"#]);
    assert_eq!(of("n", ANSWER[4]), [r#""n":1"#]);
    for broken in [r#"{"n"#, r#"{"n""#, r#"{"n":"#, r#"{"n":""#, r#"{"n":1"#, "", r#""é"n":"é"#] {
        of("n", broken);
    }
    assert!(of("absent", ANSWER[4]).is_empty());
}

#[test]
fn an_answer_of_any_lines_is_shown_whole() {
    let status = mismatch(What::Status, Place::answer(), Fact::Absent);
    for lines in [&[][..], &[""], &["", ""], &["HTTP/1.1"], &["(body: 0 bytes)"], &["a", "(body: 0 bytes)"]] {
        marks("judged", lines, &status);
        marks("judged", lines, &mismatch(What::Body, Place::answer(), Fact::Absent));
        marks("judged", lines, &mismatch(What::Framing, Place::answer(), Fact::Absent));
    }
}
