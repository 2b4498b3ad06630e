//! crm-core
pub mod command;
pub mod customer;
pub mod error;
pub mod lifecycle;
pub mod limits;
pub mod order;
pub mod points;
pub mod program;
pub mod store;
pub mod tier;
pub mod value;
pub use error::{Error, ErrorCode, Result, Retry};
