//! What a new revision means for everybody who is in the store already: their rows do not know when it changes their tier or stage.
//!
//! The first sweep after it walks over all customers once and settles those who were last told under other rules; a counter of the store
//! says up to which revision this was done. A walk that was broken off begins again, and finds fewer to settle.

use super::drive::{Drive, invalid};
use super::reach::Reach;
use super::sync::SweepReport;
use crate::command::{Command, Request, Settle};
use crate::error::{Error, ErrorCode, Result};
use crate::program::{Chronicle, Program, Rules};
use crate::query::Due;
use crate::store::{Commit, Guard, Read, Row, Table, Value, Write};
use crate::value::{CustomerId, RequestId, Timestamp};
use crate::workspace::rows::{counter_key, counter_of, customer_of, read_counter};
use std::sync::Arc;

/// Customers per page of the walk, and so per commit at most.
const PAGE: usize = 500;

/// The last program of these rows, as the next revision after the others.
pub(super) fn program_of(rows: &[Row]) -> Result<Option<Program>> {
    let Some((last, before)) = rows.split_last() else { return Ok(None) };
    let text = |row: &Row| row.cells().get(2).and_then(Value::as_text).unwrap_or_default().to_owned();
    let mut chronicle = Chronicle::default();
    for row in before {
        chronicle.add(published_at(row)?, &Rules::read(&text(row))?);
    }
    let program = Program::from_json(&text(last)).map_err(|findings| invalid(&findings))?;
    Ok(Some(program.after(&chronicle, published_at(last)?)))
}

fn published_at(row: &Row) -> Result<Timestamp> {
    let at = row.cells().get(1).and_then(Value::as_int);
    let corrupt = || Error::new(ErrorCode::StoreCorrupt, "a row of `program` has no readable instant");
    Timestamp::from_millis(at.ok_or_else(corrupt)?)
}

/// A revision is not published before the one that it follows.
pub(super) fn check_instant(last: &Program, at: Timestamp) -> Result<()> {
    match last.chronicle().last_at() {
        Some(last) if at < last => {
            let message = format!("`{at}` is before `{last}`, when the last revision was published");
            Err(Error::new(ErrorCode::ProgramEarlier, message).field("at").with("last", last))
        }
        _ => Ok(()),
    }
}

fn counter() -> Arc<str> {
    Arc::from("standing:revision")
}

/// The last revision that changed how tiers or stages are judged, and its instant, unless everybody was told of it.
async fn untold<S: Reach>(drive: &Drive<S>, program: &Program) -> Result<Option<(u32, Timestamp)>> {
    let Some((revision, at)) = program.standing_changed() else { return Ok(None) };
    let row = drive.store.load(&[read_counter(&counter())]).await?.pop().and_then(|rows| rows.into_iter().next());
    let told = row.as_ref().map_or(Ok(0), counter_of)?;
    Ok(Some((revision, at)).filter(|_| told < i64::from(revision)))
}

/// From when somebody may be due whom no row says to be due.
pub(super) async fn due_at<S: Reach>(drive: &Drive<S>) -> Result<Option<Timestamp>> {
    match drive.program() {
        Ok(program) => Ok(untold(drive, &program).await?.map(|(_, at)| at)),
        Err(_) => Ok(None),
    }
}

/// Who is due by a new revision, and whose row does not say so.
pub(super) async fn due<S: Reach>(drive: &Drive<S>, until: Timestamp, limit: usize) -> Result<Vec<Due>> {
    let Ok(program) = drive.program() else { return Ok(Vec::new()) };
    let mut due = Vec::new();
    let Some((_, at)) = untold(drive, &program).await?.filter(|(_, at)| *at <= until) else { return Ok(due) };
    let mut pages = Pages::default();
    while let Some(ids) = pages.next(drive, &program).await? {
        due.extend(ids.into_iter().map(|customer_id| Due { customer_id, due_at: at, card_id: None, group_id: None }));
        if limit <= due.len() {
            break;
        }
    }
    Ok(due)
}

/// Settles everybody who was last told under other rules, and notes that it was done.
pub(super) async fn sweep<S, P>(
    drive: &Drive<S>,
    until: Timestamp,
    report: &mut SweepReport,
    progress: &mut P,
) -> Result<()>
where
    S: Reach,
    P: FnMut(&SweepReport) -> Result<()> + ?Sized,
{
    let Ok(program) = drive.program() else { return Ok(()) };
    let Some((revision, _)) = untold(drive, &program).await?.filter(|(_, at)| *at <= until) else { return Ok(()) };
    let mut pages = Pages::default();
    while let Some(ids) = pages.next(drive, &program).await? {
        if !ids.is_empty() {
            let requests = ids.into_iter().map(|id| request(id, revision, until)).collect::<Result<Vec<_>>>()?;
            drive.settle_many(requests, report).await?;
            progress(report)?;
        }
    }
    let mut cells = counter_key(&counter());
    cells.push(Value::Int(i64::from(revision)));
    let write = Write::Put { row: Row::new(Table::Counter, cells), guard: Guard::Any };
    drive.store.commit(&Commit { writes: vec![write] }).await?;
    Ok(())
}

/// Customers who were last told under other rules, page by page.
#[derive(Default)]
struct Pages {
    after: Option<Vec<Value>>,
    done: bool,
}

impl Pages {
    async fn next<S: Reach>(&mut self, drive: &Drive<S>, program: &Program) -> Result<Option<Vec<CustomerId>>> {
        if self.done {
            return Ok(None);
        }
        let read = Read::Prefix { table: Table::Customer, prefix: Vec::new(), after: self.after.take(), limit: PAGE };
        let rows = drive.store.load(&[read]).await?.pop().unwrap_or_default();
        let mut ids = Vec::new();
        for row in &rows {
            let customer = customer_of(row)?;
            if !customer.state.unregistered && customer.state.standing_stamp != program.standing_stamp() {
                ids.push(customer.id.clone());
            }
        }
        self.after = rows.last().map(|row| row.key().to_vec());
        self.done = rows.len() < PAGE;
        Ok(Some(ids))
    }
}

fn request(id: CustomerId, revision: u32, until: Timestamp) -> Result<Request> {
    Ok(Request {
        request_id: RequestId::new(format!("settle:revision-{revision}:{}", until.millis()))?,
        at: until,
        actor: None,
        reason: None,
        batch: None,
        command: Command::Settle(Settle { customer_id: id, card_id: None, group_id: None }),
    })
}
