//! Several targets in one run: each on its own, then a table of all of them, and one exit code.

use super::judging::{Judged, Judging};
use super::shown::view;
use crate::arguments::{Cases, RunArguments};
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::render::several::summary;
use crate::render::style::BOLD;
use crate::render::terminal;
use crate::setup::choice::Choice;
use crate::setup::configuration::Configuration;
use crate::setup::session::Session;
use crate::setup::settings::{Against, RunSettings};
use serde::Serialize;
use trentcheck_core::report::{ExitCode, RunReport};

/// The version of the JSON of several runs. Each of them is written as it would be alone, with the name of its target.
const SCHEMA: &str = "trentcheck-runs/1";

#[derive(Serialize)]
struct Runs<'a> {
    schema: &'static str,
    exit_code: ExitCode,
    exit_codes: Vec<ExitCode>,
    runs: Vec<Named<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    #[serde(flatten)]
    report: &'a RunReport,
}

/// Runs the cases at each target, one after the other. Everything is read and checked before anything is sent.
pub(crate) async fn run(
    arguments: &RunArguments,
    cases: &Cases,
    configuration: &Configuration,
    choices: &[Choice],
) -> Result<u8, Failure> {
    if arguments.target.endpoint.is_some() {
        return Err(Failure::rule("`--endpoint` does not go with several targets")
            .hint("give each target an `endpoint` in the configuration"));
    }
    if arguments.against.is_some() {
        return Err(Failure::rule("`--against` does not go with several targets")
            .hint("choose one with `--target`, or give each target a `baseline` in the configuration"));
    }
    let mut all = Vec::new();
    let mut settled: Vec<RunSettings> = Vec::new();
    for choice in choices {
        let settings = RunSettings::of(arguments, choice, configuration)?;
        must_have_a_baseline_of_its_own(&settings, &settled)?;
        settled.push(settings);
    }
    for settings in settled {
        let name = settings.name.clone().unwrap_or_default();
        all.push((name, Judging::prepare(Session::prepare(settings, cases).await?).await?));
    }
    let mut runs: Vec<(&str, &Judging, Judged)> = Vec::new();
    for (name, judging) in &all {
        let judged = judging.judge().await?;
        let is_interrupted = judged.report.exit_codes.contains(&ExitCode::Interrupted);
        runs.push((name.as_str(), judging, judged));
        if is_interrupted {
            break;
        }
    }
    let mut exit_codes: Vec<ExitCode> = Vec::new();
    for code in runs.iter().flat_map(|(_, _, judged)| &judged.report.exit_codes) {
        if !exit_codes.contains(code) {
            exit_codes.push(*code);
        }
    }
    if exit_codes.len() > 1 {
        exit_codes.retain(|code| *code != ExitCode::Pass);
    }
    let exit_code = ExitCode::first_of(&exit_codes);
    let document = Runs {
        schema: SCHEMA,
        exit_code,
        exit_codes,
        runs: runs.iter().map(|(name, _, judged)| Named { name, report: &judged.report }).collect(),
    };
    if let Some((_, first)) = all.first() {
        first.session.write(&document)?;
        if !first.session.writes_to_stdout() {
            let mut lines = Vec::new();
            for (name, Judging { session, .. }, judged) in &runs {
                lines.push(format!("{BOLD}== {name}{BOLD:#}"));
                lines.extend([terminal::render(&judged.report, &session.corpus, &view(session)), String::new()]);
            }
            let rows: Vec<(&str, &RunReport)> = runs.iter().map(|(name, _, judged)| (*name, &judged.report)).collect();
            lines.extend(summary(&rows, choices.len(), exit_code));
            output::to_stdout(&lines.join("\n"));
        }
    }
    for (_, judging, judged) in &runs {
        judging.leave(judged)?;
    }
    Ok(exit_code as u8)
}

/// Two targets that differ cannot both be as one recording, and both would write into its directory.
fn must_have_a_baseline_of_its_own(settings: &RunSettings, others: &[RunSettings]) -> Result<(), Failure> {
    let Some(Against::Baseline(directory)) = &settings.against else { return Ok(()) };
    match others.iter().find(|other| other.against == settings.against) {
        None => Ok(()),
        Some(other) => Err(Failure::rule(format!(
            "the targets `{}` and `{}` have the same baseline, `{}`",
            other.name.as_deref().unwrap_or_default(),
            settings.name.as_deref().unwrap_or_default(),
            directory.display()
        ))
        .hint("give each target a `baseline` in its own table")),
    }
}
