//! Where carts meet customers: which offers and coupons are at hand, what a checkout holds of them, and what comes back with an order.

pub(crate) mod answer;
pub(crate) mod claims;
pub(crate) mod coupons;
pub(crate) mod gather;
mod occasion;
pub(crate) mod room;
pub(crate) mod sale;
mod tenders;
mod time;
pub(crate) mod tries;

pub(crate) use occasion::{Occasion, foresee_birthdays, issue};
pub(crate) use time::pass;
