//! Every `must` of the corpus with its supports: a page that the author of an emulator can argue with.

use super::passages;
use trentcheck_core::fixture::{Case, Check, Corpus, Effect, Expectation, Level, Supports};

/// The page, in Markdown.
pub(crate) fn render(corpus: &Corpus) -> String {
    let mut lines = vec![
        "# Every `must`, and what carries it".to_owned(),
        String::new(),
        "A document that states something carries `must`. So do two independent supports that agree, one of them about".to_owned(),
        "this operation, or about KMS where the request does not reach an operation. If a passage below does not say what".to_owned(),
        "is claimed, or another one contradicts it, the claim is wrong: please report it with its id.".to_owned(),
    ];
    let mut claims = 0;
    let mut section = |title: String, found: Vec<Claim<'_>>| {
        if found.is_empty() {
            return;
        }
        claims += found.len();
        lines.extend([String::new(), format!("## {title}"), String::new()]);
        lines.extend(found.iter().flat_map(|claim| claim.lines(corpus)));
    };
    section("Every answer".to_owned(), of_every_answer(corpus));
    for case in &corpus.cases {
        section(format!("{}: {}", case.id(), case.title), of_case(corpus, case));
    }
    for effect in corpus.effects.iter().filter(|effect| is_read_by_a_must(corpus, effect)) {
        section(format!("Effect `{}`: {}", effect.id.get_ref(), effect.title), of_effect(effect));
    }
    lines.extend([String::new(), format!("{claims} claims of {} cases", corpus.cases.len())]);
    lines.join("\n")
}

/// Something that must be so.
struct Claim<'a> {
    what: String,
    /// Absent for an effect, whose claims are a section of their own.
    supports: Option<&'a Supports>,
}

impl Claim<'_> {
    fn lines(&self, corpus: &Corpus) -> Vec<String> {
        let mut lines = vec![format!("- {}", self.what)];
        let supports = self.supports.into_iter().flat_map(|supports| passages::lines(corpus, supports));
        lines.extend(supports.map(|line| format!("  - {line}")));
        lines
    }
}

fn of_every_answer(corpus: &Corpus) -> Vec<Claim<'_>> {
    let shapes = corpus.shapes.iter().filter(|shape| shape.level == Level::Must);
    let headers = corpus.headers.iter().filter(|rule| rule.level == Level::Must);
    let of_shape = shapes.map(|shape| Claim { what: shape.title.clone(), supports: Some(&shape.supports) });
    let of_header = headers.map(|rule| Claim {
        what: format!("the header {}: {}", rule.name.get_ref(), rule.value.as_deref().unwrap_or("its form")),
        supports: Some(&rule.supports),
    });
    of_shape.chain(of_header).collect()
}

fn of_case<'a>(corpus: &'a Corpus, case: &'a Case) -> Vec<Claim<'a>> {
    let mut claims = of_expectations(&case.expect, Some(&case.supports));
    for (whose, expect) in [
        ("at the same time, ", case.together.as_ref().map(|together| &together.expect)),
        ("next, ", case.next.as_ref().map(|next| &next.expect)),
    ] {
        let of_it = of_expectations(expect.map_or(&[], Vec::as_slice), Some(&case.supports));
        claims.extend(of_it.into_iter().map(|claim| Claim { what: format!("{whose}{}", claim.what), ..claim }));
    }
    let effects = case.effects().filter_map(|id| corpus.effect(id));
    if case.level == Level::Must {
        claims.extend(effects.filter(|effect| !of_effect(effect).is_empty()).map(|effect| Claim {
            what: format!("afterwards: {} (effect `{}`)", effect.title, effect.id.get_ref()),
            supports: None,
        }));
    }
    claims
}

fn of_effect(effect: &Effect) -> Vec<Claim<'_>> {
    let usual = effect.supports.as_ref();
    let checks = effect.checks.iter().filter(|check| check.level == Level::Must);
    let of_checks = checks.map(|check| Claim { what: said(check), supports: check.supports.as_ref().or(usual) });
    of_checks.chain(of_expectations(&effect.expect, usual)).collect()
}

fn of_expectations<'a>(expect: &'a [Expectation], usual: Option<&'a Supports>) -> Vec<Claim<'a>> {
    let musts = expect.iter().filter(|expectation| expectation.level == Level::Must);
    let claim = |expectation: &'a Expectation| {
        let answers: Vec<String> = expectation.answers.iter().map(ToString::to_string).collect();
        let editions: Vec<&str> = expectation.editions.iter().flatten().map(|edition| edition.as_str()).collect();
        let only = if editions.is_empty() { String::new() } else { format!(" (edition {})", editions.join(", ")) };
        Claim {
            what: format!("the answer is {}{only}", answers.join(", or ")),
            supports: expectation.supports.as_ref().or(usual),
        }
    };
    musts.map(claim).collect()
}

/// A check in words.
fn said(check: &Check) -> String {
    let member = if check.member == "*" { "every other member" } else { &check.member };
    match &check.is {
        Some(value) => format!("{member} is {value}"),
        None if check.absent => format!("{member} is absent"),
        None => format!("{member} is as before"),
    }
}

fn is_read_by_a_must(corpus: &Corpus, effect: &Effect) -> bool {
    let reads = |case: &&Case| case.level == Level::Must && case.effects().any(|id| id == effect.id.get_ref());
    corpus.cases.iter().any(|case| reads(&case))
}
