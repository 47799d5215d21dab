//! `trentcheck record DIR`.

use super::regress::{Unreferenced, failure, snap};
use crate::arguments::{Cases, RunArguments};
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::edge::writing::Writing;
use crate::render::style::some_of;
use crate::setup::choice::{Unchosen, one};
use crate::setup::configuration::Configuration;
use crate::setup::session::Session;
use crate::setup::settings::RunSettings;
use std::collections::BTreeMap;
use std::path::Path;
use trentcheck_core::baseline::{Baseline, SnapFile};
use trentcheck_core::report::{CaseRan, ExitCode, Held, Ran, Report, RunReport};
use trentcheck_core::run::Detail;

/// Records the selected cases, says what was and what was not, and gives the exit code.
pub(crate) async fn record(
    arguments: &RunArguments,
    cases: &Cases,
    directory: &Path,
    unreferenced: Unreferenced,
) -> Result<u8, Failure> {
    Writing::of_environment().must_be_allowed("record")?;
    if arguments.against.is_some() {
        return Err(Failure::rule("`record` does not take `--against`: it compares with nothing"));
    }
    if arguments.strict {
        return Err(Failure::rule("`record` does not take `--strict`: it compares with nothing"));
    }
    if arguments.recorded.is_some() {
        return Err(Failure::rule("`record DIR` does not take `--recorded`: a baseline holds cases only")
            .hint("`record --as-evidence FILE` records what the target answers to recorded facts"));
    }
    let configuration = Configuration::read(arguments.target.config.as_deref())?;
    let choice = one(&arguments.target, &configuration, Unchosen::Refused)?;
    let mut settings = RunSettings::of(arguments, &choice, &configuration)?;
    settings.detail = Detail::Recordings;
    let session = Session::prepare(settings, cases, None).await?;
    let head = session.head();
    let baseline = Baseline::open_or_new(directory, &session.corpus).map_err(failure)?;
    baseline.must_suit(&head).map_err(failure)?;
    let ran = session.replay(&session.selection).await?;
    let report = session.conclude(&ran, &[], Held::default());
    let lost = session.write(&Report::of(vec![report.clone()], 1));
    let recordable: Vec<&CaseRan> = ran.cases.iter().filter(|case| case.is_recordable()).collect();
    let texts: Vec<(&str, String)> =
        recordable.iter().map(|case| (case.id.as_str(), snap(&session.corpus, &head, case))).collect();
    for (case, text) in &texts {
        output::must_be_clean(&baseline.path(case, SnapFile::Accepted), text)?;
    }
    if !texts.is_empty() {
        baseline.write(SnapFile::Accepted, texts.iter().map(|(case, text)| (*case, text.as_str()))).map_err(failure)?;
    }
    for case in &recordable {
        // What waited to be accepted was found before this.
        baseline.forget(&case.id).map_err(failure)?;
    }
    let mut lines = unreferenced.settle(&baseline)?;
    let code = code(&report, recordable.len());
    if !session.writes_to_stdout() {
        lines.extend(report.notices.iter().map(ToString::to_string));
        lines.extend(without(&ran));
        lines.push(format!(
            "recorded {} of {} selected cases in {} (corpus {}, edition {}, lane {}); exit code {} ({})",
            recordable.len(),
            report.figures.selected,
            directory.display(),
            head.corpus,
            head.edition,
            head.lane,
            code as u8,
            meaning(code),
        ));
        if report.figures.diverges > 0 {
            lines.push(format!(
                "{} of them diverge from the spec, and are recorded as they are; `trentcheck run` shows how",
                report.figures.diverges
            ));
        }
        output::to_stdout(&lines.join("\n"));
    }
    let codes: Vec<ExitCode> = std::iter::once(code).chain(lost).collect();
    Ok(ExitCode::first_of(&codes) as u8)
}

/// What was not recorded, a line for each reason.
fn without(ran: &Ran) -> Vec<String> {
    let mut by_reason: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for case in ran.cases.iter().filter(|case| !case.is_recordable()) {
        let reason = case.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        by_reason.entry(format!("{}{reason}", case.outcome.as_str())).or_default().push(&case.id);
    }
    let mut lines: Vec<String> = by_reason
        .into_iter()
        .map(|(reason, ids)| format!("{} not recorded, {reason}\n    {}", ids.len(), some_of(&ids)))
        .collect();
    lines.extend(ran.left.iter().map(|left| format!("left behind, remove by hand: {left}")));
    lines
}

/// Diverging is no failure of a recording.
fn code(report: &RunReport, recorded: usize) -> ExitCode {
    let mut codes: Vec<ExitCode> =
        report.exit_codes.iter().copied().filter(|code| *code != ExitCode::Divergence).collect();
    if recorded == 0 {
        codes.push(ExitCode::NothingRun);
    }
    ExitCode::first_of(&codes)
}

fn meaning(code: ExitCode) -> &'static str {
    match code {
        ExitCode::Pass => "every selected case that could be judged is recorded",
        code => code.describe(),
    }
}
