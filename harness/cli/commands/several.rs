//! What has to hold before several targets are run at once.

use crate::arguments::RunArguments;
use crate::edge::failure::Failure;
use crate::setup::settings::{Against, RunSettings};

/// Refuses flags that can only be about one target.
pub(crate) fn must_suit_several(arguments: &RunArguments) -> Result<(), Failure> {
    if arguments.target.endpoint.is_some() {
        return Err(Failure::rule("`--endpoint` does not go with several targets")
            .hint("give each target an `endpoint` in the configuration"));
    }
    if arguments.against.is_some() {
        return Err(Failure::rule("`--against` does not go with several targets")
            .hint("choose one with `--target`, or give each target a `baseline` in the configuration"));
    }
    Ok(())
}

/// Two targets that differ cannot both be as one recording, and both would write into its directory.
pub(crate) fn must_have_a_baseline_of_its_own(settings: &RunSettings, others: &[RunSettings]) -> Result<(), Failure> {
    let Some(Against::Baseline(directory)) = &settings.against else { return Ok(()) };
    match others.iter().find(|other| other.against == settings.against) {
        None => Ok(()),
        Some(other) => Err(Failure::rule(format!(
            "the targets `{}` and `{}` have the same baseline, `{}`",
            other.target.name.as_deref().unwrap_or_default(),
            settings.target.name.as_deref().unwrap_or_default(),
            directory.display()
        ))
        .hint("give each target a `baseline` in its own table")),
    }
}
