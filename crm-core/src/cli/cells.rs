//! Cells of exported tables, safe to open in a spreadsheet.

use serde_json::Value;
use std::borrow::Cow;

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Empty,
    Number(i64),
    Text(String),
}

impl Cell {
    /// Anything that can be said, as text.
    pub(crate) fn text(value: impl ToString) -> Self {
        let text = value.to_string();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    pub(crate) fn maybe(value: Option<impl ToString>) -> Self {
        value.map_or(Self::Empty, Self::text)
    }

    pub(crate) fn count(value: impl TryInto<i64>) -> Self {
        value.try_into().map_or(Self::Empty, Self::Number)
    }

    /// As it stands in a CSV file.
    pub(crate) fn to_csv(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Text(text) => guarded(text),
        }
    }

    /// As it stands in a line of JSON.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Empty => Value::Null,
            Self::Number(number) => Value::from(*number),
            Self::Text(text) => Value::from(text.as_str()),
        }
    }
}

/// A text that a spreadsheet would take for a formula gets an apostrophe in front; a plain number is none.
fn guarded(text: &str) -> Cow<'_, str> {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if risky && !is_number(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole) && all_digits(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_numbers_are_not() {
        for formula in [
            "=1+1",
            "+cmd|' /C calc'!A0",
            "-2+3",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "=HYPERLINK(\"x\")",
            "-",
            "-.5",
            "+1.2.3",
        ] {
            assert_eq!(Cell::text(formula).to_csv(), format!("'{formula}"));
        }
        for plain in ["-5.00", "+8613800138000", "12", "ann", "a=b", "2026-03-01"] {
            assert_eq!(Cell::text(plain).to_csv(), plain);
        }
    }
}
