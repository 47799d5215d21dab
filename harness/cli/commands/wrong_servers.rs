//! The wrong servers that `selfcheck` runs the suite at: our own mutants, habits of frameworks, bugs of emulators.

use crate::arguments::ServerSet;
use crate::edge::failure::Failure;
use trentcheck_core::fixture::{Edition, Glob, GlobError, nearest_of};
use trentcheck_reference::{Foreign, Mutant, bugs, habits, mutants};

/// A mutant of one of the sets.
#[derive(Clone, Copy)]
pub(crate) struct WrongServer {
    pub(crate) set: ServerSet,
    pub(crate) mutant: &'static Mutant,
}

/// Every mutant of these sets whose name matches one of the patterns. Without patterns, every mutant of the sets.
///
/// # Errors
///
/// A pattern is no glob or matches no name.
pub(crate) fn chosen(patterns: &[String], sets: &[ServerSet]) -> Result<Vec<WrongServer>, Failure> {
    let globs: Vec<Glob> = patterns
        .iter()
        .map(|pattern| pattern.parse().map_err(|error: GlobError| Failure::usage(error.to_string())))
        .collect::<Result<_, _>>()?;
    let all: Vec<WrongServer> = sets.iter().flat_map(|set| of(*set)).collect();
    for glob in &globs {
        if !all.iter().any(|server| glob.matches(server.mutant.name)) {
            let hint = match nearest_of(glob.text(), all.iter().map(|server| server.mutant.name)) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "`NAME*` takes all whose names begin with NAME".to_owned(),
            };
            return Err(Failure::rule(format!("there is no mutant `{glob}`")).hint(hint));
        }
    }
    let is_chosen = |name: &str| globs.is_empty() || globs.iter().any(|glob| glob.matches(name));
    Ok(all.into_iter().filter(|server| is_chosen(server.mutant.name)).collect())
}

/// The name of the mutant that is spelt most alike, if it is close.
pub(crate) fn nearest(name: &str) -> Option<String> {
    let sets = [ServerSet::Own, ServerSet::Habits, ServerSet::Bugs];
    nearest_of(name, sets.into_iter().flat_map(of).map(|server| server.mutant.name))
}

fn of(set: ServerSet) -> Vec<WrongServer> {
    let foreign = |all: &'static [Foreign]| all.iter().map(|foreign| &foreign.mutant).collect();
    let of_set: Vec<&'static Mutant> = match set {
        ServerSet::Own => mutants().iter().collect(),
        ServerSet::Habits => foreign(habits()),
        ServerSet::Bugs => foreign(bugs()),
        ServerSet::Controls => Vec::new(),
    };
    of_set.into_iter().map(|mutant| WrongServer { set, mutant }).collect()
}

/// The edition that a mutant implements.
pub(crate) fn edition_of(mutant: &Mutant) -> Edition {
    match mutant.edition {
        trentcheck_reference::Edition::KeyOnly => Edition::KeyOnly,
        trentcheck_reference::Edition::KeyMaterialId => Edition::KeyMaterialId,
    }
}

#[cfg(test)]
mod tests {
    use super::chosen;
    use crate::arguments::ServerSet::{Bugs, Habits, Own};

    #[test]
    fn mutants_are_chosen_by_globs() {
        let names = |pattern: &str| {
            chosen(&[pattern.to_owned()], &[Own, Habits, Bugs])
                .map(|servers| servers.iter().map(|one| one.mutant.name).collect())
        };
        let ending: Vec<&str> = names("*-null").unwrap_or_default();
        assert!(
            ending.contains(&"success-body-null") && ending.iter().all(|name| name.ends_with("-null")),
            "{ending:?}"
        );
        assert_eq!(names("success-body-nul?").unwrap_or_default(), ["success-body-null"]);
        assert_eq!(names("go-names-without-case").unwrap_or_default(), ["go-names-without-case"]);
        let refused = names("sucess-body-null").map(|_: Vec<&str>| ()).map_err(|failure| failure.text());
        assert!(refused.is_err_and(|text| text.contains("did you mean `success-body-null`?")));
        assert!(names("[").is_err());
    }

    #[test]
    fn no_two_servers_have_one_name() {
        // Files of `--kills` list servers by their names.
        let all = chosen(&[], &[Own, Habits, Bugs]).unwrap_or_default();
        let mut names: Vec<&str> = all.iter().map(|server| server.mutant.name).collect();
        names.extend(trentcheck_reference::controls().iter().map(|control| control.name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_set_has_only_its_own_mutants() {
        let count = |sets: &[_], pattern: &str| chosen(&[pattern.to_owned()], sets).map_or(0, |servers| servers.len());
        assert_eq!(count(&[Habits], "go-names-without-case"), 1);
        assert_eq!(count(&[Own], "go-names-without-case"), 0);
        assert_eq!(count(&[Habits], "success-body-null"), 0);
    }
}
