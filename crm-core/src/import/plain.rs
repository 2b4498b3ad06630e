//! Any CSV with one row per order line, by its column map.

use super::columns::{ColumnMap, Strange};
use super::fact::{Fact, Kind, Noted, Read, Reading, Row};
use super::find::Finder;
use super::group::Layout;
use super::sheet::Sheet;
use super::table::Use;
use crate::customer::{Buyer, Identifier, Profile};
use crate::error::{Error, ErrorCode, Result};
use crate::order::{Order, OrderLine, Refund, RefundArticle, RefundWhat, TaxMode};
use crate::value::{Amount, Category, Channel, Currency, OrderId, Quantity, RefundId, Sku, StoreId, Timestamp};
use std::collections::BTreeSet;

/// The places of the columns of one sheet.
struct Places {
    order_id: usize,
    paid_at: [usize; 1],
    unit_price: usize,
    currency: Option<usize>,
    customer: Vec<Option<usize>>,
    name: Option<usize>,
    sku: Option<usize>,
    category: Option<usize>,
    brand: Option<usize>,
    quantity: Option<usize>,
    line_discount: Option<usize>,
    order_discount: Option<usize>,
    shipping: Option<usize>,
    channel: Option<usize>,
    store: Option<usize>,
    refunded_amount: Option<usize>,
    refunded_at: Option<usize>,
    used: Vec<(usize, Use)>,
}

pub(super) struct Plain {
    map: ColumnMap,
    currency: Currency,
    sheets: Vec<Places>,
}

impl Plain {
    pub(super) fn open(map: &ColumnMap, sheets: &[Sheet], currency: Currency) -> Result<Self> {
        map.check()?;
        let places = sheets.iter().map(|sheet| places(map, sheet)).collect::<Result<Vec<_>>>()?;
        Ok(Self { map: map.clone(), currency: map.currency.unwrap_or(currency), sheets: places })
    }
}

fn places(map: &ColumnMap, sheet: &Sheet) -> Result<Places> {
    let mut find = Finder::new(sheet, map.missing);
    let mut found = Places {
        order_id: find.must(&map.order_id, Use::Word),
        paid_at: [find.must(&map.paid_at, Use::Time)],
        unit_price: find.must(&map.unit_price, Use::Number),
        currency: find.may(map.currency_column.as_deref(), Use::Word),
        customer: find.customer(&map.customer),
        name: find.may(map.customer_name.as_deref(), Use::Word),
        sku: find.may(map.sku.as_deref(), Use::Word),
        category: find.may(map.category.as_deref(), Use::Word),
        brand: find.may(map.brand.as_deref(), Use::Word),
        quantity: find.may(map.quantity.as_deref(), Use::Number),
        line_discount: find.may(map.line_discount.as_deref(), Use::Number),
        order_discount: find.may(map.order_discount.as_deref(), Use::Number),
        shipping: find.may(map.shipping.as_deref(), Use::Number),
        channel: find.may(map.channel_column.as_deref(), Use::Word),
        store: find.may(map.store.as_deref(), Use::Word),
        refunded_amount: find.may(map.refunded_amount.as_deref(), Use::Number),
        refunded_at: find.may(map.refunded_at.as_deref(), Use::Time),
        used: Vec::new(),
    };
    if found.customer.iter().all(Option::is_none) {
        find.lacks(map.customer.iter().map(|who| who.column.as_str()));
    }
    found.used = find.finish("plain")?;
    Ok(found)
}

impl Layout for Plain {
    fn key(&self, sheet: usize) -> Option<usize> {
        self.sheets.get(sheet).map(|places| places.order_id)
    }

    fn times(&self, sheet: usize) -> (u8, &[usize]) {
        (0, self.sheets.get(sheet).map_or(&[], |places| &places.paid_at))
    }

    fn used(&self, sheet: usize) -> &[(usize, Use)] {
        self.sheets.get(sheet).map_or(&[], |places| &places.used)
    }

    fn column(&self, sheet: usize, field: &str) -> Option<usize> {
        let places = self.sheets.get(sheet)?;
        match field {
            "order.id" | "refund.id" => Some(places.order_id),
            "order.currency" => places.currency,
            "order.discount" => places.order_discount,
            "order.shipping" => places.shipping,
            "refund.what.amount" => places.refunded_amount,
            _ => None,
        }
    }

    fn facts(&self, reading: &mut Reading, rows: &[Row<'_>]) {
        let Some(first) = rows.first() else { return };
        // The same order in two exports that overlap is one order: the first file that has it counts.
        let rows: Vec<&Row<'_>> = rows.iter().filter(|row| row.origin.sheet == first.origin.sheet).collect();
        let Some(places) = self.sheets.get(first.origin.sheet) else { return };
        let id = first.text(Some(places.order_id));
        let prefix = self.map.refund_prefix.as_deref();
        let kind = if prefix.is_some_and(|prefix| id.starts_with(prefix)) { Kind::Refund } else { Kind::Order };
        if self.mixed(reading, places, first, &rows) {
            return reading.refuse(kind);
        }
        let taken = match kind {
            Kind::Refund => self.refund(reading, places, first, &rows, &id),
            _ => self.order(reading, places, first, &rows),
        };
        if taken.is_err() {
            reading.refuse(kind);
        }
    }
}

impl Plain {
    fn order(&self, reading: &mut Reading, places: &Places, first: &Row<'_>, rows: &[&Row<'_>]) -> Read<()> {
        let Some(identifiers) = self.customer(reading, places, first, Kind::Order) else { return Ok(()) };
        let id = reading.order_id(first, Some(places.order_id))?;
        let paid_at = self.paid_at(reading, places, first)?;
        let currency = self.currency(reading, places, first)?;
        reading.currency = Some(currency);
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            lines.extend(self.line(reading, places, row)?);
        }
        if lines.is_empty() {
            reading.skip(Kind::Order, "no_lines");
            return Ok(());
        }
        let name = |reading: &mut Reading, column, error: Error| reading.note(first, column, &error);
        let channel = match first.text(places.channel) {
            text if text.is_empty() => self.map.channel.clone(),
            text => Some(Channel::new(&text).map_err(|error| name(reading, places.channel, error))?),
        };
        let store = match first.text(places.store) {
            text if text.is_empty() => None,
            text => Some(StoreId::new(&text).map_err(|error| name(reading, places.store, error))?),
        };
        let order = Order {
            id: id.clone(),
            paid_at,
            placed_at: None,
            currency,
            lines,
            discount: not_zero(reading.amount(first, places.order_discount)?),
            shipping: not_zero(reading.amount(first, places.shipping)?),
            tax_mode: TaxMode::Included,
            tenders: Vec::new(),
            channel,
            store,
            tags: BTreeSet::new(),
        };
        let profile = Profile { name: some(Reading::short(&first.text(places.name))), ..Profile::default() };
        self.refunded(reading, places, first, id, paid_at)?;
        reading.items.insert(
            0,
            super::fact::Item {
                at: paid_at,
                origin: first.origin,
                fact: Fact::Order { buyer: Buyer::KnownOrNew { identifiers, profile }, order },
            },
        );
        Ok(())
    }

    fn refunded(
        &self,
        reading: &mut Reading,
        places: &Places,
        first: &Row<'_>,
        order: OrderId,
        paid_at: Timestamp,
    ) -> Read<()> {
        let Some(amount) = not_zero(reading.amount(first, places.refunded_amount)?) else { return Ok(()) };
        let at = reading.time(first, places.refunded_at)?.unwrap_or(paid_at);
        reading.push(first, at, Fact::RefundedTo { order, source: "plain", amount, articles: Vec::new() });
        Ok(())
    }

    fn refund(&self, reading: &mut Reading, places: &Places, first: &Row<'_>, rows: &[&Row<'_>], id: &str) -> Read<()> {
        let Some(identifiers) = self.customer(reading, places, first, Kind::Refund) else { return Ok(()) };
        let at = self.paid_at(reading, places, first)?;
        let currency = self.currency(reading, places, first)?;
        reading.currency = Some(currency);
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(line) = self.line(reading, places, row)? {
                lines.push(RefundArticle { sku: line.sku, quantity: line.quantity, unit_price: line.unit_price });
            }
        }
        if lines.is_empty() {
            reading.skip(Kind::Refund, "no_lines");
            return Ok(());
        }
        let id = RefundId::new(format!("{}{id}", reading.id_prefix))
            .map_err(|error| reading.note(first, Some(places.order_id), &error))?;
        let refund =
            Refund { id, order: None, refunded_at: at, what: RefundWhat::Articles { currency, lines }, reason: None };
        let buyer = Some(Buyer::KnownOrNew { identifiers, profile: Profile::default() });
        reading.push(first, at, Fact::Refund { buyer, refund });
        Ok(())
    }

    /// Whether rows of one id name different customers, as receipts do that are numbered anew every day. As one order they would all be
    /// the first customer's.
    fn mixed(&self, reading: &mut Reading, places: &Places, first: &Row<'_>, rows: &[&Row<'_>]) -> bool {
        for row in rows.iter().skip(1) {
            for (who, place) in self.map.customer.iter().zip(&places.customer) {
                let Some(place) = *place else { continue };
                if first.record.get(place) == row.record.get(place) {
                    continue;
                }
                let (one, other) = (first.get(Some(place)), row.get(Some(place)));
                if !one.is_empty() && !other.is_empty() && !reading.is_one(who, (first, row), place) {
                    let number = first.sheet.number(first.origin.row);
                    let message = format!("the order names another customer here than in row {number}");
                    reading.wrong(row, Some(place), message);
                    return true;
                }
            }
        }
        false
    }

    /// Who bought; none where the row does not say.
    fn customer(&self, reading: &mut Reading, places: &Places, row: &Row<'_>, kind: Kind) -> Option<Vec<Identifier>> {
        let blank = places.customer.iter().all(|place| row.get(*place).is_empty());
        let found = reading.identifiers(row, &self.map.customer, &places.customer);
        if !found.is_empty() {
            return Some(found);
        }
        reading.skip(kind, "no_customer");
        if blank && self.map.without_customer == Strange::Issue {
            let column = places.customer.iter().copied().flatten().next();
            let error = Error::new(ErrorCode::IdentityMissing, "the row names no customer");
            reading.note(row, column, &error);
        }
        None
    }

    fn paid_at(&self, reading: &mut Reading, places: &Places, row: &Row<'_>) -> Read<Timestamp> {
        let [column] = places.paid_at;
        match reading.time(row, Some(column))? {
            Some(at) => Ok(at),
            None => Err(reading.wrong(row, Some(column), "the time is missing")),
        }
    }

    fn currency(&self, reading: &mut Reading, places: &Places, row: &Row<'_>) -> Read<Currency> {
        match row.text(places.currency) {
            text if text.is_empty() => Ok(self.currency),
            text => Currency::new(&text).map_err(|error| reading.note(row, places.currency, &error)),
        }
    }

    /// A line; none where the map leaves it out. Quantities of refunds may be written below zero.
    fn line(&self, reading: &mut Reading, places: &Places, row: &Row<'_>) -> Read<Option<OrderLine>> {
        let column = Some(places.unit_price);
        let Some(unit_price) = reading.amount(row, column)? else {
            return Err(reading.wrong(row, column, "the price is missing"));
        };
        if unit_price < Amount::ZERO {
            let error = Error::new(ErrorCode::MoneyNegative, "the price is below zero; the line is left out");
            self.leave_out(reading, row, "negative_price", self.map.negative_price, &error, column);
            return Ok(None);
        }
        if unit_price == Amount::ZERO
            && let Some(strange) = self.map.zero_price
        {
            let error = Error::new(ErrorCode::ImportRow, "the price is zero; the line is left out");
            self.leave_out(reading, row, "zero_price", strange, &error, column);
            return Ok(None);
        }
        let quantity = reading.quantity(row, places.quantity)?;
        let refund = self.map.refund_prefix.as_ref().is_some_and(|p| row.get(Some(places.order_id)).starts_with(p));
        let quantity = match refund {
            true => Quantity::from_thousandths(quantity.thousandths().saturating_abs()),
            false => quantity,
        };
        let quantity = reading.above_zero(row, places.quantity, quantity)?;
        let sku = match row.text(places.sku) {
            text if text.is_empty() => "item".to_owned(),
            text => text,
        };
        let category = |reading: &mut Reading, column| -> Read<Option<Category>> {
            some(row.text(column)).map(Category::new).transpose().map_err(|error| reading.note(row, column, &error))
        };
        Ok(Some(OrderLine {
            line_no: None,
            sku: Sku::new(sku).map_err(|error| reading.note(row, places.sku, &error))?,
            category: category(reading, places.category)?,
            brand: category(reading, places.brand)?,
            tags: BTreeSet::new(),
            quantity,
            unit_price,
            discount: not_zero(reading.amount(row, places.line_discount)?),
            tax: None,
        }))
    }

    fn leave_out(
        &self,
        reading: &mut Reading,
        row: &Row<'_>,
        reason: &str,
        strange: Strange,
        error: &Error,
        column: Option<usize>,
    ) {
        *reading.report.skipped_lines.entry(reason.to_owned()).or_default() += 1;
        if strange == Strange::Issue {
            let Noted = reading.note(row, column, error);
        }
    }
}

pub(super) fn not_zero(amount: Option<Amount>) -> Option<Amount> {
    amount.filter(|amount| *amount != Amount::ZERO)
}

pub(super) fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
