//! Tables out: what is in the store, as batches of Arrow.

use crate::columns::{Head, Is, Rows, schema};
use crate::engine::Engine;
use crate::errors::{raise, work};
use crate::ffi;
use crate::read::read_time;
use crate::stream::{Feed, Stream, Walked};
use arrow_schema::SchemaRef;
use crm_core::coupon::{ClaimState, Coupon};
use crm_core::customer::{ConsentSource, ConsentState};
use crm_core::effect::{Entry, PointsChange};
use crm_core::engine::{CustomerSummary, kind_and_subject};
use crm_core::offer::Source;
use crm_core::order::OrderRecord;
use crm_core::points::Book;
use crm_core::query::ClaimView;
use crm_core::value::{Attribute, CustomerId, Timestamp};
use crm_core::{Error, ErrorCode, Result};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Rows of a batch, unless somebody asks for another number.
const ENOUGH: usize = 64 * 1024;

const CUSTOMERS: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("as_of", Is::Time, false),
    ("registered_at", Is::Time, false),
    ("name", Is::Text, true),
    ("gender", Is::Word, true),
    ("birthday", Is::Day, true),
    ("language", Is::Word, true),
    ("country", Is::Word, true),
    ("province", Is::Word, true),
    ("city", Is::Word, true),
    ("district", Is::Word, true),
    ("street", Is::Text, true),
    ("postal_code", Is::Text, true),
    ("identifiers", Is::Texts, false),
    ("tags", Is::Texts, false),
    ("orders", Is::Int, false),
    ("stage", Is::Word, true),
    ("activity", Is::Word, true),
    ("referred_by", Is::Text, true),
];

const ATTRIBUTES: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("as_of", Is::Time, false),
    ("name", Is::Word, false),
    ("type", Is::Word, false),
    ("value", Is::Text, false),
];

const CONSENTS: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("as_of", Is::Time, false),
    ("purpose", Is::Word, false),
    ("channel", Is::Word, false),
    ("state", Is::Word, false),
    ("holds", Is::Flag, false),
    ("stated_at", Is::Time, false),
    ("source", Is::Word, false),
    ("actor", Is::Word, true),
    ("notice", Is::Word, true),
];

const BALANCES: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("as_of", Is::Time, false),
    ("currency", Is::Word, false),
    ("available", Is::Int, false),
    ("pending", Is::Int, false),
    ("held", Is::Int, false),
    ("debt", Is::Int, false),
    ("issued", Is::Int, false),
    ("redeemed", Is::Int, false),
    ("expired", Is::Int, false),
    ("revoked", Is::Int, false),
    ("unrecovered", Is::Int, false),
    ("offset", Is::Int, false),
    ("next_expiry_at", Is::Time, true),
    ("next_expiry_points", Is::Int, false),
];

const LOTS: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("currency", Is::Word, false),
    ("lot", Is::Int, false),
    ("source", Is::Word, false),
    ("source_id", Is::Text, false),
    ("rule", Is::Word, true),
    ("amount", Is::Int, false),
    ("pending", Is::Int, false),
    ("available", Is::Int, false),
    ("held", Is::Int, false),
    ("spent", Is::Int, false),
    ("expired", Is::Int, false),
    ("revoked", Is::Int, false),
    ("offset", Is::Int, false),
    ("transferred", Is::Int, false),
    ("earned_at", Is::Time, false),
    ("activates_at", Is::Time, true),
    ("expires_at", Is::Time, true),
    ("waiting", Is::Flag, false),
];

const TIERS: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("as_of", Is::Time, false),
    ("ladder", Is::Word, false),
    ("tier", Is::Word, false),
];

const STAGES: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("as_of", Is::Time, false),
    ("stage", Is::Word, false),
    ("activity", Is::Word, false),
    ("high_water", Is::Word, false),
];

const COUPONS: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("coupon_id", Is::Text, false),
    ("offer", Is::Word, false),
    ("code", Is::Text, true),
    ("state", Is::Word, false),
    ("origin", Is::Word, false),
    ("issued_at", Is::Time, false),
    ("valid_from", Is::Time, false),
    ("valid_until", Is::Time, true),
    ("uses", Is::Int, false),
    ("used", Is::Int, false),
    ("held", Is::Int, false),
];

const CLAIMS: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("claim_id", Is::Text, false),
    ("state", Is::Word, false),
    ("claimed_at", Is::Time, false),
    ("deadline", Is::Time, false),
    ("order_id", Is::Text, true),
    ("returned", Is::Flag, false),
    ("currency", Is::Word, false),
    ("offer", Is::Word, true),
    ("campaign", Is::Word, true),
    ("by", Is::Word, true),
    ("coupon_id", Is::Text, true),
    ("code", Is::Text, true),
    ("group_id", Is::Text, true),
    ("off", Is::Money, true),
    ("off_shipping", Is::Money, true),
];

const ENTRIES: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("seq", Is::Int, false),
    ("effective_at", Is::Time, false),
    ("recorded_at", Is::Time, false),
    ("request_id", Is::Text, false),
    ("revision", Is::Int, false),
    ("kind", Is::Word, false),
    ("subject", Is::Text, true),
    ("currency", Is::Word, true),
    ("movement", Is::Word, true),
    ("rule", Is::Word, true),
    ("pending", Is::Int, false),
    ("available", Is::Int, false),
    ("held", Is::Int, false),
    ("debt", Is::Int, false),
    ("issued", Is::Int, false),
    ("redeemed", Is::Int, false),
    ("expired", Is::Int, false),
    ("revoked", Is::Int, false),
    ("unrecovered", Is::Int, false),
    ("transferred", Is::Int, false),
    ("actor", Is::Word, true),
    ("reason", Is::Text, true),
    ("batch", Is::Word, true),
];

const BOOKS: [Book; 10] = [
    Book::Pending,
    Book::Available,
    Book::Held,
    Book::Debt,
    Book::Issued,
    Book::Redeemed,
    Book::Expired,
    Book::Revoked,
    Book::Unrecovered,
    Book::Transferred,
];

const ORDERS: &[Head] = &[
    ("order_id", Is::Text, false),
    ("customer_id", Is::Text, false),
    ("paid_at", Is::Time, false),
    ("placed_at", Is::Time, true),
    ("cancelled_at", Is::Time, true),
    ("status", Is::Word, false),
    ("currency", Is::Word, false),
    ("total", Is::Money, false),
    ("goods", Is::Money, false),
    ("shipping", Is::Money, false),
    ("discount", Is::Money, false),
    ("paid_with_points", Is::Money, false),
    ("refunded", Is::Money, false),
    ("lines", Is::Int, false),
    ("channel", Is::Word, true),
    ("store", Is::Word, true),
    ("tags", Is::Texts, false),
    ("revision", Is::Int, false),
    ("batch", Is::Word, true),
];

const ORDER_LINES: &[Head] = &[
    ("order_id", Is::Text, false),
    ("customer_id", Is::Text, false),
    ("paid_at", Is::Time, false),
    ("status", Is::Word, false),
    ("line_no", Is::Int, false),
    ("sku", Is::Text, false),
    ("category", Is::Word, true),
    ("brand", Is::Word, true),
    ("tags", Is::Texts, false),
    ("quantity", Is::Quantity, false),
    ("currency", Is::Word, false),
    ("list", Is::Money, false),
    ("discount", Is::Money, false),
    ("order_discount", Is::Money, false),
    ("net", Is::Money, false),
    ("tax", Is::Money, false),
    ("paid_with_points", Is::Money, false),
    ("refunded", Is::Money, false),
    ("refunded_quantity", Is::Quantity, false),
];

/// Which table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Customers,
    Attributes,
    Consents,
    Balances,
    Lots,
    Tiers,
    Stages,
    Coupons,
    Claims,
    Entries,
    Orders,
    OrderLines,
}

impl Which {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "customers" => Self::Customers,
            "attributes" => Self::Attributes,
            "consents" => Self::Consents,
            "balances" => Self::Balances,
            "lots" => Self::Lots,
            "tiers" => Self::Tiers,
            "stages" => Self::Stages,
            "coupons" => Self::Coupons,
            "claims" => Self::Claims,
            "entries" => Self::Entries,
            "orders" => Self::Orders,
            "order_lines" => Self::OrderLines,
            _ => return None,
        })
    }

    const fn heads(self) -> &'static [Head] {
        match self {
            Self::Customers => CUSTOMERS,
            Self::Attributes => ATTRIBUTES,
            Self::Consents => CONSENTS,
            Self::Balances => BALANCES,
            Self::Lots => LOTS,
            Self::Tiers => TIERS,
            Self::Stages => STAGES,
            Self::Coupons => COUPONS,
            Self::Claims => CLAIMS,
            Self::Entries => ENTRIES,
            Self::Orders => ORDERS,
            Self::OrderLines => ORDER_LINES,
        }
    }

    /// The rows, from a new walk over the store.
    fn feed(self, engine: &crm_core::Engine, at: Timestamp) -> Result<Box<dyn Feed>> {
        Ok(match self {
            Self::Customers => Walked::feed(engine.walk_customers(at)?, |rows, who| customer(rows, &who)),
            Self::Attributes => Walked::feed(engine.walk_customers(at)?, |rows, who| attributes(rows, &who)),
            Self::Consents => Walked::feed(engine.walk_customers(at)?, move |rows, who| consents(rows, &who, at)),
            Self::Balances => Walked::feed(engine.walk_customers(at)?, |rows, who| balances(rows, &who)),
            Self::Lots => Walked::feed(engine.walk_customers(at)?, |rows, who| lots(rows, &who)),
            Self::Tiers => Walked::feed(engine.walk_customers(at)?, |rows, who| tiers(rows, &who)),
            Self::Stages => Walked::feed(engine.walk_customers(at)?, |rows, who| stage(rows, &who)),
            Self::Coupons => {
                let walk = engine.walk_open_coupons(at)?.chain(engine.walk_closed_coupons());
                Walked::feed(walk, |rows, (who, held)| coupon(rows, &who, &held))
            }
            Self::Claims => Walked::feed(engine.walk_claims(), move |rows, seen| claim(rows, &seen, at)),
            Self::Entries => Walked::feed(engine.walk_entries(), |rows, happened| entry(rows, &happened)),
            Self::Orders => Walked::feed(engine.walk_orders(), |rows, (who, made)| order(rows, &who, &made)),
            Self::OrderLines => Walked::feed(engine.walk_orders(), |rows, (who, made)| lines(rows, &who, &made)),
        })
    }
}

fn customer(rows: &mut Rows, who: &CustomerSummary) -> Result<()> {
    let (record, profile) = (&who.record, &who.record.profile);
    let address = profile.address.as_ref();
    let stage = who.stage.as_ref();
    rows.add(|row| {
        row.text(who.id.as_str())
            .time(who.as_of)
            .time(who.registered_at)
            .text(profile.name.as_deref())
            .text(profile.gender.map(|gender| gender.as_str()))
            .day(profile.birthday)
            .text(profile.language.as_deref())
            .text(address.and_then(|address| address.country.as_deref()))
            .text(address.and_then(|address| address.province.as_deref()))
            .text(address.and_then(|address| address.city.as_deref()))
            .text(address.and_then(|address| address.district.as_deref()))
            .text(address.and_then(|address| address.street.as_deref()))
            .text(address.and_then(|address| address.postal_code.as_deref()))
            .texts(record.identifiers.iter().map(|(key, _)| key.as_str()))
            .texts(record.tags.iter().map(|tag| tag.as_str()))
            .int(i64::from(who.orders))
            .text(stage.map(|(stage, _, _)| &**stage))
            .text(stage.map(|(_, activity, _)| &**activity))
            .text(record.referred_by.as_ref().map(|id| id.as_str()));
        Ok(())
    })
}

/// One row for each, its value as text in the one form of its type, so that whoever knows the type casts it without loss.
fn attributes(rows: &mut Rows, who: &CustomerSummary) -> Result<()> {
    who.record.attributes.iter().try_for_each(|(name, attribute)| {
        let (kind, value) = match attribute {
            Attribute::Text { value } => ("text", value.clone()),
            Attribute::Number { value } => ("number", value.to_string()),
            Attribute::Flag { value } => ("flag", value.to_string()),
            Attribute::Date { value } => ("date", value.to_string()),
            Attribute::Instant { value } => ("instant", value.to_string()),
        };
        rows.add(|row| {
            row.text(who.id.as_str()).time(who.as_of).text(name.as_str()).text(kind).text(&*value);
            Ok(())
        })
    })
}

/// Every statement that was made by then, and which of them held.
fn consents(rows: &mut Rows, who: &CustomerSummary, at: Timestamp) -> Result<()> {
    if who.record.consents.is_empty() {
        return Ok(());
    }
    let mut record = who.record.clone();
    record.consents.retain(|consent| consent.stated_at <= at);
    let held = record.effective_consents();
    record.consents.iter().try_for_each(|consent| {
        let holds = held.contains(consent);
        let state = match consent.state {
            ConsentState::Granted => "granted",
            ConsentState::Withdrawn => "withdrawn",
        };
        let (source, actor) = match &consent.source {
            ConsentSource::Customer => ("customer", None),
            ConsentSource::Operator { actor } => ("operator", Some(actor.as_str())),
            ConsentSource::Import => ("import", None),
        };
        rows.add(|row| {
            row.text(who.id.as_str())
                .time(who.as_of)
                .text(consent.purpose.as_str())
                .text(consent.channel.as_str())
                .text(state)
                .flag(holds)
                .time(consent.stated_at)
                .text(source)
                .text(actor)
                .text(consent.notice.as_ref().map(|notice| notice.as_str()));
            Ok(())
        })
    })
}

fn balances(rows: &mut Rows, who: &CustomerSummary) -> Result<()> {
    who.accounts.iter().try_for_each(|account| {
        let sums = account.balances;
        let next = account.expiring().into_iter().next();
        rows.add(|row| {
            row.text(who.id.as_str()).time(who.as_of).text(account.currency.as_str());
            let states = [sums.available, sums.pending, sums.held, sums.debt, sums.issued, sums.redeemed];
            let ends = [sums.expired, sums.revoked, sums.unrecovered, sums.offset];
            for points in states.into_iter().chain(ends) {
                row.points(points);
            }
            row.time(next.map(|(end, _)| end)).int(next.map_or(0, |(_, points)| points.get()));
            Ok(())
        })
    })
}

fn lots(rows: &mut Rows, who: &CustomerSummary) -> Result<()> {
    for account in &who.accounts {
        for lot in account.lots.iter().filter(|lot| lot.is_open()) {
            rows.add(|row| {
                row.text(who.id.as_str())
                    .text(account.currency.as_str())
                    .count(lot.id.0)
                    .text(lot.source.kind.as_str())
                    .text(&*lot.source.id)
                    .text(lot.rule.as_ref().map(|rule| rule.as_str()));
                let states = [lot.amount, lot.pending, lot.available, lot.held, lot.spent];
                for points in states.into_iter().chain([lot.expired, lot.revoked, lot.offset, lot.transferred]) {
                    row.points(points);
                }
                row.time(lot.earned_at).time(lot.activates_at).time(lot.expires_at).flag(lot.waiting);
                Ok(())
            })?;
        }
    }
    Ok(())
}

fn tiers(rows: &mut Rows, who: &CustomerSummary) -> Result<()> {
    who.tiers.iter().try_for_each(|(ladder, tier)| {
        rows.add(|row| {
            row.text(who.id.as_str()).time(who.as_of).text(ladder.as_str()).text(tier.as_str());
            Ok(())
        })
    })
}

fn stage(rows: &mut Rows, who: &CustomerSummary) -> Result<()> {
    who.stage.iter().try_for_each(|(stage, activity, high_water)| {
        rows.add(|row| {
            row.text(who.id.as_str()).time(who.as_of).text(&**stage).text(&**activity).text(&**high_water);
            Ok(())
        })
    })
}

fn coupon(rows: &mut Rows, who: &CustomerId, held: &Coupon) -> Result<()> {
    rows.add(|row| {
        row.text(who.as_str())
            .text(held.id.as_str())
            .text(held.offer.as_str())
            .text(held.code.as_deref())
            .text(held.state.as_str())
            .text(held.origin.as_str())
            .time(held.issued_at)
            .time(held.valid_from)
            .time(held.valid_until)
            .int(i64::from(held.uses))
            .int(i64::from(held.used))
            .count(u64::try_from(held.held_by.len()).unwrap_or(u64::MAX));
        Ok(())
    })
}

/// One row for each offer that was applied; a claim without one has one row all the same.
fn claim(rows: &mut Rows, seen: &ClaimView, at: Timestamp) -> Result<()> {
    let quote = &seen.receipt.quote;
    // Whether time has passed since the last command does not depend on a sweep.
    let over = seen.state == ClaimState::Held && seen.deadline <= at;
    let state = if over { ClaimState::Expired } else { seen.state };
    let mut applied = quote.applied.iter();
    let mut next = applied.next();
    loop {
        rows.add(|row| {
            row.text(seen.customer_id.as_str())
                .text(seen.claim_id.as_str())
                .text(state.as_str())
                .time(seen.claimed_at)
                .time(seen.deadline)
                .text(seen.order_id.as_ref().map(|id| id.as_str()))
                .flag(seen.returned)
                .text(quote.currency.code());
            let Some(one) = next else {
                row.text(None).text(None).text(None).text(None).text(None).text(None).no_amount().no_amount();
                return Ok(());
            };
            let (by, coupon, code, group) = match &one.by {
                Source::Automatic => ("automatic", None, None, None),
                Source::Coupon { coupon } => ("coupon", Some(coupon.as_str()), None, None),
                Source::Code { code } => ("code", None, Some(code.as_str()), None),
                Source::Group { group } => ("group", None, None, Some(group.as_str())),
            };
            row.text(one.offer.as_str())
                .text(one.campaign.as_ref().map(|id| id.as_str()))
                .text(by)
                .text(coupon)
                .text(code)
                .text(group)
                .amount(quote.currency, one.off)?
                .amount(quote.currency, one.shipping)?;
            Ok(())
        })?;
        next = applied.next();
        if next.is_none() {
            return Ok(());
        }
    }
}

fn entry(rows: &mut Rows, happened: &Entry) -> Result<()> {
    if happened.points.is_empty() {
        return entry_row(rows, happened, None);
    }
    happened.points.iter().try_for_each(|change| entry_row(rows, happened, Some(change)))
}

fn entry_row(rows: &mut Rows, happened: &Entry, change: Option<&PointsChange>) -> Result<()> {
    let (kind, subject) = kind_and_subject(happened);
    let posted = |book: Book| {
        let own = |change: &PointsChange| {
            let own = change.postings.iter().filter(|posting| posting.book == book);
            own.map(|posting| posting.points.get()).sum::<i64>()
        };
        // Nothing moves in an entry without points.
        change.map_or(0, own)
    };
    rows.add(|row| {
        row.text(happened.customer_id.as_str())
            .count(happened.seq)
            .time(happened.effective_at)
            .time(happened.recorded_at)
            .text(happened.request_id.as_str())
            .int(i64::from(happened.revision))
            .text(kind)
            .text(subject)
            .text(change.map(|change| change.currency.as_str()))
            .text(change.map(|change| change.kind.as_str()))
            .text(change.and_then(|change| change.rule.as_ref()).map(|rule| rule.as_str()));
        for book in BOOKS {
            row.int(posted(book));
        }
        row.text(happened.actor.as_ref().map(|actor| actor.as_str()))
            .text(happened.reason.as_ref().map(|reason| reason.as_str()))
            .text(happened.batch.as_ref().map(|batch| batch.as_str()));
        Ok(())
    })
}

fn order(rows: &mut Rows, who: &CustomerId, made: &OrderRecord) -> Result<()> {
    let currency = made.currency();
    rows.add(|row| {
        row.text(made.id().as_str())
            .text(who.as_str())
            .time(made.paid_at())
            .time(made.placed_at())
            .time(made.cancelled_at())
            .text(made.status().as_str())
            .text(currency.code())
            .minor(currency, made.total_minor())?
            .minor(currency, made.goods_net_minor())?
            .minor(currency, made.shipping_minor())?
            .minor(currency, made.discount_minor())?
            .minor(currency, made.points_minor())?
            .minor(currency, made.refunded_minor())?
            .count(u64::try_from(made.lines().len()).unwrap_or(u64::MAX))
            .text(made.channel().map(|channel| channel.as_str()))
            .text(made.store().map(|store| store.as_str()))
            .texts(made.tags().iter().map(|tag| tag.as_str()))
            .int(i64::from(made.revision))
            .text(made.batch.as_ref().map(|batch| batch.as_str()));
        Ok(())
    })
}

fn lines(rows: &mut Rows, who: &CustomerId, made: &OrderRecord) -> Result<()> {
    let (currency, status) = (made.currency(), made.status().as_str());
    let back = made.refunded_lines();
    made.lines().iter().try_for_each(|line| {
        let back = back.iter().find(|back| back.line_no == line.line_no).copied().unwrap_or_default();
        rows.add(|row| {
            row.text(made.id().as_str())
                .text(who.as_str())
                .time(made.paid_at())
                .text(status)
                .int(i64::from(line.line_no))
                .text(line.sku.as_str())
                .text(line.category.as_ref().map(|word| word.as_str()))
                .text(line.brand.as_ref().map(|word| word.as_str()))
                .texts(line.tags.iter().map(|tag| tag.as_str()))
                .thousandths(line.thousandths)
                .text(currency.code())
                .minor(currency, line.list_minor)?
                .minor(currency, line.discount_minor)?
                .minor(currency, line.order_discount_minor)?
                .minor(currency, line.net_minor)?
                .minor(currency, line.tax_minor)?
                .minor(currency, line.points_minor)?
                .minor(currency, back.amount_minor)?
                .thousandths(back.thousandths);
            Ok(())
        })
    })
}

/// A table of what is in the store: read anew each time it is asked for.
#[pyclass(frozen, module = "crm_core._native")]
pub(crate) struct Table {
    engine: Py<Engine>,
    which: Which,
    at: Timestamp,
    schema: SchemaRef,
    money_digits: i8,
    enough: usize,
    total: Arc<AtomicI64>,
}

impl Table {
    fn stream(&self, py: Python<'_>) -> PyResult<Stream> {
        let engine = self.engine.get().here(py)?;
        let feed = work(py, || self.which.feed(engine, self.at))?;
        Ok(Stream {
            schema: self.schema.clone(),
            rows: Rows::new(self.which.heads(), self.schema.clone(), self.money_digits),
            feed: Some(feed),
            enough: self.enough,
            made: 0,
            total: self.total.clone(),
            process: std::process::id(),
        })
    }
}

fn of_arrow(py: Python<'_>, error: &arrow_schema::ArrowError) -> PyErr {
    raise(py, &Error::internal(error.to_string()))
}

#[pymethods]
impl Table {
    #[new]
    fn new(
        py: Python<'_>,
        engine: Bound<'_, Engine>,
        name: &str,
        at: Option<Bound<'_, PyAny>>,
        batch_rows: Option<usize>,
    ) -> PyResult<Self> {
        let Some(which) = Which::of(name) else {
            let message = format!("there is no table `{}`", crm_core::limits::quote(name));
            return Err(raise(py, &Error::new(ErrorCode::QueryField, message).field("name")));
        };
        let at = at.map(|at| read_time(&at, "at")).transpose()?.unwrap_or(Timestamp::MIN);
        let known = engine.get().here(py)?;
        let program = work(py, || known.program())?;
        let digits = program.currencies().iter().map(|currency| currency.digits()).max().unwrap_or(0);
        let money_digits = i8::try_from(digits).unwrap_or(i8::MAX);
        Ok(Self {
            engine: engine.unbind(),
            which,
            at,
            schema: schema(which.heads(), money_digits),
            money_digits,
            enough: batch_rows.unwrap_or(ENOUGH).max(1),
            total: Arc::new(AtomicI64::new(-1)),
        })
    }

    fn stream_capsule<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        ffi::stream_capsule(py, Box::new(self.stream(py)?))
    }

    fn schema_capsule<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        ffi::schema_capsule(py, &self.schema)?.map_err(|error| of_arrow(py, &error))
    }

    /// Names and types of the columns.
    fn columns(&self) -> Vec<(String, String)> {
        self.schema.fields().iter().map(|field| (field.name().clone(), field.data_type().to_string())).collect()
    }

    /// How many rows there were when all of them were read last.
    fn rows(&self) -> Option<i64> {
        Some(self.total.load(Ordering::Relaxed)).filter(|rows| 0 <= *rows)
    }

    /// Makes all batches and drops them.
    fn drain(&self, py: Python<'_>) -> PyResult<i64> {
        let mut stream = self.stream(py)?;
        py.detach(|| stream.try_for_each(|batch| batch.map(drop))).map_err(|error| of_arrow(py, &error))?;
        Ok(self.total.load(Ordering::Relaxed))
    }
}
