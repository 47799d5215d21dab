//! What was recorded on AWS in September 2026, beyond what `fixtures/recorded/` replays: whole answers and states, both
//! materials of a key, rotations by a clock that a test moves.

use super::materials::{DELETE, WEST, both, newer, replicated, rotated, rotating, west, with_waiting};
use super::operations::with_material;
use super::states::then;
use crate::crypto::generated;
use crate::edition::Edition;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

// That an enabled key answers so too is inferred.
#[tokio::test]
async fn a_material_that_was_never_imported_is_refused_before_and_after_the_deletion() {
    let (client, id) = with_material(Edition::KeyMaterialId).await;
    let arn = client.metadata("us-east-2", &id).await["Arn"].as_str().unwrap().to_owned();
    let unknown = "0".repeat(64);
    for state in ["Enabled", "PendingImport"] {
        let refused = client.delete("us-east-2", &id, &unknown).await;
        assert_eq!((refused.status, refused.error().as_str()), (400, "ValidationException"));
        let message = format!("Key material (id: {unknown}) has never been imported into KMS key {arn}.");
        assert_eq!(refused.json()["message"], message);
        assert_eq!(client.state(&id).await, state);
        client.send(DELETE, &json!({ "KeyId": id })).await;
    }
}

#[tokio::test]
async fn a_waiting_material_is_deleted_alone_and_the_key_stays_enabled() {
    let client = newer().await;
    let ids = with_waiting(&client, json!({})).await;
    let before = client.metadata("us-east-2", &ids.key).await;
    assert_eq!(client.delete("us-east-2", &ids.key, &ids.second).await.json(), both(&ids, &ids.second));
    let after = client.metadata("us-east-2", &ids.key).await;
    assert_eq!((&after["KeyState"], &after["Enabled"]), (&json!("Enabled"), &json!(true)));
    assert_eq!(after, before);
    let history = client.history("us-east-2", &ids.key).await;
    assert_eq!(history.len(), 1);
    assert_eq!(history[0]["KeyMaterialId"], ids.first.as_str());
    assert_eq!(client.send("Encrypt", &json!({ "KeyId": ids.key, "Plaintext": "AAAA" })).await.status, 200);
}

#[tokio::test]
async fn without_an_id_the_current_material_is_deleted_and_the_waiting_one_stays() {
    let client = newer().await;
    let ids = with_waiting(&client, json!({})).await;
    assert_eq!(client.send(DELETE, &json!({ "KeyId": ids.key })).await.json(), both(&ids, &ids.first));
    let states: Vec<Value> =
        client.history("us-east-2", &ids.key).await.iter().map(|entry| entry["ImportState"].clone()).collect();
    assert_eq!(states, ["PENDING_IMPORT", "IMPORTED"]);
}

#[tokio::test]
async fn an_old_ciphertext_is_not_decrypted_while_any_used_material_is_missing() {
    let client = newer().await;
    let ids = with_waiting(&client, json!({})).await;
    let sealed = client.send("Encrypt", &json!({ "KeyId": ids.key, "Plaintext": "aGVsbG8=" })).await.json();
    client.send("RotateKeyOnDemand", &json!({ "KeyId": ids.key })).await;
    let named = json!({ "KeyId": ids.key, "CiphertextBlob": sealed["CiphertextBlob"] });
    let unnamed = json!({ "CiphertextBlob": sealed["CiphertextBlob"] });
    for (material, bytes) in [(&ids.first, 7), (&ids.second, 8)] {
        client.delete("us-east-2", &ids.key, material).await;
        client.refuses_pending_import("Decrypt", &named, &ids.arn).await;
        client.refuses_pending_import("Decrypt", &unnamed, &ids.arn).await;
        assert_eq!(client.import(&ids.key, &[bytes; 32], json!({})).await.status, 200);
        let opened = client.send("Decrypt", &unnamed).await.json();
        assert_eq!(opened["Plaintext"], "aGVsbG8=");
    }
}

#[tokio::test]
async fn a_rotation_in_progress_takes_the_replacement_of_the_material_that_was_deleted() {
    static AHEAD: AtomicU64 = AtomicU64::new(0);
    let (client, ids) = rotating(|| then() + Duration::from_secs(AHEAD.load(Ordering::SeqCst))).await;
    assert_eq!(client.delete("us-east-2", &ids.key, &ids.second).await.json(), both(&ids, &ids.second));
    let replacement = client.import(&ids.key, &[9; 32], json!({ "ImportType": "NEW_KEY_MATERIAL" })).await.json();
    for (ahead, current) in [(59, json!(ids.first)), (60, replacement["KeyMaterialId"].clone())] {
        AHEAD.store(ahead, Ordering::SeqCst);
        let metadata = client.metadata("us-east-2", &ids.key).await;
        assert_eq!((&metadata["CurrentKeyMaterialId"], &metadata["KeyState"]), (&current, &json!("Enabled")));
    }
}

#[tokio::test]
async fn a_rotation_in_progress_ends_without_an_entry_if_nothing_waits() {
    static AHEAD: AtomicU64 = AtomicU64::new(0);
    let (client, ids) = rotating(|| then() + Duration::from_secs(AHEAD.load(Ordering::SeqCst))).await;
    client.delete("us-east-2", &ids.key, &ids.second).await;
    AHEAD.store(61, Ordering::SeqCst);
    let metadata = client.metadata("us-east-2", &ids.key).await;
    assert_eq!((&metadata["CurrentKeyMaterialId"], &metadata["KeyState"]), (&json!(ids.first), &json!("Enabled")));
    assert_eq!(client.history("us-east-2", &ids.key).await.len(), 1);
}

#[tokio::test]
async fn answers_for_hmac_rsa_and_elliptic_curve_keys_name_no_material() {
    let client = newer().await;
    for (spec, usage) in [
        ("HMAC_224", "GENERATE_VERIFY_MAC"),
        ("HMAC_256", "GENERATE_VERIFY_MAC"),
        ("HMAC_384", "GENERATE_VERIFY_MAC"),
        ("HMAC_512", "GENERATE_VERIFY_MAC"),
        ("ECC_NIST_P256", "SIGN_VERIFY"),
        ("ECC_NIST_P256", "KEY_AGREEMENT"),
        ("RSA_2048", "ENCRYPT_DECRYPT"),
        ("RSA_2048", "SIGN_VERIFY"),
    ] {
        let id = client.key(json!({ "Origin": "EXTERNAL", "KeySpec": spec, "KeyUsage": usage })).await;
        let arn = client.metadata("us-east-2", &id).await["Arn"].clone();
        let material = generated(spec);
        for _ in 0..2 {
            assert_eq!(client.import_of(spec, &id, &material).await.json(), json!({ "KeyId": arn }), "{spec}");
            assert_eq!(client.state(&id).await, "Enabled");
            assert_eq!(client.send(DELETE, &json!({ "KeyId": id })).await.json(), json!({ "KeyId": arn }), "{spec}");
            assert_eq!(client.state(&id).await, "PendingImport");
        }
    }
}

#[tokio::test]
async fn other_bytes_are_refused_with_the_id_that_was_expected() {
    let client = newer().await;
    for create in [
        json!({ "Origin": "EXTERNAL" }),
        json!({ "Origin": "EXTERNAL", "KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC" }),
    ] {
        let id = client.key(create).await;
        client.import(&id, &[7; 32], json!({})).await;
        client.send(DELETE, &json!({ "KeyId": id })).await;
        let refused = client.import(&id, &[8; 32], json!({})).await;
        assert_eq!(refused.error(), "IncorrectKeyMaterialException");
        let message = refused.json()["message"].as_str().unwrap().to_owned();
        let expected = message.strip_prefix("Imported key material does not have the expected identifier (").unwrap();
        assert_eq!(expected.strip_suffix(").").unwrap().len(), 64);
    }
}

#[tokio::test]
async fn a_replica_names_itself_and_leaves_the_waiting_material_of_its_primary_key() {
    let client = newer().await;
    let ids = replicated(&client).await;
    assert_eq!(client.import_in(WEST, &ids.key, &[7; 32], json!({})).await.status, 200);
    let before = client.history("us-east-2", &ids.key).await;
    assert_eq!(before[1]["KeyMaterialState"], "PENDING_MULTI_REGION_IMPORT_AND_ROTATION");
    assert_eq!(client.delete(WEST, &ids.key, &ids.second).await.json(), west(&ids, &ids.second));
    assert_eq!(client.history("us-east-2", &ids.key).await, before);
    assert_eq!(client.metadata(WEST, &ids.key).await["KeyState"], "Enabled");
}

#[tokio::test]
async fn a_waiting_material_that_its_primary_key_deletes_is_gone_from_the_replica_too() {
    let client = newer().await;
    let ids = replicated(&client).await;
    assert_eq!(client.history(WEST, &ids.key).await.len(), 2);
    assert_eq!(client.delete("us-east-2", &ids.key, &ids.second).await.json(), both(&ids, &ids.second));
    for region in ["us-east-2", WEST] {
        assert_eq!(client.history(region, &ids.key).await.len(), 1, "{region}");
    }
}

#[tokio::test]
async fn a_rotation_waits_until_every_replica_has_the_material() {
    let client = newer().await;
    let ids = replicated(&client).await;
    let rotate = json!({ "KeyId": ids.key });
    let refused = client.send("RotateKeyOnDemand", &rotate).await;
    assert_eq!(refused.error(), "KMSInvalidStateException");
    for bytes in [7, 8] {
        assert_eq!(client.import_in(WEST, &ids.key, &[bytes; 32], json!({})).await.status, 200);
    }
    assert_eq!(client.send("RotateKeyOnDemand", &rotate).await.status, 200);
    for region in ["us-east-2", WEST] {
        assert_eq!(client.metadata(region, &ids.key).await["CurrentKeyMaterialId"], ids.second.as_str(), "{region}");
    }
}

#[tokio::test]
async fn a_deletion_changes_nothing_else() {
    let client = newer().await;
    let ids = rotated(&client, json!({ "MultiRegion": true, "Description": "kept" })).await;
    let other = with_waiting(&client, json!({})).await;
    client.send("ReplicateKey", &json!({ "KeyId": ids.key, "ReplicaRegion": WEST })).await;
    let named = json!({ "KeyId": ids.key });
    let grant = json!({
        "KeyId": ids.key, "GranteePrincipal": "arn:aws:iam::111122223333:root", "Operations": ["Decrypt"],
    });
    client.send("CreateGrant", &grant).await;
    let policy = r#"{"Version":"2012-10-17","Statement":[]}"#;
    for (operation, members) in [
        ("PutKeyPolicy", json!({ "KeyId": ids.key, "Policy": policy })),
        ("TagResource", json!({ "KeyId": ids.key, "Tags": [{ "TagKey": "a", "TagValue": "1" }] })),
        ("CreateAlias", json!({ "AliasName": "alias/kept", "TargetKeyId": ids.key })),
    ] {
        assert_eq!(client.send(operation, &members).await.status, 200, "{operation}");
    }
    let seen = async || {
        let mut seen = Vec::new();
        for operation in ["GetKeyPolicy", "ListGrants", "ListResourceTags", "ListAliases"] {
            let answer = client.send(operation, &named).await;
            assert_eq!(answer.status, 200, "{operation}: {}", answer.body);
            seen.push(answer.json());
        }
        let mut history = client.history("us-east-2", &ids.key).await;
        for entry in &mut history {
            // These two follow the material.
            entry.as_object_mut().unwrap().retain(|name, _| name != "ImportState" && name != "ExpirationModel");
        }
        seen.push(json!(history));
        seen.push(json!(client.metadata("us-east-2", &ids.key).await["Description"]));
        seen.push(json!(client.metadata("us-east-2", &other.key).await));
        seen.push(json!(client.history("us-east-2", &other.key).await));
        seen.push(client.metadata(WEST, &ids.key).await);
        seen.push(json!(client.history(WEST, &ids.key).await));
        seen
    };
    let before = seen().await;
    assert_eq!(before[1]["Grants"].as_array().unwrap().len(), 1);
    assert_eq!(before[5], "kept");
    assert_eq!(client.send(DELETE, &named).await.status, 200);
    assert_eq!(client.state(&ids.key).await, "PendingImport");
    assert_eq!(seen().await, before);
}
