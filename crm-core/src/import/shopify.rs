//! The orders export of Shopify: one row per line, the cells of the order on its first row only.

use super::fact::{Draft, Fact, Kind, Read, Reading, Row, line};
use super::group::Layout;
use super::plain::{not_zero, some};
use super::sheet::{Sheet, lacking};
use crate::customer::{Buyer, Identifier, IdentifierKind, Profile};
use crate::error::{Error, ErrorCode, Result};
use crate::order::{OrderLine, TaxMode};
use crate::value::{Amount, Category, Currency, OrderId, Quantity, Timestamp};

const NEEDED: [&str; 7] =
    ["Name", "Financial Status", "Paid at", "Total", "Lineitem quantity", "Lineitem name", "Lineitem price"];

/// What becomes of an order by its financial status.
enum Status {
    Paid,
    Unpaid,
    Closed,
    Unknown,
}

struct Columns {
    name: Option<usize>,
    status: Option<usize>,
    times: Vec<usize>,
    paid_at: Option<usize>,
    created_at: Option<usize>,
    cancelled_at: Option<usize>,
    currency: Option<usize>,
    subtotal: Option<usize>,
    shipping: Option<usize>,
    taxes: Option<usize>,
    total: Option<usize>,
    refunded: Option<usize>,
    email: Option<usize>,
    phone: Option<usize>,
    billing_phone: Option<usize>,
    shipping_phone: Option<usize>,
    billing_name: Option<usize>,
    line_name: Option<usize>,
    line_sku: Option<usize>,
    line_quantity: Option<usize>,
    line_price: Option<usize>,
    line_discount: Option<usize>,
    vendor: Option<usize>,
}

pub(super) struct Shopify {
    sheets: Vec<Columns>,
}

impl Shopify {
    pub(super) fn open(sheets: &[Sheet]) -> Result<Self> {
        Ok(Self { sheets: sheets.iter().map(columns).collect::<Result<Vec<_>>>()? })
    }
}

fn columns(sheet: &Sheet) -> Result<Columns> {
    let missing: Vec<String> =
        NEEDED.iter().filter(|name| !sheet.has(&[name])).map(|name| (*name).to_owned()).collect();
    if !missing.is_empty() {
        return Err(lacking(sheet, "shopify", &missing));
    }
    let at = |name: &str| sheet.column(&[name]);
    Ok(Columns {
        name: at("Name"),
        status: at("Financial Status"),
        times: ["Paid at", "Created at"].iter().filter_map(|name| at(name)).collect(),
        paid_at: at("Paid at"),
        created_at: at("Created at"),
        cancelled_at: at("Cancelled at"),
        currency: at("Currency"),
        subtotal: at("Subtotal"),
        shipping: at("Shipping"),
        taxes: at("Taxes"),
        total: at("Total"),
        refunded: at("Refunded Amount"),
        email: at("Email"),
        phone: at("Phone"),
        billing_phone: at("Billing Phone"),
        shipping_phone: at("Shipping Phone"),
        billing_name: at("Billing Name"),
        line_name: at("Lineitem name"),
        line_sku: at("Lineitem sku"),
        line_quantity: at("Lineitem quantity"),
        line_price: at("Lineitem price"),
        line_discount: at("Lineitem discount"),
        vendor: at("Vendor"),
    })
}

fn status(text: &str) -> Status {
    match text.to_ascii_lowercase().as_str() {
        "paid" | "partially_refunded" | "refunded" => Status::Paid,
        "pending" | "authorized" | "partially_paid" | "unpaid" => Status::Unpaid,
        "voided" | "expired" => Status::Closed,
        _ => Status::Unknown,
    }
}

impl Layout for Shopify {
    fn key(&self, sheet: usize) -> Option<usize> {
        self.sheets.get(sheet).and_then(|columns| columns.name)
    }

    fn times(&self, sheet: usize) -> (u8, &[usize]) {
        (0, self.sheets.get(sheet).map_or(&[], |columns| &columns.times))
    }

    fn column(&self, sheet: usize, field: &str) -> Option<usize> {
        let columns = self.sheets.get(sheet)?;
        match field {
            "order.id" => columns.name,
            "order.currency" => columns.currency,
            "refund.what.amount" => columns.refunded,
            _ => None,
        }
    }

    fn facts(&self, reading: &mut Reading, rows: &[Row<'_>]) {
        let Some(start) = rows.first() else { return };
        let Some(columns) = self.sheets.get(start.origin.sheet) else { return };
        let mut rows: Vec<&Row<'_>> = rows.iter().filter(|row| row.origin.sheet == start.origin.sheet).collect();
        // The row with the cells of the order is the first one, unless somebody has sorted the sheet.
        let heads: Vec<&Row<'_>> = rows.iter().copied().filter(|row| !row.get(columns.status).is_empty()).collect();
        let Some(head) = heads.first().copied() else {
            reading.wrong(start, columns.status, "no row of the order has a financial status");
            return reading.refuse(Kind::Order);
        };
        if let Some(second) = heads.get(1) {
            // Two exports in one file: the lines of the second one are not more lines.
            reading.repeated(head, heads.iter().copied(), &[columns.status, columns.total, columns.refunded]);
            rows.retain(|row| row.origin < second.origin);
        }
        let (kind, taken) = match status(head.get(columns.status)) {
            Status::Paid => (Kind::Order, columns.order(reading, head, &rows)),
            Status::Unpaid => return reading.skip(Kind::Order, "unpaid"),
            Status::Closed => (Kind::Closing, columns.closed(reading, head)),
            Status::Unknown => {
                let message = "the financial status is not one that Shopify writes";
                (Kind::Order, Err(reading.wrong(head, columns.status, message)))
            }
        };
        if taken.is_err() {
            reading.refuse(kind);
        }
    }
}

impl Columns {
    fn order(&self, reading: &mut Reading, head: &Row<'_>, rows: &[&Row<'_>]) -> Read<()> {
        let created_at = reading.time(head, self.created_at)?;
        let Some(paid_at) = reading.time(head, self.paid_at)?.or(created_at) else {
            return Err(reading.wrong(head, self.paid_at, "the time is missing"));
        };
        let id = reading.order_id(head, self.name)?;
        let currency = Currency::new(head.get(self.currency)).map_err(|e| reading.note(head, self.currency, &e))?;
        reading.currency = Some(currency);
        let identifiers = self.customer(reading, head);
        if identifiers.is_empty() {
            reading.skip(Kind::Order, "no_customer");
            return Ok(());
        }
        let lines = self.lines(reading, rows)?;
        let paid = reading.price(head, self.total)?;
        let shipping = reading.amount(head, self.shipping)?.unwrap_or_default();
        let tax = reading.amount(head, self.taxes)?.unwrap_or_default();
        let on_top = reading
            .amount(head, self.subtotal)?
            .is_some_and(|subtotal| subtotal.decimal() + shipping.decimal() + tax.decimal() == paid.decimal());
        let tax_mode = if on_top { TaxMode::Added } else { TaxMode::Included };
        let draft = Draft {
            id: id.clone(),
            paid_at,
            placed_at: created_at,
            currency,
            lines,
            shipping,
            tax,
            tax_mode,
            paid,
            channel: "shopify",
            store: None,
        };
        let order = draft.order().map_err(|error| reading.note(head, self.total, &error))?;
        let refunded = not_zero(reading.amount(head, self.refunded)?);
        let refunded_at = reading.time(head, self.cancelled_at)?.unwrap_or(paid_at).max(paid_at);
        let profile = Profile { name: some(Reading::short(&head.text(self.billing_name))), ..Profile::default() };
        reading.push(head, paid_at, Fact::Order { buyer: Buyer::KnownOrNew { identifiers, profile }, order });
        if let Some(amount) = refunded {
            let fact = Fact::RefundedTo { order: id, source: "shopify", amount, articles: Vec::new() };
            reading.push(head, refunded_at, fact);
        }
        Ok(())
    }

    /// E-mail, then the phone of the order; phones of the addresses only where there is neither.
    fn customer(&self, reading: &mut Reading, head: &Row<'_>) -> Vec<Identifier> {
        let mut found = Vec::new();
        found.extend(reading.identifier(head, self.email, IdentifierKind::Email, None, None));
        found.extend(reading.identifier(head, self.phone, IdentifierKind::Phone, None, None));
        for column in [self.billing_phone, self.shipping_phone] {
            if found.is_empty() {
                found.extend(reading.identifier(head, column, IdentifierKind::Phone, None, None));
            }
        }
        if found.is_empty() && [self.email, self.phone].iter().all(|column| head.get(*column).is_empty()) {
            let error = Error::new(ErrorCode::IdentityMissing, "the order names no customer");
            reading.note(head, self.email, &error);
        }
        found
    }

    fn lines(&self, reading: &mut Reading, rows: &[&Row<'_>]) -> Read<Vec<OrderLine>> {
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            let name = row.text(self.line_name);
            if name.is_empty() && row.get(self.line_price).is_empty() {
                continue;
            }
            let quantity = reading.quantity(row, self.line_quantity)?;
            if quantity <= Quantity::ZERO {
                // A line that was removed from the order stays in the export with no units.
                continue;
            }
            let price = reading.price(row, self.line_price)?;
            let sku = some(row.text(self.line_sku)).unwrap_or(name);
            let mut made = line(&sku, quantity, price).map_err(|error| reading.note(row, self.line_sku, &error))?;
            let Some(list) = price.decimal().checked_mul(quantity.decimal()) else {
                return Err(reading.wrong(row, self.line_price, "the price is beyond the largest amount"));
            };
            made.discount =
                not_zero(reading.amount(row, self.line_discount)?).map(|less| less.min(Amount::new(list.normalize())));
            made.brand = some(Reading::short(&row.text(self.vendor)))
                .map(Category::new)
                .transpose()
                .map_err(|error| reading.note(row, self.vendor, &error))?;
            lines.push(made);
        }
        match (lines.is_empty(), rows.first()) {
            (true, Some(row)) => Err(reading.wrong(row, self.line_name, "the order has no lines")),
            _ => Ok(lines),
        }
    }

    fn closed(&self, reading: &mut Reading, head: &Row<'_>) -> Read<()> {
        let order: OrderId = reading.order_id(head, self.name)?;
        let times = [self.cancelled_at, self.paid_at, self.created_at];
        let mut at: Option<Timestamp> = None;
        for column in times {
            at = at.or(reading.time(head, column)?);
        }
        match at {
            Some(at) => {
                let paid = !head.get(self.paid_at).is_empty();
                reading.push(head, at, Fact::Closed { order, paid });
            }
            None => reading.skip(Kind::Closing, "closed"),
        }
        Ok(())
    }
}
