//! Renders the kill matrix: which mutants break each clause, and which cases find each mutant.

use super::table::{self, Cell, Side};
use std::collections::{BTreeMap, BTreeSet};
use trentcheck_core::fixture::{Clause, Corpus, Level, Partition};
use trentcheck_reference::Mutant;

/// The cases that diverge at a mutant, each with the strongest level of its mismatches.
pub(crate) type Kills = BTreeMap<String, Level>;

/// The families of clauses, by the first letter of their ids.
const FAMILIES: [(char, &str); 5] =
    [('S', "API page"), ('G', "developer guide"), ('P', "protocol"), ('A', "signature"), ('M', "second edition")];

/// The width at which lists of cases are wrapped, because people review the file.
const LINE_WIDTH: usize = 120;

/// The whole matrix, or that of a part of the mutants: a summary, then clause by mutant, then mutant by case.
pub(crate) fn matrix(corpus: &Corpus, chosen: &[&Mutant], kills: &[Kills], part: Option<Partition>) -> String {
    let mut text = String::from(
        "# The kill matrix, written by `trentcheck selfcheck --matrix FILE`: what the suite has been seen to find.\n",
    );
    if let Some(part) = part {
        text.push_str(&format!("# Only the mutants of the part {part}.\n"));
    }
    text.push('\n');
    text.push_str(&summary(corpus, chosen, kills));
    text.push_str(
        "\n\n# Clause by mutant: the mutants that break a clause, the strongest level at which one is found, by how many\n\
         # cases, and the case that it names as the one that has to find it.\n",
    );
    for clause in corpus.clauses.iter().filter(|clause| clause.unobservable.is_none()) {
        text.push_str(&format!("\n{} {}\n", id(clause), clause.text));
        for (mutant, kills) in breaking(clause, chosen, kills) {
            text.push_str(&format!("  {:52}  {}\n", mutant.name, verdict(mutant, kills)));
        }
    }
    text.push_str("\n# Mutant by case: every case that finds a mutant, by the strongest level at which it does.\n");
    for (mutant, kills) in chosen.iter().zip(kills) {
        text.push_str(&format!("\n{}: {}\n", mutant.name, mutant.title));
        if let Some(reason) = mutant.equivalent {
            text.push_str(&format!("  equivalent: {reason}\n"));
        }
        for level in [Level::Must, Level::Should, Level::May] {
            let cases = kills.iter().filter(|(_, found)| **found == level).map(|(case, _)| case.as_str());
            text.push_str(&listed(&format!("{level}"), cases));
        }
    }
    text
}

/// One line for each family of clauses: the numbers of its clauses, mutants and cases.
pub(crate) fn summary(corpus: &Corpus, chosen: &[&Mutant], kills: &[Kills]) -> String {
    let mut rows = vec![["clauses of the", "clauses", "mutants", "found", "at must", "cases"].map(Cell::from).to_vec()];
    for (letter, name) in FAMILIES {
        let clauses: Vec<&Clause> = corpus
            .clauses
            .iter()
            .filter(|clause| clause.unobservable.is_none() && id(clause).starts_with(letter))
            .collect();
        let in_family = |mutant: &Mutant| mutant.clauses.iter().any(|clause| clause.starts_with(letter));
        let mutants: Vec<&Kills> = chosen
            .iter()
            .zip(kills)
            .filter(|(mutant, _)| in_family(mutant) && mutant.equivalent.is_none())
            .map(|(_, kills)| kills)
            .collect();
        rows.push(row(name, counts(clauses.len(), &mutants)));
    }
    let observable = corpus.clauses.iter().filter(|clause| clause.unobservable.is_none()).count();
    let all: Vec<&Kills> =
        chosen.iter().zip(kills).filter(|(mutant, _)| mutant.equivalent.is_none()).map(|(_, kills)| kills).collect();
    rows.push(row("all", counts(observable, &all)));
    let number = Side::Right;
    table::lines(&[Side::Left, number, number, number, number, number], &rows).join("\n")
}

fn counts(clauses: usize, mutants: &[&Kills]) -> [usize; 5] {
    let found = mutants.iter().filter(|kills| !kills.is_empty()).count();
    let at_must = mutants.iter().filter(|kills| kills.values().any(|level| *level == Level::Must)).count();
    let cases: BTreeSet<&str> = mutants.iter().flat_map(|kills| kills.keys().map(String::as_str)).collect();
    [clauses, mutants.len(), found, at_must, cases.len()]
}

fn row(name: &str, counts: [usize; 5]) -> Vec<Cell> {
    std::iter::once(Cell::from(name)).chain(counts.map(Cell::from)).collect()
}

fn id(clause: &Clause) -> &str {
    clause.id.get_ref()
}

fn breaking<'a>(
    clause: &'a Clause,
    chosen: &'a [&Mutant],
    kills: &'a [Kills],
) -> impl Iterator<Item = (&'a Mutant, &'a Kills)> {
    chosen.iter().copied().zip(kills).filter(move |(mutant, _)| mutant.clauses.contains(&id(clause)))
}

fn verdict(mutant: &Mutant, kills: &Kills) -> String {
    match kills.values().max() {
        _ if mutant.equivalent.is_some() => "equivalent".to_owned(),
        None => format!("survives            {}", mutant.killed_by),
        Some(level) => {
            let cases = if kills.len() == 1 { "case" } else { "cases" };
            let level = level.to_string();
            format!("{level:6}  {:>3} {cases:5}  {}", kills.len(), mutant.killed_by)
        }
    }
}

/// The cases of one level, grouped, in lines of a readable width.
fn listed<'a>(level: &str, cases: impl Iterator<Item = &'a str>) -> String {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in cases {
        let (group, name) = case.split_once('/').unwrap_or((case, ""));
        groups.entry(group).or_default().push(name);
    }
    let mut text = String::new();
    for (group, names) in groups {
        let mut line = format!("  {level:6}  {group}/");
        for name in names {
            if line.len() + 1 + name.len() > LINE_WIDTH {
                text.push_str(&format!("{}\n", line.trim_end()));
                line = format!("  {level:6}  {group}/");
            }
            line.push_str(&format!(" {name}"));
        }
        text.push_str(&format!("{line}\n"));
    }
    text
}
