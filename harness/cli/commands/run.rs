//! `trentcheck run`.

use super::judging::Judging;
use super::several::{must_have_a_baseline_of_its_own, must_suit_several};
use crate::arguments::{Cases, RunArguments};
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::render::parts::Detail;
use crate::render::terminal::render;
use crate::setup::choice::chosen;
use crate::setup::configuration::Configuration;
use crate::setup::session::Session;
use crate::setup::settings::RunSettings;
use trentcheck_core::report::{ExitCode, Report};

/// Replays the selected cases at each target, one target after the other, prints and writes the report, and gives the exit
/// code. Everything is read and checked before anything is sent.
pub(crate) async fn run(arguments: &RunArguments, cases: &Cases) -> Result<u8, Failure> {
    let configuration = Configuration::read(arguments.target.config.as_deref())?;
    let choices = chosen(&arguments.target, &configuration)?;
    if choices.len() > 1 {
        must_suit_several(arguments)?;
    }
    let mut settled: Vec<RunSettings> = Vec::new();
    for choice in &choices {
        let settings = RunSettings::of(arguments, choice, &configuration)?;
        must_have_a_baseline_of_its_own(&settings, &settled)?;
        settled.push(settings);
    }
    let mut all = Vec::new();
    for settings in settled {
        let before = all.first().map(|judging: &Judging| &judging.session);
        let session = Session::prepare(settings, cases, before).await?;
        all.push(Judging::prepare(session).await?);
    }
    let mut runs = Vec::new();
    for judging in &all {
        let judged = judging.judge().await?;
        let is_interrupted = judged.is_interrupted();
        runs.push((judging, judged));
        if is_interrupted {
            break;
        }
    }
    let report = Report::of(runs.iter().map(|(_, judged)| judged.report.clone()).collect(), choices.len());
    let mut codes = vec![report.exit_code];
    // What to write and how to show it is the same for all.
    if let Some(Judging { session, .. }) = all.first() {
        if !session.writes_to_stdout() {
            let detail = match (session.settings.brief, session.settings.details) {
                (true, _) => Detail::Brief,
                (_, true) => Detail::Cases,
                _ => Detail::Full,
            };
            output::to_stdout(&render(&report, detail));
        }
        codes.extend(session.write(&report));
    }
    for (judging, judged) in &runs {
        judging.leave(judged)?;
    }
    Ok(ExitCode::first_of(&codes) as u8)
}
