//! Renders a case: what it tests and why, the bytes of its request, and the answers that it accepts.

use super::curl::curl;
use super::passages;
use crate::edge::failure::Failure;
use std::time::{Duration, SystemTime};
use trentcheck_core::fixture::{Case, Corpus, Edition, Effect, Supports};
use trentcheck_core::normalise::{Redactor, request_lines};
use trentcheck_core::plan::{Absent, KeyNames, World, plan};
use trentcheck_core::sign::{Credentials, sign_planned};

/// Renders the whole case. The request has example values.
pub(crate) fn render(corpus: &Corpus, case: &Case, edition: Edition) -> Result<String, Failure> {
    let mut lines = vec![case.id().to_owned(), format!("  {}", case.title), String::new()];
    if let Some(note) = &case.note {
        lines.extend([format!("  {note}"), String::new()]);
    }
    lines.push(format!("level {} · danger {} · precondition {}", case.level, case.danger, case.precondition));
    if let Some(precondition) = corpus.precondition(&case.precondition) {
        lines.push(format!("  {}", precondition.title));
    }
    lines.push(String::new());
    lines.extend(clauses(corpus, case));
    lines.extend(expectations(corpus, case, edition));
    lines.extend(request(corpus, case)?);
    Ok(lines.join("\n").trim_end().to_owned())
}

fn clauses(corpus: &Corpus, case: &Case) -> Vec<String> {
    let mut lines = vec!["clauses".to_owned()];
    for clause in corpus.clauses_of(case).into_iter().filter_map(|id| corpus.clause(id)) {
        lines.push(format!("  {}  {}", clause.id.get_ref(), clause.text));
        lines.extend(passages::lines(corpus, &clause.supports).into_iter().map(|line| format!("        {line}")));
        if let Some(contradicts) = &clause.contradicts {
            lines.push(format!("        but: {contradicts}"));
        }
    }
    lines.push(String::new());
    lines
}

fn expectations(corpus: &Corpus, case: &Case, edition: Edition) -> Vec<String> {
    let mut lines = vec![format!("accepted answers (edition {edition})")];
    for expectation in &case.expect {
        if expectation.editions.as_ref().is_some_and(|editions| !editions.contains(&edition)) {
            continue;
        }
        let what = match &expectation.message {
            Some(pattern) => format!("message `{pattern}`"),
            None => expectation.answers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", or "),
        };
        lines.push(format!("  {:6}  {what}", expectation.level));
        let supports = expectation.supports.as_ref().unwrap_or(&case.supports);
        lines.extend(passages::lines(corpus, supports).into_iter().map(|line| format!("          {line}")));
    }
    let effects: Vec<_> = corpus.effects_of(case, edition).collect();
    if !effects.is_empty() {
        lines.extend([String::new(), "afterwards".to_owned()]);
        for effect in effects {
            lines.push(format!("  {}", effect.title));
            let supports = supports_of(effect);
            lines.extend(passages::lines(corpus, &supports).into_iter().map(|line| format!("          {line}")));
        }
    }
    lines.push(String::new());
    lines
}

/// Everything that supports an effect, each passage once.
fn supports_of(effect: &Effect) -> Supports {
    let of_checks = effect.checks.iter().filter_map(|check| check.supports.as_ref());
    let of_expectations = effect.expect.iter().filter_map(|expectation| expectation.supports.as_ref());
    let mut all = Supports::default();
    for support in effect.supports.iter().chain(of_checks).chain(of_expectations).flat_map(Supports::iter) {
        if !all.0.contains(support) {
            all.0.push(support.clone());
        }
    }
    all
}

fn request(corpus: &Corpus, case: &Case) -> Result<Vec<String>, Failure> {
    let world = example_world();
    let planned = plan(&corpus.operation, &case.request, &world).map_err(|error| Failure::usage(error.to_string()))?;
    let credentials = Credentials {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        session_token: (planned.principal != Default::default()).then(|| "example-token".to_owned()),
    };
    // The time of the page's example, 2016-11-07T21:35:32Z, so that the output does not depend on the day.
    let page = SystemTime::UNIX_EPOCH + Duration::from_secs(1_478_554_532);
    let signed =
        sign_planned(&planned, credentials, &world.region, page).map_err(|error| Failure::usage(error.to_string()))?;
    let request = &signed.request;
    let mut lines = vec!["request (with example values)".to_owned()];
    lines.extend(request_lines(request, &Redactor::default()).into_iter().map(|line| format!("  {line}")));
    if let Some(explanation) = &signed.explanation {
        lines.extend([String::new(), "canonical request".to_owned()]);
        lines.extend(explanation.canonical_request.lines().map(|line| format!("  {line}")));
        lines.extend([String::new(), "string to sign".to_owned()]);
        lines.extend(explanation.string_to_sign.lines().map(|line| format!("  {line}")));
    }
    if let Some(mutation) = planned.mutation {
        lines.extend([String::new(), format!("mutation {mutation}: {}", mutation.describe())]);
    }
    lines.push(String::new());
    match curl(&planned, request) {
        Ok(line) => lines.extend(["as a curl line".to_owned(), format!("  {line}")]),
        Err(why) => lines.push(format!("curl cannot express it: {why}")),
    }
    Ok(lines)
}

/// The world with the values of the page's example.
pub(super) fn example_world() -> World {
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let key = |id: &str| KeyNames {
        id: id.to_owned(),
        arn: format!("arn:aws:kms:us-east-2:111122223333:key/{id}").parse().ok(),
        alias: Some("alias/example".to_owned()),
        alias_arn: "arn:aws:kms:us-east-2:111122223333:alias/example".parse().ok(),
        material_id: Some("0b7fd7ddbac6eef27907413567cad8c810e2883dc8a7534067a82ee1142fc1e6".to_owned()),
        new_material_id: Some("1c8fe8eecbd7ff038a18524678dbe9d921f3994ed9b8645178b93ff2253fd2f7".to_owned()),
        former_material_id: Some("1c8fe8eecbd7ff038a18524678dbe9d921f3994ed9b8645178b93ff2253fd2f7".to_owned()),
    };
    World {
        key: Some(key(id)),
        other: Some(key("0987dcba-09fe-87dc-65ba-ab0987654321")),
        absent: Absent { id: "00000000-0000-4000-8000-000000000000".to_owned() },
        region: "us-east-2".to_owned(),
        other_region: "us-west-2".to_owned(),
        account: Some("111122223333".to_owned()),
        partition: "aws".to_owned(),
        run: "example".to_owned(),
        host: "kms.us-east-2.amazonaws.com".to_owned(),
        other_host: String::new(),
    }
}
