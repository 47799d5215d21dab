//! Environment variables, and waiting for a future outside of asynchronous code.

use crate::edge::cores::of_this_thread;
use crate::edge::failure::Failure;

/// A variable of the environment. An empty variable counts as not set.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Waits for a future in synchronous code, which describes the target before the run starts. The future runs on a thread and a
/// runtime of its own.
///
/// # Errors
///
/// The runtime cannot be started.
pub(crate) fn wait_for<T: Send>(future: impl Future<Output = T> + Send) -> Result<T, Failure> {
    let wait = || Ok(of_this_thread()?.block_on(future));
    std::thread::scope(|scope| scope.spawn(wait).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
}
