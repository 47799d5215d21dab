//! Spreads work over the cores: one thread for each core, each with its own runtime. Both ends of an exchange on
//! loopback then run on the same core, and neither has to wake another core.

use super::failure::Failure;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinSet, spawn_blocking};

/// The number of cores.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Does each piece of work, a limited number at the same time, and calls `ended` after each. The results are in no
/// order.
///
/// # Errors
///
/// A piece of work panicked, or a thread cannot be started.
pub(crate) async fn spread<W, T, F>(
    work: Vec<W>,
    at_a_time: usize,
    each: fn(W) -> F,
    ended: impl Fn() + Clone + Send + 'static,
) -> Result<Vec<T>, Failure>
where
    W: Send + 'static,
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let threads = cores().min(at_a_time).max(1);
    let work = Arc::new(Mutex::new(work.into_iter()));
    let running: Vec<_> = (0..threads)
        .map(|thread| {
            let share = at_a_time / threads + usize::from(thread < at_a_time % threads);
            let work = Arc::clone(&work);
            let ended = ended.clone();
            spawn_blocking(move || on_one(&work, share.max(1), each, ended))
        })
        .collect();
    let mut done = Vec::new();
    for thread in running {
        done.extend(thread.await.map_err(|error| Failure::internal(format!("wait for a thread: {error}")))??);
    }
    Ok(done)
}

/// A runtime that stays on the thread that uses it.
///
/// # Errors
///
/// It cannot be started.
pub(crate) fn of_this_thread() -> Result<Runtime, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::internal(format!("start a runtime: {error}")))
}

/// The work of one thread. The thread takes the next piece whenever one is done.
fn on_one<W, T, F>(
    work: &Mutex<std::vec::IntoIter<W>>,
    share: usize,
    each: fn(W) -> F,
    ended: impl Fn(),
) -> Result<Vec<T>, Failure>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let next = || work.lock().unwrap_or_else(PoisonError::into_inner).next();
    of_this_thread()?.block_on(async {
        let mut running = JoinSet::new();
        for work in (0..share).map_while(|_| next()) {
            running.spawn(each(work));
        }
        let mut done = Vec::new();
        while let Some(piece) = running.join_next().await {
            ended();
            done.push(piece.map_err(|error| Failure::internal(format!("finish a piece of work: {error}")))?);
            if let Some(work) = next() {
                running.spawn(each(work));
            }
        }
        Ok(done)
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_piece_is_done_once_however_many_there_are_at_a_time() {
        for at_a_time in [1, 2, 3, 64] {
            let mut done =
                spread((0..20).collect(), at_a_time, |piece: u32| async move { piece * 2 }, || {}).await.unwrap();
            done.sort_unstable();
            assert_eq!(done, (0..20).map(|piece| piece * 2).collect::<Vec<u32>>(), "{at_a_time}");
        }
    }

    #[tokio::test]
    async fn a_piece_that_panics_is_an_error() {
        let ended = spread(vec![1, 0], 2, |piece: u32| async move { 1_u32.checked_div(piece).unwrap() }, || {}).await;
        assert!(ended.is_err());
    }
}
