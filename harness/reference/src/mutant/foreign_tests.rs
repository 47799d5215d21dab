//! The tables of wrong servers that are not our own hold together.

use super::bugs::bugs;
use super::habits::habits;
use super::pending::pending_mutants;
use super::table::mutants;
use std::collections::BTreeSet;

#[test]
fn names_are_used_once_in_all_tables() {
    let foreign = || habits().iter().chain(bugs());
    let mut names = BTreeSet::new();
    let own = mutants().iter().chain(pending_mutants());
    for name in own.chain(foreign().map(|foreign| &foreign.mutant)).map(|mutant| mutant.name) {
        assert!(names.insert(name), "{name} is used twice");
    }
}

#[test]
fn every_row_says_whose_it_is_and_where_that_can_be_read() {
    for foreign in habits().iter().chain(bugs()) {
        let name = foreign.mutant.name;
        assert!(!foreign.project.is_empty() && !foreign.mutant.title.is_empty(), "{name}");
        assert!(foreign.link.starts_with("https://") && !foreign.link.contains(' '), "{name}: {}", foreign.link);
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{name}");
    }
}

#[test]
fn a_row_has_either_clauses_or_a_reason() {
    for foreign in habits().iter().chain(bugs()) {
        let mutant = &foreign.mutant;
        match mutant.equivalent {
            None => assert!(!mutant.clauses.is_empty(), "{}: nothing is broken", mutant.name),
            Some(reason) => {
                assert!(!reason.is_empty() && mutant.clauses.is_empty(), "{}: no reason", mutant.name);
                assert_eq!(mutant.killed_by, "", "{}: nothing forbids it", mutant.name);
            }
        }
    }
}
