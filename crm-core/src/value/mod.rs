//! The only place where numbers, zones and normal forms are made.
//!
//! Every other room takes these types and trusts them: a value that exists is a value that is in range.

mod amount;
mod attribute;
mod id;
mod points;
mod quantity;
mod reading;
pub(crate) mod shared;
mod stable;
mod time;
mod zone;

pub use amount::{Amount, Currency, Money};
pub use attribute::Attribute;
pub use id::{
    Actor, AttributeName, BatchId, BenefitId, Category, Channel, CustomerId, EventId, EventName, HoldId, LadderId,
    OrderId, PointCurrency, Reason, RedemptionId, RefundId, RequestId, RuleId, Sku, StoreId, Tag, TierId,
};
pub use points::Points;
pub use quantity::Quantity;
pub use reading::{read, read_text};
pub use stable::{Fingerprint, bucket_of, fingerprint, fingerprint_bytes};
pub use time::{CalendarDate, Timestamp};
pub use zone::{Period, Zone};
