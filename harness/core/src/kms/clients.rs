//! The clients of a target: one for each principal and Region in which keys are made.

use super::client::Client;
use super::guard::Guard;
use super::guarded::Kms;
use super::lateness::Lateness;
use crate::fixture::{Corpus, Owner, Place, PrincipalName, Unsupported};
use crate::send::{Peer, Sender, Tally, Tls};
use crate::target::{Clock, SetupError, Target};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Everything that talks to a target.
pub(crate) struct Clients {
    pub(crate) sender: Sender,
    /// The value of the Host header.
    pub(crate) host: String,
    pub(crate) primary: Kms,
    pub(crate) by_place: HashMap<(Place, Owner), Kms>,
    /// Every request by its operation.
    pub(crate) tally: Tally,
}

impl Clients {
    /// Opens no connection. The corpus knows the operation under test, and the answers that mean "no such operation".
    pub(crate) fn new(
        target: &Target,
        clock: &Clock,
        settle: Duration,
        corpus: &Corpus,
        guard: Option<&Arc<Guard>>,
    ) -> Result<Self, SetupError> {
        let tally = Tally::default();
        let sender = Sender::new(target.endpoint.clone(), target.tls.clone(), target.limits.clone())?.counted(&tally);
        let host = target.endpoint.authority();
        let unsupported: Arc<[Unsupported]> = corpus.unsupported.as_slice().into();
        let operation = Arc::new(corpus.operation.clone());
        let lateness = Arc::new(Lateness::default());
        let began = clock();
        let client = |sender: &Sender, host: &str, region: &str, peer, principal| {
            let credentials = target.principals.get(&principal)?.clone();
            let client = Client {
                sender: sender.clone(),
                host: host.to_owned(),
                region: region.to_owned(),
                credentials,
                keys: Arc::default(),
                clock: Arc::clone(clock),
                settle,
                operation: Arc::clone(&operation),
                unsupported: Arc::clone(&unsupported),
                lateness: Arc::clone(&lateness),
                peer,
                ahead: Arc::new(OnceLock::new()),
            };
            Some(Kms::new(client, guard.cloned(), began))
        };
        let peer = target.peer();
        let primary =
            client(&sender, &host, &target.region, peer, PrincipalName::Primary).ok_or(SetupError::NoCredentials)?;
        let mut by_place = HashMap::from([((Place::Here, Owner::Primary), primary.clone())]);
        if let Some(stranger) = client(&sender, &host, &target.region, peer, PrincipalName::Stranger) {
            by_place.insert((Place::Here, Owner::Stranger), stranger);
        }
        if let Some(elsewhere) = &target.elsewhere {
            let tls = match elsewhere.endpoint == target.endpoint {
                true => target.tls.clone(),
                // Another address and another name are those of the one endpoint only.
                false => Tls { resolve: None, server_name: None, ..target.tls.clone() },
            };
            let peer = Peer::of(&elsewhere.endpoint, &tls);
            let there = Sender::new(elsewhere.endpoint.clone(), tls, target.limits.clone())?.counted(&tally);
            let host = elsewhere.endpoint.authority();
            if let Some(kms) = client(&there, &host, &elsewhere.region, peer, PrincipalName::Primary) {
                by_place.insert((Place::Elsewhere, Owner::Primary), kms);
            }
        }
        Ok(Self { sender, host, primary, by_place, tally })
    }
}
