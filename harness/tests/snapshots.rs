//! One test a snapshot: every exchange with the reference, in both editions, asserted with insta's macros on the files
//! that the command reads and writes by itself; and every screen of the command.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod screens;
#[expect(dead_code, unused_imports, reason = "the other test binary uses the rest")]
mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};
use support::run::ran;
use support::{config, corpus, options, reference};
use trentcheck_core::baseline::Recording;
use trentcheck_core::fixture::{Case, Edition};
use trentcheck_core::report::CaseRan;

fn main() {
    let arguments = Arguments::from_args();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let corpus = corpus();
    let mut trials = Vec::new();
    let mut expected: Vec<PathBuf> = Vec::new();
    for edition in Edition::ALL {
        let report = runtime.block_on(async {
            let (_server, target) = reference(config(edition)).await;
            // By name, since the slow ones are taken only so.
            let ids: Vec<&str> = corpus.cases.iter().map(Case::id).collect();
            ran(&corpus, &ids, &target, &options(8)).await
        });
        for case in report.cases {
            let name = format!("{edition}/{}", case.id);
            expected.push(folder(edition).join(format!("{}.snap", file_name(&case.id))));
            trials.push(Trial::test(name, move || assert_case(edition, &case)));
        }
    }
    trials.push(Trial::test("no_snapshot_is_left_over", move || left_over(&expected)));
    trials.extend(screens::trials(runtime.handle()));
    libtest_mimic::run(&arguments, trials).exit();
}

fn folder(edition: Edition) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/exchanges").join(edition.as_str())
}

fn file_name(id: &str) -> String {
    id.replace('/', "__")
}

fn assert_case(edition: Edition, case: &CaseRan) -> Result<(), Failed> {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder(edition));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(case.title.clone());
    let name = file_name(&case.id);
    let recording = case.recording.to_string();
    settings.bind(|| insta::assert_snapshot!(name.clone(), recording));
    // The same file, read as the command reads it.
    let kept =
        insta::Snapshot::from_file(&folder(edition).join(format!("{name}.snap"))).map_err(|error| error.to_string())?;
    let insta::internals::SnapshotContents::Text(text) = kept.contents() else {
        return Err("the snapshot is not text".into());
    };
    let read = Recording::parse(&text.to_string()).map_err(|error| error.to_string())?;
    if read == case.recording { Ok(()) } else { Err(format!("reads as:\n{read}").into()) }
}

fn left_over(expected: &[PathBuf]) -> Result<(), Failed> {
    for edition in Edition::ALL {
        for entry in std::fs::read_dir(folder(edition))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "snap") && !expected.contains(&path) {
                return Err(format!("{} belongs to no case", path.display()).into());
            }
        }
    }
    Ok(())
}
