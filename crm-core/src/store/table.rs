//! Every table, described once: names, keys, columns, indexes. Backends create and read them from here.

/// The tables of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// One row per customer: who they are, and their open lots, tiers, stage and windows as of the last command.
    Customer,
    /// One row per order, with its lines, refunds and awards.
    Order,
    /// The journal: one row per entry, never changed. The rows with a request id are the marks of exactly-once.
    Entry,
    /// Lots with nothing left in them, kept so that a later refund or reversal finds them.
    Lot,
    /// Redemptions: spends and resolved holds.
    Redemption,
    /// Who has an identifier, an order id, a refund id: one row per name.
    Identity,
    /// Published revisions of the program.
    Program,
    /// Imports.
    Batch,
    /// Counters with a limit.
    Counter,
    /// What open claims hold of counters: one row per claim and counter.
    CounterHold,
    /// Coupons that are used, revoked, transferred or out of time.
    Coupon,
    /// Claims of checkouts, with their receipts.
    Claim,
    /// Gift cards: one row per card, whoever uses it.
    GiftCard,
    /// Groups that buy together: one row per group, with its seats.
    Group,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// A whole number.
    Int,
    /// A text.
    Text,
    /// Bytes in the library's own form.
    Blob,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnType,
    /// Whether it may be null.
    pub nullable: bool,
    /// What it means, for the reference page and for people with a SQL prompt.
    pub meaning: &'static str,
}

/// An index: its columns, and whether it leaves rows out whose first of them is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// The places of its columns.
    pub columns: &'static [usize],
    /// Whether equal cells may occur only once (null is never equal).
    pub unique: bool,
    /// The place of the column that must not be null for a row to be in it, if any.
    pub not_null: Option<usize>,
}

/// The description of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name in SQL.
    pub name: &'static str,
    /// What a row is.
    pub meaning: &'static str,
    /// All columns, key columns first.
    pub columns: &'static [Column],
    /// How many leading columns are the key.
    pub key: usize,
    /// The place of the version column, if rows have versions.
    pub version: Option<usize>,
    /// Indexes beside the key.
    pub indexes: &'static [Index],
}

const fn int(name: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: ColumnType::Int, nullable: false, meaning }
}
const fn int_or_null(name: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: ColumnType::Int, nullable: true, meaning }
}
const fn text(name: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: ColumnType::Text, nullable: false, meaning }
}
const fn text_or_null(name: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: ColumnType::Text, nullable: true, meaning }
}
const fn blob(name: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: ColumnType::Blob, nullable: false, meaning }
}
const fn blob_or_null(name: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: ColumnType::Blob, nullable: true, meaning }
}

const BUCKET: Column = int("bucket", "stable hash of the owner, 0 to 1023; leads every key");
const CUSTOMER: Column = text("customer_id", "the customer");

impl Table {
    /// Every table.
    pub const ALL: &'static [Self] = &[
        Self::Customer,
        Self::Order,
        Self::Entry,
        Self::Lot,
        Self::Redemption,
        Self::Identity,
        Self::Program,
        Self::Batch,
        Self::Counter,
        Self::CounterHold,
        Self::Coupon,
        Self::Claim,
        Self::GiftCard,
        Self::Group,
    ];

    /// Its description.
    #[must_use]
    pub const fn describe(self) -> &'static Description {
        match self {
            Self::Customer => &CUSTOMERS,
            Self::Order => &ORDERS,
            Self::Entry => &ENTRIES,
            Self::Lot => &LOTS,
            Self::Redemption => &REDEMPTIONS,
            Self::Identity => &IDENTITIES,
            Self::Program => &PROGRAMS,
            Self::Batch => &BATCHES,
            Self::Counter => &COUNTERS,
            Self::CounterHold => &COUNTER_HOLDS,
            Self::Coupon => &COUPONS,
            Self::Claim => &CLAIMS,
            Self::GiftCard => &GIFT_CARDS,
            Self::Group => &GROUPS,
        }
    }
}

static CUSTOMERS: Description = Description {
    name: "customer",
    meaning: "a customer, with the state of their accounts as of the last command",
    columns: &[
        BUCKET,
        CUSTOMER,
        int("version", "counts the commits that changed this customer"),
        int("registered_at", "when they joined, ms since 1970 UTC"),
        text_or_null("stage", "lifecycle stage as of the last command"),
        text_or_null("activity", "lifecycle activity as of the last command"),
        text_or_null("tier", "tier on the program's first ladder as of the last command"),
        int("points", "available points of the program's first currency as of the last command"),
        int_or_null("next_due_at", "when time alone changes something next, ms since 1970 UTC"),
        blob("profile", "identifiers, profile, tags, attributes, consent"),
        blob("state", "open lots, holds, debts, tier and lifecycle windows"),
    ],
    key: 2,
    version: Some(2),
    indexes: &[Index { name: "customer_due", columns: &[8], unique: false, not_null: Some(8) }],
};

static ORDERS: Description = Description {
    name: "orders",
    meaning: "an order",
    columns: &[
        BUCKET,
        CUSTOMER,
        text("order_id", "the order"),
        int("paid_at", "when it was paid, ms since 1970 UTC"),
        text("currency", "ISO 4217"),
        int("total_minor", "what was paid in all, shipping and tax included, in minor units"),
        int("refunded_minor", "what went back so far, in minor units"),
        text("status", "valid, partly_refunded, goods_refunded, fully_refunded, cancelled, reverted"),
        text_or_null("channel", "where it was made"),
        text_or_null("store", "in which shop"),
        blob("body", "lines, tenders, refunds, awards"),
    ],
    key: 3,
    version: None,
    indexes: &[],
};

static ENTRIES: Description = Description {
    name: "entry",
    meaning: "one thing that happened; never changed",
    columns: &[
        BUCKET,
        CUSTOMER,
        int("seq", "place in the customer's journal, from 1"),
        text("kind", "what happened: order, refund, earn, spend, expire, tier, stage, …"),
        int("effective_at", "when it counts from, ms since 1970 UTC"),
        int("recorded_at", "when it was recorded, ms since 1970 UTC"),
        text_or_null("request_id", "on the first entry of a request: its id"),
        text_or_null("currency", "point currency"),
        int_or_null("points", "change of what the customer holds (pending, available and held, less debt)"),
        text_or_null("subject", "order, refund, event, hold or redemption id"),
        int("revision", "revision of the program it was made under"),
        blob("body", "postings, attributions, causes, explanations"),
        blob_or_null("mark", "on the first entry of a request: fingerprint and receipt"),
    ],
    key: 3,
    version: None,
    indexes: &[Index { name: "entry_request", columns: &[0, 1, 6], unique: true, not_null: Some(6) }],
};

static LOTS: Description = Description {
    name: "lot",
    meaning: "a closed lot",
    columns: &[
        BUCKET,
        CUSTOMER,
        text("currency", "point currency"),
        int("lot", "its number in the account"),
        blob("body", "its amounts and dates"),
    ],
    key: 4,
    version: None,
    indexes: &[],
};

static REDEMPTIONS: Description = Description {
    name: "redemption",
    meaning: "a spend or a resolved hold, with the lots it took",
    columns: &[BUCKET, CUSTOMER, text("redemption_id", "its id"), blob("body", "lots, amounts, what was reversed")],
    key: 3,
    version: None,
    indexes: &[],
};

static IDENTITIES: Description = Description {
    name: "identity",
    meaning: "who a name belongs to",
    columns: &[
        BUCKET,
        text("name", "normal form: phone:+8613800138000, email:a@b.c, order:4711, …"),
        int("version", "counts changes"),
        text_or_null("customer_id", "whose; none while only parked refunds wait for an order"),
        blob_or_null("body", "refunds that wait for their order"),
    ],
    key: 2,
    version: Some(2),
    indexes: &[],
};

static PROGRAMS: Description = Description {
    name: "program",
    meaning: "a published revision of the program",
    columns: &[
        int("revision", "its number"),
        int("published_at", "when, ms since 1970 UTC"),
        text("document", "the document as JSON"),
    ],
    key: 1,
    version: None,
    indexes: &[],
};

static BATCHES: Description = Description {
    name: "batch",
    meaning: "an import",
    columns: &[
        text("batch_id", "its id"),
        int("version", "counts changes"),
        int("started_at", "when, ms since 1970 UTC"),
        text("state", "running, done, reverted"),
        text("source", "format and file name"),
        blob("body", "counts, the items it wrote"),
    ],
    key: 1,
    version: Some(1),
    indexes: &[],
};

static COUNTERS: Description = Description {
    name: "counter",
    meaning: "a counter with a limit",
    columns: &[BUCKET, text("name", "its name"), int("used", "how much is used")],
    key: 2,
    version: None,
    indexes: &[],
};

static COUNTER_HOLDS: Description = Description {
    name: "counter_hold",
    meaning: "what an open claim holds of a counter; the earliest to end first",
    columns: &[
        BUCKET,
        text("name", "the counter's name"),
        int("deadline", "when the claim times out, ms since 1970 UTC"),
        CUSTOMER,
        text("claim_id", "the claim"),
        int("amount", "how much of the counter it holds"),
    ],
    key: 5,
    version: None,
    indexes: &[],
};

static COUPONS: Description = Description {
    name: "coupon",
    meaning: "a closed coupon",
    columns: &[
        BUCKET,
        CUSTOMER,
        text("coupon_id", "the coupon"),
        text("offer", "to which offer"),
        text("state", "redeemed, revoked, expired, transferred"),
        int("issued_at", "when it was issued, ms since 1970 UTC"),
        int_or_null("valid_until", "first instant after its last one, ms since 1970 UTC"),
        blob("body", "code, uses, origin"),
    ],
    key: 3,
    version: None,
    indexes: &[],
};

static CLAIMS: Description = Description {
    name: "claim",
    meaning: "a checkout's claim",
    columns: &[
        BUCKET,
        CUSTOMER,
        text("claim_id", "the claim"),
        text("state", "held, confirmed, released, expired"),
        int("claimed_at", "when it was made, ms since 1970 UTC"),
        int("deadline", "when it times or timed out, ms since 1970 UTC"),
        text("currency", "ISO 4217"),
        int("off_minor", "what its offers take off, in minor units"),
        text_or_null("order_id", "the order that was paid with it"),
        blob("body", "what it holds, and its receipt: cart, quote and the rules of the offers"),
    ],
    key: 3,
    version: None,
    indexes: &[],
};

static GIFT_CARDS: Description = Description {
    name: "gift_card",
    meaning: "a gift card, as of the last thing that happened to it",
    columns: &[
        BUCKET,
        text("card_id", "the card"),
        int("version", "counts the commits that changed this card"),
        text("customer_id", "to whom it was issued"),
        text("state", "active, frozen, used, expired"),
        text("currency", "ISO 4217"),
        int("issued_minor", "what it was issued with, in minor units"),
        int("balance_minor", "what can be used, in minor units"),
        int("held_minor", "what checkouts hold, in minor units"),
        int_or_null("valid_until", "first instant after its last one, ms since 1970 UTC"),
        int_or_null("next_due_at", "when time alone changes something next, ms since 1970 UTC"),
        blob("body", "code, books, holds and redemptions"),
    ],
    key: 2,
    version: Some(2),
    indexes: &[Index { name: "gift_card_due", columns: &[10], unique: false, not_null: Some(10) }],
};

static GROUPS: Description = Description {
    name: "group_buy",
    meaning: "a group that buys together, as of the last thing that happened to it",
    columns: &[
        BUCKET,
        text("group_id", "the group"),
        int("version", "counts the commits that changed this group"),
        text("customer_id", "who opened it"),
        text("rules", "under which rules of the program"),
        text("state", "open, forming, formed, expired, refunding, closed"),
        int("opened_at", "when it was opened, ms since 1970 UTC"),
        int("forms_by", "first instant at which it cannot form any more, ms since 1970 UTC"),
        int("taken", "how many seats are held or paid"),
        int("paid", "how many seats are paid"),
        int_or_null("next_due_at", "when time alone changes something next, ms since 1970 UTC"),
        blob("body", "terms and seats"),
    ],
    key: 2,
    version: Some(2),
    indexes: &[Index { name: "group_due", columns: &[10], unique: false, not_null: Some(10) }],
};
