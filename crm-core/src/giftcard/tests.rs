//! Cards: what can be taken, what time does, and what comes back.

use super::*;
use crate::error::ErrorCode;
use crate::value::{Currency, CustomerId, GiftCardId, RedemptionId, Timestamp};

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::parse("2026-03-01T00:00:00Z").unwrap().plus_millis(seconds * 1000)
}

pub(super) fn card(minor: i64, until: Option<i64>) -> GiftCard {
    let issue = Issue {
        id: GiftCardId::new("card").unwrap(),
        customer: CustomerId::new("ann").unwrap(),
        code: Some("K7PX".into()),
        currency: Currency::new("EUR").unwrap(),
        amount_minor: minor,
        valid_until: until.map(at),
        order: None,
    };
    GiftCard::issue(issue, at(0)).unwrap()
}

pub(super) fn name(id: &str) -> RedemptionId {
    RedemptionId::new(id).unwrap()
}

pub(super) fn taking(id: &str, minor: i64) -> Taking {
    Taking { id: name(id), customer: CustomerId::new("bob").unwrap(), minor, order: None }
}

fn code(refused: crate::Result<impl std::fmt::Debug>) -> ErrorCode {
    refused.unwrap_err().code()
}

#[test]
fn what_is_held_cannot_be_spent() {
    let mut card = card(100, None);
    card.hold(taking("h", 70), at(60), at(0)).unwrap();
    let refused = card.spend(taking("s", 31), at(1)).unwrap_err();
    assert_eq!(refused.details()["available"], "0.30");
    card.spend(taking("s", 30), at(1)).unwrap();
    assert_eq!(card.capture(&name("h"), Some(50), None, at(2)).unwrap(), 50);
    assert_eq!((card.balance_minor, card.held_minor, card.redeemed_minor), (20, 0, 80));
    assert_eq!(code(card.capture(&name("h"), None, None, at(3))), ErrorCode::GiftCardHoldResolved);
    assert_eq!(code(card.release(&name("s"), at(3))), ErrorCode::GiftCardHoldUnknown, "that was no hold");
    assert_eq!(code(card.hold(taking("x", 20), at(3), at(3))), ErrorCode::GiftCardHoldDuration);
    assert_eq!(code(card.spend(taking("x", 0), at(3))), ErrorCode::GiftCardAmount);
    card.check().unwrap();
}

/// A card ends at its instant; what a checkout holds then ends when the checkout does.
#[test]
fn time_ends_holds_and_cards_in_their_order() {
    let mut card = card(100, Some(10));
    card.hold(taking("a", 30), at(5), at(0)).unwrap();
    card.hold(taking("b", 20), at(20), at(0)).unwrap();
    assert_eq!(card.next_due(), Some(at(5)));
    assert_eq!(code(card.clone().spend(taking("late", 1), at(10))), ErrorCode::GiftCardEnded);
    let passed = card.advance(at(60));
    let expected = [
        CardPassed::TimedOut { at: at(5), id: name("a"), minor: 30 },
        CardPassed::Expired { at: at(10), minor: 80 },
        CardPassed::TimedOut { at: at(20), id: name("b"), minor: 20 },
        CardPassed::Expired { at: at(20), minor: 20 },
    ];
    assert_eq!(passed, expected);
    assert_eq!((card.state(), card.expired_minor, card.next_due()), (GiftCardState::Expired, 100, None));
    card.check().unwrap();
}

#[test]
fn what_comes_back_to_an_ended_card_is_good_for_a_while() {
    let mut one = card(100, Some(10));
    one.spend(taking("s", 100), at(1)).unwrap();
    one.advance(at(20));
    assert_eq!(one.state(), GiftCardState::Used, "nothing ended with it");
    let mut other = one.clone();
    assert_eq!(one.restore(&name("s"), 40, Some(at(50)), at(20)).unwrap(), 0);
    assert_eq!((one.state(), one.valid_until), (GiftCardState::Active, Some(at(50))));
    other.restore(&name("s"), 40, None, at(20)).unwrap();
    assert_eq!(other.advance(at(20)), [CardPassed::Expired { at: at(20), minor: 40 }]);
    assert_eq!(code(one.restore(&name("s"), 61, None, at(21))), ErrorCode::GiftCardRedemptionRestored);
    assert_eq!(code(one.restore(&name("x"), 1, None, at(21))), ErrorCode::GiftCardRedemptionUnknown);
}

/// What was spent when the purchase went back is taken back as it comes in.
#[test]
fn a_returned_card_pays_what_was_not_recovered() {
    let mut card = card(100, None);
    card.spend(taking("s", 60), at(1)).unwrap();
    card.hold(taking("h", 10), at(60), at(1)).unwrap();
    assert_eq!(card.freeze(at(2)).unwrap(), [(name("h"), 10)]);
    assert_eq!(card.take_back(at(2)), (40, 60));
    assert_eq!(card.restore(&name("s"), 25, None, at(3)).unwrap(), 25);
    assert_eq!((card.balance_minor, card.revoked_minor, card.unrecovered_minor), (0, 65, 35));
    assert_eq!(code(card.unfreeze(at(4))), ErrorCode::GiftCardNotFrozen);
    card.check().unwrap();
}

#[test]
fn a_card_is_used_a_thousand_times() {
    let mut card = card(2_000, None);
    for number in 0..crate::limits::GIFT_CARD_USES_MAX {
        card.spend(taking(&format!("s{number}"), 1), at(1)).unwrap();
    }
    assert_eq!(code(card.spend(taking("more", 1), at(1))), ErrorCode::GiftCardTooMany);
    assert_eq!(code(card.hold(taking("more", 1), at(9), at(1))), ErrorCode::GiftCardTooMany);
    card.restore(&name("s0"), 1, None, at(2)).unwrap();
}

#[test]
fn a_card_is_stored_and_read() {
    let mut card = card(100, Some(10));
    card.hold(taking("h", 10), at(60), at(1)).unwrap();
    assert_eq!(minicbor::decode::<GiftCard>(&minicbor::to_vec(&card).unwrap()).unwrap(), card);
    card.code = None;
    assert_eq!(minicbor::decode::<GiftCard>(&minicbor::to_vec(&card).unwrap()).unwrap(), card);
}
