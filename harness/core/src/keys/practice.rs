//! Calls that use a key before the exchange, so that their refusal afterwards says something, and what they make.

use super::calls::use_body;
use super::key::{Key, text_of};
use crate::fixture::{Answer, Call, Effect};
use crate::kms::Failure;
use serde_json::Value;

impl Key {
    /// Makes the call of an effect once, where it is not certain that the target offers it, and keeps what the effect needs
    /// or compares with.
    pub(crate) async fn practise(&mut self, other: Option<&mut Key>, effect: &Effect) -> Result<(), Failure> {
        let gives_again = effect.expect.iter().any(|expectation| expectation.answers.contains(&Answer::Done));
        match effect.call {
            Call::Decrypt => return self.encrypt().await,
            // The proof of the key's state made this call already.
            Call::GenerateMac if !gives_again => return Ok(()),
            Call::DecryptWithoutKeyId => self.encrypt().await?,
            Call::ReEncryptFrom | Call::ReEncryptTo => {
                self.encrypt().await?;
                if let Some(other) = other {
                    other.encrypt().await?;
                    self.made.other = other.made.ciphertext.clone().map(|sealed| (other.names.id.clone(), sealed));
                }
            }
            Call::Verify => {
                let answer = self.used(Call::Sign).await?;
                self.made.signature = Some(text_of(&answer, "Sign", "Signature")?);
            }
            Call::VerifyMac => {
                let answer = self.used(Call::GenerateMac).await?;
                self.made.mac = Some(text_of(&answer, "GenerateMac", "Mac")?);
            }
            Call::GenerateDataKey
            | Call::GenerateDataKeyWithoutPlaintext
            | Call::GenerateDataKeyPair
            | Call::GenerateDataKeyPairWithoutPlaintext
            | Call::GenerateMac
            | Call::GetPublicKey
            | Call::DeriveSharedSecret => {}
            _ => return Ok(()),
        }
        let answer = self.used(effect.call).await?;
        match effect.call {
            Call::GenerateMac => self.made.mac = Some(text_of(&answer, "GenerateMac", "Mac")?),
            Call::GetPublicKey => self.made.public_key = Some(text_of(&answer, "GetPublicKey", "PublicKey")?),
            Call::DeriveSharedSecret => {
                self.made.secret = Some(text_of(&answer, "DeriveSharedSecret", "SharedSecret")?);
            }
            _ => {}
        }
        Ok(())
    }

    /// Encrypts something that an effect will decrypt.
    pub(crate) async fn encrypt(&mut self) -> Result<(), Failure> {
        if self.made.ciphertext.is_none() {
            let answer = self.used(Call::Encrypt).await?;
            self.made.ciphertext = Some(text_of(&answer, "Encrypt", "CiphertextBlob")?);
        }
        Ok(())
    }

    /// What a successful answer of a call has to hold, by what is known from before the exchange: the member and its value.
    pub(crate) fn gives(&self, call: Call) -> Option<(&'static str, Value)> {
        let text = |value: &Option<String>| value.clone().map(Value::String);
        match call {
            Call::Decrypt | Call::DecryptWithoutKeyId => {
                Some(("Plaintext", Value::String(super::material::plaintext_sent())))
            }
            Call::Verify => Some(("SignatureValid", Value::Bool(true))),
            Call::VerifyMac => Some(("MacValid", Value::Bool(true))),
            Call::GenerateMac => Some(("Mac", text(&self.made.mac)?)),
            Call::GetPublicKey => Some(("PublicKey", text(&self.made.public_key)?)),
            Call::DeriveSharedSecret => Some(("SharedSecret", text(&self.made.secret)?)),
            _ => None,
        }
    }

    /// What a call that uses the key answers.
    pub(super) async fn used(&self, call: Call) -> Result<Value, Failure> {
        let operation = call.operation(&self.kms().operation().name).to_owned();
        self.kms().call(&operation, &use_body(self, call)).await
    }
}
