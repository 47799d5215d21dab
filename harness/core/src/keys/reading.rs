//! What calls that read show of a key, in a form in which it can be compared with what they showed before.

use super::key::{Key, metadata, text_of};
use crate::fixture::Call;
use crate::json;
use crate::kms::{Failure, Pauses, each_page, mark};
use serde_json::{Map, Value, json};

/// A list in which a key, or something that belongs to it, is.
struct List {
    operation: &'static str,
    /// The member of the answer.
    items: &'static str,
    /// The member by which items are told apart.
    name: &'static str,
    /// The member that names the key, where a list may hold items of other keys.
    key: Option<&'static str>,
}

impl List {
    fn of(call: Call) -> Option<Self> {
        let list = |operation, items, name, key| Some(Self { operation, items, name, key });
        match call {
            Call::ListKeys => list("ListKeys", "Keys", "KeyId", Some("KeyId")),
            Call::ListAliases => list("ListAliases", "Aliases", "AliasName", Some("TargetKeyId")),
            Call::ListResourceTags => list("ListResourceTags", "Tags", "TagKey", None),
            Call::ListGrants => list("ListGrants", "Grants", "GrantId", None),
            Call::ListKeyRotations => list("ListKeyRotations", "Rotations", "KeyMaterialId", None),
            _ => None,
        }
    }
}

impl Key {
    /// What a call that reads shows of the key: KeyMetadata, the policy, or of a list each member of each item, as
    /// `ITEM.MEMBER`.
    pub(crate) async fn shown(&self, call: Call) -> Result<Value, Failure> {
        match call {
            Call::DescribeByArn => metadata(self.kms(), self.arn.as_str()).await,
            Call::DescribeByAlias => metadata(self.kms(), self.names.alias.as_deref().unwrap_or(&self.names.id)).await,
            Call::GetKeyPolicy => self.policy().await.map(|policy| json!({ "Policy": policy })),
            _ => match List::of(call) {
                Some(list) => self.listed(&list).await,
                None => self.describe().await,
            },
        }
    }

    /// The same, as soon as a list has what the run made, or when the budget for changes is over. A list may show a new key,
    /// alias, grant or tag late, and what it then shows would look like an effect of the exchange.
    pub(crate) async fn shown_whole(&self, call: Call) -> Result<Value, Failure> {
        let mut pauses = Pauses::within(self.kms().settle());
        loop {
            let shown = self.shown(call).await?;
            if self.is_whole(call, &shown) || !pauses.pause().await {
                return Ok(shown);
            }
        }
    }

    fn is_whole(&self, call: Call, shown: &Value) -> bool {
        let has = |item: &str, member: &str| shown.get(format!("{item}.{member}")).is_some();
        match call {
            Call::ListKeys => has(&self.names.id, "KeyId"),
            Call::ListAliases => self.names.alias.as_ref().is_none_or(|alias| has(alias, "AliasName")),
            Call::ListResourceTags => has(mark::TAG, "TagKey"),
            Call::ListGrants => !self.base.grant || shown.as_object().is_some_and(|grants| !grants.is_empty()),
            _ => true,
        }
    }

    /// The key policy. A target may write the same document in another order, so that it is read as JSON.
    pub(super) async fn policy(&self) -> Result<Value, Failure> {
        let mut body = self.body();
        body["PolicyName"] = json!("default");
        let answer = self.kms().call("GetKeyPolicy", &body).await?;
        let text = text_of(&answer, "GetKeyPolicy", "Policy")?;
        Ok(json::parse(text.as_bytes()).unwrap_or(Value::String(text)))
    }

    async fn listed(&self, list: &List) -> Result<Value, Failure> {
        let body = match list.operation {
            // As many as a page can have: other keys of the account are in the list too.
            "ListKeys" => json!({ "Limit": 1000 }),
            "ListKeyRotations" => json!({ "KeyId": self.names.id, "IncludeKeyMaterial": "ALL_KEY_MATERIAL" }),
            _ => self.body(),
        };
        let mut shown = Map::new();
        let is_of_key = |item: &Value| list.key.is_none_or(|member| item[member] == self.names.id.as_str());
        each_page(self.kms().plain(), list.operation, body, list.items, |items| {
            for item in items.into_iter().filter(is_of_key) {
                let name = item[list.name].as_str().unwrap_or_default().to_owned();
                if let Value::Object(members) = item {
                    shown.extend(members.into_iter().map(|(member, value)| (format!("{name}.{member}"), value)));
                }
            }
        })
        .await?;
        Ok(Value::Object(shown))
    }
}
