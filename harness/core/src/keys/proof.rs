//! The proof that a key is in the state from which a case starts: by DescribeKey, and by use.

use super::calls::body;
use super::key::{Base, Key, Maker};
use crate::fixture::{Call, Material, Precondition, Step};
use crate::kms::{Change, Failure, FailureKind, Pauses};
use crate::text::Text;
use serde_json::Value;

/// The error types by which a target refuses to use a key for the state that it is in.
const ABOUT_THE_STATE: [&str; 4] =
    ["KMSInvalidStateException", "DisabledException", "KeyUnavailableException", "NotFoundException"];

/// The state of a key that the first use of a key with material shows.
const USABLE: &str = "Enabled";

impl Base {
    /// The KeyState that a precondition brings keys of this base into.
    pub(crate) fn state_of(&self, precondition: &Precondition) -> &'static str {
        match precondition.then.last() {
            Some(Step::DisableKey) => "Disabled",
            Some(Step::ScheduleKeyDeletion) => self.state_when_scheduled(),
            None if precondition.material == Material::Deleted => "PendingImport",
            None => self.state(),
        }
    }
}

impl Key {
    /// The KeyMetadata of a key that shows a state and can be used, or not, as the state says. A target may be late with
    /// both, so that both are asked within the budget.
    pub(crate) async fn proved(&mut self, maker: Maker<'_>, state: &str) -> Result<Value, Failure> {
        let mut pauses = Pauses::within(self.kms().settle());
        self.seen = None;
        loop {
            let metadata = self.describe().await?;
            let wrong = match metadata["KeyState"] == state {
                true => self.contradicted_by_use(maker, state).await?,
                false => Some(self.otherwise(&metadata, state)),
            };
            let Some(wrong) = wrong else { return Ok(metadata) };
            if !pauses.pause().await {
                Box::pin(self.kms().is_late(Change::Precondition, self.shows_late(state))).await;
                return Err(wrong);
            }
        }
    }

    /// What a use of the key says against its state. A target that has no such call, or does not allow it, says nothing.
    async fn contradicted_by_use(&mut self, maker: Maker<'_>, state: &str) -> Result<Option<Failure>, Failure> {
        let Some(call) = self.use_of() else { return Ok(None) };
        let body = body(self, maker, call).await?;
        let operation = call.operation(&self.kms().operation().name).to_owned();
        match self.kms().call(&operation, &body).await {
            Ok(_) if state == USABLE => Ok(None),
            Ok(_) => {
                let answer = format!("with a success for a key that is {state}");
                Ok(Some(self.with_call(Failure::new(operation, answer, FailureKind::NotSettled))))
            }
            Err(failure) => match &failure.kind {
                FailureKind::Refused(_) if state == USABLE && ABOUT_THE_STATE.iter().any(|error| failure.is(error)) => {
                    let answer = failure.answer.clone().and(Text::from(format!(" for a key that is {state}")));
                    Ok(Some(Failure { answer, kind: FailureKind::NotSettled, ..failure }))
                }
                kind if kind.tells_nothing() => Err(failure),
                _ => Ok(None),
            },
        }
    }

    /// The call that uses such a key and changes nothing.
    fn use_of(&self) -> Option<Call> {
        match (self.base.spec.as_str(), self.base.usage.as_str()) {
            ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT") => Some(Call::Encrypt),
            ("RSA_2048", "ENCRYPT_DECRYPT") => Some(Call::Encrypt),
            ("ECC_NIST_P256", "SIGN_VERIFY") => Some(Call::Sign),
            (spec, _) if spec.starts_with("HMAC_") => Some(Call::GenerateMac),
            _ => None,
        }
    }
}
