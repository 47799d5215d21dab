//! `run --print-config`: every setting with its place, no secret, and nothing sent.

use crate::support::command::{said, text, trentcheck_in};
use crate::support::scratch::Scratch;
use std::collections::BTreeMap;

const SECRET: &str = "wJalrXUtnFEMI-of-a-test";
const ACCOUNT: &str = "111122223333";

/// The rows of the tables that were printed, by name: value and place.
fn rows(folder: &Scratch, variables: &[(&str, &str)], arguments: &[&str]) -> BTreeMap<String, (String, String)> {
    // Nobody listens there: an attempt to send would end with another exit code.
    let output = trentcheck_in(folder.path(), variables, &[&["run", "--print-config"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(output.stderr.is_empty(), "{}", said(&output));
    let shown = text(&output.stdout);
    for secret in [SECRET, ACCOUNT, "AKIDOFATEST", "hunter2"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    let cells = |line: &str| -> Vec<String> {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    };
    shown
        .lines()
        .map(cells)
        .filter_map(|row| <[String; 3]>::try_from(row).ok())
        .map(|[name, value, from]| (name, (value, from)))
        .collect()
}

#[track_caller]
fn assert_rows(found: &BTreeMap<String, (String, String)>, expected: &[(&str, &str, &str)]) {
    for (name, value, from) in expected {
        let row = found.get(*name).unwrap_or_else(|| panic!("{name} is missing: {found:?}"));
        assert_eq!((row.0.as_str(), row.1.as_str()), (*value, *from), "{name}");
    }
}

fn folder() -> Scratch {
    let folder = Scratch::new();
    folder.write(
        "trentcheck.toml",
        format!(
            "jobs = 3\nregion = \"eu-west-1\"\nproxy = \"http://user:hunter2@127.0.0.1:9\"\n\
             [targets.a]\nendpoint = \"http://127.0.0.1:1\"\nregion = \"eu-west-2\"\nsettle = \"3s\"\naccount = \"{ACCOUNT}\"\n\
             baseline = \"base\"\nrates = {{ CreateKey = 2 }}\n\
             [targets.a.credentials.primary]\naccess-key-id = \"AKIDOFATEST\"\nsecret-access-key = \"{SECRET}\"\n\
             [targets.b]\npreset = \"ministack\"\n"
        ),
    );
    folder
}

#[test]
fn each_value_has_the_place_that_wins() {
    let folder = folder();
    let table = "`trentcheck.toml`, `[targets.a]`";
    let variables = [("TRENTCHECK_TIMEOUT", "4s"), ("TRENTCHECK_JOBS", "5"), ("TRENTCHECK_DENIED_ACCESS_KEY_ID", "x")];
    let found = rows(&folder, &variables, &["--target", "a", "--timeout", "2s", "--rate", "DescribeKey=3"]);
    assert_rows(
        &found,
        &[
            ("target", "a", "flag `--target`"),
            ("endpoint", "http://127.0.0.1:1", table),
            ("region", "eu-west-2", table),
            ("timeout", "2s", "flag `--timeout`"),
            ("jobs", "5", "TRENTCHECK_JOBS"),
            ("settle", "3s", table),
            ("proxy", "http://127.0.0.1:9", "`trentcheck.toml`"),
            ("against", "base", table),
            ("credentials", "set, not shown", table),
            ("denied credentials", "set, not shown", "TRENTCHECK_DENIED_ACCESS_KEY_ID"),
            ("account", "set, not shown", table),
            ("rate", "CreateKey=2, DescribeKey=3", "`trentcheck.toml`, `[targets.a]` and flag `--rate`"),
            ("edition", "key-only", "default"),
            ("fail-on", "must", "default"),
            ("fixtures", "built in", "default"),
        ],
    );
    assert!(!found.contains_key("ca") && !found.contains_key("stranger credentials"), "{found:?}");
    let found = rows(&folder, &[("TRENTCHECK_TARGET", "b"), ("TRENTCHECK_REGION", "x")], &["--profile", "p", "--yes"]);
    assert_rows(
        &found,
        &[
            ("target", "b", "TRENTCHECK_TARGET"),
            ("preset", "ministack", "`trentcheck.toml`, `[targets.b]`"),
            ("edition", "key-material-id", "preset `ministack`"),
            ("region", "x", "TRENTCHECK_REGION"),
            ("jobs", "3", "`trentcheck.toml`"),
            ("credentials", "profile `p`", "flag `--profile`"),
            ("yes", "yes", "flag `--yes`"),
        ],
    );
}

#[test]
fn the_embedded_reference_takes_little_from_the_file_and_a_service_takes_what_the_aws_tools_have() {
    let folder = folder();
    let found = rows(&folder, &[("TRENTCHECK_ENDPOINT", "http://127.0.0.1:1")], &["--embedded", "--state", "none"]);
    assert_rows(
        &found,
        &[
            ("endpoint", "the embedded reference", "flag `--embedded`"),
            ("jobs", "3", "`trentcheck.toml`"),
            ("state", "none", "flag `--state`"),
        ],
    );
    assert!(!found.contains_key("proxy") && !found.contains_key("credentials"), "{found:?}");
    let empty = Scratch::new();
    let variables =
        [("AWS_REGION", "us-west-1"), ("AWS_ACCESS_KEY_ID", "AKIDOFATEST"), ("AWS_SECRET_ACCESS_KEY", SECRET)];
    let found = rows(&empty, &variables, &["--endpoint", "aws", "--fips"]);
    assert_rows(
        &found,
        &[
            ("config", "none", "default"),
            ("endpoint", "aws (https://kms-fips.us-west-1.amazonaws.com)", "flag `--endpoint`"),
            ("region", "us-west-1", "AWS_REGION"),
            ("fips", "yes", "flag `--fips`"),
            ("credentials", "set, not shown", "AWS_ACCESS_KEY_ID"),
            ("settle", "30s", "default"),
            ("jobs", "1", "default"),
        ],
    );
}

#[test]
fn several_targets_have_a_table_each_and_what_is_wrong_is_one_error() {
    let folder = folder();
    let print = |more: &[&str]| trentcheck_in(folder.path(), &[], &[&["run", "--print-config"], more].concat());
    let output = print(&["--target", "a", "--target", "b"]);
    let shown = text(&output.stdout);
    let names: Vec<&str> = shown.lines().filter(|line| line.starts_with("== ")).collect();
    assert_eq!((names, output.status.code()), (vec!["== a", "== b"], Some(0)), "{shown}");
    for wrong in
        [&["--target", "c"][..], &["--target", "a", "--endpoint", "ftp://h"], &["--endpoint", "http://u:hunter2@h/"]]
    {
        let output = print(wrong);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(output.stdout.is_empty() && !said(&output).contains("hunter2"), "{}", said(&output));
    }
}
