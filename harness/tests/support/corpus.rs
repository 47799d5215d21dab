//! The corpus of `fixtures/`.

use std::path::Path;
use trentcheck_core::fixture::{Corpus, Document, load};

/// The documents of `fixtures/`.
pub(crate) fn documents() -> Vec<Document> {
    // Packages in several folders share this file.
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let root = above.map(|folder| folder.join("fixtures")).find(|fixtures| fixtures.is_dir()).unwrap();
    let mut documents = Vec::new();
    for part in ["spec", "cases", "targets", "recorded"] {
        for entry in std::fs::read_dir(root.join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            documents.push(Document { path: format!("{part}/{name}"), text: std::fs::read_to_string(&path).unwrap() });
        }
    }
    documents
}

/// The corpus of `fixtures/`.
#[track_caller]
pub(crate) fn corpus() -> Corpus {
    load(&documents()).unwrap_or_else(|error| panic!("failed to {error}"))
}
