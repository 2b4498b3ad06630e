//! Prepared statements in the hands of one load or commit.

use super::fault;
use crate::error::Result;
use crate::store::contract::Value;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};

/// Takes each statement out of the connection's cache once, however many rows go through it. A load or commit uses a few of them, so
/// a list is searched faster than a map.
pub(super) struct Statements<'c> {
    connection: &'c Connection,
    held: Vec<(&'static str, CachedStatement<'c>)>,
}

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

impl<'c> Statements<'c> {
    pub(super) const fn new(connection: &'c Connection) -> Self {
        Self { connection, held: Vec::new() }
    }

    /// A statement with its first parameters bound; gives back the number of the next one.
    pub(super) fn bind<'a>(
        &mut self,
        statement: &'static str,
        cells: impl IntoIterator<Item = &'a Value>,
    ) -> Result<(&mut CachedStatement<'c>, usize)> {
        // The texts are made once and stay where they are, so that equal ones have one address.
        let place = match self.held.iter().position(|(text, _)| std::ptr::eq(*text, statement)) {
            Some(place) => place,
            None => {
                let prepared = self.connection.prepare_cached(statement);
                self.held.push((statement, prepared.map_err(fault::doing("prepare a statement"))?));
                self.held.len() - 1
            }
        };
        let (_, prepared) = self.held.get_mut(place).ok_or_else(super::load::no_statement)?;
        let mut next = 1;
        for cell in cells {
            prepared.raw_bind_parameter(next, Bound(cell)).map_err(fault::doing("bind a value"))?;
            next += 1;
        }
        Ok((prepared, next))
    }
}
