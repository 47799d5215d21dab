//! `trentcheck.toml`, over which environment and flags win, and the credentials of the environment.

use crate::arguments::{RunArguments, duration};
use crate::failure::Failure;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use trentcheck_core::fixture::{Edition, Level, PrincipalName};
use trentcheck_core::sign::Credentials;

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "trentcheck.toml";

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    endpoint: Option<String>,
    region: Option<String>,
    edition: Option<Edition>,
    fail_on: Option<Level>,
    jobs: Option<u16>,
    timeout: Option<String>,
    deadline: Option<String>,
    settle: Option<String>,
    ca: Option<std::path::PathBuf>,
    account: Option<String>,
    elsewhere: Option<String>,
    #[serde(default)]
    provide: BTreeMap<String, String>,
}

/// Fills in what neither flags nor environment say.
pub(crate) fn configured(mut arguments: RunArguments) -> Result<RunArguments, Failure> {
    let path = match &arguments.config {
        Some(path) => path.clone(),
        None if Path::new(DEFAULT_FILE).exists() => DEFAULT_FILE.into(),
        None => return Ok(arguments),
    };
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Failure::usage(format!("read `{}`: {error}", path.display())))?;
    let file: File = toml::from_str(&text)
        .map_err(|error| Failure::usage(format!("read `{}`: {}", path.display(), error.to_string().trim_end())))?;
    let time = |text: Option<String>| {
        text.map(|text| duration(&text).map_err(|error| Failure::usage(format!("read `{}`: {error}", path.display()))))
            .transpose()
    };
    arguments.timeout = arguments.timeout.or(time(file.timeout)?);
    arguments.deadline = arguments.deadline.or(time(file.deadline)?);
    arguments.settle = arguments.settle.or(time(file.settle)?);
    arguments.endpoint = arguments.endpoint.or(file.endpoint);
    arguments.region = arguments.region.or(file.region);
    arguments.edition = arguments.edition.or(file.edition);
    arguments.fail_on = arguments.fail_on.or(file.fail_on);
    arguments.jobs = arguments.jobs.or(file.jobs);
    arguments.ca = arguments.ca.or(file.ca);
    arguments.account = arguments.account.or(file.account);
    arguments.elsewhere = arguments.elsewhere.or(file.elsewhere);
    let provided = file.provide.into_iter().map(|(name, id)| format!("{name}={id}"));
    arguments.provide = provided.chain(arguments.provide).collect();
    Ok(arguments)
}

/// The principals of the environment: `AWS_ACCESS_KEY_ID` and so on for the primary one, off loopback or where they are
/// asked for by name; `TRENTCHECK_DENIED_ACCESS_KEY_ID` and so on for the others.
pub(crate) fn principals(is_loopback: bool) -> Result<BTreeMap<PrincipalName, Credentials>, Failure> {
    let mut principals = BTreeMap::new();
    let all = [
        (PrincipalName::Primary, "TRENTCHECK"),
        (PrincipalName::Session, "TRENTCHECK_SESSION"),
        (PrincipalName::Denied, "TRENTCHECK_DENIED"),
        (PrincipalName::Stranger, "TRENTCHECK_STRANGER"),
        (PrincipalName::Expired, "TRENTCHECK_EXPIRED"),
    ];
    for (principal, prefix) in all {
        if let Some(credentials) = from_environment(prefix)? {
            principals.insert(principal, credentials);
        }
    }
    if principals.contains_key(&PrincipalName::Primary) {
        return Ok(principals);
    }
    if is_loopback {
        // Real credentials are not for whatever listens on a local port.
        principals.insert(PrincipalName::Primary, dummy());
        return Ok(principals);
    }
    match from_environment("AWS")? {
        Some(credentials) => drop(principals.insert(PrincipalName::Primary, credentials)),
        None => {
            return Err(Failure::usage("find credentials for a target off loopback")
                .hint("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary ones)"));
        }
    }
    Ok(principals)
}

/// Credentials for targets on loopback that do not care.
fn dummy() -> Credentials {
    Credentials {
        access_key_id: "AKIDTRENTCHECK000001".to_owned(),
        secret_access_key: "trentcheck-dummy-secret-primary".to_owned(),
        session_token: None,
    }
}

fn from_environment(prefix: &str) -> Result<Option<Credentials>, Failure> {
    let read = |name: &str| std::env::var(format!("{prefix}_{name}")).ok().filter(|value| !value.is_empty());
    match (read("ACCESS_KEY_ID"), read("SECRET_ACCESS_KEY")) {
        (Some(access_key_id), Some(secret_access_key)) => {
            let plain = |value: &str| value.chars().all(|letter| letter.is_ascii_graphic());
            if !plain(&access_key_id) || !plain(&secret_access_key) {
                return Err(Failure::usage(format!(
                    "use the credentials in {prefix}_ACCESS_KEY_ID and {prefix}_SECRET_ACCESS_KEY: they hold blanks or characters that no key has"
                )));
            }
            Ok(Some(Credentials { access_key_id, secret_access_key, session_token: read("SESSION_TOKEN") }))
        }
        (None, None) => Ok(None),
        (Some(_), None) => {
            Err(Failure::usage(format!("find {prefix}_SECRET_ACCESS_KEY beside {prefix}_ACCESS_KEY_ID")))
        }
        (None, Some(_)) => {
            Err(Failure::usage(format!("find {prefix}_ACCESS_KEY_ID beside {prefix}_SECRET_ACCESS_KEY")))
        }
    }
}
