//! `trentcheck coverage`: which cases test each clause.

use crate::corpus::corpus;
use crate::failure::Failure;
use crate::output::to_stdout;
use std::collections::BTreeMap;
use std::path::Path;
use trentcheck_core::report::ExitCode;

/// Prints a line a clause with its cases, or with the reason why there are none.
pub(crate) fn coverage(fixtures: Option<&Path>) -> Result<u8, Failure> {
    let corpus = corpus(fixtures)?;
    let mut by_clause: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in &corpus.cases {
        for clause in corpus.clauses_of(case) {
            by_clause.entry(clause).or_default().push(case.id());
        }
    }
    let everywhere: Vec<&str> = corpus.clauses_of_every_answer().collect();
    let (mut covered, mut reasoned) = (0, 0);
    let mut lines = Vec::new();
    for clause in &corpus.clauses {
        let id = clause.id.get_ref().as_str();
        let confidence = corpus.source(&clause.source).map(|source| source.confidence.as_str()).unwrap_or_default();
        lines.push(format!("{id}  {}  [{}, {confidence}]", clause.text, clause.source));
        let cases = by_clause.get(id).map(Vec::as_slice).unwrap_or_default();
        if everywhere.contains(&id) {
            lines.push("      every answer".to_owned());
        }
        lines.extend(cases.iter().map(|case| format!("      {case}")));
        match &clause.unobservable {
            Some(reason) => {
                reasoned += 1;
                lines.push(format!("      not observable: {reason}"));
            }
            None => covered += 1,
        }
    }
    lines.push(String::new());
    lines.push(format!(
        "{} clauses: {covered} tested, {reasoned} not observable from outside with a reason; {} cases",
        corpus.clauses.len(),
        corpus.cases.len()
    ));
    to_stdout(&lines.join("\n"));
    Ok(ExitCode::Pass as u8)
}
