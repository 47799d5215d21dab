//! Checks states of keys over time: deletion dates, import tokens, expiration, rotations and tags.

use super::operations::{Client, with_material};
use crate::config::Config;
use crate::edition::Edition;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

const DAY: u64 = 24 * 60 * 60;

/// 2026-01-01T00:00:00Z
const THEN: u64 = 1_767_225_600;

pub(super) fn then() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(THEN)
}

/// Starts a server whose clock stands still, and creates a key with these members.
async fn at_rest(members: Value) -> (Client, String) {
    let client = Client::of(Config { clock: then, ..Config::default() }).await;
    let id = client.key(members).await;
    (client, id)
}

#[tokio::test]
async fn a_key_is_deleted_after_its_window_or_after_thirty_days() {
    let (client, id) = at_rest(json!({})).await;
    for (members, days) in [
        (json!({ "KeyId": id, "PendingWindowInDays": 7 }), 7),
        (json!({ "KeyId": id, "PendingWindowInDays": 30 }), 30),
        (json!({ "KeyId": id }), 30),
    ] {
        let scheduled = client.send("ScheduleKeyDeletion", &members).await.json();
        assert_eq!(scheduled["DeletionDate"].as_f64(), Some((THEN + days * DAY) as f64));
        assert_eq!(scheduled["KeyState"], "PendingDeletion");
        let again = client.send("ScheduleKeyDeletion", &members).await;
        assert_eq!(again.error(), "KMSInvalidStateException");
        assert_eq!(client.send("CancelKeyDeletion", &json!({ "KeyId": id })).await.status, 200);
        // CancelKeyDeletion leaves the key disabled.
        assert_eq!(client.state(&id).await, "Disabled");
        let again = client.send("CancelKeyDeletion", &json!({ "KeyId": id })).await;
        assert_eq!(again.error(), "KMSInvalidStateException");
    }
    let refused = client.send("ScheduleKeyDeletion", &json!({ "KeyId": id, "PendingWindowInDays": 6 })).await;
    assert_eq!(refused.error(), "ValidationException");
}

#[tokio::test]
async fn only_a_key_with_material_that_is_not_pending_deletion_is_enabled_or_disabled() {
    let (client, id) = with_material(Edition::KeyOnly).await;
    let named = json!({ "KeyId": id });
    for (operation, state) in [("DisableKey", "Disabled"), ("EnableKey", "Enabled"), ("DisableKey", "Disabled")] {
        assert_eq!(client.send(operation, &named).await.status, 200);
        assert_eq!(client.state(&id).await, state);
    }
    client.send("DeleteImportedKeyMaterial", &named).await;
    for operation in ["DisableKey", "EnableKey"] {
        let refused = client.send(operation, &named).await;
        assert_eq!(refused.error(), "KMSInvalidStateException");
        assert!(refused.body.contains("is pending import"), "{}", refused.body);
    }
    client.send("ScheduleKeyDeletion", &named).await;
    for operation in ["DisableKey", "EnableKey"] {
        let refused = client.send(operation, &named).await;
        assert_eq!(refused.error(), "KMSInvalidStateException");
        assert!(refused.body.contains("is pending deletion"), "{}", refused.body);
    }
}

#[tokio::test]
async fn only_an_external_key_that_is_not_pending_deletion_accepts_imports() {
    let client = Client::new(Edition::KeyOnly).await;
    let leaves = client.key(json!({ "Origin": "EXTERNAL" })).await;
    client.send("ScheduleKeyDeletion", &json!({ "KeyId": leaves })).await;
    let own = client.key(json!({})).await;
    let seed = |name: &str| {
        let seeds = &client.server.config().seeds;
        seeds.iter().find(|seed| seed.name == name).unwrap().key_id.clone()
    };
    for (id, error, message) in [
        (leaves, "KMSInvalidStateException", "is pending deletion"),
        (seed("creating"), "KMSInvalidStateException", "is creating"),
        (seed("updating"), "KMSInvalidStateException", "is updating"),
        (own, "UnsupportedOperationException", "origin is AWS_KMS"),
    ] {
        let wrapping = json!({ "KeyId": id, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048" });
        let import = json!({
            "KeyId": id, "ImportToken": "dG9rZW4=", "EncryptedKeyMaterial": "AAAA",
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        });
        for (operation, members) in [("GetParametersForImport", wrapping), ("ImportKeyMaterial", import)] {
            let refused = client.send(operation, &members).await;
            assert_eq!(refused.error(), error, "{operation} {id}");
            assert!(refused.body.contains(message), "{}", refused.body);
        }
    }
}

#[tokio::test]
async fn import_parameters_exist_for_one_algorithm_and_one_spec() {
    let client = Client::new(Edition::KeyOnly).await;
    let id = client.key(json!({ "Origin": "EXTERNAL" })).await;
    for (algorithm, spec) in [("RSAES_OAEP_SHA_256", "RSA_4096"), ("RSAES_OAEP_SHA_1", "RSA_2048")] {
        let members = json!({ "KeyId": id, "WrappingAlgorithm": algorithm, "WrappingKeySpec": spec });
        assert_eq!(client.send("GetParametersForImport", &members).await.error(), "ValidationException");
    }
}

/// Starts a server with this clock, and creates a key to import into.
async fn with_clock(clock: fn() -> SystemTime) -> (Client, String) {
    let client = Client::of(Config { clock, ..Config::default() }).await;
    let id = client.key(json!({ "Origin": "EXTERNAL" })).await;
    (client, id)
}

#[tokio::test]
async fn an_import_token_is_valid_for_a_day_and_an_unknown_one_is_refused() {
    static AHEAD: AtomicU64 = AtomicU64::new(0);
    let (client, id) = with_clock(|| then() + Duration::from_secs(AHEAD.load(Ordering::SeqCst))).await;
    let wrapping = json!({ "KeyId": id, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048" });
    let parameters = client.send("GetParametersForImport", &wrapping).await.json();
    assert_eq!(parameters["ParametersValidTo"].as_f64(), Some((THEN + DAY) as f64));
    for (ahead, token, error) in [
        (0, "b3RoZXI=", "InvalidImportTokenException"),
        // The token is valid, so the material is checked next. It was not wrapped, so it is refused.
        (0, parameters["ImportToken"].as_str().unwrap(), "InvalidCiphertextException"),
        (DAY, parameters["ImportToken"].as_str().unwrap(), "InvalidCiphertextException"),
        (DAY + 1, parameters["ImportToken"].as_str().unwrap(), "ExpiredImportTokenException"),
    ] {
        AHEAD.store(ahead, Ordering::SeqCst);
        let members = json!({
            "KeyId": id, "ImportToken": token, "EncryptedKeyMaterial": "AAAA",
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        });
        assert_eq!(client.send("ImportKeyMaterial", &members).await.error(), error, "{ahead} {token}");
    }
}

#[tokio::test]
async fn material_expires_within_a_year_and_is_deleted_then() {
    static AHEAD: AtomicU64 = AtomicU64::new(0);
    let (client, id) = with_clock(|| then() + Duration::from_secs(AHEAD.load(Ordering::SeqCst))).await;
    let until = |end: u64| json!({ "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": end });
    for end in [THEN - 1, THEN, THEN + 365 * DAY + 1] {
        assert_eq!(client.import(&id, &[7; 32], until(end)).await.error(), "ValidationException", "{end}");
    }
    for end in [THEN + 365 * DAY, THEN + 60] {
        assert_eq!(client.import(&id, &[7; 32], until(end)).await.status, 200, "{end}");
        let metadata = client.send("DescribeKey", &json!({ "KeyId": id })).await.json()["KeyMetadata"].clone();
        assert_eq!(metadata["ExpirationModel"], "KEY_MATERIAL_EXPIRES");
        assert_eq!(metadata["ValidTo"].as_f64(), Some(end as f64));
    }
    for (ahead, state) in [(59, "Enabled"), (61, "PendingImport")] {
        AHEAD.store(ahead, Ordering::SeqCst);
        assert_eq!(client.state(&id).await, state, "{ahead}");
    }
}

#[tokio::test]
async fn only_the_second_edition_lists_rotations_with_their_states() {
    let (client, id) = with_material(Edition::KeyOnly).await;
    let all = json!({ "KeyId": id, "IncludeKeyMaterial": "ALL_KEY_MATERIAL" });
    assert_eq!(client.send("ListKeyRotations", &all).await.error(), "UnknownOperationException");

    let (client, id) = with_material(Edition::KeyMaterialId).await;
    let all = json!({ "KeyId": id, "IncludeKeyMaterial": "ALL_KEY_MATERIAL" });
    assert_eq!(client.import(&id, &[8; 32], json!({ "ImportType": "NEW_KEY_MATERIAL" })).await.status, 200);
    let states = async || {
        let rotations = client.send("ListKeyRotations", &all).await.json()["Rotations"].clone();
        let states = rotations.as_array().unwrap().iter();
        states.map(|entry| format!("{} {}", entry["KeyMaterialState"], entry["ImportState"])).collect::<Vec<_>>()
    };
    assert_eq!(states().await, ["\"CURRENT\" \"IMPORTED\"", "\"PENDING_ROTATION\" \"IMPORTED\""]);
    assert_eq!(client.send("DeleteImportedKeyMaterial", &json!({ "KeyId": id })).await.status, 200);
    assert_eq!(states().await, ["\"CURRENT\" \"PENDING_IMPORT\"", "\"PENDING_ROTATION\" \"IMPORTED\""]);
    let without = client.send("ListKeyRotations", &json!({ "KeyId": id })).await.json();
    assert_eq!(without["Rotations"], json!([]));
    // Only one material can be pending rotation.
    let third = client.import(&id, &[9; 32], json!({ "ImportType": "NEW_KEY_MATERIAL" })).await;
    assert_eq!(third.error(), "KMSInvalidStateException");
}

#[tokio::test]
async fn the_last_tag_of_a_name_counts() {
    let (client, id) = at_rest(json!({ "Tags": [{ "TagKey": "a", "TagValue": "1" }] })).await;
    let tags = json!([{ "TagKey": "b", "TagValue": "2" }, { "TagKey": "a", "TagValue": "3" }]);
    assert_eq!(client.send("TagResource", &json!({ "KeyId": id, "Tags": tags })).await.status, 200);
    let listed = client.send("ListResourceTags", &json!({ "KeyId": id })).await.json();
    assert_eq!(listed, json!({ "Tags": tags, "Truncated": false }));
    for members in [json!({ "KeyId": id, "Tags": 1 }), json!({ "KeyId": id, "Tags": [{ "TagKey": "a" }] })] {
        assert_eq!(client.send("TagResource", &members).await.error(), "SerializationException");
    }
    assert_eq!(client.send("ListResourceTags", &json!({ "KeyId": id })).await.json(), listed);
    let absent = json!({ "KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab" });
    assert_eq!(client.send("ListResourceTags", &absent).await.error(), "NotFoundException");
}
