//! Renders which cases test each clause.

use super::table::{self, Cell, Side};
use std::collections::BTreeMap;
use trentcheck_core::fixture::{Case, Clause, Corpus};

/// The amount of detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// A summary by source, and the clauses that cannot be tested.
    Summary,
    /// The summary, and every clause with its cases.
    Full,
}

/// The summary, with the details if the user asked for them.
pub(crate) fn render(corpus: &Corpus, detail: Detail) -> String {
    let mut by_clause: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in &corpus.cases {
        for clause in corpus.clauses_of(case) {
            by_clause.entry(clause).or_default().push(case.id());
        }
    }
    let mut lines = summary(corpus, &by_clause);
    if detail == Detail::Full {
        lines.push(String::new());
        lines.extend(details(corpus, &by_clause));
    } else {
        lines.extend([
            String::new(),
            "hint: `--details` shows every clause with its cases, `--claims` every `must` with what carries it"
                .to_owned(),
        ]);
    }
    lines.join("\n")
}

fn summary(corpus: &Corpus, by_clause: &BTreeMap<&str, Vec<&str>>) -> Vec<String> {
    let everywhere: Vec<&str> = corpus.clauses_of_every_answer().collect();
    let (mut tested, mut open) = (0, Vec::new());
    // By source: the number of clauses, the number of tested clauses, and the cases that test them.
    let mut rows: BTreeMap<&str, (usize, usize, Vec<&str>)> = BTreeMap::new();
    for clause in &corpus.clauses {
        let row = rows.entry(source_of(corpus, clause)).or_default();
        row.0 += 1;
        match &clause.unobservable {
            Some(reason) => open.push(format!("{}  {}\n      {reason}", clause.id.get_ref(), clause.text)),
            None => {
                tested += 1;
                row.1 += 1;
                let id = clause.id.get_ref().as_str();
                match everywhere.contains(&id) {
                    true => row.2.extend(corpus.cases.iter().map(Case::id)),
                    false => row.2.extend(by_clause.get(id).into_iter().flatten()),
                }
            }
        }
    }
    let mut lines = vec![
        format!(
            "{} clauses: {tested} tested, {} cannot be observed from outside (reasons below); {} cases in both editions",
            corpus.clauses.len(),
            open.len(),
            corpus.cases.len()
        ),
        String::new(),
    ];
    let mut table = vec![["clauses", "tested", "cases", "source"].map(Cell::from).to_vec()];
    for (source, (clauses, tested, mut cases)) in rows {
        cases.sort_unstable();
        cases.dedup();
        let title = corpus.source(source).map_or(source, |source| source.title.as_str());
        table.push(vec![clauses.into(), tested.into(), cases.len().into(), title.into()]);
    }
    lines.extend(table::lines(&[Side::Right, Side::Right, Side::Right, Side::Left], &table));
    lines.extend([String::new(), "cannot be observed from outside".to_owned()]);
    lines.extend(open);
    lines
}

/// The source of the first passage that a clause paraphrases.
fn source_of<'a>(corpus: &'a Corpus, clause: &'a Clause) -> &'a str {
    let passage = clause.supports.passages().next().and_then(|id| corpus.passage(id));
    passage.map_or("no source", |passage| &passage.source)
}

fn details(corpus: &Corpus, by_clause: &BTreeMap<&str, Vec<&str>>) -> Vec<String> {
    let everywhere: Vec<&str> = corpus.clauses_of_every_answer().collect();
    let of_clause = |clause: &Clause| {
        let id = clause.id.get_ref().as_str();
        let mut lines = vec![format!("{id}  {}  [{}]", clause.text, clause.supports)];
        if everywhere.contains(&id) {
            lines.push("      every answer".to_owned());
        }
        lines.extend(by_clause.get(id).into_iter().flatten().map(|case| format!("      {case}")));
        lines.extend(clause.unobservable.iter().map(|reason| format!("      cannot be observed: {reason}")));
        lines
    };
    corpus.clauses.iter().flat_map(of_clause).collect()
}
