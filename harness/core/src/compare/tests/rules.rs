//! What every answer is held to, and the key afterwards.

use super::*;
use crate::fixture::read;

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
    let ambiguous = Response { framing: ResponseFraming::Ambiguous("two".into()), ..good.clone() };
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
    assert!(
        found
            .iter()
            .any(|mismatch| mismatch.expected == Fact::words("no such header") && mismatch.level == Level::Should)
    );
}

#[test]
fn only_the_target_s_faults_are_mismatches_of_transport() {
    let closed = transport(&CORPUS, &SendError::ClosedBeforeAnswer).unwrap();
    assert_eq!((closed.what, closed.expected), (What::Transport, Fact::words("a whole answer in HTTP")));
    assert_eq!(transport(&CORPUS, &SendError::Resolve("a".into())), None);
}

#[test]
fn an_effect_s_checks_compare_members() {
    let effect = |checks: &str| {
        let text = format!(
            "id = \"a\"\ntitle = \"a\"\ncall = \"DescribeKey\"\nsupports = [\"states page/a\"]\nclauses = [\"S-01\"]\nchecks = [{checks}]"
        );
        read::<Effect>(&text).unwrap()
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
        let rows: Vec<(String, String, String)> = found
            .into_iter()
            .map(|mismatch| mismatch.shown(&Redactor::default()))
            .map(|found| (found.place.to_string(), found.expected.to_string(), found.found.to_string()))
            .collect();
        let expected: Vec<(String, String, String)> = expected
            .into_iter()
            .map(|(name, expected, found)| {
                (format!("DescribeKey {name} afterwards"), expected.to_owned(), found.to_owned())
            })
            .collect();
        assert_eq!(rows, expected, "{check} {after}");
    }
    let mut other =
        effect("{ member = \"A\", absent = true, level = \"may\", clauses = [\"S-02\"], supports = [\"shows b/a\"] }");
    other.on = crate::fixture::On::Other;
    let found = checks(&other, &before, &before, Edition::KeyOnly).remove(0);
    let place = found.place.clone().shown(&Redactor::default()).to_string();
    assert_eq!(place, "DescribeKey A of the other key afterwards");
    assert_eq!(
        (found.what, found.clauses.join(" ").as_str(), found.supports.to_string().as_str()),
        (What::Effect, "S-02", "shows b/a")
    );
    other.checks[0].clauses.clear();
    other.checks[0].supports = None;
    let found = checks(&other, &before, &before, Edition::KeyOnly).remove(0);
    let cited = (found.clauses.join(" "), found.supports.to_string(), found.level);
    assert_eq!(cited, ("S-01".to_owned(), "states page/a".to_owned(), Level::May));
}
