//! Asks the user: to confirm a plan before anything is changed off loopback, by the account number, or to agree to
//! something that can be undone.

use crate::edge::failure::Failure;
use crate::edge::output;
use std::io::{BufRead, IsTerminal};

/// Whether a person can read the question and answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Somebody is at the terminal.
    Somebody,
    /// There is no terminal.
    Nobody,
}

impl Reader {
    /// Whoever is at the terminal of this process.
    pub(crate) fn at_the_terminal() -> Self {
        let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if is_terminal { Self::Somebody } else { Self::Nobody }
    }
}

/// Asks a question and reads the answer. Anything but `y` or `yes` is a no.
pub(crate) fn agreed(question: &str) -> bool {
    output::prompt(question);
    typed().is_ok_and(|line| is_yes(&line))
}

fn is_yes(line: &str) -> bool {
    ["y", "yes"].contains(&line.trim().to_ascii_lowercase().as_str())
}

fn typed() -> std::io::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}

/// Asks for the account number, which a person does not type by mistake.
pub(crate) async fn confirm(account: &str) -> Result<(), Failure> {
    let account = account.to_owned();
    tokio::task::spawn_blocking(move || ask(&account))
        .await
        .map_err(|error| Failure::internal(format!("ask: {error}")))?
}

fn ask(account: &str) -> Result<(), Failure> {
    confirmed(Reader::at_the_terminal(), account, || {
        output::prompt("To continue, type the number of the account: ");
        typed()
    })
}

/// Whether the answer confirms the plan. Without a terminal the user is not asked.
fn confirmed(reader: Reader, account: &str, typed: impl FnOnce() -> std::io::Result<String>) -> Result<(), Failure> {
    if matches!(reader, Reader::Nobody) {
        return Err(Failure::safety(
            "nobody can confirm the plan, because there is no terminal; nothing was changed at the target",
        )
        .hint("`--yes` confirms the plan without asking"));
    }
    match typed() {
        Ok(line) if line.trim() == account => Ok(()),
        _ => Err(Failure::safety("not confirmed; nothing was changed at the target")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "111122223333";

    #[test]
    fn only_the_accounts_number_is_a_yes() {
        for line in ["111122223333\n", " 111122223333 \r\n"] {
            assert!(confirmed(Reader::Somebody, ACCOUNT, || Ok(line.to_owned())).is_ok(), "{line:?}");
        }
        for line in ["", "\n", "yes\n", "y\n", "999999999999\n", "11112222333\n", "1111222233334\n", "1111 2222 3333\n"]
        {
            assert!(confirmed(Reader::Somebody, ACCOUNT, || Ok(line.to_owned())).is_err(), "{line:?}");
        }
        assert!(confirmed(Reader::Somebody, ACCOUNT, || Err(std::io::Error::other("gone"))).is_err());
    }

    #[test]
    fn only_a_yes_agrees() {
        for line in ["y\n", "Y\n", " yes \r\n"] {
            assert!(is_yes(line), "{line:?}");
        }
        for line in ["", "\n", "n\n", "no\n", "yess\n", "all\n"] {
            assert!(!is_yes(line), "{line:?}");
        }
    }

    #[test]
    fn nobody_is_asked_who_is_not_there() {
        let mut is_asked = false;
        let answer = confirmed(Reader::Nobody, ACCOUNT, || {
            is_asked = true;
            Ok(ACCOUNT.to_owned())
        });
        assert!(answer.is_err() && !is_asked);
    }
}
