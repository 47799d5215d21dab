//! The tables of habits and bugs fit the corpus: what they break are clauses, and what has to find them are cases.

use crate::support::corpus;
use trentcheck_reference::{bugs, habits};

#[test]
fn habits_and_bugs_name_clauses_and_cases_that_exist() {
    let corpus = corpus();
    for foreign in habits().iter().chain(bugs()) {
        let mutant = &foreign.mutant;
        for clause in mutant.clauses {
            assert!(corpus.clauses.iter().any(|known| known.id.get_ref() == clause), "{}: {clause}", mutant.name);
        }
        if !mutant.killed_by.is_empty() {
            let case = corpus.cases.iter().find(|case| case.id() == mutant.killed_by);
            assert!(case.is_some(), "{}: there is no case `{}`", mutant.name, mutant.killed_by);
        }
    }
}
