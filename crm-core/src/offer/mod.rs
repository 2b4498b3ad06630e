//! Offers: what lowers the price of a cart, how offers combine, and what a cart costs with the best of them.
//!
//! Pure: a cart, the offers that are at hand and the room that their limits leave go in, a [`Quote`] comes out.

mod cart;
mod quote;
mod rules;
mod stub;
mod terms;
pub use stub::*;

pub use cart::{Cart, CartLine, StoredValue};
pub use quote::{
    Add, Application, Funded, Given, NearMiss, Quote, QuotedLine, QuotedShipping, Rejected, RunnerUp, Search, Share,
    Source, Totals, Why,
};
pub use rules::{
    Counts, Effect, Exclusive, Funder, Hours, Limit, LimitPer, LimitWindow, LineOff, Objective, Off, Phase, Pick,
    RefundPolicy, ReturnOn, ReturnPolicy, Slot, Stack, Step, StepFrom, Threshold, ThresholdBasis, ThresholdOf,
    ThresholdTax, UnitUse,
};
pub use terms::{Candidate, OfferRules, Room, RoomFor, Settings};
