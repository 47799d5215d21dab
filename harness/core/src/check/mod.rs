//! One call that judges a server, for the tests of its own repository.
//!
//! ```
//! # async fn my_server() -> std::io::Result<String> { Ok("http://127.0.0.1:1".to_owned()) }
//! use trentcheck_core::fixture::Edition;
//!
//! // #[tokio::test]
//! async fn my_kms_conforms() -> Result<(), Box<dyn std::error::Error>> {
//!     let address = my_server().await?;
//!     let outcomes = trentcheck_core::check(address)
//!         .edition(Edition::KeyMaterialId)
//!         .deviations("known.toml")
//!         .run()
//!         .await?;
//!     outcomes.assert_conforms();
//!     Ok(())
//! }
//! ```
//!
//! Only servers on loopback are called, unless [`Check::off_loopback`] says otherwise. Off loopback only requests are sent
//! that cannot succeed, as with the command.

mod error;
mod outcomes;
mod settings;
mod settled;
#[cfg(test)]
mod tests;

pub use error::CheckError;
#[cfg(feature = "libtest")]
pub(crate) use error::with_sources;
pub use outcomes::Outcomes;
pub use settings::{Check, check};
#[cfg(feature = "libtest")]
pub(crate) use settled::Settled;
