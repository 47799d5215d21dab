//! Sends signed requests to the server over a socket. Each test checks one fact.

use crate::config::Config;
use crate::edition::Edition;
use crate::server::Server;
use aws_credential_types::Credentials;
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::time::SystemTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The parts of an answer that these tests check.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The head in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn error(&self) -> String {
        self.json()["__type"].as_str().unwrap().to_owned()
    }
}

pub(crate) struct Client {
    pub(crate) server: Server,
    /// Further signed headers: name, the value that is signed, and the value that is sent. With `None` it is not sent.
    extra: Vec<(&'static str, &'static str, Option<&'static str>)>,
}

impl Client {
    pub(crate) async fn new(edition: Edition) -> Self {
        Self::of(Config { edition, ..Config::default() }).await
    }

    /// Starts a server with this configuration. The client signs with the server's clock.
    pub(crate) async fn of(config: Config) -> Self {
        Self { server: Server::start(config).await.unwrap(), extra: Vec::new() }
    }

    pub(crate) async fn send(&self, operation: &str, members: &Value) -> Answer {
        self.send_as(0, operation, &members.to_string()).await
    }

    pub(crate) async fn send_as(&self, principal: usize, operation: &str, body: &str) -> Answer {
        self.send_to("us-east-2", principal, operation, body).await
    }

    /// Sends a request to a Region.
    pub(crate) async fn send_to(&self, region: &str, principal: usize, operation: &str, body: &str) -> Answer {
        let address = self.server.address_of(region).unwrap();
        let known = &self.server.config().principals[principal];
        let token = known.session_token.clone();
        let identity = Credentials::new(&known.access_key_id, &known.secret_access_key, token, None, "tests").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name("kms")
            .time((self.server.config().clock)())
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let sent = [
            ("host", address.to_string()),
            ("x-amz-target", format!("TrentService.{operation}")),
            ("content-type", "application/x-amz-json-1.1".to_owned()),
        ];
        let covered = sent.iter().map(|(name, value)| (*name, value.as_str()));
        let covered = covered.chain(self.extra.iter().map(|(name, value, _)| (*name, *value)));
        let uri = format!("http://{address}/");
        let signable = SignableRequest::new("POST", &uri, covered, SignableBody::Bytes(body.as_bytes())).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        let mut text = "POST / HTTP/1.1\r\nconnection: close\r\n".to_owned();
        for (name, value) in sent.iter().map(|(name, value)| (*name, value.as_str())).chain(instructions.headers()) {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        for (name, _, value) in &self.extra {
            if let Some(value) = value {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    pub(crate) async fn key(&self, members: Value) -> String {
        let answer = self.send("CreateKey", &members).await;
        answer.json()["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn state(&self, id: &str) -> String {
        let answer = self.send("DescribeKey", &json!({ "KeyId": id })).await;
        answer.json()["KeyMetadata"]["KeyState"].as_str().unwrap().to_owned()
    }

    /// Imports these bytes. A member of `further` replaces the usual member of the same name.
    pub(crate) async fn import(&self, id: &str, bytes: &[u8], further: Value) -> Answer {
        self.import_in("us-east-2", id, bytes, further).await
    }

    /// Imports these bytes in a Region.
    pub(crate) async fn import_in(&self, region: &str, id: &str, bytes: &[u8], further: Value) -> Answer {
        self.import_wrapped((region, "RSAES_OAEP_SHA_256"), id, further, |public| encrypted(public, bytes)).await
    }

    /// Imports material for a key of this spec.
    pub(crate) async fn import_of(&self, spec: &str, id: &str, bytes: &[u8]) -> Answer {
        if !spec.starts_with("RSA") {
            return self.import(id, bytes, json!({})).await;
        }
        let wrapping = ("us-east-2", "RSA_AES_KEY_WRAP_SHA_256");
        self.import_wrapped(wrapping, id, json!({}), |public| {
            let mut wrapped = vec![0; bytes.len() + 15];
            let length = AesKek::new(&AES_256, &[5; 32]).unwrap().wrap_with_padding(bytes, &mut wrapped).unwrap().len();
            [&encrypted(public, &[5; 32]), &wrapped[..length]].concat()
        })
        .await
    }

    async fn import_wrapped(
        &self,
        (region, algorithm): (&str, &str),
        id: &str,
        further: Value,
        wrap: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Answer {
        let wrapping = json!({ "KeyId": id, "WrappingAlgorithm": algorithm, "WrappingKeySpec": "RSA_2048" });
        let parameters = self.send_to(region, 0, "GetParametersForImport", &wrapping.to_string()).await.json();
        let public = BASE64_STANDARD.decode(parameters["PublicKey"].as_str().unwrap()).unwrap();
        let mut members = json!({
            "KeyId": id,
            "ImportToken": parameters["ImportToken"],
            "EncryptedKeyMaterial": BASE64_STANDARD.encode(wrap(&public)),
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
        });
        for (name, value) in further.as_object().unwrap() {
            members[name] = value.clone();
        }
        self.send_to(region, 0, "ImportKeyMaterial", &members.to_string()).await
    }
}

fn encrypted(public: &[u8], bytes: &[u8]) -> Vec<u8> {
    let public = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(public).unwrap()).unwrap();
    let mut wrapped = vec![0; public.ciphertext_size()];
    public.encrypt(&OAEP_SHA256_MGF1SHA256, bytes, &mut wrapped, None).unwrap().to_vec()
}

pub(crate) async fn with_material(edition: Edition) -> (Client, String) {
    let client = Client::new(edition).await;
    let id = client.key(json!({ "Origin": "EXTERNAL" })).await;
    assert_eq!(client.import(&id, &[7; 32], json!({})).await.status, 200);
    (client, id)
}

#[tokio::test]
async fn a_key_lives_through_deletion_and_import_of_the_same_bytes() {
    let (client, id) = with_material(Edition::KeyOnly).await;
    let sealed = client.send("Encrypt", &json!({ "KeyId": id, "Plaintext": "aGVsbG8=" })).await.json();
    let deleted = client.send("DeleteImportedKeyMaterial", &json!({ "KeyId": id })).await;
    assert_eq!((deleted.status, deleted.body.as_str()), (200, ""));
    assert_eq!(client.state(&id).await, "PendingImport");
    let refused = client.send("Encrypt", &json!({ "KeyId": id, "Plaintext": "aGVsbG8=" })).await;
    assert_eq!(refused.error(), "KMSInvalidStateException");
    assert_eq!(client.import(&id, &[8; 32], json!({})).await.error(), "IncorrectKeyMaterialException");
    assert_eq!(client.import(&id, &[7; 32], json!({})).await.status, 200);
    let opened = client.send("Decrypt", &json!({ "CiphertextBlob": sealed["CiphertextBlob"] })).await;
    assert_eq!(opened.json()["Plaintext"], "aGVsbG8=");
}

#[tokio::test]
async fn the_second_edition_names_key_and_material_and_keeps_the_material_id() {
    let (client, id) = with_material(Edition::KeyMaterialId).await;
    let before = client.send("DescribeKey", &json!({ "KeyId": id })).await.json()["KeyMetadata"].clone();
    let deleted = client.send("DeleteImportedKeyMaterial", &json!({ "KeyId": id })).await.json();
    assert_eq!(deleted, json!({ "KeyId": before["Arn"], "KeyMaterialId": before["CurrentKeyMaterialId"] }));
    let after = client.send("DescribeKey", &json!({ "KeyId": id })).await.json()["KeyMetadata"].clone();
    assert_eq!(after["CurrentKeyMaterialId"], before["CurrentKeyMaterialId"]);
    assert_eq!(after.get("ExpirationModel"), None);
}

#[tokio::test]
async fn every_answer_has_the_usual_headers_and_a_fresh_request_id() {
    let client = Client::new(Edition::KeyOnly).await;
    let ids = [client.send("ListKeys", &json!({})).await, client.send("Nothing", &json!({})).await].map(|answer| {
        for name in ["date", "content-length", "cache-control", "expires: 0", "pragma"] {
            assert!(answer.head.contains(&format!("\r\n{name}")), "{name} in {}", answer.head);
        }
        assert!(!answer.head.contains("\r\nserver:"));
        answer.head.lines().find(|line| line.starts_with("x-amzn-requestid: ")).unwrap().to_owned()
    });
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_caller_without_permission_is_refused_and_the_key_is_unchanged() {
    let (client, id) = with_material(Edition::KeyOnly).await;
    let body = json!({ "KeyId": id }).to_string();
    for (principal, error) in [(2, "AccessDeniedException"), (3, "NotFoundException"), (4, "ExpiredTokenException")] {
        let refused = client.send_as(principal, "DeleteImportedKeyMaterial", &body).await;
        assert_eq!((refused.status, refused.error().as_str()), (400, error));
    }
    assert_eq!(client.state(&id).await, "Enabled");
    assert_eq!(client.send_as(1, "DeleteImportedKeyMaterial", &body).await.status, 200);
}

#[tokio::test]
async fn access_denied_names_the_operation_that_was_asked_for() {
    let client = Client::new(Edition::KeyOnly).await;
    let arn = "arn:aws:kms:us-east-2:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    for operation in ["DescribeKey", "DeleteImportedKeyMaterial"] {
        let refused = client.send(operation, &json!({ "KeyId": arn })).await;
        assert_eq!(refused.error(), "AccessDeniedException");
        let message = refused.json()["Message"].as_str().unwrap().to_owned();
        assert!(message.contains(&format!("to perform: kms:{operation} on")), "{message}");
    }
}

#[tokio::test]
async fn a_signed_header_that_is_not_there_is_refused() {
    let mut client = Client::new(Edition::KeyOnly).await;
    client.extra = vec![("x-absent", "", Some(""))];
    assert_eq!(client.send("ListKeys", &json!({})).await.status, 200);
    client.extra = vec![("x-absent", "", None)];
    let refused = client.send("ListKeys", &json!({})).await;
    assert_eq!((refused.status, refused.error().as_str()), (400, "InvalidSignatureException"));
}

#[tokio::test]
async fn a_wrong_type_is_reported_before_a_violated_constraint() {
    let client = Client::new(Edition::KeyMaterialId).await;
    let refused = client.send("DeleteImportedKeyMaterial", &json!({ "KeyId": "", "KeyMaterialId": 1 })).await;
    assert_eq!(refused.error(), "SerializationException");
}

#[tokio::test]
async fn violated_constraints_are_reported_together() {
    let client = Client::new(Edition::KeyMaterialId).await;
    let refused = client.send("DeleteImportedKeyMaterial", &json!({ "KeyId": "", "KeyMaterialId": "a" })).await;
    assert_eq!(refused.error(), "ValidationException");
    let message = refused.json()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("3 validation errors detected: Value '' at 'keyId'"), "{message}");
    assert!(message.contains("; Value 'a' at 'keyMaterialId'"), "{message}");
}

#[tokio::test]
async fn a_null_member_counts_as_absent() {
    let (client, id) = with_material(Edition::KeyOnly).await;
    let sealed = client.send("Encrypt", &json!({ "KeyId": id, "Plaintext": "aGVsbG8=" })).await.json();
    let opened = client.send("Decrypt", &json!({ "KeyId": null, "CiphertextBlob": sealed["CiphertextBlob"] })).await;
    assert_eq!(opened.status, 200, "{}", opened.body);
}

#[tokio::test]
async fn a_key_with_generated_material_can_be_used() {
    let client = Client::new(Edition::KeyOnly).await;
    let signer = client.key(json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY" })).await;
    let members = json!({ "KeyId": signer, "Message": "aGVsbG8=", "SigningAlgorithm": "ECDSA_SHA_256" });
    let signed = client.send("Sign", &members).await;
    assert_eq!(signed.status, 200, "{}", signed.body);
    let mac = client.key(json!({ "KeySpec": "HMAC_512", "KeyUsage": "GENERATE_VERIFY_MAC" })).await;
    let members = json!({ "KeyId": mac, "Message": "aGVsbG8=", "MacAlgorithm": "HMAC_SHA_512" });
    assert_eq!(client.send("GenerateMac", &members).await.status, 200);
}

#[tokio::test]
async fn sign_refuses_a_digest() {
    let client = Client::new(Edition::KeyOnly).await;
    let signer = client.key(json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY" })).await;
    let digest = json!({
        "KeyId": signer, "Message": "aGVsbG8=", "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256",
    });
    assert_eq!(client.send("Sign", &digest).await.error(), "ValidationException");
}

#[tokio::test]
async fn import_refuses_unknown_words_and_wrong_types() {
    let client = Client::new(Edition::KeyMaterialId).await;
    let id = client.key(json!({ "Origin": "EXTERNAL" })).await;
    let soon = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() + 3600;
    for (further, error) in [
        (json!({ "ExpirationModel": "SOMETIMES", "ValidTo": soon }), "ValidationException"),
        (json!({ "ExpirationModel": 1 }), "SerializationException"),
        (json!({ "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": "soon" }), "SerializationException"),
        (json!({ "ExpirationModel": "KEY_MATERIAL_EXPIRES" }), "ValidationException"),
        (json!({ "ImportType": "SOME_KEY_MATERIAL" }), "ValidationException"),
        (json!({ "ImportType": 1 }), "SerializationException"),
    ] {
        assert_eq!(client.import(&id, &[7; 32], further.clone()).await.error(), error, "{further}");
        assert_eq!(client.state(&id).await, "PendingImport");
    }
}

#[tokio::test]
async fn a_refused_deletion_window_is_quoted_as_it_was_sent() {
    let client = Client::new(Edition::KeyOnly).await;
    let id = client.key(json!({})).await;
    for (days, expected) in [
        (json!(-1), "Value '-1' at 'pendingWindowInDays'"),
        (json!(31), "Value '31' at 'pendingWindowInDays'"),
        (json!(true), "TRUE_VALUE can not be converted to an Integer"),
    ] {
        let refused = client.send("ScheduleKeyDeletion", &json!({ "KeyId": id, "PendingWindowInDays": days })).await;
        assert_eq!(refused.status, 400);
        assert!(refused.body.contains(expected), "{}", refused.body);
    }
    assert_eq!(client.state(&id).await, "Enabled");
}

#[tokio::test]
async fn a_key_without_material_waits_for_an_import_after_its_deletion_is_cancelled() {
    let (client, id) = with_material(Edition::KeyOnly).await;
    let named = json!({ "KeyId": id });
    let window = json!({ "KeyId": id, "PendingWindowInDays": 7 });
    let scheduled = client.send("ScheduleKeyDeletion", &window).await.json();
    assert_eq!(client.send("DeleteImportedKeyMaterial", &named).await.status, 200);
    let described = client.send("DescribeKey", &named).await.json();
    assert_eq!(described["KeyMetadata"]["KeyState"], "PendingDeletion");
    assert_eq!(described["KeyMetadata"]["DeletionDate"], scheduled["DeletionDate"]);
    assert_eq!(client.send("CancelKeyDeletion", &named).await.status, 200);
    assert_eq!(client.state(&id).await, "PendingImport");
}
