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
    let last = request.behind.last()?;
    let left = headers.iter().filter(|(_, name)| request.values(name).next().is_none());
    let mut left = left.filter_map(|(point, name)| Some((*point, *name, last.values(name).next()?)));
    let (_, name, value) = left.find(|(point, ..)| config.at(*point))?;
    let mut read = request.clone();
    read.headers.push((name.to_owned(), value.to_owned()));
    Some(read)
}
