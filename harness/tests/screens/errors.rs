//! Mistakes of a user, and what is said about each.

use super::{Screen, Stage};

/// The screens.
pub(super) const SCREENS: &[Screen] = &[
    ("errors-selection", selection),
    ("errors-values", values),
    ("errors-endpoint", endpoint),
    ("errors-connection", connection),
    ("errors-credentials", credentials),
    ("errors-configuration", configuration),
    ("errors-unchosen-target", unchosen_target),
    ("errors-second-target", second_target),
    ("errors-baseline", baseline),
    ("errors-deviations", deviations),
    ("errors-explore", explore),
    ("errors-keys", keys),
];

fn each(stage: &mut Stage, calls: &[&[&str]]) {
    for arguments in calls {
        stage.call(arguments);
    }
}

fn selection(stage: &mut Stage) {
    each(
        stage,
        &[
            &["--edtion", "key-only"],
            &["rnu"],
            &["run", "success/symetric"],
            &["run", "success"],
            &["run", "sucess/*"],
            &["run", "nothing/*"],
            &["run", "--skip", "nothing/*"],
            &["run", "--tag", "nonsense"],
            &["run", "--tag", "signatur"],
            &["replay", "success/*"],
            &["run", "--level", "perhaps"],
            &["run", "@nowhere.txt"],
            &["explain", "success/symetric"],
            &["explain"],
            &["selfcheck", "no-such-mutant"],
            &["serve", "--mutant", "no-such-mutant"],
            &["serve", "--mutant", "success-body-nul"],
            &["run", "--fixtures", "/nonexistent"],
        ],
    );
}

fn values(stage: &mut Stage) {
    each(
        stage,
        &[
            &["run", "--fail-on", "perhaps"],
            &["run", "--edition", "newest"],
            &["run", "--lane", "fast"],
            &["run", "--jobs", "0"],
            &["run", "--timeout", "soon"],
            &["run", "--deadline", "18446744073709551615s"],
            &["run", "--shuffle=abc"],
            &["run", "--report", "xml"],
            &["run", "--report", "jnuit"],
            &["report", "jnuit", "run.json"],
            &["run", "--max-fail", "0"],
            &["run", "--report", "junit="],
            &["run", "--report", "junit", "--report", "markdown"],
            &["doctor", "--report", "junit"],
            &["report"],
            &["report", "junit"],
            &["run", "example/absent-key", "--report", "json=/nonexistent/report.json"],
        ],
    );
}

fn endpoint(stage: &mut Stage) {
    let dead = "http://127.0.0.1:1";
    each(
        stage,
        &[
            &["run", "--endpoint", "127.0.0.1:80"],
            &["run", "--endpoint", "ftp://h"],
            &["run", "--endpoint", "http://"],
            &["run", "--endpoint", "http://user:word@h/"],
            &["run", "--endpoint", dead, "--region", "us east"],
            &["run", "--endpoint", dead, "--provide", "createing=x"],
            &["run", "--endpoint", dead, "--provide", "nothing-like-it=x"],
            &["run", "--endpoint", dead, "--elsewhere", "us-west-2"],
            &["run", "--endpoint", dead, "--rate", "CreateKey=fast"],
            &["run", "--endpoint", dead, "--rate", "CreateKey=0"],
            &["run", "--endpoint", dead, "--account", "1111"],
            &["run", "--endpoint", dead, "--ca", "nowhere.pem"],
            &["run", "--endpoint", dead, "--proxy", "http://192.0.2.1:3128"],
            &["run", "--endpoint", dead, "--resolve", "192.0.2.1:443"],
            &["run", "--endpoint", dead, "--elsewhere", "us-west-2=http://192.0.2.1:80"],
            &["run", "--endpoint", dead, "--embedded"],
            &["run", "--preset", "minstack"],
            &["run", "--preset", "nothing-like-it"],
            &["run", "--preset", "aws-emulator"],
            &["run", "--preset", "moto", "--embedded"],
            &["run", "--endpoint", dead, "--fips"],
        ],
    );
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "example")];
    stage.call_with(&keys, &["run", "--endpoint", "aws"]);
    stage.call_with(&keys, &["run", "--endpoint", "aws", "--region", "east"]);
    stage.call_with(&keys, &["run", "--endpoint", "aws", "--region", "us-iso-east-1"]);
    stage.call_with(&keys, &["run", "--endpoint", "http://kms.example.com", "--region", "us-east-2"]);
}

fn connection(stage: &mut Stage) {
    let pair = rcgen::generate_simple_self_signed(vec!["a".to_owned()]).unwrap();
    stage.write("nothing.pem", "nothing");
    stage.write("certificate.pem", &pair.cert.pem());
    stage.write("other.pem", &rcgen::KeyPair::generate().unwrap().serialize_pem());
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "example")];
    for more in [
        &["--ca", "nowhere.pem"][..],
        &["--ca", "nothing.pem"],
        &["--client-cert", "nowhere.pem"],
        &["--client-cert", "nothing.pem"],
        &["--client-cert", "certificate.pem"],
        &["--client-cert", "certificate.pem", "--client-key", "other.pem"],
        &["--client-key", "nothing.pem"],
        &["--server-name", "not a name"],
        &["--resolve", "kms.example.test:443"],
        &["--proxy", "https://proxy.example.test:3128"],
        &["--proxy", "env"],
        &["--proxy", "http://127.0.0.1:1", "--server-name", "other"],
        &["--fips"],
    ] {
        stage.call_with(&keys, &[&["run", "--endpoint", "https://kms.example.test"], more].concat());
    }
}

fn credentials(stage: &mut Stage) {
    let run = ["run", "--endpoint", "https://kms.example.test"];
    stage.call(&run);
    stage.call_with(&[("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")], &run);
    stage.call_with(&[("TRENTCHECK_ACCESS_KEY_ID", "AKIDEXAMPLE")], &run);
    stage.write(
        "files",
        "[good]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = example\n[half]\naws_access_key_id = AKIDEXAMPLE\n[old]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = example\n\
         aws_credential_expiration = 2019-01-01T00:00:00Z\n",
    );
    for more in [
        &["--profile", "nobody"][..],
        &["--profile", "half"],
        &["--profile", "old"],
        &["--profile", "good", "--denied-profile", "nobody"],
        &["--profile", "good", "--stranger-profile", "old"],
    ] {
        stage.call_with(&[("AWS_SHARED_CREDENTIALS_FILE", "files")], &[&run[..], more].concat());
    }
    stage.write("broken", "[good]\nnonsense\n");
    stage.call_with(&[("AWS_SHARED_CREDENTIALS_FILE", "broken")], &run);
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "example")];
    stage.call_with(&[&keys[..], &[("AWS_CREDENTIAL_EXPIRATION", "2019-01-01T00:00:00Z")]].concat(), &run);
    stage.write(
        "config",
        "[profile fails]\ncredential_process = /bin/sh -c 'echo no such vault >&2; exit 3'\n\
         [profile garbage]\ncredential_process = /bin/echo nonsense\n\
         [profile absent]\ncredential_process = /nonexistent/program\n\
         [profile sleeps]\ncredential_process = /bin/sleep 1000\n\
         [profile quote]\ncredential_process = /bin/echo \"open\n\
         [profile old-process]\ncredential_process = /bin/echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Expiration\":\"2019-01-01T00:00:00Z\"}'\n\
         [profile console]\nlogin_session = arn:aws:iam::111122223333:user/u\n",
    );
    for profile in ["fails", "garbage", "absent", "sleeps", "quote", "old-process", "console"] {
        let more = ["--profile", profile, "--credential-timeout", if profile == "sleeps" { "200ms" } else { "5s" }];
        stage.call_with(&[("AWS_CONFIG_FILE", "config")], &[&run[..], &more].concat());
    }
}

fn configuration(stage: &mut Stage) {
    stage.write("broken.toml", "endpiont = \"http://127.0.0.1:1\"\n");
    stage.write("nested.toml", "[targets.a.targets.b]\nregion = \"r\"\n");
    let entry = "answer = \"200\"\ndiffers = [\"body, answer: null\"]\nreason = \"r\"\nexpires = \"2999-12-31\"\n";
    stage.write("both.toml", &format!("deviations = \"x\"\n[[deviation]]\ncase = \"success/symmetric\"\n{entry}"));
    stage.write("inline.toml", &format!("[[deviation]]\ncase = \"success/symetric\"\n{entry}"));
    stage.write("targets.toml", "region = \"r\"\n[targets.a]\nendpoint = \"http://127.0.0.1:1\"\n[targets.b]\n");
    stage.write("named.toml", "[targets.staging]\nendpoint = \"http://127.0.0.1:1\"\n");
    stage.write("two.toml", "[targets.a]\nbaseline = \"base\"\n[targets.b]\nbaseline = \"base\"\n");
    each(
        stage,
        &[
            &["run", "--config", "nowhere.toml"],
            &["run", "--config", "broken.toml"],
            &["run", "--config", "nested.toml"],
            &["run", "--config", "both.toml"],
            &["run", "--config", "inline.toml"],
            &["run", "--config", "targets.toml"],
            &["run", "--config", "targets.toml", "--target", "c"],
            &["run", "--config", "named.toml", "--target", "stagin"],
            &["run", "--config", "targets.toml", "--target", "a", "--embedded"],
            &["run", "--config", "targets.toml", "--target", "a", "--target", "b", "--endpoint", "http://127.0.0.1:1"],
            &["run", "--config", "two.toml", "--target", "all"],
            &["doctor", "--config", "targets.toml", "--target", "all"],
            &["run", "--target", "a"],
        ],
    );
}

fn unchosen_target(stage: &mut Stage) {
    stage.write("trentcheck.toml", "region = \"r\"\n[targets.a]\nendpoint = \"http://127.0.0.1:1\"\n[targets.b]\n");
    each(
        stage,
        &[
            &["run", "example/absent-key"],
            &["run", "--against", "a"],
            &["record", "base"],
            &["deviations", "update", "list.toml"],
            &["doctor"],
            &["explore", "--cases", "1"],
            &["sweep"],
        ],
    );
}

fn second_target(stage: &mut Stage) {
    stage.write("trentcheck.toml", "[targets.none]\n[targets.both]\nendpoint = \"http://127.0.0.1:1\"\n");
    stage.write("both/README.md", "a folder of the same name");
    let run = ["run", "--endpoint", "http://127.0.0.1:2", "--against"];
    for more in [
        &["none"][..],
        &["both"],
        &["http://127.0.0.1:1", "--noise", "nobody"],
        &["http://kms.example.com", "--region", "us-east-2"],
    ] {
        stage.call(&[&run, more].concat());
    }
}

fn baseline(stage: &mut Stage) {
    stage.prepare(&["record", "base", "success/symmetric"]);
    stage.write("empty/README.md", "nothing");
    stage.write("unreadable/success__symmetric.snap", "");
    stage.write("no-yaml/success__symmetric.snap", "---\ninfo: [\n---\n# judged\n");
    stage.write(
        "no-heading/success__symmetric.snap",
        &stage.read("base/success__symmetric.snap").replace("# judged", "judged"),
    );
    each(
        stage,
        &[
            &["run", "--against", "nowhere"],
            &["run", "--against", "empty"],
            &["run", "--against", "unreadable"],
            &["run", "--against", "no-yaml"],
            &["run", "--against", "no-heading"],
            &["run", "--against", "base", "--edition", "key-material-id"],
            &["run", "--against", "base", "--lane", "http"],
            &["run", "--against", "base", "members/empty"],
            &["run", "--strict"],
            &["run", "--against", "http://127.0.0.1:1", "--strict"],
            &["run", "--noise", "http://127.0.0.1:1"],
            &["run", "--against", "base", "--noise", "http://127.0.0.1:1"],
            &["run", "--against", "ftp://h"],
            &["record"],
            &["accept", "nowhere"],
            &["accept", "base", "--diff", "--all"],
        ],
    );
    stage.call_with(&[("CI", "true")], &["record", "new", "success/symmetric"]);
    stage.call_with(&[("CI", "true")], &["accept", "base"]);
}

fn deviations(stage: &mut Stage) {
    let entry = "answer = \"200\"\ndiffers = [\"body, answer: null\"]\nreason = \"r\"\nexpires = \"2999-12-31\"\n";
    stage.write("typo.toml", &format!("[[deviation]]\ncase = \"success/symetric\"\n{entry}"));
    stage.write("wide.toml", &format!("[[deviation]]\ncase = \"*\"\n{entry}"));
    stage.write("twice.toml", &format!("[[deviation]]\ncase = \"success/symmetric\"\n{entry}").repeat(2));
    stage.write(
        "reason.toml",
        &format!("[[deviation]]\ncase = \"success/symmetric\"\n{}", entry.replace("\"r\"", "\"\"")),
    );
    stage.write("edition.toml", "edition = \"key-material-id\"\n");
    stage.write("level.toml", "fail-on = \"may\"\n");
    stage.write("key.toml", "editoin = \"key-only\"\n");
    for name in ["typo", "wide", "twice", "reason", "edition", "level", "key", "nowhere"] {
        stage.call(&["run", "success/symmetric", "--deviations", &format!("{name}.toml")]);
    }
    stage.call(&["deviations", "update"]);
    stage.call(&["deviations", "update", "--expires", "soon", "new.toml"]);
}

fn explore(stage: &mut Stage) {
    let kept = |schema: &str, word: &str| {
        format!(
            r#"{{"schema":"trentcheck-failures/{schema}","failures":[{{"edition":"key-only","{word}":{{"start":"nowhere","relation":"model","steps":["use"]}}}}]}}"#
        )
    };
    stage.write("broken.json", "nonsense");
    stage.write("schema.json", &kept("9", "trial"));
    stage.write("member.json", &kept("1", "trail"));
    stage.write("start.json", &kept("1", "trial"));
    each(
        stage,
        &[
            &["explore", "--seed", "abc"],
            &["explore", "--seed=-1"],
            &["explore", "--seed", "18446744073709551616"],
            &["explore", "--cases", "0"],
            &["explore", "--for", "soon"],
            &["explore", "--failures", "broken.json"],
            &["explore", "--failures", "schema.json"],
            &["explore", "--failures", "member.json"],
            &["explore", "--failures", "start.json"],
        ],
    );
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "example")];
    stage.call_with(&keys, &["explore", "--endpoint", "https://kms.example.com"]);
}

/// Keys that a run makes, and keys that are left.
fn keys(stage: &mut Stage) {
    stage.write("broken.ledger", "nonsense\n");
    let dead = "http://127.0.0.1:1";
    each(
        stage,
        &[
            &["run", "--ledger", "run.ledger"],
            &["run", "--endpoint", dead, "--ledger", "broken.ledger"],
            &["run", "--endpoint", dead, "--against", "http://127.0.0.1:2", "--ledger", "two.ledger"],
            &["run", "--endpoint", dead, "--allow-key", "1234abcd-12ab-34cd-56ef-1234567890ab"],
            &["sweep"],
            &["sweep", "--ledger", "broken.ledger"],
            &["sweep", "--ledger", "nowhere.ledger"],
            &["sweep", "--ledger", "nowhere.ledger", "--older-than", "1h"],
        ],
    );
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "example")];
    let service = ["--endpoint", "https://kms.example.test"];
    for more in
        [&["run", "--allow-mutation"][..], &["run", "--allow-mutation", "--account", "111122223333"], &["sweep"]]
    {
        stage.call_with(&keys, &[more, &service].concat());
    }
}
