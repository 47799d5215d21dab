//! HTML: a page for people, in one file that works offline. Nothing in it comes from elsewhere, and of what a target sent
//! nothing is markup: the template escapes every value, and a policy in the page lets only its own style and script run.

mod case;
mod chart;
mod marks;
mod page;
mod run;
#[cfg(test)]
mod tests;
mod words;

use crate::report::Report;
use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::{BASE64_STANDARD, Engine};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior, context};
use page::Page;

/// The page of these runs.
pub(super) fn render(report: &Report) -> String {
    let (style, script) = (source(include_str!("html/page.css")), source(include_str!("html/page.js")));
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let blocks = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().expect("the usual syntax");
    environment.set_syntax(blocks);
    // The ending decides that every value is escaped.
    environment.add_template("page.html", include_str!("html/page.html")).expect("the template is well formed");
    let template = environment.get_template("page.html").expect("it was added");
    let values = context! {
        page => Value::from(Serde(Page::of(report))),
        policy => policy(&style, &script),
        style => Value::from_safe_string(style),
        script => Value::from_safe_string(script),
    };
    template.render(values).expect("the page has every name of the template")
}

/// A source file with the line breaks that a browser makes of others, since their digest counts.
fn source(text: &str) -> String {
    text.replace('\r', "")
}

/// What the page may do: apply its style, run its script, and nothing else. It loads nothing and sends nothing.
fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(digest(&SHA256, text.as_bytes())));
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        hash(style),
        hash(script)
    )
}
