//! Renders the templates of fixtures: Jinja, where an unknown name is an error.

use super::error::PlanError;
use super::world::World;
use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use std::sync::LazyLock;

/// Templates of the whole process are rendered in it: it holds filters and no text.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
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
    environment
});

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
    // Jinja removes one line break at the end. A line break of the case must stay, so one is added here.
    ENVIRONMENT.render_str(&format!("{template}\n"), minijinja::value::Serde(world)).map_err(|error| {
        match error.kind() {
            ErrorKind::UndefinedError => {
                PlanError::Unknown { template: template.to_owned(), name: unknown(template, world).unwrap_or_default() }
            }
            _ => PlanError::Template { template: template.to_owned(), source: error },
        }
    })
}

/// Renders the expressions of a template that need no world. The others stay as they are.
///
/// # Errors
///
/// The template is not well formed.
pub fn settle(template: &str) -> Result<String, PlanError> {
    let mut settled = String::new();
    for piece in pieces(template) {
        let Piece::Expression(expression) = piece else {
            settled.push_str(piece.text());
            continue;
        };
        match ENVIRONMENT.render_str(&format!("{{{{{expression}}}}}"), ()) {
            Ok(text) => settled.push_str(&text),
            Err(error) if error.kind() == ErrorKind::UndefinedError => {
                settled.push_str(&format!("{{{{ {} }}}}", expression.trim()));
            }
            Err(error) => return Err(PlanError::Template { template: template.to_owned(), source: error }),
        }
    }
    Ok(settled)
}

/// The expressions of a template, each without the braces around it.
pub fn open_expressions(template: &str) -> Vec<String> {
    let expressions = pieces(template).into_iter().filter_map(|piece| match piece {
        Piece::Expression(expression) => Some(expression.trim().to_owned()),
        Piece::Text(_) => None,
    });
    expressions.collect()
}

/// A part of a template.
#[derive(Clone, Copy)]
enum Piece<'a> {
    Text(&'a str),
    Expression(&'a str),
}

impl<'a> Piece<'a> {
    fn text(self) -> &'a str {
        match self {
            Self::Text(text) | Self::Expression(text) => text,
        }
    }
}

/// The parts of a template. Braces in a quoted string of an expression do not end it.
fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((front, behind)) = rest.split_once("{{") {
        let Some(end) = end_of_expression(behind) else { break };
        pieces.extend([Piece::Text(front), Piece::Expression(&behind[..end])]);
        rest = &behind[end + 2..];
    }
    pieces.push(Piece::Text(rest));
    pieces
}

fn end_of_expression(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut is_escaped = false;
    for (at, letter) in text.char_indices() {
        match quote {
            Some(_) if is_escaped => is_escaped = false,
            Some(_) if letter == '\\' => is_escaped = true,
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            None if text[at..].starts_with("}}") => return Some(at),
            None => {}
        }
    }
    None
}

/// The first name in a template that this world does not define.
fn unknown(template: &str, world: &World) -> Option<String> {
    let world = serde_json::to_value(world).ok()?;
    let expressions = open_expressions(template);
    let is_of_name = |letter: char| letter.is_ascii_lowercase() || letter == '_' || letter == '.';
    expressions
        .iter()
        // Filters and their arguments follow the name; what is quoted is no name.
        .filter_map(|expression| expression.split('|').next())
        .flat_map(|expression| expression.split('\'').step_by(2))
        .flat_map(|names| names.split(|letter| !is_of_name(letter)))
        .filter(|name| name.starts_with(|letter: char| letter.is_ascii_lowercase()))
        .find(|name| world.pointer(&format!("/{}", name.replace('.', "/"))).is_none())
        .map(str::to_owned)
}
