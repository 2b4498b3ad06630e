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
    ] {
        assert_eq!(store.commit(&Commit { writes }).unwrap(), CommitReply::Done);
        assert_eq!(number(&format!("SELECT count(*) FROM {}.sent", store.schema)), sent);
    }
    assert_eq!(number(&format!("SELECT sum(bucket)::int8 FROM {}.sent", store.schema)), 7 + 9 + 9);
    // Nobody makes tables there unasked.
    let options =
        PostgresOptions { schema: on_postgres::name(), profile: PostgresProfile::Citus, ..PostgresOptions::default() };
    assert_eq!(PostgresStore::open(&address(), &options).unwrap_err().code().as_str(), "store.missing");
}
