//! What stands in front of every operation, in the order in which AWS services have been seen to check: routing, JSON,
//! target, signature. A request that cannot be read is refused before anybody asks who sent it.

use crate::config::Principal;
use crate::error::Refusal;
use crate::json;
use crate::operations;
use crate::server::{CONTENT_TYPE, Incoming, Shared};
use crate::verify::verify;
use serde_json::{Map, Value};

/// A request that may be carried out.
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) region: &'a str,
    pub(crate) principal: &'a Principal,
    pub(crate) members: &'a Map<String, Value>,
}

/// Answers a request: the body of a success, or a refusal.
pub(crate) fn handle(shared: &Shared, region: &str, request: &Incoming) -> Result<Vec<u8>, Refusal> {
    path(request)?;
    method(request)?;
    content_type(request)?;
    let members = json::object(&request.body);
    // An unreadable body is told first even where the target is unknown; but where both are wrong, nobody has recorded
    // which is told of a body that is only empty, so the target comes first there.
    if let Err(refusal) = &members
        && !request.body.is_empty()
    {
        return Err(refusal.clone());
    }
    let operation = operation(request)?;
    let members = members?;
    let principal = verify(&shared.config, region, request)?;
    operations::carry_out(operation, &Call { shared, region, principal, members: &members })
}

fn path(request: &Incoming) -> Result<(), Refusal> {
    if request.path == "/" { Ok(()) } else { Err(Refusal::unclaimed()) }
}

fn method(request: &Incoming) -> Result<(), Refusal> {
    if request.method == "POST" { Ok(()) } else { Err(Refusal::unclaimed()) }
}

fn content_type(request: &Incoming) -> Result<(), Refusal> {
    let values: Vec<&str> = request.values("content-type").collect();
    let [value] = values.as_slice() else {
        return Err(Refusal::unclaimed());
    };
    // Parameters are tolerated.
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(CONTENT_TYPE) { Ok(()) } else { Err(Refusal::unclaimed()) }
}

fn operation(request: &Incoming) -> Result<&'static str, Refusal> {
    let unknown = || Refusal::bare("UnknownOperationException");
    let values: Vec<&str> = request.values("x-amz-target").collect();
    let [value] = values.as_slice() else {
        return Err(unknown());
    };
    let name = value.trim().strip_prefix("TrentService.").ok_or_else(unknown)?;
    operations::known(name).ok_or_else(unknown)
}
