//! Properties of any answer.

use super::*;

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
        ".{0,5}".prop_map(|why| ResponseFraming::Ambiguous(why.into())),
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
    let message = observation.message.text().map(|text| text.raw().to_owned()).unwrap_or_default();
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
