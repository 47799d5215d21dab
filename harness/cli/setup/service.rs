//! Finds the endpoint, the Region and the pace of calls.

use super::credentials::{Signers, profile_setting};
use super::environment::variable;
use super::words::Words;
use crate::arguments::ServiceArguments;
use crate::edge::failure::Failure;
use trentcheck_core::fixture::{Corpus, RATES, nearest_of};
use trentcheck_core::send::{Endpoint, Modules, Rates, Stack, kms_endpoint};

/// The word for AWS KMS itself. It must be typed, so that a forgotten endpoint never leads to AWS.
const AWS: &str = "aws";

/// The default Region.
pub(super) const DEFAULT_REGION: &str = "us-east-2";

/// The flags that choose among the endpoints of AWS KMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    modules: Modules,
    stack: Stack,
}

impl Service {
    /// Takes the values of the flags. The configuration file has no such values.
    pub(super) fn of(arguments: &ServiceArguments) -> Self {
        Self {
            modules: if arguments.fips { Modules::Fips } else { Modules::Any },
            stack: if arguments.dual_stack { Stack::Dual } else { Stack::Single },
        }
    }

    /// Adds the flags that repeat these settings.
    pub(super) fn repeat(self, line: &mut Words) {
        if self.modules == Modules::Fips {
            line.switch("--fips");
        }
        if self.stack == Stack::Dual {
            line.switch("--dual-stack");
        }
    }
}

/// The settings that determine endpoint and Region.
pub(super) struct Place<'a> {
    /// The endpoint.
    pub(super) url: &'a str,
    /// The Region that the user named.
    pub(super) region: Option<&'a str>,
    /// The Region of the preset, for an endpoint on loopback.
    pub(super) of_preset: Option<&'a str>,
    /// The flags that choose among the endpoints of AWS KMS.
    pub(super) service: Service,
    /// The credentials, because a profile may define a Region.
    pub(super) signers: &'a Signers,
}

/// The endpoint and the Region to sign for. Off loopback, the Region may come from the settings of the AWS tools, but
/// the endpoint never does. An invalid Region is refused here. As a part of signatures it would let the target look
/// wrong.
pub(super) fn place(asked: &Place<'_>) -> Result<(Endpoint, String), Failure> {
    let (endpoint, region) = unchecked(asked)?;
    if region.is_empty() || !region.chars().all(|letter| letter.is_ascii_graphic()) {
        return Err(Failure::rule(format!("`{}` is not the name of a Region", region.escape_debug()))
            .hint("a Region is named like `us-east-2`"));
    }
    Ok((endpoint, region))
}

fn unchecked(asked: &Place<'_>) -> Result<(Endpoint, String), Failure> {
    let Service { modules, stack } = asked.service;
    if asked.url == AWS {
        let region = region(asked)?.ok_or_else(|| {
            Failure::rule("`--endpoint aws` needs a Region")
                .hint("name it with `--region`, AWS_REGION or the profile's `region`")
        })?;
        let endpoint = kms_endpoint(&region, modules, stack)
            .map_err(|error| Failure::usage(format!("find the endpoint of AWS KMS: {error}")))?;
        return Ok((endpoint, region));
    }
    if modules == Modules::Fips || stack == Stack::Dual {
        return Err(Failure::rule("`--fips` and `--dual-stack` need `--endpoint aws`")
            .hint("they choose among the endpoints of AWS KMS"));
    }
    let endpoint = parse(asked.url)?;
    let region = match endpoint.is_loopback() {
        true => asked.region.or(asked.of_preset).map(str::to_owned),
        false => region(asked)?,
    };
    Ok((endpoint, region.unwrap_or_else(|| DEFAULT_REGION.to_owned())))
}

/// Parses the URL of an endpoint.
pub(super) fn parse(url: &str) -> Result<Endpoint, Failure> {
    Endpoint::parse(url).map_err(|error| match url.contains('@') {
        // Whatever stands before the sign may be a password, however odd.
        true => Failure::usage("read the endpoint: it has a user name or a password, or a sign that ends one")
            .hint("requests are signed: `--profile` or TRENTCHECK_ACCESS_KEY_ID say by whom"),
        false => Failure::usage(format!("read the endpoint `{url}`: {error}"))
            .hint("an endpoint looks like `http://127.0.0.1:4566`"),
    })
}

/// The rates of calls: off loopback the published quotas, and everywhere the rates that the user gives.
pub(super) fn rates(given: &[String], corpus: &Corpus, is_loopback: bool) -> Result<Rates, Failure> {
    let mut rates = Rates::default();
    if !is_loopback {
        rates.by_operation = corpus.published_rates();
    }
    for word in given {
        let read = word.split_once('=').and_then(|(operation, rate)| Some((operation, rate.parse::<f64>().ok()?)));
        match read {
            Some((operation, rate)) if RATES.contains(&rate) => {
                rates.by_operation.insert(known(operation, corpus)?.to_owned(), rate);
            }
            _ => {
                let (least, most) = (RATES.start(), RATES.end());
                return Err(Failure::rule(format!(
                    "`--rate` takes `OPERATION=N`, such as `CreateKey=2`, not `{word}`"
                ))
                .hint(format!("the number must be above 0: from {least} to {most}")));
            }
        }
    }
    if !is_loopback {
        // Cases also name operations without a published quota.
        rates.others = rates.by_operation.get(&corpus.operation.name).copied();
    }
    Ok(rates)
}

/// The operation of this name. One that is never called would be paced in vain.
fn known<'a>(operation: &'a str, corpus: &Corpus) -> Result<&'a str, Failure> {
    let mut names = corpus.quotas.iter().map(|quota| quota.operation.get_ref().as_str());
    if names.clone().any(|name| name == operation) {
        return Ok(operation);
    }
    let failure =
        Failure::usage(format!("pace the operation `{operation}`: no operation of this name has a known quota"));
    Err(match nearest_of(operation, names.clone()) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint(format!("the names are {}", names.by_ref().collect::<Vec<_>>().join(", "))),
    })
}

fn region(asked: &Place<'_>) -> Result<Option<String>, Failure> {
    let asked_for = asked.region.map(str::to_owned);
    match asked_for.or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION")) {
        Some(region) => Ok(Some(region)),
        None => profile_setting(asked.signers, "region"),
    }
}
