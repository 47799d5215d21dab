//! Finds a mutant by its name.

use super::fault::Mutant;
use super::table::mutants;

/// The mutant of this name.
pub fn mutant(name: &str) -> Option<&'static Mutant> {
    mutants().iter().find(|mutant| mutant.name == name)
}
