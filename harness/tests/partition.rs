//! `selfcheck` in parts: each mutant is checked by one of them, and joined they are the whole.

use crate::support::command::{text, trentcheck};
use crate::support::scratch::{file as path, written};

/// What a check printed, and how it ended.
fn checked(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = trentcheck(&[&["selfcheck", "--quick"], arguments].concat());
    (output.status.code(), text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
}

/// A check that passes.
#[track_caller]
fn passed(arguments: &[&str]) -> String {
    let (code, stdout, stderr) = checked(arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {stdout}{stderr}");
    stdout
}

#[test]
fn parts_have_each_mutant_once_and_join_to_the_whole() {
    let read = |name: &str| std::fs::read_to_string(path(name)).unwrap();
    let names = "success-*";
    let whole = passed(&[names, "--kills", &path("whole.json"), "--matrix", &path("whole.txt")]);
    let mut rows = 0;
    for part in ["1", "2"] {
        let (partition, kills) = (format!("hash:{part}/2"), path(&format!("{part}.json")));
        let matrix = path(&format!("{part}.txt"));
        let stdout = passed(&[names, "--partition", &partition, "--kills", &kills, "--matrix", &matrix]);
        assert!(stdout.starts_with(&format!("part {partition}: detection score: ")), "{stdout}");
        let matrix = read(&format!("{part}.txt"));
        assert!(matrix.contains(&format!("# Only the mutants of the part {partition}.\n")), "{matrix}");
        rows += matrix.lines().filter(|line| line.starts_with("success-")).count();
    }
    let all = read("whole.txt").lines().filter(|line| line.starts_with("success-")).count();
    assert!(all > 4, "{all} mutants are too few to show anything");
    assert_eq!(rows, all);

    let (one, two) = (path("1.json"), path("2.json"));
    let joined = passed(&[names, "--kills", &path("all.json"), "--matrix", &path("all.txt"), "--join", &two, &one]);
    assert_eq!(read("all.json"), read("whole.json"));
    assert_eq!(read("all.txt"), read("whole.txt"));
    // All but the time.
    let score = |text: &str| text.trim_end().rsplit_once("; ").map(|(score, _)| score.to_owned()).unwrap();
    assert_eq!(score(&joined), score(&whole));

    for (files, told) in [
        (&[&one][..], "the parts are not the whole"),
        (&[&one, &two, &one], "the parts overlap"),
        (&[&one, &path("whole.txt")], "read the part"),
        (&[&path("none.json")], "read the part"),
    ] {
        let files: Vec<&str> = files.iter().map(|file| file.as_str()).collect();
        let (code, stdout, stderr) = checked(&[&[names, "--join"], files.as_slice()].concat());
        assert!(code == Some(2) && stdout.is_empty() && stderr.contains(told), "{files:?}: {code:?} {stdout}{stderr}");
    }
    // Not the mutants that the parts were asked for.
    let (code, _, stderr) = checked(&["success-body-*", "--join", &one, &two]);
    assert!(code == Some(2) && stderr.contains("is no part of this check"), "{stderr}");
    // Not the whole check that the parts would be taken for, and not these cases.
    let output = trentcheck(&["selfcheck", names, "--join", &one, &two]);
    assert!(output.status.code() == Some(2) && text(&output.stderr).contains("it was written with `--quick`"));
    let digest = read("1.json").lines().find(|line| line.contains("\"corpus\"")).unwrap().to_owned();
    written("4.json", read("1.json").replacen(&digest, "  \"corpus\": \"0\",", 1));
    let (code, _, stderr) = checked(&[names, "--join", &path("4.json"), &two]);
    assert!(code == Some(2) && stderr.contains("it was written with another corpus"), "{stderr}");
    // A case that the corpus does not have.
    written("3.json", read("1.json").replacen("{\n      \"", "{\n      \"gone-", 1));
    let (code, _, stderr) = checked(&[names, "--join", &path("3.json"), &two]);
    assert!(code == Some(2) && stderr.contains("it has the case `gone-"), "{stderr}");
}

#[test]
fn a_part_without_a_mutant_is_no_pass() {
    let mut codes = ["hash:1/2", "hash:2/2"].map(|part| checked(&["success-body-null", "--partition", part]).0);
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(4)]);
}

#[test]
fn what_names_no_part_is_refused_in_one_sentence() {
    for part in ["hash:5/4", "hash:0/4", "count:1/4", "1/4"] {
        let (code, stdout, stderr) = checked(&["--partition", part]);
        assert!(code == Some(2) && stdout.is_empty(), "{part}: {stdout}{stderr}");
        assert!(stderr.contains("a part is `hash:M/N` with M from 1 to N, such as `hash:1/4`"), "{part}: {stderr}");
    }
    for arguments in [&["--explore", "--partition", "hash:1/2"][..], &["--partition", "hash:1/2", "--join", "one.json"]]
    {
        let output = trentcheck(&[&["selfcheck"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
    }
}
