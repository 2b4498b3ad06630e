//! Which tender of a mixed payment a refund goes back to.

use super::record::{BookedTender, OrderRecord};
use crate::value::RedemptionId;
use crate::value::spread::share;

/// Which tender of a mixed payment goes back first. It has no default here: the program document has the only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TenderOrder {
    /// In proportion to how it was paid.
    Proportional,
    /// Money and stored value first.
    CashFirst,
    /// Points first.
    PointsFirst,
}

/// What of a tender of points has gone back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointsBack {
    /// The redemption that took the points.
    pub redemption: RedemptionId,
    /// How much of it went back so far, in minor units.
    pub refunded_minor: i64,
    /// How much it paid, in minor units.
    pub tender_minor: i64,
}

impl OrderRecord {
    /// How the last `amount_minor` that went back divide into money (stored value included) and redemptions.
    ///
    /// Call it after [`OrderRecord::refund`] or [`OrderRecord::cancel`], with the amount of the effect. The division is worked
    /// out over everything that went back so far, so every split of a refund ends at the same sums, and a full refund gives
    /// each tender exactly what it paid. Parts of zero are left out; one redemption is named once for each of its tenders.
    #[must_use]
    pub fn split_refund(&self, amount_minor: i64, order: TenderOrder) -> (i64, Vec<(RedemptionId, i64)>) {
        let now = self.refunded_minor();
        let before = now.saturating_sub(amount_minor.max(0)).max(0);
        let (money_now, points_now) = self.split_at(now, order);
        let (money_before, points_before) = self.split_at(before, order);
        let parts =
            points_now.into_iter().zip(points_before).map(|((id, now), (_, before))| (id.clone(), now - before));
        (money_now - money_before, parts.filter(|(_, minor)| *minor != 0).collect())
    }

    /// What of everything that went back so far belongs to each tender of points, in the order of the tenders.
    #[must_use]
    pub fn points_back(&self, order: TenderOrder) -> Vec<PointsBack> {
        let (_, parts) = self.split_at(self.refunded_minor(), order);
        let tenders = self.tenders().iter().filter(|tender| matches!(tender, BookedTender::Points { .. }));
        let back = |((redemption, refunded_minor), tender): ((&RedemptionId, i64), &BookedTender)| PointsBack {
            redemption: redemption.clone(),
            refunded_minor,
            tender_minor: tender.minor(),
        };
        parts.into_iter().zip(tenders).map(back).collect()
    }

    /// The division of everything up to `cumulative`. Each part grows with it: a share of a growing amount, rounded half up,
    /// never shrinks, and neither does what it leaves.
    fn split_at(&self, cumulative: i64, order: TenderOrder) -> (i64, Vec<(&RedemptionId, i64)>) {
        let (total, points) = (self.total_minor(), self.points_minor());
        let of_points = match order {
            TenderOrder::Proportional => share(cumulative, points, total),
            TenderOrder::CashFirst => (cumulative - (total - points)).max(0),
            TenderOrder::PointsFirst => cumulative.min(points),
        };
        let (mut left, mut weight) = (of_points, points);
        let mut parts = Vec::new();
        for tender in self.tenders() {
            if let BookedTender::Points { minor, redemption } = tender {
                let part = share(left, *minor, weight);
                left -= part;
                weight -= minor;
                parts.push((redemption, part));
            }
        }
        (cumulative - of_points, parts)
    }
}
