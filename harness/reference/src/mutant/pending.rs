//! Mutants that no case kills, each with the reason: the same lines as in the table, with the id that the case could have.
//! Whoever writes the case moves its mutants into the table.

use super::fault::Mutant;
use super::point::Point;
use super::table::{inside, mutant};
use crate::edition::Edition::KeyMaterialId;

/// Mutants that are not in the table yet. No case is asserted to kill them.
pub fn pending_mutants() -> &'static [Mutant] {
    PENDING
}

#[rustfmt::skip]
static PENDING: &[Mutant] = &[
    // The deletion has to come while the rotation runs. How long that is, no client can say, so that a case would blame a
    // target whose rotation was quicker. The recorded sequence is replayed in the reference's tests, whose clock stands still.
    mutant("rotation-cancelled", "deleting the waiting material cancels the rotation that was accepted", &["M-05"], "materials/rotation-in-progress", KeyMaterialId, inside(Point::RotationCancelled)),
];
