//! Colours are for terminals, unless a variable says otherwise; a pipe gets plain text and no progress.

use crate::support::command::{text, trentcheck_with};

const ESCAPE: char = '\u{1b}';

#[test]
fn the_usual_variables_decide_about_colours() {
    for (variables, is_coloured) in [
        (&[][..], false),
        (&[("CLICOLOR_FORCE", "1")], true),
        (&[("CLICOLOR_FORCE", "")], false),
        (&[("CLICOLOR", "1")], false),
        (&[("NO_COLOR", "1")], false),
        (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false),
        (&[("NO_COLOR", ""), ("CLICOLOR_FORCE", "1")], true),
    ] {
        for arguments in [&["run", "members/empty", "--state", "none"][..], &["run", "-h"], &["--edtion"]] {
            let output = trentcheck_with(variables, arguments);
            let coloured = text(&output.stdout).contains(ESCAPE) || text(&output.stderr).contains(ESCAPE);
            assert_eq!(coloured, is_coloured, "{variables:?} {arguments:?}");
        }
    }
}

#[test]
fn without_a_terminal_there_is_no_progress() {
    for arguments in [
        &["run", "members/*", "--state", "none"][..],
        &["selfcheck", "success-body-null", "--quick"],
        &["explore", "--cases", "2", "--endpoint", "http://127.0.0.1:1"],
    ] {
        let output = trentcheck_with(&[("CLICOLOR_FORCE", "1")], arguments);
        assert!(!text(&output.stderr).contains(" left"), "{arguments:?}: {}", text(&output.stderr));
    }
}
