//! An order as it was before anything came back of it, for a history that is played again.

use super::record::{OrderRecord, RefundRecord};
use super::refund::{Back, RefundEffect};
use crate::value::spread::share;
use crate::value::{RefundId, Timestamp};

/// What has come back of an order after one of its refunds.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    record: RefundRecord,
    back: Back,
}

impl Piece {
    pub(crate) fn refund_id(&self) -> &RefundId {
        &self.record.id
    }

    /// When the money went back.
    pub(crate) fn at(&self) -> Timestamp {
        self.record.at
    }
}

impl OrderRecord {
    /// Takes everything off that came back, and gives it piece by piece, in the order of the refunds.
    ///
    /// An order keeps the amount of each refund, and lines and units of all of them together. So the last piece ends exactly where the order
    /// stands; where there are several, what an earlier one took of which line is worked out: a line whose amount it is, else the lines in their
    /// order.
    pub(crate) fn unwind(&mut self) -> Vec<Piece> {
        let whole = self.back();
        let records = std::mem::take(&mut self.facts.refunds);
        let cancelled = self.facts.cancelled_at.take().is_some();
        self.facts.reverted = false;
        self.facts.pool_minor = 0;
        for line in &mut self.facts.lines {
            (line.back_minor, line.back_thousandths) = (0, 0);
        }
        let last = if cancelled { None } else { records.len().checked_sub(1) };
        let mut so_far = self.back();
        let mut pieces = Vec::with_capacity(records.len());
        for (place, record) in records.into_iter().enumerate() {
            so_far = if Some(place) == last { whole.clone() } else { self.step(so_far, &whole, record.amount_minor) };
            pieces.push(Piece { record, back: so_far.clone() });
        }
        pieces
    }

    /// What has come back after a refund of this amount, on the way to all that came back.
    fn step(&self, mut back: Back, whole: &Back, amount: i64) -> Back {
        let mut left = amount;
        let rest = |back: &Back, place: usize| -> i64 {
            let (Some(all), Some(taken)) = (whole.lines.get(place), back.lines.get(place)) else { return 0 };
            all.0.saturating_sub(taken.0)
        };
        let own = (0..whole.lines.len()).find(|place| rest(&back, *place) == amount);
        for place in own.into_iter().chain(0..whole.lines.len()) {
            let taken = rest(&back, place).min(left);
            let (Some(line), Some(slot)) = (self.facts.lines.get(place), back.lines.get_mut(place)) else { continue };
            if taken <= 0 {
                continue;
            }
            slot.0 = slot.0.saturating_add(taken);
            slot.1 = share(line.thousandths, slot.0, line.net_minor.max(1)).min(line.thousandths);
            left = left.saturating_sub(taken);
        }
        back.pool = back.pool.saturating_add(left);
        back.left = back.left.saturating_sub(amount);
        back
    }

    /// Takes a piece in again.
    pub(crate) fn take_piece(&mut self, piece: &Piece) -> RefundEffect {
        let mut effect = self.take_back(piece.back.clone());
        effect.full_after = self.is_full();
        self.facts.refunds.push(piece.record.clone());
        effect
    }
}
