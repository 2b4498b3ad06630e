//! Servers that are more than one: the same tables, spread by bucket.
//!
//! Every row of an owner has the owner's bucket, and the bucket leads every key, so a server that spreads rows by it keeps what belongs
//! together on one machine. The two tables without a bucket are small and read everywhere. `lint_tests.rs` holds all statements to that.

use super::connect::quoted;
use super::{feed, routine, schema};
use crate::store::table::{Description, Table};
use std::fmt::Write as _;

/// What kind of server keeps the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PostgresProfile {
    /// PostgreSQL on one machine, with standbys or without.
    #[default]
    Single,
    /// PostgreSQL with the extension Citus: rows are spread over machines by their bucket. Its tables are made by hand, of what
    /// [`super::PostgresStore::schema_sql`] says; a store only uses them. Built by the rules of Citus and not tried on it yet.
    Citus,
}

impl PostgresProfile {
    /// The profile of this name: `postgres` or `citus`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "postgres" => Some(Self::Single),
            "citus" => Some(Self::Citus),
            _ => None,
        }
    }
}

/// The functions that a server of many machines needs on all of them, by their arguments.
const FUNCTIONS: [&str; 2] = ["expect_1(int8, int8)", "apply_1(int8[], int8[], text[], bytea[])"];
/// The one among them that goes to where its rows are.
const DELEGATED: &str = "apply_in_1(int8, int8[], int8[], text[], bytea[])";

/// Whether the rows of a table have owners, so that they can be spread.
pub(super) fn has_bucket(table: &Description) -> bool {
    table.columns.first().is_some_and(|column| column.name == "bucket")
}

/// Everything that makes an empty schema a store.
pub(super) fn schema_sql(schema: &str, profile: PostgresProfile) -> String {
    let name = quoted(schema);
    let mut sql =
        format!("CREATE SCHEMA IF NOT EXISTS {name};\nSET search_path = {name};\n{}", schema::create_tables());
    match profile {
        PostgresProfile::Single => sql.push_str(feed::CREATE),
        PostgresProfile::Citus => spread(&mut sql),
    }
    sql.push_str(&schema::create_views());
    sql.push_str(&routine::create());
    if profile == PostgresProfile::Citus {
        delegate(&mut sql, &name);
    }
    sql
}

fn spread(sql: &mut String) {
    writeln!(sql, "SELECT create_reference_table('crm_schema');").ok();
    // The first is the one with which the others lie.
    let mut with = "none";
    for table in Table::ALL {
        let described = table.describe();
        let name = described.name;
        if has_bucket(described) {
            writeln!(sql, "SELECT create_distributed_table('{name}', 'bucket', colocate_with => '{with}');").ok();
            with = Table::Customer.describe().name;
        } else {
            writeln!(sql, "SELECT create_reference_table('{name}');").ok();
        }
    }
}

/// A function whose first argument says where its rows are. Sessions of other machines do not know our search path, so functions bring it.
fn delegate(sql: &mut String, schema: &str) {
    sql.push_str(
        "CREATE OR REPLACE FUNCTION apply_in_1(_bucket int8, _ops int8[], _ints int8[], _texts text[], _blobs bytea[]) RETURNS void \
         LANGUAGE plpgsql AS $routine$
BEGIN
    PERFORM apply_1(_ops, _ints, _texts, _blobs);
END $routine$;
",
    );
    for function in FUNCTIONS.iter().chain([&DELEGATED]) {
        writeln!(sql, "ALTER FUNCTION {function} SET search_path = {schema};").ok();
    }
    for function in FUNCTIONS {
        writeln!(sql, "SELECT create_distributed_function('{function}');").ok();
    }
    writeln!(sql, "SELECT create_distributed_function('{DELEGATED}', '_bucket', colocate_with => 'customer');").ok();
}

#[cfg(test)]
#[path = "lint_tests.rs"]
mod tests;
