//! Coupons that customers have, and the claims that hold them while a payment runs.
//!
//! A [`Wallet`] is what one customer has open: coupons, claims, and how often they used what is limited for each customer. Everything is
//! pure; limits over all customers are counters of the store, and a claim says what it holds of them.

mod claim;
mod item;
mod wallet;

pub use claim::{ClaimState, LimitHold, OpenClaim};
pub use item::{Coupon, CouponState, Origin};
pub use wallet::{Passed, Used, Wallet};

/// Runs what the guide shows.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guides/checkout.md")]
struct Guide;

#[cfg(test)]
mod tests;
