//! Tells the author of a signer which step of a wrong signature differs, and how.

mod draft;
mod hypothesis;
mod refused;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use refused::explanation;
