//! `crm copy`: all rows from one database to another, whatever keeps them.

use crate::cli::args::Copy;
use crate::cli::output::Out;
use crate::cli::problem::{Finished, Problem};
use crate::cli::{shop, words};
use crm_core::store::{Commit, CommitReply, Guard, OpenMode, Read, Row, Store, Table, Write};
use crm_core::{Error, ErrorCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

/// Rows per commit: large enough that the commit is not the cost, small enough to stay in memory.
const ROWS: usize = 1_000;

pub(crate) fn copy(task: &Copy, out: &mut Out) -> Finished {
    let from = shop::to_look(&task.from, |mode| open(&task.from, mode))?;
    let to = open(&task.to, OpenMode::CreateOrOpen)?;
    for table in Table::ALL {
        if !page(&*to, *table, None, 1)?.is_empty() {
            let message = format!("the database to fill has rows in `{}`", table.describe().name);
            return Err(Error::new(ErrorCode::StoreExists, message).into());
        }
    }
    let counter = out.counter("rows:");
    let copied = Table::ALL.iter().try_for_each(|table| {
        each_page(&*from, *table, &mut |rows| {
            counter.inc(u64::try_from(rows.len()).unwrap_or(0));
            let writes = rows.into_iter().map(|row| Write::Put { row, guard: Guard::New }).collect();
            match to.commit(&Commit { writes })? {
                CommitReply::Done => Ok(()),
                _ => Err(Error::new(ErrorCode::StoreContended, "somebody else writes to the database to fill")),
            }
        })
    });
    counter.finish_and_clear();
    copied?;
    let (read, written) = (prints(&*from)?, prints(&*to)?);
    if let Some((table, _)) = read.iter().find(|(table, print)| written.get(*table) != Some(print)) {
        let message = format!("the rows of `{table}` differ after the copy; did somebody write meanwhile?");
        return Err(Error::new(ErrorCode::StoreContended, message).into());
    }
    to.close()?;
    from.close()?;
    let rows: u64 = read.values().map(|print| print.rows).sum();
    if out.is_json() {
        let tables = read.iter().map(|(table, print)| ((*table).to_owned(), json!(print.rows)));
        return out.json(&json!({ "rows": Value::Object(tables.collect()) }));
    }
    out.line(format!("copied {} rows, read again and found the same", words::number(rows)))
}

fn open(path: &Path, mode: OpenMode) -> Result<Arc<dyn Store>, Problem> {
    Ok(shop::store(path, mode)?.store())
}

/// What a table holds: how many rows, and a print of all of their cells in order.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Print {
    rows: u64,
    cells: u64,
}

fn prints(store: &dyn Store) -> Result<BTreeMap<&'static str, Print>, Error> {
    let print = |table: &Table| {
        let (mut rows, mut hasher) = (0, DefaultHasher::new());
        each_page(store, *table, &mut |page| {
            rows += u64::try_from(page.len()).unwrap_or(0);
            page.iter().for_each(|row| row.cells().hash(&mut hasher));
            Ok(())
        })?;
        Ok((table.describe().name, Print { rows, cells: hasher.finish() }))
    };
    Table::ALL.iter().map(print).collect()
}

fn each_page(
    store: &dyn Store,
    table: Table,
    each: &mut dyn FnMut(Vec<Row>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut after: Option<Row> = None;
    loop {
        let rows = page(store, table, after.as_ref(), ROWS)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.clone());
        each(rows)?;
    }
}

fn page(store: &dyn Store, table: Table, after: Option<&Row>, limit: usize) -> Result<Vec<Row>, Error> {
    let after = after.map(|row| row.key().to_vec());
    let read = Read::Prefix { table, prefix: Vec::new(), after, limit };
    Ok(store.load(&[read])?.pop().unwrap_or_default())
}
