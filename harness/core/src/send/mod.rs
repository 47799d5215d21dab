//! Carries requests to a target. The only stage that opens sockets.

mod endpoint;
mod error;
mod exchange;
mod http1;
mod http_lane;
mod sender;
mod tls;
mod wire;

pub use endpoint::{Endpoint, EndpointError, Scheme};
pub use error::{Fault, SendError, SetupError};
pub use exchange::{Exchange, Lane, Limits, Response, ResponseFraming, Timing, Version};
pub use sender::Sender;
pub use tls::{Tls, Verify};
