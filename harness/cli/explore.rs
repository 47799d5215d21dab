//! `trentcheck explore`.

use crate::arguments::ExploreArguments;
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::edge::progress::Line;
use crate::embedded;
use crate::explore_kept::Failures;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use trentcheck_core::compare::Mismatch;
use trentcheck_core::explore::{
    Certainty, Ended, Exploration, ExploreOptions, Finding, Relation, Watcher, explore as search,
};
use trentcheck_core::fixture::Edition;
use trentcheck_core::normalise::Redactor;
use trentcheck_core::report::ExitCode;
use trentcheck_core::run::{Entropy, fill_random};
use trentcheck_core::send::Limits;

/// Trials, if neither their number nor a time is given.
const TRIALS: usize = 500;

/// Differences after which more of them would only be noise.
const FINDINGS: usize = 50;

/// Requests that repeating a finding and making it smaller may take.
const SHRINKING: usize = 200;

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
            crate::run::check_provided(&target, &corpus)?;
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
    let mut failures = Failures::read(&arguments.failures, &corpus)?;
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
        known: failures.of(edition),
        settle: asked.settle.unwrap_or(Duration::from_secs(1)),
        ..options(seed)?
    };
    let (stop, stopped) = watch::channel(false);
    let interrupt = crate::edge::interrupt::on_interrupt(stop);
    let line = Line::new();
    let exploration = search(&corpus, &target, &model, &options, &line, stopped)
        .await
        .map_err(|error| Failure::usage(error.to_string()))?;
    interrupt.abort();
    line.clear();
    output::protect(&Redactor::default().with_accounts(exploration.accounts.iter().map(String::as_str)));
    let kept = failures.update(edition, &endpoint, &exploration);
    failures.write(&arguments.failures)?;
    output::to_stdout(&render(&exploration, &arguments, &endpoint, edition, seed, &kept));
    Ok(code(&exploration) as u8)
}

impl Watcher for Line {
    fn ended(&self, trials: usize, exchanges: usize, findings: usize) {
        self.draw(&format!("trials: {trials}, exchanges: {exchanges}, findings: {findings}"));
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
        shrinking: SHRINKING,
        known: Vec::new(),
        settle: Duration::from_secs(1),
        clock: Arc::new(SystemTime::now),
        entropy: Entropy::new(bytes),
    })
}

fn code(exploration: &Exploration) -> ExitCode {
    // What was found is true all the same, but the answer to what was asked is not known.
    if matches!(exploration.ended, Ended::Lost(_)) {
        return ExitCode::Indeterminate;
    }
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
    kept: &[String],
) -> String {
    let mut lines = Vec::new();
    for (number, finding) in exploration.findings.iter().enumerate() {
        lines.extend(shown(number + 1, finding));
        lines.push(String::new());
    }
    lines.extend_from_slice(kept);
    for reason in &exploration.reasons {
        lines.push(format!("not judged: {reason}"));
    }
    for left in &exploration.left {
        lines.push(format!("left: {left}"));
    }
    match &exploration.ended {
        Ended::Lost(why) if exploration.generated + exploration.repeated == 0 => {
            lines.push(format!("nothing was explored: {why}"));
        }
        Ended::Lost(why) => lines.push(format!("the exploration ended early, since the target is gone: {why}")),
        Ended::Interrupted => lines.push("the exploration was interrupted".to_owned()),
        Ended::Done => {}
    }
    let mut again = format!("trentcheck explore --seed {seed} --edition {edition}");
    if let Some(endpoint) = &arguments.target.endpoint {
        again.push_str(&format!(" --endpoint {endpoint}"));
    }
    if exploration.generated > 0 {
        again.push_str(&format!(" --cases {}", exploration.generated));
    }
    let repeated = match exploration.repeated {
        0 => String::new(),
        kept => format!(" and {}", counted(kept, "kept failure")),
    };
    let code = code(exploration);
    let meaning = match code {
        ExitCode::Divergence => "something was found",
        ExitCode::Pass => "nothing was found",
        other => other.describe(),
    };
    lines.push(format!(
        "{} in {}{repeated}, {} of them judged; {} with {endpoint}; {:.1} s; exit code {} ({meaning})",
        match exploration.findings.len() {
            0 => "nothing found".to_owned(),
            findings => counted(findings, "finding"),
        },
        counted(exploration.generated, "trial"),
        exploration.judged,
        counted(exploration.exchanges, "exchange"),
        exploration.took.as_secs_f64(),
        code as u8,
    ));
    lines.push(format!("again: {again}"));
    lines.join("\n")
}

/// Who says so.
fn said_by(mismatch: &Mismatch, relation: Relation) -> String {
    let clauses = mismatch.clauses.join(" ");
    match mismatch.source.as_str() {
        _ if matches!(relation, Relation::Plain | Relation::Again) => "the target's own other answer".to_owned(),
        "inferred" if clauses.is_empty() => "our reading of the spec, which is no source".to_owned(),
        "inferred" => format!("our reading of {clauses}"),
        source => format!("{source} {clauses}").trim_end().to_owned(),
    }
}

/// So many of something, in words.
fn counted(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

fn shown(number: usize, finding: &Finding) -> Vec<String> {
    let from = match finding.number {
        Some(number) => format!("trial {number}"),
        None => "a kept failure".to_owned(),
    };
    let mut lines = vec![format!("finding {number}, {} ({from})", finding.level())];
    match finding.certainty {
        Certainty::Smallest => {}
        Certainty::Larger => {
            lines.push("  it was seen again, but there was no time to make it as small as it goes".to_owned())
        }
        Certainty::Once => lines.push("  it was seen once; there was no time to repeat it".to_owned()),
        Certainty::NotAgain => {
            lines.push("  it was not seen again when the trial was repeated, and so it is not kept".to_owned());
        }
    }
    let (start, steps) = (&finding.trial.start, &finding.steps);
    lines.push(match finding.trial.relation {
        Relation::Plain => {
            let other = steps.get(1).map_or("delete", String::as_str);
            let first = steps.first().map(String::as_str).unwrap_or_default();
            format!("  two keys as in `{start}`; one gets: {first}; the other: {other}")
        }
        _ => format!("  a key as in `{start}`, then: {}", steps.join(", ")),
    });
    for mismatch in &finding.mismatches {
        lines.push(format!("  {}: expected {}, found {}", mismatch.place, mismatch.expected, mismatch.found));
        lines.push(format!("    {} by {}", mismatch.level, said_by(mismatch, finding.trial.relation)));
        if let Some(hint) = &mismatch.hint {
            lines.push(format!("    {hint}"));
        }
    }
    lines.extend(finding.exchange.iter().map(|line| format!("    {line}")));
    lines.push("  as a case:".to_owned());
    lines.extend(finding.case.lines().map(|line| format!("    {line}")));
    lines
}
