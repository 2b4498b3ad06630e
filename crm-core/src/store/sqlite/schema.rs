//! The tables in SQL, made from their descriptions; what marks a file as ours; and the way from older releases.

use super::commit::{Ending, in_transaction};
use super::fault;
use crate::error::{Error, ErrorCode, Result};
use crate::store::table::{Column, ColumnType, Description, Table};
use rusqlite::Connection;
use std::fmt::Write as _;

/// Marks a file as a database of this library ("CRMc"), in its header.
pub(super) const APPLICATION_ID: i32 = 0x4352_4D63;
/// The version of the tables, in the header. A release that changes a table adds one, and a step to [`MIGRATIONS`].
pub(super) const VERSION: i32 = 1;
/// The steps from older versions, in order. A step never goes through a large table.
pub(super) const MIGRATIONS: &[Migration] = &[];

/// A step from one version to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Migration {
    pub(super) from: i32,
    pub(super) sql: &'static str,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// Nothing yet.
    Empty,
    /// A database of this library, of this version.
    Ours(i32),
}

/// Whether rows of this table lie in the tree of their key, instead of in a tree of their own beside an index of keys.
///
/// Small rows do: one tree is written instead of two. Large ones would make the tree of keys deep, leave its pages half
/// full, and spill each row above a quarter of a page into pages of its own. Measured (`store_measure`, 20,000
/// customers, 40,000 orders; bodies of 120, 300 and 600 bytes; states of 300, 600 and 2,000), per order:
///
/// | in the tree of keys | bytes | CPU, 1 per commit | CPU, 1,000 per commit |
/// |---|---|---|---|
/// | all tables | 1,026 / 1,866 / 6,099 | 152 / 204 / 231 µs | 104 / 111 / 187 µs |
/// | all but customers | 988 / 1,784 / 5,822 | 187 / 203 / 250 µs | 110 / 133 / 190 µs |
/// | neither customers, orders nor entries | 977 / 1,676 / 3,967 | 137 / 149 / 138 µs | 74 / 90 / 65 µs |
const fn clustered(table: Table) -> bool {
    match table {
        Table::Lot | Table::Redemption | Table::Identity | Table::Counter | Table::CounterHold | Table::Coupon => true,
        Table::Customer | Table::Order | Table::Entry | Table::Program | Table::Batch | Table::Claim => false,
        Table::GiftCard | Table::Group => false,
    }
}

/// Everything that makes an empty file a store.
pub(super) fn create() -> String {
    let mut sql = String::new();
    for table in Table::ALL {
        let described = table.describe();
        create_table(&mut sql, described, clustered(*table));
        create_indexes(&mut sql, described, clustered(*table));
    }
    sql
}

/// Views for people: without the library's own blobs, and with instants as text.
pub(super) fn create_views() -> String {
    let mut sql = String::new();
    for table in Table::ALL {
        let described = table.describe();
        let name = described.name;
        let shown = described.columns.iter().filter(|column| column.kind != ColumnType::Blob).map(shown);
        let shown = shown.collect::<Vec<_>>().join(", ");
        write!(sql, "DROP VIEW IF EXISTS {name}_view;\nCREATE VIEW {name}_view AS SELECT {shown} FROM {name};\n").ok();
    }
    sql
}

fn shown(column: &Column) -> String {
    let name = column.name;
    if name.ends_with("_at") {
        format!("strftime('%Y-%m-%dT%H:%M:%fZ', {name} / 1000.0, 'unixepoch') AS {name}")
    } else {
        name.to_owned()
    }
}

fn create_table(sql: &mut String, table: &Description, clustered: bool) {
    let key = names(table, 0..table.key);
    writeln!(sql, "CREATE TABLE {} ( -- {}", table.name, table.meaning).ok();
    for column in table.columns {
        let kind = match column.kind {
            ColumnType::Int => "INTEGER",
            ColumnType::Text => "TEXT",
            ColumnType::Blob => "BLOB",
        };
        let null = if column.nullable { "" } else { " NOT NULL" };
        writeln!(sql, "    {} {kind}{null}, -- {}", column.name, column.meaning).ok();
    }
    let layout = if clustered { "STRICT, WITHOUT ROWID" } else { "STRICT" };
    write!(sql, "    PRIMARY KEY ({key})\n) {layout};\n").ok();
}

fn create_indexes(sql: &mut String, table: &Description, clustered: bool) {
    for index in table.indexes {
        let unique = if index.unique { "UNIQUE " } else { "" };
        // A clustered table has its key at the end of each index; elsewhere it is named, to give ties their order.
        let columns = names(table, index.columns.iter().copied());
        let key = if clustered || index.unique { String::new() } else { format!(", {}", names(table, 0..table.key)) };
        let column = index.not_null.and_then(|place| table.columns.get(place));
        let condition = column.map(|column| format!(" WHERE {} IS NOT NULL", column.name)).unwrap_or_default();
        writeln!(sql, "CREATE {unique}INDEX {} ON {} ({columns}{key}){condition};", index.name, table.name).ok();
    }
}

fn names(table: &Description, places: impl IntoIterator<Item = usize>) -> String {
    let named = places.into_iter().filter_map(|place| table.columns.get(place)).map(|column| column.name);
    named.collect::<Vec<_>>().join(", ")
}

/// Says what a file is, from its header and its list of tables; changes nothing.
///
/// # Errors
/// `store.corrupt` where it is of another application or lacks a table, `store.newer`.
pub(super) fn identify(connection: &Connection, newest: i32) -> Result<Identity> {
    // One point in time: between two reads of their own another process may have made the tables.
    let (application, version, count) = if connection.is_autocommit() {
        let reading = connection.unchecked_transaction().map_err(fault::doing("begin to read the header"))?;
        let header = header(&reading)?;
        reading.commit().map_err(fault::doing("read the header of the database"))?;
        header
    } else {
        header(connection)?
    };
    match (application, version, count) {
        (0, 0, 0) => Ok(Identity::Empty),
        (APPLICATION_ID, newer, _) if newest < newer => Err(Error::new(
            ErrorCode::StoreNewer,
            format!("the database has schema version {newer}, this release knows up to {newest}"),
        )
        .limit(newest)
        .with("version", newer)),
        (APPLICATION_ID, version, _) if 1 <= version => all_tables(connection).map(|()| Identity::Ours(version)),
        _ => Err(Error::new(ErrorCode::StoreCorrupt, "the file is a database of another application")),
    }
}

/// The mark of the application, the version of the tables, and how many things the list of tables has.
fn header(connection: &Connection) -> Result<(i32, i32, i64)> {
    let number = |pragma: &str| {
        let read = connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i32>(0));
        read.map_err(fault::doing("read the header of the database"))
    };
    let count = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    let count = count.map_err(fault::doing("read the list of tables"))?;
    Ok((number("application_id")?, number("user_version")?, count))
}

fn all_tables(connection: &Connection) -> Result<()> {
    let find = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    for table in Table::ALL {
        let name = table.describe().name;
        let found = connection.query_row(find, [name], |row| row.get::<_, i64>(0));
        if found.map_err(fault::doing("read the list of tables"))? == 0 {
            return Err(Error::new(ErrorCode::StoreCorrupt, format!("the database lacks the table `{name}`")));
        }
    }
    Ok(())
}

/// Makes the tables of an empty file, or takes an older one step by step to `newest`, each step whole or not at all.
pub(super) fn bring_up(connection: &Connection, migrations: &[Migration], newest: i32) -> Result<()> {
    while identify(connection, newest)? != Identity::Ours(newest) {
        in_transaction(connection, || {
            // Again under the lock, because another process may have been faster.
            let (sql, version) = match identify(connection, newest)? {
                Identity::Empty => (create(), VERSION),
                Identity::Ours(version) if version < newest => (step(migrations, version)?, version + 1),
                Identity::Ours(_) => return Ok(((), Ending::Rollback)),
            };
            let mark = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version};");
            let batch = [sql.as_str(), &create_views(), &mark].concat();
            connection.execute_batch(&batch).map_err(fault::doing("make the tables"))?;
            Ok(((), Ending::Commit))
        })?;
    }
    Ok(())
}

/// Refuses a file whose tables are not those of this release.
pub(super) fn require(connection: &Connection, newest: i32) -> Result<()> {
    match identify(connection, newest)? {
        Identity::Ours(version) if version == newest => Ok(()),
        Identity::Ours(version) => Err(Error::new(
            ErrorCode::StoreReadOnly,
            format!("the database has schema version {version} and has to be brought up to {newest} first: open it for writing once"),
        )
        .with("version", version)),
        Identity::Empty => Err(Error::new(ErrorCode::StoreCorrupt, "the file has no tables")),
    }
}

fn step(migrations: &[Migration], from: i32) -> Result<String> {
    let found = migrations.iter().find(|migration| migration.from == from);
    let missing = || Error::new(ErrorCode::StoreCorrupt, format!("no upgrade from schema version {from} is known"));
    found.map(|migration| migration.sql.to_owned()).ok_or_else(missing)
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
