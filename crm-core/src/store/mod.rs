//! Where rows are kept: the contract, the tables, and the backends.

#[cfg(feature = "conformance")]
pub mod conformance;
mod contract;
mod feed;
mod leased;
mod memory;
mod place;
#[cfg(feature = "postgres")]
mod postgres;
mod row;
mod shape;
#[cfg(feature = "sqlite")]
mod sqlite;
mod table;
mod waiting;
mod wake;

pub use contract::{Abilities, Commit, CommitReply, Guard, Read, Store, Value, Write};
pub use feed::{Fed, Offset};
pub use leased::Leased;
pub use memory::MemoryStore;
pub use place::{Durability, OpenMode, server_address};
#[cfg(feature = "sqlite")]
pub use place::{Opened, Opening};
#[cfg(feature = "postgres")]
pub use postgres::{PostgresOptions, PostgresProfile, PostgresStore};
pub use row::{Peek, Row, Thing};
#[cfg(feature = "sqlite")]
pub use sqlite::{BackupReport, SqliteOptions, SqliteStore, Verified};
pub use table::{Column, ColumnType, Description, Index, Table};
pub use waiting::{AsyncStore, AtOnce, Coming};
