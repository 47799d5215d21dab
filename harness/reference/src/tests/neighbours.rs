//! Rules of the operations around the deletion, recorded on AWS: which state refuses what, imports, and rotations.

use super::materials::{WEST, newer, with_waiting};
use super::operations::Client;
use super::states::then;
use crate::config::Config;
use crate::edition::Edition;
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[tokio::test]
async fn a_key_that_is_pending_import_is_refused_by_what_needs_material() {
    let client = newer().await;
    let id = client.key(json!({ "Origin": "EXTERNAL", "MultiRegion": true })).await;
    let arn = client.metadata("us-east-2", &id).await["Arn"].as_str().unwrap().to_owned();
    let members = json!({ "KeyId": id, "Plaintext": "AAAA", "ReplicaRegion": WEST, "NumberOfBytes": 16 });
    for operation in
        ["EnableKey", "DisableKey", "RotateKeyOnDemand", "Encrypt", "GenerateDataKey", "ReplicateKey", "CreateGrant"]
    {
        let mut members = members.clone();
        members["GranteePrincipal"] = json!("arn:aws:iam::111122223333:root");
        members["Operations"] = json!(["Decrypt"]);
        client.refuses_pending_import(operation, &members, &arn).await;
    }
    for operation in ["EnableKeyRotation", "DisableKeyRotation"] {
        let refused = client.send(operation, &json!({ "KeyId": id })).await;
        assert_eq!(refused.error(), "UnsupportedOperationException");
        let message = format!("{arn} origin is EXTERNAL which is not valid for this operation.");
        assert_eq!(refused.json()["message"], message, "{operation}");
    }
}

#[tokio::test]
async fn what_is_pending_deletion_is_refused_with_the_text_of_its_state() {
    let client = newer().await;
    let id = client.key(json!({ "MultiRegion": true })).await;
    assert_eq!(client.send("ReplicateKey", &json!({ "KeyId": id, "ReplicaRegion": WEST })).await.status, 200);
    let tags = json!({ "KeyId": id, "Tags": [{ "TagKey": "a", "TagValue": "1" }] });
    client.send_to(WEST, 0, "ScheduleKeyDeletion", &json!({ "KeyId": id }).to_string()).await;
    let replica = client.send_to(WEST, 0, "TagResource", &tags.to_string()).await;
    assert!(replica.body.contains(" is pending deletion.\""), "{}", replica.body);
    let scheduled = client.send("ScheduleKeyDeletion", &json!({ "KeyId": id, "PendingWindowInDays": 7 })).await.json();
    assert_eq!((&scheduled["KeyState"], scheduled.get("DeletionDate")), (&json!("PendingReplicaDeletion"), None));
    let primary = client.send("TagResource", &tags).await;
    assert!(primary.body.contains(" is pending replica deletion.\""), "{}", primary.body);
    assert_eq!(client.metadata("us-east-2", &id).await["PendingDeletionWindowInDays"], 7);
}

#[tokio::test]
async fn the_state_is_checked_before_the_algorithm() {
    let client = newer().await;
    let id = client.key(json!({ "KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC" })).await;
    let mac = json!({ "KeyId": id, "Message": "AAAA", "MacAlgorithm": "HMAC_SHA_512" });
    assert_eq!(client.send("GenerateMac", &mac).await.error(), "InvalidKeyUsageException");
    client.send("DisableKey", &json!({ "KeyId": id })).await;
    let refused = client.send("GenerateMac", &mac).await;
    assert_eq!(refused.error(), "DisabledException");
    assert!(refused.body.contains(&format!("key/{id} is disabled.")), "{}", refused.body);
}

#[tokio::test]
async fn import_parameters_are_not_used_up_and_older_ones_stay_good() {
    let client = newer().await;
    let id = client.key(json!({ "Origin": "EXTERNAL" })).await;
    let wrapping = json!({ "KeyId": id, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048" });
    let older = client.send("GetParametersForImport", &wrapping).await.json()["ImportToken"].clone();
    for _ in 0..2 {
        assert_eq!(client.import(&id, &[7; 32], json!({ "ImportToken": older })).await.status, 200);
    }
}

#[tokio::test]
async fn the_wrapping_must_suit_the_spec() {
    let client = newer().await;
    let symmetric = client.key(json!({ "Origin": "EXTERNAL" })).await;
    let rsa = client.key(json!({ "Origin": "EXTERNAL", "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY" })).await;
    for (id, algorithm, spec) in [
        (&symmetric, "RSAES_PKCS1_V1_5", "SYMMETRIC_DEFAULT"),
        (&symmetric, "RSA_AES_KEY_WRAP_SHA_256", "SYMMETRIC_DEFAULT"),
        (&rsa, "RSAES_OAEP_SHA_256", "RSA_2048"),
    ] {
        let members = json!({ "KeyId": id, "WrappingAlgorithm": algorithm, "WrappingKeySpec": "RSA_2048" });
        let refused = client.send("GetParametersForImport", &members).await;
        assert_eq!(refused.error(), "ValidationException");
        let message = format!(
            "Wrapping algorithm {algorithm} and wrapping key spec RSA_2048 cannot be used to import a {spec} key."
        );
        assert_eq!(refused.json()["message"], message);
    }
}

#[tokio::test]
async fn new_material_is_new_and_waits_alone() {
    let client = newer().await;
    let ids = with_waiting(&client, json!({})).await;
    let again = json!({ "ImportType": "NEW_KEY_MATERIAL" });
    assert_eq!(client.import(&ids.key, &[9; 32], again.clone()).await.error(), "KMSInvalidStateException");
    for bytes in [7, 8] {
        let refused = client.import(&ids.key, &[bytes; 32], again.clone()).await;
        assert_eq!(refused.error(), "IncorrectKeyMaterialException", "{bytes}");
    }
    let named = client.import(&ids.key, &[7; 32], json!({ "KeyMaterialId": ids.second })).await;
    assert!(named.body.contains(&format!("expected identifier ({})", ids.second)), "{}", named.body);
}

// That DeleteImportedKeyMaterial refuses KeyMaterialId in the same way is inferred.
#[tokio::test]
async fn a_key_with_one_material_gives_no_choice() {
    let client = newer().await;
    let id =
        client.key(json!({ "Origin": "EXTERNAL", "KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC" })).await;
    let refusals = [
        (client.import(&id, &[7; 32], json!({ "ImportType": "NEW_KEY_MATERIAL" })).await, "importType"),
        (client.import(&id, &[7; 32], json!({ "KeyMaterialId": "0".repeat(64) })).await, "keyMaterialId"),
        (client.import(&id, &[7; 32], json!({ "KeyMaterialDescription": "a" })).await, "keyMaterialDescription"),
        (client.delete("us-east-2", &id, &"0".repeat(64)).await, "keyMaterialId"),
    ];
    for (refused, member) in refusals {
        assert_eq!(refused.error(), "ValidationException");
        let message = format!("Input parameter {member} cannot be used with HMAC_256 imported keys.");
        assert_eq!(refused.json()["message"], message);
    }
}

#[tokio::test]
async fn a_date_does_not_go_with_material_that_does_not_expire() {
    let client = newer().await;
    let id = client.key(json!({ "Origin": "EXTERNAL" })).await;
    let refused = client.import(&id, &[7; 32], json!({ "ValidTo": 4_000_000_000_u32 })).await;
    assert_eq!(refused.error(), "ValidationException");
}

#[tokio::test]
async fn waiting_material_expires_only_after_the_rotation() {
    static AHEAD: AtomicU64 = AtomicU64::new(0);
    let clock = || then() + Duration::from_secs(AHEAD.load(Ordering::SeqCst));
    let client = Client::of(Config {
        edition: Edition::KeyMaterialId,
        rotation_delay: Duration::ZERO,
        clock,
        ..Config::default()
    })
    .await;
    let id = client.key(json!({ "Origin": "EXTERNAL" })).await;
    client.import(&id, &[7; 32], json!({})).await;
    let expiring = json!({
        "ImportType": "NEW_KEY_MATERIAL", "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": 1_767_225_660,
    });
    assert_eq!(client.import(&id, &[8; 32], expiring).await.status, 200);
    assert_eq!(client.metadata("us-east-2", &id).await["ExpirationModel"], "KEY_MATERIAL_DOES_NOT_EXPIRE");
    AHEAD.store(61, Ordering::SeqCst);
    assert_eq!(client.state(&id).await, "Enabled");
    assert_eq!(client.history("us-east-2", &id).await[1]["ImportState"], "IMPORTED");
    client.send("RotateKeyOnDemand", &json!({ "KeyId": id })).await;
    assert_eq!(client.state(&id).await, "PendingImport");
}

#[tokio::test]
async fn only_symmetric_keys_rotate_and_the_refusal_has_no_message() {
    let client = newer().await;
    let id = client.key(json!({ "KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC" })).await;
    for operation in ["RotateKeyOnDemand", "ListKeyRotations", "EnableKeyRotation"] {
        let refused = client.send(operation, &json!({ "KeyId": id })).await;
        assert_eq!(refused.json(), json!({ "__type": "UnsupportedOperationException" }), "{operation}");
    }
    let idle = client.key(json!({ "Origin": "EXTERNAL" })).await;
    client.import(&idle, &[7; 32], json!({})).await;
    let refused = client.send("RotateKeyOnDemand", &json!({ "KeyId": idle })).await;
    assert!(refused.body.contains("No available key material pending rotation for the key: arn:"), "{}", refused.body);
}
