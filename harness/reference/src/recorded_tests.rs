//! What was recorded on AWS in September 2026 about imported material and its deletion. The rows are those of the notes
//! on these recordings: D for answers of DeleteImportedKeyMaterial, E for effects.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use crate::config::Config;
use crate::crypto::generated;
use crate::edition::Edition;
use crate::tests::operations::{Answer, Client, with_material};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

const DELETE: &str = "DeleteImportedKeyMaterial";
const WEST: &str = "us-west-2";

/// A client of the second edition. A rotation is carried out at once.
pub(crate) async fn newer() -> Client {
    let config = Config { edition: Edition::KeyMaterialId, rotation_delay: Duration::ZERO, ..Config::default() };
    Client::of(config).await
}

/// The ids of a key's materials.
pub(crate) struct Ids {
    pub(crate) key: String,
    pub(crate) arn: String,
    pub(crate) first: String,
    pub(crate) second: String,
}

/// A key with a current material and one that waits for a rotation.
pub(crate) async fn with_waiting(client: &Client, members: Value) -> Ids {
    let mut create = json!({ "Origin": "EXTERNAL" });
    create.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let key = client.key(create).await;
    let first = client.import(&key, &[7; 32], json!({})).await.json();
    let second = client.import(&key, &[8; 32], json!({ "ImportType": "NEW_KEY_MATERIAL" })).await.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Ids {
        key,
        arn: text(&first["KeyId"]),
        first: text(&first["KeyMaterialId"]),
        second: text(&second["KeyMaterialId"]),
    }
}

/// A key with a current material and one that a rotation replaced.
pub(crate) async fn rotated(client: &Client, members: Value) -> Ids {
    let ids = with_waiting(client, members).await;
    assert_eq!(client.send("RotateKeyOnDemand", &json!({ "KeyId": ids.key })).await.status, 200);
    ids
}

impl Client {
    pub(crate) async fn metadata(&self, region: &str, id: &str) -> Value {
        let body = json!({ "KeyId": id }).to_string();
        self.send_to(region, 0, "DescribeKey", &body).await.json()["KeyMetadata"].clone()
    }

    pub(crate) async fn history(&self, region: &str, id: &str) -> Vec<Value> {
        let body = json!({ "KeyId": id, "IncludeKeyMaterial": "ALL_KEY_MATERIAL" }).to_string();
        let answer = self.send_to(region, 0, "ListKeyRotations", &body).await.json();
        answer["Rotations"].as_array().unwrap().clone()
    }

    /// Deletes a material by its id.
    pub(crate) async fn delete(&self, region: &str, id: &str, material: &str) -> Answer {
        let body = json!({ "KeyId": id, "KeyMaterialId": material }).to_string();
        self.send_to(region, 0, DELETE, &body).await
    }

    async fn refuses_pending_import(&self, operation: &str, members: &Value, arn: &str) {
        let refused = self.send(operation, members).await;
        assert_eq!(refused.error(), "KMSInvalidStateException", "{operation}");
        assert_eq!(refused.json()["message"], format!("{arn} is pending import."), "{operation}");
    }
}

fn both(ids: &Ids, material: &str) -> Value {
    json!({ "KeyId": ids.arn, "KeyMaterialId": material })
}

// D1
#[tokio::test]
async fn the_answer_for_a_key_that_was_never_imported_into_names_no_material() {
    let client = newer().await;
    let id = client.key(json!({ "Origin": "EXTERNAL" })).await;
    let arn = client.metadata("us-east-2", &id).await["Arn"].clone();
    assert_eq!(client.send(DELETE, &json!({ "KeyId": id })).await.json(), json!({ "KeyId": arn }));
}

// D2, D3
#[tokio::test]
async fn the_second_deletion_has_the_very_same_answer() {
    let (client, id) = with_material(Edition::KeyMaterialId).await;
    let metadata = client.metadata("us-east-2", &id).await;
    let answer = json!({ "KeyId": metadata["Arn"], "KeyMaterialId": metadata["CurrentKeyMaterialId"] });
    for _ in 0..2 {
        assert_eq!(client.send(DELETE, &json!({ "KeyId": id })).await.json(), answer);
    }
}

// D4. That an enabled key answers so too is inferred.
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

// D5, E1
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

// D6, E2
#[tokio::test]
async fn without_a_material_that_was_rotated_out_the_key_is_pending_import() {
    let client = newer().await;
    let ids = rotated(&client, json!({})).await;
    let before = client.metadata("us-east-2", &ids.key).await;
    assert_eq!(before["CurrentKeyMaterialId"], ids.second.as_str());
    assert_eq!(client.delete("us-east-2", &ids.key, &ids.first).await.json(), both(&ids, &ids.first));
    let after = client.metadata("us-east-2", &ids.key).await;
    assert_eq!((&after["KeyState"], &after["Enabled"]), (&json!("PendingImport"), &json!(false)));
    assert_eq!(after["CurrentKeyMaterialId"], ids.second.as_str());
    assert_eq!(after.get("ExpirationModel"), None);
    let history = client.history("us-east-2", &ids.key).await;
    let entry = &history[0];
    assert_eq!((&entry["KeyMaterialId"], &entry["KeyMaterialState"]), (&json!(ids.first), &json!("NON_CURRENT")));
    assert_eq!((&entry["ImportState"], entry.get("ExpirationModel")), (&json!("PENDING_IMPORT"), None));
    assert_eq!(history[1]["ExpirationModel"], "KEY_MATERIAL_DOES_NOT_EXPIRE");
    client.refuses_pending_import("Encrypt", &json!({ "KeyId": ids.key, "Plaintext": "AAAA" }), &ids.arn).await;
}

// E10
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

/// A server whose clock a test moves, with rotations that take a minute.
async fn with_clock(clock: fn() -> SystemTime) -> (Client, Ids) {
    let client = Client::of(Config {
        edition: Edition::KeyMaterialId,
        rotation_delay: Duration::from_secs(60),
        clock,
        ..Config::default()
    })
    .await;
    let ids = with_waiting(&client, json!({})).await;
    assert_eq!(client.send("RotateKeyOnDemand", &json!({ "KeyId": ids.key })).await.status, 200);
    (client, ids)
}

fn then() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

// D7, E7
#[tokio::test]
async fn a_rotation_in_progress_takes_the_replacement_of_the_material_that_was_deleted() {
    static AHEAD: AtomicU64 = AtomicU64::new(0);
    let (client, ids) = with_clock(|| then() + Duration::from_secs(AHEAD.load(Ordering::SeqCst))).await;
    assert_eq!(client.delete("us-east-2", &ids.key, &ids.second).await.json(), both(&ids, &ids.second));
    let replacement = client.import(&ids.key, &[9; 32], json!({ "ImportType": "NEW_KEY_MATERIAL" })).await.json();
    for (ahead, current) in [(59, json!(ids.first)), (60, replacement["KeyMaterialId"].clone())] {
        AHEAD.store(ahead, Ordering::SeqCst);
        let metadata = client.metadata("us-east-2", &ids.key).await;
        assert_eq!((&metadata["CurrentKeyMaterialId"], &metadata["KeyState"]), (&current, &json!("Enabled")));
    }
}

// D7, E7
#[tokio::test]
async fn a_rotation_in_progress_ends_without_an_entry_if_nothing_waits() {
    static AHEAD: AtomicU64 = AtomicU64::new(0);
    let (client, ids) = with_clock(|| then() + Duration::from_secs(AHEAD.load(Ordering::SeqCst))).await;
    client.delete("us-east-2", &ids.key, &ids.second).await;
    AHEAD.store(61, Ordering::SeqCst);
    let metadata = client.metadata("us-east-2", &ids.key).await;
    assert_eq!((&metadata["CurrentKeyMaterialId"], &metadata["KeyState"]), (&json!(ids.first), &json!("Enabled")));
    assert_eq!(client.history("us-east-2", &ids.key).await.len(), 1);
}

// D8, D9, D10, E5
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

// E4
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

// E6
#[tokio::test]
async fn a_key_pair_is_of_no_use_after_the_deletion_and_as_before_after_the_import() {
    let client = newer().await;
    let peer = client.key(json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT" })).await;
    let peer = client.send("GetPublicKey", &json!({ "KeyId": peer })).await.json()["PublicKey"].clone();
    let create = json!({ "Origin": "EXTERNAL", "KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT" });
    let (ecdh, pair) = (client.key(create).await, generated("ECC_NIST_P256"));
    client.import(&ecdh, &pair, json!({})).await;
    let derive = json!({ "KeyId": ecdh, "KeyAgreementAlgorithm": "ECDH", "PublicKey": peer });
    let secret = client.send("DeriveSharedSecret", &derive).await.json();
    let arn = secret["KeyId"].as_str().unwrap().to_owned();
    client.send(DELETE, &json!({ "KeyId": ecdh })).await;
    client.refuses_pending_import("DeriveSharedSecret", &derive, &arn).await;
    client.refuses_pending_import("GetPublicKey", &json!({ "KeyId": ecdh }), &arn).await;
    client.import(&ecdh, &pair, json!({})).await;
    assert_eq!(client.send("DeriveSharedSecret", &derive).await.json(), secret);

    let create = json!({ "Origin": "EXTERNAL", "KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT" });
    let (rsa, pair) = (client.key(create).await, generated("RSA_2048"));
    client.import_of("RSA_2048", &rsa, &pair).await;
    let algorithm = "RSAES_OAEP_SHA_256";
    let encrypt = json!({ "KeyId": rsa, "Plaintext": "aGVsbG8=", "EncryptionAlgorithm": algorithm });
    let sealed = client.send("Encrypt", &encrypt).await.json();
    let arn = sealed["KeyId"].as_str().unwrap().to_owned();
    let decrypt = json!({ "KeyId": rsa, "CiphertextBlob": sealed["CiphertextBlob"], "EncryptionAlgorithm": algorithm });
    client.send(DELETE, &json!({ "KeyId": rsa })).await;
    client.refuses_pending_import("Decrypt", &decrypt, &arn).await;
    client.import_of("RSA_2048", &rsa, &pair).await;
    assert_eq!(client.send("Decrypt", &decrypt).await.json()["Plaintext"], "aGVsbG8=");
}

/// A primary key with a material that waits for a rotation, and its replica without any material.
pub(crate) async fn replicated(client: &Client) -> Ids {
    let ids = with_waiting(client, json!({ "MultiRegion": true })).await;
    let replicated = client.send("ReplicateKey", &json!({ "KeyId": ids.key, "ReplicaRegion": WEST })).await;
    assert_eq!(replicated.json()["ReplicaKeyMetadata"]["KeyState"], "PendingImport", "{}", replicated.body);
    ids
}

fn west(ids: &Ids, material: &str) -> Value {
    json!({ "KeyId": ids.arn.replace("us-east-2", WEST), "KeyMaterialId": material })
}

// D11, E8
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

// D12, E8
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

// D13, E9
#[tokio::test]
async fn a_replica_that_lacks_a_material_can_be_told_to_delete_it() {
    let client = newer().await;
    let ids = rotated(&client, json!({ "MultiRegion": true })).await;
    client.send("ReplicateKey", &json!({ "KeyId": ids.key, "ReplicaRegion": WEST })).await;
    assert_eq!(client.import_in(WEST, &ids.key, &[8; 32], json!({})).await.status, 200);
    assert_eq!(client.delete(WEST, &ids.key, &ids.first).await.json(), west(&ids, &ids.first));
    assert_eq!(client.metadata(WEST, &ids.key).await["KeyState"], "PendingImport");
    assert_eq!(client.state(&ids.key).await, "Enabled");
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

// E3
#[tokio::test]
async fn a_key_without_material_is_pending_import_once_its_deletion_is_cancelled() {
    let (client, id) = with_material(Edition::KeyMaterialId).await;
    let deleted = client.send(DELETE, &json!({ "KeyId": id })).await.json();
    let scheduled = client.send("ScheduleKeyDeletion", &json!({ "KeyId": id, "PendingWindowInDays": 7 })).await;
    assert_eq!(scheduled.status, 200);
    assert_eq!(client.send("CancelKeyDeletion", &json!({ "KeyId": id })).await.status, 200);
    let metadata = client.metadata("us-east-2", &id).await;
    assert_eq!((&metadata["KeyState"], metadata.get("DeletionDate")), (&json!("PendingImport"), None));
    assert_eq!(metadata.get("ExpirationModel"), None);
    assert_eq!(metadata["CurrentKeyMaterialId"], deleted["KeyMaterialId"]);
}

// E11
#[tokio::test]
async fn an_import_enables_a_disabled_key() {
    let (client, id) = with_material(Edition::KeyMaterialId).await;
    client.send("DisableKey", &json!({ "KeyId": id })).await;
    assert_eq!(client.state(&id).await, "Disabled");
    assert_eq!(client.import(&id, &[7; 32], json!({})).await.status, 200);
    assert_eq!(client.state(&id).await, "Enabled");
}

// 1.3
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

// 1.3
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

// 1.3
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

// 1.3
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

// 1.3
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

// 1.3
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

// 1.3. That DeleteImportedKeyMaterial refuses KeyMaterialId in the same way is inferred.
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

// 1.3
#[tokio::test]
async fn a_date_does_not_go_with_material_that_does_not_expire() {
    let client = newer().await;
    let id = client.key(json!({ "Origin": "EXTERNAL" })).await;
    let refused = client.import(&id, &[7; 32], json!({ "ValidTo": 4_000_000_000_u32 })).await;
    assert_eq!(refused.error(), "ValidationException");
}

// 1.3
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

// 1.3
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
