//! The tables on the server, made from their descriptions; which schema is ours; and the way from older releases.

use super::connect::{Session, quoted};
use super::{fault, feed, routine, sql};
use crate::error::{Error, ErrorCode, Result};
use crate::store::table::{Column, ColumnType, Description, Table};
use std::fmt::Write as _;

/// The version of the tables. A release that changes a table or a function adds one, and a step to [`MIGRATIONS`].
pub(super) const VERSION: i64 = 1;
/// The steps from older versions, in order. A step never goes through a large table.
pub(super) const MIGRATIONS: &[Migration] = &[];

/// A step from one version to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Migration {
    pub(super) from: i64,
    pub(super) sql: &'static str,
}

/// What a schema is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// Nothing yet.
    Empty,
    /// Ours, of this version.
    Ours(i64),
}

/// The tables of a store with its feed.
pub(super) fn create() -> String {
    create_tables() + feed::CREATE
}

/// The tables of a store.
pub(super) fn create_tables() -> String {
    let mut sql =
        "CREATE TABLE crm_schema (version int8 NOT NULL);\nINSERT INTO crm_schema (version) VALUES (1);\n".to_owned();
    for table in Table::ALL {
        create_table(&mut sql, table.describe());
    }
    sql
}

/// Views for people: without the library's own blobs, and with instants as such. They are replaced, so that who may read them stays.
pub(super) fn create_views() -> String {
    let mut sql = String::new();
    for table in Table::ALL {
        let described = table.describe();
        let name = described.name;
        let shown = described.columns.iter().filter(|column| column.kind != ColumnType::Blob).map(shown);
        let shown = shown.collect::<Vec<_>>().join(", ");
        writeln!(sql, "CREATE OR REPLACE VIEW {name}_view AS SELECT {shown} FROM {name};").ok();
    }
    sql
}

fn shown(column: &Column) -> String {
    let name = column.name;
    if name.ends_with("_at") {
        format!("'epoch'::timestamptz + {name} * '1 millisecond'::interval AS {name}")
    } else {
        name.to_owned()
    }
}

fn create_table(sql: &mut String, table: &Description) {
    let (name, names) = (table.name, sql::columns(table));
    let key = names.get(..table.key).unwrap_or(&names).join(", ");
    writeln!(sql, "CREATE TABLE {name} (").ok();
    for column in table.columns {
        let kind = sql::type_of(column.kind);
        // Texts are ordered by their bytes, whatever the language of the database is.
        let order = if column.kind == ColumnType::Text { " COLLATE \"C\"" } else { "" };
        let null = if column.nullable { "" } else { " NOT NULL" };
        writeln!(sql, "    {} {kind}{order}{null},", column.name).ok();
    }
    writeln!(sql, "    PRIMARY KEY ({key})\n);\nCOMMENT ON TABLE {name} IS '{}';", table.meaning.replace('\'', "''"))
        .ok();
    for column in table.columns {
        let meaning = column.meaning.replace('\'', "''");
        writeln!(sql, "COMMENT ON COLUMN {name}.{} IS '{meaning}';", column.name).ok();
    }
    for index in table.indexes {
        let unique = if index.unique { "UNIQUE " } else { "" };
        let named = |place: &usize| names.get(*place).copied();
        // Said although it is so anyhow: YugabyteDB spreads an index by hash otherwise, and what is due is a range.
        let order = if index.unique { "" } else { " ASC" };
        let columns = index.columns.iter().filter_map(named).collect::<Vec<_>>().join(", ") + order;
        let key = if index.unique { String::new() } else { format!(", {key}") };
        let condition = index.not_null.as_ref().and_then(named);
        let condition = condition.map(|column| format!(" WHERE {column} IS NOT NULL")).unwrap_or_default();
        writeln!(sql, "CREATE {unique}INDEX {} ON {name} ({columns}{key}){condition};", index.name).ok();
    }
}

/// Says what a schema is; changes nothing.
///
/// # Errors
/// `store.corrupt` where it is of another application or lacks a table, `store.newer`.
pub(super) async fn identify(session: &Session, schema: &str, newest: i64) -> Result<Identity> {
    let failed = fault::doing("read the list of tables");
    let find = "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')";
    let rows = session.client.query(find, &[&schema]).await.map_err(&failed)?;
    let tables = rows.iter().map(|row| row.try_get(0)).collect::<std::result::Result<Vec<String>, _>>();
    let tables = tables.map_err(&failed)?;
    if tables.is_empty() {
        return Ok(Identity::Empty);
    }
    if !tables.iter().any(|name| name == "crm_schema") {
        let message = format!("the schema `{schema}` has tables of another application; choose another one");
        return Err(Error::new(ErrorCode::StoreCorrupt, message));
    }
    // By its full name: a schema that may not be looked at is passed over in the path, and its tables seem not to be there.
    let ask = format!("SELECT version FROM {}.crm_schema", quoted(schema));
    let row = session.client.query_one(&ask, &[]).await.map_err(&failed)?;
    let version: i64 = row.try_get(0).map_err(&failed)?;
    if newest < version {
        let message = format!("the database has schema version {version}, this release knows up to {newest}");
        return Err(Error::new(ErrorCode::StoreNewer, message).limit(newest).with("version", version));
    }
    match Table::ALL.iter().find(|table| !tables.iter().any(|name| name == table.describe().name)) {
        Some(table) if version == newest => {
            let message = format!("the database lacks the table `{}`", table.describe().name);
            Err(Error::new(ErrorCode::StoreCorrupt, message))
        }
        _ => Ok(Identity::Ours(version)),
    }
}

/// Whether a schema can be used as it is, by somebody who may not change it.
///
/// # Errors
/// As [`identify`]; `store.missing`, and `store.read_only` where it is of an older release.
pub(super) async fn require(session: &Session, schema: &str, newest: i64) -> Result<()> {
    match identify(session, schema, newest).await? {
        Identity::Ours(version) if version == newest => Ok(()),
        Identity::Ours(version) => {
            let message =
                format!("schema version {version} has to be brought up to {newest}, which takes one who may write");
            Err(Error::new(ErrorCode::StoreReadOnly, message).limit(newest).with("version", version))
        }
        Identity::Empty => Err(missing(schema)),
    }
}

fn missing(schema: &str) -> Error {
    Error::new(ErrorCode::StoreMissing, format!("the schema `{schema}` has no tables of this library"))
}

/// Makes the tables of an empty schema, or takes an older one step by step to `newest`, each step whole or not at all. Processes that
/// come at the same time take turns. Where nothing is to be done, nothing is written.
pub(super) async fn bring_up(
    session: &Session,
    schema: &str,
    creates: bool,
    migrations: &[Migration],
    newest: i64,
) -> Result<()> {
    loop {
        match identify(session, schema, newest).await? {
            Identity::Ours(version) if version == newest => return Ok(()),
            Identity::Empty if !creates => return Err(missing(schema)),
            Identity::Empty => keeps_every_text(session).await?,
            Identity::Ours(_) => {}
        }
        let failed = fault::doing("make the tables");
        let run = async |sql: &str| session.client.batch_execute(sql).await.map_err(&failed);
        // A lock of this schema, given back at the end of the transaction. The number before it is ours: "CRMc".
        run("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        let lock = "SELECT pg_catalog.pg_advisory_xact_lock(1129467235, pg_catalog.hashtext($1))";
        session.client.execute(lock, &[&schema]).await.map_err(&failed)?;
        // Again under the lock, because another process may have been faster.
        let step = match identify(session, schema, newest).await {
            Ok(Identity::Empty) => {
                Ok(Some((format!("CREATE SCHEMA IF NOT EXISTS {};\n{}", quoted(schema), create()), VERSION)))
            }
            Ok(Identity::Ours(version)) if version < newest => {
                step(migrations, version).map(|sql| Some((sql.to_owned(), version + 1)))
            }
            Ok(Identity::Ours(_)) => Ok(None),
            Err(error) => Err(error),
        };
        let done = match step {
            Ok(Some((sql, version))) => {
                let mark = format!("UPDATE crm_schema SET version = {version};");
                run(&[sql.as_str(), &create_views(), &routine::create(), &mark, "COMMIT"].concat()).await
            }
            Ok(None) => run("COMMIT").await,
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            session.client.batch_execute("ROLLBACK").await.ok();
            return Err(error);
        }
    }
}

/// A database in another encoding would refuse a name one day.
async fn keeps_every_text(session: &Session) -> Result<()> {
    let ask = "SELECT pg_catalog.current_setting('server_encoding')";
    let failed = fault::doing("ask for the encoding");
    let row = session.client.query_one(ask, &[]).await.map_err(&failed)?;
    let encoding: String = row.try_get(0).map_err(&failed)?;
    if encoding == "UTF8" {
        return Ok(());
    }
    let message = format!("the database keeps texts as {encoding}; make another one with ENCODING 'UTF8'");
    Err(Error::new(ErrorCode::StoreMissing, message).with("encoding", encoding))
}

fn step(migrations: &[Migration], from: i64) -> Result<&'static str> {
    let found = migrations.iter().find(|migration| migration.from == from);
    let missing = || Error::new(ErrorCode::StoreCorrupt, format!("no upgrade from schema version {from} is known"));
    found.map(|migration| migration.sql).ok_or_else(missing)
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
