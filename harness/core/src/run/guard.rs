//! Which keys a run may change: those that it made, looked at again right before each call that changes one, and those
//! that were lent to it by name.

use super::kms::{Failure, FailureKind, Kms, Pauses};
use super::lent::Lent;
use super::target::{Permit, SetupError, Target};
use crate::fixture::{Corpus, Owner};
use crate::http::Request;
use crate::plan::{KeyNames, OPERATION};
use crate::sweep::inspect;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Calls that leave every key as it is. Whatever is not listed is taken to change one.
const READS: [&str; 9] = [
    "DescribeKey",
    "GetParametersForImport",
    "ListKeys",
    "ListAliases",
    "ListResourceTags",
    "Encrypt",
    "Decrypt",
    "Sign",
    "GenerateMac",
];

/// Whether keys are looked at before they are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Watch {
    /// They are not: on loopback they are a test server's.
    Off,
    /// They are.
    On,
}

/// Calls that may be made on a key that is lent: what they do can be undone.
const ON_LENT: [&str; 4] = [OPERATION, "ImportKeyMaterial", "DisableKey", "EnableKey"];

/// How a key came to be one of the run's.
#[derive(Clone, Debug)]
enum Standing {
    /// The run made the key of this ARN.
    Made(String),
    /// Its owner lent the key of this ARN.
    Lent(String),
}

impl Standing {
    fn arn(&self) -> &str {
        match self {
            Self::Made(arn) | Self::Lent(arn) => arn,
        }
    }
}

/// Says which calls may be sent.
pub(crate) struct Guard {
    run: String,
    watch: Watch,
    accounts: BTreeMap<Owner, String>,
    permit: Permit,
    /// The keys that may be changed, by id.
    known: Mutex<BTreeMap<String, Standing>>,
    halted: OnceLock<String>,
}

impl Guard {
    /// The guard of a run.
    pub(crate) fn new(run: &str, target: &Target, permit: Permit, lent: &[Lent]) -> Result<Arc<Self>, SetupError> {
        let watch = if permit == Permit::All { Watch::Off } else { Watch::On };
        let touches_keys = permit == Permit::Owned || (permit == Permit::NoKeys && !lent.is_empty());
        if touches_keys && target.account.is_none() {
            return Err(SetupError::NoAccount);
        }
        let accounts = [(Owner::Primary, &target.account), (Owner::Stranger, &target.stranger_account)];
        let accounts = accounts.into_iter().filter_map(|(owner, account)| Some((owner, account.clone()?)));
        Ok(Arc::new(Self {
            run: run.to_owned(),
            watch,
            accounts: accounts.collect(),
            permit,
            known: Mutex::default(),
            halted: OnceLock::new(),
        }))
    }

    /// Why nothing is made or changed any more, if that is so.
    pub(crate) fn halted(&self) -> Option<&str> {
        self.halted.get().map(String::as_str)
    }

    /// Whether keys of this owner may be made.
    pub(crate) fn may_make_for(&self, owner: Owner) -> bool {
        match self.permit {
            Permit::All => true,
            Permit::Owned => self.accounts.contains_key(&owner),
            Permit::NoKeys => false,
        }
    }

    /// Whether keys are looked at before they are changed.
    pub(crate) fn watches(&self) -> bool {
        self.watch == Watch::On
    }

    /// Hears of a key that this run made, which has to be in the account that was named. From the first that is not,
    /// nothing is made or changed but what takes back what was made.
    pub(crate) fn made(&self, owner: Owner, names: &KeyNames, kms: &Kms) -> Result<(), Failure> {
        self.known().insert(names.id.clone(), Standing::Made(names.arn.clone()));
        self.expects(owner, &names.arn, kms)
    }

    /// Hears of a key that is lent, which has to be in the account that was named too.
    pub(crate) fn lent(&self, names: &KeyNames, kms: &Kms) -> Result<(), Failure> {
        self.expects(Owner::Primary, &names.arn, kms)?;
        self.known().insert(names.id.clone(), Standing::Lent(names.arn.clone()));
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Standing>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn standing(&self, named: &str) -> Option<Standing> {
        self.known().get(named.rsplit('/').next().unwrap_or_default()).cloned()
    }

    /// Holds an ARN of the caller's own against the account and the Region that were named.
    pub(crate) fn expects(&self, owner: Owner, arn: &str, kms: &Kms) -> Result<(), Failure> {
        let part = |number: usize| arn.split(':').nth(number).unwrap_or_default();
        let wrong = match self.accounts.get(&owner) {
            Some(account) if part(4) != account => {
                format!("the target's keys are in account {}, and {account} was named", part(4))
            }
            _ if self.watches() && part(3) != kms.region => {
                format!("the target's keys are in Region `{}`, and not in `{}`", part(3), kms.region)
            }
            _ => return Ok(()),
        };
        Err(refused("CreateKey", self.halted.get_or_init(|| wrong)))
    }

    /// Whether this call may be sent.
    pub(crate) async fn permits(
        &self,
        kms: &Kms,
        corpus: &Corpus,
        operation: &str,
        body: &Value,
    ) -> Result<(), Failure> {
        if READS.contains(&operation) {
            return Ok(());
        }
        let named = body["KeyId"].as_str().or_else(|| body["TargetKeyId"].as_str()).unwrap_or_default();
        let is_lent = matches!(self.standing(named), Some(Standing::Lent(_)));
        match operation {
            "CreateKey" => match (self.halted(), self.permit) {
                (Some(why), _) => Err(refused(operation, why)),
                (None, Permit::NoKeys) => Err(refused(operation, "no keys may be made")),
                (None, Permit::All | Permit::Owned) => Ok(()),
            },
            // What was lent is brought back whatever else is wrong.
            "ImportKeyMaterial" | "EnableKey" if is_lent => self.owns(kms, corpus, operation, named).await,
            _ if is_lent && !ON_LENT.contains(&operation) => {
                Err(refused(operation, &format!("the key `{named}` is only lent")))
            }
            _ if self.watch == Watch::Off => Ok(()),
            "DeleteAlias" => {
                let alias = body["AliasName"].as_str().unwrap_or_default();
                match alias.starts_with(&format!("alias/trentcheck-{}-", self.run)) {
                    true => Ok(()),
                    false => Err(refused(operation, &format!("the alias `{alias}` was not made by this run"))),
                }
            }
            _ => {
                // What takes back what was made goes on.
                if let (Some(why), false) = (self.halted(), operation == "ScheduleKeyDeletion") {
                    return Err(refused(operation, why));
                }
                self.owns(kms, corpus, operation, named).await
            }
        }
    }

    /// Whether the key of this id or ARN is one of the run's, by what the target says of it now. A key that does not
    /// exist is nobody's, and cannot be harmed.
    pub(crate) async fn owns(&self, kms: &Kms, corpus: &Corpus, operation: &str, named: &str) -> Result<(), Failure> {
        if self.watch == Watch::Off {
            return Ok(());
        }
        let arn = match self.standing(named) {
            Some(Standing::Made(arn)) => arn,
            // Its owner said so; the target has to mean the same key.
            Some(Standing::Lent(_)) | None => return self.is_nobodys(kms, corpus, operation, named).await,
        };
        // What was made a moment ago need not be seen yet.
        let mut pauses = Pauses::within(kms.settle);
        loop {
            match inspect(kms, corpus, &arn).await {
                Ok(Some(ours)) if ours.is_of(&self.run) => return Ok(()),
                Err(failure) if failure.kind != FailureKind::Refused("NotFoundException".to_owned()) => {
                    return Err(failure);
                }
                Ok(_) | Err(_) => {}
            }
            if !pauses.pause().await {
                let why = format!("tag and description of key {arn} are not those of this run, or no longer");
                return Err(refused(operation, &why));
            }
        }
    }

    /// Whether a key that this run did not make is no key at all, or one of the run's under another name.
    async fn is_nobodys(&self, kms: &Kms, corpus: &Corpus, operation: &str, named: &str) -> Result<(), Failure> {
        match kms.call(corpus, "DescribeKey", &json!({ "KeyId": named })).await {
            Ok(answer) => {
                let arn = answer["KeyMetadata"]["Arn"].as_str().unwrap_or_default();
                match self.known().values().any(|known| known.arn() == arn) {
                    true => Ok(()),
                    false => Err(refused(operation, &format!("this run did not make the key `{named}`"))),
                }
            }
            Err(Failure { kind: FailureKind::Refused(error), .. })
                if ["NotFoundException", "InvalidArnException", "ValidationException"].contains(&error.as_str()) =>
            {
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }

    /// Whether every key that a request names, in whatever place, is one of the run's or does not exist. `absent` is an
    /// id that this run made up.
    pub(crate) async fn names_only_ours(
        &self,
        kms: &Kms,
        corpus: &Corpus,
        request: &Request,
        absent: &str,
    ) -> Result<(), Failure> {
        if self.watch == Watch::Off {
            return Ok(());
        }
        if let Some(other) = other_operation(request) {
            return Err(refused(
                "the request",
                &format!("it asks for `{other}`, which could be an operation of its own"),
            ));
        }
        let raw = String::from_utf8_lossy(&request.body).into_owned();
        let mut texts = vec![unescaped(&raw), raw, request.target.clone()];
        if let Ok(body) = serde_json::from_slice::<Value>(&request.body) {
            // Escapes undone.
            strings(&body, &mut texts);
        }
        let mut names = BTreeSet::new();
        texts.iter().for_each(|text| identifiers(text, &mut names));
        if let Ok(body) = serde_json::from_slice::<Value>(&request.body)
            && let Some(named) = body["KeyId"].as_str().filter(|named| !named.is_empty())
        {
            // In whatever form a target may have its ids.
            names.insert(named.to_owned());
        }
        // An id is one key's in whatever account or Region it is looked for.
        let known: Vec<String> = self.known().keys().cloned().collect();
        names.retain(|name| !name.contains(absent) && !known.iter().any(|id| name.contains(id)));
        for name in &names {
            self.is_nobodys(kms, corpus, "the request", name).await?;
        }
        Ok(())
    }
}

/// A call that is not made.
fn refused(operation: &str, why: &str) -> Failure {
    Failure { operation: operation.to_owned(), answer: why.to_owned(), kind: FailureKind::NotOurs }
}

/// What a request asks for, if that is neither the operation under test nor a word that no operation has.
fn other_operation(request: &Request) -> Option<String> {
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
    targets.chain(actions).find(|asked| {
        let asked = asked.to_ascii_lowercase();
        let name = asked.rsplit(['.', '/', '#']).find(|part| !part.is_empty()).unwrap_or_default();
        !name.contains(&OPERATION.to_ascii_lowercase()) && VERBS.iter().any(|verb| name.trim_start().starts_with(verb))
    })
}

/// A text with JSON's numbered escapes undone, in JSON or not.
fn unescaped(text: &str) -> String {
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

fn strings(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, texts)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            texts.push(name.clone());
            strings(value, texts);
        }),
        _ => {}
    }
}

/// What could be the id of a key or the name of an alias.
fn identifiers(text: &str, found: &mut BTreeSet<String>) {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    for word in text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-') {
        // An id can stand between other letters.
        for start in 0..word.len() {
            let rest = &word[start..];
            let is_uuid = |text: &str| {
                let parts: Vec<&str> = text.split('-').collect();
                let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
                lengths == [8, 4, 4, 4, 12] && parts.iter().all(|part| is_hex(part))
            };
            if let Some(id) = rest.get(..36).filter(|text| is_uuid(text)) {
                found.insert(id.to_owned());
            }
            if let Some(id) = rest.get(..36).filter(|text| text.starts_with("mrk-") && is_hex(&text[4..])) {
                found.insert(id.to_owned());
            }
        }
    }
    let rest = |at: usize, more: &str| -> String {
        text[at..].chars().take_while(|letter| letter.is_ascii_alphanumeric() || more.contains(*letter)).collect()
    };
    // An id alone would be looked for in the caller's account.
    found.extend(text.match_indices("arn:").map(|(at, _)| rest(at, ":/_-")));
    found.extend(text.match_indices("alias/").map(|(at, _)| rest(at, "/_-")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_operation_is_recognised_and_near_misses_of_ours_are_not() {
        let asks = |value: &str| {
            let mut request = crate::plan::base_request("h", OPERATION, Vec::new());
            request.set_header("X-Amz-Target", value);
            other_operation(&request)
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
        assert_eq!(unescaped("a\\u0062c\\u00zz,}"), "abc00zz,}");
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
