//! The column map of the plain format: which header is what.

use crate::customer::IdentifierKind;
use crate::error::{Error, ErrorCode, Result};
use crate::value::{Channel, Currency, Zone};
use chrono::format::{Item, StrftimeItems};
use serde::{Deserialize, Serialize};

/// Which column is what, in a CSV with one row per order line. Columns are named by their headers; `name#2` is the second of that name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ColumnMap {
    /// The order. Rows with the same id are one order, wherever they stand.
    pub order_id: String,
    /// When it was paid; the first row of the order counts.
    pub paid_at: String,
    /// Forms of that time in the notation of `strftime`, tried in turn; none for year-first dates (`2026-01-05 10:00:00`, `2026/1/5 9:30`, RFC 3339).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub date_formats: Vec<String>,
    /// Where times without an offset are meant; default the program's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// What stands between the whole and its fraction in amounts and quantities; default the point, with grouping commas allowed.
    #[serde(default)]
    pub decimal_mark: DecimalMark,
    /// The currency of all amounts; default the program's first, unless `currency_column` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The currency of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency_column: Option<String>,
    /// Who bought, the most trusted first; the first row of the order counts.
    pub customer: Vec<IdentifierColumn>,
    /// The customer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
    /// The article; without it every line is `item`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// Its category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Its brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// How many; default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// Price of one.
    pub unit_price: String,
    /// Discount on the line, in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_discount: Option<String>,
    /// Discount on the order; the first row counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_discount: Option<String>,
    /// What was charged for delivery; the first row counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<String>,
    /// Where it was made; the first row counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_column: Option<String>,
    /// Where all of it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// In which shop; the first row counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Ids that begin with this are refunds: their rows are articles that came back (negative quantities), with no order named. The
    /// program's policy `refunds.without_order` decides what they are matched to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_prefix: Option<String>,
    /// What went back of the order in all so far; the first row counts. It is refunded at `refunded_at`, or when the order was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded_amount: Option<String>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded_at: Option<String>,
    /// Orders and refunds of nobody. They are left out either way.
    #[serde(default)]
    pub without_customer: Strange,
    /// Lines with a price of zero. They are kept without a word unless this says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zero_price: Option<Strange>,
    /// Lines with a price below zero. They are left out either way.
    #[serde(default)]
    pub negative_price: Strange,
    /// What becomes of columns that are named here and missing in the file. Order, time, price and a customer must be there.
    #[serde(default)]
    pub missing: Missing,
}

/// A column with an identifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IdentifierColumn {
    /// Its header.
    pub column: String,
    /// Of which kind.
    #[serde(rename = "type")]
    pub kind: IdentifierKind,
    /// Where it is valid, for kinds that need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Cut off at the end: `.0`, where a spreadsheet made numbers of the ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strip_suffix: Option<String>,
}

/// What stands before the fraction of a number; the other one may group its thousands, as blanks may where the comma does it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// `1,234.56`.
    #[default]
    Point,
    /// `1.234,56`.
    Comma,
}

/// What becomes of something that is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Strange {
    /// It is counted, and reported as an issue.
    #[default]
    Issue,
    /// It is counted.
    Skip,
}

/// What becomes of a column that is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The file is refused with `import.header`.
    #[default]
    Refuse,
    /// The file has no such data.
    Ignore,
}

impl Default for ColumnMap {
    /// Our own form: `order_id, paid_at, unit_price` and one of `member_no, phone, email`; `quantity, sku, category, brand,
    /// line_discount, order_discount, shipping, currency, channel, store, name, refunded_amount, refunded_at` where there are some.
    fn default() -> Self {
        let some = |name: &str| Some(name.to_owned());
        Self {
            order_id: "order_id".to_owned(),
            paid_at: "paid_at".to_owned(),
            date_formats: Vec::new(),
            zone: None,
            decimal_mark: DecimalMark::Point,
            currency: None,
            currency_column: some("currency"),
            customer: IdentifierColumn::usual(),
            customer_name: some("name"),
            sku: some("sku"),
            category: some("category"),
            brand: some("brand"),
            quantity: some("quantity"),
            unit_price: "unit_price".to_owned(),
            line_discount: some("line_discount"),
            order_discount: some("order_discount"),
            shipping: some("shipping"),
            channel_column: some("channel"),
            channel: None,
            store: some("store"),
            refund_prefix: None,
            refunded_amount: some("refunded_amount"),
            refunded_at: some("refunded_at"),
            without_customer: Strange::Issue,
            zero_price: None,
            negative_price: Strange::Issue,
            missing: Missing::Ignore,
        }
    }
}

impl ColumnMap {
    /// Reads a map from its JSON text.
    ///
    /// # Errors
    /// `value.json` for what is not a map, `import.header` for one that names no customer or a form of dates that is none.
    pub fn from_json(text: &str) -> Result<Self> {
        let map: Self = crate::value::read_text(text)?;
        map.check()?;
        Ok(map)
    }

    /// What can be wrong with a map before it has seen a file.
    pub(super) fn check(&self) -> Result<()> {
        if self.customer.is_empty() {
            let message = "the column map names no column with a customer";
            return Err(Error::new(ErrorCode::ImportHeader, message).field("customer"));
        }
        check_formats(&self.date_formats)
    }
}

impl IdentifierColumn {
    /// `member_no`, `phone`, `email`.
    pub(super) fn usual() -> Vec<Self> {
        let who = |column: &str, kind| Self { column: column.to_owned(), kind, scope: None, strip_suffix: None };
        vec![
            who("member_no", IdentifierKind::MemberNo),
            who("phone", IdentifierKind::Phone),
            who("email", IdentifierKind::Email),
        ]
    }
}

/// Refuses forms of dates that are none.
pub(super) fn check_formats(formats: &[String]) -> Result<()> {
    let broken = |format: &&String| StrftimeItems::new(format).any(|item| matches!(item, Item::Error));
    let Some(format) = formats.iter().find(broken) else { return Ok(()) };
    let message = format!("`{}` is not a form of dates", crate::limits::quote(format));
    Err(Error::new(ErrorCode::ImportHeader, message).field("date_formats"))
}
