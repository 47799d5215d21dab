//! What a request names, in whatever place and spelling: keys, aliases, operations.

use crate::fixture::Operation;
use crate::http::Request;
use crate::normalise::pattern;
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Everything in a request that a target could take for a key's name.
pub(super) fn keys_named(request: &Request, operation: &Operation) -> BTreeSet<String> {
    let raw = String::from_utf8_lossy(&request.body).into_owned();
    let mut names = BTreeSet::new();
    // In whatever form a target may have its ids.
    if let Ok(body) = serde_json::from_slice::<Value>(&request.body) {
        names.extend(body[&operation.key_member].as_str().filter(|named| !named.is_empty()).map(str::to_owned));
    }
    for text in [&unescaped(&raw), &raw, &request.target] {
        identifiers(text, &mut names);
    }
    names
}

/// What a request asks for, if that is neither the operation under test nor a word that no operation has.
pub(super) fn other_operation(request: &Request, operation: &Operation) -> Option<String> {
    // Words that begin the names of operations that change something.
    const VERBS: [&str; 25] = [
        "cancel",
        "connect",
        "create",
        "decrypt",
        "delete",
        "derive",
        "disable",
        "disconnect",
        "enable",
        "encrypt",
        "generate",
        "import",
        "put",
        "re-encrypt",
        "reencrypt",
        "remove",
        "replicate",
        "retire",
        "revoke",
        "rotate",
        "schedule",
        "synchronize",
        "tag",
        "untag",
        "update",
    ];
    let targets = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("x-amz-target"));
    let targets = targets.map(|header| String::from_utf8_lossy(&header.value).into_owned());
    let query = request.target.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let actions = query.split('&').filter_map(|pair| pair.strip_prefix("Action=")).map(str::to_owned);
    let ours = operation.name.to_ascii_lowercase();
    targets.chain(actions).find(|asked| {
        let asked = asked.to_ascii_lowercase();
        let name = asked.rsplit(['.', '/', '#']).find(|part| !part.is_empty()).unwrap_or_default();
        (ours.is_empty() || !name.contains(&ours)) && VERBS.iter().any(|verb| name.trim_start().starts_with(verb))
    })
}

/// A text with those escapes of JSON undone that can stand for a letter of a name, in JSON or not.
fn unescaped(text: &str) -> String {
    let text = text.replace("\\/", "/");
    let mut parts = text.split("\\u");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let letter = part.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
        match letter {
            Some(letter) => {
                whole.push(letter);
                whole.push_str(&part[4..]);
            }
            None => whole.push_str(part),
        }
    }
    whole
}

/// Ids of keys, ARNs and names of aliases.
fn identifiers(text: &str, found: &mut BTreeSet<String>) {
    static NAMES: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            pattern("(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}"),
            // An id alone would be looked for in the caller's account.
            pattern("arn:[A-Za-z0-9:/_-]*|alias/[A-Za-z0-9/_-]*"),
        ]
    });
    for names in NAMES.iter() {
        let mut at = 0;
        // One name can begin inside another.
        while let Some(name) = names.find_at(text, at) {
            found.insert(name.as_str().to_owned());
            at = name.start() + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare_tests::CORPUS;
    use crate::plan::base_request;

    #[test]
    fn another_operation_is_recognised_and_near_misses_of_ours_are_not() {
        let asks = |value: &str| {
            let mut request = base_request("h", "", Vec::new());
            request.set_header("X-Amz-Target", value);
            other_operation(&request, &CORPUS.operation)
        };
        for other in ["TrentService.CreateKey", "trentservice.schedulekeydeletion", "DisableKey", "X.Y/Delete."] {
            assert_eq!(asks(other).as_deref(), Some(other));
        }
        for ours in
            ["", "TrentService.Nothing", "trentservice.deleteimportedkeymaterials", "DeleteImportedKeyMaterial."]
        {
            assert_eq!(asks(ours), None, "{ours}");
        }
    }

    #[test]
    fn escapes_are_undone_in_any_text() {
        assert_eq!(unescaped("a\\u0062c\\/d\\u00zz,}"), "abc/d00zz,}");
    }

    #[test]
    fn identifiers_are_found_wherever_they_stand() {
        let (id, mrk) = ("1234abcd-12ab-34cd-56ef-1234567890ab", "mrk-1234abcd12ab34cd56ef1234567890ab");
        for text in [format!("{{\"KeyId\":\"{id}\"}}"), format!("xx{id}yy"), format!("a-{id}-b")] {
            let mut found = BTreeSet::new();
            identifiers(&text, &mut found);
            assert_eq!(found, BTreeSet::from([id.to_owned()]), "{text}");
        }
        let mut found = BTreeSet::new();
        identifiers(&format!("key/{mrk} alias/a/b_c alias/aws/s3\""), &mut found);
        assert_eq!(found, [mrk, "alias/a/b_c", "alias/aws/s3"].map(str::to_owned).into());
        let (mut named, arn) = (BTreeSet::new(), format!("arn:aws:kms:us-east-2:111122223333:key/{id}"));
        identifiers(&format!("\"{arn}\","), &mut named);
        assert_eq!(named, [id.to_owned(), arn].into());
        identifiers("1234abcd-12ab-34cd-56ef-1234567890a", &mut found);
        assert_eq!(found.len(), 3);
    }
}
