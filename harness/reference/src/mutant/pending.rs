//! Mutants that no case kills, each with the reason: the same lines as in the table, with the id that the case could have.
//! Whoever writes the case moves its mutants into the table.

use super::fault::Mutant;
use super::fault::inside;
use super::point::Point;
use super::table::mutant;
use crate::edition::Edition::KeyMaterialId;

/// Mutants that are not in the table yet. No case is asserted to kill them.
pub fn pending_mutants() -> &'static [Mutant] {
    PENDING
}

#[rustfmt::skip]
static PENDING: &[Mutant] = &[
    // No client can know how long the rotation takes, so a case would blame a target that rotates faster. The recorded sequence is replayed in the reference's tests, whose clock stands still.
    mutant("rotation-cancelled", "deleting the waiting material cancels the rotation that was accepted", &["M-05"], "materials/rotation-in-progress", KeyMaterialId, inside(Point::RotationCancelled)),
];
