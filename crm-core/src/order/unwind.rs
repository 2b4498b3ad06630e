//! An order as it was before anything came back of it: for refunds that are told out of order, and for a history that is played again.

use super::record::{OrderRecord, RefundRecord};
use super::refund::{Back, RefundEffect};
use crate::value::spread::share;

/// What one refund has given back of an order.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    record: RefundRecord,
    /// Of each line: how much, and how many thousandths of a unit.
    lines: Vec<(i64, i64)>,
    pool: i64,
}

impl Piece {
    pub(crate) fn record(&self) -> &RefundRecord {
        &self.record
    }
}

impl OrderRecord {
    /// The order as it was before anything came back.
    pub(crate) fn bare(&self) -> Self {
        let mut bare = self.clone();
        bare.strip();
        bare
    }

    fn strip(&mut self) -> Vec<RefundRecord> {
        self.facts.cancelled_at = None;
        self.facts.reverted = false;
        self.facts.pool_minor = 0;
        for line in &mut self.facts.lines {
            (line.back_minor, line.back_thousandths) = (0, 0);
        }
        std::mem::take(&mut self.facts.refunds)
    }

    /// Takes everything off that came back, and gives it piece by piece, in the order of the refunds.
    ///
    /// An order keeps the amount of each refund, and lines and units of all of them together. So the last piece ends exactly where the order
    /// stands; where there are several, what an earlier one took of which line is worked out: a line whose amount it is, else the lines in their
    /// order.
    pub(crate) fn unwind(&mut self) -> Vec<Piece> {
        let whole = self.back();
        let cancelled = self.facts.cancelled_at.is_some();
        let records = self.strip();
        let last = if cancelled { None } else { records.len().checked_sub(1) };
        let mut so_far = self.back();
        let mut pieces = Vec::with_capacity(records.len());
        for (place, record) in records.into_iter().enumerate() {
            let before = so_far.clone();
            so_far = if Some(place) == last { whole.clone() } else { self.step(so_far, &whole, record.amount_minor) };
            let lines = so_far.lines.iter().zip(&before.lines).map(|(now, then)| (now.0 - then.0, now.1 - then.1));
            pieces.push(Piece { record, lines: lines.collect(), pool: so_far.pool - before.pool });
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
        let mut back = self.back();
        for (line, more) in back.lines.iter_mut().zip(&piece.lines) {
            (line.0, line.1) = (line.0 + more.0, line.1 + more.1);
        }
        back.pool += piece.pool;
        let mut effect = self.take_back(back);
        effect.full_after = self.is_full();
        self.facts.refunds.push(piece.record.clone());
        effect
    }
}
