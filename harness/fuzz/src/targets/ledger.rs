//! Ledgers of runs.

use super::scratch::with_file;
use trentcheck_core::ledger::{Ledger, LedgerError};

pub(super) const WORDS: &[&str] = &[
    "{\"event\":\"ledger\",\"format\":\"trentcheck-ledger/2\"}\n",
    "{\"event\":\"run\",\"run\":\"a\",\"endpoint\":\"http://h\",\"region\":\"r\"}\n",
    "{\"event\":\"created\",\"run\":\"a\",\"label\":\"1\",\"arn\":\"x\"}\n",
    "{\"event\":\"released\",\"run\":\"a\",\"arn\":\"x\"}\n",
    "{\"event\":\"lent\",\"run\":\"a\",\"key\":\"k\"}\n",
    "{\"event\":\"returned\",\"run\":\"a\",\"key\":\"k\"}\n",
    "{\"event\":\"ended\",\"run\":\"a\"}\n",
    "\"owner\":\"stranger\"",
    "\n",
    "[",
    "\\u0000",
];

/// Opening a ledger changes nothing of it but an unfinished line and what ended; opening it again tells the same; the next
/// run can use it; what is no ledger is left as it is.
pub(super) fn check(bytes: &[u8]) {
    with_file("ledger", bytes, |path| match Ledger::open(path) {
        Err(LedgerError::Format { line, .. }) => {
            assert!((1..=bytes.split(|byte| *byte == b'\n').count()).contains(&line), "line {line}");
            assert_eq!(std::fs::read(path).unwrap(), bytes);
        }
        Err(error) => panic!("{error}"),
        Ok((ledger, runs)) => {
            drop(ledger);
            let kept = std::fs::read(path).unwrap();
            assert!(kept.ends_with(b"\n"), "{}", kept.escape_ascii());
            assert!(bytes.starts_with(&kept) || runs.is_empty(), "{}", kept.escape_ascii());
            let (ledger, again) = Ledger::open(path).unwrap();
            assert_eq!(again, runs);
            ledger.begins("fuzz", "http://h", "r").unwrap();
            drop(ledger);
            let (_, more) = Ledger::open(path).unwrap();
            assert!(more.iter().any(|run| run.run == "fuzz"), "{more:?}");
        }
    });
}
