//! Where a store is and how it is opened, whatever keeps its rows: a file, or a schema on a server.

#[cfg(feature = "sqlite")]
use super::contract::Store;
#[cfg(feature = "sqlite")]
use super::sqlite::{SqliteOptions, SqliteStore};
#[cfg(feature = "sqlite")]
use crate::error::{Error, ErrorCode, Result};
use std::path::Path;
#[cfg(feature = "sqlite")]
use std::sync::Arc;

/// What a commit survives. Either way it is all or nothing, and a killed process of the host loses nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A power cut or a crash of the operating system (of a server: also of the server) may take the last commits with it, whole ones,
    /// newest first.
    Normal,
    /// What is committed is on disk: one sync per commit, so many commands per commit pay off.
    #[default]
    Full,
}

/// Whether what is not there may be made: the file, or the tables on a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenMode {
    /// Makes the file where there is none; its folder has to exist.
    #[default]
    CreateOrOpen,
    /// Refuses a missing file with `store.missing`.
    OpenExisting,
    /// For looking only, also where nobody may write: a backup, a disk that is read-only, a standby of a server. As `OpenExisting`; commits are refused with
    /// `store.read_only`, and so is a file of an older release, because its tables cannot be brought up to date. Where no file can be made
    /// beside it and there is no log, the file is taken as one that nobody changes meanwhile.
    ReadOnly,
}

/// The address, where a place is one of a server and not a file.
///
/// ```
/// use crm_core::store::server_address;
/// assert_eq!(server_address("postgres://shop@db/crm".as_ref()), Some("postgres://shop@db/crm"));
/// assert_eq!(server_address("shop.db".as_ref()), None);
/// ```
#[must_use]
pub fn server_address(place: &Path) -> Option<&str> {
    // With one slash, too: what was a path for a while has lost the other one, and must not become a file with a password for a name.
    place.to_str().filter(|text| text.starts_with("postgres:/") || text.starts_with("postgresql:/"))
}

/// How to open a place. Whatever is left out is as the store that keeps the rows has it.
#[cfg(feature = "sqlite")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Whether what is not there may be made.
    pub open: OpenMode,
    /// What a commit survives.
    pub durability: Durability,
    /// How long to wait for others before giving up with `store.busy`, in milliseconds: for another process that holds the file; on a server
    /// for a free connection, and for each statement.
    pub wait_ms: Option<u32>,
    /// Most connections to a server at the same time.
    pub connections_max: Option<usize>,
}

/// A place that is open.
#[cfg(feature = "sqlite")]
pub enum Opened {
    /// A file.
    File(Arc<SqliteStore>),
    /// A schema on a server.
    Server(Arc<dyn Store>),
}

#[cfg(feature = "sqlite")]
impl Opened {
    /// Opens a file, or the schema of an address.
    ///
    /// # Errors
    /// Those of the store that keeps the rows; `store.unsupported`: connections of a file, or an address without the feature `postgres`.
    pub fn open(place: &Path, how: Opening) -> Result<Self> {
        match server_address(place) {
            Some(address) => Ok(Self::Server(server(address, how)?)),
            None if how.connections_max.is_some() => {
                Err(Error::new(ErrorCode::StoreUnsupported, "a file has no connections").field("connections"))
            }
            None => {
                let mut options =
                    SqliteOptions { durability: how.durability, open: how.open, ..SqliteOptions::default() };
                options.busy_wait_ms = how.wait_ms.unwrap_or(options.busy_wait_ms);
                Ok(Self::File(Arc::new(SqliteStore::open(place, options)?)))
            }
        }
    }

    /// The store, whatever it is.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::File(store) => store.clone(),
            Self::Server(store) => store.clone(),
        }
    }
}

#[cfg(feature = "sqlite")]
impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::File(_) => "Opened::File",
            Self::Server(_) => "Opened::Server",
        })
    }
}

#[cfg(all(feature = "sqlite", feature = "postgres"))]
fn server(address: &str, how: Opening) -> Result<Arc<dyn Store>> {
    use super::postgres::{PostgresOptions, PostgresStore};
    let (creates, read_only) = (how.open == OpenMode::CreateOrOpen, how.open == OpenMode::ReadOnly);
    let mut options = PostgresOptions { creates, read_only, durability: how.durability, ..PostgresOptions::default() };
    if let Some(wait) = how.wait_ms {
        options.pool_wait_ms = wait;
        // Zero is for ever, there.
        options.statement_wait_ms = wait.max(1);
        options.answer_wait_ms = options.answer_wait_ms.max(wait.saturating_mul(2));
    }
    options.connections_max = how.connections_max.unwrap_or(options.connections_max);
    Ok(Arc::new(PostgresStore::open(address, &options)?))
}

#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
fn server(_: &str, _: Opening) -> Result<Arc<dyn Store>> {
    let message = "this was built without PostgreSQL; build it with the feature `postgres`";
    Err(Error::new(ErrorCode::StoreUnsupported, message))
}

#[cfg(test)]
mod tests {
    use super::server_address;
    use std::path::Path;

    #[test]
    fn addresses_are_told_from_files() {
        for address in ["postgres://u:p@h:5432/d?schema=crm", "postgresql://h/d", "postgres:/u:p@h/d"] {
            assert_eq!(server_address(Path::new(address)), Some(address));
        }
        for file in ["shop.db", "/var/postgres/shop.db", "postgres", "postgres.db", "my postgres://x", ""] {
            assert_eq!(server_address(Path::new(file)), None, "{file}");
        }
    }
}
