//! The replacement of `chain` in a build without the feature `aws-config`: it reports that credentials from another
//! service need this feature.

use super::environment::variable;
use crate::edge::failure::Failure;
use std::time::Duration;
use trentcheck_core::identity::Identity;

/// Reports that the profile needs another service.
pub(crate) fn of_profile(name: &str, what: &str, _region: &str, _limit: Duration) -> Result<Identity, Failure> {
    Err(Failure::usage(format!(
        "find credentials in the profile `{name}`: it needs {what}, which needs a build with `--features aws-config`"
    ))
    .hint(format!(
        "build trentcheck with it, or use a profile with `credential_process = aws configure export-credentials --profile {name}`"
    )))
}

/// Reports that neither variables nor profiles have credentials.
pub(crate) fn of_surroundings(_region: &str, _limit: Duration) -> Result<Identity, Failure> {
    let given = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "a web identity"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "a container's credentials"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "a container's credentials"),
    ];
    Err(match given.iter().find(|(name, _)| variable(name).is_some()) {
        Some((name, what)) => Failure::usage(format!(
            "find credentials for a target off loopback: {name} asks for {what}, which needs a build with `--features aws-config`"
        )),
        None => Failure::usage("find credentials for a target off loopback").hint(
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary ones), or name a profile with `--profile`; an instance's role needs a build with `--features aws-config`",
        ),
    })
}
