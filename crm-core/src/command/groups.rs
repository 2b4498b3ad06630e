//! Commands about groups that buy together.

use crate::value::{CustomerId, GroupId, OrderId, RefundId, RuleId};
use serde::{Deserialize, Serialize};

/// Opens a group, and takes its first seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OpenGroup {
    /// Who. In their journal stands what happens to the group as a whole.
    pub customer_id: CustomerId,
    /// Its id, unique over all groups.
    pub group_id: GroupId,
    /// Under which rules of the program. What they say now holds for the group to its end.
    pub rules: RuleId,
}

/// Takes a seat of a group until it is paid or out of time. Somebody who has one keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct JoinGroup {
    /// Who.
    pub customer_id: CustomerId,
    /// Which group.
    pub group_id: GroupId,
}

/// Pays the seat with an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PaySeat {
    /// Whose seat.
    pub customer_id: CustomerId,
    /// Of which group.
    pub group_id: GroupId,
    /// The order, recorded before, of the same customer. When it goes back as a whole before the group has formed, the seat is free again.
    pub order_id: OrderId,
}

/// Gives the seat up; one that was paid has to be refunded then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LeaveGroup {
    /// Whose seat.
    pub customer_id: CustomerId,
    /// Of which group.
    pub group_id: GroupId,
}

/// Notes that the money of a seat went back. The refund of the whole order that paid for it does so by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefundSeat {
    /// Whose seat; it is `to_refund`.
    pub customer_id: CustomerId,
    /// Of which group.
    pub group_id: GroupId,
    /// By which refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<RefundId>,
}
