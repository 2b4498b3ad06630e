//! Opens connections and sets them up.

use super::schema::{self, MIGRATIONS, VERSION};
use super::{Durability, OpenMode, SqliteOptions, fault};
use crate::error::{Error, ErrorCode, Result};
use rusqlite::config::DbConfig;
use rusqlite::ffi::{SQLITE_CANTOPEN, SQLITE_READONLY_CANTINIT, SQLITE_READONLY_DIRECTORY};
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the rows are.
#[derive(Clone, Debug)]
pub(super) enum Place {
    File { path: PathBuf, options: SqliteOptions },
    Memory,
}

/// Room for every statement of every table.
const STATEMENTS_KEPT: usize = 128;

impl Place {
    /// Whether nothing is to be written.
    pub(super) const fn only_looks(&self) -> bool {
        matches!(self, Self::File { options: SqliteOptions { open: OpenMode::ReadOnly, .. }, .. })
    }

    /// Opens the connection that writes, with the tables in place.
    pub(super) fn open_writer(&self) -> Result<Connection> {
        let connection = match self {
            Self::File { path, options } if self.only_looks() => {
                inspect(path, options.open)?;
                let connection = open_to_look(path, options)?;
                schema::require(&connection, VERSION).map_err(|error| explain(error, path))?;
                connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
                return Ok(connection);
            }
            Self::Memory => {
                let connection = Connection::open_in_memory().map_err(fault::doing("open a database in memory"))?;
                keep_plans(&connection)?;
                connection
            }
            Self::File { path, options } => {
                inspect(path, options.open)?;
                let connection =
                    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE, options)?;
                // Looked at before anything is changed: a file of another application stays as it is.
                schema::identify(&connection, VERSION).map_err(|error| explain(error, path))?;
                use_log(&connection, options).map_err(|error| explain(error, path))?;
                if let Some(pages) = options.pages_max {
                    limit_pages(&connection, pages)?;
                }
                connection
            }
        };
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        // Larger than the 2 MB of SQLite, because keys are spread over all buckets; but not larger than this: a commit that has
        // rearranged sibling pages walks through the whole cache (SQLite moves one to the highest page number in between, and clears
        // everything above the end of the file). Measured with the benchmark `flat`: of 8, 16, 32 and 64 MB, 16 stayed flattest.
        set(&connection, "cache_size = -16384")?;
        schema::bring_up(&connection, MIGRATIONS, VERSION)?;
        Ok(connection)
    }

    /// Opens one that only reads.
    pub(super) fn open_reader(&self) -> Result<Connection> {
        let Self::File { path, options } = self else {
            return Err(Error::internal("a store in memory has one connection"));
        };
        let connection = if self.only_looks() {
            open_to_look(path, options)?
        } else {
            open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, options)?
        };
        set(&connection, "query_only = on")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        Ok(connection)
    }

    pub(super) fn readers_max(&self) -> usize {
        match self {
            Self::File { options, .. } => options.readers_max.max(1),
            Self::Memory => 0,
        }
    }
}

/// Looks at what the system knows of the file. The file itself is opened by SQLite only: closing it ourselves would take
/// away the locks that another store of this process holds on it (a trap of POSIX).
fn inspect(path: &Path, mode: OpenMode) -> Result<()> {
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound && mode == OpenMode::CreateOrOpen => {
            return folder_exists(path);
        }
        Err(error) => return Err(fault::file_error("open", path, error)),
    };
    let damaged = |why: &str| fault::at(ErrorCode::StoreCorrupt, format!("`{}` is {why}", path.display()), path);
    if !metadata.is_file() {
        return Err(damaged("no file"));
    }
    // A file that is still empty beside a log is one that another process is making.
    if metadata.len() == 0 && mode != OpenMode::CreateOrOpen && !log_of(path).exists() {
        return Err(damaged("empty"));
    }
    Ok(())
}

/// The folder of a file; names without one are in the current folder.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

fn folder_exists(path: &Path) -> Result<()> {
    let folder = folder_of(path);
    match folder.metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(fault::at(ErrorCode::StoreMissing, format!("`{}` is no folder", folder.display()), folder)),
        Err(error) => Err(fault::file_error("find the folder", folder, error)),
    }
}

/// The log that SQLite keeps beside a file.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push("-wal");
    PathBuf::from(name)
}

/// Opens a connection; no name of a file is taken for a URI.
pub(super) fn open(path: &Path, flags: OpenFlags, options: &SqliteOptions) -> Result<Connection> {
    let opened = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let connection = opened.map_err(|error| explain(fault::error("open the database", error), path))?;
    // First of all, because SQLite opens a file without write permission for reading only, without a word.
    if flags.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
        refuse_read_only(&connection, path)?;
    }
    set_up(&connection, options).map_err(|error| explain(error, path))?;
    Ok(connection)
}

/// Opens a connection that changes nothing. A file with a write-ahead log needs another one beside it even for reading; where none can be
/// made, and no log is left by anybody, the file is opened as one that does not change.
pub(super) fn open_to_look(path: &Path, options: &SqliteOptions) -> Result<Connection> {
    let opened = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY, options)
        .and_then(|connection| schema::identify(&connection, VERSION).map(|_| connection));
    match opened {
        Err(error) if lacks_log(&error) && !log_of(path).metadata().is_ok_and(|log| 0 < log.len()) => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let fixed = Connection::open_with_flags(as_uri(path), flags);
            let fixed = fixed.map_err(|error| explain(fault::error("open the database", error), path))?;
            set_up(&fixed, options).map_err(|error| explain(error, path))?;
            Ok(fixed)
        }
        opened => opened.map_err(|error| explain(error, path)),
    }
}

/// The address by which SQLite takes a file as one that does not change.
fn as_uri(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        if plain(*byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri + "?immutable=1"
}

fn refuse_read_only(connection: &Connection, path: &Path) -> Result<()> {
    if connection.is_readonly("main").map_err(fault::doing("open the database"))? {
        let message = format!("no write permission for `{}`", path.display());
        return Err(fault::at(ErrorCode::StoreReadOnly, message, path));
    }
    Ok(())
}

fn set_up(connection: &Connection, options: &SqliteOptions) -> Result<()> {
    let wait = Duration::from_millis(options.busy_wait_ms.into());
    connection.busy_timeout(wait).map_err(fault::doing("set the busy wait"))?;
    keep_plans(connection)?;
    set(connection, "trusted_schema = off")?;
    set(connection, "temp_store = memory")?;
    match options.durability {
        Durability::Normal => set(connection, "synchronous = normal"),
        Durability::Full => {
            set(connection, "synchronous = full")?;
            // Apple's disks acknowledge a plain sync early.
            set(connection, "fullfsync = on")
        }
    }
}

/// A plan depends on the statement alone. SQLite would otherwise look at bound values, such as a limit, and prepare a statement anew
/// each time one is bound: ten times the cost of a small read.
fn keep_plans(connection: &Connection) -> Result<()> {
    let kept = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true);
    kept.map(drop).map_err(fault::doing("set up the connection"))
}

fn sqlite_code(error: &Error) -> Option<i64> {
    error.details().get("sqlite_code").and_then(serde_json::Value::as_i64)
}

/// Whether SQLite could not open the file or one beside it.
fn cannot_open(error: &Error) -> bool {
    sqlite_code(error).is_some_and(|code| code & 0xFF == i64::from(SQLITE_CANTOPEN))
}

/// Whether it could not make the files beside it that reading needs.
fn lacks_log(error: &Error) -> bool {
    let codes = [SQLITE_READONLY_DIRECTORY, SQLITE_READONLY_CANTINIT].map(i64::from);
    cannot_open(error) || sqlite_code(error).is_some_and(|code| codes.contains(&code))
}

/// Names the file, and says why SQLite cannot open it or the log beside it; SQLite itself does not tell.
fn explain(error: Error, path: &Path) -> Error {
    if !cannot_open(&error) {
        return error.with("path", path.display().to_string());
    }
    let why = match folder_exists(path).and_then(|()| open_folder(path)) {
        Err(folder) => folder,
        Ok(()) => {
            let message = format!("no permission to open or make `{}` and the log beside it", path.display());
            fault::at(ErrorCode::StoreReadOnly, message, path)
        }
    };
    why.caused_by(error)
}

/// Tells a lack of permission from a lack of file handles, which would end here.
fn open_folder(path: &Path) -> Result<()> {
    match File::open(folder_of(path)) {
        Err(error) if error.kind() != ErrorKind::PermissionDenied => {
            Err(fault::file_error("open the folder of", path, error))
        }
        _ => Ok(()),
    }
}

/// Switches to the write-ahead log, and its checkpoints to ours.
fn use_log(connection: &Connection, options: &SqliteOptions) -> Result<()> {
    let switch = || connection.query_row("PRAGMA journal_mode = wal", [], |row| row.get::<_, String>(0));
    let mut mode = switch().map_err(fault::doing("switch to the write-ahead log"));
    // The first switch needs the file for itself, and SQLite does not always wait for that.
    let mut waited_ms = 0;
    while mode.as_ref().is_err_and(|error| error.code() == ErrorCode::StoreBusy) && waited_ms < options.busy_wait_ms {
        std::thread::sleep(Duration::from_millis(10));
        waited_ms += 10;
        mode = switch().map_err(fault::doing("switch to the write-ahead log"));
    }
    if mode? != "wal" {
        return Err(Error::new(ErrorCode::StoreFailed, "the file system has no shared memory for the write-ahead log"));
    }
    set(connection, "wal_autocheckpoint = 0")?;
    // After a burst or a long backup the log gives its space back.
    set(connection, "journal_size_limit = 67108864")
}

/// Carries the log over into the file. Being kept from it by others is no error.
pub(super) fn checkpoint(connection: &Connection, mode: &str) -> Result<()> {
    let done = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()));
    match done.map_err(fault::doing("carry over the log")) {
        Err(error) if error.code() == ErrorCode::StoreBusy => Ok(()),
        done => done,
    }
}

pub(super) fn limit_pages(connection: &Connection, pages: u32) -> Result<()> {
    set(connection, &format!("max_page_count = {pages}"))
}

/// Sets a pragma, whether it answers with a row or not.
pub(super) fn set(connection: &Connection, pragma: &str) -> Result<()> {
    connection.execute_batch(&format!("PRAGMA {pragma}")).map_err(fault::doing("set up the connection"))
}
