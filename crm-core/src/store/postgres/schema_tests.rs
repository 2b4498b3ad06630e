//! The schema: its fixture.

use super::*;

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
