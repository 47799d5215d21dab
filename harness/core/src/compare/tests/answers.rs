//! What differs between an answer and what is accepted.

use super::*;

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
        (405, "", Answer::RefusedOr501, vec![]),
        (501, "", Answer::RefusedOr501, vec![]),
        (500, "", Answer::RefusedOr501, vec![row(What::Status, "4xx or 501", "500")]),
        (200, "", Answer::RefusedUnclaimed, vec![row(What::Status, "4xx", "200")]),
        (400, r#"{"__type":"A"}"#, not.clone(), vec![]),
        (
            400,
            NOT_FOUND,
            not.clone(),
            vec![row(What::ErrorType, "a refusal of another type than NotFoundException", "NotFoundException")],
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
fn an_empty_object_is_said_to_satisfy_neither_edition() {
    let hint = |edition, body: &str| {
        judge(&observed(200, body), &[expectation(Level::Must, &[Answer::Success])], &context(edition)).remove(0).hint
    };
    for (edition, body, expected) in [
        (Edition::KeyOnly, "{}", Some("`{}` satisfies neither edition")),
        (Edition::KeyMaterialId, "{}", Some("`{}` satisfies neither edition")),
        // A notice says it once for all cases.
        (Edition::KeyOnly, r#"{"KeyId":"a"}"#, None),
        (Edition::KeyMaterialId, "", None),
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
    const NONE: &str = "no `KeyMaterialId`: only a symmetric key that had material names it";
    let arn = format!("`KeyId` is the key's ARN, `{ARN}`");
    let upper = ID.to_uppercase();
    for (body, key_arn, naming, expected) in [
        (json!({"KeyId": ARN, "KeyMaterialId": ID}), Some(ARN), Naming::Due, vec![]),
        (json!({"KeyId": "k-1", "KeyMaterialId": ID}), None, Naming::Due, vec![]),
        (json!({"KeyId": "k-1", "KeyMaterialId": ID}), Some(ARN), Naming::Due, vec![row(What::Body, &arn, "`k-1`")]),
        (json!({"KeyMaterialId": ID}), Some(ARN), Naming::Due, vec![row(What::Body, "`KeyId` is a string", "absent")]),
        (
            json!({"KeyId": 1, "KeyMaterialId": ID}),
            Some(ARN),
            Naming::Due,
            vec![row(What::Body, "`KeyId` is a string", "`1`")],
        ),
        (
            json!({"KeyId": ARN, "KeyMaterialId": ID, "A": 1, "B": 2}),
            Some(ARN),
            Naming::Due,
            vec![row(What::Body, "no members but `KeyId` and `KeyMaterialId`", "`A`, `B`")],
        ),
        (json!({"KeyId": ARN}), Some(ARN), Naming::Due, vec![row(What::Body, DIGITS, "absent")]),
        (json!({"KeyId": ARN}), Some(ARN), Naming::Open, vec![]),
        (json!({"KeyId": ARN, "KeyMaterialId": ""}), Some(ARN), Naming::Open, vec![]),
        (json!({"KeyId": ARN, "KeyMaterialId": ID}), Some(ARN), Naming::Open, vec![]),
        (json!({"KeyId": ARN}), Some(ARN), Naming::Absent, vec![]),
        (json!({"KeyId": ARN, "KeyMaterialId": ""}), Some(ARN), Naming::Absent, vec![row(What::Body, NONE, "`\"\"`")]),
        (
            json!({"KeyId": ARN, "KeyMaterialId": ID}),
            Some(ARN),
            Naming::Absent,
            vec![row(What::Body, NONE, &format!("`\"{ID}\"`"))],
        ),
        (json!({"KeyId": ARN, "KeyMaterialId": ""}), Some(ARN), Naming::Due, vec![row(What::Body, DIGITS, "`\"\"`")]),
        (
            json!({"KeyId": ARN, "KeyMaterialId": "a"}),
            Some(ARN),
            Naming::Open,
            vec![row(What::Body, DIGITS, "`\"a\"`")],
        ),
        (
            json!({"KeyId": ARN, "KeyMaterialId": ID[1..]}),
            Some(ARN),
            Naming::Due,
            vec![row(What::Body, DIGITS, &format!("`\"{}\"`", &ID[1..]))],
        ),
        (
            json!({"KeyId": ARN, "KeyMaterialId": upper}),
            Some(ARN),
            Naming::Due,
            vec![row(What::Body, DIGITS, &format!("`\"{upper}\"`"))],
        ),
    ] {
        let context = Context { key_arn, naming, ..context(Edition::KeyMaterialId) };
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
    let place = Place::Answer { number: Some(2) };
    let supports = |text: &str| Supports::from_iter([text]);
    let usual = supports("states page/a");
    let context = Context { clauses: &clauses, supports: &usual, place: &place, ..context(Edition::KeyMaterialId) };
    let cited = |expectation: Expectation, body: &str, status| {
        let mismatch = judge(&observed(status, body), &[expectation], &context).remove(0);
        (mismatch.clauses.join(" "), mismatch.supports, mismatch.level, mismatch.place == place)
    };
    let plain = expectation(Level::Should, &[Answer::Done]);
    assert_eq!(cited(plain.clone(), "", 400), ("S-01".into(), usual.clone(), Level::Should, true));
    let own = Expectation { clauses: vec!["S-02".into()], supports: Some(supports("shows b/c")), ..plain };
    assert_eq!(cited(own, "", 400), ("S-02".into(), supports("shows b/c"), Level::Should, true));
    // A rule for the shape cites itself, at the weaker level of the two.
    let members = CORPUS.shape(crate::fixture::ShapeRule::SuccessMembers).unwrap();
    for (level, expected) in [(Level::Must, Level::Should), (Level::May, Level::May)] {
        let body = json!({"KeyId": ARN, "KeyMaterialId": ID, "Extra": 1}).to_string();
        let found = cited(expectation(level, &[Answer::Success]), &body, 200);
        assert_eq!(found, (members.clauses.join(" "), members.supports.clone(), expected, true));
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
    assert_eq!(shown(&"\n".repeat(81)), format!("81 bytes: `{}…`", "\\n".repeat(80)));
    assert_eq!(shown(&"é".repeat(41)), format!("82 bytes: `{}`", "é".repeat(41)));
}
