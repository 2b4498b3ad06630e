//! Opens connections and sets them up.

use super::schema::{self, MIGRATIONS, VERSION};
use super::{Durability, OpenMode, SqliteOptions, fault};
use crate::error::{Error, ErrorCode, Result};
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the rows are.
#[derive(Clone, Debug)]
pub(super) enum Place {
    File { path: PathBuf, options: SqliteOptions },
    Memory,
}

/// The first bytes of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// The header: magic, page size, size in pages, marks.
const HEADER_BYTES: usize = 100;
/// Room for every statement of every table.
const STATEMENTS_KEPT: usize = 128;

impl Place {
    /// Opens the connection that writes, with the tables in place.
    pub(super) fn open_writer(&self) -> Result<Connection> {
        let connection = match self {
            Self::Memory => Connection::open_in_memory().map_err(fault::doing("open a database in memory"))?,
            Self::File { path, options } => {
                inspect(path, options.open)?;
                let connection =
                    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE, options)?;
                // Looked at before anything is changed: a file of another application stays as it is.
                schema::identify(&connection, VERSION).map_err(|error| named(error, path))?;
                refuse_read_only(&connection, path)?;
                use_log(&connection, options).map_err(|error| named(error, path))?;
                if let Some(pages) = options.pages_max {
                    limit_pages(&connection, pages)?;
                }
                connection
            }
        };
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        // A larger cache than the 2 MB of SQLite: keys are spread over all buckets.
        set(&connection, "cache_size = -16384")?;
        schema::bring_up(&connection, MIGRATIONS, VERSION)?;
        Ok(connection)
    }

    /// Opens one that only reads.
    pub(super) fn open_reader(&self) -> Result<Connection> {
        let Self::File { path, options } = self else {
            return Err(Error::internal("a store in memory has one connection"));
        };
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, options)?;
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

/// Looks at the file itself, for the faults that SQLite would not tell apart or would find only later.
fn inspect(path: &Path, mode: OpenMode) -> Result<()> {
    let mut header = [0; HEADER_BYTES];
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound && mode == OpenMode::CreateOrOpen => {
            return folder_exists(path);
        }
        Err(error) => return Err(fault::file_error("open", path, error)),
    };
    let metadata = file.metadata().map_err(|error| fault::file_error("open", path, error))?;
    let damaged = |why: &str| fault::at(ErrorCode::StoreCorrupt, format!("`{}` {why}", path.display()), path);
    if !metadata.is_file() {
        return Err(damaged("is no file"));
    }
    if metadata.len() == 0 {
        let fresh = mode == OpenMode::CreateOrOpen || !log_is_empty(path);
        return if fresh { Ok(()) } else { Err(damaged("is empty")) };
    }
    let header_read = file.read_exact(&mut header);
    if !header.starts_with(MAGIC) {
        return Err(damaged("is not a database"));
    }
    header_read.map_err(|error| damaged("is cut off").caused_by(error))?;
    // With a log beside it, a shorter file can be whole: SQLite carries the rest over. The log is looked at last, because
    // another process may be carrying it over right now.
    let length = file.metadata().map_err(|error| fault::file_error("open", path, error))?.len();
    if length < declared_bytes(&header) && log_is_empty(path) {
        return Err(damaged("is cut off"));
    }
    Ok(())
}

fn folder_exists(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    match folder.metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(fault::at(ErrorCode::StoreMissing, format!("`{}` is no folder", folder.display()), folder)),
        Err(error) => Err(fault::file_error("find the folder", folder, error)),
    }
}

/// How long the file says it is: page size (1 means 65,536) times pages.
fn declared_bytes(header: &[u8; HEADER_BYTES]) -> u64 {
    let [.., size_high, size_low] = header.first_chunk::<18>().copied().unwrap_or([0; 18]);
    let [.., a, b, c, d] = header.first_chunk::<32>().copied().unwrap_or([0; 32]);
    let page = match u16::from_be_bytes([size_high, size_low]) {
        1 => 65_536,
        size => u64::from(size),
    };
    page * u64::from(u32::from_be_bytes([a, b, c, d]))
}

/// The log that SQLite keeps beside a file.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push("-wal");
    PathBuf::from(name)
}

fn log_is_empty(path: &Path) -> bool {
    log_of(path).metadata().is_ok_and(|log| log.len() == 0) || !log_of(path).exists()
}

/// Opens a connection; no name of a file is taken for a URI.
pub(super) fn open(path: &Path, flags: OpenFlags, options: &SqliteOptions) -> Result<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| cannot_open(path, flags, error))?;
    connection
        .busy_timeout(Duration::from_millis(options.busy_wait_ms.into()))
        .map_err(fault::doing("set the busy wait"))?;
    set(&connection, "trusted_schema = off")?;
    set(&connection, "temp_store = memory")?;
    match options.durability {
        Durability::Normal => set(&connection, "synchronous = normal")?,
        Durability::Full => {
            set(&connection, "synchronous = full")?;
            // Apple's disks acknowledge a plain sync early.
            set(&connection, "fullfsync = on")?;
        }
    }
    Ok(connection)
}

/// SQLite says only that it cannot open; the system says why.
fn cannot_open(path: &Path, flags: OpenFlags, failure: rusqlite::Error) -> Error {
    let writes = flags.contains(OpenFlags::SQLITE_OPEN_READ_WRITE);
    let creates = flags.contains(OpenFlags::SQLITE_OPEN_CREATE) && !path.exists();
    match OpenOptions::new().read(true).write(writes).open(path) {
        Err(_) if creates => fault::at(
            ErrorCode::StoreReadOnly,
            format!("could not make `{}`: no write permission in its folder", path.display()),
            path,
        )
        .caused_by(failure),
        Err(error) => fault::file_error("open", path, error),
        Ok(_) => named(fault::error("open the database", failure), path),
    }
}

fn named(error: Error, path: &Path) -> Error {
    error.with("path", path.display().to_string())
}

/// SQLite opens a file without write permission for reading only, without a word.
pub(super) fn refuse_read_only(connection: &Connection, path: &Path) -> Result<()> {
    if connection.is_readonly("main").map_err(fault::doing("open the database"))? {
        let message = format!("no write permission for `{}`", path.display());
        return Err(fault::at(ErrorCode::StoreReadOnly, message, path));
    }
    Ok(())
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
