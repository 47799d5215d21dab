//! The library as the tests of an emulator call it.

use crate::support::scratch::Scratch;
use crate::support::{config, reference, served};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use trentcheck_core::fixture::Edition;
use trentcheck_core::report::render::Format;
use trentcheck_core::report::{ExitCode, Outcome};
use trentcheck_core::{Check, check};

/// A check of a server that shows every change at once.
fn quick(url: &str) -> Check {
    check(url).settle(Duration::from_millis(100))
}

#[tokio::test]
async fn a_server_that_conforms_is_asserted_in_one_call() {
    let (server, target) = reference(config(Edition::KeyMaterialId)).await;
    let mut check = check(server.address()).edition(Edition::KeyMaterialId).only("success/*").only("example/*");
    for (name, credentials) in target.principals {
        check = check.principal(name, credentials);
    }
    for (name, id) in target.provided {
        check = check.provide(name, id);
    }
    let outcomes = check.run().await.unwrap();
    outcomes.assert_conforms();
    assert!(outcomes.cases().iter().any(|case| case.id == "example/absent-key" && case.outcome == Outcome::Pass));
    assert!(outcomes.cases().len() > 10);
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_diverges_panics_with_the_brief_report() {
    let (_server, url) = served(Some("alias-accepted")).await;
    let outcomes =
        quick(&url).only("identifiers/alias-*").without("identifiers/alias-moved", "not today").run().await.unwrap();
    assert_eq!(outcomes.exit_code(), ExitCode::Divergence);
    let panic = tokio::spawn(async move { outcomes.assert_conforms() }).await.unwrap_err().into_panic();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(
        text.contains("✗ ") && text.contains("identifiers/") && text.contains("repeat: .only(\"identifiers/"),
        "{text}"
    );
    assert!(text.contains("the target diverges from the spec"), "{text}");
    assert!(text.contains("skipped: 1 (not today)"), "{text}");
    assert!(!text.contains("111122223333"), "{text}");
}

#[tokio::test]
async fn a_listed_deviation_conforms_and_a_stale_one_does_not() {
    let folder = Scratch::new();
    let (_server, url) = served(Some("alias-accepted")).await;
    let check = |url: &str| quick(url).only("identifiers/alias-name").only("example/*");
    let found = check(&url).run().await.unwrap();
    let wrong: Vec<_> = found.cases().iter().filter(|case| case.outcome == Outcome::Diverges).collect();
    assert!(!wrong.is_empty(), "{found}");
    let entries: Vec<String> = wrong
        .iter()
        .map(|case| {
            format!("[[deviation]]\ncase = \"{}\"\nflaky = true\nreason = \"known\"\nexpires = 2099-01-01\n", case.id)
        })
        .collect();
    let list = folder.file("known.toml");
    std::fs::write(&list, entries.join("\n")).unwrap();
    check(&url).deviations(&list).run().await.unwrap().assert_conforms();
    // At a server without the fault an entry of this kind is not stale, but one that says how it deviates is.
    let exact = entries.join("\n").replace("flaky = true", "answer = \"200\"\ndiffers = [\"status, answer: 200\"]");
    std::fs::write(&list, exact).unwrap();
    let (_right, url) = served(None).await;
    let outcomes = check(&url).deviations(&list).run().await.unwrap();
    assert_eq!(outcomes.exit_code(), ExitCode::Divergence);
    assert!(outcomes.to_string().contains("stale"), "{outcomes}");
    assert!(outcomes.render(Format::Junit).contains("<failure"));
}

#[tokio::test]
async fn a_port_that_answers_something_else_does_not_conform() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let _accepting = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").await;
        }
    });
    let outcomes = check(address).only("example/*").only("success/symmetric").run().await.unwrap();
    assert!(!outcomes.conforms(), "{outcomes}");
    assert!(outcomes.cases().iter().all(|case| case.outcome != Outcome::Pass), "{outcomes}");
}
