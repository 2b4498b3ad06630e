//! Where rows are kept: the contract, the tables, and the backends.

mod contract;
mod table;

pub use contract::{Abilities, Commit, CommitReply, Guard, Read, Row, Store, Value, Write};
pub use table::{Column, ColumnType, Description, Index, Table};
