//! `trentcheck run`.

use crate::arguments::{Against, Cases, LaneName, RunArguments, TargetArguments};
use crate::configuration::{Known, configure_run};
use crate::corpus::{corpus, selection};
use crate::credentials::principals;
use crate::deviations;
use crate::differential::{self, Others};
use crate::edge::destination::{Destination, reports, takes_stdout, write};
use crate::edge::failure::Failure;
use crate::edge::interrupt::on_interrupt;
use crate::edge::output;
use crate::edge::progress::Line;
use crate::edge::writing::Writing;
use crate::embedded;
use crate::interlock;
use crate::lending;
use crate::regress::{Regression, head};
use crate::render::repeat::Repeat;
use crate::render::terminal::{self, Detail, View};
use crate::service::{place, rates};
use crate::several;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use trentcheck_core::baseline::Head;
use trentcheck_core::deviation::{List, apply, day_of};
use trentcheck_core::fixture::{Corpus, Edition, Level, Selection, nearest_of};
use trentcheck_core::ledger::Ledger;
use trentcheck_core::normalise::Redactor;
use trentcheck_core::report::{ExitCode, RunReport};
use trentcheck_core::run::{Elsewhere, Entropy, Lent, Options, Permit, SequenceOf, Target, run as replay};
use trentcheck_core::send::{Endpoint, Lane, Limits};

/// Replays the selected cases, prints and writes the reports, and gives the exit code.
pub(crate) async fn run(arguments: impl Into<Box<RunArguments>>, cases: Cases) -> Result<u8, Failure> {
    let arguments = *arguments.into();
    let mut arguments = arguments;
    arguments.against = differential::resolved(arguments.against.take(), &arguments.target)?;
    let names = several::chosen(&arguments)?;
    if names.len() > 1 {
        return several::run(&arguments, &cases, &names).await;
    }
    let session = Session::prepare(RunArguments { target_names: names, ..arguments }, cases).await?;
    let regression = match &session.arguments.against {
        None => None,
        Some(Against::Baseline(directory)) => {
            let head = session.head();
            Some(Regression::prepare(directory, &session.corpus, &session.selection, head)?)
        }
        Some(Against::Target(_)) => None,
    };
    let others = match (&session.arguments.against, &session.arguments.noise) {
        (Some(Against::Target(right)), noise) => Some(Others::prepare(&session, right, noise.as_deref())?),
        (_, Some(_)) => {
            return Err(Failure::usage("find a noise floor without a second target")
                .hint("`--noise` goes with `--against URL|NAME`, and names a target identical to the first"));
        }
        (_, None) => None,
    };
    let list = deviations::list(&session)?;
    let mut report = session.replay(&session.selection).await?;
    let mut again = None;
    if let Some(regression) = &regression {
        let differing = regression.hold(&mut report);
        again = match differing.is_empty() || report.exit_codes.contains(&ExitCode::Interrupted) {
            true => None,
            // A difference must repeat before it counts.
            false => Some(session.replay(&Selection { patterns: differing, ..Selection::default() }).await?),
        };
        regression.settle(&mut report, again.as_ref());
    }
    if let Some(others) = &others {
        others.compare(&session, &mut report).await?;
    }
    if let Some(list) = &list {
        report = apply(report, list, &session.corpus, day_of(SystemTime::now()));
    }
    session.write(&report)?;
    if !session.writes_to_stdout() {
        output::to_stdout(&terminal::render(&report, &session.corpus, &session.view()));
    }
    // Last, so that a file that cannot be written does not take the report with it.
    if let Some(regression) = &regression {
        regression.write(&report, again.as_ref(), &session.corpus, Writing::of_environment())?;
    }
    Ok(report.exit_code as u8)
}

/// Replays the selected cases and holds what was found against the list of known deviations.
pub(crate) async fn judge(session: &Session, list: Option<&List>) -> Result<RunReport, Failure> {
    let report = session.replay(&session.selection).await?;
    Ok(match list {
        Some(list) => apply(report, list, &session.corpus, day_of(SystemTime::now())),
        None => report,
    })
}

/// What a command that replays cases needs: settled arguments, corpus, selection and target. Nothing has been sent.
pub(crate) struct Session {
    pub(crate) arguments: RunArguments,
    pub(crate) corpus: Corpus,
    pub(crate) selection: Selection,
    pub(crate) target: Target,
    pub(crate) known: Known,
    reports: Vec<Destination>,
    ledger: Option<Arc<Ledger>>,
    passed: interlock::Passed,
    lent: Vec<Lent>,
    /// The embedded reference has to outlive every run.
    _server: Option<trentcheck_reference::Server>,
}

impl Session {
    pub(crate) async fn prepare(mut arguments: RunArguments, cases: Cases) -> Result<Self, Failure> {
        let name = match arguments.target_names.as_slice() {
            [] => None,
            [name] => Some(name.clone()),
            _ => return Err(Failure::usage("use several targets here").hint("choose one with `--target`")),
        };
        let known = configure_run(&mut arguments, name.as_deref())?;
        let reports = reports(&arguments.report)?;
        let corpus = corpus(arguments.fixtures.as_deref())?;
        let selection = selection(&cases, &corpus)?;
        let edition = arguments.target.edition.unwrap_or(Edition::KeyOnly);
        let timeout = arguments.target.timeout.unwrap_or(Limits::default().exchange);
        let (_server, mut target) = match &arguments.target.endpoint {
            Some(endpoint) => (None, remote(&arguments.target, endpoint, edition, timeout)?),
            None => {
                let (server, target) = embedded::start(edition, timeout).await?;
                (Some(server), target)
            }
        };
        check_provided(&target, &corpus)?;
        if arguments.ledger.is_some() && matches!(arguments.against, Some(Against::Target(_))) {
            return Err(
                Failure::usage("use one `--ledger` for two targets").hint("a sweep of it would have to reach both")
            );
        }
        let accounts = [&target.account, &target.stranger_account].into_iter().flatten();
        output::protect(&target.redactor().with_accounts(accounts.map(String::as_str)));
        target.limits.rates = rates(&arguments.target.service.rate, &corpus, target.endpoint.is_loopback())?;
        let path = ledger_path(&arguments, &target);
        // Held before anybody is asked: a ledger that cannot be had is a reason not to begin.
        let ledger = match &path {
            Some(path) => Some(Arc::new(crate::sweep::ledger_of_new_run(path, &target)?)),
            None => None,
        };
        let lent = lending::lent(&arguments, &corpus)?;
        let asked = Options { lent: lent.clone(), ..options(&arguments, &target, Permit::NoKeys)? };
        let passed = interlock::permit(&arguments, &target, &corpus, &selection, asked, path.as_deref()).await?;
        Ok(Self { arguments, corpus, selection, target, known, reports, ledger, passed, lent, _server })
    }

    /// The head of what would be recorded now.
    pub(crate) fn head(&self) -> Head {
        head(&self.corpus, &self.target, self.arguments.lane)
    }

    /// One run of these cases, with a run id and a seed of its own.
    pub(crate) async fn replay(&self, selection: &Selection) -> Result<RunReport, Failure> {
        let options = options(&self.arguments, &self.target, self.passed.permit)?;
        let options = Options {
            ledger: self.ledger.clone(),
            lent: self.lent.clone(),
            budget: self.passed.most.clone(),
            ..options
        };
        self.replay_with(&self.target, selection, options).await
    }

    /// The same at another target, where keys are made on loopback only.
    pub(crate) async fn replay_at(&self, target: &Target, selection: &Selection) -> Result<RunReport, Failure> {
        let permit = if target.endpoint.is_loopback() { Permit::All } else { Permit::NoKeys };
        self.replay_with(target, selection, options(&self.arguments, target, permit)?).await
    }

    async fn replay_with(
        &self,
        target: &Target,
        selection: &Selection,
        options: Options,
    ) -> Result<RunReport, Failure> {
        let (stop, stopped) = watch::channel(false);
        let interrupt = on_interrupt(stop);
        let line = Line::new();
        let report = replay(&self.corpus, selection, target, &options, &line, stopped)
            .await
            .map_err(|error| Failure::usage(error.to_string()));
        interrupt.abort();
        line.clear();
        if let Ok(report) = &report {
            // Whatever fails after this, it has been said.
            report.left.iter().for_each(|line| output::to_stderr(&format!("left behind, remove by hand: {line}")));
            output::protect(&Redactor::default().with_accounts(report.accounts.iter().map(String::as_str)));
        }
        report
    }

    /// How a report of it is shown.
    pub(crate) fn view(&self) -> View {
        let RunArguments { brief, target, .. } = &self.arguments;
        let flags = [target.service.repeat(), target.connection.repeat(), target.credentials.repeat()].concat();
        View {
            detail: if *brief { Detail::Brief } else { Detail::Full },
            repeat: Repeat { endpoint: target.endpoint.clone(), flags },
        }
    }

    /// Writes the reports that were asked for.
    pub(crate) fn write(&self, report: &impl Serialize) -> Result<(), Failure> {
        write(report, &self.reports)
    }

    /// Whether stdout belongs to a report.
    pub(crate) fn writes_to_stdout(&self) -> bool {
        takes_stdout(&self.reports)
    }
}

pub(crate) fn remote(
    arguments: &TargetArguments,
    url: &str,
    edition: Edition,
    timeout: Duration,
) -> Result<Target, Failure> {
    let (endpoint, region) = place(arguments, url)?;
    let principals = principals(&arguments.credentials, &region, endpoint.is_loopback())?;
    let is_plain = endpoint.to_string().starts_with("http://");
    if is_plain && !endpoint.is_loopback() {
        return Err(Failure::safety("credentials are not sent over plain HTTP off loopback").hint("use https://"));
    }
    let tls = arguments.connection.settings(&endpoint)?;
    let elsewhere = elsewhere(arguments, &endpoint)?;
    Ok(Target {
        endpoint,
        region,
        edition,
        principals,
        provided: provided(&arguments.provide)?,
        elsewhere,
        account: arguments.account.clone(),
        stranger_account: arguments.stranger_account.clone(),
        embedded: false,
        tls,
        limits: Limits { exchange: timeout, ..Limits::default() },
    })
}

pub(crate) fn parse(url: &str) -> Result<Endpoint, Failure> {
    Endpoint::parse(url).map_err(|error| {
        Failure::usage(format!("read the endpoint `{url}`: {error}"))
            .hint("an endpoint looks like `http://127.0.0.1:4566`")
    })
}

fn provided(words: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    words
        .iter()
        .map(|word| match word.split_once('=') {
            Some((name, id)) if !name.is_empty() && !id.is_empty() => Ok((name.to_owned(), id.to_owned())),
            _ => Err(Failure::usage(format!("read `--provide {word}`")).hint("it looks like `creating=KEY-ID`")),
        })
        .collect()
}

/// A name that no case asks for would be provided in vain.
pub(crate) fn check_provided(target: &Target, corpus: &Corpus) -> Result<(), Failure> {
    let known = || corpus.preconditions.iter().filter_map(|precondition| precondition.provided.as_deref());
    match target.provided.keys().find(|name| !known().any(|known| known == name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Failure::usage(format!("provide the key `{name}`: no case asks for one of this name")).hint(
            match nearest_of(name, known()) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("the names are {}", known().collect::<Vec<_>>().join(", ")),
            },
        )),
    }
}

/// The second Region. It is under the same rules as the first, so it has to be on loopback where that is.
fn elsewhere(arguments: &TargetArguments, target: &Endpoint) -> Result<Option<Elsewhere>, Failure> {
    let Some(word) = &arguments.elsewhere else { return Ok(None) };
    let Some((region, url)) = word.split_once('=') else {
        return Err(Failure::usage(format!("read `--elsewhere {word}`"))
            .hint("it looks like `us-west-2=http://127.0.0.1:4567`"));
    };
    let endpoint = parse(url)?;
    if endpoint.is_loopback() != target.is_loopback() || endpoint.scheme != target.scheme {
        return Err(Failure::safety(format!("{target} and {endpoint} are not the same service in two Regions"))
            .hint("both have to be on loopback or both off it, and both over TLS or both not"));
    }
    Ok(Some(Elsewhere { endpoint, region: region.to_owned() }))
}

/// Where keys are written to before they are made: off loopback always somewhere.
fn ledger_path(arguments: &RunArguments, target: &Target) -> Option<PathBuf> {
    match &arguments.ledger {
        Some(path) => Some(path.clone()),
        None if target.endpoint.is_loopback() => None,
        None if !arguments.allow_mutation && arguments.allow_key.is_empty() => None,
        None => Some(PathBuf::from(match arguments.target_names.first() {
            Some(name) => format!("trentcheck-ledger-{}.jsonl", name.replace(['/', '\\'], "-")),
            None => "trentcheck-ledger.jsonl".to_owned(),
        })),
    }
}

/// The time limit of a run that sets none.
pub(crate) const DEADLINE: Duration = Duration::from_secs(15 * 60);

fn options(arguments: &RunArguments, target: &Target, permit: Permit) -> Result<Options, Failure> {
    let is_loopback = target.endpoint.is_loopback();
    let mut seed = [0; 32];
    aws_random(&mut seed)?;
    let entropy = Entropy::new(seed);
    let order = match arguments.shuffle.as_deref() {
        None => SequenceOf::Corpus,
        Some("random") => SequenceOf::Seed(u64::from_be_bytes(seed[..8].try_into().unwrap_or_default()) >> 16),
        Some(number) => SequenceOf::Seed(
            number
                .parse()
                .map_err(|_| Failure::usage(format!("read `--shuffle {number}`: it takes a number, or none")))?,
        ),
    };
    Ok(Options {
        lane: match arguments.lane {
            LaneName::Wire => Lane::Wire,
            LaneName::Http => Lane::Http,
        },
        jobs: usize::from(arguments.jobs.unwrap_or(if is_loopback { 8 } else { 1 })),
        order,
        fail_on: arguments.fail_on.unwrap_or(Level::Must),
        settle: arguments.target.settle.unwrap_or(Duration::from_secs(if is_loopback { 1 } else { 30 })),
        deadline: arguments.deadline.unwrap_or(DEADLINE),
        permit,
        clock: Arc::new(SystemTime::now),
        run_id: entropy.run_id(),
        lent: Vec::new(),
        budget: None,
        ledger: None,
        entropy,
    })
}

fn aws_random(seed: &mut [u8; 32]) -> Result<(), Failure> {
    trentcheck_core::run::fill_random(seed).map_err(|()| Failure::internal("read the system's randomness"))
}
