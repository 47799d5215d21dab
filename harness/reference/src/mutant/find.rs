//! Finds a mutant by its name.

use super::fault::Mutant;
use super::pending::pending_mutants;
use super::table::mutants;

/// The mutant of this name, if there is one. Pending mutants are found too.
pub fn mutant(name: &str) -> Option<&'static Mutant> {
    mutants().iter().chain(pending_mutants()).find(|mutant| mutant.name == name)
}
