//! Laws of scans: complete, in order, resumable; and of indexes.

use super::Factory;
use super::sample::*;
use crate::store::{Guard, Read, Row, Store, Table, Value, Write};

/// Rows come in the order of their keys, which is the order of `Value`: numbers by size, texts by their UTF-8 bytes.
pub fn keys_are_ordered_as_values(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let ids = ["", "\0", "A", "Z", "a", "a\0", "a\0z", "a!", "aa", "ab", "b", "z", "é", "张", "\u{ffff}", "😀"];
    let numbers = [i64::MIN, -300, -256, -1, 0, 1, 9, 10, 255, 256, 70_000, i64::MAX];
    let mut written: Vec<Row> =
        ids.iter().flat_map(|id| numbers.iter().map(|number| lot(id, id, *number))).rev().collect();
    done(&*store, written.iter().map(|row| put(row.clone(), Guard::New)).collect())?;
    written.sort_by(|a, b| a.key().cmp(b.key()));
    ensure_eq("order", &rows(&*store, prefix(Table::Lot, vec![]))?, &written)?;
    let in_buckets: Vec<Row> = numbers.iter().map(|bucket| customer_in(*bucket, "c", 1, None)).collect();
    done(&*store, in_buckets.iter().rev().map(|row| put(row.clone(), Guard::New)).collect())?;
    ensure_eq("buckets", &rows(&*store, prefix(Table::Customer, vec![]))?, &in_buckets)
}

/// A prefix matches whole cells: `an` is no prefix of `anna`. It may be empty, partial, or a full key.
pub fn prefixes_are_whole_cells(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let written =
        [lot("an", "p", 1), lot("anna", "p", 1), lot("anna", "p", 2), lot("anna", "q", 1), lot("annab", "p", 1)];
    done(&*store, written.iter().map(|row| put(row.clone(), Guard::New)).collect())?;
    let anna = vec![int(BUCKET), text("anna")];
    let with = |more: &[Value]| prefix(Table::Lot, [anna.as_slice(), more].concat());
    let cases = [
        (prefix(Table::Lot, vec![]), written.to_vec()),
        (prefix(Table::Lot, vec![int(BUCKET)]), written.to_vec()),
        (prefix(Table::Lot, vec![int(BUCKET + 1)]), vec![]),
        (prefix(Table::Lot, vec![int(BUCKET), text("an")]), written.iter().take(1).cloned().collect()),
        (with(&[]), written.iter().skip(1).take(3).cloned().collect()),
        (with(&[text("p")]), written.iter().skip(1).take(2).cloned().collect()),
        (with(&[text("p"), int(2)]), written.iter().skip(2).take(1).cloned().collect()),
        (with(&[text("p"), int(3)]), vec![]),
    ];
    cases.into_iter().try_for_each(|(read, expected)| ensure_eq("rows", &rows(&*store, read)?, &expected))
}

fn all_pages(store: &dyn Store, table: Table, cells: &[Value], limit: usize) -> Check<Vec<Row>> {
    let mut all: Vec<Row> = Vec::new();
    loop {
        let after = all.last().map(|row| row.key().to_vec());
        let page = rows(store, Read::Prefix { table, prefix: cells.to_vec(), after, limit })?;
        ensure(page.len() <= limit, "a page has at most `limit` rows")?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

fn all_due_pages(store: &dyn Store, up_to: i64, limit: usize) -> Check<Vec<Row>> {
    let mut all: Vec<Row> = Vec::new();
    loop {
        let cursor = |row: &Row| (row.cells().get(8).cloned().unwrap_or(Value::Null), row.key().to_vec());
        let after = all.last().map(cursor);
        let page = rows(store, Read::UpTo { table: Table::Customer, index: 0, up_to: int(up_to), after, limit })?;
        ensure(page.len() <= limit, "a page has at most `limit` rows")?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Pages of any size, one after the other, give every row once and in order.
pub fn pages_are_complete(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let lots: Vec<Row> = (0..4).flat_map(|c| (0..10).map(move |n| lot(&format!("c{c}"), "p", n))).collect();
    let customers: Vec<Row> = (0..40).map(|n| customer(&format!("c{n:02}"), 1, Some(n / 7))).collect();
    done(&*store, lots.iter().chain(&customers).map(|row| put(row.clone(), Guard::New)).collect())?;
    let of_c2: Vec<Row> = lots.iter().skip(20).take(10).cloned().collect();
    for limit in [1, 3, 7, 10, 40, usize::MAX] {
        ensure_eq("all", &all_pages(&*store, Table::Lot, &[], limit)?, &lots)?;
        ensure_eq("bucket", &all_pages(&*store, Table::Lot, &[int(BUCKET)], limit)?, &lots)?;
        ensure_eq("customer", &all_pages(&*store, Table::Lot, &[int(BUCKET), text("c2")], limit)?, &of_c2)?;
        ensure_eq("due", &all_due_pages(&*store, 100, limit)?, &customers)?;
    }
    let none = Read::Prefix { table: Table::Lot, prefix: vec![], after: None, limit: 0 };
    ensure_eq("limit 0", &rows(&*store, none)?, &vec![])
}

/// A page may start after any key: of a row that exists, that was deleted, before the prefix or behind it.
pub fn pages_resume_anywhere(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let written: Vec<Row> = ["a", "b", "c"].iter().flat_map(|id| [2, 4, 6].map(|n| lot(id, "p", n))).collect();
    done(&*store, written.iter().map(|row| put(row.clone(), Guard::New)).collect())?;
    let b = vec![int(BUCKET), text("b")];
    let after = |cells: &[Value], id: &str, number| Read::Prefix {
        table: Table::Lot,
        prefix: cells.to_vec(),
        after: Some(lot(id, "p", number).key().to_vec()),
        limit: usize::MAX,
    };
    let cases = [
        (after(&b, "b", 4), vec![6]),
        (after(&b, "b", 3), vec![4, 6]),
        (after(&b, "b", 6), vec![]),
        (after(&b, "a", 4), vec![2, 4, 6]),
        (after(&b, "c", 2), vec![]),
        (after(&[], "b", 5), vec![6, 2, 4, 6]),
        (after(&[int(BUCKET)], "a", 6), vec![2, 4, 6, 2, 4, 6]),
        (after(lot("b", "p", 4).key(), "b", 2), vec![4]),
        (after(lot("b", "p", 4).key(), "b", 4), vec![]),
    ];
    cases.into_iter().try_for_each(|(read, expected)| {
        let what = format!("{read:?}");
        ensure_eq(&what, &ints(&rows(&*store, read)?, 3), &expected)
    })
}

/// An index finds the rows with equal cells, by all of its columns or by the first ones, in order.
pub fn index_finds_equal_cells(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let entries = [("anna", 1, "r9"), ("anna", 2, "r1"), ("anna", 3, "r"), ("ann", 4, "r1"), ("anna", 5, "r1\0")];
    let written = entries.map(|(id, seq, request)| put(entry(id, seq, Some(request)), Guard::New));
    done(&*store, written.to_vec())?;
    let find = |more: &[Value]| Read::Index { table: Table::Entry, index: 0, cells: [&[int(BUCKET)], more].concat() };
    let cases = [
        (find(&[text("anna"), text("r1")]), vec![2]),
        (find(&[text("anna"), text("r2")]), vec![]),
        (find(&[text("anna")]), vec![3, 2, 5, 1]),
        (find(&[]), vec![4, 3, 2, 5, 1]),
    ];
    cases.into_iter().try_for_each(|(read, expected)| ensure_eq("rows", &ints(&rows(&*store, read)?, 2), &expected))
}

/// A row with null in the first or the named cell of an index is not found through it, and null equals nothing.
pub fn index_leaves_nulls_out(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let written = vec![
        put(entry("anna", 1, None), Guard::New),
        put(entry("anna", 2, Some("r1")), Guard::New),
        put(customer("anna", 1, None), Guard::New),
        put(customer("bert", 1, Some(i64::MIN)), Guard::New),
    ];
    done(&*store, written)?;
    let by_owner = Read::Index { table: Table::Entry, index: 0, cells: vec![int(BUCKET), text("anna")] };
    ensure_eq("entries", &ints(&rows(&*store, by_owner)?, 2), &vec![2])?;
    let by_null = Read::Index { table: Table::Entry, index: 0, cells: vec![int(BUCKET), text("anna"), Value::Null] };
    ensure_eq("null", &rows(&*store, by_null)?, &vec![])?;
    let null_due = Read::Index { table: Table::Customer, index: 0, cells: vec![Value::Null] };
    ensure_eq("null due", &rows(&*store, null_due)?, &vec![])?;
    ensure_eq("due", &texts(&rows(&*store, due(i64::MAX))?, 1), &vec!["bert".to_owned()])?;
    let up_to_null = Read::UpTo { table: Table::Customer, index: 0, up_to: Value::Null, after: None, limit: 9 };
    ensure_eq("up to null", &rows(&*store, up_to_null)?, &vec![])
}

/// Rows up to a bound come by the bounded cell, ties by key; the bound is inclusive.
pub fn due_rows_come_in_order(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let due_of = [("d", Some(5)), ("a", Some(9)), ("c", Some(5)), ("b", Some(-3)), ("e", None), ("f", Some(10))];
    done(&*store, due_of.iter().map(|(id, due)| put(customer(id, 1, *due), Guard::New)).collect())?;
    let found = |up_to| Ok::<_, String>(texts(&rows(&*store, due(up_to))?, 1).concat());
    for (up_to, expected) in
        [(i64::MIN, ""), (-4, ""), (-3, "b"), (4, "b"), (5, "bcd"), (9, "bcda"), (i64::MAX, "bcdaf")]
    {
        ensure_eq("due", &found(up_to)?, &expected.to_owned())?;
    }
    // An index of several columns: the order is that of its first cell and the key, not of its other cells.
    let entries = [(1, Some("z")), (2, Some("a")), (3, None), (4, Some("m"))];
    done(&*store, entries.iter().map(|(seq, request)| put(entry("anna", *seq, *request), Guard::New)).collect())?;
    let after = Some((int(BUCKET), entry_key("anna", 1)));
    let read = |after| Read::UpTo { table: Table::Entry, index: 0, up_to: int(BUCKET), after, limit: 2 };
    ensure_eq("first page", &ints(&rows(&*store, read(None))?, 2), &vec![1, 2])?;
    ensure_eq("next page", &ints(&rows(&*store, read(after))?, 2), &vec![2, 4])
}

/// An index follows its rows: moved, set to null, set again, deleted.
pub fn due_rows_follow_changes(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    done(&*store, vec![put(customer("anna", 1, Some(5)), Guard::New)])?;
    for (version, due_at) in [(2, Some(7)), (3, None), (4, None), (5, Some(1)), (6, Some(1))] {
        done(&*store, vec![put(customer("anna", version, due_at), Guard::Version(version - 1))])?;
        let expected: Vec<i64> = due_at.into_iter().collect();
        ensure_eq("due", &ints(&rows(&*store, due(100))?, 8), &expected)?;
    }
    done(&*store, vec![Write::Delete { table: Table::Customer, key: customer_key("anna") }])?;
    ensure_eq("due", &rows(&*store, due(100))?, &vec![])
}
