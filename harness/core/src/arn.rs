//! Amazon Resource Names, parsed once. A text that cannot be parsed is not an ARN, and no part of it is used.

use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// An Amazon Resource Name: `arn:partition:service:region:account:resource`.
///
/// The parts follow the AWS documentation: the resource may hold `:` and `/`, Region and account may be empty, and an
/// account has 12 digits or is `aws` for resources that AWS owns.
///
/// ```
/// use trentcheck_core::arn::Arn;
///
/// let arn: Arn = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".parse()?;
/// assert_eq!((arn.partition(), arn.service(), arn.region()), ("aws", "kms", "us-east-2"));
/// assert_eq!(arn.account(), "111122223333");
/// assert_eq!(arn.key_id(), Some("1234abcd-12ab-34cd-56ef-1234567890ab"));
///
/// let alias = arn.with_resource("alias/example")?;
/// assert_eq!(alias.to_string(), "arn:aws:kms:us-east-2:111122223333:alias/example");
/// assert_eq!(alias.key_id(), None);
///
/// assert!("arn:aws:kms:us-east-2:1111:key/x".parse::<Arn>().is_err());
/// # Ok::<(), trentcheck_core::arn::ArnError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    text: String,
    /// The positions of the five colons that end a part.
    colons: [usize; 5],
}

/// A text is not an ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArnError {
    /// It does not begin with `arn:`.
    #[error("read an ARN that does not begin with `arn:`")]
    Prefix,
    /// It has fewer than six parts.
    #[error("read an ARN of fewer than six parts")]
    Parts,
    /// The partition is empty, or holds other characters than lower-case letters, digits and hyphens.
    #[error("read the partition of an ARN")]
    Partition,
    /// The service is empty, or holds other characters than lower-case letters, digits and hyphens.
    #[error("read the service of an ARN")]
    Service,
    /// The Region holds other characters than lower-case letters, digits and hyphens.
    #[error("read the Region of an ARN")]
    Region,
    /// The account is not empty, not 12 digits and not `aws`.
    #[error("read the account of an ARN")]
    Account,
    /// The resource is empty or holds a control character.
    #[error("read the resource of an ARN")]
    Resource,
}

impl Arn {
    /// Builds an ARN from these parts.
    ///
    /// # Errors
    ///
    /// A part is not valid in an ARN.
    pub fn new(partition: &str, service: &str, region: &str, account: &str, resource: &str) -> Result<Self, ArnError> {
        let before = [partition, service, region, account];
        // A colon in one of these parts would move all later parts.
        let errors = [ArnError::Partition, ArnError::Service, ArnError::Region, ArnError::Account];
        if let Some((_, error)) = before.iter().zip(errors).find(|(part, _)| part.contains(':')) {
            return Err(error);
        }
        format!("arn:{partition}:{service}:{region}:{account}:{resource}").parse()
    }

    /// The partition, such as `aws`.
    pub fn partition(&self) -> &str {
        self.part(0)
    }

    /// The service, such as `kms`.
    pub fn service(&self) -> &str {
        self.part(1)
    }

    /// The Region. Empty for resources without a Region.
    pub fn region(&self) -> &str {
        self.part(2)
    }

    /// The account's 12 digits, or `aws`. Empty for resources without an account.
    pub fn account(&self) -> &str {
        self.part(3)
    }

    /// Everything behind the account, such as `key/1234abcd-12ab-34cd-56ef-1234567890ab`.
    pub fn resource(&self) -> &str {
        &self.text[self.colons[4] + 1..]
    }

    /// The key id, if this is the ARN of a KMS key.
    pub fn key_id(&self) -> Option<&str> {
        let id = self.resource().strip_prefix("key/").filter(|_| self.service() == "kms")?;
        (!id.is_empty() && !id.contains(['/', ':'])).then_some(id)
    }

    /// The ARN of another resource of the same service, Region and account.
    ///
    /// # Errors
    ///
    /// The resource is not valid in an ARN.
    pub fn with_resource(&self, resource: &str) -> Result<Self, ArnError> {
        format!("{}:{resource}", &self.text[..self.colons[4]]).parse()
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part that follows this colon.
    fn part(&self, colon: usize) -> &str {
        &self.text[self.colons[colon] + 1..self.colons[colon + 1]]
    }
}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        if !text.starts_with("arn:") {
            return Err(ArnError::Prefix);
        }
        let mut at = text.match_indices(':').map(|(at, _)| at);
        let mut next = || at.next().ok_or(ArnError::Parts);
        let colons = [next()?, next()?, next()?, next()?, next()?];
        let arn = Self { text: text.to_owned(), colons };
        let is_word =
            |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let account = arn.account();
        let is_account =
            matches!(account, "" | "aws") || (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()));
        let rules = [
            (!arn.partition().is_empty() && is_word(arn.partition()), ArnError::Partition),
            (!arn.service().is_empty() && is_word(arn.service()), ArnError::Service),
            (is_word(arn.region()), ArnError::Region),
            (is_account, ArnError::Account),
            (!arn.resource().is_empty() && !arn.resource().contains(char::is_control), ArnError::Resource),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, error)) => Err(error),
            None => Ok(arn),
        }
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Arn({:?})", self.text)
    }
}

impl Serialize for Arn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_that_is_no_arn_is_refused_for_the_part_that_is_wrong() {
        for (text, error) in [
            ("", ArnError::Prefix),
            ("ARN:aws:kms:us-east-2:111122223333:key/x", ArnError::Prefix),
            (" arn:aws:kms:us-east-2:111122223333:key/x", ArnError::Prefix),
            ("arn:", ArnError::Parts),
            ("arn:aws:kms:us-east-2:111122223333", ArnError::Parts),
            ("arn::kms:us-east-2:111122223333:key/x", ArnError::Partition),
            ("arn:AWS:kms:us-east-2:111122223333:key/x", ArnError::Partition),
            ("arn:aws::us-east-2:111122223333:key/x", ArnError::Service),
            ("arn:aws:KMS:us-east-2:111122223333:key/x", ArnError::Service),
            ("arn:aws:kms:us east:111122223333:key/x", ArnError::Region),
            ("arn:aws:kms:us-east-2:1111222233334:key/x", ArnError::Account),
            ("arn:aws:kms:us-east-2:11112222333x:key/x", ArnError::Account),
            ("arn:aws:kms:us-east-2:١١١١٢٢:key/x", ArnError::Account),
            ("arn:aws:kms:us-east-2:111122223333:", ArnError::Resource),
            ("arn:aws:kms:us-east-2:111122223333:key/x\n", ArnError::Resource),
        ] {
            assert_eq!(text.parse::<Arn>(), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_resource_may_hold_colons_and_slashes_and_only_a_key_has_a_key_id() {
        for (text, resource, key_id) in [
            ("arn:aws:kms:us-east-2:111122223333:key/x", "key/x", Some("x")),
            ("arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-1", "key/mrk-1", Some("mrk-1")),
            ("arn:aws:kms:us-east-2:111122223333:key/x/y", "key/x/y", None),
            ("arn:aws:kms:us-east-2:111122223333:key/", "key/", None),
            ("arn:aws:kms:us-east-2:111122223333:alias/key/x", "alias/key/x", None),
            ("arn:aws:s3:::key/x", "key/x", None),
            ("arn:aws:iam::aws:policy/a:b", "policy/a:b", None),
            ("arn:aws:sns:us-east-2:111122223333:topic:é", "topic:é", None),
        ] {
            let arn: Arn = text.parse().unwrap();
            assert_eq!((arn.resource(), arn.key_id()), (resource, key_id), "{text}");
        }
    }

    /// A text that is usually almost an ARN.
    fn near() -> impl Strategy<Value = String> {
        let part =
            || prop_oneof![4 => "[a-z0-9-]{0,5}", 2 => "[0-9]{12}", 1 => "\\PC{0,4}", 1 => Just("aws".to_owned())];
        proptest::collection::vec(part(), 0..8).prop_map(|parts| format!("arn:{}", parts.join(":")))
    }

    proptest! {
        #[test]
        fn what_is_parsed_is_displayed_as_it_was(text in prop_oneof![near(), ".{0,60}", "(arn:?)*[:/a]{0,9}"]) {
            if let Ok(arn) = text.parse::<Arn>() {
                prop_assert_eq!(arn.to_string(), text.clone());
                let parts = (arn.partition(), arn.service(), arn.region(), arn.account(), arn.resource());
                let again = Arn::new(parts.0, parts.1, parts.2, parts.3, parts.4);
                prop_assert_eq!(again.as_ref(), Ok(&arn));
                prop_assert_eq!(arn.with_resource(parts.4), Ok(arn.clone()));
                let _ = arn.key_id();
            }
        }

        #[test]
        fn the_parts_of_an_arn_come_back(
            partition in "aws(-[a-z]{2})?", service in "[a-z0-9-]{1,9}", region in "([a-z]{2}-[a-z]{4}-[0-9])?",
            account in "([0-9]{12})?", resource in "[^\\pC]{1,20}",
        ) {
            let arn = Arn::new(&partition, &service, &region, &account, &resource);
            let arn = arn.map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(
                [arn.partition(), arn.service(), arn.region(), arn.account(), arn.resource()],
                [&*partition, &service, &region, &account, &resource]
            );
            let id = resource.replace(['/', ':'], "");
            let key = Arn::new(&partition, "kms", &region, &account, &format!("key/{id}"));
            prop_assert_eq!(key.ok().and_then(|key| key.key_id().map(str::to_owned)), Some(id).filter(|id| !id.is_empty()));
            // A colon in a part before the resource would move the parts behind it.
            let moved = Arn::new(&format!("{partition}:x"), &service, &region, &account, &resource);
            prop_assert_eq!(moved, Err(ArnError::Partition));
        }
    }
}
