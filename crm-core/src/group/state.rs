//! A group: its terms, its seats, and where that puts it.

use super::seat::{Seat, SeatState};
use crate::error::{Error, Result};
use crate::value::{CustomerId, GroupId, OfferId, RuleId, Timestamp};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// The terms of a group, as they were when it was opened: later revisions of the program do not change it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupTerms {
    /// The rules of the program that they come from.
    #[n(0)]
    pub rules: RuleId,
    /// The offer that its members get.
    #[n(1)]
    pub offer: Option<OfferId>,
    /// The price that its members pay, in minor units, and its currency.
    #[n(2)]
    pub price: Option<(i64, crate::value::Currency)>,
    /// How many paid seats form it.
    #[n(3)]
    pub size: u32,
    /// How many seats there are.
    #[n(4)]
    pub max_size: u32,
    /// How long a seat waits for its payment.
    #[n(5)]
    pub seat_seconds: u32,
    /// How many seats one customer may have under these rules, over all groups.
    #[n(6)]
    pub per_customer: Option<u32>,
    /// How the price is applied to a cart: an offer as the program writes it, in JSON. Nothing here looks into it.
    #[n(7)]
    #[cbor(default)]
    pub promise: Option<String>,
}

/// A group as of the last thing that happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Group {
    /// Its name.
    #[n(0)]
    pub id: GroupId,
    /// Who opened it: in their journal stands what happens to the group as a whole.
    #[n(1)]
    pub opener: CustomerId,
    /// Its terms.
    #[n(2)]
    pub terms: GroupTerms,
    /// When it was opened.
    #[n(3)]
    pub opened_at: Timestamp,
    /// First instant at which it cannot form any more, nor take anybody in.
    #[n(4)]
    pub forms_by: Timestamp,
    /// When it formed.
    #[n(5)]
    pub formed_at: Option<Timestamp>,
    /// Whether its time is over without it having formed.
    #[n(6)]
    pub expired: bool,
    /// The last thing that happened to it.
    #[n(7)]
    pub as_of: Timestamp,
    /// One seat per member, in the order in which they joined.
    #[n(8)]
    pub seats: Vec<Seat>,
    /// Whether some of the money went back since it expired.
    #[n(9)]
    pub refunding: bool,
}

/// Where a group stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GroupState {
    /// Nobody has paid yet.
    Open,
    /// Somebody has paid, and not enough.
    Forming,
    /// Enough have paid. It stays so.
    Formed,
    /// Its time was over, and money has to go back.
    Expired,
    /// Some of the money went back.
    Refunding,
    /// Its time was over, and nothing has to go back any more.
    Closed,
}

impl GroupState {
    /// The word for it in every language and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Forming => "forming",
            Self::Formed => "formed",
            Self::Expired => "expired",
            Self::Refunding => "refunding",
            Self::Closed => "closed",
        }
    }
}

impl Group {
    /// How many seats are in a state.
    #[must_use]
    pub fn count(&self, state: SeatState) -> usize {
        self.seats.iter().filter(|seat| seat.state == state).count()
    }

    /// How many seats are held or paid.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.seats.iter().filter(|seat| seat.state.is_taken()).count()
    }

    /// How many seats are free.
    #[must_use]
    pub fn free(&self) -> u32 {
        let taken = u32::try_from(self.taken()).unwrap_or(u32::MAX);
        self.terms.max_size.saturating_sub(taken)
    }

    /// Where it stands as of the last thing that happened to it.
    #[must_use]
    pub fn state(&self) -> GroupState {
        if self.formed_at.is_some() {
            return GroupState::Formed;
        }
        if !self.expired {
            return if self.count(SeatState::Paid) == 0 { GroupState::Open } else { GroupState::Forming };
        }
        if self.count(SeatState::ToRefund) == 0 {
            GroupState::Closed
        } else if self.refunding {
            GroupState::Refunding
        } else {
            GroupState::Expired
        }
    }

    /// A member's seat.
    #[must_use]
    pub fn seat(&self, customer: &CustomerId) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.customer_id == *customer)
    }

    pub(super) fn seat_mut(&mut self, customer: &CustomerId) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.customer_id == *customer)
    }

    /// Checks that there are no more seats than places, one per member, and that enough have paid where it formed.
    ///
    /// # Errors
    /// `internal` when they do not.
    pub fn check(&self) -> Result<()> {
        let max = usize::try_from(self.terms.max_size).unwrap_or(usize::MAX);
        let one_each = self.seats.iter().enumerate().all(|(place, seat)| {
            self.seats.iter().skip(place.saturating_add(1)).all(|other| other.customer_id != seat.customer_id)
        });
        let size = usize::try_from(self.terms.size).unwrap_or(usize::MAX);
        let unformed = self.formed_at.is_none() && size <= self.count(SeatState::Paid);
        let late = self.expired && (self.formed_at.is_some() || 0 < self.taken());
        let unpaid = self.seats.iter().any(|seat| {
            let paid = matches!(seat.state, SeatState::Paid | SeatState::ToRefund | SeatState::Refunded);
            paid != seat.order_id.is_some() || paid != seat.paid_at.is_some()
        });
        if max < self.taken() || !one_each || unformed || late || unpaid {
            return Err(Error::internal(format!("group `{}` does not add up", self.id)));
        }
        Ok(())
    }
}
