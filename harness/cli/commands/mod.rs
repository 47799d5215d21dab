//! The subcommands, a file each.

pub(crate) mod accept;
pub(crate) mod coverage;
pub(crate) mod deviations;
mod differential;
pub(crate) mod doctor;
pub(crate) mod evidence;
pub(crate) mod explain;
pub(crate) mod explore;
mod explore_kept;
pub(crate) mod explore_mutants;
pub(crate) mod export;
mod judging;
pub(crate) mod list;
pub(crate) mod manual;
pub(crate) mod presets;
pub(crate) mod record;
pub(crate) mod regress;
pub(crate) mod replay;
pub(crate) mod report;
mod rounds;
pub(crate) mod run;
pub(crate) mod selfcheck;
mod selfcheck_parts;
mod selfcheck_reach;
pub(crate) mod serve;
mod several;
pub(crate) mod sweep;
#[cfg(test)]
mod tests;
pub(crate) mod watch;
pub(crate) mod wrong_servers;
