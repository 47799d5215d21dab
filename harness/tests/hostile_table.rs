//! Whatever a target does, row by row: the verdict is one that the table allows, in bounded time and memory, nothing
//! raw or secret is shown, nobody else is asked, and the other cases of the run are unharmed.
//!
//! `cargo test --test integration hostile_table -- --nocapture` prints the table; `TRENTCHECK_HOSTILE=chunk/` chooses rows.

use crate::support::client::client_of;
use crate::support::command::{program, tested};
use crate::support::hostile::tls::{NAME, Server, Wrong};
use crate::support::hostile::{By, Hostile, Row, rows};
use crate::support::scratch::Scratch;
use crate::support::service::ACCOUNT;
use crate::support::{complaints, config, corpus, options, reference, replay};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use trentcheck_core::fixture::{Corpus, Edition, Level, PrincipalName};
use trentcheck_core::report::{ExitCode, Outcome};
use trentcheck_core::run::{Options, Permit, Target};
use trentcheck_core::send::{Endpoint, Tls};

/// The time limit of an exchange at a server that never ends its answers, and at any other.
const SHORT: Duration = Duration::from_secs(2);
const LONG: Duration = Duration::from_secs(20);

/// No row may take longer; far more than the slowest does on a machine with other work.
const BOUND: Duration = Duration::from_secs(60);

/// The most data of a process that judges large answers, with the stacks of its threads.
const MEMORY_KIB: u64 = 64 * 1024;

/// The fewest rows that the table has.
const ROWS: usize = 790;

/// The largest report of a run, in bytes.
const REPORT: usize = 8 << 20;

/// What a run at one row came to.
#[derive(Default)]
struct Seen {
    outcomes: BTreeMap<String, Outcome>,
    took: Duration,
    /// The most memory that was seen in use, in KiB.
    peak: u64,
    /// What was found, or why there is no verdict, for the last case that was hit.
    why: String,
    /// Why it did not survive.
    wrong: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_survived() {
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let canary_at = canary.local_addr().unwrap().to_string();
    let chosen = std::env::var("TRENTCHECK_HOSTILE").unwrap_or_default();
    let mut rows = rows();
    assert!(rows.len() >= ROWS, "{} rows", rows.len());
    rows.retain(|row| row.name.starts_with(&chosen));
    // Those that only wait go first, and wait while the others work.
    rows.sort_by_key(|row| !row.of.silent);
    let corpus = Arc::new(corpus());
    let [waiting, working] = [16, 4].map(|many| Arc::new(Semaphore::new(many)));
    let mut runs = JoinSet::new();
    for row in rows {
        let turns = Arc::clone(if row.of.silent { &waiting } else { &working });
        let (corpus, canary_at) = (Arc::clone(&corpus), canary_at.clone());
        runs.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            let seen = seen(&row, &corpus, canary_at).await;
            (row, seen)
        });
    }
    let mut all: Vec<(Row, Seen)> = Vec::new();
    while let Some(ended) = runs.join_next().await {
        all.push(ended.unwrap());
    }
    all.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
    let table = table(&all);
    #[expect(clippy::print_stdout, reason = "shown by `--nocapture`")]
    {
        println!("{table}");
    }
    let asked = tokio::time::timeout(Duration::ZERO, canary.accept()).await;
    assert!(asked.is_err(), "somebody asked the canary");
    let failed: Vec<String> = all
        .iter()
        .filter(|(_, seen)| !seen.wrong.is_empty())
        .map(|(row, seen)| format!("{}: {}", row.name, seen.wrong.join("\n    ")))
        .collect();
    assert!(failed.is_empty(), "{} of {} rows:\n{}", failed.len(), all.len(), failed.join("\n"));
}

fn table(all: &[(Row, Seen)]) -> String {
    let mut table = String::new();
    for (row, seen) in all {
        let outcomes: Vec<&str> = seen.outcomes.values().map(|outcome| outcome.as_str()).collect();
        let verdict = if seen.wrong.is_empty() { "survived" } else { "FAILED" };
        let _ = writeln!(
            table,
            "{:<52} {verdict:<8} {:>6} ms {:>6} KiB  {}: {:.100}",
            row.name,
            seen.took.as_millis(),
            seen.peak,
            outcomes.join(" "),
            seen.why
        );
    }
    let survived = all.iter().filter(|(_, seen)| seen.wrong.is_empty()).count();
    let slowest = all.iter().max_by_key(|(_, seen)| seen.took);
    let largest = all.iter().max_by_key(|(_, seen)| seen.peak);
    let _ = write!(table, "{survived} of {} rows survived", all.len());
    if let (Some((slow, took)), Some((large, peak))) = (slowest, largest) {
        let _ = write!(
            table,
            "; slowest {} ({} ms); most memory {} ({} KiB)",
            slow.name,
            took.took.as_millis(),
            large.name,
            peak.peak
        );
    }
    table
}

/// A server of this row before a reference of its own, and a run there.
async fn seen(row: &Row, corpus: &Corpus, canary: String) -> Seen {
    let (reference, mut target) = reference(config(Edition::KeyOnly)).await;
    let primary = reference.config().principals[0].clone();
    let mut values: BTreeMap<&str, String> = BTreeMap::from([
        ("CANARY", canary),
        ("SECRET", primary.secret_access_key.clone()),
        ("ACCESS", primary.access_key_id.clone()),
        ("VICTIM", String::new()),
        ("FOREIGN", include_str!("public-key.pem").lines().filter(|line| !line.starts_with('-')).collect()),
    ]);
    if row.mentions("VICTIM") {
        let victim = client_of(&reference, "primary").create_key().description("payroll").send().await.unwrap();
        values.insert("VICTIM", victim.key_metadata.unwrap().key_id);
    }
    let victim = values["VICTIM"].clone();
    // A mistake in the table must not look like a server that breaks off.
    let known: Vec<&str> = values.keys().copied().chain(["NOW", "KEY", "UUID", "ABSENT"]).collect();
    for name in row.texts().flat_map(|text| text.split('@').skip(1).step_by(2)) {
        assert!(name.contains('*') || name.starts_with("x:") || known.contains(&name), "{}: `@{name:.50}@`", row.name);
    }
    let (tls, trusted) = row.tls.map(Server::new).unzip();
    let tls = tls.filter(|_| row.tls != Some(Wrong::Absent));
    let hostile = Hostile::start(row.script(), Some(reference.address()), values, tls).await;
    let is_https = row.tls.is_some_and(|wrong| wrong != Wrong::Unexpected);
    let url = match is_https {
        true => format!("https://{NAME}:{}", hostile.address.port()),
        false => format!("http://{}", hostile.address),
    };
    let limit = if row.of.silent { SHORT } else { LONG };
    let started = Instant::now();
    let mut seen = match row.of.by {
        By::Library => {
            target.endpoint = Endpoint::parse(&url).unwrap();
            target.elsewhere = None;
            // The others sign nothing here, and each makes a run's start longer.
            target.principals.retain(|name, _| *name == PrincipalName::Primary);
            target.account = Some(ACCOUNT.to_owned());
            target.limits.exchange = limit;
            target.limits.connect = limit;
            target.tls = Tls { ca_pem: trusted, resolve: is_https.then_some(hostile.address), ..Tls::default() };
            by_library(row, corpus, &target).await
        }
        by => by_command(row, &url, limit, by).await,
    };
    seen.took = started.elapsed();
    if seen.took > BOUND {
        seen.wrong.push(format!("it took {:?}", seen.took));
    }
    let touched = hostile.calls().into_iter().filter(|(operation, body)| {
        !victim.is_empty() && body.contains(&victim) && !LOOKS.contains(&operation.as_str())
    });
    seen.wrong.extend(touched.map(|(operation, _)| format!("{operation} was sent for somebody else's key")));
    if !seen.wrong.is_empty() {
        seen.wrong.push(format!("calls: {:.1500?}", hostile.calls()));
    }
    seen
}

/// Calls that change nothing.
const LOOKS: [&str; 3] = ["DescribeKey", "ListKeys", "ListResourceTags"];

async fn by_library(row: &Row, corpus: &Corpus, target: &Target) -> Seen {
    let options = Options { fail_on: Level::Must, permit: Permit::Owned, deadline: BOUND, ..options(1) };
    let cases: Vec<&str> = row.of.hits.iter().chain(&row.of.spares).map(String::as_str).collect();
    let mut seen = Seen::default();
    let Ok(report) = tokio::time::timeout(BOUND * 2, replay(corpus, &cases, target, &options)).await else {
        seen.wrong.push(format!("the run did not end within {:?}", BOUND * 2));
        return seen;
    };
    if report.exit_codes.contains(&ExitCode::Internal) {
        seen.wrong.push("an internal error".to_owned());
    }
    let told = serde_json::to_value(&report).unwrap();
    check_secrets(&told.to_string(), &mut seen.wrong);
    seen.read(row, &told, &format!("{:?} {}", report.notices, complaints(&report).join(" · ")));
    seen
}

impl Seen {
    /// Reads a report; `told` is what is said where an outcome is not allowed.
    fn read(&mut self, row: &Row, report: &Value, told: &str) {
        check_strings(report, &mut self.wrong);
        for case in report["cases"].as_array().unwrap() {
            let id = case["id"].as_str().unwrap();
            let outcome = serde_json::from_value(case["outcome"].clone()).unwrap();
            let allowed =
                if row.of.spares.iter().any(|spared| spared == id) { &[Outcome::Pass][..] } else { &row.allow };
            if !allowed.contains(&outcome) {
                self.wrong.push(format!("{id} {}: {told:.1500}", outcome.as_str()));
            }
            self.outcomes.insert(id.to_owned(), outcome);
            if row.of.hits.last().is_some_and(|last| last == id) {
                let found = &case["mismatches"][0];
                let found = [&case["reason"], &found["found"]].map(Value::to_string);
                self.why = found.into_iter().filter(|found| found != "null").collect::<Vec<_>>().join(" ");
            }
        }
        let named = row.of.hits.iter().chain(&row.of.spares);
        self.wrong.extend(named.filter(|id| !self.outcomes.contains_key(*id)).map(|id| format!("{id} has no outcome")));
    }
}

async fn by_command(row: &Row, url: &str, limit: Duration, by: By) -> Seen {
    let folder = Scratch::new();
    let report = folder.file("report.json");
    let (stdout, stderr) = (folder.file("stdout"), folder.file("stderr"));
    let limited = format!("ulimit -d {MEMORY_KIB}; exec \"$0\" \"$@\"");
    let mut words = vec!["run".to_owned(), "--endpoint".to_owned(), url.to_owned()];
    words.extend(row.of.hits.iter().chain(&row.of.spares).cloned());
    words.extend(["--report".to_owned(), format!("json={report}"), "--timeout".to_owned()]);
    words.extend([format!("{}s", limit.as_secs()), "--settle".to_owned(), "200ms".to_owned()]);
    let mut command = match by {
        By::SmallCommand => {
            let mut command = program("sh", folder.path(), &[("MALLOC_ARENA_MAX", "2")]);
            command.args(["-c", &limited, tested()]);
            command
        }
        _ => program(tested(), folder.path(), &[]),
    };
    command.args(words).stdout(File::create(&stdout).unwrap()).stderr(File::create(&stderr).unwrap());
    let (status, peak) = tokio::task::spawn_blocking(move || ended(&mut command)).await.unwrap();
    let mut seen = Seen { peak, ..Seen::default() };
    let mut told = String::new();
    for name in ["stdout", "stderr"] {
        match String::from_utf8(std::fs::read(folder.path().join(name)).unwrap()) {
            Ok(text) => told.push_str(&text),
            Err(_) => seen.wrong.push(format!("{name} is no UTF-8")),
        }
    }
    check_terminal(&told, &mut seen.wrong);
    check_secrets(&told, &mut seen.wrong);
    let Ok(report) = std::fs::read_to_string(report) else {
        seen.wrong.push(format!("there is no report, and it ended with {status:?}: {told:.1500}"));
        return seen;
    };
    check_secrets(&report, &mut seen.wrong);
    if report.len() > REPORT {
        seen.wrong.push(format!("the report has {} bytes", report.len()));
    }
    let report: Value = serde_json::from_str(&report).unwrap();
    let stated = report["exit_code"].as_i64();
    let is_allowed = stated.is_some_and(|code| row.of.exit.map_or((0..=6).contains(&code), |exit| exit == code));
    if !is_allowed || status.map(i64::from) != stated {
        seen.wrong.push(format!("it ended with {status:?}, and its report says {stated:?}: {told:.1500}"));
    }
    seen.read(row, &report["runs"][0], &told);
    seen
}

/// Runs a command to its end; its exit status and the most memory that was seen in use, in KiB.
fn ended(command: &mut Command) -> (Option<i32>, u64) {
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let started = Instant::now();
    let mut peak = 0;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), peak);
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let used =
            text.lines().find_map(|line| line.strip_prefix("RssAnon:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(used.unwrap_or_default());
        if started.elapsed() > BOUND * 2 {
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Nothing of a target is raw, and no line is a command for a CI service.
fn check_terminal(told: &str, wrong: &mut Vec<String>) {
    if let Some(letter) = told.chars().find(|letter| *letter != '\n' && is_raw(*letter)) {
        wrong.push(format!("the terminal shows {letter:?}"));
    }
    let is_command = |line: &&str| CI.iter().any(|start| line.trim_start().starts_with(start));
    wrong.extend(told.lines().find(is_command).map(|line| format!("a line is a CI command: {line:.200}")));
}

/// How commands for CI services begin.
const CI: [&str; 4] = ["::", "##vso", "##[", "##teamcity"];

/// Whether a character does something to a terminal, or cannot be seen.
fn is_raw(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// No text of a report holds anything raw.
fn check_strings(value: &Value, wrong: &mut Vec<String>) {
    match value {
        Value::String(text) if text.chars().any(|letter| letter != '\n' && is_raw(letter)) => {
            wrong.push(format!("the report holds {text:.200?}"));
        }
        Value::Array(all) => all.iter().for_each(|one| check_strings(one, wrong)),
        Value::Object(all) => all.iter().for_each(|(name, one)| {
            check_strings(&Value::String(name.clone()), wrong);
            check_strings(one, wrong);
        }),
        _ => {}
    }
}

/// No secret of the run is in an output, nor the middle of it in base64.
fn check_secrets(told: &str, wrong: &mut Vec<String>) {
    const SECRETS: [&str; 4] = [
        "trentcheck-dummy-secret-primary",
        "AKIDTRENTCHECK000001",
        "dHJlbnRjaGVjay1kdW1teS1zZWNyZXQtcHJpbWFyeQ",
        "7472656e74636865636b2d64756d6d792d736563726574",
    ];
    let told = told.to_lowercase();
    wrong.extend(
        SECRETS
            .iter()
            .filter(|secret| told.contains(&secret.to_lowercase()))
            .map(|secret| format!("{secret} is shown")),
    );
}
