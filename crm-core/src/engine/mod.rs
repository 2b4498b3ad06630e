//! The engine: the loop of load, decide and commit, and its drivers. It names no backend.

mod codes;
mod combine;
mod drive;
mod limits;
mod pages;
mod progress;
mod reach;
mod revision;
mod sync;
mod totals;
mod waits;
#[cfg(feature = "conformance")]
mod whole;
mod work;

pub use crate::query::CustomerSummary;
pub use codes::CodesReport;
pub use combine::Combiner;
pub(crate) use drive::invalid;
pub use pages::{AsyncWalk, StoredCustomer, Walk, kind_and_subject};
pub use progress::ProgressAnswer;
pub(crate) use progress::heeded;
pub use sync::{Engine, SweepReport};
pub use waits::AsyncEngine;
#[cfg(feature = "conformance")]
pub(crate) use whole::damaged_rows;
pub use work::{Step, Work};
