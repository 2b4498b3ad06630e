//! Refunds that name no order: their articles are looked for in earlier orders.

use super::book::{check_quantity, minor};
use super::facts::{RefundArticle, RefundLine};
use super::record::OrderRecord;
use crate::error::Result;
use crate::value::spread::share;
use crate::value::{Currency, OrderId, Quantity, Timestamp};

/// Where the articles of a refund came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArticleMatch {
    /// For each order, the newest first, the lines to give back; each taken in with [`OrderRecord::refund`] is within what is left.
    pub plan: Vec<(OrderId, Vec<RefundLine>)>,
    /// What no order had left.
    pub unmatched: Vec<RefundArticle>,
}

/// An order while articles are matched to it.
struct Candidate<'o> {
    order: &'o OrderRecord,
    left_minor: i64,
    /// For each line, money and units that are left.
    lines: Vec<(i64, i64)>,
    taken: Vec<RefundLine>,
}

/// Matches articles to orders in the same currency paid up to `refunded_at`: the same SKU, the newest order first, as far as
/// units are left. The amount is the article's unit price times the units, at most what is left of what was paid for the line.
///
/// Orders of one instant are taken by their ids, the last first; the order in which they are given does not matter.
///
/// # Errors
/// `order.quantity` for a quantity that is not above 0, and the money errors for a unit price.
pub fn match_articles(
    orders: &[OrderRecord],
    articles: &[RefundArticle],
    currency: Currency,
    refunded_at: Timestamp,
) -> Result<ArticleMatch> {
    let open = |order: &&OrderRecord| {
        order.currency() == currency
            && order.paid_at() <= refunded_at
            && order.cancelled_at().is_none()
            && !order.facts.reverted
    };
    let mut candidates: Vec<Candidate<'_>> = orders.iter().filter(open).map(Candidate::of).collect();
    candidates.sort_by(|a, b| (b.order.paid_at(), b.order.id()).cmp(&(a.order.paid_at(), a.order.id())));
    let mut unmatched = Vec::new();
    for (at, article) in articles.iter().enumerate() {
        let within = |error: crate::error::Error| error.within(format!("what.lines[{at}]"));
        let asked = check_quantity(article.quantity).map_err(within)?;
        let unit = minor(currency, article.unit_price, "unit_price").map_err(within)?;
        let mut found = 0;
        for candidate in &mut candidates {
            found = candidate.take(article, unit, found, asked);
        }
        if found < asked {
            unmatched.push(RefundArticle { quantity: Quantity::from_thousandths(asked - found), ..article.clone() });
        }
    }
    let used = candidates.into_iter().filter(|candidate| !candidate.taken.is_empty());
    let plan = used.map(|candidate| (candidate.order.id().clone(), candidate.taken)).collect();
    Ok(ArticleMatch { plan, unmatched })
}

impl<'o> Candidate<'o> {
    fn of(order: &'o OrderRecord) -> Self {
        let left = order.lines().iter().map(|l| (l.net_minor - l.back_minor, l.thousandths - l.back_thousandths));
        Self { order, left_minor: order.left_minor(), lines: left.collect(), taken: Vec::new() }
    }

    /// Takes units of an article of which `found` are found; gives how many are found then.
    fn take(&mut self, article: &RefundArticle, unit: i64, mut found: i64, asked: i64) -> i64 {
        let worth = |units: i64| share(unit, units, Quantity::ONE.thousandths());
        for (line, (money, units)) in self.order.lines().iter().zip(&mut self.lines) {
            let take = (*units).min(asked - found);
            if line.sku != article.sku || take <= 0 {
                continue;
            }
            let amount = (worth(found + take) - worth(found)).min(*money).min(self.left_minor);
            found += take;
            *units -= take;
            *money -= amount;
            self.left_minor -= amount;
            self.taken.push(RefundLine {
                line_no: line.line_no,
                quantity: Some(Quantity::from_thousandths(take)),
                amount: Some(self.order.currency().amount(amount)),
            });
        }
        found
    }
}
