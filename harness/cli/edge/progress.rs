//! Progress on stderr while a run goes on: one line, redrawn, on a terminal; nothing otherwise.

use super::output;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use trentcheck_core::report::{CaseRan, Outcome};
use trentcheck_core::run::Progress;

/// The line.
pub(crate) struct Line {
    is_terminal: bool,
    cases: AtomicUsize,
    ended: AtomicUsize,
    diverges: AtomicUsize,
    drawing: Mutex<()>,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self {
            is_terminal: std::io::stderr().is_terminal(),
            cases: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            diverges: AtomicUsize::new(0),
            drawing: Mutex::new(()),
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&self) {
        if self.is_terminal {
            output::draw("\r\x1b[2K");
        }
    }

    pub(crate) fn draw(&self, text: &str) {
        if self.is_terminal
            && let Ok(_drawing) = self.drawing.lock()
        {
            output::draw(&format!("\r\x1b[2K{text}"));
        }
    }
}

impl Progress for Line {
    fn begins(&self, cases: usize) {
        self.cases.store(cases, Ordering::Relaxed);
        self.draw(&format!("0/{cases} cases"));
    }

    fn ended(&self, case: &CaseRan) {
        let ended = self.ended.fetch_add(1, Ordering::Relaxed) + 1;
        if case.outcome == Outcome::Diverges {
            self.diverges.fetch_add(1, Ordering::Relaxed);
        }
        let diverges = self.diverges.load(Ordering::Relaxed);
        self.draw(&format!("{ended}/{} cases, {diverges} diverge · {}", self.cases.load(Ordering::Relaxed), case.id));
    }
}
