//! `trentcheck doctor`.

use crate::arguments::TargetArguments;
use crate::configuration::configure_target;
use crate::failure::Failure;
use crate::service::rates;
use crate::{embedded, output};
use anstyle::{AnsiColor, Style};
use std::sync::Arc;
use std::time::SystemTime;
use trentcheck_core::fixture::Edition;
use trentcheck_core::report::ExitCode;
use trentcheck_core::run::{Checkup, Clock, Entropy, Health, examine, fill_random};
use trentcheck_core::send::Limits;

/// Checks whether the target can be tested, prints a line a check, and gives the exit code.
pub(crate) async fn doctor(mut arguments: TargetArguments, is_json: bool) -> Result<u8, Failure> {
    configure_target(&mut arguments)?;
    let corpus = crate::corpus::corpus(None)?;
    let edition = arguments.edition.unwrap_or(Edition::KeyOnly);
    let timeout = arguments.timeout.unwrap_or(Limits::default().exchange);
    let (_server, mut target) = match &arguments.endpoint {
        Some(endpoint) => (None, crate::run::remote(&arguments, endpoint, edition, timeout)?),
        None => {
            let (server, target) = embedded::start(edition, timeout).await?;
            (Some(server), target)
        }
    };
    target.limits.rates = rates(&arguments.service.rate, &corpus, target.endpoint.is_loopback())?;
    output::protect(&target.redactor().with_accounts(target.account.as_deref()));
    let mut seed = [0; 32];
    fill_random(&mut seed).map_err(|()| Failure::internal("read the system's randomness"))?;
    let clock: Clock = Arc::new(SystemTime::now);
    let checkups = examine(&corpus, &target, &clock, &Entropy::new(seed))
        .await
        .map_err(|error| Failure::usage(error.to_string()))?;
    if is_json {
        let text = serde_json::to_string_pretty(&checkups)
            .map_err(|error| Failure::internal(format!("write the report: {error}")))?;
        output::to_stdout(&text);
    } else {
        output::to_stdout(&render(&checkups));
    }
    Ok(code(&checkups) as u8)
}

fn code(checkups: &[Checkup]) -> ExitCode {
    match checkups.iter().any(|checkup| checkup.health == Health::Bad) {
        true => ExitCode::Indeterminate,
        false => ExitCode::Pass,
    }
}

fn render(checkups: &[Checkup]) -> String {
    let width = checkups.iter().map(|checkup| checkup.what.len()).max().unwrap_or_default();
    let mut lines = Vec::new();
    for Checkup { what, health, found, hint } in checkups {
        let (sign, style) = match health {
            Health::Good => ("✓", AnsiColor::Green.on_default()),
            Health::Bad => ("✗", AnsiColor::Red.on_default()),
            Health::Unknown => ("–", Style::new().dimmed()),
        };
        lines.push(format!("{style}{sign}{style:#} {what:width$}  {found}"));
        lines.extend(hint.iter().map(|hint| format!("  {:width$}  hint: {hint}", "")));
    }
    let bad = checkups.iter().filter(|checkup| checkup.health == Health::Bad).count();
    lines.push(String::new());
    lines.push(match bad {
        0 => "nothing stands in the way; exit code 0".to_owned(),
        _ => format!("{bad} of {} checks failed; exit code 3 (cases could not be judged)", checkups.len()),
    });
    lines.join("\n")
}
