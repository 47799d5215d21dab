//! Loads the fixtures, which are built in or read from a directory.

use crate::arguments::Cases;
use crate::edge::failure::Failure;
use std::path::Path;
use trentcheck_core::file::read_text;
use trentcheck_core::fixture::{
    Corpus, Document, Glob, GlobError, Level, Selection, Slow, built_in, load, load_built_in, names,
};

/// Bytes of a file that is read.
const LARGEST: u64 = 16 << 20;

/// The folder of recorded facts. Fixtures of a directory need not have it.
const RECORDED: &str = "recorded";

/// The corpus, checked.
pub(crate) fn corpus(directory: Option<&Path>) -> Result<Corpus, Failure> {
    match directory {
        Some(directory) => loaded(&read(directory)?),
        // `cargo run` is how cases are written: it checks them, although the tests do so too.
        None if cfg!(debug_assertions) => loaded(&built_in()),
        None => Ok(load_built_in()),
    }
}

/// The corpus, checked. If a file of recorded facts is given, they replace those of the fixtures.
pub(crate) fn corpus_with(directory: Option<&Path>, recorded: Option<&Path>) -> Result<Corpus, Failure> {
    let Some(file) = recorded else { return corpus(directory) };
    let text = read_text(file, LARGEST)
        .map_err(|error| Failure::usage(format!("read the recorded facts in `{}`: {error}", file.display())))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let path = format!("{RECORDED}/{}.toml", name.trim_end_matches(".toml"));
    let mut documents = documents(directory)?;
    documents.retain(|document| document.path != path);
    // The corpus holds its recordings in the order of their paths.
    let before = documents.iter().filter(|document| document.path < path && is_recorded(&document.path)).count();
    documents.push(Document { path, text });
    let mut corpus = loaded(&documents)?;
    corpus.recordings = corpus.recordings.into_iter().skip(before).take(1).collect();
    Ok(corpus)
}

fn is_recorded(path: &str) -> bool {
    path.starts_with(RECORDED) && path.ends_with(".toml")
}

fn loaded(documents: &[Document]) -> Result<Corpus, Failure> {
    load(documents).map_err(|error| Failure::usage(error.to_string()).hint("`fixtures/README.md` explains the format"))
}

fn documents(directory: Option<&Path>) -> Result<Vec<Document>, Failure> {
    Ok(match directory {
        Some(directory) => read(directory)?,
        None => built_in(),
    })
}

fn read(directory: &Path) -> Result<Vec<Document>, Failure> {
    let wrong = |path: &Path, error| Failure::usage(format!("read the fixtures in `{}`: {error}", path.display()));
    let mut documents = Vec::new();
    for part in ["spec", "cases", "targets", RECORDED] {
        let folder = directory.join(part);
        // A corpus need not know any kind of target, nor any recording.
        if ["targets", RECORDED].contains(&part) && !folder.exists() {
            continue;
        }
        for entry in std::fs::read_dir(&folder).map_err(|error| wrong(&folder, error))? {
            let path = entry.map_err(|error| wrong(&folder, error))?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = read_text(&path, LARGEST).map_err(|error| wrong(&path, error))?;
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                documents.push(Document { path: format!("{part}/{name}"), text });
            }
        }
    }
    Ok(documents)
}

/// The selected cases. `@FILE` arguments are read, and unknown names are errors.
pub(crate) fn selection(cases: &Cases, corpus: &Corpus) -> Result<Selection, Failure> {
    let levels = expand(&cases.level)?
        .iter()
        .map(|word| word.parse::<Level>().map_err(|error| Failure::usage(format!("read `--level`: {error}"))))
        .collect::<Result<_, _>>()?;
    let selection = Selection {
        patterns: globs(&cases.patterns)?,
        tags: expand(&cases.tag)?,
        levels,
        skip: globs(&cases.skip)?,
        slow: if cases.slow { Slow::All } else { Slow::Named },
    };
    match selection.check(corpus) {
        Ok(()) => Ok(selection),
        Err(error) => Err(Failure::usage(error.to_string())),
    }
}

fn globs(words: &[String]) -> Result<Vec<Glob>, Failure> {
    expand(words)?
        .iter()
        .map(|word| word.parse().map_err(|error: GlobError| Failure::usage(error.to_string())))
        .collect()
}

fn expand(words: &[String]) -> Result<Vec<String>, Failure> {
    let mut expanded = Vec::new();
    for word in words {
        let Some(path) = word.strip_prefix('@') else {
            expanded.push(word.clone());
            continue;
        };
        let text =
            read_text(path.as_ref(), LARGEST).map_err(|error| Failure::usage(format!("read `{path}`: {error}")))?;
        expanded.extend(names(&text).map(|(_, name)| name.to_owned()));
    }
    Ok(expanded)
}
