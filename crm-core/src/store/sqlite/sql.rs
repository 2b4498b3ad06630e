//! The statements of each table, made once from its description.

use crate::store::table::{Description, Index, Table};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// All statements of a table. Parameters are numbered: cells in the order of the columns, then what else is named.
pub(super) struct TableSql {
    /// The row with a key.
    pub(super) row: String,
    /// Puts a row unless its key or a unique index is taken.
    pub(super) insert: String,
    /// Puts a row over whatever has its key.
    pub(super) upsert: String,
    /// Puts a row over one with a version (the last parameter), unless a unique index is taken.
    pub(super) update: Option<String>,
    pub(super) delete: String,
    /// The version of the row with a key, or 0 in tables without versions.
    pub(super) version: String,
    /// By how many cells of the prefix: from the start; and after the rest of a key. The limit comes last.
    pub(super) prefix: Vec<[String; 2]>,
    pub(super) indexes: Vec<IndexSql>,
}

/// The statements of an index.
pub(super) struct IndexSql {
    /// By how many cells, less one.
    pub(super) equal: Vec<String>,
    /// Up to a bound: from the start; and after a cell and a key. The limit comes last.
    pub(super) up_to: [String; 2],
}

/// Adds to a counter that exists: key, what to add, least and most that may be used before.
pub(super) const COUNTER_ADD: &str =
    "UPDATE counter SET used = used + ?3 WHERE bucket = ?1 AND name = ?2 AND used BETWEEN ?4 AND ?5";
/// Starts a counter, unless it exists: key, what is used.
pub(super) const COUNTER_START: &str =
    "INSERT INTO counter (bucket, name, used) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

static TABLES: LazyLock<Vec<TableSql>> =
    LazyLock::new(|| Table::ALL.iter().map(|table| TableSql::of(table.describe())).collect());

/// The statements of a table.
pub(super) fn of(table: Table) -> Option<&'static TableSql> {
    // `Table::ALL` is in the order of declaration, so the place is the discriminant.
    TABLES.get(table as usize)
}

/// The entries behind a number, with their numbers; the limit comes last.
pub(super) fn feed() -> &'static str {
    static FEED: LazyLock<String> = LazyLock::new(|| {
        let table = Table::Entry.describe();
        let columns = table.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
        format!("SELECT rowid, {columns} FROM {} WHERE rowid > ?1 ORDER BY rowid LIMIT ?2", table.name)
    });
    &FEED
}

impl TableSql {
    fn of(table: &Description) -> Self {
        let name = table.name;
        let all = columns(table);
        let key: Vec<&str> = all.iter().take(table.key).copied().collect();
        let by_key = equals(&key, 1);
        let values = parameters(1, all.len());
        let set = |to: &dyn Fn(usize, &str) -> String| {
            let rest = all.iter().enumerate().skip(table.key);
            rest.map(|(place, column)| format!("{column} = {}", to(place, column))).collect::<Vec<_>>().join(", ")
        };
        let version = table.version.and_then(|place| all.get(place).copied());
        let listed = all.join(", ");
        Self {
            row: format!("SELECT {listed} FROM {name} WHERE {by_key}"),
            insert: format!("INSERT INTO {name} ({listed}) VALUES ({values}) ON CONFLICT DO NOTHING"),
            upsert: format!(
                "INSERT INTO {name} ({listed}) VALUES ({values}) ON CONFLICT ({}) DO UPDATE SET {}",
                key.join(", "),
                set(&|_, column| format!("excluded.{column}"))
            ),
            update: version.map(|version| {
                let set = set(&|place, _| format!("?{}", place + 1));
                format!("UPDATE OR IGNORE {name} SET {set} WHERE {by_key} AND {version} = ?{}", all.len() + 1)
            }),
            delete: format!("DELETE FROM {name} WHERE {by_key}"),
            version: format!("SELECT {} FROM {name} WHERE {by_key}", version.unwrap_or("0")),
            prefix: (0..=table.key).map(|cells| prefix(table, &listed, &key, cells)).collect(),
            indexes: table.indexes.iter().map(|index| IndexSql::of(table, index, &listed, &all, &key)).collect(),
        }
    }
}

impl IndexSql {
    fn of(table: &Description, index: &Index, listed: &str, all: &[&str], key: &[&str]) -> Self {
        let cells: Vec<&str> = index.columns.iter().filter_map(|place| all.get(*place).copied()).collect();
        // Naming the index keeps the plan the same, whatever the planner thinks of the sizes.
        let from = format!("SELECT {listed} FROM {} INDEXED BY {}", table.name, index.name);
        let in_index = index.not_null.and_then(|place| all.get(place));
        let in_index = in_index.map(|column| format!("{column} IS NOT NULL AND ")).unwrap_or_default();
        let order: Vec<&str> = cells.iter().chain(key).copied().collect();
        let equal = (1..=cells.len()).map(|given| {
            let by = equals(cells.get(..given).unwrap_or(&cells), 1);
            format!("{from} WHERE {in_index}{by} ORDER BY {}", order.get(given..).unwrap_or(&order).join(", "))
        });
        let first = cells.first().copied().unwrap_or_default();
        let cursor = std::iter::once(first).chain(key.iter().copied()).collect::<Vec<_>>().join(", ");
        let after = format!(" AND ({cursor}) > ({})", parameters(2, key.len() + 1));
        let up_to = |after: &str, limit: usize| {
            format!("{from} WHERE {in_index}{first} <= ?1{after} ORDER BY {cursor} LIMIT ?{limit}")
        };
        Self { equal: equal.collect(), up_to: [up_to("", 2), up_to(&after, key.len() + 3)] }
    }
}

fn prefix(table: &Description, listed: &str, key: &[&str], cells: usize) -> [String; 2] {
    let rest = key.get(cells..).unwrap_or_default();
    let select = |after: Option<String>, limit: usize| {
        let mut statement = format!("SELECT {listed} FROM {}", table.name);
        let given = equals(key.get(..cells).unwrap_or_default(), 1);
        let conditions: Vec<String> =
            [given, after.unwrap_or_default()].into_iter().filter(|c| !c.is_empty()).collect();
        if !conditions.is_empty() {
            write!(statement, " WHERE {}", conditions.join(" AND ")).ok();
        }
        if !rest.is_empty() {
            write!(statement, " ORDER BY {}", rest.join(", ")).ok();
        }
        write!(statement, " LIMIT ?{limit}").ok();
        statement
    };
    let after = format!("({}) > ({})", rest.join(", "), parameters(cells + 1, rest.len()));
    [select(None, cells + 1), select(Some(after).filter(|_| !rest.is_empty()), key.len() + 1)]
}

/// The names of all columns.
pub(super) fn columns(table: &Description) -> Vec<&'static str> {
    table.columns.iter().map(|column| column.name).collect()
}

fn equals(columns: &[&str], first: usize) -> String {
    let each = columns.iter().zip(first..).map(|(column, number)| format!("{column} = ?{number}"));
    each.collect::<Vec<_>>().join(" AND ")
}

fn parameters(first: usize, count: usize) -> String {
    (first..first + count).map(|number| format!("?{number}")).collect::<Vec<_>>().join(", ")
}
