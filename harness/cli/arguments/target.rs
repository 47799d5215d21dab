//! What is tested, how it is reached, and who signs.

use super::value::{account, duration};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use trentcheck_core::fixture::Edition;

/// What is tested, and how it is reached.
#[derive(Args, Clone, Default)]
pub(crate) struct TargetArguments {
    /// The target of this name in the configuration file; `run` takes several, and `all` stands for every one
    #[arg(long = "target", value_name = "NAME", env = "TRENTCHECK_TARGET", hide_env_values = true)]
    pub(crate) target_names: Vec<String>,
    /// The embedded reference is the target, whatever the environment and the configuration file say
    #[arg(long)]
    pub(crate) embedded: bool,
    /// The target's URL, or `aws` for AWS KMS in the Region; the embedded reference when absent
    #[arg(long, value_name = "URL", env = "TRENTCHECK_ENDPOINT", hide_env_values = true)]
    pub(crate) endpoint: Option<String>,
    /// The Region to sign for [default: us-east-2]
    #[arg(long, env = "TRENTCHECK_REGION", hide_env_values = true)]
    pub(crate) region: Option<String>,
    /// The edition that the target implements [default: key-only]
    #[arg(long, env = "TRENTCHECK_EDITION", hide_env_values = true)]
    pub(crate) edition: Option<Edition>,
    /// Time limit of one exchange, such as 10s or 500ms [default: 10s]
    #[arg(long, value_name = "TIME", env = "TRENTCHECK_TIMEOUT", hide_env_values = true, value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// How long to wait for a state change to be seen [default: 1s, off loopback 30s]
    #[arg(long, value_name = "TIME", env = "TRENTCHECK_SETTLE", hide_env_values = true, value_parser = duration)]
    pub(crate) settle: Option<Duration>,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    #[command(flatten)]
    pub(crate) credentials: CredentialArguments,
    /// The caller's account: where no key can be made it is taken from here, where keys are made they have to be in it
    #[arg(long, value_name = "ID", env = "TRENTCHECK_ACCOUNT", hide_env_values = true, value_parser = account)]
    pub(crate) account: Option<String>,
    /// The account of the principal `stranger`, for cases that need a key in it off loopback
    #[arg(long, value_name = "ID", env = "TRENTCHECK_STRANGER_ACCOUNT", hide_env_values = true, value_parser = account)]
    pub(crate) stranger_account: Option<String>,
    /// A key that the target has in a state no client can make, such as `creating=ID`; repeatable
    #[arg(long, value_name = "NAME=ID")]
    pub(crate) provide: Vec<String>,
    /// The same service in another Region, such as `us-west-2=http://127.0.0.1:4567`
    #[arg(long, value_name = "REGION=URL")]
    pub(crate) elsewhere: Option<String>,
    /// A configuration file [default: trentcheck.toml, if there is one]
    #[arg(long, value_name = "FILE", env = "TRENTCHECK_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
}

/// Which of the endpoints of AWS KMS.
#[derive(Args, Clone, Default)]
pub(crate) struct ServiceArguments {
    /// With `--endpoint aws`: the endpoint with FIPS 140 validated modules
    #[arg(long)]
    pub(crate) fips: bool,
    /// With `--endpoint aws`: the endpoint that has IPv6 addresses too
    #[arg(long)]
    pub(crate) dual_stack: bool,
    /// Calls a second of an operation, such as `CreateKey=2`; off loopback the published quotas hold; repeatable
    #[arg(long, value_name = "OPERATION=N")]
    pub(crate) rate: Vec<String>,
}

/// How the target is reached, where the URL alone does not say it.
#[derive(Args, Clone, Default)]
pub(crate) struct ConnectionArguments {
    /// Trust only the certificates of this PEM file
    #[arg(long, value_name = "PEM", env = "TRENTCHECK_CA", hide_env_values = true)]
    pub(crate) ca: Option<PathBuf>,
    /// Do not verify the target's certificate
    #[arg(long)]
    pub(crate) insecure: bool,
    /// The name that the target's certificate must have, if not the URL's
    #[arg(long, value_name = "NAME", env = "TRENTCHECK_SERVER_NAME", hide_env_values = true)]
    pub(crate) server_name: Option<String>,
    /// Connect there instead of where the URL's name leads; what is safe is judged by the URL all the same
    #[arg(long, value_name = "ADDR:PORT", env = "TRENTCHECK_RESOLVE", hide_env_values = true)]
    pub(crate) resolve: Option<SocketAddr>,
    /// Show this certificate to a target that asks for one; the file may hold the key too
    #[arg(long, value_name = "PEM", env = "TRENTCHECK_CLIENT_CERT", hide_env_values = true)]
    pub(crate) client_cert: Option<PathBuf>,
    /// The client certificate's private key, if it is in a file of its own
    #[arg(long, value_name = "PEM", env = "TRENTCHECK_CLIENT_KEY", hide_env_values = true)]
    pub(crate) client_key: Option<PathBuf>,
    /// Go through this HTTP proxy; `env` takes the one that HTTPS_PROXY and the like name [default: none]
    #[arg(long, value_name = "URL", env = "TRENTCHECK_PROXY", hide_env_values = true)]
    pub(crate) proxy: Option<String>,
}

/// Who signs.
#[derive(Args, Clone, Default)]
pub(crate) struct CredentialArguments {
    /// Sign with this profile of the AWS files; on loopback dummy credentials sign unless it is given
    #[arg(long, value_name = "NAME", env = "TRENTCHECK_PROFILE", hide_env_values = true)]
    pub(crate) profile: Option<String>,
    /// The profile of a principal who may not call the operation, for the access-denied cases
    #[arg(long, value_name = "NAME", env = "TRENTCHECK_DENIED_PROFILE", hide_env_values = true)]
    pub(crate) denied_profile: Option<String>,
    /// A profile of another account, for the cross-account cases
    #[arg(long, value_name = "NAME", env = "TRENTCHECK_STRANGER_PROFILE", hide_env_values = true)]
    pub(crate) stranger_profile: Option<String>,
    /// Time limit of a profile's `credential_process`, sign-on or role [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) credential_timeout: Option<Duration>,
}
