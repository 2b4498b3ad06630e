//! The corpus: stories in JSON that say how a program behaves, and the player that checks them (feature `conformance`).
//!
//! The format is described in `tests/vectors/README.md`. A host can bring stories of its own and play them with [`run`].

mod books;
mod hands;
#[cfg(feature = "postgres")]
mod on_server;
mod play;
mod slowly;
mod story;

pub use books::{Books, add_up, check, look_through};
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
