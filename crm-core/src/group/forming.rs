//! What people do with a group. Time has passed for it before: see [`Group::advance`].

use super::seat::{Seat, SeatState};
use super::state::{Group, GroupTerms};
use crate::error::{Error, ErrorCode, Result};
use crate::limits::GROUP_GONE_KEPT;
use crate::value::{CustomerId, GroupId, OrderId, RefundId, Timestamp};

impl Group {
    /// Opens a group. The opener has no seat yet: they join it as everybody does.
    #[must_use]
    pub fn open(id: GroupId, opener: CustomerId, terms: GroupTerms, forms_by: Timestamp, now: Timestamp) -> Self {
        Self {
            id,
            opener,
            terms,
            opened_at: now,
            forms_by,
            formed_at: None,
            expired: false,
            as_of: now,
            seats: Vec::new(),
            refunding: false,
        }
    }

    fn ended(&self) -> Error {
        let message = format!("group `{}` is over since {}", self.id, self.forms_by);
        Error::new(ErrorCode::GroupEnded, message).field("group_id").with("forms_by", self.forms_by)
    }

    fn no_seat(&self, customer: &CustomerId) -> Error {
        let message = format!("customer `{customer}` has no seat in group `{}`", self.id);
        Error::new(ErrorCode::GroupSeatUnknown, message).field("group_id")
    }

    /// Holds a seat; says until when. Somebody who has one keeps it: then there is nothing to say.
    ///
    /// # Errors
    /// `group.ended` after its time, `group.full` without a free seat, `group.not_refunded` for somebody whose money has to go back first.
    pub fn join(&mut self, customer: &CustomerId, now: Timestamp) -> Result<Option<Timestamp>> {
        let old = self.seat(customer).map(|seat| seat.state);
        if old.is_some_and(SeatState::is_taken) {
            return Ok(None);
        }
        if self.forms_by <= now {
            return Err(self.ended());
        }
        if old == Some(SeatState::ToRefund) {
            let message = format!("the money of customer `{customer}` has to go back first");
            return Err(Error::new(ErrorCode::GroupNotRefunded, message).field("group_id"));
        }
        if self.free() == 0 {
            let message = format!("all {} seats of group `{}` are taken", self.terms.max_size, self.id);
            return Err(Error::new(ErrorCode::GroupFull, message).field("group_id").limit(self.terms.max_size));
        }
        let until = now.plus_millis(i64::from(self.terms.seat_seconds).saturating_mul(1000)).min(self.forms_by);
        self.seats.retain(|seat| seat.customer_id != *customer);
        self.forget();
        self.seats.push(Seat {
            customer_id: customer.clone(),
            state: SeatState::Held,
            joined_at: now,
            until,
            paid_at: None,
            order_id: None,
            refund_id: None,
        });
        self.as_of = now;
        Ok(Some(until))
    }

    /// Forgets the oldest of those who are gone, so that coming and going does not fill the row. The journals have them all.
    fn forget(&mut self) {
        let gone = |seat: &Seat| matches!(seat.state, SeatState::Left | SeatState::TimedOut | SeatState::Refunded);
        let mut over = self.seats.iter().filter(|seat| gone(seat)).count().saturating_sub(GROUP_GONE_KEPT);
        self.seats.retain(|seat| {
            let drops = 0 < over && gone(seat);
            over = over.saturating_sub(usize::from(drops));
            !drops
        });
    }

    /// Pays a seat with an order; says whether the group forms with it. Paid with the same order before, there is nothing to say.
    ///
    /// # Errors
    /// `group.seat_unknown` without a seat, `group.seat_paid` with another order; `group.seat_lapsed` for a seat that is not held any more.
    pub fn pay(&mut self, customer: &CustomerId, order: &OrderId, now: Timestamp) -> Result<Option<bool>> {
        let missing = self.no_seat(customer);
        let seat = self.seat_mut(customer).ok_or(missing)?;
        match seat.state {
            SeatState::Held => {}
            SeatState::Paid if seat.order_id.as_ref() == Some(order) => return Ok(None),
            SeatState::Paid => {
                let message = format!("the seat of customer `{customer}` is paid with another order");
                return Err(Error::new(ErrorCode::GroupSeatPaid, message)
                    .field("order_id")
                    .with("order_id", &seat.order_id));
            }
            state => {
                let message = format!("the seat of customer `{customer}` is {}", state.as_str());
                return Err(Error::new(ErrorCode::GroupSeatLapsed, message).field("group_id").with("state", state));
            }
        }
        seat.state = SeatState::Paid;
        seat.paid_at = Some(now);
        seat.order_id = Some(order.clone());
        self.as_of = now;
        let enough = usize::try_from(self.terms.size).unwrap_or(usize::MAX) <= self.count(SeatState::Paid);
        let forms = self.formed_at.is_none() && enough;
        if forms {
            self.formed_at = Some(now);
        }
        Ok(Some(forms))
    }

    /// Gives a seat up; says whether its money has to go back. Given up before, there is nothing to say.
    ///
    /// # Errors
    /// `group.seat_unknown` without a seat, `group.formed` for a paid seat of a group that formed.
    pub fn leave(&mut self, customer: &CustomerId, now: Timestamp) -> Result<Option<bool>> {
        let (missing, formed) = (self.no_seat(customer), self.formed_at.is_some());
        let seat = self.seat_mut(customer).ok_or(missing)?;
        let to_refund = match seat.state {
            SeatState::Held => false,
            SeatState::Paid if formed => {
                let message = "the group has formed; what was bought goes back as a refund of the order";
                return Err(Error::new(ErrorCode::GroupFormed, message).field("group_id"));
            }
            SeatState::Paid => true,
            SeatState::Left | SeatState::TimedOut | SeatState::ToRefund | SeatState::Refunded => return Ok(None),
        };
        seat.state = if to_refund { SeatState::ToRefund } else { SeatState::Left };
        self.as_of = now;
        Ok(Some(to_refund))
    }

    /// Notes that the money of a seat went back; says with which order it was paid. Noted before, there is nothing to say.
    ///
    /// # Errors
    /// `group.seat_unknown` without a seat, `group.not_due` for one whose money does not have to go back.
    pub fn refund(
        &mut self,
        customer: &CustomerId,
        refund: Option<RefundId>,
        now: Timestamp,
    ) -> Result<Option<OrderId>> {
        let missing = self.no_seat(customer);
        let seat = self.seat_mut(customer).ok_or(missing)?;
        match seat.state {
            SeatState::ToRefund => {}
            SeatState::Refunded => return Ok(None),
            state => {
                let message = format!("the seat of customer `{customer}` is {}", state.as_str());
                return Err(Error::new(ErrorCode::GroupNotDue, message).field("group_id").with("state", state));
            }
        }
        seat.refund_id = refund;
        Ok(self.went_back(customer, now))
    }

    /// The order of a paid seat went back: before the group formed, its seat is free again; a group that formed stays so. Says with which
    /// order the seat was paid, where that was this one.
    pub fn order_gone(
        &mut self,
        customer: &CustomerId,
        order: &OrderId,
        refund: Option<RefundId>,
        now: Timestamp,
    ) -> Option<OrderId> {
        let seat = self.seat_mut(customer)?;
        let paid = matches!(seat.state, SeatState::Paid | SeatState::ToRefund);
        if !paid || seat.order_id.as_ref() != Some(order) {
            return None;
        }
        seat.refund_id = refund;
        self.went_back(customer, now)
    }

    fn went_back(&mut self, customer: &CustomerId, now: Timestamp) -> Option<OrderId> {
        self.as_of = now;
        self.refunding |= self.expired;
        let seat = self.seat_mut(customer)?;
        seat.state = SeatState::Refunded;
        seat.order_id.clone()
    }
}
