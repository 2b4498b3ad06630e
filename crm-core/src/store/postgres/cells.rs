//! Cells on their way to the server and back.
//!
//! PostgreSQL keeps no text with a zero byte, and a store keeps every text. So the bytes 0 and 1, which no name or label has, travel as
//! 1 1 and 1 2: the order of texts stays, and all others are stored as they are.

use crate::store::contract::Value;
use bytes::{BufMut, BytesMut};
use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

/// A parameter of a statement.
#[derive(Debug)]
pub(super) enum Param<'a> {
    Cell(&'a Value),
    Text(Value),
    Number(i64),
    /// An array, a cell for each row.
    Cells(Vec<Bound<'a>>),
    Numbers(Vec<i64>),
}

/// A cell as a parameter.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bound<'a> {
    Cell(&'a Value),
    Number(i64),
    Null,
}

/// A cell as it came.
#[derive(Debug)]
pub(super) struct Found(pub(super) Value);

impl ToSql for Param<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Cell(cell) => Bound::Cell(cell).to_sql(kind, out),
            Self::Text(text) => Bound::Cell(text).to_sql(kind, out),
            Self::Number(number) => number.to_sql(kind, out),
            Self::Cells(cells) => cells.to_sql(kind, out),
            Self::Numbers(numbers) => numbers.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true // The statements are ours, and their types with them.
    }

    to_sql_checked!();
}

impl ToSql for Bound<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null | Self::Cell(Value::Null) => return Ok(IsNull::Yes),
            Self::Number(number) | Self::Cell(Value::Int(number)) => out.put_i64(*number),
            Self::Cell(Value::Text(text)) => out.put_slice(escaped(text).as_bytes()),
            Self::Cell(Value::Blob(bytes)) => out.put_slice(bytes),
        }
        Ok(IsNull::No)
    }

    accepts!(INT8, TEXT, BYTEA);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Found {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *kind {
            Type::INT8 => Value::Int(i64::from_sql(kind, raw)?),
            Type::TEXT => Value::Text(Arc::from(&*plain(<&str>::from_sql(kind, raw)?)?)),
            _ => Value::Blob(Arc::from(raw)),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Value::Null))
    }

    accepts!(INT8, TEXT, BYTEA);
}

/// A text as it is stored.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte < 2) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\0' => out.push_str("\u{1}\u{1}"),
            '\u{1}' => out.push_str("\u{1}\u{2}"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A text as it was.
fn plain(stored: &str) -> Result<Cow<'_, str>, Box<dyn Error + Sync + Send>> {
    if !stored.contains('\u{1}') {
        return Ok(Cow::Borrowed(stored));
    }
    let mut out = String::with_capacity(stored.len());
    let mut chars = stored.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1}' => match chars.next() {
                Some('\u{1}') => out.push('\0'),
                Some('\u{2}') => out.push('\u{1}'),
                _ => return Err("a text has a byte 1 that stands for nothing".into()),
            },
            c => out.push(c),
        }
    }
    Ok(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// To see it fail: write zero as `1 2` and one as `1 1`.
        #[test]
        fn texts_come_back_and_keep_their_order(a in "[\0-\u{3}a]{0,5}", b in "[\0-\u{3}a]{0,5}") {
            prop_assert!(!escaped(&a).contains('\0'));
            let stored = escaped(&a);
            let back = plain(&stored).unwrap();
            prop_assert_eq!(&*back, a.as_str());
            prop_assert_eq!(escaped(&a).as_bytes().cmp(escaped(&b).as_bytes()), a.as_bytes().cmp(b.as_bytes()));
        }
    }

    #[test]
    fn what_nobody_wrote_is_told() {
        assert!(plain("a\u{1}").is_err());
        assert!(plain("a\u{1}b").is_err());
        assert!(matches!(escaped("张三"), Cow::Borrowed(_)));
    }
}
