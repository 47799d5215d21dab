//! Recorded exchanges of a deployment, and the comparison with later exchanges. A difference is drift. Drift is not
//! divergence: a deployment can change and still conform.

mod drift;
mod head;
mod recording;
mod snap;
mod store;

pub use crate::normalise::Message;
pub use drift::{Difference, Drift, compare, repeated};
pub use head::{Head, day};
pub use recording::{Recording, RecordingError, Section};
pub use snap::{Snap, SnapError, SnapFile};
pub use store::{Baseline, BaselineError, case_of, file_name};
