//! Backups while work goes on, their verification, and their way back.

use super::connect::{self, Place};
use super::schema::{self, Identity, VERSION};
use super::{SqliteOptions, SqliteStore, closed, fault, load};
use crate::error::{Error, ErrorCode, Result};
use crate::store::table::Table;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// What a backup wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BackupReport {
    /// Pages of the file.
    pub pages: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// What a file was found to be.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Verified {
    /// Pages of the file.
    pub pages: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// The version of its tables; older ones are upgraded when the file is opened.
    pub schema_version: u32,
    /// How many rows each table has, by its name in SQL.
    pub rows: BTreeMap<&'static str, u64>,
}

/// Pages between two calls of the progress function: 1 MB.
const STEP_PAGES: i32 = 256;

impl SqliteStore {
    /// Copies the store as it is now into a new file, while loads and commits go on (in a store in memory they wait). The
    /// file has its name only once it is whole and on disk. `progress` is told pages done and pages in all.
    ///
    /// # Errors
    /// `store.exists` where the target exists, `store.missing` where its folder does not, `store.full`,
    /// `store.read_only`, `store.closed` where the store is closed meanwhile, `store.failed`.
    pub fn backup(&self, target: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<BackupReport> {
        let mut copy = |source: &Connection| {
            copy_to(source, target, progress, &|| self.readers.is_closing())?;
            report(target)
        };
        match self.place {
            Place::File { .. } => self.readers.beside(copy),
            Place::Memory => {
                let writer = self.lock_writer();
                copy(&writer.as_ref().ok_or_else(closed)?.connection)
            }
        }
    }

    /// Reads a whole file and says what is in it; changes nothing. A changed byte inside a value is not seen: SQLite keeps no checksums.
    ///
    /// # Errors
    /// `store.corrupt` where pages, indexes and rows do not fit together or it is not a database of this library, `store.newer`,
    /// `store.missing`, `store.failed`.
    pub fn verify(path: &Path) -> Result<Verified> {
        verify(&open_to_read(path)?, path)
    }

    /// Makes a new file of a backup: verified, copied, verified again, and only then given its name.
    ///
    /// # Errors
    /// `store.exists` where the target (or a log beside it) exists, and those of [`Self::verify`] and [`Self::backup`].
    pub fn restore(backup: &Path, target: &Path) -> Result<Verified> {
        let source = open_to_read(backup)?;
        let verified = verify(&source, backup)?;
        let log = connect::log_of(target);
        if log.exists() {
            return Err(exists(&log));
        }
        copy_to(&source, target, &mut |_, _| {}, &|| false)?;
        let restored = Self::verify(target)?;
        if restored.rows != verified.rows {
            return Err(fault::at(ErrorCode::StoreCorrupt, "the copy differs from the backup".to_owned(), target));
        }
        Ok(restored)
    }
}

fn open_to_read(path: &Path) -> Result<Connection> {
    let metadata = path.metadata().map_err(|error| fault::file_error("open", path, error))?;
    if !metadata.is_file() {
        return Err(fault::at(ErrorCode::StoreCorrupt, format!("`{}` is no file", path.display()), path));
    }
    connect::open_to_look(path, &SqliteOptions::default())
}

fn verify(connection: &Connection, path: &Path) -> Result<Verified> {
    let what = "verify the database";
    let schema_version = match schema::identify(connection, VERSION)? {
        Identity::Ours(version) => u32::try_from(version).unwrap_or_default(),
        Identity::Empty => {
            return Err(fault::at(ErrorCode::StoreCorrupt, format!("`{}` is empty", path.display()), path));
        }
    };
    // All on one snapshot, because the file may be in use.
    load::run(connection, "BEGIN")?;
    let found = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
    let found = found.map_err(fault::doing(what))?;
    if found != "ok" {
        let message = format!("`{}` is damaged: {found}", path.display());
        return Err(fault::at(ErrorCode::StoreCorrupt, message, path));
    }
    let number = |statement: &str| {
        let read = connection.query_row(statement, [], |row| row.get::<_, i64>(0));
        read.map(|number| u64::try_from(number).unwrap_or_default()).map_err(fault::doing(what))
    };
    let count = |table: &Table| {
        let name = table.describe().name;
        number(&format!("SELECT count(*) FROM {name}")).map(|count| (name, count))
    };
    let rows = Table::ALL.iter().map(count).collect::<Result<BTreeMap<_, _>>>()?;
    let (pages, page_bytes) = (number("PRAGMA page_count")?, number("PRAGMA page_size")?);
    load::run(connection, "COMMIT")?;
    Ok(Verified { pages, bytes: pages * page_bytes, schema_version, rows })
}

/// Copies into a file of another name, brings it to disk, and then gives it its own.
fn copy_to(
    source: &Connection,
    target: &Path,
    progress: &mut dyn FnMut(u64, u64),
    stop: &dyn Fn() -> bool,
) -> Result<()> {
    if target.symlink_metadata().is_ok() {
        return Err(exists(target));
    }
    let mut name = OsString::from(target.as_os_str());
    name.push(format!(".{}.tmp", std::process::id()));
    let unfinished = PathBuf::from(name);
    // Claims the name; one that was left behind by a killed process is of no use.
    remove(&unfinished);
    let copied = File::create_new(&unfinished)
        .map_err(|error| fault::file_error("make", &unfinished, error))
        .and_then(|_| copy_pages(source, &unfinished, progress, stop))
        .and_then(|()| publish(&unfinished, target));
    remove(&unfinished);
    copied
}

fn copy_pages(
    source: &Connection,
    target: &Path,
    progress: &mut dyn FnMut(u64, u64),
    stop: &dyn Fn() -> bool,
) -> Result<()> {
    let what = "copy the database";
    let mut copy = connect::open(target, OpenFlags::SQLITE_OPEN_READ_WRITE, &SqliteOptions::default())?;
    // A snapshot of the source: commits of any connection go on and do not start the copy over.
    load::run(source, "BEGIN")?;
    let copied = schema::identify(source, VERSION).and_then(|_| {
        let backup = Backup::new(source, &mut copy).map_err(fault::doing(what))?;
        loop {
            if stop() {
                return Err(closed());
            }
            let step = backup.step(STEP_PAGES).map_err(fault::doing(what))?;
            let pages = backup.progress();
            let all = u64::try_from(pages.pagecount).unwrap_or_default();
            progress(all.saturating_sub(u64::try_from(pages.remaining).unwrap_or_default()), all);
            match step {
                StepResult::Done => return Ok(()),
                StepResult::More => {}
                _ => thread::sleep(Duration::from_millis(5)),
            }
        }
    });
    load::run(source, "COMMIT")?;
    copied?;
    // Without the log, one file is the whole backup, readable from a medium that cannot be written.
    copy.query_row("PRAGMA journal_mode = delete", [], |_| Ok(())).map_err(fault::doing(what))?;
    copy.close().map_err(|(_, error)| fault::error(what, error))
}

/// Brings a file to disk and gives it its name, unless the name is taken.
fn publish(unfinished: &Path, target: &Path) -> Result<()> {
    let failed = |error| fault::file_error("write", target, error);
    File::options().write(true).open(unfinished).and_then(|file| file.sync_all()).map_err(failed)?;
    // A link refuses a name that is taken in the same instant; file systems without links get the next best.
    match fs::hard_link(unfinished, target) {
        Ok(()) => {}
        Err(_) if target.symlink_metadata().is_ok() => return Err(exists(target)),
        Err(_) => fs::rename(unfinished, target).map_err(failed)?,
    }
    sync_folder(target);
    Ok(())
}

/// Brings the name to disk where the system can: folders cannot be opened on all of them.
fn sync_folder(path: &Path) {
    File::open(connect::folder_of(path)).and_then(|folder| folder.sync_all()).ok();
}

fn remove(path: &Path) {
    fs::remove_file(path).ok();
}

fn report(path: &Path) -> Result<BackupReport> {
    let bytes = path.metadata().map_err(|error| fault::file_error("read", path, error))?.len();
    let connection = open_to_read(path)?;
    let pages = connection.query_row("PRAGMA page_count", [], |row| row.get::<_, i64>(0));
    let pages = pages.map_err(fault::doing("read the backup"))?;
    Ok(BackupReport { pages: u64::try_from(pages).unwrap_or_default(), bytes })
}

fn exists(path: &Path) -> Error {
    fault::at(ErrorCode::StoreExists, format!("`{}` exists", path.display()), path)
}
