//! Entries about gift cards and groups, as people read them.

use super::{local, minor, number, through};
use crm_core::effect::{
    GiftCardExpired, GiftCardFrozen, GiftCardHeld, GiftCardIssued, GiftCardRedeemed, GiftCardReleased,
    GiftCardRestored, GiftCardUnfrozen, GroupExpired, GroupFormed, GroupOpened, SeatLeft, SeatPaid, SeatRefunded,
    SeatTaken, SeatTimedOut, What,
};
use crm_core::value::{Currency, OrderId, Zone};

/// What an entry about a gift card says.
pub(super) fn of_cards(zone: &Zone, what: &What) -> String {
    let money = |currency: &Currency, value: i64| minor(*currency, i128::from(value));
    let for_order = |order: &Option<OrderId>| order.as_ref().map_or_else(String::new, |id| format!(" for order {id}"));
    match what {
        What::GiftCardIssued(GiftCardIssued { card_id, currency, amount_minor, valid_until, .. }) => {
            let end = match valid_until {
                Some(_) => format!(", through {}", through(zone, *valid_until)),
                None => String::new(),
            };
            format!("got gift card {card_id} with {}{end}", money(currency, *amount_minor))
        }
        What::GiftCardHeld(GiftCardHeld { card_id, hold_id, currency, amount_minor, until }) => {
            let end = local(zone, *until);
            format!("{} of gift card {card_id} held until {end} ({hold_id})", money(currency, *amount_minor))
        }
        What::GiftCardReleased(GiftCardReleased { card_id, hold_id, currency, amount_minor, state }) => {
            let how = state.as_str().replace('_', " ");
            format!("a hold of {} of gift card {card_id} {how} ({hold_id})", money(currency, *amount_minor))
        }
        What::GiftCardRedeemed(GiftCardRedeemed { card_id, currency, amount_minor, order_id, .. }) => {
            format!("{} of gift card {card_id} used{}", money(currency, *amount_minor), for_order(order_id))
        }
        What::GiftCardRestored(GiftCardRestored { card_id, currency, amount_minor, .. }) => {
            format!("{} came back to gift card {card_id}", money(currency, *amount_minor))
        }
        What::GiftCardExpired(GiftCardExpired { card_id, currency, amount_minor }) => {
            format!("gift card {card_id} ended with {}", money(currency, *amount_minor))
        }
        What::GiftCardFrozen(GiftCardFrozen { card_id, order_id: None, .. }) => format!("gift card {card_id} frozen"),
        What::GiftCardFrozen(GiftCardFrozen {
            card_id,
            currency,
            revoked_minor,
            unrecovered_minor,
            order_id: Some(order),
        }) => {
            let (back, spent) = (money(currency, *revoked_minor), money(currency, *unrecovered_minor));
            format!("gift card {card_id} taken back with order {order}: {back}; {spent} was spent already")
        }
        What::GiftCardUnfrozen(GiftCardUnfrozen { card_id }) => format!("gift card {card_id} usable again"),
        _ => String::new(),
    }
}

/// What an entry about a group says.
pub(super) fn of_groups(zone: &Zone, what: &What) -> String {
    match what {
        What::GroupOpened(GroupOpened { group_id, rules, forms_by }) => {
            format!("opened group {group_id} under {rules}, until {}", local(zone, *forms_by))
        }
        What::SeatTaken(SeatTaken { group_id, until }) => {
            format!("took a seat in group {group_id}, to be paid by {}", local(zone, *until))
        }
        What::SeatPaid(SeatPaid { group_id, order_id }) => {
            format!("paid the seat in group {group_id} with order {order_id}")
        }
        What::SeatLeft(SeatLeft { group_id, to_refund: true }) => {
            format!("left group {group_id}; the money has to go back")
        }
        What::SeatLeft(SeatLeft { group_id, to_refund: false }) => format!("left group {group_id}"),
        What::SeatTimedOut(SeatTimedOut { group_id, member }) => {
            format!("the seat of {member} in group {group_id} was not paid in time")
        }
        What::SeatRefunded(SeatRefunded { group_id, order_id, .. }) => {
            format!("the money of order {order_id} for group {group_id} went back")
        }
        What::GroupFormed(GroupFormed { group_id, member }) => format!("group {group_id} formed with {member}"),
        What::GroupExpired(GroupExpired { group_id, to_refund }) => {
            format!("group {group_id} did not form; {} to refund", number(i128::try_from(to_refund.len()).unwrap_or(0)))
        }
        _ => String::new(),
    }
}
