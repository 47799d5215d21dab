//! Whose credentials sign a request to a service, and what is refused before anything is sent.

use crate::services::{KEYS, scratch, service, text, trentcheck, with};

/// A folder of profile files, as variables of the environment.
fn files(name: &str, credentials: &str, config: &str) -> [(&'static str, String); 2] {
    [
        ("AWS_SHARED_CREDENTIALS_FILE", scratch(&format!("{name}-credentials"), credentials)),
        ("AWS_CONFIG_FILE", scratch(&format!("{name}-config"), config)),
    ]
}

const GOOD: &str = "\
[good]
aws_access_key_id = AKIDTRENTCHECK000001
aws_secret_access_key = trentcheck-dummy-secret-primary
[refuses]
aws_access_key_id = AKIDTRENTCHECK000003
aws_secret_access_key = trentcheck-dummy-secret-denied
[old]
aws_access_key_id = AKIDTRENTCHECK000001
aws_secret_access_key = trentcheck-dummy-secret-primary
aws_credential_expiration = 2020-01-01T00:00:00Z
[half]
aws_access_key_id = AKIDTRENTCHECK000001
";

const CONFIG: &str = r#"
[profile made]
credential_process = /bin/echo '{"Version":1,"AccessKeyId":"AKIDTRENTCHECK000001","SecretAccessKey":"trentcheck-dummy-secret-primary"}'
[profile temporary]
credential_process = /bin/echo '{"Version":1,"AccessKeyId":"ASIATRENTCHECK000002","SecretAccessKey":"trentcheck-dummy-secret-session","SessionToken":"trentcheck-dummy-session-token-session","Expiration":"2999-01-01T00:00:00Z"}'
[profile old-process]
credential_process = /bin/echo '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"2020-01-01T00:00:00Z"}'
[profile fails]
credential_process = /bin/sh -c 'echo out; echo no such vault >&2; exit 3'
[profile garbage]
credential_process = /bin/echo hunter2hunter2
[profile hangs]
credential_process = /bin/cat /dev/zero
[profile sleeps]
credential_process = /bin/sleep 1000
[profile absent]
credential_process = /nonexistent/program
[profile quote]
credential_process = /bin/echo "open
[profile role]
role_arn = arn:aws:iam::111122223333:role/r
source_profile = good
[profile sign-on]
sso_start_url = https://example.test
[profile console]
login_session = arn:aws:iam::111122223333:user/u
"#;

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_profile_signs_with_its_keys_or_with_what_its_process_prints() {
    let (server, reached) = service("profiles").await;
    let files = files("profiles", GOOD, CONFIG);
    let files: Vec<(&str, &str)> = files.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let keys = [files.as_slice(), &KEYS].concat();
    let by_name = [files.as_slice(), &[("AWS_PROFILE", "made")]].concat();
    for (variables, more) in [
        (&files, &["--profile", "good"][..]),
        (&files, &["--profile", "made"]),
        (&files, &["--profile", "temporary"]),
        (&keys, &[]),
        (&by_name, &[]),
    ] {
        let arguments = [&["--account", "111122223333", "authentication/control"], more].concat();
        let output = trentcheck(variables, &with("run", &reached, &arguments)).await;
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{more:?}: {said}");
    }
    server.stop().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_cannot_be_used_are_one_clear_error() {
    let files = files("wrong", GOOD, CONFIG);
    let files: Vec<(&str, &str)> = files.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let expired = [&KEYS[..], &[("AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z")]].concat();
    let broken = scratch("broken-credentials", "[good]\nnonsense\n");
    let broken = [("AWS_SHARED_CREDENTIALS_FILE", broken.as_str())];
    let half = [("AWS_ACCESS_KEY_ID", "AKID")];
    for (variables, more, expected) in [
        (&files[..], &["--profile", "nobody"][..], "find the profile `nobody`"),
        (&files, &["--profile", "half"], "find `aws_secret_access_key`"),
        (&files, &["--profile", "old"], "they expired at 2020-01-01T00:00:00Z"),
        (&files, &["--profile", "old-process"], "they expired at 2020-01-01T00:00:00Z"),
        (
            &files,
            &["--profile", "fails"],
            "exit status: 3, with 4 bytes on stdout and 14 on stderr, which are not shown",
        ),
        (&files, &["--profile", "garbage"], "it is not JSON"),
        (&files, &["--profile", "hangs", "--credential-timeout", "5s"], "`credential_process`"),
        (&files, &["--profile", "sleeps", "--credential-timeout", "50ms"], "it did not end within 50ms"),
        (&files, &["--profile", "absent"], "`/nonexistent/program`"),
        (&files, &["--profile", "quote"], "a quote is not closed"),
        (&files, &["--profile", "good", "--denied-profile", "nobody"], "find the profile `nobody`"),
        (&files, &["--profile", "good", "--stranger-profile", "old"], "they expired"),
        (&files, &[], "find credentials "),
        (&expired, &[], "they expired at 2020-01-01T00:00:00Z"),
        (&broken, &[], "line 2 is neither"),
        (&half, &[], "find AWS_SECRET_ACCESS_KEY beside AWS_ACCESS_KEY_ID"),
    ] {
        // Nobody listens there: what is refused is refused before anything is sent.
        let arguments = [&["run", "--endpoint", "https://kms.example.test", "--resolve", "127.0.0.1:1"], more].concat();
        let output = trentcheck(variables, &arguments).await;
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {stderr}");
        assert!(stderr.contains(expected) && !stderr.contains("hunter2"), "{more:?}: {stderr}");
    }
}

#[cfg(not(feature = "aws-config"))]
#[tokio::test(flavor = "multi_thread")]
async fn what_needs_other_services_is_refused_and_the_feature_is_named() {
    let files = files("role", GOOD, CONFIG);
    let files: Vec<(&str, &str)> = files.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let run = ["run", "--endpoint", "https://kms.example.test", "--resolve", "127.0.0.1:1"];
    for (variables, more, expected) in [
        (&files[..], &["--profile", "role"][..], "an assumed role"),
        (&files, &["--profile", "sign-on"], "single sign-on"),
        (&[("AWS_WEB_IDENTITY_TOKEN_FILE", "token")], &[], "a web identity"),
        (&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/")], &[], "a container's credentials"),
    ] {
        let output = trentcheck(variables, &[&run[..], more].concat()).await;
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(expected) && stderr.contains("`--features aws-config`"), "{stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_session_is_refused_in_every_build() {
    let files = files("console", GOOD, CONFIG);
    let files: Vec<(&str, &str)> = files.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let output = trentcheck(&files, &["run", "--endpoint", "https://kms.example.test", "--profile", "console"]).await;
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("a login session") && stderr.contains("export-credentials"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_loopback_only_what_is_given_explicitly_signs() {
    let (server, _) =
        crate::support::reference(crate::support::config(trentcheck_core::fixture::Edition::KeyOnly)).await;
    let endpoint = format!("http://{}", server.address());
    let files = files("loopback", GOOD, CONFIG);
    let files: Vec<(&str, &str)> = files.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // Credentials of the standard places would be refused by the reference, so the dummy ones have signed.
    let standard = [files.as_slice(), &[("AWS_ACCESS_KEY_ID", "AKIDREAL"), ("AWS_SECRET_ACCESS_KEY", "real")]].concat();
    let case = "authentication/control";
    let ignored = trentcheck(&standard, &["run", case, "--endpoint", &endpoint]).await;
    assert_eq!(ignored.status.code(), Some(0), "{}", text(&ignored.stdout));
    let explicit = [("TRENTCHECK_ACCESS_KEY_ID", "AKIDREAL"), ("TRENTCHECK_SECRET_ACCESS_KEY", "real")];
    let refused = trentcheck(&explicit, &["run", case, "--endpoint", &endpoint]).await;
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused.stdout));
    let named = trentcheck(&files, &["run", case, "--endpoint", &endpoint, "--profile", "good"]).await;
    assert_eq!(named.status.code(), Some(0), "{}", text(&named.stdout));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_profile_plays_the_principal_who_is_denied() {
    let (server, _) =
        crate::support::reference(crate::support::config(trentcheck_core::fixture::Edition::KeyOnly)).await;
    let endpoint = format!("http://{}", server.address());
    let files = files("denied", GOOD, CONFIG);
    let files: Vec<(&str, &str)> = files.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let run = ["run", "permission/denied", "--endpoint", &endpoint, "--report", "json"];
    let output = trentcheck(&files, &[&run[..], &["--denied-profile", "refuses"]].concat()).await;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let report = &report["runs"][0];
    assert_eq!(report["figures"]["pass"], report["figures"]["selected"], "{}", report["figures"]);
    let without = trentcheck(&files, &run).await;
    let report: serde_json::Value = serde_json::from_slice(&without.stdout).unwrap();
    let report = &report["runs"][0];
    assert_eq!(report["figures"]["skipped"], report["figures"]["selected"], "{}", report["figures"]);
    server.stop().await;
}
