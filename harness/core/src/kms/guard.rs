//! Which keys a run may change: those that it made, looked at again right before each call that changes one, and those
//! that were lent to it by name.

use super::client::Client;
use super::failure::{Failure, FailureKind};
use super::mark;
use super::named::{keys_named, other_operation};
use super::ours::inspect;
use super::pauses::Pauses;
use crate::arn::Arn;
use crate::fixture::Owner;
use crate::http::Request;
use crate::send::Peer;
use crate::target::{Permit, SetupError, Target};
use crate::text::TargetText;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Calls that leave every key as it is. Operations that are not listed are assumed to modify a key.
const READS: [&str; 21] = [
    "DescribeKey",
    "GetParametersForImport",
    "ListKeys",
    "ListAliases",
    "ListResourceTags",
    "GetKeyPolicy",
    "ListGrants",
    "ListKeyRotations",
    "Encrypt",
    "Decrypt",
    "ReEncrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "Sign",
    "Verify",
    "GenerateMac",
    "VerifyMac",
    "GetPublicKey",
    "DeriveSharedSecret",
];

/// Calls that may be made on a key that is lent, besides the operation under test: what they do can be undone.
const ON_LENT: [&str; 3] = ["ImportKeyMaterial", "DisableKey", "EnableKey"];

/// How a key came to be one of the run's.
#[derive(Clone, Debug)]
enum Standing {
    /// The run made the key of this ARN.
    Made(Arn),
    /// Its owner lent the key of this ARN.
    Lent(Arn),
}

impl Standing {
    fn arn(&self) -> &Arn {
        match self {
            Self::Made(arn) | Self::Lent(arn) => arn,
        }
    }
}

/// Says which calls may be sent.
pub(crate) struct Guard {
    run: String,
    accounts: BTreeMap<Owner, String>,
    permit: Permit,
    /// The keys that may be changed, by Region and id: a key and its replicas have one id.
    known: Mutex<BTreeMap<(String, String), Standing>>,
    halted: OnceLock<String>,
}

impl Guard {
    /// The guard of a run to which this number of keys is lent.
    pub(crate) fn new(run: &str, target: &Target, permit: Permit, lent: usize) -> Result<Arc<Self>, SetupError> {
        let touches_keys = permit == Permit::Owned || (permit == Permit::NoKeys && lent > 0);
        if touches_keys && target.account.is_none() {
            return Err(SetupError::NoAccount);
        }
        if touches_keys && target.peer() == Peer::Unverified {
            return Err(SetupError::Unverified);
        }
        let accounts = [(Owner::Primary, &target.account), (Owner::Stranger, &target.stranger_account)];
        let accounts = accounts.into_iter().filter_map(|(owner, account)| Some((owner, account.clone()?)));
        Ok(Arc::new(Self {
            run: run.to_owned(),
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
        // On loopback they are a test server's.
        self.permit != Permit::All
    }

    /// Takes note of a key that this run made. It has to be in the account that was named. After the first key that is
    /// not, the guard permits only calls that take back what was made.
    pub(crate) fn made(&self, owner: Owner, id: &str, arn: &Arn, region: &str) -> Result<(), Failure> {
        self.known().insert((region.to_owned(), id.to_owned()), Standing::Made(arn.clone()));
        self.expects(owner, arn, region)
    }

    /// Takes note of a key that is lent. It has to be in the account that was named, too.
    pub(crate) fn lent(&self, id: &str, arn: &Arn, region: &str) -> Result<(), Failure> {
        self.expects(Owner::Primary, arn, region)?;
        self.known().insert((region.to_owned(), id.to_owned()), Standing::Lent(arn.clone()));
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<(String, String), Standing>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the key of this id or ARN came to be one of the run's. An ARN counts as a whole, and an id in the Region of the
    /// call: the same id in another account or Region is another key.
    fn standing(&self, region: &str, named: &str) -> Option<Standing> {
        let known = self.known();
        let by_arn = || known.values().find(|standing| standing.arn().as_str() == named);
        known.get(&(region.to_owned(), named.to_owned())).or_else(by_arn).cloned()
    }

    /// Holds an ARN of the caller's own against the account and the Region that were named.
    pub(crate) fn expects(&self, owner: Owner, arn: &Arn, region: &str) -> Result<(), Failure> {
        let wrong = match self.accounts.get(&owner) {
            Some(account) if arn.account() != account => {
                format!("the target's keys are in account {}, and {account} was named", arn.account())
            }
            _ if arn.region() != region => {
                let wrong = format!("the target's keys are in Region `{}`, and not in `{region}`", arn.region());
                if !self.watches() {
                    // A test server may have one Region only; what needs no key is judged all the same.
                    return Err(refused("CreateKey", &wrong));
                }
                wrong
            }
            _ => return Ok(()),
        };
        Err(refused("CreateKey", self.halted.get_or_init(|| wrong)))
    }

    /// Off loopback a target that names somebody else's key as new is not worth another one.
    pub(crate) fn distrusts(&self, why: &str) {
        if self.watches() {
            self.halted.get_or_init(|| why.to_owned());
        }
    }

    /// As [`Self::expects`], of what the target wrote in place of an ARN. What does not parse is in no account that was
    /// named.
    pub(crate) fn expects_text(&self, owner: Owner, text: &str, region: &str) -> Result<(), Failure> {
        match text.parse() {
            Ok(arn) => self.expects(owner, &arn, region),
            Err(_) => {
                let wrong = || "the target names a key by an ARN that is none, which tells no account".to_owned();
                Err(refused("CreateKey", self.halted.get_or_init(wrong)))
            }
        }
    }

    /// Whether this call may be sent.
    pub(crate) async fn permits(&self, client: &Client, operation: &str, body: &Value) -> Result<(), Failure> {
        if READS.contains(&operation) {
            return Ok(());
        }
        let under_test = &client.operation;
        let members = [under_test.key_member.as_str(), "KeyId", "TargetKeyId"];
        let named = members.iter().find_map(|member| body[member].as_str()).unwrap_or_default();
        let is_lent = matches!(self.standing(&client.region, named), Some(Standing::Lent(_)));
        match operation {
            "CreateKey" => match (self.halted(), self.permit) {
                (Some(why), _) => Err(refused(operation, why)),
                (None, Permit::NoKeys) => Err(refused(operation, "no keys may be made")),
                (None, Permit::All | Permit::Owned) => Ok(()),
            },
            // What was lent is brought back whatever else is wrong.
            "ImportKeyMaterial" | "EnableKey" if is_lent => self.owns(client, operation, named).await,
            _ if is_lent && operation != under_test.name && !ON_LENT.contains(&operation) => {
                Err(refused(operation, &format!("the key `{named}` is only lent")))
            }
            _ if !self.watches() => Ok(()),
            "DeleteAlias" => {
                let alias = body["AliasName"].as_str().unwrap_or_default();
                match alias.starts_with(&mark::alias_prefix(&self.run)) {
                    true => Ok(()),
                    false => Err(refused(operation, &format!("the alias `{alias}` was not made by this run"))),
                }
            }
            _ => {
                // What takes back what was made goes on.
                if let (Some(why), false) = (self.halted(), operation == "ScheduleKeyDeletion") {
                    return Err(refused(operation, why));
                }
                self.owns(client, operation, named).await
            }
        }
    }

    /// Whether the key of this id or ARN is one of the run's, by what the target says of it now. A key that does not
    /// exist cannot be harmed.
    pub(crate) async fn owns(&self, client: &Client, operation: &str, named: &str) -> Result<(), Failure> {
        if !self.watches() {
            return Ok(());
        }
        let arn = match self.standing(&client.region, named) {
            Some(Standing::Made(arn)) => arn,
            // Its owner said so; the target has to mean the same key.
            Some(Standing::Lent(_)) | None => return self.is_nobodys(client, operation, named).await,
        };
        // What was made a moment ago need not be seen yet.
        let mut pauses = Pauses::within(client.settle);
        loop {
            match inspect(client, &arn).await {
                Ok(Some(ours)) if ours.is_of(&self.run) => return Ok(()),
                Err(failure) if !failure.is("NotFoundException") => return Err(failure),
                Ok(_) | Err(_) => {}
            }
            if !pauses.pause().await {
                let why = format!("tag and description of key {arn} are not those of this run, or no longer");
                return Err(refused(operation, &why));
            }
        }
    }

    /// Whether a key that this run did not make is no key at all, or one of the run's under another name.
    async fn is_nobodys(&self, client: &Client, operation: &str, named: &str) -> Result<(), Failure> {
        match client.call("DescribeKey", &json!({ "KeyId": named })).await {
            Ok(answer) => {
                let arn = answer["KeyMetadata"]["Arn"].as_str().unwrap_or_default();
                match self.known().values().any(|known| known.arn().as_str() == arn) {
                    true => Ok(()),
                    false => Err(refused(operation, &format!("this run did not make the key `{named}`"))),
                }
            }
            Err(failure) => {
                let no_key = ["NotFoundException", "InvalidArnException", "ValidationException"];
                if no_key.iter().any(|error| failure.is(error)) { Ok(()) } else { Err(failure) }
            }
        }
    }

    /// Whether every key that a request names, in whatever place, is one of the run's or does not exist. `absent` is an
    /// id that this run made up.
    pub(crate) async fn names_only_ours(
        &self,
        client: &Client,
        request: &Request,
        absent: &str,
    ) -> Result<(), Failure> {
        if !self.watches() {
            return Ok(());
        }
        if let Some(other) = other_operation(request, &client.operation) {
            let why = format!("it asks for `{other}`, which could be an operation of its own");
            return Err(refused("the request", &why));
        }
        let mut names = keys_named(request, &client.operation);
        // An id is one key's in whatever account or Region it is looked for.
        let known: Vec<String> = self.known().keys().map(|(_, id)| id.clone()).collect();
        names.retain(|name| !name.contains(absent) && !known.iter().any(|id| name.contains(id)));
        for name in &names {
            self.is_nobodys(client, "the request", name).await?;
        }
        Ok(())
    }
}

/// A call that is not made.
fn refused(operation: &str, why: &str) -> Failure {
    // Reasons can name keys, and the target named those.
    Failure::new(operation, TargetText::new(why), FailureKind::NotOurs)
}
