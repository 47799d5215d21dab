//! The tables of habits and bugs fit the corpus: what they break are clauses, and what has to find them are cases.

use crate::support::corpus;
use std::path::Path;
use trentcheck_reference::{Foreign, bugs, habits};

#[test]
fn habits_and_bugs_name_clauses_and_cases_that_exist() {
    let corpus = corpus();
    for foreign in habits().iter().chain(bugs()) {
        let mutant = &foreign.mutant;
        for clause in mutant.clauses {
            assert!(corpus.clauses.iter().any(|known| known.id.get_ref() == clause), "{}: {clause}", mutant.name);
        }
        if mutant.equivalent.is_none() {
            let case = corpus.cases.iter().find(|case| case.id() == mutant.killed_by);
            assert!(case.is_some(), "{}: there is no case `{}`", mutant.name, mutant.killed_by);
        }
    }
}

#[test]
fn the_docs_have_the_figures_of_both_tables() {
    let page = |path: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let docs = page("harness/docs/what-the-suite-cannot-see.md");
    let readme = page("README.md").replace('\n', " ");
    // A row that something forbids and that no case finds fails `selfcheck`, so what is found is all of these.
    let figures = |rows: &[Foreign]| {
        let unforbidden = rows.iter().filter(|foreign| foreign.mutant.equivalent.is_some()).count();
        (rows.len() - unforbidden, unforbidden)
    };
    let [habits, bugs] = [figures(habits()), figures(bugs())];
    for (title, (forbidden, unforbidden)) in [("framework habits", habits), ("emulator bugs", bugs)] {
        let front = format!("{title}: {forbidden} of {forbidden} that something forbids, ");
        let end = format!(" at level must; {unforbidden} that nothing forbids");
        let is_there = docs.lines().any(|line| line.starts_with(&front) && line.ends_with(&end));
        assert!(is_there, "the docs lack: {front}…{end}");
    }
    for words in [
        format!("all {} habits of web frameworks that something forbids ({} more are forbidden by", habits.0, habits.1),
        format!("all {} bugs that emulators really had ({} more are forbidden by nothing)", bugs.0, bugs.1),
    ] {
        assert!(readme.contains(&words), "README.md lacks: {words}");
    }
}
