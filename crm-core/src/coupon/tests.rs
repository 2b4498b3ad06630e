//! Wallets: what holds, what is free, and what time does.

use super::*;
use crate::value::{ClaimId, CouponId, OfferId, Timestamp};
use std::sync::Arc;

fn at(seconds: i64) -> Timestamp {
    Timestamp::parse("2026-03-01T00:00:00Z").unwrap().plus_millis(seconds * 1000)
}

fn coupon(id: &str, uses: u32, until: Option<i64>) -> Coupon {
    Coupon {
        id: CouponId::new(id).unwrap(),
        offer: OfferId::new("o").unwrap(),
        code: Some(Arc::from("ABC")),
        issued_at: at(0),
        valid_from: at(0),
        valid_until: until.map(at),
        uses,
        used: 0,
        origin: Origin::Issue,
        held_by: Vec::new(),
        state: CouponState::Issued,
    }
}

fn limit(name: &str, amount: i64) -> LimitHold {
    LimitHold { name: Arc::from(name), amount, limit: 5, offer: OfferId::new("o").unwrap(), until: None }
}

fn claim(id: &str, deadline: i64, coupons: &[&str]) -> OpenClaim {
    OpenClaim {
        id: ClaimId::new(id).unwrap(),
        deadline: at(deadline),
        coupons: coupons.iter().map(|id| CouponId::new(id).unwrap()).collect(),
        counters: vec![limit("n", 1)],
        uses: vec![limit("mine", 2)],
        hold: None,
        group: None,
    }
}

/// Releasing is the reverse of claiming: nothing of the wallet is different afterwards.
#[test]
fn a_release_leaves_the_wallet_as_it_was() {
    let mut wallet = Wallet::default();
    wallet.add(coupon("a", 1, None)).unwrap();
    wallet.add(coupon("b", 3, Some(100))).unwrap();
    let before = wallet.clone();
    wallet.hold(claim("c", 50, &["a", "b"])).unwrap();
    assert_eq!(wallet.coupon(&CouponId::new("a").unwrap()).unwrap().state, CouponState::Claimed);
    assert_eq!(wallet.coupon(&CouponId::new("b").unwrap()).unwrap().state, CouponState::Issued);
    assert_eq!(wallet.used("mine"), 2);
    assert_eq!(wallet.release(&ClaimId::new("c").unwrap()).unwrap(), claim("c", 50, &["a", "b"]));
    assert_eq!(wallet, before);
    assert!(wallet.release(&ClaimId::new("c").unwrap()).is_none());
}

#[test]
fn a_use_can_be_held_once() {
    let mut wallet = Wallet::default();
    wallet.add(coupon("a", 2, None)).unwrap();
    wallet.hold(claim("c1", 50, &["a"])).unwrap();
    wallet.hold(claim("c2", 50, &["a"])).unwrap();
    let error = wallet.hold(claim("c3", 50, &["a"])).unwrap_err();
    assert_eq!(error.code().as_str(), "coupon.claimed");
    let (_, spent) = wallet.confirm(&ClaimId::new("c1").unwrap()).unwrap();
    assert!(spent.is_empty());
    let (_, spent) = wallet.confirm(&ClaimId::new("c2").unwrap()).unwrap();
    assert_eq!((spent[0].used, spent[0].state), (2, CouponState::Redeemed));
    assert!(wallet.coupons().is_empty());
}

/// A coupon ends at its instant, or when the claim ends that held it then.
#[test]
fn time_ends_claims_and_coupons_in_their_order() {
    let mut wallet = Wallet::default();
    wallet.add(coupon("a", 1, Some(10))).unwrap();
    wallet.add(coupon("b", 1, Some(20))).unwrap();
    wallet.hold(claim("c", 30, &["a"])).unwrap();
    assert_eq!(wallet.next_due(), Some(at(20)));
    assert!(wallet.advance(at(19)).is_empty());
    let names: Vec<_> = wallet
        .advance(at(60))
        .into_iter()
        .map(|passed| match passed {
            Passed::Claim(when, claim) => (when, claim.id.to_string()),
            Passed::Coupon(when, coupon) => (when, coupon.id.to_string()),
        })
        .collect();
    assert_eq!(names, [(at(20), "b".to_owned()), (at(30), "c".to_owned()), (at(30), "a".to_owned())]);
    assert_eq!((wallet.next_due(), wallet.is_empty()), (None, true));
}

#[test]
fn a_wallet_is_stored_and_read() {
    let mut wallet = Wallet::default();
    wallet.add(coupon("a", 2, Some(10))).unwrap();
    wallet.hold(claim("c", 30, &["a"])).unwrap();
    let bytes = minicbor::to_vec(&wallet).unwrap();
    assert_eq!(minicbor::decode::<Wallet>(&bytes).unwrap(), wallet);
}

/// To see it fail: let `put_back` ask for room as `add` does.
#[test]
fn a_full_wallet_takes_no_new_coupon_and_every_old_one() {
    let mut wallet = Wallet::default();
    (0..crate::limits::OPEN_COUPONS_MAX).for_each(|n| wallet.add(coupon(&format!("c{n}"), 1, None)).unwrap());
    assert_eq!(wallet.add(coupon("new", 1, None)).unwrap_err().code().as_str(), "coupon.too_many");
    wallet.put_back(coupon("old", 1, None));
    assert!(wallet.coupon(&CouponId::new("old").unwrap()).is_some());
}
