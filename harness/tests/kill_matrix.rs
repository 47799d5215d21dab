//! The kept kill matrix fits the mutants and the corpus, both ways. That a whole self-check gives this matrix is for CI, which
//! runs one; so is that each mutant is found by the case that it names (in `command`, an eighth of them are).

use crate::support::corpus;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use trentcheck_core::fixture::Corpus;
use trentcheck_reference::{bugs, habits, mutants};

const RENEW: &str = "`trentcheck selfcheck --matrix snapshots/kill-matrix.txt` renews it";

fn kept(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The file as data: the mutants of each clause, the cases that find each mutant, why none does.
#[derive(Default)]
struct Matrix {
    breaks: BTreeSet<(String, String)>,
    finds: BTreeMap<String, BTreeSet<String>>,
    equivalent: BTreeMap<String, String>,
}

fn read(text: &str) -> Matrix {
    let (by_clause, by_case) = text.split_once("# Mutant by case").unwrap();
    let (_, by_clause) = by_clause.split_once("# Clause by mutant").unwrap();
    let mut matrix = Matrix::default();
    let mut clause = "";
    for line in by_clause.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("  ") {
            Some(entry) => {
                let mutant = entry.split_whitespace().next().unwrap();
                matrix.breaks.insert((clause.to_owned(), mutant.to_owned()));
            }
            None => clause = line.split(' ').next().unwrap(),
        }
    }
    let mut mutant = "";
    for line in by_case.lines().skip(1).filter(|line| !line.is_empty()) {
        let Some(entry) = line.strip_prefix("  ") else {
            mutant = line.split(':').next().unwrap();
            matrix.finds.entry(mutant.to_owned()).or_default();
            continue;
        };
        if let Some(reason) = entry.strip_prefix("equivalent: ") {
            matrix.equivalent.insert(mutant.to_owned(), reason.to_owned());
            continue;
        }
        let mut words = entry.split_whitespace().skip(1);
        let group = words.next().unwrap();
        matrix.finds.entry(mutant.to_owned()).or_default().extend(words.map(|name| format!("{group}{name}")));
    }
    matrix
}

/// Everything in which a matrix does not fit the table of mutants and the corpus.
fn complaints(text: &str, corpus: &Corpus) -> Vec<String> {
    let matrix = read(text);
    let mut complaints = Vec::new();
    let mut complain = |what: String| complaints.push(what);

    let table: BTreeSet<&str> = mutants().iter().map(|mutant| mutant.name).collect();
    for name in table.iter().filter(|name| !matrix.finds.contains_key(**name)) {
        complain(format!("the mutant {name} has no row"));
    }
    for name in matrix.finds.keys().filter(|name| !table.contains(name.as_str())) {
        complain(format!("the row {name} is no mutant"));
    }

    let breaks: BTreeSet<(String, String)> = mutants()
        .iter()
        .flat_map(|mutant| mutant.clauses.iter().map(|clause| ((*clause).to_owned(), mutant.name.to_owned())))
        .collect();
    for (clause, mutant) in breaks.difference(&matrix.breaks) {
        complain(format!("{mutant} breaks {clause} and is not listed there"));
    }
    for (clause, mutant) in matrix.breaks.difference(&breaks) {
        complain(format!("{mutant} is listed at {clause}, which it does not break"));
    }
    for clause in corpus.clauses.iter().filter(|clause| clause.unobservable.is_none()) {
        if !matrix.breaks.iter().any(|(broken, _)| broken == clause.id.get_ref()) {
            complain(format!("no mutant breaks {}", clause.id.get_ref()));
        }
    }

    for mutant in mutants() {
        let found_by = matrix.finds.get(mutant.name);
        match mutant.equivalent {
            Some(reason) => {
                if found_by.is_some_and(|cases| !cases.is_empty()) {
                    complain(format!("{} is said to be equivalent, and is found", mutant.name));
                }
                if reason.is_empty() || matrix.equivalent.get(mutant.name).is_none_or(|told| told != reason) {
                    complain(format!("{} is equivalent without its reason", mutant.name));
                }
            }
            None if !found_by.is_some_and(|cases| cases.contains(mutant.killed_by)) => {
                complain(format!("{} is not found by {}", mutant.name, mutant.killed_by));
            }
            None => {}
        }
    }
    for name in matrix.equivalent.keys() {
        if !mutants().iter().any(|mutant| mutant.name == name && mutant.equivalent.is_some()) {
            complain(format!("{name} is not equivalent"));
        }
    }

    let useful: BTreeSet<&str> = matrix.finds.values().flatten().map(String::as_str).collect();
    // A case that no mutant of our own needs may be the one that finds a habit of a framework or a bug of an emulator.
    let named: BTreeSet<&str> = habits().iter().chain(bugs()).map(|foreign| foreign.mutant.killed_by).collect();
    for case in corpus.cases.iter().filter(|case| useful.contains(case.id()) || !named.contains(case.id())) {
        match (useful.contains(case.id()), &case.kept) {
            (false, None) => complain(format!("{} finds no mutant and does not say why it is kept", case.id())),
            (true, Some(_)) => complain(format!("{} says that it finds no mutant, and finds one", case.id())),
            _ => {}
        }
    }
    for id in useful.iter().filter(|id| !corpus.cases.iter().any(|case| case.id() == **id)) {
        complain(format!("{id} is no case"));
    }
    complaints
}

#[test]
fn the_kept_matrix_fits_mutants_clauses_and_cases() {
    let complaints = complaints(&kept("snapshots/kill-matrix.txt"), &corpus());
    assert!(complaints.is_empty(), "{}\n{RENEW}", complaints.join("\n"));
}

/// The lines of the matrix without those that this takes away.
fn without(text: &str, takes: impl Fn(&str) -> bool) -> String {
    text.lines().filter(|line| !takes(line)).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_matrix_that_does_not_fit_is_told_in_each_of_its_faults() {
    let text = kept("snapshots/kill-matrix.txt");
    let corpus = corpus();
    let doctored = [
        // A mutant that nobody ran, and a row that is left of one that is gone.
        (without(&text, |line| line.starts_with("still-macs: ")), "the mutant still-macs has no row"),
        (format!("{text}\nlong-gone: a fault that is gone\n"), "the row long-gone is no mutant"),
        // Clauses: one of its mutants is missing, one is there that does not break it, none is left.
        (without(&text, |line| line.starts_with("  still-macs ")), "still-macs breaks S-02 and is not listed there"),
        (
            text.replacen("\nS-03 ", "  date-absent  x\n\nS-03 ", 1),
            "date-absent is listed at S-02, which it does not break",
        ),
        (without(&text, |line| line.starts_with("  signature-unchecked ")), "no mutant breaks S-10"),
        // Mutants: found by others than the case that it names, an equivalent one that is found or has no reason.
        (text.replace(" eight-in-a-row", ""), "every-fifth-fails is not found by protocol/eight-in-a-row"),
        (
            text.replacen("  equivalent: ", "  must    body/ empty\n  equivalent: ", 1),
            "empty-body-accepted is said to be equivalent, and is found",
        ),
        (
            without(&text, |line| line.starts_with("  equivalent: ")),
            "empty-body-accepted is equivalent without its reason",
        ),
        (
            text.replacen("\nstill-macs: ", "\nstill-macs: \n  equivalent: it is not\n\nx: ", 1),
            "still-macs is not equivalent",
        ),
        // Cases: one that finds nothing, one that there is not.
        (
            text.replace(" eight-in-a-row", ""),
            "protocol/eight-in-a-row finds no mutant and does not say why it is kept",
        ),
        (text.replacen(" eight-in-a-row", " nine-in-a-row", 1), "protocol/nine-in-a-row is no case"),
    ];
    for (doctored, expected) in doctored {
        let complaints = complaints(&doctored, &corpus);
        assert!(
            complaints.iter().any(|complaint| complaint == expected),
            "{expected}, not:\n{}",
            complaints.join("\n")
        );
    }
}

#[test]
fn a_case_that_finds_nothing_has_to_say_why_it_is_kept() {
    let text = kept("snapshots/kill-matrix.txt");
    let mut corpus = corpus();
    let case = corpus.cases.iter_mut().find(|case| case.id() == "protocol/eight-in-a-row").unwrap();
    case.kept = Some("a server that loses count is easy to make".to_owned());
    assert_eq!(complaints(&text, &corpus), ["protocol/eight-in-a-row says that it finds no mutant, and finds one"]);
    let told = complaints(&text.replace(" eight-in-a-row", ""), &corpus);
    assert!(!told.iter().any(|complaint| complaint.starts_with("protocol/eight-in-a-row")), "{told:?}");
}

#[test]
fn the_docs_show_the_summary_of_the_matrix() {
    let matrix = kept("snapshots/kill-matrix.txt");
    let summary: String =
        matrix.lines().skip(2).take_while(|line| !line.is_empty()).fold(String::new(), |text, line| text + line + "\n");
    assert!(summary.starts_with("clauses of the"), "{summary}");
    let page = "harness/docs/what-the-suite-cannot-see.md";
    assert!(kept(page).contains(&summary), "{page} lacks:\n{summary}");
    // The README has the last row in words: mutants, how many are found, and how many of them at level `must`.
    let all: Vec<&str> = summary.lines().last().unwrap().split_whitespace().collect();
    let [_, _, mutants, found, must, _] = all[..] else { panic!("{all:?}") };
    let readme = kept("README.md").replace('\n', " ");
    for words in [format!("at {mutants} wrong servers"), format!("finds all {found}, {must} of them at level `must`")] {
        assert!(readme.contains(&words), "README.md lacks: {words}");
    }
}
