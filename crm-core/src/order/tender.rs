//! Which tender of a mixed payment a refund goes back to.

use super::record::{BookedTender, OrderRecord};
use crate::value::RedemptionId;
use crate::value::spread::share;

/// Which tender of a mixed payment goes back first. It has no default here: the program document has the only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TenderOrder {
    /// In proportion to how it was paid.
    Proportional,
    /// Money first, then gift cards, then points.
    CashFirst,
    /// Points first, then gift cards, then money.
    PointsFirst,
}

/// What of a tender with a redemption has gone back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenderBack {
    /// The redemption that took the points, or the value of a card.
    pub redemption: RedemptionId,
    /// How much of it went back so far, in minor units.
    pub refunded_minor: i64,
    /// How much it paid, in minor units.
    pub tender_minor: i64,
}

/// Everything up to some amount, divided.
struct Split<'o> {
    money: i64,
    cards: Vec<(&'o RedemptionId, i64)>,
    points: Vec<(&'o RedemptionId, i64)>,
}

impl OrderRecord {
    /// How the last `amount_minor` that went back divide into money and redemptions of points. Stored value that names no redemption is
    /// money; what goes back to gift cards is in neither, see [`OrderRecord::cards_back`].
    ///
    /// Call it after [`OrderRecord::refund`] or [`OrderRecord::cancel`], with the amount of the effect. The division is worked
    /// out over everything that went back so far, so every split of a refund ends at the same sums, and a full refund gives
    /// each tender exactly what it paid. Parts of zero are left out; one redemption is named once for each of its tenders.
    #[must_use]
    pub fn split_refund(&self, amount_minor: i64, order: TenderOrder) -> (i64, Vec<(RedemptionId, i64)>) {
        let now = self.refunded_minor();
        let before = now.saturating_sub(amount_minor.max(0)).max(0);
        let (now, before) = (self.split_at(now, order), self.split_at(before, order));
        let parts =
            now.points.into_iter().zip(before.points).map(|((id, now), (_, before))| (id.clone(), now - before));
        (now.money - before.money, parts.filter(|(_, minor)| *minor != 0).collect())
    }

    /// What of everything that went back so far belongs to each tender of points, in the order of the tenders.
    #[must_use]
    pub fn points_back(&self, order: TenderOrder) -> Vec<TenderBack> {
        self.back_of(self.split_at(self.refunded_minor(), order).points, points_of)
    }

    /// What of everything that went back so far belongs to each tender of stored value that names a redemption, in their order.
    #[must_use]
    pub fn cards_back(&self, order: TenderOrder) -> Vec<TenderBack> {
        self.back_of(self.split_at(self.refunded_minor(), order).cards, card_of)
    }

    fn back_of(
        &self,
        parts: Vec<(&RedemptionId, i64)>,
        of: fn(&BookedTender) -> Option<(&RedemptionId, i64)>,
    ) -> Vec<TenderBack> {
        let tenders = self.tenders().iter().filter_map(of);
        let back = |((redemption, refunded_minor), (_, tender_minor)): ((&RedemptionId, i64), (_, i64))| TenderBack {
            redemption: redemption.clone(),
            refunded_minor,
            tender_minor,
        };
        parts.into_iter().zip(tenders).map(back).collect()
    }

    /// The division of everything up to `cumulative`. Each part grows with it: a share of a growing amount, rounded half up,
    /// never shrinks, and neither does what it leaves.
    fn split_at(&self, cumulative: i64, order: TenderOrder) -> Split<'_> {
        let (total, points) = (self.total_minor(), self.points_minor());
        let cards: i64 = self.tenders().iter().filter_map(card_of).map(|(_, minor)| minor).sum();
        let of_points = match order {
            TenderOrder::Proportional => share(cumulative, points, total),
            TenderOrder::CashFirst => (cumulative - (total - points)).max(0),
            TenderOrder::PointsFirst => cumulative.min(points),
        };
        let (rest, whole) = (cumulative - of_points, total - points);
        let of_cards = match order {
            TenderOrder::Proportional => share(rest, cards, whole),
            TenderOrder::CashFirst => (rest - (whole - cards)).max(0),
            TenderOrder::PointsFirst => rest.min(cards),
        };
        Split {
            money: rest - of_cards,
            cards: self.divide(of_cards, cards, card_of),
            points: self.divide(of_points, points, points_of),
        }
    }

    /// Divides what belongs to tenders of one kind among them.
    fn divide(
        &self,
        amount: i64,
        whole: i64,
        of: fn(&BookedTender) -> Option<(&RedemptionId, i64)>,
    ) -> Vec<(&RedemptionId, i64)> {
        let (mut left, mut weight) = (amount, whole);
        let divided = self.tenders().iter().filter_map(of).map(|(redemption, minor)| {
            let part = share(left, minor, weight);
            left -= part;
            weight -= minor;
            (redemption, part)
        });
        divided.collect()
    }
}

fn points_of(tender: &BookedTender) -> Option<(&RedemptionId, i64)> {
    match tender {
        BookedTender::Points { minor, redemption } => Some((redemption, *minor)),
        _ => None,
    }
}

fn card_of(tender: &BookedTender) -> Option<(&RedemptionId, i64)> {
    match tender {
        BookedTender::StoredValue { minor, redemption: Some(redemption) } => Some((redemption, *minor)),
        _ => None,
    }
}
