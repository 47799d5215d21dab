//! Renders the templates of fixtures: Jinja, where an unknown name is an error.

use super::error::PlanError;
use super::world::World;
use minijinja::{Environment, ErrorKind, UndefinedBehavior};

/// Renders one template.
///
/// # Errors
///
/// The template is not well formed, or uses a name that this world does not define.
pub fn render(template: &str, world: &World) -> Result<String, PlanError> {
    // Most texts hold no template, and braces in a body may look like the start of a Jinja comment.
    if !template.contains("{{") {
        return Ok(template.to_owned());
    }
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("upper", |text: String| text.to_uppercase());
    environment.add_filter("lower", |text: String| text.to_lowercase());
    environment.add_filter("replace", |text: String, from: String, to: String| text.replace(&from, &to));
    environment.add_filter("sha256", |text: String| {
        hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()))
    });
    // For bodies that are written in hexadecimal.
    environment.add_filter("hex", |text: String| hex::encode(text));
    environment.add_filter("hex_utf16", |text: String| {
        hex::encode(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
    });
    // Jinja removes one line break at the end. A line break of the case must stay, so one is added here.
    environment.render_str(&format!("{template}\n"), minijinja::value::Serde(world)).map_err(|error| {
        match error.kind() {
            ErrorKind::UndefinedError => PlanError::Unknown { template: template.to_owned() },
            _ => PlanError::Template { template: template.to_owned(), source: error },
        }
    })
}
