//! Tests of the program room.

mod conditions;
mod coverage;
mod findings;
mod groups;
mod offers;
mod reference;
mod samples;
pub(crate) mod schema;
