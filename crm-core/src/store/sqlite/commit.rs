//! Commits: everything in one `BEGIN IMMEDIATE`, or nothing.

use super::load::{of, run};
use super::statements::Statements;
use super::{fault, sql};
use crate::error::{Error, Result};
use crate::store::contract::{Commit, CommitReply, Guard, Value, Write};
use crate::store::row::Row;
use crate::store::table::Table;
use rusqlite::Connection;

enum Outcome {
    Done,
    Broken,
    Over,
}

impl Outcome {
    const fn unless_broken(holds: bool) -> Self {
        if holds { Self::Done } else { Self::Broken }
    }
}

/// Writes in order and commits, or rolls everything back.
pub(super) fn commit(connection: &Connection, commit: &Commit) -> Result<CommitReply> {
    if commit.writes.is_empty() {
        return Ok(CommitReply::Done);
    }
    let mut statements = Statements::new(connection);
    in_transaction(connection, || {
        let (mut broken, mut over) = (Vec::new(), Vec::new());
        // After a broken guard the rest is still tried, so that the reply names every one.
        for (place, write) in commit.writes.iter().enumerate() {
            match apply(&mut statements, write)? {
                Outcome::Done => {}
                Outcome::Broken => broken.push(place),
                Outcome::Over => over.push(place),
            }
        }
        Ok(match (broken.is_empty(), over.is_empty()) {
            (true, true) => (CommitReply::Done, Ending::Commit),
            (true, false) => (CommitReply::OverLimit { writes: over }, Ending::Rollback),
            (false, _) => (CommitReply::Conflict { writes: broken }, Ending::Rollback),
        })
    })
}

/// How a transaction ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Commit,
    Rollback,
}

/// Runs work inside `BEGIN IMMEDIATE`: the lock is taken, and waited for, before anything is read. After an error nothing
/// is written and the connection is ready for the next try.
pub(super) fn in_transaction<T>(connection: &Connection, work: impl FnOnce() -> Result<(T, Ending)>) -> Result<T> {
    run(connection, "BEGIN IMMEDIATE")?;
    let outcome = work().and_then(|(value, ending)| match ending {
        Ending::Commit => run(connection, "COMMIT").map(|()| value),
        Ending::Rollback => run(connection, "ROLLBACK").map(|()| value),
    });
    // SQLite has rolled back by itself after some errors, such as a full disk.
    if outcome.is_err() && !connection.is_autocommit() {
        run(connection, "ROLLBACK")?;
    }
    outcome
}

fn apply(statements: &mut Statements<'_>, write: &Write) -> Result<Outcome> {
    match write {
        Write::Put { row, guard } => put(statements, row, *guard),
        Write::Delete { table, key } => {
            execute(statements, &of(*table)?.delete, key)?;
            Ok(Outcome::Done)
        }
        Write::Check { table, key, version } => {
            let stored = version_of(statements, *table, key)?;
            Ok(Outcome::unless_broken(stored == *version))
        }
        Write::Within { key, add, limit } => add_within(statements, key, *add, *limit),
    }
}

fn put(statements: &mut Statements<'_>, row: &Row, guard: Guard) -> Result<Outcome> {
    let sql = of(row.table)?;
    let changed = match guard {
        Guard::New => execute(statements, &sql.insert, row.cells())?,
        Guard::Any => {
            let (statement, _) = statements.bind(&sql.upsert, row.cells())?;
            fault::is_unique_broken(statement.raw_execute(), "write a row")?.unwrap_or(0)
        }
        Guard::Version(version) => {
            let update = sql.update.as_ref().ok_or_else(|| Error::internal("a table has no versions"))?;
            execute(statements, update, row.cells().iter().chain([&Value::Int(version)]))?
        }
    };
    Ok(Outcome::unless_broken(changed == 1))
}

/// Adds without an overflow: what may be used before is worked out here, where it can be checked.
fn add_within(statements: &mut Statements<'_>, key: &[Value], add: i64, limit: i64) -> Result<Outcome> {
    let Some(negated) = add.checked_neg() else {
        return Ok(Outcome::Over);
    };
    let numbers = [Value::Int(add), Value::Int(negated.max(0)), Value::Int(limit.saturating_sub(add))];
    if execute(statements, sql::COUNTER_ADD, key.iter().chain(&numbers))? == 1 {
        return Ok(Outcome::Done);
    }
    let starts = 0 <= add && add <= limit;
    let [add, ..] = &numbers;
    let started = starts && execute(statements, sql::COUNTER_START, key.iter().chain([add]))? == 1;
    Ok(if started { Outcome::Done } else { Outcome::Over })
}

fn version_of(statements: &mut Statements<'_>, table: Table, key: &[Value]) -> Result<Option<i64>> {
    let (statement, _) = statements.bind(&of(table)?.version, key)?;
    let mut rows = statement.raw_query();
    let row = rows.next().map_err(fault::doing("read a version"))?;
    row.map(|row| row.get(0)).transpose().map_err(fault::doing("read a version"))
}

fn execute<'a>(
    statements: &mut Statements<'_>,
    statement: &'static str,
    cells: impl IntoIterator<Item = &'a Value>,
) -> Result<usize> {
    let (statement, _) = statements.bind(statement, cells)?;
    statement.raw_execute().map_err(fault::doing("write a row"))
}

/// About how many pages a commit adds to the log: for each row one of its table, and those that its size needs. Indexes
/// add some, neighbours share some; it decides only when the log is carried over.
pub(super) fn about_pages(commit: &Commit) -> u64 {
    let bytes = |cell: &Value| match cell {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        Value::Null | Value::Int(_) => 8,
    };
    let pages = |write: &Write| match write {
        Write::Put { row, .. } => 1 + row.cells().iter().map(bytes).sum::<usize>() / 4_096,
        Write::Check { .. } => 0,
        Write::Delete { .. } | Write::Within { .. } => 1,
    };
    u64::try_from(commit.writes.iter().map(pages).sum::<usize>()).unwrap_or(u64::MAX)
}
