//! Writes the configuration file for clients of `trentcheck serve`.

use serde::Serialize;
use std::collections::BTreeMap;
use trentcheck_reference::{Edition, Principal, Server};

/// The name of the target in the file.
pub(crate) const NAME: &str = "reference";

/// The first line of the file. `serve` recognises its own files by it.
pub(crate) const HEAD: &str = "# Written by `trentcheck serve --config-out`.";

#[derive(Serialize)]
struct File<'a> {
    targets: BTreeMap<&'static str, Target<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Target<'a> {
    endpoint: String,
    region: &'a str,
    edition: &'static str,
    account: Option<&'a str>,
    stranger_account: Option<&'a str>,
    elsewhere: Option<String>,
    provide: BTreeMap<&'a str, &'a str>,
    credentials: BTreeMap<&'a str, AccessKey<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct AccessKey<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    session_token: Option<&'a str>,
}

/// All settings that a client of this server needs, so that no case is skipped.
pub(crate) fn configuration(server: &Server) -> String {
    let config = server.config();
    let account_of = |name: &str| {
        config.principals.iter().find(|principal| principal.name == name).map(|principal| principal.account.as_str())
    };
    let elsewhere =
        config.regions.get(1).and_then(|region| Some(format!("{region}=http://{}", server.address_of(region)?)));
    let target = Target {
        endpoint: format!("http://{}", server.address()),
        region: config.regions.first().map(String::as_str).unwrap_or_default(),
        edition: match config.edition {
            Edition::KeyOnly => "key-only",
            Edition::KeyMaterialId => "key-material-id",
        },
        account: account_of("primary"),
        stranger_account: account_of("stranger"),
        elsewhere,
        provide: config.seeds.iter().map(|seed| (seed.name.as_str(), seed.key_id.as_str())).collect(),
        credentials: config.principals.iter().map(access_key).collect(),
    };
    let file = File { targets: BTreeMap::from([(NAME, target)]) };
    let text = toml::to_string(&file).expect("strings in tables can be written as TOML");
    format!("{HEAD} The credentials are published and open nothing else.\n\n{text}")
}

fn access_key(principal: &Principal) -> (&str, AccessKey<'_>) {
    let Principal { name, access_key_id, secret_access_key, session_token, .. } = principal;
    (name, AccessKey { access_key_id, secret_access_key, session_token: session_token.as_deref() })
}
