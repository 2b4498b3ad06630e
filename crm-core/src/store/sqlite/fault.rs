//! From the faults of SQLite and of files to the codes of the library.

use crate::error::{Error, ErrorCode, Result};
use rusqlite::{ErrorCode as Sqlite, ffi};
use std::io;
use std::path::Path;

/// The library's error for one of SQLite; `doing` completes the sentence "could not …".
pub(super) fn error(doing: &str, error: rusqlite::Error) -> Error {
    let (code, extended) = match &error {
        rusqlite::Error::SqliteFailure(failure, _) => (code_of(failure), Some(failure.extended_code)),
        // A cell of another type than its column: not written by this library.
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => (ErrorCode::StoreCorrupt, None),
        _ => (ErrorCode::StoreFailed, None),
    };
    let reason = match code {
        ErrorCode::StoreBusy => "another process holds the database",
        ErrorCode::StoreFull => "the disk is full",
        ErrorCode::StoreReadOnly => "no write permission",
        ErrorCode::StoreCorrupt => "the file is damaged or not a database",
        _ => "the storage failed",
    };
    let told = Error::new(code, format!("could not {doing}: {reason}"));
    let told = match extended {
        Some(extended) => told.with("sqlite_code", extended),
        None => told,
    };
    told.caused_by(error)
}

/// The same with the sentence first, for `map_err`.
pub(super) fn doing(doing: &'static str) -> impl Fn(rusqlite::Error) -> Error {
    move |failure| error(doing, failure)
}

fn code_of(failure: &ffi::Error) -> ErrorCode {
    if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE {
        return ErrorCode::StoreFull; // The shared index of the log could not grow.
    }
    match failure.code {
        Sqlite::DatabaseBusy | Sqlite::DatabaseLocked | Sqlite::FileLockingProtocolFailed => ErrorCode::StoreBusy,
        Sqlite::DiskFull => ErrorCode::StoreFull,
        Sqlite::ReadOnly | Sqlite::PermissionDenied | Sqlite::AuthorizationForStatementDenied => {
            ErrorCode::StoreReadOnly
        }
        Sqlite::DatabaseCorrupt | Sqlite::NotADatabase => ErrorCode::StoreCorrupt,
        _ => ErrorCode::StoreFailed,
    }
}

/// The library's error for one of a file.
pub(super) fn file_error(doing: &str, path: &Path, error: io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::NotFound => ErrorCode::StoreMissing,
        io::ErrorKind::AlreadyExists => ErrorCode::StoreExists,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorCode::StoreReadOnly,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => ErrorCode::StoreFull,
        io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => ErrorCode::StoreCorrupt,
        _ => ErrorCode::StoreFailed,
    };
    at(code, format!("could not {doing} `{}`: {error}", path.display()), path).caused_by(error)
}

/// An error that names a file.
pub(super) fn at(code: ErrorCode, message: String, path: &Path) -> Error {
    Error::new(code, message).with("path", path.display().to_string())
}

/// Whether a statement was refused by a unique index; other failures go on.
pub(super) fn is_unique_broken(outcome: rusqlite::Result<usize>, what: &'static str) -> Result<Option<usize>> {
    match outcome {
        Ok(changed) => Ok(Some(changed)),
        Err(rusqlite::Error::SqliteFailure(failure, _)) if failure.extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE => {
            Ok(None)
        }
        Err(failure) => Err(error(what, failure)),
    }
}
