//! Sends requests to one endpoint, in either lane.

use super::connection::speaks_tls;
use super::endpoint::{Endpoint, Scheme};
use super::error::SetupError;
use super::exchange::{Exchange, Followed, Lane, Limits};
use super::http_lane::{self, HttpLane};
use super::pace::{Pace, operation};
use super::patience::Patience;
use super::tally::Tally;
use super::tls::{Tls, client_config};
use super::wire::Wire;
use crate::http::Request;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use std::time::Duration;

/// The time limit for a TLS probe. A server that does not speak TLS may wait for more bytes, and a server that speaks
/// TLS answers soon.
const HANDSHAKE: Duration = Duration::from_secs(1);

/// Sends requests to one endpoint. Cloning is cheap.
#[derive(Clone)]
pub struct Sender {
    lanes: Arc<Lanes>,
    tally: Tally,
}

struct Lanes {
    wire: Wire,
    http: HttpLane,
    pace: Pace,
    patience: Patience,
}

impl Sender {
    /// Sets up both lanes without opening a connection.
    ///
    /// # Errors
    ///
    /// The TLS settings cannot be used.
    pub fn new(endpoint: Endpoint, tls: Tls, limits: Limits) -> Result<Self, SetupError> {
        if tls.proxy.is_some() {
            match (&tls.resolve, &tls.server_name) {
                (Some(_), _) => return Err(SetupError::ProxyFindsTheWay("an address to connect to")),
                (_, Some(_)) => return Err(SetupError::ProxyFindsTheWay("another server name")),
                (None, None) if endpoint.scheme == Scheme::Http && !endpoint.is_loopback() => {
                    return Err(SetupError::PlainProxy);
                }
                (None, None) => {}
            }
        }
        let config = match endpoint.scheme {
            Scheme::Http => None,
            Scheme::Https => Some(client_config(&tls)?),
        };
        let http = HttpLane::new(&endpoint, &tls, config.clone(), &limits)?;
        let name = tls.server_name.clone().unwrap_or_else(|| endpoint.host.clone());
        let wire_tls = match config {
            None => None,
            Some(config) => {
                let server_name = ServerName::try_from(name.clone()).map_err(|_| SetupError::ServerName(name))?;
                Some((Arc::new(config), server_name))
            }
        };
        let pace = Pace::new(limits.rates.clone());
        let wire = Wire { endpoint, limits, resolve: tls.resolve, proxy: tls.proxy, tls: wire_tls };
        Ok(Self { lanes: Arc::new(Lanes { wire, http, pace, patience: Patience::default() }), tally: Tally::default() })
    }

    /// The same sender, but its requests are counted in this tally.
    pub fn counted(self, tally: &Tally) -> Self {
        Self { tally: tally.clone(), ..self }
    }

    /// Waits until a call of this operation may be sent.
    pub async fn turn(&self, operation: &str) {
        self.lanes.pace.wait(operation, 1).await;
    }

    /// Waits until these requests may be sent, one after another.
    pub async fn turn_of(&self, requests: &[Request]) {
        if let Some(first) = requests.first() {
            self.lanes.pace.wait(operation(first), requests.len()).await;
        }
    }

    /// Sends requests in the wire lane, one after another on one connection.
    pub async fn wire(&self, requests: &[Request]) -> Vec<Exchange> {
        self.turn_of(requests).await;
        self.wire_in_turn(requests).await
    }

    /// The same as [`Self::wire`], for callers that waited with [`Self::turn_of`].
    pub async fn wire_in_turn(&self, requests: &[Request]) -> Vec<Exchange> {
        let Lanes { wire, patience, .. } = &*self.lanes;
        let asked = requests.first().map(operation).unwrap_or_default();
        if let Some(why) = patience.ended(Lane::Wire, asked) {
            return requests.iter().map(|_| Exchange::not_sent(Lane::Wire, why.clone())).collect();
        }
        self.tally.count(requests);
        let exchanges = wire.exchanges(requests).await;
        for (request, exchange) in requests.iter().zip(&exchanges) {
            self.learn(request, exchange);
            patience.learn(Lane::Wire, asked, &exchange.result);
        }
        exchanges
    }

    /// Sends a request in the wire lane after [`Self::turn_of`], and a second one on the same connection if the target
    /// keeps it.
    pub async fn followed_in_turn(&self, request: &Request, by: &Request) -> (Exchange, Followed) {
        let Lanes { wire, patience, .. } = &*self.lanes;
        let asked = operation(request);
        if let Some(why) = patience.ended(Lane::Wire, asked) {
            return (Exchange::not_sent(Lane::Wire, why), Followed::Closed);
        }
        self.tally.count(std::slice::from_ref(request));
        let (exchange, followed) = wire.followed(request, by).await;
        self.learn(request, &exchange);
        patience.learn(Lane::Wire, asked, &exchange.result);
        if let Followed::Answered(second) = &followed {
            self.tally.count(std::slice::from_ref(by));
            self.learn(by, second);
        }
        (exchange, followed)
    }

    /// Sends requests in the wire lane at the same time, each on a connection of its own, after waiting for the turn of
    /// each.
    pub async fn at_once_in_turn(&self, requests: &[Request]) -> Vec<Exchange> {
        let Lanes { wire, patience, .. } = &*self.lanes;
        if let Some(why) = requests.iter().find_map(|request| patience.ended(Lane::Wire, operation(request))) {
            return requests.iter().map(|_| Exchange::not_sent(Lane::Wire, why.clone())).collect();
        }
        requests.iter().for_each(|request| self.tally.count(std::slice::from_ref(request)));
        let exchanges = wire.at_once(requests).await;
        for (request, exchange) in requests.iter().zip(&exchanges) {
            self.learn(request, exchange);
            patience.learn(Lane::Wire, operation(request), &exchange.result);
        }
        exchanges
    }

    /// Sends two requests in the wire lane in one write, after [`Self::turn_of`].
    pub async fn pipelined_in_turn(&self, requests: &[Request; 2]) -> (Exchange, Followed) {
        let Lanes { wire, patience, .. } = &*self.lanes;
        let [first, second] = requests;
        if let Some(why) = patience.ended(Lane::Wire, operation(first)) {
            return (Exchange::not_sent(Lane::Wire, why), Followed::Closed);
        }
        self.tally.count(requests);
        let (exchange, followed) = wire.pipelined(first, second).await;
        self.learn(first, &exchange);
        patience.learn(Lane::Wire, operation(first), &exchange.result);
        if let Followed::Answered(answered) = &followed {
            self.learn(second, answered);
        }
        (exchange, followed)
    }

    /// Sends a request in the http lane.
    pub async fn http(&self, request: &Request) -> Exchange {
        self.turn_of(std::slice::from_ref(request)).await;
        self.http_in_turn(request).await
    }

    /// The same as [`Self::http`], for callers that waited with [`Self::turn`].
    pub async fn http_in_turn(&self, request: &Request) -> Exchange {
        let Lanes { http, patience, .. } = &*self.lanes;
        if let Some(why) = patience.ended(Lane::Http, operation(request)) {
            return Exchange::not_sent(Lane::Http, why);
        }
        self.tally.count(std::slice::from_ref(request));
        let exchange = http_lane::exchange(http, request).await;
        self.learn(request, &exchange);
        patience.learn(Lane::Http, operation(request), &exchange.result);
        exchange
    }

    /// Adjusts the pace to an answer, and takes its time.
    fn learn(&self, request: &Request, exchange: &Exchange) {
        self.lanes.pace.learn(request, exchange);
        self.tally.learn(request, exchange);
    }

    /// Whether a target with an `http://` URL speaks TLS. A target behind a proxy is not probed.
    pub async fn meets_tls(&self) -> bool {
        let Wire { endpoint, limits, resolve, proxy, .. } = &self.lanes.wire;
        endpoint.scheme == Scheme::Http
            && proxy.is_none()
            && speaks_tls(endpoint, *resolve, limits.connect.min(HANDSHAKE)).await
    }

    /// Whether the http lane sends a request unchanged.
    ///
    /// # Errors
    ///
    /// The reason why it does not.
    pub fn can_carry(request: &Request) -> Result<(), &'static str> {
        http_lane::can_carry(request)
    }
}
