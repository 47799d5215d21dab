//! How users of the library run cases again: they may not have the command, and their server's port is closed by then.

/// How cases are run again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// In a check that takes only these.
    Only,
    /// As tests of this target, of which each case is one.
    #[cfg_attr(not(any(feature = "libtest", test)), expect(dead_code, reason = "only cases as tests have a target"))]
    Test(String),
}

impl Repeat {
    /// How these cases are run again: what to add to a check, or command lines.
    pub(crate) fn of(&self, cases: &[&str]) -> String {
        match self {
            Self::Only => cases.iter().map(|case| format!(".only(\"{case}\")")).collect(),
            // A test target takes one filter.
            Self::Test(name) => {
                let line = |case: &&str| format!("cargo test --test {name} -- --exact {case}");
                cases.iter().map(line).collect::<Vec<_>>().join(" && ")
            }
        }
    }
}

/// Whether this is what [`Repeat::Only`] says of some cases, and nothing besides.
pub(super) fn is_only(text: &str) -> bool {
    let mut rest = text;
    while let Some((case, behind)) = rest.strip_prefix(".only(\"").and_then(|rest| rest.split_once("\")")) {
        if !case.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.')) {
            return false;
        }
        rest = behind;
    }
    rest.is_empty() && !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_run_again_in_a_check_or_as_tests() {
        let cases = ["success/rsa", "example/absent-key"];
        let only = Repeat::Only.of(&cases);
        assert_eq!(only, ".only(\"success/rsa\").only(\"example/absent-key\")");
        assert!(is_only(&only));
        for other in ["", ".only(\"a\"); rm x", ".only(\"$(rm x)\")", "x.only(\"a\")", ".only(\"a\""] {
            assert!(!is_only(other), "{other}");
        }
        let test = Repeat::Test("each_case".to_owned()).of(&cases[..1]);
        assert_eq!(test, "cargo test --test each_case -- --exact success/rsa");
    }
}
