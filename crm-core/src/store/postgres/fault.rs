//! From what the server and the network say to the codes of the library.

use super::routine::{BROKEN, NOT_ALL, OVER};
use crate::error::{Error, ErrorCode};
use crate::store::contract::CommitReply;
use tokio_postgres::error::SqlState;

/// The library's error for one of the server; `doing` completes the sentence "could not …".
pub(super) fn error(doing: &str, failure: tokio_postgres::Error) -> Error {
    let code = code_of(&failure);
    let reason = match code {
        ErrorCode::StoreUnreachable => "the server does not answer",
        ErrorCode::StoreLogin => "the server refuses the login",
        ErrorCode::StoreMissing => "there is no such database",
        ErrorCode::StoreBusy => "the server is busy",
        ErrorCode::StoreFull => "the disk of the server is full",
        ErrorCode::StoreReadOnly => "no permission to write",
        ErrorCode::StoreCorrupt => "the database is damaged or lacks a table",
        _ => "the server failed",
    };
    let told = match failure.as_db_error() {
        Some(said) => Error::new(code, format!("could not {doing}: {reason}: {}", said.message())),
        None if is_tls(&failure) => {
            let cause = std::error::Error::source(&failure).map(ToString::to_string).unwrap_or_default();
            Error::new(code, format!("could not {doing}: there is no secure connection: {cause}"))
        }
        None => Error::new(code, format!("could not {doing}: {reason}")),
    };
    let state = failure.code().map(|state| state.code().to_owned());
    let told = match state {
        Some(state) => told.with("sqlstate", state),
        None => told,
    };
    told.caused_by(failure)
}

/// The same with the sentence first, for `map_err`.
pub(super) fn doing(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> Error {
    move |failure| error(doing, failure)
}

fn code_of(failure: &tokio_postgres::Error) -> ErrorCode {
    let Some(state) = failure.code() else {
        // Without a word of the server: the network, or an answer that cannot be read.
        return if is_lost(failure) { ErrorCode::StoreUnreachable } else { ErrorCode::StoreFailed };
    };
    match state.code() {
        "28P01" | "28000" => ErrorCode::StoreLogin,
        "3D000" => ErrorCode::StoreMissing,
        "25006" | "42501" => ErrorCode::StoreReadOnly,
        // A table or function that is not there.
        "42P01" | "42703" | "42883" | "XX001" | "XX002" => ErrorCode::StoreCorrupt,
        "53100" => ErrorCode::StoreFull,
        // Too many connections; a time-out of the statement or of a lock; conflicts that were tried again in vain.
        "53300" | "57014" | "55P03" | "40001" | "40P01" => ErrorCode::StoreBusy,
        // The server stops or starts, or the connection broke.
        code if code.starts_with("57P") || code.starts_with("08") => ErrorCode::StoreUnreachable,
        _ => ErrorCode::StoreFailed,
    }
}

/// Whether it is TLS that failed; the client beneath says so in words only.
fn is_tls(failure: &tokio_postgres::Error) -> bool {
    failure.to_string().starts_with("error performing TLS handshake")
}

/// Whether nobody knows what became of the statement: the connection broke before its answer.
pub(super) fn is_lost(failure: &tokio_postgres::Error) -> bool {
    let over_io = || {
        let source = std::error::Error::source(failure);
        source.is_some_and(|source| source.is::<std::io::Error>())
    };
    match failure.code() {
        Some(state) => state.code().starts_with("57P") || state.code().starts_with("08"),
        None if is_tls(failure) => false,
        None => failure.is_closed() || over_io() || failure.to_string().starts_with("error connecting"),
    }
}

/// Whether the server took a transaction back because of another one: the same may go through now.
pub(super) fn is_again(failure: &tokio_postgres::Error) -> bool {
    matches!(failure.code(), Some(state) if *state == SqlState::T_R_SERIALIZATION_FAILURE
        || *state == SqlState::T_R_DEADLOCK_DETECTED)
}

/// What a failure says of the commit, if it comes from our function.
pub(super) fn reply(failure: &tokio_postgres::Error) -> Option<CommitReply> {
    let said = failure.as_db_error()?;
    let places = || said.message().split(',').map_while(|place| place.parse().ok()).collect();
    match said.code().code() {
        BROKEN => Some(CommitReply::Conflict { writes: places() }),
        OVER => Some(CommitReply::OverLimit { writes: places() }),
        _ => None,
    }
}

/// Whether statements of several rows could not write all of them; row by row it turns out which.
pub(super) fn is_not_all(failure: &tokio_postgres::Error) -> bool {
    let state = failure.code();
    let told = [SqlState::UNIQUE_VIOLATION, SqlState::DIVISION_BY_ZERO, SqlState::CARDINALITY_VIOLATION];
    state.is_some_and(|state| told.contains(state) || [NOT_ALL, BROKEN, OVER].contains(&state.code()))
}

pub(super) fn unreachable(doing: &str) -> Error {
    Error::new(ErrorCode::StoreUnreachable, format!("could not {doing}: the server does not answer"))
}

pub(super) fn no_statement() -> Error {
    Error::internal("a statement is missing")
}
