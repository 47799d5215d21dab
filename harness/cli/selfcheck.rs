//! `trentcheck selfcheck`: is a green run worth anything? Every mutant has to be found, and by the case that it names.

use crate::arguments::SelfcheckArguments;
use crate::failure::Failure;
use crate::kill_matrix::{Kills, matrix, summary};
use crate::{corpus, embedded, output};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use trentcheck_core::fixture::{Corpus, Edition, Level, Selection};
use trentcheck_core::report::{CaseReport, ExitCode, Outcome};
use trentcheck_core::run::{Entropy, Options, Permit, Progress, SequenceOf, run};
use trentcheck_core::send::Lane;
use trentcheck_reference::{Config, Mutant, controls, mutants};

/// The reference changes state at once, so that there is little to wait for; a mutant that gets a state wrong would
/// otherwise cost the whole budget in every case.
const SETTLE: Duration = Duration::from_millis(20);

/// Longer than any answer of a mutant on loopback.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Mutants at a time for each core. A replay spends much of its time waiting for the other side.
const MUTANTS_A_CORE: usize = 4;

/// Every replay draws the same material and names from this, so that what is found does not depend on chance.
const SEED: [u8; 32] = *b"trentcheck selfcheck, seed one.\n";

struct Silent;

impl Progress for Silent {
    fn begins(&self, _cases: usize) {}
    fn ended(&self, _case: &CaseReport) {}
}

/// Runs the corpus against every mutant, prints the detection score, and fails if a mutant survives or the case that
/// it names does not find it.
pub(crate) async fn selfcheck(arguments: SelfcheckArguments) -> Result<u8, Failure> {
    let started = Instant::now();
    let corpus = Arc::new(corpus::corpus(None)?);
    let chosen = chosen(&arguments.mutants)?;
    let mut innocent: BTreeMap<Edition, BTreeSet<String>> = BTreeMap::new();
    for edition in Edition::ALL {
        // Cases that only observe may differ from the reference's own choice; they can find nothing.
        let kills = replay(&corpus, config(edition, None), edition, &Selection::default(), SETTLE).await?;
        if let Some((case, _)) = kills.iter().find(|(_, level)| **level > Level::May) {
            return Err(Failure::internal(format!("pass `{case}` on the reference itself")));
        }
        innocent.insert(edition, kills.into_keys().collect());
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let slots = Arc::new(Semaphore::new(arguments.jobs.map_or(MUTANTS_A_CORE * cores, usize::from)));
    let mut running = JoinSet::new();
    for (number, mutant) in chosen.iter().copied().enumerate() {
        let (corpus, slots) = (Arc::clone(&corpus), Arc::clone(&slots));
        if arguments.quick && mutant.equivalent.is_some() {
            continue;
        }
        let selection = match arguments.quick {
            true => Selection { patterns: vec![mutant.killed_by.to_owned()], ..Selection::default() },
            false => Selection::default(),
        };
        running.spawn(async move {
            let _slot = slots.acquire().await;
            let edition = edition_of(mutant);
            (number, replay(&corpus, config(edition, Some(mutant)), edition, &selection, SETTLE).await)
        });
    }
    let mut kills: Vec<Kills> = vec![Kills::new(); chosen.len()];
    while let Some(ended) = running.join_next().await {
        let (number, found) = ended.map_err(|error| Failure::internal(format!("run a mutant: {error}")))?;
        let innocent = &innocent[&edition_of(chosen[number])];
        kills[number] = found?.into_iter().filter(|(case, _)| !innocent.contains(case)).collect();
    }
    if let Some(path) = &arguments.matrix {
        output::to_file(path, &matrix(&corpus, &chosen, &kills))?;
    }
    if let Some(path) = &arguments.kills {
        let found: BTreeMap<&str, &Kills> = chosen.iter().map(|mutant| mutant.name).zip(&kills).collect();
        let text = serde_json::to_string_pretty(&found).map_err(|error| Failure::internal(error.to_string()))?;
        output::to_file(path, &text)?;
    }
    let alarms = match arguments.quick || !arguments.mutants.is_empty() {
        true => Vec::new(),
        false => false_alarms(&corpus).await?,
    };
    Ok(conclude(&arguments, &corpus, &chosen, &kills, alarms, started.elapsed()))
}

pub(crate) fn chosen(patterns: &[String]) -> Result<Vec<&'static Mutant>, Failure> {
    let takes = |pattern: &str, name: &str| match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    };
    for pattern in patterns {
        if !mutants().iter().any(|mutant| takes(pattern, mutant.name)) {
            return Err(Failure::usage(format!("find the mutant `{pattern}`")).hint("`NAME*` takes all that begin so"));
        }
    }
    let is_chosen = |name: &str| patterns.is_empty() || patterns.iter().any(|pattern| takes(pattern, name));
    Ok(mutants().iter().filter(|mutant| is_chosen(mutant.name)).collect())
}

pub(crate) fn edition_of(mutant: &Mutant) -> Edition {
    match mutant.edition {
        trentcheck_reference::Edition::KeyOnly => Edition::KeyOnly,
        trentcheck_reference::Edition::KeyMaterialId => Edition::KeyMaterialId,
    }
}

pub(crate) fn config(edition: Edition, mutant: Option<&'static Mutant>) -> Config {
    Config { edition: embedded::edition_of(edition), mutant, ..Config::default() }
}

/// Runs the corpus against what a conforming server may do, and names whatever diverges all the same.
async fn false_alarms(corpus: &Arc<Corpus>) -> Result<Vec<String>, Failure> {
    let late = Config { consistency_delay: Duration::from_secs(1), ..config(Edition::KeyOnly, None) };
    let slow = Config { latency: Duration::from_millis(100), ..config(Edition::KeyOnly, None) };
    // Waiting costs its time in every case that changes a key, so a few of them stand for all.
    let patterns = ["success/symmetric", "success/disabled", "success/pending-deletion", "effects/import-restores"];
    let some = Selection { patterns: patterns.map(str::to_owned).to_vec(), ..Selection::default() };
    let mut variations = vec![
        ("consistency-after-a-second", late, Edition::KeyOnly, some.clone(), Duration::from_secs(5)),
        ("latency-of-100-ms", slow, Edition::KeyOnly, some, Duration::from_secs(1)),
    ];
    for control in controls() {
        let edition = edition_of(control);
        variations.push((control.name, config(edition, Some(control)), edition, Selection::default(), SETTLE));
    }
    let mut running = JoinSet::new();
    for (name, config, edition, selection, settle) in variations {
        let corpus = Arc::clone(corpus);
        running.spawn(async move { (name, replay(&corpus, config, edition, &selection, settle).await) });
    }
    let mut alarms = Vec::new();
    while let Some(ended) = running.join_next().await {
        let (name, found) = ended.map_err(|error| Failure::internal(format!("run a control: {error}")))?;
        let worst = found?.into_iter().filter(|(_, level)| *level == Level::Must);
        alarms.extend(worst.map(|(case, _)| format!("false alarm: `{case}` diverges on the control {name}")));
    }
    alarms.sort();
    Ok(alarms)
}

async fn replay(
    corpus: &Corpus,
    config: Config,
    edition: Edition,
    selection: &Selection,
    settle: Duration,
) -> Result<Kills, Failure> {
    let (server, target) = embedded::start_as(config, edition, TIMEOUT).await?;
    let entropy = Entropy::new(SEED);
    let options = Options {
        lane: Lane::Wire,
        // One case at a time: with more, it is chance which case gets a key that another one used before, or the first
        // of two answers with the same request id, and what finds a mutant would differ from run to run.
        jobs: 1,
        order: SequenceOf::Corpus,
        fail_on: Level::May,
        settle,
        deadline: Duration::from_secs(60),
        permit: Permit::All,
        clock: Arc::new(SystemTime::now),
        run_id: entropy.run_id(),
        lent: Vec::new(),
        ledger: None,
        entropy,
    };
    let (_stop, stopped) = watch::channel(false);
    let report = run(corpus, selection, &target, &options, &Silent, stopped)
        .await
        .map_err(|error| Failure::internal(error.to_string()))?;
    server.stop().await;
    let strongest = |case: &CaseReport| case.mismatches.iter().map(|mismatch| mismatch.level).max();
    Ok(report
        .cases
        .iter()
        .filter(|case| case.outcome == Outcome::Diverges)
        .filter_map(|case| Some((case.id.clone(), strongest(case)?)))
        .collect())
}

fn conclude(
    arguments: &SelfcheckArguments,
    corpus: &Corpus,
    chosen: &[&Mutant],
    kills: &[Kills],
    alarms: Vec<String>,
    took: Duration,
) -> u8 {
    let mut faults = alarms.len();
    let is_whole = !arguments.quick && arguments.mutants.is_empty();
    let mut lines = alarms;
    if is_whole {
        lines.push(format!(
            "controls: {} variations of a conforming server, {faults} false alarms",
            controls().len() + 2
        ));
    }
    for (mutant, kills) in chosen.iter().zip(kills) {
        if mutant.equivalent.is_some() {
            if let Some(case) = kills.keys().next() {
                faults += 1;
                lines.push(format!("{}: is listed as equivalent, but `{case}` finds it", mutant.name));
            }
        } else if kills.is_empty() {
            faults += 1;
            lines.push(format!("survives: {} ({})", mutant.name, mutant.title));
        } else if !kills.contains_key(mutant.killed_by) {
            faults += 1;
            let found_by: Vec<&str> = kills.keys().take(6).map(String::as_str).collect();
            lines.push(format!(
                "{}: `{}` does not find it, but {}",
                mutant.name,
                mutant.killed_by,
                found_by.join(", ")
            ));
        }
    }
    if is_whole {
        let blind = blind_spots(corpus, chosen, kills);
        faults += blind.len();
        lines.extend(blind);
        lines.push(summary(corpus, chosen, kills));
    }
    let equivalent = chosen.iter().filter(|mutant| mutant.equivalent.is_some()).count();
    let counted = chosen.len() - equivalent;
    let killed = kills.iter().filter(|kills| !kills.is_empty()).count();
    let at_must = kills.iter().filter(|kills| kills.values().any(|level| *level == Level::Must)).count();
    lines.push(format!(
        "detection score: {killed} of {counted} mutants ({:.1} %), {at_must} of them at level must; {equivalent} equivalent; {:.1} s",
        100.0 * killed as f64 / counted.max(1) as f64,
        took.as_secs_f64()
    ));
    output::to_stdout(&lines.join("\n"));
    let code = if faults == 0 { ExitCode::Pass } else { ExitCode::Divergence };
    code as u8
}

/// Clauses without a mutant, and cases that find none: both are checks that nobody has seen fail.
fn blind_spots(corpus: &Corpus, chosen: &[&Mutant], kills: &[Kills]) -> Vec<String> {
    let broken: BTreeSet<&str> = chosen.iter().flat_map(|mutant| mutant.clauses.iter().copied()).collect();
    let useful: BTreeSet<&str> = kills.iter().flat_map(|kills| kills.keys().map(String::as_str)).collect();
    let clauses: Vec<&str> = corpus
        .clauses
        .iter()
        .filter(|clause| clause.unobservable.is_none() && !broken.contains(clause.id.get_ref().as_str()))
        .map(|clause| clause.id.get_ref().as_str())
        .collect();
    let idle = corpus.cases.iter().filter(|case| case.kept.is_none() && !useful.contains(case.id()));
    let busy = corpus.cases.iter().filter(|case| case.kept.is_some() && useful.contains(case.id()));
    let cases: Vec<&str> = idle.map(|case| case.id()).collect();
    let kept: Vec<&str> = busy.map(|case| case.id()).collect();
    let mut lines = Vec::new();
    if !clauses.is_empty() {
        lines.push(format!("{} clauses without a mutant: {}", clauses.len(), clauses.join(" ")));
    }
    if !cases.is_empty() {
        lines.push(format!("{} cases find no mutant: {}", cases.len(), cases.join(" ")));
    }
    if !kept.is_empty() {
        lines.push(format!("{} cases say that they find no mutant, and find one: {}", kept.len(), kept.join(" ")));
    }
    lines
}
