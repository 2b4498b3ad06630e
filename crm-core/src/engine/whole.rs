//! Whether rows are as they were written.

use super::Engine;
use crate::store::{Read, Table, Value};
use crate::workspace::rows::again;

/// Rows per page.
const PAGE: usize = 1_000;

/// Every row says in its columns what it says in its body, and everything in it can be read.
pub(crate) fn damaged_rows(engine: &Engine, wrong: &mut Vec<String>) -> crate::Result<()> {
    for table in [Table::Customer, Table::Entry, Table::Order, Table::Claim] {
        let columns = table.describe().columns;
        let mut after = None;
        loop {
            let read = Read::Prefix { table, prefix: Vec::new(), after, limit: PAGE };
            let rows = engine.store().load(&[read])?.pop().unwrap_or_default();
            for row in &rows {
                let name = || format!("row {} of `{}`", key_words(row.key()), table.describe().name);
                match again(row) {
                    Ok(None) => {}
                    Ok(Some(cells)) => {
                        // One thing may have several bodies: an amount with or without zeros at its end.
                        let same = |(stored, made): (&Value, &Value)| stored == made || stored.as_blob().is_some();
                        let differs = row.cells().iter().zip(&cells).position(|pair| !same(pair));
                        let column = differs.and_then(|place| columns.get(place)).map(|column| column.name);
                        wrong.extend(column.map(|column| format!("{}: `{column}` is not what was written", name())));
                    }
                    Err(error) => wrong.push(format!("{}: {}", name(), with_cause(&error))),
                }
            }
            match rows.last() {
                Some(last) if rows.len() == PAGE => after = Some(last.key().to_vec()),
                _ => break,
            }
        }
    }
    Ok(())
}

fn with_cause(error: &crate::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| format!("{error} ({cause})"))
}

/// A key without its bucket.
fn key_words(key: &[Value]) -> String {
    let words = key.iter().skip(1).map(|value| match value {
        Value::Text(text) => format!("`{}`", crate::limits::quote(text)),
        Value::Int(int) => int.to_string(),
        _ => "?".to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}
