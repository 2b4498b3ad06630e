//! Order exports of shops as they really look, and tables at hand, brought into the engine: dry run, issues row by row, revert.
//!
//! Files are read whole, decoded (BOM, then strict UTF-8, then GB18030), and grouped by order id, so the rows of one order need not
//! stand together and item and refund sheets may come in any order. Facts are then applied in the order of time, a chunk of orders per
//! commit: a sheet with the newest order first gives the same members as one with the oldest first. The files of one import are held
//! in memory as text, at most [`limits::IMPORT_BYTES_MAX`](crate::limits::IMPORT_BYTES_MAX) bytes.
//!
//! A problem of a row never stops the file. A problem of a file (`import.file`, `import.header`, `import.encoding`) is found before
//! anything is written.

mod batch;
mod cell;
mod columns;
mod events;
mod fact;
mod find;
mod group;
mod overlay;
mod plain;
mod refunds;
mod report;
mod revert;
mod run;
mod sheet;
mod shopify;
mod table;
mod taobao;
mod text;
mod whole;
mod youzan;

pub use batch::{BatchRecord, BatchState, batches};
pub use columns::{ColumnMap, DecimalMark, IdentifierColumn, Missing, Strange};
pub use events::{AttributeColumn, AttributeKind, EventColumnMap};
pub use refunds::RefundColumnMap;
pub use report::{Counts, ImportProgress, ImportReport, Issue};
pub use revert::{RevertReport, revert};
pub use run::import;
pub use table::{CellColumn, CellType, Cells};

use crate::value::{BatchId, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::sync::Arc;

/// The form of the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Format {
    /// Any CSV with one row per order line, described by a column map; [`ColumnMap::default`] is our own form.
    Plain {
        /// Which column is what.
        #[serde(default)]
        columns: Box<ColumnMap>,
    },
    /// The orders export of Shopify.
    Shopify,
    /// Order sheet of Taobao or Tmall, with its item and refund sheets where there are some.
    Taobao,
    /// Orders export of Youzan, with its order lines where there are some.
    Youzan,
    /// Refunds by a column map; [`RefundColumnMap::default`] is our own form.
    Refunds {
        /// Which column is what.
        #[serde(default)]
        columns: Box<RefundColumnMap>,
    },
    /// Events by a column map; [`EventColumnMap::default`] is our own form.
    Events {
        /// Which column is what.
        #[serde(default)]
        columns: Box<EventColumnMap>,
    },
}

/// One file. What it is (orders, items, refunds) is told by its headers.
pub struct SourceFile<'a> {
    /// What to call it in issues.
    pub name: String,
    /// What is in it.
    pub content: Content<'a>,
}

/// What a file holds.
pub enum Content<'a> {
    /// The bytes of a CSV file.
    Bytes(Box<dyn Read + 'a>),
    /// A table at hand, for the formats with a column map.
    Table(Arc<dyn Cells>),
}

/// The files of one import.
pub struct Source<'a> {
    /// What to call them in the list of batches.
    pub name: String,
    /// The files, in any order.
    pub files: Vec<SourceFile<'a>>,
}

/// Whether an import writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DryRun {
    /// It writes.
    #[default]
    No,
    /// Everything is carried out on top of the store and then forgotten: the report is what the import would give, nothing is written.
    Yes,
}

/// What problems of rows mean for the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnIssue {
    /// They are in the report; the rest is imported.
    #[default]
    Report,
    /// Nothing is written: everything is carried out on top of the store first, and refused with `import.issues` where there is one. What was
    /// decided is then written as it is; only where somebody else has changed the same meanwhile is it decided again.
    Refuse,
}

/// How to import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportOptions {
    /// The form of the files.
    pub format: Format,
    /// The id of this import; none makes one from the content of the files. The id of an import that was stopped half-way goes on with it.
    pub batch: Option<BatchId>,
    /// Whether to write.
    pub dry_run: DryRun,
    /// What problems of rows mean for the rest.
    pub on_issue: OnIssue,
    /// When the facts are recorded; none replays history, each fact being recorded at its own time.
    pub recorded_at: Option<Timestamp>,
    /// What time it is. A fact after it is a slip of the file, such as the year 2206, and refused with `time.future`: replayed, it would
    /// bring the customer to that day, and everything they hold would have expired. None believes every time.
    pub now: Option<Timestamp>,
    /// Where times without an offset are meant; none is the zone of the column map, or of the program.
    pub zone: Option<Zone>,
    /// Put in front of every order id, for shops that number from 1 alike: `berlin:` makes `#1001` into `berlin:#1001`.
    pub id_prefix: String,
    /// Orders and refunds per commit.
    pub chunk_orders: usize,
}

impl ImportOptions {
    /// History, written in chunks of 1,000.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self {
            format,
            batch: None,
            dry_run: DryRun::No,
            on_issue: OnIssue::Report,
            recorded_at: None,
            now: None,
            zone: None,
            id_prefix: String::new(),
            chunk_orders: 1_000,
        }
    }
}

impl<'a> Source<'a> {
    /// One file.
    pub fn new(name: impl Into<String>, reader: impl Read + 'a) -> Self {
        let name = name.into();
        Self { name: name.clone(), files: Vec::new() }.with(name, reader)
    }

    /// A table that is at hand as columns.
    pub fn table(name: impl Into<String>, cells: Arc<dyn Cells>) -> Self {
        let name = name.into();
        Self { name: name.clone(), files: vec![SourceFile { name, content: Content::Table(cells) }] }
    }

    /// The same with one more file.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, reader: impl Read + 'a) -> Self {
        self.files.push(SourceFile { name: name.into(), content: Content::Bytes(Box::new(reader)) });
        self
    }
}

impl Format {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Plain { .. } => "plain",
            Self::Shopify => "shopify",
            Self::Taobao => "taobao",
            Self::Youzan => "youzan",
            Self::Refunds { .. } => "refunds",
            Self::Events { .. } => "events",
        }
    }

    /// The format that a header looks like: its own names, comma-separated lines included. None where it is nobody's.
    #[must_use]
    pub fn detect(header: &str) -> Option<Self> {
        let sheet = sheet::Sheet::open("header", header.to_owned()).ok()?;
        match sheet::nearest(&sheet)? {
            "shopify" => Some(Self::Shopify),
            "taobao" => Some(Self::Taobao),
            "youzan" => Some(Self::Youzan),
            _ => Some(Self::Plain { columns: Box::default() }),
        }
    }
}
