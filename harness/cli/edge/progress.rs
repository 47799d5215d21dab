//! Shows progress on a terminal: one line on stderr, with the rate and the remaining time.

use super::{drawn, output};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use trentcheck_core::report::{CaseRan, Outcome};
use trentcheck_core::run::Progress;

/// The progress line. It is removed when the value is dropped.
pub(crate) struct Line {
    bar: ProgressBar,
    diverges: AtomicUsize,
}

impl Line {
    /// A line that counts things, such as `cases`. Without a total number it shows no remaining time.
    pub(crate) fn new(things: &str, number: Option<usize>) -> Self {
        Self::drawn_at(ProgressDrawTarget::stderr(), things, number)
    }

    fn drawn_at(terminal: ProgressDrawTarget, things: &str, number: Option<usize>) -> Self {
        let counted = match number {
            Some(_) => format!("{{pos}}/{{len}} {things} · {{rate}} · {{eta}} left"),
            None => format!("{{pos}} {things} · {{rate}}"),
        };
        let style = ProgressStyle::with_template(&format!("{counted} · {{wide_msg}}"))
            .expect("the template has nothing but names in braces")
            .with_key("rate", |state: &ProgressState, text: &mut dyn fmt::Write| {
                // An error while writing the line is ignored.
                let _ = write!(text, "{:.1}/s", state.per_sec());
            });
        let bar = ProgressBar::with_draw_target(number.map(|number| number as u64), terminal).with_style(style);
        drawn::set(Some(bar.clone()));
        Self { bar, diverges: AtomicUsize::new(0) }
    }

    /// Sets the count and the text beside it.
    pub(crate) fn at(&self, ended: usize, text: &str) {
        self.bar.set_message(output::redacted(text));
        self.bar.set_position(ended as u64);
    }

    /// A function that counts one more, which any thread can call.
    pub(crate) fn counter(&self) -> impl Fn() + Clone + Send + 'static {
        let bar = self.bar.clone();
        move || bar.inc(1)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        drawn::set(None);
        self.bar.finish_and_clear();
    }
}

impl Progress for Line {
    fn begins(&self, cases: usize) {
        self.bar.set_length(cases as u64);
    }

    fn ended(&self, case: &CaseRan) {
        let diverges = match case.outcome {
            Outcome::Diverges => self.diverges.fetch_add(1, Ordering::Relaxed) + 1,
            _ => self.diverges.load(Ordering::Relaxed),
        };
        self.bar.set_message(output::redacted(&format!("{diverges} diverge · {}", case.id)));
        self.bar.inc(1);
    }
}

#[cfg(test)]
mod tests {
    use super::Line;
    use indicatif::ProgressDrawTarget;

    #[test]
    fn a_line_counts_what_ended() {
        let line = Line::drawn_at(ProgressDrawTarget::hidden(), "mutants", Some(3));
        let count = line.counter();
        (0..2).for_each(|_| count());
        assert_eq!((line.bar.position(), line.bar.length()), (2, Some(3)));
        line.at(3, "the last");
        assert_eq!((line.bar.position(), line.bar.message()), (3, "the last".to_owned()));
    }

    #[test]
    fn a_line_without_an_end_has_no_length() {
        assert_eq!(Line::drawn_at(ProgressDrawTarget::hidden(), "trials", None).bar.length(), None);
    }
}
