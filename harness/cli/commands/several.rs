//! Several targets in one run: each on its own, then a table of all of them, and one exit code.

use super::shown::view;
use crate::arguments::{Cases, RunArguments};
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::render::several::summary;
use crate::render::style::BOLD;
use crate::render::terminal;
use crate::setup::configuration::target_names;
use crate::setup::known::{self, judge};
use crate::setup::session::Session;
use serde::Serialize;
use trentcheck_core::report::{ExitCode, RunReport};

/// The version of the JSON of several runs. Each of them is written as it would be alone, with the name of its target.
const SCHEMA: &str = "trentcheck-runs/1";

/// The name that stands for every target of the configuration.
const ALL: &str = "all";

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

/// The targets that were asked for by name, each once.
pub(crate) fn chosen(arguments: &RunArguments) -> Result<Vec<String>, Failure> {
    let mut names = arguments.target_names.clone();
    if names.iter().any(|name| name == ALL) {
        let known = target_names(&arguments.target)?;
        if !known.iter().any(|name| name == ALL) {
            if known.is_empty() {
                return Err(Failure::usage("find any target: the configuration has none")
                    .hint("a table `[targets.NAME]` describes a target"));
            }
            names = known;
        }
    }
    let mut once: Vec<String> = Vec::new();
    names.into_iter().for_each(|name| {
        if !once.contains(&name) {
            once.push(name);
        }
    });
    Ok(once)
}

/// Runs the cases at each target, one after the other. Everything is read and checked before anything is sent.
pub(crate) async fn run(arguments: &RunArguments, cases: &Cases, names: &[String]) -> Result<u8, Failure> {
    if arguments.target.endpoint.is_some() {
        return Err(Failure::usage("use `--endpoint` with several targets: it names only one")
            .hint("each target's `endpoint` is in the configuration"));
    }
    if arguments.against.is_some() {
        return Err(
            Failure::usage("compare several targets with `--against` at once").hint("choose one with `--target`")
        );
    }
    let mut sessions = Vec::new();
    for name in names {
        let arguments = RunArguments { target_names: vec![name.clone()], ..arguments.clone() };
        let session = Session::prepare(arguments, cases.clone()).await?;
        let list = known::list(&session)?;
        sessions.push((name, session, list));
    }
    let mut reports: Vec<(&String, RunReport)> = Vec::new();
    for (name, session, list) in &sessions {
        let report = judge(session, list.as_ref()).await?;
        let is_interrupted = report.exit_codes.contains(&ExitCode::Interrupted);
        reports.push((*name, report));
        if is_interrupted {
            break;
        }
    }
    let mut exit_codes: Vec<ExitCode> = Vec::new();
    for code in reports.iter().flat_map(|(_, report)| &report.exit_codes) {
        if !exit_codes.contains(code) {
            exit_codes.push(*code);
        }
    }
    if exit_codes.len() > 1 {
        exit_codes.retain(|code| *code != ExitCode::Pass);
    }
    let exit_code = ExitCode::first_of(&exit_codes);
    let runs = Runs {
        schema: SCHEMA,
        exit_code,
        exit_codes,
        runs: reports.iter().map(|(name, report)| Named { name, report }).collect(),
    };
    if let Some((_, first, _)) = sessions.first() {
        first.write(&runs)?;
        if !first.writes_to_stdout() {
            let mut lines = Vec::new();
            for ((name, report), (_, session, _)) in reports.iter().zip(&sessions) {
                lines.push(format!("{BOLD}== {name}{BOLD:#}"));
                lines.extend([terminal::render(report, &session.corpus, &view(session)), String::new()]);
            }
            lines.extend(summary(&reports, names.len(), exit_code));
            output::to_stdout(&lines.join("\n"));
        }
    }
    Ok(exit_code as u8)
}
