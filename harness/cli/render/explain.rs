//! Renders a case: what it tests and why, the bytes of its request, and the answers that it accepts.

use super::passages;
use crate::edge::failure::Failure;
use crate::edge::output;
use std::time::{Duration, SystemTime};
use trentcheck_core::fixture::{
    Answer, Call, Case, Corpus, Edition, Effect, Expectation, First, RequestChange, Sequence, Supports, Together,
};
use trentcheck_core::http::Delivery;
use trentcheck_core::normalise::{Redactor, request_lines};
use trentcheck_core::plan::{World, plan};
use trentcheck_core::sign::{Credentials, curl, sign_planned};

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
    lines.extend(request(corpus, case, &case.request, "request (with example values)")?);
    if let Some(next) = &case.next {
        let how = if next.pipelined { "in the same write" } else { "on the same connection, if the target keeps it" };
        lines.push(String::new());
        lines.extend(request(corpus, case, &next.request, &format!("the next request, {how}"))?);
    }
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
    lines.extend(accepted(corpus, case, &case.expect, edition));
    if let Some(together) = &case.together {
        lines.extend([String::new(), at_once(together)]);
        lines.extend(accepted(corpus, case, &together.expect, edition));
        lines.extend([String::new(), "one order of the two has to explain what is seen".to_owned()]);
        lines.extend(together.orders.iter().flat_map(|order| sequence(corpus, order, edition)));
    }
    if let Some(next) = &case.next {
        lines.extend([String::new(), "accepted answers to the next request".to_owned()]);
        lines.extend(accepted(corpus, case, &next.expect, edition));
    }
    let effects: Vec<_> = corpus.effects_of(case, edition).collect();
    if !effects.is_empty() {
        lines.extend([String::new(), "afterwards".to_owned()]);
        lines.extend(effects.into_iter().flat_map(|effect| shown(corpus, effect, "  ")));
    }
    lines.push(String::new());
    lines
}

/// An effect and what supports it.
fn shown(corpus: &Corpus, effect: &Effect, margin: &str) -> Vec<String> {
    let mut lines = vec![format!("{margin}{}", effect.title)];
    let supports = supports_of(effect);
    lines.extend(passages::lines(corpus, &supports).into_iter().map(|line| format!("          {line}")));
    lines
}

/// What is sent at the same time.
fn at_once(together: &Together) -> String {
    let call = match together.call {
        Call::DeleteAgain => "the same deletion".to_owned(),
        Call::ImportSame => "ImportKeyMaterial with the same bytes".to_owned(),
        Call::ImportLasting => "ImportKeyMaterial with the same bytes, which do not expire".to_owned(),
        Call::ImportOther => "ImportKeyMaterial with other bytes".to_owned(),
        call => call.word().to_owned(),
    };
    let rounds = match together.rounds() {
        1 => String::new(),
        rounds => format!(", {rounds} rounds"),
    };
    format!("at the same time, on another connection: {call}{rounds}; it may be answered")
}

fn sequence(corpus: &Corpus, order: &Sequence, edition: Edition) -> Vec<String> {
    if order.editions.as_ref().is_some_and(|editions| !editions.contains(&edition)) {
        return Vec::new();
    }
    let words = |answers: &[Answer]| answers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", or ");
    let mut line = match order.first {
        First::Request => "  the request first".to_owned(),
        First::Call => "  the call first".to_owned(),
        First::Either => "  either first".to_owned(),
    };
    if !order.answers.is_empty() {
        let whose = if order.first == First::Either { "one of them" } else { "the request" };
        line.push_str(&format!("; {whose} is answered {}", words(&order.answers)));
    }
    if !order.call_answers.is_empty() {
        line.push_str(&format!("; the call is answered {}", words(&order.call_answers)));
    }
    let mut lines = vec![format!("{line}; afterwards")];
    let effects = corpus.effects_named(&order.after, edition);
    lines.extend(effects.flat_map(|effect| shown(corpus, effect, "    ")));
    lines
}

fn accepted(corpus: &Corpus, case: &Case, expect: &[Expectation], edition: Edition) -> Vec<String> {
    let mut lines = Vec::new();
    for expectation in expect {
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

fn request(corpus: &Corpus, case: &Case, change: &RequestChange, title: &str) -> Result<Vec<String>, Failure> {
    let world = World::example();
    let planned = plan(&corpus.operation, change, &world).map_err(|error| Failure::usage(error.to_string()))?;
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
    let mut lines = vec![title.to_owned()];
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
    match request.delivery {
        Delivery::AtOnce => {}
        Delivery::Pieces { count, pause } => {
            lines.extend([String::new(), format!("sent in {count} pieces, {} ms apart", pause.as_millis())]);
        }
        Delivery::LineEnds { pause } => {
            let text = format!("cut inside the end of each line, with {} ms between two pieces", pause.as_millis());
            lines.extend([String::new(), text]);
        }
        Delivery::BodyWaits(time) => lines.extend([
            String::new(),
            format!("the body is sent when an answer has come or {} ms have passed", time.as_millis()),
            "behind it comes a good request on the same connection, for a key that does not exist".to_owned(),
        ]),
    }
    lines.push(String::new());
    let alone = match (&case.together, &case.next) {
        (Some(_), _) => Err("another request is sent at the same time"),
        (_, Some(_)) => Err("two requests are sent on one connection"),
        (None, None) => Ok(()),
    };
    match alone.and_then(|()| curl(&planned, request, &output::redacted)) {
        Ok(line) => lines.extend(["as a curl line".to_owned(), format!("  {line}")]),
        Err(why) => lines.push(format!("curl cannot express it: {why}")),
    }
    Ok(lines)
}
