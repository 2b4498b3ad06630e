//! Groups: seats, forming, time, and money that goes back.

use super::*;
use crate::error::ErrorCode;
use crate::value::{CustomerId, GroupId, OrderId, RuleId, Timestamp};

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::parse("2026-03-01T00:00:00Z").unwrap().plus_millis(seconds * 1000)
}

pub(super) fn who(number: usize) -> CustomerId {
    CustomerId::new(format!("c{number}")).unwrap()
}

pub(super) fn order(number: usize) -> OrderId {
    OrderId::new(format!("o{number}")).unwrap()
}

/// A group with a hundred seconds to form and ten to pay a seat.
pub(super) fn group(size: u32, max_size: u32) -> Group {
    let terms = GroupTerms {
        rules: RuleId::new("r").unwrap(),
        offer: None,
        price: None,
        size,
        max_size,
        seat_seconds: 10,
        per_customer: None,
        promise: None,
    };
    Group::open(GroupId::new("g").unwrap(), who(0), terms, at(100), at(0))
}

fn code(refused: crate::Result<impl std::fmt::Debug>) -> ErrorCode {
    refused.unwrap_err().code()
}

#[test]
fn paid_seats_form_it_and_held_ones_do_not() {
    let mut group = group(2, 3);
    assert_eq!(group.state(), GroupState::Open);
    for number in 0..3 {
        assert_eq!(group.join(&who(number), at(0)).unwrap(), Some(at(10)));
    }
    assert_eq!(group.join(&who(0), at(1)).unwrap(), None, "somebody who has a seat keeps it");
    assert_eq!(code(group.join(&who(3), at(1))), ErrorCode::GroupFull);
    assert_eq!(group.pay(&who(0), &order(0), at(2)).unwrap(), Some(false));
    assert_eq!(group.state(), GroupState::Forming);
    assert_eq!(group.pay(&who(1), &order(1), at(3)).unwrap(), Some(true));
    assert_eq!((group.state(), group.formed_at), (GroupState::Formed, Some(at(3))));
    assert_eq!(group.pay(&who(2), &order(2), at(4)).unwrap(), Some(false), "it forms once");
    assert_eq!(group.pay(&who(2), &order(2), at(5)).unwrap(), None);
    assert_eq!(code(group.pay(&who(2), &order(9), at(5))), ErrorCode::GroupSeatPaid);
    assert_eq!(code(group.leave(&who(2), at(5))), ErrorCode::GroupFormed);
    assert_eq!(group.order_gone(&who(2), &order(2), None, at(6)), Some(order(2)));
    assert_eq!((group.state(), group.free()), (GroupState::Formed, 1), "a refund does not unform it");
    assert_eq!(group.advance(at(1_000)), [], "nor does time");
    group.check().unwrap();
}

#[test]
fn a_seat_is_free_again_when_it_is_not_paid() {
    let mut group = group(2, 2);
    group.join(&who(0), at(0)).unwrap();
    group.join(&who(1), at(5)).unwrap();
    assert_eq!(group.advance(at(10)), [GroupPassed::TimedOut { at: at(10), customer: who(0) }]);
    assert_eq!(code(group.pay(&who(0), &order(0), at(10))), ErrorCode::GroupSeatLapsed);
    assert_eq!(code(group.pay(&who(7), &order(0), at(10))), ErrorCode::GroupSeatUnknown);
    assert_eq!(group.join(&who(2), at(95)).unwrap(), Some(at(100)), "not longer than the group");
    group.check().unwrap();
}

#[test]
fn money_goes_back_seat_by_seat() {
    let mut group = group(3, 3);
    for number in 0..3 {
        group.join(&who(number), at(0)).unwrap();
    }
    group.pay(&who(0), &order(0), at(1)).unwrap();
    group.pay(&who(1), &order(1), at(1)).unwrap();
    let passed = group.advance(at(100));
    assert_eq!(passed[1], GroupPassed::Expired { at: at(100), to_refund: vec![who(0), who(1)] });
    assert_eq!((group.state(), group.taken()), (GroupState::Expired, 0));
    assert_eq!(code(group.refund(&who(2), None, at(101))), ErrorCode::GroupNotDue);
    assert_eq!(code(group.join(&who(5), at(101))), ErrorCode::GroupEnded);
    assert_eq!(group.refund(&who(0), None, at(101)).unwrap(), Some(order(0)));
    assert_eq!(group.refund(&who(0), None, at(101)).unwrap(), None);
    assert_eq!(group.state(), GroupState::Refunding);
    assert_eq!(group.order_gone(&who(1), &order(1), None, at(102)), Some(order(1)));
    assert_eq!(group.state(), GroupState::Closed);
    group.check().unwrap();
}

#[test]
fn whoever_leaves_makes_room() {
    let mut group = group(2, 2);
    group.join(&who(0), at(0)).unwrap();
    group.pay(&who(0), &order(0), at(1)).unwrap();
    assert_eq!(group.leave(&who(0), at(2)).unwrap(), Some(true));
    assert_eq!(group.leave(&who(0), at(2)).unwrap(), None);
    assert_eq!((group.state(), group.free()), (GroupState::Open, 2));
    assert_eq!(code(group.join(&who(0), at(3))), ErrorCode::GroupNotRefunded);
    group.refund(&who(0), None, at(4)).unwrap();
    assert!(group.join(&who(0), at(5)).unwrap().is_some());
    assert_eq!(group.seats.len(), 1, "one seat per member");
    assert_eq!(group.leave(&who(0), at(6)).unwrap(), Some(false));
    group.check().unwrap();
}

#[test]
fn coming_and_going_does_not_fill_the_row() {
    let mut group = group(2, 2);
    for number in 0..crate::limits::GROUP_GONE_KEPT + 20 {
        group.join(&who(number), at(0)).unwrap();
        group.leave(&who(number), at(0)).unwrap();
    }
    group.join(&who(0), at(1)).unwrap();
    assert_eq!(group.seats.len(), crate::limits::GROUP_GONE_KEPT + 1);
    let bytes = minicbor::to_vec(&group).unwrap();
    assert_eq!(minicbor::decode::<Group>(&bytes).unwrap(), group);
}
