//! The endpoints of AWS KMS, by Region.

use super::endpoint::{Endpoint, Scheme};

/// Whether an endpoint must use FIPS 140 validated modules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Modules {
    /// Any modules.
    #[default]
    Any,
    /// FIPS 140 validated modules.
    Fips,
}

/// The IP versions for which an endpoint has addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stack {
    /// IPv4.
    #[default]
    Single,
    /// IPv4 and IPv6.
    Dual,
}

/// A text is not a Region with a known endpoint.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// The text does not have the form of a Region.
    #[error("`{0}` does not have the form of a Region such as `us-east-2`")]
    Form(String),
    /// The partition of the Region is unknown.
    #[error("the Region `{0}` is in none of the partitions aws, aws-cn and aws-us-gov")]
    Partition(String),
}

/// A partition: Regions that share their accounts, with the endings of their host names.
struct Partition {
    prefixes: &'static [&'static str],
    suffix: &'static str,
    dual_stack_suffix: &'static str,
}

/// The first partition with a matching prefix is used.
const PARTITIONS: &[Partition] = &[
    Partition { prefixes: &["cn-"], suffix: "amazonaws.com.cn", dual_stack_suffix: "api.amazonwebservices.com.cn" },
    Partition { prefixes: &["us-gov-"], suffix: "amazonaws.com", dual_stack_suffix: "api.aws" },
    Partition {
        prefixes: &["af-", "ap-", "ca-", "eu-", "il-", "me-", "mx-", "sa-", "us-"],
        suffix: "amazonaws.com",
        dual_stack_suffix: "api.aws",
    },
];

/// Partitions that cannot be reached from outside. Their prefixes resemble those of other partitions.
const ISOLATED: &[&str] = &["us-iso-", "us-isob-", "us-isof-", "eu-isoe-"];

/// The endpoint of AWS KMS in a Region.
///
/// # Errors
///
/// The text is not a Region of a known partition.
pub fn kms_endpoint(region: &str, modules: Modules, stack: Stack) -> Result<Endpoint, RegionError> {
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let parts: Vec<&str> = region.split('-').collect();
    let has_form = match parts.as_slice() {
        [words @ .., number] if words.len() >= 2 => {
            words.iter().all(|word| is_word(word)) && number.parse::<u8>().is_ok_and(|number| number > 0)
        }
        _ => false,
    };
    if !has_form {
        return Err(RegionError::Form(region.to_owned()));
    }
    let is_isolated = ISOLATED.iter().any(|prefix| region.starts_with(prefix));
    let partition = PARTITIONS
        .iter()
        .find(|partition| partition.prefixes.iter().any(|prefix| region.starts_with(prefix)))
        .filter(|_| !is_isolated)
        .ok_or_else(|| RegionError::Partition(region.to_owned()))?;
    let service = match modules {
        Modules::Any => "kms",
        Modules::Fips => "kms-fips",
    };
    let suffix = match stack {
        Stack::Single => partition.suffix,
        Stack::Dual => partition.dual_stack_suffix,
    };
    Ok(Endpoint { scheme: Scheme::Https, host: format!("{service}.{region}.{suffix}"), port: 443 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_its_hosts() {
        let host = |region, modules, stack| {
            kms_endpoint(region, modules, stack).map(|endpoint| endpoint.to_string()).unwrap_or_default()
        };
        for (region, modules, stack, expected) in [
            ("us-east-2", Modules::Any, Stack::Single, "https://kms.us-east-2.amazonaws.com"),
            ("us-east-2", Modules::Fips, Stack::Single, "https://kms-fips.us-east-2.amazonaws.com"),
            ("ap-southeast-5", Modules::Any, Stack::Dual, "https://kms.ap-southeast-5.api.aws"),
            ("eu-central-1", Modules::Fips, Stack::Dual, "https://kms-fips.eu-central-1.api.aws"),
            ("cn-northwest-1", Modules::Any, Stack::Single, "https://kms.cn-northwest-1.amazonaws.com.cn"),
            ("cn-north-1", Modules::Any, Stack::Dual, "https://kms.cn-north-1.api.amazonwebservices.com.cn"),
            ("us-gov-west-1", Modules::Fips, Stack::Single, "https://kms-fips.us-gov-west-1.amazonaws.com"),
            ("us-gov-east-1", Modules::Any, Stack::Dual, "https://kms.us-gov-east-1.api.aws"),
        ] {
            assert_eq!(host(region, modules, stack), expected);
        }
    }

    #[test]
    fn what_is_no_region_is_refused() {
        for region in
            ["", "us", "us-east", "useast2", "us-east-0", "us-east-2.evil.example", "US-EAST-2", "us--1", "us-east-2a"]
        {
            assert_eq!(kms_endpoint(region, Modules::Any, Stack::Single), Err(RegionError::Form(region.to_owned())));
        }
        for region in ["us-iso-east-1", "eu-isoe-west-1", "xx-east-1", "eusc-de-east-1"] {
            assert_eq!(
                kms_endpoint(region, Modules::Any, Stack::Single),
                Err(RegionError::Partition(region.to_owned()))
            );
        }
    }
}
