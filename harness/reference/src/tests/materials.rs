//! Builders for tests: keys with several materials and with replicas, and what a client asks about them.

use super::operations::{Answer, Client};
use crate::config::Config;
use crate::edition::Edition;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

pub(super) const DELETE: &str = "DeleteImportedKeyMaterial";
pub(super) const WEST: &str = "us-west-2";

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

    pub(super) async fn refuses_pending_import(&self, operation: &str, members: &Value, arn: &str) {
        let refused = self.send(operation, members).await;
        assert_eq!(refused.error(), "KMSInvalidStateException", "{operation}");
        assert_eq!(refused.json()["message"], format!("{arn} is pending import."), "{operation}");
    }
}

/// What a deletion of this material answers in the Region of the primary key.
pub(super) fn both(ids: &Ids, material: &str) -> Value {
    json!({ "KeyId": ids.arn, "KeyMaterialId": material })
}

/// A primary key with a material that waits for a rotation, and its replica without any material.
pub(crate) async fn replicated(client: &Client) -> Ids {
    let ids = with_waiting(client, json!({ "MultiRegion": true })).await;
    let replicated = client.send("ReplicateKey", &json!({ "KeyId": ids.key, "ReplicaRegion": WEST })).await;
    assert_eq!(replicated.json()["ReplicaKeyMetadata"]["KeyState"], "PendingImport", "{}", replicated.body);
    ids
}

/// What a deletion of this material answers in the Region of the replica.
pub(super) fn west(ids: &Ids, material: &str) -> Value {
    json!({ "KeyId": ids.arn.replace("us-east-2", WEST), "KeyMaterialId": material })
}

/// A server whose clock a test moves, with rotations that take a minute.
pub(super) async fn rotating(clock: fn() -> SystemTime) -> (Client, Ids) {
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
