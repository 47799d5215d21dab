//! Chooses the target of a command: a target of the configuration, the embedded reference, or the target that flags,
//! environment and the top of the configuration describe.

use super::configuration::Configuration;
use super::environment::variable;
use crate::arguments::TargetArguments;
use crate::edge::failure::Failure;

/// The name that chooses every target of the configuration.
const ALL: &str = "all";

/// The target of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The target with this name in the configuration.
    Named(String),
    /// The embedded reference, chosen by a flag.
    Embedded,
    /// The target without a name.
    Unnamed,
}

/// What happens if the configuration has targets and none is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unchosen {
    /// The command is refused.
    Refused,
    /// The command continues, because another input names the target.
    Allowed,
}

/// The chosen targets, each once. There is always at least one.
pub(crate) fn chosen(arguments: &TargetArguments, configuration: &Configuration) -> Result<Vec<Choice>, Failure> {
    several(arguments, configuration, Unchosen::Refused)
}

/// The target of a command that takes only one.
pub(crate) fn one(
    arguments: &TargetArguments,
    configuration: &Configuration,
    unchosen: Unchosen,
) -> Result<Choice, Failure> {
    let mut choices = several(arguments, configuration, unchosen)?;
    match (choices.pop(), choices.is_empty()) {
        (Some(choice), true) => Ok(choice),
        _ => Err(Failure::rule("this command takes one target").hint("choose it with `--target NAME`")),
    }
}

fn several(
    arguments: &TargetArguments,
    configuration: &Configuration,
    unchosen: Unchosen,
) -> Result<Vec<Choice>, Failure> {
    if arguments.embedded {
        return embedded(arguments);
    }
    let names = names(&arguments.target_names, configuration)?;
    if !names.is_empty() {
        return Ok(names.into_iter().map(Choice::Named).collect());
    }
    let known: Vec<&str> = configuration.names().collect();
    // An endpoint at the top of the file describes one more target, which has no name.
    let is_nowhere = arguments.endpoint.is_none() && arguments.preset.is_none() && !configuration.has_endpoint();
    if is_nowhere && !known.is_empty() && unchosen == Unchosen::Refused {
        return Err(Failure::rule(format!(
            "`{}` has targets ({}), and you chose none",
            configuration.path.display(),
            known.join(", ")
        ))
        .hint(
            "`--target NAME` chooses one of them, `--embedded` the embedded reference; `run` also takes `--target all`",
        ));
    }
    Ok(vec![Choice::Unnamed])
}

/// The flag wins over the environment. Two flags that contradict each other are an error.
fn embedded(arguments: &TargetArguments) -> Result<Vec<Choice>, Failure> {
    let is_flag = |value: &str, name: &str| variable(name).as_deref() != Some(value);
    let is_endpoint = arguments.endpoint.iter().any(|endpoint| is_flag(endpoint, "TRENTCHECK_ENDPOINT"));
    let is_target = arguments.target_names.iter().any(|name| is_flag(name, "TRENTCHECK_TARGET"));
    let is_preset = arguments.preset.iter().any(|name| is_flag(name, "TRENTCHECK_PRESET"));
    let other = match (is_endpoint, is_target, is_preset) {
        (true, ..) => "--endpoint",
        (false, true, _) => "--target",
        (false, false, true) => "--preset",
        (false, false, false) => return Ok(vec![Choice::Embedded]),
    };
    Err(Failure::rule(format!("`--embedded` and `{other}` both choose the target")).hint("give one of them"))
}

fn names(asked: &[String], configuration: &Configuration) -> Result<Vec<String>, Failure> {
    let mut names = asked.to_vec();
    if names.iter().any(|name| name == ALL) && !configuration.names().any(|name| name == ALL) {
        names = configuration.names().map(str::to_owned).collect();
        if names.is_empty() {
            return Err(Failure::rule("`--target all` needs targets in the configuration, and it has none")
                .hint("describe a target in a table `[targets.NAME]`"));
        }
    }
    let mut once: Vec<String> = Vec::new();
    names.into_iter().for_each(|name| {
        if !once.contains(&name) {
            once.push(name);
        }
    });
    Ok(once)
}
