//! Reads the profile files of the AWS tools.

use super::error::IdentityError;
use super::identity::{Identity, identity};
use super::process::arguments;
use std::collections::BTreeMap;

/// A profile file: its path, and its text if the file exists.
#[derive(Clone, Debug)]
pub struct ProfileFile {
    /// The path, for messages.
    pub path: String,
    /// The text; absent if the file does not exist.
    pub text: Option<String>,
}

/// The profiles of both files.
#[derive(Clone, Debug)]
pub struct Profiles {
    places: String,
    profiles: BTreeMap<String, BTreeMap<String, String>>,
    /// Profiles with an access key in the credentials file. Such a key is used before a `credential_process`.
    static_first: Vec<String>,
}

/// The source of a profile's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// The file holds them.
    Keys(Identity),
    /// A command prints them. These are the words of its command line.
    Process(Vec<String>),
    /// Another service gives them. The text names which kind.
    Chain(&'static str),
    /// A login session of the AWS CLI, which other tools cannot use.
    Login,
}

impl Profiles {
    /// Reads both files. If both define a setting, the credentials file wins.
    ///
    /// # Errors
    ///
    /// A line that is neither a section nor a setting.
    pub fn read(credentials: &ProfileFile, config: &ProfileFile) -> Result<Self, IdentityError> {
        let mut profiles: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let mut static_first = Vec::new();
        for (section, values) in sections(config)? {
            let name = match section.split_once(char::is_whitespace) {
                Some(("profile", name)) => unquoted(name.trim()),
                _ if section == "default" => section,
                // Other sections, such as `sso-session`, do not define profiles.
                _ => continue,
            };
            profiles.entry(name).or_default().extend(values);
        }
        for (section, values) in sections(credentials)? {
            if values.contains_key(KEY_ID) {
                static_first.push(section.clone());
            }
            profiles.entry(section).or_default().extend(values);
        }
        let places = format!("`{}` and `{}`", credentials.path, config.path);
        Ok(Self { places, profiles, static_first })
    }

    /// Whether this profile exists.
    pub fn contains(&self, name: &str) -> bool {
        self.profiles.contains_key(name)
    }

    /// A setting of a profile, such as `region`.
    pub fn setting(&self, profile: &str, name: &str) -> Option<&str> {
        self.profiles.get(profile)?.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The source of a profile's credentials. The order is that of the AWS CLI: a role, then keys in the credentials
    /// file, then a process, then keys in the configuration file.
    ///
    /// # Errors
    ///
    /// The profile does not exist, or defines no credentials.
    pub fn way(&self, name: &str) -> Result<Way, IdentityError> {
        if !self.contains(name) {
            let known: Vec<String> = self.profiles.keys().map(|name| format!("`{name}`")).collect();
            return Err(IdentityError::UnknownProfile {
                name: name.to_owned(),
                places: self.places.clone(),
                known: if known.is_empty() {
                    "they have none".to_owned()
                } else {
                    format!("they have {}", known.join(", "))
                },
            });
        }
        for (setting, what) in [
            ("web_identity_token_file", "a web identity"),
            ("role_arn", "an assumed role"),
            ("sso_session", "single sign-on"),
            ("sso_start_url", "single sign-on"),
        ] {
            if self.setting(name, setting).is_some() {
                return Ok(Way::Chain(what));
            }
        }
        if self.setting(name, "login_session").is_some() {
            return Ok(Way::Login);
        }
        let command = self.setting(name, "credential_process");
        let is_static_first = self.static_first.iter().any(|first| first == name);
        match (command, self.setting(name, KEY_ID), self.setting(name, SECRET)) {
            (Some(command), ..) if !is_static_first => Ok(Way::Process(arguments(name, command)?)),
            (_, Some(id), Some(secret)) => {
                let token = self.setting(name, "aws_session_token");
                let expires = self.setting(name, "aws_credential_expiration");
                identity([id, secret], token, expires, &format!("the profile `{name}`")).map(Way::Keys)
            }
            (_, Some(_), None) => Err(incomplete(name, SECRET, KEY_ID)),
            (_, None, Some(_)) => Err(incomplete(name, KEY_ID, SECRET)),
            (_, None, None) => Err(IdentityError::NoKeys(name.to_owned())),
        }
    }
}

const KEY_ID: &str = "aws_access_key_id";
const SECRET: &str = "aws_secret_access_key";

fn incomplete(profile: &str, missing: &str, beside: &str) -> IdentityError {
    IdentityError::Incomplete {
        missing: format!("`{missing}`"),
        beside: format!("`{beside}` in the profile `{profile}`"),
    }
}

/// The name of the section as written, and its settings.
type Section = (String, BTreeMap<String, String>);

fn unquoted(name: &str) -> String {
    let inner = |quote: char| name.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(name).to_owned()
}

/// The sections of a file, in order. Indented lines belong to the setting above them and are ignored.
fn sections(file: &ProfileFile) -> Result<Vec<Section>, IdentityError> {
    let mut sections: Vec<Section> = Vec::new();
    let text = file.text.as_deref().unwrap_or_default();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let is_nested = line.starts_with(char::is_whitespace);
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) || is_nested {
            continue;
        }
        let wrong = || IdentityError::Line { path: file.path.clone(), line: number + 1 };
        if let Some(rest) = line.strip_prefix('[') {
            let (name, _comment) = rest.split_once(']').ok_or_else(wrong)?;
            sections.push((name.trim().to_owned(), BTreeMap::new()));
            continue;
        }
        let (name, value) = line.split_once('=').ok_or_else(wrong)?;
        let (_, values) = sections.last_mut().ok_or_else(wrong)?;
        values.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed set-up fails the test")]

    use super::*;

    fn profiles(credentials: &str, config: &str) -> Result<Profiles, IdentityError> {
        let file = |path: &str, text: &str| ProfileFile { path: path.to_owned(), text: Some(text.to_owned()) };
        Profiles::read(&file("credentials", credentials), &file("config", config))
    }

    const CONFIG: &str = "\
# a comment
[default]
region = eu-central-1
s3 =
  max_concurrent_requests = 20
[profile \"two words\"]
aws_access_key_id = AKIDWORDS
aws_secret_access_key = s=w
[profile made]
credential_process = /bin/get --for 'a b'
aws_access_key_id = IGNORED
aws_secret_access_key = ignored
[profile both]
credential_process = /bin/get
[profile role]
role_arn = arn:aws:iam::111122223333:role/r
source_profile = default
[profile sign-on]
sso_session = s
[sso-session s]
sso_start_url = https://example.com
[profile console]
login_session = arn:aws:iam::111122223333:user/u
[profile empty]
region = eu-west-1
";

    const CREDENTIALS: &str = "\
[default]
aws_access_key_id=AKIDDEFAULT
aws_secret_access_key=sd
aws_session_token=token
[both]
aws_access_key_id = AKIDBOTH
aws_secret_access_key = sb
[half]
aws_access_key_id = AKIDHALF
";

    #[test]
    fn each_profile_comes_to_its_credentials_in_its_way() {
        let profiles = profiles(CREDENTIALS, CONFIG).unwrap();
        let keys = |name: &str| match profiles.way(name) {
            Ok(Way::Keys(identity)) => identity.credentials,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(keys("default").access_key_id, "AKIDDEFAULT");
        assert_eq!(keys("default").session_token.as_deref(), Some("token"));
        assert_eq!(keys("two words").secret_access_key, "s=w");
        assert_eq!(keys("both").access_key_id, "AKIDBOTH");
        assert_eq!(profiles.way("made"), Ok(Way::Process(vec!["/bin/get".into(), "--for".into(), "a b".into()])));
        assert_eq!(profiles.way("role"), Ok(Way::Chain("an assumed role")));
        assert_eq!(profiles.way("sign-on"), Ok(Way::Chain("single sign-on")));
        assert_eq!(profiles.way("console"), Ok(Way::Login));
        assert_eq!(profiles.setting("default", "region"), Some("eu-central-1"));
        assert!(!profiles.contains("s") && !profiles.contains("sso-session s"));
    }

    #[test]
    fn what_a_profile_lacks_is_said() {
        let profiles = profiles(CREDENTIALS, CONFIG).unwrap();
        for (name, reason) in [
            ("half", "find `aws_secret_access_key` beside `aws_access_key_id` in the profile `half`"),
            ("empty", "neither keys nor a `credential_process`"),
            ("none", "find the profile `none` in `credentials` and `config`; they have `both`, `console`, `default`"),
        ] {
            let error = profiles.way(name).unwrap_err().to_string();
            assert!(error.contains(reason), "{name}: {error}");
        }
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        for (text, line) in [("[a]\nnonsense\n", 2), ("a = b\n", 1), ("[a\n", 1)] {
            let error = profiles(text, "").unwrap_err();
            assert_eq!(error, IdentityError::Line { path: "credentials".to_owned(), line }, "{text}");
        }
    }
}
