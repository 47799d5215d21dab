//! `trentcheck.toml`, over which environment and flags win.

use crate::arguments::{account, duration, jobs};
use crate::edge::failure::Failure;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use trentcheck_core::deviation::Entry;
use trentcheck_core::file::read_text;
use trentcheck_core::fixture::{Edition, Level};

/// Bytes of the file.
const LARGEST: u64 = 4 << 20;

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "trentcheck.toml";

/// The file's values: of the one target that it describes, or what several have in common.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct File {
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
    #[serde(default, deserialize_with = "number")]
    pub(super) account: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(super) stranger_account: Option<String>,
    pub(super) elsewhere: Option<String>,
    #[serde(default)]
    pub(super) provide: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) rates: BTreeMap<String, f64>,
    /// Keys of the user's own, by the precondition that they stand in for.
    #[serde(default)]
    pub(super) keys: BTreeMap<String, OwnKey>,
    /// A directory of recordings, relative to this file.
    pub(super) baseline: Option<PathBuf>,
    /// A file of known deviations, relative to this one.
    pub(super) deviations: Option<PathBuf>,
    /// Known deviations, in place.
    #[serde(default)]
    pub(super) deviation: Vec<Entry>,
    /// Several targets, by name; what they do not say themselves is taken from the rest of the file.
    #[serde(default)]
    targets: BTreeMap<String, File>,
}

impl File {
    /// The values of a target over those of the whole file.
    fn over(self, base: Self) -> Self {
        // A list of its own in either form replaces the common one in either form.
        let has_list = self.deviations.is_some() || !self.deviation.is_empty();
        let (deviations, deviation) =
            if has_list { (self.deviations, self.deviation) } else { (base.deviations, base.deviation) };
        let mut provide = base.provide;
        provide.extend(self.provide);
        let mut rates = base.rates;
        rates.extend(self.rates);
        let mut keys = base.keys;
        keys.extend(self.keys);
        Self {
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
            profile: self.profile.or(base.profile),
            denied_profile: self.denied_profile.or(base.denied_profile),
            stranger_profile: self.stranger_profile.or(base.stranger_profile),
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

/// A key of the user's own.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct OwnKey {
    /// Its id or ARN.
    pub(crate) id: String,
    /// A file with the bytes that were imported into it.
    pub(crate) material: PathBuf,
}

/// The configuration file as it was read, once.
#[derive(Clone, Default)]
pub(crate) struct Configuration {
    /// Where it is, or would be.
    pub(super) path: PathBuf,
    /// Its text, to name lines of.
    pub(super) text: String,
    file: File,
}

impl Configuration {
    /// Reads the file of this path, else the one of the usual name, if there is one.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let path = match path {
            Some(path) => path.to_owned(),
            None if Path::new(DEFAULT_FILE).exists() => DEFAULT_FILE.into(),
            None => return Ok(Self { path: DEFAULT_FILE.into(), ..Self::default() }),
        };
        let text =
            read_text(&path, LARGEST).map_err(|error| Failure::usage(format!("read `{}`: {error}", path.display())))?;
        let file: File = toml::from_str(&text).map_err(|error| {
            // Without the line itself, as it could hold what is nobody's business.
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let what = error.message().trim().replace('\n', " ");
            Failure::usage(format!("read `{}`, line {line}: {what}", path.display()))
        })?;
        if let Some((name, _)) = file.targets.iter().find(|(_, target)| !target.targets.is_empty()) {
            return Err(Failure::usage(format!("read `{}`: the target `{name}` holds targets itself", path.display())));
        }
        Ok(Self { path, text, file })
    }

    /// The names of the targets that it describes.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.file.targets.keys().map(String::as_str)
    }

    /// The endpoint at its top.
    pub(super) fn endpoint(&self) -> Option<&str> {
        self.file.endpoint.as_deref()
    }

    /// What it says about the target of this name.
    pub(super) fn named(&self, name: &str) -> Result<File, Failure> {
        let Some(named) = self.file.targets.get(name) else {
            let known: Vec<&str> = self.names().collect();
            let failure = Failure::usage(format!("find the target `{name}` in `{}`", self.path.display()));
            return Err(if known.is_empty() {
                failure.hint("a table `[targets.NAME]` describes a target")
            } else {
                failure.hint(format!("it has {}", known.join(", ")))
            });
        };
        Ok(named.clone().over(self.file.clone()))
    }

    /// What it says about every run, and so about one at the embedded reference: nothing about a target.
    pub(super) fn of_the_reference(&self) -> File {
        let File { edition, fail_on, jobs, timeout, deadline, settle, .. } = self.file;
        File { edition, fail_on, jobs, timeout, deadline, settle, ..File::default() }
    }

    /// What it says about the target that needs no name.
    pub(super) fn unnamed(&self) -> File {
        self.file.clone()
    }

    /// A path of the file, which is relative to where the file is.
    pub(super) fn beside(&self, path: &Path) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }
}

/// Reads a time as the flags do.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration(&text).map(Some).map_err(serde::de::Error::custom)
}

/// Reads a number of cases at a time as the flag does.
fn at_a_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let number = i64::deserialize(deserializer)?;
    jobs(number).map(Some).map_err(serde::de::Error::custom)
}

/// Reads the number of an account as the flags do.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    account(&text).map(Some).map_err(serde::de::Error::custom)
}
