//! PostgreSQL keeps every law of a store.
#![cfg(all(feature = "postgres", feature = "conformance"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod on_postgres;

use crm_core::store::{
    Commit, CommitReply, Guard, PostgresOptions, PostgresProfile, PostgresStore, Row, Store, Table, Value, Write,
};
use on_postgres::{InSchema, address, number, sql};

crm_core::store_conformance!(
    laws,
    || Box::new(InSchema::new()) as Box<dyn Store>,
    ignore = "needs a server: tests/run --only postgres"
);

crm_core::store_conformance!(
    laws_when_spread,
    || Box::new(InSchema::spread()) as Box<dyn Store>,
    ignore = "needs a server: tests/run --only postgres"
);

/// A commit whose rows are of one bucket goes to the machine of that bucket, and no other does.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_commit_in_one_bucket_goes_there() {
    let store = InSchema::spread();
    sql(&format!(
        "SET search_path = {0}; CREATE TABLE sent (bucket int8);
         CREATE OR REPLACE FUNCTION apply_in_1(_bucket int8, _ops int8[], _ints int8[], _texts text[], _blobs bytea[]) RETURNS void
         LANGUAGE plpgsql SET search_path = {0} AS
         $$ BEGIN INSERT INTO sent VALUES (_bucket); PERFORM apply_1(_ops, _ints, _texts, _blobs); END $$",
        store.schema
    ))
    .unwrap();
    let row = |bucket: i64, name: &str| {
        let cells = vec![Value::Int(bucket), Value::text(name), Value::Int(1), Value::Null, Value::Null];
        Write::Put { row: Row::new(Table::Identity, cells), guard: Guard::New }
    };
    let count = |bucket: i64| Write::Within { key: vec![Value::Int(bucket), Value::text("c")], add: 1, limit: 9 };
    let program = || {
        let cells = vec![Value::Int(1), Value::Int(0), Value::text("{}")];
        Write::Put { row: Row::new(Table::Program, cells), guard: Guard::New }
    };
    for (writes, sent) in [
        (vec![row(7, "a"), count(7)], 1),
        (vec![row(7, "b"), count(8)], 1),
        (vec![program()], 1),
        (vec![row(9, "c")], 2),
        (vec![Write::Delete { table: Table::Identity, key: vec![Value::Int(9), Value::text("c")] }, count(9)], 3),
        (vec![put(customer(1, "new"), Guard::New)], 4),
        // What goes without the function elsewhere would cost much here.
        (usual(0, 1), 5),
    ] {
        assert_eq!(store.commit(&Commit { writes }).unwrap(), CommitReply::Done);
        assert_eq!(number(&format!("SELECT count(*) FROM {}.sent", store.schema)), sent);
    }
    assert_eq!(number(&format!("SELECT sum(bucket)::int8 FROM {}.sent", store.schema)), 7 + 9 + 9 + 7 + 7);
    // Nobody makes tables there unasked.
    let options =
        PostgresOptions { schema: on_postgres::name(), profile: PostgresProfile::Citus, ..PostgresOptions::default() };
    assert_eq!(PostgresStore::open(&address(), &options).unwrap_err().code().as_str(), "store.missing");
}

/// A row of a table, of the same key always, told apart by its other texts.
fn made(table: Table, key: &[(usize, Value)], told: &str) -> Row {
    let cells = table.describe().columns.iter().enumerate().map(|(place, column)| {
        let given = key.iter().find(|(at, _)| *at == place).map(|(_, value)| value.clone());
        given.unwrap_or_else(|| match column.kind {
            crm_core::store::ColumnType::Text if place < table.describe().key => Value::text("ann"),
            _ if column.nullable => Value::Null,
            crm_core::store::ColumnType::Int => Value::Int(7),
            crm_core::store::ColumnType::Text => Value::text(told),
            crm_core::store::ColumnType::Blob => Value::Blob(told.as_bytes().into()),
        })
    });
    Row::new(table, cells.collect())
}

fn customer(version: i64, told: &str) -> Row {
    made(Table::Customer, &[(2, Value::Int(version))], told)
}

fn entry(seq: i64, request: Option<&str>, told: &str) -> Row {
    let request = request.map_or(Value::Null, Value::text);
    made(Table::Entry, &[(2, Value::Int(seq)), (6, request)], told)
}

/// The rows that go between a customer and the entries, as an order, a spend or a claim has them.
const BETWEEN: [(Table, Guard); 4] = [
    (Table::Identity, Guard::New),
    (Table::Order, Guard::Any),
    (Table::Redemption, Guard::Any),
    (Table::Claim, Guard::Any),
];

fn put(row: Row, guard: Guard) -> Write {
    Write::Put { row, guard }
}

/// The usual commit: the customer at version 1, what stands in these bits, and so many entries from 2, the first with the mark `r`.
fn usual(bits: usize, entries: i64) -> Vec<Write> {
    let between = BETWEEN.iter().enumerate().filter(|(bit, _)| bits & 1 << bit != 0);
    let between = between.map(|(_, (table, guard))| put(made(*table, &[], "new"), *guard));
    let entries = (0..entries).map(|n| put(entry(2 + n, Some("r").filter(|_| n == 0), "new"), Guard::New));
    std::iter::once(put(customer(2, "new"), Guard::Version(1))).chain(between).chain(entries).collect()
}

/// What most commands write goes another way than the rest. Whatever is in its way, the answer and the rows are those of the store in
/// memory. To see it fail: leave the version or the count of names out of the statement of `usual.rs`.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn the_usual_commit_is_a_commit_like_any_other() {
    let store = InSchema::new();
    let put_all = |rows: Vec<Row>| rows.into_iter().map(|row| put(row, Guard::Any)).collect::<Vec<_>>();
    let taken = |table| made(table, &[], "old");
    let there = || vec![customer(1, "old"), entry(1, Some("q"), "old")];
    let with = |rows: Vec<Row>| [there(), rows].concat();
    let before: Vec<(&str, Vec<Row>)> = vec![
        ("nothing is in the way", there()),
        ("no customer", vec![]),
        ("another version", vec![customer(5, "old")]),
        ("the request was carried out", with(vec![entry(9, Some("r"), "old")])),
        ("the entry is there", with(vec![entry(2, None, "old")])),
        ("a later entry is there", with(vec![entry(3, None, "old")])),
        ("the name is taken", with(vec![taken(Table::Identity)])),
        (
            "the name is taken and the request carried out",
            with(vec![taken(Table::Identity), entry(9, Some("r"), "old")]),
        ),
        ("another version and the name is taken", vec![customer(5, "old"), taken(Table::Identity)]),
        ("what is replaced is there", with([Table::Order, Table::Redemption, Table::Claim].map(taken).to_vec())),
    ];
    let reads: Vec<crm_core::store::Read> = Table::ALL
        .iter()
        .map(|table| crm_core::store::Read::Prefix { table: *table, prefix: vec![], after: None, limit: 99 })
        .collect();
    let (mut done, mut refused) = (0, 0);
    for bits in 0..16 {
        for entries in 1..=5 {
            for (what, rows) in &before {
                let twice = |writes: &mut Vec<Write>| writes.push(put(entry(2, Some("s"), "twice"), Guard::New));
                for spoil in [None, Some(twice)] {
                    store.store.run_sql(PostgresStore::EMPTY).unwrap();
                    let memory = crm_core::store::MemoryStore::new();
                    let mut commit = usual(bits, entries);
                    if let Some(spoil) = spoil {
                        spoil(&mut commit);
                    }
                    let both = |writes: Vec<Write>| {
                        let commit = Commit { writes };
                        (store.commit(&commit).unwrap(), memory.commit(&commit).unwrap())
                    };
                    both(put_all(rows.clone()));
                    let (here, there) = both(commit);
                    assert_eq!(here, there, "{what}, {bits:b}, {entries} entries");
                    let rows = (store.load(&reads).unwrap(), memory.load(&reads).unwrap());
                    assert_eq!(rows.0, rows.1, "{what}, {bits:b}, {entries} entries");
                    if here == CommitReply::Done { done += 1 } else { refused += 1 }
                }
            }
        }
    }
    // Nothing in the way; one entry before the later one; no name where one is taken; rows to replace. Never where an entry comes twice.
    assert_eq!((done, refused), (16 * 5 + 16 + 8 * 5 + 16 * 5, 16 * 5 * 10 * 2 - 216));
}

/// What most commands write needs no function; everything else does. To see it fail: look for the usual after the rest in `commit.rs`.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn the_usual_commit_needs_no_function() {
    let store = InSchema::new();
    store.commit(&Commit { writes: vec![put(customer(1, "old"), Guard::New)] }).unwrap();
    store.store.run_sql("DROP FUNCTION apply_1(int8[], int8[], text[], bytea[])").unwrap();
    assert_eq!(store.commit(&Commit { writes: usual(0b1111, 4) }).unwrap(), CommitReply::Done);
    let code = |writes| store.commit(&Commit { writes }).unwrap_err().code().as_str();
    // Another version by now, one entry too many, and another order.
    assert_eq!(code(usual(0, 1)), "store.corrupt");
    let next = |guard| put(customer(3, "newer"), guard);
    let later = |seq| put(entry(seq, None, "new"), Guard::New);
    assert_eq!(code([vec![next(Guard::Version(2))], (10..15).map(later).collect()].concat()), "store.corrupt");
    assert_eq!(code(vec![later(10), next(Guard::Version(2))]), "store.corrupt");
    assert_eq!(store.commit(&Commit { writes: vec![next(Guard::Version(2)), later(10)] }).unwrap(), CommitReply::Done);
}
