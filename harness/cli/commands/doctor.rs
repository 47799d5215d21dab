//! `trentcheck doctor`.

use crate::arguments::TargetArguments;
use crate::edge::destination::{json_reports, takes_stdout, write_json};
use crate::edge::entropy::seed;
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::render::doctor::render;
use crate::setup::choice::{Unchosen, one};
use crate::setup::configuration::Configuration;
use crate::setup::corpus::corpus;
use crate::setup::settings::TargetSettings;
use crate::setup::target::{Missing, Prepared, Provided, Reach, Terms};
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use trentcheck_core::report::ExitCode;
use trentcheck_core::run::{Checkup, Clock, Entropy, Health, examine};

/// The time limit of all checks, if none is set: some ten exchanges.
const DEADLINE: Duration = Duration::from_secs(2 * 60);

/// The version of the JSON.
const SCHEMA: &str = "trentcheck-doctor/1";

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    endpoint: String,
    region: &'a str,
    exit_code: ExitCode,
    checks: &'a [Checkup],
}

/// Checks whether the target can be tested, prints a line a check, and gives the exit code.
pub(crate) async fn doctor(
    arguments: &TargetArguments,
    words: &[String],
    deadline: Option<Duration>,
) -> Result<u8, Failure> {
    let configuration = Configuration::read(arguments.config.as_deref())?;
    let choice = one(arguments, &configuration, Unchosen::Refused)?;
    let settings = TargetSettings::of(arguments, &choice, &configuration, None)?;
    let destinations = json_reports(words)?;
    let corpus = corpus(None)?;
    let terms = Terms { missing: Missing::Embedded, reach: Reach::Anywhere, provided: Provided::Checked };
    let prepared = Prepared::of(&settings, &corpus, terms).await?;
    let target = &prepared.target;
    let clock: Clock = Arc::new(SystemTime::now);
    let deadline = deadline.or(settings.deadline).unwrap_or(DEADLINE);
    let checkups = examine(&corpus, target, &clock, &Entropy::new(seed()?), deadline)
        .await
        .map_err(|error| Failure::usage(error.to_string()))?;
    let exit_code = code(&checkups);
    let endpoint = if target.embedded { "the embedded reference".to_owned() } else { target.endpoint.to_string() };
    let report = Report { schema: SCHEMA, endpoint, region: &target.region, exit_code, checks: &checkups };
    write_json(&report, &destinations)?;
    if !takes_stdout(&destinations) {
        output::to_stdout(&render(&report.endpoint, report.region, report.checks));
    }
    Ok(exit_code as u8)
}

fn code(checkups: &[Checkup]) -> ExitCode {
    match checkups.iter().any(|checkup| checkup.health == Health::Bad) {
        true => ExitCode::Indeterminate,
        false => ExitCode::Pass,
    }
}
