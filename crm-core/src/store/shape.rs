//! Checks that reads and writes fit the description of their table, the same in every backend, before anything is touched.

use super::contract::{Commit, Guard, Read, Value, Write};
use super::row::{Form, Row};
use super::table::{ColumnType, Table};
use crate::error::{Error, Result};

/// Checks all writes of a commit.
///
/// # Errors
/// `internal` where a row, key or guard does not fit its table: only a defect of the caller makes such a thing.
pub(super) fn check_commit(commit: &Commit) -> Result<()> {
    commit.writes.iter().try_for_each(check_write)
}

/// Checks all reads of a load; errors as in [`check_commit`].
pub(super) fn check_reads(reads: &[Read]) -> Result<()> {
    reads.iter().try_for_each(check_read)
}

fn check_write(write: &Write) -> Result<()> {
    match write {
        Write::Put { row, guard } => check_put(row, *guard),
        Write::Delete { table, key } => check_key(*table, key),
        Write::Check { table, key, version } => {
            check_key(*table, key)?;
            match (version, table.describe().version) {
                (Some(_), None) => Err(misfit(*table, "has no versions to check")),
                _ => Ok(()),
            }
        }
        Write::Within { key, .. } => check_key(Table::Counter, key),
    }
}

fn check_put(row: &Row, guard: Guard) -> Result<()> {
    // The cells of things are made by one piece of code each, which the tests check here; asking for them may be dear.
    if cfg!(debug_assertions) || matches!(row.form(), Form::Cells(_)) {
        check_cells(row)?;
    }
    match guard {
        Guard::Version(expected) if row.version().is_none_or(|version| version <= expected) => {
            Err(misfit(row.table, "needs the next version under a version guard"))
        }
        _ => Ok(()),
    }
}

fn check_cells(row: &Row) -> Result<()> {
    let described = row.table.describe();
    if row.cells().len() != described.columns.len() {
        return Err(misfit(row.table, "takes another number of cells"));
    }
    for (column, cell) in described.columns.iter().zip(row.cells()) {
        if !fits(column.kind, column.nullable, cell) {
            return Err(misfit(row.table, "takes another kind of cell").with("column", column.name));
        }
    }
    Ok(())
}

fn check_read(read: &Read) -> Result<()> {
    match read {
        Read::Row { table, key } => check_key(*table, key),
        Read::Index { table, index, cells } => check_index(*table, *index, cells.len()),
        Read::Prefix { table, prefix, after, .. } => {
            if prefix.len() > table.describe().key {
                return Err(misfit(*table, "has a shorter key"));
            }
            after.as_ref().map_or(Ok(()), |key| check_key(*table, key))
        }
        Read::UpTo { table, index, after, .. } => {
            check_index(*table, *index, 1)?;
            after.as_ref().map_or(Ok(()), |(_, key)| check_key(*table, key))
        }
    }
}

fn check_index(table: Table, index: usize, cells: usize) -> Result<()> {
    match table.describe().indexes.get(index) {
        Some(index) if 1 <= cells && cells <= index.columns.len() => Ok(()),
        Some(_) => Err(misfit(table, "takes another number of index cells")),
        None => Err(misfit(table, "has no such index")),
    }
}

fn check_key(table: Table, key: &[Value]) -> Result<()> {
    let described = table.describe();
    let columns = described.columns.get(..described.key).unwrap_or_default();
    if key.len() != columns.len() {
        return Err(misfit(table, "takes another number of key cells"));
    }
    match columns.iter().zip(key).find(|(column, cell)| !fits(column.kind, column.nullable, cell)) {
        Some((column, _)) => Err(misfit(table, "takes another kind of key cell").with("column", column.name)),
        None => Ok(()),
    }
}

const fn fits(kind: ColumnType, nullable: bool, cell: &Value) -> bool {
    match cell {
        Value::Null => nullable,
        Value::Int(_) => matches!(kind, ColumnType::Int),
        Value::Text(_) => matches!(kind, ColumnType::Text),
        Value::Blob(_) => matches!(kind, ColumnType::Blob),
    }
}

fn misfit(table: Table, why: &str) -> Error {
    Error::internal(format!("table `{}` {why}", table.describe().name))
}
