//! Refunds, cancellations and reverts of a recorded order.

use super::articles::match_articles;
use super::book::minor;
use super::facts::{ArticleAmount, Refund, RefundLine, RefundWhat};
use super::record::{BookedLine, OrderRecord, RefundRecord};
use super::view::LineBack;
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::value::spread::share;
use crate::value::{Amount, BatchId, Fingerprint, OrderId, Quantity, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a refund or a cancellation gave back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundEffect {
    /// What went back in all, in all tenders.
    pub amount_minor: i64,
    /// By how much what has come back of each line changed; lines without a change are left out. Together with shipping it
    /// sums to `amount_minor`. A refund that names no line is spread anew over all such refunds, so a line may lose a cent here.
    pub lines: Vec<LineBack>,
    /// By how much what has come back of the shipping changed.
    pub shipping_minor: i64,
    /// Whether nothing of the goods is left afterwards.
    pub full_after: bool,
    /// True when this very refund was taken in before: nothing changed, `amount_minor` and `full_after` are those of then.
    pub duplicate: bool,
}

/// How much of an order a refund means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// So much money.
    Amount,
    /// Some goods, with what is left of their price.
    Lines,
    /// Everything that is left.
    Full,
}

impl RefundWhat {
    /// An amount of the whole order.
    #[must_use]
    pub const fn amount(amount: Amount) -> Self {
        Self::Amount { amount, articles: Vec::new() }
    }

    pub(crate) const fn reach(&self) -> Reach {
        match self {
            Self::Amount { .. } => Reach::Amount,
            Self::Lines { .. } | Self::Articles { .. } => Reach::Lines,
            Self::Full => Reach::Full,
        }
    }
}

impl RefundRecord {
    /// Of one that was stored without its content it is not known.
    pub(crate) fn reach(&self) -> Reach {
        self.what.as_ref().map_or(Reach::Lines, RefundWhat::reach)
    }
}

/// What has come back, while a refund is worked out.
#[derive(Clone, Debug)]
pub(super) struct Back {
    pub(super) lines: Vec<(i64, i64)>,
    pub(super) pool: i64,
    pub(super) left: i64,
}

impl OrderRecord {
    /// Takes a refund in, wholly or not at all. The same id with the same fingerprint changes nothing and says `duplicate`.
    ///
    /// `full` gives back what is left, shipping included. `lines` without amount give back the units' share of what was paid
    /// for the line, worked out over all units returned so far (one by one they sum exactly), as far as money is left; an
    /// amount without units leaves the goods with the customer. `amount` is spread over the lines by what is left of them, and
    /// goes to the shipping only when nothing is left of the lines; what of it is for named articles is taken of the lines with
    /// their SKU first, in line order. `articles` take units of their SKU, in line order.
    ///
    /// # Errors
    /// `refund.conflict` for a used id with another fingerprint; `order.cancelled`; `refund.exceeds` (detail `left`) beyond
    /// what is left; `refund.line` for a line or SKU that the order does not have; `refund.field` for another order's
    /// refund; `value.too_many` above 1,000 refunds; and those of [`Refund::check`].
    pub fn refund(
        &mut self,
        refund: &Refund,
        recorded_at: Timestamp,
        fingerprint: Fingerprint,
    ) -> Result<RefundEffect> {
        refund.check()?;
        if refund.order.as_ref().is_some_and(|order| order != self.id()) {
            return Err(Error::new(ErrorCode::RefundField, "the refund is of another order").field("order"));
        }
        if let Some(known) = self.refund_by_id(&refund.id) {
            return known.again(fingerprint);
        }
        self.check_open()?;
        if self.refunds().len() >= limits::REFUNDS_MAX {
            let message = format!("the order has {} refunds already", limits::REFUNDS_MAX);
            return Err(Error::new(ErrorCode::ValueTooMany, message).field("refunds").limit(limits::REFUNDS_MAX));
        }
        let back = self.work_out(&refund.what)?;
        let mut effect = self.take_back(back);
        effect.full_after = self.is_full();
        self.facts.refunds.push(RefundRecord {
            id: refund.id.clone(),
            at: refund.refunded_at,
            recorded_at,
            fingerprint,
            amount_minor: effect.amount_minor,
            full: effect.full_after,
            reason: refund.reason.clone(),
            what: Some(refund.what.clone()),
            batch: None,
        });
        Ok(effect)
    }

    /// As [`OrderRecord::refund`], where offers have planned what a refund brings: what was told is kept beside it.
    pub(crate) fn refund_as(
        &mut self,
        told: &Refund,
        planned: Option<&Refund>,
        (recorded_at, fingerprint): (Timestamp, Fingerprint),
        batch: Option<&BatchId>,
    ) -> Result<RefundEffect> {
        let effect = self.refund(planned.unwrap_or(told), recorded_at, fingerprint)?;
        if let Some(record) = self.facts.refunds.last_mut().filter(|record| record.id == told.id) {
            record.what = Some(told.what.clone());
            record.batch = batch.cloned();
        }
        Ok(effect)
    }

    /// The place of a refund among the refunds: they stand in the order in which they happened, unless they do not fit so. At one instant
    /// what says more comes before what takes what is left, since files know no more than days.
    pub(crate) fn place_of(&self, at: Timestamp, reach: Reach) -> usize {
        let counts = |at: Timestamp| at.max(self.paid_at());
        let later = |known: &RefundRecord| (counts(at), reach) < (counts(known.at), known.reach());
        self.refunds().iter().position(later).unwrap_or(self.refunds().len())
    }

    /// Cancels the order: everything that is left goes back.
    ///
    /// # Errors
    /// `order.cancelled` when it is cancelled or reverted already.
    pub fn cancel(&mut self, cancelled_at: Timestamp) -> Result<RefundEffect> {
        self.check_open()?;
        let effect = self.take_back(self.back().all(self.lines()));
        self.facts.cancelled_at = Some(cancelled_at);
        Ok(RefundEffect { full_after: true, ..effect })
    }

    /// The order as if everything had gone back.
    ///
    /// # Errors
    /// `internal`.
    pub(crate) fn all_back(&self) -> Result<Self> {
        let mut gone = self.clone();
        (gone.facts.reverted, gone.facts.cancelled_at) = (false, None);
        gone.cancel(self.paid_at())?;
        Ok(gone)
    }

    /// Reverts the import of the order: from now on it is treated as if it had never counted. False when it was so already.
    pub fn revert(&mut self) -> bool {
        !std::mem::replace(&mut self.facts.reverted, true)
    }

    fn check_open(&self) -> Result<()> {
        if self.facts.cancelled_at.is_none() && !self.facts.reverted {
            return Ok(());
        }
        let message = format!("order `{}` is {}", self.id(), self.status().as_str());
        Err(Error::new(ErrorCode::OrderCancelled, message).field("order"))
    }

    pub(super) fn back(&self) -> Back {
        Back {
            lines: self.lines().iter().map(|line| (line.back_minor, line.back_thousandths)).collect(),
            pool: self.facts.pool_minor,
            left: self.left_minor(),
        }
    }

    /// What a refund would bring that is not recorded.
    ///
    /// # Errors
    /// Those of a refund.
    pub fn would_bring(&self, what: &RefundWhat) -> Result<RefundEffect> {
        self.check_open()?;
        let back = self.work_out(what)?;
        Ok(self.clone().take_back(back))
    }

    fn work_out(&self, what: &RefundWhat) -> Result<Back> {
        let back = self.back();
        match what {
            RefundWhat::Full => {
                let units_left = self.lines().iter().any(|line| line.back_thousandths < line.thousandths);
                if back.left == 0 && !units_left {
                    return Err(self.exceeds("nothing is left of the order", 0));
                }
                Ok(back.all(self.lines()))
            }
            RefundWhat::Amount { amount, articles } => {
                let asked = minor(self.currency(), *amount, "amount").map_err(|error| error.within("what"))?;
                if asked > back.left {
                    return Err(self.exceeds("the amount is above what is left", back.left).field("what.amount"));
                }
                self.take_amount(back, asked, articles)
            }
            RefundWhat::Lines { lines } => self.take_lines(back, lines),
            RefundWhat::Articles { currency, lines } => {
                if *currency != self.currency() {
                    let message = format!("the refund is in {currency}, the order in {}", self.currency());
                    return Err(Error::new(ErrorCode::OrderCurrency, message).field("what.currency"));
                }
                let matched = match_articles(std::slice::from_ref(self), lines, *currency, Timestamp::MAX)?;
                if let Some(missing) = matched.unmatched.first() {
                    let known = self.lines().iter().any(|line| line.sku == missing.sku);
                    let code = if known { ErrorCode::RefundExceeds } else { ErrorCode::RefundLine };
                    let message = format!("{} of `{}` cannot come back", missing.quantity, missing.sku);
                    return Err(Error::new(code, message).field("what.lines"));
                }
                let lines: Vec<RefundLine> = matched.plan.into_iter().flat_map(|(_, lines)| lines).collect();
                self.take_lines(back, &lines)
            }
        }
    }

    /// What is for named articles comes from their lines as far as something is left of them, the rest from all.
    fn take_amount(&self, mut back: Back, asked: i64, articles: &[ArticleAmount]) -> Result<Back> {
        let mut rest = asked;
        for (at, part) in articles.iter().enumerate() {
            let mut due = minor(self.currency(), part.amount, "amount")
                .map_err(|error| error.within(format!("what.articles[{at}]")))?;
            for (line, (back_minor, _)) in self.lines().iter().zip(&mut back.lines) {
                if line.sku == part.sku {
                    let taken = due.min(line.net_minor - *back_minor);
                    *back_minor += taken;
                    due -= taken;
                    rest -= taken;
                }
            }
        }
        Ok(Back { pool: back.pool + rest, ..back })
    }

    fn take_lines(&self, mut back: Back, asked: &[RefundLine]) -> Result<Back> {
        let places: BTreeMap<u32, usize> =
            self.lines().iter().enumerate().map(|(place, line)| (line.line_no, place)).collect();
        for (at, one) in asked.iter().enumerate() {
            let place = places.get(&one.line_no).copied();
            let pair = place.and_then(|place| Some((self.lines().get(place)?, back.lines.get_mut(place)?)));
            let Some((line, taken)) = pair else {
                let message = format!("order `{}` has no line `{}`", self.id(), one.line_no);
                return Err(Error::new(ErrorCode::RefundLine, message).field(format!("what.lines[{at}].line_no")));
            };
            let amount =
                self.take_line(line, taken, back.left, one).map_err(|e| e.within(format!("what.lines[{at}]")))?;
            back.left -= amount;
        }
        Ok(back)
    }

    /// Adds one line of a refund to what has come back of the line; gives the amount.
    fn take_line(&self, line: &BookedLine, taken: &mut (i64, i64), left: i64, one: &RefundLine) -> Result<i64> {
        let (back_minor, back_units) = *taken;
        let units = one.quantity.map_or(0, Quantity::thousandths);
        let units_left = line.thousandths - back_units;
        if units > units_left {
            let left = Quantity::from_thousandths(units_left);
            let message = format!("`{left}` of line `{}` are left", line.line_no);
            return Err(Error::new(ErrorCode::RefundExceeds, message).field("quantity").with("left", left));
        }
        let left = left.min(line.net_minor - back_minor);
        let amount = match one.amount {
            Some(amount) => minor(self.currency(), amount, "amount")?,
            None => {
                let due = |units: i64| share(line.net_minor, units, line.thousandths);
                left.min(due(back_units + units) - due(back_units))
            }
        };
        if amount > left {
            return Err(self.exceeds("the amount is above what is left of the line", left).field("amount"));
        }
        *taken = (back_minor + amount, back_units + units);
        Ok(amount)
    }

    pub(super) fn take_back(&mut self, back: Back) -> RefundEffect {
        let (lines_before, shipping_before) = (self.refunded_lines(), self.refunded_shipping_minor());
        let before = self.refunded_minor();
        self.facts.pool_minor = back.pool;
        for (line, (minor, thousandths)) in self.facts.lines.iter_mut().zip(back.lines) {
            line.back_minor = minor;
            line.back_thousandths = thousandths;
        }
        let changed = self.refunded_lines().into_iter().zip(lines_before).map(|(now, then)| LineBack {
            line_no: now.line_no,
            amount_minor: now.amount_minor - then.amount_minor,
            thousandths: now.thousandths - then.thousandths,
        });
        RefundEffect {
            amount_minor: self.refunded_minor() - before,
            lines: changed.filter(|line| line.amount_minor != 0 || line.thousandths != 0).collect(),
            shipping_minor: self.refunded_shipping_minor() - shipping_before,
            full_after: false,
            duplicate: false,
        }
    }

    fn exceeds(&self, message: &str, left: i64) -> Error {
        let left = self.currency().amount(left);
        Error::new(ErrorCode::RefundExceeds, format!("{message}: `{left}`")).with("left", left)
    }
}

impl Back {
    /// Everything that is left, in money and in units.
    fn all(mut self, lines: &[BookedLine]) -> Self {
        self.pool += self.left;
        for ((_, units), line) in self.lines.iter_mut().zip(lines) {
            *units = line.thousandths;
        }
        Self { left: 0, ..self }
    }
}

impl RefundRecord {
    /// The refund as it would have to be told again: where its content was not kept, by its amount.
    pub(crate) fn again_as(&self, order: &OrderRecord) -> Refund {
        let amount = order.currency().amount(self.amount_minor);
        self.told(order.id()).unwrap_or_else(|| Refund {
            id: self.id.clone(),
            order: Some(order.id().clone()),
            refunded_at: self.at,
            what: RefundWhat::amount(amount),
            reason: self.reason.clone(),
        })
    }

    /// The refund as it was told; none where that was not kept.
    pub(crate) fn told(&self, order: &OrderId) -> Option<Refund> {
        Some(Refund {
            id: self.id.clone(),
            order: Some(order.clone()),
            refunded_at: self.at,
            what: self.what.clone()?,
            reason: self.reason.clone(),
        })
    }

    fn again(&self, fingerprint: Fingerprint) -> Result<RefundEffect> {
        if self.fingerprint != fingerprint {
            let message = format!("refund `{}` is recorded with other content", self.id);
            return Err(Error::new(ErrorCode::RefundConflict, message).field("id"));
        }
        Ok(RefundEffect {
            amount_minor: self.amount_minor,
            full_after: self.full,
            duplicate: true,
            ..RefundEffect::default()
        })
    }
}
