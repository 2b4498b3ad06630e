//! The schema: its fixture, its upgrades, its plans.

use super::super::load;
use super::*;

/// The schema of version 1, as the first release writes it.
const FIXTURE: &str = include_str!("../../../tests/fixtures/store_v1.sql");

fn v1() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(FIXTURE).unwrap();
    connection
}

fn version(connection: &Connection) -> i32 {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

/// The tables cannot change by accident. Released tables change by a new version and a migration, with a fixture more;
/// before the first release, `STORE_FIXTURE=write` writes the fixture anew.
#[test]
fn version_1_is_what_the_fixture_says() {
    assert_eq!(VERSION, 1, "keep this fixture, add one for the new version, and test the upgrade between them");
    let mark = format!("PRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = 1;\n");
    let rows = FIXTURE.split_once("-- Rows\n").map_or("", |(_, rows)| rows);
    let text = format!("{}{}{mark}-- Rows\n{rows}", create(), create_views());
    if std::env::var("STORE_FIXTURE").is_ok_and(|value| value == "write") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/store_v1.sql");
        std::fs::write(path, &text).unwrap();
        return;
    }
    assert_eq!(text, FIXTURE, "a table changed without a new version");
}

#[test]
fn a_file_of_version_1_opens_with_its_rows() {
    let connection = v1();
    bring_up(&connection, MIGRATIONS, VERSION).unwrap();
    let read = crate::store::Read::Prefix { table: Table::Customer, prefix: vec![], after: None, limit: 9 };
    let rows = load::load(&connection, &[read]).unwrap().remove(0);
    let names: Vec<_> = rows.iter().map(|row| row.cells()[1].as_text().unwrap()).collect();
    assert_eq!(names, ["anna", "张三"]);
}

#[test]
fn upgrades_go_step_by_step() {
    let steps = [
        Migration { from: 1, sql: "ALTER TABLE customer ADD COLUMN region TEXT;" },
        Migration { from: 2, sql: "CREATE TABLE visit (id INTEGER PRIMARY KEY) STRICT; DROP VIEW customer_view;" },
    ];
    let connection = v1();
    bring_up(&connection, &steps, 3).unwrap();
    assert_eq!(version(&connection), 3);
    let count = "SELECT (SELECT count(*) FROM customer WHERE region IS NULL) + (SELECT count(*) FROM visit)";
    assert_eq!(connection.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap(), 2);
    connection.execute_batch("SELECT * FROM customer_view").unwrap();
    bring_up(&connection, &steps, 3).unwrap();
    assert_eq!(bring_up(&connection, &steps, 2).unwrap_err().code(), ErrorCode::StoreNewer);
}

#[test]
fn a_step_that_fails_changes_nothing() {
    let steps = [
        Migration { from: 1, sql: "ALTER TABLE customer ADD COLUMN region TEXT;" },
        Migration { from: 2, sql: "ALTER TABLE customer ADD COLUMN city TEXT; DROP TABLE nowhere;" },
    ];
    let connection = v1();
    assert_eq!(bring_up(&connection, &steps, 3).unwrap_err().code(), ErrorCode::StoreFailed);
    assert_eq!(version(&connection), 2, "the step before it holds");
    assert!(connection.is_autocommit());
    connection.execute_batch("SELECT region FROM customer").unwrap();
    assert!(connection.execute_batch("SELECT city FROM customer").is_err());
    assert_eq!(bring_up(&connection, &[], 3).unwrap_err().code(), ErrorCode::StoreCorrupt, "a step that is not known");
}

/// No statement sorts, and none walks a whole table unless it was asked for it.
#[test]
fn reads_follow_the_trees() {
    let connection = Connection::open_in_memory().unwrap();
    bring_up(&connection, MIGRATIONS, VERSION).unwrap();
    let plan = |statement: &str| {
        let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let (mut rows, mut lines) = (explained.raw_query(), Vec::new());
        while let Some(row) = rows.next().unwrap() {
            lines.push(row.get::<_, String>(3).unwrap());
        }
        lines.join("; ")
    };
    for table in Table::ALL {
        let statements = load::of(*table).unwrap();
        let described = table.describe();
        let mut searches = vec![&statements.row, &statements.version, &statements.delete];
        searches.extend(statements.update.as_ref());
        for [from_start, resumed] in &statements.prefix {
            assert!(!plan(from_start).contains("TEMP B-TREE"), "{from_start}: {}", plan(from_start));
            searches.push(resumed);
        }
        searches.pop(); // After a full key there is nothing, and the statement is never used.
        for (index, described) in statements.indexes.iter().zip(described.indexes) {
            searches.extend(&index.equal);
            if described.columns.len() == 1 {
                searches.extend(&index.up_to);
            }
        }
        for statement in searches {
            let plan = plan(statement);
            assert!(plan.contains("SEARCH") && !plan.contains("SCAN"), "{statement}: {plan}");
            assert!(!plan.contains("TEMP B-TREE") || statement.contains("entry_request"), "{statement}: {plan}");
        }
    }
}
