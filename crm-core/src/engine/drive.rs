//! What an engine does, over a store of either kind: load, decide, commit, until it is done. The drivers beside it only wait, or do not.

use super::reach::Reach;
use super::revision;
use super::sync::SweepReport;
use super::work::{Step, Work};
use crate::command::{Command, Request, Settle};
use crate::decide::ask::{ask, scope};
use crate::effect::Done;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::BATCH_COMMANDS_MAX;
use crate::program::{Document, Finding, Program};
use crate::query::{Answer, Due, Query};
use crate::store::{Commit, CommitReply, Guard, Read, Row, Table, Value, Write};
use crate::value::{CustomerId, GiftCardId, GroupId, RequestId, Timestamp, fingerprint};
use crate::workspace::{Stop, Workspace};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

/// A store and the rules in force.
#[derive(Clone)]
pub(crate) struct Drive<S> {
    pub(crate) store: S,
    program: Arc<RwLock<Option<Arc<Program>>>>,
}

/// Customers per commit of a sweep: large enough that the commit is not the cost, small enough to stop at.
const SWEEP_PAGE: usize = 500;

impl<S: Reach> Drive<S> {
    pub(crate) async fn open(store: S) -> Result<Self> {
        let drive = Self { store, program: Arc::new(RwLock::new(None)) };
        drive.refresh().await?;
        Ok(drive)
    }

    pub(crate) async fn refresh(&self) -> Result<()> {
        let read = Read::Prefix { table: Table::Program, prefix: Vec::new(), after: None, limit: usize::MAX };
        let rows = self.store.load(&[read]).await?.pop().unwrap_or_default();
        if let Some(program) = revision::program_of(&rows)? {
            self.put_program(Arc::new(program));
        }
        Ok(())
    }

    fn put_program(&self, program: Arc<Program>) {
        // A panic elsewhere cannot leave a half-written pointer behind.
        *self.program.write().unwrap_or_else(PoisonError::into_inner) = Some(program);
    }

    pub(crate) fn program(&self) -> Result<Arc<Program>> {
        let program = self.program.read().unwrap_or_else(PoisonError::into_inner).clone();
        program.ok_or_else(|| Error::new(ErrorCode::ProgramMissing, "no program is published"))
    }

    pub(crate) async fn publish_json(&self, text: &str, at: Timestamp) -> Result<Vec<Finding>> {
        let program = Program::from_json(text).map_err(|findings| invalid(&findings))?;
        self.publish_program(program, at).await
    }

    pub(crate) async fn publish(&self, document: Document, at: Timestamp) -> Result<Vec<Finding>> {
        let program = Program::compile(document).map_err(|findings| invalid(&findings))?;
        self.publish_program(program, at).await
    }

    async fn publish_program(&self, program: Program, at: Timestamp) -> Result<Vec<Finding>> {
        self.refresh().await?;
        if let Ok(last) = self.program() {
            if last.document() == program.document() {
                return Ok(program.warnings().to_vec());
            }
            if program.revision() <= last.revision() {
                let message = format!("revision {} is not above {}, the last one", program.revision(), last.revision());
                return Err(Error::new(ErrorCode::ProgramRevision, message).field("revision").limit(last.revision()));
            }
            revision::check_instant(&last, at)?;
        }
        let before = self.program().map(|last| last.chronicle().clone()).unwrap_or_default();
        let program = program.after(&before, at);
        let json = serde_json::to_string(program.document())?;
        let cells = vec![Value::Int(i64::from(program.revision())), Value::Int(at.millis()), Value::text(&json)];
        let write = Write::Put { row: Row::new(Table::Program, cells), guard: Guard::New };
        match self.store.commit(&Commit { writes: vec![write] }).await? {
            CommitReply::Done => {
                let warnings = program.warnings().to_vec();
                self.put_program(Arc::new(program));
                Ok(warnings)
            }
            _ => Err(Error::new(ErrorCode::ProgramRevision, "somebody else has just published this revision")
                .field("revision")),
        }
    }

    pub(crate) async fn execute(&self, request: Request) -> Result<Done> {
        let outcomes = self.execute_many(vec![request]).await?;
        outcomes.into_iter().next().unwrap_or_else(|| Err(Error::internal("no outcome")))
    }

    pub(crate) async fn execute_many(&self, requests: Vec<Request>) -> Result<Vec<Result<Done>>> {
        if BATCH_COMMANDS_MAX < requests.len() {
            let message = format!("{} requests in one call", requests.len());
            return Err(Error::new(ErrorCode::RequestTooMany, message).limit(BATCH_COMMANDS_MAX));
        }
        let mut work = Work::new(self.program()?, requests);
        loop {
            match work.step()? {
                Step::Load(reads) => {
                    let rows = self.store.load(&reads).await?;
                    work.loaded(&reads, rows)?;
                }
                Step::Commit(commit) => {
                    let reply = self.store.commit(&commit).await?;
                    work.replied(&reply)?;
                }
                Step::Finished => return Ok(work.finish()),
            }
        }
    }

    pub(crate) async fn preview(&self, request: Request) -> Result<Done> {
        let mut work = Work::for_preview(self.program()?, request);
        loop {
            match work.step()? {
                Step::Load(reads) => {
                    let rows = self.store.load(&reads).await?;
                    work.loaded(&reads, rows)?;
                }
                Step::Commit(_) | Step::Finished => {
                    let outcome = work.finish().into_iter().next();
                    return outcome.unwrap_or_else(|| Err(Error::internal("no outcome")));
                }
            }
        }
    }

    pub(crate) async fn ask(&self, query: &Query) -> Result<Answer> {
        let program = self.program()?;
        match query {
            Query::GiftCardLiability { at } => return super::totals::gift_cards(self, &program, *at).await,
            Query::Liability { at } => return super::totals::liability(self, &program, *at).await,
            Query::Limits { at } => return super::limits::limits(&self.store, &program, *at).await,
            Query::Due { until, limit } => {
                let due = self.due(*until, limit.unwrap_or(1_000)).await?;
                return Ok(Answer::Due { due });
            }
            _ => {}
        }
        let mut wanted = scope(&program, query);
        for _ in 0..16 {
            let rows = self.store.load(&wanted).await?;
            let mut workspace = Workspace::new(false);
            workspace.absorb(&wanted, rows)?;
            match ask(&program, &mut workspace, query) {
                Ok(answer) => return Ok(answer),
                Err(Stop::Refuse(error)) => return Err(error),
                Err(Stop::Need(more)) => wanted.extend(more),
            }
        }
        Err(Error::internal("a question asks for the same thing again"))
    }

    /// Who is due up to an instant, the earliest first.
    async fn due(&self, until: Timestamp, limit: usize) -> Result<Vec<Due>> {
        let reads: Vec<Read> = SWEPT.iter().map(|swept| due_page(*swept, until, None, limit)).collect();
        let rows = self.store.load(&reads).await?.into_iter().flatten();
        let mut due = rows.map(|row| due_of(&row)).collect::<Result<Vec<_>>>()?;
        due.extend(revision::due(self, until, limit).await?);
        // Stable: at one instant customers come before what is theirs.
        due.sort_by_key(|due| due.due_at);
        let mut seen = BTreeSet::new();
        due.retain(|due| due.card_id.is_some() || due.group_id.is_some() || seen.insert(due.customer_id.clone()));
        due.truncate(limit);
        Ok(due)
    }

    pub(crate) async fn next_due(&self) -> Result<Option<Timestamp>> {
        let reads: Vec<Read> = SWEPT.iter().map(|swept| due_page(*swept, Timestamp::MAX, None, 1)).collect();
        let rows = self.store.load(&reads).await?.into_iter().flatten();
        let due = rows.map(|row| Ok(due_of(&row)?.due_at)).collect::<Result<Vec<_>>>()?;
        Ok(due.into_iter().chain(revision::due_at(self).await?).min())
    }

    pub(crate) async fn sweep<P>(&self, until: Timestamp, progress: &mut P) -> Result<SweepReport>
    where
        P: FnMut(&SweepReport) -> Result<()> + ?Sized,
    {
        let mut report = SweepReport::default();
        for swept in SWEPT {
            self.sweep_one(*swept, until, &mut report, progress).await?;
        }
        revision::sweep(self, until, &mut report, progress).await?;
        Ok(report)
    }

    /// Carries out the settlings of a page.
    pub(super) async fn settle_many(&self, requests: Vec<Request>, report: &mut SweepReport) -> Result<()> {
        for outcome in self.execute_many(requests).await? {
            match outcome {
                Ok(done) => {
                    report.settled += 1;
                    report.entries += u64::try_from(done.receipt.entries.len()).unwrap_or(0);
                }
                Err(_) => report.failed += 1,
            }
        }
        Ok(())
    }

    /// Sweeps one table.
    async fn sweep_one<P>(
        &self,
        swept: Swept,
        until: Timestamp,
        report: &mut SweepReport,
        progress: &mut P,
    ) -> Result<()>
    where
        P: FnMut(&SweepReport) -> Result<()> + ?Sized,
    {
        let mut after = None;
        loop {
            let read = due_page(swept, until, after.take(), SWEEP_PAGE);
            let rows = self.store.load(&[read]).await?.pop().unwrap_or_default();
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.cells().get(swept.due).cloned().map(|due| (due, last.key().to_vec()));
            let requests = rows.iter().map(|row| settle_request(row, until)).collect::<Result<Vec<_>>>()?;
            self.settle_many(requests, report).await?;
            progress(report)?;
        }
    }
}

/// `program.invalid` with everything that was found.
pub(crate) fn invalid(findings: &[Finding]) -> Error {
    let count = findings.len();
    let first = findings.first().map_or_else(String::new, |f| format!(", the first at `{}`: {}", f.pointer, f.message));
    Error::new(ErrorCode::ProgramInvalid, format!("the program has {count} findings{first}")).with("findings", findings)
}

/// A table whose rows time alone changes: where its due instant stands, and where its customer.
#[derive(Clone, Copy)]
struct Swept {
    table: Table,
    due: usize,
    customer: usize,
}

/// Customers, then the cards that were issued to them and the groups that they opened.
const SWEPT: &[Swept] = &[
    Swept { table: Table::Customer, due: 8, customer: 1 },
    Swept { table: Table::GiftCard, due: 10, customer: 3 },
    Swept { table: Table::Group, due: 10, customer: 3 },
];

fn due_page(swept: Swept, until: Timestamp, after: Option<(Value, Vec<Value>)>, limit: usize) -> Read {
    Read::UpTo { table: swept.table, index: 0, up_to: Value::Int(until.millis()), after, limit }
}

fn due_of(row: &Row) -> Result<Due> {
    let table = row.table.describe().name;
    let corrupt = || Error::new(ErrorCode::StoreCorrupt, format!("a row of `{table}` has no readable due instant"));
    let swept = SWEPT.iter().find(|swept| swept.table == row.table).ok_or_else(corrupt)?;
    let text = |place: usize| row.cells().get(place).and_then(Value::as_text).ok_or_else(corrupt);
    let at = row.cells().get(swept.due).and_then(Value::as_int).ok_or_else(corrupt)?;
    Ok(Due {
        customer_id: CustomerId::new(text(swept.customer)?)?,
        due_at: Timestamp::from_millis(at)?,
        card_id: if row.table == Table::GiftCard { Some(GiftCardId::new(text(1)?)?) } else { None },
        group_id: if row.table == Table::Group { Some(GroupId::new(text(1)?)?) } else { None },
    })
}

/// The request of a sweep for one customer; its id is derived from job, owner and instant.
fn settle_request(row: &Row, until: Timestamp) -> Result<Request> {
    let due = due_of(row)?;
    let mut name = format!("settle:{}:{}", due.due_at.millis(), until.millis());
    if due.card_id.is_some() || due.group_id.is_some() {
        // Several things of one customer may be due at one instant.
        let print = fingerprint(&(&due.card_id, &due.group_id)).0;
        name.push(':');
        name.extend(print.iter().take(8).map(|byte| format!("{byte:02x}")));
    }
    Ok(Request {
        request_id: RequestId::new(name)?,
        at: until,
        actor: None,
        reason: None,
        batch: None,
        command: Command::Settle(Settle { customer_id: due.customer_id, card_id: due.card_id, group_id: due.group_id }),
    })
}
