//! Stand-in while the quote is written.
use super::*;
use crate::value::*;
use serde::{Deserialize, Serialize};
/// x
#[derive(Debug)]
pub struct Basket(i64);
impl Basket {
    /// x
    pub fn list_minor(&self) -> i64 {
        self.0
    }
}
impl Cart {
    /// x
    pub fn check(&self) -> crate::Result<Basket> {
        Ok(Basket(0))
    }
}
/// x
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// x
    pub cart: Cart,
    /// x
    pub quote: Quote,
    /// x
    pub rules: Vec<OfferRules>,
}
/// x
pub fn quote(_: &Basket, _: &[Candidate<'_>], _: Settings, as_of: Timestamp, revision: u32) -> crate::Result<Quote> {
    let _ = (as_of, revision);
    Err(crate::Error::internal("stub"))
}
