//! `trentcheck selfcheck`: is a green run worth anything? Every mutant has to be found, and by the case that it names.

use super::selfcheck_parts::{Found, Kind, Part, joined};
use super::selfcheck_reach::{MutantsByCase, Reach, cases};
use super::wrong_servers::{WrongServer, chosen, edition_of};
use crate::arguments::{SelfcheckArguments, ServerSet};
use crate::edge::cores::{cores, spread};
use crate::edge::failure::Failure;
use crate::edge::output;
use crate::edge::progress::Line;
use crate::render::kill_matrix::{Kills, matrix, summary};
use crate::setup::corpus;
use crate::setup::embedded;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use trentcheck_core::fixture::{Corpus, Edition, Level, Partition, Selection};
use trentcheck_core::report::{CaseRan, ExitCode, Outcome};
use trentcheck_core::run::{Detail, Entropy, Options, run};
use trentcheck_reference::{Config, Mutant, bugs, controls, habits};

/// The reference changes state at once, so that there is little to wait for; a mutant that gets a state wrong would
/// otherwise cost the whole budget in every case.
const SETTLE: Duration = Duration::from_millis(20);

/// Every replay rotates keys and waits for it.
const ROTATION: Duration = Duration::from_millis(20);

/// Longer than any answer of a mutant on loopback.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Longer than any replay takes on a machine that is busy: a mutant does not survive because its last cases were not run.
const DEADLINE: Duration = Duration::from_secs(600);

/// Mutants at a time for each core. A replay spends much of its time waiting for the other side.
const MUTANTS_A_CORE: usize = 8;

/// Every replay draws the same material and names from this, so that what is found does not depend on chance.
const SEED: [u8; 32] = *b"trentcheck selfcheck, seed one.\n";

/// Runs the corpus against every mutant, prints the scores, and fails if a mutant survives that something forbids, or the
/// case that it names does not find it.
pub(crate) async fn selfcheck(arguments: SelfcheckArguments) -> Result<u8, Failure> {
    let started = Instant::now();
    let corpus = Arc::new(corpus::corpus(None)?);
    let sets = match arguments.set {
        Some(set) => vec![set],
        None => vec![ServerSet::Own, ServerSet::Habits, ServerSet::Bugs],
    };
    if arguments.matrix.is_some() && !sets.contains(&ServerSet::Own) {
        return Err(Failure::rule("`--matrix` needs our own mutants").hint("leave out `--set`, or use `--set own`"));
    }
    let is_whole = !arguments.quick && arguments.mutants.is_empty();
    let has_controls = match arguments.set {
        None | Some(ServerSet::Own) => is_whole,
        Some(ServerSet::Controls) => true,
        Some(ServerSet::Habits | ServerSet::Bugs) => false,
    };
    let part = arguments.partition;
    let is_taken = |name: &str| part.is_none_or(|part| part.takes(name));
    let mut chosen = chosen(&arguments.mutants, &sets)?;
    chosen.retain(|server| is_taken(server.mutant.name));
    let mut controls = if has_controls { variations(&corpus) } else { Vec::new() };
    controls.retain(|control| is_taken(control.subject.name()));
    if chosen.is_empty() && controls.is_empty() {
        output::to_stdout("nothing was run: this part has none of the mutants");
        return Ok(ExitCode::NothingRun as u8);
    }
    let controlled: Vec<&'static str> = controls.iter().map(|control| control.subject.name()).collect();
    let kind = Kind { corpus: corpus.digest.clone(), quick: arguments.quick };
    let (found, unreached) = match arguments.join.as_slice() {
        [] => replayed(&corpus, &chosen, controls, &arguments).await?,
        files => {
            let names = chosen.iter().map(|server| server.mutant.name).chain(controlled.iter().copied());
            (joined(files, &corpus, &names.collect(), &kind)?, Vec::new())
        }
    };
    let mut alarms = Vec::new();
    for name in &controlled {
        let worst = found[*name].iter().filter(|(_, level)| **level == Level::Must);
        alarms.extend(worst.map(|(case, _)| format!("false alarm: `{case}` diverges on the control {name}")));
    }
    alarms.sort();
    let kills = |server: &WrongServer| found[server.mutant.name].clone();
    let ran: Vec<Ran> = chosen.into_iter().map(|server| Ran { server, kills: kills(&server) }).collect();
    if let Some(path) = &arguments.matrix {
        let (own, kills) = of_set(&ran, ServerSet::Own);
        output::to_file(path, &matrix(&corpus, &own, &kills, part))?;
    }
    if let Some(path) = &arguments.kills {
        let part = Part { kind, found: found.clone() };
        let text = serde_json::to_string_pretty(&part).map_err(|error| Failure::internal(error.to_string()))?;
        output::to_file(path, &text)?;
    }
    let of = Whole { part, is_complete: is_whole && part.is_none() && sets.contains(&ServerSet::Own) };
    let took = match arguments.join.len() {
        0 => format!("{:.1} s", started.elapsed().as_secs_f64()),
        files => format!("joined from {files} files"),
    };
    Ok(conclude(&corpus, &ran, controlled.len(), &of, alarms, unreached, &took))
}

/// Of what the figures are.
struct Whole {
    /// The part, if they are those of a part.
    part: Option<Partition>,
    /// Whether all mutants of our own were checked, and with all their cases.
    is_complete: bool,
}

/// Runs the corpus at each mutant and each control. Gives what was found, and what is wrong about cases that mutants name.
async fn replayed(
    corpus: &Arc<Corpus>,
    chosen: &[WrongServer],
    controls: Vec<Replay>,
    arguments: &SelfcheckArguments,
) -> Result<(Found, Vec<String>), Failure> {
    let reach = match arguments.quick || arguments.every_case {
        true => None,
        false => Some(reach(corpus).await?),
    };
    // Controls wait most of the time, and so do slow cases at the reference: mutants are checked beside them.
    let mut waiting = controls;
    let at_reference = match arguments.quick {
        true => {
            let named = chosen.iter().map(|server| server.mutant.killed_by);
            Selection::of_ids(named.filter(|case| !case.is_empty()))
        }
        false => Selection::default().with_slow(),
    };
    waiting.extend(
        Edition::ALL.map(|edition| Replay { selection: at_reference.clone(), ..Replay::of(corpus, edition, None) }),
    );
    let mut at_mutants = Vec::new();
    let mut faults = Vec::new();
    for server in chosen {
        let mutant = server.mutant;
        if arguments.quick && (mutant.equivalent.is_some() || mutant.killed_by.is_empty()) {
            continue;
        }
        let reached = reach.as_ref().and_then(|reach| reach.get(&edition_of(mutant)));
        let reaches = |case: &str| match reached {
            Some(reached) => reached.get(case).is_some_and(|mutants| mutants.contains(mutant.name)),
            None => arguments.every_case,
        };
        // Which case makes a key that others use too depends on how busy the machine is, and so does which one reaches a
        // fault of making keys. But one does.
        let is_told = |reached: &MutantsByCase| reached.values().any(|mutants| mutants.contains(mutant.name));
        let is_named = corpus.case(mutant.killed_by).is_some_and(|case| !case.slow);
        if is_named && reached.is_some_and(|reached| !is_told(reached)) {
            faults.push(format!("{}: the reference does not tell of any case that it reaches it", mutant.name));
        }
        let cases = cases(corpus, mutant, reaches);
        if !cases.is_empty() {
            at_mutants.push((mutant, cases));
        }
    }
    // The longest first, so that at the end no core waits for one of them.
    at_mutants.sort_by_key(|(_, cases)| std::cmp::Reverse(cases.len()));
    let busy = at_mutants.into_iter().map(|(mutant, cases)| {
        let subject = Subject::Server(mutant.name);
        let selection = Selection::of_ids(cases);
        Replay { subject, selection, ..Replay::of(corpus, edition_of(mutant), Some(mutant)) }
    });
    let busy: Vec<Replay> = busy.collect();
    let at_a_time = arguments.jobs.map_or(MUTANTS_A_CORE * cores(), usize::from);
    let line = Line::new("servers", Some(waiting.len() + busy.len()));
    let (waiting, busy) = tokio::try_join!(
        spread(waiting, at_a_time, replay, line.counter()),
        spread(busy, at_a_time, replay, line.counter())
    )?;
    let mut innocent: BTreeMap<Edition, BTreeSet<String>> = BTreeMap::new();
    let mut at_servers = Vec::new();
    for Replayed { subject, edition, found, .. } in waiting.into_iter().chain(busy) {
        match subject {
            Subject::Reference => innocent.entry(edition).or_default().extend(observed(found?)?),
            Subject::Server(name) => at_servers.push((name, edition, found?)),
        }
    }
    let mut all: Found = chosen.iter().map(|server| (server.mutant.name.to_owned(), Kills::new())).collect();
    for (name, edition, found) in at_servers {
        let guilty = found.into_iter().filter(|(case, _)| !innocent[&edition].contains(case)).collect();
        all.insert(name.to_owned(), guilty);
    }
    Ok((all, faults))
}

/// A mutant and the cases that found it.
struct Ran {
    server: WrongServer,
    kills: Kills,
}

/// The mutants of one set, and the cases that found each.
fn of_set(ran: &[Ran], set: ServerSet) -> (Vec<&'static Mutant>, Vec<Kills>) {
    ran.iter().filter(|ran| ran.server.set == set).map(|ran| (ran.server.mutant, ran.kills.clone())).unzip()
}

pub(crate) fn config(edition: Edition, mutant: Option<&'static Mutant>) -> Config {
    Config { edition: embedded::edition_of(edition), mutant, rotation_delay: ROTATION, ..Config::default() }
}

/// What the corpus is run against.
#[derive(Clone, Copy)]
enum Subject {
    Reference,
    /// A mutant or a control, by its name.
    Server(&'static str),
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Self::Reference => "the reference",
            Self::Server(name) => name,
        }
    }
}

/// What was found at a subject.
struct Replayed {
    subject: Subject,
    edition: Edition,
    found: Result<Kills, Failure>,
    /// The mutants that each case reaches, if the subject is a reference that tells them.
    reach: MutantsByCase,
}

/// One run of the corpus.
struct Replay {
    subject: Subject,
    corpus: Arc<Corpus>,
    config: Config,
    edition: Edition,
    selection: Selection,
    settle: Duration,
}

impl Replay {
    /// All cases at the reference, or at a mutant of it.
    fn of(corpus: &Arc<Corpus>, edition: Edition, mutant: Option<&'static Mutant>) -> Self {
        Self {
            subject: Subject::Reference,
            corpus: Arc::clone(corpus),
            config: config(edition, mutant),
            edition,
            selection: Selection::default(),
            settle: SETTLE,
        }
    }
}

/// Which mutants each case reaches, in each edition.
async fn reach(corpus: &Arc<Corpus>) -> Result<BTreeMap<Edition, MutantsByCase>, Failure> {
    let at = |edition| {
        let config = Config { reached: Some(Arc::default()), ..config(edition, None) };
        Replay { config, ..Replay::of(corpus, edition, None) }
    };
    let mut reach = BTreeMap::new();
    for one in spread(Edition::ALL.map(at).into(), Edition::ALL.len(), replay, || {}).await? {
        observed(one.found?)?;
        reach.insert(one.edition, one.reach);
    }
    Ok(reach)
}

/// The cases that diverge on the reference itself. Those that only observe may differ from its own choice; they can find nothing.
fn observed(found: Kills) -> Result<BTreeSet<String>, Failure> {
    if let Some((case, _)) = found.iter().find(|(_, level)| **level > Level::May) {
        return Err(Failure::internal(format!("pass `{case}` on the reference itself")));
    }
    Ok(found.into_keys().collect())
}

/// What a conforming server may do. Whatever diverges all the same is a false alarm.
fn variations(corpus: &Arc<Corpus>) -> Vec<Replay> {
    // Waiting costs its time in every case that changes a key, so a few of them stand for all.
    let patterns = ["success/symmetric", "success/disabled", "success/pending-deletion", "effects/import-restores"];
    let some = |name, config, settle| Replay {
        subject: Subject::Server(name),
        config,
        selection: Selection::of_ids(patterns),
        settle,
        ..Replay::of(corpus, Edition::KeyOnly, None)
    };
    let plain = || config(Edition::KeyOnly, None);
    let late = Config { consistency_delay: Duration::from_secs(1), ..plain() };
    let slow = Config { latency: Duration::from_millis(100), ..plain() };
    let mut variations = vec![
        some("consistency-after-a-second", late, Duration::from_secs(5)),
        some("latency-of-100-ms", slow, Duration::from_secs(1)),
    ];
    variations.extend(controls().iter().map(|control| Replay {
        subject: Subject::Server(control.name),
        selection: Selection::default().with_slow(),
        ..Replay::of(corpus, edition_of(control), Some(control))
    }));
    variations
}

async fn replay(replay: Replay) -> Replayed {
    let Replay { subject, corpus, config, edition, selection, settle } = replay;
    let reach = Reach::of(config.reached.clone());
    let found = found(&corpus, config, edition, &selection, settle, &reach).await;
    Replayed { subject, edition, found, reach: reach.of_cases() }
}

/// The cases that diverge.
async fn found(
    corpus: &Corpus,
    config: Config,
    edition: Edition,
    selection: &Selection,
    settle: Duration,
    reach: &Reach,
) -> Result<Kills, Failure> {
    let (server, target) = embedded::start_as(config, edition, TIMEOUT).await?;
    // One case at a time: with more, it is chance which case gets a key that another one used before, or the first of
    // two answers with the same request id, and what finds a mutant would differ from run to run.
    let options =
        Options { jobs: 1, deadline: DEADLINE, detail: Detail::Outcome, ..Options::new(settle, Entropy::new(SEED)) };
    let (_stop, stopped) = watch::channel(false);
    let ran = run(corpus, selection, &target, &options, reach, stopped)
        .await
        .map_err(|error| Failure::internal(error.to_string()))?;
    server.stop().await;
    let strongest = |case: &CaseRan| case.mismatches.iter().map(|mismatch| mismatch.level).max();
    Ok(ran
        .cases
        .iter()
        .filter(|case| case.outcome == Outcome::Diverges)
        .filter_map(|case| Some((case.id.clone(), strongest(case)?)))
        .collect())
}

fn conclude(
    corpus: &Corpus,
    ran: &[Ran],
    controls: usize,
    of: &Whole,
    alarms: Vec<String>,
    unreached: Vec<String>,
    took: &str,
) -> u8 {
    let part = of.part.map(|part| format!("part {part}: ")).unwrap_or_default();
    let mut faults = alarms.len();
    let mut lines = alarms;
    if controls > 0 {
        lines.push(format!("{part}controls: {controls} variations of a conforming server, {faults} false alarms"));
    }
    let wrong: Vec<String> = ran.iter().filter_map(wrong).chain(unreached).collect();
    faults += wrong.len();
    lines.extend(wrong);
    let (own, kills) = of_set(ran, ServerSet::Own);
    if of.is_complete {
        let blind = blind_spots(corpus, &own, &kills);
        faults += blind.len();
        lines.extend(blind);
        lines.push(summary(corpus, &own, &kills));
    }
    for (title, set) in [("framework habits", ServerSet::Habits), ("emulator bugs", ServerSet::Bugs)] {
        lines.extend(score(title, ran, set).map(|score| format!("{part}{score}")));
    }
    if !own.is_empty() {
        let equivalent = own.iter().filter(|mutant| mutant.equivalent.is_some()).count();
        let counted = own.len() - equivalent;
        let killed = kills.iter().filter(|kills| !kills.is_empty()).count();
        let at_must = kills.iter().filter(|kills| kills.values().any(|level| *level == Level::Must)).count();
        lines.push(format!(
            "{part}detection score: {killed} of {counted} mutants ({:.1} %), {at_must} of them at level must; {equivalent} equivalent; {took}",
            100.0 * killed as f64 / counted.max(1) as f64,
        ));
    }
    output::to_stdout(&lines.join("\n"));
    let code = if faults == 0 { ExitCode::Pass } else { ExitCode::Divergence };
    code as u8
}

/// What is wrong about a mutant: it survives, another case than the named one finds it, or one finds it although nothing
/// forbids what it does.
fn wrong(ran: &Ran) -> Option<String> {
    let Ran { server, kills } = ran;
    let mutant = server.mutant;
    match mutant.equivalent {
        Some(_) => {
            let (what, weakest) = match server.set {
                ServerSet::Own | ServerSet::Controls => ("is listed as equivalent", Level::May),
                // What nothing forbids may be observed.
                ServerSet::Habits | ServerSet::Bugs => ("is listed as forbidden by nothing", Level::Should),
            };
            let (case, level) = kills.iter().find(|(_, level)| **level >= weakest)?;
            Some(format!("{}: {what}, but `{case}` finds it at level {level}", mutant.name))
        }
        None if kills.is_empty() => Some(format!("survives: {} ({})", mutant.name, mutant.title)),
        None if !kills.contains_key(mutant.killed_by) => {
            let named = match mutant.killed_by {
                "" => "no case is named".to_owned(),
                case => format!("`{case}` does not find it"),
            };
            let found_by: Vec<String> = kills.iter().take(6).map(|(case, level)| format!("{case} ({level})")).collect();
            Some(format!("{}: {named}, but it is found by {}", mutant.name, found_by.join(", ")))
        }
        None => None,
    }
}

/// The score of a set of servers that are not our own. What nothing forbids is counted apart.
fn score(title: &str, ran: &[Ran], set: ServerSet) -> Option<String> {
    let of_set: Vec<&Ran> = ran.iter().filter(|ran| ran.server.set == set).collect();
    let forbidden: Vec<&Kills> =
        of_set.iter().filter(|ran| ran.server.mutant.equivalent.is_none()).map(|ran| &ran.kills).collect();
    let found = forbidden.iter().filter(|kills| !kills.is_empty()).count();
    let at_must = forbidden.iter().filter(|kills| kills.values().any(|level| *level == Level::Must)).count();
    (!of_set.is_empty()).then(|| {
        format!(
            "{title}: {found} of {} that something forbids, {at_must} of them at level must; {} that nothing forbids",
            forbidden.len(),
            of_set.len() - forbidden.len()
        )
    })
}

/// Clauses without a mutant, and cases that find none: both are checks that nobody has seen fail.
fn blind_spots(corpus: &Corpus, own: &[&Mutant], kills: &[Kills]) -> Vec<String> {
    let broken: BTreeSet<&str> = own.iter().flat_map(|mutant| mutant.clauses.iter().copied()).collect();
    let useful: BTreeSet<&str> = kills.iter().flat_map(|kills| kills.keys().map(String::as_str)).collect();
    // A case that no mutant of our own needs may be the one that finds a habit of a framework or a bug of an emulator.
    let named: BTreeSet<&str> = habits().iter().chain(bugs()).map(|foreign| foreign.mutant.killed_by).collect();
    let clauses: Vec<&str> = corpus
        .clauses
        .iter()
        .filter(|clause| clause.unobservable.is_none() && !broken.contains(clause.id.get_ref().as_str()))
        .map(|clause| clause.id.get_ref().as_str())
        .collect();
    let is_idle = |id: &str| !useful.contains(id) && !named.contains(id);
    let idle = corpus.cases.iter().filter(|case| case.kept.is_none() && is_idle(case.id()));
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
