//! How an order was paid whose claim took points or something of gift cards.

use super::sale::differs;
use crate::error::Error;
use crate::order::{Order, Tender};
use crate::value::{Amount, Currency, RedemptionId};
use crate::workspace::Decided;
use crate::workspace::state::ClaimCard;

/// Points that a claim took.
pub(super) struct TakenPoints {
    /// The hold of the claim, which the order may name.
    pub(super) hold: RedemptionId,
    /// What has taken them: another one where the claim was confirmed late.
    pub(super) taken_by: RedemptionId,
    /// What they are worth in the currency of the order; none where the program does not say.
    pub(super) minor: Option<i64>,
}

/// The tenders of an order, with the points and what its claim took of gift cards: so that a refund finds them, and points earn no points.
///
/// The order may name the points with an amount of its own; where it names none, they pay what they are worth, at most what cards leave.
pub(super) fn tenders(
    order: &Order,
    points: Option<&TakenPoints>,
    cards: &[ClaimCard],
    total: Amount,
) -> Decided<Vec<Tender>> {
    let Some(points) = points else { return with_cards(&order.tenders, order.currency, cards, total) };
    let currency = order.currency;
    let is_ours = |tender: &&Tender| matches!(tender, Tender::Points { redemption, .. } if *redemption == points.hold || *redemption == points.taken_by);
    let named = order.tenders.iter().find(is_ours);
    let by_card: i64 = cards.iter().map(|card| card.minor).sum();
    let left = currency.minor(total)?.saturating_sub(by_card);
    let minor = match (named, points.minor) {
        (Some(tender), _) => currency.minor(amount_of(tender)).map_err(|error| error.within("order.tenders"))?,
        (None, Some(worth)) => worth.min(left),
        (None, None) => {
            let message = format!("the program does not say what the points of `{}` are worth: name them", points.hold);
            return Err(differs(message, "order.tenders".to_owned()).into());
        }
    };
    if named.is_some() && minor == 0 {
        let message = format!("the points of `{}` pay nothing", points.hold);
        return Err(differs(message, "order.tenders".to_owned()).into());
    }
    let others: Vec<Tender> = order.tenders.iter().filter(|tender| !is_ours(tender)).cloned().collect();
    let rest = currency.amount(currency.minor(total)?.saturating_sub(minor));
    let points_alone = others.is_empty() && !order.tenders.is_empty();
    let mut all = with_cards(&others, currency, cards, rest)?;
    if points_alone {
        // Points alone were named: nothing else is made up.
        all.retain(|tender| !matches!(tender, Tender::Money { .. }));
    } else if all.is_empty() && rest != Amount::ZERO {
        all.push(Tender::Money { amount: rest });
    }
    if minor != 0 {
        all.push(Tender::Points { amount: currency.amount(minor), redemption: points.taken_by.clone() });
    }
    let paid = all
        .iter()
        .try_fold(0_i64, |sum, tender| Ok::<_, Error>(sum.saturating_add(currency.minor(amount_of(tender))?)))?;
    if paid != currency.minor(total)? {
        let message = format!(
            "the points of `{}` pay `{}`, and the tenders leave something else",
            points.hold,
            currency.amount(minor)
        );
        return Err(differs(message, "order.tenders".to_owned()).into());
    }
    Ok(all)
}

/// The tenders of an order with what its claim took of gift cards.
///
/// The order may say nothing about tenders, or how the rest was paid, or how all of it was paid with the cards as stored value. `total` is what
/// the quote came to.
fn with_cards(tenders: &[Tender], currency: Currency, cards: &[ClaimCard], total: Amount) -> Decided<Vec<Tender>> {
    if cards.is_empty() {
        return Ok(tenders.to_vec());
    }
    let by_card: i64 = cards.iter().map(|card| card.minor).sum();
    let total = currency.minor(total)?;
    let own = cards
        .iter()
        .map(|card| Tender::StoredValue { amount: currency.amount(card.minor), redemption: Some(card.usage.clone()) });
    let rest = total.saturating_sub(by_card);
    if tenders.is_empty() {
        let money = (rest != 0).then(|| Tender::Money { amount: currency.amount(rest) });
        return Ok(own.chain(money).collect());
    }
    let wrong = || {
        let message = format!("gift cards pay `{}`, and the tenders leave something else", currency.amount(by_card));
        differs(message, "order.tenders".to_owned())
    };
    let mut given = 0_i64;
    for (at, tender) in tenders.iter().enumerate() {
        let minor =
            currency.minor(amount_of(tender)).map_err(|error| error.field(format!("order.tenders[{at}].amount")))?;
        given = given.saturating_add(minor);
    }
    let named = tenders.iter().filter(|tender| names(tender, cards)).count();
    if named != 0 {
        let same = own.clone().all(|own| tenders.contains(&own));
        return if named == cards.len() && same { Ok(tenders.to_vec()) } else { Err(wrong().into()) };
    }
    if given == rest {
        return Ok(tenders.iter().cloned().chain(own).collect());
    }
    let left = without(tenders, by_card, currency);
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
