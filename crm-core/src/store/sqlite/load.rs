//! Reads, at one point in time.

use super::fault;
use super::sql::{self, TableSql};
use crate::error::{Error, ErrorCode, Result};
use crate::store::contract::{Read, Row, Value};
use crate::store::table::Table;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};
use std::cmp::Ordering;
use std::sync::Arc;

/// A cell as a parameter, without a copy of our own.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Carries out all reads on one snapshot of the file.
pub(super) fn load(connection: &Connection, reads: &[Read]) -> Result<Vec<Vec<Row>>> {
    if let [read] = reads {
        return Ok(vec![answer(connection, read)?]); // One statement is one snapshot.
    }
    run(connection, "BEGIN")?;
    let answers: Result<_> = reads.iter().map(|read| answer(connection, read)).collect();
    let ended = run(connection, "COMMIT");
    let answers = answers?;
    ended.map(|()| answers)
}

/// Runs a statement without parameters and rows, kept prepared.
pub(super) fn run(connection: &Connection, statement: &str) -> Result<()> {
    let what = "talk to the database";
    let mut statement = connection.prepare_cached(statement).map_err(fault::doing(what))?;
    statement.raw_execute().map(drop).map_err(fault::doing(what))
}

/// A statement with its first parameters bound; gives back the number of the next one.
pub(super) fn bind<'a, 'c>(
    connection: &'c Connection,
    statement: &str,
    cells: impl IntoIterator<Item = &'a Value>,
) -> Result<(CachedStatement<'c>, usize)> {
    let mut statement = connection.prepare_cached(statement).map_err(fault::doing("prepare a statement"))?;
    let mut next = 1;
    for cell in cells {
        statement.raw_bind_parameter(next, Bound(cell)).map_err(fault::doing("bind a value"))?;
        next += 1;
    }
    Ok((statement, next))
}

fn answer(connection: &Connection, read: &Read) -> Result<Vec<Row>> {
    match read {
        Read::Row { table, key } => rows(connection, *table, &of(*table)?.row, key, None),
        Read::Index { cells, .. } if cells.contains(&Value::Null) => Ok(Vec::new()),
        Read::Index { table, index, cells } => {
            let found = of(*table)?.indexes.get(*index).and_then(|index| index.equal.get(cells.len().wrapping_sub(1)));
            rows(connection, *table, found.ok_or_else(no_statement)?, cells, None)
        }
        Read::Prefix { table, prefix, after, limit } => by_prefix(connection, *table, prefix, after.as_deref(), *limit),
        Read::UpTo { table, index, up_to, after, limit } => {
            let [from_start, resumed] = &of(*table)?.indexes.get(*index).ok_or_else(no_statement)?.up_to;
            match after {
                None => rows(connection, *table, from_start, [up_to], Some(*limit)),
                Some((cell, key)) => {
                    rows(connection, *table, resumed, [up_to, cell].into_iter().chain(key), Some(*limit))
                }
            }
        }
    }
}

fn by_prefix(
    connection: &Connection,
    table: Table,
    prefix: &[Value],
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Vec<Row>> {
    let [from_start, resumed] = of(table)?.prefix.get(prefix.len()).ok_or_else(no_statement)?;
    // A cursor from elsewhere is before all rows of the prefix or behind them.
    let cursor = after.map(|key| (key.get(..prefix.len()).unwrap_or(key).cmp(prefix), key));
    match cursor {
        None | Some((Ordering::Less, _)) => rows(connection, table, from_start, prefix, Some(limit)),
        Some((Ordering::Equal, key)) if prefix.len() < key.len() => rows(connection, table, resumed, key, Some(limit)),
        Some(_) => Ok(Vec::new()),
    }
}

fn rows<'a>(
    connection: &Connection,
    table: Table,
    statement: &str,
    cells: impl IntoIterator<Item = &'a Value>,
    limit: Option<usize>,
) -> Result<Vec<Row>> {
    let what = "read rows";
    let (mut statement, next) = bind(connection, statement, cells)?;
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
        rows.push(Row { table, cells });
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

fn no_statement() -> Error {
    Error::internal("a statement is missing")
}
