//! The settings of a run in words, each with the place that it comes from. No secret is among them: of credentials and
//! accounts only where they come from.

use super::environment::variable;
use super::known::Known;
use super::preset::{Local, Used};
use super::service::{Place, place};
use super::settings::{Against, RunSettings, Shuffle};
use super::words::time;
use crate::arguments::Given;
use crate::edge::failure::Failure;
use crate::edge::output;
use std::fmt::Display;
use std::path::Path;
use trentcheck_core::fixture::PrincipalName;
use trentcheck_core::normalise::Redactor;
use trentcheck_core::send::{Endpoint, Lane};

/// What is shown of a secret or an account.
const SET: &str = "set, not shown";

/// Where a value comes from that nobody gave.
const DEFAULT: &str = "default";

/// A setting.
pub(crate) struct Setting {
    /// Its name, as in the flags.
    pub(crate) name: &'static str,
    /// Its value in words.
    pub(crate) value: String,
    /// Where it comes from.
    pub(crate) from: String,
}

/// The settings of a run. What is not set and has no default is left out.
///
/// # Errors
///
/// The endpoint or the Region is wrong, as for the run itself. Nothing is sent and no credentials are fetched.
pub(crate) fn configured(settings: &RunSettings, given: &Given) -> Result<Vec<Setting>, Failure> {
    let target = &settings.target;
    let accounts = [&target.account, &target.stranger_account].into_iter().flatten();
    output::protect(&Redactor::default().with_accounts(accounts.map(String::as_str)));
    let mut rows = Rows { settings, given, rows: Vec::new() };
    let configuration = &settings.configuration;
    let config = (!configuration.text.is_empty()).then(|| configuration.path.display().to_string());
    rows.add("config", "config", "", Some(config.unwrap_or_else(|| "none".to_owned())));
    rows.add("target", "target_names", "", target.name.as_ref());
    let endpoint = match &target.endpoint {
        None => {
            let from = given.how("embedded").unwrap_or(DEFAULT).to_owned();
            rows.push("endpoint", "the embedded reference", from);
            None
        }
        Some(url) => Some(rows.remote(url)?),
    };
    rows.of_run(endpoint.as_ref());
    Ok(rows.rows)
}

struct Rows<'a> {
    settings: &'a RunSettings,
    given: &'a Given,
    rows: Vec<Setting>,
}

impl Rows<'_> {
    fn push(&mut self, name: &'static str, value: impl Display, from: impl Into<String>) {
        self.rows.push(Setting { name, value: value.to_string(), from: from.into() });
    }

    /// Where a value comes from: a flag or a variable, then the configuration. An empty key is none.
    fn from(&self, argument: &str, key: &str) -> Option<String> {
        let place = || self.settings.configuration.place(self.settings.target.name.as_deref(), key);
        self.given.how(argument).map(str::to_owned).or_else(place)
    }

    /// What is said of a value that the preset gives.
    fn of_preset(&self) -> Option<String> {
        self.settings.target.preset.as_ref().map(|preset| format!("preset `{}`", preset.name()))
    }

    /// Adds a setting if it has a value.
    fn add(&mut self, name: &'static str, argument: &str, key: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            let from = self.from(argument, key).unwrap_or_else(|| DEFAULT.to_owned());
            self.push(name, value, from);
        }
    }

    /// Adds a setting with a path, if it has one.
    fn path(&mut self, name: &'static str, argument: &str, key: &str, path: Option<&Path>) {
        self.add(name, argument, key, path.map(Path::display));
    }

    /// Adds a setting that is yes or no, if it is yes.
    fn switch(&mut self, name: &'static str, is_set: bool) {
        self.add(name, &name.replace('-', "_"), "", is_set.then_some("yes"));
    }

    /// Adds a list, whose parts may come from the configuration and from flags.
    fn list(&mut self, name: &'static str, argument: &str, key: &str, values: &[String]) {
        if values.is_empty() {
            return;
        }
        let of_file = self.settings.configuration.place(self.settings.target.name.as_deref(), key);
        let from: Vec<String> = of_file.into_iter().chain(self.given.how(argument).map(str::to_owned)).collect();
        let from = if from.is_empty() { DEFAULT.to_owned() } else { from.join(" and ") };
        self.push(name, values.join(", "), from);
    }

    /// A target that is not embedded: where it is, how it is reached, who signs.
    fn remote(&mut self, url: &str) -> Result<Endpoint, Failure> {
        let target = &self.settings.target;
        let of_preset = target.preset.as_ref().and_then(Used::region);
        let region = target.region.as_deref();
        let (endpoint, settled) =
            place(&Place { url, region, of_preset, service: target.service, signers: &target.signers })?;
        self.add("preset", "preset", "preset", target.preset.as_ref().map(Used::name));
        let from = self.from("endpoint", "endpoint").or_else(|| self.of_preset());
        let shown = if url.contains("://") { url.to_owned() } else { format!("{url} ({endpoint})") };
        self.push("endpoint", shown, from.unwrap_or_else(|| DEFAULT.to_owned()));
        let of_tools = || {
            let named = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find(|name| variable(name).is_some());
            let is_usual = url != "aws" && !endpoint.is_loopback() && settled == super::service::DEFAULT_REGION;
            named.unwrap_or(if is_usual { DEFAULT } else { "the AWS profile" }).to_owned()
        };
        let from = match (region, endpoint.is_loopback()) {
            (Some(_), _) => self.from("region", "region"),
            (None, true) => self.of_preset().filter(|_| of_preset.is_some()),
            (None, false) => Some(of_tools()),
        };
        self.push("region", settled, from.unwrap_or_else(|| DEFAULT.to_owned()));
        self.switch("fips", self.given.how("fips").is_some());
        self.switch("dual-stack", self.given.how("dual_stack").is_some());
        self.list("rate", "rate", "rates", &target.rates);
        let connection = &target.connection;
        let local = target.preset.as_ref().and_then(|preset| preset.at(&endpoint));
        match local.as_ref().and_then(Local::ca).filter(|_| connection.ca.is_none() && !connection.is_insecure()) {
            Some(ca) => self.push("ca", ca.display(), self.of_preset().unwrap_or_default()),
            None => self.path("ca", "ca", "ca", connection.ca.as_deref()),
        }
        self.switch("insecure", connection.is_insecure());
        self.add("server-name", "server_name", "server-name", connection.server_name.as_ref());
        self.add("resolve", "resolve", "resolve", connection.resolve);
        self.path("client-cert", "client_cert", "client-cert", connection.client_cert.as_deref());
        self.path("client-key", "client_key", "client-key", connection.client_key.as_deref());
        self.add("proxy", "proxy", "proxy", connection.shown_proxy());
        self.credentials(endpoint.is_loopback());
        self.add("account", "account", "account", target.account.as_ref().map(|_| SET));
        let stranger = target.stranger_account.as_ref().map(|_| SET);
        self.add("stranger-account", "stranger_account", "stranger-account", stranger);
        self.list("provide", "provide", "provide", &target.provide);
        self.add("elsewhere", "elsewhere", "elsewhere", target.elsewhere.as_ref());
        Ok(endpoint)
    }

    /// Who signs. No process is started, and no service is asked.
    fn credentials(&mut self, is_loopback: bool) {
        let signers = &self.settings.target.signers;
        for (principal, name, prefix, argument, profile) in [
            (PrincipalName::Primary, "credentials", "TRENTCHECK", "profile", &signers.profile),
            (PrincipalName::Session, "session credentials", "TRENTCHECK_SESSION", "", &None),
            (
                PrincipalName::Denied,
                "denied credentials",
                "TRENTCHECK_DENIED",
                "denied_profile",
                &signers.denied_profile,
            ),
            (
                PrincipalName::Stranger,
                "stranger credentials",
                "TRENTCHECK_STRANGER",
                "stranger_profile",
                &signers.stranger_profile,
            ),
            (PrincipalName::Expired, "expired credentials", "TRENTCHECK_EXPIRED", "", &None),
        ] {
            let key_id = format!("{prefix}_ACCESS_KEY_ID");
            if let Some(profile) = profile {
                self.add(name, argument, &argument.replace('_', "-"), Some(format!("profile `{profile}`")));
            } else if variable(&key_id).is_some() {
                self.push(name, SET, key_id);
            } else if signers.written.contains_key(&principal) {
                let key = format!("credentials.{}", super::configuration::word(principal));
                self.add(name, "", &key, Some(SET));
            } else if principal == PrincipalName::Primary {
                self.usual(name, is_loopback);
            } else if principal == PrincipalName::Stranger && is_loopback && self.has_second_account() {
                self.push(name, "of the second account", self.of_preset().unwrap_or_default());
            }
        }
        let limit = self.given.how("credential_timeout").map(|_| time(signers.limit));
        self.add("credential-timeout", "credential_timeout", "", limit);
    }

    fn has_second_account(&self) -> bool {
        self.settings.target.preset.as_ref().is_some_and(Used::has_second_account)
    }

    /// The credentials that sign if the user names none.
    fn usual(&mut self, name: &'static str, is_loopback: bool) {
        let preset = self.settings.target.preset.as_ref();
        match (is_loopback, preset.is_some_and(Used::has_credentials)) {
            (true, true) => {
                let from = self.of_preset().unwrap_or_default();
                self.push(name, "those that the target wrote, else dummy credentials", from);
            }
            (true, false) => self.push(name, "dummy credentials", DEFAULT),
            (false, _) if variable("AWS_ACCESS_KEY_ID").is_some() => self.push(name, SET, "AWS_ACCESS_KEY_ID"),
            (false, _) => match variable("AWS_PROFILE") {
                Some(profile) => self.push(name, format!("profile `{profile}`"), "AWS_PROFILE"),
                None => self.push(name, "profile `default`, else those of the machine", DEFAULT),
            },
        }
    }

    /// What the run does, wherever its target is.
    fn of_run(&mut self, endpoint: Option<&Endpoint>) {
        let (settings, target) = (self.settings, &self.settings.target);
        let is_loopback = endpoint.is_none_or(Endpoint::is_loopback);
        let is_of_preset =
            endpoint.is_some() && target.preset.as_ref().is_some_and(|preset| preset.edition().is_some());
        let from = self.from("edition", "edition").or_else(|| self.of_preset().filter(|_| is_of_preset));
        self.push("edition", target.edition(), from.unwrap_or_else(|| DEFAULT.to_owned()));
        self.add("timeout", "timeout", "timeout", Some(time(target.timeout())));
        self.add("settle", "settle", "settle", Some(time(target.settle_at(is_loopback))));
        self.add("deadline", "deadline", "deadline", Some(time(settings.deadline)));
        self.add("fail-on", "fail_on", "fail-on", Some(settings.fail_on));
        self.add("jobs", "jobs", "jobs", Some(settings.jobs_at(is_loopback)));
        match settings.shuffle {
            Shuffle::No => {}
            Shuffle::Random => self.add("shuffle", "shuffle", "", Some("yes")),
            Shuffle::Seed(seed) => self.add("shuffle", "shuffle", "", Some(seed)),
        }
        self.add("lane", "lane", "", Some(if settings.lane == Lane::Http { "http" } else { "wire" }));
        match &settings.against {
            None => {}
            Some(Against::Baseline(directory)) => {
                self.path("against", "against", "baseline", Some(directory));
            }
            Some(Against::Target(word)) => self.add("against", "against", "", Some(word)),
        }
        self.add("noise", "noise", "", settings.noise.as_ref());
        self.switch("strict", settings.strict);
        match &settings.known {
            Known::Nothing => {}
            Known::File(path) => self.path("deviations", "deviations", "deviations", Some(path)),
            Known::Inline { list, .. } => {
                self.add("deviations", "", "deviation", Some(format!("{} in the file itself", list.entries.len())));
            }
        }
        let facts = settings.recorded.as_deref().map(|path| path.display().to_string());
        let facts = facts.or_else(|| self.given.how("recorded").map(|_| "those of the fixtures".to_owned()));
        self.add("recorded", "recorded", "", facts);
        self.list("report", "report", "", &settings.reports);
        self.path("ledger", "ledger", "", settings.ledger.as_deref());
        self.switch("allow-mutation", settings.allow_mutation);
        self.list("allow-key", "allow_key", "", &settings.allow_key);
        let keys: Vec<String> = settings.keys.keys().cloned().collect();
        self.list("keys", "", "keys", &keys);
        self.switch("yes", settings.yes);
        self.add("max-fail", "max_fail", "", settings.max_fail);
        self.add("repeat", "repeat", "", settings.rounds.and_then(|rounds| rounds.most));
        self.add("for", "time", "", settings.rounds.and_then(|rounds| rounds.time).map(time));
        let fixtures = settings.fixtures.as_deref().map_or("built in".to_owned(), |path| path.display().to_string());
        self.add("fixtures", "fixtures", "", Some(fixtures));
        let state = settings.state.as_deref().map_or("none".to_owned(), |path| path.display().to_string());
        self.add("state", "state", "", Some(state));
    }
}
