//! Environment variables, and waiting for a future outside of asynchronous code.

/// A variable of the environment. An empty variable counts as not set.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Waits for a future in synchronous code, which describes the target before the run starts.
pub(crate) fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}
