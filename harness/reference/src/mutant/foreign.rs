//! Wrong servers that we did not think of: each does what a framework does by default, or has a bug that an emulator had.

use super::fault::{Fault, Mutant};
use crate::edition::Edition;

/// A reference that behaves as somebody else's software does.
#[derive(Clone, Copy, Debug)]
pub struct Foreign {
    /// The behaviour as a mutant. If nothing forbids it, the mutant is equivalent: no case has to find it, and it is not
    /// counted.
    pub mutant: Mutant,
    /// The framework or project, with a version where it matters.
    pub project: &'static str,
    /// Where the behaviour is documented, discussed or programmed.
    pub link: &'static str,
}

/// A framework or project, and a link.
pub(super) type Source = (&'static str, &'static str);

/// A behaviour that these clauses forbid, and the case that has to find it. No case is known if `killed_by` is empty.
pub(super) const fn forbidden(
    name: &'static str,
    (project, link): Source,
    title: &'static str,
    clauses: &'static [&'static str],
    killed_by: &'static str,
    edition: Edition,
    fault: Fault,
) -> Foreign {
    let mutant = Mutant { name, title, clauses, killed_by, equivalent: None, edition, fault };
    Foreign { mutant, project, link }
}

/// A behaviour that nothing forbids, for this reason.
pub(super) const fn unforbidden(
    name: &'static str,
    (project, link): Source,
    title: &'static str,
    reason: &'static str,
    edition: Edition,
    fault: Fault,
) -> Foreign {
    let mutant = Mutant { name, title, clauses: &[], killed_by: "", equivalent: Some(reason), edition, fault };
    Foreign { mutant, project, link }
}
