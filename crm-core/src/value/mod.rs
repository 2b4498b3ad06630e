//! The only place where numbers, zones and normal forms are made.
//!
//! Every other room takes these types and trusts them: a value that exists is a value that is in range.

mod amount;
mod attribute;
mod digits;
mod id;
mod percent;
mod points;
mod quantity;
mod reading;
mod scope;
pub(crate) mod shared;
pub(crate) mod spread;
mod stable;
mod tax;
mod time;
mod tree;
mod weekday;
mod zone;

pub use amount::{Amount, Currency, Money};
pub use attribute::Attribute;
pub use id::{
    Actor, AttributeName, BatchId, BenefitId, CampaignId, Category, Channel, ClaimId, CouponId, CustomerId, EventId,
    EventName, GiftCardId, GroupId, HoldId, LadderId, LimitId, OfferId, OrderId, Party, PointCurrency, Reason,
    RedemptionId, RefundId, RequestId, RuleId, Sku, StackGroup, StoreId, Tag, TierId,
};
pub use percent::Percent;
pub use points::Points;
pub use quantity::Quantity;
pub use reading::{read, read_text};
pub use scope::LineScope;
pub use stable::{Fingerprint, bucket_of, fingerprint, fingerprint_bytes};
pub use tax::TaxMode;
pub use time::{CalendarDate, Timestamp};
pub(crate) use tree::{segment, tree};
pub use weekday::Weekday;
pub use zone::{Period, Zone};
