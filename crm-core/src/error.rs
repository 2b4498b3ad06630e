//! One error type for the whole library: a stable code, a sentence, structured details, and whether trying again may help.

use serde::Serialize;
use std::collections::BTreeMap;

/// What every fallible function of the library returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Whether trying again may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// The same call will be refused again; change the input or the state first.
    No,
    /// The same call with the same request id may succeed later.
    Later,
}

macro_rules! codes {
    ($($variant:ident = $code:literal, $retry:ident, $help:literal;)*) => {
        /// The stable code of an error. Codes are never renamed; new ones may be added.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode {
            $(#[doc = $help] $variant,)*
        }

        impl ErrorCode {
            /// Every code, for reference pages and for bindings.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it crosses every border, such as `points.insufficient`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What to do about it, in a sentence.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }

            /// Whether trying again may help.
            #[must_use]
            pub const fn retry(self) -> Retry {
                match self { $(Self::$variant => Retry::$retry,)* }
            }
        }
    };
}

codes! {
    ValueText = "value.text", No, "give a text without control characters and without blanks around it";
    ValueTooLong = "value.too_long", No, "shorten the value to the limit";
    ValueTooMany = "value.too_many", No, "send fewer items; the limit is in the details";
    ValueJson = "value.json", No, "send the documented JSON shape; money and decimals are strings, unknown fields are refused";
    ValueType = "value.type", No, "give a value of the named type; a float is no exact number, a flag is no number, and a time needs a zone";
    ValueRange = "value.range", No, "give a whole number that lies within the limits of the details";
    ValuePercent = "value.percent", No, "write a percentage from 0 to 100 with at most four digits after the point, such as \"12.5\"";
    MoneyText = "money.text", No, "write plain decimal digits, such as \"12.50\"";
    MoneyRange = "money.range", No, "amounts have at most 28 digits and stay below 2^53 minor units";
    MoneyPrecision = "money.precision", No, "round to the minor unit of the currency first";
    MoneyCurrency = "money.currency", No, "use an ISO 4217 code that the program accepts";
    MoneyNegative = "money.negative", No, "amounts of an order are zero or more; send a refund for money that goes back";
    PointsRange = "points.range", No, "points stay within ±(2^53−1)";
    PointsAmount = "points.amount", No, "give a whole number of points above zero, and a checkout no more than pay something";
    PointsCurrency = "points.currency", No, "use a point currency that the program defines";
    PointsNotRedeemable = "points.not_redeemable", No, "qualifying points are counted, not spent; use a redeemable currency";
    PointsInsufficient = "points.insufficient", No, "spend or hold at most the available points";
    PointsDebtLimit = "points.debt_limit", No, "the account may not go deeper into debt; raise the limit or settle first";
    PointsRefundRefused = "points.refund_refused", No, "the points of this order were spent and the program refuses refunds then";
    PointsHoldUnknown = "points.hold_unknown", No, "no hold of this customer has this id";
    PointsHoldExists = "points.hold_exists", No, "this hold id was used before; choose a new one";
    PointsHoldResolved = "points.hold_resolved", No, "a hold is captured, released or timed out once; it cannot be resolved again";
    PointsHoldDuration = "points.hold_duration", No, "give a deadline after now and within the limit";
    PointsRedemptionExists = "points.redemption_exists", No, "this redemption id was used before; choose a new one";
    PointsRedemptionUnknown = "points.redemption_unknown", No, "no redemption of this customer has this id";
    PointsRedemptionReversed = "points.redemption_reversed", No, "reverse at most what of the redemption has not been reversed yet";
    PointsRedemptionUsed = "points.redemption_used", No, "the redemption paid for another order; spend the points for each order under an id of its own";
    PointsCap = "points.cap", No, "the rule's cap is reached and its policy is to reject";
    PointsDates = "points.dates", No, "points must activate before they expire";
    PointsLotsFull = "points.lots_full", No, "the account has too many open lots; give points an expiry or spend some";
    PointsSameCustomer = "points.same_customer", No, "transfer between two different customers";
    PointsNothingPending = "points.nothing_pending", No, "no points of this order wait for an event";
    PointsRestoreRefused = "points.restore_refused", No, "the program makes redemptions final; credit points instead";
    CustomerUnknown = "customer.unknown", No, "register the customer first, or name one of their identifiers";
    CustomerExists = "customer.exists", No, "this customer id is registered already; update it instead";
    CustomerField = "customer.field", No, "correct the named field";
    IdentityText = "identity.text", No, "give the identifier in full; masked, placeholder and scientific-notation values identify nobody";
    IdentityTaken = "identity.taken", No, "the identifier belongs to another customer; merge them or correct it";
    IdentityMissing = "identity.missing", No, "name the customer by id or by at least one identifier";
    ConsentField = "consent.field", No, "correct the named field";
    OrderField = "order.field", No, "correct the named field";
    OrderLines = "order.lines", No, "an order has 1 to 10,000 lines with distinct line numbers";
    OrderQuantity = "order.quantity", No, "quantities have at most 3 digits after the point and stay within 10^9";
    OrderTotal = "order.total", No, "discounts are at most the amount they reduce; tenders add up to the total";
    OrderCurrency = "order.currency", No, "orders are in a currency that the program accepts, all parts in one";
    OrderUnknown = "order.unknown", No, "record the order first, or name it as it was recorded";
    OrderConflict = "order.conflict", No, "an order with this id and other content is recorded; use refunds or a new id";
    OrderCancelled = "order.cancelled", No, "the order is cancelled already";
    CartLines = "cart.lines", No, "a cart has 1 to 10,000 lines with distinct line numbers";
    OfferRules = "offer.rules", No, "correct the rules of the offer; the program's check names each flaw";
    OfferRefundLine = "offer.refund_line", No, "return lines of the receipt, and at most what was bought and has not come back";
    OfferRefundPartial = "offer.refund_partial", No, "an offer of this purchase allows only everything to be returned";
    RefundField = "refund.field", No, "correct the named field";
    RefundExceeds = "refund.exceeds", No, "refund at most what is left of the order or line";
    RefundLine = "refund.line", No, "name a line of the order";
    RefundConflict = "refund.conflict", No, "a refund with this id and other content is recorded; use a new id";
    RefundNoOrder = "refund.no_order", No, "name the order; a refund without one needs a customer and the program's policy for it";
    EventField = "event.field", No, "correct the named field";
    EventConflict = "event.conflict", No, "an event with this id and other content is recorded; use a new id";
    ReferralSelf = "referral.self", No, "nobody refers themselves";
    ReferralUnknown = "referral.unknown", No, "the referrer must be registered";
    TierUnknown = "tier.unknown", No, "use a ladder and a tier that the program defines";
    TierLock = "tier.lock", No, "a lock ends after now";
    BenefitUnknown = "benefit.unknown", No, "the customer's tier does not grant this benefit";
    BenefitUsedUp = "benefit.used_up", No, "the benefit's limit for this period is reached";
    LifecycleOff = "lifecycle.off", No, "the program defines no lifecycle";
    TimeText = "time.text", No, "write RFC 3339, such as `2026-03-01T08:00:00+08:00`";
    TimeNaive = "time.naive", No, "add the offset from UTC, such as Z or +08:00";
    TimeRange = "time.range", No, "use an existing day in the years 1 to 9999";
    TimeZone = "time.zone", No, "use an IANA name such as Asia/Shanghai";
    TimeFuture = "time.future", No, "a fact cannot happen after it is recorded; check the clock or the date";
    ProgramInvalid = "program.invalid", No, "correct the findings; each names its place in the document";
    ProgramRevision = "program.revision", No, "publish under a revision number above the last one";
    ProgramEarlier = "program.earlier", No, "publish at the instant of the last revision or after it; what was told by then stays";
    ProgramMissing = "program.missing", No, "publish a program first";
    RequestReused = "request.reused", No, "the request id was used for another payload; choose a new id for a new request";
    RequestTooMany = "request.too_many", No, "split the batch";
    BatchUnknown = "batch.unknown", No, "no import batch has this id";
    BatchExists = "batch.exists", No, "this batch id was used before; choose a new one, or none";
    ImportFile = "import.file", No, "give a readable file of the named format";
    ImportHeader = "import.header", No, "the file lacks columns that the format needs; map them or choose another format";
    ImportEncoding = "import.encoding", No, "save the file as UTF-8 or GB18030";
    ImportIssues = "import.issues", No, "nothing is written; correct the rows of the details, or have problems reported and the rest imported";
    ImportRow = "import.row", No, "correct the named cell and import again; rows already imported change nothing";
    QueryField = "query.field", No, "correct the named field";
    CodeText = "code.text", No, "give 3 to 32 letters and digits; blanks and dashes do not count";
    CodeChecksum = "code.checksum", No, "the code is mistyped; read it again, character by character";
    CodeForm = "code.form", No, "use a prefix of up to 12 Latin letters and digits, and 6 to 20 characters behind it";
    CodeSpace = "code.space", No, "make the codes longer, or fewer";
    CodeSerial = "code.serial", No, "name a serial number of the batch";
    CodeSecret = "code.secret", No, "give the key as 64 hexadecimal digits";
    CodeForged = "code.forged", No, "the code was not made with this key for this batch; do not accept it";
    CodeRules = "code.rules", No, "correct the named field";
    CodeRateLimited = "code.rate_limited", Later, "wait until `retry_at`";
    OfferUnknown = "offer.unknown", No, "use an offer that the program defines";
    CouponExists = "coupon.exists", No, "this coupon id was used before; choose a new one";
    CouponUnknown = "coupon.unknown", No, "no open coupon of this customer has this id";
    CouponClosed = "coupon.closed", No, "the coupon was used, revoked, transferred, or is out of time";
    CouponClaimed = "coupon.claimed", No, "a checkout holds the coupon; wait for it to be confirmed or released";
    CouponTooMany = "coupon.too_many", No, "the customer has too many open coupons; revoke some or let them end";
    CouponOffer = "coupon.offer", No, "name an offer that needs a coupon";
    CouponTransfer = "coupon.transfer", No, "the offer's coupons stay with their owner, or the two customers are the same";
    CouponCode = "coupon.code", No, "the code is taken; choose another one";
    CouponPrice = "coupon.price", No, "the offer's coupons are not for points";
    CouponDates = "coupon.dates", No, "a coupon ends after it begins and after it is issued";
    ClaimExists = "claim.exists", No, "this claim id was used for another cart; choose a new one";
    ClaimUnknown = "claim.unknown", No, "no claim of this customer has this id";
    ClaimResolved = "claim.resolved", No, "a claim is confirmed, released or timed out once; it cannot be resolved again";
    ClaimExpired = "claim.expired", No, "the claim was out of time; claim again";
    ClaimTooMany = "claim.too_many", No, "the customer has too many open claims; confirm or release some";
    ClaimDuration = "claim.duration", No, "hold for at least a second and within the limit";
    ClaimTotal = "claim.total", No, "the price has changed; show the customer the new quote and claim again";
    ClaimDue = "claim.due", No, "what gift cards pay has changed; show the customer the new quote and claim again";
    ClaimRefused = "claim.refused", No, "a code, coupon or gift card that was asked for cannot be used; the details say why";
    ClaimOrder = "claim.order", No, "the order must have the lines, quantities and prices of the claimed cart; record what was claimed";
    GiftCardExists = "gift_card.exists", No, "this card id was used before; choose a new one";
    GiftCardUnknown = "gift_card.unknown", No, "no gift card has this id or code";
    GiftCardName = "gift_card.name", No, "name the card by its id or by its code, not by both";
    GiftCardCode = "gift_card.code", No, "the code is taken; choose another one";
    GiftCardAmount = "gift_card.amount", No, "give an amount above zero";
    GiftCardDates = "gift_card.dates", No, "a card ends after it is issued";
    GiftCardInsufficient = "gift_card.insufficient", No, "use at most what is on the card, capture at most what is held";
    GiftCardFrozen = "gift_card.frozen", No, "the card may not be used; unfreeze it first";
    GiftCardNotFrozen = "gift_card.not_frozen", No, "the card is not frozen, or its purchase went back and it stays so";
    GiftCardEnded = "gift_card.ended", No, "the time of the card is over";
    GiftCardHoldUnknown = "gift_card.hold_unknown", No, "no hold of this customer on a gift card has this id";
    GiftCardHoldResolved = "gift_card.hold_resolved", No, "a hold is captured, released or timed out once; it cannot be resolved again";
    GiftCardHoldDuration = "gift_card.hold_duration", No, "give a deadline after now and within the limit";
    GiftCardRedemptionExists = "gift_card.redemption_exists", No, "this hold or redemption id was used before on a gift card; choose a new one";
    GiftCardRedemptionUnknown = "gift_card.redemption_unknown", No, "no redemption of this customer on a gift card has this id";
    GiftCardRedemptionRestored = "gift_card.redemption_restored", No, "restore at most what of the redemption has not come back yet";
    GiftCardTooMany = "gift_card.too_many", No, "the card was used too often; move the rest to a new card";
    GroupExists = "group.exists", No, "this group id was used before; choose a new one";
    GroupUnknown = "group.unknown", No, "no group has this id";
    GroupRules = "group.rules", No, "name rules for groups that the program has in force";
    GroupFull = "group.full", No, "all seats are taken; wait for one to time out, or open another group";
    GroupEnded = "group.ended", No, "the time of the group is over; open another one";
    GroupLimit = "group.limit", No, "the customer has as many seats under these rules as the program allows";
    GroupFormed = "group.formed", No, "the group has formed; refund the order instead";
    GroupSeatUnknown = "group.seat_unknown", No, "the customer has no seat in the group; join it first";
    GroupSeatLapsed = "group.seat_lapsed", No, "the seat is not held any more; join again, or give the money back";
    GroupSeatPaid = "group.seat_paid", No, "the seat is paid with another order; give the money of this one back";
    GroupOrder = "group.order", No, "pay with a valid order of the same customer that pays for no other seat";
    GroupNotDue = "group.not_due", No, "only the money of a seat that is `to_refund` goes back this way";
    GroupNotRefunded = "group.not_refunded", No, "give the money of the seat back before its owner joins again";
    StoreContended = "store.contended", Later, "other writers were faster each time; try again";
    StoreBusy = "store.busy", Later, "another process holds the database; try again when it is done";
    StoreFull = "store.full", Later, "free some disk space and try again; what was committed before stays, what was under way was not written";
    StoreReadOnly = "store.read_only", No, "give write permission to the file and its folder, or to the user of the database; a standby server cannot be written to";
    StoreMissing = "store.missing", No, "the database does not exist; make it first";
    StoreExists = "store.exists", No, "the target file exists; choose another name or remove it";
    StoreCorrupt = "store.corrupt", No, "the file is damaged or not a database of this library; restore a backup";
    StoreNewer = "store.newer", No, "the file was written by a newer release; upgrade this one";
    StoreClosed = "store.closed", No, "the store was closed; open it again";
    StoreForked = "store.forked", No, "close the database before the process is forked, or start processes anew (in Python with the start method `spawn` or `forkserver`) and open it in each";
    StoreUnreachable = "store.unreachable", Later, "the database server does not answer; whether a commit under way took effect is not known: send the same request again, it takes effect once";
    StoreLogin = "store.login", No, "the database server refuses the login; check user and password, and what the server lets in";
    StoreAddress = "store.address", No, "write `postgres://user:password@host:port/database`";
    StoreNoFeed = "store.no_feed", No, "only a store that keeps the order of its commits has a feed: memory, SQLite, PostgreSQL on one machine";
    StoreUnsupported = "store.unsupported", No, "a store of this kind cannot do that; the message says what can";
    StoreFailed = "store.failed", Later, "the storage failed; the cause is attached";
    Stopped = "stopped", No, "whoever is told about progress said so; what was committed before stays, and the same call again does the rest";
    Internal = "internal", No, "a defect of the library; please report it with the message";
}

struct Inner {
    code: ErrorCode,
    message: String,
    details: BTreeMap<&'static str, serde_json::Value>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// A refusal or a fault: code, sentence, details, help, and whether to try again.
///
/// ```
/// use crm_core::value::Points;
/// let error = Points::new(1 << 60).unwrap_err();
/// assert_eq!(error.code().as_str(), "points.range");
/// assert_eq!(error.details()["field"], "points");
/// ```
pub struct Error(Box<Inner>);

impl Error {
    /// A new error; message in lower case without a final stop, user input in backticks.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { code, message: message.into(), details: BTreeMap::new(), source: None }))
    }

    /// A broken promise of the library itself.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Internal, message)
    }

    /// Adds the name of the field at fault, unless an inner layer named one already.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.0.details.entry("field").or_insert_with(|| place(&field.into()));
        self
    }

    /// Puts an outer path in front of the field: `unit_price` in `lines[3]` becomes `lines[3].unit_price`.
    #[must_use]
    pub fn within(mut self, path: impl std::fmt::Display) -> Self {
        let inner = self.0.details.get("field").and_then(serde_json::Value::as_str).map(str::to_owned);
        let full = inner.map_or_else(|| path.to_string(), |field| format!("{path}.{field}"));
        self.0.details.insert("field", place(&full));
        self
    }

    /// Names the field at fault, whatever an inner layer called it.
    #[must_use]
    pub fn at_field(mut self, field: String) -> Self {
        self.0.details.insert("field", place(&field));
        self
    }

    /// The same as an error of a reader, which has room for a sentence only; [`From`] takes it apart again.
    pub(crate) fn in_serde<E: serde::de::Error>(self) -> E {
        let code = self.code().as_str();
        match self.details().get("limit") {
            Some(limit) => E::custom(format!("{} ({code}, limit {limit})", self.message())),
            None => E::custom(format!("{} ({code})", self.message())),
        }
    }

    /// Adds the limit that was broken.
    #[must_use]
    pub fn limit(self, limit: impl Serialize) -> Self {
        self.with("limit", limit)
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Serialize) -> Self {
        self.0.details.insert(key, serde_json::to_value(value).unwrap_or(serde_json::Value::Null));
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Structured details: `field`, `limit`, and what the code promises.
    #[must_use]
    pub fn details(&self) -> &BTreeMap<&'static str, serde_json::Value> {
        &self.0.details
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        self.0.code.help()
    }

    /// Whether trying again may help.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.code.retry()
    }

    /// The form that crosses every border: `{code, message, details, help, retry}`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "code": self.code().as_str(), "message": self.message(), "details": self.details(),
            "help": self.help(), "retry": self.retry(),
        })
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.0.message, self.0.code.as_str())
    }
}

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.0.code.as_str())
            .field("message", &self.0.message)
            .field("details", &self.0.details)
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code() && self.message() == other.message() && self.details() == other.details()
    }
}

/// The least and the greatest number of a type.
fn whole_numbers(name: &str) -> Option<(i64, u64)> {
    Some(match name {
        "i64" => (i64::MIN, i64::MAX.unsigned_abs()),
        "i32" => (i32::MIN.into(), i32::MAX.unsigned_abs().into()),
        "u64" | "usize" => (0, u64::MAX),
        "u32" => (0, u32::MAX.into()),
        "u16" => (0, u16::MAX.into()),
        "u8" => (0, u8::MAX.into()),
        _ => return None,
    })
}

/// A whole number that its place cannot hold.
fn out_of_range(text: &str) -> Option<Error> {
    let (number, expected) = text.strip_prefix("invalid value: integer `")?.split_once("`, expected ")?;
    let (name, place) = expected
        .split_once(" at line ")
        .map_or((expected, String::new()), |(name, place)| (name, format!(" at line {place}")));
    let (least, most) = whole_numbers(name)?;
    let message = format!("the number {number} is out of range: {least} to {most}{place}");
    Some(Error::new(ErrorCode::ValueRange, message).limit(most).with("least", least))
}

/// What a reader expected, without the names of types.
fn in_words(text: String) -> String {
    let Some((found, expected)) = text.rsplit_once("expected ") else { return text };
    let (first, place) = match expected.split_once(" at line ") {
        Some((first, place)) => (first, format!(" at line {place}")),
        None => (expected, String::new()),
    };
    let words = match first {
        _ if whole_numbers(first).is_some() => "a whole number",
        _ if first.starts_with("internally tagged enum ") => "an object with a `type`",
        _ if first.starts_with("struct ") => "an object",
        _ => return text,
    };
    format!("{found}expected {words}{place}")
}

/// A field as an error names it: whoever sends a name of 10 MB is not sent it back.
fn place(field: &str) -> serde_json::Value {
    serde_json::Value::String(crate::limits::shorten(field).into_owned())
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        let text = error.to_string();
        // Our own checks carry a code in brackets at the end of their sentence, and the limit if there is one.
        for code in ErrorCode::ALL.iter().copied() {
            let Some((message, rest)) = text.rsplit_once(&format!(" ({}", code.as_str())) else { continue };
            let Some((limit, place)) = rest.split_once(')') else { continue };
            let found = Self::new(code, format!("{message}{place}"));
            match limit.strip_prefix(", limit ").and_then(|limit| serde_json::from_str::<serde_json::Value>(limit).ok())
            {
                Some(limit) => return found.limit(limit),
                None if limit.is_empty() => return found,
                None => {}
            }
        }
        if let Some(found) = out_of_range(&text) {
            return found;
        }
        let text = in_words(text);
        let named = ["unknown field `", "missing field `", "duplicate field `"];
        let field =
            named.iter().find_map(|start| text.strip_prefix(start)?.split_once('`')).map(|(name, _)| name.to_owned());
        let found = Self::new(ErrorCode::ValueJson, crate::limits::shorten(&text));
        match field {
            Some(field) => found.field(field),
            None => found,
        }
    }
}
