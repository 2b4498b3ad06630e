//! Memory behind futures that are not ready when they are first asked, and a host with no runtime at all.

use super::hands::Awaited;
use super::play::{Sweeps, play_async};
use super::story::Story;
use crate::engine::{AsyncEngine, Engine};
use crate::error::Result;
use crate::store::{Abilities, AsyncStore, Coming, Commit, CommitReply, MemoryStore, Read, Row, Store};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::Thread;

struct Slow(MemoryStore);

impl AsyncStore for Slow {
    fn abilities(&self) -> Abilities {
        self.0.abilities()
    }
    fn load<'a>(&'a self, reads: &'a [Read]) -> Coming<'a, Vec<Vec<Row>>> {
        Box::pin(async move {
            Later(false).await;
            self.0.load(reads)
        })
    }
    fn commit<'a>(&'a self, commit: &'a Commit) -> Coming<'a, CommitReply> {
        Box::pin(async move {
            Later(false).await;
            self.0.commit(commit)
        })
    }
    fn close(&self) -> Coming<'_, ()> {
        Box::pin(async move { self.0.close() })
    }
}

/// Ready when it is asked for the second time.
struct Later(bool);

impl Future for Later {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn wait(work: Pin<Box<dyn Future<Output = ()> + Send + '_>>) {
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut work = pin!(work);
    while work.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        std::thread::park();
    }
}

pub(super) fn play(
    story: &Story,
    samples: &dyn Fn(&str) -> Option<serde_json::Value>,
) -> std::result::Result<(), String> {
    let store = MemoryStore::new();
    let open = || -> Result<(AsyncEngine, Engine)> {
        let mut engine = Err(crate::error::Error::internal("nobody waited for the future"));
        wait(Box::pin(async { engine = AsyncEngine::open(Slow(store.clone())).await }));
        Ok((engine?, Engine::open(store.clone())?))
    };
    let (engine, books) = open().map_err(|error| error.to_string())?;
    play_async(story, &Awaited { engine: &engine, wait: &wait }, &books, Sweeps::AsTold, samples)
}
