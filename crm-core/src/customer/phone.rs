//! Phone numbers as people, tills and spreadsheets write them, brought to E.164.

use super::identity::Refusal;
use phonenumber::country::Id as Country;
use unicode_normalization::UnicodeNormalization;

/// The E.164 form of a phone number; `country` is for numbers without a country code.
pub(super) fn e164(text: &str, country: Option<Country>) -> Result<String, Refusal> {
    // The common case, a plain Chinese mobile number, must not pay for the general machinery.
    if country == Some(Country::CN) && is_chinese_mobile(text) && !is_placeholder(text) {
        return Ok(format!("+86{text}"));
    }
    let dialled = dialled(text)?;
    if is_placeholder(national_part(&dialled)) {
        return Err(Refusal::Placeholder);
    }
    if let Some(mobile) = chinese_with_code(&dialled) {
        return Ok(format!("+86{mobile}"));
    }
    if country == Some(Country::CN) && is_chinese_mobile(&dialled) {
        return Ok(format!("+86{dialled}"));
    }
    by_library(&dialled, country)
}

/// What the `phonenumber` library makes of digits with an optional `+` in front.
pub(super) fn by_library(dialled: &str, country: Option<Country>) -> Result<String, Refusal> {
    let text = match (country, dialled.strip_prefix("00")) {
        (None, Some(rest)) => format!("+{rest}"),
        _ => dialled.to_owned(),
    };
    let number = phonenumber::parse(country, &text).map_err(|_| Refusal::Invalid)?;
    if !number.is_valid() {
        return Err(Refusal::Invalid);
    }
    let normal = number.format().mode(phonenumber::Mode::E164).to_string();
    if is_placeholder(national_part(&normal)) { Err(Refusal::Placeholder) } else { Ok(normal) }
}

/// Digits with an optional `+` in front: what is left when decoration is gone.
fn dialled(text: &str) -> Result<String, Refusal> {
    let folded: String = text.trim().trim_start_matches('\'').nfkc().filter(|c| !is_decoration(*c)).collect();
    let mut digits = String::with_capacity(folded.len());
    for (place, c) in folded.char_indices() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if place == 0 => digits.push(c),
            '*' | 'x' | 'X' | '#' | '×' | '•' | '●' | '█' | '?' => return Err(Refusal::Masked),
            'e' | 'E' if is_scientific(&folded) => return Err(Refusal::SciNotation),
            _ => return Err(Refusal::Invalid),
        }
    }
    // `1.38E10` without its exponent would pass as a number once the point is gone; the exponent is looked at above.
    if digits.trim_start_matches('+').is_empty() { Err(Refusal::Invalid) } else { Ok(digits) }
}

/// Blanks, dashes, brackets, points and invisible marks that contact lists put into numbers.
fn is_decoration(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '(' | ')' | '.' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}')
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
}

fn is_scientific(folded: &str) -> bool {
    let Some((mantissa, exponent)) = folded.split_once(['e', 'E']) else { return false };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    digits(mantissa) && digits(exponent.trim_start_matches('+'))
}

/// The mobile numbers that the numbering plan of China gives out, as the `phonenumber` library has them;
/// `1740` is followed by 0 to 5. The test `fast_path_agrees_with_the_library` compares the two.
fn is_chinese_mobile(text: &str) -> bool {
    let bytes = text.as_bytes();
    let &[b'1', second, third, fourth, fifth, ..] = bytes else { return false };
    if bytes.len() != 11 || !bytes.iter().all(u8::is_ascii_digit) {
        return false;
    }
    match (second, third) {
        (b'3' | b'8', _) => true,
        (b'4', b'5' | b'7') => true,
        (b'5' | b'9', b'0'..=b'3' | b'5'..=b'9') => true,
        (b'6', b'2' | b'5'..=b'7') => true,
        (b'7', b'0'..=b'3' | b'5'..=b'8') => true,
        (b'7', b'4') => fourth == b'0' && matches!(fifth, b'0'..=b'5'),
        _ => false,
    }
}

/// The mobile number behind `+86`, `0086` or `86`, where it is one.
fn chinese_with_code(dialled: &str) -> Option<&str> {
    let rest = dialled.strip_prefix("+86").or_else(|| dialled.strip_prefix("0086"))?;
    is_chinese_mobile(rest).then_some(rest)
}

fn national_part(dialled: &str) -> &str {
    let code = dialled.strip_prefix("+86").or_else(|| dialled.strip_prefix("0086"));
    code.unwrap_or_else(|| dialled.trim_start_matches('+'))
}

/// Numbers that are typed to fill a field: one digit repeated, a run of digits up or down, a mobile prefix and eight zeros.
fn is_placeholder(digits: &str) -> bool {
    const UP: &str = "012345678901234567890";
    const DOWN: &str = "987654321098765432109";
    let repeated = digits.as_bytes().windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    let run = digits.len() >= 5 && (UP.contains(digits) || DOWN.contains(digits));
    let empty_mobile = digits.len() == 11 && digits.starts_with('1') && digits.ends_with("00000000");
    repeated || run || empty_mobile
}
