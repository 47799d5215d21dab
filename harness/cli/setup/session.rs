//! A run that is ready to begin: all settings are complete, and nothing has been sent.

use super::corpus::{corpus_with, selection};
use super::known::Known;
use super::last::{Last, narrowed};
use super::ledger::{ledger_of_new_run, ledger_path};
use super::repeat::Repeat;
use super::settings::{Against, RunSettings, Shuffle};
use super::target::{Missing, Prepared, Provided, Reach, Terms};
use super::{interlock, lending};
use crate::arguments::Cases;
use crate::edge::change::Watched;
use crate::edge::destination::{Destination, reports, takes_stdout, write};
use crate::edge::entropy::seed;
use crate::edge::events::Events;
use crate::edge::failure::Failure;
use crate::edge::interrupt::on_interrupt;
use crate::edge::output;
use crate::edge::progress::Line;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime};
use tokio::sync::watch;
use trentcheck_core::baseline::{Head, day};
use trentcheck_core::fixture::{Corpus, Selection};
use trentcheck_core::ledger::Ledger;
use trentcheck_core::normalise::{Redactor, Shown};
use trentcheck_core::report::{About, CaseRan, ExitCode, Held, Look, Ran, Report, RunReport, TargetReport};
use trentcheck_core::run::{Enough, Entropy, Lent, Options, Permit, Progress, SequenceOf, Target, run as replay};
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
    last: Option<Last>,
    /// What the run was told that its report has to say.
    notices: Vec<Shown>,
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
        let last = settings.state.as_deref().map(|state| Last::at(state, target));
        let (selection, notices) = match &settings.last_failed {
            None => (selection, Vec::new()),
            Some(from) => {
                let at = (target, settings.target.name.as_deref());
                let (selection, notice) = narrowed(from, last.as_ref(), selection, &corpus, at)?;
                (selection, vec![notice])
            }
        };
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
            last,
            notices,
            until: OnceLock::new(),
        })
    }

    /// The target.
    pub(crate) fn target(&self) -> &Target {
        &self.prepared.target
    }

    /// The files and the address that the run depends on.
    pub(crate) fn watched(&self) -> Watched {
        let (settings, target) = (&self.settings, self.target());
        let list = match &settings.known {
            Known::File(path) => Some(path.clone()),
            Known::Nothing | Known::Inline { .. } => None,
        };
        let configuration = settings.configuration.path.clone();
        let paths = settings.fixtures.iter().cloned().chain([configuration]).chain(list).collect();
        let local = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        let addresses = match (target.embedded, target.tls.resolve, target.endpoint.host.parse::<IpAddr>()) {
            (true, ..) => Vec::new(),
            (false, Some(address), _) => vec![address],
            (false, None, Ok(address)) => vec![(address, target.endpoint.port).into()],
            (false, None, Err(_)) => local.map(|address: IpAddr| (address, target.endpoint.port).into()).to_vec(),
        };
        Watched { paths, target: addresses }
    }

    /// The head of a recording that is made now.
    pub(crate) fn head(&self) -> Head {
        head(&self.corpus, self.target(), self.settings.lane)
    }

    /// Runs the selected cases once, and replays recorded facts if the user asked for them. Cases of these ids are known to
    /// diverge.
    pub(crate) async fn first_look(&self, known: BTreeSet<String>) -> Result<Ran, Failure> {
        let options = Options { facts: self.settings.facts, enough: self.enough(known), ..self.options()? };
        let mut ran = self.look(&self.selection, options).await?;
        ran.notices.extend(self.notices.iter().cloned());
        Ok(ran)
    }

    /// Runs the selected cases once more, in the order of this seed if there is one.
    pub(crate) async fn further_round(&self, known: BTreeSet<String>, seed: Option<u64>) -> Result<Ran, Failure> {
        let options = self.options()?;
        let order = seed.map_or(options.order, SequenceOf::Seed);
        self.look(&self.selection, Options { order, enough: self.enough(known), ..options }).await
    }

    /// Runs these cases once, with a new run id and seed.
    pub(crate) async fn replay(&self, selection: &Selection) -> Result<Ran, Failure> {
        self.look(selection, self.options()?).await
    }

    /// Whether the time limit of the run is reached.
    pub(crate) fn is_out_of_time(&self) -> bool {
        self.until.get().is_some_and(|until| Instant::now() >= *until)
    }

    fn enough(&self, known: BTreeSet<String>) -> Option<Enough> {
        self.settings.max_fail.map(|diverging| Enough { diverging, known })
    }

    fn options(&self) -> Result<Options, Failure> {
        options(&self.settings, self.target(), self.passed.permit)
    }

    async fn look(&self, selection: &Selection, options: Options) -> Result<Ran, Failure> {
        let options = Options {
            ledger: self.ledger.clone(),
            lent: self.lent.clone(),
            budget: self.passed.most.clone(),
            excluded: self.prepared.excluded.clone(),
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

    /// Keeps which cases failed, for a later run.
    pub(crate) fn keep(&self, report: &RunReport) {
        if let Some(last) = &self.last {
            last.keep(report);
        }
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
        // What becomes of a case is certain only after all rounds.
        if self.is_first && self.session.settings.rounds.is_none() {
            self.session.events.case(self.name(), case);
        }
    }
}

fn options(settings: &RunSettings, target: &Target, permit: Permit) -> Result<Options, Failure> {
    let is_loopback = target.endpoint.is_loopback();
    let seed = seed()?;
    Ok(Options {
        lane: settings.lane,
        jobs: usize::from(settings.jobs_at(is_loopback)),
        order: match settings.shuffle {
            Shuffle::No => SequenceOf::Corpus,
            Shuffle::Random => SequenceOf::Seed(u64::from_be_bytes(seed[..8].try_into().unwrap_or_default()) >> 16),
            Shuffle::Seed(seed) => SequenceOf::Seed(seed),
        },
        fail_on: settings.fail_on,
        detail: settings.detail,
        deadline: settings.deadline,
        up_within: settings.wait,
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
