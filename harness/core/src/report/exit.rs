//! The exit codes, and which one wins when several apply.

use super::ran::End;
use schemars::JsonSchema_repr;
use serde_repr::{Deserialize_repr, Serialize_repr};

/// What the process tells its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize_repr, Deserialize_repr, JsonSchema_repr)]
#[repr(u8)]
pub enum ExitCode {
    /// Every selected case passes, or deviates exactly as listed.
    Pass = 0,
    /// A case diverges.
    Divergence = 1,
    /// Wrong usage, configuration or fixture.
    Usage = 2,
    /// Cases are indeterminate, blocked, unsupported or flaky, and none diverges.
    Indeterminate = 3,
    /// Nothing was run.
    NothingRun = 4,
    /// A safety rule refused.
    Safety = 5,
    /// Setup or teardown failed; what is left is listed.
    Teardown = 6,
    /// A fault of our own.
    Internal = 70,
    /// Interrupted, teardown done.
    Interrupted = 130,
}

impl ExitCode {
    /// What applies to a run that ended so, whatever its verdicts are.
    pub fn of_end(end: End) -> Vec<Self> {
        let End { is_interrupted, is_refused, is_faulty } = end;
        let applies = [(Self::Internal, is_faulty), (Self::Interrupted, is_interrupted), (Self::Safety, is_refused)];
        applies.into_iter().filter(|(_, applies)| *applies).map(|(code, _)| code).collect()
    }

    /// How a run ended that has these codes.
    pub(super) fn end_of(codes: &[Self]) -> End {
        let has = |code: Self| codes.contains(&code);
        End { is_interrupted: has(Self::Interrupted), is_refused: has(Self::Safety), is_faulty: has(Self::Internal) }
    }

    /// The one of several that the process ends with; a pass if there is none.
    pub fn first_of(codes: &[Self]) -> Self {
        codes.iter().copied().min_by_key(|code| code.place()).unwrap_or(Self::Pass)
    }

    /// Its place in the order in which one wins over another.
    fn place(self) -> usize {
        match self {
            Self::Internal => 0,
            Self::Safety => 1,
            Self::Usage => 2,
            Self::Divergence => 3,
            // Before the interrupt, which says that teardown is done.
            Self::Teardown => 4,
            Self::Interrupted => 5,
            Self::Indeterminate => 6,
            Self::NothingRun => 7,
            Self::Pass => 8,
        }
    }

    /// The code in words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Pass => "every case that could be run passes",
            Self::Divergence => "the target diverges from the spec",
            Self::Usage => "usage, configuration or fixture error",
            Self::Indeterminate => "some cases could not be judged",
            Self::NothingRun => "nothing was run",
            Self::Safety => "refused by a safety rule",
            Self::Teardown => "setup or teardown failed; what is left is listed",
            Self::Internal => "internal error",
            Self::Interrupted => "interrupted; teardown done",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ExitCode::{self, *};

    #[test]
    fn the_first_of_several_wins_and_what_is_left_wins_over_an_interrupt() {
        for (codes, first) in [
            (&[][..], Pass),
            (&[Indeterminate, Teardown, Divergence], Divergence),
            (&[Teardown, Indeterminate], Teardown),
            (&[Divergence, Interrupted], Divergence),
            (&[Divergence, Teardown, Interrupted], Divergence),
            (&[Teardown, Interrupted], Teardown),
            (&[Indeterminate, Interrupted], Interrupted),
            (&[Teardown, Interrupted, Internal], Internal),
            (&[Divergence, Safety, Interrupted], Safety),
        ] {
            assert_eq!(ExitCode::first_of(codes), first, "{codes:?}");
        }
    }
}
