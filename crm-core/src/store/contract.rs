//! What a store is: consistent reads of rows and all-or-nothing commits. No transaction handle crosses it.
//!
//! A store knows tables, keys and columns, and nothing of points or tiers. Rows are described once, in [`super::Table`];
//! a backend is generic over that description.

use super::feed::{Fed, Offset, none_kept};
use super::row::Row;
use super::table::Table;
use super::wake::{Bell, LOOK};
use crate::error::Result;
use std::sync::Arc;

/// One cell. The order of values (null, then numbers, then texts by their UTF-8 bytes, then blobs) is the order of keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number: counts, points, minor units, milliseconds.
    Int(i64),
    /// A text.
    Text(Arc<str>),
    /// Bytes in the library's own form.
    Blob(Arc<[u8]>),
}

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Read {
    /// The row with this key, or none.
    Row {
        /// Of which table.
        table: Table,
        /// All key cells.
        key: Vec<Value>,
    },
    /// The rows whose first index cells are these, in index order (ties in key order). A null cell equals nothing.
    /// Indexes are numbered as in the table's description.
    Index {
        /// Of which table.
        table: Table,
        /// Which index.
        index: usize,
        /// The leading cells of the index.
        cells: Vec<Value>,
    },
    /// The rows whose key begins with these cells, in key order.
    Prefix {
        /// Of which table.
        table: Table,
        /// The leading key cells; empty is the whole table.
        prefix: Vec<Value>,
        /// Only rows after this full key.
        after: Option<Vec<Value>>,
        /// At most so many rows.
        limit: usize,
    },
    /// The rows whose first index cell is not null and at most `up_to`, in the order of that cell (ties in key order).
    UpTo {
        /// Of which table.
        table: Table,
        /// Which index.
        index: usize,
        /// The bound, inclusive.
        up_to: Value,
        /// Only rows after this first index cell and full key.
        after: Option<(Value, Vec<Value>)>,
        /// At most so many rows.
        limit: usize,
    },
}

/// What must be true of a row for it to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// No row has this key.
    New,
    /// The stored row has this version (the table has a version column; the new row carries the next version).
    Version(i64),
    /// Nothing. A unique index is guarded all the same.
    Any,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Puts a row, if the guard holds.
    Put {
        /// The row.
        row: Row,
        /// What must be true.
        guard: Guard,
    },
    /// Deletes a row; a missing one is fine.
    Delete {
        /// Of which table.
        table: Table,
        /// All key cells.
        key: Vec<Value>,
    },
    /// Requires that a row that was read has not changed; none means that it still does not exist.
    Check {
        /// Of which table.
        table: Table,
        /// All key cells.
        key: Vec<Value>,
        /// The version that was read.
        version: Option<i64>,
    },
    /// Adds to a counter (a missing one stands at zero), as long as the sum stays within the limit. Commutes: several in
    /// one commit add up. Where not all of them fit, the first ones count and the later ones are named.
    Within {
        /// All key cells of the counter's row.
        key: Vec<Value>,
        /// How much to add; may be negative, the sum never falls below zero.
        add: i64,
        /// The largest sum.
        limit: i64,
    },
}

/// Everything that one commit changes: all of it, or nothing.
///
/// Writes take effect in their order, and a guard sees the writes before it, so two commits one after the other are one
/// commit. A row that breaks a unique index counts as a broken guard, whatever its guard is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// The changes.
    pub writes: Vec<Write>,
}

/// How a commit ended. Anything but `Done` has changed nothing. Where guards and limits are both broken, it is a `Conflict`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitReply {
    /// Everything is written, durably as the store was opened.
    Done,
    /// Somebody else was faster: these writes (by their place in the commit) found their guard broken. Load again and decide again.
    Conflict {
        /// The places, in ascending order; at least one.
        writes: Vec<usize>,
    },
    /// These counters (by their place in the commit) would leave their limit.
    OverLimit {
        /// The places, in ascending order; at least one.
        writes: Vec<usize>,
    },
}

/// What a store can do in one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// Whether one commit may span several owners.
    pub atomic_across_owners: bool,
    /// Whether what is committed survives the end of the process.
    pub durable: bool,
    /// Whether it keeps the order of its commits, so that there is a feed.
    pub feed: bool,
}

/// A place where rows are kept. Object safe; plain values in and out.
///
/// The laws are stated, and checked for any implementation, by the `conformance` suite.
pub trait Store: Send + Sync {
    /// What one commit may span.
    fn abilities(&self) -> Abilities;

    /// Carries out all reads at one consistent point in time; the answer has one list of rows per read.
    ///
    /// # Errors
    /// Codes `store.*`.
    fn load(&self, reads: &[Read]) -> Result<Vec<Vec<Row>>>;

    /// Writes everything or nothing.
    ///
    /// # Errors
    /// Codes `store.*`; after an error nothing is written, or (where a connection was lost) the marks tell on the next try.
    fn commit(&self, commit: &Commit) -> Result<CommitReply>;

    /// The entries behind a place, in the order in which they were committed; those of one owner in the order of their keys. Entries of
    /// commits that are under way, and of any that were committed after one of those began, are left for later: whoever goes on from the
    /// last place misses nothing.
    ///
    /// # Errors
    /// Codes `store.*`; `store.no_feed` where the order of commits is not kept, and where a wrapper does not hand this on.
    fn feed(&self, _after: Offset, _limit: usize) -> Result<Vec<Fed>> {
        Err(none_kept())
    }

    /// Waits until the feed has entries behind a place, at most so many milliseconds, and says whether it has. Entries that are there
    /// already end it at once, and so does closing. A store that cannot be told of a commit looks again every so often.
    ///
    /// # Errors
    /// As [`Store::feed`].
    fn wait_for_entries(&self, after: Offset, wait_ms: u32) -> Result<bool> {
        Bell::default().wait(wait_ms, LOOK, || Ok(!self.feed(after, 1)?.is_empty()))
    }

    /// Waits for work under way, flushes, frees files and refuses further work with `store.closed`. Closing again is fine.
    ///
    /// # Errors
    /// Codes `store.*`.
    fn close(&self) -> Result<()>;
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn abilities(&self) -> Abilities {
        (**self).abilities()
    }
    fn load(&self, reads: &[Read]) -> Result<Vec<Vec<Row>>> {
        (**self).load(reads)
    }
    fn commit(&self, commit: &Commit) -> Result<CommitReply> {
        (**self).commit(commit)
    }
    fn feed(&self, after: Offset, limit: usize) -> Result<Vec<Fed>> {
        (**self).feed(after, limit)
    }
    fn wait_for_entries(&self, after: Offset, wait_ms: u32) -> Result<bool> {
        (**self).wait_for_entries(after, wait_ms)
    }
    fn close(&self) -> Result<()> {
        (**self).close()
    }
}

impl Value {
    /// A text cell.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(Arc::from(text))
    }

    /// The number in it, if it is one.
    #[must_use]
    pub const fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// The text in it, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes in it, if it has some.
    #[must_use]
    pub fn as_blob(&self) -> Option<&[u8]> {
        match self {
            Self::Blob(bytes) => Some(bytes),
            _ => None,
        }
    }
}
