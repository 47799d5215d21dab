//! Credentials that another service gives: sign-on, roles, web identities, containers, each from a stand-in on loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

#[expect(dead_code, unused_imports, reason = "the other test binaries use the rest")]
mod support;

use std::net::SocketAddr;
use support::command::{text, trentcheck_apart};
use support::hostile::answering;
use support::scratch::{file, written};
use support::service::{service, with};

/// The temporary credentials that the reference knows.
const KEYS: [&str; 3] =
    ["ASIATRENTCHECK000002", "trentcheck-dummy-secret-session", "trentcheck-dummy-session-token-session"];

const CONFIG: &str = "\
[profile base]
aws_access_key_id = AKIDBASE
aws_secret_access_key = base
[profile role]
role_arn = arn:aws:iam::111122223333:role/r
source_profile = base
[profile contained]
role_arn = arn:aws:iam::111122223333:role/r
credential_source = EcsContainer
[profile sign-on]
sso_start_url = https://example.test/start
sso_region = us-east-2
sso_account_id = 111122223333
sso_role_name = r
";

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

/// The credentials as a container's endpoint gives them.
fn as_json(expires: &str) -> String {
    let [id, secret, token] = KEYS;
    format!(r#"{{"AccessKeyId":"{id}","SecretAccessKey":"{secret}","Token":"{token}","Expiration":"{expires}"}}"#)
}

async fn container(expires: &'static str) -> String {
    let address = answering(move |_, _| answer("200 OK", &as_json(expires))).await;
    format!("http://{address}/keys")
}

/// Stands in for the services that give credentials of roles and of a sign-on.
async fn giver() -> SocketAddr {
    let [id, secret, token] = KEYS;
    answering(move |request, body| {
        if request.starts_with("GET /federation/credentials?") {
            let keys = format!(
                r#""accessKeyId":"{id}","secretAccessKey":"{secret}","sessionToken":"{token}","expiration":32503680000000"#
            );
            return answer("200 OK", &format!("{{\"roleCredentials\":{{{keys}}}}}"));
        }
        let action = match body {
            body if body.contains("Action=AssumeRoleWithWebIdentity&") => "AssumeRoleWithWebIdentity",
            body if body.contains("Action=AssumeRole&") && request.contains("AWS4-HMAC-SHA256") => "AssumeRole",
            _ => return answer("400 Bad Request", "<ErrorResponse/>"),
        };
        let keys = format!(
            "<AccessKeyId>{id}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{token}</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>"
        );
        answer(
            "200 OK",
            &format!("<{action}Response><{action}Result><Credentials>{keys}</Credentials></{action}Result></{action}Response>"),
        )
    })
    .await
}

/// A home whose sign-on has been done.
fn signed_on() -> String {
    // The file is named by the hash of the start URL.
    let token = r#"{"accessToken":"signed-on","expiresAt":"2999-01-01T00:00:00Z","region":"us-east-2"}"#;
    written("signed-on/.aws/sso/cache/1997fabd2b1e0f948dd90c4e939020df4b7cbbbe.json", token);
    file("signed-on")
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_gives_credentials_gives_them_to_the_run() {
    let (server, reached) = service("chain").await;
    let giver = format!("http://{}", giver().await);
    let contained = container("2999-01-01T00:00:00Z").await;
    let config = written("chain-config", CONFIG);
    let none = written("chain-credentials", "");
    let token = written("chain-token", "a.b.c");
    let home = signed_on();
    let base = [
        ("AWS_CONFIG_FILE", config.as_str()),
        ("AWS_SHARED_CREDENTIALS_FILE", &none),
        ("AWS_ENDPOINT_URL_STS", &giver),
        ("AWS_ENDPOINT_URL_SSO", &giver),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("HOME", &home),
    ];
    let in_container = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", contained.as_str())];
    let web = [("AWS_WEB_IDENTITY_TOKEN_FILE", token.as_str()), ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/r")];
    for (variables, more) in [
        (&[][..], &["--profile", "role"][..]),
        (&[], &["--profile", "sign-on"]),
        (&in_container, &["--profile", "contained"]),
        (&in_container, &[]),
        (&web, &[]),
    ] {
        let arguments = [&["--account", "111122223333", "authentication/control", "--report", "json"], more].concat();
        let output = trentcheck_apart(&[&base[..], variables].concat(), &with("run", &reached, &arguments)).await;
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{variables:?} {more:?}: {said}");
        assert!(KEYS.iter().all(|secret| !said.contains(secret)), "{said}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_nobody_gives_are_one_clear_error() {
    let config = written("chain-wrong-config", CONFIG);
    let none = written("chain-wrong-credentials", "");
    let expired = container("2020-01-01T00:00:00Z").await;
    let garbage = format!("http://{}/keys", answering(|_, _| answer("403 Forbidden", "hunter2")).await);
    let denied = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>";
    let denies = format!("http://{}", answering(move |_, _| answer("403 Forbidden", denied)).await);
    // It takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}/keys", silent.local_addr().unwrap());
    let base = [
        ("AWS_CONFIG_FILE", config.as_str()),
        ("AWS_SHARED_CREDENTIALS_FILE", &none),
        ("AWS_ENDPOINT_URL_STS", &denies),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    for (variables, more, expected) in [
        (&[(FULL, expired.as_str())][..], &[][..], "they expired at 2020-01-01T00:00:00Z"),
        (&[(FULL, &garbage)], &[], "403"),
        (&[(FULL, &silent)], &["--credential-timeout", "50ms"], "no answer came within 50ms"),
        (&[], &["--profile", "role"], "not you"),
        (&[], &["--profile", "sign-on"], "single sign-on"),
        (&[], &[], "an instance"),
    ] {
        // Nobody listens there: what is refused is refused before anything is sent.
        let arguments = [&["run", "--endpoint", "https://kms.example.test", "--resolve", "127.0.0.1:1"], more].concat();
        let output = trentcheck_apart(&[&base[..], variables].concat(), &arguments).await;
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{variables:?} {more:?}: {stderr}");
        assert!(stderr.contains(expected) && !stderr.contains("hunter2"), "{variables:?} {more:?}: {stderr}");
    }
}
