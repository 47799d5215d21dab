//! `trentcheck run`.

use super::judging::Judging;
use super::several;
use super::shown::view;
use crate::arguments::{Cases, RunArguments};
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::render::terminal;
use crate::setup::choice::chosen;
use crate::setup::configuration::Configuration;
use crate::setup::session::Session;
use crate::setup::settings::RunSettings;

/// Replays the selected cases, prints and writes the reports, and gives the exit code.
pub(crate) async fn run(arguments: &RunArguments, cases: &Cases) -> Result<u8, Failure> {
    let configuration = Configuration::read(arguments.target.config.as_deref())?;
    let choices = chosen(&arguments.target, &configuration)?;
    let [choice] = choices.as_slice() else {
        return several::run(arguments, cases, &configuration, &choices).await;
    };
    let settings = RunSettings::of(arguments, choice, &configuration)?;
    let judging = Judging::prepare(Session::prepare(settings, cases).await?).await?;
    let judged = judging.judge().await?;
    let session = &judging.session;
    session.write(&judged.report)?;
    if !session.writes_to_stdout() {
        output::to_stdout(&terminal::render(&judged.report, &session.corpus, &view(session)));
    }
    judging.leave(&judged)?;
    Ok(judged.report.exit_code as u8)
}
