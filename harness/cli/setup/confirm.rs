//! Asks the user to confirm a plan before anything is changed off loopback. The user types the account number.

use crate::edge::failure::Failure;
use crate::edge::output;
use std::io::{BufRead, IsTerminal};

/// Whether a person can read the question and answer it.
#[derive(Clone, Copy)]
enum Reader {
    Somebody,
    Nobody,
}

/// Asks for the account number, which a person does not type by mistake.
pub(crate) async fn confirm(account: &str) -> Result<(), Failure> {
    let account = account.to_owned();
    tokio::task::spawn_blocking(move || ask(&account))
        .await
        .map_err(|error| Failure::internal(format!("ask: {error}")))?
}

fn ask(account: &str) -> Result<(), Failure> {
    let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let reader = if is_terminal { Reader::Somebody } else { Reader::Nobody };
    confirmed(reader, account, || {
        output::prompt("To continue, type the number of the account: ");
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        Ok(line)
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
    fn nobody_is_asked_who_is_not_there() {
        let mut is_asked = false;
        let answer = confirmed(Reader::Nobody, ACCOUNT, || {
            is_asked = true;
            Ok(ACCOUNT.to_owned())
        });
        assert!(answer.is_err() && !is_asked);
    }
}
