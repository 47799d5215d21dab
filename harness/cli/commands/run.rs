//! `trentcheck run`.

use super::judging::Judging;
use super::several::{must_have_a_baseline_of_its_own, must_suit_several};
use crate::arguments::{Cases, Given, RunArguments, RunControl};
use crate::edge::change::Watched;
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::render::configured as table;
use crate::render::parts::Detail;
use crate::render::terminal::render;
use crate::setup::choice::chosen;
use crate::setup::configuration::Configuration;
use crate::setup::configured::{Setting, configured};
use crate::setup::session::Session;
use crate::setup::settings::RunSettings;
use trentcheck_core::report::{ExitCode, Report};

/// Replays the selected cases at each target and gives the exit code, or shows the settings.
pub(crate) async fn run(
    arguments: &RunArguments,
    cases: &Cases,
    control: &RunControl,
    given: &Given,
) -> Result<u8, Failure> {
    if control.print_config {
        return print_config(&settled(arguments, control)?, given);
    }
    once(arguments, cases, control).await.map(|once| once.code)
}

/// What became of a run.
pub(crate) struct Once {
    /// The exit code.
    pub(crate) code: u8,
    /// Whether it was interrupted.
    pub(crate) is_interrupted: bool,
    /// What it depends on.
    pub(crate) watched: Watched,
}

/// The settings of each target.
fn settled(arguments: &RunArguments, control: &RunControl) -> Result<Vec<RunSettings>, Failure> {
    let configuration = Configuration::read(arguments.target.config.as_deref())?;
    let choices = chosen(&arguments.target, &configuration)?;
    if choices.len() > 1 {
        must_suit_several(arguments)?;
    }
    let mut settled: Vec<RunSettings> = Vec::new();
    for choice in &choices {
        let settings = RunSettings::of(arguments, choice, &configuration)?.controlled(control)?;
        must_have_a_baseline_of_its_own(&settings, &settled)?;
        settled.push(settings);
    }
    Ok(settled)
}

/// Replays the selected cases at each target, one target after the other, prints and writes the report. Everything is read
/// and checked before anything is sent.
pub(crate) async fn once(arguments: &RunArguments, cases: &Cases, control: &RunControl) -> Result<Once, Failure> {
    let settled = settled(arguments, control)?;
    let mut all = Vec::new();
    for settings in settled {
        let before = all.first().map(|judging: &Judging| &judging.session);
        let session = Session::prepare(settings, cases, before).await?;
        all.push(Judging::prepare(session).await?);
    }
    let watched = match (control.watch, all.as_slice()) {
        (false, _) => Watched::default(),
        (true, [one]) => watchable(&one.session)?,
        (true, _) => return Err(Failure::rule("`--watch` takes one target").hint("choose it with `--target NAME`")),
    };
    let mut runs = Vec::new();
    for judging in &all {
        let judged = judging.judge().await?;
        let is_interrupted = judged.is_interrupted();
        runs.push((judging, judged));
        if is_interrupted {
            break;
        }
    }
    let report = Report::of(runs.iter().map(|(_, judged)| judged.report.clone()).collect(), all.len());
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
        judging.session.keep(&judged.report);
        judging.leave(judged)?;
    }
    let is_interrupted = runs.iter().any(|(_, judged)| judged.is_interrupted());
    Ok(Once { code: ExitCode::first_of(&codes) as u8, is_interrupted, watched })
}

/// What a run depends on. A target that is not on this machine is not watched, since each change would bring calls that
/// nobody asked for.
fn watchable(session: &Session) -> Result<Watched, Failure> {
    let (settings, target) = (&session.settings, session.target());
    if !target.endpoint.is_loopback() {
        return Err(Failure::safety("`--watch` is for a target on loopback only"));
    }
    if session.writes_to_stdout() {
        return Err(Failure::rule("`--watch` does not go with a report on stdout: it prints one for each run")
            .hint("name a file: `--report FORMAT=PATH`"));
    }
    let watched = session.watched();
    if target.embedded && settings.fixtures.is_none() && !settings.configuration.exists() {
        return Err(Failure::rule("`--watch` needs something that can change")
            .hint("`--endpoint URL` names a target, `--fixtures DIR` the fixtures"));
    }
    Ok(watched)
}

/// Shows the settings of each target. Nothing is sent.
fn print_config(settled: &[RunSettings], given: &Given) -> Result<u8, Failure> {
    let of_targets: Vec<Vec<Setting>> =
        settled.iter().map(|settings| configured(settings, given)).collect::<Result<_, _>>()?;
    fn row(setting: &Setting) -> [&str; 3] {
        [setting.name, &setting.value, &setting.from]
    }
    let named = settled.iter().map(|settings| settings.target.name.as_deref());
    let tables: Vec<_> = named.zip(of_targets.iter().map(|rows| rows.iter().map(row).collect())).collect();
    output::to_stdout(&table::render(&tables));
    Ok(ExitCode::Pass as u8)
}
