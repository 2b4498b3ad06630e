//! An order as the store keeps it: whole minor units, what was derived once, and what came back since.

use super::codec;
use super::facts::RefundWhat;
use crate::error::{Error, ErrorCode, Result};
use crate::value::TaxMode;
use crate::value::{
    BatchId, Category, Channel, Currency, Fingerprint, OrderId, Reason, RedemptionId, RefundId, Sku, StoreId, Tag,
    Timestamp,
};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A recorded order: the stored row, its sums, and the refunds so far.
///
/// What follows from other fields (spread discounts, net amounts, shares of the part paid with points) is derived when the
/// order is booked and when it is read, never stored.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderRecord {
    #[cbor(n(0), with = "codec::version")]
    version: (),
    #[cbor(n(1), decode_with = "Facts::decode_derived")]
    pub(super) facts: Facts,
    /// Revision of the program under which it was decided.
    #[cbor(n(2), with = "codec::usual", has_nil)]
    pub revision: u32,
    /// The import it belongs to.
    #[n(3)]
    pub batch: Option<BatchId>,
    /// Whatever `decide/` keeps with the order; opaque here.
    #[cbor(n(4), with = "codec::bytes", has_nil)]
    pub extra: Vec<u8>,
}

/// The stored facts; fields are ordered by how often they are present, so that absent ones cost nothing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Facts {
    #[n(0)]
    pub(super) id: OrderId,
    #[n(1)]
    pub(super) paid_at: Timestamp,
    #[n(2)]
    pub(super) currency: Currency,
    #[n(3)]
    pub(super) fingerprint: Fingerprint,
    #[cbor(n(4), with = "super::lines")]
    pub(super) lines: Vec<BookedLine>,
    #[n(5)]
    pub(super) channel: Option<Channel>,
    #[n(6)]
    pub(super) store: Option<StoreId>,
    #[cbor(n(7), with = "codec::usual", has_nil)]
    pub(super) shipping_minor: i64,
    #[cbor(n(8), with = "codec::usual", has_nil)]
    pub(super) discount_minor: i64,
    #[cbor(n(9), with = "codec::usual", has_nil)]
    pub(super) tenders: Vec<BookedTender>,
    #[n(10)]
    pub(super) placed_at: Option<Timestamp>,
    #[cbor(n(11), with = "codec::usual", has_nil)]
    pub(super) tags: BTreeSet<Tag>,
    #[cbor(n(12), with = "codec::usual", has_nil)]
    pub(super) tax_mode: TaxMode,
    #[cbor(n(13), with = "codec::usual", has_nil)]
    pub(super) refunds: Vec<RefundRecord>,
    /// What was refunded without naming a line.
    #[cbor(n(14), with = "codec::usual", has_nil)]
    pub(super) pool_minor: i64,
    #[n(15)]
    pub(super) cancelled_at: Option<Timestamp>,
    #[cbor(n(16), with = "codec::usual", has_nil)]
    pub(super) reverted: bool,
    /// The part of shipping that was paid with points; derived.
    #[cbor(skip)]
    pub(super) shipping_points_minor: i64,
}

/// A line of a recorded order, in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedLine {
    /// The article.
    pub sku: Sku,
    /// Unit price times quantity, rounded half up.
    pub list_minor: i64,
    /// How much of it.
    pub thousandths: i64,
    /// Its category, as the shop names it.
    pub category: Option<Category>,
    /// Its brand.
    pub brand: Option<Category>,
    /// Free labels.
    pub tags: BTreeSet<Tag>,
    /// The discount on this line, without its share of the order's discount.
    pub discount_minor: i64,
    /// Its tax, in the price or on top.
    pub tax_minor: i64,
    /// Its number where it is not its place.
    pub(super) own_no: u32,
    /// What was refunded naming this line.
    pub(super) back_minor: i64,
    /// Units that came back.
    pub(super) back_thousandths: i64,
    /// Its number within the order.
    pub line_no: u32,
    /// Its share of the order's discount.
    pub order_discount_minor: i64,
    /// What the customer pays for it: after all discounts, tax included.
    pub net_minor: i64,
    /// The part of `net_minor` that was paid with points.
    pub points_minor: i64,
}

/// A part of the payment, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum BookedTender {
    /// Money.
    #[n(0)]
    Money {
        /// How much.
        #[n(0)]
        minor: i64,
    },
    /// Points.
    #[n(1)]
    Points {
        /// How much of the price it covered.
        #[n(0)]
        minor: i64,
        /// What took the points.
        #[n(1)]
        redemption: RedemptionId,
    },
    /// Stored value.
    #[n(2)]
    StoredValue {
        /// How much.
        #[n(0)]
        minor: i64,
        /// What took it from a gift card.
        #[n(1)]
        redemption: Option<RedemptionId>,
    },
}

impl BookedTender {
    /// Whether it is stored value that names its redemption.
    #[must_use]
    pub const fn names_card(&self) -> bool {
        matches!(self, Self::StoredValue { redemption: Some(_), .. })
    }

    /// How much.
    #[must_use]
    pub const fn minor(&self) -> i64 {
        match self {
            Self::Money { minor } | Self::Points { minor, .. } | Self::StoredValue { minor, .. } => *minor,
        }
    }
}

/// A refund that an order took in.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RefundRecord {
    /// Its id.
    #[n(0)]
    pub id: RefundId,
    /// When the money went back.
    #[n(1)]
    pub at: Timestamp,
    /// When it was recorded.
    #[n(2)]
    pub recorded_at: Timestamp,
    /// Stands for its payload.
    #[n(3)]
    pub fingerprint: Fingerprint,
    /// What went back.
    #[n(4)]
    pub amount_minor: i64,
    /// Whether nothing of the goods was left after it.
    #[cbor(n(5), with = "codec::usual", has_nil)]
    pub full: bool,
    /// Why.
    #[n(6)]
    pub reason: Option<Reason>,
    /// What was told to have come back; none where an earlier release recorded it.
    #[cbor(n(7), with = "codec::json", has_nil)]
    pub what: Option<RefundWhat>,
    /// The import that it came with.
    #[n(8)]
    pub batch: Option<BatchId>,
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Nothing came back.
    Valid,
    /// Something came back, something is left.
    PartlyRefunded,
    /// Nothing is left of the goods; shipping was kept, wholly or in part.
    GoodsRefunded,
    /// Everything went back.
    FullyRefunded,
    /// Cancelled: everything went back.
    Cancelled,
    /// Its import was reverted: it is treated as if it had never been there.
    Reverted,
}

impl OrderStatus {
    /// Its name in answers: `valid`, `partly_refunded`, `goods_refunded`, `fully_refunded`, `cancelled`, `reverted`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::PartlyRefunded => "partly_refunded",
            Self::GoodsRefunded => "goods_refunded",
            Self::FullyRefunded => "fully_refunded",
            Self::Cancelled => "cancelled",
            Self::Reverted => "reverted",
        }
    }

    /// Whether the order counts: paid, not cancelled, not reverted, and something of the goods is left.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        matches!(self, Self::Valid | Self::PartlyRefunded)
    }
}

impl OrderRecord {
    pub(super) fn of(facts: Facts) -> Self {
        Self { version: (), facts, revision: 0, batch: None, extra: Vec::new() }
    }

    /// The stored form.
    ///
    /// # Errors
    /// `internal` when the record cannot be written, which no record that exists should do.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        minicbor::to_vec(self).map_err(|e| Error::internal("order cannot be written").caused_by(e))
    }

    /// Reads the stored form back.
    ///
    /// # Errors
    /// `store.newer` for a format of a later release, `store.corrupt` for anything else that is no stored order.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        minicbor::decode(bytes).map_err(|cause| {
            let mut peek = minicbor::Decoder::new(bytes);
            let version = peek.array().ok().and_then(|_| peek.u8().ok()).unwrap_or(0);
            if version > codec::version::NOW {
                let message = format!("order has format {version}, this release reads {}", codec::version::NOW);
                Error::new(ErrorCode::StoreNewer, message)
            } else {
                Error::new(ErrorCode::StoreCorrupt, "stored order cannot be read").caused_by(cause)
            }
        })
    }
}
