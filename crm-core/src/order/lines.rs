//! How the lines of an order are written: they are most of what a store keeps, so each part takes the bytes it needs.
//!
//! Line after line, until the bytes end. A line begins with its marks:
//!
//! | bits | meaning |
//! |---|---|
//! | 0, 1 | the article: 0 a text; 1 a number; 2 a number and one character (`85123A`); 3 says that a second byte of marks follows, which has the article in its bits 0 and 1, and tags if its bit 2 is set |
//! | 2 | the quantity is in thousandths; otherwise in whole pieces |
//! | 3 | a category |
//! | 4 | a brand |
//! | 5 | a discount and a tax |
//! | 6 | a number of its own |
//! | 7 | what came back: an amount and units in thousandths |
//!
//! Then follow article, price of the line in minor units, quantity, and what the marks promise, in their order. Numbers are unsigned,
//! seven bits a byte, the lowest first, the highest bit of a byte set when another follows. A text is its length and its bytes; a
//! category, brand or tag is the place, from 1, among the different ones of the order so far, or 0 and the text of a new one; tags
//! begin with their number.

use super::record::BookedLine;
use crate::error::Result as Checked;
use crate::value::{Category, Sku, Tag};
use minicbor::decode::{Decoder, Error};
use minicbor::encode::{self, Encoder, Write};
use std::collections::BTreeSet;
use std::fmt::Write as _;

const NUMBER: u8 = 1;
const NUMBER_AND_CHARACTER: u8 = 2;
/// More marks follow in a byte of their own.
const MORE: u8 = 3;
/// Of the second byte: tags.
const TAGS: u8 = 1 << 2;
const THOUSANDTHS: u8 = 1 << 2;
const CATEGORY: u8 = 1 << 3;
const BRAND: u8 = 1 << 4;
const DISCOUNT_OR_TAX: u8 = 1 << 5;
const OWN_NUMBER: u8 = 1 << 6;
const BACK: u8 = 1 << 7;
/// Articles of more digits are texts: so many surely fit 64 bits.
const NUMBER_DIGITS: usize = 18;

pub(super) fn encode<C, W: Write>(
    lines: &[BookedLine],
    e: &mut Encoder<W>,
    _: &mut C,
) -> Result<(), encode::Error<W::Error>> {
    let negative = || encode::Error::message("a line has an amount below zero");
    let mut out = Writer { bytes: Vec::with_capacity(lines.len() * 8), known: Vec::new() };
    for line in lines {
        out.line(line).ok_or_else(negative)?;
    }
    e.bytes(&out.bytes)?;
    Ok(())
}

pub(super) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Vec<BookedLine>, Error> {
    let bytes = d.bytes()?;
    let mut input = Reader { bytes, known: Vec::new(), article: String::new() };
    let mut lines = Vec::with_capacity(bytes.len() / 8);
    while !input.bytes.is_empty() {
        lines.push(input.line().ok_or_else(|| Error::message("lines of an order cannot be read"))?);
    }
    Ok(lines)
}

struct Writer<'l> {
    bytes: Vec<u8>,
    /// The categories, brands and tags so far.
    known: Vec<&'l str>,
}

impl<'l> Writer<'l> {
    /// None for a number below zero.
    fn line(&mut self, line: &'l BookedLine) -> Option<()> {
        let article = Article::of(line.sku.as_str());
        let pieces = line.thousandths % 1000 == 0;
        let mark = |is_there: bool, mark: u8| if is_there { mark } else { 0 };
        let more = !line.tags.is_empty();
        let marks = if more { MORE } else { article.kind() }
            | mark(!pieces, THOUSANDTHS)
            | mark(line.category.is_some(), CATEGORY)
            | mark(line.brand.is_some(), BRAND)
            | mark(line.discount_minor != 0 || line.tax_minor != 0, DISCOUNT_OR_TAX)
            | mark(line.own_no != 0, OWN_NUMBER)
            | mark(line.back_minor != 0 || line.back_thousandths != 0, BACK);
        self.bytes.push(marks);
        if more {
            self.bytes.push(article.kind() | TAGS);
        }
        match article {
            Article::Text(text) => self.text(text)?,
            Article::Number(number, last) => {
                self.number(number);
                self.bytes.extend(last);
            }
        }
        self.amount(line.list_minor)?;
        self.amount(if pieces { line.thousandths / 1000 } else { line.thousandths })?;
        for category in line.category.iter().chain(&line.brand) {
            self.name(category.as_str())?;
        }
        if more {
            self.number(u64::try_from(line.tags.len()).ok()?);
            line.tags.iter().try_for_each(|tag| self.name(tag.as_str()))?;
        }
        let optional = [
            (DISCOUNT_OR_TAX, line.discount_minor),
            (DISCOUNT_OR_TAX, line.tax_minor),
            (OWN_NUMBER, i64::from(line.own_no)),
            (BACK, line.back_minor),
            (BACK, line.back_thousandths),
        ];
        optional.into_iter().filter(|(mark, _)| marks & mark != 0).try_for_each(|(_, number)| self.amount(number))
    }

    fn number(&mut self, number: u64) {
        let mut rest = number;
        loop {
            let seven = u8::try_from(rest & 0x7f).unwrap_or_default();
            rest >>= 7;
            self.bytes.push(if rest == 0 { seven } else { seven | 0x80 });
            if rest == 0 {
                return;
            }
        }
    }

    fn amount(&mut self, amount: i64) -> Option<()> {
        u64::try_from(amount).ok().map(|number| self.number(number))
    }

    fn text(&mut self, text: &str) -> Option<()> {
        self.number(u64::try_from(text.len()).ok()?);
        self.bytes.extend_from_slice(text.as_bytes());
        Some(())
    }

    fn name(&mut self, name: &'l str) -> Option<()> {
        if let Some(place) = self.known.iter().position(|known| *known == name) {
            self.number(u64::try_from(place).ok()? + 1);
            return Some(());
        }
        self.known.push(name);
        self.number(0);
        self.text(name)
    }
}

/// An article as it is written.
#[derive(Debug, PartialEq)]
enum Article<'l> {
    Text(&'l str),
    Number(u64, Option<u8>),
}

impl<'l> Article<'l> {
    fn of(sku: &'l str) -> Self {
        let number = |digits: &str| {
            let plain = (1..=NUMBER_DIGITS).contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && (digits == "0" || !digits.starts_with('0'));
            plain.then(|| digits.bytes().fold(0, |sum, byte| sum * 10 + u64::from(byte - b'0')))
        };
        if let Some(number) = number(sku) {
            return Self::Number(number, None);
        }
        match sku.as_bytes() {
            [.., last] if last.is_ascii_graphic() && !last.is_ascii_digit() => {
                let digits = sku.get(..sku.len() - 1).unwrap_or_default();
                number(digits).map_or(Self::Text(sku), |number| Self::Number(number, Some(*last)))
            }
            _ => Self::Text(sku),
        }
    }

    const fn kind(&self) -> u8 {
        match self {
            Self::Text(_) => 0,
            Self::Number(_, None) => NUMBER,
            Self::Number(_, Some(_)) => NUMBER_AND_CHARACTER,
        }
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    known: Vec<Category>,
    /// Room for the text of an article.
    article: String,
}

impl<'b> Reader<'b> {
    /// None for bytes that nobody wrote.
    fn line(&mut self) -> Option<BookedLine> {
        let marks = self.byte()?;
        let more =
            if marks & MORE == MORE { self.byte().filter(|more| more & !(MORE | TAGS) == 0)? } else { marks & MORE };
        let sku = self.sku(more & MORE)?;
        let list_minor = self.amount()?;
        let quantity = self.amount()?;
        let thousandths = if marks & THOUSANDTHS == 0 { quantity.checked_mul(1000)? } else { quantity };
        let category = if marks & CATEGORY == 0 { None } else { Some(self.category()?) };
        let brand = if marks & BRAND == 0 { None } else { Some(self.category()?) };
        let tags = if more & TAGS == 0 { BTreeSet::new() } else { self.tags()? };
        let mut optional = |mark: u8| if marks & mark == 0 { Some(0) } else { self.amount() };
        Some(BookedLine {
            sku,
            list_minor,
            thousandths,
            category,
            brand,
            tags,
            discount_minor: optional(DISCOUNT_OR_TAX)?,
            tax_minor: optional(DISCOUNT_OR_TAX)?,
            own_no: u32::try_from(optional(OWN_NUMBER)?).ok()?,
            back_minor: optional(BACK)?,
            back_thousandths: optional(BACK)?,
            line_no: 0,
            order_discount_minor: 0,
            net_minor: 0,
            points_minor: 0,
        })
    }

    fn sku(&mut self, kind: u8) -> Option<Sku> {
        if kind == 0 {
            return self.text(Sku::new);
        }
        let number = self.number()?;
        self.article.clear();
        write!(self.article, "{number}").ok()?;
        if kind == NUMBER_AND_CHARACTER {
            let last = self.byte()?;
            self.article.push(char::from(last));
        }
        Sku::new(&self.article).ok().filter(|_| kind <= NUMBER_AND_CHARACTER)
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for place in 0..9 {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn amount(&mut self) -> Option<i64> {
        i64::try_from(self.number()?).ok()
    }

    fn text<T>(&mut self, checked: impl FnOnce(&'b str) -> Checked<T>) -> Option<T> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        checked(std::str::from_utf8(text).ok()?).ok()
    }

    fn category(&mut self) -> Option<Category> {
        match self.number()? {
            0 => {
                let category = self.text(Category::new)?;
                self.known.push(category.clone());
                Some(category)
            }
            place => self.known.get(usize::try_from(place).ok()? - 1).cloned(),
        }
    }

    fn tags(&mut self) -> Option<BTreeSet<Tag>> {
        let count = self.number()?;
        (0..count).map(|_| self.category().map(|name| Tag::trusted(name.shared()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(sku: &str) -> BookedLine {
        BookedLine {
            sku: Sku::new(sku).unwrap(),
            list_minor: 1530,
            thousandths: 6_000,
            category: None,
            brand: None,
            tags: BTreeSet::new(),
            discount_minor: 0,
            tax_minor: 0,
            own_no: 0,
            back_minor: 0,
            back_thousandths: 0,
            line_no: 0,
            order_discount_minor: 0,
            net_minor: 0,
            points_minor: 0,
        }
    }

    fn written(lines: &[BookedLine]) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(lines, &mut Encoder::new(&mut bytes), &mut ()).unwrap();
        assert_eq!(decode(&mut Decoder::new(&bytes), &mut ()).unwrap(), lines);
        let mut d = Decoder::new(&bytes);
        d.bytes().unwrap().to_vec()
    }

    #[test]
    fn articles_of_any_form_come_back_as_they_were() {
        let most = "9".repeat(NUMBER_DIGITS);
        let more = "9".repeat(NUMBER_DIGITS + 1);
        for (sku, bytes) in [
            ("85123A", 8),
            ("22627", 7),
            ("0", 5),
            ("00123", 10),
            ("0A", 6),
            ("4006381333931", 10),
            (&*most, 13),
            (&*more, 24),
            ("POST", 9),
            ("12é", 9),
            ("1 2", 8),
            ("-5", 7),
            ("A", 6),
        ] {
            assert_eq!(written(&[line(sku)]).len(), bytes, "{sku}");
        }
    }

    #[test]
    fn every_part_comes_back_and_names_are_written_once() {
        let tea = Category::new("tea").unwrap();
        let full = BookedLine {
            thousandths: 255,
            category: Some(tea.clone()),
            brand: Some(Category::new("Darjeeling & Co.").unwrap()),
            discount_minor: 30,
            tax_minor: 200,
            own_no: u32::MAX,
            back_minor: crate::limits::MINOR_ABS_MAX,
            back_thousandths: 255,
            tags: [Tag::new("tea").unwrap(), Tag::new("new").unwrap()].into(),
            ..line("85123A")
        };
        let other = BookedLine { category: full.brand.clone(), brand: Some(tea), tax_minor: 1, ..line("1") };
        let one = written(std::slice::from_ref(&full)).len();
        assert_eq!(written(&[full, other.clone()]).len(), one + 9);
        assert_eq!(written(&[other.clone(), other]).len(), 30 + 9);
        assert!(written(&[]).is_empty());
    }

    #[test]
    fn damaged_lines_are_refused() {
        let good = written(&[line("85123A")]);
        let read = |bytes: &[u8]| {
            let mut row = Vec::new();
            Encoder::new(&mut row).bytes(bytes).unwrap();
            decode(&mut Decoder::new(&row), &mut ()).map(|lines| lines.len())
        };
        assert_eq!(read(&good).unwrap(), 1);
        for end in 1..good.len() {
            assert!(read(&good[..end]).is_err(), "cut at {end}");
        }
        assert!(read(&[&[3, 3], &good[1..]].concat()).is_err(), "an article of no kind");
        assert!(read(&[&[3, NUMBER | 8], &good[1..]].concat()).is_err(), "marks of no meaning");
        assert!(read(&[0, 1, 0xff, 1, 1]).is_err(), "a text that is none");
        assert!(read(&[0, 1, b' ', 1, 1]).is_err(), "an article of blanks");
        assert!(read(&[CATEGORY | NUMBER, 1, 1, 1, 1]).is_err(), "a category that was not told");
        assert!(read(&[NUMBER, 1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]).is_err(), "64 bits");
        let negative = BookedLine { list_minor: -1, ..line("1") };
        assert!(encode(&[negative], &mut Encoder::new(&mut Vec::new()), &mut ()).is_err());
    }
}
