//! Gift cards: money that was paid ahead, and what became of every cent of it.
//!
//! A [`GiftCard`] is kept in a row of its own, because whoever knows it may use it. Everything is pure. At any instant what was issued is
//! what is left, held, redeemed, expired and revoked.

mod card;
mod spend;
mod time;
mod usage;

pub use card::{GiftCard, GiftCardState, Issue};
pub use spend::Taking;
pub use time::CardPassed;
pub use usage::{CardUse, UseState};

/// Runs what the guide shows.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guides/gift-cards-and-groups.md")]
struct Guide;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
