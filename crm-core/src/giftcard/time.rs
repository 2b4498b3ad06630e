//! What time does to a card: holds time out, the card ends.

use super::card::GiftCard;
use super::usage::UseState;
use crate::value::{RedemptionId, Timestamp};

/// What time has done to a card, one thing at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardPassed {
    /// A hold was out of time.
    TimedOut {
        /// When.
        at: Timestamp,
        /// Which.
        id: RedemptionId,
        /// What is free again.
        minor: i64,
    },
    /// The card was out of time.
    Expired {
        /// When.
        at: Timestamp,
        /// What was left on it.
        minor: i64,
    },
}

impl GiftCard {
    /// When time alone changes something next.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let holds = self.uses.iter().filter(|usage| usage.state == UseState::Held).filter_map(|usage| usage.until);
        // What comes back to a card that has ended ends when it comes back.
        let end = self.valid_until.filter(|_| 0 < self.balance_minor).map(|until| until.max(self.as_of));
        holds.chain(end).min()
    }

    /// Lets time pass up to an instant, inclusive. What a checkout holds ends when it is let go.
    pub fn advance(&mut self, now: Timestamp) -> Vec<CardPassed> {
        let mut passed = Vec::new();
        while let Some(at) = self.next_due().filter(|due| *due <= now) {
            let over = |until: Timestamp| until <= at;
            let hold = self.uses.iter().find(|usage| usage.state == UseState::Held && usage.until.is_some_and(over));
            if let Some((id, minor)) = hold.map(|usage| (usage.id.clone(), usage.asked_minor)) {
                self.let_go(&id, UseState::TimedOut);
                self.as_of = self.as_of.max(at);
                passed.push(CardPassed::TimedOut { at, id, minor });
            } else {
                let minor = std::mem::take(&mut self.balance_minor);
                self.expired_minor += minor;
                self.as_of = self.as_of.max(at);
                passed.push(CardPassed::Expired { at, minor });
            }
        }
        self.as_of = self.as_of.max(now);
        passed
    }
}
