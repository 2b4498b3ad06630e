//! How an order was paid whose claim took something of gift cards.

use super::super::state::ClaimCard;
use super::super::workspace::Decided;
use super::sale::differs;
use crate::order::{Order, Tender};
use crate::value::{Amount, Currency};

/// The tenders of an order, with what its claim took of gift cards: so that a refund finds them.
///
/// The order may say nothing about tenders, or how the rest was paid, or how all of it was paid with the cards as stored value. `total` is what
/// the quote came to.
pub(super) fn tenders(order: &Order, cards: &[ClaimCard], total: Amount) -> Decided<Vec<Tender>> {
    if cards.is_empty() {
        return Ok(order.tenders.clone());
    }
    let currency = order.currency;
    let by_card: i64 = cards.iter().map(|card| card.minor).sum();
    let total = currency.minor(total)?;
    let own = cards
        .iter()
        .map(|card| Tender::StoredValue { amount: currency.amount(card.minor), redemption: Some(card.usage.clone()) });
    let rest = total.saturating_sub(by_card);
    if order.tenders.is_empty() {
        let money = (rest != 0).then(|| Tender::Money { amount: currency.amount(rest) });
        return Ok(own.chain(money).collect());
    }
    let wrong = || {
        let message = format!("gift cards pay `{}`, and the tenders leave something else", currency.amount(by_card));
        differs(message, "order.tenders".to_owned())
    };
    let mut given = 0_i64;
    for (at, tender) in order.tenders.iter().enumerate() {
        let minor =
            currency.minor(amount_of(tender)).map_err(|error| error.field(format!("order.tenders[{at}].amount")))?;
        given = given.saturating_add(minor);
    }
    let named = order.tenders.iter().filter(|tender| names(tender, cards)).count();
    if named != 0 {
        let same = own.clone().all(|own| order.tenders.contains(&own));
        return if named == cards.len() && same { Ok(order.tenders.clone()) } else { Err(wrong().into()) };
    }
    if given == rest {
        return Ok(order.tenders.iter().cloned().chain(own).collect());
    }
    let left = without(&order.tenders, by_card, currency);
    match left {
        Some(left) if given == total => Ok(left.into_iter().chain(own).collect()),
        _ => Err(wrong().into()),
    }
}

const fn amount_of(tender: &Tender) -> Amount {
    match tender {
        Tender::Money { amount } | Tender::Points { amount, .. } | Tender::StoredValue { amount, .. } => *amount,
    }
}

fn names(tender: &Tender, cards: &[ClaimCard]) -> bool {
    match tender {
        Tender::StoredValue { redemption: Some(id), .. } => cards.iter().any(|card| card.usage == *id),
        _ => false,
    }
}

/// The tenders less so much of stored value that names nothing; none where there is less of it.
fn without(tenders: &[Tender], minor: i64, currency: Currency) -> Option<Vec<Tender>> {
    let mut off = minor;
    let mut left = Vec::with_capacity(tenders.len());
    for tender in tenders {
        if let Tender::StoredValue { amount, redemption: None } = tender {
            let whole = currency.minor(*amount).ok()?;
            let part = whole.min(off).max(0);
            off -= part;
            if whole != part {
                left.push(Tender::StoredValue { amount: currency.amount(whole - part), redemption: None });
            }
        } else {
            left.push(tender.clone());
        }
    }
    (off == 0).then_some(left)
}
