//! The function on the server that applies the writes of a commit in their order.
//!
//! It takes four arrays: what to do with which table, and the cells for it, by type, in the order in which they are needed. It changes
//! rows as it goes; where a guard or a limit is broken, it goes on, so as to find all of them, and then fails with their places, which
//! takes everything back. A failure is one round trip and needs no transaction of the client.

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

/// The number that stands for a table and what to do with a row of it.
pub(super) fn number(table: Table, kind: Kind) -> i64 {
    i64::try_from(table as usize).unwrap_or(i64::MAX / 16) * 8 + kind as i64
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
    _holds boolean;
    _stored int8;
    _broken int[] := '{{}}';
    _over int[] := '{{}}';
BEGIN
    FOREACH _op IN ARRAY _ops LOOP
        _place := _place + 1;
        _holds := true;
        CASE _op >> 3
"
    );
    for table in Table::ALL {
        of_table(&mut sql, *table);
    }
    write!(
        sql,
        "        END CASE;
        IF NOT _holds THEN
            _broken := _broken || _place;
        END IF;
    END LOOP;
    IF _broken <> '{{}}' THEN
        RAISE EXCEPTION USING ERRCODE = '{BROKEN}', MESSAGE = array_to_string(_broken, ',');
    ELSIF _over <> '{{}}' THEN
        RAISE EXCEPTION USING ERRCODE = '{OVER}', MESSAGE = array_to_string(_over, ',');
    END IF;
END $routine$;
"
    )
    .ok();
    sql
}

fn of_table(sql: &mut String, table: Table) {
    let described = table.describe();
    let (name, all) = (described.name, columns(described));
    let key = all.get(..described.key).unwrap_or(&all);
    let (values, used) = cells(described, all.len());
    let (key_values, key_used) = cells(described, described.key);
    let by_key = pairs(key, &key_values, " AND ");
    let set =
        pairs(all.get(described.key..).unwrap_or_default(), values.get(described.key..).unwrap_or_default(), ", ");
    let (listed, values) = (all.join(", "), values.join(", "));
    let insert = format!("INSERT INTO {name} ({listed}) VALUES ({values})");
    let key_list = key.join(", ");
    let upsert = guarded(described, &format!("{insert} ON CONFLICT ({key_list}) DO UPDATE SET {set};"));
    writeln!(sql, "        WHEN {} THEN -- {name}\n            CASE _op & 7", table as usize).ok();
    branch(sql, Kind::New, &format!("{insert} ON CONFLICT DO NOTHING;\n_holds := FOUND;"), used);
    branch(sql, Kind::Any, &upsert, used);
    let version = described.version.and_then(|place| all.get(place));
    if let Some(version) = version {
        let guard = format!("_ints[_i + {}]", used.ints + 1);
        let update = format!("UPDATE {name} SET {set} WHERE {by_key} AND {version} = {guard};\n_holds := FOUND;");
        branch(sql, Kind::Version, &update, Used { ints: used.ints + 1, ..used });
    }
    branch(sql, Kind::Delete, &format!("DELETE FROM {name} WHERE {by_key};"), key_used);
    // A row without versions is there or not; one that is locked here cannot change before the end of the commit.
    let stored = version.copied().unwrap_or("0");
    let expected = format!("_ints[_i + {}]", key_used.ints + 1);
    let check = format!(
        "_stored := NULL;\nSELECT {stored} INTO _stored FROM {name} WHERE {by_key} FOR SHARE;\n\
         _holds := _stored IS NOT DISTINCT FROM {expected};"
    );
    branch(sql, Kind::Check, &check, Used { ints: key_used.ints + 1, ..key_used });
    if table == Table::Counter {
        let [add, least, most, starts] = [1, 2, 3, 4].map(|n| format!("_ints[_i + {}]", key_used.ints + n));
        let used = all.get(described.key).copied().unwrap_or_default();
        let update =
            format!("UPDATE {name} SET {used} = {used} + {add} WHERE {by_key} AND {used} BETWEEN {least} AND {most};");
        // Between the first two, another commit may start the counter.
        let within = format!(
            "{update}
IF NOT FOUND AND {starts} = 1 THEN
    INSERT INTO {name} ({listed}) VALUES ({}, {add}) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        {update}
    END IF;
END IF;
IF NOT FOUND THEN
    _over := _over || _place;
END IF;",
            key_values.join(", ")
        );
        branch(sql, Kind::Within, &within, Used { ints: key_used.ints + 4, ..key_used });
    }
    sql.push_str("            END CASE;\n");
}

/// How many cells of each type a write takes.
#[derive(Clone, Copy, Default)]
struct Used {
    ints: usize,
    texts: usize,
    blobs: usize,
}

/// Where the first cells of a row are found.
fn cells(table: &Description, count: usize) -> (Vec<String>, Used) {
    let mut used = Used::default();
    let each = table.columns.iter().take(count).map(|column| {
        let (array, at, place) = match column.kind {
            ColumnType::Int => ("_ints", "_i", &mut used.ints),
            ColumnType::Text => ("_texts", "_t", &mut used.texts),
            ColumnType::Blob => ("_blobs", "_b", &mut used.blobs),
        };
        *place += 1;
        format!("{array}[{at} + {place}]")
    });
    (each.collect(), used)
}

fn pairs(columns: &[&str], values: &[String], between: &str) -> String {
    columns.iter().zip(values).map(|(column, value)| format!("{column} = {value}")).collect::<Vec<_>>().join(between)
}

/// A second row in a unique index fails the statement where it replaces one; here it only breaks its guard.
fn guarded(table: &Description, statement: &str) -> String {
    if table.indexes.iter().any(|index| index.unique) {
        format!("BEGIN\n    {statement}\nEXCEPTION WHEN unique_violation THEN\n    _holds := false;\nEND;")
    } else {
        statement.to_owned()
    }
}

fn branch(sql: &mut String, kind: Kind, body: &str, used: Used) {
    writeln!(sql, "            WHEN {} THEN", kind as i64).ok();
    for line in body.lines() {
        writeln!(sql, "                {line}").ok();
    }
    for (counter, count) in [("_i", used.ints), ("_t", used.texts), ("_b", used.blobs)] {
        if 0 < count {
            writeln!(sql, "                {counter} := {counter} + {count};").ok();
        }
    }
}
