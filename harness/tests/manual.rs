//! Completions and manual pages are made for every subcommand.

use crate::support::command::{said, text, trentcheck};
use crate::support::scratch::{Scratch, written};

/// The subcommands that the help lists.
fn subcommands() -> Vec<String> {
    let help = text(&trentcheck(&["-h"]).stdout);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A line that goes on is indented further.
    let names = listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_subcommand_has_a_page() {
    let folder = Scratch::new();
    let path = folder.file("new/man");
    let output = trentcheck(&["man", &path]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let names = subcommands();
    assert!(names.len() > 12 && names.contains(&"run".to_owned()), "{names:?}");
    for name in names.iter().map(String::as_str).chain(["deviations-update", "report-merge", "report-trend"]) {
        let page = folder.read(&format!("new/man/trentcheck-{name}.1"));
        assert!(
            page.contains(".SH SYNOPSIS") && page.contains(&format!("trentcheck\\-{}", name.replace('-', "\\-"))),
            "{page}"
        );
    }
    let main = folder.read("new/man/trentcheck.1");
    assert!(main.contains("trentcheck\\-run(1)") && main.contains("Exit codes: 0"), "{main}");
    let run = folder.read("new/man/trentcheck-run.1");
    assert!(run.contains("\\-\\-max\\-fail") && run.contains("TRENTCHECK_ENDPOINT"), "{run}");
    let printed = trentcheck(&["man"]);
    assert_eq!((text(&printed.stdout).trim_end(), printed.status.code()), (main.trim_end(), Some(0)));
    let refused = trentcheck(&["man", &written("file", "")]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
}

#[test]
fn every_shell_completes_subcommands_and_flags() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = trentcheck(&["completions", shell]);
        let completions = text(&output.stdout);
        assert_eq!((output.status.code(), output.stderr.is_empty()), (Some(0), true), "{}", said(&output));
        for name in subcommands().iter().map(String::as_str).chain(["max-fail", "last-failed", "endpoint"]) {
            assert!(completions.contains(name), "{shell}: {name}");
        }
    }
    let output = trentcheck(&["completions", "bash"]);
    let script = written("completions.bash", &output.stdout);
    let checked = std::process::Command::new("bash").args(["-n", &script]).status();
    assert!(checked.is_err() || checked.is_ok_and(|status| status.success()));
    assert_eq!(trentcheck(&["completions", "nosuchshell"]).status.code(), Some(2));
}
