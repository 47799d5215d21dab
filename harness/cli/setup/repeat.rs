//! Builds the command line that repeats cases with the same settings.

use super::settings::RunSettings;
use super::words::Words;
use trentcheck_core::fixture::Level;
use trentcheck_core::run::Target;
use trentcheck_core::send::Lane;

/// The command lines for the cases of one run.
pub(crate) struct Repeat {
    flags: Words,
}

impl Repeat {
    /// Combines the settings with the properties of the actual target.
    pub(super) fn of(settings: &RunSettings, target: &Target) -> Self {
        let mut flags = Words::default();
        settings.target.repeat(target, &mut flags);
        if settings.fail_on != Level::Must {
            flags.flag("--fail-on", settings.fail_on);
        }
        if settings.lane == Lane::Http {
            flags.flag("--lane", "http");
        }
        flags.path("--fixtures", settings.fixtures.as_deref());
        if settings.allow_mutation {
            flags.switch("--allow-mutation");
        }
        if !settings.allow_key.is_empty() || settings.target.has_written_credentials() {
            // Lent keys and written credentials are only in the configuration.
            flags.maybe("--target", settings.target.name.as_ref());
            flags.path("--config", Some(&settings.configuration.path));
            settings.allow_key.iter().for_each(|key| flags.flag("--allow-key", key));
        }
        Self { flags }
    }

    /// The command line for the cases with these ids.
    pub(crate) fn line(&self, cases: &[&str]) -> String {
        let mut line = Words::of("trentcheck run");
        cases.iter().for_each(|case| line.word(case));
        line.all(&self.flags);
        line.line()
    }
}
