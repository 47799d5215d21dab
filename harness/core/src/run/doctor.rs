//! Whether a target can be tested at all, found out without changing anything: every call names a key that does not
//! exist, or only lists.

use super::permissions::{Absent, Asking, PERMISSIONS};
use super::probe::is_no_answer;
use crate::entropy::Entropy;
use crate::fixture::{Corpus, Operation, PrincipalName, Unsupported};
use crate::kms::{Clients, Kms, UNKNOWN_SIGNER, is_transient, says_unsupported, skew, summary};
use crate::normalise::{Redactor, Shown};
use crate::observe::{Observation, observe};
use crate::send::{Response, SendError, Verify};
use crate::target::{Clock, SetupError, Target};
use crate::text::Text;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// It could not be told.
    Unknown,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checkup {
    /// What was checked.
    pub what: String,
    /// How it ended.
    pub health: Health,
    /// What was found.
    pub found: Shown,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// One check before its text may be shown.
struct Found {
    what: String,
    health: Health,
    found: Text,
    hint: Option<String>,
}

impl Found {
    fn shown(self, redactor: &Redactor) -> Checkup {
        let Self { what, health, found, hint } = self;
        Checkup { what, health, found: redactor.show(&found), hint }
    }
}

/// Checks the way to the target, the clocks, who we are there, and what we may do.
///
/// # Errors
///
/// Settings of connections that cannot be used.
pub fn examine<'a>(
    corpus: &'a Corpus,
    target: &'a Target,
    clock: &'a Clock,
    entropy: &'a Entropy,
    deadline: Duration,
) -> BoxFuture<'a, Result<Vec<Checkup>, SetupError>> {
    Box::pin(whole(corpus, target, clock, entropy, deadline))
}

async fn whole(
    corpus: &Corpus,
    target: &Target,
    clock: &Clock,
    entropy: &Entropy,
    deadline: Duration,
) -> Result<Vec<Checkup>, SetupError> {
    let clients = Clients::new(target, clock, Duration::ZERO, corpus, None)?;
    let key = entropy.uuid("doctor");
    let absent = Absent { alias: format!("alias/trentcheck-doctor-{key}"), key };
    let mut checkups = Vec::new();
    let all = examine_all(target, clock, &clients, &absent, &mut checkups);
    if tokio::time::timeout(deadline, all).await.is_err() {
        checkups.push(Found {
            hint: Some("`--deadline` gives them more time".to_owned()),
            ..checkup("time", Health::Bad, format!("the checks took more than {deadline:?}; the rest was not made"))
        });
    }
    let redactor = target.redactor();
    Ok(checkups.into_iter().map(|checkup| checkup.shown(&redactor)).collect())
}

async fn examine_all(target: &Target, clock: &Clock, clients: &Clients, absent: &Absent, checkups: &mut Vec<Found>) {
    let operation = clients.primary.operation();
    // The operation under test on a key that does not exist, as the cases send it.
    let request = clients.primary.plain().signed(&operation.target(), operation.body_for(&absent.key).into_bytes());
    let Some(exchange) = clients.sender.wire(&[request]).await.pop() else { return };
    match &exchange.result {
        Err(_) if clients.sender.meets_tls().await => checkups.extend(wrong_scheme(target)),
        Err(error) => checkups.extend(way(target, Some(error))),
        answer @ Ok(_) if is_no_answer(answer) && clients.sender.meets_tls().await => {
            checkups.extend(wrong_scheme(target));
        }
        Ok(response) => {
            checkups.extend(way(target, None));
            checkups.push(clocks(response, clock()));
            service(&clients.primary, &observe(response), absent, checkups).await;
            checkups.extend(other_principals(target));
            checkups.push(pace(target, operation));
        }
    }
}

fn clocks(response: &Response, now: SystemTime) -> Found {
    match skew::seconds_ahead(response, now) {
        None => checkup("clock", Health::Unknown, "the answer has no Date that can be read".to_owned()),
        Some(ahead) => match skew::complaint(ahead) {
            None => checkup("clock", Health::Good, format!("{ahead} s ahead of the target's")),
            Some(why) => Found {
                hint: Some("set the clock, by NTP for example".to_owned()),
                ..checkup("clock", Health::Bad, why)
            },
        },
    }
}

/// Who we are to the service, and what it lets us do, by its first answer and by one call of each other operation.
async fn service(kms: &Kms, first: &Observation, absent: &Absent, checkups: &mut Vec<Found>) {
    let unsupported = &kms.plain().unsupported;
    let identity = identity(first);
    let is_known = identity.health == Health::Good;
    checkups.extend([identity, existence(kms.operation(), unsupported, first)]);
    if is_known {
        checkups.push(permission(&kms.operation().name, Success::Unexpected, unsupported, first));
        for needed in PERMISSIONS {
            let found = match needed.asking {
                Asking::AbsentKey(body) => ask(kms, needed.operation, Success::Unexpected, &body(absent)).await,
                Asking::Listing(body) => ask(kms, needed.operation, Success::Allowed, &body()).await,
                Asking::Not(why) => checkup(needed.operation, Health::Unknown, format!("not asked: {why}")),
            };
            checkups.push(if needed.is_optional { optional(found) } else { found });
        }
    }
}

/// What is found about an operation that only some cases need: without it they are skipped, and the target can be tested.
fn optional(found: Found) -> Found {
    match found.health {
        Health::Bad => {
            let found_there = found.found.and("; the cases that need it are skipped");
            Found { health: Health::Unknown, found: found_there, ..found }
        }
        Health::Good | Health::Unknown => found,
    }
}

fn other_principals(target: &Target) -> impl Iterator<Item = Found> {
    let others = [
        (PrincipalName::Denied, "a principal who is denied"),
        (PrincipalName::Stranger, "a principal of another account"),
    ];
    others.into_iter().map(|(principal, what)| {
        let (health, found) = match target.principals.contains_key(&principal) {
            true => (Health::Good, "configured"),
            false => (Health::Unknown, "nobody is configured, so that its cases are skipped"),
        };
        checkup(what, health, found.to_owned())
    })
}

fn checkup(what: &str, health: Health, found: impl Into<Text>) -> Found {
    Found { what: what.to_owned(), health, found: found.into(), hint: None }
}

/// Name, connection and TLS: how far the exchange came.
fn way(target: &Target, error: Option<&SendError>) -> Vec<Found> {
    let failed = match error {
        None => None,
        Some(SendError::Resolve(_)) => Some((0, "check the endpoint's name and the resolver")),
        Some(SendError::Connect(_) | SendError::ConnectTimeout(_)) => {
            Some((1, "check port, firewall and route; `--proxy` goes through a proxy"))
        }
        Some(SendError::Proxy(_)) => Some((1, "check `--proxy`")),
        Some(SendError::NotTls) => Some((2, "if the target speaks plain HTTP, name the endpoint with `http://`")),
        Some(SendError::Tls(_)) => {
            Some((2, "`--ca` trusts an authority of your own, `--server-name` expects another name"))
        }
        Some(_) => Some((3, "what listens there does not answer in HTTP, or not in time")),
    };
    let stages = ["name", "connection", "TLS", "answer"];
    let is_plain = target.endpoint.scheme == crate::send::Scheme::Http;
    let last = failed.map_or(3, |(stage, _)| stage);
    let mut checkups = Vec::new();
    for (stage, what) in stages.iter().enumerate() {
        checkups.push(match (failed, error) {
            _ if *what == "TLS" && is_plain => checkup(what, Health::Good, "none: plain HTTP, as asked for".to_owned()),
            (Some((bad, hint)), Some(error)) if stage == bad => {
                Found { hint: Some(hint.to_owned()), ..checkup(what, Health::Bad, error.text()) }
            }
            _ if stage > last => checkup(what, Health::Unknown, "not reached".to_owned()),
            _ => checkup(what, Health::Good, well(target, what)),
        });
    }
    checkups
}

/// What a stage that went well is worth saying of.
fn well(target: &Target, stage: &str) -> String {
    let endpoint = &target.endpoint;
    match stage {
        "name" if target.tls.resolve.is_some() => format!("{}, not looked up", endpoint.host),
        "name" => endpoint.host.clone(),
        "connection" => match &target.tls.resolve {
            Some(address) => format!("made to {address}"),
            None => format!("made to port {}", endpoint.port),
        },
        "TLS" if target.tls.verify == Verify::NoInsecure => "made; the certificate was not verified".to_owned(),
        "TLS" => "made; the certificate is good".to_owned(),
        _ => "it came".to_owned(),
    }
}

/// What plain HTTP finds at a port of TLS.
fn wrong_scheme(target: &Target) -> Vec<Found> {
    let mut checkups = way(target, None);
    checkups.retain(|checkup| !["TLS", "answer"].contains(&checkup.what.as_str()));
    checkups.push(Found {
        hint: Some("name the endpoint with `https://`".to_owned()),
        ..checkup("TLS", Health::Bad, "the target speaks TLS there, and the endpoint is `http://`".to_owned())
    });
    checkups
}

/// What an answer without an error type of AWS means where one has to come.
const NO_KMS: &str = "no KMS answers so: check address, port and path";

/// Whether the target took our signature. That it denied the operation shows that it did.
fn identity(observation: &Observation) -> Found {
    const BAD_SIGNATURE: [&str; 3] =
        ["InvalidSignatureException", "MissingAuthenticationTokenException", "IncompleteSignatureException"];
    match observation.error_name() {
        Some(name) if UNKNOWN_SIGNER.contains(&name) || BAD_SIGNATURE.contains(&name) => Found {
            hint: Some("check the credentials, their session token and the Region".to_owned()),
            ..checkup("identity", Health::Bad, summary(observation))
        },
        Some("NotFoundException" | "AccessDeniedException") => {
            checkup("identity", Health::Good, "the credentials are not refused".to_owned())
        }
        None => Found { hint: Some(NO_KMS.to_owned()), ..checkup("identity", Health::Bad, summary(observation)) },
        Some(_) => checkup("identity", Health::Unknown, summary(observation)),
    }
}

fn existence(operation: &Operation, unsupported: &[Unsupported], observation: &Observation) -> Found {
    let what = "operation";
    match says_unsupported(unsupported, observation) {
        true => Found {
            hint: Some("no case can be judged at this target".to_owned()),
            ..checkup(what, Health::Bad, summary(observation))
        },
        false if observation.error_name().is_some() => {
            checkup(what, Health::Good, format!("{} is there", operation.name))
        }
        false => Found { hint: Some(NO_KMS.to_owned()), ..checkup(what, Health::Bad, summary(observation)) },
    }
}

async fn ask(kms: &Kms, operation: &str, success: Success, body: &Value) -> Found {
    let (_, exchange) = kms.exchange(operation, body).await;
    match &exchange.result {
        Ok(response) => permission(operation, success, &kms.plain().unsupported, &observe(response)),
        Err(error) => checkup(operation, Health::Unknown, error.text()),
    }
}

/// What it means that a call succeeds.
#[derive(Clone, Copy)]
enum Success {
    /// The operation is allowed.
    Allowed,
    /// The target does not look for the key.
    Unexpected,
}

/// Whether an operation is denied, by its answer about a key that does not exist. A target that looks for the key before
/// it asks who may use it does not say.
fn permission(operation: &str, success: Success, unsupported: &[Unsupported], observation: &Observation) -> Found {
    match observation.error_name() {
        _ if is_transient(observation) => checkup(operation, Health::Unknown, "throttled".to_owned()),
        _ if says_unsupported(unsupported, observation) => {
            checkup(operation, Health::Bad, "the target has no such operation".to_owned())
        }
        _ if observation.is_success() => match success {
            Success::Allowed => checkup(operation, Health::Good, "not denied".to_owned()),
            Success::Unexpected => {
                checkup(operation, Health::Unknown, "it succeeded about a key that does not exist".to_owned())
            }
        },
        Some("NotFoundException") => checkup(operation, Health::Good, "not denied".to_owned()),
        Some("AccessDeniedException") => Found {
            hint: Some(format!("allow `kms:{operation}`")),
            ..checkup(operation, Health::Bad, "denied".to_owned())
        },
        _ => checkup(operation, Health::Unknown, summary(observation)),
    }
}

fn pace(target: &Target, operation: &Operation) -> Found {
    let rates = &target.limits.rates.by_operation;
    let shown: Vec<String> = [&operation.name, "CreateKey", "GetParametersForImport"]
        .iter()
        .filter_map(|operation| Some(format!("{operation} {}", rates.get(*operation)?)))
        .collect();
    let found = match shown.is_empty() {
        true => "not limited on loopback".to_owned(),
        false => format!("{} calls a second", shown.join(", ")),
    };
    checkup("quota", Health::Good, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::observed;

    fn answer(status: u16, error: &str) -> Observation {
        observed(status, &format!(r#"{{"__type":"{error}","message":"m"}}"#))
    }

    #[test]
    fn a_denied_operation_is_told_from_one_that_is_not_there_and_from_a_throttled_one() {
        let of = |status, error| permission("CreateKey", Success::Unexpected, &[], &answer(status, error));
        let denied = of(400, "AccessDeniedException");
        assert_eq!((denied.health, denied.hint.as_deref()), (Health::Bad, Some("allow `kms:CreateKey`")));
        assert_eq!(of(400, "NotFoundException").health, Health::Good);
        for (status, error) in [(400, "ThrottlingException"), (429, ""), (500, "KMSInternalException")] {
            assert_eq!(of(status, error).health, Health::Unknown, "{status} {error}");
        }
    }

    #[test]
    fn credentials_that_are_taken_are_told_from_those_that_are_not() {
        for (error, health) in [
            ("NotFoundException", Health::Good),
            ("AccessDeniedException", Health::Good),
            ("UnrecognizedClientException", Health::Bad),
            ("ExpiredTokenException", Health::Bad),
            ("InvalidSignatureException", Health::Bad),
            ("KMSInternalException", Health::Unknown),
        ] {
            assert_eq!(identity(&answer(400, error)).health, health, "{error}");
        }
    }
}
