//! Combines flags, environment, configuration file and defaults, in this order, into the settings of a target and of a
//! run. Later code reads no argument of a target or a run.

use super::choice::Choice;
use super::configuration::{Configuration, File, OwnKey};
use super::connection::Connection;
use super::credentials::Signers;
use super::known::Known;
use super::last::{LastFailed, directory};
use super::preset::Used;
use super::service::Service;
use super::words::{Words, time};
use crate::arguments::{LaneName, RunArguments, RunControl, TargetArguments};
use crate::edge::failure::Failure;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use trentcheck_core::fixture::{Edition, Level};
use trentcheck_core::run::{Detail, Facts, Target};
use trentcheck_core::send::{Endpoint, Lane, Limits};

/// The default time limit of a run or a sweep.
pub(crate) const DEADLINE: Duration = Duration::from_secs(15 * 60);

/// The settings of a target and its connection.
#[derive(Clone, Debug)]
pub(crate) struct TargetSettings {
    /// The name of the target in the configuration.
    pub(crate) name: Option<String>,
    /// The configuration file, if it is not the default file.
    config: Option<PathBuf>,
    /// What is known of the kind of target. Every other value wins over it.
    pub(super) preset: Option<Used>,
    /// The endpoint; absent means the embedded reference.
    pub(crate) endpoint: Option<String>,
    /// Whether a command line needs `--embedded` to choose the embedded reference.
    is_embedded_named: bool,
    /// The Region that the user named.
    pub(crate) region: Option<String>,
    edition: Option<Edition>,
    timeout: Option<Duration>,
    settle: Option<Duration>,
    /// The time limit that the file sets for the whole.
    pub(crate) deadline: Option<Duration>,
    pub(super) service: Service,
    /// Calls per second, as `OPERATION=N`. The last value for an operation wins.
    pub(super) rates: Vec<String>,
    pub(super) connection: Connection,
    pub(super) signers: Signers,
    /// The account of the caller.
    pub(crate) account: Option<String>,
    /// The account of the principal `stranger`.
    pub(crate) stranger_account: Option<String>,
    /// Keys that the target provides, as `NAME=ID`. The last value for a name wins.
    pub(super) provide: Vec<String>,
    pub(super) elsewhere: Option<String>,
}

impl TargetSettings {
    /// The settings of the chosen target. Presets are read from the fixtures.
    pub(crate) fn of(
        arguments: &TargetArguments,
        choice: &Choice,
        configuration: &Configuration,
        fixtures: Option<&Path>,
    ) -> Result<Self, Failure> {
        let file = described(choice, configuration)?;
        let preset = match (choice, arguments.preset.as_ref().or(file.preset.as_ref())) {
            (Choice::Named(_) | Choice::Unnamed, Some(name)) => Some(Used::named(name, fixtures)?),
            (Choice::Embedded, _) | (_, None) => None,
        };
        Ok(Self::put_together(arguments, choice, &file, configuration, preset))
    }

    /// The settings of the target with this name in the configuration. Flags and environment are ignored, because they
    /// describe another target.
    pub(crate) fn configured(
        name: &str,
        configuration: &Configuration,
        fixtures: Option<&Path>,
    ) -> Result<Self, Failure> {
        let choice = Choice::Named(name.to_owned());
        Self::of(&TargetArguments::default(), &choice, configuration, fixtures)
    }

    fn put_together(
        arguments: &TargetArguments,
        choice: &Choice,
        file: &File,
        configuration: &Configuration,
        preset: Option<Used>,
    ) -> Self {
        let endpoint = match choice {
            Choice::Embedded => None,
            Choice::Named(_) | Choice::Unnamed => {
                let named = arguments.endpoint.clone().or_else(|| file.endpoint.clone());
                named.or_else(|| preset.as_ref().map(|preset| preset.endpoint().to_owned()))
            }
        };
        // Flags come last, so that they win.
        let rates = file.rates.iter().map(|(name, rate)| format!("{name}={rate}"));
        let provide = file.provide.iter().map(|(name, id)| format!("{name}={id}"));
        let name = match choice {
            Choice::Named(name) => Some(name.clone()),
            Choice::Embedded | Choice::Unnamed => None,
        };
        Self {
            name,
            config: configuration.other_than_usual().map(Path::to_owned),
            is_embedded_named: endpoint.is_none()
                && (*choice == Choice::Embedded || configuration.names().next().is_some()),
            endpoint,
            region: arguments.region.clone().or_else(|| file.region.clone()),
            edition: arguments.edition.or(file.edition).or_else(|| preset.as_ref().and_then(Used::edition)),
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
            preset,
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

    /// The time within which a state change must become visible at an endpoint.
    pub(super) fn settle(&self, endpoint: &Endpoint) -> Duration {
        self.settle_at(endpoint.is_loopback())
    }

    /// The same, on loopback or off it.
    pub(super) fn settle_at(&self, is_loopback: bool) -> Duration {
        self.settle.unwrap_or(Duration::from_secs(if is_loopback { 1 } else { 30 }))
    }

    /// The same settings with another URL, for a comparison with this target. Keys, accounts and Regions are removed,
    /// because they belong to the first target.
    pub(crate) fn at_another_url(&self, url: &str, first: &Target) -> Self {
        Self {
            name: None,
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

    /// These settings, with the edition and the time limit of another target for values that are not set.
    pub(crate) fn as_beside(&self, first: &Target) -> Self {
        Self {
            edition: self.edition.or(Some(first.edition)),
            timeout: self.timeout.or(Some(first.limits.exchange)),
            ..self.clone()
        }
    }

    /// These settings with another endpoint and Region.
    pub(crate) fn at(&self, endpoint: &str, region: &str) -> Self {
        Self {
            endpoint: Some(endpoint.to_owned()),
            is_embedded_named: false,
            region: Some(region.to_owned()),
            ..self.clone()
        }
    }

    /// The command line that sweeps the keys that a run left at this target, quoted for a shell. Accounts are left out,
    /// because they are not shown.
    pub(crate) fn sweep_line(&self, ledger: &Path, target: &Target) -> String {
        let mut line = Words::of("trentcheck sweep");
        line.path("--ledger", Some(ledger));
        line.path("--config", self.config.as_deref());
        line.maybe("--target", self.name.as_ref());
        line.maybe("--preset", self.preset.as_ref().map(Used::name));
        // The endpoint comes from the ledger, because the configuration may describe another target by now.
        line.flag("--endpoint", &target.endpoint);
        line.flag("--region", &target.region);
        line.maybe("--elsewhere", self.elsewhere.as_ref());
        self.connection.repeat(&mut line);
        self.signers.repeat(&mut line);
        line.line()
    }

    /// Whether the configuration file itself holds credentials.
    pub(crate) fn has_written_credentials(&self) -> bool {
        !self.signers.written.is_empty()
    }

    /// Adds the flags that repeat the target, its connection, its credentials and its known keys. `target` is the
    /// target that resulted from these settings.
    pub(crate) fn repeat(&self, target: &Target, line: &mut Words) {
        line.flag("--edition", target.edition);
        match &self.endpoint {
            Some(endpoint) => self.repeat_endpoint(endpoint, target, line),
            None if self.is_embedded_named => line.switch("--embedded"),
            None => {}
        }
        self.rates.iter().for_each(|rate| line.flag("--rate", rate));
        line.maybe("--timeout", self.timeout.map(time));
        line.maybe("--settle", self.settle.map(time));
    }

    fn repeat_endpoint(&self, endpoint: &str, target: &Target, line: &mut Words) {
        line.maybe("--preset", self.preset.as_ref().map(Used::name));
        line.flag("--endpoint", endpoint);
        line.flag("--region", &target.region);
        self.service.repeat(line);
        self.connection.repeat(line);
        self.signers.repeat(line);
        // Account numbers are redacted in this command line too.
        if self.account.is_some() {
            line.variable("--account", "TRENTCHECK_ACCOUNT");
        }
        if self.stranger_account.is_some() {
            line.variable("--stranger-account", "TRENTCHECK_STRANGER_ACCOUNT");
        }
        self.provide.iter().for_each(|key| line.flag("--provide", key));
        line.maybe("--elsewhere", self.elsewhere.as_ref());
    }
}

fn described(choice: &Choice, configuration: &Configuration) -> Result<File, Failure> {
    match choice {
        Choice::Named(name) => configuration.named(name),
        Choice::Embedded => Ok(configuration.of_the_reference()),
        Choice::Unnamed => Ok(configuration.unnamed()),
    }
}

/// What answers are compared with, in addition to the corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Against {
    /// A directory of recordings.
    Baseline(PathBuf),
    /// Another target: a URL, or a name in the configuration.
    Target(String),
}

/// How often the cases are run. Whichever is reached first ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RoundsWanted {
    /// The number of rounds.
    pub(crate) most: Option<u64>,
    /// The time after which no further round is begun.
    pub(crate) time: Option<Duration>,
}

/// The order of the cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shuffle {
    /// The order of the corpus.
    No,
    /// A random order.
    Random,
    /// The order of this seed.
    Seed(u64),
}

/// The settings of a run.
pub(crate) struct RunSettings {
    /// The target.
    pub(crate) target: TargetSettings,
    /// The configuration, for targets to compare with.
    pub(crate) configuration: Configuration,
    /// The known deviations.
    pub(crate) known: Known,
    /// The level from which on a mismatch makes a case diverge.
    pub(crate) fail_on: Level,
    /// What answers are compared with.
    pub(crate) against: Option<Against>,
    /// A target that is identical to the first one, by URL or name.
    pub(crate) noise: Option<String>,
    /// Whether a judged case without a recording fails the run.
    pub(crate) strict: bool,
    /// Whether each cause is shown in one line.
    pub(crate) brief: bool,
    /// Whether every case is shown and not only an example for each cause.
    pub(crate) details: bool,
    pub(super) reports: Vec<String>,
    pub(super) ledger: Option<PathBuf>,
    /// Whether the run may create keys off loopback.
    pub(super) allow_mutation: bool,
    /// The ids of the user's keys that the run may use.
    pub(super) allow_key: Vec<String>,
    /// The user's keys in the configuration, by the precondition that they replace.
    pub(super) keys: BTreeMap<String, OwnKey>,
    /// Whether a flag confirms the plan in advance.
    pub(super) yes: bool,
    pub(super) jobs: Option<u16>,
    pub(super) shuffle: Shuffle,
    /// The lane of the judged exchanges.
    pub(crate) lane: Lane,
    pub(super) deadline: Duration,
    /// How long to wait until the target can be reached.
    pub(super) wait: Duration,
    /// Whether the user named the time limit.
    is_deadline_named: bool,
    pub(crate) fixtures: Option<PathBuf>,
    /// Which recorded facts are replayed.
    pub(crate) facts: Facts,
    /// A file of recorded facts that replaces those of the fixtures.
    pub(super) recorded: Option<PathBuf>,
    /// How much is kept of each case.
    pub(crate) detail: Detail,
    /// Which cases failed before, if only these are run.
    pub(super) last_failed: Option<LastFailed>,
    /// The number of cases that diverge after which no further case begins.
    pub(crate) max_fail: Option<usize>,
    /// How often the cases are run, if that is not once.
    pub(crate) rounds: Option<RoundsWanted>,
    /// The directory that keeps which cases failed; absent if nothing is kept.
    pub(super) state: Option<PathBuf>,
}

impl RunSettings {
    /// The settings of a run at the chosen target.
    pub(crate) fn of(
        arguments: &RunArguments,
        choice: &Choice,
        configuration: &Configuration,
    ) -> Result<Self, Failure> {
        let file = described(choice, configuration)?;
        let own = |key: &OwnKey| OwnKey { material: configuration.beside(&key.material), ..key.clone() };
        let fail_on = arguments.fail_on.or(file.fail_on);
        let fixtures = arguments.fixtures.as_deref();
        let target = TargetSettings::of(&arguments.target, choice, configuration, fixtures)?;
        let against = match (&arguments.against, &file.baseline) {
            (Some(word), _) => Some(against(word, configuration)?),
            (None, Some(directory)) => Some(Against::Baseline(configuration.beside(directory))),
            (None, None) => None,
        };
        let detail = if against.is_some() { Detail::Recordings } else { Detail::Exchanges };
        if arguments.strict && !matches!(against, Some(Against::Baseline(_))) {
            let of = target.name.as_ref().map(|name| format!(" for the target `{name}`")).unwrap_or_default();
            return Err(Failure::rule(format!(
                "`--strict` needs `--against DIR`, or a `baseline` in the configuration{of}"
            )));
        }
        if arguments.noise.is_some() && !matches!(against, Some(Against::Target(_))) {
            return Err(Failure::rule("`--noise` needs `--against URL` or `--against NAME`")
                .hint("`--noise` names a target that is identical to the left one"));
        }
        Ok(Self {
            target,
            known: Known::of(arguments.deviations.as_deref(), &file, configuration, fail_on)?,
            configuration: configuration.clone(),
            fail_on: fail_on.unwrap_or(Level::Must),
            against,
            noise: arguments.noise.clone(),
            strict: arguments.strict,
            brief: arguments.brief,
            details: arguments.details,
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
            wait: arguments.wait.unwrap_or_default(),
            is_deadline_named: arguments.deadline.or(file.deadline).is_some(),
            fixtures: arguments.fixtures.clone(),
            facts: if arguments.recorded.is_some() { Facts::Recorded } else { Facts::None },
            recorded: arguments.recorded.clone().flatten(),
            detail,
            last_failed: None,
            max_fail: None,
            rounds: None,
            state: None,
        })
    }

    /// The number of cases at a time, on loopback or off it.
    pub(super) fn jobs_at(&self, is_loopback: bool) -> u16 {
        self.jobs.unwrap_or(if is_loopback { 8 } else { 1 })
    }

    /// These settings with those that only `run` has.
    pub(crate) fn controlled(self, control: &RunControl) -> Result<Self, Failure> {
        let state = directory(control.state.as_deref());
        if control.max_fail.is_some() && matches!(self.against, Some(Against::Target(_))) {
            return Err(Failure::rule("`--max-fail` does not go with a second target: both must run the same cases"));
        }
        let last_failed = match &control.last_failed {
            None => None,
            Some(Some(report)) => Some(LastFailed::InReport(report.clone())),
            Some(None) if state.is_some() => Some(LastFailed::Kept),
            Some(None) => {
                return Err(Failure::rule("`--last-failed` needs a state directory, and there is none")
                    .hint("`--state DIR` names it; `--last-failed=REPORT.json` reads a saved run"));
            }
        };
        let max_fail = control.max_fail.and_then(|most| usize::try_from(most).ok());
        let rounds = match (control.repeat, control.time) {
            (None, None) => None,
            (most, time) => Some(RoundsWanted { most: most.map(u64::from), time }),
        };
        if rounds.is_some() && self.against.is_some() {
            let rule = "`--repeat` and `--for` do not go with a baseline or a second target";
            return Err(Failure::rule(rule).hint("a run by itself compares: `trentcheck run --against …`"));
        }
        let mut deadline = self.deadline;
        if let Some(time) = control.time {
            match self.is_deadline_named {
                true if deadline <= time => {
                    return Err(Failure::rule(
                        "`--deadline` must be longer than `--for`: it limits all rounds together",
                    ));
                }
                true => {}
                false => deadline = time + DEADLINE,
            }
        }
        Ok(Self { last_failed, max_fail, rounds, state, deadline, ..self })
    }
}

/// The meaning of `--against`: a URL, then a target of the configuration, then a directory.
fn against(word: &str, configuration: &Configuration) -> Result<Against, Failure> {
    let is_name = configuration.names().any(|name| name == word);
    match (word.contains("://"), is_name) {
        (false, true) if Path::new(word).is_dir() => {
            Err(Failure::rule(format!("`--against {word}` is a target of the configuration and a directory"))
                .hint(format!("write `./{word}` for the directory")))
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
                .map_err(|_| Failure::rule(format!("`--shuffle` takes a number or no value, not `{number}`")))?,
        ),
    })
}
