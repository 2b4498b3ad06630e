//! Rows and short forms that the laws are written with.

use crate::store::{Commit, CommitReply, Guard, Read, Row, Store, Table, Value, Write};

pub(super) const BUCKET: i64 = 7;

/// The answer of a law so far.
pub(super) type Check<T = ()> = Result<T, String>;

/// Says what was broken, unless it holds.
pub(super) fn ensure(holds: bool, broken: impl Into<String>) -> Check {
    if holds { Ok(()) } else { Err(broken.into()) }
}

/// Says what was expected and what came, unless they are equal.
pub(super) fn ensure_eq<T: PartialEq + std::fmt::Debug>(what: &str, came: &T, expected: &T) -> Check {
    ensure(came == expected, format!("{what}: expected {}, got {}", brief(expected), brief(came)))
}

fn brief(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    if text.chars().nth(2_000).is_none() { text } else { text.chars().take(2_000).chain("…".chars()).collect() }
}

pub(super) fn int(number: i64) -> Value {
    Value::Int(number)
}

pub(super) fn text(text: &str) -> Value {
    Value::text(text)
}

pub(super) fn blob(bytes: &[u8]) -> Value {
    Value::Blob(bytes.into())
}

pub(super) fn customer(id: &str, version: i64, due: Option<i64>) -> Row {
    customer_in(BUCKET, id, version, due)
}

pub(super) fn customer_in(bucket: i64, id: &str, version: i64, due: Option<i64>) -> Row {
    let due = due.map_or(Value::Null, Value::Int);
    let cells = vec![
        int(bucket),
        text(id),
        int(version),
        int(1_700_000_000_000),
        Value::Null,
        text("active"),
        Value::Null,
        int(0),
        due,
        blob(b"profile"),
        blob(b"state"),
    ];
    Row::new(Table::Customer, cells)
}

pub(super) fn customer_key(id: &str) -> Vec<Value> {
    vec![int(BUCKET), text(id)]
}

pub(super) fn entry(id: &str, seq: i64, request: Option<&str>) -> Row {
    let cells = vec![
        int(BUCKET),
        text(id),
        int(seq),
        text("earn"),
        int(1_700_000_000_000),
        int(1_700_000_000_001),
        request.map_or(Value::Null, Value::text),
        text("points"),
        int(10),
        Value::Null,
        int(1),
        blob(b"body"),
        request.map_or(Value::Null, |_| blob(b"mark")),
    ];
    Row::new(Table::Entry, cells)
}

pub(super) fn entry_key(id: &str, seq: i64) -> Vec<Value> {
    vec![int(BUCKET), text(id), int(seq)]
}

pub(super) fn identity(name: &str, version: i64, owner: Option<&str>, body: Option<&[u8]>) -> Row {
    let owner = owner.map_or(Value::Null, Value::text);
    let body = body.map_or(Value::Null, blob);
    Row::new(Table::Identity, vec![int(BUCKET), text(name), int(version), owner, body])
}

pub(super) fn lot(id: &str, currency: &str, number: i64) -> Row {
    Row::new(Table::Lot, vec![int(BUCKET), text(id), text(currency), int(number), blob(b"lot")])
}

pub(super) fn put(row: Row, guard: Guard) -> Write {
    Write::Put { row, guard }
}

pub(super) fn within(name: &str, add: i64, limit: i64) -> Write {
    Write::Within { key: vec![int(BUCKET), text(name)], add, limit }
}

/// Commits and hands the reply on; an error of the store is a broken law.
pub(super) fn reply(store: &dyn Store, writes: Vec<Write>) -> Check<CommitReply> {
    store.commit(&Commit { writes }).map_err(|error| format!("commit failed: {error}"))
}

/// Commits what has to succeed.
pub(super) fn done(store: &dyn Store, writes: Vec<Write>) -> Check {
    ensure_eq("commit", &reply(store, writes)?, &CommitReply::Done)
}

/// Commits what has to be refused at these places.
pub(super) fn conflict(store: &dyn Store, writes: Vec<Write>, places: &[usize]) -> Check {
    ensure_eq("commit", &reply(store, writes)?, &CommitReply::Conflict { writes: places.to_vec() })
}

pub(super) fn load(store: &dyn Store, reads: &[Read]) -> Check<Vec<Vec<Row>>> {
    let lists = store.load(reads).map_err(|error| format!("load failed: {error}"))?;
    ensure(lists.len() == reads.len(), "one list of rows per read is expected")?;
    Ok(lists)
}

/// The rows of one read.
pub(super) fn rows(store: &dyn Store, read: Read) -> Check<Vec<Row>> {
    Ok(load(store, &[read])?.pop().unwrap_or_default())
}

/// The row with this key.
pub(super) fn row(store: &dyn Store, table: Table, key: Vec<Value>) -> Check<Option<Row>> {
    let mut found = rows(store, Read::Row { table, key })?;
    ensure(found.len() <= 1, "a key has at most one row")?;
    Ok(found.pop())
}

/// How much of a counter is used, if it exists.
pub(super) fn used(store: &dyn Store, name: &str) -> Check<Option<i64>> {
    let found = row(store, Table::Counter, vec![int(BUCKET), text(name)])?;
    Ok(found.and_then(|row| row.cells().last().and_then(Value::as_int)))
}

pub(super) fn prefix(table: Table, cells: Vec<Value>) -> Read {
    Read::Prefix { table, prefix: cells, after: None, limit: usize::MAX }
}

pub(super) fn due(up_to: i64) -> Read {
    Read::UpTo { table: Table::Customer, index: 0, up_to: int(up_to), after: None, limit: usize::MAX }
}

/// The text in this cell of each row.
pub(super) fn texts(rows: &[Row], place: usize) -> Vec<String> {
    rows.iter().filter_map(|row| row.cells().get(place).and_then(Value::as_text)).map(str::to_owned).collect()
}

/// The number in this cell of each row.
pub(super) fn ints(rows: &[Row], place: usize) -> Vec<i64> {
    rows.iter().filter_map(|row| row.cells().get(place).and_then(Value::as_int)).collect()
}
