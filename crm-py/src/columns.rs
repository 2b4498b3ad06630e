//! Rows as columns of Arrow.

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, ListBuilder, StringBuilder,
    StringDictionaryBuilder, TimestampMillisecondBuilder,
};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use crm_core::value::{Amount, CalendarDate, Currency, Points, Timestamp};
use crm_core::{Error, Result};
use std::sync::Arc;

/// What a column holds.
#[derive(Clone, Copy)]
pub(crate) enum Is {
    /// Ids and free text.
    Text,
    /// Words out of a short list, each stored once.
    Word,
    /// Points and counts.
    Int,
    /// Money, in major units.
    Money,
    /// Quantities, with three digits.
    Quantity,
    /// Instants.
    Time,
    /// Days.
    Day,
    /// Yes or no.
    Flag,
    /// Lists of texts.
    Texts,
}

/// A column of a table: its name, what it holds, and whether it may be empty.
pub(crate) type Head = (&'static str, Is, bool);

/// Digits of all decimals.
const PRECISION: u8 = 38;
const QUANTITY_DIGITS: i8 = 3;

impl Is {
    fn data_type(self, money_digits: i8) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Word => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            Self::Int => DataType::Int64,
            Self::Money => DataType::Decimal128(PRECISION, money_digits),
            Self::Quantity => DataType::Decimal128(PRECISION, QUANTITY_DIGITS),
            Self::Time => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            Self::Day => DataType::Date32,
            Self::Flag => DataType::Boolean,
            Self::Texts => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
        }
    }
}

/// The schema of columns, with money in so many digits.
pub(crate) fn schema(heads: &[Head], money_digits: i8) -> SchemaRef {
    let field = |(name, is, empty): &Head| Field::new(*name, is.data_type(money_digits), *empty);
    Arc::new(Schema::new(heads.iter().map(field).collect::<Vec<_>>()))
}

enum Column {
    Text(StringBuilder),
    Word(StringDictionaryBuilder<Int32Type>),
    Int(Int64Builder),
    Decimal(Decimal128Builder),
    Time(TimestampMillisecondBuilder),
    Day(Date32Builder),
    Flag(BooleanBuilder),
    Texts(ListBuilder<StringBuilder>),
}

impl Column {
    fn of(is: Is, money_digits: i8) -> Self {
        let data_type = is.data_type(money_digits);
        match is {
            Is::Text => Self::Text(StringBuilder::new()),
            Is::Word => Self::Word(StringDictionaryBuilder::new()),
            Is::Int => Self::Int(Int64Builder::new()),
            Is::Money | Is::Quantity => Self::Decimal(Decimal128Builder::new().with_data_type(data_type)),
            Is::Time => Self::Time(TimestampMillisecondBuilder::new().with_data_type(data_type)),
            Is::Day => Self::Day(Date32Builder::new()),
            Is::Flag => Self::Flag(BooleanBuilder::new()),
            Is::Texts => Self::Texts(ListBuilder::new(StringBuilder::new())),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            // The words stay, so that a number means the same in every batch of a stream.
            Self::Word(builder) => Arc::new(builder.finish_preserve_values()),
            Self::Int(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder) => Arc::new(builder.finish()),
            Self::Time(builder) => Arc::new(builder.finish()),
            Self::Day(builder) => Arc::new(builder.finish()),
            Self::Flag(builder) => Arc::new(builder.finish()),
            Self::Texts(builder) => Arc::new(builder.finish()),
        }
    }
}

/// Rows that become a batch.
pub(crate) struct Rows {
    schema: SchemaRef,
    columns: Vec<Column>,
    money_digits: i8,
    count: usize,
}

/// A row that is being filled, from left to right.
pub(crate) struct Row<'a> {
    rest: std::slice::IterMut<'a, Column>,
    money_digits: i8,
    /// A value met a column that is not its own: a defect of the table.
    amiss: bool,
}

impl Rows {
    pub(crate) fn new(heads: &[Head], schema: SchemaRef, money_digits: i8) -> Self {
        let columns = heads.iter().map(|(_, is, _)| Column::of(*is, money_digits)).collect();
        Self { schema, columns, money_digits, count: 0 }
    }

    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, fill: impl FnOnce(&mut Row<'_>) -> Result<()>) -> Result<()> {
        let mut row = Row { rest: self.columns.iter_mut(), money_digits: self.money_digits, amiss: false };
        fill(&mut row)?;
        if row.amiss || 0 < row.rest.len() {
            return Err(Error::internal("a row of a table does not fit its columns"));
        }
        self.count += 1;
        Ok(())
    }

    /// The batch of what was added.
    pub(crate) fn finish(&mut self) -> std::result::Result<RecordBatch, ArrowError> {
        self.count = 0;
        RecordBatch::try_new(self.schema.clone(), self.columns.iter_mut().map(Column::finish).collect())
    }
}

impl Row<'_> {
    pub(crate) fn text<'v>(&mut self, value: impl Into<Option<&'v str>>) -> &mut Self {
        let value = value.into();
        match self.rest.next() {
            Some(Column::Text(builder)) => builder.append_option(value),
            Some(Column::Word(builder)) => builder.append_option(value),
            _ => self.amiss = true,
        }
        self
    }

    pub(crate) fn int(&mut self, value: impl Into<Option<i64>>) -> &mut Self {
        match self.rest.next() {
            Some(Column::Int(builder)) => builder.append_option(value.into()),
            _ => self.amiss = true,
        }
        self
    }

    pub(crate) fn count(&mut self, value: u64) -> &mut Self {
        self.int(i64::try_from(value).unwrap_or(i64::MAX))
    }

    pub(crate) fn points(&mut self, value: Points) -> &mut Self {
        self.int(value.get())
    }

    fn decimal(&mut self, value: Option<i128>) -> &mut Self {
        match self.rest.next() {
            Some(Column::Decimal(builder)) => builder.append_option(value),
            _ => self.amiss = true,
        }
        self
    }

    /// Minor units of a currency.
    pub(crate) fn minor(&mut self, currency: Currency, minor: i64) -> Result<&mut Self> {
        let digits = i64::from(self.money_digits) - i64::from(currency.digits());
        let Some(factor) = u32::try_from(digits).ok().and_then(|more| 10_i128.checked_pow(more)) else {
            // A program that accepted it once, and does not any more.
            let message = format!("{} has more digits than the currencies of the program in force", currency.code());
            return Err(Error::new(crm_core::ErrorCode::MoneyPrecision, message).field("currency"));
        };
        Ok(self.decimal(Some(i128::from(minor) * factor)))
    }

    pub(crate) fn amount(&mut self, currency: Currency, amount: Amount) -> Result<&mut Self> {
        self.minor(currency, currency.minor(amount)?)
    }

    pub(crate) fn no_amount(&mut self) -> &mut Self {
        self.decimal(None)
    }

    pub(crate) fn thousandths(&mut self, quantity: i64) -> &mut Self {
        self.decimal(Some(i128::from(quantity)))
    }

    pub(crate) fn time(&mut self, value: impl Into<Option<Timestamp>>) -> &mut Self {
        match self.rest.next() {
            Some(Column::Time(builder)) => builder.append_option(value.into().map(Timestamp::millis)),
            _ => self.amiss = true,
        }
        self
    }

    pub(crate) fn day(&mut self, value: Option<CalendarDate>) -> &mut Self {
        match self.rest.next() {
            Some(Column::Day(builder)) => {
                builder.append_option(value.and_then(|day| i32::try_from(day.day_number()).ok()));
            }
            _ => self.amiss = true,
        }
        self
    }

    pub(crate) fn flag(&mut self, value: bool) -> &mut Self {
        match self.rest.next() {
            Some(Column::Flag(builder)) => builder.append_value(value),
            _ => self.amiss = true,
        }
        self
    }

    pub(crate) fn texts<T: AsRef<str>>(&mut self, values: impl Iterator<Item = T>) -> &mut Self {
        match self.rest.next() {
            Some(Column::Texts(builder)) => {
                for value in values {
                    builder.values().append_value(value);
                }
                builder.append(true);
            }
            _ => self.amiss = true,
        }
        self
    }
}
