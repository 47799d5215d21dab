//! Checks the operations around the one under test: data keys, re-encryption, verification, policies and grants.

use super::materials::newer;
use super::operations::{Client, with_material};
use crate::edition::Edition;
use serde_json::{Value, json};

const HELLO: &str = "aGVsbG8=";

#[tokio::test]
async fn a_data_key_is_what_its_ciphertext_decrypts_to() {
    let (client, id) = with_material(Edition::KeyMaterialId).await;
    for (members, length) in [
        (json!({ "KeySpec": "AES_256" }), 44),
        (json!({ "KeySpec": "AES_128" }), 24),
        (json!({ "NumberOfBytes": 3 }), 4),
    ] {
        let mut members = members;
        members["KeyId"] = json!(id);
        let made = client.send("GenerateDataKey", &members).await.json();
        assert_eq!(made["Plaintext"].as_str().unwrap().len(), length);
        let opened = client.send("Decrypt", &json!({ "CiphertextBlob": made["CiphertextBlob"] })).await.json();
        assert_eq!(opened["Plaintext"], made["Plaintext"]);
        let without = client.send("GenerateDataKeyWithoutPlaintext", &members).await.json();
        assert_eq!((without.get("Plaintext"), without["CiphertextBlob"].is_string()), (None, true));
    }
    for members in [
        json!({ "KeyId": id }),
        json!({ "KeyId": id, "KeySpec": "AES_256", "NumberOfBytes": 32 }),
        json!({ "KeyId": id, "NumberOfBytes": 0 }),
        json!({ "KeyId": id, "NumberOfBytes": 1025 }),
        json!({ "KeyId": id, "KeySpec": "AES_512" }),
    ] {
        assert_eq!(client.send("GenerateDataKey", &members).await.error(), "ValidationException", "{members}");
    }
}

#[tokio::test]
async fn a_data_key_pair_decrypts_to_its_private_key() {
    let (client, id) = with_material(Edition::KeyOnly).await;
    let members = json!({ "KeyId": id, "KeyPairSpec": "ECC_NIST_P256" });
    let made = client.send("GenerateDataKeyPair", &members).await.json();
    let opened = client.send("Decrypt", &json!({ "CiphertextBlob": made["PrivateKeyCiphertextBlob"] })).await.json();
    assert_eq!(opened["Plaintext"], made["PrivateKeyPlaintext"]);
    let without = client.send("GenerateDataKeyPairWithoutPlaintext", &members).await.json();
    assert_eq!((without.get("PrivateKeyPlaintext"), without["PublicKey"].is_string()), (None, true));
}

#[tokio::test]
async fn re_encryption_needs_the_material_of_both_keys() {
    let (client, imported) = with_material(Edition::KeyMaterialId).await;
    let own = client.key(json!({})).await;
    for (source, destination) in [(&imported, &own), (&own, &imported)] {
        let sealed = client.send("Encrypt", &json!({ "KeyId": source, "Plaintext": HELLO })).await.json();
        let again = json!({ "CiphertextBlob": sealed["CiphertextBlob"], "DestinationKeyId": destination });
        let moved = client.send("ReEncrypt", &again).await.json();
        assert_eq!(moved["SourceKeyId"], sealed["KeyId"]);
        let named = json!({ "CiphertextBlob": moved["CiphertextBlob"], "KeyId": destination });
        assert_eq!(client.send("Decrypt", &named).await.json()["Plaintext"], HELLO);
        let other = json!({ "CiphertextBlob": moved["CiphertextBlob"], "KeyId": source });
        assert_eq!(client.send("Decrypt", &other).await.error(), "IncorrectKeyException");
        client.send("DeleteImportedKeyMaterial", &json!({ "KeyId": imported })).await;
        assert_eq!(client.send("ReEncrypt", &again).await.error(), "KMSInvalidStateException");
        client.import(&imported, &[7; 32], json!({})).await;
    }
}

#[tokio::test]
async fn a_ciphertext_is_decrypted_only_in_its_encryption_context() {
    let (client, id) = with_material(Edition::KeyOnly).await;
    let encrypt = json!({ "KeyId": id, "Plaintext": HELLO, "EncryptionContext": { "a": "1", "b": "2" } });
    let sealed = client.send("Encrypt", &encrypt).await.json()["CiphertextBlob"].clone();
    for (context, is_right) in [(json!({ "b": "2", "a": "1" }), true), (json!({ "a": "1" }), false), (json!({}), false)]
    {
        let opened = client.send("Decrypt", &json!({ "CiphertextBlob": sealed, "EncryptionContext": context })).await;
        assert_eq!(opened.status == 200, is_right, "{context}: {}", opened.body);
    }
}

#[tokio::test]
async fn only_a_right_signature_and_a_right_mac_are_verified() {
    let client = newer().await;
    for (spec, usage, make, verify, algorithm, member, error) in [
        (
            "HMAC_224",
            "GENERATE_VERIFY_MAC",
            "GenerateMac",
            "VerifyMac",
            "HMAC_SHA_224",
            "Mac",
            "KMSInvalidMacException",
        ),
        (
            "ECC_NIST_P256",
            "SIGN_VERIFY",
            "Sign",
            "Verify",
            "ECDSA_SHA_256",
            "Signature",
            "KMSInvalidSignatureException",
        ),
        (
            "RSA_2048",
            "SIGN_VERIFY",
            "Sign",
            "Verify",
            "RSASSA_PSS_SHA_256",
            "Signature",
            "KMSInvalidSignatureException",
        ),
    ] {
        let id = client.key(json!({ "KeySpec": spec, "KeyUsage": usage })).await;
        let kind = if make == "Sign" { "SigningAlgorithm" } else { "MacAlgorithm" };
        let mut members = json!({ "KeyId": id, "Message": HELLO, kind: algorithm });
        let made = client.send(make, &members).await.json();
        members[member] = made[member].clone();
        let verified = client.send(verify, &members).await.json();
        assert_eq!(verified[format!("{member}Valid")], true, "{verified}");
        members["Message"] = json!("AAAA");
        // KMSInvalidMacException was recorded without a message.
        assert_eq!(client.send(verify, &members).await.json(), json!({ "__type": error }));
    }
}

#[tokio::test]
async fn an_rsa_key_is_imported_in_an_aes_key_wrap() {
    let client = newer().await;
    for spec in ["RSA_2048", "RSA_3072"] {
        let id = client.key(json!({ "Origin": "EXTERNAL", "KeySpec": spec, "KeyUsage": "SIGN_VERIFY" })).await;
        let material = crate::crypto::generated(spec);
        assert_eq!(client.import_of(spec, &id, &material).await.status, 200);
        let shown = client.send("GetPublicKey", &json!({ "KeyId": id })).await.json();
        let public = crate::pairs::public(spec, &material).unwrap();
        use base64::Engine;
        assert_eq!(shown["PublicKey"], base64::prelude::BASE64_STANDARD.encode(public));
    }
    let id = client.key(json!({ "Origin": "EXTERNAL", "KeySpec": "RSA_4096", "KeyUsage": "SIGN_VERIFY" })).await;
    let small = crate::crypto::generated("RSA_2048");
    assert_eq!(client.import_of("RSA_4096", &id, &small).await.error(), "InvalidCiphertextException");
}

#[tokio::test]
async fn policies_and_grants_are_kept_as_they_were_given() {
    let client = Client::new(Edition::KeyOnly).await;
    let id = client.key(json!({})).await;
    let named = json!({ "KeyId": id });
    let usual = client.send("GetKeyPolicy", &named).await.json();
    assert!(usual["Policy"].as_str().unwrap().contains("arn:aws:iam::111122223333:root"), "{usual}");
    let policy = r#"{"Version":"2012-10-17","Statement":[]}"#;
    client.send("PutKeyPolicy", &json!({ "KeyId": id, "PolicyName": "default", "Policy": policy })).await;
    assert_eq!(client.send("GetKeyPolicy", &named).await.json(), json!({ "Policy": policy, "PolicyName": "default" }));
    let broken = client.send("PutKeyPolicy", &json!({ "KeyId": id, "Policy": "none" })).await;
    assert_eq!(broken.error(), "MalformedPolicyDocumentException");
    let grantee = "arn:aws:iam::111122223333:role/reader";
    let grant = json!({ "KeyId": id, "GranteePrincipal": grantee, "Operations": ["Decrypt"], "Name": "reading" });
    let made = client.send("CreateGrant", &grant).await.json();
    let listed = client.send("ListGrants", &named).await.json()["Grants"].clone();
    let entry = &listed.as_array().unwrap()[0];
    assert_eq!((&entry["GrantId"], &entry["Name"]), (&made["GrantId"], &json!("reading")));
}

#[tokio::test]
async fn descriptions_tags_and_aliases_are_changed() {
    let client = Client::new(Edition::KeyOnly).await;
    let (id, other) = (client.key(json!({})).await, client.key(json!({})).await);
    let tags: Vec<Value> = ["a", "b"].iter().map(|name| json!({ "TagKey": name, "TagValue": "1" })).collect();
    for (operation, members) in [
        ("UpdateKeyDescription", json!({ "KeyId": id, "Description": "new" })),
        ("TagResource", json!({ "KeyId": id, "Tags": tags })),
        ("UntagResource", json!({ "KeyId": id, "TagKeys": ["a"] })),
        ("CreateAlias", json!({ "AliasName": "alias/moves", "TargetKeyId": id })),
        ("UpdateAlias", json!({ "AliasName": "alias/moves", "TargetKeyId": other })),
    ] {
        assert_eq!(client.send(operation, &members).await.status, 200, "{operation}");
    }
    assert_eq!(client.metadata("us-east-2", &id).await["Description"], "new");
    assert_eq!(client.metadata("us-east-2", "alias/moves").await["KeyId"], other.as_str());
    let listed = client.send("ListResourceTags", &json!({ "KeyId": id })).await.json();
    assert_eq!(listed["Tags"], json!([{ "TagKey": "b", "TagValue": "1" }]));
}

#[tokio::test]
async fn generated_material_is_rotated_and_decrypts_what_is_older() {
    let client = newer().await;
    let id = client.key(json!({})).await;
    let sealed = client.send("Encrypt", &json!({ "KeyId": id, "Plaintext": HELLO })).await.json();
    let before = client.metadata("us-east-2", &id).await["CurrentKeyMaterialId"].clone();
    assert_eq!(client.send("RotateKeyOnDemand", &json!({ "KeyId": id })).await.status, 200);
    assert_ne!(client.metadata("us-east-2", &id).await["CurrentKeyMaterialId"], before);
    let opened = client.send("Decrypt", &json!({ "CiphertextBlob": sealed["CiphertextBlob"] })).await.json();
    assert_eq!(opened["Plaintext"], HELLO);
    let history = client.history("us-east-2", &id).await;
    assert_eq!((history.len(), history[0].get("ImportState")), (2, None));
    assert_eq!((history[0].get("RotationDate"), &history[1]["RotationType"]), (None, &json!("ON_DEMAND")));
    let rotations = client.send("ListKeyRotations", &json!({ "KeyId": id })).await.json()["Rotations"].clone();
    assert_eq!(rotations.as_array().unwrap().len(), 1);
}
