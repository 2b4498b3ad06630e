//! Every store of the library keeps every law.
#![cfg(feature = "conformance")]

use crm_core::store::{MemoryStore, Store};

crm_core::store_conformance!(memory, || Box::new(MemoryStore::new()) as Box<dyn Store>);
