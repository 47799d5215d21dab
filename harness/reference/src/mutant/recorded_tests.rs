//! Each mutant of what was recorded does what it says, and the reference does not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use super::find::mutant;
use crate::canonical::{Signed, expected_signature};
use crate::config::Config;
use crate::crypto::generated;
use crate::edition::Edition;
use crate::request::Incoming;
use crate::tests::materials::{Ids, replicated, rotated, with_waiting};
use crate::tests::operations::Client;
use crate::verify::verify;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const DELETE: &str = "DeleteImportedKeyMaterial";
const EAST: &str = "us-east-2";
const WEST: &str = "us-west-2";
const GRANTEE: &str = "arn:aws:iam::111122223333:root";

/// How far the clock of the servers is ahead of its start, in seconds. Only one test moves it.
static AHEAD: AtomicU64 = AtomicU64::new(0);

fn clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600 + AHEAD.load(Ordering::SeqCst))
}

/// The mutants of recorded behaviour. Those of the other mutants are found by cases alone.
const NAMES: [&str; 39] = [
    "rotation-cancelled",
    "waiting-deletes-both",
    "waiting-kept",
    "waiting-becomes-pending-import",
    "current-deletes-waiting",
    "former-leaves-enabled",
    "former-refused",
    "former-forgotten",
    "history-dropped",
    "second-answer-names-nothing",
    "never-imported-named",
    "every-key-names-material",
    "unknown-material-not-found",
    "unknown-material-succeeds",
    "still-generates-data-keys",
    "still-re-encrypts",
    "still-verifies",
    "still-verifies-macs",
    "still-shows-public-key",
    "still-derives",
    "decrypt-without-key-id-unchecked",
    "rsa-refused",
    "rsa-kept",
    "replica-shares-record",
    "replica-names-primary",
    "waiting-stays-in-replica",
    "aliases-dropped",
    "tags-dropped",
    "policy-dropped",
    "grants-dropped",
    "import-keeps-disabled",
    "cancel-disables-empty",
    "ids-by-prefix",
    "lone-surrogate-crashes",
    "non-ascii-not-found",
    "content-type-case-counts",
    "signed-date-refused",
    "date-local-time",
    "error-stack-trace",
];

#[tokio::test]
async fn every_mutant_of_what_was_recorded_does_what_it_says() {
    for mutant in NAMES.map(|name| mutant(name).unwrap()) {
        let start = async |mutant: Option<_>, edition| {
            AHEAD.store(0, Ordering::SeqCst);
            let rotation_delay = Duration::from_secs(60);
            // The date of an answer is always that of the system.
            let clock = if edition == Edition::KeyMaterialId { clock } else { SystemTime::now };
            Client::of(Config { edition, mutant, rotation_delay, clock, ..Config::default() }).await
        };
        let (right, wrong) = expected(mutant.name);
        let client = start(None, mutant.edition).await;
        assert_eq!(seen(&client, mutant.name).await, right, "the reference, {}", mutant.name);
        let client = start(Some(mutant), mutant.edition).await;
        assert_eq!(seen(&client, mutant.name).await, wrong, "the mutant {}", mutant.name);
    }
}

/// What is seen of the reference and of the mutant.
fn expected(name: &str) -> (Value, Value) {
    let (enabled, pending) = ("Enabled", "PendingImport");
    let (here, gone) = ("IMPORTED", "PENDING_IMPORT");
    match name {
        "waiting-deletes-both" => (json!([enabled, [here]]), json!([pending, [gone]])),
        "waiting-kept" => (json!([enabled, [here]]), json!([enabled, [here, here]])),
        "waiting-becomes-pending-import" => (json!([enabled, [here]]), json!([pending, [here]])),
        "current-deletes-waiting" => (json!([pending, [gone, here]]), json!([pending, [gone]])),
        "former-leaves-enabled" => (json!([pending, [gone, here]]), json!([enabled, [gone, here]])),
        "former-refused" => (json!([pending, [gone, here]]), json!([enabled, [here, here]])),
        "former-forgotten" => (json!([pending, [gone, here]]), json!([enabled, [here]])),
        "history-dropped" => (json!([here, gone]), json!([gone])),
        "rotation-cancelled" => (json!(["NON_CURRENT", "CURRENT"]), json!(["CURRENT", "PENDING_ROTATION"])),
        "second-answer-names-nothing" | "aliases-dropped" | "tags-dropped" | "grants-dropped" => (json!(1), json!(0)),
        "never-imported-named" | "every-key-names-material" | "error-stack-trace" => (json!(0), json!(1)),
        "unknown-material-not-found" => (json!([400, "ValidationException"]), json!([400, "NotFoundException"])),
        "unknown-material-succeeds" => (json!([400, "ValidationException"]), json!([200, null])),
        "rsa-refused" => (json!([200, pending]), json!([400, enabled])),
        "rsa-kept" => (json!([200, pending]), json!([200, enabled])),
        "replica-shares-record" => (json!(enabled), json!(pending)),
        "replica-names-primary" => (json!(WEST), json!(EAST)),
        "waiting-stays-in-replica" => (json!(1), json!(2)),
        "policy-dropped" => (json!("{\"Statement\":[]}"), json!("{}")),
        "import-keeps-disabled" => (json!(enabled), json!("Disabled")),
        "cancel-disables-empty" => (json!(pending), json!("Disabled")),
        "ids-by-prefix" => (json!([400, enabled]), json!([200, pending])),
        "lone-surrogate-crashes" => (json!(400), json!(500)),
        "non-ascii-not-found" => (json!("ValidationException"), json!("NotFoundException")),
        "content-type-case-counts" => (json!("400"), json!("404")),
        "signed-date-refused" => (json!(null), json!("IncompleteSignatureException")),
        "date-local-time" => (json!(0), json!(-5)),
        // What uses the material.
        _ => (json!(400), json!(200)),
    }
}

/// What a client sees that looks for this mutant.
async fn seen(client: &Client, name: &str) -> Value {
    match name {
        "waiting-deletes-both" | "waiting-kept" | "waiting-becomes-pending-import" => {
            let ids = with_waiting(client, json!({})).await;
            client.delete(EAST, &ids.key, &ids.second).await;
            state_and_imports(client, &ids).await
        }
        "current-deletes-waiting" => {
            let ids = with_waiting(client, json!({})).await;
            client.send(DELETE, &json!({ "KeyId": ids.key })).await;
            state_and_imports(client, &ids).await
        }
        "former-leaves-enabled" | "former-refused" | "former-forgotten" => {
            let ids = past_rotation(client, json!({})).await;
            client.delete(EAST, &ids.key, &ids.first).await;
            state_and_imports(client, &ids).await
        }
        "history-dropped" => {
            let ids = past_rotation(client, json!({})).await;
            client.send(DELETE, &json!({ "KeyId": ids.key })).await;
            listed(client, EAST, &ids, "ImportState").await
        }
        "rotation-cancelled" => {
            let ids = rotated(client, json!({})).await;
            client.delete(EAST, &ids.key, &ids.second).await;
            client.import(&ids.key, &[9; 32], json!({ "ImportType": "NEW_KEY_MATERIAL" })).await;
            AHEAD.fetch_add(61, Ordering::SeqCst);
            listed(client, EAST, &ids, "KeyMaterialState").await
        }
        "second-answer-names-nothing" => {
            let id = imported(client, json!({})).await;
            client.send(DELETE, &json!({ "KeyId": id })).await;
            number(&client.send(DELETE, &json!({ "KeyId": id })).await.json(), "KeyMaterialId")
        }
        "never-imported-named" => {
            let id = client.key(json!({ "Origin": "EXTERNAL" })).await;
            number(&client.send(DELETE, &json!({ "KeyId": id })).await.json(), "KeyMaterialId")
        }
        "every-key-names-material" => {
            let id = imported(client, json!({ "KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC" })).await;
            number(&client.send(DELETE, &json!({ "KeyId": id })).await.json(), "KeyMaterialId")
        }
        "unknown-material-not-found" | "unknown-material-succeeds" => {
            let id = imported(client, json!({})).await;
            let answer = client.delete(EAST, &id, &"0".repeat(64)).await;
            json!([answer.status, answer.json()["__type"]])
        }
        "rsa-refused" | "rsa-kept" => {
            let create = json!({ "Origin": "EXTERNAL", "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY" });
            let id = client.key(create).await;
            client.import_of("RSA_2048", &id, &generated("RSA_2048")).await;
            let status = client.send(DELETE, &json!({ "KeyId": id })).await.status;
            json!([status, client.state(&id).await])
        }
        "replica-shares-record" => {
            let id = imported(client, json!({ "MultiRegion": true })).await;
            client.send("ReplicateKey", &json!({ "KeyId": id, "ReplicaRegion": WEST })).await;
            client.import_in(WEST, &id, &[7; 32], json!({})).await;
            client.send(DELETE, &json!({ "KeyId": id })).await;
            client.metadata(WEST, &id).await["KeyState"].clone()
        }
        "replica-names-primary" => {
            let ids = replicated(client).await;
            let answer = client.delete(WEST, &ids.key, &ids.second).await.json();
            json!(answer["KeyId"].as_str().unwrap().split(':').nth(3))
        }
        "waiting-stays-in-replica" => {
            let ids = replicated(client).await;
            client.delete(EAST, &ids.key, &ids.second).await;
            json!(client.history(WEST, &ids.key).await.len())
        }
        "aliases-dropped" | "tags-dropped" | "policy-dropped" | "grants-dropped" => around(client, name).await,
        "import-keeps-disabled" => {
            let id = imported(client, json!({})).await;
            client.send("DisableKey", &json!({ "KeyId": id })).await;
            client.import(&id, &[7; 32], json!({})).await;
            json!(client.state(&id).await)
        }
        "cancel-disables-empty" => {
            let id = imported(client, json!({})).await;
            for operation in [DELETE, "ScheduleKeyDeletion", "CancelKeyDeletion"] {
                client.send(operation, &json!({ "KeyId": id })).await;
            }
            json!(client.state(&id).await)
        }
        "ids-by-prefix" => {
            let id = imported(client, json!({})).await;
            let status = client.send(DELETE, &json!({ "KeyId": &id[..35] })).await.status;
            json!([status, client.state(&id).await])
        }
        "lone-surrogate-crashes" => json!(client.send_as(0, DELETE, r#"{"KeyId":"\ud800"}"#).await.status),
        "non-ascii-not-found" => json!(client.send(DELETE, &json!({ "KeyId": "ä" })).await.error()),
        "content-type-case-counts" => with_content_type(client, "Application/X-Amz-Json-1.1").await,
        "signed-date-refused" => json!(verify_date(client).err().map(|refusal| refusal.error)),
        "date-local-time" => hours_off(client).await,
        "error-stack-trace" => number(&client.send(DELETE, &json!({ "KeyId": "foo" })).await.json(), "stackTrace"),
        _ => json!(after_deletion(client, name).await),
    }
}

/// A key that was made with these members and has imported material.
async fn imported(client: &Client, members: Value) -> String {
    let mut create = json!({ "Origin": "EXTERNAL" });
    create.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let id = client.key(create).await;
    let material = match members["KeySpec"].as_str() {
        Some(spec) => generated(spec),
        None => vec![7; 32],
    };
    assert_eq!(client.import(&id, &material, json!({})).await.status, 200);
    id
}

/// A key whose rotation is over.
async fn past_rotation(client: &Client, members: Value) -> Ids {
    let ids = rotated(client, members).await;
    AHEAD.fetch_add(61, Ordering::SeqCst);
    ids
}

async fn listed(client: &Client, region: &str, ids: &Ids, member: &str) -> Value {
    client.history(region, &ids.key).await.iter().map(|entry| entry[member].clone()).collect()
}

async fn state_and_imports(client: &Client, ids: &Ids) -> Value {
    json!([client.state(&ids.key).await, listed(client, EAST, ids, "ImportState").await])
}

/// How often an object has a member.
fn number(object: &Value, member: &str) -> Value {
    json!(usize::from(object.get(member).is_some()))
}

/// What is left around a key after the deletion.
async fn around(client: &Client, name: &str) -> Value {
    let id = imported(client, json!({})).await;
    let grant = json!({ "KeyId": id, "GranteePrincipal": GRANTEE, "Operations": ["Decrypt"] });
    for (operation, members) in [
        ("CreateGrant", grant),
        ("CreateAlias", json!({ "AliasName": "alias/kept", "TargetKeyId": id })),
        ("TagResource", json!({ "KeyId": id, "Tags": [{ "TagKey": "a", "TagValue": "1" }] })),
        ("PutKeyPolicy", json!({ "KeyId": id, "Policy": "{\"Statement\":[]}" })),
        (DELETE, json!({ "KeyId": id })),
    ] {
        assert_eq!(client.send(operation, &members).await.status, 200, "{operation}");
    }
    let (operation, member) = match name {
        "aliases-dropped" => ("ListAliases", "Aliases"),
        "tags-dropped" => ("ListResourceTags", "Tags"),
        "grants-dropped" => ("ListGrants", "Grants"),
        _ => ("GetKeyPolicy", "Policy"),
    };
    let found = client.send(operation, &json!({ "KeyId": id })).await.json()[member].clone();
    found.as_array().map_or(found.clone(), |list| json!(list.len()))
}

/// The status of an operation that uses the material, after the deletion.
async fn after_deletion(client: &Client, name: &str) -> u16 {
    let create = match name {
        "still-verifies" => json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY" }),
        "still-shows-public-key" | "still-derives" => {
            json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT" })
        }
        "still-verifies-macs" => json!({ "KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC" }),
        _ => json!({}),
    };
    let id = imported(client, create).await;
    let other = client.key(json!({})).await;
    let mut members = json!({ "KeyId": id, "DestinationKeyId": other, "NumberOfBytes": 16 });
    let (make, operation) = match name {
        "still-generates-data-keys" => (None, "GenerateDataKey"),
        "still-re-encrypts" => (Some(("Encrypt", "CiphertextBlob")), "ReEncrypt"),
        "decrypt-without-key-id-unchecked" => (Some(("Encrypt", "CiphertextBlob")), "Decrypt"),
        "still-verifies" => (Some(("Sign", "Signature")), "Verify"),
        "still-verifies-macs" => (Some(("GenerateMac", "Mac")), "VerifyMac"),
        "still-shows-public-key" => (Some(("GetPublicKey", "PublicKey")), "GetPublicKey"),
        "still-derives" => (Some(("GetPublicKey", "PublicKey")), "DeriveSharedSecret"),
        other => panic!("{other} is looked for by nothing"),
    };
    let further = json!({
        "Plaintext": "AAAA", "Message": "AAAA", "SigningAlgorithm": "ECDSA_SHA_256", "MacAlgorithm": "HMAC_SHA_256",
        "KeyAgreementAlgorithm": "ECDH",
    });
    members.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    if let Some((make, member)) = make {
        let made = client.send(make, &members).await;
        assert_eq!(made.status, 200, "{}", made.body);
        members[member] = made.json()[member].clone();
    }
    assert_eq!(client.send(DELETE, &json!({ "KeyId": id })).await.status, 200);
    if name == "decrypt-without-key-id-unchecked" {
        members.as_object_mut().unwrap().remove("KeyId");
    }
    client.send(operation, &members).await.status
}

/// The status of the answer to an unsigned request with this content type.
async fn with_content_type(client: &Client, content_type: &str) -> Value {
    let address = client.server.address();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: {content_type}\r\nx-amz-target: TrentService.{DELETE}\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    json!(answer.split(' ').nth(1))
}

/// Verifies a request that has a signed `Date` and no `X-Amz-Date`.
fn verify_date(client: &Client) -> Result<(), crate::error::Refusal> {
    let config = client.server.config();
    let principal = &config.principals[0];
    let now = jiff::Timestamp::try_from((config.clock)()).unwrap();
    let (date, day) = (now.strftime("%Y%m%dT%H%M%SZ").to_string(), now.strftime("%Y%m%d").to_string());
    let mut request = Incoming {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: vec![("host".to_owned(), "127.0.0.1".to_owned()), ("date".to_owned(), date.clone())],
        body: Vec::new(),
        behind: Default::default(),
    };
    let headers = ["date".to_owned(), "host".to_owned()];
    let scope = [&day, EAST, "kms", "aws4_request"].map(str::to_owned);
    let signed = Signed { headers: &headers, date_time: &date, scope: &scope, is_query: false, payload: None };
    let signature = expected_signature(&request, &signed, &principal.secret_access_key);
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders=date;host, Signature={signature}",
        principal.access_key_id,
        scope.join("/")
    );
    request.headers.push(("authorization".to_owned(), value));
    verify(config, EAST, &request).map(|_| ())
}

/// By how many hours the date of an answer is off.
async fn hours_off(client: &Client) -> Value {
    let answer = client.send(DELETE, &json!({ "KeyId": "foo" })).await;
    let date = answer.head.lines().find_map(|line| line.strip_prefix("date: ")).unwrap().to_owned();
    let moment = jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S gmt", &date).unwrap();
    let moment = jiff::tz::TimeZone::UTC.to_timestamp(moment).unwrap();
    let off = moment.as_second() - jiff::Timestamp::now().as_second();
    json!((off as f64 / 3600.0).round() as i64)
}
