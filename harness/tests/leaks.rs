//! No secret leaves the program: planted in every field of an exchange and of the configuration, looked for in every
//! output.

use crate::replay::dumped;
use crate::support::command::{said, trentcheck_in};
use crate::support::hostile::answering;
use crate::support::scratch;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::path::{Path, PathBuf};
use std::process::Output;

const KEY_ID: &str = "ASIAPL4NTEDKEYID0001";
const SECRET: &str = "pl4nted/s3cret+k3y=0123456789abcdefXYZ~_";
const TOKEN: &str = "IQoJpl4ntedT0ken//aVeryLongOne+WithSigns==";
const ACCOUNT: &str = "210987654321";
/// Of somebody whom nobody configured.
const FOREIGN_KEY_ID: &str = "AKIAPL4NTEDKEYID0002";

/// Everything that must not be seen, in every spelling.
fn forbidden() -> Vec<String> {
    let mut all: Vec<String> = [KEY_ID, FOREIGN_KEY_ID, ACCOUNT].map(str::to_owned).to_vec();
    for secret in [SECRET, TOKEN] {
        all.push(secret.to_owned());
        all.extend(spellings(secret));
        // The middle, which does not depend on what stands before and behind.
        all.push(BASE64_STANDARD.encode(format!("x{secret}"))[4..40].to_owned());
    }
    all
}

fn spellings(secret: &str) -> Vec<String> {
    let percent = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    vec![
        hex.to_uppercase(),
        hex,
        BASE64_STANDARD.encode(secret),
        BASE64_STANDARD.encode(format!("x{secret}")),
        secret.bytes().map(percent).collect(),
        secret.replace('/', "\\/"),
    ]
}

#[track_caller]
fn must_not_leak(what: &str, text: &str) {
    let text = text.to_lowercase();
    for secret in forbidden() {
        if let Some(at) = text.find(&secret.to_lowercase()) {
            let from = (0..=at.saturating_sub(120)).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            panic!("{what} shows `{secret}`: …{}", &text[from..at]);
        }
    }
}

/// Repeats secrets in every field of the answer, and works as far as a key without material needs it.
fn answer(request: &str, body: &str) -> String {
    let every = |secret: &str| [vec![secret.to_owned()], spellings(secret)].concat().join(" ");
    let message = serde_json::Value::from(format!(
        "{} {} {KEY_ID} {FOREIGN_KEY_ID} {ACCOUNT} arn:aws:iam::{ACCOUNT}:user/x https://u:{SECRET}@h/ {body}",
        every(SECRET),
        every(TOKEN)
    ));
    let arn = format!("arn:aws:kms:us-east-2:{ACCOUNT}:key/0b7fd7dd-0000-4000-8000-000000000001");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let metadata = format!(
        "{{\"KeyMetadata\":{{\"KeyId\":\"0b7fd7dd-0000-4000-8000-000000000001\",\"Arn\":\"{arn}\",\"AWSAccountId\":\"{ACCOUNT}\",\
         \"KeyState\":\"PendingImport\",\"CreationDate\":{now},\"Description\":{message},\"{SECRET}\":\"name\"}}}}"
    );
    let is = |operation: &str| {
        request.contains(&format!("TrentService.{operation}\r\n"))
            || request.contains(&format!("trentservice.{operation}\r\n"))
    };
    let (status, body) = match () {
        () if is("CreateKey") || is("DescribeKey") => ("200 OK", metadata),
        () if is("ScheduleKeyDeletion") => ("200 OK", "{}".to_owned()),
        () => {
            ("400", format!("{{\"__type\":\"NotFoundException\",\"message\":{message},\"ImportToken\":\"{TOKEN}\"}}"))
        }
    };
    format!(
        "HTTP/1.1 {status} {SECRET}\r\nX-{KEY_ID}: a\r\nServer: {SECRET} {ACCOUNT}\r\nX-Unknown: {SECRET}\r\n\
         Content-Type: application/x-amz-json-1.1; a={TOKEN}\r\nx-amzn-errortype: {}\r\nAuthorization: {SECRET}\r\n\
         Transfer-Encoding: chunked\r\nTrailer: X-{KEY_ID}\r\nConnection: close\r\n\r\n{:x}\r\n{body}\r\n0\r\nX-Trailer: {SECRET}\r\n\r\n",
        spellings(SECRET)[0],
        body.len()
    )
}

/// The command with the secrets, in this folder.
#[track_caller]
fn trentcheck(folder: &Path, arguments: &[&str]) -> Output {
    let variables = [
        ("TRENTCHECK_ACCESS_KEY_ID", KEY_ID),
        ("TRENTCHECK_SECRET_ACCESS_KEY", SECRET),
        ("TRENTCHECK_SESSION_TOKEN", TOKEN),
        ("TRENTCHECK_SETTLE", "50ms"),
    ];
    trentcheck_in(folder, &variables, arguments)
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// `{"__type":"NotFoundException","message":"SECRET TOKEN SECRET TOKEN"}` with the values from above, by gzip.
const GZIPPED: &str = "1f8b0800000000000203ab568a8f2fa92c4855b252f2cb2f71cb2fcd4b71ad484e2d28c9cccf53d251ca4d2d2e4e4c07c916e498e495a4a6e8171b2717a59668671b57da1a181a199b989a995b58262625a7a4a6454446d5c52b7806e67b4115871864a7e6e9eb2786a51655fae4e7a5fbe7a56a876796640467a6e715dbda2ad0c04ca55a007b2e43b4d2000000";

const CASES: &[&str] = &["example/absent-key", "success/never-imported", "success/symmetric"];

#[tokio::test(flavor = "multi_thread")]
async fn what_a_target_repeats_is_in_no_output() {
    let endpoint = format!("http://{}", answering(answer).await);
    let checked = tokio::task::spawn_blocking(move || {
        let folder = scratch::folder();
        let run = |front: &[&str], cases: &[&str]| {
            let arguments: Vec<&str> = front.iter().chain(&["--endpoint", &endpoint]).chain(cases).copied().collect();
            let output = trentcheck(&folder, &arguments);
            must_not_leak(&arguments.join(" "), &said(&output));
            (output.status.code(), said(&output))
        };
        let (_, told) = run(&["run", "--fail-on", "may"], CASES);
        // The secrets did come: their places are there.
        for part in ["<secret-access-key>", "<session-token>", "<access-key-id>", "<account>", "<present, "] {
            assert!(told.contains(part), "{part}: {told}");
        }
        for case in CASES {
            let (_, told) = run(&["replay", "--trace=hex"], &[case]);
            for sign in ['>', '<'] {
                must_not_leak(&format!("the dump of {case}"), &String::from_utf8_lossy(&dumped(&told, sign)));
            }
            assert!(told.contains("bytes are not shown: ") || !dumped(&told, '>').is_empty(), "{told}");
        }
        run(&["run", "--lane", "http"], CASES);
        run(&["run", "--report", "json"], CASES);
        run(&["run", "--report", "json=report.json"], CASES);
        assert!(folder.join("report.json").exists());
        let (code, told) = run(&["record", "base"], CASES);
        assert!(folder.join("base/example__absent-key.snap").exists(), "{code:?} {told}");
        assert!(folder.join("base/success__never-imported.snap").exists(), "{code:?} {told}");
        let kept = std::fs::read_to_string(folder.join("base/example__absent-key.snap")).unwrap();
        assert!(kept.contains("< X-Unknown: <present, 40 bytes>"), "{kept}");
        std::fs::write(folder.join("base/example__absent-key.snap"), kept.replace("POST / HTTP", "PUT / HTTP"))
            .unwrap();
        let (_, told) = run(&["run", "--against", "base"], CASES);
        assert!(folder.join("base/example__absent-key.snap.new").exists(), "{told}");
        run(&["explore", "--cases", "10", "--failures", "kept.json"], &[]);
        run(&["explain", "success/symmetric"], &[]);
        must_not_leak("explain", &said(&trentcheck(&folder, &["explain", "authentication/control"])));
        let files = files(&folder);
        for path in &files {
            must_not_leak(&path.display().to_string(), &String::from_utf8_lossy(&std::fs::read(path).unwrap()));
        }
        files.len()
    });
    assert!(checked.await.unwrap() >= 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_would_be_recorded_blocks_every_file_and_its_place_is_told() {
    let endpoint = format!("http://{}", answering(answer).await);
    tokio::task::spawn_blocking(move || {
        let folder = scratch::folder();
        let record = |region: &str, directory: &str| {
            trentcheck(&folder, &["record", directory, "--endpoint", &endpoint, "--region", region, "example/*"])
        };
        for (number, secret) in [SECRET.to_owned()].into_iter().chain(spellings(TOKEN)).enumerate() {
            let directory = format!("base{number}");
            let output = record(&secret, &directory);
            let told = said(&output);
            must_not_leak("the refusal", &told);
            assert_eq!(output.status.code(), Some(5), "{told}");
            assert!(told.contains("example__absent-key.snap` is not written: line 8 would hold a secret ("), "{told}");
            assert_eq!(files(&folder.join(directory)), Vec::<PathBuf>::new());
        }
        // Where a recording differs, the run is told all the same, and what differs is not written.
        assert_eq!(record("us-east-2", "other").status.code(), Some(3));
        let snap = folder.join("other/example__absent-key.snap");
        let changed = std::fs::read_to_string(&snap).unwrap().replace("POST / HTTP", "PUT / HTTP");
        std::fs::write(&snap, changed).unwrap();
        let arguments =
            ["run", "--endpoint", &endpoint, "--region", SECRET, "--against", "other", "example/absent-key"];
        let output = trentcheck(&folder, &arguments);
        must_not_leak("the run", &said(&output));
        assert_eq!(output.status.code(), Some(5), "{}", said(&output));
        assert!(said(&output).contains("drift: 1 of 1"), "{}", said(&output));
        assert!(!folder.join("other/example__absent-key.snap.new").exists());
        // What is recorded already stays as it is, and a hand that writes a secret into it does not get it accepted.
        assert_eq!(record("us-east-2", "base").status.code(), Some(3));
        let path = folder.join("base/example__absent-key.snap");
        let kept = std::fs::read_to_string(&path).unwrap();
        assert_eq!(record(SECRET, "base").status.code(), Some(5));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), kept);
        std::fs::write(
            folder.join("base/example__absent-key.snap.new"),
            kept.replace("POST / HTTP", &format!("POST /{TOKEN} HTTP")),
        )
        .unwrap();
        let shown = trentcheck(&folder, &["accept", "base", "--diff"]);
        must_not_leak("what waits to be accepted", &said(&shown));
        assert_eq!(shown.status.code(), Some(1), "{}", said(&shown));
        let accepted = trentcheck(&folder, &["accept", "base", "--all"]);
        assert_eq!(accepted.status.code(), Some(5), "{}", said(&accepted));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), kept);
    })
    .await
    .unwrap();
}

#[test]
fn a_secret_in_the_wrong_place_of_the_command_line_is_not_repeated() {
    let folder = scratch::folder();
    let url = format!("http://user:{SECRET}@127.0.0.1:1");
    let (path, field) = (format!("json=/nowhere/{TOKEN}"), format!("creating={SECRET}"));
    let elsewhere = format!("us-west-2=ftp://{SECRET}");
    std::fs::write(folder.join("secret.toml"), format!("region = \"us-east-2\"\nkey = \"{SECRET}\"\n")).unwrap();
    std::fs::write(folder.join("wrong.toml"), format!("edition = \"{SECRET}\"\n")).unwrap();
    for arguments in [
        &["run", "--endpoint", &url][..],
        &["run", "--endpoint", SECRET],
        &["run", "--edition", SECRET],
        &["run", "--region", SECRET, "example/*"],
        &["run", "--account", ACCOUNT, "example/*"],
        &["run", "--account", SECRET, "--endpoint", "http://127.0.0.1:1"],
        &["run", "--timeout", SECRET],
        &["run", "--report", SECRET],
        &["run", "--report", &path],
        &["run", "--provide", SECRET],
        &["run", "--provide", &field, "example/*"],
        &["run", "--elsewhere", &elsewhere],
        &["run", "--ca", SECRET, "--endpoint", "http://127.0.0.1:1"],
        &["run", "--config", SECRET],
        &["run", "--config", "secret.toml"],
        &["run", "--config", "wrong.toml"],
        &["run", "--against", SECRET],
        &["run", "--against", &url],
        &["run", "--tag", SECRET],
        &["run", SECRET],
        &["accept", SECRET],
        &["explain", SECRET],
        &["explore", "--failures", SECRET, "--endpoint", SECRET],
        &["serve", "--mutant", SECRET],
        &[SECRET],
    ] {
        let output = trentcheck(&folder, arguments);
        assert_ne!(said(&output), "", "{arguments:?}");
        must_not_leak(&arguments.join(" "), &said(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_answer_is_told_and_not_kept() {
    let gzipped: Vec<u8> =
        (0..GZIPPED.len()).step_by(2).map(|at| u8::from_str_radix(&GZIPPED[at..at + 2], 16).unwrap()).collect();
    for coding in ["Content-Encoding: gzip\r\n", ""] {
        let body = gzipped.clone();
        let answer = move |_: &str, _: &str| {
            let head = format!(
                "HTTP/1.1 400 Bad Request\r\nX-Amzn-RequestId: 1\r\n{coding}Content-Length: {}\r\n\r\n",
                body.len()
            );
            [head.into_bytes(), body.clone()].concat()
        };
        let endpoint = format!("http://{}", answering(answer).await);
        let checked = tokio::task::spawn_blocking(move || {
            let folder = scratch::folder();
            let run = |front: &[&str]| {
                let more = ["--endpoint", &endpoint, "example/absent-key"];
                said(&trentcheck(&folder, &front.iter().chain(&more).copied().collect::<Vec<_>>()))
            };
            let mut told = [run(&["run"]), run(&["run", "--report", "json"]), run(&["record", "base"])].join("\n");
            for path in files(&folder) {
                told.push_str(&std::fs::read_to_string(path).unwrap());
            }
            told
        });
        let told = checked.await.unwrap();
        assert!(told.contains("<not kept: gzip>"), "{told}");
        assert!(told.contains(&format!("{} bytes", gzipped.len())), "{told}");
        // The middle of it, in the spellings of bytes.
        let middle = &gzipped[60..100];
        assert!(!told.contains(&GZIPPED[120..200]) && !told.contains(&BASE64_STANDARD.encode(middle)), "{told}");
        assert!(!told.contains("hex:1f8b") && !told.contains('\u{fffd}'), "{told}");
    }
}

/// One case, so that a target that only refuses can be judged as a whole.
fn fixtures_of_one_case(folder: &Path) -> String {
    let (from, to) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), folder.join("fixtures"));
    for part in ["spec", "cases"] {
        std::fs::create_dir_all(to.join(part)).unwrap();
    }
    for path in files(&from.join("spec")) {
        std::fs::copy(&path, to.join("spec").join(path.file_name().unwrap())).unwrap();
    }
    let cases = std::fs::read_to_string(from.join("cases/example.toml")).unwrap();
    let mut parts = cases.split("[[case]]");
    let group = parts.next().unwrap();
    let case = parts.find(|case| case.contains("\"example/absent-key\"")).unwrap();
    // Each clause that can be observed needs a case.
    let clauses = std::fs::read_to_string(from.join("spec/clauses.toml")).unwrap();
    let tested = clauses.split("[[clause]]").skip(1).filter(|clause| !clause.contains("\nunobservable = "));
    let ids: Vec<&str> = tested.map(|clause| clause.split('"').nth(1).unwrap()).collect();
    let case = case.replace("clauses = [", &format!("clauses = {ids:?}\n# ["));
    // So does each passage.
    let passages = std::fs::read_to_string(from.join("spec/passages.toml")).unwrap();
    let supports: Vec<String> = passages
        .split("[[passage]]")
        .skip(1)
        .map(|passage| passage.split('"').nth(1).unwrap())
        .filter(|id| !case.contains(&format!(" {id}\"")))
        .map(|id| format!("\"implies {id}\", "))
        .collect();
    let case = case.replacen("supports = [", &format!("supports = [{}", supports.concat()), 1);
    std::fs::write(to.join("cases/example.toml"), format!("{group}[[case]]{case}")).unwrap();
    to.to_string_lossy().into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_deviations_holds_no_secret() {
    let refusal = |_: &str, _: &str| {
        let body = format!("{{\"__type\":\"{SECRET}{KEY_ID}\",\"message\":\"{TOKEN}\"}}");
        format!("HTTP/1.1 400 {SECRET}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    };
    let endpoint = format!("http://{}", answering(refusal).await);
    tokio::task::spawn_blocking(move || {
        let folder = scratch::folder();
        let fixtures = fixtures_of_one_case(&folder);
        let update = ["deviations", "update", "--endpoint", &endpoint, "--fixtures", &fixtures, "known.toml"];
        let output = trentcheck(&folder, &update);
        must_not_leak("deviations update", &said(&output));
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let known = folder.join("known.toml");
        let written = std::fs::read_to_string(&known).unwrap();
        must_not_leak("the list", &written);
        assert!(written.contains("<secret-access-key>"), "{written}");
        // What people wrote into it by mistake is not written again.
        let commented = format!("# {TOKEN}\n{}", written.replace("<secret-access-key>", "other"));
        std::fs::write(&known, &commented).unwrap();
        for arguments in [&update[..], &[&update[..], &["--reason", SECRET]].concat()] {
            let output = trentcheck(&folder, arguments);
            must_not_leak("deviations update", &said(&output));
            assert_eq!(output.status.code(), Some(5), "{}", said(&output));
            assert_eq!(std::fs::read_to_string(&known).unwrap(), commented);
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_holds_no_secret() {
    // A key whose ARN repeats one.
    let planted = |request: &str, body: &str| answer(request, body).replace(":key/", &format!(":key/{SECRET}/"));
    let endpoint = format!("http://{}", answering(planted).await);
    tokio::task::spawn_blocking(move || {
        let folder = scratch::folder();
        let run = ["run", "--endpoint", &endpoint, "success/never-imported", "--ledger"];
        let output = trentcheck(&folder, &[&run[..], &["run.ledger"]].concat());
        must_not_leak("the run", &said(&output));
        let written = std::fs::read_to_string(folder.join("run.ledger")).unwrap();
        // Only the account of an ARN has to be there, for `sweep`.
        must_not_leak("the ledger", &written.replace(ACCOUNT, ""));
        assert!(written.contains("\"intent\""), "{written}");
        let output = trentcheck(&folder, &[&run[..], &["other.ledger", "--region", SECRET]].concat());
        must_not_leak("the refusal", &said(&output));
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        let written = std::fs::read_to_string(folder.join("other.ledger")).unwrap();
        assert_eq!(written, "{\"event\":\"ledger\",\"format\":\"trentcheck-ledger/2\"}\n");
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_are_named_are_kept_back_by_every_command() {
    // No ARN, from which an account would be known: only whoever named the number knows what it is.
    const NAMED: &str = "314159265358";
    let body = format!("{{\"__type\":\"Of {NAMED}\",\"message\":\"of {NAMED}\"}}");
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    let endpoint = format!("http://{}", answering(move |_, _| answer.clone()).await);
    tokio::task::spawn_blocking(move || {
        let folder = scratch::folder();
        for command in [&["run", "example/absent-key"][..], &["doctor"], &["explore", "--cases", "3"]] {
            let command = [command, &["--endpoint", &endpoint]].concat();
            // It is shown where nobody has said that it is an account, so that there is something to keep back.
            assert!(said(&trentcheck(&folder, &command)).contains(NAMED), "{command:?}");
            for flag in ["--account", "--stranger-account"] {
                let said = said(&trentcheck(&folder, &[&command[..], &[flag, NAMED]].concat()));
                assert!(!said.contains(NAMED), "{command:?} {flag}: {said}");
            }
        }
    })
    .await
    .unwrap();
}

/// Every way in which a run at this target tells of itself: what it prints, every format of a report, and a replay.
#[track_caller]
fn told_everywhere(endpoint: &str, more: &[&str], variables: &[(&str, &str)]) -> Vec<(String, String)> {
    let folder = scratch::folder();
    let variables = [
        &[
            ("TRENTCHECK_ACCESS_KEY_ID", KEY_ID),
            ("TRENTCHECK_SECRET_ACCESS_KEY", SECRET),
            ("TRENTCHECK_SESSION_TOKEN", TOKEN),
            ("TRENTCHECK_SETTLE", "50ms"),
        ],
        variables,
    ]
    .concat();
    let run = |arguments: &[&str]| {
        let arguments = [arguments, &["--endpoint", endpoint, "example/absent-key"], more].concat();
        let output = trentcheck_in(&folder, &variables, &arguments);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?}: {:?} {}", output.status, said(&output));
        output
    };
    let formats =
        ["json", "junit", "markdown", "html", "github", "ndjson", "prometheus", "badge-divergence", "badge-coverage"];
    let destinations: Vec<String> = formats.iter().map(|format| format!("--report={format}=report.{format}")).collect();
    let destinations: Vec<&str> = destinations.iter().map(String::as_str).collect();
    let mut told = vec![("run".to_owned(), said(&run(&[&["run"], &destinations[..]].concat())))];
    told.push(("replay".to_owned(), said(&run(&["replay", "--trace=hex"]))));
    for path in files(&folder) {
        told.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
    }
    assert!(told.len() >= 2 + formats.len(), "{}", told.len());
    for (what, text) in &told {
        if what.starts_with("ndjson") || what.ends_with("report.ndjson") {
            text.lines().for_each(|line| drop(serde_json::from_str::<serde_json::Value>(line).expect(what)));
        } else if what.starts_with("json") || what.ends_with("report.json") {
            let report: serde_json::Value = serde_json::from_str(text).expect(what);
            assert_eq!(report["schema"], "trentcheck-report/2", "{what}");
            assert!(report["runs"][0]["cases"][0]["duration_us"].is_u64(), "{what}");
        }
    }
    told
}

/// A target that gives every request this answer, with more head and this body.
async fn always(head: &str, body: impl Into<Vec<u8>>) -> String {
    let body = body.into();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.1\r\n{head}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let answer = [head.into_bytes(), body].concat();
    format!("http://{}", answering(move |_, _| answer.clone()).await)
}

/// As [`must_not_leak`], for eight characters of the secret in a row.
#[track_caller]
fn must_not_leak_a_part(what: &str, text: &str) {
    must_not_leak(what, text);
    let text = text.to_lowercase();
    let secret = SECRET.to_lowercase();
    for part in (0..=secret.len() - 8).map(|at| &secret[at..at + 8]) {
        assert!(!text.contains(part), "{what} shows `{part}`");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cut_shows_no_part_of_a_secret() {
    let (escaped, percent) = (SECRET.replace('/', "\\/"), SECRET.replace('p', "%70"));
    let mut bodies = Vec::new();
    for (spelt, front) in [(SECRET, 44), (&*escaped, 46), (&*percent, 72)] {
        bodies.push(format!("{} {spelt} {}", "z".repeat(front), "z".repeat(100)));
    }
    let entity = SECRET.replace('/', "&#47;");
    for name in [format!("{}#{}{}", "a".repeat(477), SECRET.replace('/', "%2f"), "y".repeat(100)), entity] {
        bodies.push(serde_json::json!({ "__type": name, "message": "m" }).to_string());
    }
    let message = format!("{}{}  ", "m".repeat(8160), SECRET.replace('/', "%2f"));
    bodies.push(serde_json::json!({ "__type": "NotFoundException", "message": message }).to_string());
    for body in bodies {
        let endpoint = always("", body.clone()).await;
        let told = tokio::task::spawn_blocking(move || told_everywhere(&endpoint, &[], &[])).await.unwrap();
        for (what, text) in told {
            must_not_leak_a_part(&format!("{what} of {body:.120}"), &text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_keeps_its_form_whatever_is_hidden() {
    for value in ["Signature=", "X-Amz-Security-Token=", "Signature=ab\"c"] {
        let body = serde_json::json!({ "__type": "NotFoundException", "message": value });
        let endpoint = always(&format!("Server: {value}\r\n"), body.to_string()).await;
        tokio::task::spawn_blocking(move || told_everywhere(&endpoint, &[], &[])).await.unwrap();
    }
    // Words of our own reports are secrets of somebody who tests.
    for secret in ["duration_us", "trentcheck", "error-type"] {
        let endpoint = always("", serde_json::json!({ "__type": "x", "message": secret }).to_string()).await;
        let variables = [("AWS_SECRET_ACCESS_KEY", secret)];
        tokio::task::spawn_blocking(move || {
            told_everywhere(&endpoint, &[], &variables);
            for format in ["json", "ndjson"] {
                let arguments = ["run", "--endpoint", &endpoint, "example/absent-key", "--report", format];
                let output = trentcheck_in(&scratch::folder(), &variables, &arguments);
                assert_eq!(output.status.code(), Some(1), "{}", said(&output));
                let told = String::from_utf8(output.stdout).unwrap();
                let first = if format == "json" { &*told } else { told.lines().next().unwrap() };
                assert!(serde_json::from_str::<serde_json::Value>(first).is_ok(), "{told}");
            }
        })
        .await
        .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_text_show_nothing_more() {
    let body = format!(
        "account {ACCOUNT} and {FOREIGN_KEY_ID} {{\"ImportToken\":\"abcdefabcdef\"}} http://joe:pw@h/ Signature=0123"
    );
    let endpoint = always("", [b"\xff ", body.as_bytes()].concat()).await;
    let account = ["--account", ACCOUNT];
    let told = tokio::task::spawn_blocking(move || told_everywhere(&endpoint, &account, &[])).await.unwrap();
    for (what, text) in told {
        for part in [ACCOUNT, FOREIGN_KEY_ID, "abcdefabcdef", "joe:pw", "Signature=0123"] {
            let dump: String = part.bytes().map(|byte| format!("{byte:02x}")).collect();
            assert!(!text.contains(part) && !text.contains(&dump), "{what} shows {part}: {text}");
        }
        for sign in ['>', '<'] {
            let dumped = String::from_utf8_lossy(&dumped(&text, sign)).into_owned();
            assert!(!dumped.contains(ACCOUNT) && !dumped.contains(FOREIGN_KEY_ID), "the dump of {what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_key_ids_are_found_behind_an_escape() {
    for between in ["\\n", "_", "%3A"] {
        let text = format!("of{between}{ACCOUNT}{between}{FOREIGN_KEY_ID}{between}.");
        let foreign = "arn%3Aaws%3Akms%3Aus-east-2%3A998877665544%3Akey";
        let body = format!("{{\"__type\":\"NotFoundException\",\"message\":\"{text} {foreign}\"}}");
        let endpoint = always("", body).await;
        let account = ["--account", ACCOUNT];
        let told = tokio::task::spawn_blocking(move || told_everywhere(&endpoint, &account, &[])).await.unwrap();
        for (what, text) in told {
            for part in [ACCOUNT, FOREIGN_KEY_ID, "998877665544"] {
                assert!(!text.contains(part), "{what} shows {part} behind {between}");
            }
        }
    }
}
