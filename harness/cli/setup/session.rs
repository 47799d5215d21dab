//! A run that is about to begin: everything settled, nothing sent.

use super::configuration::{Known, configure_run};
use super::corpus::{corpus, selection};
use super::ledger::{ledger_of_new_run, ledger_path};
use super::service::rates;
use super::settings::DEADLINE;
use super::target::{check_provided, remote};
use super::{embedded, interlock, lending};
use crate::arguments::{Against, Cases, LaneName, RunArguments};
use crate::edge::destination::{Destination, reports, takes_stdout, write};
use crate::edge::failure::Failure;
use crate::edge::interrupt::on_interrupt;
use crate::edge::output;
use crate::edge::progress::Line;
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use trentcheck_core::baseline::{Head, day};
use trentcheck_core::fixture::{Corpus, Edition, Level, Selection};
use trentcheck_core::ledger::Ledger;
use trentcheck_core::normalise::Redactor;
use trentcheck_core::report::RunReport;
use trentcheck_core::run::{Entropy, Lent, Options, Permit, SequenceOf, Target, run as replay};
use trentcheck_core::send::{Lane, Limits};

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
            Some(path) => Some(Arc::new(ledger_of_new_run(path, &target)?)),
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

    /// Writes the reports that were asked for.
    pub(crate) fn write(&self, report: &impl Serialize) -> Result<(), Failure> {
        write(report, &self.reports)
    }

    /// Whether stdout belongs to a report.
    pub(crate) fn writes_to_stdout(&self) -> bool {
        takes_stdout(&self.reports)
    }
}

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

/// The head of what is recorded now.
fn head(corpus: &Corpus, target: &Target, lane: LaneName) -> Head {
    let lane = match lane {
        LaneName::Wire => "wire",
        LaneName::Http => "http",
    };
    Head {
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        corpus: corpus.digest.clone(),
        edition: target.edition,
        region: target.region.clone(),
        lane: lane.to_owned(),
        recorded: day(SystemTime::now()),
    }
}
