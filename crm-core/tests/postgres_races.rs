//! A limit is exact on PostgreSQL: 64 tills on 16 connections want 5,000 coupons 10,000 times.
//!
//! To see it fail: leave `BETWEEN` out of the update of counters in `store/postgres/routine.rs`.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod on_postgres;
mod race;

use on_postgres::InSchema;
use std::sync::Arc;

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_limit_is_exact_on_postgres() {
    race::exact(Arc::new(InSchema::new()), false);
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn a_limit_is_exact_on_postgres_when_requests_are_combined() {
    race::exact(Arc::new(InSchema::new()), true);
}
