//! A reference target as the harness sees one, and a run at it.

pub(crate) mod command;
pub(crate) mod scratch;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use trentcheck_core::fixture::{Corpus, Document, Edition, Level, PrincipalName, Selection, load};
use trentcheck_core::report::{About, Held, Ran, RunReport};
use trentcheck_core::run::{Elsewhere, Entropy, Options, Permit, SequenceOf, Target, fill_random, run};
use trentcheck_core::send::{Endpoint, Lane, Limits, Tls};
use trentcheck_core::sign::Credentials;
use trentcheck_reference as reference;

/// The documents of `fixtures/`.
pub(crate) fn documents() -> Vec<Document> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut documents = Vec::new();
    for part in ["spec", "cases"] {
        for entry in std::fs::read_dir(root.join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            documents.push(Document { path: format!("{part}/{name}"), text: std::fs::read_to_string(&path).unwrap() });
        }
    }
    documents
}

/// The corpus of `fixtures/`.
pub(crate) fn corpus() -> Corpus {
    load(&documents()).unwrap_or_else(|error| panic!("failed to {error}"))
}

/// A target at this URL with dummy credentials.
pub(crate) fn target(url: &str, edition: Edition) -> Target {
    let credentials = Credentials {
        access_key_id: "AKIDTRENTCHECK000001".to_owned(),
        secret_access_key: "trentcheck-dummy-secret-primary".to_owned(),
        session_token: None,
    };
    Target {
        endpoint: Endpoint::parse(url).unwrap(),
        region: "us-east-2".to_owned(),
        edition,
        principals: BTreeMap::from([(PrincipalName::Primary, credentials)]),
        provided: BTreeMap::new(),
        elsewhere: None,
        account: None,
        stranger_account: None,
        embedded: false,
        tls: Tls::default(),
        limits: Limits { exchange: Duration::from_secs(5), ..Limits::default() },
    }
}

/// A reference target and how to reach it with all its principals.
pub(crate) async fn reference(config: reference::Config) -> (reference::Server, Target) {
    let edition = match config.edition {
        reference::Edition::KeyOnly => Edition::KeyOnly,
        reference::Edition::KeyMaterialId => Edition::KeyMaterialId,
    };
    let server = reference::Server::start(config).await.unwrap();
    let mut target = target(&format!("http://{}", server.address()), edition);
    for principal in &server.config().principals {
        let name = match principal.name.as_str() {
            "primary" => PrincipalName::Primary,
            "session" => PrincipalName::Session,
            "denied" => PrincipalName::Denied,
            "stranger" => PrincipalName::Stranger,
            "expired" => PrincipalName::Expired,
            other => panic!("{other} is no principal"),
        };
        let credentials = Credentials {
            access_key_id: principal.access_key_id.clone(),
            secret_access_key: principal.secret_access_key.clone(),
            session_token: principal.session_token.clone(),
        };
        target.principals.insert(name, credentials);
    }
    target.provided = server.config().seeds.iter().map(|seed| (seed.name.clone(), seed.key_id.clone())).collect();
    let region = server.config().regions[1].clone();
    let address = server.address_of(&region).unwrap();
    target.elsewhere = Some(Elsewhere { endpoint: Endpoint::parse(&format!("http://{address}")).unwrap(), region });
    (server, target)
}

/// The configuration of a reference of this edition.
pub(crate) fn config(edition: Edition) -> reference::Config {
    let edition = match edition {
        Edition::KeyOnly => reference::Edition::KeyOnly,
        Edition::KeyMaterialId => reference::Edition::KeyMaterialId,
    };
    reference::Config { edition, ..reference::Config::default() }
}

/// Options for a target that answers at once.
pub(crate) fn options(jobs: usize) -> Options {
    let mut seed = [0; 32];
    fill_random(&mut seed).unwrap();
    let entropy = Entropy::new(seed);
    Options {
        lane: Lane::Wire,
        jobs,
        order: SequenceOf::Corpus,
        fail_on: Level::May,
        settle: Duration::from_millis(200),
        deadline: Duration::from_secs(60),
        permit: Permit::All,
        clock: Arc::new(SystemTime::now),
        run_id: entropy.run_id(),
        lent: Vec::new(),
        budget: None,
        ledger: None,
        entropy,
    }
}

/// All cases, or those of these patterns.
pub(crate) fn selection(patterns: &[&str]) -> Selection {
    Selection { patterns: patterns.iter().map(|pattern| pattern.parse().unwrap()).collect(), ..Selection::default() }
}

/// Runs to the end.
pub(crate) async fn ran(corpus: &Corpus, patterns: &[&str], target: &Target, options: &Options) -> Ran {
    let (_stop, stopped) = watch::channel(false);
    run(corpus, &selection(patterns), target, options, &(), stopped).await.unwrap()
}

/// The report of a run that is held against nothing but the corpus.
pub(crate) fn concluded(corpus: &Corpus, ran: &Ran) -> RunReport {
    let about = About { name: None, corpus, repeat: &|id| format!("trentcheck run {id}") };
    RunReport::conclude(ran, &[], Held::default(), &about)
}

/// Runs to the end and concludes.
pub(crate) async fn replay(corpus: &Corpus, patterns: &[&str], target: &Target, options: &Options) -> RunReport {
    concluded(corpus, &ran(corpus, patterns, target, options).await)
}

/// Runs with a stop signal that is given from the start.
pub(crate) async fn replay_stopped(corpus: &Corpus, target: &Target, options: &Options) -> RunReport {
    let (_stop, stopped) = watch::channel(true);
    concluded(corpus, &run(corpus, &selection(&[]), target, options, &(), stopped).await.unwrap())
}

/// Every mismatch and reason of a run, for a message.
pub(crate) fn complaints(report: &RunReport) -> Vec<String> {
    report
        .cases
        .iter()
        .flat_map(|case| {
            let reason = case.reason.iter().map(|reason| format!("{}: {reason}", case.id));
            let mismatches = case.mismatches.iter().map(|mismatch| format!("{}: {mismatch:?}", case.id));
            reason.chain(mismatches).collect::<Vec<_>>()
        })
        .collect()
}
