//! The engine: the loop of load, decide and commit, and its drivers. It names no backend.

mod codes;
mod combine;
mod limits;
mod pages;
mod revision;
mod sync;
mod totals;
mod work;

pub use crate::query::CustomerSummary;
pub use codes::CodesReport;
pub use combine::Combiner;
pub use pages::{StoredCustomer, Walk, kind_and_subject};
pub(crate) use sync::invalid;
pub use sync::{Engine, SweepReport};
pub use work::{Step, Work};
