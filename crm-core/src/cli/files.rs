//! `crm backup`, `crm restore`, `crm verify`.

use crate::cli::args::{Backup, Global, Restore, Verify};
use crate::cli::output::Out;
use crate::cli::problem::{Finished, Problem};
use crate::cli::shop::{self, Shop};
use crate::cli::words;
use crm_core::Error;
use crm_core::corpus::{self, Books};
use crm_core::store::{SqliteStore, Verified, server_address};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) fn backup(global: &Global, task: &Backup, out: &mut Out) -> Finished {
    only_files(&shop::path(global)?)?;
    let shop = Shop::look(global)?;
    let file = shop.file.as_ref().ok_or_else(|| Error::internal("a file has no store"))?;
    let bar = out.bar(0, "copying");
    let report = file.backup(&task.target, &mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = report?;
    let verified = SqliteStore::verify(&task.target)?;
    if out.is_json() {
        return out.json(&found(&task.target, &verified));
    }
    let bytes = words::number(report.bytes);
    out.line(format!("backed up to {}: {bytes} bytes, read again and found whole", task.target.display()))
}

pub(crate) fn restore(task: &Restore, out: &mut Out) -> Finished {
    let verified = SqliteStore::restore(&task.backup, &task.target)?;
    if out.is_json() {
        return out.json(&found(&task.target, &verified));
    }
    let bytes = words::number(verified.bytes);
    out.line(format!("restored to {}: {bytes} bytes, the same rows as the backup", task.target.display()))
}

pub(crate) fn verify(global: &Global, task: &Verify, out: &mut Out) -> Finished {
    let path = match &task.file {
        Some(path) => path.clone(),
        None => shop::path(global)?,
    };
    if !task.books {
        only_files(&path)?;
    }
    let verified = if server_address(&path).is_none() { Some(SqliteStore::verify(&path)?) } else { None };
    let books = if task.books { Some(books(&path, out)?) } else { None };
    if out.is_json() {
        let mut told = verified.as_ref().map_or_else(|| json!({}), |verified| found(&path, verified));
        if let (Some(told), Some(Books { rows, wrong })) = (told.as_object_mut(), &books) {
            told.insert("books".to_owned(), json!({ "rows": rows, "wrong": wrong }));
        }
        out.json(&told)?;
    } else {
        verified.iter().try_for_each(|verified| tell(&path, verified, out))?;
        books.iter().try_for_each(|books| tell_books(books, out))?;
    }
    if books.is_some_and(|books| !books.wrong.is_empty()) { Err(Problem::Told) } else { Ok(()) }
}

fn tell(path: &Path, verified: &Verified, out: &mut Out) -> Finished {
    let bytes = words::number(verified.bytes);
    out.line(format!("{} is whole: {bytes} bytes, tables of version {}", path.display(), verified.schema_version))?;
    let rows = verified.rows.iter().map(|(table, rows)| vec![(*table).to_owned(), words::number(*rows)]).collect();
    out.table(&["table", ">rows"], rows)
}

fn books(path: &Path, out: &Out) -> Result<Books, Problem> {
    let shop = shop::to_look(path, |open| Shop::at(path, open))?;
    let counter = out.counter("read:");
    let books = corpus::look_through(&shop.engine, &mut || counter.inc(1));
    counter.finish_and_clear();
    Ok(books?)
}

fn tell_books(books: &Books, out: &mut Out) -> Finished {
    if books.wrong.is_empty() {
        return out.line(format!("the books add up: {} rows read", words::number(books.rows)));
    }
    out.table(&["what does not add up"], books.wrong.iter().map(|wrong| vec![wrong.clone()]).collect())?;
    let wrong = words::number(u64::try_from(books.wrong.len()).unwrap_or(u64::MAX));
    out.line(format!("places that do not add up: {wrong}; restore a backup, and report what happened before"))
}

/// A server has tools of its own, which know more than rows.
fn only_files(path: &Path) -> Finished {
    match server_address(path) {
        Some(_) => Err(Problem::Usage(
            "that is for files; of a server, pg_dump makes a backup, and `crm copy` a file".to_owned(),
        )),
        None => Ok(()),
    }
}

fn found(path: &Path, verified: &Verified) -> Value {
    json!({
        "path": path.display().to_string(), "bytes": verified.bytes, "pages": verified.pages,
        "schema_version": verified.schema_version, "rows": verified.rows,
    })
}
