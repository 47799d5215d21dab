//! The tables of habits and bugs fit the corpus: what they break are clauses, and what has to find them are cases.

use crate::support::corpus;
use std::path::Path;
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

#[test]
fn the_docs_have_the_figures_of_the_table_of_habits() {
    let unforbidden = habits().iter().filter(|foreign| foreign.mutant.equivalent.is_some()).count();
    let forbidden = habits().len() - unforbidden;
    let page = |path: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    // A habit that something forbids and that no case finds fails `selfcheck`, so both numbers are the same.
    let docs = page("harness/docs/what-the-suite-cannot-see.md");
    for words in [
        format!("framework habits: {forbidden} of {forbidden} that something forbids"),
        format!("; {unforbidden} that nothing forbids"),
    ] {
        assert!(docs.contains(&words), "the docs lack: {words}");
    }
    let readme = page("README.md").replace('\n', " ");
    for words in
        [format!("all {forbidden} habits of web frameworks"), format!("{unforbidden} more are forbidden by nothing")]
    {
        assert!(readme.contains(&words), "README.md lacks: {words}");
    }
}
