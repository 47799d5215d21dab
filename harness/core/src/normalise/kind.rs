//! The kinds of values that vary, how each is recognised, and what is said of it.

use super::moment::Form;
use super::pattern::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// A kind of value that no name is known for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Uuid,
    MultiRegionKeyId,
    MaterialId,
    Account,
    Principal,
    Blob,
    RequestId,
}

impl Kind {
    /// The placeholder's word; a number follows it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::MultiRegionKeyId => "multi-region-key-id",
            Self::MaterialId => "material-id",
            Self::Account => "other-account",
            Self::Principal => "principal",
            Self::Blob => "blob",
            Self::RequestId => "request-id",
        }
    }

    /// What it stands for.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Uuid => "a UUID",
            Self::MultiRegionKeyId => "the id of a multi-Region key",
            Self::MaterialId => "64 hexadecimal digits, as ids of key material and digests have",
            Self::Account => "an account other than the caller's",
            Self::Principal => "the name in the ARN of a user, a role or a session",
            Self::Blob => "the result of a cryptographic call",
            Self::RequestId => "the request id of an answer",
        }
    }

    /// Whether its values all have the same length.
    pub(super) fn is_fixed(self) -> bool {
        match self {
            Self::Uuid | Self::MultiRegionKeyId | Self::MaterialId | Self::Account => true,
            Self::Principal | Self::Blob | Self::RequestId => false,
        }
    }
}

/// What a match of the patterns is.
pub(super) enum Found {
    /// A value of a kind.
    Value(Kind),
    /// A moment.
    Moment(Form),
}

/// The patterns, the group that holds the value, and what it is. Of several at one place, the first counts.
const PATTERNS: &[(&str, &str, Found)] = &[
    (
        "blob",
        r#""(?:CiphertextBlob|Mac|Signature|PublicKey|SharedSecret)"[[:space:]]*:[[:space:]]*"(?<blob>[^"<]*)""#,
        Found::Value(Kind::Blob),
    ),
    (
        "principal",
        r#"(?::user|:role|:assumed-role|:federated-user)/(?<principal>[^[:space:]"',;:<]+)"#,
        Found::Value(Kind::Principal),
    ),
    (
        "uuid",
        r"(?<uuid>[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})",
        Found::Value(Kind::Uuid),
    ),
    ("mrk", r"(?<mrk>mrk-[0-9a-f]{32})", Found::Value(Kind::MultiRegionKeyId)),
    ("material", r"\b(?<material>[0-9a-f]{64})\b", Found::Value(Kind::MaterialId)),
    ("basic", r"\b(?<basic>[0-9]{8}T[0-9]{6}Z)", Found::Moment(Form::Basic)),
    (
        "extended",
        r"\b(?<extended>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)",
        Found::Moment(Form::Extended),
    ),
    (
        "http",
        r"\b(?<http>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT)",
        Found::Moment(Form::Http),
    ),
    ("day", r"(?:\b|%2F)(?<day>20[0-9]{6})\b", Found::Moment(Form::Day)),
    ("epoch", r"\b(?<epoch>1[0-9]{9}(?:\.[0-9]+)?|[12]\.[0-9]+E9)\b", Found::Moment(Form::Epoch)),
    ("account", r"\b(?<account>[0-9]{12})\b", Found::Value(Kind::Account)),
];

/// The first value at or behind a place: where it is and what it is.
pub(super) fn next(text: &str, from: usize) -> Option<(std::ops::Range<usize>, &'static Found)> {
    static ALL: LazyLock<Regex> = LazyLock::new(|| {
        let parts: Vec<&str> = PATTERNS.iter().map(|(_, pattern, _)| *pattern).collect();
        pattern(&parts.join("|"))
    });
    let captures = ALL.captures_at(text, from)?;
    PATTERNS.iter().find_map(|(name, _, found)| Some((captures.name(name)?.range(), found)))
}
