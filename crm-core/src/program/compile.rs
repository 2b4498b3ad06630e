//! From a document to a program: read, walk against the schema, check, and put the compiled parts together.

use super::check::{self, Sheet};
use super::compiled::Program;
use super::document::Document;
use super::finding::{Finding, FindingCode, Report};
use super::read::read;
use super::salvage::salvage;
use super::walk;
use crate::limits::PROGRAM_BYTES_MAX;
use serde_json::Value;

impl Program {
    /// The version of the document format.
    pub const VERSION: u32 = 1;

    /// Reads and compiles a document, and reports **everything** that is wrong with it at once.
    ///
    /// ```
    /// use crm_core::program::Program;
    /// let findings = Program::from_json(
    ///     r#"{"version": 1, "program": "tea", "revision": 1, "zone": "Asia/Shanghai", "currencies": ["CNY"],
    ///         "points": [{"id": "points", "roundin": "floor", "value": 0.01}]}"#,
    /// )
    /// .unwrap_err();
    /// assert_eq!(findings[0].pointer, "/points/0/roundin");
    /// assert_eq!(findings[0].help, "did you mean `rounding`?");
    /// assert_eq!(findings[1].pointer, "/points/0/value");
    /// assert_eq!(findings[1].help, "write it as a string: \"0.01\"");
    /// ```
    ///
    /// # Errors
    /// Every finding, errors and warnings, when at least one is an error.
    pub fn from_json(text: &str) -> Result<Self, Vec<Finding>> {
        let mut report = Report::default();
        match read(text, &mut report) {
            Some(value) => Self::from_value(value, report),
            None => Err(report.into_findings()),
        }
    }

    /// Compiles a document that was built in code; the same checks as [`Program::from_json`].
    ///
    /// # Errors
    /// Every finding, errors and warnings, when at least one is an error.
    pub fn compile(document: Document) -> Result<Self, Vec<Finding>> {
        let mut report = Report::default();
        let Ok(value) = serde_json::to_value(&document) else {
            report.add(FindingCode::Json, "", "the document cannot be written as JSON");
            return Err(report.into_findings());
        };
        let bytes = value.to_string().len();
        if bytes > PROGRAM_BYTES_MAX {
            let message = format!("the document has {bytes} bytes, at most {PROGRAM_BYTES_MAX} are allowed");
            report.add(FindingCode::TooLarge, "", message);
            return Err(report.into_findings());
        }
        Self::from_value(value, report)
    }

    /// The JSON Schema (draft 2020-12) of the document, for editors and for bindings.
    #[must_use]
    pub const fn json_schema() -> &'static str {
        walk::SCHEMA
    }

    fn from_value(mut value: Value, mut report: Report) -> Result<Self, Vec<Finding>> {
        let version = value.get("version").filter(|version| version.is_i64() || version.is_u64());
        if let Some(version) = version.filter(|version| version.as_u64() != Some(u64::from(Self::VERSION))) {
            let message = format!("version {version} of the format is unknown");
            report.add(FindingCode::Version, "/version", message);
            return Err(report.into_findings());
        }
        walk::walk(&mut value, &mut report);
        let Some((document, places)) = salvage(value, &mut report) else {
            return Err(report.into_findings());
        };
        let parts = check::check(&Sheet::new(&document, &places), &mut report);
        let warnings = report.into_warnings()?;
        Self::assemble(document, parts, warnings)
    }
}
