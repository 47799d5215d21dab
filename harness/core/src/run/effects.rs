//! Reads a key back after the exchange and compares, waiting a while for what is only eventually consistent.

use super::case::Recorder;
use crate::compare::{Context, Mismatch, checks, judge, plaintext, transport};
use crate::fixture::{Call, Edition, Effect, On};
use crate::keys::key::{Bytes, Key};
use crate::keys::pool::{Lease, Pool};
use crate::kms::guarded::{Failure, FailureKind, Pauses, is_transient, says_unsupported, summary, token_ended};
use crate::observe::observe;
use crate::send::Fault;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::time::Duration;

/// What the keys showed before the exchange.
pub(crate) struct Before {
    pub(crate) key: Value,
    pub(crate) other: Value,
}

/// The key cannot be read back.
pub(crate) enum Unread {
    /// A call failed.
    Failed(Failure),
    /// There was no answer, or a throttled one.
    Indeterminate(String),
}

/// Reads one effect back.
pub(super) async fn read_back(
    pool: &Pool<'_>,
    lease: &mut Lease,
    before: &Before,
    effect: &Effect,
    edition: Edition,
    settle: Duration,
    recorder: &mut Recorder,
) -> Result<Vec<Mismatch>, Unread> {
    let (key, before) = match effect.on {
        On::Key => (&mut lease.key, &before.key),
        On::Other => match lease.other.as_mut() {
            Some(other) => (other, &before.other),
            None => return Ok(Vec::new()),
        },
    };
    if effect.call == Call::DescribeKey {
        return described(pool, key, before, effect, edition, settle, recorder).await;
    }
    let mut pauses = Pauses::within(settle);
    let mut body = body(pool, key, effect.call).await?;
    let operation = operation(effect.call);
    let place = format!("{operation} afterwards");
    let mut retried_token = false;
    loop {
        let (request, exchange) = key.kms().permitted(pool.corpus, operation, &body).await.map_err(Unread::Failed)?;
        recorder.add(operation, &request, &exchange);
        let response = match &exchange.result {
            Ok(response) => response,
            Err(error) if error.fault() == Fault::Target => {
                let mut mismatches: Vec<Mismatch> = transport(pool.corpus, error).into_iter().collect();
                mismatches.iter_mut().for_each(|mismatch| mismatch.place.clone_from(&place));
                return Ok(mismatches);
            }
            Err(error) => return Err(Unread::Indeterminate(format!("{operation}: {error}"))),
        };
        let observation = observe(response);
        if is_transient(&observation) {
            // The operation under test may have been carried out, and is never repeated.
            if effect.call != Call::DeleteAgain && pauses.pause().await {
                continue;
            }
            return Err(Unread::Indeterminate(format!("{operation} was throttled: {}", summary(&observation))));
        }
        if says_unsupported(pool.corpus, &observation) {
            return Err(Unread::Failed(Failure {
                operation: operation.to_owned(),
                answer: summary(&observation),
                kind: FailureKind::NoSuchOperation,
            }));
        }
        // A token can end with the material; that says nothing about the import that the case is about.
        if token_ended(&observation) && !retried_token {
            retried_token = true;
            key.forget_parameters();
            body = self::body(pool, key, effect.call).await?;
            continue;
        }
        let context = Context {
            corpus: pool.corpus,
            edition,
            key_arn: Some(&key.names.arn),
            material_is_named: false,
            material_id: None,
            clauses: &effect.clauses,
            source: effect.source.as_deref().unwrap_or_default(),
            place: &place,
        };
        let mut mismatches = judge(&observation, &effect.expect, &context);
        if effect.call == Call::Decrypt && observation.is_success() {
            let answer = serde_json::from_slice(&observation.bytes).unwrap_or(Value::Null);
            mismatches.extend(plaintext(effect, &answer, &plaintext_sent()));
        }
        let may_repeat = matches!(effect.call, Call::Encrypt | Call::Decrypt | Call::Sign | Call::GenerateMac);
        if mismatches.is_empty() || !may_repeat || !pauses.pause().await {
            return Ok(mismatches);
        }
    }
}

async fn described(
    pool: &Pool<'_>,
    key: &Key,
    before: &Value,
    effect: &Effect,
    edition: Edition,
    settle: Duration,
    recorder: &mut Recorder,
) -> Result<Vec<Mismatch>, Unread> {
    let mut pauses = Pauses::within(settle);
    loop {
        let after = match key.describe(pool.corpus).await {
            Ok(after) => after,
            Err(failure)
                if matches!(failure.kind, FailureKind::NoAnswer | FailureKind::NotReached | FailureKind::Transient) =>
            {
                return Err(Unread::Indeterminate(failure.describe()));
            }
            Err(failure) => {
                // A key that can no longer be described is itself an effect.
                let gone = json!({ "KeyState": failure.answer });
                return Ok(checks(effect, before, &gone, edition));
            }
        };
        let mismatches = checks(effect, before, &after, edition);
        if mismatches.is_empty() || !pauses.pause().await {
            recorder.metadata(effect.on, &after);
            return Ok(mismatches);
        }
    }
}

/// What every Encrypt of the harness encrypts, as it is sent.
pub(crate) fn plaintext_sent() -> String {
    BASE64_STANDARD.encode("trentcheck")
}

pub(crate) fn operation(call: Call) -> &'static str {
    match call {
        Call::DescribeKey => "DescribeKey",
        Call::Encrypt => "Encrypt",
        Call::Decrypt => "Decrypt",
        Call::Sign => "Sign",
        Call::GenerateMac => "GenerateMac",
        Call::ImportSame | Call::ImportOther => "ImportKeyMaterial",
        Call::DeleteAgain => "DeleteImportedKeyMaterial",
        Call::CancelKeyDeletion => "CancelKeyDeletion",
        Call::EnableKey => "EnableKey",
    }
}

pub(crate) async fn body(pool: &Pool<'_>, key: &mut Key, call: Call) -> Result<Value, Unread> {
    let text = || Value::String(plaintext_sent());
    let mut body = key.body();
    match call {
        Call::DescribeKey | Call::DeleteAgain | Call::CancelKeyDeletion | Call::EnableKey => {}
        Call::Encrypt => body["Plaintext"] = text(),
        Call::Decrypt => body["CiphertextBlob"] = key.ciphertext.clone().map_or(Value::Null, Value::String),
        Call::Sign => {
            body["Message"] = text();
            body["SigningAlgorithm"] = json!("ECDSA_SHA_256");
        }
        Call::GenerateMac => {
            body["Message"] = text();
            body["MacAlgorithm"] = json!(key.base.spec.replace("HMAC_", "HMAC_SHA_"));
        }
        Call::ImportSame => return key.import_body(pool.maker(), Bytes::Same).await.map_err(Unread::Failed),
        Call::ImportOther => return key.import_body(pool.maker(), Bytes::Other).await.map_err(Unread::Failed),
    }
    Ok(body)
}
