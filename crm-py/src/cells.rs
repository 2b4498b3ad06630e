//! A table of Arrow as the library's imports read it: cells without copies of the columns.

use crate::errors::{caught, raise};
use crate::ffi;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DecimalType, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array as _, ArrayRef, BinaryArray, BooleanArray, LargeBinaryArray, LargeStringArray, PrimitiveArray, StringArray,
    StringViewArray,
};
use arrow_schema::{ArrowError, DataType, TimeUnit};
use chrono::{DateTime, SecondsFormat};
use crm_core::import::{CellColumn, CellType, Cells};
use crm_core::{Error, ErrorCode, Result};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::fmt::Write;

/// A table that was handed over.
pub(crate) struct Handed {
    columns: Vec<CellColumn>,
    batches: Vec<Batch>,
    rows: u64,
}

/// A run of rows.
struct Batch {
    first: u64,
    columns: Vec<Column>,
}

/// A column of a batch.
enum Column {
    Text(StringArray),
    LargeText(LargeStringArray),
    View(StringViewArray),
    Whole(Whole),
    Decimal(PrimitiveArray<Decimal128Type>, i8),
    OtherDecimal(Box<dyn Fn(usize) -> Option<String> + Send + Sync>),
    Flag(BooleanArray),
    /// Milliseconds since 1970, of the instant or of the wall clock.
    Time(Box<dyn Fn(usize) -> Option<i64> + Send + Sync>, CellType),
    /// Words by their number in a list.
    Dictionary(Whole, Box<Column>),
    /// Nothing that is ever read.
    Blank,
}

/// Whole numbers of any width.
enum Whole {
    Int8(PrimitiveArray<Int8Type>),
    Int16(PrimitiveArray<Int16Type>),
    Int32(PrimitiveArray<Int32Type>),
    Int64(PrimitiveArray<Int64Type>),
    UInt8(PrimitiveArray<UInt8Type>),
    UInt16(PrimitiveArray<UInt16Type>),
    UInt32(PrimitiveArray<UInt32Type>),
    UInt64(PrimitiveArray<UInt64Type>),
}

impl Whole {
    fn of(array: &ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Int8 => Self::Int8(array.as_primitive().clone()),
            DataType::Int16 => Self::Int16(array.as_primitive().clone()),
            DataType::Int32 => Self::Int32(array.as_primitive().clone()),
            DataType::Int64 => Self::Int64(array.as_primitive().clone()),
            DataType::UInt8 => Self::UInt8(array.as_primitive().clone()),
            DataType::UInt16 => Self::UInt16(array.as_primitive().clone()),
            DataType::UInt32 => Self::UInt32(array.as_primitive().clone()),
            DataType::UInt64 => Self::UInt64(array.as_primitive().clone()),
            _ => return None,
        })
    }

    fn get(&self, row: usize) -> Option<i128> {
        match self {
            Self::Int8(array) => value(array, row).map(i128::from),
            Self::Int16(array) => value(array, row).map(i128::from),
            Self::Int32(array) => value(array, row).map(i128::from),
            Self::Int64(array) => value(array, row).map(i128::from),
            Self::UInt8(array) => value(array, row).map(i128::from),
            Self::UInt16(array) => value(array, row).map(i128::from),
            Self::UInt32(array) => value(array, row).map(i128::from),
            Self::UInt64(array) => value(array, row).map(i128::from),
        }
    }
}

fn value<T: arrow_array::ArrowPrimitiveType>(array: &PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    array.is_valid(row).then(|| array.value(row))
}

/// What the cells of a column are.
fn cells(data_type: &DataType) -> CellType {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => CellType::Text,
        kind if kind.is_integer() => CellType::Whole,
        kind if kind.is_floating() => CellType::Float,
        kind if kind.is_decimal() => CellType::Decimal,
        DataType::Boolean => CellType::Flag,
        DataType::Timestamp(_, Some(_)) => CellType::Instant,
        DataType::Timestamp(_, None) => CellType::Local,
        DataType::Date32 | DataType::Date64 => CellType::Day,
        DataType::Null => CellType::Nothing,
        DataType::Dictionary(_, values) => cells(values),
        _ => CellType::Other,
    }
}

/// What people call it who have not read the specification of Arrow.
fn called(data_type: &DataType) -> String {
    match data_type {
        DataType::Float64 => "a float (double)".to_owned(),
        DataType::Float32 | DataType::Float16 => "a float".to_owned(),
        DataType::Timestamp(..) => "a timestamp".to_owned(),
        DataType::Dictionary(_, values) => called(values),
        other => other.to_string(),
    }
}

impl Column {
    fn of(array: &ArrayRef) -> Self {
        match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string().clone()),
            DataType::LargeUtf8 => Self::LargeText(array.as_string().clone()),
            DataType::Utf8View => Self::View(array.as_string_view().clone()),
            DataType::Boolean => Self::Flag(array.as_boolean().clone()),
            DataType::Decimal128(_, scale) => Self::Decimal(array.as_primitive().clone(), *scale),
            DataType::Decimal32(..) => decimal::<Decimal32Type>(array),
            DataType::Decimal64(..) => decimal::<Decimal64Type>(array),
            DataType::Decimal256(..) => decimal::<Decimal256Type>(array),
            DataType::Timestamp(unit, _) => {
                let kind = cells(array.data_type());
                match unit {
                    TimeUnit::Second => {
                        let array = array.as_primitive::<TimestampSecondType>().clone();
                        Self::Time(Box::new(move |row| value(&array, row)?.checked_mul(1_000)), kind)
                    }
                    TimeUnit::Millisecond => {
                        let array = array.as_primitive::<TimestampMillisecondType>().clone();
                        Self::Time(Box::new(move |row| value(&array, row)), kind)
                    }
                    // What is below a millisecond is cut off, as it is in a text.
                    TimeUnit::Microsecond => {
                        let array = array.as_primitive::<TimestampMicrosecondType>().clone();
                        Self::Time(Box::new(move |row| Some(value(&array, row)?.div_euclid(1_000))), kind)
                    }
                    TimeUnit::Nanosecond => {
                        let array = array.as_primitive::<TimestampNanosecondType>().clone();
                        Self::Time(Box::new(move |row| Some(value(&array, row)?.div_euclid(1_000_000))), kind)
                    }
                }
            }
            DataType::Date32 => {
                let array = array.as_primitive::<Date32Type>().clone();
                let millis = move |row| Some(i64::from(value(&array, row)?) * 86_400_000);
                Self::Time(Box::new(millis), CellType::Day)
            }
            DataType::Date64 => {
                let array = array.as_primitive::<Date64Type>().clone();
                Self::Time(Box::new(move |row| value(&array, row)), CellType::Day)
            }
            DataType::Dictionary(key, _) => match &**key {
                DataType::Int8 => dictionary::<Int8Type>(array),
                DataType::Int16 => dictionary::<Int16Type>(array),
                DataType::Int32 => dictionary::<Int32Type>(array),
                DataType::Int64 => dictionary::<Int64Type>(array),
                DataType::UInt8 => dictionary::<UInt8Type>(array),
                DataType::UInt16 => dictionary::<UInt16Type>(array),
                DataType::UInt32 => dictionary::<UInt32Type>(array),
                DataType::UInt64 => dictionary::<UInt64Type>(array),
                _ => Self::Blank,
            },
            _ => Whole::of(array).map_or(Self::Blank, Self::Whole),
        }
    }

    /// Hands a cell over; `text` is room to write in.
    fn read(&self, row: usize, text: &mut String, each: &mut dyn FnMut(&str)) {
        text.clear();
        match self {
            Self::Text(array) if array.is_valid(row) => return each(array.value(row)),
            Self::LargeText(array) if array.is_valid(row) => return each(array.value(row)),
            Self::View(array) if array.is_valid(row) => return each(array.value(row)),
            Self::Flag(array) if array.is_valid(row) => return each(if array.value(row) { "true" } else { "false" }),
            Self::Whole(array) => {
                if let Some(number) = array.get(row) {
                    // Writing into a text does not fail.
                    let _ = write!(text, "{number}");
                }
            }
            Self::Decimal(array, scale) if array.is_valid(row) => put_decimal(text, array.value(row), *scale),
            Self::OtherDecimal(array) => text.push_str(&array(row).unwrap_or_default()),
            Self::Time(array, kind) => {
                if let Some(millis) = array(row) {
                    put_time(text, millis, *kind);
                }
            }
            Self::Dictionary(keys, values) => {
                if let Some(place) = keys.get(row).and_then(|key| usize::try_from(key).ok()) {
                    return values.read(place, text, each);
                }
            }
            _ => {}
        }
        each(text);
    }
}

/// What a column of texts has in place of texts, if the bytes of some are none: whoever made it broke the rules of Arrow.
fn no_text(array: &ArrayRef, first_row: u64) -> Option<String> {
    fn first<'a>(mut bytes: impl Iterator<Item = Option<&'a [u8]>>) -> Option<usize> {
        bytes.position(|bytes| bytes.is_some_and(|bytes| std::str::from_utf8(bytes).is_err()))
    }
    let row = match array.data_type() {
        DataType::Utf8 => first(BinaryArray::from(array.as_string::<i32>().clone()).iter()),
        DataType::LargeUtf8 => first(LargeBinaryArray::from(array.as_string::<i64>().clone()).iter()),
        DataType::Utf8View => first(array.as_string_view().clone().to_binary_view().iter()),
        // Its words, and not its rows.
        DataType::Dictionary(..) => {
            return no_text(array.as_any_dictionary().values(), 0)
                .map(|_| "words of bytes that are no UTF-8".to_owned());
        }
        _ => None,
    }?;
    let row = first_row.saturating_add(u64::try_from(row).unwrap_or(0));
    Some(format!("bytes that are no UTF-8, first in row {row}"))
}

fn decimal<T: DecimalType>(array: &ArrayRef) -> Column {
    let array = array.as_primitive::<T>().clone();
    Column::OtherDecimal(Box::new(move |row| array.is_valid(row).then(|| array.value_as_string(row))))
}

fn dictionary<K: ArrowDictionaryKeyType>(array: &ArrayRef) -> Column {
    let array = array.as_dictionary::<K>();
    let keys: ArrayRef = std::sync::Arc::new(array.keys().clone());
    Whole::of(&keys).map_or(Column::Blank, |keys| Column::Dictionary(keys, Box::new(Column::of(array.values()))))
}

/// `-1234` of scale 2 as `-12.34`.
fn put_decimal(text: &mut String, number: i128, scale: i8) {
    let Ok(places) = usize::try_from(scale) else {
        let _ = write!(text, "{number}");
        if number != 0 {
            text.extend(std::iter::repeat_n('0', usize::from(scale.unsigned_abs())));
        }
        return;
    };
    if number < 0 {
        text.push('-');
    }
    let digits = number.unsigned_abs().to_string();
    let whole = digits.len().saturating_sub(places);
    let (whole, fraction) = digits.split_at_checked(whole).unwrap_or((&digits, ""));
    text.push_str(if whole.is_empty() { "0" } else { whole });
    if 0 < places {
        let _ = write!(text, ".{fraction:0>places$}");
    }
}

/// An instant, a wall-clock time or a day as the library reads them.
fn put_time(text: &mut String, millis: i64, kind: CellType) {
    let Some(at) = DateTime::from_timestamp_millis(millis) else {
        // Beyond every calendar: it is refused as the text that it is.
        let _ = write!(text, "{millis} ms");
        return;
    };
    match kind {
        CellType::Instant => text.push_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true)),
        CellType::Day => {
            let _ = write!(text, "{}", at.format("%Y-%m-%d"));
        }
        _ => {
            let _ = write!(text, "{}", at.format("%Y-%m-%d %H:%M:%S%.3f"));
        }
    }
}

impl Handed {
    /// Reads the batches of an object's stream; the data stays where it is.
    pub(crate) fn take(table: &Bound<'_, PyAny>) -> PyResult<Self> {
        caught(table.py(), || Self::read(table))
    }

    fn read(table: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = table.py();
        let wrong = |message: String| raise(py, &Error::new(ErrorCode::ValueType, message).field("table"));
        let kind = table.get_type().name()?;
        let Ok(method) = table.getattr("__arrow_c_stream__") else {
            let message = format!(
                "`{kind}` is not a table; give a DataFrame of polars or pandas, a table of pyarrow, a relation of \
                 DuckDB, or anything else with `__arrow_c_stream__`"
            );
            return Err(wrong(message));
        };
        let unreadable = |error: &dyn std::fmt::Display| wrong(format!("`{kind}` cannot be read as a table: {error}"));
        // A library may find out only now that it cannot make Arrow of its own columns, such as one of texts and bytes.
        let because = |error: PyErr| {
            if !error.is_instance_of::<PyException>(py) {
                return error;
            }
            let refused = unreadable(&error.value(py));
            refused.set_cause(py, Some(error));
            refused
        };
        let capsule = method.call0().and_then(|made| Ok(made.cast_into::<PyCapsule>()?)).map_err(because)?;
        let mut stream = ffi::Incoming::of(&capsule).map_err(because)?.map_err(|error| unreadable(&error))?;
        let columns = stream.fields().iter().map(|field| CellColumn {
            name: field.name().clone(),
            cells: cells(field.data_type()),
            called: called(field.data_type()),
        });
        let mut handed = Self { columns: columns.collect(), batches: Vec::new(), rows: 0 };
        // Whoever makes the batches may want the lock.
        let read = py.detach(|| {
            while let Some(batch) = stream.batch() {
                let (rows, columns) = batch?;
                let mut made = Vec::with_capacity(columns.len());
                for (array, told) in columns.iter().zip(&mut handed.columns) {
                    // Nothing may look into texts that are none.
                    let broken = no_text(array, handed.rows);
                    made.push(if broken.is_some() { Column::Blank } else { Column::of(array) });
                    if let Some(called) = broken {
                        (told.cells, told.called) = (CellType::Other, called);
                    }
                }
                if 0 < rows {
                    handed.batches.push(Batch { first: handed.rows, columns: made });
                }
                handed.rows += u64::try_from(rows).unwrap_or(0);
            }
            Ok::<_, ArrowError>(())
        });
        read.map_err(|error| unreadable(&error))?;
        Ok(handed)
    }
}

impl Cells for Handed {
    fn columns(&self) -> &[CellColumn] {
        &self.columns
    }

    fn rows(&self) -> u64 {
        self.rows
    }

    fn read(&self, row: u64, columns: &[usize], each: &mut dyn FnMut(&str)) -> Result<()> {
        let lost = || Error::internal("a row of a table is gone");
        let batch = self.batches.partition_point(|batch| batch.first <= row).checked_sub(1).ok_or_else(lost)?;
        let batch = self.batches.get(batch).ok_or_else(lost)?;
        let row = usize::try_from(row - batch.first).map_err(|_| lost())?;
        let mut text = String::new();
        for place in columns {
            batch.columns.get(*place).ok_or_else(lost)?.read(row, &mut text, each);
        }
        Ok(())
    }
}
