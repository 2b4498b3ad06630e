//! What can be read off a recorded order.

use super::record::{BookedLine, BookedTender, OrderRecord, OrderStatus, RefundRecord};
use crate::value::spread::spread;
use crate::value::{Channel, Currency, Fingerprint, OrderId, RefundId, StoreId, Tag, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What has come back of a line so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LineBack {
    /// The line.
    pub line_no: u32,
    /// What went back of what was paid for it.
    pub amount_minor: i64,
    /// Units that came back.
    pub thousandths: i64,
}

impl OrderRecord {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> &OrderId {
        &self.facts.id
    }

    /// When it was paid.
    #[must_use]
    pub const fn paid_at(&self) -> Timestamp {
        self.facts.paid_at
    }

    /// When it was placed, if known.
    #[must_use]
    pub const fn placed_at(&self) -> Option<Timestamp> {
        self.facts.placed_at
    }

    /// The currency of every amount in it.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.facts.currency
    }

    /// Where it was made.
    #[must_use]
    pub const fn channel(&self) -> Option<&Channel> {
        self.facts.channel.as_ref()
    }

    /// In which shop.
    #[must_use]
    pub const fn store(&self) -> Option<&StoreId> {
        self.facts.store.as_ref()
    }

    /// Its labels.
    #[must_use]
    pub const fn tags(&self) -> &BTreeSet<Tag> {
        &self.facts.tags
    }

    /// Its lines, in the order in which they were given.
    #[must_use]
    pub fn lines(&self) -> &[BookedLine] {
        &self.facts.lines
    }

    /// The line of this number.
    #[must_use]
    pub fn line(&self, line_no: u32) -> Option<&BookedLine> {
        self.facts.lines.iter().find(|line| line.line_no == line_no)
    }

    /// How it was paid; empty means in full with money.
    #[must_use]
    pub fn tenders(&self) -> &[BookedTender] {
        &self.facts.tenders
    }

    /// The refunds so far, as they were recorded.
    #[must_use]
    pub fn refunds(&self) -> &[RefundRecord] {
        &self.facts.refunds
    }

    /// The refund of this id.
    #[must_use]
    pub fn refund_by_id(&self, id: &RefundId) -> Option<&RefundRecord> {
        self.facts.refunds.iter().find(|refund| &refund.id == id)
    }

    /// Stands for the order as it was given: `value::fingerprint` of it.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.facts.fingerprint
    }

    /// When it was cancelled.
    #[must_use]
    pub const fn cancelled_at(&self) -> Option<Timestamp> {
        self.facts.cancelled_at
    }

    /// What was charged for delivery.
    #[must_use]
    pub const fn shipping_minor(&self) -> i64 {
        self.facts.shipping_minor
    }

    /// The discount on the whole order.
    #[must_use]
    pub const fn discount_minor(&self) -> i64 {
        self.facts.discount_minor
    }

    /// What the customer pays for the lines, tax included.
    #[must_use]
    pub fn goods_net_minor(&self) -> i64 {
        self.facts.goods_minor()
    }

    /// Goods and shipping.
    #[must_use]
    pub fn total_minor(&self) -> i64 {
        self.facts.goods_minor() + self.facts.shipping_minor
    }

    /// The part of the total that was paid with points.
    #[must_use]
    pub fn points_minor(&self) -> i64 {
        self.facts.points_minor()
    }

    /// The part of the total that was paid with money or stored value.
    #[must_use]
    pub fn paid_minor(&self) -> i64 {
        self.total_minor() - self.points_minor()
    }

    /// What went back so far, in all tenders.
    #[must_use]
    pub fn refunded_minor(&self) -> i64 {
        self.facts.named_minor() + self.facts.pool_minor
    }

    /// What can still go back.
    #[must_use]
    pub fn left_minor(&self) -> i64 {
        self.total_minor() - self.refunded_minor()
    }

    /// What went back of the shipping so far: what the lines could not take.
    #[must_use]
    pub fn refunded_shipping_minor(&self) -> i64 {
        (self.facts.pool_minor - (self.facts.goods_minor() - self.facts.named_minor())).max(0)
    }

    /// What went back of each line so far, in the order of the lines.
    ///
    /// Refunds that name lines count on them; the sum of those that name none is spread over what they leave, by weight with
    /// the largest remainder. So the answer depends on the sums alone, not on the order or the split of the refunds.
    #[must_use]
    pub fn refunded_lines(&self) -> Vec<LineBack> {
        // INVARIANT: a pure function of (named amounts, units, pool); test `basis_left_depends_on_sums_alone`.
        let lines = &self.facts.lines;
        let weights: Vec<i64> = lines.iter().map(|line| line.net_minor - line.back_minor).collect();
        let pool = self.facts.pool_minor - self.refunded_shipping_minor();
        let back = |(line, pooled): (&BookedLine, i64)| LineBack {
            line_no: line.line_no,
            amount_minor: line.back_minor + pooled,
            thousandths: line.back_thousandths,
        };
        lines.iter().zip(spread(pool, &weights)).map(back).collect()
    }

    /// What became of it.
    #[must_use]
    pub fn status(&self) -> OrderStatus {
        if self.facts.reverted {
            OrderStatus::Reverted
        } else if self.facts.cancelled_at.is_some() {
            OrderStatus::Cancelled
        } else if self.is_full() {
            if self.left_minor() == 0 { OrderStatus::FullyRefunded } else { OrderStatus::GoodsRefunded }
        } else if self.facts.refunds.is_empty() {
            OrderStatus::Valid
        } else {
            OrderStatus::PartlyRefunded
        }
    }

    /// Whether nothing of the goods is left: no money of them, or, for goods that cost nothing, no units.
    pub(super) fn is_full(&self) -> bool {
        let goods = self.facts.goods_minor();
        if goods > 0 {
            return self.facts.named_minor() + self.facts.pool_minor >= goods;
        }
        self.facts.lines.iter().all(|line| line.back_thousandths >= line.thousandths)
    }
}
