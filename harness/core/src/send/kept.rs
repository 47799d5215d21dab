//! Calls that change nothing, on connections that are kept: most calls of a run are such, and with TLS a new connection costs
//! more than a call. Three rules keep that from deciding anything. The target first has to answer on a new connection while others
//! are idle, since a server may have a thread for each connection, and few threads. An answer that does not name the key is asked
//! for again on a new connection, and that answer counts: it could be the rest of an earlier one. Where the two differ, no
//! connection is kept any more.

use super::exchange::{Exchange, Lane, Response};
use super::http_lane::KEPT;
use super::pace::{is_throttled, operation};
use super::sender::Sender;
use crate::http::Request;
use futures_util::future::join_all;
use memchr::memmem;
use std::slice;
use std::time::Duration;

/// A target that takes longer to show that it serves kept connections has a new one for each call.
const PATIENCE: Duration = Duration::from_secs(1);

impl Sender {
    /// Keeps connections from now on, if the target answers on a new one while as many as are ever kept are idle. The request,
    /// which must change nothing, is sent once for each of these connections.
    pub async fn keep_connections(&self, request: &Request) {
        let http = &self.lanes.http;
        let Ok(keeping) = http.keeping() else { return };
        self.lanes.pace.wait(operation(request), KEPT + 1).await;
        let serves = async {
            // At the same time, so that each has a connection of its own.
            let idle = join_all((0..KEPT).map(|_| self.http_by(&keeping, request))).await;
            idle.iter().all(|exchange| exchange.result.is_ok())
                && self.http_by(http.fresh(), request).await.result.is_ok()
        };
        if tokio::time::timeout(PATIENCE, serves).await == Ok(true) {
            http.keep(Some(keeping));
        }
    }

    /// As [`Self::http_in_turn`] for a request that changes nothing, on a kept connection if there may be some. `named` is in
    /// every answer that is one to this request.
    pub async fn look_in_turn(&self, request: &Request, named: Option<&str>) -> Exchange {
        let http = &self.lanes.http;
        let asked = operation(request);
        let Some(keeping) = http.kept().filter(|_| self.lanes.patience.ended(Lane::Http, asked).is_none()) else {
            return self.http_in_turn(request).await;
        };
        let exchange = self.http_by(&keeping, request).await;
        self.lanes.patience.learn(Lane::Http, asked, &exchange.result);
        if exchange.result.as_ref().is_ok_and(|answer| is_throttled(answer) || is_answer(answer, named)) {
            return exchange;
        }
        self.turn_of(slice::from_ref(request)).await;
        let again = self.http_in_turn(request).await;
        if status(&exchange) != status(&again) {
            http.keep(None);
        }
        again
    }
}

/// Whether it is surely an answer to this request. Refusals name the key as successes do; where there is no name to look for,
/// only a success will do.
fn is_answer(answer: &Response, named: Option<&str>) -> bool {
    match named {
        Some(named) => answer.status < 500 && memmem::find(&answer.body, named.as_bytes()).is_some(),
        None => (200..300).contains(&answer.status),
    }
}

fn status(exchange: &Exchange) -> Option<u16> {
    exchange.result.as_ref().ok().map(|answer| answer.status)
}
