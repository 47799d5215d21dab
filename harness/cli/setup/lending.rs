//! Keys that the user owns and that a run may use. The configuration describes them, and the command line names them
//! again.

use super::settings::RunSettings;
use crate::edge::failure::Failure;
use crate::edge::output;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use trentcheck_core::arn::Arn;
use trentcheck_core::file::read;
use trentcheck_core::fixture::Corpus;
use trentcheck_core::normalise::Redactor;
use trentcheck_core::run::Lent;

/// Bytes of key material; the largest that KMS imports has some thousand.
const LARGEST: u64 = 64 * 1024;

/// The keys that both the configuration and the command line name, with their key material.
pub(crate) fn lent(settings: &RunSettings, corpus: &Corpus) -> Result<Vec<Lent>, Failure> {
    let known: Vec<&str> = settings.keys.values().map(|key| key.id.as_str()).collect();
    if let Some(id) = settings.allow_key.iter().find(|id| !known.contains(&id.as_str())) {
        return Err(Failure::rule(format!("`--allow-key {id}`: the configuration has no such key"))
            .hint("describe it in a table `[keys.PRECONDITION]`, with its `id` and a file with its `material`"));
    }
    if let Some(twice) = known.iter().find(|id| known.iter().any(|other| other != *id && key_id(other) == key_id(id))) {
        return Err(Failure::rule(format!("the configuration names the key `{twice}` twice, in two forms"))
            .hint("write its id in one form"));
    }
    let mut lent = Vec::new();
    for (precondition, key) in &settings.keys {
        if !settings.allow_key.contains(&key.id) {
            output::to_stderr(&format!(
                "the key of `[keys.{precondition}]` is not used: repeat its id with `--allow-key` to use it"
            ));
            continue;
        }
        let material = read(&key.material, LARGEST)
            .map_err(|error| Failure::usage(format!("read `{}`: {error}", key.material.display())))?;
        if material.is_empty() {
            return Err(Failure::rule(format!("the key material in `{}` is empty", key.material.display())));
        }
        let spelt = [BASE64_STANDARD.encode(&material), material.iter().map(|byte| format!("{byte:02x}")).collect()];
        output::protect(&Redactor::new(spelt.map(|text| (text, "<key-material>"))));
        let key = Lent { precondition: precondition.clone(), key_id: key.id.clone(), material };
        key.check(corpus).map_err(|error| Failure::usage(error.to_string()))?;
        lent.push(key);
    }
    Ok(lent)
}

/// The key id in a key id or an ARN.
fn key_id(named: &str) -> String {
    let arn = named.parse::<Arn>().ok();
    arn.as_ref().and_then(Arn::key_id).unwrap_or(named).to_owned()
}
