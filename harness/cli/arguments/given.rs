//! Which arguments the user gave, and how: by a flag or by a variable of the environment.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use std::collections::BTreeMap;

/// How arguments were given, by the name of their field. An argument with its default value is not among them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given(BTreeMap<String, String>);

impl Given {
    /// What was given to a command or, if it has one, to its subcommand.
    pub(crate) fn of(command: &Command, matches: &ArgMatches) -> Self {
        match matches.subcommand().and_then(|(name, below)| Some((command.find_subcommand(name)?, below))) {
            Some((command, matches)) => Self::of(command, matches),
            None => Self(command.get_arguments().filter_map(|argument| by(argument, matches)).collect()),
        }
    }

    /// How an argument was given: ``flag `--endpoint` `` or `TRENTCHECK_ENDPOINT`.
    pub(crate) fn how(&self, argument: &str) -> Option<&str> {
        self.0.get(argument).map(String::as_str)
    }
}

fn by(argument: &clap::Arg, matches: &ArgMatches) -> Option<(String, String)> {
    let id = argument.get_id().as_str();
    let how = match matches.value_source(id)? {
        ValueSource::CommandLine => format!("flag `--{}`", argument.get_long()?),
        ValueSource::EnvVariable => argument.get_env()?.to_string_lossy().into_owned(),
        _ => return None,
    };
    Some((id.to_owned(), how))
}
