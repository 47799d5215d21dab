//! Bugs that emulators of AWS services really had, one a line: name, project and link, what is wrong, clauses or the
//! reason why nothing forbids it, the case that must find it, edition, fault.

use super::foreign::Foreign;

/// Every bug.
pub fn bugs() -> &'static [Foreign] {
    BUGS
}

#[rustfmt::skip]
static BUGS: &[Foreign] = &[
];
