//! What a test of one case comes to, with everything that a person needs to look into it.

use super::standing::{Standing, Why, in_a_sentence, lines, standing};
use crate::report::{CaseReport, Outcome, RunReport};

/// What a test of one case comes to.
pub(crate) enum OneCase {
    /// It was judged and is right, or it is wrong exactly as listed.
    Passed,
    /// It was not run, for this reason.
    NotRun(String),
    /// It is wrong, or it has no verdict: everything that a person needs to look into it.
    Failed(String),
}

/// What a test of the case of this id comes to.
pub(crate) fn one_case(run: &RunReport, id: &str) -> OneCase {
    let Some(case) = run.cases.iter().find(|case| case.id == id) else {
        return OneCase::Failed(format!("the run has no case `{id}`"));
    };
    let left: Vec<String> = run.left.iter().map(|left| format!("left behind: {left}")).collect();
    match standing(case, run) {
        _ if !left.is_empty() => OneCase::Failed(left.join("\n")),
        Standing::Failed(why) | Standing::Error(why) => OneCase::Failed(whole(&why, case, run)),
        Standing::Skipped(reason) if case.outcome == Outcome::Skipped => OneCase::NotRun(reason),
        Standing::Passed | Standing::Skipped(_) => OneCase::Passed,
    }
}

fn whole(why: &Why, case: &CaseReport, run: &RunReport) -> String {
    let mut text = vec![case.title.clone(), format!("{}: {}", why.kind, why.message)];
    for mismatch in case.failures(run.fail_on) {
        text.push(in_a_sentence(mismatch));
        let clauses = mismatch.clauses.iter().filter_map(|id| run.clauses.get_key_value(id));
        text.extend(clauses.map(|(id, clause)| format!("    clause {id}: {}", clause.text)));
        text.extend(mismatch.hint.iter().map(|hint| format!("    hint: {hint}")));
    }
    text.extend(case.exchanges.iter().flat_map(lines));
    text.extend(run.notices.iter().map(|notice| format!("! {notice}")));
    text.push(format!("repeat: {}", case.repeat));
    text.join("\n")
}
