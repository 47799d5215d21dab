//! Finds a mutant by its name.

use super::bugs::bugs;
use super::fault::Mutant;
use super::habits::habits;
use super::pending::pending_mutants;
use super::table::mutants;

/// The mutant of this name, if there is one. Habits of frameworks, bugs of emulators and pending mutants are found too.
pub fn mutant(name: &str) -> Option<&'static Mutant> {
    let foreign = habits().iter().chain(bugs()).map(|foreign| &foreign.mutant);
    mutants().iter().chain(pending_mutants()).chain(foreign).find(|mutant| mutant.name == name)
}
