//! A bounded loop over a target: the seeds as they are, then changed ones.

use crate::mutate::{Random, mutated};
use crate::targets::Target;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// When the loop ends.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// After so many inputs, besides the seeds.
    Inputs(u64),
    /// After this time.
    Time(Duration),
}

/// What a loop without a finding did.
#[derive(Clone, Copy, Debug)]
pub struct Passed {
    /// How often the target was called.
    pub executions: u64,
    /// How long that took.
    pub time: Duration,
}

/// An input for which the property does not hold.
#[derive(Clone, Debug)]
pub struct Found {
    /// The input. As a file of `corpus/TARGET/` it is tried first from then on.
    pub input: Vec<u8>,
    /// What the target said.
    pub message: String,
    /// Which input it was, from 0.
    pub number: u64,
}

/// The seeds of a target, in the order of their names.
pub fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Calls a target until the limit or the first finding. The same number makes the same inputs.
///
/// # Errors
///
/// The input for which the property does not hold.
pub fn bounded(target: &Target, seed: u64, limit: Limit) -> Result<Passed, Box<Found>> {
    let started = Instant::now();
    let seeds = seeds(target);
    let mut random = Random::new(seed);
    let mut number = 0;
    loop {
        let input = match seeds.get(number as usize) {
            Some(seed) => seed.clone(),
            None => mutated(&mut random, &seeds, target.words),
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.check)(&input))) {
            let text = panic.downcast_ref::<String>().cloned();
            let message = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            return Err(Box::new(Found { input, message: message.unwrap_or_default(), number }));
        }
        number += 1;
        let is_over = match limit {
            Limit::Inputs(count) => number >= seeds.len() as u64 + count,
            Limit::Time(time) => started.elapsed() >= time,
        };
        if is_over {
            return Ok(Passed { executions: number, time: started.elapsed() });
        }
    }
}
