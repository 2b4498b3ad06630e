//! Questions about everybody: what the merchant owes in points.

use super::drive::Drive;
use super::reach::Reach;
use crate::decide::giftcards::answer::bring;
use crate::error::{Error, ErrorCode, Result};
use crate::giftcard::GiftCard;
use crate::points::Balances;
use crate::program::Program;
use crate::query::{Answer, GiftCardLiability, GiftCardMonth, Liability, LiabilityMonth};
use crate::value::{Currency, Points, Timestamp};
use std::collections::BTreeMap;

#[derive(Default)]
struct Sum {
    balances: Balances,
    months: BTreeMap<Option<String>, Points>,
}

/// Outstanding points of every currency by the month in which they end; reconciles with the balances of all accounts.
pub(crate) async fn liability<S: Reach>(drive: &Drive<S>, program: &Program, at: Timestamp) -> Result<Answer> {
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    let mut ahead = None;
    let mut walk = drive.customers(at)?;
    while let Some(page) = walk.next().await {
        for customer in page? {
            if ahead.as_ref().map_or(at, |(last, _)| *last) < customer.as_of {
                ahead = Some((customer.as_of, customer.id.clone()));
            }
            for account in &customer.accounts {
                let sum = sums.entry(account.currency.as_str().to_owned()).or_default();
                sum.balances = sum.balances.plus(&account.balances)?;
                for (month, points) in account.outstanding() {
                    let month = month.map(|end| month_of(program, end));
                    let slot = sum.months.entry(month).or_default();
                    *slot = slot.plus(points)?;
                }
            }
        }
    }
    if let Some((last, id)) = ahead {
        let message = format!("`{at}` is before the last entry of customer `{id}`, recorded at `{last}`");
        return Err(Error::new(ErrorCode::QueryField, message).field("at").with("last", last).with("customer_id", id));
    }
    let mut currencies = Vec::new();
    for rules in program.point_currencies() {
        let sum = sums.remove(rules.id.as_str()).unwrap_or_default();
        let outstanding = sum.balances.pending.plus(sum.balances.available)?.plus(sum.balances.held)?;
        let value = rules.value.map(|value| program.main_currency().worth_of(outstanding, value));
        let mut by_month: Vec<LiabilityMonth> =
            sum.months.into_iter().map(|(month, points)| LiabilityMonth { month, points }).collect();
        by_month.sort_by_key(|month| (month.month.is_none(), month.month.clone()));
        currencies.push(Liability {
            currency: rules.id.clone(),
            outstanding,
            value,
            debt: sum.balances.debt,
            issued: sum.balances.issued,
            redeemed: sum.balances.redeemed,
            expired: sum.balances.expired,
            revoked: sum.balances.revoked,
            offset: sum.balances.offset,
            by_month,
        });
    }
    Ok(Answer::Liability { currencies })
}

/// What cards of one currency come to, in minor units.
#[derive(Default)]
struct Cards {
    count: u64,
    /// Issued, outstanding, of it frozen, redeemed, expired, revoked.
    sums: [i64; 6],
    /// Outstanding, by the month of the last usable day.
    months: BTreeMap<Option<String>, i64>,
}

/// The local month of the last usable day before an end, as `YYYY-MM`.
fn month_of(program: &Program, end: Timestamp) -> String {
    let (year, month, _) = program.zone().date(end.plus_millis(-1)).ymd();
    format!("{year:04}-{month:02}")
}

/// What is owed on gift cards; reconciles with the books of every card.
pub(crate) async fn gift_cards<S: Reach>(drive: &Drive<S>, program: &Program, at: Timestamp) -> Result<Answer> {
    let mut currencies: BTreeMap<Currency, Cards> = BTreeMap::new();
    let mut walk = drive.gift_cards();
    while let Some(page) = walk.next().await {
        for card in page? {
            count(&mut currencies, program, card, at)?;
        }
    }
    let total = |(currency, Cards { count, sums, months }): (Currency, Cards)| {
        let [issued, outstanding, frozen, redeemed, expired, revoked] = sums.map(|minor| currency.amount(minor));
        let month = |(month, minor)| GiftCardMonth { month, amount: currency.amount(minor) };
        let mut by_month: Vec<GiftCardMonth> = months.into_iter().map(month).collect();
        by_month.sort_by_key(|month| (month.month.is_none(), month.month.clone()));
        GiftCardLiability { currency, cards: count, issued, outstanding, frozen, redeemed, expired, revoked, by_month }
    };
    Ok(Answer::GiftCardLiability { currencies: currencies.into_iter().map(total).collect() })
}

fn count(
    currencies: &mut BTreeMap<Currency, Cards>,
    program: &Program,
    mut card: GiftCard,
    at: Timestamp,
) -> Result<()> {
    bring(&mut card, at)?;
    let cards = currencies.entry(card.currency).or_default();
    cards.count = cards.count.saturating_add(1);
    let outstanding = card.outstanding_minor();
    let frozen = if card.frozen { outstanding } else { 0 };
    let parts = [card.issued_minor, outstanding, frozen, card.redeemed_minor, card.expired_minor, card.revoked_minor];
    for (sum, part) in cards.sums.iter_mut().zip(parts) {
        *sum = sum
            .checked_add(part)
            .ok_or_else(|| Error::new(ErrorCode::MoneyRange, "the gift cards come to more than can be counted"))?;
    }
    if outstanding != 0 {
        // The sum of all months was watched above.
        let slot = cards.months.entry(card.valid_until.map(|end| month_of(program, end))).or_default();
        *slot = slot.saturating_add(outstanding);
    }
    Ok(())
}
