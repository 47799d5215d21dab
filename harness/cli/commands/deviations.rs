//! `trentcheck deviations update`.

use crate::arguments::{Cases, UpdateArguments};
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::edge::writing::Writing;
use crate::render::update::render;
use crate::setup::choice::{Unchosen, one};
use crate::setup::configuration::Configuration;
use crate::setup::known::{Known, fits, text, wrong};
use crate::setup::session::Session;
use crate::setup::settings::RunSettings;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use trentcheck_core::deviation::{Fresh, List, Update, day_of, update as updated};
use trentcheck_core::report::{ExitCode, Ran};

/// How long new entries hold unless told otherwise: a quarter, so that somebody looks at each four times a year.
const NEW_ENTRIES_HOLD: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Writes the list from a run of all cases but those that are left out, and says what changed. Where `CI` is set nothing
/// is written, and a change is exit code 1.
pub(crate) async fn update(arguments: &UpdateArguments) -> Result<u8, Failure> {
    let UpdateArguments { run, file, skip, reason, expires } = arguments;
    for (flag, is_given) in
        [("--against", run.against.is_some()), ("--strict", run.strict), ("--recorded", run.recorded.is_some())]
    {
        if is_given {
            return Err(Failure::rule(format!(
                "`deviations update` does not take `{flag}`: a list of deviations is about the spec"
            )));
        }
    }
    if !run.report.is_empty() {
        return Err(Failure::rule("`deviations update` does not take `--report`: it writes a list")
            .hint("`trentcheck run` writes reports"));
    }
    let configuration = Configuration::read(run.target.config.as_deref())?;
    let choice = one(&run.target, &configuration, Unchosen::Refused)?;
    let settings = RunSettings::of(run, &choice, &configuration)?;
    let cases = Cases { skip: skip.clone(), slow: true, ..Cases::default() };
    let session = Session::prepare(settings, &cases, None).await?;
    let settings = &session.settings;
    let path = file_of(file.as_deref(), &settings.known)?;
    let corpus = &session.corpus;
    let old = if path.exists() { text(&path)? } else { String::new() };
    let mut list = List::parse(&path.display().to_string(), &old, corpus).map_err(wrong)?;
    if old.trim().is_empty() {
        list.fail_on = settings.fail_on;
    }
    fits(&list, session.target().edition, settings.fail_on)?;
    let ran = session.replay(&session.selection).await?;
    let now = SystemTime::now();
    let (today, later) = (day_of(now), day_of(now + NEW_ENTRIES_HOLD));
    let fresh = Fresh { reason: reason.clone(), expires: expires.unwrap_or(later), renewed: *expires };
    let told = tell(&ran);
    if let Some(code @ (ExitCode::Internal | ExitCode::Interrupted | ExitCode::Safety)) = told {
        output::to_stderr(&format!("{}; `{}` is left as it is", code.describe(), path.display()));
        return Ok(code as u8);
    }
    let update = match (updated(&old, &list, &ran, corpus, today, &fresh), told) {
        (Ok(update), _) => update,
        (Err(incomplete), told) => {
            let failure = Failure::unjudged(incomplete.to_string()).hint(format!(
                "nothing was written to `{}`; `--skip CASE` leaves a case out and its entry as it is",
                path.display()
            ));
            let Some(code) = told else { return Err(failure) };
            output::report(&failure);
            return Ok(code as u8);
        }
    };
    let own = written(&path, &old, &update)?;
    // A list is no reason to overlook keys.
    Ok(told.unwrap_or(own) as u8)
}

/// The file that is written: the one that is named, else that of the configuration.
fn file_of(named: Option<&Path>, known: &Known) -> Result<PathBuf, Failure> {
    match (named, known) {
        (Some(file), _) => Ok(file.to_owned()),
        (None, Known::File(file)) => Ok(file.clone()),
        (None, Known::Inline { path, .. }) => {
            Err(Failure::rule(format!("`deviations update` needs a separate file: the deviations are in `{path}`"))
                .hint("move them into a file, and name it with `deviations = \"FILE\"`"))
        }
        (None, Known::Nothing) => Err(Failure::rule("`deviations update` needs the file to write")
            .hint("name it: `trentcheck deviations update FILE`")),
    }
}

/// Writes the list if it changed and may be written, prints what changed, and gives the exit code that follows.
fn written(path: &Path, old: &str, update: &Update) -> Result<ExitCode, Failure> {
    let is_same = update.text == old;
    let in_ci = Writing::of_environment() == Writing::InCi;
    if !is_same && !in_ci {
        output::to_file(path, &update.text)?;
    }
    let did = match (is_same, in_ci) {
        (true, _) => "is unchanged",
        (false, false) => "is written",
        (false, true) => "would change; it is not written, because `CI` is set",
    };
    output::to_stdout(&render(update, &format!("{} {did}", path.display())));
    Ok(if !is_same && in_ci { ExitCode::Divergence } else { ExitCode::Pass })
}

/// Says what a run has to say besides its verdicts and what it left behind. The result is the exit code that
/// such a run ends with whatever its verdicts are.
fn tell(ran: &Ran) -> Option<ExitCode> {
    for notice in &ran.notices {
        output::to_stderr(notice);
    }
    let mut applying = ExitCode::of_end(ran.end);
    applying.extend((!ran.left.is_empty()).then_some(ExitCode::Teardown));
    (!applying.is_empty()).then(|| ExitCode::first_of(&applying))
}
