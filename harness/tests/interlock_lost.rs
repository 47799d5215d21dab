//! Calls that are carried out while their answers are lost: no key is forgotten, and nothing that destroys is repeated.

use crate::support::client::{client_of, keys};
use crate::support::hostile::{Fate, front};
use crate::support::scratch::Scratch;
use crate::support::service::ACCOUNT;
use crate::support::{complaints, config, corpus, documents, options, reference, replay};
use aws_sdk_kms::Client;
use aws_sdk_kms::types::KeyState;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use trentcheck_core::fixture::{Document, Edition, PrincipalName, load};
use trentcheck_core::ledger::{Ledger, OpenRun};
use trentcheck_core::normalise::Shown;
use trentcheck_core::report::{ExitCode, Outcome, RunReport};
use trentcheck_core::run::{Options, Permit, Target};
use trentcheck_core::send::Endpoint;
use trentcheck_reference::Server;

/// A run at a reference behind such a front, guarded as off loopback, and what its ledger says is open afterwards.
struct Ended {
    report: RunReport,
    open: Vec<OpenRun>,
    client: Client,
    _server: Server,
}

impl Ended {
    /// The states of the keys that the run made.
    async fn states(&self) -> Vec<KeyState> {
        let made = keys(&self.client).await.into_iter().filter(|(id, _)| !id.starts_with("5eed"));
        made.map(|(_, state)| state).collect()
    }
}

async fn ended(
    name: &str,
    permit: Permit,
    cases: &[&str],
    fate: impl Fn(&str, &str) -> Fate + Send + Sync + 'static,
) -> Ended {
    let (server, mut target) = reference(config(Edition::KeyOnly)).await;
    target.endpoint = Endpoint::parse(&format!("http://{}", front(server.address(), fate).await)).unwrap();
    target.elsewhere = None;
    target.account = Some(ACCOUNT.to_owned());
    target.principals.remove(&PrincipalName::Stranger);
    let folder = Scratch::new();
    let path = PathBuf::from(folder.file(&format!("{name}.jsonl")));
    let (ledger, _) = Ledger::open(&path).unwrap();
    let options = Options { permit, ledger: Some(Arc::new(ledger)), settle: Duration::from_millis(200), ..options(1) };
    let report = replay(&corpus(), cases, &target, &options).await;
    drop(options);
    let open = Ledger::open(&path).unwrap().1;
    Ended { report, open, client: client_of(&server, "primary"), _server: server }
}

/// The fate of the first call of an operation; later ones pass.
fn first(of: &'static str, fate: fn() -> Fate) -> impl Fn(&str, &str) -> Fate + Send + Sync + 'static {
    let seen = AtomicUsize::new(0);
    move |operation, _| match operation == of && seen.fetch_add(1, Ordering::Relaxed) == 0 {
        true => fate(),
        false => Fate::Passed,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_making_was_not_answered_is_found_and_released() {
    for permit in [Permit::All, Permit::Owned] {
        for fate in [
            || Fate::Lost,
            || Fate::Replaced(503, r#"{"__type":"DependencyTimeoutException","message":"m"}"#.to_owned()),
            || Fate::Replaced(500, r#"{"__type":"KMSInternalException","message":"m"}"#.to_owned()),
        ] {
            let ended = ended("found", permit, &["example/*"], first("CreateKey", fate)).await;
            let states = ended.states().await;
            assert!(states.len() > 1, "{:?}", complaints(&ended.report));
            assert!(states.iter().all(|state| *state == KeyState::PendingDeletion), "{states:?}");
            assert_eq!((&ended.report.left, &ended.open), (&Vec::new(), &Vec::new()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_arn_is_none_is_not_used_and_is_released_under_the_one_that_is_listed() {
    let nonsense = || {
        let metadata = r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab","Arn":"arn:aws:kms::key/x"}"#;
        Fate::Replaced(200, format!(r#"{{"KeyMetadata":{metadata}}}"#))
    };
    for permit in [Permit::All, Permit::Owned] {
        let ended = ended("no-arn", permit, &["success/never-imported"], first("CreateKey", nonsense)).await;
        let reason = "its precondition could not be made: CreateKey answered with a KeyMetadata.Arn that is no ARN";
        assert_eq!(ended.report.cases[0].reason.as_deref(), Some(reason), "{:?}", complaints(&ended.report));
        assert_eq!(ended.states().await, [KeyState::PendingDeletion]);
        assert_eq!((&ended.report.left, &ended.open), (&Vec::new(), &Vec::new()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_key_whose_arn_is_none_ends_a_run_before_a_key_is_made() {
    let listed = |operation: &str, _: &str| match operation {
        "ListKeys" => Fate::Answered(200, r#"{"Keys":[{"KeyId":"x","KeyArn":"key/x"}],"Truncated":false}"#.to_owned()),
        _ => Fate::Passed,
    };
    let ended = ended("no-arn-listed", Permit::Owned, &["example/*"], listed).await;
    assert_eq!((ended.report.exit_code, ended.report.calls.get("CreateKey")), (ExitCode::Safety, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_have_been_made_and_is_not_to_be_found_is_told_and_stays_in_the_ledger() {
    for is_gone in [true, false] {
        let made = AtomicUsize::new(0);
        let ended = ended("not-found", Permit::Owned, &["example/*"], move |operation, _| match operation {
            "CreateKey" if made.fetch_add(1, Ordering::Relaxed) == 0 => Fate::Lost,
            // A target that is gone after that, or one that does not list it yet.
            _ if is_gone && made.load(Ordering::Relaxed) > 0 => Fate::Dropped,
            "ListKeys" => Fate::Answered(200, r#"{"Keys":[],"Truncated":false}"#.to_owned()),
            _ => Fate::Passed,
        })
        .await;
        assert!(ended.report.exit_codes.contains(&ExitCode::Teardown), "{:?}", ended.report.exit_codes);
        assert!(ended.report.left.iter().any(|line| line.starts_with("perhaps ")), "{:?}", ended.report.left);
        assert_eq!(ended.open.len(), 1);
        assert!(ended.open[0].intents.contains_key("key 1"), "{:?}", ended.open);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_creation_was_throttled_to_the_end_was_not_made() {
    let throttled = |operation: &str, _: &str| match operation {
        "CreateKey" => Fate::Answered(400, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#.to_owned()),
        _ => Fate::Passed,
    };
    let ended = ended("throttled", Permit::Owned, &["example/*"], throttled).await;
    assert!(ended.report.figures.indeterminate > 0);
    assert_eq!((&ended.report.left, &ended.open), (&Vec::new(), &Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_was_never_reached_has_made_nothing() {
    let (server, mut target) = reference(config(Edition::KeyOnly)).await;
    server.stop().await;
    target.elsewhere = None;
    let report = replay(&corpus(), &["example/*"], &target, &options(1)).await;
    assert_eq!((report.exit_code, report.left.len()), (ExitCode::Indeterminate, 0), "{:?}", report.left);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_release_counts_only_where_the_target_shows_that_there_is_nothing_to_do() {
    for body in [
        r#"{"__type":"KMSInvalidStateException","message":"is creating"}"#,
        r#"{"__type":"NotFoundException","message":"m"}"#,
    ] {
        let ended = ended("refused", Permit::Owned, &["example/*"], move |operation, _| match operation {
            "ScheduleKeyDeletion" => Fate::Answered(400, body.to_owned()),
            _ => Fate::Passed,
        })
        .await;
        assert!(ended.report.exit_codes.contains(&ExitCode::Teardown), "{body}: {:?}", ended.report.exit_codes);
        assert_eq!(ended.report.left.len(), ended.report.keys, "{:?}", ended.report.left);
        assert_eq!(ended.open[0].keys.len(), ended.report.keys);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_whose_making_was_not_answered_is_deleted() {
    let ended = ended("alias", Permit::Owned, &["success/with-alias"], first("CreateAlias", || Fate::Lost)).await;
    assert_eq!(ended.client.list_aliases().send().await.unwrap().aliases().len(), 0);
    assert!(ended.report.left.is_empty(), "{:?}", ended.report.left);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shortest_window_is_asked_for() {
    let windows = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&windows);
    ended("window", Permit::Owned, &["example/*"], move |operation, body| {
        if operation == "ScheduleKeyDeletion" {
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            seen.lock().unwrap().push(body["PendingWindowInDays"].clone());
        }
        Fate::Passed
    })
    .await;
    let windows = windows.lock().unwrap();
    assert!(!windows.is_empty() && windows.iter().all(|days| *days == 7), "{windows:?}");
}

/// How many destructive calls there are, and how many of one key follow the one that is carried out and answered with 503.
async fn deletions_with_503(cases: &[&str], nth: usize) -> (usize, usize) {
    let deletions = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&deletions);
    ended("repeat", Permit::Owned, cases, move |operation, body| {
        if operation != "DeleteImportedKeyMaterial" {
            return Fate::Passed;
        }
        let mut seen = seen.lock().unwrap();
        seen.push(body.to_owned());
        match seen.len() == nth {
            true => Fate::Replaced(503, "{}".to_owned()),
            false => Fate::Passed,
        }
    })
    .await;
    let deletions: Vec<String> = deletions.lock().unwrap().clone();
    let met = deletions.get(nth.wrapping_sub(1)).cloned();
    let repeated = deletions.iter().skip(nth).filter(|body| Some(*body) == met.as_ref()).count();
    (deletions.len(), repeated)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_destructive_call_is_never_repeated_as_precondition_nor_as_effect() {
    for case in ["success/deleted-before", "effects/delete-import-delete"] {
        let (whole, _) = deletions_with_503(&[case], 0).await;
        // The precondition of the one, what the other does after an import.
        let nth = if case == "success/deleted-before" { 2 } else { whole };
        let (_, repeated) = deletions_with_503(&[case], nth).await;
        assert!(whole > 2 && repeated == 0, "{case}, call {nth} of {whole}: {repeated}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plans_number_of_keys_is_a_limit() {
    let (_server, mut target) = reference(config(Edition::KeyOnly)).await;
    target.account = Some(ACCOUNT.to_owned());
    let budget = Some(Arc::new(AtomicUsize::new(2)));
    let report =
        replay(&corpus(), &["success/*"], &target, &Options { budget, permit: Permit::Owned, ..options(1) }).await;
    assert_eq!(report.keys, 2);
    let refused = |reason: &Shown| reason.contains("as many keys were made as the plan allows");
    assert!(report.cases.iter().filter_map(|case| case.reason.as_ref()).any(refused), "{:?}", complaints(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_to_the_second_region_are_counted() {
    let (_server, mut target) = reference(config(Edition::KeyOnly)).await;
    target.account = Some(ACCOUNT.to_owned());
    let options = Options { permit: Permit::Owned, ..options(1) };
    let report = replay(&corpus(), &["identifiers/key-elsewhere"], &target, &options).await;
    assert_eq!(report.calls["CreateKey"], u64::try_from(report.keys).unwrap());
    assert!(report.keys > 1, "{:?}", complaints(&report));
}

/// One case more, which says that it names no key.
async fn lie(target: &Target, permit: Permit, request: &str) -> RunReport {
    let mut documents = documents();
    let text = format!(
        "[group]\nname = \"lie\"\ntitle = \"A case that lies\"\n\n[[case]]\nid = \"lie/lies\"\ntitle = \"lies\"\n\
         clauses = [\"S-22\"]\nsupports = [\"states page/key-id-required\"]\nlevel = \"must\"\ndanger = \"none\"\nprecondition = \"none\"\n\
         expect = [{{ level = \"must\", answers = [\"ValidationException\"] }}]\nrequest = {{ {request} }}\n"
    );
    documents.push(Document { path: "cases/lie.toml".to_owned(), text });
    let corpus = load(&documents).unwrap_or_else(|error| panic!("failed to {error}"));
    replay(&corpus, &["lie/*"], target, &Options { permit, ..options(1) }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_asks_for_another_operation_or_hides_a_key_is_not_sent() {
    let (server, mut target) = reference(config(Edition::KeyOnly)).await;
    target.account = Some(ACCOUNT.to_owned());
    let client = client_of(&server, "primary");
    let id = client.create_key().send().await.unwrap().key_metadata.unwrap().key_id;
    let theirs = client_of(&server, "stranger").create_key().send().await.unwrap().key_metadata.unwrap().key_id;
    let escaped: String = id.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect();
    let before = keys(&client).await;
    for request in [
        r#"set = { X-Amz-Target = "TrentService.CreateKey" }"#.to_owned(),
        format!(r#"body = '{{"KeyId":"{escaped}","KeyId":"x"}}'"#),
        format!(r#"body = '{{"KeyId":"{escaped}",}}'"#),
        format!(r#"principal = "stranger", body = '{{"KeyId":"{theirs}"}}'"#),
    ] {
        for permit in [Permit::NoKeys, Permit::Owned] {
            let report = lie(&target, permit, &request).await;
            assert_eq!(report.cases[0].outcome, Outcome::Skipped, "{request}: {:?}", complaints(&report));
        }
    }
    assert_eq!(keys(&client).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_provided_is_not_used_off_loopback_whatever_its_id() {
    let mut odd = config(Edition::KeyOnly);
    odd.seeds[0].key_id = "prod-key-7".to_owned();
    let (_server, mut target) = reference(odd).await;
    target.account = Some(ACCOUNT.to_owned());
    let options = Options { permit: Permit::Owned, ..options(1) };
    let report = replay(&corpus(), &["faults/*"], &target, &options).await;
    assert!(report.cases.iter().all(|case| case.outcome == Outcome::Skipped), "{:?}", complaints(&report));
}
