//! `trentcheck.toml`, over which environment and flags win.

use crate::arguments::{ConnectionArguments, OwnKey, RunArguments, TargetArguments, account, duration};
use crate::edge::failure::Failure;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use trentcheck_core::deviation::{DeviationFile, Entry};
use trentcheck_core::fixture::{Edition, Level};

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "trentcheck.toml";

/// The file's values: of the one target that it describes, or what several have in common.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct File {
    endpoint: Option<String>,
    region: Option<String>,
    edition: Option<Edition>,
    fail_on: Option<Level>,
    jobs: Option<u16>,
    #[serde(default, deserialize_with = "time")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "time")]
    deadline: Option<Duration>,
    #[serde(default, deserialize_with = "time")]
    settle: Option<Duration>,
    ca: Option<PathBuf>,
    server_name: Option<String>,
    resolve: Option<SocketAddr>,
    client_cert: Option<PathBuf>,
    client_key: Option<PathBuf>,
    proxy: Option<String>,
    profile: Option<String>,
    denied_profile: Option<String>,
    stranger_profile: Option<String>,
    #[serde(default, deserialize_with = "number")]
    account: Option<String>,
    #[serde(default, deserialize_with = "number")]
    stranger_account: Option<String>,
    elsewhere: Option<String>,
    #[serde(default)]
    provide: BTreeMap<String, String>,
    #[serde(default)]
    rates: BTreeMap<String, f64>,
    /// Keys of the user's own, by the precondition that they stand in for.
    #[serde(default)]
    keys: BTreeMap<String, OwnKey>,
    /// A file of known deviations, relative to this one.
    deviations: Option<PathBuf>,
    /// Known deviations, in place.
    #[serde(default)]
    deviation: Vec<Entry>,
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
            deviations,
            deviation,
            targets: BTreeMap::new(),
        }
    }
}

/// Where a run's list of known deviations is.
pub(crate) enum Known {
    /// There is none.
    Nothing,
    /// In a file of its own.
    File(PathBuf),
    /// In the configuration file of this path and text.
    Inline {
        /// The configuration file.
        path: String,
        /// Its text, to name lines of.
        text: String,
        /// The list.
        list: DeviationFile,
    },
}

/// Fills in what neither flags nor environment say about a run at the target of this name, or at the one that needs none.
pub(crate) fn configure_run(arguments: &mut RunArguments, name: Option<&str>) -> Result<Known, Failure> {
    let (file, path, text) = configure(&mut arguments.target, name)?;
    let beside = path.parent().map(Path::to_owned).unwrap_or_default();
    let own = |key: &OwnKey| OwnKey { material: beside.join(&key.material), ..key.clone() };
    arguments.keys = file.keys.iter().map(|(name, key)| (name.clone(), own(key))).collect();
    arguments.deadline = arguments.deadline.or(file.deadline);
    arguments.fail_on = arguments.fail_on.or(file.fail_on);
    arguments.jobs = arguments.jobs.or(file.jobs);
    if let Some(path) = &arguments.deviations {
        return Ok(Known::File(path.clone()));
    }
    Ok(match (file.deviations, file.deviation.is_empty()) {
        (Some(_), false) => {
            return Err(Failure::usage(format!(
                "read `{}`: a target has either `deviations` or `[[deviation]]`, not both",
                path.display()
            )));
        }
        (Some(list), true) => Known::File(path.parent().unwrap_or(Path::new("")).join(list)),
        (None, true) => Known::Nothing,
        (None, false) => Known::Inline {
            path: path.display().to_string(),
            text,
            // In place, a list is for whatever the target says.
            list: DeviationFile { edition: None, fail_on: arguments.fail_on, entries: file.deviation },
        },
    })
}

/// Fills in what neither flags nor environment say about the target.
pub(crate) fn configure_target(target: &mut TargetArguments) -> Result<(), Failure> {
    configure(target, None).map(drop)
}

/// The target of this name as the configuration file describes it. Flags and environment are about another one.
pub(crate) fn configured(config: Option<PathBuf>, name: &str) -> Result<TargetArguments, Failure> {
    let mut target = TargetArguments { config, ..TargetArguments::default() };
    configure(&mut target, Some(name))?;
    Ok(target)
}

/// The names of the targets that the configuration file has.
pub(crate) fn target_names(target: &TargetArguments) -> Result<Vec<String>, Failure> {
    let (file, ..) = read(target)?;
    Ok(file.targets.into_keys().collect())
}

fn read(target: &TargetArguments) -> Result<(File, PathBuf, String), Failure> {
    let path = match &target.config {
        Some(path) => path.clone(),
        None if Path::new(DEFAULT_FILE).exists() => DEFAULT_FILE.into(),
        None => return Ok((File::default(), DEFAULT_FILE.into(), String::new())),
    };
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Failure::usage(format!("read `{}`: {error}", path.display())))?;
    let file: File = toml::from_str(&text).map_err(|error| {
        // Without the line itself, as it could hold what is nobody's business.
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Failure::usage(format!("read `{}`, line {line}: {}", path.display(), error.message().trim().replace('\n', " ")))
    })?;
    if let Some((name, _)) = file.targets.iter().find(|(_, target)| !target.targets.is_empty()) {
        return Err(Failure::usage(format!("read `{}`: the target `{name}` holds targets itself", path.display())));
    }
    Ok((file, path, text))
}

fn configure(target: &mut TargetArguments, name: Option<&str>) -> Result<(File, PathBuf, String), Failure> {
    let (mut file, path, text) = read(target)?;
    if let Some(name) = name {
        let Some(named) = file.targets.remove(name) else {
            let known: Vec<&str> = file.targets.keys().map(String::as_str).collect();
            let failure = Failure::usage(format!("find the target `{name}` in `{}`", path.display()));
            return Err(if known.is_empty() {
                failure.hint("a table `[targets.NAME]` describes a target")
            } else {
                failure.hint(format!("it has {}", known.join(", ")))
            });
        };
        file = named.over(file);
    }
    target.timeout = target.timeout.or(file.timeout);
    target.settle = target.settle.or(file.settle);
    target.endpoint = target.endpoint.take().or(file.endpoint.take());
    target.region = target.region.take().or(file.region.take());
    target.edition = target.edition.or(file.edition);
    target.connection.or(ConnectionArguments {
        ca: file.ca.take(),
        insecure: false,
        server_name: file.server_name.take(),
        resolve: file.resolve,
        client_cert: file.client_cert.take(),
        client_key: file.client_key.take(),
        proxy: file.proxy.take(),
    });
    let credentials = &mut target.credentials;
    credentials.profile = credentials.profile.take().or(file.profile.take());
    credentials.denied_profile = credentials.denied_profile.take().or(file.denied_profile.take());
    credentials.stranger_profile = credentials.stranger_profile.take().or(file.stranger_profile.take());
    target.account = target.account.take().or(file.account.take());
    target.stranger_account = target.stranger_account.take().or(file.stranger_account.take());
    target.elsewhere = target.elsewhere.take().or(file.elsewhere.take());
    // Flags last, so that they win.
    let flags = std::mem::take(&mut target.service.rate);
    target.service.rate = file.rates.iter().map(|(name, rate)| format!("{name}={rate}")).chain(flags).collect();
    let flags = std::mem::take(&mut target.provide);
    target.provide = file.provide.iter().map(|(name, id)| format!("{name}={id}")).chain(flags).collect();
    Ok((file, path, text))
}

/// Reads a time as the flags do.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration(&text).map(Some).map_err(serde::de::Error::custom)
}

/// Reads the number of an account as the flags do.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    account(&text).map(Some).map_err(serde::de::Error::custom)
}
