//! `trentcheck explore`.

use crate::arguments::ExploreArguments;
use crate::embedded;
use crate::failure::Failure;
use crate::output;
use crate::progress::Line;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use trentcheck_core::explore::{Ended, Exploration, ExploreOptions, Finding, Trial, Watcher, explore as search};
use trentcheck_core::fixture::Edition;
use trentcheck_core::normalise::Redactor;
use trentcheck_core::report::ExitCode;
use trentcheck_core::run::{Entropy, fill_random};
use trentcheck_core::send::Limits;

/// Trials, if neither their number nor a time is given.
const TRIALS: usize = 500;

/// Differences after which more of them would only be noise.
const FINDINGS: usize = 50;

/// The version of the file of failures.
const SCHEMA: &str = "trentcheck-failures/1";

/// Trials that showed something, to be tried first next time.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Failures {
    schema: String,
    failures: Vec<Known>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Known {
    edition: Edition,
    trial: Trial,
}

/// Explores the target, prints what was found and how to repeat it, and gives the exit code.
pub(crate) async fn explore(mut arguments: ExploreArguments) -> Result<u8, Failure> {
    let corpus = crate::corpus::corpus(None)?;
    crate::configuration::configure_target(&mut arguments.target)?;
    let asked = &arguments.target;
    let edition = asked.edition.unwrap_or(Edition::KeyOnly);
    let timeout = asked.timeout.unwrap_or(Limits::default().exchange);
    // Both servers have to outlive the exploration.
    let (_server, target) = match &asked.endpoint {
        Some(endpoint) => {
            let target = crate::run::remote(asked, endpoint, edition, timeout)?;
            if !target.endpoint.is_loopback() {
                return Err(Failure::safety("explore makes and deletes key material, and so it keeps to loopback")
                    .hint("`trentcheck run` sends other targets only what cannot succeed"));
            }
            (None, target)
        }
        None => {
            let (server, target) = embedded::start(edition, timeout).await?;
            (Some(server), target)
        }
    };
    let (_reference, mut model) = embedded::start(edition, timeout).await?;
    // A lack on one side must not look like one on the other.
    model.provided.retain(|name, _| target.provided.contains_key(name));
    output::protect(&target.redactor());
    let endpoint = if target.embedded { "embedded".to_owned() } else { target.endpoint.to_string() };
    let mut failures = read(&arguments.failures)?;
    let is_ours = |known: &Known| known.edition == edition;
    let seed = match arguments.seed {
        Some(seed) => seed,
        None => fresh_seed()?,
    };
    let trials = match (arguments.cases, arguments.time) {
        (Some(cases), _) => usize::try_from(cases).unwrap_or(usize::MAX),
        (None, Some(_)) => usize::MAX,
        (None, None) => TRIALS,
    };
    let options = ExploreOptions {
        trials,
        time: arguments.time.unwrap_or(Duration::MAX),
        level: arguments.fail_on,
        known: failures.failures.iter().filter(|known| is_ours(known)).map(|known| known.trial.clone()).collect(),
        settle: asked.settle.unwrap_or(Duration::from_secs(1)),
        ..options(seed)?
    };
    let (stop, stopped) = watch::channel(false);
    let interrupt = crate::run::on_interrupt(stop);
    let line = Line::new();
    let exploration = search(&corpus, &target, &model, &options, &line, stopped)
        .await
        .map_err(|error| Failure::usage(error.to_string()))?;
    interrupt.abort();
    line.clear();
    output::protect(&Redactor::default().with_accounts(exploration.accounts.iter().map(String::as_str)));
    let before = failures.failures.clone();
    failures.failures.retain(|known| !is_ours(known) || !exploration.gone.contains(&known.trial));
    for finding in &exploration.findings {
        let known = Known { edition, trial: finding.trial.clone() };
        if finding.repeats && !failures.failures.contains(&known) {
            failures.failures.push(known);
        }
    }
    if failures.failures != before {
        write(&arguments.failures, &failures)?;
    }
    output::to_stdout(&render(&exploration, &arguments, &endpoint, edition, seed));
    Ok(code(&exploration) as u8)
}

impl Watcher for Line {
    fn ended(&self, trials: usize, exchanges: usize, findings: usize) {
        self.draw(&format!("{trials} trials, {exchanges} exchanges, {findings} findings"));
    }
}

/// A seed from the system's randomness, short enough to be typed.
pub(crate) fn fresh_seed() -> Result<u64, Failure> {
    let mut bytes = [0; 32];
    fill_random(&mut bytes).map_err(|()| Failure::internal("read the system's randomness"))?;
    Ok(u64::from_be_bytes(bytes[..8].try_into().unwrap_or_default()) >> 32)
}

/// Options of an exploration with this seed, without limits of time and number.
pub(crate) fn options(seed: u64) -> Result<ExploreOptions, Failure> {
    let mut bytes = [0; 32];
    fill_random(&mut bytes).map_err(|()| Failure::internal("read the system's randomness"))?;
    Ok(ExploreOptions {
        trials: usize::MAX,
        exchanges: usize::MAX,
        time: Duration::MAX,
        seed,
        level: trentcheck_core::fixture::Level::Should,
        findings: FINDINGS,
        known: Vec::new(),
        settle: Duration::from_secs(1),
        clock: Arc::new(SystemTime::now),
        entropy: Entropy::new(bytes),
    })
}

fn read(path: &Path) -> Result<Failures, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Failures { schema: SCHEMA.to_owned(), failures: Vec::new() });
        }
        Err(error) => return Err(Failure::usage(format!("read `{}`: {error}", path.display()))),
    };
    let wrong = |why: String| {
        Failure::usage(format!("read the kept failures of `{}`: {why}", path.display()))
            .hint("name another file with `--failures`, or delete it if nothing in it is needed")
    };
    let failures: Failures = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if failures.schema != SCHEMA {
        return Err(wrong(format!("it says `{}`, and this version reads `{SCHEMA}`", failures.schema)));
    }
    Ok(failures)
}

fn write(path: &Path, failures: &Failures) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(failures)
        .map_err(|error| Failure::internal(format!("write `{}`: {error}", path.display())))?;
    output::to_file(path, &(text + "\n"))
}

fn code(exploration: &Exploration) -> ExitCode {
    let mut codes = Vec::new();
    if exploration.ended == Ended::Interrupted {
        codes.push(ExitCode::Interrupted);
    }
    if !exploration.findings.is_empty() {
        codes.push(ExitCode::Divergence);
    }
    if !exploration.left.is_empty() {
        codes.push(ExitCode::Teardown);
    }
    if matches!(exploration.ended, Ended::Lost(_)) {
        codes.push(ExitCode::Indeterminate);
    }
    if exploration.judged == 0 {
        codes.push(ExitCode::NothingRun);
    }
    if codes.is_empty() {
        codes.push(ExitCode::Pass);
    }
    ExitCode::first_of(&codes)
}

fn render(
    exploration: &Exploration,
    arguments: &ExploreArguments,
    endpoint: &str,
    edition: Edition,
    seed: u64,
) -> String {
    let mut lines = Vec::new();
    for (number, finding) in exploration.findings.iter().enumerate() {
        lines.extend(shown(number + 1, finding));
        lines.push(String::new());
    }
    for trial in &exploration.gone {
        lines.push(format!("no longer seen: a kept failure from `{}` with {} calls", trial.start, trial.steps.len()));
    }
    for reason in &exploration.reasons {
        lines.push(format!("not judged: {reason}"));
    }
    for left in &exploration.left {
        lines.push(format!("left: {left}"));
    }
    match &exploration.ended {
        Ended::Lost(why) => lines.push(format!("the exploration ended early: {why}")),
        Ended::Interrupted => lines.push("the exploration was interrupted".to_owned()),
        Ended::Done => {}
    }
    let mut again = format!("trentcheck explore --seed {seed} --edition {edition}");
    if let Some(endpoint) = &arguments.target.endpoint {
        again.push_str(&format!(" --endpoint {endpoint}"));
    }
    again.push_str(&format!(" --cases {}", exploration.judged + exploration.blocked));
    lines.push(format!(
        "{}, {} findings in {} trials ({} more could not be judged), {} exchanges with {endpoint}; {:.1} s; exit code {}",
        if exploration.findings.is_empty() { "nothing found" } else { "found" },
        exploration.findings.len(),
        exploration.judged,
        exploration.blocked,
        exploration.exchanges,
        exploration.took.as_secs_f64(),
        code(exploration) as u8,
    ));
    lines.push(format!("again: {again}"));
    lines.join("\n")
}

fn shown(number: usize, finding: &Finding) -> Vec<String> {
    let from = match finding.number {
        Some(number) => format!("trial {number}"),
        None => "a kept failure".to_owned(),
    };
    let mut lines = vec![format!("finding {number}, {} ({from})", finding.level())];
    if !finding.repeats {
        lines.push("  it was not seen again when the trial was repeated, and so it is not kept".to_owned());
    }
    lines.push(format!("  a key as in `{}`, then: {}", finding.trial.start, finding.steps.join(", ")));
    for mismatch in &finding.mismatches {
        lines.push(format!("  {}: expected {}, found {}", mismatch.place, mismatch.expected, mismatch.found));
        let clauses = mismatch.clauses.join(" ");
        lines.push(format!("    {} by {} {clauses}", mismatch.level, mismatch.source).trim_end().to_owned());
        if let Some(hint) = &mismatch.hint {
            lines.push(format!("    {hint}"));
        }
    }
    lines.extend(finding.exchange.iter().map(|line| format!("    {line}")));
    lines.push("  as a case:".to_owned());
    lines.extend(finding.case.lines().map(|line| format!("    {line}")));
    lines
}
