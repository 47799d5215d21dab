//! From arguments to a target.

use super::credentials::principals;
use super::service::{parse, place};
use crate::arguments::TargetArguments;
use crate::edge::failure::Failure;
use std::collections::BTreeMap;
use std::time::Duration;
use trentcheck_core::fixture::{Corpus, Edition, nearest_of};
use trentcheck_core::run::{Elsewhere, Target};
use trentcheck_core::send::{Endpoint, Limits};

/// The target at a URL. Nothing is sent.
pub(crate) fn remote(
    arguments: &TargetArguments,
    url: &str,
    edition: Edition,
    timeout: Duration,
) -> Result<Target, Failure> {
    let (endpoint, region) = place(arguments, url)?;
    let principals = principals(&arguments.credentials, &region, endpoint.is_loopback())?;
    let is_plain = endpoint.to_string().starts_with("http://");
    if is_plain && !endpoint.is_loopback() {
        return Err(Failure::safety("credentials are not sent over plain HTTP off loopback").hint("use https://"));
    }
    let tls = arguments.connection.settings(&endpoint)?;
    let elsewhere = elsewhere(arguments, &endpoint)?;
    Ok(Target {
        endpoint,
        region,
        edition,
        principals,
        provided: provided(&arguments.provide)?,
        elsewhere,
        account: arguments.account.clone(),
        stranger_account: arguments.stranger_account.clone(),
        embedded: false,
        tls,
        limits: Limits { exchange: timeout, ..Limits::default() },
    })
}

fn provided(words: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    words
        .iter()
        .map(|word| match word.split_once('=') {
            Some((name, id)) if !name.is_empty() && !id.is_empty() => Ok((name.to_owned(), id.to_owned())),
            _ => Err(Failure::usage(format!("read `--provide {word}`")).hint("it looks like `creating=KEY-ID`")),
        })
        .collect()
}

/// A name that no case asks for would be provided in vain.
pub(crate) fn check_provided(target: &Target, corpus: &Corpus) -> Result<(), Failure> {
    let known = || corpus.preconditions.iter().filter_map(|precondition| precondition.provided.as_deref());
    match target.provided.keys().find(|name| !known().any(|known| known == name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Failure::usage(format!("provide the key `{name}`: no case asks for one of this name")).hint(
            match nearest_of(name, known()) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("the names are {}", known().collect::<Vec<_>>().join(", ")),
            },
        )),
    }
}

/// The second Region. It is under the same rules as the first, so it has to be on loopback where that is.
fn elsewhere(arguments: &TargetArguments, target: &Endpoint) -> Result<Option<Elsewhere>, Failure> {
    let Some(word) = &arguments.elsewhere else { return Ok(None) };
    let Some((region, url)) = word.split_once('=') else {
        return Err(Failure::usage(format!("read `--elsewhere {word}`"))
            .hint("it looks like `us-west-2=http://127.0.0.1:4567`"));
    };
    let endpoint = parse(url)?;
    if endpoint.is_loopback() != target.is_loopback() || endpoint.scheme != target.scheme {
        return Err(Failure::safety(format!("{target} and {endpoint} are not the same service in two Regions"))
            .hint("both have to be on loopback or both off it, and both over TLS or both not"));
    }
    Ok(Some(Elsewhere { endpoint, region: region.to_owned() }))
}
