//! `crm export`: tables of everything, as CSV for spreadsheets or JSON lines for machines.

use crate::cli::args::{Export, Global, Kind};
use crate::cli::cells::Cell;
use crate::cli::output::{NewFile, Out};
use crate::cli::problem::{Finished, Problem};
use crate::cli::shop::Shop;
use crate::cli::words;
use crm_core::effect::{Entry, PointsChange, What};
use crm_core::engine::CustomerSummary;
use crm_core::order::OrderRecord;
use crm_core::points::{Account, Book, Lot};
use crm_core::program::Program;
use crm_core::value::{CustomerId, LadderId, PointCurrency, Timestamp};
use serde_json::{Map, Value, json};
use std::io::Write;
use std::path::Path;

/// Where a CSV file goes.
enum Target<'a> {
    File(NewFile),
    Out(&'a mut Out),
}

impl Write for Target<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Out(out) => out.raw().write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Out(out) => out.raw().flush(),
        }
    }
}

/// Where rows go.
enum Sink<'a> {
    Csv(Box<csv::Writer<Target<'a>>>),
    Json(&'a mut Out),
}

impl<'a> Sink<'a> {
    fn csv(target: Target<'a>) -> Self {
        Self::Csv(Box::new(csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(target)))
    }
}

/// Writes rows under a heading.
struct Rows<'a> {
    heads: Vec<String>,
    sink: Sink<'a>,
    count: u64,
    /// The first failure: walks of the engine know only its own errors.
    failed: Option<Problem>,
}

impl<'a> Rows<'a> {
    fn new(heads: Vec<String>, mut sink: Sink<'a>) -> Result<Self, Problem> {
        if let Sink::Csv(writer) = &mut sink {
            writer.write_record(&heads).map_err(unwritten)?;
        }
        Ok(Self { heads, sink, count: 0, failed: None })
    }

    fn put(&mut self, cells: &[Cell]) -> crm_core::Result<()> {
        let written = match &mut self.sink {
            Sink::Json(out) => {
                let values = cells.iter().map(Cell::to_json);
                let line: Map<String, Value> = self.heads.iter().cloned().zip(values).collect();
                out.json_line(&line)
            }
            Sink::Csv(writer) => {
                writer.write_record(cells.iter().map(|cell| cell.to_csv().into_owned())).map_err(unwritten)
            }
        };
        self.count += 1;
        written.map_err(|problem| {
            self.failed = Some(problem);
            // Ends the walk; what is reported is the failure above.
            crm_core::Error::internal("the output failed")
        })
    }

    fn finish(self, walked: crm_core::Result<()>) -> Result<u64, Problem> {
        match (walked, self.failed) {
            (_, Some(problem)) => return Err(problem),
            (Err(error), None) => return Err(error.into()),
            (Ok(()), None) => {}
        }
        if let Sink::Csv(writer) = self.sink {
            match writer.into_inner().map_err(|error| Problem::from(error.into_error()))? {
                Target::File(file) => file.finish()?,
                Target::Out(_) => {}
            }
        }
        Ok(self.count)
    }
}

fn unwritten(error: csv::Error) -> Problem {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Problem::from(error),
        other => Problem::Output(std::io::Error::other(format!("{other:?}"))),
    }
}

pub(crate) fn export(global: &Global, task: &Export, out: &mut Out) -> Finished {
    let shop = Shop::look(global)?;
    let program = shop.program()?;
    let at = match task.what {
        Kind::Customers | Kind::Lots => shop.instant_for_all(global.at)?,
        Kind::Entries | Kind::Orders => shop.instant(global.at)?,
    };
    match &task.out {
        Some(path) => {
            let sink = Sink::csv(Target::File(NewFile::create(path)?));
            let count = walk(&shop, &program, at, task.what, sink)?;
            told(path, count, out)
        }
        None => {
            let sink = if out.is_json() { Sink::Json(out) } else { Sink::csv(Target::Out(out)) };
            walk(&shop, &program, at, task.what, sink).map(|_| ())
        }
    }
}

fn told(path: &Path, count: u64, out: &mut Out) -> Finished {
    if out.is_json() {
        return out.json(&json!({ "path": path.display().to_string(), "rows": count }));
    }
    out.line(format!("{} written to {}", words::some(count, "rows"), path.display()))
}

fn walk(shop: &Shop, program: &Program, at: Timestamp, what: Kind, sink: Sink<'_>) -> Result<u64, Problem> {
    let engine = &shop.engine;
    let own = |heads: &[&str]| heads.iter().map(|head| (*head).to_owned()).collect::<Vec<_>>();
    match what {
        Kind::Customers => {
            let ladders: Vec<_> = program.ladders().iter().map(|ladder| ladder.id().clone()).collect();
            let currencies: Vec<_> = program.point_currencies().iter().map(|rules| rules.id.clone()).collect();
            let mut heads = own(&CUSTOMER_HEADS);
            heads.extend(ladders.iter().map(|ladder| format!("tier:{ladder}")));
            for currency in &currencies {
                let of = |state: &&str| format!("{currency}:{state}");
                heads.extend(BALANCE_HEADS.iter().map(of));
            }
            let mut rows = Rows::new(heads, sink)?;
            let walked = engine
                .each_customer(at, &mut |customer| rows.put(&customer_row(program, &customer, &ladders, &currencies)));
            rows.finish(walked)
        }
        Kind::Entries => {
            let mut rows = Rows::new(own(&ENTRY_HEADS), sink)?;
            let walked = engine.each_entry(&mut |entry| {
                if entry.points.is_empty() {
                    return rows.put(&entry_row(program, &entry, None));
                }
                entry.points.iter().try_for_each(|change| rows.put(&entry_row(program, &entry, Some(change))))
            });
            rows.finish(walked)
        }
        Kind::Orders => {
            let mut rows = Rows::new(own(&ORDER_HEADS), sink)?;
            let walked = engine.each_order(&mut |customer, order| rows.put(&order_row(&customer, &order)));
            rows.finish(walked)
        }
        Kind::Lots => {
            let mut rows = Rows::new(own(&LOT_HEADS), sink)?;
            let walked = engine.each_customer(at, &mut |customer| {
                for account in &customer.accounts {
                    let open = account.lots.iter().filter(|lot| lot.is_open());
                    open.map(|lot| lot_row(program, &customer.id, account, lot)).try_for_each(|row| rows.put(&row))?;
                }
                Ok(())
            });
            rows.finish(walked)
        }
    }
}

const CUSTOMER_HEADS: [&str; 17] = [
    "customer_id",
    "registered_at",
    "name",
    "gender",
    "birthday",
    "language",
    "country",
    "province",
    "city",
    "district",
    "street",
    "postal_code",
    "identifiers",
    "tags",
    "orders",
    "stage",
    "activity",
];

const BALANCE_HEADS: [&str; 6] = ["usable", "pending", "held", "debt", "next_expiry_through", "next_expiry_points"];

fn customer_row(
    program: &Program,
    customer: &CustomerSummary,
    ladders: &[LadderId],
    currencies: &[PointCurrency],
) -> Vec<Cell> {
    let record = &customer.record;
    let profile = &record.profile;
    let address = profile.address.clone().unwrap_or_default();
    let gender = profile.gender.and_then(|gender| serde_json::to_value(gender).ok());
    let identifiers: Vec<_> = record.identifiers.iter().map(|(key, _)| key.as_str()).collect();
    let tags: Vec<_> = record.tags.iter().map(|tag| tag.as_str()).collect();
    let mut cells = vec![
        Cell::text(&customer.id),
        Cell::text(customer.registered_at),
        Cell::maybe(profile.name.as_deref()),
        Cell::maybe(gender.as_ref().and_then(Value::as_str)),
        Cell::maybe(profile.birthday),
        Cell::maybe(profile.language.as_deref()),
        Cell::maybe(address.country),
        Cell::maybe(address.province),
        Cell::maybe(address.city),
        Cell::maybe(address.district),
        Cell::maybe(address.street),
        Cell::maybe(address.postal_code),
        Cell::text(identifiers.join(" ")),
        Cell::text(tags.join(" ")),
        Cell::count(customer.orders),
        Cell::maybe(customer.stage.as_ref().map(|(stage, _, _)| stage)),
        Cell::maybe(customer.stage.as_ref().map(|(_, activity, _)| activity)),
    ];
    for ladder in ladders {
        cells.push(Cell::maybe(customer.tiers.iter().find(|(id, _)| id == ladder).map(|(_, tier)| tier)));
    }
    for currency in currencies {
        let account = customer.accounts.iter().find(|account| account.currency == *currency);
        let balances = account.map(|account| account.balances).unwrap_or_default();
        let next = account.and_then(|account| account.expiring().into_iter().next());
        let states = [balances.available, balances.pending, balances.held, balances.debt];
        cells.extend(states.iter().map(|points| Cell::count(points.get())));
        cells.push(Cell::maybe(next.map(|(end, _)| words::through(program.zone(), Some(end)))));
        cells.push(next.map_or(Cell::Empty, |(_, points)| Cell::count(points.get())));
    }
    cells
}

const ENTRY_HEADS: [&str; 23] = [
    "customer_id",
    "seq",
    "effective_at",
    "recorded_at",
    "request_id",
    "revision",
    "type",
    "subject",
    "what",
    "currency",
    "kind",
    "pending",
    "available",
    "held",
    "debt",
    "issued",
    "redeemed",
    "expired",
    "revoked",
    "transferred",
    "actor",
    "reason",
    "batch",
];

fn entry_row(program: &Program, entry: &Entry, change: Option<&PointsChange>) -> Vec<Cell> {
    let kind = serde_json::to_value(&entry.what).ok();
    let kind = kind.as_ref().and_then(|what| what.get("type")).and_then(Value::as_str).unwrap_or_default().to_owned();
    let subject = match &entry.what {
        What::Order { order_id, .. } | What::Cancelled { order_id, .. } => Some(order_id.to_string()),
        What::Refund { refund_id, .. } | What::UnmatchedRefund { refund_id, .. } => Some(refund_id.to_string()),
        What::Event { event_id, .. } => Some(event_id.to_string()),
        _ => None,
    };
    let mut cells = vec![
        Cell::text(&entry.customer_id),
        Cell::count(entry.seq),
        Cell::text(entry.effective_at),
        Cell::text(entry.recorded_at),
        Cell::text(&entry.request_id),
        Cell::count(entry.revision),
        Cell::text(kind),
        Cell::maybe(subject),
        Cell::text(words::entry(program, entry)),
        Cell::maybe(change.map(|change| &change.currency)),
        Cell::maybe(change.map(|change| change.kind.as_str())),
    ];
    let books = [
        Book::Pending,
        Book::Available,
        Book::Held,
        Book::Debt,
        Book::Issued,
        Book::Redeemed,
        Book::Expired,
        Book::Revoked,
        Book::Transferred,
    ];
    cells.extend(books.map(|book| change.map_or(Cell::Empty, |change| Cell::count(words::posted(change, book)))));
    cells.push(Cell::maybe(entry.actor.as_ref()));
    cells.push(Cell::maybe(entry.reason.as_ref()));
    cells.push(Cell::maybe(entry.batch.as_ref()));
    cells
}

const ORDER_HEADS: [&str; 17] = [
    "order_id",
    "customer_id",
    "paid_at",
    "placed_at",
    "status",
    "currency",
    "total",
    "goods",
    "shipping",
    "discount",
    "paid_with_points",
    "refunded",
    "lines",
    "channel",
    "store",
    "revision",
    "batch",
];

fn order_row(customer: &CustomerId, order: &OrderRecord) -> Vec<Cell> {
    let amount = |minor: i64| Cell::text(order.currency().amount(minor));
    vec![
        Cell::text(order.id()),
        Cell::text(customer),
        Cell::text(order.paid_at()),
        Cell::maybe(order.placed_at()),
        Cell::text(order.status().as_str()),
        Cell::text(order.currency()),
        amount(order.total_minor()),
        amount(order.goods_net_minor()),
        amount(order.shipping_minor()),
        amount(order.discount_minor()),
        amount(order.points_minor()),
        amount(order.refunded_minor()),
        Cell::count(order.lines().len()),
        Cell::maybe(order.channel()),
        Cell::maybe(order.store()),
        Cell::count(order.revision),
        Cell::maybe(order.batch.as_ref()),
    ]
}

const LOT_HEADS: [&str; 18] = [
    "customer_id",
    "currency",
    "lot",
    "source",
    "source_id",
    "rule",
    "amount",
    "pending",
    "available",
    "held",
    "spent",
    "expired",
    "revoked",
    "offset",
    "transferred",
    "earned_at",
    "usable_from",
    "usable_through",
];

fn lot_row(program: &Program, customer: &CustomerId, account: &Account, lot: &Lot) -> Vec<Cell> {
    let zone = program.zone();
    let source = serde_json::to_value(lot.source.kind).ok();
    let mut cells = vec![
        Cell::text(customer),
        Cell::text(&account.currency),
        Cell::count(lot.id.0),
        Cell::maybe(source.as_ref().and_then(Value::as_str)),
        Cell::text(&lot.source.id),
        Cell::maybe(lot.rule.as_ref()),
    ];
    let states = [
        lot.amount,
        lot.pending,
        lot.available,
        lot.held,
        lot.spent,
        lot.expired,
        lot.revoked,
        lot.offset,
        lot.transferred,
    ];
    cells.extend(states.map(|points| Cell::count(points.get())));
    cells.push(Cell::text(lot.earned_at));
    cells.push(Cell::maybe(lot.activates_at.map(|at| zone.date(at))));
    cells.push(Cell::maybe(lot.expires_at.map(|end| zone.date(end.plus_millis(-1)))));
    cells
}
