//! Placeholders for what varies from run to run. One value is always one placeholder and two values never share one,
//! in all that one normaliser sees; moments alone are told by how far away they are.

use super::kind::{Found, Kind, next};
use super::lines::{Message, cut};
use super::moment;
use crate::arn::Arn;
use crate::plan::World;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

/// Headers whose values are ids of their own, whatever they look like.
const REQUEST_IDS: &[&str] = &["x-amzn-requestid", "x-amz-request-id", "x-amz-id-2", "x-amzn-trace-id"];

/// Bytes of a body that are looked through, far more than any answer of the operation has.
const READ: usize = 64 * 1024;

/// Characters of a body that are kept.
const KEPT: usize = 4 * 1024;

/// Shorter values are replaced as whole words only: a key id of one letter is in every word.
const SHORT: usize = 8;

/// The placeholder of a body's length where that depends on values that were replaced.
const LENGTH: &str = "<length>";

/// A value that has a name.
#[derive(Clone, Debug)]
struct Known {
    placeholder: String,
    meaning: String,
    is_fixed: bool,
}

/// Replaces what varies, and knows afterwards what it replaced.
#[derive(Clone, Debug)]
pub struct Normaliser {
    values: Vec<String>,
    known: Vec<Known>,
    /// Made when it is needed first: most cases of a self-check normalise nothing. Copies share it.
    search: Arc<OnceLock<Search>>,
    now: Option<SystemTime>,
    seen: HashMap<(Kind, String), usize>,
    counts: HashMap<Kind, usize>,
    legend: Vec<(String, String)>,
}

impl Normaliser {
    /// A normaliser that knows the names of this world and, if it is known, the present.
    pub fn new(world: &World, now: Option<SystemTime>) -> Self {
        let mut names: Vec<(String, Known)> = Vec::new();
        let mut add = |value: &str, placeholder: &str, meaning: &str, is_fixed: bool| {
            let upper = value.to_uppercase();
            let is_new = |names: &Vec<(String, Known)>, value: &str| names.iter().all(|(other, _)| other != value);
            if !value.is_empty() && is_new(&names, value) {
                let known = Known { placeholder: format!("<{placeholder}>"), meaning: meaning.to_owned(), is_fixed };
                names.push((value.to_owned(), known));
                if is_new(&names, &upper) {
                    let placeholder = format!("<{placeholder}-in-upper-case>");
                    names.push((upper, Known { placeholder, meaning: format!("{meaning}, in upper case"), is_fixed }));
                }
            }
        };
        for (names, label) in [(&world.key, "key"), (&world.other, "other-key")] {
            let Some(names) = names else { continue };
            let of = |what: &str| format!("{what} of the case's {}", label.replace('-', " "));
            let is_fixed = is_uuid(&names.id);
            let text = |arn: &Option<Arn>| arn.as_ref().map(Arn::to_string);
            add(&text(&names.arn).unwrap_or_default(), &format!("{label}-arn"), &of("the ARN"), false);
            add(&names.id, &format!("{label}-id"), &of("the id"), is_fixed);
            let shorter = names.id.get(..names.id.len().saturating_sub(1)).unwrap_or_default();
            add(shorter, &format!("{label}-id-less-a-digit"), &of("the id, less its last digit,"), false);
            add(&names.id.replace('-', ""), &format!("{label}-id-without-dashes"), &of("the id"), is_fixed);
            for (value, part, is_fixed) in [
                (text(&names.alias_arn), "alias-arn", false),
                (names.alias.clone(), "alias", false),
                (names.material_id.clone(), "material-id", true),
                (names.new_material_id.clone(), "new-material-id", true),
                (names.former_material_id.clone(), "former-material-id", true),
            ] {
                let what = format!("the {}", part.replace('-', " "));
                add(value.as_deref().unwrap_or_default(), &format!("{label}-{part}"), &of(&what), is_fixed);
            }
        }
        add(&world.absent.id, "absent-id", "the id of a key that does not exist", true);
        add(&world.absent.id.replace('-', ""), "absent-id-without-dashes", "the id of a key that does not exist", true);
        add(&world.run, "run", "the run's id", true);
        add(&world.host, "host", "the target's host", false);
        add(&world.other_host, "other-host", "the host of the second Region", false);
        add(world.account.as_deref().unwrap_or_default(), "account", "the caller's account", true);
        add(&world.region, "region", "the Region that requests are signed for", false);
        add(&world.other_region, "other-region", "some other Region", false);
        let (values, known): (Vec<String>, Vec<Known>) = names.into_iter().unzip();
        let search = Arc::default();
        Self { values, known, search, now, seen: HashMap::new(), counts: HashMap::new(), legend: Vec::new() }
    }

    /// The text with placeholders.
    pub fn normalise(&mut self, text: &str) -> String {
        self.replaced(text).0
    }

    /// The message with placeholders. A length that follows from what was replaced in the body is replaced too.
    pub fn message(&mut self, message: &Message) -> Message {
        let start = self.normalise(&message.start);
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in &message.headers {
            let is_id = REQUEST_IDS.contains(&name.to_ascii_lowercase().as_str()) && !is_uuid(value);
            let value = if is_id { self.numbered(Kind::RequestId, value) } else { self.normalise(value) };
            headers.push((self.normalise(name), value));
        }
        let mut framing = message.framing.clone();
        let body = message.body.as_deref().map(|body| {
            let (body, lengths) = self.replaced(&cut(body.to_owned(), READ));
            if lengths == Lengths::Vary {
                self.replace_length(&mut framing, &mut headers);
            }
            cut(body, KEPT)
        });
        Message { start, headers, framing: self.normalise(&framing), body }
    }

    /// What each placeholder that was used stands for, in the order of their first use.
    pub fn legend(&self) -> Vec<String> {
        self.legend.iter().map(|(placeholder, meaning)| format!("{placeholder}: {meaning}")).collect()
    }

    fn replace_length(&mut self, framing: &mut String, headers: &mut [(String, String)]) {
        let Some((front, rest)) = framing.strip_prefix("(body: ").and_then(|rest| rest.split_once(" bytes")) else {
            return;
        };
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("content-length") && value == front {
                LENGTH.clone_into(value);
            }
        }
        *framing = format!("(body: {LENGTH} bytes{rest}");
        self.explain(LENGTH, "the length of a body with values of varying length in it");
    }

    fn replaced(&mut self, text: &str) -> (String, Lengths) {
        let mut replaced = String::with_capacity(text.len());
        let mut lengths = Lengths::Fixed;
        let mut at = 0;
        let mut pattern = next(text, 0);
        let mut name = self.next_name(text, 0);
        loop {
            // What begins first counts, and where both begin, the value that has a name.
            while pattern.as_ref().is_some_and(|(range, _)| range.start < at) {
                pattern = next(text, at);
            }
            while name.as_ref().is_some_and(|(range, _)| range.start < at) {
                name = self.next_name(text, at);
            }
            let named_first = match (&name, &pattern) {
                (Some((name, _)), Some((pattern, _))) => name.start <= pattern.start,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => break,
            };
            let (range, placeholder, is_fixed) = if named_first {
                let Some((range, index)) = name.clone() else { break };
                let Known { placeholder, meaning, is_fixed } = self.known[index].clone();
                self.explain(&placeholder, &meaning);
                (range, placeholder, is_fixed)
            } else {
                let Some((range, found)) = pattern.clone() else { break };
                let (placeholder, is_fixed) = self.found(&text[range.clone()], found);
                (range, placeholder, is_fixed)
            };
            if !is_fixed {
                lengths = Lengths::Vary;
            }
            replaced.push_str(&text[at..range.start]);
            replaced.push_str(&placeholder);
            // An empty value still has to be left behind.
            if range.is_empty() {
                let next = text[range.end..].chars().next().map_or(1, char::len_utf8);
                replaced.push_str(text.get(range.end..range.end + next).unwrap_or_default());
                at = range.end + next;
            } else {
                at = range.end;
            }
            if at >= text.len() {
                break;
            }
        }
        replaced.push_str(text.get(at..).unwrap_or_default());
        (replaced, lengths)
    }

    /// The next value that has a name.
    fn next_name(&self, text: &str, from: usize) -> Option<(Range<usize>, usize)> {
        let search = self.search.get_or_init(|| Search::of(&self.values));
        let mut from = from;
        loop {
            let (range, number) = search.find(&self.values, text, from)?;
            if self.values[number].len() >= SHORT || is_word(text, &range) {
                return Some((range, number));
            }
            from = range.start + 1;
        }
    }

    fn found(&mut self, value: &str, found: &Found) -> (String, bool) {
        match found {
            Found::Value(kind) => (self.numbered(*kind, value), kind.is_fixed()),
            Found::Moment(form) => match moment::placeholder(*form, value, self.now) {
                Some(placeholder) => {
                    self.explain(&placeholder, "a moment, by its distance from the present in whole days");
                    (placeholder, *form != moment::Form::Epoch)
                }
                None => (value.to_owned(), true),
            },
        }
    }

    fn numbered(&mut self, kind: Kind, value: &str) -> String {
        let counts = &mut self.counts;
        let number = *self.seen.entry((kind, value.to_owned())).or_insert_with(|| {
            let count = counts.entry(kind).or_default();
            *count += 1;
            *count
        });
        let placeholder = format!("<{}-{number}>", kind.word());
        self.explain(&placeholder, kind.meaning());
        placeholder
    }

    fn explain(&mut self, placeholder: &str, meaning: &str) {
        if self.legend.iter().all(|(known, _)| known != placeholder) {
            self.legend.push((placeholder.to_owned(), meaning.to_owned()));
        }
    }
}

/// Finds values in a text: of those that begin first, the longest. Each case has its own values and little text, so that an
/// automaton would take longer to make than all that it finds.
#[derive(Clone, Debug)]
struct Search {
    /// The numbers of the values that begin with this byte, the longest first.
    by_first: [Vec<u16>; 256],
}

impl Search {
    fn of(values: &[String]) -> Self {
        let mut by_first = [const { Vec::new() }; 256];
        for (number, value) in values.iter().enumerate() {
            if let (Some(first), Ok(number)) = (value.bytes().next(), u16::try_from(number)) {
                by_first[usize::from(first)].push(number);
            }
        }
        for numbers in &mut by_first {
            numbers.sort_by_key(|number| std::cmp::Reverse(values[usize::from(*number)].len()));
        }
        Self { by_first }
    }

    /// The place of the next value, and its number.
    fn find(&self, values: &[String], text: &str, from: usize) -> Option<(Range<usize>, usize)> {
        let bytes = text.as_bytes();
        (from..bytes.len()).find_map(|at| {
            let begins = |number: &usize| bytes[at..].starts_with(values[*number].as_bytes());
            let number =
                self.by_first[usize::from(bytes[at])].iter().map(|number| usize::from(*number)).find(begins)?;
            Some((at..at + values[number].len(), number))
        })
    }
}

/// Whether the lengths of what was replaced are the same in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lengths {
    Fixed,
    Vary,
}

fn is_uuid(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok() && text.len() == 36
}

/// Whether no letter or digit stands beside a range.
fn is_word(text: &str, range: &Range<usize>) -> bool {
    let before = text[..range.start].chars().next_back();
    let after = text[range.end..].chars().next();
    [before, after].into_iter().flatten().all(|letter| !letter.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::KeyNames;

    fn normaliser(world: &World) -> Normaliser {
        Normaliser::new(world, Some(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_767_225_600)))
    }

    #[test]
    fn one_value_is_one_placeholder_and_two_values_are_two() {
        let text = normaliser(&World::default()).normalise(
            "0b7fd7dd-0000-4000-8000-000000000001 0b7fd7dd-0000-4000-8000-000000000002 0b7fd7dd-0000-4000-8000-000000000001",
        );
        assert_eq!(text, "<uuid-1> <uuid-2> <uuid-1>");
    }

    #[test]
    fn an_arn_is_replaced_before_the_id_inside_it() {
        let key = KeyNames::of("k-1", "arn:aws:kms:r:111122223333:key/k-1".parse().expect("an ARN"));
        let mut normaliser = normaliser(&World { key: Some(key), ..World::default() });
        assert_eq!(normaliser.normalise("arn:aws:kms:r:111122223333:key/k-1 and k-1"), "<key-arn> and <key-id>");
        // Its own placeholders are not looked into, and neither are words.
        assert_eq!(normaliser.normalise("k-1k k-1"), "k-1k <key-id>");
        assert_eq!(normaliser.legend().len(), 2);
    }

    #[test]
    fn every_kind_has_a_placeholder_of_its_own() {
        let world = World {
            account: Some("111122223333".into()),
            region: "us-east-2".into(),
            other_region: "us-west-2".into(),
            host: "kms.us-east-2.amazonaws.com".into(),
            ..World::default()
        };
        let mut normaliser = normaliser(&world);
        for (text, expected) in [
            ("kms.us-east-2.amazonaws.com", "<host>"),
            ("arn:aws:kms:us-west-2:111122223333:key/x", "arn:aws:kms:<other-region>:<account>:key/x"),
            ("arn:aws:iam::444455556666:user/jane.doe is", "arn:aws:iam::<other-account-1>:user/<principal-1> is"),
            ("444455556666 777788889999", "<other-account-1> <other-account-2>"),
            ("mrk-0123456789abcdef0123456789abcdef", "<multi-region-key-id-1>"),
            (
                r#"{"Mac":"a","Signature":"b","Mac": "a"}"#,
                r#"{"Mac":"<blob-1>","Signature":"<blob-2>","Mac": "<blob-1>"}"#,
            ),
            ("20260101T000000Z 20150830T123600Z", "<date-time> 20150830T123600Z"),
            ("1767830400.25", "<time+7d>"),
            ("AKID%2F20260101%2Fus-east-2%2Fkms", "AKID%2F<date>%2F<region>%2Fkms"),
        ] {
            assert_eq!(normaliser.normalise(text), expected);
        }
    }

    #[test]
    fn a_length_that_follows_from_what_was_replaced_is_replaced() {
        let message = |value: &str| Message {
            start: "HTTP/1.1 200 OK".into(),
            headers: vec![("Content-Length".into(), value.len().to_string()), ("X-Amzn-RequestId".into(), "AB".into())],
            framing: format!("(body: {} bytes, content-length)", value.len()),
            body: Some(value.to_owned()),
        };
        let mut normaliser = normaliser(&World::default());
        let varies = normaliser.message(&message(r#"{"Mac":"abc"}"#));
        assert_eq!(varies.framing, "(body: <length> bytes, content-length)");
        assert_eq!(varies.headers[0].1, "<length>");
        assert_eq!(varies.headers[1].1, "<request-id-1>");
        let fixed = normaliser.message(&message(r#"{"x":"0b7fd7dd-0000-4000-8000-000000000001"}"#));
        assert_eq!(fixed.framing, "(body: 44 bytes, content-length)");
        // A length that is wrong stays what it is.
        let mut wrong = message(r#"{"Mac":"abc"}"#);
        wrong.headers[0].1 = "99".into();
        assert_eq!(normaliser.message(&wrong).headers[0].1, "99");
    }
}
