//! `trentcheck completions SHELL` and `trentcheck man [DIR]`: both are made from the flags themselves.

use crate::arguments::Arguments;
use crate::edge::failure::Failure;
use crate::edge::output;
use clap::CommandFactory;
use clap_complete::{Shell, generate};
use clap_mangen::Man;
use std::path::Path;
use trentcheck_core::report::ExitCode;

/// Writes the completions of a shell to stdout.
pub(crate) fn completions(shell: Shell) -> u8 {
    let mut bytes = Vec::new();
    generate(shell, &mut Arguments::command(), env!("CARGO_PKG_NAME"), &mut bytes);
    output::to_stdout(String::from_utf8_lossy(&bytes).trim_end());
    ExitCode::Pass as u8
}

/// Writes the page of the command to stdout, or all pages to a directory.
pub(crate) fn man(directory: Option<&Path>) -> Result<u8, Failure> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let Some(directory) = directory else {
        output::to_stdout(page(&command)?.trim_end());
        return Ok(ExitCode::Pass as u8);
    };
    let mut pages = Vec::new();
    gather(&command, &mut pages)?;
    std::fs::create_dir_all(directory)
        .map_err(|error| Failure::usage(format!("make the directory `{}`: {error}", directory.display())))?;
    for (name, text) in &pages {
        output::to_file(&directory.join(format!("{name}.1")), text)?;
    }
    output::to_stdout(&format!("{} pages are written to {}", pages.len(), directory.display()));
    Ok(ExitCode::Pass as u8)
}

/// Adds the pages of a command and of those below it, with their names, such as `trentcheck-report-merge`.
fn gather(command: &clap::Command, pages: &mut Vec<(String, String)>) -> Result<(), Failure> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    pages.push((name.to_owned(), page(command)?));
    command.get_subcommands().try_for_each(|below| gather(below, pages))
}

fn page(command: &clap::Command) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    Man::new(command.clone())
        .render(&mut bytes)
        .map_err(|error| Failure::internal(format!("write a manual page: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
