//! Presets, and the second Region and account that they and loopback give to a run.

use crate::support::command::{json_run, said, trentcheck, trentcheck_apart};
use crate::support::scratch::Scratch;
use crate::support::service::{KEYS, service};
use crate::support::{complaints, config, corpus, documents, mutant, mutated, options, reference, replay, served};
use serde_json::Value;
use trentcheck_core::fixture::{Edition, PrincipalName};
use trentcheck_core::report::{ExitCode, Outcome};
use trentcheck_core::run::Elsewhere;
use trentcheck_core::sign::Credentials;

/// Cases about two Regions.
const REGIONS: [&str; 2] = ["identifiers/key-elsewhere", "identifiers/arn-elsewhere"];

/// Cases about two accounts.
const ACCOUNTS: [&str; 3] = ["permission/foreign-arn", "permission/foreign-id", "permission/stranger"];

/// A folder with fixtures that have one more preset.
struct Fixtures(Scratch);

impl Fixtures {
    fn with(preset: &str) -> Self {
        let folder = Scratch::new();
        for document in documents() {
            folder.write(&document.path, document.text);
        }
        folder.write("targets/demo.toml", preset);
        Self(folder)
    }

    /// The report of a run of these cases with the preset, and its exit code.
    async fn run(&self, variables: &[(&str, &str)], more: &[&str]) -> (Option<i32>, Value) {
        let mut arguments = vec!["run", "--fixtures", self.0.as_str(), "--report", "json"];
        arguments.extend(more);
        let output = trentcheck_apart(variables, &arguments).await;
        assert!(!output.stdout.is_empty(), "{}", said(&output));
        (output.status.code(), json_run(&output))
    }
}

/// A preset of a target at this port.
fn preset(port: u16, more: &str) -> String {
    format!(
        "name = \"demo\"\ntitle = \"A target\"\nstart = {{ is = \"demo\", from = [\"a\"] }}\n\
         endpoint = {{ is = \"http://127.0.0.1:{port}\", from = [\"a\"] }}\n{more}\n\
         [[source]]\nid = \"a\"\nkind = \"documentation\"\ntitle = \"A page\"\nlink = \"https://example.com/a\"\n\
         date = \"2026-11-26\"\n"
    )
}

/// The default profile of a credentials file.
fn of_profile(keys: &Credentials) -> String {
    let Credentials { access_key_id, secret_access_key, .. } = keys;
    format!("[default]\naws_access_key_id = {access_key_id}\naws_secret_access_key = {secret_access_key}\n")
}

fn outcomes(report: &Value) -> Vec<(String, String)> {
    let cases = report["cases"].as_array().unwrap().iter();
    cases.map(|case| (case["id"].as_str().unwrap().to_owned(), case["outcome"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn unknown_presets_are_refused_with_the_name_that_was_meant() {
    for (arguments, expected) in [
        (&["run", "--preset", "minstack"][..], "hint: did you mean `ministack`?"),
        (&["doctor", "--preset", "nothing-like-it"], "hint: the presets are aws-emulator, "),
        (&["explore", "--preset", "mota"], "hint: did you mean `moto`?"),
        (&["record", "base", "--preset", "Moto"], "hint: did you mean `moto`?"),
        (&["presets", "localstak"], "hint: did you mean `localstack`?"),
        (&["run", "--embedded", "--preset", "moto"], "`--embedded` and `--preset` both choose the target"),
    ] {
        let output = trentcheck(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(expected), "{arguments:?}: {}", said(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preset_names_what_the_user_does_not() {
    let (server, _) = reference(config(Edition::KeyMaterialId)).await;
    let more =
        "edition = { is = \"key-material-id\", from = [\"a\"] }\nregion = { is = \"us-east-2\", from = [\"a\"] }";
    let fixtures = Fixtures::with(&preset(server.address().port(), more));
    let (code, report) = fixtures.run(&[], &["materials/current-by-id", "--preset", "demo"]).await;
    assert_eq!((code, report["target"]["edition"].as_str()), (Some(0), Some("key-material-id")), "{report}");
    // A flag wins, and so does the configuration file.
    let (_, report) = fixtures.run(&[], &["success/symmetric", "--preset", "demo", "--edition", "key-only"]).await;
    assert_eq!(report["target"]["edition"], "key-only");
    let file = fixtures.0.write("own.toml", "[targets.a]\npreset = \"demo\"\nregion = \"us-west-2\"\n");
    let (_, report) = fixtures.run(&[], &["success/symmetric", "--config", &file, "--target", "a"]).await;
    assert_eq!(
        (&report["target"]["region"], &report["target"]["edition"]),
        (&"us-west-2".into(), &"key-material-id".into())
    );
    let (code, _) = fixtures.run(&[("TRENTCHECK_PRESET", "demo")], &["materials/current-by-id"]).await;
    assert_eq!(code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_preset_excludes_is_skipped_with_the_reason_and_lowers_coverage() {
    let (server, _) = reference(config(Edition::KeyOnly)).await;
    let more = "[[exclude]]\ncases = [\"members/*\"]\nreason = \"it has none\"\nfrom = [\"a\"]";
    let fixtures = Fixtures::with(&preset(server.address().port(), more));
    let (code, report) = fixtures.run(&[], &["members/null", "success/symmetric", "--preset", "demo"]).await;
    assert_eq!(code, Some(0));
    let members = report["cases"].as_array().unwrap().iter().find(|case| case["id"] == "members/null").unwrap();
    assert_eq!(members["outcome"], "skipped");
    assert_eq!(members["reason"], "the preset `demo` excludes it: it has none (https://example.com/a, 2026-11-26)");
    assert_eq!(report["figures"]["coverage"], 0.5);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_account_of_a_preset_is_judged() {
    let mut own = config(Edition::KeyOnly);
    let stranger = own.principals.iter_mut().find(|principal| principal.name == "stranger").unwrap();
    "444455556666".clone_into(&mut stranger.access_key_id);
    let (server, _) = reference(own).await;
    let more = "second-account = { is = \"444455556666\", by = \"access-key-id\", from = [\"a\"] }";
    let fixtures = Fixtures::with(&preset(server.address().port(), more));
    let (code, report) = fixtures.run(&[], &[&ACCOUNTS[..], &["--preset", "demo"]].concat()).await;
    assert_eq!(code, Some(0), "{report}");
    assert!(outcomes(&report).iter().all(|(_, outcome)| outcome == "pass"), "{report}");
    // The credentials of the user win.
    let other = [("TRENTCHECK_STRANGER_ACCESS_KEY_ID", "x"), ("TRENTCHECK_STRANGER_SECRET_ACCESS_KEY", "y")];
    let (code, report) = fixtures.run(&other, &["permission/foreign-id", "--preset", "demo"]).await;
    assert_eq!(code, Some(3), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_a_preset_are_those_that_the_target_wrote() {
    let (server, target) = reference(config(Edition::KeyOnly)).await;
    let written = &target.principals[&PrincipalName::Stranger];
    let port = server.address().port();
    let more = "credentials = { is = \"~/.demo/{port}/key*\", from = [\"a\"] }\n\
                [[exclude]]\ncases = [\"authentication/*\"]\nwhen = \"no-credentials\"\nreason = \"r\"\nfrom = [\"a\"]";
    let fixtures = Fixtures::with(&preset(port, more));
    let home = Scratch::new();
    let variables = [("HOME", home.as_str())];
    let cases = ["authentication/control", "--preset", "demo"];
    // A target that does not run has no folder.
    let arguments = [&["run", "--fixtures", fixtures.0.as_str()][..], &cases].concat();
    let output = trentcheck_apart(&variables, &arguments).await;
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("is the target running? `demo` starts it"), "{}", said(&output));
    // One that wrote no credentials needs none.
    std::fs::create_dir_all(home.path().join(format!(".demo/{port}"))).unwrap();
    let (_, report) = fixtures.run(&variables, &cases).await;
    assert_eq!(outcomes(&report), [("authentication/control".to_owned(), "skipped".to_owned())]);
    home.write(&format!(".demo/{port}/keys"), of_profile(written));
    let (code, report) = fixtures.run(&variables, &cases).await;
    assert_eq!((code, outcomes(&report).pop().unwrap().1), (Some(0), "pass".to_owned()), "{report}");
    // No program of such a file is started.
    home.write(&format!(".demo/{port}/keys"), "[default]\ncredential_process = touch started\n");
    let output = trentcheck_apart(&variables, &arguments).await;
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("has no access key"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn off_loopback_a_preset_gives_no_credentials_no_authority_and_no_region() {
    let (_server, reached) = service("preset-off-loopback").await;
    let port: u16 = reached[1].rsplit(':').next().unwrap().parse().unwrap();
    let more = "ca = { is = \"~/.demo/{port}/ca.pem\", from = [\"a\"] }\n\
                credentials = { is = \"~/.demo/{port}/key*\", from = [\"a\"] }\n\
                region = { is = \"eu-west-1\", from = [\"a\"] }\n\
                second-account = { is = \"444455556666\", by = \"access-key-id\", from = [\"a\"] }";
    let fixtures = Fixtures::with(&preset(port, more));
    let home = Scratch::new();
    std::fs::create_dir_all(home.path().join(format!(".demo/{port}"))).unwrap();
    std::fs::copy(&reached[5], home.path().join(format!(".demo/{port}/ca.pem"))).unwrap();
    let [key_id, secret] = KEYS.map(|(_, value)| value.to_owned());
    let keys = Credentials { access_key_id: key_id, secret_access_key: secret, session_token: None };
    home.write(&format!(".demo/{port}/keys"), of_profile(&keys));
    let reached: Vec<&str> = reached.iter().map(String::as_str).collect();
    let call = async |variables: &[(&str, &str)], reached: &[&str]| {
        let cases =
            ["run", "example/absent-key", "permission/stranger", "--preset", "demo", "--fixtures", fixtures.0.as_str()];
        let variables = [&[("HOME", home.as_str())], variables].concat();
        trentcheck_apart(&variables, &[&cases[..], reached].concat()).await
    };
    let standard = [
        ("AWS_ACCESS_KEY_ID", "AKIDTRENTCHECK000001"),
        ("AWS_SECRET_ACCESS_KEY", "trentcheck-dummy-secret-primary"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    // The same files would do, if they were asked.
    let output = call(&standard[2..], &reached).await;
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("credentials"), "{}", said(&output));
    let output = call(&standard, &reached[..4]).await;
    assert!(said(&output).contains("TLS failed"), "{}", said(&output));
    let output = call(&standard, &reached).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("(us-east-2)"), "{}", said(&output));
    assert!(said(&output).contains("needs `--allow-mutation`"), "{}", said(&output));
    // The account that may be changed is named by the user alone.
    let output = call(&standard, &[&reached[..], &["--allow-mutation", "--yes"]].concat()).await;
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_loopback_a_second_region_is_assumed_and_judged_where_there_is_one() {
    let (server, mut target) = reference(config(Edition::KeyOnly)).await;
    let there = target.elsewhere.as_mut().unwrap();
    there.is_assumed = true;
    let report = replay(&corpus(), &REGIONS, &target, &options(2)).await;
    assert_eq!(report.figures.pass, 2, "{}", complaints(&report).join("\n"));
    // At an address for one Region it is not there, which is nobody's fault.
    target.elsewhere = Some(Elsewhere::assumed(&target.endpoint, &target.region));
    let report = replay(&corpus(), &[&REGIONS[..], &["success/symmetric"]].concat(), &target, &options(2)).await;
    assert_eq!((report.figures.pass, report.figures.skipped), (1, 2), "{}", complaints(&report).join("\n"));
    assert_eq!(report.exit_code, ExitCode::Pass);
    let reason = report.cases[0].reason.as_ref().unwrap().to_string();
    assert!(reason.starts_with("the target makes no key in a second Region (`us-west-2`): "), "{reason}");
    assert!(reason.ends_with("; `--elsewhere` names an endpoint that does"), "{reason}");
    // One that the user named has to be there.
    target.elsewhere.as_mut().unwrap().is_assumed = false;
    let report = replay(&corpus(), &REGIONS, &target, &options(2)).await;
    assert_eq!(report.figures.blocked, 2, "{}", complaints(&report).join("\n"));
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_has_one_region_for_all_is_seen_as_what_it_is() {
    let (_server, mut target) = reference(mutated(mutant("scope-region-unchecked"))).await;
    target.elsewhere = Some(Elsewhere::assumed(&target.endpoint, &target.region));
    let report = replay(&corpus(), &REGIONS, &target, &options(2)).await;
    assert_eq!(report.figures.skipped, 2, "{}", complaints(&report).join("\n"));
    let reason = report.cases[0].reason.as_ref().unwrap().to_string();
    assert!(reason.contains("the target's keys are in Region `us-east-2`, and not in `us-west-2`"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_has_one_account_for_all_is_seen_as_what_it_is() {
    let (_server, mut target) = reference(config(Edition::KeyOnly)).await;
    let primary = target.principals[&PrincipalName::Primary].clone();
    target.principals.insert(PrincipalName::Stranger, primary);
    let report = replay(&corpus(), &ACCOUNTS, &target, &options(2)).await;
    assert_eq!(report.figures.skipped, 3, "{}", complaints(&report).join("\n"));
    for case in &report.cases {
        let reason = case.reason.as_ref().unwrap().to_string();
        assert!(reason.starts_with("the target keeps no accounts apart"), "{reason}");
    }
    // A principal that the target does not know is refused for that.
    let nobody =
        Credentials { access_key_id: "nobody".to_owned(), secret_access_key: "x".to_owned(), session_token: None };
    target.principals.insert(PrincipalName::Stranger, nobody);
    let report = replay(&corpus(), &["permission/stranger"], &target, &options(2)).await;
    assert_ne!(report.cases[0].outcome, Outcome::Skipped, "{}", complaints(&report).join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_run_asks_a_served_reference_for_a_second_region_without_harm() {
    let (_server, url) = served(None).await;
    let output =
        trentcheck_apart(&[], &["run", "identifiers/key-elsewhere", "success/symmetric", "--endpoint", &url]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("makes no key in a second Region (`us-west-2`)"), "{}", said(&output));
}
