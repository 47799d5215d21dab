//! A run that is ready to begin: all settings are complete, and nothing has been sent.

use super::corpus::{corpus_with, selection};
use super::ledger::{ledger_of_new_run, ledger_path};
use super::repeat::Repeat;
use super::settings::{Against, RunSettings, Shuffle};
use super::target::{Missing, Prepared, Provided, Reach, Terms};
use super::{interlock, lending};
use crate::arguments::Cases;
use crate::edge::destination::{Destination, reports, takes_stdout, write};
use crate::edge::entropy::seed;
use crate::edge::events::Events;
use crate::edge::failure::Failure;
use crate::edge::interrupt::on_interrupt;
use crate::edge::output;
use crate::edge::progress::Line;
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime};
use tokio::sync::watch;
use trentcheck_core::baseline::{Head, day};
use trentcheck_core::fixture::{Corpus, Selection};
use trentcheck_core::ledger::Ledger;
use trentcheck_core::normalise::Redactor;
use trentcheck_core::report::{About, CaseRan, ExitCode, Held, Look, Ran, Report, RunReport, TargetReport};
use trentcheck_core::run::{Entropy, Facts, Lent, Options, Permit, Progress, SequenceOf, Target, run as replay};
use trentcheck_core::send::Lane;

/// The settings, corpus, selection and target of a command that replays cases. Nothing has been sent.
pub(crate) struct Session {
    pub(crate) settings: RunSettings,
    pub(crate) corpus: Corpus,
    pub(crate) selection: Selection,
    prepared: Prepared,
    reports: Vec<Destination>,
    events: Arc<Events>,
    ledger: Option<Arc<Ledger>>,
    passed: interlock::Passed,
    lent: Vec<Lent>,
    /// When the time of the first look, of second looks and of other targets is over; set as the first begins.
    until: OnceLock<Instant>,
}

impl Session {
    /// Completes the settings and reads what a run needs. A run that begins after another one tells its events where that
    /// one does.
    pub(crate) async fn prepare(settings: RunSettings, cases: &Cases, after: Option<&Self>) -> Result<Self, Failure> {
        let reports = reports(&settings.reports)?;
        let events = match after {
            Some(other) => Arc::clone(&other.events),
            None => Arc::new(Events::to(&reports)),
        };
        let corpus = corpus_with(settings.fixtures.as_deref(), settings.recorded.as_deref())?;
        let selection = selection(cases, &corpus)?;
        let terms = Terms { missing: Missing::Embedded, reach: Reach::Anywhere, provided: Provided::Checked };
        let prepared = Prepared::of(&settings.target, &corpus, terms).await?;
        let target = &prepared.target;
        if settings.ledger.is_some() && matches!(settings.against, Some(Against::Target(_))) {
            return Err(Failure::rule("`--ledger` does not go with a second target: one sweep cannot reach both"));
        }
        let path = ledger_path(&settings, target);
        // The ledger is opened before the user is asked, because a run without a usable ledger must not begin.
        let ledger = match &path {
            Some(path) => Some(Arc::new(ledger_of_new_run(path, &settings.target, target)?)),
            None => None,
        };
        let lent = lending::lent(&settings, &corpus)?;
        let asked = options(&settings, target, Permit::NoKeys)?;
        let excluded = prepared.excluded.clone();
        let asked = Options { lent: lent.clone(), facts: settings.facts, excluded, ..asked };
        let passed = interlock::permit(&settings, target, &corpus, &selection, asked, path.as_deref()).await?;
        Ok(Self {
            settings,
            corpus,
            selection,
            prepared,
            reports,
            events,
            ledger,
            passed,
            lent,
            until: OnceLock::new(),
        })
    }

    /// The target.
    pub(crate) fn target(&self) -> &Target {
        &self.prepared.target
    }

    /// The head of a recording that is made now.
    pub(crate) fn head(&self) -> Head {
        head(&self.corpus, self.target(), self.settings.lane)
    }

    /// Runs the selected cases once, and replays recorded facts if the user asked for them.
    pub(crate) async fn first_look(&self) -> Result<Ran, Failure> {
        self.look(&self.selection, self.settings.facts).await
    }

    /// Runs these cases once, with a new run id and seed.
    pub(crate) async fn replay(&self, selection: &Selection) -> Result<Ran, Failure> {
        self.look(selection, Facts::None).await
    }

    async fn look(&self, selection: &Selection, facts: Facts) -> Result<Ran, Failure> {
        let options = options(&self.settings, self.target(), self.passed.permit)?;
        let options = Options {
            ledger: self.ledger.clone(),
            lent: self.lent.clone(),
            budget: self.passed.most.clone(),
            excluded: self.prepared.excluded.clone(),
            facts,
            ..options
        };
        self.replay_with(self.target(), selection, options).await
    }

    /// Runs these cases at another target, which may create keys on loopback only.
    pub(crate) async fn replay_at(&self, other: &Prepared, selection: &Selection) -> Result<Ran, Failure> {
        let Prepared { target, excluded, .. } = other;
        let permit = if target.endpoint.is_loopback() { Permit::All } else { Permit::NoKeys };
        let options = Options { excluded: excluded.clone(), ..options(&self.settings, target, permit)? };
        self.replay_with(target, selection, options).await
    }

    async fn replay_with(&self, target: &Target, selection: &Selection, options: Options) -> Result<Ran, Failure> {
        // Second looks and other targets are no news of their own.
        let is_first = self.until.get().is_none();
        let until = *self.until.get_or_init(|| Instant::now() + self.settings.deadline);
        let options = Options { deadline: until.saturating_duration_since(Instant::now()), ..options };
        let (stop, stopped) = watch::channel(false);
        let interrupt = on_interrupt(stop);
        let line = Line::new("cases", Some(0));
        let followed = Followed { line: &line, session: self, is_first };
        let ran = replay(&self.corpus, selection, target, &options, &followed, stopped)
            .await
            .map_err(|error| Failure::usage(error.to_string()));
        interrupt.abort();
        drop(line);
        if let Ok(ran) = &ran {
            // This is printed now, because a later step may fail.
            ran.left.iter().for_each(|line| output::to_stderr(&format!("left behind, remove by hand: {line}")));
            output::protect(&Redactor::default().with_accounts(ran.accounts.iter().map(String::as_str)));
        }
        ran
    }

    /// The report of a run of this session.
    pub(crate) fn conclude(&self, ran: &Ran, looks: &[Look], held: Held) -> RunReport {
        let repeat = Repeat::of(&self.settings, self.target());
        let about = About {
            name: self.settings.target.name.as_deref(),
            corpus: &self.corpus,
            repeat: &|cases| repeat.line(cases),
        };
        RunReport::conclude(ran, looks, held, &about)
    }

    /// Writes the reports that the user asked for. Each that cannot be written is printed as an error; of their exit codes
    /// the one that wins is returned.
    pub(crate) fn write(&self, report: &Report) -> Option<ExitCode> {
        let mut failures = write(report, &self.reports);
        failures.extend(self.events.ended(report));
        output::report_all(&failures)
    }

    /// Whether a report is written to stdout.
    pub(crate) fn writes_to_stdout(&self) -> bool {
        takes_stdout(&self.reports)
    }
}

/// Shows progress, and tells the cases of the first look as events.
struct Followed<'a> {
    line: &'a Line,
    session: &'a Session,
    is_first: bool,
}

impl Followed<'_> {
    fn name(&self) -> Option<&str> {
        self.session.settings.target.name.as_deref()
    }
}

impl Progress for Followed<'_> {
    fn begins(&self, cases: usize) {
        self.line.begins(cases);
        if self.is_first {
            self.session.events.began(self.name(), &TargetReport::of(self.session.target()), cases);
        }
    }

    fn ended(&self, case: &CaseRan) {
        self.line.ended(case);
        if self.is_first {
            self.session.events.case(self.name(), case);
        }
    }
}

fn options(settings: &RunSettings, target: &Target, permit: Permit) -> Result<Options, Failure> {
    let is_loopback = target.endpoint.is_loopback();
    let seed = seed()?;
    Ok(Options {
        lane: settings.lane,
        jobs: usize::from(settings.jobs.unwrap_or(if is_loopback { 8 } else { 1 })),
        order: match settings.shuffle {
            Shuffle::No => SequenceOf::Corpus,
            Shuffle::Random => SequenceOf::Seed(u64::from_be_bytes(seed[..8].try_into().unwrap_or_default()) >> 16),
            Shuffle::Seed(seed) => SequenceOf::Seed(seed),
        },
        fail_on: settings.fail_on,
        deadline: settings.deadline,
        permit,
        ..Options::new(settings.target.settle(&target.endpoint), Entropy::new(seed))
    })
}

/// The head of a recording that is made now.
fn head(corpus: &Corpus, target: &Target, lane: Lane) -> Head {
    let lane = match lane {
        Lane::Wire => "wire",
        Lane::Http => "http",
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
