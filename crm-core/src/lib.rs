#![doc = include_str!("../README.md")]

#[cfg(feature = "cli")]
pub mod cli;
pub mod code;
pub mod command;
#[cfg(feature = "conformance")]
pub mod corpus;
pub mod coupon;
pub mod customer;
mod decide;
pub mod effect;
pub mod engine;
pub mod error;
pub mod giftcard;
pub mod group;
#[cfg(feature = "import")]
pub mod import;
pub mod interface;
pub mod lifecycle;
pub mod limits;
pub mod offer;
pub mod order;
pub mod points;
pub mod program;
pub mod query;
pub mod simulate;
pub mod store;
pub mod tier;
pub mod value;
mod workspace;

#[cfg(feature = "cli")]
extern crate self as crm_core;

pub use engine::{AsyncEngine, Engine};
pub use error::{Error, ErrorCode, Result, Retry};
