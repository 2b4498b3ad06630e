//! What a shop tells of an order as a whole: what went back of it in all so far, and that it is closed.

use super::fact::Kind;
use super::report::Origin;
use super::run::Run;
use crate::command::{CancelOrder, Command, RecordRefund};
use crate::error::{ErrorCode, Result};
use crate::order::{ArticleAmount, Refund, RefundWhat};
use crate::query::{Answer, OrderExplained, Query};
use crate::value::{Amount, OrderId, RefundId, Sku, Timestamp};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

impl Run<'_> {
    /// Refunds the difference between what the sheet says went back in all and what is known to have gone back.
    pub(super) fn refunded_to(
        &mut self,
        at: Timestamp,
        origin: Origin,
        order: &OrderId,
        source: &str,
        (amount, articles): (Amount, &[ArticleAmount]),
    ) -> Result<()> {
        if self.pending_refunds.contains(order) {
            self.flush()?;
        }
        let mut known = self.known(order)?;
        if known.as_ref().is_some_and(is_taken_back) && self.pending_orders.contains(order) {
            // Refunds may wait for it to come again: the sum has those in it.
            self.flush()?;
            known = self.known(order)?;
        }
        let known = known.filter(|known| !is_taken_back(known));
        if known.is_none() && !self.pending_orders.contains(order) {
            self.reading.skip(Kind::Refund, "order_not_recorded");
            return Ok(());
        }
        let before = known.as_ref().map_or(Amount::ZERO, |known| known.refunded.amount);
        if amount <= before {
            self.reading.report.refunds.unchanged += 1;
            return Ok(());
        }
        let name = match before == Amount::ZERO {
            true => format!("{source}:{order}:refund"),
            false => format!("{source}:{order}:refund:{amount}"),
        };
        let amount = Amount::new((amount.decimal() - before.decimal()).normalize());
        let articles = newly_back(articles, known.as_ref(), amount);
        match RefundId::new(name) {
            Ok(id) => {
                let what = RefundWhat::Amount { amount, articles };
                let refund = Refund { id, order: Some(order.clone()), refunded_at: at, what, reason: None };
                self.refund(at, origin, RecordRefund { buyer: None, refund })
            }
            Err(error) => {
                self.issue(origin, &error);
                self.reading.refuse(Kind::Refund);
                Ok(())
            }
        }
    }

    /// Cancels an order that its shop has closed. Where an older export that is still to come may have it, the cancellation waits for it.
    pub(super) fn close(&mut self, at: Timestamp, origin: Origin, order: OrderId, paid: bool) -> Result<()> {
        if self.pending_orders.contains(&order) || self.pending_refunds.contains(&order) {
            self.flush()?;
        }
        match self.recorded(&order)? {
            None if !paid => self.reading.skip(Kind::Closing, "closed"),
            Some(known) if known.status == "cancelled" => self.reading.report.closings.unchanged += 1,
            known => {
                let at = known.map_or(at, |known| at.max(known.paid_at));
                let id = self.request_id('!', order.as_str())?;
                let command = Command::CancelOrder(CancelOrder { order_id: order, cancelled_at: Some(at) });
                self.push(id, at, origin, Kind::Closing, command);
            }
        }
        Ok(())
    }

    /// An order as the store has it; one whose import was reverted is not there.
    fn recorded(&self, order: &OrderId) -> Result<Option<OrderExplained>> {
        Ok(self.known(order)?.filter(|known| !is_taken_back(known)))
    }

    fn known(&self, order: &OrderId) -> Result<Option<OrderExplained>> {
        match self.engine.ask(&Query::Order { order_id: order.clone() }) {
            Ok(Answer::Order(known)) => Ok(Some(known)),
            Ok(_) => Ok(None),
            Err(error) if error.code() == ErrorCode::OrderUnknown => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What of an amount is for which articles, where it is known how much of them went back in all and how much did before.
fn newly_back(in_all: &[ArticleAmount], known: Option<&OrderExplained>, amount: Amount) -> Vec<ArticleAmount> {
    let mut told: BTreeMap<&Sku, Decimal> = BTreeMap::new();
    for part in in_all {
        *told.entry(&part.sku).or_default() += part.amount.decimal();
    }
    let mut left = amount.decimal();
    let mut parts = Vec::new();
    for (sku, in_all) in told {
        let lines = known.iter().flat_map(|known| &known.lines).filter(|line| line.sku == *sku);
        let before: Decimal = lines.map(|line| line.refunded.decimal()).sum();
        let part = (in_all - before).min(left);
        if Decimal::ZERO < part {
            left -= part;
            parts.push(ArticleAmount { sku: sku.clone(), amount: Amount::new(part.normalize()) });
        }
    }
    parts
}

fn is_taken_back(order: &OrderExplained) -> bool {
    order.status == "reverted"
}
