//! What holds for a target and for a run once flags, environment, configuration file and defaults are put together, in this
//! order. Nothing after this reads an argument of a target or a run.

use super::choice::Choice;
use super::configuration::{Configuration, File, OwnKey};
use super::connection::Connection;
use super::credentials::Signers;
use super::known::Known;
use super::service::Service;
use crate::arguments::{LaneName, RunArguments, TargetArguments};
use crate::edge::failure::Failure;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use trentcheck_core::fixture::{Edition, Level};
use trentcheck_core::run::Target;
use trentcheck_core::send::{Endpoint, Lane, Limits};

/// The time limit of a run or a sweep that sets none.
pub(crate) const DEADLINE: Duration = Duration::from_secs(15 * 60);

/// A target and how it is reached.
#[derive(Clone, Debug)]
pub(crate) struct TargetSettings {
    /// The endpoint; absent for the embedded reference.
    pub(crate) endpoint: Option<String>,
    /// Whether the embedded reference has to be asked for by a flag.
    is_embedded_named: bool,
    /// The Region that was asked for.
    pub(crate) region: Option<String>,
    edition: Option<Edition>,
    timeout: Option<Duration>,
    settle: Option<Duration>,
    /// The time limit that the file sets for the whole.
    pub(crate) deadline: Option<Duration>,
    pub(super) service: Service,
    /// Calls a second, as `OPERATION=N`; of several for an operation the last holds.
    pub(super) rates: Vec<String>,
    pub(super) connection: Connection,
    pub(super) signers: Signers,
    /// The caller's account.
    pub(crate) account: Option<String>,
    /// The account of the principal `stranger`.
    pub(crate) stranger_account: Option<String>,
    /// Keys that the target has, as `NAME=ID`; of several of a name the last holds.
    pub(super) provide: Vec<String>,
    pub(super) elsewhere: Option<String>,
}

impl TargetSettings {
    /// The settings of the target that was chosen.
    pub(crate) fn of(
        arguments: &TargetArguments,
        choice: &Choice,
        configuration: &Configuration,
    ) -> Result<Self, Failure> {
        Ok(Self::put_together(arguments, choice, &described(choice, configuration)?, configuration))
    }

    /// The settings of the target that the configuration describes under this name. Flags and environment are about
    /// another one.
    pub(crate) fn configured(name: &str, configuration: &Configuration) -> Result<Self, Failure> {
        let choice = Choice::Named(name.to_owned());
        Self::of(&TargetArguments::default(), &choice, configuration)
    }

    fn put_together(arguments: &TargetArguments, choice: &Choice, file: &File, configuration: &Configuration) -> Self {
        let endpoint = match choice {
            Choice::Embedded => None,
            Choice::Named(_) | Choice::Unnamed => arguments.endpoint.clone().or_else(|| file.endpoint.clone()),
        };
        // Flags last, so that they win.
        let rates = file.rates.iter().map(|(name, rate)| format!("{name}={rate}"));
        let provide = file.provide.iter().map(|(name, id)| format!("{name}={id}"));
        Self {
            is_embedded_named: endpoint.is_none()
                && (*choice == Choice::Embedded || configuration.names().next().is_some()),
            endpoint,
            region: arguments.region.clone().or_else(|| file.region.clone()),
            edition: arguments.edition.or(file.edition),
            timeout: arguments.timeout.or(file.timeout),
            settle: arguments.settle.or(file.settle),
            deadline: file.deadline,
            service: Service::of(&arguments.service),
            rates: rates.chain(arguments.service.rate.iter().cloned()).collect(),
            connection: Connection::of(&arguments.connection, file),
            signers: Signers::of(&arguments.credentials, file),
            account: arguments.account.clone().or_else(|| file.account.clone()),
            stranger_account: arguments.stranger_account.clone().or_else(|| file.stranger_account.clone()),
            provide: provide.chain(arguments.provide.iter().cloned()).collect(),
            elsewhere: arguments.elsewhere.clone().or_else(|| file.elsewhere.clone()),
        }
    }

    /// The edition.
    pub(crate) fn edition(&self) -> Edition {
        self.edition.unwrap_or(Edition::KeyOnly)
    }

    /// The time limit of one exchange.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(Limits::default().exchange)
    }

    /// How long to wait for a state change to be seen at an endpoint.
    pub(super) fn settle(&self, endpoint: &Endpoint) -> Duration {
        self.settle.unwrap_or(Duration::from_secs(if endpoint.is_loopback() { 1 } else { 30 }))
    }

    /// The same settings at another URL, to compare with a target that is already described. Keys, accounts and Regions
    /// that were named for that one are not there on the other.
    pub(crate) fn at_another_url(&self, url: &str, first: &Target) -> Self {
        Self {
            endpoint: Some(url.to_owned()),
            is_embedded_named: false,
            region: Some(first.region.clone()),
            edition: Some(first.edition),
            timeout: Some(first.limits.exchange),
            connection: self.connection.to_another_host(),
            account: None,
            stranger_account: None,
            provide: Vec::new(),
            elsewhere: None,
            ..self.clone()
        }
    }

    /// These settings, with the edition and the time limit of another target where they have none.
    pub(crate) fn as_beside(&self, first: &Target) -> Self {
        Self {
            edition: self.edition.or(Some(first.edition)),
            timeout: self.timeout.or(Some(first.limits.exchange)),
            ..self.clone()
        }
    }

    /// These settings at an endpoint and in a Region that something else says.
    pub(crate) fn at(&self, endpoint: &str, region: &str) -> Self {
        Self {
            endpoint: Some(endpoint.to_owned()),
            is_embedded_named: false,
            region: Some(region.to_owned()),
            ..self.clone()
        }
    }

    /// The flags besides `--endpoint` that repeat which target it is, how it is reached and who signs, each behind a space.
    pub(crate) fn flags(&self) -> String {
        let embedded = if self.is_embedded_named { " --embedded" } else { "" };
        [embedded.to_owned(), self.service.flags(), self.connection.flags(), self.signers.flags()].concat()
    }
}

fn described(choice: &Choice, configuration: &Configuration) -> Result<File, Failure> {
    match choice {
        Choice::Named(name) => configuration.named(name),
        Choice::Embedded => Ok(configuration.of_the_reference()),
        Choice::Unnamed => Ok(configuration.unnamed()),
    }
}

/// What answers are held against, besides the corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Against {
    /// A directory of recordings.
    Baseline(PathBuf),
    /// Another target: its URL, or its name in the configuration.
    Target(String),
}

/// The order of the cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shuffle {
    /// That of the corpus.
    No,
    /// A random one.
    Random,
    /// The one of a seed.
    Seed(u64),
}

/// A run.
pub(crate) struct RunSettings {
    /// At what.
    pub(crate) target: TargetSettings,
    /// The target's name in the configuration.
    pub(crate) name: Option<String>,
    /// The configuration, for targets to compare with.
    pub(crate) configuration: Configuration,
    /// The known deviations.
    pub(crate) known: Known,
    /// From which level on a mismatch fails the run.
    pub(crate) fail_on: Level,
    /// What answers are held against.
    pub(crate) against: Option<Against>,
    /// A target identical to the first, by URL or name.
    pub(crate) noise: Option<String>,
    /// Whether a judged case without a recording fails the run.
    pub(crate) strict: bool,
    /// Whether a divergence is shown in one line.
    pub(crate) brief: bool,
    pub(super) reports: Vec<String>,
    pub(super) ledger: Option<PathBuf>,
    /// Whether keys may be made off loopback.
    pub(super) allow_mutation: bool,
    /// The keys of the user's own that may be used.
    pub(super) allow_key: Vec<String>,
    /// The keys that the configuration has, by the precondition that they stand in for.
    pub(super) keys: BTreeMap<String, OwnKey>,
    /// Whether the plan is confirmed beforehand.
    pub(super) yes: bool,
    pub(super) jobs: Option<u16>,
    pub(super) shuffle: Shuffle,
    /// The lane of the judged exchanges.
    pub(crate) lane: Lane,
    pub(super) deadline: Duration,
    pub(super) fixtures: Option<PathBuf>,
}

impl RunSettings {
    /// The settings of a run at the target that was chosen.
    pub(crate) fn of(
        arguments: &RunArguments,
        choice: &Choice,
        configuration: &Configuration,
    ) -> Result<Self, Failure> {
        let file = described(choice, configuration)?;
        let own = |key: &OwnKey| OwnKey { material: configuration.beside(&key.material), ..key.clone() };
        let fail_on = arguments.fail_on.or(file.fail_on);
        let name = match choice {
            Choice::Named(name) => Some(name.clone()),
            Choice::Embedded | Choice::Unnamed => None,
        };
        let against = match (&arguments.against, &file.baseline) {
            (Some(word), _) => Some(against(word, configuration)?),
            (None, Some(directory)) => Some(Against::Baseline(configuration.beside(directory))),
            (None, None) => None,
        };
        if arguments.strict && !matches!(against, Some(Against::Baseline(_))) {
            let of = name.as_ref().map(|name| format!(" for the target `{name}`")).unwrap_or_default();
            return Err(Failure::usage(format!("use `--strict` without a baseline{of}"))
                .hint("`--strict` needs `--against DIR`, or `baseline` in the configuration"));
        }
        if arguments.noise.is_some() && !matches!(against, Some(Against::Target(_))) {
            return Err(Failure::usage("find a noise floor without a second target")
                .hint("`--noise` goes with `--against URL|NAME`, and names a target identical to the first"));
        }
        Ok(Self {
            target: TargetSettings::put_together(&arguments.target, choice, &file, configuration),
            name,
            known: Known::of(arguments.deviations.as_deref(), &file, configuration, fail_on)?,
            configuration: configuration.clone(),
            fail_on: fail_on.unwrap_or(Level::Must),
            against,
            noise: arguments.noise.clone(),
            strict: arguments.strict,
            brief: arguments.brief,
            reports: arguments.report.clone(),
            ledger: arguments.ledger.clone(),
            allow_mutation: arguments.allow_mutation,
            allow_key: arguments.allow_key.clone(),
            keys: file.keys.iter().map(|(name, key)| (name.clone(), own(key))).collect(),
            yes: arguments.yes,
            jobs: arguments.jobs.or(file.jobs),
            shuffle: shuffle(arguments.shuffle.as_deref())?,
            lane: match arguments.lane {
                LaneName::Wire => Lane::Wire,
                LaneName::Http => Lane::Http,
            },
            deadline: arguments.deadline.or(file.deadline).unwrap_or(DEADLINE),
            fixtures: arguments.fixtures.clone(),
        })
    }
}

/// What `--against` names: a URL's target, else one of the configuration where there is one of that name, else a directory.
fn against(word: &str, configuration: &Configuration) -> Result<Against, Failure> {
    let is_name = configuration.names().any(|name| name == word);
    match (word.contains("://"), is_name) {
        (false, true) if Path::new(word).is_dir() => {
            Err(Failure::usage(format!("compare with `{word}`: it is a target of the configuration and a directory"))
                .hint(format!("`./{word}` is the directory")))
        }
        (false, false) => Ok(Against::Baseline(PathBuf::from(word))),
        (true, _) | (false, true) => Ok(Against::Target(word.to_owned())),
    }
}

fn shuffle(word: Option<&str>) -> Result<Shuffle, Failure> {
    Ok(match word {
        None => Shuffle::No,
        Some("random") => Shuffle::Random,
        Some(number) => Shuffle::Seed(
            number
                .parse()
                .map_err(|_| Failure::usage(format!("read `--shuffle {number}`: it takes a number, or none")))?,
        ),
    })
}
