//! What an order's row does not store: computed when it is booked and when it is read, and checked before.

use super::book::check_sums;
use super::record::{BookedLine, BookedTender, Facts};
use crate::limits;
use crate::value::TaxMode;
use crate::value::spread::{narrow, spread};
use minicbor::Decode;

impl Facts {
    pub(super) fn decode_derived<C>(
        d: &mut minicbor::Decoder<'_>,
        ctx: &mut C,
    ) -> std::result::Result<Self, minicbor::decode::Error> {
        let mut facts: Self = Decode::decode(d, ctx)?;
        let broken = || minicbor::decode::Error::message("order breaks a limit");
        if !facts.sums_hold() {
            return Err(broken());
        }
        facts.derive();
        if facts.refunds_hold() { Ok(facts) } else { Err(broken()) }
    }

    /// Whether the stored amounts are such that nothing derived from them can leave its range.
    fn sums_hold(&self) -> bool {
        let amount = |minor: i64| (0..=limits::MINOR_ABS_MAX).contains(&minor);
        let line = |line: &BookedLine| {
            amount(line.list_minor)
                && amount(line.tax_minor)
                && (0..=line.list_minor).contains(&line.discount_minor)
                && (1..=limits::QUANTITY_MAX.saturating_mul(1000)).contains(&line.thousandths)
        };
        self.lines.len() <= limits::ORDER_LINES_MAX
            && self.lines.iter().all(line)
            && amount(self.shipping_minor)
            && amount(self.discount_minor)
            && check_sums(self).is_ok()
            && self.tenders.len() <= limits::TENDERS_MAX
            && self.tenders.iter().all(|tender| amount(tender.minor()))
    }

    /// Whether the refunds are within what they give back, and the tenders are the total.
    fn refunds_hold(&self) -> bool {
        let total = self.goods_minor() + self.shipping_minor;
        let line = |line: &BookedLine| {
            (0..=line.net_minor).contains(&line.back_minor) && (0..=line.thousandths).contains(&line.back_thousandths)
        };
        self.lines.iter().all(line)
            && (0..=total - self.named_minor()).contains(&self.pool_minor)
            && (self.tenders.is_empty() || self.tenders.iter().map(BookedTender::minor).sum::<i64>() == total)
    }

    /// Computes what is not stored.
    // INVARIANT: stored orders rely on these splits; another rule needs another format version. Test `rows_of_version_1_read_the_same`.
    pub(super) fn derive(&mut self) {
        let after_lines = || self.lines.iter().map(|line| line.list_minor - line.discount_minor).collect::<Vec<_>>();
        let discounts = if self.discount_minor == 0 { Vec::new() } else { spread(self.discount_minor, &after_lines()) };
        let discounts = discounts.into_iter().chain(std::iter::repeat(0));
        for ((place, line), discount) in (1..).zip(&mut self.lines).zip(discounts) {
            let added = if self.tax_mode == TaxMode::Added { line.tax_minor } else { 0 };
            line.line_no = if line.own_no == 0 { place } else { line.own_no };
            line.order_discount_minor = discount;
            line.net_minor = line.list_minor - line.discount_minor - discount + added;
        }
        let points = self.points_minor();
        if points > 0 {
            let mut weights: Vec<i64> = self.lines.iter().map(|line| line.net_minor).collect();
            weights.push(self.shipping_minor);
            let mut shares = spread(points, &weights);
            self.shipping_points_minor = shares.pop().unwrap_or(0);
            for (line, share) in self.lines.iter_mut().zip(shares) {
                line.points_minor = share;
            }
        }
    }

    pub(super) fn points_minor(&self) -> i64 {
        let part = |tender: &BookedTender| if let BookedTender::Points { minor, .. } = tender { *minor } else { 0 };
        self.tenders.iter().map(part).sum()
    }

    pub(super) fn goods_minor(&self) -> i64 {
        narrow(self.lines.iter().map(|line| i128::from(line.net_minor)).sum())
    }

    /// What was refunded naming lines.
    pub(super) fn named_minor(&self) -> i64 {
        self.lines.iter().map(|line| line.back_minor).sum()
    }
}
