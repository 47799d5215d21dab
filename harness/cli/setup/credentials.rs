//! Finds the credentials that sign: in flags, environment, the profile files of the AWS tools, or the output of a
//! credential process.

use super::chain;
use super::configuration::File;
use super::environment::{variable, wait_for};
use super::preset::Local;
use super::words::{Words, time};
use crate::arguments::CredentialArguments;
use crate::edge::failure::Failure;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncReadExt};
use trentcheck_core::fixture::PrincipalName;
use trentcheck_core::identity::{Identity, IdentityError, ProfileFile, Profiles, Way, from_environment, from_output};
use trentcheck_core::sign::Credentials;

/// The default time limit of a credential process, long enough for a person who enters a second factor.
const PROCESS: Duration = Duration::from_secs(60);

/// Bytes of a profile file.
const PROFILES: u64 = 1 << 20;

/// The most bytes that are read from a process. Credentials need about 2,000 bytes.
const PRINTED: u64 = 64 * 1024;

/// The settings that choose the credentials.
#[derive(Clone, Debug)]
pub(crate) struct Signers {
    pub(super) profile: Option<String>,
    pub(super) denied_profile: Option<String>,
    pub(super) stranger_profile: Option<String>,
    /// Access keys in the configuration file.
    pub(super) written: BTreeMap<PrincipalName, Credentials>,
    /// The time limit for a credential process, a sign-on or a role.
    pub(super) limit: Duration,
}

impl Signers {
    /// Takes the values of flags and environment, then those of the file.
    pub(super) fn of(arguments: &CredentialArguments, file: &File) -> Self {
        Self {
            profile: arguments.profile.clone().or_else(|| file.profile.clone()),
            denied_profile: arguments.denied_profile.clone().or_else(|| file.denied_profile.clone()),
            stranger_profile: arguments.stranger_profile.clone().or_else(|| file.stranger_profile.clone()),
            written: file.credentials.clone(),
            limit: arguments.credential_timeout.unwrap_or(PROCESS),
        }
    }

    /// The access key of a principal in the configuration file.
    fn written(&self, principal: PrincipalName) -> Result<Option<Identity>, IdentityError> {
        let Some(Credentials { access_key_id, secret_access_key, session_token }) = self.written.get(&principal) else {
            return Ok(None);
        };
        let origin = "the configuration file";
        Identity::resolved([access_key_id, secret_access_key], session_token.as_deref(), None, origin).map(Some)
    }

    /// Adds the flags that repeat these settings. Credentials in the environment are not added.
    pub(super) fn repeat(&self, line: &mut Words) {
        line.maybe("--profile", self.profile.as_ref());
        line.maybe("--denied-profile", self.denied_profile.as_ref());
        line.maybe("--stranger-profile", self.stranger_profile.as_ref());
        if self.limit != PROCESS {
            line.flag("--credential-timeout", time(self.limit));
        }
    }
}

/// The principals with their credentials. The primary principal uses `--profile`, then `TRENTCHECK_…`. After these it
/// uses the configuration file and the preset on loopback, and `AWS_…`, then the profile files, off loopback. The Region is needed for
/// roles, which a service in this Region gives.
pub(crate) fn principals(
    signers: &Signers,
    region: &str,
    is_loopback: bool,
    preset: Option<&Local<'_>>,
) -> Result<BTreeMap<PrincipalName, Credentials>, Failure> {
    if !is_loopback && !signers.written.is_empty() {
        return Err(Failure::safety("`credentials` of a configuration file are for a target on loopback only")
            .hint("use `profile`, `denied-profile` and `stranger-profile`, which name profiles of the AWS files"));
    }
    let mut principals = BTreeMap::new();
    let mut files = Files::default();
    for (principal, prefix, profile) in [
        (PrincipalName::Primary, "TRENTCHECK", &signers.profile),
        (PrincipalName::Session, "TRENTCHECK_SESSION", &None),
        (PrincipalName::Denied, "TRENTCHECK_DENIED", &signers.denied_profile),
        (PrincipalName::Stranger, "TRENTCHECK_STRANGER", &signers.stranger_profile),
        (PrincipalName::Expired, "TRENTCHECK_EXPIRED", &None),
    ] {
        let identity = match profile {
            Some(profile) => Some(of_profile(files.profiles()?, profile, signers, region)?),
            None => match from_environment(prefix, variable)? {
                Some(identity) => Some(identity),
                None => signers.written(principal)?,
            },
        };
        let Some(identity) = identity else { continue };
        let credentials = match principal {
            PrincipalName::Expired => identity.credentials,
            _ => identity.valid_at(SystemTime::now())?,
        };
        principals.insert(principal, credentials);
    }
    if let Entry::Vacant(place) = principals.entry(PrincipalName::Primary) {
        let primary = match is_loopback {
            // Real credentials must not be sent to an unknown program on a local port.
            true => preset.map(Local::primary).transpose()?.flatten().unwrap_or_else(Credentials::dummy),
            false => standard(&mut files, signers, region)?.valid_at(SystemTime::now())?,
        };
        place.insert(primary);
    }
    if let (Entry::Vacant(place), Some(stranger)) =
        (principals.entry(PrincipalName::Stranger), preset.and_then(Local::stranger))
    {
        place.insert(stranger);
    }
    let primary = principals.get(&PrincipalName::Primary).filter(|primary| primary.session_token.is_some());
    if let Some(temporary) = primary.cloned() {
        principals.entry(PrincipalName::Session).or_insert(temporary);
    }
    Ok(principals)
}

/// A setting of the chosen profile: the one that the user names, then the one in AWS_PROFILE, then `default`.
pub(crate) fn profile_setting(signers: &Signers, setting: &str) -> Result<Option<String>, Failure> {
    let mut files = Files::default();
    let named = signers.profile.clone().or_else(|| variable("AWS_PROFILE"));
    Ok(files.profiles()?.setting(named.as_deref().unwrap_or("default"), setting).map(str::to_owned))
}

/// The usual sources of the AWS tools: variables, then a profile, then the credentials of the machine.
fn standard(files: &mut Files, signers: &Signers, region: &str) -> Result<Identity, Failure> {
    if let Some(identity) = from_environment("AWS", variable)? {
        return Ok(identity);
    }
    let profiles = files.profiles()?;
    let named = variable("AWS_PROFILE");
    let name = named.as_deref().unwrap_or("default");
    if named.is_none() && !profiles.contains(name) || profiles.way(name) == Err(IdentityError::NoKeys(name.to_owned()))
    {
        return chain::of_surroundings(region, signers.limit);
    }
    of_profile(profiles, name, signers, region)
}

fn of_profile(profiles: &Profiles, name: &str, signers: &Signers, region: &str) -> Result<Identity, Failure> {
    match profiles.way(name)? {
        Way::Keys(identity) => Ok(identity),
        Way::Process(words) => printed(name, &words, signers.limit),
        Way::Chain(what) => chain::of_profile(name, what, region, signers.limit),
        Way::Login => Err(Failure::usage(format!(
            "find credentials in the profile `{name}`: it asks for a login session, which only the AWS CLI can use"
        ))
        .hint(format!("use a profile with `credential_process = aws configure export-credentials --profile {name}`"))),
    }
}

/// Runs a credential process and reads its output. The process has no shell, and no terminal to ask a question on.
fn printed(profile: &str, words: &[String], limit: Duration) -> Result<Identity, Failure> {
    let failure =
        |why: String| Failure::usage(format!("run the `credential_process` of the profile `{profile}`: {why}"));
    let (program, rest) = words.split_first().ok_or_else(|| failure("it is empty".to_owned()))?;
    let ran = wait_for(async {
        let mut child = tokio::process::Command::new(program)
            .args(rest)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failure(format!("`{program}`: {error}")))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let all = async { tokio::join!(read(stdout), read(stderr), child.wait()) };
        tokio::time::timeout(limit, all)
            .await
            .map_err(|_| failure(format!("it did not end within {limit:?}")).hint("raise `--credential-timeout`"))
    });
    let (stdout, stderr, status) = ran??;
    let status = status.map_err(|error| failure(error.to_string()))?;
    if !status.success() {
        // What it says may be a secret: of a vault that could not be opened, for example.
        let lengths = format!("{} bytes on stdout and {} on stderr", stdout.len(), stderr.len());
        return Err(failure(format!("{status}, with {lengths}, which are not shown"))
            .hint("run it yourself to see what it says"));
    }
    Ok(from_output(profile, &stdout)?)
}

async fn read(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // An incomplete output is reported when it is parsed.
        let _ = stream.take(PRINTED).read_to_end(&mut bytes).await;
    }
    bytes
}

/// Both profile files, read once when they are first needed.
#[derive(Default)]
struct Files(Option<Profiles>);

impl Files {
    fn profiles(&mut self) -> Result<&Profiles, Failure> {
        if self.0.is_none() {
            let credentials = file("AWS_SHARED_CREDENTIALS_FILE", "credentials")?;
            let config = file("AWS_CONFIG_FILE", "config")?;
            self.0 = Some(Profiles::read(&credentials, &config)?);
        }
        self.0.as_ref().ok_or_else(|| Failure::internal("keep the profiles"))
    }
}

fn file(named_by: &str, name: &str) -> Result<ProfileFile, Failure> {
    let home = || std::env::home_dir().unwrap_or_default().join(".aws").join(name);
    let path = variable(named_by).map_or_else(home, PathBuf::from);
    let text = match trentcheck_core::file::read_text(&path, PROFILES) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(Failure::usage(format!("read `{}`: {error}", path.display()))),
    };
    Ok(ProfileFile { path: path.display().to_string(), text })
}

/// Whether these are the credentials for targets that do not check them.
pub(super) fn are_dummy(credentials: &Credentials) -> bool {
    credentials.access_key_id == Credentials::dummy().access_key_id
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        Self::usage(error.to_string())
    }
}
