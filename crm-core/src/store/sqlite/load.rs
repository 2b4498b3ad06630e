//! Reads, at one point in time.

use super::fault;
use super::sql::{self, TableSql};
use super::statements::Statements;
use crate::error::{Error, ErrorCode, Result};
use crate::store::contract::{Read, Value};
use crate::store::feed::{Fed, Offset};
use crate::store::row::Row;
use crate::store::table::Table;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use std::cmp::Ordering;
use std::sync::Arc;

/// Carries out all reads on one snapshot of the file.
pub(super) fn load(connection: &Connection, reads: &[Read]) -> Result<Vec<Vec<Row>>> {
    let mut statements = Statements::new(connection);
    if let [read] = reads {
        return Ok(vec![answer(&mut statements, read)?]); // One statement is one snapshot.
    }
    run(connection, "BEGIN")?;
    let answers: Result<_> = reads.iter().map(|read| answer(&mut statements, read)).collect();
    let ended = run(connection, "COMMIT");
    let answers = answers?;
    ended.map(|()| answers)
}

/// Entries behind a place, in the order of their commits: one connection writes at a time, and each new row has a number above all that
/// are there, because entries are never deleted.
pub(super) fn feed(connection: &Connection, after: Offset, limit: usize) -> Result<Vec<Fed>> {
    let what = "read the feed";
    let mut statements = Statements::new(connection);
    let (statement, next) = statements.bind(sql::feed(), [&Value::Int(after.commit)])?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    statement.raw_bind_parameter(next, limit).map_err(fault::doing(what))?;
    let columns = Table::Entry.describe().columns.len();
    let mut found = statement.raw_query();
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(fault::doing(what))? {
        let commit = row.get(0).map_err(fault::doing(what))?;
        let cells = (1..=columns).map(|place| cell(row.get_ref(place).map_err(fault::doing(what))?));
        rows.push((commit, Row::new(Table::Entry, cells.collect::<Result<_>>()?)));
    }
    Ok(after.number(rows))
}

/// Runs a statement without parameters and rows, kept prepared.
pub(super) fn run(connection: &Connection, statement: &str) -> Result<()> {
    let what = "talk to the database";
    let mut statement = connection.prepare_cached(statement).map_err(fault::doing(what))?;
    statement.raw_execute().map(drop).map_err(fault::doing(what))
}

fn answer(statements: &mut Statements<'_>, read: &Read) -> Result<Vec<Row>> {
    match read {
        Read::Row { table, key } => rows(statements, *table, &of(*table)?.row, key, None),
        Read::Index { cells, .. } if cells.contains(&Value::Null) => Ok(Vec::new()),
        Read::Index { table, index, cells } => {
            let found = of(*table)?.indexes.get(*index).and_then(|index| index.equal.get(cells.len().wrapping_sub(1)));
            rows(statements, *table, found.ok_or_else(no_statement)?, cells, None)
        }
        Read::Prefix { table, prefix, after, limit } => by_prefix(statements, *table, prefix, after.as_deref(), *limit),
        Read::UpTo { table, index, up_to, after, limit } => {
            let [from_start, resumed] = &of(*table)?.indexes.get(*index).ok_or_else(no_statement)?.up_to;
            match after {
                None => rows(statements, *table, from_start, [up_to], Some(*limit)),
                Some((cell, key)) => {
                    rows(statements, *table, resumed, [up_to, cell].into_iter().chain(key), Some(*limit))
                }
            }
        }
    }
}

fn by_prefix(
    statements: &mut Statements<'_>,
    table: Table,
    prefix: &[Value],
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Vec<Row>> {
    let [from_start, resumed] = of(table)?.prefix.get(prefix.len()).ok_or_else(no_statement)?;
    // A cursor from elsewhere is before all rows of the prefix or behind them.
    let cursor = after.map(|key| (key.get(..prefix.len()).unwrap_or(key).cmp(prefix), key));
    match cursor {
        None | Some((Ordering::Less, _)) => rows(statements, table, from_start, prefix, Some(limit)),
        Some((Ordering::Equal, key)) if prefix.len() < key.len() => rows(statements, table, resumed, key, Some(limit)),
        Some(_) => Ok(Vec::new()),
    }
}

fn rows<'a>(
    statements: &mut Statements<'_>,
    table: Table,
    statement: &'static str,
    cells: impl IntoIterator<Item = &'a Value>,
    limit: Option<usize>,
) -> Result<Vec<Row>> {
    let what = "read rows";
    let (statement, next) = statements.bind(statement, cells)?;
    if let Some(limit) = limit {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        statement.raw_bind_parameter(next, limit).map_err(fault::doing(what))?;
    }
    let columns = table.describe().columns.len();
    let mut found = statement.raw_query();
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(fault::doing(what))? {
        let mut cells = Vec::with_capacity(columns);
        for place in 0..columns {
            cells.push(cell(row.get_ref(place).map_err(fault::doing(what))?)?);
        }
        rows.push(Row::new(table, cells));
    }
    Ok(rows)
}

fn cell(stored: ValueRef<'_>) -> Result<Value> {
    match stored {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Int(number)),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Value::Text(Arc::from(text))),
            Err(error) => Err(Error::new(ErrorCode::StoreCorrupt, "a text in the file is not UTF-8").caused_by(error)),
        },
        ValueRef::Blob(bytes) => Ok(Value::Blob(Arc::from(bytes))),
        ValueRef::Real(_) => Err(Error::new(ErrorCode::StoreCorrupt, "a cell in the file is of no known kind")),
    }
}

pub(super) fn of(table: Table) -> Result<&'static TableSql> {
    sql::of(table).ok_or_else(no_statement)
}

pub(super) fn no_statement() -> Error {
    Error::internal("a statement is missing")
}

#[cfg(test)]
mod tests {
    use super::super::connect::Place;
    use super::super::{OpenMode, SqliteOptions};
    use super::*;
    use rusqlite::StatementStatus;

    /// Fails where a connection is set up without `keep_plans`: a bound limit expires the statement each time.
    #[test]
    fn a_statement_is_prepared_once() {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions { open: OpenMode::CreateOrOpen, ..SqliteOptions::default() };
        let file = Place::File { path: folder.path().join("crm.db"), options };
        let connections = [Place::Memory.open_writer(), file.open_writer(), file.open_reader()];
        let prefix = || Read::Prefix { table: Table::Order, prefix: Vec::new(), after: None, limit: 5 };
        let up_to = || Read::UpTo { table: Table::Customer, index: 0, up_to: Value::Int(9), after: None, limit: 5 };
        for connection in connections.map(Result::unwrap) {
            for _ in 0..3 {
                load(&connection, &[prefix(), up_to()]).unwrap();
            }
            for sql in [&of(Table::Order).unwrap().prefix[0][0], &of(Table::Customer).unwrap().indexes[0].up_to[0]] {
                let statement = connection.prepare_cached(sql).unwrap();
                assert_eq!(statement.get_status(StatementStatus::Run), 3, "{sql}");
                assert_eq!(statement.get_status(StatementStatus::RePrepare), 0, "{sql}");
            }
        }
    }
}
