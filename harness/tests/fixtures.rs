//! The fixtures: their schemas are fresh, and the linter refuses what it should.

use crate::support::{corpus, documents};
use std::path::Path;
use trentcheck_core::fixture::{load, schemas};
use trentcheck_core::{deviation, export, report};

#[test]
fn schemas_are_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/schema");
    for (name, text) in schemas().into_iter().chain([deviation::schema(), report::schema(), export::schema()]) {
        let path = folder.join(name);
        if std::env::var_os("TRENTCHECK_WRITE_SCHEMAS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == text,
            "fixtures/schema/{name} is stale; TRENTCHECK_WRITE_SCHEMAS=1 cargo test schemas writes it"
        );
    }
}

#[test]
fn the_corpus_is_as_large_as_it_says() {
    let corpus = corpus();
    let of_page = corpus.clauses.iter().filter(|clause| clause.id.get_ref().starts_with("S-")).count();
    let said = format!("- The corpus: {} cases, {of_page} clauses of the API page", corpus.cases.len());
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("CHANGELOG.md")).unwrap();
    assert!(page.contains(&said), "CHANGELOG.md lacks: {said}");
    assert!((1..=of_page).all(|number| corpus.clause(&format!("S-{number:02}")).is_some()));
}

/// For each file with one text replaced by another, what the linter says of the corpus then.
#[track_caller]
fn each_is_found(rows: &[(&str, &str, &str, &str)]) {
    for (path, from, to, expected) in rows {
        let found = findings(path, from, to);
        assert!(found.contains(expected), "{from} -> {to}: expected `{expected}`, found:\n{found}");
    }
}

/// Loads the corpus with one replacement and gives what the linter says.
#[track_caller]
fn findings(path: &str, from: &str, to: &str) -> String {
    let mut documents = documents();
    let document = documents.iter_mut().find(|document| document.path == path).unwrap();
    assert!(document.text.contains(from), "{path} holds no `{from}`");
    document.text = document.text.replacen(from, to, 1);
    load(&documents).map_or_else(|error| error.to_string(), |_| String::new())
}

#[test]
fn the_linter_names_file_line_and_fault() {
    let cases = "cases/members.toml";
    each_is_found(&[
        (
            cases,
            "title = \"a request without",
            "tilte = \"a request without",
            "cases/members.toml:7: unknown field `tilte`",
        ),
        (cases, "id = \"members/null\"", "id = \"members/absent\"", "is there already"),
        (cases, "id = \"members/absent\"", "id = \"members/Absent\"", "is not in kebab-case"),
        (cases, "id = \"members/absent\"", "id = \"absent\"", "needs the form `group/name`"),
        (cases, "clauses = [\"S-22\"]", "clauses = []", "cites no clause"),
        (cases, "clauses = [\"S-22\"]", "clauses = [\"S-99\"]", "cites `S-99`, which is no clause"),
        (cases, "states page/key-id-required", "states page/hearsay", "cites `page/hearsay`, which is no passage"),
        (cases, "states page/key-id-required", "says page/key-id-required", "and the id of a passage"),
        (cases, "states page/key-id-required", "shows page/key-id-required", "only a recording `shows`"),
        (cases, "shows athena-2026-09-23/", "states athena-2026-09-23/", "only a document `states`"),
        (
            cases,
            "\"states page/key-id-required\"",
            "\"states page/key-id-required\", \"implies page/key-id-required\"",
            "cites `page/key-id-required` twice",
        ),
        (cases, "level = \"must\"", "level = \"may\"", "is weaker than the strongest of its expectations"),
        (
            "cases/protocol.toml",
            "level = \"may\"",
            "level = \"must\"",
            "is stronger than all its expectations and effects",
        ),
        (cases, "precondition = \"none\"", "precondition = \"nothing\"", "which is no precondition"),
        (cases, "danger = \"none\"", "danger = \"refused\"", "danger is `none` exactly when"),
        (cases, "answers = [\"refused\"]", "answers = [\"Refused\"]", "which is no error of the catalogue"),
        (cases, "level = \"should\", answers", "level = \"must\", answers", "which carries at most `should`"),
        (cases, "\"states page/key-id-required\", \"shows floci-3968/key-id-null\"", "", "claims `must` from nothing"),
        (
            "spec/effects.toml",
            "states page/pending-deletion",
            "implies page/pending-deletion",
            "claims `must` from `implies page/pending-deletion`, which carries at most `should`",
        ),
        (
            "spec/response.toml",
            "states protocol/empty-output",
            "shows protocol/empty-output",
            "only a recording `shows`",
        ),
        ("spec/shape.toml", "states protocol/content-length", "states protocol/none", "which is no passage"),
        ("spec/errors.toml", "states page/not-found", "states page/none", "cites `page/none`, which is no passage"),
        ("spec/key-states.toml", "states page/state-after", "states page/none", "cites `page/none`"),
        ("spec/clauses.toml", "states page/unusable", "states page/none", "cites `page/none`, which is no passage"),
        ("spec/passages.toml", "id = \"page/message\"", "id = \"page/none\"", "nothing cites `page/none`"),
        ("spec/passages.toml", "id = \"page/message\"", "id = \"message\"", "needs the form `page/name`"),
        ("spec/passages.toml", "source = \"page\"", "source = \"hearsay\"", "cites `hearsay`, which is no source"),
        ("spec/passages.toml", "id = \"page/message\"", "id = \"page/unusable\"", "is there already"),
        (
            "spec/sources.toml",
            "[[source]]\n",
            "[[source]]\nid = \"hearsay\"\nconfidence = \"documented\"\ntitle = \"Hearsay\"\n\n[[source]]\n",
            "`hearsay` has no passage",
        ),
        ("spec/clauses.toml", "unobservable = ", "observe = ", "no case tests `S-09`"),
        ("spec/operation.toml", "\"KeyId\":\"{{ key }}\"", "\"Key\":\"{{ key }}\"", "`body` has to be a JSON object"),
        (
            "spec/operation.toml",
            "name = \"DeleteImportedKeyMaterial\"",
            "name = \"\"",
            "needs a `name` and a `service`",
        ),
        ("spec/operation.toml", "is = \"deleted-material-id\"", "is = \"key-arn\"", "no two that mean the same"),
        ("spec/operation.toml", "states page/example-target", "states page/hearsay", "which is no passage"),
        (
            "spec/operation.toml",
            ", \"CurrentKeyMaterialId\"",
            "",
            "leaves out `CurrentKeyMaterialId`, which the operation may not change",
        ),
        ("spec/sources.toml", "date = \"2023-11-07\"\n", "", "is a recording without a `date`"),
        ("spec/shape.toml", "id = \"type-is-bare\"", "id = \"no-server-fault\"", "it needs one"),
        (
            "spec/preconditions.toml",
            "origin = \"AWS_KMS\"",
            "origin = \"AWS_KMS\"\nmaterial = \"imported\"",
            "imports into a key whose origin",
        ),
        ("spec/quotas.toml", "per-second = 15", "per-second = 0", "spec/quotas.toml:6: `per-second` has to be"),
        ("spec/quotas.toml", "\"GetParametersForImport\"", "\"DeleteImportedKeyMaterial\"", "is there already"),
        ("spec/quotas.toml", "usd = 1.00", "usd = -1.00", "`usd` has to be 0 or more"),
        ("spec/quotas.toml", "source = \"kms-quotas\"", "source = \"hearsay\"", "cites `hearsay`"),
        ("spec/quotas.toml", "of = \"ten-thousand-requests\"", "of = \"key-month\"", "the price is there already"),
        ("cases/races.toml", "rounds = 3", "rounds = 0", "has 0 `rounds`"),
        ("cases/races.toml", "call = \"DeleteAgain\"", "call = \"Encrypt\"", "that changes nothing"),
        (
            "cases/races.toml",
            "\"pending-import\", \"encrypt-refused\"]",
            "\"import-same\"]",
            "is empty or changes the key",
        ),
        ("cases/races.toml", "danger = \"mutates\"", "danger = \"refused\"", "so that its danger is `mutates`"),
        ("cases/races.toml", "answers = [\"done\"], after", "answers = [\"Done\"], after", "no error of the catalogue"),
        ("cases/protocol.toml", "pieces = 6, pause-ms = 3", "pieces = 6", "needs in `delivery` either"),
        (
            "cases/protocol.toml",
            "cut = \"line-ends\", pause-ms = 2",
            "cut = \"line-ends\"",
            "needs in `delivery` either",
        ),
        (
            "cases/protocol.toml",
            "pieces = 6, pause-ms = 3",
            "pieces = 6, cut = \"line-ends\", pause-ms = 3",
            "needs in `delivery` either",
        ),
        (
            "cases/protocol.toml",
            "\"chunked\", delivery = { cut = \"line-ends\",",
            "\"chunked\", delivery = { pieces = 4,",
            "does not go with `framing`",
        ),
        ("cases/protocol.toml", "pieces = 6, pause-ms = 3", "pieces = 32, pause-ms = 50", "at most 250 ms in all"),
        ("cases/protocol.toml", "pipelined = true", "pipelined = true, times = 2", "unknown field `times`"),
        (
            "cases/protocol.toml",
            "request = { body = '{\"KeyId\":' }",
            "request = { body = '{\"KeyId\":', times = 2 }",
            "does not go with `times`",
        ),
        ("spec/preconditions.toml", "same-bytes = true", "same-bytes = true\nmaterial-x = 1", "unknown field"),
        ("spec/preconditions.toml", "alias = true\nother = true", "other = true", "`alias-moved` needs"),
        ("spec/preconditions.toml", "other = true\nsame-bytes = true", "same-bytes = true", "`same-bytes` needs"),
        (
            "recorded/floci-3968.toml",
            "operation = \"GenerateMac\"",
            "operation = \"DeleteAlias\"",
            "calls `DeleteAlias`, which is no operation that a fact can call",
        ),
        (
            "recorded/floci-3968.toml",
            "\"{{ key.arn }} origin",
            "\"{{ other.arn }} origin",
            "the handle `other.arn` is not known here",
        ),
        (
            "recorded/floci-3968.toml",
            "on = \"key\"",
            "on = \"lock\"",
            "names the key `lock`, which no call before makes",
        ),
        (
            "recorded/floci-3968.toml",
            "[\"floci-3968/wrong-origin\"]",
            "[\"floci-3968/nothing\"]",
            "recorded/floci-3968.toml:21: `floci-3968/wrong-origin` cites `floci-3968/nothing`, which is no passage",
        ),
        (
            "recorded/floci-3968.toml",
            "[\"floci-3968/wrong-origin\"]",
            "[\"page/not-found\"]",
            "cites `page/not-found`, which is no passage of `floci-3968`",
        ),
        ("recorded/floci-3968.toml", "source = \"floci-3968\"", "source = \"page\"", "`page` is no recording of KMS"),
        ("recorded/floci-3968.toml", "date = \"2026-09-20\"", "date = \"September\"", "is no year, month or day"),
        (
            "recorded/stackd-2026-09-12.toml",
            "[\"page-2025/state-after\"]",
            "[\"inferred/x\"]",
            "is no passage of a document",
        ),
        ("spec/effects.toml", "same = true", "absent = true, same = true", "needs one of `is`, `absent`, `same`"),
    ]);
}

#[test]
fn the_linter_reads_presets() {
    each_is_found(&[
        ("targets/moto.toml", "name = \"moto\"", "name = \"mote\"", "belongs in fixtures/targets/mote.toml"),
        ("targets/moto.toml", "start = {", "begin = {", "unknown field `begin`"),
        ("targets/moto.toml", "from = [\"server\", \"try\"]", "from = []", "has no source for `start`"),
        ("targets/moto.toml", "from = [\"server\"] }", "from = [\"hearsay\"] }", "cites `hearsay` for `endpoint`"),
        ("targets/moto.toml", "id = \"accounts\"", "id = \"server\"", "has two sources of one id"),
        ("targets/moto.toml", "from = [\"accounts\", \"try\"]", "from = [\"try\"]", "`accounts`, which no fact cites"),
        ("targets/moto.toml", "link = \"https://", "link = \"http://", "has the source `server` without a link"),
        (
            "targets/moto.toml",
            "tried = \"5.2.5\"\n",
            "",
            "has `tried` without a source of kind `try`, or such a source",
        ),
        (
            "targets/moto.toml",
            "127.0.0.1:5000",
            "192.0.2.1:5000",
            "has an `endpoint` that is not `http://127.0.0.1:PORT`",
        ),
        ("targets/moto.toml", "\"123456789012\"", "\"1234\"", "has an account that is not a number of twelve digits"),
        ("targets/moto.toml", "date = \"2026-11-26\"", "date = \"today\"", "expected 0-9 but got t"),
        ("targets/floci.toml", "\"444455556666\"", "\"000000000000\"", "has a `second-account` that is its `account`"),
        ("targets/floci.toml", "type = \"UnsupportedOperation\"", "type = \"Unknown\"", "does not know"),
        ("targets/floci.toml", "\"*ecc*\"", "\"*elliptic*\"", "excludes `*elliptic*`, which is no precondition"),
        ("targets/floci.toml", "\"authentication/*\"", "\"signing/*\"", "excludes `signing/*`, which is no case"),
        ("targets/floci.toml", "cases = [\"authentication/*\"]\n", "", "has an exclusion of nothing"),
        ("targets/floci.toml", "reason = \"a key holds one", "reason = \"\"\n# ", "has an exclusion without a reason"),
        (
            "targets/aws-emulator.toml",
            "~/.aws/emulator/{port}/emulator_creden*",
            "~/.aws/credentials",
            "has a `credentials` that",
        ),
        ("targets/aws-emulator.toml", "emulator/{port}/ca.pem", "emulator/../ca.pem", "has a `ca` that is not a file"),
    ]);
}

#[test]
fn presets_do_not_make_another_corpus() {
    let all = documents();
    let without: Vec<_> = all.iter().filter(|document| !document.path.starts_with("targets/")).cloned().collect();
    let without = load(&without).unwrap();
    assert!(without.presets.is_empty());
    assert_eq!(without.digest, load(&all).unwrap().digest);
}
