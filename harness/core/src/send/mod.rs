//! Sends requests to a target. This is the only stage that opens sockets.

mod chunked;
mod connection;
mod delivery;
mod endpoint;
mod error;
mod exchange;
#[cfg(test)]
mod faulty;
mod framing;
mod http1;
mod http_lane;
mod latency;
mod listening;
mod pace;
mod patience;
mod peer;
mod proxy;
mod sender;
mod service;
mod tally;
#[cfg(test)]
mod tests;
mod tls;
mod wire;

pub use endpoint::{Endpoint, EndpointError, Scheme};
pub use error::{Fault, SendError, SetupError};
pub use exchange::{Exchange, Followed, Lane, Limits, Rates, Response, ResponseFraming, Timing, Version};
pub(crate) use http1::encode;
#[doc(hidden)]
pub use http1::read_answer;
pub use latency::{Latencies, Latency};
pub use listening::listens;
pub use peer::Peer;
pub use proxy::{Proxy, ProxyError};
pub use sender::Sender;
pub use service::{Modules, RegionError, Stack, kms_endpoint};
pub use tally::Tally;
pub use tls::{ClientIdentity, Tls, Verify};
