//! The top level of what a report is written as: one run or several.

use super::exit::ExitCode;
use super::run::RunReport;
use crate::fixture::render_schema;
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The version of the JSON that a report is written as.
pub const SCHEMA: &str = "trentcheck-report/2";

/// A report of one target or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The version of this JSON: `trentcheck-report/2`.
    pub schema: String,
    /// The version of the program.
    pub version: String,
    /// The code that the process ends with.
    pub exit_code: ExitCode,
    /// Every code that applies to one of the runs.
    pub exit_codes: Vec<ExitCode>,
    /// How many targets were asked for. If an interrupt ends the first runs, there are fewer runs.
    pub targets: usize,
    /// A run for each target, in the order in which they ran.
    pub runs: Vec<RunReport>,
}

impl Report {
    /// The report of these runs, of as many targets as were asked for.
    pub fn of(runs: Vec<RunReport>, targets: usize) -> Self {
        let mut exit_codes: Vec<ExitCode> = Vec::new();
        for code in runs.iter().flat_map(|run| &run.exit_codes) {
            if !exit_codes.contains(code) {
                exit_codes.push(*code);
            }
        }
        if exit_codes.len() > 1 {
            exit_codes.retain(|code| *code != ExitCode::Pass);
        }
        Self {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            exit_code: ExitCode::first_of(&exit_codes),
            exit_codes,
            targets,
            runs,
        }
    }
}

/// File name below `fixtures/schema/` and text of the schema of a report.
pub fn schema() -> (&'static str, String) {
    ("report.schema.json", render_schema::<Report>())
}

/// The words of ours that a report can have as a value, such as outcomes: a program reads them.
pub fn fixed_words() -> &'static BTreeSet<String> {
    static WORDS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let mut words = BTreeSet::from([SCHEMA.to_owned()]);
        collect(&schema_for!(Report).to_value(), &mut words);
        words
    });
    &WORDS
}

/// The constants and alternatives of a schema.
fn collect(schema: &Value, words: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            let fixed = ["const", "enum"].iter().filter_map(|name| members.get(*name));
            let fixed = fixed.flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
            words.extend(fixed.filter_map(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| collect(value, words));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, words)),
        _ => {}
    }
}
