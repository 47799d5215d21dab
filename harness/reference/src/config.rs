//! What a reference target is like.

use crate::edition::Edition;
use crate::mutant::{Mutant, Point};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime};

/// What a principal may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Everything in its account.
    Allowed,
    /// Everything but DeleteImportedKeyMaterial.
    Denied,
    /// Nothing: its session token is past its time.
    Expired,
}

/// Somebody who can sign.
#[derive(Clone, Debug)]
pub struct Principal {
    /// What it is called in IAM and in configurations.
    pub name: String,
    /// Its access key id.
    pub access_key_id: String,
    /// Its secret access key.
    pub secret_access_key: String,
    /// Its session token, for temporary credentials.
    pub session_token: Option<String>,
    /// Its account.
    pub account: String,
    /// What it may do.
    pub permission: Permission,
}

/// What a seeded key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeedKind {
    /// The key's state is Creating.
    Creating,
    /// The key's state is Updating.
    Updating,
    /// The operation times out on a dependency.
    DependencyTimeout,
    /// The operation fails inside.
    Internal,
    /// The operation is throttled.
    Throttled,
}

/// A key that is there from the start, for answers that no client can provoke.
#[derive(Clone, Debug)]
pub struct Seed {
    /// What configurations call it.
    pub name: String,
    /// Its key id.
    pub key_id: String,
    /// What it is for.
    pub kind: SeedKind,
    /// Whose it is.
    pub account: String,
}

/// A reference target.
#[derive(Clone, Debug)]
pub struct Config {
    /// The edition that it implements.
    pub edition: Edition,
    /// Where it listens for its first Region; the others get a free port of the same address.
    pub listen: SocketAddr,
    /// Its Regions, with one listener each.
    pub regions: Vec<String>,
    /// Its partition.
    pub partition: String,
    /// Who can sign.
    pub principals: Vec<Principal>,
    /// Keys that are there from the start, in the first Region.
    pub seeds: Vec<Seed>,
    /// How late DescribeKey sees a state change.
    pub consistency_delay: Duration,
    /// Every request of this number is answered with ThrottlingException.
    pub throttle_every: Option<u32>,
    /// How long every answer takes.
    pub latency: Duration,
    /// The time.
    pub clock: fn() -> SystemTime,
    /// The fault that it has, if it is a mutant.
    pub mutant: Option<&'static Mutant>,
}

impl Config {
    /// Whether the reference is a mutant that does something wrong at this point.
    pub(crate) fn at(&self, point: Point) -> bool {
        self.mutant.and_then(Mutant::point) == Some(point)
    }
}

/// The account of most principals and of the seeds.
const ACCOUNT: &str = "111122223333";

/// The account of the stranger.
const STRANGE_ACCOUNT: &str = "444455556666";

impl Default for Config {
    fn default() -> Self {
        let principal = |name: &str, access_key_id: &str, is_temporary: bool, account: &str, permission| Principal {
            name: name.to_owned(),
            access_key_id: access_key_id.to_owned(),
            secret_access_key: format!("trentcheck-dummy-secret-{name}"),
            session_token: is_temporary.then(|| format!("trentcheck-dummy-session-token-{name}")),
            account: account.to_owned(),
            permission,
        };
        let seed = |name: &str, number: u8, kind| Seed {
            name: name.to_owned(),
            key_id: format!("5eed0000-0000-4000-8000-0000000000{number:02}"),
            kind,
            account: ACCOUNT.to_owned(),
        };
        Self {
            edition: Edition::KeyOnly,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            regions: vec!["us-east-2".to_owned(), "us-west-2".to_owned()],
            partition: "aws".to_owned(),
            principals: vec![
                principal("primary", "AKIDTRENTCHECK000001", false, ACCOUNT, Permission::Allowed),
                principal("session", "ASIATRENTCHECK000002", true, ACCOUNT, Permission::Allowed),
                principal("denied", "AKIDTRENTCHECK000003", false, ACCOUNT, Permission::Denied),
                principal("stranger", "AKIDTRENTCHECK000004", false, STRANGE_ACCOUNT, Permission::Allowed),
                principal("expired", "ASIATRENTCHECK000005", true, ACCOUNT, Permission::Expired),
            ],
            seeds: vec![
                seed("creating", 1, SeedKind::Creating),
                seed("updating", 2, SeedKind::Updating),
                seed("fault-dependency-timeout", 3, SeedKind::DependencyTimeout),
                seed("fault-internal", 4, SeedKind::Internal),
                seed("throttled", 5, SeedKind::Throttled),
            ],
            consistency_delay: Duration::ZERO,
            throttle_every: None,
            latency: Duration::ZERO,
            clock: SystemTime::now,
            mutant: None,
        }
    }
}
