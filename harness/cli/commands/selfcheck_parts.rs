//! `selfcheck --join`: what the parts of a check found, each in its file, as one.

use crate::edge::failure::Failure;
use crate::render::kill_matrix::Kills;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use trentcheck_core::file::read_text;
use trentcheck_core::fixture::Corpus;

/// The most bytes of a file: a whole check writes less than one MiB.
const LARGEST: u64 = 64 << 20;

/// The cases that diverge at each mutant and control, by the name of the server.
pub(super) type Found = BTreeMap<String, Kills>;

/// What has to be the same in all parts of a check.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kind {
    /// The digest of the corpus.
    pub(super) corpus: String,
    /// Whether each mutant met only the case that it names.
    pub(super) quick: bool,
}

/// What `--kills` writes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Part {
    #[serde(flatten)]
    pub(super) kind: Kind,
    pub(super) found: Found,
}

/// Joins the files that `--kills` wrote for the parts of a check of this kind.
///
/// # Errors
///
/// A file cannot be read or is of another check, two of them have the same server, or together they do not have exactly these
/// servers.
pub(super) fn joined(
    files: &[PathBuf],
    corpus: &Corpus,
    servers: &BTreeSet<&'static str>,
    kind: &Kind,
) -> Result<Found, Failure> {
    let mut all = Found::new();
    let mut from: BTreeMap<String, &Path> = BTreeMap::new();
    for file in files {
        let part = read(file)?;
        if part.kind != *kind {
            let how = match (part.kind.corpus == kind.corpus, part.kind.quick) {
                (false, _) => "with another corpus",
                (true, true) => "with `--quick`",
                (true, false) => "without `--quick`",
            };
            return Err(Failure::rule(format!("`{}` is no part of this check: it was written {how}", file.display())));
        }
        for (name, kills) in part.found {
            let is_unknown = |case: &&String| corpus.case(case).is_none();
            let foreign = match (servers.contains(name.as_str()), kills.keys().find(is_unknown)) {
                (false, _) => Some(format!("the server `{name}`")),
                (true, Some(case)) => Some(format!("the case `{case}`")),
                (true, None) => None,
            };
            if let Some(foreign) = foreign {
                let file = file.display();
                return Err(Failure::rule(format!("`{file}` is no part of this check: it has {foreign}, which this check lacks"))
                    .hint("join with the version of trentcheck that wrote the parts, and give their names, `--set` and `--quick`"));
            }
            if let Some(other) = from.insert(name.clone(), file) {
                let (other, file) = (other.display(), file.display());
                return Err(Failure::rule(format!("the parts overlap: `{other}` and `{file}` both have `{name}`")));
            }
            all.insert(name, kills);
        }
    }
    let missing: Vec<&str> = servers.iter().copied().filter(|name| !all.contains_key(*name)).collect();
    match missing.first() {
        None => Ok(all),
        Some(first) => Err(Failure::rule(format!(
            "the parts are not the whole: {} of {} servers are in none of them, such as `{first}`",
            missing.len(),
            servers.len()
        ))
        .hint("give the files of all parts, `hash:1/N` to `hash:N/N`")),
    }
}

fn read(file: &Path) -> Result<Part, Failure> {
    let failed = |why: String| {
        Failure::usage(format!("read the part `{}`: {why}", file.display()))
            .hint("`trentcheck selfcheck --partition hash:M/N --kills FILE` writes it")
    };
    let text = read_text(file, LARGEST).map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
}
