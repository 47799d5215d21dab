//! Credentials from the environment, from profile files and from the output of a credential process. All input is
//! passed in as text.

mod environment;
mod error;
#[expect(clippy::module_inception, reason = "it holds what the folder is named after")]
mod identity;
mod process;
mod profile;

pub use environment::from_environment;
pub use error::IdentityError;
pub use identity::Identity;
pub use process::{arguments, from_output};
pub use profile::{ProfileFile, Profiles, Way};
