//! `crm backup`, `crm restore`, `crm verify`.

use crate::cli::args::{Backup, Global, Restore, Verify};
use crate::cli::output::Out;
use crate::cli::problem::{Finished, Problem};
use crate::cli::shop::{self, Shop};
use crate::cli::words;
use crm_core::Error;
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
    only_files(&path)?;
    let verified = SqliteStore::verify(&path)?;
    if out.is_json() {
        return out.json(&found(&path, &verified));
    }
    let bytes = words::number(verified.bytes);
    out.line(format!("{} is whole: {bytes} bytes, tables of version {}", path.display(), verified.schema_version))?;
    let rows = verified.rows.iter().map(|(table, rows)| vec![(*table).to_owned(), words::number(*rows)]).collect();
    out.table(&["table", ">rows"], rows)
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
