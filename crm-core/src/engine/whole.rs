//! Whether rows are as they were written.

use super::Engine;
use super::pages::{Things, each_of};
use crate::error::{Error, Result};
use crate::limits;
use crate::store::{Row, Table, Value};
use crate::workspace::rows::again;

/// Reads every row: a sentence for each that does not say in its columns what it says in its body, or that cannot be read.
pub(crate) fn damaged_rows(engine: &Engine, read: &mut dyn FnMut()) -> Result<Vec<String>> {
    let mut damaged = Vec::new();
    for table in Table::ALL {
        let found = Things::new(&engine.drive.store, *table, |row| Ok(damage(row)));
        each_of(found, &mut |damage| {
            read();
            damaged.extend(damage);
            Ok(())
        })?;
    }
    Ok(damaged)
}

fn damage(row: &Row) -> Option<String> {
    let table = row.table.describe();
    let what = match again(row) {
        Ok(made) => {
            let cells = made?;
            // One thing may have several bodies: an amount with or without zeros at its end.
            let differs = |(stored, made): (&Value, &Value)| stored != made && !matches!(stored, Value::Blob(_));
            let place = row.cells().iter().zip(&cells).position(differs)?;
            format!("`{}` is not what was written", table.columns.get(place)?.name)
        }
        Err(error) => with_cause(&error),
    };
    Some(format!("row {} of `{}`: {what}", key_words(row.key()), table.name))
}

fn with_cause(error: &Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| format!("{error} ({cause})"))
}

/// A key without its bucket.
fn key_words(key: &[Value]) -> String {
    let words = key.iter().skip(1).map(|value| match value {
        Value::Text(text) => format!("`{}`", limits::quote(text)),
        Value::Int(int) => int.to_string(),
        Value::Null | Value::Blob(_) => "?".to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}
