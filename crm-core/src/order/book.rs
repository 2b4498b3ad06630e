//! From an order as it is reported to an order as it is kept: everything checked, everything in whole minor units.

use super::facts::{Order, OrderLine, Tender};
use super::record::{BookedLine, BookedTender, Facts, OrderRecord};
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::value::TaxMode;
use crate::value::spread::{narrow, share};
use crate::value::{Amount, Currency, Fingerprint, Quantity, fingerprint};
use std::collections::BTreeSet;

impl Order {
    /// Checks the order and converts it to whole minor units of its currency.
    ///
    /// A line costs unit price times quantity, rounded half up. The order's discount is spread over the lines by their amounts
    /// after line discounts, with the largest remainder, ties by line order: 12.49 + 2.97 + 7.50 with 1.50 off take 0.82, 0.19
    /// and 0.49. The part paid with points is spread the same way over what the customer pays for lines and shipping.
    ///
    /// # Errors
    /// All name their field by its path, such as `lines[3].unit_price`. `order.lines` for no line, more than 10,000, or a
    /// line number that is 0 or used twice; `order.quantity` for a quantity that is not above 0 and at most 10^9;
    /// `money.negative`, `money.precision`, `money.range` for amounts; `order.total` for a discount above what it reduces, tax
    /// above the price that includes it, and for tenders that do not add up to the total; `value.too_many` for tags and tenders.
    pub fn book(&self) -> Result<OrderRecord> {
        self.book_as(fingerprint(self))
    }

    /// As [`Order::book`], with the order's fingerprint, which somebody has worked out already.
    pub(crate) fn book_as(&self, print: Fingerprint) -> Result<OrderRecord> {
        at_most("tags", self.tags.len(), limits::TAGS_MAX)?;
        at_most("tenders", self.tenders.len(), limits::TENDERS_MAX)?;
        let mut facts = Facts {
            id: self.id.clone(),
            paid_at: self.paid_at,
            currency: self.currency,
            fingerprint: print,
            lines: self.book_lines()?,
            channel: self.channel.clone(),
            store: self.store.clone(),
            shipping_minor: minor_or_zero(self.currency, self.shipping, "shipping")?,
            discount_minor: minor_or_zero(self.currency, self.discount, "discount")?,
            tenders: Vec::new(),
            placed_at: self.placed_at,
            tags: self.tags.clone(),
            tax_mode: self.tax_mode,
            refunds: Vec::new(),
            pool_minor: 0,
            cancelled_at: None,
            reverted: false,
            shipping_points_minor: 0,
        };
        check_sums(&facts)?;
        facts.tenders = self.book_tenders(&facts)?;
        facts.derive();
        Ok(OrderRecord::of(facts))
    }

    fn book_lines(&self) -> Result<Vec<BookedLine>> {
        if self.lines.is_empty() || self.lines.len() > limits::ORDER_LINES_MAX {
            let message = format!("the order has {} lines", self.lines.len());
            return Err(Error::new(ErrorCode::OrderLines, message).field("lines").limit(limits::ORDER_LINES_MAX));
        }
        // Numbers that are places are all different.
        let numbered = self.lines.iter().any(|line| line.line_no.is_some());
        let mut numbers = BTreeSet::new();
        let mut booked = Vec::with_capacity(self.lines.len());
        for ((at, place), line) in (0_u32..).zip(1_u32..).zip(&self.lines) {
            let number = line.line_no.unwrap_or(place);
            if number == 0 || (numbered && !numbers.insert(number)) {
                let why = if number == 0 { "is 0, they start at 1" } else { "is used twice" };
                let message = format!("line number `{number}` {why}");
                return Err(Error::new(ErrorCode::OrderLines, message).field(format!("lines[{at}].line_no")));
            }
            let mut line = line.book(self).map_err(|error| error.within(format!("lines[{at}]")))?;
            line.own_no = if number == place { 0 } else { number };
            booked.push(line);
        }
        Ok(booked)
    }

    fn book_tenders(&self, facts: &Facts) -> Result<Vec<BookedTender>> {
        let mut booked = Vec::with_capacity(self.tenders.len());
        let mut sum: i128 = 0;
        for (place, tender) in self.tenders.iter().enumerate() {
            let (Tender::Money { amount } | Tender::Points { amount, .. } | Tender::StoredValue { amount, .. }) =
                tender;
            let minor = minor(self.currency, *amount, "amount").map_err(|e| e.within(format!("tenders[{place}]")))?;
            sum += i128::from(minor);
            booked.push(match tender {
                Tender::Money { .. } => BookedTender::Money { minor },
                Tender::Points { redemption, .. } => BookedTender::Points { minor, redemption: redemption.clone() },
                Tender::StoredValue { redemption, .. } => {
                    BookedTender::StoredValue { minor, redemption: redemption.clone() }
                }
            });
        }
        let total = total(facts);
        if !booked.is_empty() && sum != total {
            let (sum, total) = (self.currency.amount(narrow(sum)), self.currency.amount(narrow(total)));
            return Err(Error::new(
                ErrorCode::OrderTotal,
                format!("the tenders add up to `{sum}`, the total is `{total}`"),
            )
            .field("tenders")
            .with("total", total)
            .with("sum", sum));
        }
        let plain = matches!(booked.as_slice(), [BookedTender::Money { .. }]);
        Ok(if plain { Vec::new() } else { booked })
    }
}

impl OrderLine {
    fn book(&self, order: &Order) -> Result<BookedLine> {
        let currency = order.currency;
        at_most("tags", self.tags.len(), limits::TAGS_MAX)?;
        let thousandths = check_quantity(self.quantity)?;
        let unit = minor(currency, self.unit_price, "unit_price")?;
        let list_minor = share(unit, thousandths, Quantity::ONE.thousandths());
        if list_minor > limits::MINOR_ABS_MAX {
            return Err(beyond("the line").field("unit_price"));
        }
        let discount_minor = minor_or_zero(currency, self.discount, "discount")?;
        if discount_minor > list_minor {
            let list = currency.amount(list_minor);
            let message = format!("the discount is above the line's amount `{list}`");
            return Err(Error::new(ErrorCode::OrderTotal, message).field("discount").limit(list));
        }
        let tax_minor = minor_or_zero(currency, self.tax, "tax")?;
        if order.tax_mode == TaxMode::Included && tax_minor > list_minor - discount_minor {
            let price = currency.amount(list_minor - discount_minor);
            let message = format!("the tax is above the price `{price}` that includes it");
            return Err(Error::new(ErrorCode::OrderTotal, message).field("tax").limit(price));
        }
        Ok(BookedLine {
            sku: self.sku.clone(),
            list_minor,
            thousandths,
            category: self.category.clone(),
            brand: self.brand.clone(),
            tags: self.tags.clone(),
            discount_minor,
            tax_minor,
            own_no: 0,
            back_minor: 0,
            back_thousandths: 0,
            line_no: 0,
            order_discount_minor: 0,
            net_minor: 0,
            points_minor: 0,
        })
    }
}

/// The quantity in thousandths, where it is above zero and within the limit.
pub(super) fn check_quantity(quantity: Quantity) -> Result<i64> {
    let thousandths = quantity.thousandths();
    if 0 < thousandths && thousandths <= limits::QUANTITY_MAX.saturating_mul(1000) {
        return Ok(thousandths);
    }
    let message = format!("quantity `{quantity}` is not above 0 and at most {}", limits::QUANTITY_MAX);
    Err(Error::new(ErrorCode::OrderQuantity, message).field("quantity").limit(limits::QUANTITY_MAX))
}

/// Whole minor units of an amount of zero or more.
pub(super) fn minor(currency: Currency, amount: Amount, field: &'static str) -> Result<i64> {
    let minor = currency.minor(amount).map_err(|error| error.field(field))?;
    if 0 <= minor {
        return Ok(minor);
    }
    Err(Error::new(ErrorCode::MoneyNegative, format!("{field} `{amount}` is below zero")).field(field))
}

fn minor_or_zero(currency: Currency, amount: Option<Amount>, field: &'static str) -> Result<i64> {
    amount.map_or(Ok(0), |amount| minor(currency, amount, field))
}

/// The sums before anything is derived from them, so that every later sum fits 64 bits.
pub(super) fn check_sums(facts: &Facts) -> Result<()> {
    let after_lines: i128 = facts.lines.iter().map(|line| i128::from(line.list_minor - line.discount_minor)).sum();
    if i128::from(facts.discount_minor) > after_lines {
        let amount = facts.currency.amount(narrow(after_lines));
        let message = format!("the discount is above the lines' amount `{amount}`");
        return Err(Error::new(ErrorCode::OrderTotal, message).field("discount").limit(amount));
    }
    let list: i128 = facts.lines.iter().map(|line| i128::from(line.list_minor)).sum();
    let max = i128::from(limits::MINOR_ABS_MAX);
    if list > max || total(facts) > max { Err(beyond("the order").field("lines")) } else { Ok(()) }
}

fn total(facts: &Facts) -> i128 {
    let added = facts.tax_mode == TaxMode::Added;
    let of_line = |line: &BookedLine| {
        i128::from(line.list_minor - line.discount_minor) + if added { i128::from(line.tax_minor) } else { 0 }
    };
    facts.lines.iter().map(of_line).sum::<i128>() - i128::from(facts.discount_minor) + i128::from(facts.shipping_minor)
}

fn beyond(what: &str) -> Error {
    Error::new(ErrorCode::MoneyRange, format!("{what} is beyond the largest amount")).limit(limits::MINOR_ABS_MAX)
}

fn at_most(field: &'static str, count: usize, max: usize) -> Result<()> {
    if count <= max {
        return Ok(());
    }
    Err(Error::new(ErrorCode::ValueTooMany, format!("{count} {field}, at most {max} are allowed"))
        .field(field)
        .limit(max))
}
