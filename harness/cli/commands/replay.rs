//! `trentcheck replay CASE`.

use super::judging::Judging;
use crate::arguments::{Cases, RunArguments, TraceOf};
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::render::replay::{Shows, render};
use crate::setup::choice::{Unchosen, one};
use crate::setup::configuration::Configuration;
use crate::setup::corpus::corpus;
use crate::setup::session::Session;
use crate::setup::settings::RunSettings;
use std::path::Path;
use trentcheck_core::fixture::{Glob, GlobError, Selection};
use trentcheck_core::report::{ExitCode, Report};
use trentcheck_core::run::Detail;

/// Runs one case, shows everything about it, and gives the exit code that a run of it has.
pub(crate) async fn replay(id: &str, trace: Option<TraceOf>, arguments: &RunArguments) -> Result<u8, Failure> {
    for (flag, is_given) in [("--brief", arguments.brief), ("--details", arguments.details)] {
        if is_given {
            return Err(Failure::rule(format!("`replay` does not take `{flag}`: it shows the whole case")));
        }
    }
    let configuration = Configuration::read(arguments.target.config.as_deref())?;
    let choice = one(&arguments.target, &configuration, Unchosen::Refused)?;
    let mut settings = RunSettings::of(arguments, &choice, &configuration)?;
    must_be_one(id, settings.fixtures.as_deref())?;
    if trace.is_some() {
        settings.detail = Detail::Traces;
    }
    let cases = Cases { patterns: vec![id.to_owned()], ..Cases::default() };
    let session = Session::prepare(settings, &cases, None).await?;
    let judging = Judging::prepare(session).await?;
    let judged = judging.judge().await?;
    let session = &judging.session;
    if !session.writes_to_stdout() {
        let shows = if trace == Some(TraceOf::Hex) { Shows::Bytes } else { Shows::Lines };
        output::to_stdout(&render(&judged.report, judged.traces(id), shows));
    }
    let lost = session.write(&Report::of(vec![judged.report.clone()], 1));
    judging.leave(&judged)?;
    let codes: Vec<ExitCode> = std::iter::once(judged.report.exit_code).chain(lost).collect();
    Ok(ExitCode::first_of(&codes) as u8)
}

/// Refuses whatever names more than one case, before anybody is asked to confirm a run of them.
fn must_be_one(id: &str, fixtures: Option<&Path>) -> Result<(), Failure> {
    let several = || {
        Failure::rule(format!("`replay` takes one case, and `{id}` may name more")).hint("`trentcheck run` takes globs")
    };
    let corpus = corpus(fixtures)?;
    match corpus.case(id) {
        Some(_) => Ok(()),
        None if id.starts_with('@') => Err(several()),
        None => {
            let pattern: Glob = id.parse().map_err(|error: GlobError| Failure::usage(error.to_string()))?;
            let selection = Selection { patterns: vec![pattern], ..Selection::default() };
            Err(selection.check(&corpus).err().map_or_else(several, |error| Failure::usage(error.to_string())))
        }
    }
}
