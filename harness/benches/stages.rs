//! What each stage costs for one exchange: the example of the API page and the answer that most cases get.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on should say where")]

use divan::{Bencher, black_box};
use std::time::{Duration, SystemTime};
use trentcheck_core::compare::{Context, Mismatch, Naming, Place, judge};
use trentcheck_core::fixture::{
    Answer, Case, Corpus, Edition, Expectation, RequestChange, built_in, load, load_built_in,
};
use trentcheck_core::http::{Header, Request};
use trentcheck_core::normalise::{Redactor, request_lines, response_lines};
use trentcheck_core::observe::{Observation, observe};
use trentcheck_core::plan::{KeyNames, Planned, World, plan};
use trentcheck_core::send::{Response, ResponseFraming, Version};
use trentcheck_core::sign::{Credentials, Signing, SigningKeys, sign, sign_plainly};
use trentcheck_core::text::TargetText;

const ARN: &str = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn main() {
    divan::main();
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_764_000_000)
}

fn world() -> World {
    World {
        key: Some(KeyNames::of("1234abcd-12ab-34cd-56ef-1234567890ab", ARN.parse().unwrap())),
        region: "us-east-2".to_owned(),
        host: "kms.us-east-2.amazonaws.com".to_owned(),
        ..World::default()
    }
}

fn planned(corpus: &Corpus) -> Planned {
    plan(&corpus.operation, &RequestChange::default(), &world()).unwrap()
}

fn unsigned() -> (Request, Signing) {
    let planned = planned(Corpus::built_in());
    let signing = Signing::of(&planned, Credentials::dummy(), "us-east-2", now());
    (planned.request, signing)
}

fn refusal() -> Response {
    let body = format!(r#"{{"__type":"NotFoundException","message":"Key '{ARN}' does not exist"}}"#).into_bytes();
    Response {
        version: Version::Http11,
        status: 400,
        reason: "Bad Request".to_owned(),
        headers: [
            ("x-amzn-RequestId", "5c1b1f3c-8d1e-4d6c-9b3e-0a1b2c3d4e5f"),
            ("Date", "Mon, 24 Nov 2025 16:00:00 GMT"),
            ("Content-Type", "application/x-amz-json-1.1"),
        ]
        .map(|(name, value)| Header::new(name, value))
        .to_vec(),
        framing: ResponseFraming::Length(body.len() as u64),
        body,
        interim: Vec::new(),
        leftover: 0,
        closes: false,
    }
}

fn redactor() -> Redactor {
    let Credentials { access_key_id, secret_access_key, .. } = Credentials::dummy();
    Redactor::new([(access_key_id, "<access-key-id>"), (secret_access_key, "<secret-access-key>")])
}

#[divan::bench]
fn load_the_corpus() -> Corpus {
    load_built_in()
}

#[divan::bench]
fn read_and_lint_the_fixtures_of_a_folder() -> Corpus {
    load(&built_in()).unwrap()
}

#[divan::bench]
fn plan_a_request(bencher: Bencher<'_, '_>) {
    let corpus = Corpus::built_in();
    bencher.bench(|| planned(corpus));
}

#[divan::bench]
fn sign_with_the_library(bencher: Bencher<'_, '_>) {
    let (request, signing) = unsigned();
    bencher.with_inputs(|| request.clone()).bench_values(|request| sign(request, &signing).unwrap());
}

#[divan::bench]
fn sign_with_a_known_key(bencher: Bencher<'_, '_>) {
    let ((request, signing), keys) = (unsigned(), SigningKeys::default());
    bencher.with_inputs(|| request.clone()).bench_values(|request| sign_plainly(request, &signing, &keys).unwrap());
}

#[divan::bench]
fn observe_an_answer(bencher: Bencher<'_, '_>) {
    let response = refusal();
    bencher.bench(|| observe(black_box(&response)));
}

#[divan::bench]
fn normalise_an_exchange(bencher: Bencher<'_, '_>) {
    let ((request, signing), response, redactor) = (unsigned(), refusal(), redactor());
    let request = sign(request, &signing).unwrap().request;
    bencher.bench(|| (request_lines(&request, &redactor), response_lines(&response, &redactor)));
}

#[divan::bench]
fn compare_an_answer(bencher: Bencher<'_, '_>) {
    let (observation, compared) = (observe(&refusal()), Compared::new());
    bencher.bench(|| compared.judge(black_box(&observation)));
}

/// What an answer is compared with.
struct Compared {
    case: &'static Case,
    expectations: Vec<Expectation>,
    place: Place<TargetText>,
}

impl Compared {
    fn new() -> Self {
        let case = Corpus::built_in().case("example/absent-key").unwrap();
        let answers = vec![Answer::Error("NotFoundException".to_owned())];
        Self { case, expectations: vec![Expectation { answers, ..case.expect[0].clone() }], place: Place::answer() }
    }

    fn judge(&self, observation: &Observation) -> Vec<Mismatch> {
        let context = Context {
            corpus: Corpus::built_in(),
            edition: Edition::KeyOnly,
            key_arn: None,
            naming: Naming::Open,
            material_id: None,
            clauses: &self.case.clauses,
            supports: &self.case.supports,
            place: &self.place,
        };
        judge(observation, &self.expectations, &context)
    }
}
