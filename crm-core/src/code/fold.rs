//! From what somebody typed to the letters and digits that count.

use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Case, width and look-alikes are folded; blanks, dashes and invisible characters are left out. Folding twice changes nothing.
pub(super) fn fold(typed: &str) -> Result<String> {
    if limits::CODE_TEXT_BYTES_MAX < typed.len() {
        let message = format!("a code has {} bytes, at most {} are read", typed.len(), limits::CODE_TEXT_BYTES_MAX);
        return Err(Error::new(ErrorCode::CodeText, message).field("code").limit(limits::CODE_TEXT_BYTES_MAX));
    }
    let mut folded = once(typed)?;
    // What was left out may have stood between a letter and its accent, which make one letter then.
    while !folded.is_ascii() {
        let again = once(&folded)?;
        if again == folded {
            break;
        }
        folded = again;
    }
    let count = folded.chars().count();
    if count < limits::CODE_CHARS_MIN {
        let message = format!("a code has at least {} letters and digits, not {count}", limits::CODE_CHARS_MIN);
        return Err(Error::new(ErrorCode::CodeText, message).field("code").limit(limits::CODE_CHARS_MIN));
    }
    if limits::CODE_CHARS_MAX < count {
        let message = format!("a code has at most {} letters and digits, not {count}", limits::CODE_CHARS_MAX);
        return Err(Error::new(ErrorCode::CodeText, message).field("code").limit(limits::CODE_CHARS_MAX));
    }
    Ok(folded)
}

fn once(text: &str) -> Result<String> {
    let mut folded = String::with_capacity(text.len());
    if text.is_ascii() {
        text.chars().try_for_each(|c| take(c.to_ascii_uppercase(), &mut folded))?;
    } else {
        // Capitals may be composed of other characters than their small letters were, so the form is made on both sides.
        let wide = text.nfkc().flat_map(char::to_uppercase).nfkc();
        wide.into_iter().try_for_each(|c| take(c, &mut folded))?;
    }
    Ok(folded)
}

/// The capital, or the digit, that a capital is taken for. None for what is neither a letter nor a digit.
pub(super) fn look_alike(c: char) -> Option<char> {
    match c {
        'O' => Some('0'),
        'I' | 'L' | 'İ' => Some('1'),
        'S' => Some('5'),
        'U' => Some('V'),
        _ => (c.is_alphanumeric() || is_combining_mark(c)).then_some(c),
    }
}

fn take(c: char, folded: &mut String) -> Result<()> {
    if let Some(meant) = look_alike(c) {
        folded.push(meant);
        return Ok(());
    }
    match c {
        _ if c.is_whitespace() || is_dash(c) || is_invisible(c) => {}
        // The code itself is worth money, so no message and no log shows more of it than the character at fault.
        _ => {
            let shown = limits::quote(c.encode_utf8(&mut [0; 4]));
            let message = format!("a code has letters and digits, not `{shown}`");
            return Err(Error::new(ErrorCode::CodeText, message).field("code").with("character", shown));
        }
    }
    Ok(())
}

/// Hyphens, dashes, minus, and the line that some type between groups.
const fn is_dash(c: char) -> bool {
    matches!(c, '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}')
}

/// What comes along when a code is copied out of a page or a message: soft hyphens, joiners, marks of direction and of byte order.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
