//! The function on the server that applies the writes of a commit in their order.
//!
//! It takes four arrays: what to do with which table, and the cells for it, by type, in the order in which they are needed. It changes
//! rows as it goes; where a guard or a limit is broken, it goes on, so as to find all of them, and then fails with their places, which
//! takes everything back. A failure is one round trip and needs no transaction of the client.
//!
//! The server makes each expression of such a function ready once per transaction, which costs more than the rest of it: so there are few
//! on the way of what is frequent, and counters move by numbers that come along.

use super::sql::columns;
use crate::store::table::{ColumnType, Description, Table};
use std::fmt::Write as _;

/// SQLSTATE of a commit with broken guards; the message has their places.
pub(super) const BROKEN: &str = "CRM01";
/// The same with limits.
pub(super) const OVER: &str = "CRM02";
/// SQLSTATE of a statement over many rows that could not write all of them.
pub(super) const NOT_ALL: &str = "CRM03";

/// What to do with a row. Its number and that of its table make one number in the first array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    New = 0,
    Any = 1,
    Version = 2,
    Delete = 3,
    Check = 4,
    Within = 5,
}

/// What most commits consist of, the most frequent first: looked for before all else.
const FREQUENT: &[(Table, Kind)] = &[
    (Table::Customer, Kind::Version),
    (Table::Entry, Kind::New),
    (Table::Identity, Kind::New),
    (Table::Order, Kind::Any),
    (Table::Claim, Kind::Any),
    (Table::Counter, Kind::Within),
];

/// The number that stands for a table and what to do with a row of it; and for how many numbers, texts and blobs that takes.
pub(super) fn number(table: Table, kind: Kind) -> i64 {
    let Used { ints, texts, blobs } = used(table, kind);
    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    code(table, kind) | whole(ints) << 8 | whole(texts) << 16 | whole(blobs) << 24
}

fn code(table: Table, kind: Kind) -> i64 {
    i64::try_from(table as usize).unwrap_or(i64::MAX / 16) * 8 + kind as i64
}

/// How many cells a write takes.
fn used(table: Table, kind: Kind) -> Used {
    let described = table.describe();
    let whole = matches!(kind, Kind::New | Kind::Any | Kind::Version);
    let mut used = Used::default();
    for column in described.columns.iter().take(if whole { described.columns.len() } else { described.key }) {
        *used.of(column.kind) += 1;
    }
    used.ints += match kind {
        Kind::New | Kind::Any | Kind::Delete => 0,
        Kind::Version | Kind::Check => 1,
        Kind::Within => 4,
    };
    used
}

/// The functions, in SQL. A release that changes them gives them another number, so that older ones go on with theirs.
pub(super) fn create() -> String {
    let mut sql = format!(
        "CREATE OR REPLACE FUNCTION expect_1(_written int8, _given int8) RETURNS void LANGUAGE plpgsql AS $routine$
BEGIN
    IF _written <> _given THEN
        RAISE EXCEPTION USING ERRCODE = '{NOT_ALL}', MESSAGE = 'not all rows could be written';
    END IF;
END $routine$;
CREATE OR REPLACE FUNCTION apply_1(_ops int8[], _ints int8[], _texts text[], _blobs bytea[]) RETURNS void LANGUAGE plpgsql AS $routine$
DECLARE
    _op int8;
    _place int := -1;
    _i int := 0; -- How many numbers are used up,
    _t int := 0; -- how many texts,
    _b int := 0; -- how many blobs.
    _stored int8;
    _broken int[];
    _over int[];
BEGIN
    FOREACH _op IN ARRAY _ops LOOP
        _place := _place + 1;
"
    );
    for (place, (table, kind)) in FREQUENT.iter().enumerate() {
        let test = if place == 0 { "IF" } else { "ELSIF" };
        let name = table.describe().name;
        writeln!(sql, "        {test} _op & 255 = {} THEN -- {name}", code(*table, *kind)).ok();
        lines(&mut sql, 12, &body(*table, *kind).unwrap_or_default());
    }
    sql.push_str("        ELSE\n        CASE _op >> 3 & 31\n");
    for table in Table::ALL {
        writeln!(sql, "        WHEN {} THEN -- {}\n            CASE _op & 7", *table as usize, table.describe().name)
            .ok();
        for kind in [Kind::New, Kind::Any, Kind::Version, Kind::Delete, Kind::Check, Kind::Within] {
            if let Some(body) = body(*table, kind).filter(|_| !FREQUENT.contains(&(*table, kind))) {
                writeln!(sql, "            WHEN {} THEN", kind as i64).ok();
                lines(&mut sql, 16, &body);
            }
        }
        sql.push_str("            END CASE;\n");
    }
    write!(
        sql,
        "        END CASE;
        END IF;
        _i := _i + (_op >> 8 & 255);
        _t := _t + (_op >> 16 & 255);
        _b := _b + (_op >> 24 & 255);
    END LOOP;
    IF coalesce(_broken, _over) IS NOT NULL THEN
        IF _broken IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = '{BROKEN}', MESSAGE = array_to_string(_broken, ',');
        END IF;
        RAISE EXCEPTION USING ERRCODE = '{OVER}', MESSAGE = array_to_string(_over, ',');
    END IF;
END $routine$;
"
    )
    .ok();
    sql
}

fn lines(sql: &mut String, indent: usize, body: &str) {
    for line in body.lines() {
        writeln!(sql, "{:indent$}{line}", "").ok();
    }
}

/// What one write does, if a table has such writes.
fn body(table: Table, kind: Kind) -> Option<String> {
    const BROKEN: &str = "_broken := _broken || _place;";
    let described = table.describe();
    let (name, all) = (described.name, columns(described));
    let key = all.get(..described.key).unwrap_or(&all);
    let (values, all_used) = cells(described, all.len());
    let (key_values, key_used) = cells(described, described.key);
    let by_key = pairs(key, &key_values, " AND ");
    let set =
        pairs(all.get(described.key..).unwrap_or_default(), values.get(described.key..).unwrap_or_default(), ", ");
    let (listed, values) = (all.join(", "), values.join(", "));
    let insert = format!("INSERT INTO {name} ({listed}) VALUES ({values})");
    let version = described.version.and_then(|place| all.get(place));
    let must = |statement: &str| format!("{statement}\nIF NOT FOUND THEN\n    {BROKEN}\nEND IF;");
    Some(match kind {
        Kind::New => must(&format!("{insert} ON CONFLICT DO NOTHING;")),
        Kind::Any => {
            let upsert = format!("{insert} ON CONFLICT ({}) DO UPDATE SET {set};", key.join(", "));
            // A second row in a unique index fails the statement where it replaces one; here it only breaks its guard.
            if described.indexes.iter().any(|index| index.unique) {
                format!("BEGIN\n    {upsert}\nEXCEPTION WHEN unique_violation THEN\n    {BROKEN}\nEND;")
            } else {
                upsert
            }
        }
        Kind::Version => {
            let guard = format!("_ints[_i + {}]", all_used.ints + 1);
            must(&format!("UPDATE {name} SET {set} WHERE {by_key} AND {} = {guard};", version?))
        }
        Kind::Delete => format!("DELETE FROM {name} WHERE {by_key};"),
        Kind::Check => {
            // A row without versions is there or not; one that is locked here cannot change before the end of the commit.
            let stored = version.copied().unwrap_or("0");
            let expected = format!("_ints[_i + {}]", key_used.ints + 1);
            format!(
                "_stored := NULL;\nSELECT {stored} INTO _stored FROM {name} WHERE {by_key} FOR SHARE;\n\
                 IF _stored IS DISTINCT FROM {expected} THEN\n    {BROKEN}\nEND IF;"
            )
        }
        Kind::Within => {
            if table != Table::Counter {
                return None;
            }
            let [add, least, most, starts] = [1, 2, 3, 4].map(|n| format!("_ints[_i + {}]", key_used.ints + n));
            let used = all.get(described.key).copied().unwrap_or_default();
            let update = format!(
                "UPDATE {name} SET {used} = {used} + {add} WHERE {by_key} AND {used} BETWEEN {least} AND {most};"
            );
            // Between the first two, another commit may start the counter.
            format!(
                "{update}
IF NOT FOUND THEN
    IF {starts} = 1 THEN
        INSERT INTO {name} ({listed}) VALUES ({}, {add}) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            {update}
        END IF;
    END IF;
    IF NOT FOUND THEN
        _over := _over || _place;
    END IF;
END IF;",
                key_values.join(", ")
            )
        }
    })
}

/// How many cells of each type a write takes.
#[derive(Clone, Copy, Default)]
struct Used {
    ints: usize,
    texts: usize,
    blobs: usize,
}

impl Used {
    const fn of(&mut self, kind: ColumnType) -> &mut usize {
        match kind {
            ColumnType::Int => &mut self.ints,
            ColumnType::Text => &mut self.texts,
            ColumnType::Blob => &mut self.blobs,
        }
    }
}

/// Where the first cells of a row are found.
fn cells(table: &Description, count: usize) -> (Vec<String>, Used) {
    let mut used = Used::default();
    let each = table.columns.iter().take(count).map(|column| {
        let (array, at) = match column.kind {
            ColumnType::Int => ("_ints", "_i"),
            ColumnType::Text => ("_texts", "_t"),
            ColumnType::Blob => ("_blobs", "_b"),
        };
        let place = used.of(column.kind);
        *place += 1;
        format!("{array}[{at} + {place}]")
    });
    (each.collect(), used)
}

fn pairs(columns: &[&str], values: &[String], between: &str) -> String {
    columns.iter().zip(values).map(|(column, value)| format!("{column} = {value}")).collect::<Vec<_>>().join(between)
}
