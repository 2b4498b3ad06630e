//! Points: entries, lots, holds and debt. Earn, spend, hold, expire, reverse.

mod rules;

pub use rules::{
    Cap, CapOnRefund, CapWindow, CurrencyRules, DebtPolicy, EarnOn, ExpiryPolicy, Gives, Overflow, PendingPolicy,
    ReferralSide, RestorePolicy, Rounding, Shortfall, Stacking, Validity,
};
