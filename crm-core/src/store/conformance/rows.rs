//! Laws of cells: what is written is what is read.

use super::Factory;
use super::sample::*;
use crate::store::{Guard, Read, Row, Table, Value};

/// Reads of what is not there give empty lists, not errors.
pub fn missing_rows_are_absent(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let reads = [
        Read::Row { table: Table::Customer, key: customer_key("anna") },
        Read::Index { table: Table::Entry, index: 0, cells: vec![int(BUCKET), text("anna"), text("r1")] },
        prefix(Table::Program, vec![]),
        due(i64::MAX),
    ];
    ensure_eq("rows", &load(&*store, &reads)?, &vec![vec![]; 4])?;
    ensure_eq("no reads", &load(&*store, &[])?, &vec![])
}

/// Null, the empty text and the empty blob are three different things.
pub fn null_is_not_empty(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let written = vec![
        identity("a", 1, None, None),
        identity("b", 1, Some(""), None),
        identity("c", 1, None, Some(b"")),
        identity("d", 1, Some(""), Some(b"\0")),
    ];
    done(&*store, written.iter().map(|row| put(row.clone(), Guard::New)).collect())?;
    ensure_eq("rows", &rows(&*store, prefix(Table::Identity, vec![]))?, &written)
}

/// Texts are kept byte by byte, in keys and in cells: emoji, zero bytes, control characters, quotes, any length.
pub fn nasty_texts_are_kept(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let long = "长".repeat(5_000);
    let nasty = [
        "",
        " ",
        "a",
        "A",
        "a ",
        "\0",
        "a\0",
        "a\0b",
        "\u{1}",
        "\n",
        "'; drop table customer; --",
        "%_\\\"`",
        "1",
        "01",
        "1.0",
        "é",
        "e\u{301}",
        "👩‍👩‍👧‍👦",
        "张三",
        "\u{feff}",
        "\u{ffff}",
        "\u{10ffff}",
        long.as_str(),
    ];
    let written: Vec<Row> = nasty.iter().map(|nasty| identity(nasty, 1, Some(nasty), Some(nasty.as_bytes()))).collect();
    done(&*store, written.iter().map(|row| put(row.clone(), Guard::New)).collect())?;
    for expected in &written {
        let found = row(&*store, Table::Identity, expected.key().to_vec())?;
        ensure_eq("row", &found.as_ref(), &Some(expected))?;
    }
    let mut sorted = written;
    sorted.sort_by(|a, b| a.key().cmp(b.key()));
    ensure_eq("order", &rows(&*store, prefix(Table::Identity, vec![]))?, &sorted)
}

/// A row of a megabyte is kept, replaced by a small one, and made large again.
pub fn big_rows_are_kept(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(1 << 20).collect();
    for (version, body) in [(1, bytes.as_slice()), (2, b"small"), (3, bytes.as_slice())] {
        let big = identity("big", version, None, Some(body));
        let guard = if version == 1 { Guard::New } else { Guard::Version(version - 1) };
        done(&*store, vec![put(big.clone(), guard)])?;
        let found = row(&*store, Table::Identity, vec![int(BUCKET), text("big")])?;
        ensure(found == Some(big), format!("version {version} came back different"))?;
    }
    Ok(())
}

/// Numbers of 64 bits are exact, in keys and in cells.
pub fn numbers_are_exact(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let numbers = [i64::MIN, i64::MIN + 1, -(1 << 53) - 1, -1, 0, 1, (1 << 53) + 1, i64::MAX - 1, i64::MAX];
    let program = |number: &i64| Row::new(Table::Program, vec![int(*number), int(*number), text("{}")]);
    let written: Vec<Row> = numbers.iter().map(program).collect();
    done(&*store, written.iter().rev().map(|row| put(row.clone(), Guard::New)).collect())?;
    ensure_eq("rows", &rows(&*store, prefix(Table::Program, vec![]))?, &written)?;
    for expected in written {
        let key: Vec<Value> = expected.key().to_vec();
        ensure_eq("row", &row(&*store, Table::Program, key)?, &Some(expected))?;
    }
    Ok(())
}
