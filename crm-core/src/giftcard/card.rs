//! A card: its books, and what they must always add up to.

use super::usage::{CardUse, UseState};
use crate::error::{Error, ErrorCode, Result};
use crate::value::{Currency, CustomerId, GiftCardId, OrderId, RedemptionId, Timestamp};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A gift card as of the last thing that happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GiftCard {
    /// Its name.
    #[n(0)]
    pub id: GiftCardId,
    /// To whom it was issued: in their journal stands what time does to it.
    #[n(1)]
    pub customer: CustomerId,
    /// The code by which it can be named, in its normal form.
    #[cbor(n(2), with = "crate::value::shared::maybe", default)]
    pub code: Option<Arc<str>>,
    /// Of all its amounts.
    #[n(3)]
    pub currency: Currency,
    /// What it was issued with.
    #[n(4)]
    pub issued_minor: i64,
    /// What can be used.
    #[n(5)]
    pub balance_minor: i64,
    /// What checkouts hold.
    #[n(6)]
    pub held_minor: i64,
    /// What was taken, less what came back.
    #[n(7)]
    pub redeemed_minor: i64,
    /// What ended unused.
    #[n(8)]
    pub expired_minor: i64,
    /// What was taken back with its purchase.
    #[n(9)]
    pub revoked_minor: i64,
    /// What should have been taken back with its purchase and was spent already; a part of what was redeemed.
    #[n(10)]
    pub unrecovered_minor: i64,
    /// When it was issued.
    #[n(11)]
    pub issued_at: Timestamp,
    /// First instant at which it cannot be used any more; none for ever.
    #[n(12)]
    pub valid_until: Option<Timestamp>,
    /// Whether it may not be used for now.
    #[n(13)]
    pub frozen: bool,
    /// The last thing that happened to it.
    #[n(14)]
    pub as_of: Timestamp,
    /// The order that bought it.
    #[n(15)]
    pub order: Option<OrderId>,
    /// Whether its purchase went back.
    #[n(16)]
    pub returned: bool,
    /// What is held and what was taken, the oldest first.
    #[n(17)]
    pub uses: Vec<CardUse>,
}

/// Where a card stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GiftCardState {
    /// There is something on it.
    Active,
    /// It may not be used for now.
    Frozen,
    /// Nothing is left on it.
    Used,
    /// Its time is over.
    Expired,
}

impl GiftCardState {
    /// The word for it in every language and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Frozen => "frozen",
            Self::Used => "used",
            Self::Expired => "expired",
        }
    }
}

/// What a new card is to be.
#[derive(Clone, Debug)]
pub struct Issue {
    /// Its name.
    pub id: GiftCardId,
    /// To whom.
    pub customer: CustomerId,
    /// The code by which it can be named, in its normal form.
    pub code: Option<Arc<str>>,
    /// Of its amounts.
    pub currency: Currency,
    /// What is on it.
    pub amount_minor: i64,
    /// First instant at which it cannot be used any more.
    pub valid_until: Option<Timestamp>,
    /// The order that bought it.
    pub order: Option<OrderId>,
}

impl GiftCard {
    /// A new card.
    ///
    /// # Errors
    /// `gift_card.amount` unless there is something on it, `gift_card.dates` for one that would end before it can be used.
    pub fn issue(issue: Issue, now: Timestamp) -> Result<Self> {
        positive(issue.currency, issue.amount_minor)?;
        if issue.valid_until.is_some_and(|until| until <= now) {
            let message = "the card would end before it can be used";
            return Err(Error::new(ErrorCode::GiftCardDates, message).field("valid_until"));
        }
        Ok(Self {
            id: issue.id,
            customer: issue.customer,
            code: issue.code,
            currency: issue.currency,
            issued_minor: issue.amount_minor,
            balance_minor: issue.amount_minor,
            held_minor: 0,
            redeemed_minor: 0,
            expired_minor: 0,
            revoked_minor: 0,
            unrecovered_minor: 0,
            issued_at: now,
            valid_until: issue.valid_until,
            frozen: false,
            as_of: now,
            order: issue.order,
            returned: false,
            uses: Vec::new(),
        })
    }

    /// What the merchant owes on it.
    #[must_use]
    pub const fn outstanding_minor(&self) -> i64 {
        self.balance_minor.saturating_add(self.held_minor)
    }

    /// Whether its time is over at an instant.
    #[must_use]
    pub fn has_ended(&self, at: Timestamp) -> bool {
        self.valid_until.is_some_and(|until| until <= at)
    }

    /// Where it stands as of the last thing that happened to it.
    #[must_use]
    pub fn state(&self) -> GiftCardState {
        if self.frozen {
            GiftCardState::Frozen
        } else if self.has_ended(self.as_of) && (0 < self.expired_minor || 0 < self.held_minor) {
            GiftCardState::Expired
        } else if self.outstanding_minor() == 0 {
            GiftCardState::Used
        } else {
            GiftCardState::Active
        }
    }

    /// A use by its name.
    #[must_use]
    pub fn usage(&self, id: &RedemptionId) -> Option<&CardUse> {
        self.uses.iter().find(|usage| usage.id == *id)
    }

    pub(super) fn usage_mut(&mut self, id: &RedemptionId) -> Option<&mut CardUse> {
        self.uses.iter_mut().find(|usage| usage.id == *id)
    }

    /// Checks that every cent is somewhere, and once.
    ///
    /// # Errors
    /// `internal` when the books do not add up.
    pub fn check(&self) -> Result<()> {
        let books = [
            self.balance_minor,
            self.held_minor,
            self.redeemed_minor,
            self.expired_minor,
            self.revoked_minor,
            self.unrecovered_minor,
        ];
        let whole: i128 = books.iter().take(5).map(|minor| i128::from(*minor)).sum();
        let of = |part: fn(&CardUse) -> i64| self.uses.iter().map(|usage| i128::from(part(usage))).sum::<i128>();
        let held = of(|usage| if usage.state == UseState::Held { usage.asked_minor } else { 0 });
        let fine = whole == i128::from(self.issued_minor)
            && books.iter().all(|minor| 0 <= *minor)
            && self.unrecovered_minor <= self.redeemed_minor
            && held == i128::from(self.held_minor)
            && of(CardUse::restorable) == i128::from(self.redeemed_minor)
            && self.uses.iter().all(|usage| 0 <= usage.restorable() && usage.taken_minor <= usage.asked_minor);
        if fine {
            return Ok(());
        }
        Err(Error::internal(format!("the books of gift card `{}` do not add up: {books:?}", self.id)))
    }
}

/// Refuses amounts that move nothing.
pub(super) fn positive(currency: Currency, minor: i64) -> Result<()> {
    if 0 < minor {
        return Ok(());
    }
    let message = format!("`{}` is not an amount above zero", currency.amount(minor));
    Err(Error::new(ErrorCode::GiftCardAmount, message).field("amount"))
}
