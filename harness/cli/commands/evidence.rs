//! `trentcheck record --as-evidence FILE`.

use crate::arguments::{Cases, RunArguments};
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::edge::writing::Writing;
use crate::setup::choice::{Unchosen, one};
use crate::setup::configuration::Configuration;
use crate::setup::session::Session;
use crate::setup::settings::RunSettings;
use std::collections::BTreeSet;
use std::path::Path;
use trentcheck_core::file::must_be_writable;
use trentcheck_core::recorded::print;
use trentcheck_core::report::{ExitCode, Held, Report, RunReport};
use trentcheck_core::run::Facts;

/// Makes the calls of recorded facts, and those that nobody has recorded, and writes what the target answered.
pub(crate) async fn record(arguments: &RunArguments, cases: &Cases, file: &Path) -> Result<u8, Failure> {
    Writing::of_environment().must_be_allowed("record")?;
    if cases.select() {
        return Err(Failure::rule("`record --as-evidence` sends no case, so none can be selected for it"));
    }
    for (flag, is_given) in [("--against", arguments.against.is_some()), ("--strict", arguments.strict)] {
        if is_given {
            return Err(Failure::rule(format!("`record --as-evidence` does not take `{flag}`: it compares nothing")));
        }
    }
    must_be_writable(file).map_err(|error| Failure::usage(format!("write `{}`: {error}", file.display())))?;
    let configuration = Configuration::read(arguments.target.config.as_deref())?;
    let choice = one(&arguments.target, &configuration, Unchosen::Refused)?;
    let mut settings = RunSettings::of(arguments, &choice, &configuration)?;
    settings.facts = Facts::AsEvidence;
    // Evidence is about calls; the verdict on a case would be no evidence.
    let no_case = Cases { skip: vec!["*".to_owned()], ..Cases::default() };
    let session = Session::prepare(settings, &no_case, None).await?;
    let ran = session.first_look(BTreeSet::new()).await?;
    let report = session.conclude(&ran, &[], Held::default());
    let lost = session.write(&Report::of(vec![report.clone()], 1));
    let evidence = ran.recorded.as_ref().and_then(|recorded| recorded.evidence.as_ref());
    let evidence = evidence.filter(|evidence| !evidence.facts.is_empty());
    if let Some(evidence) = evidence {
        let text = print(evidence).map_err(|error| Failure::internal(format!("write evidence as TOML: {error}")))?;
        output::to_file(file, &text)?;
    }
    let written = evidence.map_or(0, |evidence| evidence.facts.len());
    let code = code(&report, written, lost);
    if !session.writes_to_stdout() {
        let mut lines: Vec<String> = report.notices.iter().map(ToString::to_string).collect();
        lines.extend(report.left.iter().map(|left| format!("left behind, remove by hand: {left}")));
        lines.push(match written {
            0 => format!("nothing was recorded, and `{}` is not written; exit code {} ({})", file.display(), code as u8, code.describe()),
            _ => format!(
                "recorded what the target answers in {written} facts in {} (edition {}, Region {}); read it before you hand it in; exit code {} ({})",
                file.display(),
                report.target.edition,
                report.target.region,
                code as u8,
                meaning(code),
            ),
        });
        output::to_stdout(&lines.join("\n"));
    }
    Ok(code as u8)
}

/// No case is sent, so none can pass or fail.
fn code(report: &RunReport, written: usize, lost: Option<ExitCode>) -> ExitCode {
    let of_cases = [ExitCode::Divergence, ExitCode::NothingRun];
    let mut codes: Vec<ExitCode> = report.exit_codes.iter().copied().filter(|code| !of_cases.contains(code)).collect();
    codes.extend(lost);
    if written == 0 {
        codes.push(ExitCode::NothingRun);
    }
    ExitCode::first_of(&codes)
}

fn meaning(code: ExitCode) -> &'static str {
    match code {
        ExitCode::Pass => "recorded",
        code => code.describe(),
    }
}
