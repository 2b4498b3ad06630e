//! What is kept of a customer between two facts.

use super::fact::Place;
use crate::value::{Fingerprint, Timestamp};
use minicbor::{Decode, Encode};
use std::sync::Arc;

/// What is kept of a customer between two facts: the orders and events inside the longest window, the last few visits, totals for
/// tests without a window, and where the customer stands.
///
/// Two states of one customer may remember different amounts of the past and still answer every question alike; compare
/// [`super::Lifecycle::view`], not states.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LifeState {
    /// Of the rules that made it: a state of other rules answers `Late`.
    #[n(0)]
    pub(super) rules: Fingerprint,
    #[n(1)]
    pub(super) clock: Timestamp,
    /// The last fact, if it happened at `clock`.
    #[n(2)]
    pub(super) last: Option<Place>,
    #[n(3)]
    pub(super) registered: bool,
    /// Ascending by [`Mark::key`].
    #[n(4)]
    pub(super) marks: Vec<Mark>,
    /// The latest visit that was forgotten.
    #[n(5)]
    pub(super) forgotten_at: Option<Timestamp>,
    #[n(6)]
    pub(super) orders_ever: u64,
    #[n(7)]
    pub(super) spend_ever: i64,
    /// By the position of the name among the compiled names.
    #[n(8)]
    pub(super) events_ever: Vec<u64>,
    /// None before the first fact.
    #[n(9)]
    pub(super) standing: Option<Standing>,
    #[n(10)]
    pub(super) due: Option<Timestamp>,
}

/// Where the customer stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Standing {
    #[cbor(n(0), with = "text")]
    pub(super) stage: Arc<str>,
    #[n(1)]
    pub(super) stage_since: Timestamp,
    #[cbor(n(2), with = "text")]
    pub(super) activity: Arc<str>,
    #[n(3)]
    pub(super) activity_since: Timestamp,
    #[cbor(n(4), with = "text")]
    pub(super) high_water: Arc<str>,
    #[n(5)]
    pub(super) last_active_at: Option<Timestamp>,
}

/// An order or a custom event that is remembered one by one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Mark {
    #[n(0)]
    pub(super) at: Timestamp,
    #[n(1)]
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub(super) enum What {
    #[n(0)]
    Order {
        #[cbor(n(0), with = "text")]
        id: Arc<str>,
        #[n(1)]
        net: i64,
        /// Reversed under `sticky`: it still counts for the stage, not for the activity.
        #[n(2)]
        reversed: bool,
    },
    #[n(1)]
    Event {
        #[n(0)]
        name: u32,
    },
}

impl Mark {
    /// INVARIANT: facts take effect in the order of `fact::Key`, and this is the same order for what is remembered of them, so pushing
    /// keeps the list sorted (guarded by laws::arrival_order_never_shows).
    fn key(&self) -> (Timestamp, bool, &str) {
        match &self.what {
            What::Order { id, .. } => (self.at, false, id),
            What::Event { .. } => (self.at, true, ""),
        }
    }
}

impl LifeState {
    /// Up to which instant time has passed for this customer.
    #[must_use]
    pub fn clock(&self) -> Timestamp {
        self.clock
    }

    /// Where a remembered order stands in the list.
    pub(super) fn position(&self, order_at: Timestamp, order: &str) -> Option<usize> {
        let sought = (order_at, false, order);
        let position = self.marks.partition_point(|mark| mark.key() < sought);
        self.marks.get(position).is_some_and(|mark| mark.key() == sought).then_some(position)
    }
}

/// CBOR of a shared text.
pub(super) mod text {
    use minicbor::decode::{Decoder, Error as DecodeError};
    use minicbor::encode::{Encoder, Error as EncodeError, Write};
    use std::sync::Arc;

    pub(in super::super) fn encode<C, W: Write>(
        text: &Arc<str>,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        e.str(text)?;
        Ok(())
    }

    pub(in super::super) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Arc<str>, DecodeError> {
        Ok(Arc::from(d.str()?))
    }
}

/// CBOR of a shared text or nothing.
pub(super) mod maybe_text {
    use minicbor::decode::{Decoder, Error as DecodeError};
    use minicbor::encode::{Encoder, Error as EncodeError, Write};
    use std::sync::Arc;

    pub(in super::super) fn encode<C, W: Write>(
        text: &Option<Arc<str>>,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        e.encode(text.as_deref())?;
        Ok(())
    }

    pub(in super::super) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Option<Arc<str>>, DecodeError> {
        Ok(d.decode::<Option<&str>>()?.map(Arc::from))
    }
}
