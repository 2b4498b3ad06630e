//! A working set that is all there is: a history played from its beginning.

use super::Workspace;
use crate::effect::What;

impl Workspace {
    /// A working set in which whatever is not there does not exist.
    ///
    /// `defers` says that nobody looks at tiers and stages before the history is over: then they are worked out once, from the journal.
    /// `forgets` says that nobody looks at the journal at all.
    pub(crate) fn whole(defers: bool, forgets: bool) -> Self {
        Self { whole: true, defers, forgets, turn: 1, ..Self::default() }
    }

    pub(crate) fn forgets(&self) -> bool {
        self.forgets
    }

    /// Whether an entry of this kind would never be looked at.
    pub(crate) fn passes_over(&self, what: &What) -> bool {
        self.forgets && !matches!(what, What::CouponIssued { .. })
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    pub(crate) fn defers_standing(&self) -> bool {
        self.defers
    }

    /// Whether the next command may be refused without a trace; costs a copy of the customer.
    pub(crate) fn keep_undo(&mut self, keeps: bool) {
        self.keeps_undo = keeps;
    }

    /// Takes the entries of the command under way over into the journals, and goes on to the next command.
    pub(crate) fn remember(&mut self) {
        if self.forgets {
            self.fresh.clear();
        }
        for entry in self.fresh.drain(..) {
            match self.journals.get_mut(&entry.customer_id) {
                Some(journal) => journal.push(entry),
                None => drop(self.journals.insert(entry.customer_id.clone(), vec![entry])),
            }
        }
        self.accept();
    }

    /// Makes room for another history.
    pub(crate) fn forget(&mut self) {
        self.customers.clear();
        self.orders.clear();
        self.identities.clear();
        self.lots.clear();
        self.redemptions.clear();
        self.coupons.clear();
        self.claims.clear();
        self.counters.clear();
        self.holds.clear();
        self.cards.clear();
        self.groups.clear();
        self.journals.clear();
        self.fresh.clear();
        self.undo.clear();
    }
}
