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
        return strict(encoding, rest).ok_or_else(|| undecodable(name, encoding.name()));
    }
    match String::from_utf8(bytes) {
        Ok(text) => refuse_nul(name, text),
        Err(not_utf8) => {
            let bytes = not_utf8.into_bytes();
            let text = strict(GB18030, &bytes).ok_or_else(|| undecodable(name, "UTF-8 nor GB18030"))?;
            refuse_nul(name, text)
        }
    }
}

fn strict(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
}

/// A NUL is valid UTF-8 and never in a sheet: the file is binary, or UTF-16 without a mark.
fn refuse_nul(name: &str, text: String) -> Result<String> {
    if text.contains('\0') { Err(undecodable(name, "text without zero bytes")) } else { Ok(text) }
}

fn undecodable(name: &str, encoding: &str) -> Error {
    let shown = limits::quote(name);
    Error::new(ErrorCode::ImportEncoding, format!("`{shown}` is not {encoding}")).with("file", &shown)
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
}
