//! Commands of sweeps and of imports that are taken back.

use crate::value::{CustomerId, GiftCardId, GroupId, OrderId};
use serde::{Deserialize, Serialize};

/// Takes an order back that came with an import. With a batch in the request, only an order of that import. Refunds and a cancellation that
/// became known otherwise wait for the order to come again. What a claim of a checkout had taken for it is free again: coupons as their offers
/// give them back, points and gift cards whole; and that claim pays for no order any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RevertOrder {
    /// Which.
    pub order_id: OrderId,
}

/// Takes a registration back that came with an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Unregister {
    /// Whose.
    pub customer_id: CustomerId,
}

/// Writes what time alone has done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Settle {
    /// To whom.
    pub customer_id: CustomerId,
    /// To a gift card, too, that was issued to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_id: Option<GiftCardId>,
    /// To a group, too, that they opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
}
