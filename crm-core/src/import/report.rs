//! What an import did, row problems included.

use super::DryRun;
use crate::error::{Error, ErrorCode};
use crate::limits;
use crate::value::{BatchId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an import did, or in a dry run would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ImportReport {
    /// Its id: the handle for [`super::revert`].
    pub batch: BatchId,
    /// Whether anything was written.
    pub dry_run: DryRun,
    /// Rows in all files, headers apart.
    pub rows: u64,
    /// Paid orders.
    pub orders: Counts,
    /// Refunds.
    pub refunds: Counts,
    /// Orders that the shop has closed: cancelled, or waiting to be where the order is not told yet; skipped where it was never paid.
    pub closings: Counts,
    /// Events.
    #[serde(default)]
    pub events: Counts,
    /// Refunds among the recorded ones of which some or all goods were found in no order of their customer: that part is noted, and changes no
    /// order. They are not tried again when orders are told later.
    #[serde(default)]
    pub refunds_unmatched: u64,
    /// Customers who were not known before.
    pub customers_new: u64,
    /// What was left out and why, such as `unpaid`, `no_customer`, `closed`; the sum of all `skipped`.
    pub skipped: BTreeMap<String, u64>,
    /// Lines of orders that were left out and why: `zero_price`, `negative_price`.
    pub skipped_lines: BTreeMap<String, u64>,
    /// The first problems that were found, at most 1,000; file by file in the order of their rows.
    pub issues: Vec<Issue>,
    /// All problems, kept or not.
    pub issues_total: u64,
    /// All problems by code.
    pub issues_by_code: BTreeMap<String, u64>,
    /// The earliest fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_at: Option<Timestamp>,
    /// The latest fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_at: Option<Timestamp>,
}

/// How facts of one kind ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "ImportCounts"))]
pub struct Counts {
    /// Recorded now.
    pub applied: u64,
    /// Recorded before, with the same content.
    pub unchanged: u64,
    /// Left out by the format's rules; see the table of reasons.
    pub skipped: u64,
    /// Not taken because of a problem; see the issues.
    pub refused: u64,
    /// Refunds and closings that wait for an order that has not arrived.
    pub waiting: u64,
}

impl Counts {
    /// Those of an import that went on after it was stopped: what it had recorded before was found known.
    pub(super) const fn going_on(self, before: Self) -> Self {
        let (applied, unchanged) = (self.applied + before.applied, self.unchanged.saturating_sub(before.applied));
        Self { applied, unchanged, ..self }
    }
}

/// A problem of one row. The rest of the file is imported all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "ImportIssue"))]
pub struct Issue {
    /// In which file.
    pub file: String,
    /// In which row: of a file as a spreadsheet numbers them, the header being row 1; of a table by its place, from 0.
    pub row: u64,
    /// In which column, where one is at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The stable code.
    pub code: String,
    /// What the cell says, shortened; of identifiers only the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ImportProgress {
    /// Rows in all files.
    pub rows_total: u64,
    /// Rows that are dealt with.
    pub rows_done: u64,
    /// Orders, refunds, closings and events recorded so far.
    pub applied: u64,
    /// Problems so far.
    pub issues: u64,
}

/// Where a fact comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    /// Which sheet.
    pub(super) sheet: usize,
    /// Its row, the first after the header being 0.
    pub(super) row: u32,
}

impl ImportReport {
    pub(super) fn new(batch: BatchId, dry_run: DryRun) -> Self {
        Self {
            batch,
            dry_run,
            rows: 0,
            orders: Counts::default(),
            refunds: Counts::default(),
            closings: Counts::default(),
            events: Counts::default(),
            refunds_unmatched: 0,
            customers_new: 0,
            skipped: BTreeMap::new(),
            skipped_lines: BTreeMap::new(),
            issues: Vec::new(),
            issues_total: 0,
            issues_by_code: BTreeMap::new(),
            first_at: None,
            last_at: None,
        }
    }

    /// Whether the import changed, or would change, what customers have. Refunds that wait for their order change nothing yet.
    #[must_use]
    pub const fn changed(&self) -> bool {
        0 < self.orders.applied + self.refunds.applied + self.closings.applied + self.events.applied
    }

    pub(super) fn skip(&mut self, reason: &str) {
        *self.skipped.entry(reason.to_owned()).or_default() += 1;
    }

    /// Notes a problem.
    pub(super) fn issue(&mut self, file: &str, row: u64, column: Option<&str>, value: Option<&str>, error: &Error) {
        self.issues_total += 1;
        *self.issues_by_code.entry(error.code().as_str().to_owned()).or_default() += 1;
        if limits::IMPORT_ISSUES_MAX <= self.issues.len() {
            return;
        }
        let personal = error.code() == ErrorCode::IdentityText;
        let shown = |value: &str| match personal {
            true => format!("{}…", value.chars().take(3).collect::<String>()),
            false => limits::quote(value),
        };
        let detail = |name: &str| error.details().get(name).and_then(serde_json::Value::as_str);
        // Why an identifier is none, and what the engine calls it where that is no column of the file.
        let more = detail("reason").or_else(|| detail("field").filter(|_| column.is_none()));
        let message = match more.filter(|more| !error.message().contains(more)) {
            Some(more) => format!("{} ({more})", error.message()),
            None => error.message().to_owned(),
        };
        self.issues.push(Issue {
            file: limits::quote(file),
            row,
            column: column.map(limits::quote),
            code: error.code().as_str().to_owned(),
            value: value.filter(|value| !value.is_empty()).map(shown),
            message,
            help: error.help().to_owned(),
        });
    }
}
