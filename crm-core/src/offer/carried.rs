//! What units carry together, exactly: units of one pool share its net, and a discount on them is rounded once.

use crate::value::Percent;

/// No fraction is finer than this many parts of a minor unit, so that every product below has room in 128 bits. Only the counts of
/// pools whose net does not come out even go into it.
const FINEST: i128 = 1 << 40;

/// An amount with its fraction of a minor unit: `whole + rest / of`, where `0 <= rest < of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Carried {
    whole: i64,
    rest: i128,
    of: i128,
}

impl Carried {
    pub(super) const fn even(whole: i64) -> Self {
        Self { whole, rest: 0, of: 1 }
    }

    /// With a part of an amount: what `units` carry of what `of` units do.
    pub(super) fn add(&mut self, amount: i64, units: i64, of: i64) {
        if units >= of {
            self.whole += amount;
            return;
        }
        let (product, of) = (i128::from(amount) * i128::from(units), i128::from(of));
        let rest = product % of;
        self.whole += i64::try_from(product / of).unwrap_or(i64::MAX);
        if rest != 0 {
            self.add_rest(rest, of);
        }
    }

    fn add_rest(&mut self, rest: i128, of: i128) {
        let common = self.of / gcd(self.of, of) * of;
        if common > FINEST {
            self.whole += i64::from(2 * rest >= of);
            return;
        }
        let sum = self.rest * (common / self.of) + rest * (common / of);
        self.whole += i64::from(sum >= common);
        let sum = if sum >= common { sum - common } else { sum };
        let by = gcd(sum, common);
        (self.rest, self.of) = (sum / by, common / by);
    }

    /// In whole minor units, half away from zero.
    pub(super) fn rounded(self) -> i64 {
        self.whole + i64::from(2 * self.rest >= self.of)
    }

    /// A part of it, rounded half away from zero.
    pub(super) fn part(self, percent: Percent) -> i64 {
        if self.rest == 0 {
            return percent.of(self.whole);
        }
        let (part, all) = (i128::from(percent.millionths()), i128::from(Percent::WHOLE.millionths()) * self.of);
        let exact = (i128::from(self.whole) * self.of + self.rest) * part;
        i64::try_from((2 * exact + all) / (2 * all)).unwrap_or(i64::MAX)
    }

    /// Whether it is whole minor units.
    pub(super) const fn is_even(self) -> bool {
        self.rest == 0
    }

    /// With so many minor units more.
    pub(super) const fn plus(self, more: i64) -> Self {
        Self { whole: self.whole + more, ..self }
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    #[test]
    fn thirds_become_a_whole_again() {
        let mut sum = Carried::even(0);
        for _ in 0..3 {
            sum.add(100, 1, 3);
        }
        assert_eq!(sum, Carried::even(100));
    }

    #[test]
    fn half_of_what_is_not_even_is_rounded_once() {
        let mut unit = Carried::even(0);
        unit.add(1997, 1, 2);
        let half = Percent::parse("50").expect("a percentage");
        assert_eq!((unit.rounded(), unit.part(half)), (999, 499));
    }

    #[test]
    fn the_largest_amounts_and_the_finest_fractions_have_room() {
        let mut most = Carried::even(0);
        most.add(i64::MAX - 1, (1 << 40) - 2, (1 << 40) - 1);
        let part = most.part(Percent::WHOLE);
        assert_eq!(part, most.rounded());
        // A fraction finer than any is rounded where it comes in.
        most.add(1, 1, 3);
        most.add(2, 1, 3);
        assert_eq!(most.part(Percent::WHOLE), most.rounded());
    }

    proptest! {
        /// Seen to fail when `add_rest` adds the fraction without bringing it to the common parts, and when it forgets the whole that two
        /// fractions make.
        #[test]
        fn whatever_is_added_is_what_a_sum_of_fractions_is(
            parts in prop::collection::vec((0_i64..1_000_000, 1_i64..50), 1..6), millionths in 0_u32..=1_000_000,
        ) {
            let mut sum = Carried::even(0);
            // The denominators' product is a denominator of the sum.
            let all: i128 = parts.iter().map(|(_, of)| i128::from(*of)).product();
            let mut exact = 0_i128;
            for (amount, of) in &parts {
                let units = of / 2 + 1;
                sum.add(*amount, units, *of);
                exact += i128::from(*amount) * i128::from(units) * (all / i128::from(*of));
            }
            prop_assert_eq!(i128::from(sum.rounded()), (2 * exact + all) / (2 * all));
            let percent = Percent::parse(&Decimal::new(i64::from(millionths), 4).to_string()).expect("a percentage");
            let (part, whole) = (i128::from(millionths), 1_000_000 * all);
            prop_assert_eq!(i128::from(sum.part(percent)), (2 * exact * part + whole) / (2 * whole));
        }
    }
}
