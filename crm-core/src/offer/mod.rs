//! Offers: what lowers the price of a cart, how offers combine, and what a cart costs with the best of them.
//!
//! Pure: a cart, the offers that are at hand and the room that their limits leave go in, a [`Quote`] comes out.

mod answer;
#[cfg(test)]
mod any_tests;
mod apply;
mod basket;
mod bound;
mod bundle;
mod cards;
mod carried;
mod cart;
mod compile;
mod evaluate;
#[cfg(test)]
mod example_tests;
mod flaws;
mod index;
#[cfg(test)]
mod law_tests;
mod members;
#[cfg(test)]
mod naive_tests;
mod near;
mod objective;
mod price;
mod problem;
mod quote;
mod receipt;
#[cfg(test)]
mod refund_tests;
mod replay;
mod rework;
mod rules;
mod search;
mod solve;
mod state;
mod terms;
mod trail;
mod units;
mod why;

pub use basket::Basket;
pub(crate) use cards::in_turn;
pub use cards::{CardWhy, CartGiftCard, QuotedGiftCard};
pub use cart::{Cart, CartLine, StoredValue};
pub use flaws::Flaw;
pub use index::OfferIndex;
pub use price::quote;
pub use quote::{
    Add, Application, Funded, Given, NearMiss, Quote, QuotedLine, QuotedShipping, Rejected, RunnerUp, Search, Share,
    Source, Totals, Why,
};
pub use receipt::{Receipt, RefundPlan, RefundedLine, Refunds, ReturnedLine};
pub use rules::{
    Counts, Effect, Exclusive, Funder, Hours, Limit, LimitPer, LimitWindow, LineOff, Objective, Off, Phase, Pick,
    RefundPolicy, ReturnOn, ReturnPolicy, Slot, Stack, Step, StepFrom, Threshold, ThresholdBasis, ThresholdOf,
    ThresholdTax, UnitUse,
};
pub use terms::{Candidate, OfferRules, Room, RoomFor, Settings};
