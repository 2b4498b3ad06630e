//! Refunds in a sheet of their own, by its column map.

use super::cell;
use super::columns::{DecimalMark, IdentifierColumn, Missing, Strange};
use super::fact::{Fact, Kind, Read, Reading, Row};
use super::find::Finder;
use super::group::Layout;
use super::sheet::Sheet;
use super::table::Use;
use crate::error::{Error, ErrorCode, Result};
use crate::order::{Refund, RefundArticle, RefundLine, RefundWhat};
use crate::value::{Currency, Quantity, Reason, RefundId, Sku, Zone};
use serde::{Deserialize, Serialize};

/// Which column is what, in a sheet of refunds. Rows with the same refund id and order are one refund.
///
/// A refund that names its order gives back lines (`line_no`, with `quantity`, `amount` or both), an amount, or, where the sheet has no
/// column with amounts, everything. One that names none is a list of articles (`sku`, `quantity`, `unit_price`) of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundColumnMap {
    /// The refund.
    pub refund_id: String,
    /// When the money went back; the first row of the refund counts.
    pub refunded_at: String,
    /// Forms of that time in the notation of `strftime`, tried in turn; none for year-first dates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub date_formats: Vec<String>,
    /// Where times without an offset are meant; default the program's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// What stands between the whole and its fraction in amounts and quantities; default the point.
    #[serde(default)]
    pub decimal_mark: DecimalMark,
    /// The order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// The line of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<String>,
    /// How many units came back; a sign is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// How much went back: for the line, or in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// The article, where no order is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// The price of one, where no order is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<String>,
    /// The currency of those prices; default the program's first, unless `currency_column` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The currency of the refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency_column: Option<String>,
    /// The customer's own id, where no order is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// Who it was, where no order is named; the most trusted first. Somebody unknown is registered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub customer: Vec<IdentifierColumn>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Refunds of nobody that name no order. They are left out either way.
    #[serde(default)]
    pub without_customer: Strange,
    /// What becomes of columns that are named here and missing. The refund, its time, and an order or a customer must be there.
    #[serde(default)]
    pub missing: Missing,
}

impl RefundColumnMap {
    /// Reads a map from its JSON text.
    ///
    /// # Errors
    /// `value.json` for what is not a map, `import.header` for a form of dates that is none.
    pub fn from_json(text: &str) -> Result<Self> {
        let map: Self = crate::value::read_text(text)?;
        super::columns::check_formats(&map.date_formats)?;
        Ok(map)
    }
}

impl Default for RefundColumnMap {
    /// Our own form: `refund_id, refunded_at` and `order_id`, or one of `customer_id, member_no, phone, email` with `sku` and
    /// `unit_price`; `line_no, quantity, amount, currency, reason` where there are some.
    fn default() -> Self {
        let some = |name: &str| Some(name.to_owned());
        Self {
            refund_id: "refund_id".to_owned(),
            refunded_at: "refunded_at".to_owned(),
            date_formats: Vec::new(),
            zone: None,
            decimal_mark: DecimalMark::Point,
            order_id: some("order_id"),
            line_no: some("line_no"),
            quantity: some("quantity"),
            amount: some("amount"),
            sku: some("sku"),
            unit_price: some("unit_price"),
            currency: None,
            currency_column: some("currency"),
            customer_id: some("customer_id"),
            customer: IdentifierColumn::usual(),
            reason: some("reason"),
            without_customer: Strange::Issue,
            missing: Missing::Ignore,
        }
    }
}

struct Places {
    refund_id: usize,
    refunded_at: [usize; 1],
    order_id: Option<usize>,
    line_no: Option<usize>,
    quantity: Option<usize>,
    amount: Option<usize>,
    sku: Option<usize>,
    unit_price: Option<usize>,
    currency: Option<usize>,
    customer_id: Option<usize>,
    customer: Vec<Option<usize>>,
    reason: Option<usize>,
    used: Vec<(usize, Use)>,
}

pub(super) struct Refunds {
    map: RefundColumnMap,
    currency: Currency,
    sheets: Vec<Places>,
}

impl Refunds {
    pub(super) fn open(map: &RefundColumnMap, sheets: &[Sheet], currency: Currency) -> Result<Self> {
        super::columns::check_formats(&map.date_formats)?;
        let places = sheets.iter().map(|sheet| places(map, sheet)).collect::<Result<Vec<_>>>()?;
        Ok(Self { map: map.clone(), currency: map.currency.unwrap_or(currency), sheets: places })
    }
}

fn places(map: &RefundColumnMap, sheet: &Sheet) -> Result<Places> {
    let mut find = Finder::new(sheet, map.missing);
    let mut found = Places {
        refund_id: find.must(&map.refund_id, Use::Word),
        refunded_at: [find.must(&map.refunded_at, Use::Time)],
        order_id: find.may(map.order_id.as_deref(), Use::Word),
        line_no: find.may(map.line_no.as_deref(), Use::Word),
        quantity: find.may(map.quantity.as_deref(), Use::Number),
        amount: find.may(map.amount.as_deref(), Use::Number),
        sku: find.may(map.sku.as_deref(), Use::Word),
        unit_price: find.may(map.unit_price.as_deref(), Use::Number),
        currency: find.may(map.currency_column.as_deref(), Use::Word),
        customer_id: find.may(map.customer_id.as_deref(), Use::Word),
        customer: find.customer(&map.customer),
        reason: find.may(map.reason.as_deref(), Use::Word),
        used: Vec::new(),
    };
    if found.order_id.is_none() && found.customer_id.is_none() && found.customer.iter().all(Option::is_none) {
        find.lacks(map.order_id.iter().chain(&map.customer_id).map(String::as_str));
    }
    found.used = find.finish("refunds")?;
    Ok(found)
}

impl Layout for Refunds {
    fn key(&self, sheet: usize) -> Option<usize> {
        self.sheets.get(sheet).map(|places| places.refund_id)
    }

    fn times(&self, sheet: usize) -> (u8, &[usize]) {
        (0, self.sheets.get(sheet).map_or(&[], |places| &places.refunded_at))
    }

    fn calls(&self) -> &'static str {
        "refund id"
    }

    fn used(&self, sheet: usize) -> &[(usize, Use)] {
        self.sheets.get(sheet).map_or(&[], |places| &places.used)
    }

    fn in_order(&self) -> bool {
        true
    }

    fn kind(&self) -> Kind {
        Kind::Refund
    }

    fn column(&self, sheet: usize, field: &str) -> Option<usize> {
        let places = self.sheets.get(sheet)?;
        match field {
            "refund.id" => Some(places.refund_id),
            "refund.order" => places.order_id,
            "refund.what.amount" => places.amount,
            _ => None,
        }
    }

    fn facts(&self, reading: &mut Reading, rows: &[Row<'_>]) {
        let Some(first) = rows.first() else { return };
        let Some(places) = self.sheets.get(first.origin.sheet) else { return };
        // The same refund in two sheets is one refund: the first sheet that has it counts. A refund id may recur at another order.
        let mut left: Vec<&Row<'_>> = rows.iter().filter(|row| row.origin.sheet == first.origin.sheet).collect();
        while let Some(first) = left.first().copied() {
            let order = first.text(places.order_id);
            let (own, rest) = left.into_iter().partition(|row| row.text(places.order_id) == order);
            left = rest;
            if self.refund(reading, places, first, &own, &order).is_err() {
                reading.refuse(Kind::Refund);
            }
        }
    }
}

impl Refunds {
    fn refund(
        &self,
        reading: &mut Reading,
        places: &Places,
        first: &Row<'_>,
        rows: &[&Row<'_>],
        order: &str,
    ) -> Read<()> {
        let column = Some(places.refund_id);
        let [time] = places.refunded_at;
        let Some(refunded_at) = reading.time(first, Some(time))? else {
            return Err(reading.wrong(first, Some(time), "the time is missing"));
        };
        let reason = match first.text(places.reason) {
            text if text.is_empty() => None,
            text => Some(Reason::new(text).map_err(|error| reading.note(first, places.reason, &error))?),
        };
        let named = first.text(column);
        let (name, order, buyer, what) = match order {
            "" => {
                let buyer = reading.buyer(first, places.customer_id, (&self.map.customer, &places.customer), true)?;
                let Some(buyer) = buyer else {
                    reading.skip(Kind::Refund, "no_customer");
                    if self.map.without_customer == Strange::Issue {
                        let error = Error::new(ErrorCode::IdentityMissing, "the row names neither order nor customer");
                        reading.note(first, places.order_id, &error);
                    }
                    return Ok(());
                };
                let what = self.articles(reading, places, first, rows)?;
                (format!("{}{named}", reading.id_prefix), None, Some(buyer), what)
            }
            _ => {
                let order = reading.order_id(first, places.order_id)?;
                (named, Some(order), None, lines(reading, places, first, rows)?)
            }
        };
        let id = RefundId::new(name).map_err(|error| reading.note(first, column, &error))?;
        let refund = Refund { id, order, refunded_at, what, reason };
        reading.push(first, refunded_at, Fact::Refund { buyer, refund });
        Ok(())
    }

    fn articles(&self, reading: &mut Reading, places: &Places, first: &Row<'_>, rows: &[&Row<'_>]) -> Read<RefundWhat> {
        let currency = match first.text(places.currency) {
            text if text.is_empty() => self.currency,
            text => Currency::new(&text).map_err(|error| reading.note(first, places.currency, &error))?,
        };
        reading.currency = Some(currency);
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            let unit_price = reading.price(row, places.unit_price)?;
            let quantity = units(reading.quantity(row, places.quantity)?);
            let quantity = reading.above_zero(row, places.quantity, quantity)?;
            let sku = Sku::new(row.text(places.sku)).map_err(|error| reading.note(row, places.sku, &error))?;
            lines.push(RefundArticle { sku, quantity, unit_price });
        }
        Ok(RefundWhat::Articles { currency, lines })
    }
}

/// What went back of an order.
fn lines(reading: &mut Reading, places: &Places, first: &Row<'_>, rows: &[&Row<'_>]) -> Read<RefundWhat> {
    if rows.iter().any(|row| !row.get(places.line_no).is_empty()) {
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            let Ok(line_no) = cell::fold(row.get(places.line_no)).parse() else {
                return Err(reading.wrong(row, places.line_no, "the line of the order is not a whole number"));
            };
            let amount = reading.amount(row, places.amount)?;
            let quantity = match row.get(places.quantity) {
                "" => None,
                _ => Some(units(reading.quantity(row, places.quantity)?)),
            };
            let quantity = quantity.map(|units| reading.above_zero(row, places.quantity, units)).transpose()?;
            lines.push(RefundLine { line_no, quantity, amount });
        }
        return Ok(RefundWhat::Lines { lines });
    }
    if let Some(second) = rows.get(1) {
        return Err(reading.wrong(second, places.line_no, "a refund of several rows has to name lines of the order"));
    }
    match (places.amount, reading.amount(first, places.amount)?) {
        (None, _) => Ok(RefundWhat::Full),
        (Some(_), Some(amount)) => Ok(RefundWhat::amount(amount)),
        (Some(_), None) => Err(reading.wrong(first, places.amount, "the amount is missing")),
    }
}

/// Units that came back, however they are signed.
fn units(quantity: Quantity) -> Quantity {
    Quantity::from_thousandths(quantity.thousandths().saturating_abs())
}
