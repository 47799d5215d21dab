//! Why a case cannot be turned into a request.

/// A case cannot be turned into a request.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A template names something that this run does not know, such as the account.
    #[error("render `{template}`: it names something that is not known here")]
    Unknown {
        /// The template.
        template: String,
    },
    /// A template is not well formed. The fixture's fault.
    #[error("render `{template}`: {source}")]
    Template {
        /// The template.
        template: String,
        /// What the template engine says.
        source: minijinja::Error,
    },
    /// `body-hex` is not hex. The fixture's fault.
    #[error("read `body-hex` as hex")]
    Hex(#[from] hex::FromHexError),
}
