//! Prices with and without tax.

use serde::{Deserialize, Serialize};

/// Whether prices include tax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, minicbor::Encode, minicbor::Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum TaxMode {
    /// Prices include it.
    #[default]
    #[n(0)]
    Included,
    /// It comes on top.
    #[n(1)]
    Added,
}
