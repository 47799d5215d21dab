//! What a key can have besides its material: a policy, a grant, a rotation, a replica.

use super::key::{Base, Key, Maker, unusable};
use super::material::Bytes;
use crate::arn::Arn;
use crate::kms::{Failure, FailureKind, Kms, Pauses};
use crate::send::Peer;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a rotation may take at least; with a longer `--settle`, that long.
const ROTATION: Duration = Duration::from_secs(2);

/// The same off loopback: at AWS KMS it takes 48 to 160 seconds (passage `stackd-2026-09-12/rotation-time`).
const ROTATION_OF_A_SERVICE: Duration = Duration::from_secs(300);

impl Key {
    /// Gives the key a policy of its own: the one that it has, under another id.
    pub(super) async fn put_policy(&self) -> Result<(), Failure> {
        let mut policy = self.policy().await?;
        if !policy.is_object() {
            return Err(unusable("GetKeyPolicy", "without a policy that is a JSON object"));
        }
        policy["Id"] = json!("trentcheck");
        let mut body = self.body();
        body["PolicyName"] = json!("default");
        body["Policy"] = json!(policy.to_string());
        self.kms().call("PutKeyPolicy", &body).await.map(drop)
    }

    /// Grants the least that can be granted: the key's own account may describe the key.
    pub(super) async fn add_grant(&self) -> Result<(), Failure> {
        let mut body = self.body();
        let (partition, account) = (self.arn.partition(), self.arn.account());
        body["GranteePrincipal"] = json!(format!("arn:{partition}:iam::{account}:root"));
        body["Operations"] = json!(["DescribeKey"]);
        self.kms().call("CreateGrant", &body).await.map(drop)
    }

    /// Rotates the key to the material that waits, and waits until that is done.
    pub(super) async fn rotate(&mut self) -> Result<(), Failure> {
        let budget = rotation(self.kms().peer(), self.kms().settle());
        self.kms().call("RotateKeyOnDemand", &self.body()).await?;
        let mut pauses = Pauses::within(budget);
        let new = self.names.new_material_id.clone();
        while self.describe().await?["CurrentKeyMaterialId"].as_str() != new.as_deref() {
            if !pauses.pause().await {
                let what = format!(
                    "with a success, and the rotation is not done after {} s: `--settle` waits longer",
                    budget.as_secs()
                );
                return Err(Failure::new("RotateKeyOnDemand", what, FailureKind::NotSettled));
            }
        }
        self.names.former_material_id = self.names.material_id.take();
        self.names.material_id = new;
        self.names.new_material_id = None;
        Ok(())
    }

    /// Replicates a primary key to the Region of this client, and imports the same material there if the base has one.
    pub(super) async fn replicate(
        &self,
        maker: Maker<'_>,
        kms: &Kms,
        base: &Base,
        created: impl FnOnce(&str, &Arn),
    ) -> Result<Self, Failure> {
        let mut body = maker.marked(self.body());
        body["ReplicaRegion"] = json!(kms.region());
        // After a 503 that made the replica, a second call would be refused and the replica lost.
        let answer = self.kms().call_once("ReplicateKey", &body).await?;
        let arn = self.replica_of(&answer, kms.region())?;
        created(&self.names.id, &arn);
        kms.made(base.owner, &self.names.id, &arn)?;
        let mut replica = self.elsewhere(base, arn, kms);
        if base.has_material() {
            replica.wait_for("PendingImport").await?;
            replica.import(maker, Bytes::Same).await?;
        }
        replica.is_ready().await?;
        replica.names.new_material_id.clone_from(&self.names.new_material_id);
        Ok(replica)
    }

    /// The ARN of the replica in this Region that an answer of ReplicateKey names. Another key is not believed to be one.
    pub(super) fn replica_of(&self, answer: &Value, region: &str) -> Result<Arn, Failure> {
        let (partition, account) = (self.arn.partition(), self.arn.account());
        let arn = Arn::new(partition, "kms", region, account, self.arn.resource());
        let arn = arn.map_err(|error| unusable("ReplicateKey", &error.to_string()))?;
        match answer["ReplicaKeyMetadata"]["Arn"] == arn.as_str() {
            true => Ok(arn),
            false => Err(unusable("ReplicateKey", "with another key than the replica that was asked for")),
        }
    }
}

/// How long to wait for a rotation.
fn rotation(peer: Peer, settle: Duration) -> Duration {
    settle.max(if peer == Peer::Loopback { ROTATION } else { ROTATION_OF_A_SERVICE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_gets_the_time_that_a_rotation_was_seen_to_take() {
        let seconds = |peer, settle| rotation(peer, Duration::from_secs(settle)).as_secs();
        assert_eq!(seconds(Peer::Loopback, 1), 2);
        assert_eq!(seconds(Peer::Verified, 5), 300);
        assert_eq!(seconds(Peer::Verified, 600), 600);
    }
}
