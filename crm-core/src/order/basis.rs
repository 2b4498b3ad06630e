//! What of an order counts: for points, and as spend.

use super::record::{BookedLine, OrderRecord};
use super::tender::TenderOrder;
use super::view::LineBack;
use crate::value::spread::{share, spread};

/// What counts of an order. It has no default here: the program document has the only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BasisRules {
    /// Whether tax counts.
    pub tax: Counted,
    /// Whether shipping counts.
    pub shipping: Counted,
}

/// Counted or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Counted.
    In,
    /// Not counted.
    Out,
}

/// How whoever asks what is left of an order looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinesSeen {
    /// At all lines together: only the sum matters, and it is exactly the money that the customer has not got back.
    All,
    /// At some lines: what is left of each never grows, so that no order of refunds takes more than another.
    Some,
}

/// What counts of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LineAmount {
    /// How much money.
    pub net_minor: i64,
    /// How many units, in thousandths; shipping has none.
    pub thousandths: i64,
}

impl OrderRecord {
    /// What counted of each line when the order was paid, and of shipping as one more line where that counts.
    ///
    /// The part paid with points never counts: it is taken off the money, and off the units in the same proportion.
    #[must_use]
    pub fn basis(&self, rules: BasisRules) -> Vec<LineAmount> {
        self.basis_lines(rules).collect()
    }

    /// As [`OrderRecord::basis`], line by line.
    pub(crate) fn basis_lines(&self, rules: BasisRules) -> impl Iterator<Item = LineAmount> + Clone {
        let none = LineBack::default();
        let lines = self.lines().iter().map(move |line| left_of(line, rules.tax, &none));
        lines.chain(self.shipping(rules, 0))
    }

    /// The sum of the money of [`OrderRecord::basis_left`].
    pub(crate) fn basis_left_minor(&self, rules: BasisRules, tender: TenderOrder, seen: LinesSeen) -> i64 {
        let sum = |lines: &mut dyn Iterator<Item = LineAmount>| lines.map(|line| line.net_minor).sum();
        if self.facts.refunds.is_empty() && self.status().is_valid() {
            return sum(&mut self.basis_lines(rules));
        }
        sum(&mut self.basis_left(rules, tender, seen).into_iter())
    }

    /// What of [`OrderRecord::basis`] is left after all refunds so far; the same lines in the same order.
    ///
    /// A pure function of what came back in sum: every split of a refund ends at the same numbers. A line of which no money
    /// is left counts no units either. Which tender goes back first decides how much of what is left was paid with money. After a
    /// full refund, a cancellation or a revert every number is zero.
    #[must_use]
    pub fn basis_left(&self, rules: BasisRules, tender: TenderOrder, seen: LinesSeen) -> Vec<LineAmount> {
        if !self.status().is_valid() {
            return vec![LineAmount::default(); self.lines().len() + usize::from(rules.shipping == Counted::In)];
        }
        if self.facts.refunds.is_empty() {
            return self.basis(rules);
        }
        let mut amounts = self.amounts(rules, &self.refunded_lines(), self.refunded_shipping_minor());
        for (place, (amount, money)) in amounts.iter_mut().zip(self.money_left(tender, seen)).enumerate() {
            amount.net_minor = self.lines().get(place).map_or(money, |line| untaxed(line, rules.tax, money));
        }
        amounts
    }

    /// The money that is left of each line, and of shipping, where that is not the same share of all of them.
    fn money_left(&self, tender: TenderOrder, seen: LinesSeen) -> Vec<i64> {
        let (cumulative, total, points) = (self.refunded_minor(), self.total_minor(), self.points_minor());
        if cumulative == 0 || points == 0 || tender == TenderOrder::Proportional {
            return Vec::new();
        }
        let points_back: i64 = self.points_back(tender).iter().map(|back| back.refunded_minor).sum();
        let money_back = cumulative - points_back;
        let money = total - points - money_back;
        // Of each line and of shipping: what was paid with money, what is left in all tenders, what went back in all tenders.
        let shipping = (self.facts.shipping_minor - self.facts.shipping_points_minor, self.facts.shipping_minor);
        let paid =
            self.lines().iter().map(|line| (line.net_minor - line.points_minor, line.net_minor)).chain([shipping]);
        let back = self.refunded_lines().into_iter().map(|back| back.amount_minor);
        let back = back.chain([self.refunded_shipping_minor()]);
        let places: Vec<(i64, i64, i64)> = paid.zip(back).map(|((paid, net), back)| (paid, net - back, back)).collect();
        let left: Vec<i64> = places.iter().map(|(_, left, _)| *left).collect();
        if seen == LinesSeen::All {
            return spread(money, &left);
        }
        let of_place = |(paid, left, back): (i64, i64, i64)| match tender {
            TenderOrder::PointsFirst => left.min((paid - share(back, money_back, cumulative)).max(0)),
            _ => paid.min(share(left, money, total - cumulative)),
        };
        places.into_iter().map(of_place).collect()
    }

    fn amounts(&self, rules: BasisRules, back: &[LineBack], shipping_back: i64) -> Vec<LineAmount> {
        let lines = self.lines().iter().zip(back).map(|(line, back)| left_of(line, rules.tax, back));
        lines.chain(self.shipping(rules, shipping_back)).collect()
    }

    /// Shipping as one more line, where that counts.
    fn shipping(&self, rules: BasisRules, back: i64) -> Option<LineAmount> {
        let paid = self.facts.shipping_minor;
        let counted = paid - self.facts.shipping_points_minor;
        let left = || LineAmount { net_minor: counted - share(counted, back, paid), thousandths: 0 };
        (rules.shipping == Counted::In).then(left)
    }
}

/// What of so much money for a line counts: without its tax, where tax does not count.
fn untaxed(line: &BookedLine, tax: Counted, money: i64) -> i64 {
    // Tax stated in a price can exceed what an order's discount left of that price; it counts up to the price.
    let taxed = if tax == Counted::Out { line.tax_minor.min(line.net_minor) } else { 0 };
    if taxed == 0 && line.net_minor != 0 {
        return money;
    }
    share(money, line.net_minor - taxed, line.net_minor)
}

fn left_of(line: &BookedLine, tax: Counted, back: &LineBack) -> LineAmount {
    let money = line.net_minor - line.points_minor;
    let counted = untaxed(line, tax, money);
    let gone = line.net_minor > 0 && back.amount_minor >= line.net_minor;
    let units = if gone { 0 } else { (line.thousandths - back.thousandths).max(0) };
    LineAmount {
        net_minor: if back.amount_minor == 0 {
            counted
        } else {
            counted - share(counted, back.amount_minor, line.net_minor)
        },
        thousandths: if line.points_minor == 0 { units } else { share(units, money, line.net_minor) },
    }
}
