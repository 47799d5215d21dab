//! Which of the configuration's targets a command is about.

use super::configuration::Configuration;
use crate::edge::failure::Failure;

/// The name that stands for every target of the configuration.
const ALL: &str = "all";

/// The targets that were asked for by name, each once.
pub(crate) fn chosen(asked: &[String], configuration: &Configuration) -> Result<Vec<String>, Failure> {
    let mut names = asked.to_vec();
    if names.iter().any(|name| name == ALL) && !configuration.names().any(|name| name == ALL) {
        names = configuration.names().map(str::to_owned).collect();
        if names.is_empty() {
            return Err(Failure::usage("find any target: the configuration has none")
                .hint("a table `[targets.NAME]` describes a target"));
        }
    }
    let mut once: Vec<String> = Vec::new();
    names.into_iter().for_each(|name| {
        if !once.contains(&name) {
            once.push(name);
        }
    });
    Ok(once)
}

/// The one target of a command that takes no more than one; nothing where none was asked for by name.
pub(crate) fn one(asked: &[String], configuration: &Configuration) -> Result<Option<String>, Failure> {
    match chosen(asked, configuration)?.as_slice() {
        [] => Ok(None),
        [name] => Ok(Some(name.clone())),
        _ => Err(Failure::usage("use several targets here").hint("choose one with `--target`")),
    }
}
