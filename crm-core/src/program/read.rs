//! From text to a JSON value, with a finding for each field that is written twice.

use super::finding::{FindingCode, Report};
use crate::limits::{PROGRAM_BYTES_MAX, quote};
use crate::value::tree;
use serde_json::Value;

/// Reads the text; none when it is no JSON at all.
pub(super) fn read(text: &str, report: &mut Report) -> Option<Value> {
    if text.len() > PROGRAM_BYTES_MAX {
        let message = format!("the document has {} bytes, at most {PROGRAM_BYTES_MAX} are allowed", text.len());
        report.add(FindingCode::TooLarge, "", message);
        return None;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let twice = &mut |pointer: &str, name: &str| {
        let message = format!("field `{}` is written twice", quote(name));
        report.add(FindingCode::DuplicateField, pointer.to_owned(), message);
    };
    match tree(text, twice) {
        Ok(value) => Some(value),
        Err(error) => {
            report.add(FindingCode::Json, "", format!("the document is not JSON: {error}"));
            None
        }
    }
}
