//! Reads `trentcheck.toml`. Environment and flags win over its values.

use crate::arguments::{account, duration, jobs};
use crate::edge::failure::Failure;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use trentcheck_core::deviation::Entry;
use trentcheck_core::file::read_text;
use trentcheck_core::fixture::{Edition, Level, PrincipalName, nearest_of};
use trentcheck_core::sign::Credentials;
use trentcheck_core::text::in_one_line;

/// Bytes of the file.
const LARGEST: u64 = 4 << 20;

/// The file that is read if the user names none.
const DEFAULT_FILE: &str = "trentcheck.toml";

/// The values of the file: those of its only target, or those that several targets share.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct File {
    /// The name of what is known of this kind of target.
    pub(super) preset: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) region: Option<String>,
    pub(super) edition: Option<Edition>,
    pub(super) fail_on: Option<Level>,
    #[serde(default, deserialize_with = "at_a_time")]
    pub(super) jobs: Option<u16>,
    #[serde(default, deserialize_with = "time")]
    pub(super) timeout: Option<Duration>,
    #[serde(default, deserialize_with = "time")]
    pub(super) deadline: Option<Duration>,
    #[serde(default, deserialize_with = "time")]
    pub(super) settle: Option<Duration>,
    pub(super) ca: Option<PathBuf>,
    pub(super) server_name: Option<String>,
    pub(super) resolve: Option<SocketAddr>,
    pub(super) client_cert: Option<PathBuf>,
    pub(super) client_key: Option<PathBuf>,
    pub(super) proxy: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) denied_profile: Option<String>,
    pub(super) stranger_profile: Option<String>,
    /// Access keys of principals, for a target on loopback.
    #[serde(default, deserialize_with = "access_keys")]
    pub(super) credentials: BTreeMap<PrincipalName, Credentials>,
    #[serde(default, deserialize_with = "number")]
    pub(super) account: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(super) stranger_account: Option<String>,
    pub(super) elsewhere: Option<String>,
    #[serde(default)]
    pub(super) provide: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) rates: BTreeMap<String, f64>,
    /// Keys that the user owns, by the precondition that they replace.
    #[serde(default)]
    pub(super) keys: BTreeMap<String, OwnKey>,
    /// A directory of recordings, relative to the configuration file.
    pub(super) baseline: Option<PathBuf>,
    /// A file of known deviations, relative to the configuration file.
    pub(super) deviations: Option<PathBuf>,
    /// Known deviations that are written in the configuration file.
    #[serde(default)]
    pub(super) deviation: Vec<Entry>,
    /// Several targets, by name. A value that a target does not define is taken from the rest of the file.
    #[serde(default)]
    targets: BTreeMap<String, File>,
}

impl File {
    fn profile_of(&self, principal: PrincipalName) -> Option<&str> {
        match principal {
            PrincipalName::Primary => self.profile.as_deref(),
            PrincipalName::Denied => self.denied_profile.as_deref(),
            PrincipalName::Stranger => self.stranger_profile.as_deref(),
            PrincipalName::Session | PrincipalName::Expired => None,
        }
    }

    /// A principal that has both a profile and an access key in this table.
    fn signs_twice(&self) -> Option<PrincipalName> {
        self.credentials.keys().copied().find(|principal| self.profile_of(*principal).is_some())
    }

    /// The values of a target, completed by those of the whole file.
    fn over(self, base: Self) -> Self {
        // A profile in the target's table replaces an access key of the whole file, and the other way round.
        let inherits = |principal: PrincipalName| !self.credentials.contains_key(&principal);
        let profile = self.profile.clone().or(base.profile.filter(|_| inherits(PrincipalName::Primary)));
        let denied_profile =
            self.denied_profile.clone().or(base.denied_profile.filter(|_| inherits(PrincipalName::Denied)));
        let stranger_profile =
            self.stranger_profile.clone().or(base.stranger_profile.filter(|_| inherits(PrincipalName::Stranger)));
        let mut credentials = base.credentials;
        credentials.retain(|principal, _| self.profile_of(*principal).is_none());
        // A list of the target, as a file or inline, replaces the shared list, whatever form that has.
        let has_list = self.deviations.is_some() || !self.deviation.is_empty();
        let (deviations, deviation) =
            if has_list { (self.deviations, self.deviation) } else { (base.deviations, base.deviation) };
        let mut provide = base.provide;
        provide.extend(self.provide);
        let mut rates = base.rates;
        rates.extend(self.rates);
        credentials.extend(self.credentials);
        let mut keys = base.keys;
        keys.extend(self.keys);
        Self {
            preset: self.preset.or(base.preset),
            endpoint: self.endpoint.or(base.endpoint),
            region: self.region.or(base.region),
            edition: self.edition.or(base.edition),
            fail_on: self.fail_on.or(base.fail_on),
            jobs: self.jobs.or(base.jobs),
            timeout: self.timeout.or(base.timeout),
            deadline: self.deadline.or(base.deadline),
            settle: self.settle.or(base.settle),
            ca: self.ca.or(base.ca),
            server_name: self.server_name.or(base.server_name),
            resolve: self.resolve.or(base.resolve),
            client_cert: self.client_cert.or(base.client_cert),
            client_key: self.client_key.or(base.client_key),
            proxy: self.proxy.or(base.proxy),
            profile,
            denied_profile,
            stranger_profile,
            credentials,
            account: self.account.or(base.account),
            stranger_account: self.stranger_account.or(base.stranger_account),
            elsewhere: self.elsewhere.or(base.elsewhere),
            provide,
            rates,
            keys,
            baseline: self.baseline.or(base.baseline),
            deviations,
            deviation,
            targets: BTreeMap::new(),
        }
    }
}

/// A key that the user owns.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct OwnKey {
    /// The id or ARN of the key.
    pub(crate) id: String,
    /// A file with the bytes that were imported into the key.
    pub(crate) material: PathBuf,
}

/// The configuration file, read once.
#[derive(Clone, Default)]
pub(crate) struct Configuration {
    /// The path of the file, also if the file does not exist.
    pub(super) path: PathBuf,
    /// The text of the file, used to find line numbers.
    pub(super) text: String,
    file: File,
}

impl Configuration {
    /// Reads the file at this path, or the default file if it exists.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let path = match path {
            Some(path) => path.to_owned(),
            None if Path::new(DEFAULT_FILE).exists() => DEFAULT_FILE.into(),
            None => return Ok(Self { path: DEFAULT_FILE.into(), ..Self::default() }),
        };
        let text =
            read_text(&path, LARGEST).map_err(|error| Failure::usage(format!("read `{}`: {error}", path.display())))?;
        let file: File = toml::from_str(&text).map_err(|error| {
            // The line itself is not shown, because it may hold a secret.
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let what = in_one_line(error.message());
            Failure::usage(format!("read `{}`, line {line}: {what}", path.display()))
        })?;
        if let Some((name, _)) = file.targets.iter().find(|(_, target)| !target.targets.is_empty()) {
            return Err(Failure::rule(format!("`{}`: the target `{name}` cannot contain `targets`", path.display())));
        }
        let tables = std::iter::once(&file).chain(file.targets.values());
        if let Some(principal) = tables.filter_map(File::signs_twice).next() {
            let name = word(principal);
            return Err(Failure::rule(format!(
                "`{}`: `credentials.{name}` and a profile both give credentials for `{name}`",
                path.display()
            ))
            .hint("keep one of them"));
        }
        Ok(Self { path, text, file })
    }

    /// Whether there is a file.
    pub(crate) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// The names of the targets in the configuration.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.file.targets.keys().map(String::as_str)
    }

    /// The path, unless it is the default file.
    pub(super) fn other_than_usual(&self) -> Option<&Path> {
        (self.path != Path::new(DEFAULT_FILE)).then_some(&self.path)
    }

    /// Whether the top of the file says where a target is.
    pub(super) fn has_endpoint(&self) -> bool {
        self.file.endpoint.is_some() || self.file.preset.is_some()
    }

    /// The values for the target with this name.
    pub(super) fn named(&self, name: &str) -> Result<File, Failure> {
        let Some(named) = self.file.targets.get(name) else {
            let known: Vec<&str> = self.names().collect();
            let failure = Failure::rule(format!("`{}` has no target `{name}`", self.path.display()));
            return Err(match (nearest_of(name, known.iter().copied()), known.is_empty()) {
                (_, true) => failure.hint(format!("describe it in a table `[targets.{name}]`")),
                (Some(near), false) => failure.hint(format!("did you mean `{near}`?")),
                (None, false) => failure.hint(format!("its targets are {}", known.join(", "))),
            });
        };
        Ok(named.clone().over(self.file.clone()))
    }

    /// The values for a run at the embedded reference: those that do not describe a target.
    pub(super) fn of_the_reference(&self) -> File {
        let File { edition, fail_on, jobs, timeout, deadline, settle, .. } = self.file;
        File { edition, fail_on, jobs, timeout, deadline, settle, ..File::default() }
    }

    /// The values for the target without a name.
    pub(super) fn unnamed(&self) -> File {
        self.file.clone()
    }

    /// Where the file has the value of a key, such as `credentials.primary`, for the target of this name or for the one
    /// without a name.
    pub(super) fn place(&self, target: Option<&str>, key: &str) -> Option<String> {
        let whole: toml::Table = toml::from_str(&self.text).ok()?;
        let path = self.path.display();
        let own = target.and_then(|name| Some((name, whole.get("targets")?.get(name)?)));
        match own.filter(|(_, table)| has(table.as_table(), key)) {
            Some((name, _)) => Some(format!("`{path}`, `[targets.{name}]`")),
            None => has(Some(&whole), key).then(|| format!("`{path}`")),
        }
    }

    /// A path in the file, resolved relative to the folder of the file.
    pub(super) fn beside(&self, path: &Path) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }
}

/// Whether a table has a key, or a table in it has the rest of the key.
fn has(table: Option<&toml::Table>, key: &str) -> bool {
    table.is_some_and(|table| match key.split_once('.') {
        Some((name, rest)) => has(table.get(name).and_then(toml::Value::as_table), rest),
        None => table.contains_key(key),
    })
}

/// The name of a principal in the file.
pub(super) fn word(principal: PrincipalName) -> &'static str {
    match principal {
        PrincipalName::Primary => "primary",
        PrincipalName::Session => "session",
        PrincipalName::Denied => "denied",
        PrincipalName::Stranger => "stranger",
        PrincipalName::Expired => "expired",
    }
}

/// An access key in the form of the file.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct AccessKey {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

/// Reads the access keys of principals. An error lists what the table may contain, and shows nothing of its content.
fn access_keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<PrincipalName, Credentials>, D::Error> {
    let wrong = |_| {
        serde::de::Error::custom(
            "`credentials` has tables `primary`, `session`, `denied`, `stranger` and `expired`, each with \
             `access-key-id`, `secret-access-key` and, for temporary credentials, `session-token`",
        )
    };
    let table = toml::Value::deserialize(deserializer)?;
    let keys: BTreeMap<PrincipalName, AccessKey> = table.try_into().map_err(wrong)?;
    let credentials = |AccessKey { access_key_id, secret_access_key, session_token }| Credentials {
        access_key_id,
        secret_access_key,
        session_token,
    };
    Ok(keys.into_iter().map(|(principal, key)| (principal, credentials(key))).collect())
}

/// Reads a duration in the same way as the flags.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration(&text).map(Some).map_err(serde::de::Error::custom)
}

/// Reads a number of cases at a time as the flag does.
fn at_a_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let number = i64::deserialize(deserializer)?;
    jobs(number).map(Some).map_err(serde::de::Error::custom)
}

/// Reads an account number in the same way as the flags.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    account(&text).map(Some).map_err(serde::de::Error::custom)
}
