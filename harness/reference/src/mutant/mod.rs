//! Mutants: the reference with one named fault each. The suite is worth what it finds in them.
//!
//! Faults that can be made on the wire are made there, by a proxy that rewrites answers; only the rest reach into the
//! reference, at named points.

mod controls;
mod point;
mod proxy;
mod reply;
mod table;

pub use controls::controls;
pub(crate) use point::Point;
pub(crate) use proxy::front;
pub use table::mutants;

use crate::config::Edition;
use reply::Rewrite;

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
    fault: Fault,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Inside(Point),
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

/// The mutant of this name.
pub fn mutant(name: &str) -> Option<&'static Mutant> {
    mutants().iter().find(|mutant| mutant.name == name)
}
