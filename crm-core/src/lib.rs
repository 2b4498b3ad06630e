//! crm-core
pub mod error;
pub mod lifecycle;
pub mod limits;
pub mod points;
pub mod tier;
pub mod value;
pub use error::{Error, ErrorCode, Result, Retry};
