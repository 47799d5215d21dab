//! The flags that name the target, its connection and its credentials.

use super::value::{account, duration};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use trentcheck_core::fixture::Edition;

/// The flags that name the target.
#[derive(Args, Clone, Default)]
pub(crate) struct TargetArguments {
    /// Choose this target of the configuration file; `run` takes several, and `all` chooses every target
    #[arg(long = "target", value_name = "NAME", env = "TRENTCHECK_TARGET", hide_env_values = true)]
    pub(crate) target_names: Vec<String>,
    /// Choose the embedded reference as the target, and ignore targets in the environment and the configuration file
    #[arg(long)]
    pub(crate) embedded: bool,
    /// Use what is known of this kind of target, such as `ministack`; flags, environment and the configuration file win
    /// over it. `trentcheck presets` lists them
    #[arg(long, value_name = "NAME", env = "TRENTCHECK_PRESET", hide_env_values = true)]
    pub(crate) preset: Option<String>,
    /// The target's URL, or `aws` for AWS KMS in the Region [default: the embedded reference]
    #[arg(long, value_name = "URL", env = "TRENTCHECK_ENDPOINT", hide_env_values = true)]
    pub(crate) endpoint: Option<String>,
    /// The Region that requests are signed for [default: us-east-2]
    #[arg(long, env = "TRENTCHECK_REGION", hide_env_values = true)]
    pub(crate) region: Option<String>,
    /// The edition that the target implements: key-only (2023 to mid-2025) or key-material-id (today)
    /// [default: key-only]
    #[arg(long, env = "TRENTCHECK_EDITION", hide_env_values = true)]
    pub(crate) edition: Option<Edition>,
    /// The time limit of one exchange, such as 10s or 500ms [default: 10s]
    #[arg(long, value_name = "TIME", env = "TRENTCHECK_TIMEOUT", hide_env_values = true, value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// The time that trentcheck waits until a state change becomes visible [default: 1s, off loopback 30s]
    #[arg(long, value_name = "TIME", env = "TRENTCHECK_SETTLE", hide_env_values = true, value_parser = duration)]
    pub(crate) settle: Option<Duration>,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    #[command(flatten)]
    pub(crate) credentials: CredentialArguments,
    /// The number of the caller's account. A run that creates keys refuses any other account; a run that creates none
    /// uses this number in ARNs
    #[arg(long, value_name = "ID", env = "TRENTCHECK_ACCOUNT", hide_env_values = true, value_parser = account)]
    pub(crate) account: Option<String>,
    /// The account of the principal `stranger`; off loopback, cases that need a key in that account require it
    #[arg(long, value_name = "ID", env = "TRENTCHECK_STRANGER_ACCOUNT", hide_env_values = true, value_parser = account)]
    pub(crate) stranger_account: Option<String>,
    /// The id of a key in a state that no client can produce, such as `creating=ID`; repeatable
    #[arg(long, value_name = "NAME=ID")]
    pub(crate) provide: Vec<String>,
    /// The URL of the same service in another Region, such as `us-west-2=http://127.0.0.1:4567`
    #[arg(long, value_name = "REGION=URL")]
    pub(crate) elsewhere: Option<String>,
    /// Read this configuration file [default: trentcheck.toml, if it exists]
    #[arg(long, value_name = "FILE", env = "TRENTCHECK_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
}

/// The flags that choose an endpoint of AWS KMS and the pace of calls.
#[derive(Args, Clone, Default)]
pub(crate) struct ServiceArguments {
    /// With `--endpoint aws`, use the endpoint with FIPS 140 validated modules
    #[arg(long)]
    pub(crate) fips: bool,
    /// With `--endpoint aws`, use the endpoint that also has IPv6 addresses
    #[arg(long)]
    pub(crate) dual_stack: bool,
    /// The most calls per second of an operation, such as `CreateKey=2`; repeatable [default: off loopback the
    /// published quotas]
    #[arg(long, value_name = "OPERATION=N")]
    pub(crate) rate: Vec<String>,
}

/// The flags of the connection to the target, where the URL is not enough.
#[derive(Args, Clone, Default)]
pub(crate) struct ConnectionArguments {
    /// Trust only the certificates in this PEM file
    #[arg(long, value_name = "PEM", env = "TRENTCHECK_CA", hide_env_values = true)]
    pub(crate) ca: Option<PathBuf>,
    /// Do not verify the target's certificate
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Expect this name in the target's certificate [default: the name in the URL]
    #[arg(long, value_name = "NAME", env = "TRENTCHECK_SERVER_NAME", hide_env_values = true)]
    pub(crate) server_name: Option<String>,
    /// Connect to this address instead of the one that the URL's host resolves to; safety rules still judge the URL
    #[arg(long, value_name = "ADDR:PORT", env = "TRENTCHECK_RESOLVE", hide_env_values = true)]
    pub(crate) resolve: Option<SocketAddr>,
    /// Present this client certificate if the target asks for one; the file may also hold the private key
    #[arg(long, value_name = "PEM", env = "TRENTCHECK_CLIENT_CERT", hide_env_values = true)]
    pub(crate) client_cert: Option<PathBuf>,
    /// The private key of the client certificate, if it is in a separate file
    #[arg(long, value_name = "PEM", env = "TRENTCHECK_CLIENT_KEY", hide_env_values = true)]
    pub(crate) client_key: Option<PathBuf>,
    /// Connect through this HTTP proxy; `env` reads HTTPS_PROXY and similar variables [default: none]
    #[arg(long, value_name = "URL", env = "TRENTCHECK_PROXY", hide_env_values = true)]
    pub(crate) proxy: Option<String>,
}

/// The flags that choose credentials.
#[derive(Args, Clone, Default)]
pub(crate) struct CredentialArguments {
    /// Sign with this profile of the AWS files [default on loopback: dummy credentials]
    #[arg(long, value_name = "NAME", env = "TRENTCHECK_PROFILE", hide_env_values = true)]
    pub(crate) profile: Option<String>,
    /// The profile of a principal that has no permission for the operation, for the access-denied cases
    #[arg(long, value_name = "NAME", env = "TRENTCHECK_DENIED_PROFILE", hide_env_values = true)]
    pub(crate) denied_profile: Option<String>,
    /// A profile of another account, for the cross-account cases
    #[arg(long, value_name = "NAME", env = "TRENTCHECK_STRANGER_PROFILE", hide_env_values = true)]
    pub(crate) stranger_profile: Option<String>,
    /// The time limit for a profile's `credential_process`, sign-on or role [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) credential_timeout: Option<Duration>,
}
