//! How many cases run at a time: fewer while the target is overloaded, up to the number that was named.

use std::sync::{Mutex, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Slots that cases run in. There are half as many after a case in which the target showed that it is overloaded, and one more
/// after each case in which it did not, up to the most.
pub(super) struct Slots {
    free: Semaphore,
    most: usize,
    count: Mutex<Count>,
}

/// There are as many permits as slots, and surplus ones that are taken away when they are given back.
struct Count {
    slots: usize,
    surplus: usize,
    /// The strains of the target that are answered for.
    strains: u64,
}

impl Slots {
    /// So many, at least one.
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { free: Semaphore::new(most), most, count: Mutex::new(Count { slots: most, surplus: 0, strains: 0 }) }
    }

    /// Does something in a slot, when one is free. `strains` tells how often the target was overloaded so far.
    pub(super) async fn within<T>(&self, something: impl Future<Output = T>, strains: impl Fn() -> u64) -> T {
        let permit = self.free.acquire().await.expect("nobody closes the slots");
        let before = strains();
        let done = something.await;
        self.give_back(permit, before, strains());
        done
    }

    /// Takes a slot back from a case. A strain that came while several cases ran halves the slots once, and none of them adds one.
    fn give_back(&self, permit: SemaphorePermit<'_>, before: u64, strains: u64) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        if strains > before {
            if strains > count.strains {
                let slots = (count.slots / 2).max(1);
                count.surplus += count.slots - slots;
                (count.slots, count.strains) = (slots, strains);
            }
        } else if count.slots < self.most {
            count.slots += 1;
            match count.surplus.checked_sub(1) {
                Some(left) => count.surplus = left,
                None => self.free.add_permits(1),
            }
        }
        if let Some(left) = count.surplus.checked_sub(1) {
            count.surplus = left;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
    use tokio::task::yield_now;

    /// How many of so many cases ran at a time, case by case, where these ones strain the target.
    async fn at_a_time(most: usize, cases: usize, straining: &[usize]) -> Vec<usize> {
        let (slots, inside, strains) = (Slots::new(most), AtomicUsize::new(0), AtomicU64::new(0));
        join_all((0..cases).map(|case| {
            let (slots, inside, strains) = (&slots, &inside, &strains);
            slots.within(
                async move {
                    let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                    yield_now().await;
                    if straining.contains(&case) {
                        strains.fetch_add(1, Ordering::SeqCst);
                    }
                    inside.fetch_sub(1, Ordering::SeqCst);
                    now
                },
                || strains.load(Ordering::SeqCst),
            )
        }))
        .await
    }

    #[tokio::test]
    async fn all_slots_are_used_while_nothing_is_too_much() {
        let seen = at_a_time(4, 40, &[]).await;
        assert_eq!((seen[..4].to_vec(), seen.iter().max()), (vec![1, 2, 3, 4], Some(&4)));
    }

    /// Throttled all at once, and ending one after another: the strain is one.
    #[tokio::test]
    async fn cases_that_ran_during_a_strain_do_not_make_up_for_it() {
        let (slots, strains) = (Slots::new(8), AtomicU64::new(0));
        let told = || strains.load(Ordering::SeqCst);
        let eight = (0..8).map(|case| {
            let strains = &strains;
            slots.within(
                async move {
                    yield_now().await;
                    strains.fetch_add(u64::from(case == 0), Ordering::SeqCst);
                    yield_now().await;
                },
                told,
            )
        });
        join_all(eight).await;
        assert_eq!(slots.count.lock().unwrap_or_else(PoisonError::into_inner).slots, 4);
        assert_eq!(slots.free.available_permits(), 4);
    }

    #[tokio::test]
    async fn an_overloaded_target_is_asked_by_one_at_a_time_and_then_by_all_again() {
        let seen = at_a_time(8, 80, &[0, 1, 2, 3, 4, 5, 6, 7]).await;
        assert_eq!(seen[8..10], [1, 1], "{seen:?}");
        assert_eq!(seen[8..].iter().max(), Some(&8), "{seen:?}");
    }
}
