//! `run --against URL|NAME`: the same cases at a second target, and what differs side by side.

use crate::arguments::{Against, TargetArguments};
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::setup::configuration::{configured, target_names};
use crate::setup::service::rates;
use crate::setup::session::Session;
use crate::setup::target::{check_provided, remote};
use trentcheck_core::fixture::Selection;
use trentcheck_core::report::{DifferentialReport, ExitCode, RunReport};
use trentcheck_core::run::Target;

/// The targets that a run is compared with.
pub(crate) struct Others {
    right: Target,
    noise: Option<Target>,
}

impl Others {
    /// Describes the targets of these URLs or names. Nothing is sent.
    pub(crate) fn prepare(session: &Session, right: &str, noise: Option<&str>) -> Result<Self, Failure> {
        Ok(Self { right: other(session, right)?, noise: noise.map(|noise| other(session, noise)).transpose()? })
    }

    /// Runs the same cases at the other targets, looks twice at what differs, and adds what was found to the report.
    pub(crate) async fn compare(&self, session: &Session, left: &mut RunReport) -> Result<(), Failure> {
        if is_interrupted(left) {
            return Ok(());
        }
        let (right, noise) = self.replay(session, &session.selection, left).await?;
        let mut found = DifferentialReport::of(left, &right, noise.as_ref());
        if !found.differ.is_empty() && !is_interrupted(left) {
            // A difference must repeat before it counts.
            let again = Selection { patterns: found.differing(), ..Selection::default() };
            let second = session.replay(&again).await?;
            absorb(left, &second, "");
            let (right, noise) = self.replay(session, &again, left).await?;
            found.confirm(&second, &right, noise.as_ref());
        }
        left.differential = Some(found);
        left.conclude();
        Ok(())
    }

    async fn replay(
        &self,
        session: &Session,
        selection: &Selection,
        left: &mut RunReport,
    ) -> Result<(RunReport, Option<RunReport>), Failure> {
        let right = session.replay_at(&self.right, selection).await?;
        absorb(left, &right, "on the right: ");
        let noise = match &self.noise {
            Some(target) if !is_interrupted(left) => Some(session.replay_at(target, selection).await?),
            _ => None,
        };
        if let Some(noise) = &noise {
            absorb(left, noise, "on the target of the noise floor: ");
        }
        Ok((right, noise))
    }
}

/// A URL gets the settings of the left side; a name in the configuration has its own.
fn other(session: &Session, word: &str) -> Result<Target, Failure> {
    let left = &session.target;
    let is_named = !is_url(word);
    let (arguments, url) = if is_named {
        let arguments = configured(session.arguments.target.config.clone(), word)?;
        let url = arguments.endpoint.clone().ok_or_else(|| {
            Failure::usage(format!("find the endpoint of the target `{word}`")).hint("its table has no `endpoint`")
        })?;
        (arguments, url)
    } else {
        // Keys, accounts and Regions that were named for the left side are not there on the other.
        let mut arguments = session.arguments.target.clone();
        arguments.provide = Vec::new();
        arguments.elsewhere = None;
        arguments.account = None;
        arguments.stranger_account = None;
        arguments.connection.resolve = None;
        arguments.connection.server_name = None;
        (arguments, word.to_owned())
    };
    let edition = arguments.edition.filter(|_| is_named).unwrap_or(left.edition);
    let timeout = arguments.timeout.filter(|_| is_named).unwrap_or(left.limits.exchange);
    let mut target = remote(&arguments, &url, edition, timeout)?;
    if !is_named {
        target.region.clone_from(&left.region);
    }
    check_provided(&target, &session.corpus)?;
    target.limits.rates = rates(&arguments.service.rate, &session.corpus, target.endpoint.is_loopback())?;
    let accounts = [&target.account, &target.stranger_account].into_iter().flatten();
    output::protect(&target.redactor().with_accounts(accounts.map(String::as_str)));
    Ok(target)
}

fn is_url(word: &str) -> bool {
    word.contains("://")
}

/// What `--against` names: a target of the configuration where there is one of that name, else what it looked like.
pub(crate) fn resolved(against: Option<Against>, target: &TargetArguments) -> Result<Option<Against>, Failure> {
    let Some(Against::Baseline(path)) = &against else { return Ok(against) };
    let name = path.to_string_lossy().into_owned();
    match target_names(target)?.contains(&name) {
        false => Ok(against),
        true if path.is_dir() => {
            Err(Failure::usage(format!("compare with `{name}`: it is a target of the configuration and a directory"))
                .hint(format!("`./{name}` is the directory")))
        }
        true => Ok(Some(Against::Target(name))),
    }
}

/// What the run itself says about its end, rather than its cases.
const OF_THE_RUN: [ExitCode; 3] = [ExitCode::Interrupted, ExitCode::Safety, ExitCode::Internal];

fn is_interrupted(report: &RunReport) -> bool {
    report.exit_codes.contains(&ExitCode::Interrupted)
}

/// What another run says about the whole: keys that are left, an interrupt.
fn absorb(report: &mut RunReport, other: &RunReport, side: &str) {
    report.left.extend(other.left.iter().map(|line| format!("{side}{line}")));
    report.exit_codes.extend(other.exit_codes.iter().filter(|code| OF_THE_RUN.contains(code)));
    // What concerns the left side has been said by its first run.
    if !side.is_empty() {
        for notice in other.notices.iter().map(|notice| format!("{side}{notice}")) {
            if !report.notices.contains(&notice) {
                report.notices.push(notice);
            }
        }
    }
}
