//! What core signs, the reference verifies: two implementations that share no code, on requests that no case has.

use crate::support::{config, corpus, reference};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use tokio::runtime::Runtime;
use trentcheck_core::fixture::{Auth, Edition, Mutation, NameCase, Operation, Order, PrincipalName, RequestChange};
use trentcheck_core::http::Request;
use trentcheck_core::observe::{Observation, observe};
use trentcheck_core::plan::{Absent, World, plan};
use trentcheck_core::run::Target;
use trentcheck_core::send::Sender;
use trentcheck_core::sign::{SignError, sign_planned};
use trentcheck_reference::Server;

/// Requests in each property. Every one is an exchange on loopback, the mutations some thirty.
const REQUESTS: u32 = 48;

/// How the reference says that it does not believe a signature.
const DISBELIEF: [&str; 4] = [
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
];

struct Verifier {
    runtime: Runtime,
    operation: Operation,
    target: Target,
    sender: Sender,
    _server: Server,
}

impl Verifier {
    fn start() -> Self {
        Self::of(config(Edition::KeyOnly))
    }

    fn of(config: trentcheck_reference::Config) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let (server, target) = runtime.block_on(reference(config));
        let sender = Sender::new(target.endpoint.clone(), target.tls.clone(), target.limits.clone()).unwrap();
        Self { runtime, operation: corpus().operation, target, sender, _server: server }
    }

    fn signed(&self, change: &RequestChange) -> Result<Request, SignError> {
        self.signed_at(change, SystemTime::now())
    }

    fn signed_at(&self, change: &RequestChange, time: SystemTime) -> Result<Request, SignError> {
        let world = World {
            absent: Absent { id: "0b7fd7dd-0000-4000-8000-000000000001".to_owned() },
            region: self.target.region.clone(),
            host: self.target.endpoint.authority(),
            ..World::default()
        };
        let planned = plan(&self.operation, change, &world).unwrap();
        let credentials = self.target.principals[&planned.principal].clone();
        sign_planned(&planned, credentials, &self.target.region, time).map(|signed| signed.request)
    }

    #[track_caller]
    fn answer(&self, request: &Request) -> Observation {
        let exchanges = self.runtime.block_on(self.sender.wire(std::slice::from_ref(request)));
        observe(exchanges[0].result.as_ref().unwrap_or_else(|error| panic!("{error:?}: {request:?}")))
    }

    fn is_believed(&self, request: &Request) -> Result<(), TestCaseError> {
        let answer = self.answer(request);
        // Who signed is known before the key is looked for, and the key does not exist.
        prop_assert_eq!(answer.error_name(), Some("NotFoundException"), "{:?}", request);
        Ok(())
    }

    fn is_refused(&self, request: &Request, why: &str) -> Result<(), TestCaseError> {
        let answer = self.answer(request);
        let error = answer.error_name().unwrap_or_default();
        prop_assert!(DISBELIEF.contains(&error), "{why}: {} {error}, {request:?}", answer.status);
        Ok(())
    }
}

/// Correct requests of many forms, all of which name a key that does not exist.
fn requests() -> impl Strategy<Value = RequestChange> {
    let value = "[!-~]([ -~]{0,20}[!-~])?";
    let headers = prop::collection::btree_map("X-Amz-Meta-[A-Za-z0-9]{1,12}|X-[A-Z][a-z]{1,8}", value, 0..4);
    let body = prop_oneof![
        Just(None),
        Just(Some("{ \"KeyId\" : \"{{ absent.id }}\" }".to_owned())),
        "[a-zA-Z0-9äß€ ]{0,40}"
            .prop_map(|text| Some(format!("{{\"Other\":\"{text}\",\"KeyId\":\"{{{{ absent.id }}}}\"}}"))),
    ];
    let principal = prop_oneof![Just(PrincipalName::Primary), Just(PrincipalName::Session)];
    let dress = (
        prop::option::of(Just(Order::Reversed)),
        prop::option::of(prop_oneof![Just(NameCase::Lower), Just(NameCase::Upper)]),
    );
    (headers, body, principal, -240_i64..240, dress).prop_map(
        |(headers, body, principal, clock, (order, name_case))| {
            RequestChange {
                key_id: body.is_none().then(|| "{{ absent.id }}".to_owned()),
                body,
                principal,
                clock,
                order,
                name_case,
                // Jinja would read some of what is generated.
                add: escaped(&headers),
                ..RequestChange::default()
            }
        },
    )
}

fn escaped(headers: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let plain = |value: &String| value.replace(['{', '}'], "_");
    headers.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

fn runner() -> TestRunner {
    TestRunner::new(Config { cases: REQUESTS, failure_persistence: None, ..Config::default() })
}

#[test]
fn what_core_signs_the_reference_verifies() {
    let verifier = Verifier::start();
    let both = (requests(), prop_oneof![Just(Auth::Header), Just(Auth::Query)]);
    let outcome = runner().run(&both, |(change, auth)| {
        let request = verifier.signed(&RequestChange { auth, ..change }).unwrap();
        verifier.is_believed(&request)
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// 2026-01-01T00:00:00Z.
const MIDNIGHT: u64 = 1_767_225_600;

/// The present of the server of one test, in seconds.
static PRESENT: AtomicU64 = AtomicU64::new(MIDNIGHT);

fn around_midnight() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(PRESENT.load(Ordering::SeqCst))
}

/// The date of a scope is that of the request, which near midnight is not that of the server. No case can show this at
/// another time of the day.
#[test]
fn the_window_is_the_same_on_both_sides_of_midnight() {
    let verifier = Verifier::of(trentcheck_reference::Config { clock: around_midnight, ..config(Edition::KeyOnly) });
    for present in [MIDNIGHT - 120, MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 120] {
        PRESENT.store(present, Ordering::SeqCst);
        for clock in [-240, 0, 240, -960, 960] {
            let change = RequestChange { clock, ..RequestChange::default() };
            let request = verifier.signed_at(&change, around_midnight()).unwrap();
            let why = format!("{present} {clock:+}");
            let seen = match clock.abs() < 300 {
                true => verifier.is_believed(&request),
                false => verifier.is_refused(&request, &why),
            };
            seen.unwrap_or_else(|error| panic!("{why}: {error}"));
        }
    }
}

#[test]
fn a_request_with_any_one_fault_is_refused() {
    let verifier = Verifier::start();
    let outcome = runner().run(&requests(), |change| {
        for mutation in Mutation::ALL.iter().copied() {
            let mutated = verifier.signed(&RequestChange { mutation: Some(mutation), ..change.clone() });
            match mutated {
                Ok(request) if mutation.is_valid() => verifier.is_believed(&request)?,
                // The reference knows no other path, whoever signed it.
                Ok(request) if mutation == Mutation::PathOther => {
                    prop_assert_eq!(verifier.answer(&request).status, 404, "{:?}", request);
                }
                Ok(request) => verifier.is_refused(&request, mutation.describe())?,
                // There is no token to alter where credentials are not temporary.
                Err(SignError::Fault(_)) => prop_assert_eq!(change.principal, PrincipalName::Primary),
                Err(error) => prop_assert!(false, "{mutation}: {error}"),
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn no_digit_of_a_signature_may_be_another() {
    let verifier = Verifier::start();
    let change = RequestChange { key_id: Some("{{ absent.id }}".to_owned()), ..RequestChange::default() };
    let request = verifier.signed(&change).unwrap();
    verifier.is_believed(&request).unwrap();
    let authorization = String::from_utf8(request.header("authorization").unwrap().to_vec()).unwrap();
    let (front, signature) = authorization.split_once("Signature=").unwrap();
    assert_eq!(signature.len(), 64);
    for place in 0..signature.len() {
        let mut digits = signature.as_bytes().to_vec();
        digits[place] = if digits[place] == b'0' { b'1' } else { b'0' };
        let mut altered = request.clone();
        altered.set_header("Authorization", format!("{front}Signature={}", String::from_utf8(digits).unwrap()));
        verifier.is_refused(&altered, &format!("digit {place}")).unwrap();
    }
}

#[test]
fn no_byte_that_a_signature_covers_may_be_another() {
    let verifier = Verifier::start();
    let both = (requests(), any::<prop::sample::Index>(), any::<prop::sample::Index>());
    let outcome = runner().run(&both, |(change, in_body, which)| {
        let request = verifier.signed(&change).unwrap();
        let mut altered = request.clone();
        // A blank more between two members leaves the JSON as it was, so only the signature can tell.
        let commas: Vec<usize> = (0..altered.body.len()).filter(|at| b"{}".contains(&altered.body[*at])).collect();
        let at = commas[in_body.index(commas.len())];
        let at = if altered.body[at] == b'{' { at + 1 } else { at };
        altered.body.insert(at, b' ');
        altered.set_header("Content-Length", altered.body.len().to_string());
        verifier.is_refused(&altered, "a blank more in the body")?;
        let added: Vec<&str> = change.add.iter().map(|(name, _)| name.as_str()).collect();
        if !added.is_empty() {
            let name = added[which.index(added.len())];
            let mut altered = request.clone();
            let mut value = altered.header(name).unwrap().to_vec();
            value.push(b'x');
            altered.set_header(name, value);
            verifier.is_refused(&altered, "a signed header with another value")?;
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
