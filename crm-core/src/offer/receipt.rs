//! A quote that was paid, and what goes back when goods come back.

use super::cart::Cart;
use super::quote::{Application, Quote, QuotedLine};
use super::rules::RefundPolicy;
use super::terms::OfferRules;
use crate::error::{Error, ErrorCode, Result};
use crate::value::spread::{share, spread};
use crate::value::{Amount, Quantity, TaxMode};
use serde::{Deserialize, Serialize};

/// A quote that was paid, with all that a refund needs: it does not depend on the program, or the prices, of a later day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "OfferReceipt"))]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// What was bought.
    pub cart: Cart,
    /// What it cost.
    pub quote: Quote,
    /// The rules of the offers that were applied, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<OfferRules>,
}

/// Goods that come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReturnedLine {
    /// Of which line.
    pub line_no: u32,
    /// How much of it.
    pub quantity: Quantity,
}

/// What came back of a line, and what for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundedLine {
    /// Of which line.
    pub line_no: u32,
    /// How much of it.
    pub quantity: Quantity,
    /// What goes back, with tax; in major units of the receipt's currency.
    pub amount: Amount,
}

/// What came back and what was refunded so far, in all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Refunds {
    /// Of the lines; a line may be named several times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<RefundedLine>,
    /// Of delivery.
    #[serde(default)]
    pub shipping: Amount,
}

/// What goes back for goods that come back now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundPlan {
    /// Of the lines. Others than those that come back now may be among them, with a quantity of zero: what comes back now can set free
    /// what a rule kept back before, and worked out again, what is kept can cost less than it did.
    pub lines: Vec<RefundedLine>,
    /// In all, for goods. Where an amount of the order was refunded before, goods that come back bring their price all the same while money of
    /// the order is left, so a part of it may fall on delivery.
    pub amount: Amount,
    /// What of delivery has not gone back. Returned goods do not bring it, not the last ones either: a refund in full does, or one of an
    /// amount.
    pub shipping_left: Amount,
    /// Whether all goods have come back then.
    pub all_goods: bool,
    /// Whether nothing is left then: all goods have come back, and nothing is left of delivery.
    pub full: bool,
}

impl Refunds {
    /// With a plan that was carried out.
    pub fn add(&mut self, plan: &RefundPlan) {
        self.lines.extend(plan.lines.iter().cloned());
    }
}

/// A line of a receipt in minor units.
pub(super) struct Bought {
    pub(super) line_no: u32,
    pub(super) thousandths: i64,
    /// With tax.
    pub(super) paid: i64,
    /// What came back before and comes back now, in thousandths.
    pub(super) returned: i64,
    now: i64,
    /// What went back before.
    refunded: i64,
}

impl Receipt {
    /// What goes back for goods that come back now: a pure function of the receipt, of what came back and was refunded before, and of what
    /// comes back now.
    ///
    /// The strictest policy of the applied offers decides. It says what goes back in all for all that has come back, and what was refunded
    /// before is taken from that; the last step brings what is left of what was paid. What goes back is never below zero, for units never
    /// above what was paid for them (for a line, where goods are worked out again), and what went back is never asked for again. So the steps of a return do not matter, but where goods are
    /// worked out again: there what has gone back is the most that any step came to.
    ///
    /// # Errors
    /// `offer.refund_line` for a line that is not on the receipt, or more of it than was bought and has not come back;
    /// `offer.refund_partial` when an offer forbids that only a part comes back; and those of [`Cart::check`] for a receipt that is none.
    pub fn plan(&self, returned: &[ReturnedLine], so_far: &Refunds) -> Result<RefundPlan> {
        let currency = self.quote.currency;
        let bought = self.bought(returned, so_far)?;
        let all_goods = bought.iter().all(|line| line.returned == line.thousandths);
        let policy = self.strictest();
        if policy == RefundPolicy::ForbidPartial && !all_goods {
            let message = "only everything may come back";
            return Err(Error::new(ErrorCode::OfferRefundPartial, message).field("lines"));
        }
        let pro_rata = |line: &Bought| share(line.paid, line.returned, line.thousandths);
        let (targets, total) = match policy {
            RefundPolicy::ProRata | RefundPolicy::ForbidPartial => sums(bought.iter().map(pro_rata)),
            RefundPolicy::KeepRate => {
                let rated = self.rated(&bought)?;
                sums(bought.iter().zip(rated).map(|(line, paid)| share(paid, line.returned, line.thousandths)))
            }
            RefundPolicy::ReEvaluate => self.reworked(&bought)?,
        };
        let paid: i64 = bought.iter().map(|line| line.paid).sum();
        let of_kept = policy == RefundPolicy::ReEvaluate;
        let parts = parts(&bought, &targets, if all_goods { paid } else { total.clamp(0, paid) }, of_kept);
        let shipping = (self.paid_shipping()? - currency.minor(so_far.shipping)?).max(0);
        let amount = currency.amount(parts.iter().sum::<i64>());
        let lines = bought.iter().zip(parts).filter(|(line, part)| line.now > 0 || *part > 0);
        let lines = lines.map(|(line, part)| RefundedLine {
            line_no: line.line_no,
            quantity: Quantity::from_thousandths(line.now),
            amount: currency.amount(part),
        });
        let (lines, full) = (lines.collect(), all_goods && shipping == 0);
        Ok(RefundPlan { lines, amount, shipping_left: currency.amount(shipping), all_goods, full })
    }

    fn bought(&self, returned: &[ReturnedLine], so_far: &Refunds) -> Result<Vec<Bought>> {
        let currency = self.quote.currency;
        let mut bought = Vec::with_capacity(self.quote.lines.len());
        for (line, quoted) in self.cart.lines.iter().zip(&self.quote.lines) {
            bought.push(Bought {
                line_no: quoted.line_no,
                thousandths: line.quantity.thousandths(),
                paid: self.paid(quoted)?,
                returned: 0,
                now: 0,
                refunded: 0,
            });
        }
        let unknown = |line_no: u32, at: String| {
            let message = format!("the receipt has no line {line_no}");
            Error::new(ErrorCode::OfferRefundLine, message).field(at)
        };
        for (at, line) in so_far.lines.iter().enumerate() {
            let known = bought.iter_mut().find(|known| known.line_no == line.line_no);
            let known = known.ok_or_else(|| unknown(line.line_no, format!("so_far.lines[{at}].line_no")))?;
            known.returned = known.returned.saturating_add(line.quantity.thousandths());
            known.refunded = known.refunded.saturating_add(currency.minor(line.amount)?);
        }
        for (at, line) in returned.iter().enumerate() {
            let known = bought.iter_mut().find(|known| known.line_no == line.line_no);
            let known = known.ok_or_else(|| unknown(line.line_no, format!("lines[{at}].line_no")))?;
            let (now, left) = (line.quantity.thousandths(), known.thousandths - known.returned);
            if now <= 0 || left < now {
                let left = Quantity::from_thousandths(left.max(0));
                let message = format!("quantity `{}` is not above 0 and at most {left}", line.quantity);
                let error = Error::new(ErrorCode::OfferRefundLine, message);
                return Err(error.field(format!("lines[{at}].quantity")).limit(left));
            }
            known.returned += now;
            known.now += now;
        }
        Ok(bought)
    }

    /// What was paid for a line, with tax.
    fn paid(&self, line: &QuotedLine) -> Result<i64> {
        let currency = self.quote.currency;
        let tax = if self.cart.tax_mode == TaxMode::Added { currency.minor(line.tax)? } else { 0 };
        Ok(currency.minor(line.net)? + tax)
    }

    /// What was paid for delivery, with tax.
    pub(crate) fn paid_shipping(&self) -> Result<i64> {
        let (currency, shipping) = (self.quote.currency, &self.quote.shipping);
        let tax = if self.cart.tax_mode == TaxMode::Added { currency.minor(shipping.tax)? } else { 0 };
        Ok(currency.minor(shipping.net)? + tax)
    }

    pub(super) fn rules_of(&self, application: &Application) -> Option<&OfferRules> {
        self.rules.iter().find(|rules| rules.id == application.offer)
    }

    /// Of the policies of all applied offers the strictest: all or nothing, then work out again, then keep the rate, then pro rata.
    fn strictest(&self) -> RefundPolicy {
        let strictness = |policy: &RefundPolicy| match policy {
            RefundPolicy::ProRata => 0,
            RefundPolicy::KeepRate => 1,
            RefundPolicy::ReEvaluate => 2,
            RefundPolicy::ForbidPartial => 3,
        };
        let policies = self.quote.applied.iter().filter_map(|one| self.rules_of(one)).map(|rules| rules.refund);
        policies.max_by_key(strictness).unwrap_or_default()
    }
}

fn sums(targets: impl Iterator<Item = i64>) -> (Vec<i64>, i64) {
    let targets: Vec<i64> = targets.collect();
    let total = targets.iter().sum();
    (targets, total)
}

/// Hands what goes back in all, less what went back before, to units that have come back, and `of_kept` to what is kept as well: first
/// what each line was to get, then whatever else was paid for them.
fn parts(bought: &[Bought], targets: &[i64], total: i64, of_kept: bool) -> Vec<i64> {
    let most = |line: &Bought| if of_kept { line.paid } else { share(line.paid, line.returned, line.thousandths) };
    let room = |line: &Bought| (most(line) - line.refunded).max(0);
    let rooms: Vec<i64> = bought.iter().map(room).collect();
    let wanted =
        bought.iter().zip(targets).zip(&rooms).map(|((line, target), room)| (target - line.refunded).clamp(0, *room));
    let wanted: Vec<i64> = wanted.collect();
    let before: i64 = bought.iter().map(|line| line.refunded).sum();
    let amount = (total - before).clamp(0, rooms.iter().sum());
    let first = amount.min(wanted.iter().sum());
    let parts = spread(first, &wanted);
    let rest: Vec<i64> = rooms.iter().zip(&parts).map(|(room, part)| room - part).collect();
    parts.iter().zip(spread(amount - first, &rest)).map(|(part, more)| part + more).collect()
}
