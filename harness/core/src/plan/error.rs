//! The reasons why a case cannot be turned into a request.

/// A case cannot be turned into a request.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A template uses a name that has no value in this run, such as the account.
    #[error("render `{template}`: `{name}` has no value in this run")]
    Unknown {
        /// The template.
        template: String,
        /// The name, such as `key.material_id`.
        name: String,
    },
    /// A template is not well formed. The fixture is at fault.
    #[error("render `{template}`: {source}")]
    Template {
        /// The template.
        template: String,
        /// The error of the template engine.
        source: minijinja::Error,
    },
    /// `body-hex` is not hexadecimal. The fixture is at fault.
    #[error("read `body-hex` as hex")]
    Hex(#[from] hex::FromHexError),
}
