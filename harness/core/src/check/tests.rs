use super::{CheckError, check};
use crate::fixture::{Edition, Level, PrincipalName};
use crate::sign::Credentials;
use std::time::Duration;

fn nobody() -> Credentials {
    Credentials { access_key_id: "AKID".to_owned(), secret_access_key: "secret".to_owned(), session_token: None }
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
    let list = |text: &str| {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let path = folder.path().join("known.toml");
        std::fs::write(&path, text).expect("there is room for a file");
        (folder, path)
    };
    let (_first, of_other_corpus) =
        list("[[deviation]]\ncase = \"success/no-such-case\"\nflaky = true\nreason = \"r\"\nexpires = 2099-01-01\n");
    let (_second, of_other_edition) = list("edition = \"key-material-id\"\n");
    for (check, words) in [
        (closed(), "nothing listens there within 50ms"),
        (check("ftp://127.0.0.1"), "neither `http` nor `https`"),
        (closed().only("success/no-such-case"), "find a case that matches `success/no-such-case`"),
        (closed().without("nonsense/*", "why"), "find a case that matches `nonsense/*`"),
        (closed().deviations("no-such-file.toml"), "read `no-such-file.toml`"),
        (closed().deviations(of_other_corpus), "success/no-such-case"),
        (closed().deviations(of_other_edition), "deviations from the edition key-material-id"),
        (closed().edition(Edition::KeyMaterialId).fail_on(Level::May).provide("nonsense", "id"), "no case asks for"),
    ] {
        let error = check.run().await.expect_err(words).to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
}
