//! A mutant as data: its name, the clauses that it breaks, and its fault.

use super::asked::Asked;
use super::point::Point;
use super::reply::{Reply, Rewrite, When};
use crate::edition::Edition;
use crate::request::Incoming;

/// A reference with one fault.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// Its name, in kebab-case.
    pub name: &'static str,
    /// What is wrong with it.
    pub title: &'static str,
    /// The clauses that it breaks.
    pub clauses: &'static [&'static str],
    /// The case that must diverge on it. Empty for an equivalent mutant.
    pub killed_by: &'static str,
    /// Why the spec allows what the mutant does. Then no case can diverge on it. `None` if a case must kill it.
    pub equivalent: Option<&'static str>,
    /// The edition that the mutant implements.
    pub edition: Edition,
    pub(super) fault: Fault,
}

/// How the fault of a mutant is made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The reference does something wrong at this point.
    Inside(Point),
    /// A proxy rewrites the answers of the reference, or answers in its place.
    Wire(Rewrite),
    /// A proxy reads or writes connections wrongly.
    Stream(Habit),
    /// The reference reads the request as if this function had changed it. The signature is verified on the request as
    /// it was sent.
    Read(fn(&mut Incoming)),
    /// This function changes the request before anything else sees it. The signature is verified on what is left.
    Receive(fn(&mut Incoming)),
}

/// What the proxy does to the connections.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// It rewrites answers.
    Rewrites(Rewrite),
    /// It has this habit.
    Has(Habit),
}

/// What is wrong with every connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// A request without a signature is answered as soon as its head has come, and its body is never read.
    BodyLeft,
    /// What has come together with the head is taken for the whole body.
    FirstReadCounts,
    /// Of two requests that have come together the second one is answered first.
    LastFirst,
    /// Behind a refusal of the operation under test, every request for it is refused.
    RefusesOn,
    /// Behind 100 Continue, what has come together with the head is taken for the whole body.
    ContinueCounts,
    /// The end of a line that comes in two reads is not seen, and the request is refused.
    LineEndMissed,
}

/// The reference does something wrong at this point.
pub(super) const fn inside(point: Point) -> Fault {
    Fault::Inside(point)
}

/// Answers of the operation under test are changed.
pub(super) const fn wire(when: When, change: fn(&mut Reply)) -> Fault {
    Fault::Wire(Rewrite::Answers(when, change))
}

/// Answers of the operation under test are changed in view of the request.
pub(super) const fn answered(change: fn(&Asked, &mut Reply)) -> Fault {
    Fault::Wire(Rewrite::Answered(change))
}

/// Answers of every operation are changed.
pub(super) const fn everywhere(change: fn(&Asked, &mut Reply)) -> Fault {
    Fault::Wire(Rewrite::Everything(change))
}

/// The answer is given before the reference sees the request.
pub(super) const fn instead(answer: fn(&Asked) -> Option<Reply>) -> Fault {
    Fault::Wire(Rewrite::Instead(answer))
}

/// Other bytes reach the reference than were sent.
pub(super) const fn forward(bytes: fn(&Asked) -> Option<Vec<u8>>) -> Fault {
    Fault::Wire(Rewrite::Forward(bytes))
}

/// The operation reads another request than was sent.
pub(super) const fn read(change: fn(&mut Incoming)) -> Fault {
    Fault::Read(change)
}

/// Everything reads another request than was sent.
pub(super) const fn receive(change: fn(&mut Incoming)) -> Fault {
    Fault::Receive(change)
}

/// The connections have this habit.
pub(super) const fn stream(habit: Habit) -> Fault {
    Fault::Stream(habit)
}

impl Mutant {
    /// The point at which the reference does something wrong, if the fault is made there.
    pub(crate) fn point(&self) -> Option<Point> {
        match self.fault {
            Fault::Inside(point) => Some(point),
            Fault::Wire(_) | Fault::Stream(_) | Fault::Read(_) | Fault::Receive(_) => None,
        }
    }

    /// What the proxy does, if the fault is made on the wire.
    pub(crate) fn way(&self) -> Option<Way> {
        match self.fault {
            Fault::Inside(_) | Fault::Read(_) | Fault::Receive(_) => None,
            Fault::Wire(rewrite) => Some(Way::Rewrites(rewrite)),
            Fault::Stream(habit) => Some(Way::Has(habit)),
        }
    }

    /// Changes the request before anything else sees it, if the mutant does so.
    pub(crate) fn receive(&self, sent: &mut Incoming) {
        if let Fault::Receive(change) = self.fault {
            change(sent);
        }
    }

    /// The request as the mutant reads it, if it reads requests otherwise than they were sent.
    pub(crate) fn read(&self, sent: &Incoming) -> Option<Incoming> {
        match self.fault {
            Fault::Inside(_) | Fault::Wire(_) | Fault::Stream(_) | Fault::Receive(_) => None,
            Fault::Read(change) => {
                let mut read = sent.clone();
                change(&mut read);
                Some(read)
            }
        }
    }
}
