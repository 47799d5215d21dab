//! What holds for any text: no secret passes, a second time changes nothing, names keep identity.

use super::*;
use crate::http::{Framing, Header, Request};
use crate::plan::World;
use crate::send::Response;
use crate::test_support::answer;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;

const KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLETOKEN==";

fn redactor() -> Redactor {
    static REDACTOR: std::sync::LazyLock<Redactor> = std::sync::LazyLock::new(|| {
        Redactor::new([(KEY.to_owned(), "<secret-access-key>"), (TOKEN.to_owned(), "<session-token>")])
    });
    REDACTOR.clone()
}

const SPELLINGS: usize = 5;

/// A spelling in which a target may repeat a secret.
fn spelt(secret: &str, number: usize) -> String {
    match number {
        0 => secret.to_owned(),
        1 => BASE64_STANDARD.encode(secret),
        2 => secret.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D"),
        3 => secret.replace('/', "\\/").replace('=', "\\u003d"),
        _ => secret.to_lowercase(),
    }
}

fn secret() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(KEY), Just(TOKEN)]
}

fn bare(lines: &[String]) -> bool {
    let text = lines.join("\n");
    let spelt = [KEY, TOKEN].into_iter().flat_map(|secret| (0..SPELLINGS).map(|number| spelt(secret, number)));
    spelt.into_iter().all(|spelt| !text.contains(&spelt) && !text.contains(&hex::encode(spelt)))
}

proptest! {
    #[test]
    fn no_planted_secret_is_shown(
        before in proptest::collection::vec(any::<u8>(), 0..40),
        after in proptest::collection::vec(any::<u8>(), 0..40),
        padding in 0_usize..2100,
        secret in (secret(), 0..SPELLINGS).prop_map(|(secret, number)| spelt(secret, number)),
        name in "[A-Za-z-]{1,12}",
    ) {
        let mut body = vec![b'x'; padding];
        body.extend(before.iter().chain(secret.as_bytes()).chain(&after));
        let header = Header::new(name, [b"a ", secret.as_bytes()].concat());
        let request = Request {
            method: "POST".to_owned(),
            target: format!("/?{secret}"),
            headers: vec![header.clone(), Header::new("X-Amz-Security-Token", secret.as_str())],
            body: body.clone(),
            framing: Framing::ContentLength,
            delivery: Default::default(),
        };
        let lines = request_lines(&request, &redactor());
        prop_assert!(bare(&lines), "{lines:?}");
        let response = Response { reason: secret.clone(), headers: vec![header], ..answer(200, &[], &body) };
        let lines = response_lines(&response, &redactor());
        prop_assert!(bare(&lines), "{lines:?}");
    }

    #[test]
    fn import_tokens_and_material_are_removed(token in "[A-Za-z0-9+/=]{20,60}", blank in "[ \t]{0,2}") {
        let text = format!("{{\"ImportToken\":{blank}\"{token}\",\"EncryptedKeyMaterial\":\"{token}\"}}");
        prop_assert!(!redactor().redact(&text).contains(&token));
    }

    #[test]
    fn text_without_anything_to_hide_is_left_alone(text in "[a-zA-Z ,:{}\"]{0,80}") {
        prop_assert_eq!(redactor().redact(&text), text.clone());
        prop_assert_eq!(Normaliser::new(&World::default(), None).normalise(&text), text);
    }

    #[test]
    fn a_second_time_changes_nothing(parts in proptest::collection::vec(part(), 0..12)) {
        let mut normaliser = Normaliser::new(&World::default(), None);
        let once = normaliser.normalise(&parts.join(" "));
        prop_assert_eq!(normaliser.normalise(&once), once.clone());
    }

    /// Between what varies stands what does not: it stays, in its order, whatever stands beside it.
    #[test]
    fn what_does_not_vary_stays(
        parts in proptest::collection::vec((named(), glue(), "[g-z]{4,9}", glue()), 0..10),
    ) {
        let text: String = parts.iter().map(|(part, before, word, after)| format!("{part}{before}{word}{after}")).collect();
        let mut normaliser = Normaliser::new(&world(), None);
        let once = normaliser.normalise(&text);
        let mut rest = once.as_str();
        for (_, _, word, _) in &parts {
            let at = rest.find(word.as_str());
            prop_assert!(at.is_some(), "{word} of {text} is not in {once}");
            rest = &rest[at.unwrap_or_default() + word.len()..];
        }
        prop_assert_eq!(normaliser.normalise(&once), once.clone());
    }

    /// A name is replaced by what it is called and nothing else, wherever it stands.
    #[test]
    fn a_name_is_called_the_same_everywhere(before in "[g-z ]{0,6} ", after in " [g-z ]{0,6}", twice in any::<bool>()) {
        let world = world();
        let Some(key) = &world.key else { return Ok(()) };
        let arn = key.arn.as_ref().map(ToString::to_string).unwrap_or_default();
        for (value, name) in [(&key.id, "<key-id>"), (&arn, "<key-arn>")] {
            let middle = if twice { format!("{value}\"{value}") } else { value.clone() };
            let text = format!("{before}{middle}{after}");
            let expected = format!("{before}{}{after}", middle.replace(value.as_str(), name));
            prop_assert_eq!(Normaliser::new(&world, None).normalise(&text), expected);
        }
    }

    #[test]
    fn names_keep_identity(ids in proptest::collection::vec(0_u8..6, 1..12)) {
        let value = |id: u8| format!("0b7fd7dd-0000-4000-8000-{id:012}");
        let text = ids.iter().map(|id| value(*id)).collect::<Vec<_>>().join(" ");
        let named = Normaliser::new(&World::default(), None).normalise(&text);
        let named: Vec<&str> = named.split(' ').collect();
        for (at, id) in ids.iter().enumerate() {
            for (other, other_id) in ids.iter().enumerate() {
                prop_assert_eq!(named[at] == named[other], id == other_id);
            }
        }
    }

    #[test]
    fn values_of_every_kind_keep_identity(ids in proptest::collection::vec((0_u8..5, 0_u8..4), 1..14)) {
        let value = |(kind, id): &(u8, u8)| match kind {
            0 => format!("0b7fd7dd-0000-4000-8000-{id:012}"),
            1 => format!("{id:064}"),
            2 => format!("77778888000{id}"),
            3 => format!("mrk-{id:032}"),
            _ => format!("arn:aws:iam::777788880009:user/name-{id}"),
        };
        let text = ids.iter().map(value).collect::<Vec<_>>().join(" ");
        let named = Normaliser::new(&World::default(), None).normalise(&text);
        let named: Vec<&str> = named.split(' ').collect();
        prop_assert_eq!(named.len(), ids.len());
        for (at, id) in ids.iter().enumerate() {
            prop_assert!(named[at].contains('<'), "{}", named[at]);
            for (other, other_id) in ids.iter().enumerate() {
                prop_assert_eq!(named[at] == named[other], id == other_id);
            }
        }
    }

    #[test]
    fn every_placeholder_is_explained(parts in proptest::collection::vec(part(), 0..12)) {
        let mut normaliser = Normaliser::new(&World::default(), None);
        let text = normaliser.normalise(&parts.join(" "));
        let legend = normaliser.legend();
        for placeholder in text.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(word, _)| word) {
            prop_assert!(legend.iter().any(|line| line.starts_with(&format!("<{placeholder}>: "))), "{placeholder}");
        }
    }

    #[test]
    fn any_text_is_taken(text in any::<String>(), around in part()) {
        let mut normaliser = Normaliser::new(&World::default(), None);
        let _ = normaliser.normalise(&format!("{text}{around}{text}"));
    }
}

fn world() -> World {
    let key = crate::plan::KeyNames {
        id: "1b7fd7dd-0000-4000-8000-00000000000a".to_owned(),
        arn: "arn:aws:kms:us-east-2:777788880009:key/1b7fd7dd-0000-4000-8000-00000000000a".parse().ok(),
        alias: Some("alias/trentcheck-0123abcd-key".to_owned()),
        alias_arn: "arn:aws:kms:us-east-2:777788880009:alias/trentcheck-0123abcd-key".parse().ok(),
        material_id: Some("a".repeat(64)),
        new_material_id: None,
        former_material_id: None,
    };
    World {
        key: Some(key),
        region: "us-east-2".to_owned(),
        other_region: "us-west-2".to_owned(),
        account: Some("777788880009".to_owned()),
        partition: "aws".to_owned(),
        run: "0123abcd".to_owned(),
        host: "127.0.0.1:4566".to_owned(),
        ..World::default()
    }
}

/// The same, or a name of the world.
fn named() -> impl Strategy<Value = String> {
    let key = world().key.unwrap_or_default();
    let names = vec![
        key.id.to_uppercase(),
        key.id.replace('-', ""),
        key.id,
        key.arn.map(|arn| arn.to_string()).unwrap_or_default(),
        "us-east-2".to_owned(),
    ];
    prop_oneof![2 => part(), 1 => proptest::sample::select(names)]
}

/// What stands between two values in headers, JSON and prose.
fn glue() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![" ", ",", "\"", "\": \"", "\n", "; ", "(", ") "])
}

/// A word of any kind that is replaced, or none.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,8}",
        Just("20260101T000000Z".to_owned()),
        Just("2026-01-01T00:00:00Z".to_owned()),
        Just("Thu, 01 Jan 2026 00:00:00 GMT".to_owned()),
        Just("1767225600.5".to_owned()),
        Just("20260101".to_owned()),
        "[0-9a-f]{64}",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        Just("\"CiphertextBlob\":\"abc=\"".to_owned()),
    ]
}
