//! A generated code, and the form that the codes of a batch have in common.

use super::alphabet;
use super::fold::{fold, look_alike};
use super::normal::NormalCode;
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const ROOM: usize = limits::CODE_CHARS_MAX;

/// A generated code: 6 to 32 symbols of an alphabet without look-alikes, the last of which checks the others.
///
/// One wrong symbol is always noticed, and so are two neighbours that changed places, symbols one apart that did, and two equal neighbours
/// that became two others; of all other texts of its length one in 31 passes. `Display` writes groups of up to four
/// (`7K2M-94XQ-015B`); serde, CBOR and [`as_str`](Self::as_str) have the normal form without dashes. Reading takes either, and anything that
/// folds to it.
///
/// ```
/// use crm_core::code::Code;
/// let code = Code::parse("7k2m 94xq ol5b")?;
/// assert_eq!((code.to_string().as_str(), code.as_str()), ("7K2M-94XQ-015B", "7K2M94XQ015B"));
/// assert_eq!(Code::parse("7K2M-94QX-015B").unwrap_err().code().as_str(), "code.checksum");
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    symbols: [u8; ROOM],
    count: u8,
}

impl Code {
    /// Folds a typed text and checks it.
    ///
    /// # Errors
    /// `code.text` for characters that no generated code has, and for fewer than 6 or more than 32 of them; `code.checksum` where the check character
    /// is not that of the others.
    pub fn parse(typed: &str) -> Result<Self> {
        let folded = fold(typed)?;
        let count = folded.chars().count();
        if count < limits::CODE_LENGTH_MIN {
            let message = format!("a generated code has at least {} characters, not {count}", limits::CODE_LENGTH_MIN);
            return Err(Error::new(ErrorCode::CodeText, message).field("code").limit(limits::CODE_LENGTH_MIN));
        }
        let mut code = Self { symbols: [0; ROOM], count: 0 };
        let mut sum = alphabet::START;
        for (slot, c) in code.symbols.iter_mut().zip(folded.chars()) {
            let symbol = u8::try_from(c).ok();
            let Some((symbol, value)) = symbol.and_then(|symbol| Some((symbol, alphabet::value(symbol)?))) else {
                let message = format!("no generated code has the character `{c}`");
                return Err(Error::new(ErrorCode::CodeText, message).field("code").with("character", c.to_string()));
            };
            *slot = symbol;
            code.count += 1;
            sum = alphabet::step(sum, value);
        }
        if alphabet::is_valid(sum) {
            Ok(code)
        } else {
            Err(Error::new(ErrorCode::CodeChecksum, "the check character is not that of the others").field("code"))
        }
    }

    /// The symbols without dashes: the normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// The form for look-up, the same as [`NormalCode::of`] makes of the typed text.
    #[must_use]
    pub fn normal(&self) -> NormalCode {
        NormalCode::folded(self.as_str())
    }

    fn bytes(&self) -> &[u8] {
        self.symbols.get(..usize::from(self.count)).unwrap_or_default()
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_grouped(self.bytes(), f)
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Code {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(Error::in_serde)
    }
}

impl<C> minicbor::Encode<C> for Code {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> std::result::Result<(), minicbor::encode::Error<W::Error>> {
        e.str(self.as_str())?;
        Ok(())
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Code {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> std::result::Result<Self, minicbor::decode::Error> {
        Self::parse(d.str()?).map_err(minicbor::decode::Error::message)
    }
}

/// Groups of up to four, as even as can be: 12 symbols are 4-4-4, 14 are 4-4-3-3.
fn write_grouped(symbols: &[u8], out: &mut impl std::fmt::Write) -> std::fmt::Result {
    let groups = symbols.len().div_ceil(4).max(1);
    let (least, longer) = (symbols.len() / groups, symbols.len() % groups);
    let mut rest = symbols;
    for group in 0..groups {
        let (these, others) = rest.split_at_checked(least + usize::from(group < longer)).unwrap_or((rest, &[]));
        if 0 < group {
            out.write_char('-')?;
        }
        out.write_str(std::str::from_utf8(these).unwrap_or_default())?;
        rest = others;
    }
    Ok(())
}

/// What the codes of a batch have in common: a prefix that people recognise, and the length of what follows.
///
/// ```
/// use crm_core::code::CodeForm;
/// let form = CodeForm::with_prefix("SPRING", 12)?;
/// assert_eq!(form.space(), 29_u128.pow(11), "eleven symbols say something, one checks");
/// assert_eq!(CodeForm::new(3).unwrap_err().code().as_str(), "code.form");
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeForm {
    /// As people are shown it, in capitals.
    prefix: String,
    /// The same folded.
    folded: String,
    /// A code that has this prefix and is otherwise empty.
    blank: Code,
    /// What the prefix adds to the weighted sum of a code without its check character.
    sum: u64,
    length: usize,
}

impl CodeForm {
    /// Codes without a prefix, of so many characters, the check character included.
    ///
    /// # Errors
    /// `code.form` for fewer than 6 or more than 20 characters.
    pub fn new(length: usize) -> Result<Self> {
        Self::checked(String::new(), length)
    }

    /// Codes with a prefix: `SPRING` and 12 give `SPRING-XXXX-XXXX-XXXX`. The check character is one for all of it.
    ///
    /// # Errors
    /// `code.form` for a prefix that is not 1 to 12 Latin letters and digits, or a length outside 6 to 20.
    pub fn with_prefix(prefix: &str, length: usize) -> Result<Self> {
        let most = limits::CODE_PREFIX_CHARS_MAX;
        if prefix.is_empty() || most < prefix.len() || !prefix.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let message = format!("a prefix has 1 to {most} Latin letters and digits");
            return Err(Error::new(ErrorCode::CodeForm, message).field("prefix").limit(most));
        }
        Self::checked(prefix.to_ascii_uppercase(), length)
    }

    fn checked(prefix: String, length: usize) -> Result<Self> {
        let (least, most) = (limits::CODE_LENGTH_MIN, limits::CODE_LENGTH_MAX);
        if !(least..=most).contains(&length) {
            let message = format!("generated codes have {least} to {most} characters, not {length}");
            return Err(Error::new(ErrorCode::CodeForm, message).field("length").limit(most));
        }
        let folded: String = prefix.chars().filter_map(look_alike).collect();
        let mut blank = Code { symbols: [0; ROOM], count: u8::try_from(folded.len() + length).unwrap_or(u8::MAX) };
        let mut sum = alphabet::START;
        for (slot, symbol) in blank.symbols.iter_mut().zip(folded.bytes()) {
            *slot = symbol;
            sum = alphabet::step(sum, alphabet::value(symbol).unwrap_or(0));
        }
        let sum = (1..length).fold(sum, |sum, _| alphabet::step(sum, 0));
        Ok(Self { prefix, folded, blank, sum, length })
    }

    /// The prefix as people are shown it; empty where there is none.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// How many characters follow the prefix, the check character included.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length
    }

    /// How many codes of this form there are.
    #[must_use]
    pub fn space(&self) -> u128 {
        (0..self.digits()).fold(1, |space, _| space * u128::from(alphabet::RADIX))
    }

    /// How many symbols say something.
    pub(super) const fn digits(&self) -> usize {
        self.length - 1
    }

    /// Whether a code has this prefix and this length.
    #[must_use]
    pub fn fits(&self, code: &Code) -> bool {
        code.as_str().strip_prefix(self.folded.as_str()).is_some_and(|rest| rest.len() == self.length)
    }

    /// A code as people are shown it: the prefix as it was worded, then groups of up to four. A code of another form is shown in groups only.
    #[must_use]
    pub fn show(&self, code: &Code) -> String {
        let mut shown = String::with_capacity(2 * ROOM);
        self.write(code, &mut shown);
        shown
    }

    /// Appends what [`show`](Self::show) gives to a text: for many codes, without an allocation for each.
    pub fn write(&self, code: &Code, out: &mut String) {
        // Writing into a text cannot fail.
        let _ = match code.bytes().strip_prefix(self.folded.as_bytes()) {
            Some(rest) if rest.len() == self.length && !self.prefix.is_empty() => {
                out.push_str(&self.prefix);
                out.push('-');
                write_grouped(rest, out)
            }
            _ => write_grouped(code.bytes(), out),
        };
    }

    /// The code of numbers written one behind the other, each in so many digits; as many as there is room for.
    pub(super) fn assemble<const N: usize>(&self, parts: [(u64, usize); N]) -> Code {
        let mut code = self.blank;
        let place = self.folded.len() + self.digits();
        let (before, behind) = code.symbols.split_at_mut_checked(place).unwrap_or_default();
        let (_, payload) = before.split_at_mut_checked(self.folded.len()).unwrap_or_default();
        // The last digit of a number is the first to be known, so writing and summing go backwards.
        let (mut sum, mut weight, mut left) = (self.sum, 1, payload);
        for (mut number, width) in parts.into_iter().rev() {
            let (rest, these) = left.split_at_mut_checked(left.len().saturating_sub(width)).unwrap_or_default();
            for slot in these.iter_mut().rev() {
                let (symbol, value) = alphabet::digit(number % u64::from(alphabet::RADIX));
                number /= u64::from(alphabet::RADIX);
                *slot = symbol;
                sum += value * weight;
                weight *= alphabet::WEIGHT;
            }
            left = rest;
        }
        if let Some(slot) = behind.first_mut() {
            *slot = alphabet::symbol(alphabet::check_value(sum));
        }
        code
    }

    /// The numbers that a code of this form was assembled from; none where its form is another, or where it has a symbol that is not made.
    pub(super) fn take_apart<const N: usize>(&self, code: &Code, widths: [usize; N]) -> Option<[u64; N]> {
        let rest = code.bytes().strip_prefix(self.folded.as_bytes()).filter(|rest| rest.len() == self.length)?;
        let mut symbols = rest.iter();
        let mut numbers = [0; N];
        for (number, width) in numbers.iter_mut().zip(widths) {
            for symbol in symbols.by_ref().take(width) {
                *number = *number * u64::from(alphabet::RADIX) + alphabet::digit_of_value(alphabet::value(*symbol)?)?;
            }
        }
        Some(numbers)
    }
}
