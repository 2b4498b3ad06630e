//! An import from the first byte to the report.

use super::batch::{self, BatchRecord, BatchState};
use super::cell::{Clock, clean};
use super::columns::DecimalMark;
use super::events::Events;
use super::fact::{Fact, Item, Kind, Reading, Row};
use super::group::{Layout, Member, members};
use super::overlay::Overlay;
use super::plain::Plain;
use super::refunds::Refunds;
use super::report::{Counts, ImportProgress, ImportReport, Issue, Origin};
use super::sheet::{Sheet, print};
use super::shopify::Shopify;
use super::taobao::Taobao;
use super::youzan::Youzan;
use super::{Content, DryRun, Format, ImportOptions, OnIssue, Source, text};
use crate::command::{Command, RecordEvent, RecordOrder, RecordRefund, Request};
use crate::effect::{Done, Outcome, What};
use crate::engine::{Engine, ProgressAnswer, heeded};
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::store::CommitReply;
use crate::value::{BatchId, OrderId, RequestId, Timestamp, fingerprint};
use csv::StringRecord;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Imports the files of a shop.
///
/// Running it again with the same files changes nothing: orders and refunds are known by their ids. An import that was stopped
/// half-way, by a crash as well, is finished by running it again; the members are then the same as after one clean run.
///
/// ```
/// use crm_core::{Engine, import::{import, Format, ImportOptions, Source}, store::MemoryStore, value::Timestamp};
/// let engine = Engine::open(MemoryStore::new())?;
/// engine.publish_json(r#"{ "version": 1, "program": "corner shop", "revision": 1, "zone": "Europe/Berlin", "currencies": ["EUR"],
///     "points": [{ "id": "points" }] }"#, Timestamp::parse("2026-01-01T00:00:00Z")?)?;
/// let csv = "order_id,paid_at,email,sku,quantity,unit_price\n1,2026-03-01 10:00,ann@example.org,tea,2,3.50\n";
/// let options = ImportOptions::new(Format::Plain { columns: Box::default() });
/// let report = import(&engine, Source::new("orders.csv", csv.as_bytes()), &options, &mut |_| ())?;
/// assert_eq!((report.orders.applied, report.customers_new), (1, 1));
/// let again = import(&engine, Source::new("orders.csv", csv.as_bytes()), &options, &mut |_| ())?;
/// assert_eq!((again.orders.applied, again.orders.unchanged), (0, 1));
/// # Ok::<(), crm_core::Error>(())
/// ```
///
/// # Errors
/// `import.file`, `import.header` (details `missing`, `similar` and `nearest`), `import.encoding`, `value.type` for a column of a table that
/// cannot be read as it is meant, `import.issues` where problems of rows are to refuse it, `batch.exists`, `program.missing`: nothing is
/// written then. `stopped` where `progress` says so, `store.*`: what was written before stays; run it again. Problems of rows are in the report.
pub fn import<A: ProgressAnswer>(
    engine: &Engine,
    source: Source<'_>,
    options: &ImportOptions,
    progress: &mut dyn FnMut(&ImportProgress) -> A,
) -> Result<ImportReport> {
    let mut progress = heeded(progress);
    let name = source.name.clone();
    let mut sheets = open(source)?;
    if options.dry_run == DryRun::Yes {
        let trial = Engine::open_shared(Arc::new(Overlay::new(engine.store().clone())))?;
        let report = carry_out(&trial, &name, &mut sheets, options, &mut progress)?;
        return if refuses(options, &report) { Err(refused(&report)) } else { Ok(report) };
    }
    if options.on_issue == OnIssue::Report {
        return carry_out(engine, &name, &mut sheets, options, &mut progress);
    }
    // Finding out is the first half of the way, writing the second.
    let overlay = Arc::new(Overlay::keeping(engine.store().clone()));
    let trial = Engine::open_shared(overlay.clone())?;
    let mut last = ImportProgress::default();
    let report = carry_out(&trial, &name, &mut sheets, options, &mut |now| {
        last = *now;
        progress(&ImportProgress { rows_total: now.rows_total * 2, ..*now })
    })?;
    if refuses(options, &report) {
        return Err(refused(&report));
    }
    let commits = overlay.commits();
    let all = u64::try_from(commits.len()).unwrap_or(u64::MAX).max(1);
    for (done, commit) in (1..).zip(&commits) {
        if engine.store().commit(commit)? != CommitReply::Done {
            // Somebody else was faster. What was written is known, so all of it is decided again and comes to the same.
            return carry_out(engine, &name, &mut sheets, options, &mut |now| {
                let (rows_total, rows_done) = (now.rows_total * 2, now.rows_total + now.rows_done);
                progress(&ImportProgress { rows_total, rows_done, ..*now })
            });
        }
        let rows_done = last.rows_total + last.rows_total * done / all;
        progress(&ImportProgress { rows_total: last.rows_total * 2, rows_done, ..last })
            .map_err(|error| error.with("batch", &report.batch))?;
    }
    Ok(report)
}

fn refuses(options: &ImportOptions, report: &ImportReport) -> bool {
    options.on_issue == OnIssue::Refuse && 0 < report.issues_total
}

/// `import.issues`: what was found, and that nothing is written.
fn refused(report: &ImportReport) -> Error {
    let first = report.issues.first();
    let column = first.and_then(|issue| issue.column.as_deref()).map_or(String::new(), |name| format!(", `{name}`"));
    let told =
        first.map_or(String::new(), |issue| format!(", the first in row {}{column}: {}", issue.row, issue.message));
    let message = format!("{} rows or cells have problems{told}", report.issues_total);
    let kept: Vec<_> = report.issues.iter().take(limits::IMPORT_ISSUES_TOLD_MAX).collect();
    Error::new(ErrorCode::ImportIssues, message)
        .with("issues", kept)
        .with("issues_total", report.issues_total)
        .with("issues_by_code", &report.issues_by_code)
}

fn carry_out(
    engine: &Engine,
    name: &str,
    sheets: &mut [Sheet],
    options: &ImportOptions,
    progress: &mut dyn FnMut(&ImportProgress) -> Result<()>,
) -> Result<ImportReport> {
    let program = engine.program()?;
    let layout: Box<dyn Layout> = match &options.format {
        Format::Plain { columns } => Box::new(Plain::open(columns, sheets, program.main_currency())?),
        Format::Shopify => Box::new(Shopify::open(sheets)?),
        Format::Taobao => Box::new(Taobao::open(sheets)?),
        Format::Youzan => Box::new(Youzan::open(sheets)?),
        Format::Refunds { columns } => Box::new(Refunds::open(columns, sheets, program.main_currency())?),
        Format::Events { columns } => Box::new(Events::open(columns, sheets)?),
    };
    for (place, sheet) in sheets.iter_mut().enumerate() {
        sheet.want(layout.used(place))?;
    }
    let record = batch::choose(engine, options.batch.as_ref(), || print(sheets))?;
    let (map_zone, formats, decimal_mark) = match &options.format {
        Format::Plain { columns } => (columns.zone, columns.date_formats.clone(), columns.decimal_mark),
        Format::Refunds { columns } => (columns.zone, columns.date_formats.clone(), columns.decimal_mark),
        Format::Events { columns } => (columns.zone, columns.date_formats.clone(), columns.decimal_mark),
        Format::Shopify | Format::Taobao | Format::Youzan => (None, Vec::new(), DecimalMark::Point),
    };
    let mut reading = Reading {
        clock: Clock { zone: options.zone.or(map_zone).unwrap_or(*program.zone()), formats },
        now: options.now,
        decimal_mark,
        currency: None,
        country: program.country().map(str::to_owned),
        id_prefix: options.id_prefix.clone(),
        report: ImportReport::new(record.0.clone(), options.dry_run),
        items: Vec::new(),
    };
    let (members, first) = members(sheets, layout.as_ref(), &mut reading)?;
    let rows_total: u64 = sheets.iter().map(Sheet::row_count).sum();
    reading.report.rows = rows_total;
    let started_at = options.recorded_at.or(first).unwrap_or(Timestamp::from_millis(0)?);
    let mut row = BatchRecord::new(record, started_at, options.format.name(), name);
    batch::save(engine, &mut row)?;
    let mut run = Run {
        engine,
        batch: row.batch.clone(),
        options,
        sheets,
        layout: layout.as_ref(),
        reading,
        pending: Vec::new(),
        pending_orders: HashSet::new(),
        pending_refunds: HashSet::new(),
        lines: 0,
        later: BTreeMap::new(),
        seq: 0,
        progress: ImportProgress { rows_total, ..ImportProgress::default() },
    };
    let done = run.all(&members, progress);
    let mut report = run.reading.report;
    if let Err(error) = done {
        // What was committed before stays: the id says which import to go on with. Whatever stopped it may refuse the row as well.
        row.finish(&report, BatchState::Running);
        let _ = batch::save(engine, &mut row);
        return Err(error.with("batch", &row.batch));
    }
    let place = |issue: &Issue| (sheets.iter().position(|sheet| limits::quote(&sheet.name) == issue.file), issue.row);
    report.issues.sort_by_cached_key(place);
    row.finish(&report, BatchState::Done);
    batch::save(engine, &mut row)?;
    Ok(report)
}

/// Reads and decodes all files.
fn open(source: Source<'_>) -> Result<Vec<Sheet>> {
    let mut room = limits::IMPORT_BYTES_MAX;
    let mut sheets = Vec::with_capacity(source.files.len());
    for file in source.files {
        sheets.push(match file.content {
            Content::Table(cells) => Sheet::of(&file.name, cells)?,
            Content::Bytes(mut reader) => {
                let text = text::read(&file.name, &mut *reader, room)?;
                room = room.saturating_sub(text.len());
                Sheet::open(&file.name, text)?
            }
        });
    }
    if sheets.is_empty() {
        return Err(text::file(&source.name, "names no file"));
    }
    Ok(sheets)
}

/// An import under way.
pub(super) struct Run<'a> {
    pub(super) engine: &'a Engine,
    batch: BatchId,
    options: &'a ImportOptions,
    sheets: &'a [Sheet],
    layout: &'a dyn Layout,
    pub(super) reading: Reading,
    pending: Vec<(Request, Origin, Kind)>,
    pub(super) pending_orders: HashSet<OrderId>,
    pub(super) pending_refunds: HashSet<OrderId>,
    lines: usize,
    /// Refunds and closings whose time has not come.
    later: BTreeMap<(Timestamp, u64), Item>,
    seq: u64,
    progress: ImportProgress,
}

impl Run<'_> {
    fn all(&mut self, members: &[Member], progress: &mut dyn FnMut(&ImportProgress) -> Result<()>) -> Result<()> {
        let chunk = self.options.chunk_orders.clamp(1, limits::IMPORT_CHUNK_MAX);
        let mut readers: Vec<_> = self.sheets.iter().map(Sheet::rows).collect();
        let mut records: Vec<StringRecord> = Vec::new();
        for group in members.chunk_by(|a, b| a.group == b.group) {
            let taken = group.get(..limits::IMPORT_ORDER_ROWS_MAX).unwrap_or(group);
            records.resize_with(records.len().max(taken.len()), StringRecord::new);
            for (member, record) in taken.iter().zip(&mut records) {
                let reader = readers.get_mut(member.origin.sheet).ok_or_else(|| Error::internal("no such sheet"))?;
                reader.read(member.origin.row, record)?;
            }
            let rows = taken.iter().zip(&records).filter_map(|(member, record)| {
                let sheet = self.sheets.get(member.origin.sheet)?;
                Some(Row { sheet, record, origin: member.origin })
            });
            let rows: Vec<Row<'_>> = rows.collect();
            self.group(&rows, taken.len() < group.len())?;
            records.truncate(64);
            self.progress.rows_done += u64::try_from(group.len()).unwrap_or(0);
            if chunk <= self.pending.len() || limits::IMPORT_CHUNK_LINES_MAX <= self.lines {
                self.flush()?;
                progress(&self.progress)?;
            }
        }
        while let Some((_, item)) = self.later.pop_first() {
            self.take(item)?;
            if chunk <= self.pending.len() {
                self.flush()?;
                progress(&self.progress)?;
            }
        }
        self.flush()?;
        self.progress.rows_done = self.progress.rows_total;
        progress(&self.progress)
    }

    /// Takes the rows of one order.
    fn group(&mut self, rows: &[Row<'_>], cut: bool) -> Result<()> {
        let Some(first) = rows.first() else { return Ok(()) };
        if cut {
            let message = format!("more than {} rows have this {}", limits::IMPORT_ORDER_ROWS_MAX, self.layout.calls());
            self.reading.wrong(first, self.layout.key(first.origin.sheet), message);
            self.reading.refuse(self.layout.kind());
            return Ok(());
        }
        if let Some((row, why)) = rows.iter().find_map(|row| Some((row, row.sheet.misfit(row.origin.row, row.record)?)))
        {
            self.reading.wrong(row, None, why);
            self.reading.refuse(self.layout.kind());
            return Ok(());
        }
        self.reading.currency = None;
        self.layout.facts(&mut self.reading, rows);
        for item in std::mem::take(&mut self.reading.items) {
            if self.layout.in_order() || matches!(item.fact, Fact::Order { .. }) {
                while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 < item.at) {
                    let earlier = entry.remove();
                    self.take(earlier)?;
                }
                self.take(item)?;
            } else {
                self.seq += 1;
                self.later.insert((item.at, self.seq), item);
            }
        }
        Ok(())
    }

    fn take(&mut self, item: Item) -> Result<()> {
        let report = &mut self.reading.report;
        report.first_at = Some(report.first_at.map_or(item.at, |at| at.min(item.at)));
        report.last_at = Some(report.last_at.map_or(item.at, |at| at.max(item.at)));
        let Item { at, origin, fact } = item;
        match fact {
            Fact::Order { buyer, order } => {
                self.pending_orders.insert(order.id.clone());
                self.lines += order.lines.len();
                let id = self.request_id(':', order.id.as_str())?;
                self.push(
                    id,
                    at,
                    origin,
                    Kind::Order,
                    Command::RecordOrder(RecordOrder { buyer, order, claim_id: None }),
                );
            }
            Fact::Refund { buyer, refund } => self.refund(at, origin, RecordRefund { buyer, refund })?,
            Fact::RefundedTo { order, source, amount, articles } => {
                self.refunded_to(at, origin, &order, source, (amount, &articles))?;
            }
            Fact::Closed { order, paid } => self.close(at, origin, order, paid)?,
            Fact::Event { buyer, event } => {
                // An id is unique within its customer only.
                let id = self.request_id('+', &hex(&fingerprint(&(&buyer, &event.id)).0))?;
                self.push(id, at, origin, Kind::Event, Command::RecordEvent(RecordEvent { buyer, event }));
            }
        }
        Ok(())
    }

    pub(super) fn refund(&mut self, at: Timestamp, origin: Origin, command: RecordRefund) -> Result<()> {
        self.pending_refunds.extend(command.refund.order.clone());
        let id = match (&command.refund.order, self.layout.in_order()) {
            // An id is unique within its order only.
            (Some(order), true) => self.request_id('~', &hex(&fingerprint(&(order, &command.refund.id)).0))?,
            _ => self.request_id('~', command.refund.id.as_str())?,
        };
        self.push(id, at, origin, Kind::Refund, Command::RecordRefund(command));
        Ok(())
    }

    /// Derived from batch and fact: orders, refunds and closings of one name differ by the mark between.
    pub(super) fn request_id(&self, mark: char, name: &str) -> Result<RequestId> {
        let whole = format!("{}{mark}{name}", self.batch);
        if whole.len() <= limits::ID_BYTES_MAX && whole.trim() == whole {
            return RequestId::new(whole);
        }
        RequestId::new(hex(&fingerprint(&whole).0))
    }

    pub(super) fn push(&mut self, request_id: RequestId, at: Timestamp, origin: Origin, kind: Kind, command: Command) {
        let at = self.options.recorded_at.unwrap_or(at);
        let batch = Some(self.batch.clone());
        self.pending.push((Request { request_id, at, actor: None, reason: None, batch, command }, origin, kind));
    }

    /// Commits what is pending.
    pub(super) fn flush(&mut self) -> Result<()> {
        let mut requests = Vec::with_capacity(self.pending.len());
        let mut origins = Vec::with_capacity(self.pending.len());
        for (request, origin, kind) in self.pending.drain(..) {
            requests.push(request);
            origins.push((origin, kind));
        }
        self.pending_orders.clear();
        self.pending_refunds.clear();
        self.lines = 0;
        if requests.is_empty() {
            return Ok(());
        }
        let outcomes = self.engine.execute_many(requests)?;
        for (outcome, (origin, kind)) in outcomes.into_iter().zip(origins) {
            self.tally(outcome, origin, kind);
        }
        self.progress.issues = self.reading.report.issues_total;
        Ok(())
    }

    fn tally(&mut self, outcome: Result<Done>, origin: Origin, kind: Kind) {
        let done = match outcome {
            Ok(done) => done,
            Err(error) => {
                self.issue(origin, &error);
                self.reading.refuse(kind);
                return;
            }
        };
        let report = &mut self.reading.report;
        let counts: &mut Counts = match kind {
            Kind::Order => &mut report.orders,
            Kind::Refund => &mut report.refunds,
            Kind::Closing => &mut report.closings,
            Kind::Event => &mut report.events,
        };
        match done.outcome {
            Outcome::Applied if done.receipt.parked => counts.waiting += 1,
            Outcome::Applied => {
                counts.applied += 1;
                self.progress.applied += 1;
                let unmatched =
                    done.receipt.entries.iter().any(|entry| matches!(entry.what, What::UnmatchedRefund { .. }));
                report.refunds_unmatched += u64::from(unmatched);
                let new = done.receipt.entries.iter().filter(|entry| entry.what == What::Registered).count();
                report.customers_new += u64::try_from(new).unwrap_or(0);
            }
            Outcome::Replayed | Outcome::Unchanged => counts.unchanged += 1,
        }
    }

    pub(super) fn issue(&mut self, origin: Origin, error: &Error) {
        let Some(sheet) = self.sheets.get(origin.sheet) else { return };
        let kept = self.reading.report.issues.len() < limits::IMPORT_ISSUES_MAX;
        let field = error.details().get("field").and_then(serde_json::Value::as_str).filter(|_| kept);
        let place = field.and_then(|field| self.layout.column(origin.sheet, field));
        let mut record = StringRecord::new();
        // A row that cannot be read a second time is named all the same.
        let read = place.filter(|_| sheet.rows().read(origin.row, &mut record).is_ok());
        let cell = read.and_then(|place| record.get(place)).map(clean);
        let column = place.and_then(|place| sheet.headers.get(place)).map(String::as_str);
        self.reading.report.issue(&sheet.name, sheet.number(origin.row), column, cell, error);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
