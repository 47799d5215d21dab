//! A mutant as data: its name, what it breaks, and how its fault is made.

use super::point::Point;
use super::reply::Rewrite;
use crate::edition::Edition;

/// A reference with one fault.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// Its name, in kebab-case.
    pub name: &'static str,
    /// What is wrong with it.
    pub title: &'static str,
    /// The clauses that it breaks.
    pub clauses: &'static [&'static str],
    /// The case that has to diverge on it; empty for an equivalent one.
    pub killed_by: &'static str,
    /// Why no case can find it, if so: the spec allows what it does.
    pub equivalent: Option<&'static str>,
    /// The edition that it is a mutant of.
    pub edition: Edition,
    pub(super) fault: Fault,
}

/// How a mutant is made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The reference does something wrong at this point.
    Inside(Point),
    /// A proxy rewrites the answers of the reference.
    Wire(Rewrite),
}

impl Mutant {
    /// Where the fault reaches into the reference, if it does.
    pub(crate) fn point(&self) -> Option<Point> {
        match self.fault {
            Fault::Inside(point) => Some(point),
            Fault::Wire(_) => None,
        }
    }

    /// How answers are rewritten on the wire, if they are.
    pub(crate) fn rewrite(&self) -> Option<Rewrite> {
        match self.fault {
            Fault::Inside(_) => None,
            Fault::Wire(rewrite) => Some(rewrite),
        }
    }
}
