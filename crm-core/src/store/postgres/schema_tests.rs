//! The schema: its fixture, and the way from an older one.

use super::super::{PostgresOptions, place};
use super::*;
use std::process::{Command, Stdio};

/// The schema of version 1, as the first release writes it.
const FIXTURE: &str = include_str!("../../../tests/fixtures/postgres_v1.sql");

/// Tables and functions cannot change by accident. Released ones change by a new version and a migration, with a fixture more;
/// before the first release, `STORE_FIXTURE=write` writes the fixture anew.
#[test]
fn version_1_is_what_the_fixture_says() {
    assert_eq!(VERSION, 1, "keep this fixture, add one for the new version, and test the upgrade between them");
    let text = [create(), create_views(), routine::create()].concat();
    if std::env::var("STORE_FIXTURE").is_ok_and(|value| value == "write") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/postgres_v1.sql");
        std::fs::write(path, &text).unwrap();
        return;
    }
    assert_eq!(text, FIXTURE, "a table or a function changed without a new version");
}

/// There is a step from every older version.
#[test]
fn every_older_version_has_a_step() {
    let from: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.from).collect();
    assert_eq!(from, (1..VERSION).collect::<Vec<_>>());
}

/// Steps of releases that there are not: each leaves a trace, and takes long enough to be met by others.
const STEPS: &[Migration] = &[
    Migration {
        from: 1,
        sql: "CREATE TABLE step (version int8); INSERT INTO step VALUES (2); ALTER TABLE customer ADD COLUMN note text;
              SELECT pg_sleep(0.1);",
    },
    Migration {
        from: 2,
        sql: "INSERT INTO step VALUES (3); ALTER TABLE lot ADD COLUMN note text; SELECT pg_sleep(0.1);",
    },
];
const HALF: &[Migration] =
    &[STEPS[0], Migration { from: 2, sql: "INSERT INTO step VALUES (3); SELECT 1 / (version - version) FROM step;" }];
const SCHEMA: &str = "CRM_UPGRADE_SCHEMA";

/// Does something on a connection of its own.
fn on_server<T>(schema: &str, work: impl AsyncFnOnce(&mut Session) -> Result<T>) -> Result<T> {
    let address = std::env::var("CRM_POSTGRES").expect("tests/with-postgres cargo test …");
    let options = PostgresOptions { schema: schema.to_owned(), ..PostgresOptions::default() };
    place(&address, options)?.open()?.run("test", work)
}

fn run(schema: &str, sql: &str) {
    on_server(schema, async |session| session.client.batch_execute(sql).await.map_err(fault::doing("test"))).unwrap();
}

fn number(schema: &str, sql: &str) -> i64 {
    let ask = async |session: &mut Session| {
        let row = session.client.query_one(sql, &[]).await.map_err(fault::doing("test"))?;
        row.try_get(0).map_err(fault::doing("test"))
    };
    on_server(schema, ask).unwrap()
}

fn upgrade(schema: &str, steps: &[Migration], newest: i64) -> Result<()> {
    on_server(schema, async |session| bring_up(session, schema, true, steps, newest).await)
}

/// A schema as the first release has left it, with somebody in it.
fn older(name: &str) -> String {
    let schema = format!("crm_upgrade_{name}_{}", std::process::id());
    run(&schema, &format!("CREATE SCHEMA {schema}; {FIXTURE}"));
    run(&schema, "INSERT INTO customer VALUES (7, 'ann', 1, 0, NULL, NULL, NULL, 5, NULL, '', '')");
    schema
}

fn drop_schema(schema: &str) {
    run(schema, &format!("SET client_min_messages = warning; DROP SCHEMA {schema} CASCADE"));
}

/// One of the processes that come at once.
#[test]
fn child() {
    if let Ok(schema) = std::env::var(SCHEMA) {
        upgrade(&schema, STEPS, 3).unwrap();
    }
}

/// To see it fail: leave the lock out of `bring_up`, or `identify` under it.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn processes_that_come_at_once_upgrade_once() {
    for (schema, people) in [(older("old"), 1), (format!("crm_upgrade_new_{}", std::process::id()), 0)] {
        let start = |_| {
            let mut child = Command::new(std::env::current_exe().unwrap());
            child.args(["store::postgres::schema::tests::child", "--exact", "--test-threads=1"]);
            child.env(SCHEMA, &schema).stdout(Stdio::piped()).spawn().unwrap()
        };
        let children: Vec<_> = (0..8).map(start).collect();
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        let traces = "SELECT count(*) * 1000 + sum(version)::int8 FROM step";
        assert_eq!(number(&schema, traces), 2_005, "each step once");
        assert_eq!(number(&schema, "SELECT version FROM crm_schema"), 3);
        assert_eq!(number(&schema, "SELECT count(*) FROM customer WHERE note IS NULL"), people);
        assert_eq!(upgrade(&schema, STEPS, 3), Ok(()));
        // A release that knows less does not touch it.
        assert_eq!(upgrade(&schema, MIGRATIONS, VERSION).unwrap_err().code(), ErrorCode::StoreNewer);
        drop_schema(&schema);
    }
}

/// A step that fails leaves the version before it, and goes on from there when it is mended.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_step_is_whole_or_not_there() {
    let schema = older("half");
    assert_eq!(upgrade(&schema, HALF, 3).unwrap_err().code(), ErrorCode::StoreFailed);
    assert_eq!(number(&schema, "SELECT version FROM crm_schema"), 2);
    assert_eq!(number(&schema, "SELECT count(*) FROM step"), 1);
    assert_eq!(upgrade(&schema, &STEPS[..1], 3).unwrap_err().code(), ErrorCode::StoreCorrupt, "a step is missing");
    assert_eq!(upgrade(&schema, STEPS, 3), Ok(()));
    assert_eq!(number(&schema, "SELECT count(*) FROM step"), 2);
    drop_schema(&schema);
}
