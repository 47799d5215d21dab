//! The randomness of the operating system: read here once, and passed down as a seed.

use super::failure::Failure;
use trentcheck_core::run::fill_random;

/// 32 bytes that nobody can foresee.
pub(crate) fn seed() -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    fill_random(&mut bytes).map_err(|()| Failure::internal("read the system's randomness"))?;
    Ok(bytes)
}
