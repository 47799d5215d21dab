//! Fixtures: a file of cases by itself, and in a corpus. The first line can name another file: `# spec/effects.toml`.

use super::visible::must_be_lines;
use crate::failure::Failure;
use std::path::Path;
use std::sync::LazyLock;
use trentcheck_core::fixture::{CaseFile, Document, FixtureError, load, print_cases, read};

pub(super) const WORDS: &[&str] = &[
    "[[case]]\n",
    "[group]\n",
    "[case.request]\n",
    "id = ",
    "title = ",
    "clauses = ",
    "supports = ",
    "level = ",
    "\"must\"",
    "editions = ",
    "danger = ",
    "precondition = ",
    "expect = [",
    "{ level = \"must\", answers = [\"200\"] }",
    "after = ",
    "\"\"\"",
    "'''",
    "key-id = ",
    "body-hex = ",
    "framing = ",
    "clock = ",
    "mutation = ",
    "set = { ",
    "states",
    "[[effect]]\n",
    "[[source]]\n",
    "[[passage]]\n",
    "[[precondition]]\n",
    "# spec/effects.toml\n",
    "# targets/x.toml\n",
];

/// The real files of the spec.
static SPEC: LazyLock<Vec<Document>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/spec");
    let read = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy();
        Document { path: format!("spec/{name}"), text: std::fs::read_to_string(path).unwrap() }
    };
    let mut documents: Vec<Document> =
        std::fs::read_dir(folder).unwrap().map(|entry| read(&entry.unwrap().path())).collect();
    // The same inputs find the same things on every machine.
    documents.sort_by(|left, right| left.path.cmp(&right.path));
    documents
});

/// What is loaded and printed is what is loaded again; every finding stands in a line of a file that there is.
pub(super) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let parsed = read::<CaseFile>(text);
    if let Ok(file) = &parsed {
        let printed = print_cases(file);
        let again = read::<CaseFile>(&printed);
        assert_eq!(again.as_ref().ok(), Some(file), "{:?}\n{printed}", again.as_ref().err());
    }
    let path = text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or("cases/fuzz.toml");
    let document = Document { path: path.to_owned(), text: text.to_owned() };
    // The whole spec takes long to load: only for what may be looked at further.
    let is_real = parsed.is_ok() || path != "cases/fuzz.toml" && toml::from_str::<toml::Table>(text).is_ok();
    let mut documents: Vec<Document> = SPEC.iter().filter(|known| known.path != path).cloned().collect();
    if !is_real {
        documents.truncate(1);
    }
    documents.push(document);
    match load(&documents) {
        Ok(corpus) => assert!(corpus.cases.iter().all(|case| corpus.case(case.id()).is_some())),
        Err(FixtureError { findings }) => {
            assert!(!findings.is_empty() && findings.is_sorted());
            for finding in findings {
                assert!(!finding.message.is_empty());
                must_be_lines(&Failure::usage(finding.to_string()).text());
                // The linter also tells which file is missing.
                let Some(known) = documents.iter().find(|known| known.path == finding.path) else { continue };
                assert!((1..=known.text.matches('\n').count() + 1).contains(&finding.line), "{finding}");
            }
        }
    }
}
