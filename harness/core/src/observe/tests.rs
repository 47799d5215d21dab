//! What is read from an answer.

use super::name_in;
use crate::http::Header;
use crate::observe::{Body, Carrier, Message, observe};
use crate::test_support::{answer, observed};
use crate::text::TargetText;

#[test]
fn a_body_is_empty_json_or_something_else() {
    assert_eq!(observed(200, "").body, Body::Empty);
    assert_eq!(observed(200, "{}").body, Body::Json(serde_json::json!({})));
    assert_eq!(observed(200, "{").body, Body::Other);
    assert_eq!(observed(200, "{} x").bytes, b"{} x");
}

#[test]
fn only_2xx_is_a_success() {
    for (status, expected) in [(199, false), (200, true), (299, true), (300, false), (400, false)] {
        let observation = observed(status, r#"{"__type":"A","message":"b"}"#);
        assert_eq!(observation.is_success(), expected, "{status}");
        assert_eq!(observation.error.is_none(), expected, "{status}");
        assert_eq!(observation.message == Message::Absent, expected, "{status}");
    }
}

#[test]
fn the_type_is_found_by_the_order_of_its_carriers() {
    let header = [("x-amzn-errortype", "c#FromHeader:x")];
    for (headers, body, expected) in [
        (&header[..], r#"{"code":"b#FromCode","__type":"a#FromType"}"#, Some(("FromType", "a#FromType", "__type"))),
        (&header, r#"{"code":"b#FromCode","__type":1}"#, Some(("FromCode", "b#FromCode", "code"))),
        (&header, r#"{"code":null}"#, Some(("FromHeader", "c#FromHeader:x", "X-Amzn-Errortype"))),
        (&header, "not json", Some(("FromHeader", "c#FromHeader:x", "X-Amzn-Errortype"))),
        (&[], "[]", None),
        (&[], r#"{"__type":""}"#, None),
        (&[], r#"{"__type":"a#:b"}"#, None),
        // Of several marks the first `:` and the last `#` count, as botocore reads them.
        (&[], r#"{"__type":"a#b#C:d:e"}"#, Some(("C", "a#b#C:d:e", "__type"))),
    ] {
        let observation = observe(&answer(400, headers, body.as_bytes()));
        let found = observation.error.as_ref();
        let found =
            found.map(|error| (error.name.raw().to_owned(), error.raw.raw().to_owned(), error.carrier.as_str()));
        let wanted = expected.map(|(name, raw, carrier)| (name.to_owned(), raw.to_owned(), carrier));
        assert_eq!(found, wanted, "{body}");
        assert_eq!(observation.error_name(), expected.map(|(name, _, _)| name), "{body}");
    }
}

#[test]
fn carriers_have_their_names_on_the_wire() {
    assert_eq!(
        [Carrier::DunderType, Carrier::Code, Carrier::Header].map(Carrier::as_str),
        ["__type", "code", "X-Amzn-Errortype"]
    );
}

#[test]
fn a_message_is_either_spelling_or_no_string() {
    for (body, expected, text) in [
        (r#"{"message":"a","Message":"b"}"#, Message::Lower("a".into()), Some("a")),
        (r#"{"Message":"b"}"#, Message::Upper("b".into()), Some("b")),
        (r#"{"message":null,"Message":"b"}"#, Message::Upper("b".into()), Some("b")),
        (r#"{"message":1,"Message":"b"}"#, Message::NotString("1".into()), None),
        (r#"{"Message":[]}"#, Message::NotString("[]".into()), None),
        (r#"{"message":null}"#, Message::NotString("null".into()), None),
        ("{}", Message::Absent, None),
        ("[]", Message::Absent, None),
    ] {
        let found = observed(400, body).message;
        assert_eq!(found.text().map(TargetText::raw), text, "{body}");
        assert_eq!(found, expected, "{body}");
    }
}

#[test]
fn a_header_is_found_in_any_case() {
    let observation = observe(&answer(200, &[("Date", "a"), ("X-A", "b")], b""));
    assert_eq!(observation.header("x-a"), Some("b"));
    assert_eq!(observation.header("x-b"), None);
}

#[test]
fn a_header_that_is_there_twice_or_is_no_text_has_no_value() {
    let mut response = answer(200, &[("X-A", "b"), ("x-a", "b"), ("X-Empty", "")], b"");
    response.headers.push(Header::new("X-Bytes", vec![0xff]));
    let observation = observe(&response);
    assert_eq!(observation.header("x-a"), None);
    assert_eq!(observation.header("x-bytes"), None);
    assert_eq!(observation.header("x-empty"), Some(""));
}

#[test]
fn of_a_type_or_a_message_without_end_only_the_front_is_kept() {
    let long = "x".repeat(1 << 20);
    let observation = observed(400, &format!(r#"{{"__type":"{long}","message":"{long}"}}"#));
    assert!(observation.error_name().is_some_and(|name| name.len() < 1024));
    assert!(observation.message.text().is_some_and(|text| text.raw().len() < 10_000));
    let number = observed(400, &format!(r#"{{"__type":"A","message":["{long}"]}}"#));
    assert!(
        matches!(number.message, Message::NotString(text) if text.raw().len() < 10_000 && text.raw().ends_with('…'))
    );
    let whole = format!("aws.protocoltests.json#{}", "y".repeat(480));
    assert_eq!(observed(400, &format!(r#"{{"__type":"{whole}"}}"#)).error_name().map(str::len), Some(480));
}

#[test]
fn namespaces_and_uris_are_taken_off() {
    for raw in [
        "FooError",
        "FooError:http://internal.example/coral/com.example/",
        "aws.protocoltests.json#FooError",
        "aws.protocoltests.json#FooError:http://internal.example/coral/",
    ] {
        assert_eq!(&raw[name_in(raw)], "FooError");
    }
}
