//! A check whose settings were read and found right. Nothing has been sent.

use super::error::CheckError;
use super::outcomes::Outcomes;
use super::settings::{Check, Reach};
use crate::against::deviation::{List, apply, day_of};
use crate::entropy::{Entropy, fill_random};
use crate::file::read_text;
use crate::fixture::{Case, Corpus, Glob, PrincipalName, Selection, names};
use crate::report::{About, Held, Repeat, RunReport};
use crate::run::{Detail, Options, run};
use crate::send::{Endpoint, Limits, Peer, Rates, Tls, listens};
use crate::sign::Credentials;
use crate::target::{Elsewhere, Permit, Target};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Bytes of a file that is read: a list of known deviations, of which an entry has some hundred, or names of cases.
const LARGEST: u64 = 16 << 20;

/// A check whose settings were read and found right.
pub(crate) struct Settled {
    check: Check,
    pub(crate) corpus: &'static Corpus,
    pub(crate) target: Target,
    pub(crate) list: Option<List>,
    pub(crate) excluded: BTreeMap<String, String>,
    repeat: Repeat,
}

impl Check {
    /// Runs the cases.
    ///
    /// # Errors
    ///
    /// The settings are wrong, or nothing listens at the address. What a server answers is never an error.
    pub async fn run(self) -> Result<Outcomes, CheckError> {
        let settled = Settled::of(self)?;
        let selection = settled.selection()?;
        settled.wait().await?;
        settled.run(selection).await
    }
}

impl Settled {
    /// Reads and checks the settings.
    pub(crate) fn of(check: Check) -> Result<Self, CheckError> {
        let corpus = Corpus::built_in();
        let target = target(&check, corpus)?;
        let list = match &check.deviations {
            Some(path) => Some(list(path, corpus)?),
            None => None,
        };
        if let Some(list) = &list {
            list.fits(check.edition, check.fail_on)?;
        }
        let mut excluded = BTreeMap::new();
        let mut exclude = |cases: Vec<&str>, reason: &String| {
            excluded.extend(cases.into_iter().map(|id| (id.to_owned(), reason.clone())));
        };
        for (path, reason) in &check.without_from {
            let file = path.display().to_string();
            for (line, name) in names(&read(path)?) {
                let wrong = |source| CheckError::Line { file: file.clone(), line, source: Box::new(source) };
                exclude(meant(name, corpus).map_err(wrong)?, reason);
            }
        }
        for (pattern, reason) in &check.without {
            exclude(meant(pattern, corpus)?, reason);
        }
        Ok(Self { check, corpus, target, list, excluded, repeat: Repeat::Only })
    }

    /// The same check as a test target of this name, of which each case is a test.
    #[cfg(feature = "libtest")]
    pub(crate) fn in_target(self, name: String) -> Self {
        Self { repeat: Repeat::Test(name), ..self }
    }

    /// The same check at this address.
    #[cfg(feature = "libtest")]
    pub(crate) fn at(self, address: &str) -> Result<Self, CheckError> {
        let check = self.check.at(address);
        Ok(Self { target: target(&check, self.corpus)?, check, ..self })
    }

    /// The cases that were asked for; all if none was named.
    pub(crate) fn selection(&self) -> Result<Selection, CheckError> {
        let patterns = self.check.only.iter().map(|pattern| pattern.parse()).collect::<Result<_, _>>()?;
        let selection = Selection { patterns, ..Selection::default() };
        selection.check(self.corpus)?;
        Ok(selection)
    }

    /// How long a server may take until it listens.
    #[cfg(feature = "libtest")]
    pub(crate) fn up_within(&self) -> Duration {
        self.check.up_within
    }

    /// Waits until the server listens.
    pub(crate) async fn wait(&self) -> Result<(), CheckError> {
        let endpoint = &self.target.endpoint;
        if !endpoint.is_loopback() {
            return Ok(());
        }
        let within = self.check.up_within;
        listens(endpoint, within).await.map_err(|source| CheckError::NotUp {
            address: endpoint.to_string(),
            within,
            source,
        })
    }

    /// How a run of this check behaves.
    #[expect(clippy::disallowed_methods, reason = "a check is where a library's user hands over, as the command is")]
    pub(crate) fn options(&self) -> Result<Options, CheckError> {
        let mut seed = [0; 32];
        fill_random(&mut seed).map_err(|()| CheckError::Randomness)?;
        let is_loopback = self.target.endpoint.is_loopback();
        let settle = self.check.settle.unwrap_or(Duration::from_secs(if is_loopback { 1 } else { 30 }));
        Ok(Options {
            jobs: if is_loopback { 8 } else { 1 },
            detail: Detail::Exchanges,
            fail_on: self.check.fail_on,
            deadline: self.check.deadline,
            permit: if is_loopback { Permit::All } else { Permit::NoKeys },
            clock: Arc::new(SystemTime::now),
            excluded: self.excluded.clone(),
            ..Options::new(settle, Entropy::new(seed))
        })
    }

    /// Runs these cases and holds what was found against the list.
    pub(crate) async fn run(&self, selection: Selection) -> Result<Outcomes, CheckError> {
        let options = self.options()?;
        let today = day_of((options.clock)());
        // Without a sender there is no interrupt.
        let (_, stopped) = tokio::sync::watch::channel(false);
        let ran = run(self.corpus, &selection, &self.target, &options, &(), stopped).await?;
        let deviations = self.list.as_ref().map(|list| apply(&ran, list, self.corpus, today));
        let repeat = |cases: &[&str]| self.repeat.of(cases);
        let about = About { name: None, corpus: self.corpus, repeat: &repeat };
        let report = RunReport::conclude(&ran, &[], Held { deviations, ..Held::default() }, &about);
        let accounts = ran.accounts.iter().map(String::as_str);
        Ok(Outcomes::new(report, self.target.redactor().with_accounts(accounts)))
    }
}

fn list(path: &Path, corpus: &Corpus) -> Result<List, CheckError> {
    Ok(List::parse(&path.display().to_string(), &read(path)?, corpus)?)
}

fn read(path: &Path) -> Result<String, CheckError> {
    read_text(path, LARGEST).map_err(|source| CheckError::File { file: path.display().to_string(), source })
}

/// The cases that an id or a glob means, at least one.
fn meant<'a>(pattern: &str, corpus: &'a Corpus) -> Result<Vec<&'a str>, CheckError> {
    let glob: Glob = pattern.parse()?;
    Selection { patterns: vec![glob.clone()], ..Selection::default() }.check(corpus)?;
    Ok(corpus.cases.iter().map(Case::id).filter(|id| glob.matches(id)).collect())
}

fn target(check: &Check, corpus: &Corpus) -> Result<Target, CheckError> {
    let address = &check.address;
    let endpoint = match address.is_empty() {
        // It is not started yet. Nothing is sent before it is.
        true => Endpoint::parse("http://127.0.0.1:1"),
        false => Endpoint::parse(address),
    };
    let endpoint = endpoint.map_err(|source| CheckError::Address { address: address.clone(), source })?;
    let is_loopback = endpoint.is_loopback();
    let mut principals = check.principals.clone();
    if !is_loopback {
        if check.reach == Reach::Loopback {
            return Err(CheckError::NotLoopback(address.clone()));
        }
        if Peer::of(&endpoint, &Tls::default()) != Peer::Verified {
            return Err(CheckError::PlainHttp(address.clone()));
        }
        if !principals.contains_key(&PrincipalName::Primary) {
            return Err(CheckError::NoCredentials(address.clone()));
        }
    }
    principals.entry(PrincipalName::Primary).or_insert_with(Credentials::dummy);
    let known: Vec<String> = corpus.preconditions.iter().filter_map(|known| known.provided.clone()).collect();
    if let Some(name) = check.provided.keys().find(|name| !known.contains(name)) {
        return Err(CheckError::Provided { name: name.clone(), known });
    }
    Ok(Target {
        elsewhere: is_loopback.then(|| Elsewhere::assumed(&endpoint, &check.region)),
        endpoint,
        region: check.region.clone(),
        edition: check.edition,
        principals,
        provided: check.provided.clone(),
        account: None,
        stranger_account: None,
        embedded: false,
        tls: Tls::default(),
        limits: Limits { exchange: check.timeout, rates: rates(corpus, is_loopback), ..Limits::default() },
    })
}

/// Off loopback, the published pace.
fn rates(corpus: &Corpus, is_loopback: bool) -> Rates {
    if is_loopback {
        return Rates::default();
    }
    let by_operation = corpus.published_rates();
    Rates { others: by_operation.get(&corpus.operation.name).copied(), by_operation }
}
