//! What can go wrong between an engine and its server, each with its code, and nothing half done.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod on_postgres;

use crm_core::store::{
    Commit, CommitReply, Durability, Guard, PostgresOptions, PostgresStore, Read, Row, Store, Table, Value, Write,
};
use crm_core::{Error, Retry};
use on_postgres::{InSchema, address, number, sql};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn code(error: &Error) -> (&'static str, Retry) {
    (error.code().as_str(), error.retry())
}

fn open(address: &str, schema: &str) -> Result<PostgresStore, Error> {
    PostgresStore::open(address, &PostgresOptions { schema: schema.to_owned(), ..PostgresOptions::default() })
}

/// The row of a name, with a version.
fn name(name: &str, version: i64) -> Row {
    Row::new(Table::Identity, vec![Value::Int(1), Value::text(name), Value::Int(version), Value::Null, Value::Null])
}

fn entry(seq: i64) -> Row {
    let blob = || Value::Blob(b"b"[..].into());
    let (who, int) = ([Value::Int(1), Value::text("ann"), Value::Int(seq)], |n| [Value::Int(n), Value::Int(n)]);
    let rest = [Value::Null, Value::Null, Value::Null, Value::Null, Value::Int(1), blob(), Value::Null];
    Row::new(Table::Entry, who.into_iter().chain([Value::text("earn")]).chain(int(1)).chain(rest).collect())
}

fn put(row: Row, guard: Guard) -> Write {
    Write::Put { row, guard }
}

fn within(counter: &str, add: i64, limit: i64) -> Write {
    Write::Within { key: vec![Value::Int(1), Value::text(counter)], add, limit }
}

fn commit(store: &dyn Store, writes: Vec<Write>) -> Result<CommitReply, Error> {
    store.commit(&Commit { writes })
}

/// How many names there are.
fn names(store: &dyn Store) -> usize {
    let read = Read::Prefix { table: Table::Identity, prefix: vec![], after: None, limit: usize::MAX };
    store.load(&[read]).unwrap().remove(0).len()
}

#[test]
fn an_address_that_cannot_be_read_is_told_without_its_password() {
    for address in [
        "postgres://crm:secret@host:port/db",
        "postgres://crm:secret@host/db?sslmode=perhaps",
        "nonsense",
        "postgres://",
        "postgres:///db?user=crm&password=secret",
        "dbname=db password=secret",
    ] {
        let error = open(address, "crm").unwrap_err();
        assert_eq!(code(&error), ("store.address", Retry::No), "{address}");
        assert!(!format!("{error:?} {error}").contains("secret"), "{error:?}");
    }
    let secured = open("postgres://crm:secret@host/db?sslmode=verify-full", "crm").unwrap_err();
    let field = if cfg!(feature = "postgres-tls") { "sslrootcert" } else { "sslmode" };
    assert_eq!((code(&secured).0, secured.details()["field"].as_str()), ("store.address", Some(field)));
    assert_eq!(open("postgres://host/db?profile=oracle", "crm").unwrap_err().details()["field"], "profile");
    assert_eq!(open("postgres://host/db", "").unwrap_err().code().as_str(), "store.address");
}

#[test]
fn a_server_that_is_not_there_is_told_soon() {
    let begun = Instant::now();
    let error = open("postgres://postgres@127.0.0.1:1/postgres", "crm").unwrap_err();
    assert_eq!(code(&error), ("store.unreachable", Retry::Later));
    assert!(begun.elapsed() < Duration::from_secs(5));
    // One that takes the call and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("postgres://postgres@{}/postgres", silent.local_addr().unwrap());
    let options = PostgresOptions { answer_wait_ms: 200, ..PostgresOptions::default() };
    assert_eq!(code(&PostgresStore::open(&address, &options).unwrap_err()), ("store.unreachable", Retry::Later));
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_wrong_password_and_a_wrong_database_are_told() {
    sql("DROP ROLE IF EXISTS guarded; CREATE ROLE guarded LOGIN PASSWORD 'right'").unwrap();
    let wrong = address().replace("postgres@", "guarded:wrong@");
    let error = open(&wrong, "crm").unwrap_err();
    assert_eq!(code(&error), ("store.login", Retry::No));
    assert!(!format!("{error:?}").contains("wrong"), "{error:?}");
    let nowhere = address().rsplit_once('/').map(|(front, _)| format!("{front}/nowhere")).unwrap();
    assert_eq!(code(&open(&nowhere, "crm").unwrap_err()), ("store.missing", Retry::No));
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn roles_are_told_what_they_may_not() {
    let store = InSchema::new();
    let (schema, role) = (&store.schema, format!("{}_role", store.schema));
    let as_role = address().replace("postgres@", &format!("{role}@"));
    assert_eq!(code(&open(&as_role, schema).unwrap_err()), ("store.login", Retry::No), "nobody has this name");
    commit(&store, vec![put(name("a", 1), Guard::New)]).unwrap();
    sql(&format!("CREATE ROLE {role} LOGIN")).unwrap();
    assert_eq!(code(&open(&as_role, schema).unwrap_err()), ("store.read_only", Retry::No), "it may not even look");
    sql(&format!("GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}"))
        .unwrap();
    let reader = open(&as_role, schema).unwrap();
    assert_eq!(names(&reader), 1);
    for count in [1, 40] {
        let writes = (0..count).map(|n| put(name(&format!("b{n}"), 1), Guard::New)).collect();
        assert_eq!(code(&commit(&reader, writes).unwrap_err()), ("store.read_only", Retry::No));
    }
    assert_eq!(names(&store), 1);
    let elsewhere = on_postgres::name();
    assert_eq!(
        code(&open(&as_role, &elsewhere).unwrap_err()),
        ("store.read_only", Retry::No),
        "it may not make a schema"
    );
    sql(&format!("ALTER ROLE {role} CONNECTION LIMIT 1")).unwrap();
    assert_eq!(code(&open(&as_role, schema).unwrap_err()), ("store.busy", Retry::Later), "its connections are out");
    drop(reader);
    sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_database_in_another_encoding_is_refused() {
    let latin = on_postgres::name();
    sql(&format!("CREATE DATABASE {latin} ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")).unwrap();
    let there = address().rsplit_once('/').map(|(front, _)| format!("{front}/{latin}")).unwrap();
    assert_eq!(code(&open(&there, "crm").unwrap_err()), ("store.missing", Retry::No));
    sql(&format!("DROP DATABASE {latin}")).unwrap();
}

#[test]
fn somebody_else_at_the_other_end_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("postgres://postgres@{}/postgres", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        assert!(0 < client.read(&mut [0; 512]).unwrap());
        client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let error = open(&address, "crm").unwrap_err();
    assert!(matches!(code(&error).0, "store.failed" | "store.unreachable"), "{error:?}");
}

/// A file system of so many megabytes for the server, where this machine lets us have one.
struct Disk {
    folder: tempfile::TempDir,
    name: String,
}

impl Disk {
    fn mounted(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let name = on_postgres::name();
        let done = |command: &mut std::process::Command| command.status().is_ok_and(|status| status.success());
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"]).arg(folder.path());
        if !done(&mut mount) || !done(std::process::Command::new("chown").arg("postgres").arg(folder.path())) {
            return None;
        }
        let disk = Self { folder, name };
        sql(&format!("CREATE TABLESPACE {} LOCATION '{}'", disk.name, disk.folder.path().display())).unwrap();
        Some(disk)
    }

    fn grow(&self, megabytes: u32) {
        let mut mount = std::process::Command::new("mount");
        mount.args(["-o", &format!("remount,size={megabytes}m")]).arg(self.folder.path());
        assert!(mount.status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        sql(&format!("DROP TABLESPACE IF EXISTS {}", self.name)).ok();
        std::process::Command::new("umount").arg(self.folder.path()).status().ok();
    }
}

/// A real one; where none can be had, `a_failure_in_the_middle_writes_nothing` injects it.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_full_disk_is_told_and_room_helps() {
    let Some(disk) = Disk::mounted(8) else {
        println!("no small disk can be had here");
        return;
    };
    let there = format!("{}?options=-c%20default_tablespace%3D{}", address(), disk.name);
    let schema = on_postgres::name();
    let store = open(&there, &schema).unwrap();
    // Bytes that do not pack.
    let mut chance = 1_u64;
    let mut bytes = |count: usize| -> std::sync::Arc<[u8]> {
        let next = |_| {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (chance >> 56) as u8
        };
        (0..count).map(next).collect()
    };
    let mut large = |n: usize, rows: usize| -> Vec<Write> {
        let row = |row: usize| {
            let cells = vec![Value::Int(1), Value::text(&format!("n{n}/{row}")), Value::Int(1), Value::Null];
            let body = Value::Blob(bytes(200_000 / rows));
            put(Row::new(Table::Identity, cells.into_iter().chain([body]).collect()), Guard::New)
        };
        (0..rows).map(row).chain([within("c", 1, i64::MAX)]).collect()
    };
    let mut written = 0;
    for (n, rows) in (0..).map(|n| (n, if n % 2 == 0 { 1 } else { 40 })) {
        match commit(&store, large(n, rows)) {
            Ok(reply) => {
                assert_eq!(reply, CommitReply::Done);
                written += rows;
            }
            Err(error) => {
                assert_eq!(code(&error), ("store.full", Retry::Later), "{error:?}");
                break;
            }
        }
        assert!(n < 200, "the disk has no end");
    }
    let used = || number(&format!("SELECT used FROM {schema}.counter"));
    let before = used();
    for rows in [1, 40] {
        assert_eq!(code(&commit(&store, large(1_000, rows)).unwrap_err()), ("store.full", Retry::Later));
    }
    assert_eq!((names(&store), used()), (written, before), "nothing half done");
    disk.grow(64);
    assert_eq!(commit(&store, large(1_000, 40)).unwrap(), CommitReply::Done);
    assert_eq!((names(&store), used()), (written + 40, before + 1));
    store.close().unwrap();
    sql(&format!("SET client_min_messages = warning; DROP SCHEMA {schema} CASCADE")).unwrap();
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn schemas_of_others_are_left_alone() {
    let store = InSchema::new();
    let schema = store.schema.clone();
    let again = || open(&address(), &schema).map(drop).map_err(|error| code(&error));
    assert_eq!(again(), Ok(()));
    let by_url = format!("{}?schema={schema}", address());
    assert!(PostgresStore::open(&by_url, &PostgresOptions { creates: false, ..PostgresOptions::default() }).is_ok());
    sql(&format!("UPDATE {schema}.crm_schema SET version = 99")).unwrap();
    assert_eq!(again(), Err(("store.newer", Retry::No)));
    sql(&format!("UPDATE {schema}.crm_schema SET version = 0")).unwrap();
    assert_eq!(again(), Err(("store.corrupt", Retry::No)), "no step from there is known");
    sql(&format!("UPDATE {schema}.crm_schema SET version = 1; DROP TABLE {schema}.lot CASCADE")).unwrap();
    assert_eq!(again(), Err(("store.corrupt", Retry::No)));
    sql(&format!("DROP TABLE {schema}.crm_schema")).unwrap();
    assert_eq!(again(), Err(("store.corrupt", Retry::No)), "another application's");
    let missing = PostgresOptions { schema: on_postgres::name(), creates: false, ..PostgresOptions::default() };
    assert_eq!(code(&PostgresStore::open(&address(), &missing).unwrap_err()), ("store.missing", Retry::No));
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn many_may_open_a_new_schema_at_once() {
    let schema = on_postgres::name();
    std::thread::scope(|threads| {
        let opened: Vec<_> = (0..8).map(|_| threads.spawn(|| open(&address(), &schema).map(drop))).collect();
        opened.into_iter().for_each(|opened| opened.join().unwrap().unwrap());
    });
    sql(&format!("SET client_min_messages = warning; DROP SCHEMA {schema} CASCADE")).unwrap();
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_server_that_may_not_be_written_to_is_read() {
    let store = InSchema::new();
    commit(&store, vec![put(name("a", 1), Guard::New)]).unwrap();
    let separator = if address().contains('?') { '&' } else { '?' };
    let read_only = format!("{}{separator}options=-c%20default_transaction_read_only%3Don", address());
    let read_only = open(&read_only, &store.schema).unwrap();
    assert_eq!(names(&read_only), 1);
    for count in [1, 40] {
        let writes = (0..count).map(|n| put(name(&format!("b{n}"), 1), Guard::New)).collect();
        assert_eq!(code(&commit(&read_only, writes).unwrap_err()), ("store.read_only", Retry::No));
    }
    assert_eq!(names(&store), 1);
}

/// To see it fail: leave the setting out of `set_up`.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_commit_waits_for_the_disk_unless_it_is_told_not_to() {
    let store = InSchema::new();
    let options =
        PostgresOptions { schema: store.schema.clone(), durability: Durability::Normal, ..PostgresOptions::default() };
    let soon = PostgresStore::open(&address(), &options).unwrap();
    let waits = |store: &PostgresStore, setting: &str| {
        store.run_sql(&format!(
            "DO $$ BEGIN IF current_setting('synchronous_commit') <> '{setting}' THEN RAISE 'another one'; END IF; END $$"
        ))
    };
    waits(&soon, "off").unwrap();
    waits(&store.store, "on").unwrap();
    commit(&soon, vec![put(name("a", 1), Guard::New)]).unwrap();
    assert_eq!(names(&store), 1);
}

/// Holds a table while something else is done.
fn while_locked<T>(schema: &str, work: impl FnOnce() -> T) -> T {
    let (held, release) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (client, driver) = tokio_postgres::connect(&address(), tokio_postgres::NoTls).await.unwrap();
                tokio::spawn(driver);
                client.batch_execute(&format!("BEGIN; LOCK TABLE {schema}.identity")).await.unwrap();
                held.store(true, Ordering::SeqCst);
                while !release.load(Ordering::SeqCst) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                client.batch_execute("ROLLBACK").await.unwrap();
            });
        });
        while !held.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(2));
        }
        let outcome = work();
        release.store(true, Ordering::SeqCst);
        outcome
    })
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn waiting_has_an_end() {
    let waits =
        PostgresOptions { connections_max: 1, pool_wait_ms: 100, statement_wait_ms: 600, ..PostgresOptions::default() };
    let store = InSchema::with(waits);
    while_locked(&store.schema, || {
        std::thread::scope(|threads| {
            let slow = threads.spawn(|| commit(&store, vec![within("c", 1, 9), put(name("a", 1), Guard::New)]));
            std::thread::sleep(Duration::from_millis(200));
            // The only connection waits for the table.
            let crowded = commit(&store, vec![within("c", 1, 9)]).unwrap_err();
            assert_eq!(code(&crowded), ("store.busy", Retry::Later), "{crowded:?}");
            let slow = slow.join().unwrap().unwrap_err();
            assert_eq!(code(&slow), ("store.busy", Retry::Later), "{slow:?}");
        });
    });
    assert_eq!(names(&store), 0);
    assert_eq!(commit(&store, vec![within("c", 9, 9), put(name("a", 1), Guard::New)]).unwrap(), CommitReply::Done);
}

/// Makes the server fail in the middle of commits that write the name `x`.
fn fails_at_x(schema: &str, what: &str) {
    sql(&format!(
        "SET search_path = {schema}; CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN IF new.name = 'x' THEN {what}; END IF; RETURN new; END $$;
         CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON identity FOR EACH ROW EXECUTE FUNCTION fail()"
    ))
    .unwrap();
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_failure_in_the_middle_writes_nothing() {
    let store = InSchema::new();
    let cases = [
        ("RAISE EXCEPTION USING ERRCODE = '53100'", "store.full"),
        ("RAISE EXCEPTION USING ERRCODE = '40001'", "store.busy"),
        ("RAISE EXCEPTION USING ERRCODE = '42501'", "store.read_only"),
        ("RAISE EXCEPTION USING ERRCODE = 'XX000'", "store.failed"),
        ("PERFORM pg_terminate_backend(pg_backend_pid())", "store.unreachable"),
    ];
    for (what, expected) in cases {
        fails_at_x(&store.schema, what);
        for count in [1, 40] {
            let few = (0..count).map(|n| put(name(&format!("a{n}"), 1), Guard::New));
            let writes: Vec<_> = few.chain([within("c", 1, 1), put(name("x", 1), Guard::New)]).collect();
            assert_eq!(commit(&store, writes).unwrap_err().code().as_str(), expected, "{what}, {count}");
            assert_eq!(names(&store), 0, "{what}, {count}");
        }
        // The next one finds a connection that works, and a counter that nobody touched.
        assert_eq!(commit(&store, vec![within("c", 1, 1)]).unwrap(), CommitReply::Done, "{what}");
        assert_eq!(commit(&store, vec![within("c", -1, 1)]).unwrap(), CommitReply::Done, "{what}");
    }
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn connections_that_died_idle_are_not_used() {
    let made = InSchema::new();
    let store = open(&format!("{}?application_name=crm_idle", address()), &made.schema).unwrap();
    for round in 0..3 {
        commit(&store, vec![put(name(&format!("a{round}"), 1), Guard::New)]).unwrap();
        sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'crm_idle'").unwrap();
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(names(&store), 3);
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn deadlocks_are_tried_again() {
    let store = InSchema::new();
    let writes = |order: [&str; 2]| order.map(|n| put(name(n, 1), Guard::Any)).to_vec();
    std::thread::scope(|threads| {
        for thread in 0..4 {
            let store = &store;
            let order = if thread % 2 == 0 { ["a", "b"] } else { ["b", "a"] };
            threads.spawn(move || {
                for _ in 0..150 {
                    assert_eq!(commit(store, writes(order)).unwrap(), CommitReply::Done);
                }
            });
        }
    });
}

/// Many writes at once say the same as one by one.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_large_commit_names_what_is_broken() {
    let store = InSchema::new();
    commit(&store, vec![put(name("n07", 1), Guard::New), put(name("old", 4), Guard::New), within("c", 5, 9)]).unwrap();
    let large = |old: i64, taken: &str, add: i64| -> Vec<Write> {
        let mut writes: Vec<_> = (0..40).map(|n| put(name(&format!("n{n:02}"), 1), Guard::New)).collect();
        writes[7] = put(name(taken, 1), Guard::New);
        writes[33] = put(name("old", old + 1), Guard::Version(old));
        writes[35] = within("c", add, 9);
        writes
    };
    let reply = |writes| commit(&store, writes).unwrap();
    assert_eq!(reply(large(3, "n07", 5)), CommitReply::Conflict { writes: vec![7, 33] });
    assert_eq!(reply(large(4, "new", 5)), CommitReply::OverLimit { writes: vec![35] });
    assert_eq!(names(&store), 2);
    assert_eq!(reply(large(4, "new", 4)), CommitReply::Done);
    assert_eq!(names(&store), 2 + 38);
    // All versions at once, and deletions.
    let next = |from: i64| -> Vec<Write> {
        (10..40)
            .filter(|n| ![33, 35].contains(n))
            .map(|n| put(name(&format!("n{n}"), from + 1), Guard::Version(from)))
            .collect()
    };
    assert_eq!(reply(next(1)), CommitReply::Done);
    assert_eq!(reply(next(1)), CommitReply::Conflict { writes: (0..28).collect() });
    let delete = |n: usize| Write::Delete { table: Table::Identity, key: name(&format!("n{n:02}"), 1).key().to_vec() };
    assert_eq!(reply((0..60).map(delete).collect()), CommitReply::Done);
    assert_eq!(names(&store), 2);
}

/// A host may call from a thread of its own runtime.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_thread_of_a_runtime_may_call() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = InSchema::new();
        commit(&store, vec![put(name("a", 1), Guard::New)]).unwrap();
        assert_eq!(names(&store), 1);
        std::thread::scope(|threads| threads.spawn(move || drop(store)).join().unwrap());
    });
}

/// Stands between a store and its server and counts how often the store speaks after it was spoken to.
fn counted(to: &str, turns: &Arc<AtomicUsize>) -> String {
    let server = to.rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = to.replace(&server, &listener.local_addr().unwrap().to_string());
    let turns = turns.clone();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(&server).unwrap());
            let spoken = Arc::new(AtomicBool::new(true));
            let (turns, heard) = (turns.clone(), spoken.clone());
            let pass = |mut from: TcpStream, mut to: TcpStream, each: Box<dyn Fn() + Send>| {
                std::thread::spawn(move || {
                    let mut bytes = vec![0; 1 << 16];
                    while let Ok(count) = from.read(&mut bytes) {
                        each();
                        if count == 0 || to.write_all(&bytes[..count]).is_err() {
                            break;
                        }
                    }
                    to.shutdown(std::net::Shutdown::Both).ok();
                })
            };
            let (client_too, server_too) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            pass(
                client,
                server,
                Box::new(move || {
                    if spoken.swap(false, Ordering::SeqCst) {
                        turns.fetch_add(1, Ordering::SeqCst);
                    }
                }),
            );
            pass(server_too, client_too, Box::new(move || heard.store(true, Ordering::SeqCst)));
        }
    });
    address
}

/// To see it fail: await the answers in `store/postgres/load.rs` one after the other.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_load_is_one_round_trip_and_so_is_a_commit() {
    let store = InSchema::new();
    let turns = Arc::new(AtomicUsize::new(0));
    let near = open(&counted(&address(), &turns), &store.schema).unwrap();
    let key = |n: &str| Read::Row { table: Table::Identity, key: name(n, 1).key().to_vec() };
    let reads = [
        key("a1"),
        key("a2"),
        Read::Row { table: Table::Customer, key: vec![Value::Int(1), Value::text("ann")] },
        Read::UpTo { table: Table::Customer, index: 0, up_to: Value::Int(9), after: None, limit: 9 },
        Read::Prefix { table: Table::Lot, prefix: vec![], after: None, limit: 9 },
    ];
    let mut next = 0;
    let mut fresh = |count: usize| -> Vec<Write> {
        next += 1;
        let names = (0..count).map(|n| put(name(&format!("a{next}/{n}"), 1), Guard::New));
        names.chain([within("c", 1, i64::MAX)]).collect()
    };
    let seqs = AtomicI64::new(1);
    // The first time, statements are prepared.
    for round in 0..2 {
        for (what, expected, work) in [
            ("load", 1, &mut (|| drop(near.load(&reads).unwrap())) as &mut dyn FnMut()),
            ("one read", 1, &mut || drop(near.load(&reads[..1]).unwrap())),
            ("small commit", 1, &mut || assert_eq!(commit(&near, fresh(3)).unwrap(), CommitReply::Done)),
            // Those who wait for entries are told on the same trip.
            ("commit of an entry", 1, &mut || {
                std::thread::sleep(Duration::from_millis(60));
                let writes = vec![put(entry(seqs.fetch_add(1, Ordering::SeqCst)), Guard::New)];
                assert_eq!(commit(&near, writes).unwrap(), CommitReply::Done);
            }),
            ("broken commit", 1, &mut || {
                assert_ne!(commit(&near, vec![within("c", 1, 0)]).unwrap(), CommitReply::Done)
            }),
        ] {
            let before = turns.load(Ordering::SeqCst);
            work();
            let taken = turns.load(Ordering::SeqCst) - before;
            assert!(round == 0 || taken == expected, "{what}: {taken} round trips");
        }
    }
    commit(&near, fresh(50)).unwrap();
    let before = turns.load(Ordering::SeqCst);
    assert_eq!(commit(&near, fresh(50)).unwrap(), CommitReply::Done);
    assert_eq!(turns.load(Ordering::SeqCst) - before, 1, "large commit");
}

/// Counts loads and commits, each of which is a round trip.
struct Calls(PostgresStore, AtomicUsize);

impl Store for Calls {
    fn abilities(&self) -> crm_core::store::Abilities {
        self.0.abilities()
    }
    fn load(&self, reads: &[Read]) -> crm_core::Result<Vec<Vec<Row>>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.load(reads)
    }
    fn commit(&self, commit: &Commit) -> crm_core::Result<CommitReply> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.commit(commit)
    }
    fn close(&self) -> crm_core::Result<()> {
        self.0.close()
    }
}

/// The whole of a command, and of a thousand at once. Of so many, the server answers the first while the last are still on their way,
/// which looks like a turn, so calls are counted there. To see it fail: look for the mark of each request before it is decided.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_command_is_two_round_trips_and_so_are_a_thousand() {
    let store = InSchema::new();
    let turns = Arc::new(AtomicUsize::new(0));
    let near = open(&counted(&address(), &turns), &store.schema).unwrap();
    let near = Arc::new(Calls(near, AtomicUsize::new(0)));
    let engine = crm_core::Engine::open_shared(near.clone()).unwrap();
    let program = r#"{ "version": 1, "program": "trips", "revision": 1, "zone": "UTC", "currencies": ["EUR"], "points": [{ "id": "points" }] }"#;
    engine.publish_json(program, crm_core::value::Timestamp::parse("2026-03-01T00:00:00Z").unwrap()).unwrap();
    let request = |id: usize, command: &str| {
        let text = format!(r#"{{ "request_id": "r{id}", "at": "2026-03-01T10:00:00Z", "do": {command} }}"#);
        crm_core::command::Request::from_json(&text).unwrap()
    };
    let register = |who| request(0, &format!(r#"{{ "type": "register_customer", "customer_id": "c{who}" }}"#));
    assert!(engine.execute_many((0..1_000).map(register).collect()).unwrap().iter().all(Result::is_ok));
    let earn = |id: usize, who: usize| {
        let command =
            format!(r#"{{ "type": "earn_points", "customer_id": "c{who}", "currency": "points", "points": 9 }}"#);
        request(id, &command)
    };
    // The first time, statements are prepared.
    engine.execute(earn(1, 7)).unwrap();
    let (before, called) = (turns.load(Ordering::SeqCst), near.1.load(Ordering::SeqCst));
    engine.execute(earn(2, 7)).unwrap();
    assert_eq!((turns.load(Ordering::SeqCst) - before, near.1.load(Ordering::SeqCst) - called), (2, 2));
    let called = near.1.load(Ordering::SeqCst);
    let all = engine.execute_many((0..1_000).map(|who| earn(3, who)).collect()).unwrap();
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(near.1.load(Ordering::SeqCst) - called, 2);
}

/// No statement walks through a table.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn reads_follow_the_indexes() {
    // The server counts when a connection ends; making an index counts as a walk.
    let made = InSchema::new();
    let scans = || {
        std::thread::sleep(Duration::from_millis(500));
        let query = "SELECT coalesce(sum(seq_scan), 0)::int8 FROM pg_stat_user_tables WHERE relname <> 'crm_schema'";
        number(&format!("{query} AND schemaname = '{}'", made.schema))
    };
    made.close().unwrap();
    let before = scans();
    let store = open(&address(), &made.schema).unwrap();
    let writes = (0..300).map(|n| put(name(&format!("n{n}"), 1), Guard::New)).collect();
    commit(&store, writes).unwrap();
    let bucket = || vec![Value::Int(1)];
    for table in Table::ALL {
        let key: Vec<Value> = table
            .describe()
            .columns
            .iter()
            .take(table.describe().key)
            .map(|column| match column.kind {
                crm_core::store::ColumnType::Int => Value::Int(1),
                _ => Value::text("x"),
            })
            .collect();
        let prefix = |cells: Vec<Value>, after: Option<Vec<Value>>| Read::Prefix {
            table: *table,
            prefix: cells,
            after,
            limit: 3,
        };
        let first = key[..1].to_vec();
        let mut reads = vec![
            Read::Row { table: *table, key: key.clone() },
            prefix(vec![], None),
            prefix(vec![], Some(key.clone())),
            prefix(first.clone(), None),
            prefix(first, Some(key.clone())),
        ];
        reads.extend([key.clone(), key.clone()].map(|key| Read::Row { table: *table, key }));
        for (index, described) in table.describe().indexes.iter().enumerate() {
            if described.columns.len() == 1 {
                reads.push(Read::UpTo { table: *table, index, up_to: Value::Int(9), after: None, limit: 3 });
                reads.push(Read::UpTo {
                    table: *table,
                    index,
                    up_to: Value::Int(9),
                    after: Some((Value::Int(1), key.clone())),
                    limit: 3,
                });
            }
            reads.extend([1, 2].map(|_| Read::Index { table: *table, index, cells: bucket() }));
        }
        store.load(&reads).unwrap();
        for read in &reads {
            store.load(std::slice::from_ref(read)).unwrap();
        }
    }
    store.close().unwrap();
    assert_eq!(scans() - before, 0);
}

/// The statements of the guide give somebody what they say, and no more.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_reader_reads_views_and_nothing_else() {
    let store = InSchema::new();
    let page = include_str!("../../docs/guides/postgresql.md");
    let block = page.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
    let statements =
        block.replace("crm_reader", &format!("{}_reader", store.schema)).replace("crm.", &format!("{}.", store.schema));
    let statements = statements.replace("SCHEMA crm ", &format!("SCHEMA {} ", store.schema));
    let statements = statements.replace("'crm'", &format!("'{}'", store.schema));
    sql(&statements).unwrap();
    let as_reader =
        |what: &str| sql(&format!("SET ROLE {}_reader; SET search_path = {}; {what}", store.schema, store.schema));
    as_reader("SELECT count(*), max(registered_at) FROM customer_view").unwrap();
    as_reader("SELECT count(*) FROM gift_card_view").unwrap();
    for refused in
        ["SELECT count(*) FROM customer", "DELETE FROM lot_view", "SELECT apply_1('{8}', '{1}', '{a}', '{}')"]
    {
        let error = as_reader(refused).unwrap_err();
        assert_eq!(error.code().map(|state| state.code()), Some("42501"), "{refused}: {error:?}");
    }
    sql(&format!("DROP OWNED BY {0}_reader; DROP ROLE {0}_reader", store.schema)).unwrap();
}
