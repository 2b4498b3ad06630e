//! What can be said about a refund or an event without looking at anything else.

use super::book::check_quantity;
use super::facts::{ArticleAmount, Event, Refund, RefundLine, RefundWhat};
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::value::{Amount, Attribute};

impl Event {
    /// Checks the bounds of an event.
    ///
    /// # Errors
    /// `value.too_many` above 256 attributes, `value.too_long` for a text above 4,096 bytes.
    pub fn check(&self) -> Result<()> {
        Attribute::check_all(&self.attributes)
    }
}

impl Refund {
    /// Checks what needs no order: a refund that waits for its order has passed it.
    ///
    /// # Errors
    /// `refund.field` for no lines, too many, a line without quantity and amount, too many articles of an amount or articles with more than
    /// it between them, and for nothing at all to give back;
    /// `order.quantity` for a quantity that is not above 0; `money.negative` for an amount below zero.
    pub fn check(&self) -> Result<()> {
        match &self.what {
            RefundWhat::Full => Ok(()),
            RefundWhat::Amount { amount, .. } if amount.decimal().is_zero() => {
                Err(Error::new(ErrorCode::RefundField, "the amount is zero").field("what.amount"))
            }
            RefundWhat::Amount { amount, articles } => {
                not_negative(*amount, "amount").map_err(|error| error.within("what"))?;
                check_articles(*amount, articles)
            }
            RefundWhat::Lines { lines } => {
                check_count(lines.len())?;
                let check = |(at, line)| check_line(line).map_err(|error| error.within(format!("what.lines[{at}]")));
                lines.iter().enumerate().try_for_each(check)
            }
            RefundWhat::Articles { lines, .. } => {
                check_count(lines.len())?;
                lines.iter().enumerate().try_for_each(|(at, line)| {
                    check_quantity(line.quantity)
                        .and_then(|_| not_negative(line.unit_price, "unit_price"))
                        .map_err(|error| error.within(format!("what.lines[{at}]")))
                })
            }
        }
    }
}

fn check_count(count: usize) -> Result<()> {
    if (1..=limits::ORDER_LINES_MAX).contains(&count) {
        return Ok(());
    }
    Err(Error::new(ErrorCode::RefundField, format!("the refund has {count} lines"))
        .field("what.lines")
        .limit(limits::ORDER_LINES_MAX))
}

/// Parts of an amount: none below zero, together at most all of it.
fn check_articles(amount: Amount, articles: &[ArticleAmount]) -> Result<()> {
    if limits::ORDER_LINES_MAX < articles.len() {
        let message = format!("the refund names {} articles", articles.len());
        let error = Error::new(ErrorCode::RefundField, message);
        return Err(error.field("what.articles").limit(limits::ORDER_LINES_MAX));
    }
    let mut left = amount.decimal();
    for (at, part) in articles.iter().enumerate() {
        not_negative(part.amount, "amount").map_err(|error| error.within(format!("what.articles[{at}]")))?;
        if left < part.amount.decimal() {
            let message = format!("the articles have more than the amount `{amount}` between them");
            let error = Error::new(ErrorCode::RefundField, message);
            return Err(error.field(format!("what.articles[{at}].amount")).limit(Amount::new(left.normalize())));
        }
        left -= part.amount.decimal();
    }
    Ok(())
}

fn check_line(line: &RefundLine) -> Result<()> {
    line.quantity.map(check_quantity).transpose()?;
    line.amount.map_or(Ok(()), |amount| not_negative(amount, "amount"))?;
    if line.quantity.is_none() && line.amount.is_none_or(|amount| amount.decimal().is_zero()) {
        return Err(Error::new(ErrorCode::RefundField, "the line gives neither units nor money back").field("amount"));
    }
    Ok(())
}

fn not_negative(amount: Amount, field: &'static str) -> Result<()> {
    if amount < Amount::ZERO {
        return Err(Error::new(ErrorCode::MoneyNegative, format!("{field} `{amount}` is below zero")).field(field));
    }
    Ok(())
}
