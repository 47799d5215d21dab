//! Compares two recordings of one case and lists the fields that differ.

use super::recording::{Recording, Section};
use crate::normalise::{Message, PRESENT};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// The name of the field, for messages.
    pub place: String,
    /// The value in the baseline; absent if the baseline has no such field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<String>,
    /// The value that was found; absent if the new recording has no such field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

/// A case whose new recording differs from the baseline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Drift {
    /// The case.
    pub case: String,
    /// The fields that differ.
    pub differences: Vec<Difference>,
}

/// Every field in which two recordings of one case differ.
pub fn compare(recorded: &Recording, found: &Recording) -> Vec<Difference> {
    let (recorded, found) = (named(recorded), named(found));
    let mut differences = Vec::new();
    for (name, before) in &recorded {
        match found.iter().find(|(other, _)| other == name) {
            Some((_, after)) => sections(name, before, after, &mut differences),
            None => push(name, Some(summary(before)), None, &mut differences),
        }
    }
    for (name, after) in &found {
        if !recorded.iter().any(|(other, _)| other == name) {
            push(name, None, Some(summary(after)), &mut differences);
        }
    }
    differences
}

/// Keeps the differences of the second look that the first look also showed. A difference that does not repeat is not
/// drift.
pub fn repeated(first: &[Difference], second: &[Difference]) -> Vec<Difference> {
    second.iter().filter(|again| first.iter().any(|before| before.place == again.place)).cloned().collect()
}

/// The sections, each with a unique name.
fn named(recording: &Recording) -> Vec<(String, &Section)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut named = Vec::new();
    for section in &recording.sections {
        let name = match section {
            Section::Exchange { role, .. } => role.clone(),
            Section::State { of, .. } => format!("DescribeKey of {of}"),
        };
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        named.push((if *count == 1 { name } else { format!("{name} {count}") }, section));
    }
    named
}

fn summary(section: &Section) -> String {
    match section {
        Section::Exchange { answer: Some(answer), .. } => answer.start.clone(),
        Section::Exchange { error: Some(error), .. } => error.clone(),
        Section::Exchange { .. } => "no answer".to_owned(),
        Section::State { members, .. } => format!("{} members", members.len()),
    }
}

fn push(place: &str, recorded: Option<String>, found: Option<String>, differences: &mut Vec<Difference>) {
    if recorded != found {
        differences.push(Difference { place: place.to_owned(), recorded, found });
    }
}

fn sections(name: &str, before: &Section, after: &Section, differences: &mut Vec<Difference>) {
    match (before, after) {
        (
            Section::Exchange { request, answer, error, .. },
            Section::Exchange { request: request_after, answer: answer_after, error: error_after, .. },
        ) => {
            let (request, request_after) = (anybodys(request), anybodys(request_after));
            messages(&format!("{name}, request"), &request, &request_after, differences);
            let place = format!("{name}, answer");
            match (answer, answer_after) {
                (Some(before), Some(after)) => messages(&place, before, after, differences),
                (before, after) => {
                    let start = |message: &Option<Message>| message.as_ref().map(|message| message.start.clone());
                    push(&place, start(before), start(after), differences);
                }
            }
            push(&format!("{name}, error"), error.clone(), error_after.clone(), differences);
        }
        (Section::State { members, .. }, Section::State { members: members_after, .. }) => {
            fields(name, members, members_after, differences);
        }
        _ => push(name, Some(summary(before)), Some(summary(after)), differences),
    }
}

/// A request without what tells whether a session or a key of its own signed it: whoever signs is no part of a baseline.
fn anybodys(request: &Message) -> Message {
    const TOKEN: &str = "x-amz-security-token";
    let is_token = |name: &str| name.eq_ignore_ascii_case(TOKEN);
    let headers = request.headers.iter().filter(|(name, _)| !is_token(name)).map(|(name, value)| {
        let value = match value.split_once("SignedHeaders=").filter(|_| name.eq_ignore_ascii_case("authorization")) {
            Some((front, rest)) => {
                let (list, behind) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
                let names: Vec<&str> = list.split(';').filter(|name| !is_token(name)).collect();
                format!("{front}SignedHeaders={}{behind}", names.join(";"))
            }
            None => value.clone(),
        };
        (name.clone(), value)
    });
    let (path, query) = match request.start.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (request.start.as_str(), None),
    };
    let start = query.map(|query| {
        let is_other = |pair: &&str| !is_token(pair.split('=').next().unwrap_or_default());
        // The last one ends with the version.
        let (query, version) = query.split_at(query.rfind(' ').unwrap_or(query.len()));
        format!("{path}?{}{version}", query.split('&').filter(is_other).collect::<Vec<_>>().join("&"))
    });
    Message { start: start.unwrap_or_else(|| path.to_owned()), headers: headers.collect(), ..request.clone() }
}

fn messages(place: &str, before: &Message, after: &Message, differences: &mut Vec<Difference>) {
    push(&format!("{place}: first line"), Some(before.start.clone()), Some(after.start.clone()), differences);
    headers(place, before, after, differences);
    let framing = format!("{place}: length and framing");
    push(&framing, Some(before.framing.clone()), Some(after.framing.clone()), differences);
    bodies(place, before.body.as_deref(), after.body.as_deref(), differences);
}

/// Compares header lines by their name, in the case in which it is written. The order of different names is ignored.
fn headers(place: &str, before: &Message, after: &Message, differences: &mut Vec<Difference>) {
    let values = |message: &Message| {
        let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &message.headers {
            // The length of a hidden value changes when the value changes, so it is not compared.
            let is_hidden = value.starts_with(PRESENT);
            let value = if is_hidden { format!("{PRESENT}not shown>") } else { value.clone() };
            by_name.entry(name.clone()).or_default().push(value);
        }
        by_name.into_iter().map(|(name, values)| (name, values.join(" | "))).collect::<Vec<_>>()
    };
    fields(&format!("{place}: header"), &values(before), &values(after), differences);
}

/// Compares JSON objects member by member, and all other bodies as a whole.
fn bodies(place: &str, before: Option<&str>, after: Option<&str>, differences: &mut Vec<Difference>) {
    let place = format!("{place}: body");
    let members = |body: Option<&str>| match serde_json::from_str(body?) {
        Ok(Value::Object(members)) => {
            Some(members.iter().map(|(name, value)| (name.clone(), value.to_string())).collect::<Vec<_>>())
        }
        _ => None,
    };
    let known = differences.len();
    if let (Some(before), Some(after)) = (members(before), members(after)) {
        fields(&place, &before, &after, differences);
    }
    // The members are equal, but the bytes differ, for example in white space.
    if differences.len() == known {
        push(&place, before.map(str::to_owned), after.map(str::to_owned), differences);
    }
}

fn fields(place: &str, before: &[(String, String)], after: &[(String, String)], differences: &mut Vec<Difference>) {
    let find = |fields: &[(String, String)], name: &str| {
        fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone())
    };
    for (name, value) in before {
        push(&format!("{place} `{name}`"), Some(value.clone()), find(after, name), differences);
    }
    for (name, value) in after {
        if find(before, name).is_none() {
            push(&format!("{place} `{name}`"), None, Some(value.clone()), differences);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "# judged\n> POST / HTTP/1.1\n> Host: <host>\n> (body: 2 bytes, content-length)\n> {}\n\
                        < HTTP/1.1 400 Bad Request\n< a: 1\n< b: 2\n< (body: 30 bytes, content-length)\n\
                        < {\"__type\":\"X\",\"message\":\"m\"}\n\
                        # DescribeKey of the key afterwards\n= KeyState: \"Enabled\"\n= Enabled: true\n";

    fn places(found: &str) -> Vec<String> {
        let [recorded, found] = [TEXT, found].map(|text| Recording::parse(text).unwrap());
        compare(&recorded, &found).into_iter().map(|difference| difference.place).collect()
    }

    #[test]
    fn the_same_twice_is_no_difference() {
        assert_eq!(places(TEXT), Vec::<String>::new());
        assert_eq!(places(&TEXT.replace("< a: 1\n< b: 2\n", "< b: 2\n< a: 1\n")), Vec::<String>::new());
        let [short, long] = ["< a: <present, 3 bytes>", "< a: <present, 12 bytes>"]
            .map(|line| Recording::parse(&TEXT.replace("< a: 1", line)).unwrap());
        assert_eq!(compare(&short, &long), []);
    }

    #[test]
    fn whoever_signs_is_no_part_of_a_baseline() {
        let signed = |query: &str, names: &str, token: &str| {
            let authorization = format!("> Authorization: A Credential=c, SignedHeaders={names}, Signature=s\n{token}");
            let text = TEXT.replace("POST / HTTP", &format!("POST /{query} HTTP"));
            Recording::parse(&text.replace("> (body", &format!("{authorization}> (body"))).unwrap()
        };
        let session = |length: usize| format!("> X-Amz-Security-Token: <{length} characters>\n");
        let with = "host;x-amz-security-token;x-amz-target";
        let key = signed("?a=b&c=d", "host;x-amz-target", "");
        for other in [
            signed("?a=b&c=d", with, &session(12)),
            signed("?a=b&X-Amz-Security-Token=<session-token>&c=d", with, &session(1000)),
            signed("?a=b&c=d&X-Amz-Security-Token=<session-token>", "host;x-amz-target", &session(3)),
        ] {
            assert_eq!((compare(&key, &other), compare(&other, &key)), (Vec::new(), Vec::new()));
        }
        assert_eq!(compare(&key, &signed("?a=b&c=d", "host", "")).len(), 1);
        assert_eq!(compare(&key, &signed("?a=b", "host;x-amz-target", "")).len(), 1);
    }

    #[test]
    fn every_field_that_differs_is_named() {
        for (from, to, place) in [
            ("400 Bad", "400 bad", "judged, answer: first line"),
            ("< a: 1\n", "", "judged, answer: header `a`"),
            ("< a: 1\n", "< a: 1\n< a: 1\n", "judged, answer: header `a`"),
            ("< a: 1\n", "< a: 2\n", "judged, answer: header `a`"),
            ("< b: 2\n", "< b: 2\n< c: 2\n", "judged, answer: header `c`"),
            ("(body: 30 bytes, content-length)", "(body: 30 bytes, chunked)", "judged, answer: length and framing"),
            ("\"message\":\"m\"", "\"message\":\"n\"", "judged, answer: body `message`"),
            ("\"message\":\"m\"", "\"message\": \"m\"", "judged, answer: body"),
            ("> Host: <host>", "> Host: other", "judged, request: header `Host`"),
            ("\"Enabled\"", "\"Disabled\"", "DescribeKey of the key `KeyState`"),
            ("= Enabled: true\n", "", "DescribeKey of the key `Enabled`"),
        ] {
            assert_eq!(places(&TEXT.replace(from, to)), [place], "{from} to {to}");
        }
        let (request, state) = (&TEXT[..TEXT.find("< HTTP").unwrap()], &TEXT[TEXT.find("# Desc").unwrap()..]);
        assert_eq!(places(&format!("{request}! it closed\n{state}")), ["judged, answer", "judged, error"]);
        assert_eq!(places(&TEXT[..TEXT.find("# Desc").unwrap()]), ["DescribeKey of the key"]);
    }

    #[test]
    fn only_what_differs_twice_is_drift() {
        let difference = |place: &str, found: &str| Difference {
            place: place.to_owned(),
            recorded: None,
            found: Some(found.to_owned()),
        };
        let first = [difference("a", "1"), difference("b", "1")];
        let second = [difference("b", "2"), difference("c", "1")];
        assert_eq!(repeated(&first, &second), [difference("b", "2")]);
    }

    fn line() -> impl Strategy<Value = String> {
        "[ -~äß☃]{0,12}".prop_map(|text| text.trim_end().to_owned())
    }

    fn message() -> impl Strategy<Value = Message> {
        let header = ("[A-Za-z-]{1,6}", line());
        let body = proptest::option::of("[!-~][ -~]{0,12}[!-~]");
        (line(), proptest::collection::vec(header, 0..4), "[a-z ]{0,8}", body).prop_map(
            |(start, headers, framing, body)| Message { start, headers, framing: format!("(body: {framing})"), body },
        )
    }

    fn recording() -> impl Strategy<Value = Recording> {
        let exchange = ("judged|Encrypt", message(), proptest::option::of(message()), line()).prop_map(
            |(role, request, answer, error)| {
                let error = answer.is_none().then_some(error);
                Section::Exchange { role, request, answer, error }
            },
        );
        // A state is a list of members, so each name occurs once.
        let members = proptest::collection::btree_map("[A-Za-z]{1,5}", "[!-~]{1,8}", 0..4);
        let state = members
            .prop_map(|members| Section::State { of: "the key".to_owned(), members: members.into_iter().collect() });
        proptest::collection::vec(prop_oneof![exchange, state], 1..5).prop_map(|sections| Recording { sections })
    }

    proptest! {
        #[test]
        fn any_recording_reads_back_and_equals_itself(recording in recording()) {
            let read = Recording::parse(&recording.to_string()).unwrap();
            prop_assert_eq!(&read, &recording);
            prop_assert_eq!(compare(&read, &recording), []);
        }

        #[test]
        fn recordings_without_a_difference_are_the_same_but_for_the_order_of_names(
            left in recording(),
            right in recording(),
        ) {
            let sorted = |recording: &Recording| {
                let mut lines: Vec<String> = recording.to_string().lines().map(str::to_owned).collect();
                lines.sort();
                lines
            };
            if compare(&left, &right).is_empty() {
                prop_assert_eq!(sorted(&left), sorted(&right));
            }
            prop_assert_eq!(compare(&left, &right).is_empty(), compare(&right, &left).is_empty());
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = Recording::parse(&text);
        }
    }
}
