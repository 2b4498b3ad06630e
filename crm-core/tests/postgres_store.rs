//! PostgreSQL keeps every law of a store.
#![cfg(all(feature = "postgres", feature = "conformance"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod on_postgres;

use crm_core::store::Store;
use on_postgres::InSchema;

crm_core::store_conformance!(
    laws,
    || Box::new(InSchema::new()) as Box<dyn Store>,
    ignore = "needs a server: tests/run --only postgres"
);
