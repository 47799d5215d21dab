//! Differences from a baseline or from another target, grouped: one entry for what changed, with its cases.

use super::differential::{CaseDifference, SideCause};
use crate::baseline::Difference;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Fields that differ from the recordings in the same way in the same cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DriftCause {
    /// What changed, in a few words, such as `status 400 → 409`.
    pub sentence: String,
    /// The fields.
    pub fields: Vec<Difference>,
    /// The cases, in the order of the corpus.
    pub cases: Vec<String>,
}

/// The drift of these cases, most cases first.
pub(super) fn drift_causes<'a>(cases: impl IntoIterator<Item = (&'a str, &'a [Difference])>) -> Vec<DriftCause> {
    grouped(cases)
        .into_iter()
        .map(|(fields, cases)| DriftCause {
            sentence: sentence(fields.iter().map(|field| Field::of(&field.place, &field.recorded, &field.found)), "→"),
            fields,
            cases,
        })
        .collect()
}

/// The differences of these cases between two targets, most cases first.
pub(super) fn side_causes(cases: &[CaseDifference]) -> Vec<SideCause> {
    grouped(cases.iter().map(|case| (case.case.as_str(), case.differences.as_slice())))
        .into_iter()
        .map(|(fields, cases)| SideCause {
            sentence: sentence(fields.iter().map(|field| Field::of(&field.place, &field.left, &field.right)), "≠"),
            fields,
            cases,
        })
        .collect()
}

/// Cases with their numbers.
type Cases<'a> = Vec<(usize, &'a str)>;

/// The fields with their cases, where fields that differ in exactly the same cases are one entry.
fn grouped<'a, F: Ord + Clone + 'a>(cases: impl IntoIterator<Item = (&'a str, &'a [F])>) -> Vec<(Vec<F>, Vec<String>)> {
    // By their first appearance, so that the fields of an entry keep the order in which a person reads an exchange.
    let mut numbers: BTreeMap<&F, usize> = BTreeMap::new();
    let mut fields: Vec<(&F, Cases<'_>)> = Vec::new();
    for (number, (case, differences)) in cases.into_iter().enumerate() {
        for field in differences {
            let at = *numbers.entry(field).or_insert_with(|| {
                fields.push((field, Vec::new()));
                fields.len() - 1
            });
            if fields[at].1.last() != Some(&(number, case)) {
                fields[at].1.push((number, case));
            }
        }
    }
    let mut entries: Vec<(Vec<F>, Cases<'_>)> = Vec::new();
    for (field, cases) in fields {
        match entries.iter_mut().find(|(_, others)| *others == cases) {
            Some((fields, _)) => fields.push(field.clone()),
            None => entries.push((vec![field.clone()], cases)),
        }
    }
    entries.sort_by_key(|(_, cases)| (Reverse(cases.len()), cases[0].0));
    entries
        .into_iter()
        .map(|(fields, cases)| (fields, cases.into_iter().map(|(_, case)| case.to_owned()).collect()))
        .collect()
}

/// A field that differs, and its two values.
struct Field<'a> {
    place: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

impl<'a> Field<'a> {
    fn of(place: &'a str, before: &'a Option<String>, after: &'a Option<String>) -> Self {
        Self { place, before: before.as_deref(), after: after.as_deref() }
    }

    /// The two status codes, if the field is the first line of an answer and they differ.
    fn statuses(&self) -> Option<(&'a str, &'a str)> {
        let status = |line: Option<&'a str>| line?.strip_prefix("HTTP/")?.split(' ').nth(1);
        let (before, after) = (status(self.before)?, status(self.after)?);
        (self.place.ends_with("answer: first line") && before != after).then_some((before, after))
    }
}

/// The first field of an entry in words; a status counts before other fields.
fn sentence<'a>(fields: impl Iterator<Item = Field<'a>>, between: &str) -> String {
    let fields: Vec<Field<'_>> = fields.collect();
    if let Some((before, after)) = fields.iter().find_map(Field::statuses) {
        return format!("status {before} {between} {after}");
    }
    let Some(first) = fields.first() else { return String::new() };
    let value = |value: Option<&str>| value.unwrap_or("absent").to_owned();
    let more = if fields.len() > 1 { format!(", and {} more fields", fields.len() - 1) } else { String::new() };
    format!("{}: {} {between} {}{more}", first.place, value(first.before), value(first.after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(place: &str, recorded: &str, found: &str) -> Difference {
        let value = |value: &str| (value != "-").then(|| value.to_owned());
        Difference { place: place.to_owned(), recorded: value(recorded), found: value(found) }
    }

    #[test]
    fn what_changed_alike_is_one_entry_with_its_cases() {
        let line = || field("judged, answer: first line", "HTTP/1.1 400 Bad Request", "HTTP/1.1 409 Conflict");
        let length = || field("judged, answer: length and framing", "a", "b");
        let cases = [
            ("a", vec![field("judged, answer: header `via`", "-", "x"), line(), length()]),
            ("b", vec![line(), length()]),
            ("c", vec![length(), line(), field("body", "1", "2")]),
        ];
        let causes = drift_causes(cases.iter().map(|(case, fields)| (*case, fields.as_slice())));
        let told: Vec<_> = causes.iter().map(|cause| (cause.sentence.as_str(), cause.cases.join(" "))).collect();
        assert_eq!(
            told,
            [
                ("status 400 → 409", "a b c".to_owned()),
                ("judged, answer: header `via`: absent → x", "a".to_owned()),
                ("body: 1 → 2", "c".to_owned()),
            ]
        );
        assert_eq!(causes[0].fields, [line(), length()]);
    }

    #[test]
    fn the_same_place_with_other_values_is_another_entry() {
        let cases = [("a", vec![field("x", "1", "2")]), ("b", vec![field("x", "1", "3")])];
        let causes = drift_causes(cases.iter().map(|(case, fields)| (*case, fields.as_slice())));
        assert_eq!(causes.len(), 2);
        let same = field("judged, answer: first line", "HTTP/1.1 200 OK", "HTTP/1.1 200 Fine");
        let cases = [("a", vec![same, field("y", "1", "-")])];
        let causes = drift_causes(cases.iter().map(|(case, fields)| (*case, fields.as_slice())));
        assert_eq!(
            causes[0].sentence,
            "judged, answer: first line: HTTP/1.1 200 OK → HTTP/1.1 200 Fine, and 1 more fields"
        );
    }
}
