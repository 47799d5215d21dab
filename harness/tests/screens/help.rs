//! Help, and what there is to look up.

use super::{Screen, Stage};

/// The screens.
pub(super) const SCREENS: &[Screen] = &[
    ("help", |stage| stage.call(&["-h"])),
    ("help-long", |stage| stage.call(&["--help"])),
    ("help-run", |stage| stage.call(&["run", "-h"])),
    ("help-run-long", |stage| stage.call(&["run", "--help"])),
    ("help-replay", |stage| stage.call(&["replay", "-h"])),
    ("help-completions", |stage| stage.call(&["completions", "-h"])),
    ("help-man", |stage| stage.call(&["man", "-h"])),
    ("help-record", |stage| stage.call(&["record", "-h"])),
    ("help-accept", |stage| stage.call(&["accept", "-h"])),
    ("help-list", |stage| stage.call(&["list", "-h"])),
    ("help-explain", |stage| stage.call(&["explain", "-h"])),
    ("help-export", |stage| stage.call(&["export", "-h"])),
    ("help-coverage", |stage| stage.call(&["coverage", "-h"])),
    ("help-selfcheck", |stage| stage.call(&["selfcheck", "-h"])),
    ("help-explore", |stage| stage.call(&["explore", "-h"])),
    ("help-deviations", |stage| stage.call(&["deviations", "-h"])),
    ("help-deviations-update", |stage| stage.call(&["deviations", "update", "-h"])),
    ("help-doctor", |stage| stage.call(&["doctor", "-h"])),
    ("help-report", |stage| stage.call(&["report", "-h"])),
    ("help-report-merge", |stage| stage.call(&["report", "merge", "-h"])),
    ("help-report-trend", |stage| stage.call(&["report", "trend", "-h"])),
    ("help-sweep", |stage| stage.call(&["sweep", "-h"])),
    ("help-serve", |stage| stage.call(&["serve", "-h"])),
    ("help-presets", |stage| stage.call(&["presets", "-h"])),
    ("version", |stage| stage.call(&["--version"])),
    ("list", |stage| stage.call(&["list"])),
    ("list-selected", list_selected),
    ("explain-success", |stage| stage.call(&["explain", "success/symmetric"])),
    ("explain-authentication", |stage| stage.call(&["explain", "authentication/session-token"])),
    ("explain-protocol", |stage| stage.call(&["explain", "protocol/method-head"])),
    ("explain-other-edition", |stage| {
        stage.call(&["explain", "materials/unknown", "--edition", "key-material-id"]);
        stage.call(&["explain", "materials/unknown"]);
    }),
    ("coverage", |stage| stage.call(&["coverage"])),
    ("presets", |stage| stage.call(&["presets"])),
];

fn list_selected(stage: &mut Stage) {
    stage.call(&["list", "members/*", "--level", "must", "--skip", "members/null"]);
    stage.call(&["list", "materials/*", "--tag", "nothing-has-it"]);
}
