//! Points: entries, lots, holds and debt. Earn, spend, hold, expire, reverse.
//!
//! An [`Account`] is the state of one customer in one point currency. Its methods change it and say what happened as [`Movement`]s, whose
//! postings add up to 0. It knows nothing of orders, programs and stores: policies and dates come in as arguments, `now` too.

mod account;
mod award;
mod balances;
mod cap;
mod credit;
mod dates;
mod debit;
mod debts;
mod ledger;
mod lot;
mod lots;
mod redemption;
mod reverse;
mod rules;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

pub use account::Account;
pub use award::{Award, Formula, LineBasis, Part, PartKind, Ratio};
pub use balances::{Balances, Debt};
pub use cap::{CapUse, clip, give_back, is_noted, is_over, note, prune, room, same_period};
pub use credit::Credit;
pub use dates::{Dates, dates, expires_at};
pub use debit::TransferSlice;
pub use ledger::{Book, LotId, Movement, MovementKind, Posting};
pub use lot::{Lot, Origin, Source, SourceKind};
pub use lots::Lots;
pub use redemption::{Allocation, Hold, HoldOutcome, Redemption, RedemptionKind, RedemptionStatus};
pub use reverse::{ClawBack, RestoreReport};
pub use rules::{
    Cap, CapOnRefund, CapWindow, CurrencyRules, DebtPolicy, EarnOn, ExpiryPolicy, Gives, Overflow, PendingPolicy,
    ReferralSide, RestorePolicy, Rounding, Shortfall, Stacking, Validity,
};
