//! Whether target and client agree where a message ends: asked by a good second request on the same connection.

use super::context::Run;
use super::judge::absent;
use crate::compare::{Fact, Mismatch, Place, What};
use crate::fixture::ShapeRule;
use crate::http::Request;
use crate::observe::observe;
use crate::send::{Exchange, Followed, SendError};

/// What a correct request about a key that does not exist can be answered with, by a target that has read it.
const READ: [&str; 3] = ["NotFoundException", "AccessDeniedException", "ThrottlingException"];

/// Sends a request whose turn has come, then a good one on the same connection. The mismatch says that the second was not
/// answered as it is on a connection of its own.
pub(super) async fn in_step(run: &Run<'_>, request: &Request) -> (Exchange, Option<Mismatch>) {
    let good = absent(run, "step");
    let (exchange, followed) = run.sender.followed_in_turn(request, &good).await;
    let is_lost = match followed {
        Followed::Closed => false,
        Followed::Surplus => true,
        Followed::Answered(second) => match &second.result {
            Ok(response) => {
                let name = observe(response).error_name().map(str::to_owned);
                let is_read = name.as_deref().is_some_and(|name| READ.contains(&name));
                !is_read && is_answered_otherwise(run, &good, response.status, name.as_deref()).await
            }
            // To close a connection is no fault.
            Err(error) => matches!(error, SendError::NotHttp { .. } | SendError::Malformed(_)),
        },
    };
    (exchange, is_lost.then(|| mismatch(run)).flatten())
}

async fn is_answered_otherwise(run: &Run<'_>, good: &Request, status: u16, name: Option<&str>) -> bool {
    let Some(Exchange { result: Ok(alone), .. }) = run.sender.wire(std::slice::from_ref(good)).await.pop() else {
        return false;
    };
    let alone = observe(&alone);
    (alone.status, alone.error_name()) != (status, name)
}

fn mismatch(run: &Run<'_>) -> Option<Mismatch> {
    let shape = run.corpus.shape(ShapeRule::FramingIsValid)?;
    Some(Mismatch {
        what: What::Framing,
        place: Place::NextRequest,
        expected: Fact::words("the answer that it gets on a connection of its own"),
        found: Fact::words("something else: the target reads the rest of the request before as a request"),
        clauses: shape.clauses.clone(),
        supports: shape.supports.clone(),
        level: shape.level,
        hint: None,
    })
}
