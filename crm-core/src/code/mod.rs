//! Codes that people type: their form, their check character, batches of them, signed ones, and how often somebody may try.
//!
//! | there is | for |
//! |---|---|
//! | [`NormalCode`] | whatever was typed, in the one form for look-up |
//! | [`PublicCode`] | a code worded by hand, such as `SPRING10` |
//! | [`Code`], [`CodeForm`] | generated codes with a check character, and what those of a batch have in common |
//! | [`length_for`] | how long they have to be |
//! | [`Batch`] under a [`Secret`] | millions of codes, distinct by construction, each known again without being stored |
//! | [`TillKey`] | signed codes that a till checks without a network |
//! | [`Attempts`] under [`AttemptRules`] | how often somebody may try |
//!
//! A code is worth money to whoever has it: errors of this room never show one, and neither should logs.

mod alphabet;
mod attempts;
mod batch;
mod fold;
mod form;
mod length;
mod normal;
mod permute;
mod secret;
mod signed;

pub use attempts::{Attempt, AttemptCosts, AttemptRules, Attempts};
pub use batch::{Batch, Codes};
pub use form::{Code, CodeForm};
pub use length::length_for;
pub use normal::{NormalCode, PublicCode};
pub use secret::Secret;
pub use signed::TillKey;

/// Runs what the guide shows.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guides/codes.md")]
struct Guide;

#[cfg(test)]
mod attempts_tests;
#[cfg(test)]
mod batch_tests;
#[cfg(test)]
mod form_tests;
#[cfg(test)]
mod permute_tests;
