//! Rows in one SQLite file: the embedded default.
//!
//! One connection writes, behind a lock; a few others read, each load at one point in time. The file is in WAL mode, so
//! neither waits for the other, and other processes may open it too. A load of single rows goes over the connection that
//! writes, if nobody writes just then.

mod backup;
mod commit;
mod connect;
mod fault;
mod forks;
mod load;
mod pool;
mod schema;
mod sql;
mod statements;

pub use backup::{BackupReport, Verified};

use super::contract::{Abilities, Commit, CommitReply, Read, Store};
use super::feed::{Fed, Offset};
use super::place::{Durability, OpenMode};
use super::row::Row;
use super::shape::{check_commit, check_reads};
use super::wake::{Bell, LOOK};
use crate::error::{Error, ErrorCode, Result};
use connect::Place;
use forks::Mine;
use pool::Readers;
use rusqlite::Connection;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How to open a file. The default is the careful choice in each field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    /// What a commit survives.
    pub durability: Durability,
    /// Whether the file may be made.
    pub open: OpenMode,
    /// How long to wait for another process before giving up with `store.busy`, in milliseconds.
    pub busy_wait_ms: u32,
    /// Most loads at the same time; more wait for their turn. At least one.
    pub readers_max: usize,
    /// Largest file, in pages: lets tests fill a disk.
    #[doc(hidden)]
    pub pages_max: Option<u32>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            open: OpenMode::default(),
            busy_wait_ms: 5_000,
            readers_max: 4,
            pages_max: None,
        }
    }
}

/// A store in one SQLite file, or in memory.
///
/// ```
/// use crm_core::store::{Read, SqliteOptions, SqliteStore, Store, Table};
/// let folder = tempfile::tempdir()?;
/// let store = SqliteStore::open(&folder.path().join("crm.db"), SqliteOptions::default())?;
/// let programs = Read::Prefix { table: Table::Program, prefix: vec![], after: None, limit: 10 };
/// assert!(store.load(&[programs])?[0].is_empty());
/// store.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SqliteStore {
    place: Place,
    writer: Mutex<Option<Writer>>,
    readers: Readers,
    bell: Bell,
    /// The file, until the store is closed.
    mine: Mutex<Option<Mine>>,
}

/// The connection that writes.
struct Writer {
    connection: Connection,
    /// About how many pages went to the write-ahead log since it was last carried over into the file.
    log_pages: u64,
}

/// How many pages of log make a checkpoint worth it: 8 MB, twice the size that SQLite chose for its own. Pages that are written again
/// and again are carried over once.
const CHECKPOINT_PAGES: u64 = 2_000;

impl SqliteStore {
    /// Opens a file, makes its tables where it is new, and brings them up to date where they are of an older release.
    /// The size of the tables does not matter.
    ///
    /// # Errors
    /// `store.missing`: no such file (or no such folder); `store.corrupt`: damaged, or not a database of this library;
    /// `store.newer`; `store.read_only`; `store.busy`: another process held it for longer than the busy wait;
    /// `store.full`; `store.failed`; `store.forked`: this process was forked from one that had the file open, where SQLite is not safe.
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self> {
        Self::open_place(Place::File { path: path.to_owned(), options })
    }

    /// A store in memory, lost when it is dropped. Loads and commits take turns.
    ///
    /// # Errors
    /// `store.failed`.
    pub fn in_memory() -> Result<Self> {
        Self::open_place(Place::Memory)
    }

    fn open_place(place: Place) -> Result<Self> {
        let mine = match &place {
            Place::File { path, .. } => Some(Mine::enter(path)?),
            Place::Memory => None,
        };
        let connection = place.open_writer()?;
        let readers = Readers::new(place.clone());
        Ok(Self {
            place,
            writer: Mutex::new(Some(Writer { connection, log_pages: 0 })),
            readers,
            bell: Bell::default(),
            mine: Mutex::new(mine),
        })
    }

    /// Lets tests fill the disk, and make room again.
    ///
    /// # Errors
    /// `store.failed`, `store.closed`.
    #[doc(hidden)]
    pub fn limit_pages(&self, pages: u32) -> Result<()> {
        let writer = self.lock_writer();
        let writer = writer.as_ref().ok_or_else(closed)?;
        connect::limit_pages(&writer.connection, pages)
    }

    fn lock_writer(&self) -> MutexGuard<'_, Option<Writer>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads over the connection that writes, where nobody writes just then and only single rows are asked for. It knows the pages of
    /// its own commits, whereas each commit takes all pages from the readers.
    fn load_from_writer(&self, reads: &[Read]) -> Option<Result<Vec<Vec<Row>>>> {
        if !reads.iter().all(|read| matches!(read, Read::Row { .. } | Read::Index { .. })) {
            return None;
        }
        let guard = self.writer.try_lock().ok()?;
        let writer = guard.as_ref().filter(|writer| writer.connection.is_autocommit())?;
        let answers = load::load(&writer.connection, reads);
        // An end that failed must not stay in the way of the next commit.
        if !writer.connection.is_autocommit() {
            load::run(&writer.connection, "ROLLBACK").ok();
        }
        Some(answers)
    }

    /// Carries the log over into the file once it is long. This happens after the commit, outside of its lock and on a
    /// reader's connection, so no other commit waits for it; a passive checkpoint waits for nobody either. It is optional
    /// work: where it fails or no connection is free, the log stays a little longer.
    fn checkpoint(&self) {
        self.readers.try_with(|reader| connect::checkpoint(reader, "passive"));
    }
}

impl Store for SqliteStore {
    fn abilities(&self) -> Abilities {
        Abilities { atomic_across_owners: true, durable: matches!(self.place, Place::File { .. }), feed: true }
    }

    fn load(&self, reads: &[Read]) -> Result<Vec<Vec<Row>>> {
        check_reads(reads)?;
        match self.place {
            Place::File { .. } => match self.load_from_writer(reads) {
                Some(answers) => answers,
                None => self.readers.with(|reader| load::load(reader, reads)),
            },
            Place::Memory => {
                let writer = self.lock_writer();
                load::load(&writer.as_ref().ok_or_else(closed)?.connection, reads)
            }
        }
    }

    fn commit(&self, commit: &Commit) -> Result<CommitReply> {
        check_commit(commit)?;
        if self.place.only_looks() {
            return Err(Error::new(ErrorCode::StoreReadOnly, "the store was opened for looking only"));
        }
        let mut guard = self.lock_writer();
        let writer = guard.as_mut().ok_or_else(closed)?;
        let reply = commit::commit(&writer.connection, commit)?;
        if reply == CommitReply::Done {
            writer.log_pages += commit::about_pages(commit);
        }
        let long = CHECKPOINT_PAGES <= writer.log_pages && matches!(self.place, Place::File { .. });
        if long {
            writer.log_pages = 0;
        }
        drop(guard);
        if reply == CommitReply::Done {
            self.bell.ring();
        }
        if long {
            self.checkpoint();
        }
        Ok(reply)
    }

    fn feed(&self, after: Offset, limit: usize) -> Result<Vec<Fed>> {
        match self.place {
            Place::File { .. } => self.readers.with(|reader| load::feed(reader, after, limit)),
            Place::Memory => {
                let writer = self.lock_writer();
                load::feed(&writer.as_ref().ok_or_else(closed)?.connection, after, limit)
            }
        }
    }

    fn wait_for_entries(&self, after: Offset, wait_ms: u32) -> Result<bool> {
        // What other processes commit is not heard here.
        self.bell.wait(wait_ms, LOOK, || Ok(!Store::feed(self, after, 1)?.is_empty()))
    }

    fn close(&self) -> Result<()> {
        // That would be the parent's file.
        if self.mine.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(Mine::is_forked) {
            return Ok(());
        }
        let Some(writer) = self.lock_writer().take() else {
            return Ok(());
        };
        self.readers.close();
        self.bell.ring();
        // The last connection to a file removes the log; where another process has it open, the log is its to remove.
        let carried = match self.place {
            Place::File { .. } if !self.place.only_looks() => connect::checkpoint(&writer.connection, "truncate"),
            _ => Ok(()),
        };
        writer.connection.close().map_err(|(_, error)| fault::error("close the database", error))?;
        self.mine.lock().unwrap_or_else(PoisonError::into_inner).take();
        carried
    }
}

/// In a child that was forked the connections are left as they are: to close them there would do it to the parent's file.
impl Drop for SqliteStore {
    fn drop(&mut self) {
        // Without the locks: whoever held them may be a thread that this process does not have.
        let forked = self.mine.get_mut().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(Mine::is_forked);
        if forked {
            std::mem::forget(self.writer.get_mut().unwrap_or_else(PoisonError::into_inner).take());
            self.readers.leave();
        }
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("place", &self.place).finish_non_exhaustive()
    }
}

fn closed() -> Error {
    Error::new(ErrorCode::StoreClosed, "the store is closed")
}
