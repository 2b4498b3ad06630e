//! What a format makes of rows, and how it says what is wrong with them.

use super::cell::{self, Clock, clean, fold};
use super::columns::{DecimalMark, IdentifierColumn};
use super::report::{ImportReport, Origin};
use super::sheet::Sheet;
use crate::customer::{Buyer, Identifier, IdentifierKind, Profile};
use crate::error::{Error, ErrorCode};
use crate::limits;
use crate::order::{ArticleAmount, Event, Order, OrderLine, Refund, TaxMode};
use crate::value::{Amount, Channel, Currency, CustomerId, OrderId, Quantity, Sku, StoreId, Timestamp};
use csv::StringRecord;

/// Something to tell the engine.
pub(super) enum Fact {
    /// A paid order.
    Order { buyer: Buyer, order: Order },
    /// One refund.
    Refund { buyer: Option<Buyer>, refund: Refund },
    /// What went back of an order in all so far, and what of it for which articles; the shop does not tell one refund from the next.
    RefundedTo { order: OrderId, source: &'static str, amount: Amount, articles: Vec<ArticleAmount> },
    /// The shop has closed the order: it counts no more, if it ever did. One that was never paid never did.
    Closed { order: OrderId, paid: bool },
    /// Something else that a customer did.
    Event { buyer: Buyer, event: Event },
}

/// A fact with its time and origin.
pub(super) struct Item {
    pub(super) at: Timestamp,
    pub(super) origin: Origin,
    pub(super) fact: Fact,
}

/// An issue has been noted; the fact is not taken.
pub(super) struct Noted;

/// What reading a cell returns.
pub(super) type Read<T> = Result<T, Noted>;

/// Of which kind a fact is, for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Order,
    Refund,
    Closing,
    Event,
}

/// One row of a group.
pub(super) struct Row<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) record: &'a StringRecord,
    pub(super) origin: Origin,
}

impl<'a> Row<'a> {
    /// The clean text of a cell; empty where there is none.
    pub(super) fn get(&self, column: Option<usize>) -> &'a str {
        column.and_then(|place| self.record.get(place)).map_or("", clean)
    }

    /// As `get`, with full-width characters made plain.
    pub(super) fn text(&self, column: Option<usize>) -> String {
        fold(self.get(column)).trim().to_owned()
    }

    fn name(&self, column: Option<usize>) -> Option<&'a str> {
        column.and_then(|place| self.sheet.headers.get(place)).map(String::as_str)
    }
}

/// What reading needs besides the rows, and where it puts what it finds.
pub(super) struct Reading {
    pub(super) clock: Clock,
    /// Facts after it are slips.
    pub(super) now: Option<Timestamp>,
    pub(super) decimal_mark: DecimalMark,
    /// The currency of the rows being read, as soon as it is known: an amount that it does not have is told where it stands.
    pub(super) currency: Option<Currency>,
    /// For phone numbers without a country code.
    pub(super) country: Option<String>,
    /// Put in front of order ids.
    pub(super) id_prefix: String,
    pub(super) report: ImportReport,
    pub(super) items: Vec<Item>,
}

/// Whoever a cell names, as it stands there.
fn named(
    row: &Row<'_>,
    column: Option<usize>,
    kind: IdentifierKind,
    scope: Option<&str>,
    suffix: Option<&str>,
) -> Identifier {
    let cell = row.text(column);
    let value = suffix.and_then(|suffix| cell.strip_suffix(suffix)).unwrap_or(&cell);
    Identifier { kind, scope: scope.map(str::to_owned), value: value.to_owned() }
}

impl Reading {
    /// Notes a problem of a cell.
    pub(super) fn note(&mut self, row: &Row<'_>, column: Option<usize>, error: &Error) -> Noted {
        let value = column.map(|_| row.get(column));
        let number = row.sheet.number(row.origin.row);
        self.report.issue(&row.sheet.name, number, row.name(column), value, error);
        Noted
    }

    /// Notes a problem of a row in words of its own.
    pub(super) fn wrong(&mut self, row: &Row<'_>, column: Option<usize>, message: impl Into<String>) -> Noted {
        self.note(row, column, &Error::new(ErrorCode::ImportRow, message))
    }

    /// Leaves a fact out, by a rule of the format.
    pub(super) fn skip(&mut self, kind: Kind, reason: &str) {
        self.report.skip(reason);
        self.counts(kind).skipped += 1;
    }

    /// Leaves a fact out whose problem has been noted.
    pub(super) fn refuse(&mut self, kind: Kind) {
        self.counts(kind).refused += 1;
    }

    fn counts(&mut self, kind: Kind) -> &mut super::report::Counts {
        match kind {
            Kind::Order => &mut self.report.orders,
            Kind::Refund => &mut self.report.refunds,
            Kind::Closing => &mut self.report.closings,
            Kind::Event => &mut self.report.events,
        }
    }

    pub(super) fn push(&mut self, row: &Row<'_>, at: Timestamp, fact: Fact) {
        self.items.push(Item { at, origin: row.origin, fact });
    }

    /// An instant; an empty cell is none.
    pub(super) fn time(&mut self, row: &Row<'_>, column: Option<usize>) -> Read<Option<Timestamp>> {
        let cell = row.get(column);
        if cell.is_empty() {
            return Ok(None);
        }
        let read = self.instant(row, column).and_then(|at| match self.now {
            Some(now) if now.plus_millis(limits::CLOCK_SKEW_MILLIS_MAX) < at => Err(Error::new(
                ErrorCode::TimeFuture,
                format!("`{}` is after `{now}`, which is now", limits::quote(cell)),
            )),
            _ => Ok(at),
        });
        read.map(Some).map_err(|error| self.note(row, column, &error))
    }

    /// What a cell says of time, whether or not it has come.
    pub(super) fn instant(&self, row: &Row<'_>, column: Option<usize>) -> crate::error::Result<Timestamp> {
        if row.sheet.is_plain(column) {
            self.clock.read_plain(row.get(column))
        } else {
            self.clock.read(row.get(column))
        }
    }

    /// What stands before the fraction of the numbers of a column.
    fn mark(&self, row: &Row<'_>, column: Option<usize>) -> DecimalMark {
        if row.sheet.is_plain(column) { DecimalMark::Point } else { self.decimal_mark }
    }

    /// An amount of money; an empty cell is none.
    pub(super) fn amount(&mut self, row: &Row<'_>, column: Option<usize>) -> Read<Option<Amount>> {
        let cell = row.get(column);
        if cell.is_empty() {
            return Ok(None);
        }
        let read = cell::amount(cell, self.mark(row, column)).and_then(|amount| {
            // Nearly all have no more digits than the currency, and are small.
            let plain = |currency: Currency| {
                amount.decimal().scale() <= currency.digits() && amount.decimal().mantissa().unsigned_abs() < 1 << 40
            };
            match self.currency {
                Some(currency) if cell::foreign_sign(cell, currency).is_some() => Err(foreign(cell, currency)),
                Some(currency) if !plain(currency) => currency.minor(amount).map(|_| amount),
                _ => Ok(amount),
            }
        });
        read.map(Some).map_err(|error| self.note(row, column, &error))
    }

    /// Tells of further rows that a sheet has for an order and that say something else than its first one: only that one counts.
    pub(super) fn repeated<'a>(
        &mut self,
        head: &Row<'a>,
        others: impl Iterator<Item = &'a Row<'a>>,
        columns: &[Option<usize>],
    ) {
        for row in others.filter(|row| row.origin.sheet == head.origin.sheet && row.origin.row != head.origin.row) {
            if let Some(column) = columns.iter().find(|column| row.get(**column) != head.get(**column)) {
                let first = head.sheet.number(head.origin.row);
                let message = format!("the order stands in row {first} with something else here; that row counts");
                self.wrong(row, *column, message);
            }
        }
    }

    /// An amount that an order needs: there, and not below zero.
    pub(super) fn price(&mut self, row: &Row<'_>, column: Option<usize>) -> Read<Amount> {
        let Some(amount) = self.amount(row, column)? else {
            return Err(self.wrong(row, column, "the amount is missing"));
        };
        if amount < Amount::ZERO {
            let error = Error::new(ErrorCode::MoneyNegative, format!("`{amount}` is below zero"));
            return Err(self.note(row, column, &error));
        }
        Ok(amount)
    }

    /// A quantity; an empty cell or no column is one piece.
    pub(super) fn quantity(&mut self, row: &Row<'_>, column: Option<usize>) -> Read<Quantity> {
        let cell = row.get(column);
        if cell.is_empty() {
            return Ok(Quantity::ONE);
        }
        cell::quantity(cell, self.mark(row, column)).map_err(|error| self.note(row, column, &error))
    }

    /// A quantity that an order can have.
    pub(super) fn pieces(&mut self, row: &Row<'_>, column: Option<usize>) -> Read<Quantity> {
        let quantity = self.quantity(row, column)?;
        self.above_zero(row, column, quantity)
    }

    /// The same quantity, if it is above zero.
    pub(super) fn above_zero(&mut self, row: &Row<'_>, column: Option<usize>, quantity: Quantity) -> Read<Quantity> {
        if Quantity::ZERO < quantity {
            return Ok(quantity);
        }
        let error = Error::new(ErrorCode::OrderQuantity, "the quantity of an order is above zero");
        Err(self.note(row, column, &error))
    }

    /// The id of an order, as it is recorded.
    pub(super) fn order_id(&mut self, row: &Row<'_>, column: Option<usize>) -> Read<OrderId> {
        let cell = row.text(column);
        OrderId::new(format!("{}{cell}", self.id_prefix)).map_err(|error| self.note(row, column, &error))
    }

    /// An identifier that can identify somebody; of others the report says why not.
    pub(super) fn identifier(
        &mut self,
        row: &Row<'_>,
        column: Option<usize>,
        kind: IdentifierKind,
        scope: Option<&str>,
        suffix: Option<&str>,
    ) -> Option<Identifier> {
        let identifier = named(row, column, kind, scope, suffix);
        let value = identifier.value.as_str();
        if value.is_empty() {
            return None;
        }
        if cell::is_scientific(value) && kind != IdentifierKind::Email {
            let error =
                Error::new(ErrorCode::IdentityText, "the identifier is in scientific notation, digits are lost")
                    .with("reason", "sci_notation");
            self.note(row, column, &error);
            return None;
        }
        match identifier.key(self.country.as_deref()) {
            Ok(_) => Some(identifier),
            Err(error) => {
                self.note(row, column, &error);
                None
            }
        }
    }

    /// Whether two rows name the same in a column, however it is written.
    pub(super) fn is_one(&self, who: &IdentifierColumn, rows: (&Row<'_>, &Row<'_>), column: usize) -> bool {
        let key = |row: &Row<'_>| {
            let (scope, suffix) = (who.scope.as_deref(), who.strip_suffix.as_deref());
            let identifier = named(row, Some(column), who.kind, scope, suffix);
            identifier.key(self.country.as_deref()).map_err(|_| identifier.value)
        };
        key(rows.0) == key(rows.1)
    }

    /// Whoever a row names, by the columns of a map.
    pub(super) fn identifiers(
        &mut self,
        row: &Row<'_>,
        map: &[IdentifierColumn],
        places: &[Option<usize>],
    ) -> Vec<Identifier> {
        let columns = map.iter().zip(places);
        let found = columns.filter_map(|(who, place)| {
            self.identifier(row, *place, who.kind, who.scope.as_deref(), who.strip_suffix.as_deref())
        });
        found.collect()
    }

    /// Whoever a row names by an own id or by the columns of a map; none where it does not say.
    pub(super) fn buyer(
        &mut self,
        row: &Row<'_>,
        own: Option<usize>,
        (map, places): (&[IdentifierColumn], &[Option<usize>]),
        register: bool,
    ) -> Read<Option<Buyer>> {
        let text = row.text(own);
        if !text.is_empty() {
            let id = CustomerId::new(text).map_err(|error| self.note(row, own, &error))?;
            return Ok(Some(Buyer::Customer { id }));
        }
        let identifiers = self.identifiers(row, map, places);
        Ok(match (identifiers.is_empty(), register) {
            (true, _) => None,
            (false, true) => Some(Buyer::KnownOrNew { identifiers, profile: Profile::default() }),
            (false, false) => Some(Buyer::Known { identifiers }),
        })
    }

    /// A number that is no money; an empty cell is none.
    pub(super) fn number(&mut self, row: &Row<'_>, column: Option<usize>) -> Read<Option<Amount>> {
        let currency = self.currency.take();
        let read = self.amount(row, column);
        self.currency = currency;
        read
    }

    /// A checked text of at most 128 bytes; longer ones are cut at a character, control characters become blanks.
    pub(super) fn short(text: &str) -> String {
        let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut end = plain.len().min(limits::ID_BYTES_MAX);
        while !plain.is_char_boundary(end) {
            end -= 1;
        }
        plain.get(..end).unwrap_or_default().trim().to_owned()
    }
}

fn foreign(cell: &str, currency: Currency) -> Error {
    Error::new(ErrorCode::OrderCurrency, format!("`{}` is not in {currency}", limits::quote(cell)))
}

/// What the lines of an order come to before the order's own discount, in minor units.
///
/// # Errors
/// `money.*` for amounts that the currency does not have.
pub(super) fn lines_minor(currency: Currency, lines: &[OrderLine]) -> crate::error::Result<i64> {
    let mut sum = 0_i64;
    for line in lines {
        let unit = i128::from(currency.minor(line.unit_price)?);
        let list = (unit * i128::from(line.quantity.thousandths()) + 500) / 1000;
        let list = i64::try_from(list).unwrap_or(limits::MINOR_ABS_MAX);
        let less = line.discount.map_or(Ok(0), |discount| currency.minor(discount))?;
        sum = sum.saturating_add(list.saturating_sub(less));
    }
    Ok(sum)
}

/// Makes lines, shipping and tax on top come to what was paid: what is missing is a discount on the order, at most the lines;
/// what is too much counts as shipping. All in minor units; returns discount and shipping.
pub(super) fn balanced(lines: i64, shipping: i64, tax_on_top: i64, paid: i64) -> (i64, i64) {
    let less = lines.saturating_add(shipping).saturating_add(tax_on_top).saturating_sub(paid);
    if less <= 0 {
        return (0, shipping.saturating_sub(less));
    }
    let discount = less.min(lines);
    (discount, shipping.saturating_sub(less - discount).max(0))
}

/// An amount, or none for nothing.
pub(super) fn some_amount(currency: Currency, minor: i64) -> Option<Amount> {
    (minor != 0).then(|| currency.amount(minor)).map(|amount| Amount::new(amount.decimal().normalize()))
}

/// An order sheet's view of an order, before its lines are brought to what was paid.
pub(super) struct Draft {
    pub(super) id: OrderId,
    pub(super) paid_at: Timestamp,
    pub(super) placed_at: Option<Timestamp>,
    pub(super) currency: Currency,
    pub(super) lines: Vec<OrderLine>,
    pub(super) shipping: Amount,
    /// Tax in all, and whether it comes on top of the prices.
    pub(super) tax: Amount,
    pub(super) tax_mode: TaxMode,
    /// What the buyer paid in all.
    pub(super) paid: Amount,
    pub(super) channel: &'static str,
    pub(super) store: Option<StoreId>,
}

impl Draft {
    /// The order, whose total is what was paid.
    ///
    /// # Errors
    /// `money.*` for amounts that the currency does not have.
    pub(super) fn order(mut self) -> crate::error::Result<Order> {
        let currency = self.currency;
        let lines = lines_minor(currency, &self.lines)?;
        let tax = currency.minor(self.tax)?;
        self.spread_tax(tax, lines)?;
        let on_top = if self.tax_mode == TaxMode::Added { tax } else { 0 };
        let shipping = currency.minor(self.shipping)?;
        let (discount, shipping) = balanced(lines, shipping, on_top, currency.minor(self.paid)?);
        Ok(Order {
            id: self.id,
            paid_at: self.paid_at,
            placed_at: self.placed_at.filter(|at| *at != self.paid_at),
            currency,
            lines: self.lines,
            discount: some_amount(currency, discount),
            shipping: some_amount(currency, shipping),
            tax_mode: self.tax_mode,
            tenders: Vec::new(),
            channel: Some(Channel::new(self.channel)?),
            store: self.store,
            tags: std::collections::BTreeSet::new(),
        })
    }

    /// Spreads the tax over the lines by what they cost, so that the parts add up.
    fn spread_tax(&mut self, tax: i64, lines: i64) -> crate::error::Result<()> {
        if tax <= 0 || lines <= 0 || (self.tax_mode == TaxMode::Included && lines < tax) {
            return Ok(());
        }
        let (mut done, mut given) = (0_i64, 0_i64);
        for line in &mut self.lines {
            done = done.saturating_add(lines_minor(self.currency, std::slice::from_ref(line))?);
            let share = i128::from(tax) * i128::from(done) / i128::from(lines);
            let share = i64::try_from(share).unwrap_or(tax);
            line.tax = some_amount(self.currency, share - given);
            given = share;
        }
        Ok(())
    }
}

/// A line with an article, a number of it and a price.
pub(super) fn line(sku: &str, quantity: Quantity, unit_price: Amount) -> crate::error::Result<OrderLine> {
    let sku = match Reading::short(sku) {
        text if text.is_empty() => "item".to_owned(),
        text => text,
    };
    let sku = Sku::new(sku)?;
    let tags = std::collections::BTreeSet::new();
    Ok(OrderLine {
        line_no: None,
        sku,
        category: None,
        brand: None,
        tags,
        quantity,
        unit_price,
        discount: None,
        tax: None,
    })
}
