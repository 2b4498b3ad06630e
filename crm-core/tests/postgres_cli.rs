//! `crm` on a PostgreSQL server, and rows that go there and come back.
#![cfg(all(feature = "postgres", feature = "cli"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod on_postgres;

use on_postgres::{address, name, sql};
use std::path::Path;
use std::process::{Command, Output};

fn crm(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crm")).args(arguments).current_dir(folder).env_remove("CRM_DB").output().unwrap()
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = crm(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(folder: &Path, arguments: &[&str], exit: i32, what: &str) {
    let output = crm(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {said}");
    assert!(said.contains(what), "{arguments:?}: {said}");
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_shop_moves_to_a_server_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let schema = name();
    let server = format!("{}?schema={schema}", address());
    done(folder, &["demo"]);
    refused(folder, &["--db", &server, "show"], 3, "store.missing");
    let copied = done(folder, &["copy", "crm-demo/crm.db", &server, "--json"]);
    refused(folder, &["copy", "crm-demo/crm.db", &server], 3, "store.exists");
    done(folder, &["copy", &server, "back.db"]);
    assert_eq!(done(folder, &["copy", "back.db", "again.db", "--json"]), copied);
    // The same answers from both.
    for question in [&["show", "--json"][..], &["export", "entries"], &["report", "--json"]] {
        let at = [&["--at", "2030-01-01"][..], question].concat();
        let of = |db: &str| done(folder, &[&["--db", db][..], &at].concat());
        assert_eq!(of(&server), of("crm-demo/crm.db"), "{question:?}");
    }
    // It is written to as well.
    let line = folder.join("new.jsonl");
    std::fs::write(&line, r#"{ "do": { "type": "register_customer", "customer_id": "new-one" } }"#).unwrap();
    done(folder, &["--db", &server, "do", "new.jsonl"]);
    assert!(done(folder, &["--db", &server, "show", "new-one", "--json"]).contains("new-one"));
    refused(folder, &["--db", &server, "backup", "b.db"], 2, "pg_dump");
    refused(folder, &["--db", &server, "verify"], 2, "pg_dump");
    assert!(done(folder, &["--db", &server, "verify", "--books"]).starts_with("the books add up: "));
    sql(&format!("UPDATE {schema}.orders SET total_minor = total_minor + 1 WHERE order_id = '#1002'")).unwrap();
    refused(folder, &["--db", &server, "verify", "--books"], 1, "");
    sql(&format!("SET client_min_messages = warning; DROP SCHEMA {schema} CASCADE")).unwrap();
}

/// What `crm schema` writes makes a database that `crm` takes.
#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_schema_can_be_made_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let schema = name();
    sql(&done(folder.path(), &["schema", "--name", &schema])).unwrap();
    let server = format!("{}?schema={schema}", address());
    done(folder.path(), &["--db", &server, "publish", "cafe"]);
    let citus = done(folder.path(), &["schema", "--profile", "citus"]);
    assert!(citus.contains("create_distributed_table('customer', 'bucket'") && citus.contains("\"crm\""));
    sql(&format!("SET client_min_messages = warning; DROP SCHEMA {schema} CASCADE")).unwrap();
}
