//! Targets of `trentcheck.toml`: how one is chosen, and what each has of its own.

use crate::support::command::{Served, said, trentcheck, trentcheck_apart, trentcheck_with};
use crate::support::scratch::Scratch;
use crate::support::{config, mutant, mutated, reference};
use std::path::Path;
use trentcheck_core::fixture::Edition;

/// A folder with a configuration.
struct Folder(Scratch);

impl Folder {
    fn new(configuration: &str) -> Self {
        let folder = Self(Scratch::new());
        folder.write(configuration);
        folder
    }

    fn path(&self, name: &str) -> String {
        self.0.file(name)
    }

    fn write(&self, configuration: &str) {
        self.0.write("trentcheck.toml", configuration);
    }

    /// A command with this configuration, apart from the runtime that serves the targets.
    async fn trentcheck(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let config = self.path("trentcheck.toml");
        let output = trentcheck_apart(&[], &[arguments, &["--config", &config]].concat()).await;
        (output.status.code(), said(&output))
    }
}

#[tokio::test]
async fn a_target_has_to_be_chosen_where_the_configuration_has_some() {
    let folder = Folder::new("region = \"r\"\n[targets.a]\nendpoint = \"http://127.0.0.1:1\"\n[targets.b]\n");
    let base = folder.path("base");
    let list = folder.path("list.toml");
    for command in [
        &["run"][..],
        &["run", "example/absent-key"],
        &["run", "--against", "a"],
        &["record", &base],
        &["deviations", "update", &list],
        &["doctor"],
        &["explore", "--cases", "1"],
        &["sweep"],
    ] {
        let (code, said) = folder.trentcheck(command).await;
        assert_eq!(code, Some(2), "{command:?}: {said}");
    }
    assert!(!Path::new(&base).exists() && !Path::new(&list).exists());
    let elsewhere = ["run", "example/absent-key", "--endpoint", "http://127.0.0.1:1"];
    assert_eq!(folder.trentcheck(&elsewhere).await.0, Some(3));
}

#[tokio::test]
async fn the_embedded_reference_can_be_asked_for() {
    let folder = Folder::new(
        "endpoint = \"http://127.0.0.1:1\"\nbaseline = \"nowhere\"\ndeviations = \"nowhere.toml\"\n[targets.a]\n",
    );
    for command in [&["run", "example/absent-key"][..], &["doctor"]] {
        let (code, said) = folder.trentcheck(&[command, &["--embedded"]].concat()).await;
        assert_eq!(code, Some(0), "{command:?}: {said}");
        assert!(said.contains("the embedded reference"), "{said}");
    }
    for (flag, value) in [("--endpoint", "http://127.0.0.1:1"), ("--target", "a")] {
        let (code, said) = folder.trentcheck(&["run", "--embedded", flag, value]).await;
        assert_eq!(code, Some(2), "{said}");
    }
    // A flag wins over the environment.
    let environment = [("TRENTCHECK_ENDPOINT", "http://127.0.0.1:1"), ("TRENTCHECK_TARGET", "a")];
    let config = folder.path("trentcheck.toml");
    let output = trentcheck_with(&environment, &["run", "example/absent-key", "--embedded", "--config", &config]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[tokio::test]
async fn a_target_without_an_endpoint_is_not_the_embedded_reference() {
    let folder = Folder::new("[targets.a]\nregion = \"us-west-2\"\n[targets.b]\n");
    let (base, list, failures) = (folder.path("base"), folder.path("list.toml"), folder.path("failures.json"));
    for command in [
        &["run", "example/absent-key"][..],
        &["record", &base],
        &["deviations", "update", &list],
        &["doctor"],
        &["explore", "--cases", "1", "--failures", &failures],
    ] {
        let (code, said) = folder.trentcheck(&[command, &["--target", "a"]].concat()).await;
        assert_eq!(code, Some(2), "{command:?}: {said}");
        for part in ["the target `a`", "no endpoint", "hint: give `[targets.a]` an `endpoint`", "`--embedded`"] {
            assert!(said.contains(part), "{command:?}: {said}");
        }
    }
    assert!(!Path::new(&base).exists() && !Path::new(&list).exists() && !Path::new(&failures).exists());
    // Every target is checked before anything is sent to the first.
    let (code, said) = folder.trentcheck(&["run", "example/absent-key", "--target", "all"]).await;
    assert_eq!(code, Some(2), "{said}");
    let (code, said) = folder.trentcheck(&["run", "example/absent-key", "--embedded"]).await;
    assert_eq!(code, Some(0), "{said}");
    let elsewhere = ["run", "example/absent-key", "--target", "a", "--endpoint", "http://127.0.0.1:1"];
    assert_eq!(folder.trentcheck(&elsewhere).await.0, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_explore_and_sweep_take_a_target_by_name() {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let endpoint = target.endpoint.to_string();
    let folder = Folder::new(&format!("[targets.here]\nendpoint = \"{endpoint}\"\n[targets.there]\n"));
    let failures = folder.path("failures.json");
    for (command, expected) in [
        (&["doctor"][..], endpoint.as_str()),
        (&["sweep", "--dry-run"], "0 keys would be scheduled"),
        (&["explore", "--cases", "2", "--failures", &failures], endpoint.as_str()),
    ] {
        let (code, said) = folder.trentcheck(&[command, &["--target", "here"]].concat()).await;
        assert_eq!(code, Some(0), "{command:?}: {said}");
        assert!(said.contains(expected), "{command:?}: {said}");
        let (code, said) = folder.trentcheck(&[command, &["--target", "nowhere"]].concat()).await;
        assert_eq!(code, Some(2), "{command:?}: {said}");
        let (code, said) = folder.trentcheck(&[command, &["--target", "all"]].concat()).await;
        assert_eq!(code, Some(2), "{command:?}: {said}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_are_held_against_their_own_baselines_in_one_run() {
    const CASES: [&str; 2] = ["example/absent-key", "success/symmetric"];
    let (first, plain) = reference(config(Edition::KeyOnly)).await;
    let (second, other) = reference(mutated(mutant("headers-added"))).await;
    let table = |name: &str, endpoint: String, baseline: &str| {
        format!("[targets.{name}]\nendpoint = \"{endpoint}\"\nbaseline = \"{baseline}\"\n")
    };
    let of = |plain_at: &str, other_at: &str| {
        table("plain", plain.endpoint.to_string(), plain_at) + &table("other", other.endpoint.to_string(), other_at)
    };
    let folder = Folder::new(&of("base-plain", "base-other"));
    let all = [&["run", "--target", "all", "--strict"], &CASES[..]].concat();
    for name in ["plain", "other"] {
        let base = folder.path(&format!("base-{name}"));
        let (code, said) = folder.trentcheck(&[&["record", "--target", name, &base], &CASES[..]].concat()).await;
        assert_eq!(code, Some(0), "{said}");
    }
    let (code, said) = folder.trentcheck(&all).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("drift: 0 of 2 compared cases differ").count(), 2, "{said}");
    // What differs is one target's, and is left beside its own baseline.
    folder.write(&of("base-other", "base-plain"));
    let (code, said) = folder.trentcheck(&all).await;
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(said.matches("drift: 2 of 2 compared cases differ").count(), 2, "{said}");
    for name in ["plain", "other"] {
        let pending = folder.path(&format!("base-{name}/success__symmetric.snap.new"));
        assert!(Path::new(&pending).exists(), "{pending}");
    }
    // A flag wins over the table.
    let base = folder.path("base-plain");
    let (code, said) =
        folder.trentcheck(&[&["run", "--target", "plain", "--against", &base], &CASES[..]].concat()).await;
    assert_eq!(code, Some(0), "{said}");
    folder.write(&of("base-plain", "base-plain"));
    let (code, said) = folder.trentcheck(&all).await;
    assert_eq!(code, Some(2), "{said}");
    first.stop().await;
    second.stop().await;
}

#[test]
fn a_mutant_is_served_in_the_edition_that_is_asked_for() {
    for (more, edition) in [
        (&["--edition", "key-material-id"][..], "key-material-id"),
        (&["--edition", "key-only"], "key-only"),
        (&[], "key-only"),
    ] {
        let server = Served::start(&[&["--mutant", "pending-deletion-refused"], more].concat());
        let run = |case: &str| trentcheck(&["run", case, "--edition", edition, "--endpoint", &server.url]);
        let (right, wrong) = (run("success/symmetric"), run("success/pending-deletion"));
        assert_eq!(right.status.code(), Some(0), "{more:?}: {}", said(&right));
        assert_eq!(wrong.status.code(), Some(1), "{more:?}: {}", said(&wrong));
    }
}
