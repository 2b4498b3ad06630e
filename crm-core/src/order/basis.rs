//! What of an order counts: for points, and as spend.

use super::record::{BookedLine, OrderRecord};
use super::spread::share;
use super::view::LineBack;

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
        self.amounts(rules, &[], 0)
    }

    /// What of [`OrderRecord::basis`] is left after all refunds so far; the same lines in the same order.
    ///
    /// A pure function of what came back in sum: every split of a refund ends at the same numbers. A line of which no money
    /// is left counts no units either. After a full refund, a cancellation or a revert every number is zero.
    #[must_use]
    pub fn basis_left(&self, rules: BasisRules) -> Vec<LineAmount> {
        if self.status().is_valid() {
            self.amounts(rules, &self.refunded_lines(), self.refunded_shipping_minor())
        } else {
            vec![LineAmount::default(); self.lines().len() + usize::from(rules.shipping == Counted::In)]
        }
    }

    fn amounts(&self, rules: BasisRules, back: &[LineBack], shipping_back: i64) -> Vec<LineAmount> {
        let none = LineBack::default();
        let back = back.iter().chain(std::iter::repeat(&none));
        let mut amounts: Vec<LineAmount> =
            self.lines().iter().zip(back).map(|(line, back)| left_of(line, rules.tax, back)).collect();
        if rules.shipping == Counted::In {
            let paid = self.facts.shipping_minor;
            let counted = paid - self.facts.shipping_points_minor;
            amounts.push(LineAmount { net_minor: counted - share(counted, shipping_back, paid), thousandths: 0 });
        }
        amounts
    }
}

fn left_of(line: &BookedLine, tax: Counted, back: &LineBack) -> LineAmount {
    let money = line.net_minor - line.points_minor;
    // Tax stated in a price can exceed what an order's discount left of that price; it counts up to the price.
    let taxed = if tax == Counted::Out { line.tax_minor.min(line.net_minor) } else { 0 };
    let counted = if taxed == 0 { money } else { share(money, line.net_minor - taxed, line.net_minor) };
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
