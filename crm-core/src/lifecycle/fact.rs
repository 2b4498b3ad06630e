//! What happens to a customer, as far as the lifecycle cares.

use super::transition::FactKind;
use crate::value::{EventName, Timestamp};
use minicbor::{Decode, Encode};
use std::sync::Arc;

/// One fact of one customer. The caller keeps facts idempotent: an order, an event and a reversal are one fact each, however often
/// they are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifeFact {
    /// When it happened.
    pub effective_at: Timestamp,
    /// When it was written down; the answer does not depend on it.
    pub recorded_at: Timestamp,
    /// The caller's running number; the answer does not depend on it, because arrival order must never show.
    pub seq: u64,
    /// What happened.
    pub kind: LifeFactKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LifeFactKind {
    /// The customer registered, or became known by a first identifier.
    Registered,
    /// A paid order, at its own instant.
    Order {
        /// Its id.
        order: Arc<str>,
        /// What was paid, net, in minor units; below zero counts as zero.
        net_minor: i64,
    },
    /// An order was refunded in full or cancelled. It takes effect at `effective_at`, or at `order_at` if that is later.
    OrderReversed {
        /// The order.
        order: Arc<str>,
        /// The order's own instant.
        order_at: Timestamp,
    },
    /// A part of an order was refunded; the order stays valid with less net spend.
    PartialRefund {
        /// The order.
        order: Arc<str>,
        /// The order's own instant.
        order_at: Timestamp,
        /// How much went back, in minor units.
        amount_minor: i64,
    },
    /// A custom event.
    Event {
        /// Its name.
        name: EventName,
        /// Its id.
        id: Arc<str>,
    },
}

/// The place of a fact among the facts of a customer: instant, then kind, then id.
///
/// INVARIANT: arrival (`recorded_at`, `seq`) is no part of it, so facts of one instant take effect in the same order however they
/// arrive (guarded by laws::arrival_order_never_shows). Orders stand before the refunds of the same instant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) at: Timestamp,
    pub(super) place: Place,
}

/// The place of a fact among the facts of one instant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(super) struct Place {
    #[n(0)]
    pub(super) kind: FactKind,
    #[cbor(n(1), with = "super::state::text")]
    pub(super) id: Arc<str>,
}

impl LifeFact {
    pub(super) fn key(&self) -> Key {
        let (at, kind) = match &self.kind {
            LifeFactKind::Registered => (self.effective_at, FactKind::Registered),
            LifeFactKind::Order { .. } => (self.effective_at, FactKind::Order),
            LifeFactKind::Event { .. } => (self.effective_at, FactKind::Event),
            // Damaged data dates a refund before its order; it still is a refund of that order.
            LifeFactKind::PartialRefund { order_at, .. } => (self.effective_at.max(*order_at), FactKind::PartialRefund),
            LifeFactKind::OrderReversed { order_at, .. } => (self.effective_at.max(*order_at), FactKind::OrderReversed),
        };
        Key { at, place: Place { kind, id: self.id().cloned().unwrap_or_else(|| Arc::from("")) } }
    }

    pub(super) fn id(&self) -> Option<&Arc<str>> {
        match &self.kind {
            LifeFactKind::Registered => None,
            LifeFactKind::Order { order, .. }
            | LifeFactKind::OrderReversed { order, .. }
            | LifeFactKind::PartialRefund { order, .. } => Some(order),
            LifeFactKind::Event { id, .. } => Some(id),
        }
    }
}
