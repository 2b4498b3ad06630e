//! The statements of each table, made once from its description.

use crate::store::table::{ColumnType, Description, Index, Table};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// Reads of one load see one point in time.
pub(super) const BEGIN_LOAD: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Statements of one commit.
pub(super) const BEGIN_COMMIT: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
pub(super) const COMMIT: &str = "COMMIT";
/// Applies writes in their order.
pub(super) const APPLY: &str = "SELECT apply_1($1, $2, $3, $4)";

/// The same where all of them are in one bucket, which comes first.
pub(super) const APPLY_IN: &str = "SELECT apply_in_1($1, $2, $3, $4, $5)";

/// All statements of a table.
pub(super) struct TableSql {
    /// The row with a key.
    pub(super) row: String,
    /// The rows with many keys, one array per key column; the place of the key, from 1, stands in front of each row.
    pub(super) rows: String,
    /// By how many cells of the prefix: from the start; and after the rest of a key. The limit comes last.
    pub(super) prefix: Vec<[String; 2]>,
    pub(super) indexes: Vec<IndexSql>,
    pub(super) many: ManySql,
}

/// The statements of an index.
pub(super) struct IndexSql {
    /// By how many cells, less one: for one set of cells, and for many, as with keys.
    pub(super) equal: Vec<[String; 2]>,
    /// Up to a bound: from the start; and after a cell and a key. The limit comes last.
    pub(super) up_to: [String; 2],
}

/// Statements that write many rows at once: an array per column. Where not all rows can be written, they fail.
pub(super) struct ManySql {
    /// Then how many there are.
    pub(super) insert: String,
    /// Then the versions to replace, then how many there are.
    pub(super) update: Option<String>,
    pub(super) upsert: String,
    /// An array per key column.
    pub(super) delete: String,
}

static TABLES: LazyLock<Vec<TableSql>> =
    LazyLock::new(|| Table::ALL.iter().map(|table| TableSql::of(table.describe())).collect());

/// The statements of a table.
pub(super) fn of(table: Table) -> Option<&'static TableSql> {
    // `Table::ALL` is in the order of declaration, so the place is the discriminant.
    TABLES.get(table as usize)
}

impl TableSql {
    fn of(table: &Description) -> Self {
        let name = table.name;
        let all = columns(table);
        let key = all.get(..table.key).unwrap_or(&all);
        let listed = all.join(", ");
        let places: Vec<usize> = (0..table.key).collect();
        let rows = format!(
            "SELECT k.n, {} FROM {} JOIN {name} t ON {}",
            qualified(&all),
            given(table, &places, " WITH ORDINALITY", "n"),
            joined(key)
        );
        Self {
            row: format!("SELECT {listed} FROM {name} WHERE {}", equals(key)),
            rows,
            prefix: (0..=table.key).map(|cells| prefix(table, &listed, key, cells)).collect(),
            indexes: table.indexes.iter().map(|index| IndexSql::of(table, index, &listed, &all, key)).collect(),
            many: ManySql::of(table, &all, key),
        }
    }
}

impl IndexSql {
    fn of(table: &Description, index: &Index, listed: &str, all: &[&str], key: &[&str]) -> Self {
        let name = table.name;
        let cells: Vec<&str> = index.columns.iter().filter_map(|place| all.get(*place).copied()).collect();
        let in_index = index.not_null.and_then(|place| all.get(place));
        let condition =
            |prefix: &str| in_index.map(|column| format!("{prefix}{column} IS NOT NULL AND ")).unwrap_or_default();
        let order: Vec<&str> = cells.iter().chain(key).copied().collect();
        let equal = (1..=cells.len()).map(|count| {
            let by = cells.get(..count).unwrap_or(&cells);
            let rest = order.get(count..).unwrap_or(&order);
            let places = index.columns.get(..count).unwrap_or(index.columns);
            let one = format!(
                "SELECT {listed} FROM {name} WHERE {}{} ORDER BY {}",
                condition(""),
                equals(by),
                rest.join(", ")
            );
            let many = format!(
                "SELECT k.n, {} FROM {} JOIN {name} t ON {}{} ORDER BY k.n, {}",
                qualified(all),
                given(table, places, " WITH ORDINALITY", "n"),
                condition("t."),
                joined(by),
                qualified(rest)
            );
            [one, many]
        });
        let first = cells.first().copied().unwrap_or_default();
        let cursor = std::iter::once(first).chain(key.iter().copied()).collect::<Vec<_>>().join(", ");
        let after = format!(" AND ({cursor}) > ({})", parameters(2, key.len() + 1));
        let up_to = |after: &str, limit: usize| {
            let condition = condition("");
            format!(
                "SELECT {listed} FROM {name} WHERE {condition}{first} <= $1{after} ORDER BY {cursor} LIMIT ${limit}"
            )
        };
        Self { equal: equal.collect(), up_to: [up_to("", 2), up_to(&after, key.len() + 3)] }
    }
}

impl ManySql {
    fn of(table: &Description, all: &[&str], key: &[&str]) -> Self {
        let name = table.name;
        let listed = all.join(", ");
        let places: Vec<usize> = (0..all.len()).collect();
        let arrays = arrays(table, &places);
        let set = |from: &str| {
            let rest = all.iter().skip(table.key);
            rest.map(|column| format!("{column} = {from}.{column}")).collect::<Vec<_>>().join(", ")
        };
        let insert = format!("INSERT INTO {name} ({listed}) SELECT * FROM unnest({arrays})");
        let whole = |write: &str, count: usize| {
            format!("WITH written AS ({write} RETURNING 1) SELECT expect_1((SELECT count(*) FROM written), ${count})")
        };
        let version = table.version.and_then(|place| all.get(place));
        let update = version.map(|version| {
            let guard = all.len() + 1;
            let write = format!(
                "UPDATE {name} t SET {} FROM unnest({arrays}, ${guard}::int8[]) AS k({listed}, guarded) \
                 WHERE {} AND t.{version} = k.guarded",
                set("k"),
                joined(key)
            );
            whole(&write, guard + 1)
        });
        let key_places: Vec<usize> = (0..table.key).collect();
        Self {
            insert: whole(&format!("{insert} ON CONFLICT DO NOTHING"), all.len() + 1),
            update,
            upsert: format!("{insert} ON CONFLICT ({}) DO UPDATE SET {}", key.join(", "), set("excluded")),
            delete: format!("DELETE FROM {name} t USING {} WHERE {}", given(table, &key_places, "", ""), joined(key)),
        }
    }
}

fn prefix(table: &Description, listed: &str, key: &[&str], cells: usize) -> [String; 2] {
    let rest = key.get(cells..).unwrap_or_default();
    let select = |after: Option<String>, limit: usize| {
        let mut statement = format!("SELECT {listed} FROM {}", table.name);
        let given = equals(key.get(..cells).unwrap_or_default());
        let conditions: Vec<String> =
            [given, after.unwrap_or_default()].into_iter().filter(|c| !c.is_empty()).collect();
        if !conditions.is_empty() {
            write!(statement, " WHERE {}", conditions.join(" AND ")).ok();
        }
        if !rest.is_empty() {
            write!(statement, " ORDER BY {}", rest.join(", ")).ok();
        }
        write!(statement, " LIMIT ${limit}").ok();
        statement
    };
    let after = format!("({}) > ({})", rest.join(", "), parameters(cells + 1, rest.len()));
    [select(None, cells + 1), select(Some(after).filter(|_| !rest.is_empty()), key.len() + 1)]
}

/// The names of all columns.
pub(super) fn columns(table: &Description) -> Vec<&'static str> {
    table.columns.iter().map(|column| column.name).collect()
}

/// The type of a column.
pub(super) const fn type_of(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Int => "int8",
        ColumnType::Text => "text",
        ColumnType::Blob => "bytea",
    }
}

/// An array parameter for each of these columns.
fn arrays(table: &Description, places: &[usize]) -> String {
    let kinds = places.iter().filter_map(|place| table.columns.get(*place)).map(|column| type_of(column.kind));
    kinds.zip(1..).map(|(kind, number)| format!("${number}::{kind}[]")).collect::<Vec<_>>().join(", ")
}

/// Those arrays as rows `k`, with one more column at the end where it has a name.
fn given(table: &Description, places: &[usize], with: &str, more: &str) -> String {
    let names = places.iter().filter_map(|place| table.columns.get(*place)).map(|column| column.name);
    let names: Vec<&str> = names.chain([more].into_iter().filter(|more| !more.is_empty())).collect();
    format!("unnest({}){with} AS k({})", arrays(table, places), names.join(", "))
}

fn equals(columns: &[&str]) -> String {
    let each = columns.iter().zip(1..).map(|(column, number)| format!("{column} = ${number}"));
    each.collect::<Vec<_>>().join(" AND ")
}

fn joined(columns: &[&str]) -> String {
    columns.iter().map(|column| format!("t.{column} = k.{column}")).collect::<Vec<_>>().join(" AND ")
}

fn qualified(columns: &[&str]) -> String {
    columns.iter().map(|column| format!("t.{column}")).collect::<Vec<_>>().join(", ")
}

fn parameters(first: usize, count: usize) -> String {
    (first..first + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}
