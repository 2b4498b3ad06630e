//! Waiting for the feed to go on, inside one process. Outside of the stores nobody knows a clock.

use super::feed::{Fed, Offset};
use crate::error::Result;
use crate::limits::FEED_LOOK_MS;
use std::future::{Future, poll_fn};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

/// How long whoever cannot be told waits between two looks.
pub(super) const LOOK: Duration = Duration::from_millis(FEED_LOOK_MS);

/// Wakes the threads that wait for something to be committed.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rung: Mutex<u64>,
    heard: Condvar,
}

impl Bell {
    /// Something was committed, or the store is closed.
    pub(super) fn ring(&self) {
        let mut rung = self.lock();
        *rung = rung.wrapping_add(1);
        drop(rung);
        self.heard.notify_all();
    }

    /// Looks until there is something or the time is over: whenever it rings, and every so often for what is not heard here.
    pub(super) fn wait(&self, wait_ms: u32, look: Duration, there: impl Fn() -> Result<bool>) -> Result<bool> {
        let end = end(wait_ms);
        // What rings during a look is not missed: the number is another one then.
        let mut before = *self.lock();
        loop {
            if there()? {
                return Ok(true);
            }
            let left = left(end);
            if left.is_zero() {
                return Ok(false);
            }
            let same = |rung: &mut u64| *rung == before;
            let waited = self.heard.wait_timeout_while(self.lock(), left.min(look), same);
            let now = *waited.unwrap_or_else(PoisonError::into_inner).0;
            before = now;
        }
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks every so often until there is something or the time is over, for tasks.
pub(super) async fn look<F: Future<Output = Result<Vec<Fed>>>>(
    feed: impl Fn(Offset, usize) -> F,
    after: Offset,
    wait_ms: u32,
) -> Result<bool> {
    let end = end(wait_ms);
    while feed(after, 1).await?.is_empty() {
        let left = left(end);
        if left.is_zero() {
            return Ok(false);
        }
        nap(left.min(LOOK)).await;
    }
    Ok(true)
}

/// When a wait is over.
pub(super) fn end(wait_ms: u32) -> Instant {
    Instant::now() + Duration::from_millis(wait_ms.into())
}

/// How much of it is left.
pub(super) fn left(end: Instant) -> Duration {
    end.saturating_duration_since(Instant::now())
}

/// Sleeps on a thread of its own, because a task must not and no runtime is named here.
async fn nap(length: Duration) {
    let over: Arc<Mutex<(bool, Option<Waker>)>> = Arc::default();
    let sleeper = Arc::clone(&over);
    let slept = std::thread::Builder::new().spawn(move || {
        std::thread::sleep(length);
        let mut over = sleeper.lock().unwrap_or_else(PoisonError::into_inner);
        over.0 = true;
        if let Some(waker) = over.1.take() {
            waker.wake();
        }
    });
    if slept.is_err() {
        return std::thread::sleep(length); // No thread is to be had: better late than without a pause.
    }
    poll_fn(|cx| {
        let mut over = over.lock().unwrap_or_else(PoisonError::into_inner);
        if over.0 {
            return Poll::Ready(());
        }
        over.1 = Some(cx.waker().clone());
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use crate::error::ErrorCode;
    use crate::store::{AsyncStore, AtOnce, Commit, Guard, MemoryStore, Offset, Row, Store, Table, Value, Write};
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Wake, Waker};
    use std::thread::{Thread, sleep};
    use std::time::{Duration, Instant};

    /// Wakes a thread, and counts.
    struct Waking(Thread, AtomicUsize);

    impl Wake for Waking {
        fn wake(self: Arc<Self>) {
            self.1.fetch_add(1, Ordering::SeqCst);
            self.0.unpark();
        }
    }

    fn an_entry() -> Commit {
        let cells = Table::Entry.describe().columns.iter().map(|column| match column.kind {
            _ if column.nullable => Value::Null,
            crate::store::ColumnType::Int => Value::Int(1),
            crate::store::ColumnType::Text => Value::text("x"),
            crate::store::ColumnType::Blob => Value::Blob(b"b"[..].into()),
        });
        Commit { writes: vec![Write::Put { row: Row::new(Table::Entry, cells.collect()), guard: Guard::New }] }
    }

    fn wait<T>(mut work: Pin<Box<dyn Future<Output = T> + '_>>) -> (T, usize) {
        let waking = Arc::new(Waking(std::thread::current(), AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&waking));
        loop {
            let begun = Instant::now();
            if let Poll::Ready(value) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                return (value, waking.1.load(Ordering::SeqCst));
            }
            assert!(begun.elapsed() < Duration::from_millis(90), "the task holds its thread up");
            std::thread::park();
        }
    }

    /// A task that waits on a store without a runtime leaves its thread alone, and looks every so often. To see it fail: let `nap` sleep itself.
    #[test]
    fn a_task_waits_without_holding_its_thread() {
        let memory = MemoryStore::new();
        let store = AtOnce(memory.clone());
        let (nothing, _) = wait(store.wait_for_entries(Offset::START, 250));
        assert_eq!(nothing, Ok(false));
        std::thread::scope(|threads| {
            threads.spawn(|| {
                sleep(Duration::from_millis(350));
                Store::commit(&memory, &an_entry()).unwrap();
            });
            let (found, woken) = wait(store.wait_for_entries(Offset::START, 60_000));
            assert_eq!(found, Ok(true));
            assert!((3..50).contains(&woken), "{woken}");
        });
        Store::close(&memory).unwrap();
        let (closed, _) = wait(store.wait_for_entries(Offset::START, 60_000));
        assert_eq!(closed.map_err(|error| error.code()), Err(ErrorCode::StoreClosed));
    }
}
