//! Presets: each fact with the sources that say so.

use super::style::{BOLD, DIM};
use super::table::{Cell, Side, lines};
use trentcheck_core::fixture::{Evidence, EvidenceKind, Exclusion, KnownFact, Lack, Preset, SecondAccount, Way, When};

/// Presets, one below the other.
pub(crate) fn render(presets: &[&Preset]) -> String {
    let mut all: Vec<String> = presets.iter().map(|preset| one(preset)).collect();
    all.push("`--preset NAME` uses one. Off loopback a preset gives only the edition and what it excludes.".to_owned());
    all.join("\n\n")
}

fn one(preset: &Preset) -> String {
    let how = match &preset.tried {
        Some(version) => format!("version {version} was run here"),
        None => "from its documentation, not run here".to_owned(),
    };
    let head = format!("{BOLD}{}{BOLD:#}: {}; {how}", preset.name(), preset.title);
    let mut rows = vec![fact("start", Some(&preset.start)), fact("endpoint", Some(&preset.endpoint))];
    rows.push(fact("edition", preset.edition.as_ref()));
    rows.push(fact("region", preset.region.as_ref()));
    rows.push(fact("account", preset.account.as_ref()));
    rows.push(second_account(preset.second_account.as_ref()));
    rows.push(lack(preset.no_such_operation.as_ref()));
    for (name, file) in [("ca", &preset.ca), ("credentials", &preset.credentials)] {
        rows.extend(file.as_ref().map(|file| fact(name, Some(file))));
    }
    rows.extend(preset.excludes.iter().map(exclusion));
    rows.extend(preset.sources.iter().map(source));
    let table = lines(&[Side::Left; 2], &rows);
    std::iter::once(head).chain(table.into_iter().map(|line| format!("  {line}"))).collect::<Vec<_>>().join("\n")
}

fn fact<T: std::fmt::Display>(name: &str, fact: Option<&KnownFact<T>>) -> Vec<Cell> {
    match fact {
        Some(KnownFact { is, from, note }) => row(name, &is.to_string(), note.as_deref(), from),
        None => unknown(name),
    }
}

fn second_account(second: Option<&SecondAccount>) -> Vec<Cell> {
    match second {
        Some(SecondAccount { is, by: Way::AccessKeyId, from, note }) => {
            row("second-account", &format!("{is}, by the access key id {is}"), note.as_deref(), from)
        }
        None => unknown("second-account"),
    }
}

fn lack(lack: Option<&Lack>) -> Vec<Cell> {
    match lack {
        Some(Lack { status, error_type, from, note }) => {
            let answer = match error_type {
                Some(name) => format!("{status} {name}"),
                None => format!("{status} without an error type"),
            };
            row("no-such-operation", &answer, note.as_deref(), from)
        }
        None => unknown("no-such-operation"),
    }
}

fn exclusion(exclusion: &Exclusion) -> Vec<Cell> {
    let cases = exclusion.cases.iter().map(ToString::to_string);
    let preconditions: Vec<String> = exclusion.preconditions.iter().map(|glob| format!("`{glob}`")).collect();
    let starts = (!preconditions.is_empty()).then(|| format!("cases that start from {}", preconditions.join(", ")));
    let mut what = cases.chain(starts).collect::<Vec<_>>().join(", ");
    if exclusion.when == When::NoCredentials {
        what.push_str(", if it wrote no credentials");
    }
    row("excludes", &format!("{what}: {}", exclusion.reason), None, &exclusion.from)
}

fn source(source: &Evidence) -> Vec<Cell> {
    let kind = match source.kind {
        EvidenceKind::Documentation => "",
        EvidenceKind::Code => "source code: ",
        EvidenceKind::Report => "a report: ",
        EvidenceKind::Try => "tried: ",
    };
    let link = source.link.as_ref().map(|link| format!(", {link}")).unwrap_or_default();
    let what = format!("{}: {kind}{}, {}{link}", source.id, source.title, source.date);
    vec![Cell::styled("source", DIM), Cell::styled(what, DIM)]
}

fn unknown(name: &str) -> Vec<Cell> {
    vec![Cell::from(name), Cell::styled("not known", DIM)]
}

fn row(name: &str, is: &str, note: Option<&str>, from: &[String]) -> Vec<Cell> {
    let is = note.map_or_else(|| is.to_owned(), |note| format!("{is} ({note})"));
    vec![Cell::from(name), Cell::from(format!("{is} [{}]", from.join(", ")))]
}
