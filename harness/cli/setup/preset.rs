//! What a preset adds to the settings of a target. Off loopback it adds only the edition and the cases that it leaves
//! out: no credentials, no authority, no Region.

use super::corpus::corpus;
use crate::edge::failure::Failure;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use trentcheck_core::fixture::{Corpus, Edition, Glob, Preset, Way, nearest_of};
use trentcheck_core::identity::{ProfileFile, Profiles, Way as WayOfProfile};
use trentcheck_core::send::Endpoint;
use trentcheck_core::sign::Credentials;

/// The secret of a second account that is reached by its number: any secret does.
const SECRET: &str = "trentcheck-dummy-secret-stranger";

/// Bytes of a credentials file.
const LARGEST: u64 = 1 << 20;

/// A preset that was chosen.
#[derive(Clone, Debug)]
pub(crate) struct Used(Preset);

impl Used {
    /// The preset of this name in the fixtures.
    pub(super) fn named(name: &str, fixtures: Option<&Path>) -> Result<Self, Failure> {
        find(&corpus(fixtures)?, name).cloned().map(Self)
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        self.0.name()
    }

    /// The URL where such a target listens by default.
    pub(super) fn endpoint(&self) -> &str {
        &self.0.endpoint.is
    }

    /// The edition of such a target.
    pub(super) fn edition(&self) -> Option<Edition> {
        self.0.edition.as_ref().map(|fact| fact.is)
    }

    /// Whether such a target writes credentials at its start.
    pub(super) fn has_credentials(&self) -> bool {
        self.0.credentials.is_some()
    }

    /// Whether such a target has a second account.
    pub(super) fn has_second_account(&self) -> bool {
        self.0.second_account.is_some()
    }

    /// Its Region, if the user names none. It is for an endpoint on loopback.
    pub(super) fn region(&self) -> Option<&str> {
        self.0.region.as_ref().map(|fact| fact.is.as_str())
    }

    /// What it says of a target at this endpoint, which must be on loopback.
    pub(super) fn at(&self, endpoint: &Endpoint) -> Option<Local<'_>> {
        endpoint.is_loopback().then_some(Local { preset: &self.0, port: endpoint.port })
    }

    /// The cases that it leaves out, by id, each with the reason.
    pub(super) fn excluded(&self, corpus: &Corpus, has_credentials: bool) -> BTreeMap<String, String> {
        self.0.excluded(&corpus.cases, has_credentials)
    }
}

/// The preset of this name.
pub(crate) fn find<'a>(corpus: &'a Corpus, name: &str) -> Result<&'a Preset, Failure> {
    let names = || corpus.presets.iter().map(Preset::name);
    corpus.presets.iter().find(|preset| preset.name() == name).ok_or_else(|| {
        let failure = Failure::rule(format!("there is no preset `{name}`"));
        match (nearest_of(name, names()), corpus.presets.is_empty()) {
            (Some(near), _) => failure.hint(format!("did you mean `{near}`?")),
            (None, false) => failure.hint(format!("the presets are {}", names().collect::<Vec<_>>().join(", "))),
            (None, true) => failure.hint("these fixtures have none"),
        }
    })
}

/// What a preset says of a target on loopback.
pub(super) struct Local<'a> {
    preset: &'a Preset,
    port: u16,
}

impl Local<'_> {
    /// The file with the certificate of the target's authority.
    pub(super) fn ca(&self) -> Option<PathBuf> {
        self.preset.ca.as_ref().map(|fact| self.path(&fact.is))
    }

    /// What to do if a file of the target cannot be read.
    pub(super) fn hint(&self) -> String {
        format!(
            "the preset `{}` names it: is the target running? `{}` starts it",
            self.preset.name(),
            self.preset.start.is
        )
    }

    /// The credentials that the target wrote at its start; none, if it wrote none.
    pub(super) fn primary(&self) -> Result<Option<Credentials>, Failure> {
        let Some(fact) = &self.preset.credentials else { return Ok(None) };
        let path = self.path(&fact.is);
        let (folder, name) = (path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or_default());
        let failure = |why: &str| {
            Failure::usage(format!("read the credentials of the target: `{}` {why}", folder.display()))
                .hint(self.hint())
        };
        let entries = std::fs::read_dir(folder).map_err(|error| failure(&format!("cannot be read: {error}")))?;
        let glob: Glob =
            name.to_string_lossy().parse().map_err(|_| Failure::internal("read a glob that was linted"))?;
        let files = entries.filter_map(Result::ok).map(|entry| entry.path());
        let mut found: Vec<PathBuf> =
            files.filter(|file| file.file_name().is_some_and(|name| glob.matches(&name.to_string_lossy()))).collect();
        match (found.pop(), found.is_empty()) {
            (None, _) => Ok(None),
            (Some(file), true) => of_file(&file).map(Some),
            (Some(_), false) => Err(failure(&format!("has several files `{}`", name.to_string_lossy()))),
        }
    }

    /// Credentials of a second account.
    pub(super) fn stranger(&self) -> Option<Credentials> {
        let second = self.preset.second_account.as_ref()?;
        match second.by {
            Way::AccessKeyId => Some(Credentials {
                access_key_id: second.is.clone(),
                secret_access_key: SECRET.to_owned(),
                session_token: None,
            }),
        }
    }

    /// A path of the preset on this machine.
    fn path(&self, written: &str) -> PathBuf {
        let path = written.replace("{port}", &self.port.to_string());
        match path.strip_prefix("~/") {
            Some(rest) => std::env::home_dir().unwrap_or_default().join(rest),
            None => path.into(),
        }
    }
}

/// The access key in the credentials file that the target wrote. Nothing but a key is read from it: it starts no
/// process and asks no service.
fn of_file(path: &Path) -> Result<Credentials, Failure> {
    let text = trentcheck_core::file::read_text(path, LARGEST)
        .map_err(|error| Failure::usage(format!("read `{}`: {error}", path.display())))?;
    let file = ProfileFile { path: path.display().to_string(), text: Some(text) };
    let profiles = Profiles::read(&file, &ProfileFile { path: "no configuration file".to_owned(), text: None })?;
    match profiles.way("default")? {
        WayOfProfile::Keys(identity) => Ok(identity.valid_at(SystemTime::now())?),
        WayOfProfile::Process(_) | WayOfProfile::Chain(_) | WayOfProfile::Login => Err(Failure::usage(format!(
            "find credentials in `{}`: its profile `default` has no access key",
            path.display()
        ))),
    }
}
