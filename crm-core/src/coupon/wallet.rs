//! What a customer has open: coupons, claims, and uses of what is limited for each customer.

use super::claim::{LimitHold, OpenClaim};
use super::item::{Coupon, CouponState};
use crate::error::{Error, ErrorCode, Result};
use crate::limits::{OPEN_CLAIMS_MAX, OPEN_COUPONS_MAX, USES_KEPT_MS};
use crate::value::{ClaimId, CouponId, Timestamp};
use minicbor::{Decode, Encode};
use std::sync::Arc;

/// The open coupons and claims of one customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Wallet {
    /// Coupons that may still be used, in the order of issue.
    #[n(0)]
    coupons: Vec<Coupon>,
    /// Claims that hold, in the order in which they were made.
    #[n(1)]
    claims: Vec<OpenClaim>,
    /// Uses of what is limited for each customer, held ones included.
    #[n(2)]
    uses: Vec<Used>,
}

/// How much of a limit for each customer is used or held.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Used {
    /// The limit's name, with its period.
    #[cbor(n(0), with = "crate::value::shared")]
    pub name: Arc<str>,
    /// How much: uses, units or minor units.
    #[n(1)]
    pub amount: i64,
    /// When its period is over; none for ever.
    #[n(2)]
    pub until: Option<Timestamp>,
}

/// What time has done to a wallet, one thing at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passed {
    /// A claim was out of time.
    Claim(Timestamp, OpenClaim),
    /// A coupon was out of time.
    Coupon(Timestamp, Coupon),
}

impl Wallet {
    /// The open coupons, in the order of issue.
    #[must_use]
    pub fn coupons(&self) -> &[Coupon] {
        &self.coupons
    }

    /// An open coupon.
    #[must_use]
    pub fn coupon(&self, id: &CouponId) -> Option<&Coupon> {
        self.coupons.iter().find(|coupon| coupon.id == *id)
    }

    /// The claims that hold.
    #[must_use]
    pub fn claims(&self) -> &[OpenClaim] {
        &self.claims
    }

    /// A claim that holds.
    #[must_use]
    pub fn claim(&self, id: &ClaimId) -> Option<&OpenClaim> {
        self.claims.iter().find(|claim| claim.id == *id)
    }

    /// How much of a limit for each customer is used or held.
    #[must_use]
    pub fn used(&self, name: &str) -> i64 {
        self.uses.iter().find(|used| &*used.name == name).map_or(0, |used| used.amount)
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.coupons.is_empty() && self.claims.is_empty() && self.uses.is_empty()
    }

    /// Adds a coupon that was issued or given.
    ///
    /// # Errors
    /// `coupon.exists` for a name that is there, `coupon.too_many` beyond the bound.
    pub fn add(&mut self, coupon: Coupon) -> Result<()> {
        if self.coupon(&coupon.id).is_some() {
            let message = format!("the customer has a coupon `{}`", coupon.id);
            return Err(Error::new(ErrorCode::CouponExists, message).field("coupon_id"));
        }
        if OPEN_COUPONS_MAX <= self.coupons.len() {
            let message = format!("the customer has {} open coupons", self.coupons.len());
            return Err(Error::new(ErrorCode::CouponTooMany, message).field("coupon_id").limit(OPEN_COUPONS_MAX));
        }
        self.coupons.push(coupon);
        Ok(())
    }

    /// Puts a coupon back that came out before, also into a wallet that is full: money that goes back must not wait for room.
    pub fn put_back(&mut self, coupon: Coupon) {
        self.coupons.push(coupon);
    }

    /// Takes a coupon out that nobody holds.
    ///
    /// # Errors
    /// `coupon.unknown` for none that is open, `coupon.claimed` while a claim holds it.
    pub fn take(&mut self, id: &CouponId, state: CouponState) -> Result<Coupon> {
        let place = self.coupons.iter().position(|coupon| coupon.id == *id);
        let Some(place) = place else {
            return Err(Error::new(ErrorCode::CouponUnknown, format!("no open coupon `{id}`")).field("coupon_id"));
        };
        if let Some(claim) = self.coupons.get(place).and_then(|coupon| coupon.held_by.first()) {
            let message = format!("claim `{claim}` holds coupon `{id}`");
            return Err(Error::new(ErrorCode::CouponClaimed, message).field("coupon_id").with("claim_id", claim));
        }
        let mut coupon = self.coupons.remove(place);
        coupon.state = state;
        Ok(coupon)
    }

    /// Holds what a claim names: a use of each coupon, and of the customer's own limits.
    ///
    /// # Errors
    /// `claim.too_many` beyond the bound; `coupon.unknown` and `coupon.claimed` for coupons that cannot be held.
    pub fn hold(&mut self, claim: OpenClaim) -> Result<()> {
        if OPEN_CLAIMS_MAX <= self.claims.len() {
            let message = format!("the customer has {} open claims", self.claims.len());
            return Err(Error::new(ErrorCode::ClaimTooMany, message).field("claim_id").limit(OPEN_CLAIMS_MAX));
        }
        for id in &claim.coupons {
            let Some(coupon) = self.coupons.iter_mut().find(|coupon| coupon.id == *id) else {
                return Err(Error::new(ErrorCode::CouponUnknown, format!("no open coupon `{id}`")).field("coupon_id"));
            };
            if coupon.free() == 0 {
                let message = format!("nothing of coupon `{id}` is free");
                return Err(Error::new(ErrorCode::CouponClaimed, message).field("coupon_id"));
            }
            coupon.held_by.push(claim.id.clone());
            coupon.settle_state();
        }
        for used in &claim.uses {
            self.count(used, 1);
        }
        self.claims.push(claim);
        Ok(())
    }

    /// Lets a claim go: its coupons and uses are free again.
    pub fn release(&mut self, id: &ClaimId) -> Option<OpenClaim> {
        let claim = self.remove_claim(id)?;
        for coupon in &mut self.coupons {
            coupon.held_by.retain(|holder| holder != id);
            coupon.settle_state();
        }
        for used in &claim.uses {
            self.count(used, -1);
        }
        Some(claim)
    }

    /// Turns what a claim holds into uses. The coupons that have none left come out.
    pub fn confirm(&mut self, id: &ClaimId) -> Option<(OpenClaim, Vec<Coupon>)> {
        let claim = self.remove_claim(id)?;
        for coupon in &mut self.coupons {
            if let Some(place) = coupon.held_by.iter().position(|holder| holder == id) {
                coupon.held_by.remove(place);
                coupon.used = coupon.used.saturating_add(1);
                coupon.settle_state();
            }
        }
        let (open, spent) = std::mem::take(&mut self.coupons).into_iter().partition(|coupon| coupon.state.is_open());
        self.coupons = open;
        Some((claim, spent))
    }

    /// Gives uses of the customer's own limits back.
    pub fn give_back(&mut self, uses: &[LimitHold]) {
        for used in uses {
            self.count(used, -1);
        }
    }

    /// Gives a use of an open coupon back; false when it is not open.
    pub fn unuse(&mut self, id: &CouponId) -> bool {
        let Some(coupon) = self.coupons.iter_mut().find(|coupon| coupon.id == *id) else { return false };
        coupon.used = coupon.used.saturating_sub(1);
        coupon.settle_state();
        true
    }

    fn remove_claim(&mut self, id: &ClaimId) -> Option<OpenClaim> {
        let place = self.claims.iter().position(|claim| claim.id == *id)?;
        Some(self.claims.remove(place))
    }

    fn count(&mut self, used: &LimitHold, sign: i64) {
        let amount = used.amount.saturating_mul(sign);
        match self.uses.iter_mut().find(|known| known.name == used.name) {
            Some(known) => known.amount = known.amount.saturating_add(amount).max(0),
            None if sign > 0 => {
                self.uses.push(Used { name: used.name.clone(), amount: used.amount, until: used.until })
            }
            None => {}
        }
        self.uses.retain(|known| known.amount != 0);
    }

    /// When time alone changes something next: a claim or a coupon that nobody holds is out of time.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let claims = self.claims.iter().map(|claim| claim.deadline);
        let free = self.coupons.iter().filter(|coupon| coupon.held_by.is_empty());
        claims.chain(free.filter_map(|coupon| coupon.valid_until)).min()
    }

    /// Lets time pass up to an instant, inclusive. A coupon that a claim holds ends when the claim does.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Passed> {
        let mut passed = Vec::new();
        let mut clock = Timestamp::MIN;
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            clock = clock.max(due);
            let claim = self.claims.iter().find(|claim| claim.deadline <= clock).map(|claim| claim.id.clone());
            if let Some(claim) = claim.and_then(|id| self.release(&id)) {
                passed.push(Passed::Claim(clock, claim));
                continue;
            }
            let over = |coupon: &&Coupon| coupon.held_by.is_empty() && coupon.valid_until.is_some_and(|u| u <= clock);
            let ended = self.coupons.iter().find(over).map(|coupon| coupon.id.clone());
            match ended.and_then(|id| self.take(&id, CouponState::Expired).ok()) {
                Some(coupon) => passed.push(Passed::Coupon(clock, coupon)),
                None => break,
            }
        }
        // A claim that is confirmed late counts in the window in which it was made.
        self.uses.retain(|used| used.until.is_none_or(|until| now < until.plus_millis(USES_KEPT_MS)));
        passed
    }
}
