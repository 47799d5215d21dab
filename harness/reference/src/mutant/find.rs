//! Finds a mutant by its name.

use super::fault::Mutant;
use super::table::mutants;

/// The mutant of this name, if there is one.
pub fn mutant(name: &str) -> Option<&'static Mutant> {
    mutants().iter().find(|mutant| mutant.name == name)
}
