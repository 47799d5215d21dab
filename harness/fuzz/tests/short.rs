//! A short pass over every fuzz target, with the same inputs each time: what it finds is no matter of chance.

#![expect(clippy::print_stdout, reason = "a failing test shows its seed")]

use trentcheck_fuzz::{Limit, TARGETS, bounded, target};

/// The number that all inputs follow from. `TRENTCHECK_FUZZ_SEED` is another one.
const SEED: u64 = 13;

macro_rules! short {
    ($($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                short_pass(stringify!($name));
            }
        )+

        #[test]
        fn every_target_has_a_short_pass() {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),+]);
        }
    };
}

short! { answer observation redaction harmless fixture snap ledger deviations configuration template request operation }

#[track_caller]
fn short_pass(name: &str) {
    let target = target(name).expect("the macro names targets");
    let seed = std::env::var("TRENTCHECK_FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    println!("seed {seed}");
    match bounded(target, seed, Limit::Inputs(target.short)) {
        Ok(passed) => println!("{} executions in {:.1?}", passed.executions, passed.time),
        Err(found) => panic!(
            "input {} of seed {seed} does not hold: {}\n{}",
            found.number,
            found.message,
            found.input.escape_ascii()
        ),
    }
}
