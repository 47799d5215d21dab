use super::error::with_sources;
use super::settled::Settled;
use super::{CheckError, Outcomes, check};
use crate::fixture::{Edition, Level, Owner, Place, PrincipalName, Replica};
use crate::normalise::{Redactor, Shown};
use crate::report::render::Format;
use crate::report::{Held, Outcome};
use crate::run::foreseen;
use crate::sign::Credentials;
use crate::target::Target;
use crate::test_support::{concluded, ran};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

fn nobody() -> Credentials {
    Credentials { access_key_id: "AKID".to_owned(), secret_access_key: "secret".to_owned(), session_token: None }
}

/// A file with this text, and the folder that removes it.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = folder.path().join("file");
    std::fs::write(&path, text).expect("there is room for a file");
    (folder, path)
}

#[tokio::test]
async fn only_loopback_is_called_unless_somebody_says_otherwise() {
    let at = |url: &str| check(url).up_within(Duration::from_millis(1));
    let refused = at("https://kms.example.test").run().await;
    assert!(matches!(refused, Err(CheckError::NotLoopback(_))), "{refused:?}");
    let refused = at("http://kms.example.test").off_loopback().principal(PrincipalName::Primary, nobody()).run().await;
    assert!(matches!(refused, Err(CheckError::PlainHttp(_))), "{refused:?}");
    let refused = at("https://kms.example.test").off_loopback().run().await;
    assert!(matches!(refused, Err(CheckError::NoCredentials(_))), "{refused:?}");
}

#[tokio::test]
async fn what_is_wrong_before_anything_is_sent_is_an_error() {
    let closed = || check("127.0.0.1:1").up_within(Duration::from_millis(50));
    let (_first, of_other_corpus) =
        file("[[deviation]]\ncase = \"success/no-such-case\"\nflaky = true\nreason = \"r\"\nexpires = 2099-01-01\n");
    let (_second, of_other_edition) = file("edition = \"key-material-id\"\n");
    for (check, words) in [
        (closed(), "nothing listens there within 50ms"),
        (check("ftp://127.0.0.1"), "neither `http` nor `https`"),
        (closed().only("success/no-such-case"), "find a case that matches `success/no-such-case`"),
        (closed().without("nonsense/*", "why"), "find a case that matches `nonsense/*`"),
        (closed().without_from("no-such-file.txt", "why"), "read `no-such-file.txt`"),
        (closed().deviations("no-such-file.toml"), "read `no-such-file.toml`"),
        (closed().deviations(of_other_corpus), "success/no-such-case"),
        (closed().deviations(of_other_edition), "deviations from the edition key-material-id"),
        (closed().edition(Edition::KeyMaterialId).fail_on(Level::May).provide("nonsense", "id"), "no case asks for"),
    ] {
        let error = check.run().await.expect_err(words).to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[tokio::test]
async fn an_error_in_a_failed_test_is_a_sentence_with_its_hint() {
    let closed = check("127.0.0.1:1").up_within(Duration::from_millis(50)).run().await;
    let shown = format!("{:?}", closed.expect_err("nothing listens there"));
    assert!(shown.starts_with("reach http://127.0.0.1:1: nothing listens there within 50ms: "), "{shown}");
    assert_eq!(shown.lines().count(), 1, "{shown}");
    let misspelt = check("127.0.0.1:1").only("sucess/rsa").run().await.expect_err("there is no such case");
    let expected = "find a case that matches `sucess/rsa`\nhint: did you mean `success/rsa`?";
    assert_eq!(format!("{misspelt:?}"), expected);
}

#[test]
fn a_source_that_an_error_does_not_quote_has_its_own_line() {
    #[derive(Debug, thiserror::Error)]
    #[error("{words}")]
    struct Failed {
        words: &'static str,
        source: Option<Box<Failed>>,
    }
    let failed = |words, source: Option<Failed>| Failed { words, source: source.map(Box::new) };
    let error = failed("open the ledger", Some(failed("write it: no room", Some(failed("no room", None)))));
    assert_eq!(with_sources(&error), "open the ledger\ncaused by: write it: no room");
}

#[test]
fn a_file_names_the_cases_that_are_left_out() {
    let (_folder, path) = file("# ours has no such keys\n*hmac*\n\nexample/absent-key\n");
    let settled = Settled::of(check("127.0.0.1:1").without("example/*", "later").without_from(&path, "not ours"));
    let excluded = settled.expect("the settings are right").excluded;
    assert_eq!(excluded.get("example/absent-key").map(String::as_str), Some("later"));
    assert_eq!(excluded.get("success/hmac").map(String::as_str), Some("not ours"));
    assert!(!excluded.contains_key("success/rsa"));
    let (_folder, path) = file("success/hmac\n# a comment\nsucess/rsa\n");
    let wrong = Settled::of(check("127.0.0.1:1").without_from(&path, "not ours")).err().expect("there is no such case");
    let place = format!("{}:3: find a case that matches `sucess/rsa`", path.display());
    assert_eq!(format!("{wrong:?}"), format!("{place}\nhint: did you mean `success/rsa`?"));
}

#[test]
fn credentials_are_those_of_the_primary_principal() {
    let short = check("127.0.0.1:1").credentials("AKID", "secret");
    let long = check("127.0.0.1:1").principal(PrincipalName::Primary, nobody());
    assert_eq!(short.principals, long.principals);
}

#[test]
fn cases_whose_keys_nobody_can_make_are_known_before_a_run() {
    let mut settled = Settled::of(check("127.0.0.1:1")).expect("the settings are right");
    let options = settled.options().expect("there is randomness");
    let recipe = |id: &str| {
        let case = settled.corpus.cases.iter().find(|case| case.id() == id).expect("it is a case of the corpus");
        settled.corpus.precondition(&case.precondition).expect("the corpus is linted")
    };
    let without_region = Target { elsewhere: None, ..settled.target.clone() };
    let with_region = foreseen(settled.corpus, &settled.target, &options);
    let without_region = foreseen(settled.corpus, &without_region, &options);
    let reason = |reasons: &BTreeMap<&str, Shown>, id: &str| reasons.get(id).map(ToString::to_string);
    let (mut strangers, mut far) = (0, 0);
    for case in &settled.corpus.cases {
        let recipe = recipe(case.id());
        let is_far = recipe.region == Place::Elsewhere || recipe.replica != Replica::None;
        let (with_region, without_region) = (reason(&with_region, case.id()), reason(&without_region, case.id()));
        if recipe.owner == Owner::Stranger {
            strangers += 1;
            assert!(with_region.is_some_and(|why| why.contains("of another account is needed")), "{}", case.id());
        } else if is_far && with_region.is_none() {
            far += 1;
            assert!(without_region.is_some_and(|why| why.contains("second Region is needed")), "{}", case.id());
        } else {
            assert_eq!(with_region, without_region, "{}", case.id());
        }
    }
    assert!(strangers > 1 && far > 1, "{strangers} {far}");
    settled.target.principals.insert(PrincipalName::Stranger, nobody());
    assert_eq!(foreseen(settled.corpus, &settled.target, &options).get("permission/foreign-arn"), None);
}

#[test]
fn no_format_shows_an_account() {
    let account = "210987654321";
    let mut ran = ran(&[("members/number", Outcome::Diverges)]);
    ran.cases[0].title = format!("the key of \"{account}\"");
    let redactor = Redactor::default().with_accounts([account]);
    let outcomes = Outcomes::new(concluded(&ran, &[], Held::default()), redactor);
    assert!(outcomes.report().cases[0].title.contains(account));
    for format in Format::ALL {
        let text = outcomes.render(format);
        assert!(!text.contains(account), "{format:?}");
    }
    assert!(outcomes.render(Format::Html).contains("the key of &quot;&lt;account&gt;&quot;"));
}
