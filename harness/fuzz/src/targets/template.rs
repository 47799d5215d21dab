//! Templates of fixtures.

use std::sync::LazyLock;
use trentcheck_core::plan::{Absent, KeyNames, PlanError, World, render};

pub(super) const WORDS: &[&str] = &[
    "{{",
    "}}",
    "{{ key.id }}",
    "{%",
    "%}",
    "{#",
    "#}",
    "| upper",
    "| replace('a', 'b')",
    "| sha256",
    "| hex_utf16",
    "{% for x in ",
    "{% endfor %}",
    "{% if ",
    "{% endif %}",
    "{% set x = ",
    "{% macro f() %}",
    "{% endmacro %}",
    "{% raw %}",
    "account",
    "absent.id",
    "key.alias",
    " * 1000000000",
    "~",
    "[0]",
    "[::-1]",
    "'",
    "1e308",
    "**",
    "//",
    "range(",
    "loop",
    "{{-",
    "-}}",
];

static WORLD: LazyLock<World> = LazyLock::new(|| World {
    key: Some(KeyNames {
        id: "1b7fd7dd-0000-4000-8000-00000000000a".to_owned(),
        arn: "arn:aws:kms:us-east-2:777788880009:key/1b7fd7dd-0000-4000-8000-00000000000a".parse().ok(),
        ..KeyNames::default()
    }),
    absent: Absent { id: "2b7fd7dd-0000-4000-8000-00000000000b".to_owned() },
    region: "us-east-2".to_owned(),
    host: "127.0.0.1:4566".to_owned(),
    ..World::default()
});

/// The longest text that a template may make, in bytes: a case is a request, and the largest answers are of a megabyte.
const LONGEST: usize = 4 << 20;

/// Text without a template stays; the same template makes the same text, and none that fills memory.
pub(super) fn check(bytes: &[u8]) {
    let Ok(template) = std::str::from_utf8(bytes) else { return };
    let rendered = render(template, &WORLD);
    match &rendered {
        Ok(text) => assert!(text.len() <= LONGEST, "{} bytes", text.len()),
        Err(PlanError::Unknown { .. } | PlanError::Template { .. }) => {}
        Err(PlanError::Hex(error)) => panic!("{error}"),
    }
    if !template.contains("{{") {
        assert_eq!(rendered.as_deref().ok(), Some(template));
    }
    assert_eq!(render(template, &WORLD).ok(), rendered.ok());
}
