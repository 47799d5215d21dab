//! Credentials that another service gives, resolved by AWS's own configuration crate: sign-on, roles, web identities,
//! containers and instances. They are resolved once, before anything is sent to the target.

use super::environment::wait_for;
use crate::edge::failure::Failure;
use aws_config::Region;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::ProvideCredentials;
use std::error::Error;
use std::time::Duration;
use trentcheck_core::identity::Identity;

/// The credentials of a profile that needs another service.
pub(crate) fn of_profile(name: &str, what: &str, region: &str, limit: Duration) -> Result<Identity, Failure> {
    let provider = ProfileFileCredentialsProvider::builder().profile_name(name).configure(&config(region)).build();
    ask(async { provider }, &format!("the profile `{name}`, which asks for {what}"), limit)
}

/// The credentials of the environment, a container or an instance, if no profile has credentials.
pub(crate) fn of_surroundings(region: &str, limit: Duration) -> Result<Identity, Failure> {
    let origin = "the environment, a profile, a container or an instance";
    let provider = async {
        DefaultCredentialsChain::builder()
            .configure(config(region))
            .region(Region::new(region.to_owned()))
            .build()
            .await
    };
    ask(provider, origin, limit).map_err(|failure| {
        failure.hint("name a profile with `--profile`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    })
}

fn config(region: &str) -> ProviderConfig {
    ProviderConfig::without_region().with_region(Some(Region::new(region.to_owned())))
}

fn ask(
    provider: impl Future<Output = impl ProvideCredentials> + Send,
    origin: &str,
    limit: Duration,
) -> Result<Identity, Failure> {
    let failure = |why: &str| Failure::usage(format!("find credentials in {origin}: {why}"));
    let asked = async { provider.await.provide_credentials().await };
    let credentials = wait_for(async { tokio::time::timeout(limit, asked).await })?
        .map_err(|_| failure(&format!("no answer came within {limit:?}")).hint("raise `--credential-timeout`"))?
        .map_err(|error| failure(&causes(&error)))?;
    let keys = [credentials.access_key_id(), credentials.secret_access_key()];
    Ok(Identity::resolved(keys, credentials.session_token(), credentials.expiry(), origin)?)
}

/// The messages of an error and of its causes, on one line. None of them contains the body of an answer, which may hold
/// secrets.
fn causes(error: &dyn Error) -> String {
    const SHOWN: usize = 400;
    let mut said = vec![error.to_string()];
    let mut behind = error.source();
    while let Some(cause) = behind {
        let text = cause.to_string();
        // Wrapping errors often repeat the inner message.
        if !said.iter().any(|earlier| earlier.contains(&text)) {
            said.push(text);
        }
        behind = cause.source();
    }
    said.join(": ").chars().filter(|letter| !letter.is_control()).take(SHOWN).collect()
}
