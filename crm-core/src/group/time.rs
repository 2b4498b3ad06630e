//! What time does to a group: seats time out, the group expires.

use super::seat::SeatState;
use super::state::Group;
use crate::value::{CustomerId, Timestamp};

/// What time has done to a group, one thing at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupPassed {
    /// A seat was not paid in time.
    TimedOut {
        /// When.
        at: Timestamp,
        /// Whose.
        customer: CustomerId,
    },
    /// The group has not formed in time.
    Expired {
        /// When.
        at: Timestamp,
        /// Whose money has to go back.
        to_refund: Vec<CustomerId>,
    },
}

impl Group {
    /// When time alone changes something next.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let held = self.seats.iter().filter(|seat| seat.state == SeatState::Held).map(|seat| seat.until);
        let end = Some(self.forms_by).filter(|_| self.formed_at.is_none() && !self.expired);
        held.chain(end).min()
    }

    /// Lets time pass up to an instant, inclusive.
    pub fn advance(&mut self, now: Timestamp) -> Vec<GroupPassed> {
        let mut passed = Vec::new();
        while let Some(at) = self.next_due().filter(|due| *due <= now) {
            let over = self.seats.iter_mut().find(|seat| seat.state == SeatState::Held && seat.until <= at);
            if let Some(seat) = over {
                seat.state = SeatState::TimedOut;
                passed.push(GroupPassed::TimedOut { at, customer: seat.customer_id.clone() });
                continue;
            }
            self.expired = true;
            let mut to_refund = Vec::new();
            for seat in self.seats.iter_mut().filter(|seat| seat.state == SeatState::Paid) {
                seat.state = SeatState::ToRefund;
                to_refund.push(seat.customer_id.clone());
            }
            passed.push(GroupPassed::Expired { at, to_refund });
        }
        self.as_of = self.as_of.max(now);
        passed
    }
}
