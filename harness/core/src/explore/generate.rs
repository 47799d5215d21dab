//! Generates trials. Each choice lists simple values first, because a failure shrinks towards them.

use super::trial::{Move, Relation, Trial};
use crate::fixture::{
    Auth, Connection, Edition, Mutation, NameCase, Operation, Order, PrincipalName, RequestChange, RequestFraming,
};
use proptest::prelude::*;
use proptest::sample::select;

/// The parts of a target that a trial can use.
#[derive(Clone, Debug)]
pub(super) struct Grammar {
    /// The operation under test. Near misses are derived from it.
    pub(super) operation: Operation,
    /// Ids of the preconditions that both sides can create.
    pub(super) starts: Vec<String>,
    /// Those preconditions whose key belongs to the caller and is in the called Region.
    pub(super) own: Vec<String>,
    /// The principals that can sign on both sides.
    pub(super) principals: Vec<PrincipalName>,
    pub(super) edition: Edition,
}

/// Generates a trial.
pub(super) fn trial(grammar: &Grammar) -> BoxedStrategy<Trial> {
    let starts = grammar.starts.clone();
    let usual = starts.first().cloned().unwrap_or_default();
    let start = prop_oneof![2 => Just(usual), 3 => select(starts)].boxed();
    // A key of another account may be denied by its ARN and not found by its id.
    let own = select(grammar.own.clone()).boxed();
    let one = |start: BoxedStrategy<String>, change: BoxedStrategy<RequestChange>| {
        (start, change).prop_map(|(start, change)| Trial {
            start,
            relation: Relation::Model,
            steps: vec![Move::Delete(Box::new(change))],
        })
    };
    prop_oneof![
        16 => one(start.clone(), request(grammar)),
        2 => fitting(grammar),
        8 => (start, sequence(grammar)).prop_map(|(start, steps)| Trial {
            start,
            relation: Relation::Model,
            steps,
        }),
        2 => (own.clone(), harmless(&grammar.operation)).prop_map(|(start, change)| Trial {
            start,
            relation: Relation::Plain,
            steps: vec![Move::Delete(Box::new(change))],
        }),
        1 => (own.clone(), orders(grammar)).prop_map(|(start, pair)| Trial {
            start,
            relation: Relation::Plain,
            steps: pair.map(|change| Move::Delete(Box::new(change))).to_vec(),
        }),
        1 => (own.clone(), request(grammar)).prop_map(|(start, change)| Trial {
            start,
            relation: Relation::Unchanged,
            steps: vec![Move::Delete(Box::new(change))],
        }),
        1 => own.prop_map(|start| Trial {
            start,
            relation: Relation::Again,
            steps: vec![Move::delete(), Move::ImportSame, Move::delete()],
        }),
    ]
    .boxed()
}

/// Requests that are useful for certain keys only, each with such a key.
fn fitting(grammar: &Grammar) -> BoxedStrategy<Trial> {
    let named = |id: &str| with(|change| change.key_id = Some(id.to_owned()));
    let material = |id: &str| {
        with(|change| {
            let pattern = format!("{{@member@,\"@material@\":\"{{{{ {id} }}}}\"}}");
            change.body = Some(filled(&grammar.operation, &pattern));
        })
    };
    let pairs = [
        ("with-alias", named("{{ key.alias }}")),
        ("with-alias", named("{{ key.alias_arn }}")),
        ("elsewhere", named("{{ key.arn }}")),
        ("foreign", named("{{ key.arn }}")),
        ("pending-rotation", RequestChange::default()),
        ("pending-rotation", material("key.material_id")),
        ("pending-rotation", material("key.new_material_id")),
        ("imported-symmetric", named("{{ key.id }}")),
        ("imported-hmac", RequestChange::default()),
        ("imported-ecc", RequestChange::default()),
    ];
    let can = |(start, _): &(&str, RequestChange)| grammar.starts.iter().any(|known| known == start);
    let pairs: Vec<(&str, RequestChange)> = pairs.into_iter().filter(can).collect();
    let usual = grammar.starts.first().cloned().unwrap_or_default();
    let choice = match pairs.is_empty() {
        true => Just((usual, RequestChange::default())).boxed(),
        false => select(pairs).prop_map(|(start, change)| (start.to_owned(), change)).boxed(),
    };
    let after = select(vec![Move::Use, Move::ImportSame, Move::Describe, Move::Decrypt]);
    (choice, proptest::collection::vec(after, 0..4))
        .prop_map(|((start, change), after)| {
            let mut steps = vec![Move::Delete(Box::new(change))];
            steps.extend(after);
            Trial { start, relation: Relation::Model, steps }
        })
        .boxed()
}

/// Calls before the operation under test, the operation, and calls after it.
fn sequence(grammar: &Grammar) -> BoxedStrategy<Vec<Move>> {
    let before = proptest::collection::vec(
        select(vec![Move::Disable, Move::Schedule, Move::Enable, Move::Cancel, Move::delete(), Move::ImportSame]),
        0..3,
    );
    let after = proptest::collection::vec(
        select(vec![
            Move::Use,
            Move::Describe,
            Move::Decrypt,
            Move::ImportSame,
            // A trial imports key material to see whether the key works again.
            Move::ImportSame,
            Move::ImportOther,
            Move::delete(),
            Move::Enable,
            Move::Cancel,
            Move::Disable,
            Move::Schedule,
        ]),
        0..4,
    );
    let middle = prop_oneof![3 => Just(RequestChange::default()), 1 => request(grammar)];
    (before, middle, after)
        .prop_map(|(mut steps, change, after)| {
            steps.push(Move::Delete(Box::new(change)));
            steps.extend(after);
            steps
        })
        .boxed()
}

fn with(change: impl FnOnce(&mut RequestChange)) -> RequestChange {
    let mut changes = RequestChange::default();
    change(&mut changes);
    changes
}

/// One request, usually with one change.
fn request(grammar: &Grammar) -> BoxedStrategy<RequestChange> {
    prop_oneof![
        1 => Just(RequestChange::default()),
        4 => identifier().prop_map(|text| with(|change| change.key_id = Some(text))),
        4 => body(grammar).prop_map(|text| with(|change| change.body = Some(text))),
        1 => bytes(&grammar.operation).prop_map(|hex| with(|change| change.body_hex = Some(hex))),
        5 => protocol(&grammar.operation),
        8 => authentication(grammar),
        1 => (identifier(), harmless(&grammar.operation)).prop_map(|(text, mut change)| {
            if change.body.is_none() {
                change.key_id = Some(text);
            }
            change
        }),
    ]
    .boxed()
}

/// Fills the words of the operation into a pattern. `@body@` is the body of the base request, and `@member@` is its
/// content without the braces. `@key@` and `@material@` are the names of the members for the key and the key material.
fn filled(operation: &Operation, pattern: &str) -> String {
    let body = operation.body_for("{{ key.id }}");
    let member = body.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(&body);
    let pattern = pattern.replace("@body@", &body).replace("@member@", member);
    pattern.replace("@key@", &operation.key_member).replace("@material@", &operation.material_member)
}

/// The same as [`filled`], for several patterns.
fn all_filled(operation: &Operation, patterns: &[&str]) -> Vec<String> {
    patterns.iter().map(|pattern| filled(operation, pattern)).collect()
}

/// The name with a changed first letter.
fn first_letter(name: &str, change: impl Fn(char) -> String) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| change(first) + letters.as_str())
}

/// The name with a lower-case first letter.
fn begun_low(name: &str) -> String {
    first_letter(name, |letter| letter.to_lowercase().to_string())
}

/// The name without its last letter.
fn shortened(name: &str) -> &str {
    name.char_indices().next_back().map_or("", |(at, _)| &name[..at])
}

/// Names that almost match the name of a member.
fn near_names(name: &str) -> Vec<String> {
    let last = name[shortened(name).len()..].to_uppercase();
    let in_snake_case = name.chars().enumerate().fold(String::new(), |so_far, (at, letter)| {
        let bar = if at > 0 && letter.is_uppercase() { "_" } else { "" };
        format!("{so_far}{bar}{}", letter.to_lowercase())
    });
    vec![
        begun_low(name),
        name.to_lowercase(),
        name.to_uppercase(),
        format!("{}{last}", shortened(name)),
        format!(" {name}"),
        format!("{name} "),
        first_letter(&name.to_lowercase(), |letter| letter.to_uppercase().to_string()),
        in_snake_case,
    ]
}

/// Text that the template engine leaves unchanged.
fn literal(text: &str) -> String {
    text.replace('{', "{{ '{' }}")
}

/// Values that name a key: valid forms and near misses.
const FORMS: &[&str] = &[
    "{{ key.id }}",
    "{{ key.arn }}",
    "{{ absent.id }}",
    "{{ key.arn | replace(key.id, absent.id) }}",
    "{{ key.id | upper }}",
    "{{ key.arn | upper }}",
    " {{ key.id }}",
    "{{ key.id }} ",
    "{{ key.arn }} ",
    "{{ key.id | replace('-', '') }}",
    "key/{{ key.id }}",
    "{{ key.alias }}",
    "{{ key.alias_arn }}",
    "alias/{{ key.id }}",
    "alias/trentcheck-none",
    "mrk-{{ absent.id | replace('-', '') }}",
    "{{ key.id[:35] }}",
    "{{ key.id }}0",
    "",
];

/// The parts of an ARN, each with values that can replace it.
const PARTS: [(&str, &[&str]); 7] = [
    ("{{ partition }}", &["aws-cn", "aws-us-gov", ""]),
    ("kms", &["s3", "KMS", ""]),
    ("{{ region }}", &["{{ other_region }}", "", "nowhere-1"]),
    ("{{ account }}", &["999999999999", "000000000001", ""]),
    ("key/", &["alias/", "Key/", "key:", ""]),
    ("{{ key.id }}", &["{{ absent.id }}", "{{ key.id | upper }}", ""]),
    ("", &[":1", "/1", " ", "*"]),
];

/// The value of KeyId: valid forms, near misses, other lengths and arbitrary text.
fn identifier() -> BoxedStrategy<String> {
    let written = |parts: [&str; 7]| {
        let [partition, service, region, account, kind, id, tail] = parts;
        format!("arn:{partition}:{service}:{region}:{account}:{kind}{id}{tail}")
    };
    let places: Vec<(usize, &str)> =
        PARTS.iter().enumerate().flat_map(|(at, (_, others))| others.iter().map(move |other| (at, *other))).collect();
    let one_wrong = select(places.clone()).prop_map(move |(at, other)| {
        let mut parts = PARTS.map(|(usual, _)| usual);
        parts[at] = other;
        written(parts)
    });
    let some_wrong = proptest::collection::vec(select(places), 0..4).prop_map(move |wrong| {
        let mut parts = PARTS.map(|(usual, _)| usual);
        wrong.into_iter().for_each(|(at, other)| parts[at] = other);
        written(parts)
    });
    // These letters cannot occur in an id.
    let near = (0_usize..36, select(vec!['g', 'z', 'é']))
        .prop_map(|(at, letter)| format!("{{{{ key.id[:{at}] }}}}{letter}{{{{ key.id[{}:] }}}}", at + 1));
    let edges =
        (select(vec![2048_usize, 2049]), select(vec!["0", "a"])).prop_map(|(length, letter)| letter.repeat(length));
    let lengths =
        (select(vec![1_usize, 2, 35, 37, 255, 256, 2047, 2048, 2049, 4096]), select(vec!["0", "a", "é", " ", "/"]))
            .prop_map(|(length, letter)| letter.repeat(length));
    prop_oneof![
        6 => select(FORMS).prop_map(str::to_owned),
        5 => one_wrong,
        1 => some_wrong,
        1 => near,
        2 => lengths,
        1 => edges,
        1 => "\\PC{0,12}".prop_map(|text| literal(&text)),
    ]
    .boxed()
}

/// JSON text that is not a string.
fn value(operation: &Operation) -> BoxedStrategy<String> {
    let words = [
        "null",
        "true",
        "false",
        "1",
        "0",
        "-1",
        "1.5",
        "1e400",
        "12345678901234567890",
        "[]",
        "{}",
        "\"\"",
        "[\"{{ key.id }}\"]",
        "@body@",
        "{\"a\":\"{{ key.id }}\"}",
        "[null]",
        "[[]]",
    ];
    let nested = (1_usize..40).prop_map(|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    let long = (1_usize..6).prop_map(|size| format!("\"{}\"", "x".repeat(size * 1000)));
    prop_oneof![8 => select(all_filled(operation, &words)), 1 => nested, 1 => long].boxed()
}

/// JSON text that every parser accepts.
fn small_value(operation: &Operation) -> BoxedStrategy<String> {
    let words = ["1", "null", "true", "\"x\"", "[]", "{}", "[1,[2]]", "{\"@key@\":1}", "-1.5"];
    select(all_filled(operation, &words)).boxed()
}

/// Patterns of bodies that are not an object with a key member, or not valid JSON.
const SYNTAX: &[&str] = &[
    "{}",
    "",
    " ",
    "[]",
    "[@body@]",
    "null",
    "true",
    "1",
    "\"{{ key.id }}\"",
    "\u{feff}@body@",
    "{@member@",
    "{\"@key@\":\"{{ key.id }}",
    "{@member@,}",
    "@body@ x",
    "@body@{}",
    "@body@}",
    "{'@key@':'{{ key.id }}'}",
    "{@key@:\"{{ key.id }}\"}",
    "{\"@key@\"=\"{{ key.id }}\"}",
    "// x\n@body@",
    "@key@={{ key.id }}",
    "<@key@>{{ key.id }}</@key@>",
];

/// The text of the request's body: near misses of a correct body.
fn body(grammar: &Grammar) -> BoxedStrategy<String> {
    let Grammar { operation, edition, .. } = grammar;
    let key = operation.key_member.as_str();
    let front = filled(operation, "{\"@key@\":");
    let named = value(operation).prop_map(move |value| format!("{front}{value}}}"));
    let name = select(near_names(key)).prop_map(|name| format!("{{\"{name}\":\"{{{{ key.id }}}}\"}}"));
    let extras = ["Extra", &begun_low(key), "ID", "", &format!("{key}Extra"), "__type"].map(str::to_owned);
    let member = filled(operation, "@member@");
    let extra =
        (value(operation), select(extras.to_vec()), any::<bool>()).prop_map(move |(value, name, first)| match first {
            true => format!("{{\"{name}\":{value},{member}}}"),
            false => format!("{{{member},\"{name}\":{value}}}"),
        });
    let letters = select(vec!["0", "a", "A", "g", "é"]);
    let material_text = prop_oneof![
        Just("{{ key.material_id }}".to_owned()),
        Just("{{ key.new_material_id }}".to_owned()),
        Just("{{ key.material_id | upper }}".to_owned()),
        Just("{{ key.id }}".to_owned()),
        (select(vec![0_usize, 1, 63, 64, 65, 127, 128, 129]), letters)
            .prop_map(|(length, letter)| letter.repeat(length)),
    ];
    let material_value = prop_oneof![3 => material_text.prop_map(|text| format!("\"{text}\"")), 1 => value(operation)];
    let front = filled(operation, "{@member@,\"@material@\":");
    let material = material_value.prop_map(move |value| format!("{front}{value}}}"));
    let duplicate = ["{@member@,@member@}", "{\"@key@\":\"{{ absent.id }}\",@member@}", "{@member@,\"@key@\":null}"];
    let duplicate = select(all_filled(operation, &duplicate));
    // Cuts the body at a place behind the first brace. A template is never cut into parts.
    let whole = filled(operation, "{@member@,\"Extra\":{\"a\":[1]}}");
    let cut = (0_usize..12).prop_map(move |less| whole[..whole.len() - less - 1].to_owned());
    let second: u32 = if *edition == Edition::KeyMaterialId { 4 } else { 1 };
    prop_oneof![
        2 => select(spellings(operation)),
        3 => named,
        2 => name,
        3 => extra,
        second => material,
        1 => duplicate,
        4 => select(all_filled(operation, SYNTAX)),
        1 => cut,
        1 => "\\PC{0,20}".prop_map(|text| literal(&text)),
    ]
    .boxed()
}

/// Bodies that are not text, in hexadecimal.
fn bytes(operation: &Operation) -> BoxedStrategy<String> {
    let (front, back) = operation.around_key();
    let (front, back) = (front.to_owned(), back.to_owned());
    let near = (proptest::collection::vec(any::<u8>(), 1..4)).prop_map(move |bytes| {
        let mut body = front.clone().into_bytes();
        body.extend(bytes.iter().map(|byte| byte | 0x80));
        body.extend(back.bytes());
        hex::encode(body)
    });
    prop_oneof![near, proptest::collection::vec(any::<u8>(), 1..24).prop_map(hex::encode)].boxed()
}

/// Other ways to write the same body.
fn spellings(operation: &Operation) -> Vec<String> {
    let escaped = first_letter(&operation.key_member, |letter| format!("\\u{:04x}", u32::from(letter)));
    let escaped = format!("{{\"{escaped}\":\"{{{{ key.id }}}}\"}}");
    all_filled(
        operation,
        &[
            "@body@",
            "{ \"@key@\" : \"{{ key.id }}\" }",
            "\n{\n\t\"@key@\": \"{{ key.id }}\"\r\n}\n",
            &escaped,
            "{\"@key@\":\"{{ key.id | replace('-', '\\\\u002d') }}\"}",
        ],
    )
}

/// The same body with its members in two orders.
fn orders(grammar: &Grammar) -> BoxedStrategy<[RequestChange; 2]> {
    let operation = &grammar.operation;
    let member = filled(operation, "@member@");
    let unknown = small_value(operation).prop_map(|value| format!("\"Extra\":{value}")).boxed();
    let other = match grammar.edition {
        Edition::KeyOnly => unknown,
        Edition::KeyMaterialId => {
            let material = Just(filled(operation, "\"@material@\":\"{{ key.material_id }}\""));
            prop_oneof![1 => unknown, 1 => material].boxed()
        }
    };
    other
        .prop_map(move |other| {
            [format!("{{{other},{member}}}"), format!("{{{member},{other}}}")]
                .map(|body| with(|change| change.body = Some(body)))
        })
        .boxed()
}

/// Changes that must not change the answer.
fn harmless(operation: &Operation) -> BoxedStrategy<RequestChange> {
    let [before, after] = ["{\"Extra\":", "{@member@,\"Extra\":"].map(|front| filled(operation, front));
    let end = filled(operation, ",@member@}");
    prop_oneof![
        Just(with(|change| change.key_id = Some("{{ key.arn }}".to_owned()))),
        select(spellings(operation)).prop_map(|text| with(|change| change.body = Some(text))),
        small_value(operation).prop_map(move |value| with(|change| {
            change.body = Some(format!("{before}{value}{end}"));
        })),
        small_value(operation).prop_map(move |value| with(|change| {
            change.body = Some(format!("{after}{value}}}"));
        })),
        Just(with(|change| change.name_case = Some(NameCase::Lower))),
        Just(with(|change| change.name_case = Some(NameCase::Upper))),
        Just(with(|change| change.order = Some(Order::Reversed))),
        Just(with(|change| change.add = vec![("X-Trentcheck".to_owned(), "1".to_owned())])),
        Just(with(|change| change.connection = Some(Connection::Close))),
        Just(with(|change| change.framing = RequestFraming::Chunked)),
    ]
    .boxed()
}

/// Changes of method, path, headers and framing.
fn protocol(operation: &Operation) -> BoxedStrategy<RequestChange> {
    let owned = |pair: (&str, &str)| (pair.0.to_owned(), pair.1.to_owned());
    let Operation { name, service, .. } = operation;
    let right = operation.target();
    let target = select(vec![
        String::new(),
        format!("{service}."),
        name.clone(),
        format!("{service}.{}", begun_low(name)),
        format!("{}.{name}", service.to_lowercase()),
        format!("{right}X"),
        shortened(&right).to_owned(),
        format!("{right}.1"),
        format!("KMS.{name}"),
        format!("{service}/{name}"),
        format!("{service}.NoSuchOperation"),
    ]);
    let content_type = select(vec![
        "application/x-amz-json-1.1; charset=utf-8",
        "application/x-amz-json-1.1;charset=UTF-8",
        "application/x-amz-json-1.0",
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "",
    ]);
    let method = select(vec!["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "post"]);
    let path = select(vec!["/x", "/?a=b", "/?", "/kms/", "/x/../", "/%20"]);
    prop_oneof![
        2 => harmless(operation),
        3 => target.prop_map(move |value| with(|change| {
            change.set.insert("X-Amz-Target".to_owned(), value);
        })),
        2 => content_type.prop_map(move |value| with(|change| {
            change.set.insert("Content-Type".to_owned(), value.to_owned());
        })),
        2 => method.prop_map(|method| with(|change| change.method = Some(method.to_owned()))),
        2 => path.prop_map(|target| with(|change| change.target = Some(target.to_owned()))),
        1 => select(vec!["X-Amz-Target", "Content-Type"]).prop_map(|name| with(|change| change.remove = vec![name.to_owned()])),
        1 => select([
            ("Accept", "*/*"),
            ("Accept-Encoding", "gzip"),
            ("User-Agent", "trentcheck"),
            ("X-Amz-Target", &right),
            ("X-Empty", ""),
            ("X-Blanks", "a   b"),
        ].map(owned).to_vec()).prop_map(move |pair| with(|change| change.add = vec![pair])),
        1 => select(vec![("X-Unsigned", "1"), ("Accept", "*/*"), ("Host", "trentcheck.invalid")])
            .prop_map(move |pair| with(|change| change.unsigned = vec![owned(pair)])),
        1 => Just(with(|change| change.times = Some(2))),
    ]
    .boxed()
}

/// Whether trials have this fault. One that was added later would change the trials that a printed seed makes.
pub(super) fn is_generated(mutation: &Mutation) -> bool {
    !matches!(mutation, Mutation::DateHeader | Mutation::PayloadUnsigned | Mutation::PathOther)
}

/// Changes of the principal, the time and the way of signing.
fn authentication(grammar: &Grammar) -> BoxedStrategy<RequestChange> {
    let principals = grammar.principals.clone();
    let has_session = principals.contains(&PrincipalName::Session);
    let of_session =
        |mutation: Mutation| matches!(mutation, Mutation::SessionTokenAltered | Mutation::SessionTokenAbsent);
    let mutations: Vec<Mutation> = Mutation::ALL
        .iter()
        .copied()
        .filter(|mutation| has_session || !of_session(*mutation))
        .filter(is_generated)
        .collect();
    // These offsets are far from the limits of the time window, where the answer depends on the duration of the
    // exchange.
    let clock = select(vec![-240_i64, 240, -600, 600, -90_000, 90_000]);
    // The hash of the body, which other services require.
    let (front, back) = grammar.operation.around_key();
    let value = format!("{{{{ ('{front}' ~ key.id ~ '{back}') | sha256 }}}}");
    let hash = (select(vec![None, Some(Mutation::BodyAltered)])).prop_map(move |mutation| {
        with(|change| {
            change.add = vec![("X-Amz-Content-Sha256".to_owned(), value.clone())];
            change.mutation = mutation;
        })
    });
    prop_oneof![
        1 => hash,
        10 => select(mutations).prop_map(move |mutation| with(|change| {
            change.mutation = Some(mutation);
            if of_session(mutation) {
                change.principal = PrincipalName::Session;
            }
        })),
        2 => clock.prop_map(|clock| with(|change| change.clock = clock)),
        2 => select(principals).prop_map(|principal| with(|change| change.principal = principal)),
        1 => Just(with(|change| change.auth = Auth::Query)),
        1 => Just(with(|change| change.sign_also = vec!["content-length".to_owned()])),
        1 => Just(with(|change| change.sign_not = vec!["content-type".to_owned()])),
    ]
    .boxed()
}
