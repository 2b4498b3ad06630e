//! From the bytes of a file to text: BOM, then strict UTF-8, then GB18030.

use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use encoding_rs::{Encoding, GB18030};
use std::io::Read;

/// Magic numbers of files that people take for CSV.
const NOT_TEXT: [(&[u8], &str); 4] = [
    (b"PK\x03\x04", "a zip file or an Excel workbook; save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save the sheet as CSV"),
    (b"\x1f\x8b", "compressed with gzip; unpack it first"),
    (b"%PDF", "a PDF; export the data as CSV"),
];

/// Reads a whole file, at most `room` bytes of it, and decodes it.
pub(super) fn read(name: &str, reader: &mut dyn Read, room: usize) -> Result<String> {
    let bound = u64::try_from(room).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    reader
        .take(bound)
        .read_to_end(&mut bytes)
        .map_err(|cause| file(name, &format!("cannot be read: {}", cause.kind())).caused_by(cause))?;
    if room < bytes.len() {
        return Err(
            file(name, "makes the import too large; split it, for instance by month").limit(limits::IMPORT_BYTES_MAX)
        );
    }
    if let Some((_, what)) = NOT_TEXT.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(file(name, &format!("is {what}")));
    }
    decode(name, bytes)
}

/// `import.file` about a file.
pub(super) fn file(name: &str, what: &str) -> Error {
    let shown = limits::quote(name);
    Error::new(ErrorCode::ImportFile, format!("`{shown}` {what}")).with("file", &shown)
}

fn decode(name: &str, bytes: Vec<u8>) -> Result<String> {
    if let Some((encoding, length)) = Encoding::for_bom(&bytes) {
        let rest = bytes.get(length..).unwrap_or_default();
        return strict(encoding, rest)
            .ok_or_else(|| undecodable(name, &format!("not {}, as its first bytes say", encoding.name())));
    }
    match String::from_utf8(bytes) {
        Ok(text) => refuse_nul(name, text),
        Err(not_utf8) => {
            let valid = not_utf8.utf8_error().valid_up_to();
            let bytes = not_utf8.into_bytes();
            damaged_utf8(name, bytes.get(..valid).unwrap_or_default())?;
            let text = strict(GB18030, &bytes).filter(|text| !looks_western(text));
            refuse_nul(name, text.ok_or_else(|| undecodable(name, "neither UTF-8 nor GB18030"))?)
        }
    }
}

/// Refuses a file that is UTF-8 up to a broken byte: as GB18030 it would be read, as nonsense. In GB18030 no run of this length is
/// UTF-8 by chance.
fn damaged_utf8(name: &str, valid: &[u8]) -> Result<()> {
    let starts = valid.iter().filter(|byte| 0xC0 <= **byte).count();
    if starts < 8 {
        return Ok(());
    }
    let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
    Err(undecodable(name, &format!("UTF-8 up to line {line}, where it has a broken character")))
}

/// Whether what was read as GB18030 is something else, such as `Müller` in Windows-1252: there every accented letter swallows the
/// letter behind it, and stands as one Chinese character in the middle of a Latin word. Chinese characters keep company.
fn looks_western(text: &str) -> bool {
    let (mut before, mut last) = (' ', ' ');
    let (mut foreign, mut lonely) = (0_u32, 0_u32);
    for c in text.chars().chain([' ']) {
        if !last.is_ascii() {
            foreign = foreign.saturating_add(1);
            lonely = lonely.saturating_add(u32::from(before.is_ascii_alphabetic() && c.is_ascii_alphabetic()));
        }
        (before, last) = (last, c);
    }
    foreign < lonely.saturating_mul(2)
}

fn strict(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
}

/// A NUL is valid UTF-8 and never in a sheet: the file is binary, or UTF-16 without a mark.
fn refuse_nul(name: &str, text: String) -> Result<String> {
    if text.contains('\0') { Err(undecodable(name, "not text: it has zero bytes")) } else { Ok(text) }
}

fn undecodable(name: &str, what: &str) -> Error {
    let shown = limits::quote(name);
    Error::new(ErrorCode::ImportEncoding, format!("`{shown}` is {what}")).with("file", &shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: std::result::Result<&str, &str>) {
        let read = read("file.csv", &mut &*bytes, 64);
        let got = read.as_deref().map_err(|error| error.code().as_str());
        assert_eq!(got, expected);
    }

    #[test]
    fn bytes_become_text_or_a_clear_error() {
        check("\u{feff}订单".as_bytes(), Ok("订单"));
        check("订单".as_bytes(), Ok("订单"));
        check(b"\xb6\xa9\xb5\xa5\xb1\xe0\xba\xc5", Ok("订单编号"));
        check(b"\xff\xfea\0b\0", Ok("ab"));
        check(b"", Ok(""));
        check(b"a\xff\xffb", Err("import.encoding"));
        check(b"a\0b\0", Err("import.encoding"));
        check(b"\xef\xbb\xbfa\xff", Err("import.encoding"));
        check(b"PK\x03\x04xlsx", Err("import.file"));
        check(b"\x1f\x8b\x08", Err("import.file"));
        check(&[b'a'; 65], Err("import.file"));
    }

    #[test]
    fn other_encodings_are_not_read_as_nonsense() {
        // `Müller, Lüdke` in Windows-1252, which is well-formed GB18030 as well.
        check(b"name,city\nM\xfcller,L\xfcdke\n", Err("import.encoding"));
        // One cell of Chinese that keeps to itself is no reason to refuse, nor is a Latin letter beside a Chinese word.
        check(b"a\n\xca\xc7\nT\xd0\xf4\xc9\xc0", Ok("a\n是\nT恤衫"));
        let mut broken = "一二三四五六七八\n九".as_bytes().to_vec();
        broken.pop();
        check(&broken, Err("import.encoding"));
        let error = read("file.csv", &mut &*broken, 64).unwrap_err();
        assert!(error.message().contains("up to line 2"), "{error}");
    }
}
