//! What the lifecycle says: transitions, and where a customer stands.

use super::state::{maybe_text, text};
use crate::value::Timestamp;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which of the two axes a transition moves along. The high-water mark is no axis: it rises with the stage and never falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Axis {
    /// How far the customer has come.
    #[n(0)]
    Stage,
    /// How recently the customer was here.
    #[n(1)]
    Activity,
}

/// A customer moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// Along which axis.
    #[n(0)]
    pub axis: Axis,
    /// From where; nothing at the customer's first fact.
    #[cbor(n(1), with = "maybe_text")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Arc<str>>,
    /// To where.
    #[cbor(n(2), with = "text")]
    pub to: Arc<str>,
    /// At which instant: that of the fact, or the exact boundary that time passed.
    #[n(3)]
    pub at: Timestamp,
    /// What caused it.
    #[n(4)]
    pub cause: TransitionCause,
    /// The rule that now holds: a JSON pointer into the lifecycle rules, such as `/stages/2` or `/activity/bands/0`.
    #[cbor(n(5), with = "text")]
    pub rule: Arc<str>,
}

/// What caused a transition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum TransitionCause {
    /// A fact.
    #[n(0)]
    Fact {
        /// Of which kind.
        #[n(0)]
        kind: FactKind,
        /// The id of the order or event; a registration has none.
        #[cbor(n(1), with = "maybe_text")]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Arc<str>>,
    },
    /// Time alone: a window was left, or a band of silence began.
    #[n(1)]
    Timer,
}

/// The kinds of facts, in the order in which facts of one instant take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum FactKind {
    /// A registration, or a first identifier.
    #[n(0)]
    Registered,
    /// A paid order.
    #[n(1)]
    Order,
    /// A custom event.
    #[n(2)]
    Event,
    /// A refund of a part of an order.
    #[n(3)]
    PartialRefund,
    /// A full refund or a cancellation.
    #[n(4)]
    OrderReversed,
}

/// Where a customer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LifecycleView {
    /// The stage.
    pub stage: Arc<str>,
    /// Since when.
    pub stage_since: Timestamp,
    /// `new`, `active`, `reactivated` or a band of silence.
    pub activity: Arc<str>,
    /// Since when.
    pub activity_since: Timestamp,
    /// The furthest stage ever reached; a stage that silence leads to is none.
    pub high_water: Arc<str>,
    /// The last qualifying event that still stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_active_at: Option<Timestamp>,
    /// The first instant at which time alone moves the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_due: Option<Timestamp>,
}
