//! The configuration of a reference target.

use crate::edition::Edition;
use crate::error::Refusal;
use crate::mutant::{Mutant, Point, Reached};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What a principal may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Everything in its account.
    Allowed,
    /// Everything in its account, except DeleteImportedKeyMaterial.
    Denied,
    /// Nothing: its session token has expired.
    Expired,
}

/// An identity that can sign requests.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Its user name in IAM. Configurations use the same name.
    pub name: String,
    /// Its access key id.
    pub access_key_id: String,
    /// Its secret access key.
    pub secret_access_key: String,
    /// Its session token, for temporary credentials.
    pub session_token: Option<String>,
    /// The id of its account.
    pub account: String,
    /// What it may do.
    pub permission: Permission,
}

/// What is special about a seeded key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeedKind {
    /// The key's state is Creating.
    Creating,
    /// The key's state is Updating.
    Updating,
    /// The operation times out on a dependency.
    DependencyTimeout,
    /// The operation fails with an internal error.
    Internal,
    /// The operation is throttled.
    Throttled,
}

/// A key that exists from the start. It provokes an answer that a client could not provoke otherwise.
#[derive(Clone, Debug)]
pub struct Seed {
    /// Its name in configurations.
    pub name: String,
    /// Its key id.
    pub key_id: String,
    /// What is special about it.
    pub kind: SeedKind,
    /// The id of its account.
    pub account: String,
}

/// The configuration of a reference target.
#[derive(Clone, Debug)]
pub struct Config {
    /// The edition that the target implements.
    pub edition: Edition,
    /// The address for the first Region. Each other Region gets a free port at the same IP address.
    pub listen: SocketAddr,
    /// The Regions, each with its own listener.
    pub regions: Vec<String>,
    /// The partition, such as `aws`.
    pub partition: String,
    /// The identities that can sign requests.
    pub principals: Vec<Principal>,
    /// The keys that exist from the start. All of them are in the first Region.
    pub seeds: Vec<Seed>,
    /// How long after a change DescribeKey still shows the former state.
    pub consistency_delay: Duration,
    /// How long after RotateKeyOnDemand the rotation is carried out. On AWS it takes minutes.
    pub rotation_delay: Duration,
    /// With `Some(3)` every third request is answered with ThrottlingException.
    pub throttle_every: Option<u32>,
    /// How long the target waits before each answer.
    pub latency: Duration,
    /// The clock of the target.
    pub clock: fn() -> SystemTime,
    /// Is told why the signature of a request is wrong, if anybody wants to know.
    pub explain: Option<fn(&str)>,
    /// The mutant that the target is, if it is one.
    pub mutant: Option<&'static Mutant>,
    /// Is told which mutants could have acted, if anybody wants to know. It means nothing beside `mutant`.
    pub reached: Option<Arc<Reached>>,
}

impl Config {
    /// Whether the target is the mutant of this point. It is asked last, once everything else says that the mutant would do
    /// something else here: `reached` learns of the point by the question.
    pub(crate) fn at(&self, point: Point) -> bool {
        if let Some(reached) = &self.reached {
            reached.point(point);
        }
        self.mutant.and_then(Mutant::point) == Some(point)
    }

    /// The outcome of a check that the mutant of this point does not make.
    pub(crate) fn unless<T: Default>(&self, point: Point, checked: Result<T, Refusal>) -> Result<T, Refusal> {
        match checked {
            Err(_) if self.at(point) => Ok(T::default()),
            other => other,
        }
    }

    /// Whether to work out what the mutant of this point would do here. Ask `at` once that is known.
    pub(crate) fn concerns(&self, point: Point) -> bool {
        self.reached.is_some() || self.mutant.and_then(Mutant::point) == Some(point)
    }

    /// Whether the target is a mutant, or tells what mutants would do.
    pub(crate) fn has_mutants(&self) -> bool {
        self.mutant.is_some() || self.reached.is_some()
    }
}

/// The account of most principals and of the seeds.
const ACCOUNT: &str = "111122223333";

/// The account of the principal `stranger`.
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
            rotation_delay: Duration::from_millis(400),
            throttle_every: None,
            latency: Duration::ZERO,
            clock: SystemTime::now,
            explain: None,
            mutant: None,
            reached: None,
        }
    }
}
