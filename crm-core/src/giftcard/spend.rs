//! What people do with a card. Time has passed for it before: see [`GiftCard::advance`].

use super::card::{GiftCard, positive};
use super::usage::{CardUse, UseState};
use crate::error::{Error, ErrorCode, Result};
use crate::limits::{GIFT_CARD_USES_MAX, HOLD_SECONDS_MAX};
use crate::value::{CustomerId, OrderId, RedemptionId, Timestamp};

/// Who takes how much of a card, under which name.
#[derive(Clone, Debug)]
pub struct Taking {
    /// The name of the hold or redemption.
    pub id: RedemptionId,
    /// Who.
    pub customer: CustomerId,
    /// How much.
    pub minor: i64,
    /// The order that it helps to pay.
    pub order: Option<OrderId>,
}

impl GiftCard {
    /// Whether so much can be taken now.
    ///
    /// # Errors
    /// `gift_card.amount`, `gift_card.frozen`, `gift_card.ended`, `gift_card.insufficient`, `gift_card.too_many`.
    pub fn can_take(&self, minor: i64, now: Timestamp) -> Result<()> {
        positive(self.currency, minor)?;
        self.not_frozen()?;
        if self.has_ended(now) {
            let message = format!("gift card `{}` ended", self.id);
            return Err(Error::new(ErrorCode::GiftCardEnded, message)
                .field("card_id")
                .with("valid_until", self.valid_until));
        }
        if self.balance_minor < minor {
            let (have, need) = (self.currency.amount(self.balance_minor), self.currency.amount(minor));
            let message = format!("`{have}` of gift card `{}` can be used, not `{need}`", self.id);
            return Err(Error::new(ErrorCode::GiftCardInsufficient, message)
                .field("amount")
                .with("available", have)
                .with("needed", need));
        }
        if GIFT_CARD_USES_MAX <= self.uses.len() {
            let message = format!("gift card `{}` was used {} times", self.id, self.uses.len());
            return Err(Error::new(ErrorCode::GiftCardTooMany, message).field("card_id").limit(GIFT_CARD_USES_MAX));
        }
        Ok(())
    }

    /// Whether it may be used.
    ///
    /// # Errors
    /// `gift_card.frozen`.
    pub fn not_frozen(&self) -> Result<()> {
        if !self.frozen {
            return Ok(());
        }
        Err(Error::new(ErrorCode::GiftCardFrozen, format!("gift card `{}` is frozen", self.id)).field("card_id"))
    }

    /// Holds an amount until a deadline.
    ///
    /// # Errors
    /// `gift_card.amount`, `gift_card.frozen`, `gift_card.ended`, `gift_card.insufficient`, `gift_card.too_many`; `gift_card.hold_duration`
    /// for a deadline that is not after now and within the bound.
    pub fn hold(&mut self, taking: Taking, until: Timestamp, now: Timestamp) -> Result<()> {
        self.can_take(taking.minor, now)?;
        if until <= now || now.plus_millis(HOLD_SECONDS_MAX.saturating_mul(1000)) < until {
            let message = format!("a hold ends after now and within {HOLD_SECONDS_MAX} seconds");
            return Err(Error::new(ErrorCode::GiftCardHoldDuration, message).field("until").limit(HOLD_SECONDS_MAX));
        }
        self.balance_minor -= taking.minor;
        self.held_minor += taking.minor;
        self.note(taking, UseState::Held, Some(until), now);
        Ok(())
    }

    /// Takes an amount at once.
    ///
    /// # Errors
    /// As for [`GiftCard::hold`].
    pub fn spend(&mut self, taking: Taking, now: Timestamp) -> Result<()> {
        self.can_take(taking.minor, now)?;
        self.balance_minor -= taking.minor;
        self.redeemed_minor += taking.minor;
        self.note(taking, UseState::Redeemed, None, now);
        Ok(())
    }

    fn note(&mut self, taking: Taking, state: UseState, until: Option<Timestamp>, now: Timestamp) {
        let Taking { id, customer, minor, order } = taking;
        let taken_minor = if state == UseState::Redeemed { minor } else { 0 };
        self.as_of = now;
        self.uses.push(CardUse {
            id,
            customer,
            state,
            asked_minor: minor,
            taken_minor,
            restored_minor: 0,
            at: now,
            until,
            order,
        });
    }

    fn held(&self, id: &RedemptionId) -> Result<&CardUse> {
        let unknown = || Error::new(ErrorCode::GiftCardHoldUnknown, format!("no hold `{id}`")).field("hold_id");
        let usage = self.usage(id).filter(|usage| usage.until.is_some()).ok_or_else(unknown)?;
        if usage.state == UseState::Held {
            return Ok(usage);
        }
        let message = format!("hold `{id}` is {}", usage.state.as_str());
        Err(Error::new(ErrorCode::GiftCardHoldResolved, message).field("hold_id").with("state", usage.state))
    }

    /// Takes what a hold holds, or less of it; the rest is free again. Says what was taken.
    ///
    /// # Errors
    /// `gift_card.hold_unknown`, `gift_card.hold_resolved`, `gift_card.frozen`; `gift_card.amount` for nothing, `gift_card.insufficient` for
    /// more than is held.
    pub fn capture(
        &mut self,
        id: &RedemptionId,
        minor: Option<i64>,
        order: Option<OrderId>,
        now: Timestamp,
    ) -> Result<i64> {
        let asked = self.held(id)?.asked_minor;
        self.not_frozen()?;
        let minor = minor.unwrap_or(asked);
        positive(self.currency, minor)?;
        if asked < minor {
            let (have, need) = (self.currency.amount(asked), self.currency.amount(minor));
            let message = format!("hold `{id}` holds `{have}`, not `{need}`");
            return Err(Error::new(ErrorCode::GiftCardInsufficient, message)
                .field("amount")
                .with("available", have)
                .with("needed", need));
        }
        self.held_minor -= asked;
        self.balance_minor += asked - minor;
        self.redeemed_minor += minor;
        self.as_of = now;
        if let Some(usage) = self.usage_mut(id) {
            usage.state = UseState::Redeemed;
            usage.taken_minor = minor;
            usage.order = order;
        }
        Ok(minor)
    }

    /// Notes which order a use helped to pay, where that comes to be known later.
    pub fn note_order(&mut self, id: &RedemptionId, order: &OrderId) {
        if let Some(usage) = self.usage_mut(id) {
            usage.order = Some(order.clone());
        }
    }

    /// Lets a hold go. Says what is free again.
    ///
    /// # Errors
    /// `gift_card.hold_unknown`, `gift_card.hold_resolved`.
    pub fn release(&mut self, id: &RedemptionId, now: Timestamp) -> Result<i64> {
        let asked = self.held(id)?.asked_minor;
        self.let_go(id, UseState::Released);
        self.as_of = now;
        Ok(asked)
    }

    pub(super) fn let_go(&mut self, id: &RedemptionId, state: UseState) {
        if let Some(usage) = self.usage_mut(id) {
            usage.state = state;
            let asked = usage.asked_minor;
            self.held_minor -= asked;
            self.balance_minor += asked;
        }
    }

    /// Gives back what a redemption took, or less of it. What should have been taken back with the purchase of the card is taken back now;
    /// says how much that is. A card that has ended is good until `grace`, or its value ends at once.
    ///
    /// # Errors
    /// `gift_card.redemption_unknown`, `gift_card.amount`; `gift_card.redemption_restored` beyond what is left of it.
    pub fn restore(&mut self, id: &RedemptionId, minor: i64, grace: Option<Timestamp>, now: Timestamp) -> Result<i64> {
        positive(self.currency, minor)?;
        let currency = self.currency;
        let unknown = || {
            let message = format!("no redemption `{id}`");
            Error::new(ErrorCode::GiftCardRedemptionUnknown, message).field("redemption_id")
        };
        let usage = self.usage_mut(id).filter(|usage| usage.state == UseState::Redeemed).ok_or_else(unknown)?;
        if usage.restorable() < minor {
            let left = currency.amount(usage.restorable());
            let message = format!("`{left}` of redemption `{id}` can still come back");
            return Err(Error::new(ErrorCode::GiftCardRedemptionRestored, message).field("amount").with("left", left));
        }
        usage.restored_minor += minor;
        let revoked = minor.min(self.unrecovered_minor);
        self.redeemed_minor -= minor;
        self.unrecovered_minor -= revoked;
        self.revoked_minor += revoked;
        self.balance_minor += minor - revoked;
        self.as_of = now;
        if self.has_ended(now) && 0 < self.balance_minor && grace.is_some_and(|grace| now < grace) {
            self.valid_until = grace;
        }
        Ok(revoked)
    }

    /// Keeps the card from being used, and lets go what checkouts hold: says what, hold by hold.
    ///
    /// # Errors
    /// `gift_card.frozen` when it is so already.
    pub fn freeze(&mut self, now: Timestamp) -> Result<Vec<(RedemptionId, i64)>> {
        self.not_frozen()?;
        self.frozen = true;
        self.as_of = now;
        let holds = self.uses.iter().filter(|usage| usage.state == UseState::Held);
        let holds: Vec<_> = holds.map(|usage| (usage.id.clone(), usage.asked_minor)).collect();
        for (id, _) in &holds {
            self.let_go(id, UseState::Released);
        }
        Ok(holds)
    }

    /// Lets a frozen card be used again.
    ///
    /// # Errors
    /// `gift_card.not_frozen` for one that is not, and for one whose purchase went back.
    pub fn unfreeze(&mut self, now: Timestamp) -> Result<()> {
        if !self.frozen || self.returned {
            let why = if self.returned { "its purchase went back" } else { "it is not frozen" };
            let message = format!("gift card `{}` cannot be used again: {why}", self.id);
            return Err(Error::new(ErrorCode::GiftCardNotFrozen, message).field("card_id"));
        }
        self.frozen = false;
        self.as_of = now;
        Ok(())
    }

    /// Takes back what is left, because the purchase of the card went back; says what was taken back, and what was spent already. Nothing may
    /// be held: freeze it first.
    pub fn take_back(&mut self, now: Timestamp) -> (i64, i64) {
        let revoked = self.balance_minor;
        self.balance_minor = 0;
        self.revoked_minor += revoked;
        self.unrecovered_minor = self.redeemed_minor;
        self.returned = true;
        self.as_of = now;
        (revoked, self.unrecovered_minor)
    }
}
