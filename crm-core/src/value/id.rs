//! Names that the host gives to things. Any text is accepted within the limits; it is never interpreted.

use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

fn check(what: &'static str, text: &str) -> Result<()> {
    if text.is_empty() || text.trim() != text {
        return Err(Error::new(ErrorCode::ValueText, format!("{what} is empty or has blanks around it")).field(what));
    }
    if text.len() > limits::ID_BYTES_MAX {
        return Err(Error::new(
            ErrorCode::ValueTooLong,
            format!("{what} has {} bytes, at most {} are allowed", text.len(), limits::ID_BYTES_MAX),
        )
        .field(what)
        .limit(limits::ID_BYTES_MAX));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::new(ErrorCode::ValueText, format!("{what} has a control character")).field(what));
    }
    Ok(())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        ///
        #[doc = concat!("1 to 128 bytes of UTF-8, no control characters, no blanks around it; errors name the field `", $what, "`.")]
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the text and takes it over.
            ///
            /// # Errors
            /// `value.text` for an empty text, blanks around it or control characters; `value.too_long` above 128 bytes.
            pub fn new(text: impl AsRef<str>) -> Result<Self> {
                let text = text.as_ref();
                check($what, text)?;
                Ok(Self(Arc::from(text)))
            }

            /// The text as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, shared.
            #[allow(dead_code, reason = "the macro makes all accessors for every name")]
            pub(crate) fn shared(&self) -> Arc<str> {
                self.0.clone()
            }

            /// Takes over a text that was checked before: one that was stored, or a key made from such a name.
            #[allow(dead_code, reason = "the macro makes all accessors for every name")]
            pub(crate) fn trusted(text: Arc<str>) -> Self {
                Self(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self> {
                Self::new(text)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::new(&text).map_err(Error::in_serde)
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> std::result::Result<(), minicbor::encode::Error<W::Error>> {
                e.str(&self.0)?;
                Ok(())
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> std::result::Result<Self, minicbor::decode::Error> {
                Ok(Self(Arc::from(d.str()?)))
            }
        }
    )*};
}

ids! {
    /// Who did something: a person, a till, a job.
    Actor = "actor";
    /// The name of a custom attribute of a customer, an order or an event.
    AttributeName = "attribute";
    /// One run of an import; the handle for reverting it.
    BatchId = "batch";
    /// A benefit that a tier grants.
    BenefitId = "benefit";
    /// A campaign of the program.
    CampaignId = "campaign";
    /// A product category or a brand, as the shop names it.
    Category = "category";
    /// Where an order was made: `store`, `taobao`, `app`, …
    Channel = "channel";
    /// A reservation of coupons and limits while a payment runs; the key of one checkout.
    ClaimId = "claim_id";
    /// One issued coupon.
    CouponId = "coupon_id";
    /// A customer.
    CustomerId = "customer_id";
    /// One custom event.
    EventId = "event_id";
    /// The kind of a custom event: `review`, `check_in`, `visit`, …
    EventName = "event";
    /// One gift card.
    GiftCardId = "card_id";
    /// One group that buys together.
    GroupId = "group_id";
    /// A reservation of points, or of the balance of a gift card.
    HoldId = "hold_id";
    /// A tier ladder of the program.
    LadderId = "ladder";
    /// A limit of an offer or a campaign.
    LimitId = "limit";
    /// An offer of the program.
    OfferId = "offer";
    /// An order.
    OrderId = "order_id";
    /// Who bears a discount: the merchant, a brand, a platform.
    Party = "party";
    /// A point currency of the program: `points`, `miles`, `status`, …
    PointCurrency = "currency";
    /// Why something was done, in the words of whoever did it.
    Reason = "reason";
    /// A spend or a resolved hold; what a reversal points at.
    RedemptionId = "redemption_id";
    /// A refund.
    RefundId = "refund_id";
    /// The caller's name for one attempt to change something; the key of exactly-once.
    RequestId = "request_id";
    /// A rule of the program.
    RuleId = "rule";
    /// A stock keeping unit.
    Sku = "sku";
    /// A group of offers of which only some combine.
    StackGroup = "group";
    /// A shop, a branch, a till area.
    StoreId = "store";
    /// A tag of a customer or an order.
    Tag = "tag";
    /// A tier of a ladder.
    TierId = "tier";
}
