//! Which mutants could have acted on what a server was asked. A case that reaches no fault of a mutant cannot find the
//! mutant, so that a check of all mutants need not run it there.

use super::asked::Asked;
use super::bugs::bugs;
use super::fault::{Fault, Mutant};
use super::habits::habits;
use super::pending::pending_mutants;
use super::point::Point;
use super::reply::{Reply, Rewrite};
use super::table::mutants;
use crate::request::Incoming;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The faults that requests to a right server have reached: where a mutant would have done something else.
///
/// What a fault leaves behind may show later. So a request counts where the fault begins, and not where it shows.
#[derive(Debug, Default)]
pub struct Reached(Mutex<Faults>);

#[derive(Debug, Default)]
struct Faults {
    /// The points that the reference came to.
    points: BTreeSet<Point>,
    /// The mutants that would have read, answered or written something else.
    mutants: BTreeSet<&'static str>,
    /// Whether something came that the proxy could not read, so that any mutant may have acted.
    all: bool,
}

impl Reached {
    /// The names of the mutants that were reached since this was asked before.
    pub fn take(&self) -> BTreeSet<&'static str> {
        let faults = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let is_reached = |mutant: &&Mutant| {
            faults.all
                || match mutant.fault {
                    Fault::Inside(point) => faults.points.contains(&point),
                    // What a habit does depends on how bytes arrive.
                    Fault::Stream(_) => true,
                    Fault::Wire(_) | Fault::Read(_) | Fault::Receive(_) => faults.mutants.contains(mutant.name),
                }
        };
        every().filter(is_reached).map(|mutant| mutant.name).collect()
    }

    /// The reference came to this point.
    pub(crate) fn point(&self, point: Point) {
        self.change(|faults| {
            faults.points.insert(point);
        });
    }

    /// A request arrived.
    pub(crate) fn request(&self, request: &Incoming) {
        let is_read_otherwise = |mutant: &&Mutant| match mutant.fault {
            Fault::Read(change) | Fault::Receive(change) => {
                let mut read = request.clone();
                change(&mut read);
                !read.is_same(request)
            }
            Fault::Inside(_) | Fault::Wire(_) | Fault::Stream(_) => false,
        };
        self.reach(is_read_otherwise);
    }

    /// A proxy is about to send this answer to a request, which it passed on as `bytes`.
    pub(super) fn answer(&self, asked: &Asked, bytes: &[u8], is_lifecycle: bool, answer: &Reply) {
        let is_changed = |change: &dyn Fn(&mut Reply)| {
            let mut other = answer.clone();
            change(&mut other);
            (other.bytes(), other.ending) != (answer.bytes(), answer.ending)
        };
        let is_rewritten = |mutant: &&Mutant| match mutant.fault {
            Fault::Wire(Rewrite::Everything(change)) => is_changed(&|other| change(asked, other)),
            Fault::Wire(_) if is_lifecycle => false,
            Fault::Wire(Rewrite::Instead(answer)) => answer(asked).is_some(),
            Fault::Wire(Rewrite::Forward(other)) => other(asked).is_some_and(|other| other != bytes),
            Fault::Wire(Rewrite::Answered(change)) => is_changed(&|other| change(asked, other)),
            Fault::Wire(Rewrite::Answers(when, change)) => when.can_cover(asked, answer) && is_changed(&change),
            Fault::Inside(_) | Fault::Read(_) | Fault::Receive(_) | Fault::Stream(_) => false,
        };
        self.reach(is_rewritten);
    }

    /// A proxy cannot read a request or its answer.
    pub(super) fn unread(&self) {
        self.change(|faults| faults.all = true);
    }

    fn reach(&self, is_reached: impl Fn(&&'static Mutant) -> bool) {
        let names: Vec<&'static str> = every().filter(is_reached).map(|mutant| mutant.name).collect();
        self.change(|faults| faults.mutants.extend(names));
    }

    fn change(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn every() -> impl Iterator<Item = &'static Mutant> {
    let foreign = habits().iter().chain(bugs()).map(|foreign| &foreign.mutant);
    mutants().iter().chain(pending_mutants()).chain(foreign)
}
