//! Where carts meet customers: which offers and coupons are at hand, what a checkout holds of them, and what comes back with an order.

pub(crate) mod answer;
pub(crate) mod claims;
pub(crate) mod coupons;
mod gather;
mod room;
pub(crate) mod sale;
mod time;

pub(crate) use time::pass;
