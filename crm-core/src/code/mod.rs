//! Codes that people type.

mod fold;
mod normal;

pub use normal::{NormalCode, PublicCode};
