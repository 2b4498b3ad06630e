//! Receipts: what a request did.

use super::Entry;
use crate::points::Balances;
use crate::value::{CustomerId, PointCurrency, Points, RequestId};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a request did: the entries it wrote and the balances after it. Stored, and returned again to the same request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Receipt {
    /// The request.
    pub request_id: RequestId,
    /// The customer it was about; none for a refund that waits for its order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// What happened; empty when there was nothing to do (the same order again, nothing due). A change of a customer that changes nothing
    /// is one entry without fields, so that its request is remembered.
    pub entries: Vec<Arc<Entry>>,
    /// Balances of every currency of the customer after it.
    pub balances: Vec<CurrencyBalance>,
    /// True for a refund that waits for its order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub parked: bool,
}

/// A balance by currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CurrencyBalance {
    /// Of which currency.
    #[n(0)]
    pub currency: PointCurrency,
    /// Usable now.
    #[n(1)]
    pub available: Points,
    /// Earned, not usable yet.
    #[n(2)]
    pub pending: Points,
    /// Reserved.
    #[n(3)]
    pub held: Points,
    /// Owed.
    #[n(4)]
    pub debt: Points,
}

impl CurrencyBalance {
    /// The four figures of an account.
    #[must_use]
    pub fn of(currency: &PointCurrency, balances: &Balances) -> Self {
        Self {
            currency: currency.clone(),
            available: balances.available,
            pending: balances.pending,
            held: balances.held,
            debt: balances.debt,
        }
    }
}

/// How a request ended when it was not refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Done {
    /// What it did.
    pub receipt: Receipt,
    /// How the receipt came about.
    pub outcome: Outcome,
}

/// How a receipt came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The request was carried out now.
    Applied,
    /// It had been carried out before; this is the stored receipt.
    Replayed,
    /// There was nothing to do.
    Unchanged,
}
