//! The embedded reference target: an HTTP server on loopback that answers as the spec says.
//!
//! It is the executable form of the spec: small, strict, and refusing what it does not understand. It verifies SigV4 with
//! a canonicaliser of its own and shares no code with the harness, so that a mistake in one cannot hide in the other.
//!
//! A request without a signature is refused in the protocol's words:
//!
//! ```
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! use trentcheck_reference::{Config, Server};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // It listens on a free port of loopback.
//! let server = Server::start(Config::default()).await?;
//!
//! let body = r#"{"KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#;
//! let request = format!(
//!     "POST / HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nX-Amz-Target: TrentService.DeleteImportedKeyMaterial\r\n\
//!      Content-Type: application/x-amz-json-1.1\r\nConnection: close\r\n\r\n{body}",
//!     server.address(),
//!     body.len(),
//! );
//! let mut stream = tokio::net::TcpStream::connect(server.address()).await?;
//! stream.write_all(request.as_bytes()).await?;
//! let mut answer = String::new();
//! stream.read_to_string(&mut answer).await?;
//!
//! assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
//! assert!(answer.contains("MissingAuthenticationTokenException"), "{answer}");
//! assert_eq!(server.served(), 1);
//! server.stop().await;
//! # Ok(())
//! # }
//! ```

mod call;
mod canonical;
mod config;
mod credential;
mod crypto;
mod edition;
mod error;
mod explain;
mod front;
mod json;
mod key;
mod left;
mod material;
mod metadata;
mod mutant;
mod operations;
mod pairs;
mod protocol;
mod race;
mod request;
mod resolve;
mod server;
mod store;
#[cfg(test)]
mod tests;
mod verify;

pub use config::{Config, Permission, Principal, Seed, SeedKind};
pub use edition::Edition;
pub use mutant::{Foreign, Mutant, Reached, bugs, controls, habits, mutant, mutants, pending_mutants};
pub use server::{Server, StartError};
