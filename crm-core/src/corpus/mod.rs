//! The corpus: stories in JSON that say how a program behaves, and the player that checks them (feature `conformance`).
//!
//! The format is described in `tests/vectors/README.md`. A host can bring stories of its own and play them with [`run`].

mod books;
mod hands;
mod play;
mod story;

pub use books::{add_up, check};
pub use hands::{Awaited, Wait};
pub use play::{Sweeps, play, play_async};
pub use story::{Refused, Step, Story, stories};

use crate::engine::Engine;
use crate::error::Result;
use crate::store::MemoryStore;
use std::path::{Path, PathBuf};

/// How one story ended in one way of playing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// The file.
    pub path: PathBuf,
    /// The way of playing: `memory`, `memory, swept`, `memory, async`, `sqlite`, `postgres`, `postgres, async`.
    pub way: &'static str,
    /// What differs; none when all is as told.
    pub failure: Option<String>,
}

/// Plays all stories below a folder in every way that this build has; on PostgreSQL where `CRM_POSTGRES` is the address of a server, in a
/// schema of its own that is gone afterwards.
///
/// # Errors
/// `import.file` when the folder cannot be read; `store.*` when the server cannot be used.
pub fn run(folder: &Path, each: &mut dyn FnMut(&Played)) -> Result<()> {
    let samples = |name: &str| {
        let text = crate::program::sample(name)?;
        serde_json::from_str(text).ok()
    };
    #[cfg(feature = "postgres")]
    let server = on_server::Server::of_environment()?;
    for (path, story) in stories(folder)? {
        let mut tell = |way: &'static str, result: std::result::Result<(), String>| {
            each(&Played { path: path.clone(), way, failure: result.err() });
        };
        let story = match story {
            Ok(story) => story,
            Err(error) => {
                tell("reading", Err(error.to_string()));
                continue;
            }
        };
        let fresh = || Engine::open(MemoryStore::new()).map_err(|error| error.to_string());
        tell("memory", fresh().and_then(|engine| play(&story, &engine, Sweeps::AsTold, &samples)));
        tell("memory, swept", fresh().and_then(|engine| play(&story, &engine, Sweeps::Everywhere, &samples)));
        tell("memory, async", slowly::play(&story, &samples));
        #[cfg(feature = "sqlite")]
        {
            let fresh =
                crate::store::SqliteStore::in_memory().and_then(Engine::open).map_err(|error| error.to_string());
            tell("sqlite", fresh.and_then(|engine| play(&story, &engine, Sweeps::AsTold, &samples)));
        }
        #[cfg(feature = "postgres")]
        if let Some(server) = &server {
            let fresh = server.fresh().map_err(|error| error.to_string());
            tell("postgres", fresh.and_then(|engine| play(&story, &engine, Sweeps::AsTold, &samples)));
            let fresh = server.fresh().map_err(|error| error.to_string());
            tell("postgres, async", fresh.and_then(|books| server.play(&story, &books, &samples)));
        }
    }
    Ok(())
}

/// Memory behind futures that are not ready when they are first asked, and a host with no runtime at all.
mod slowly {
    use super::{Awaited, Story, Sweeps, play_async};
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
}

#[cfg(feature = "postgres")]
mod on_server {
    use super::{Awaited, Story, Sweeps, play_async};
    use crate::engine::AsyncEngine;
    use crate::engine::Engine;
    use crate::error::{Error, ErrorCode, Result};
    use crate::store::{PostgresOptions, PostgresStore};
    use std::sync::Arc;
    use tokio::runtime::{Builder, Runtime};

    /// One schema for all stories, emptied before each.
    pub(super) struct Server(Arc<PostgresStore>, Runtime);

    impl Server {
        pub(super) fn of_environment() -> Result<Option<Self>> {
            let Ok(address) = std::env::var("CRM_POSTGRES") else { return Ok(None) };
            let schema = format!("crm_corpus_{}", std::process::id());
            let options = PostgresOptions { schema, ..PostgresOptions::default() };
            let failed = |error| Error::new(ErrorCode::StoreFailed, "could not make a runtime").caused_by(error);
            let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(failed)?;
            Ok(Some(Self(Arc::new(PostgresStore::open(&address, &options)?), runtime)))
        }

        /// By an engine of futures, on the same schema.
        pub(super) fn play(
            &self,
            story: &Story,
            books: &Engine,
            samples: &dyn Fn(&str) -> Option<serde_json::Value>,
        ) -> std::result::Result<(), String> {
            let opened = self.1.block_on(AsyncEngine::open_shared(self.0.clone()));
            let engine = opened.map_err(|error| error.to_string())?;
            let by = Awaited { engine: &engine, wait: &|work| self.1.block_on(work) };
            play_async(story, &by, books, Sweeps::AsTold, samples)
        }

        pub(super) fn fresh(&self) -> Result<Engine> {
            self.0.run_sql(PostgresStore::EMPTY)?;
            Engine::open_shared(self.0.clone())
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            let schema = format!("DROP SCHEMA crm_corpus_{} CASCADE", std::process::id());
            self.0.run_sql(&schema).ok();
        }
    }
}
