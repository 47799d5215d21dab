//! What a target that lies, or a man in the middle, can make of a run: nothing of somebody else's is changed or given away.

use crate::support::client::{client_of, import, keys, state};
use crate::support::command::{text, trentcheck_apart};
use crate::support::hostile::tls_front;
use crate::support::hostile::{Fate, front};
use crate::support::scratch;
use crate::support::service::{ACCOUNT, KEYS, service, with};
use crate::support::{complaints, config, corpus, options, reference, replay};
use aws_sdk_kms::Client;
use aws_sdk_kms::types::{KeyState, OriginType};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use trentcheck_core::fixture::{Edition, PrincipalName};
use trentcheck_core::report::{ExitCode, RunReport};
use trentcheck_core::run::{Options, Permit, Target};
use trentcheck_core::send::{Endpoint, Tls, Verify};
use trentcheck_reference::Server;

/// The same way, with nothing that verifies who is at its end.
fn insecure(reached: &[String]) -> Vec<String> {
    let at = reached.iter().position(|word| word == "--ca").unwrap();
    [&reached[..at], &["--insecure".to_owned()], &reached[at + 2..]].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_signs_a_change_is_sent_to_a_peer_that_was_not_verified() {
    let (server, reached) = service("hostile-insecure").await;
    let client = client_of(&server, "primary");
    let created = client.create_key().origin(OriginType::External).send().await.unwrap();
    let key_id = created.key_metadata().unwrap().key_id().to_owned();
    import(&client, &key_id, &[7; 32]).await;
    let material = scratch::written("hostile-insecure.bin", [7; 32]);
    let table = format!("[keys.imported-symmetric]\nid = \"{key_id}\"\nmaterial = \"{material}\"\n");
    let configuration = scratch::written("hostile-insecure.toml", table);
    let reached = insecure(&reached);
    let served = server.served();
    let named = ["--account", ACCOUNT, "--yes"];
    for (word, more) in [
        ("run", &["success/*", "--allow-mutation"][..]),
        ("run", &["success/*", "--config", &configuration, "--allow-key", &key_id]),
        ("sweep", &["--older-than", "0s"]),
    ] {
        let output = trentcheck_apart(&KEYS, &with(word, &reached, &[more, &named].concat())).await;
        assert_eq!(output.status.code(), Some(5), "{more:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains("certificate is verified"), "{}", text(&output.stderr));
    }
    assert_eq!(server.served(), served);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_says_that_the_peer_was_not_verified() {
    let (_server, reached) = service("hostile-notice").await;
    for (reached, is_verified) in [(insecure(&reached), false), (reached, true)] {
        let report = scratch::written("hostile-notice.json", "");
        let report_to = format!("json={report}");
        let more = ["example/absent-key", "--account", ACCOUNT, "--report", &report_to];
        let output = trentcheck_apart(&KEYS, &with("run", &reached, &more)).await;
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let report = std::fs::read_to_string(report).unwrap();
        for said in [text(&output.stdout), report] {
            assert_eq!(said.contains("certificate was not verified"), !is_verified, "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_port_is_one_clear_sentence() {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    server.stop().await;
    let report = replay(&corpus(), &["example/absent-key", "success/symmetric"], &target, &options(4)).await;
    assert_eq!(report.exit_code, ExitCode::Indeterminate);
    assert_eq!(report.notices.len(), 1);
    assert!(report.notices[0].contains("no connection"), "{:?}", report.notices);
}

#[tokio::test(flavor = "multi_thread")]
async fn material_is_wrapped_only_for_a_peer_that_was_verified() {
    let (server, plain) = reference(config(Edition::KeyOnly)).await;
    let (address, ca) = tls_front(server.address()).await;
    let endpoint = Endpoint::parse(&format!("https://kms.example.test:{}", address.port())).unwrap();
    for verify in [Verify::Yes, Verify::NoInsecure] {
        let ca_pem = Some(ca.clone()).filter(|_| verify == Verify::Yes);
        let tls = Tls { ca_pem, verify, resolve: Some(address), ..Tls::default() };
        let target = Target { tls, endpoint: endpoint.clone(), elsewhere: None, ..plain.clone() };
        let is_verified = verify == Verify::Yes;
        let report = replay(&corpus(), &["example/absent-key"], &target, &options(4)).await;
        assert_eq!(report.exit_code, ExitCode::Pass, "{}", complaints(&report).join("\n"));
        let report = replay(&corpus(), &["success/symmetric"], &target, &options(4)).await;
        assert_eq!(report.exit_code == ExitCode::Pass, is_verified, "{}", complaints(&report).join("\n"));
        assert_eq!(report.calls.contains_key("ImportKeyMaterial"), is_verified, "{:?}", report.calls);
    }
}

/// A reference with somebody's key, behind a front that answers every CreateKey with what `named` makes of that key's
/// metadata and the real answer's, and a run there.
struct Lied {
    report: RunReport,
    client: Client,
    victim: String,
    _server: Server,
}

/// What a front answers CreateKey with.
type Names = fn(victim: Value, real: Value) -> Value;

async fn lied(permit: Permit, names: Names) -> Lied {
    let (server, mut target) = reference(config(Edition::KeyOnly)).await;
    let client = client_of(&server, "primary");
    let victim = client.create_key().description("payroll").send().await.unwrap().key_metadata.unwrap();
    let (id, arn) = (victim.key_id.clone(), victim.arn.unwrap());
    let options = Options { permit, settle: Duration::from_millis(100), ..options(1) };
    // The liar says of the victim whatever makes it look like the run's.
    let description = format!("trentcheck {}", options.run_id);
    let tags = json!({ "Tags": [{ "TagKey": "trentcheck-run", "TagValue": options.run_id }], "Truncated": false });
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let metadata = json!({
        "KeyId": id, "Arn": arn, "Description": description, "CreationDate": now, "KeyState": "Enabled", "Origin": "EXTERNAL",
    });
    let made = AtomicUsize::new(0);
    let fate = move |operation: &str, body: &str| match operation {
        "CreateKey" => {
            let number = made.fetch_add(1, Ordering::Relaxed);
            let id = format!("0b7fd7dd-0000-4000-8000-{number:012}");
            let arn = format!("arn:aws:kms:us-east-2:{ACCOUNT}:key/{id}");
            let real = json!({ "KeyId": id, "Arn": arn, "CreationDate": now });
            Fate::Answered(200, json!({ "KeyMetadata": names(metadata.clone(), real) }).to_string())
        }
        "DescribeKey" if body.contains(&id) => Fate::Answered(200, json!({ "KeyMetadata": metadata }).to_string()),
        "ListResourceTags" => Fate::Answered(200, tags.to_string()),
        _ => Fate::Passed,
    };
    target.endpoint = Endpoint::parse(&format!("http://{}", front(server.address(), fate).await)).unwrap();
    target.elsewhere = None;
    target.account = Some(ACCOUNT.to_owned());
    target.principals.remove(&PrincipalName::Stranger);
    let report = replay(&corpus(), &["success/*"], &target, &options).await;
    Lied { report, client, victim: victim.key_id, _server: server }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_listed_before_or_made_before_is_not_the_runs_whatever_create_key_says() {
    let lies: [(Names, &str); 4] = [
        (|victim, _| victim, "was listed before"),
        (
            |victim, real| json!({ "KeyId": victim["KeyId"], "Arn": real["Arn"], "CreationDate": real["CreationDate"] }),
            "is not the one of",
        ),
        (
            |_, real| json!({ "KeyId": real["KeyId"], "Arn": real["Arn"], "CreationDate": 1_500_000_000 }),
            "seconds before the run began",
        ),
        (
            |_, real| {
                let arn = real["Arn"].as_str().unwrap().replace("us-east-2", "us-east-1");
                json!({ "KeyId": real["KeyId"], "Arn": arn, "CreationDate": real["CreationDate"] })
            },
            "in Region `us-east-1`",
        ),
    ];
    for permit in [Permit::Owned, Permit::All] {
        for (names, expected) in lies {
            let Lied { report, client, victim, _server } = lied(permit, names).await;
            let said = format!("{:?} {:?} {:?}", report.notices, report.left, complaints(&report));
            assert!(said.contains(expected), "{permit:?} {expected}: {said}");
            assert_eq!(state(&client, &victim).await, KeyState::Enabled, "{permit:?} {expected}");
            for never in ["ScheduleKeyDeletion", "ImportKeyMaterial", "DisableKey"] {
                assert!(!report.calls.contains_key(never), "{permit:?} {expected}: {:?}", report.calls);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_create_key_names_twice_is_believed_once() {
    let (server, mut target) = reference(config(Edition::KeyOnly)).await;
    let client = client_of(&server, "primary");
    let before = keys(&client).await.len();
    // Carried out once; then the same answer again.
    let first = std::sync::Mutex::new(None::<String>);
    let maker = client.clone();
    let fate = move |operation: &str, body: &str| {
        if operation != "CreateKey" {
            return Fate::Passed;
        }
        let mut first = first.lock().unwrap();
        let answer = first.get_or_insert_with(|| made_by(&maker, body));
        Fate::Answered(200, answer.clone())
    };
    target.endpoint = Endpoint::parse(&format!("http://{}", front(server.address(), fate).await)).unwrap();
    target.elsewhere = None;
    let report = replay(&corpus(), &["success/*"], &target, &options(1)).await;
    let said = complaints(&report).join("\n");
    assert!(said.contains("which an earlier CreateKey answered with too"), "{said}");
    assert_eq!((keys(&client).await.len() - before, report.keys), (1, 1));
}

/// The answer to a CreateKey of the same run, made by another way.
fn made_by(client: &Client, body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap();
    let run = body["Tags"][0]["TagValue"].as_str().unwrap().to_owned();
    tokio::task::block_in_place(|| {
        tokio::runtime::Handle::current().block_on(async {
            let tag = aws_sdk_kms::types::Tag::builder().tag_key("trentcheck-run").tag_value(&run).build().unwrap();
            let made =
                client.create_key().origin(OriginType::External).description(format!("trentcheck {run}")).tags(tag);
            let made = made.send().await.unwrap().key_metadata.unwrap();
            let date = made.creation_date.unwrap().as_secs_f64();
            json!({ "KeyMetadata": { "KeyId": made.key_id, "Arn": made.arn, "CreationDate": date } }).to_string()
        })
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skewed_clock_does_not_make_new_keys_old() {
    let (_server, target) = reference(config(Edition::KeyOnly)).await;
    let ahead = Duration::from_secs(200);
    let skewed = Options { clock: std::sync::Arc::new(move || SystemTime::now() + ahead), ..options(4) };
    let report = replay(&corpus(), &["success/symmetric"], &target, &skewed).await;
    assert_eq!(report.figures.pass, report.cases.len(), "{:?}", complaints(&report));
}
