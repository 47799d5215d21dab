//! Headers that mutants take over from an earlier request on the connection.

use crate::config::Config;
use crate::mutant::Point;
use crate::request::Incoming;

/// Headers that are taken over before the signature is verified.
pub(crate) const BEFORE_VERIFYING: [(Point, &str); 2] =
    [(Point::AuthorizationLeft, "authorization"), (Point::DateLeft, "x-amz-date")];

/// Headers that are taken over by what reads the request once its signature is verified.
pub(crate) const BEHIND_VERIFYING: [(Point, &str); 2] =
    [(Point::TargetLeft, "x-amz-target"), (Point::ContentTypeLeft, "content-type")];

/// The request with the header that a mutant takes over, if it lacks this header.
pub(crate) fn taken_over(config: &Config, request: &Incoming, headers: &[(Point, &str)]) -> Option<Incoming> {
    let (_, name) = headers.iter().find(|(point, _)| config.at(*point))?;
    let value = request.behind.last()?.values(name).next()?.to_owned();
    if request.values(name).next().is_some() {
        return None;
    }
    let mut read = request.clone();
    read.headers.push(((*name).to_owned(), value));
    Some(read)
}
