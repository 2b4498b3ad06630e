//! Cells as shops and spreadsheets write them: blanks, quotes, full-width digits, currency signs, dates.

use super::columns::DecimalMark;
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::value::{Amount, Currency, Quantity, Timestamp, Zone};
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// What a cell says without its decoration: blanks of all kinds around it, a leading `'`, `="…"`. Words for nothing are nothing.
pub(super) fn clean(cell: &str) -> &str {
    let mut text = cell.trim_matches(blank);
    if let Some(inner) = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        text = inner.trim_matches(blank);
    }
    if let Some(rest) = text.strip_prefix('\'') {
        text = rest.trim_matches(blank);
    }
    if matches!(text, "null" | "NULL" | "--") { "" } else { text }
}

fn blank(c: char) -> bool {
    // NBSP and the ideographic space are white space already; the marks of no width are not.
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
}

/// A clean cell with full-width digits and letters made plain ones.
pub(super) fn fold(cell: &str) -> Cow<'_, str> {
    if cell.is_ascii() { Cow::Borrowed(cell) } else { Cow::Owned(cell.nfkc().collect()) }
}

/// Whether a spreadsheet has turned a long number into `1.23E+17`: its digits are lost.
pub(super) fn is_scientific(cell: &str) -> bool {
    let Some((mantissa, exponent)) = cell.split_once(['e', 'E']) else { return false };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    mantissa.starts_with(|c: char| c.is_ascii_digit())
        && mantissa.chars().all(|c| c.is_ascii_digit() || c == '.')
        && exponent.strip_prefix('+').is_some_and(digits)
}

/// 是/否, yes/no, true/false, 1/0.
pub(super) fn yes_or_no(cell: &str) -> Option<bool> {
    match fold(clean(cell)).to_lowercase().as_str() {
        "是" | "yes" | "true" | "1" | "y" => Some(true),
        "否" | "no" | "false" | "0" | "n" => Some(false),
        _ => None,
    }
}

/// An amount of money: plain digits, with a currency sign or grouping marks if need be.
pub(super) fn amount(cell: &str, mark: DecimalMark) -> Result<Amount> {
    let read = match mark {
        DecimalMark::Point => with_point(cell),
        DecimalMark::Comma => with_point(&swapped(cell)),
    };
    read.map_err(|error| match error.code() {
        ErrorCode::MoneyText => {
            let told = format!("`{}` is not an amount of money", limits::quote(cell));
            Error::new(
                ErrorCode::MoneyText,
                match mark {
                    DecimalMark::Point => told,
                    DecimalMark::Comma => format!("{told} with a decimal comma"),
                },
            )
        }
        _ => error,
    })
}

/// `1.234,56` and `1 234,56` as `1,234.56`.
fn swapped(cell: &str) -> String {
    let mut last = ' ';
    let mark = |c: char| {
        let before = std::mem::replace(&mut last, c);
        match c {
            '.' => ',',
            ',' => '.',
            c if c.is_whitespace() && before.is_ascii_digit() => ',',
            c => c,
        }
    };
    cell.trim_end_matches(sign_or_blank).chars().map(mark).collect()
}

fn sign_or_blank(c: char) -> bool {
    is_sign(c) || blank(c)
}

const fn is_sign(c: char) -> bool {
    matches!(c, '¥' | '$' | '€' | '£' | '元')
}

/// A currency sign that is not one of this currency, if the cell has one. `$` is the sign of many dollars and pesos.
pub(super) fn foreign_sign(cell: &str, currency: Currency) -> Option<char> {
    if cell.is_ascii() && !cell.contains('$') {
        return None;
    }
    let symbol = currency.symbol().unwrap_or_default();
    let yuan = || matches!(currency.code(), "CNY" | "HKD" | "MOP" | "TWD");
    fold(cell).chars().find(|c| is_sign(*c) && !symbol.contains(*c) && !(*c == '元' && yuan()))
}

fn with_point(cell: &str) -> Result<Amount> {
    if let Ok(amount) = Amount::parse(cell) {
        return Ok(amount);
    }
    let folded = fold(cell);
    let (sign, rest) = match folded.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", &*folded),
    };
    let rest = rest.trim_matches(sign_or_blank);
    let (sign, rest) = match rest.strip_prefix('-') {
        Some(rest) if sign.is_empty() => ("-", rest),
        _ => (sign, rest),
    };
    // `+5` is somebody's way to write five; `,5` and `1,2` are nobody's thousands.
    let plain = if rest.contains(',') && grouped(rest) { rest.replace(',', "") } else { rest.to_owned() };
    let plain = plain.strip_prefix('+').unwrap_or(&plain);
    Amount::parse(&format!("{sign}{plain}"))
}

fn grouped(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3) && !fraction.contains(',')
}

/// A quantity; it may be negative here.
pub(super) fn quantity(cell: &str, mark: DecimalMark) -> Result<Quantity> {
    let refused = || Error::new(ErrorCode::OrderQuantity, format!("`{}` is not a quantity", limits::quote(cell)));
    let decimal = amount(cell, mark).map_err(|_| refused())?;
    if fold(cell).contains(is_sign) {
        return Err(refused());
    }
    Quantity::from_decimal(decimal.decimal())
}

/// Dates and times as a file writes them.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// Where a time without an offset is a wall-clock time.
    pub(super) zone: Zone,
    /// Forms to try, in the notation of `strftime`; none for year-first dates as nearly every shop writes them.
    pub(super) formats: Vec<String>,
}

impl Clock {
    /// The instant of a cell.
    pub(super) fn read(&self, cell: &str) -> Result<Timestamp> {
        let folded = fold(cell);
        if self.formats.is_empty() {
            return self.read_plain(&folded);
        }
        for format in &self.formats {
            if let Ok(at) = DateTime::parse_from_str(&folded, format) {
                return Timestamp::from_millis(at.timestamp_millis());
            }
            if let Ok(local) = NaiveDateTime::parse_from_str(&folded, format) {
                return in_range(local).map(|local| self.zone.instant(local));
            }
            if let Ok(date) = NaiveDate::parse_from_str(&folded, format) {
                return in_range(date.and_time(chrono::NaiveTime::MIN)).map(|local| self.zone.instant(local));
            }
        }
        Err(not_a_time(cell, "has none of the `date_formats`"))
    }

    /// The instant of a cell that begins with the year.
    pub(super) fn read_plain(&self, cell: &str) -> Result<Timestamp> {
        year_first(cell, self.zone).unwrap_or_else(|| {
            Err(not_a_time(
                cell,
                "is not a date and time that begins with the year; a column map may name other `date_formats`",
            ))
        })
    }
}

fn in_range(local: NaiveDateTime) -> Result<NaiveDateTime> {
    let year = chrono::Datelike::year(&local);
    if (1..=9999).contains(&year) {
        return Ok(local);
    }
    Err(Error::new(ErrorCode::TimeRange, format!("year {year} is outside 1 to 9999")))
}

fn not_a_time(cell: &str, what: &str) -> Error {
    Error::new(ErrorCode::TimeText, format!("`{}` {what}", limits::quote(cell)))
}

/// `2026-01-05 10:00:00`, `2026/1/5 9:30`, `2026年1月5日`, `2026-01-05T10:00:00.5Z`, `2026-01-05 10:00:00 +0800`.
fn year_first(text: &str, zone: Zone) -> Option<Result<Timestamp>> {
    let mut rest = text;
    let year = digits(&mut rest, 4, 4)?;
    separator(&mut rest, &['-', '/', '.', '年'])?;
    let month = digits(&mut rest, 1, 2)?;
    separator(&mut rest, &['-', '/', '.', '月'])?;
    let day = digits(&mut rest, 1, 2)?;
    rest = rest.strip_prefix('日').unwrap_or(rest);
    rest = rest.strip_prefix('T').unwrap_or(rest).trim_start();
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day).filter(|_| 0 < year);
    let Some(date) = date else {
        return Some(Err(Error::new(
            ErrorCode::TimeRange,
            format!("`{}` is not a day of the calendar", limits::quote(text)),
        )));
    };
    let (mut hour, mut minute, mut second, mut milli) = (0, 0, 0, 0);
    if !rest.is_empty() {
        hour = digits(&mut rest, 1, 2)?;
        separator(&mut rest, &[':'])?;
        minute = digits(&mut rest, 2, 2)?;
        if separator(&mut rest, &[':']).is_some() {
            second = digits(&mut rest, 2, 2)?;
            if separator(&mut rest, &['.']).is_some() {
                milli = fraction(&mut rest)?;
            }
        }
    }
    let Some(local) = date.and_hms_milli_opt(hour, minute, second, milli) else {
        return Some(Err(Error::new(
            ErrorCode::TimeRange,
            format!("`{}` is not a time of the day", limits::quote(text)),
        )));
    };
    match rest.trim() {
        "" => Some(Ok(zone.instant(local))),
        "Z" | "UTC" => Some(Timestamp::from_millis(local.and_utc().timestamp_millis())),
        offset => {
            let millis = offset_minutes(offset)?.checked_mul(60_000)?;
            Some(Timestamp::from_millis(local.and_utc().timestamp_millis().checked_sub(millis)?))
        }
    }
}

fn digits(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let length = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if length < least {
        return None;
    }
    let (number, after) = rest.split_at_checked(length)?;
    *rest = after;
    number.parse().ok()
}

fn separator(rest: &mut &str, allowed: &[char]) -> Option<()> {
    *rest = rest.strip_prefix(allowed)?;
    Some(())
}

/// Milliseconds of a fraction of a second; what is below is cut off.
fn fraction(rest: &mut &str) -> Option<u32> {
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, after) = rest.split_at_checked(length)?;
    *rest = after;
    let mut millis = 0;
    for place in 0..3 {
        let digit = number.as_bytes().get(place).map_or(0, |byte| u32::from(byte.saturating_sub(b'0')));
        millis = millis * 10 + digit;
    }
    (0 < length).then_some(millis)
}

/// `+0800`, `+08:00`, `-05`.
fn offset_minutes(text: &str) -> Option<i64> {
    let (sign, mut rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (_, Some(rest)) => (-1, rest),
        _ => return None,
    };
    let hours = digits(&mut rest, 2, 2)?;
    rest = rest.strip_prefix(':').unwrap_or(rest);
    let minutes = if rest.is_empty() { 0 } else { digits(&mut rest, 2, 2)? };
    (rest.is_empty() && hours <= 15 && minutes < 60).then(|| sign * i64::from(hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoration_comes_off() {
        for (cell, expected) in [
            (" \u{a0}a b\t", "a b"),
            ("=\"0012\"", "0012"),
            ("'+8613800138000", "+8613800138000"),
            (" ", ""),
            ("\u{3000}", ""),
            ("null", ""),
            ("--", ""),
            ("=SUM(A1)", "=SUM(A1)"),
        ] {
            assert_eq!(clean(cell), expected, "{cell:?}");
        }
        assert_eq!(fold("１２３"), "123");
        assert_eq!([yes_or_no("是"), yes_or_no(" 否 "), yes_or_no("也许")], [Some(true), Some(false), None]);
        assert!(is_scientific("1.38E+10") && is_scientific("2.1e+17") && is_scientific("2E+18"));
        assert!(!is_scientific("138E10") && !is_scientific("E1.5E+X") && !is_scientific("abc"));
    }

    #[test]
    fn amounts_are_exact_or_refused() {
        for (cell, expected) in [
            ("12.50", "12.5"),
            ("¥1,234.50", "1234.5"),
            ("￥88元", "88"),
            ("3.10 €", "3.1"),
            ("-£3.10", "-3.1"),
            ("£-3.10", "-3.1"),
            ("１２．５", "12.5"),
            ("1,234,567", "1234567"),
        ] {
            assert_eq!(amount(cell, DecimalMark::Point).unwrap().to_string(), expected, "{cell}");
        }
        for cell in ["", "NaN", "1e5", "1,2", "12,5", "1.2.3", "--5", "1.234,5", "abc", ",123"] {
            assert_eq!(amount(cell, DecimalMark::Point).unwrap_err().code().as_str(), "money.text", "{cell}");
        }
        assert_eq!(amount(&"9".repeat(30), DecimalMark::Point).unwrap_err().code().as_str(), "money.range");
        assert_eq!(quantity("-1.5", DecimalMark::Point).unwrap().thousandths(), -1500);
        assert_eq!(quantity("¥2", DecimalMark::Point).unwrap_err().code().as_str(), "order.quantity");
        assert_eq!(quantity("two", DecimalMark::Point).unwrap_err().code().as_str(), "order.quantity");
    }

    #[test]
    fn signs_belong_to_a_currency() {
        for (cell, code, foreign) in [
            ("5.00", "CNY", None),
            ("¥5", "CNY", None),
            ("￥5元", "CNY", None),
            ("¥500", "JPY", None),
            ("500元", "JPY", Some('元')),
            ("5元", "HKD", None),
            ("$5", "HKD", None),
            ("$5", "USD", None),
            ("＄5", "USD", None),
            ("$5", "CNY", Some('$')),
            ("＄5", "CNY", Some('$')),
            ("5 €", "CNY", Some('€')),
            ("£5", "EUR", Some('£')),
            ("£5", "GBP", None),
            ("¥5", "GBP", Some('¥')),
        ] {
            assert_eq!(foreign_sign(cell, Currency::new(code).unwrap()), foreign, "{cell} {code}");
        }
    }

    #[test]
    fn a_decimal_comma_is_one_where_the_map_says_so() {
        for (cell, expected) in [
            ("12,50", "12.5"),
            ("1.234,50", "1234.5"),
            ("1\u{a0}234\u{202f}567,5", "1234567.5"),
            ("12,50 €", "12.5"),
            ("-€ 3,10", "-3.1"),
            ("7", "7"),
        ] {
            assert_eq!(amount(cell, DecimalMark::Comma).unwrap().to_string(), expected, "{cell}");
        }
        for cell in ["12.50", "1,234.50", "1.23,4", "1,2,3"] {
            let error = amount(cell, DecimalMark::Comma).unwrap_err();
            assert!(error.message().contains(cell) && error.message().ends_with("with a decimal comma"), "{error}");
        }
        assert_eq!(quantity("0,750", DecimalMark::Comma).unwrap().thousandths(), 750);
    }

    #[test]
    fn times_are_instants_in_the_zone_or_by_their_offset() {
        let clock = |formats: &[&str]| Clock {
            zone: Zone::new("Asia/Shanghai").unwrap(),
            formats: formats.iter().map(|f| (*f).to_owned()).collect(),
        };
        for (cell, expected) in [
            ("2026-01-05 10:00:00", "2026-01-05T02:00:00Z"),
            ("2026/1/5 9:30", "2026-01-05T01:30:00Z"),
            ("2026年1月5日", "2026-01-04T16:00:00Z"),
            ("2026-01-05 10:00:00 +0000", "2026-01-05T10:00:00Z"),
            ("2026-01-05 10:00:00 -0530", "2026-01-05T15:30:00Z"),
            ("2026-01-05T10:00:00.25+08:00", "2026-01-05T02:00:00.250Z"),
            ("2026-01-05T10:00:00Z", "2026-01-05T10:00:00Z"),
        ] {
            assert_eq!(clock(&[]).read(cell).unwrap().to_string(), expected, "{cell}");
        }
        for (cell, code) in [
            ("2026-02-30 10:00:00", "time.range"),
            ("2026-01-05 25:00:00", "time.range"),
            ("05/01/2026", "time.text"),
            ("yesterday", "time.text"),
            ("2026-01-05 10:00:00 CEST", "time.text"),
            ("46027.5", "time.text"),
        ] {
            assert_eq!(clock(&[]).read(cell).unwrap_err().code().as_str(), code, "{cell}");
        }
        let american = clock(&["%m/%d/%Y %H:%M", "%m/%d/%Y"]);
        assert_eq!(american.read("12/1/2010 8:26").unwrap().to_string(), "2010-12-01T00:26:00Z");
        assert_eq!(american.read("12/1/2010").unwrap().to_string(), "2010-11-30T16:00:00Z");
        assert_eq!(american.read("2010-12-01").unwrap_err().code().as_str(), "time.text");
    }
}
