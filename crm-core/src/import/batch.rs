//! The list of imports: one row each, from running to done to reverted.

use super::report::{Counts, ImportReport};
use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};
use crate::store::{Commit, CommitReply, Guard, Read, Row, Table, Value, Write};
use crate::value::{BatchId, Timestamp};
use serde::{Deserialize, Serialize};

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// Under way, or stopped half-way: running it again goes on with it.
    Running,
    /// Everything is in.
    Done,
    /// Taken back.
    Reverted,
}

/// An import, as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BatchRecord {
    /// Its id.
    pub batch: BatchId,
    /// How far it is.
    pub state: BatchState,
    /// When: the instant of recording, or of its first fact where history was replayed.
    pub started_at: Timestamp,
    /// Format and name of the source.
    pub source: String,
    /// Rows in its files.
    pub rows: u64,
    /// Its orders.
    pub orders: Counts,
    /// Its refunds.
    pub refunds: Counts,
    /// Orders that its shop has closed.
    pub closings: Counts,
    /// Its events.
    #[serde(default)]
    pub events: Counts,
    /// Customers it registered.
    pub customers_new: u64,
    /// Problems of its rows.
    pub issues: u64,
    #[serde(skip)]
    version: i64,
}

/// What the body of a row holds.
#[derive(Default, Serialize, Deserialize)]
struct Body {
    rows: u64,
    orders: Counts,
    refunds: Counts,
    closings: Counts,
    #[serde(default)]
    events: Counts,
    customers_new: u64,
    issues: u64,
}

impl BatchState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Reverted => "reverted",
        }
    }
}

impl BatchRecord {
    /// The row of an import that begins, or of one that was stopped and goes on.
    pub(super) fn new((batch, stopped): Chosen, started_at: Timestamp, format: &str, name: &str) -> Self {
        let source = format!("{format} {}", crate::limits::quote(name));
        match stopped {
            Some(stopped) => Self { source, ..stopped },
            None => Self {
                batch,
                state: BatchState::Running,
                started_at,
                source,
                rows: 0,
                orders: Counts::default(),
                refunds: Counts::default(),
                closings: Counts::default(),
                events: Counts::default(),
                customers_new: 0,
                issues: 0,
                version: 0,
            },
        }
    }

    /// Puts down what has come in. What did so before the import was stopped was met again as known, and is of this import all the same.
    pub(super) fn finish(&mut self, report: &ImportReport, state: BatchState) {
        self.state = state;
        self.rows = report.rows;
        self.orders = report.orders.going_on(self.orders);
        self.refunds = report.refunds.going_on(self.refunds);
        self.closings = report.closings.going_on(self.closings);
        self.events = report.events.going_on(self.events);
        self.customers_new += report.customers_new;
        self.issues = report.issues_total;
    }
}

/// All imports, in the order of their ids.
///
/// # Errors
/// `store.*`.
pub fn batches(engine: &Engine) -> Result<Vec<BatchRecord>> {
    let read = Read::Prefix { table: Table::Batch, prefix: Vec::new(), after: None, limit: usize::MAX };
    engine.store().load(&[read])?.pop().unwrap_or_default().iter().map(record_of).collect()
}

pub(super) fn find(engine: &Engine, batch: &BatchId) -> Result<Option<BatchRecord>> {
    let read = Read::Row { table: Table::Batch, key: vec![Value::text(batch.as_str())] };
    engine.store().load(&[read])?.pop().unwrap_or_default().first().map(record_of).transpose()
}

/// The id under which to import, and its row where it was stopped before.
pub(super) type Chosen = (BatchId, Option<BatchRecord>);

/// The id that is asked for, or one made of the content.
pub(super) fn choose(
    engine: &Engine,
    asked: Option<&BatchId>,
    print: impl FnOnce() -> Result<String>,
) -> Result<Chosen> {
    let is_free = |known: &Option<BatchRecord>| known.as_ref().is_none_or(|row| row.state == BatchState::Running);
    if let Some(batch) = asked {
        let known = find(engine, batch)?;
        if !is_free(&known) {
            let message = format!("batch `{batch}` was used before");
            return Err(Error::new(ErrorCode::BatchExists, message).field("batch"));
        }
        return Ok((batch.clone(), known));
    }
    // A request id stands for one attempt, so an import that is run again after its end gets a new one.
    let print = print()?;
    let mut number = 1_u64;
    loop {
        let batch = BatchId::new(format!("{print}-{number}"))?;
        let known = find(engine, &batch)?;
        if is_free(&known) {
            return Ok((batch, known));
        }
        number += 1;
    }
}

/// Writes the row.
pub(super) fn save(engine: &Engine, record: &mut BatchRecord) -> Result<()> {
    let body = Body {
        rows: record.rows,
        orders: record.orders,
        refunds: record.refunds,
        closings: record.closings,
        events: record.events,
        customers_new: record.customers_new,
        issues: record.issues,
    };
    let guard = if record.version == 0 { Guard::New } else { Guard::Version(record.version) };
    let cells = vec![
        Value::text(record.batch.as_str()),
        Value::Int(record.version + 1),
        Value::Int(record.started_at.millis()),
        Value::text(record.state.as_str()),
        Value::text(&record.source),
        Value::Blob(serde_json::to_vec(&body)?.into()),
    ];
    let write = Write::Put { row: Row::new(Table::Batch, cells), guard };
    match engine.store().commit(&Commit { writes: vec![write] })? {
        CommitReply::Done => {
            record.version += 1;
            Ok(())
        }
        _ => {
            let message = format!("somebody else is running batch `{}`", record.batch);
            Err(Error::new(ErrorCode::StoreContended, message).field("batch"))
        }
    }
}

fn record_of(row: &Row) -> Result<BatchRecord> {
    let corrupt = || Error::new(ErrorCode::StoreCorrupt, "a row of `batch` is not readable");
    let [batch, version, started_at, state, source, body] = row.cells() else { return Err(corrupt()) };
    let body: Body = body.as_blob().and_then(|bytes| serde_json::from_slice(bytes).ok()).ok_or_else(corrupt)?;
    let state = match state.as_text() {
        Some("running") => BatchState::Running,
        Some("done") => BatchState::Done,
        Some("reverted") => BatchState::Reverted,
        _ => return Err(corrupt()),
    };
    Ok(BatchRecord {
        batch: BatchId::new(batch.as_text().ok_or_else(corrupt)?)?,
        state,
        started_at: Timestamp::from_millis(started_at.as_int().ok_or_else(corrupt)?)?,
        source: source.as_text().ok_or_else(corrupt)?.to_owned(),
        rows: body.rows,
        orders: body.orders,
        refunds: body.refunds,
        closings: body.closings,
        events: body.events,
        customers_new: body.customers_new,
        issues: body.issues,
        version: version.as_int().ok_or_else(corrupt)?,
    })
}
