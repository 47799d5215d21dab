//! A replica of a key that the run made, in the second Region: made, written into the ledger and released as any key.

use super::key::{Base, Key};
use super::lease::NoLease;
use super::pool::{Pool, answers};
use crate::arn::Arn;
use crate::fixture::{Material, Place};
use crate::kms::{Failure, FailureKind, mark};
use crate::text::TargetText;
use serde_json::{Value, json};

impl Pool<'_> {
    /// Replicates a multi-Region key of the run into the second Region. The result is the replica, which has no material
    /// of its own yet, and what ReplicateKey answered.
    pub(crate) async fn replicate(&self, primary: &Key) -> Result<(Key, Value), NoLease> {
        let base = Base { place: Place::Elsewhere, material: Material::None, alias: false, ..primary.base.clone() };
        let there = self.maker_of(&base)?;
        if !self.may_make_one_more() {
            return Err(NoLease::unavailable("safety: as many keys were made as the plan allows"));
        }
        answers(there).await?;
        let expected = elsewhere(&primary.arn, there.region()).ok_or_else(|| unusable("for a key without an ARN"))?;
        let label = {
            let mut inner = self.inner();
            inner.labels += 1;
            format!("replica {}", inner.labels)
        };
        self.intends(&base, &label, there)?;
        let mut body = primary.body();
        body["ReplicaRegion"] = json!(there.region());
        body["Description"] = json!(mark::description(self.maker.run));
        body["Tags"] = json!([{ "TagKey": mark::TAG, "TagValue": self.maker.run }]);
        let answer = match primary.kms().call_once("ReplicateKey", &body).await {
            Ok(answer) => answer,
            Err(failure) => {
                self.refused(&label, &failure);
                return Err(failure.into());
            }
        };
        // Another key than the replica of this one is not the run's, whatever the answer says.
        if answer["ReplicaKeyMetadata"]["Arn"] != expected.as_str() {
            return Err(unusable("with a key that is no replica of the key that was named").into());
        }
        let id = primary.names.id.clone();
        self.created(&base, &label, &id, &expected);
        there.made(base.owner, &id, &expected)?;
        let replica = Key::of(&base, (id, expected), &label, Vec::new(), there);
        replica.wait_for(base.state()).await?;
        Ok((replica, answer))
    }
}

/// The ARN of the same key in another Region.
fn elsewhere(arn: &Arn, region: &str) -> Option<Arn> {
    Arn::new(arn.partition(), arn.service(), region, arn.account(), arn.resource()).ok()
}

fn unusable(answer: &str) -> Failure {
    Failure::new("ReplicateKey", TargetText::new(answer), FailureKind::Unusable)
}
