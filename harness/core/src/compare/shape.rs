//! The rules that hold for every answer, whatever the case.

use super::answer::{describe, describe_body, status_and_type};
use super::fact::Fact as FactOf;
use super::mismatch::{Mismatch, What};
use super::place::Place;
use crate::fixture::{Corpus, ErrorScope, HeaderRule, MessageMember, Moment, Reach, Rule, ShapeRule};
use crate::observe::{Body, Carrier, Message, Observation};
use crate::send::{Fault, Response, ResponseFraming, SendError};
use crate::text::TargetText;
use serde_json::Value;
use std::time::{Duration, SystemTime};

type Fact = FactOf<TargetText>;

const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// How far a date may be from the time of its answer: more than clocks differ between which signatures are taken, less than
/// two time zones do.
const NOW: Duration = Duration::from_secs(15 * 60);

/// Judges an answer by the rules for every answer. An answer that nobody could claim for the protocol (`Claimed::No`:
/// a wrong method, path or content type) is only judged by the rules of HTTP.
pub fn every_answer(
    corpus: &Corpus,
    response: &Response,
    observation: &Observation,
    claimed: Claimed,
) -> Vec<Mismatch> {
    let mut mismatches = Vec::new();
    let mut differ = |rule: ShapeRule, what: What, expected: Fact, found: Fact| {
        if let Some(shape) = corpus.shape(rule) {
            mismatches.push(Mismatch::of_shape(shape, what, expected, found));
        }
    };
    if let ResponseFraming::Ambiguous(why) = &response.framing {
        differ(
            ShapeRule::FramingIsValid,
            What::Framing,
            Fact::words("one length that all headers agree on"),
            Fact::Said { text: why.flat() },
        );
    }
    if response.leftover > 0 {
        differ(
            ShapeRule::FramingIsValid,
            What::Framing,
            Fact::words("nothing behind the body"),
            Fact::words(format!("{} bytes", response.leftover)),
        );
    }
    let known = observation.error_name().and_then(|name| corpus.error(name));
    let has_500 = known.is_some_and(|error| error.status.contains(&observation.status));
    if observation.status >= 500 && !has_500 {
        differ(ShapeRule::NoServerFault, What::Status, Fact::words("no server fault"), describe(observation));
    }
    if claimed == Claimed::No {
        return mismatches;
    }
    if !observation.is_success() {
        error(corpus, observation, &mut differ);
        mismatches.extend(status_of_type(corpus, observation));
    }
    for rule in &corpus.headers {
        mismatches.extend(header(rule, observation));
    }
    mismatches
}

/// A status that is not that of the error's type. The page gives the status of the operation's errors only; that of a
/// common one rests on the error's own passages, and counts for no more than these carry.
fn status_of_type(corpus: &Corpus, observation: &Observation) -> Option<Mismatch> {
    let shape = corpus.shape(ShapeRule::ErrorStatusFitsType)?;
    let known = corpus.error(observation.error_name()?)?;
    if known.scope == ErrorScope::Lifecycle || known.status.contains(&observation.status) {
        return None;
    }
    let codes = known.statuses();
    let expected = Fact::words(format!("{codes} for this type"));
    let mut mismatch = Mismatch::of_shape(shape, What::Status, expected, status_and_type(observation));
    if known.scope == ErrorScope::Common {
        mismatch.level = shape.level.min(corpus.carried(&known.supports, Reach::Front));
        mismatch.supports.clone_from(&known.supports);
        mismatch.clauses.clone_from(&known.clauses);
    }
    Some(mismatch)
}

/// Whether the front door could tell that a request was for this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It could.
    Yes,
    /// It could not.
    No,
}

/// The mismatch of an exchange that brought no whole answer, if that is the target's fault.
pub fn transport(corpus: &Corpus, error: &SendError) -> Option<Mismatch> {
    if error.fault() != Fault::Target {
        return None;
    }
    let shape = corpus.shape(ShapeRule::AnswerIsWhole)?;
    Some(Mismatch::of_shape(
        shape,
        What::Transport,
        Fact::words("a whole answer in HTTP"),
        Fact::Said { text: error.text().flat() },
    ))
}

fn error(corpus: &Corpus, observation: &Observation, differ: &mut impl FnMut(ShapeRule, What, Fact, Fact)) {
    let body = || Fact::Body { body: describe_body(observation) };
    if !matches!(observation.body, Body::Json(Value::Object(_))) {
        differ(ShapeRule::ErrorIsObject, What::ErrorShape, Fact::words("a JSON object"), body());
    }
    if let Body::Json(Value::Object(members)) = &observation.body {
        const KNOWN: [&str; 4] = ["__type", "code", "message", "Message"];
        let further = members.keys().filter(|name| !KNOWN.contains(&name.as_str()));
        let further: Vec<TargetText> = further.map(|name| TargetText::new(name.as_str())).collect();
        if !further.is_empty() {
            let expected = Fact::words("no members but the error's type and its message");
            differ(ShapeRule::ErrorMembers, What::ErrorShape, expected, Fact::Values { values: further });
        }
    }
    let Some(found) = &observation.error else {
        differ(ShapeRule::ErrorHasType, What::ErrorShape, Fact::words("the error's type in `__type`"), body());
        return;
    };
    let known = corpus.error(found.name.raw());
    if known.is_none_or(|shape| shape.scope == ErrorScope::Lifecycle) {
        differ(
            ShapeRule::ErrorTypeIsKnown,
            What::ErrorType,
            Fact::words("one of the operation's six types or a common one"),
            Fact::ErrorType { name: found.name.clone() },
        );
    }
    if found.carrier != Carrier::DunderType {
        differ(
            ShapeRule::TypeInDunderType,
            What::ErrorShape,
            Fact::words("the type in `__type`"),
            Fact::words(format!("in `{}`", found.carrier.as_str())),
        );
    }
    if found.raw != found.name {
        differ(
            ShapeRule::TypeIsBare,
            What::ErrorShape,
            Fact::value(found.name.clone()),
            Fact::value(found.raw.clone()),
        );
    }
    match &observation.message {
        Message::NotString(value) => differ(
            ShapeRule::MessageIsString,
            What::ErrorShape,
            Fact::words("a message that is a string"),
            Fact::value(value.clone()),
        ),
        Message::Absent | Message::Upper(_) if known.is_some_and(|shape| shape.message == MessageMember::Lower) => {
            let found = if observation.message == Message::Absent { Fact::Absent } else { Fact::words("`Message`") };
            differ(ShapeRule::MessageIsLowerCase, What::ErrorShape, Fact::words("the member `message`"), found);
        }
        _ => {}
    }
}

fn header(rule: &HeaderRule, observation: &Observation) -> Option<Mismatch> {
    let covers = match rule.on {
        Moment::Always => true,
        Moment::Success => observation.is_success(),
        Moment::Error => !observation.is_success(),
    };
    if !covers {
        return None;
    }
    let name = rule.name.get_ref();
    let values: Vec<String> = observation
        .headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.text().into_owned())
        .collect();
    let wanted = rule.value.as_deref().unwrap_or_default();
    let (expected, fits): (Fact, fn(&str, &str) -> bool) = match rule.rule {
        Rule::Uuid => (Fact::words("a UUID"), |value, _| value.len() == 36 && uuid::Uuid::try_parse(value).is_ok()),
        Rule::HttpDate => (Fact::words("a date as in `Sun, 06 Nov 1994 08:49:37 GMT`"), |value, _| is_http_date(value)),
        Rule::Equals => (Fact::value(TargetText::new(wanted)), str::eq),
        Rule::MediaType => (Fact::about("the media type", TargetText::new(wanted)), is_media_type),
        Rule::Absent => (Fact::words("no such header"), |_, _| false),
        // That needs to know the time.
        Rule::Now => return None,
    };
    let is_right = match values.as_slice() {
        [] => rule.rule == Rule::Absent,
        [value] => fits(value, wanted),
        _ => false,
    };
    if is_right {
        return None;
    }
    Some(Mismatch {
        what: What::Header,
        place: Place::Header { name: name.clone() },
        expected,
        found: match values.is_empty() {
            true => Fact::Absent,
            false => Fact::Values { values: values.into_iter().map(TargetText::new).collect() },
        },
        clauses: rule.clauses.clone(),
        supports: rule.supports.clone(),
        level: rule.level,
        hint: None,
    })
}

/// Headers that tell another time than this one, at which the answer came. What is no date is a mismatch of another rule.
pub fn wrong_times(corpus: &Corpus, observation: &Observation, now: SystemTime) -> Vec<Mismatch> {
    corpus
        .headers
        .iter()
        .filter(|rule| rule.rule == Rule::Now)
        .filter_map(|rule| wrong_time(rule, observation, now))
        .collect()
}

fn wrong_time(rule: &HeaderRule, observation: &Observation, now: SystemTime) -> Option<Mismatch> {
    let value = observation.header(rule.name.get_ref()).filter(|value| is_http_date(value))?;
    let theirs = jiff::fmt::rfc2822::parse(value).ok()?;
    let ours = jiff::Timestamp::try_from(now).ok()?;
    if ours.duration_since(theirs.timestamp()).unsigned_abs() <= NOW {
        return None;
    }
    Some(Mismatch {
        what: What::Header,
        place: Place::Header { name: rule.name.get_ref().clone() },
        expected: Fact::words(format!("the time of the answer, give or take {} minutes", NOW.as_secs() / 60)),
        found: Fact::value(TargetText::new(value)),
        clauses: rule.clauses.clone(),
        supports: rule.supports.clone(),
        level: rule.level,
        hint: None,
    })
}

/// Whether a value is of this media type: letters count in any case, and parameters do not change the type.
fn is_media_type(value: &str, wanted: &str) -> bool {
    value.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(wanted))
}

/// Whether a value is an IMF-fixdate, the one form that may be sent.
fn is_http_date(value: &str) -> bool {
    jiff::civil::DateTime::strptime(HTTP_DATE, value).is_ok_and(|date| date.strftime(HTTP_DATE).to_string() == value)
}

#[cfg(test)]
mod tests {
    use super::{is_http_date, is_media_type, wrong_times};
    use crate::test_support::{CORPUS, answer};
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_date_in_another_zone_is_not_the_time_of_the_answer() {
        // 1_700_000_000 seconds.
        let response = answer(400, &[("date", "Tue, 14 Nov 2023 22:13:20 GMT")], b"{}");
        let observation = crate::observe::observe(&response);
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for seconds in [1_700_000_000, 1_700_000_900, 1_699_999_100] {
            assert_eq!(wrong_times(&CORPUS, &observation, at(seconds)), [], "{seconds}");
        }
        for seconds in [1_700_000_901, 1_699_999_099, 1_700_018_000] {
            assert_eq!(wrong_times(&CORPUS, &observation, at(seconds)).len(), 1, "{seconds}");
        }
    }

    #[test]
    fn a_media_type_is_read_in_any_case_and_without_its_parameters() {
        for value in ["a/b", "A/B", "a/b; charset=utf-8", "a/b;"] {
            assert!(is_media_type(value, "a/b"), "{value}");
        }
        for value in ["a/bc", "a", "", "; a/b", "x; a/b"] {
            assert!(!is_media_type(value, "a/b"), "{value}");
        }
    }

    #[test]
    fn only_the_fixed_form_is_a_date() {
        assert!(is_http_date("Sun, 06 Nov 1994 08:49:37 GMT"));
        for wrong in
            ["Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Mon, 06 Nov 1994 08:49:37 GMT", "0", ""]
        {
            assert!(!is_http_date(wrong), "{wrong}");
        }
    }
}
