//! Every store of the library keeps every law.
#![cfg(feature = "conformance")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use crm_core::store::{Leased, MemoryStore, Store};

crm_core::store_conformance!(memory, || Box::new(MemoryStore::new()) as Box<dyn Store>);
crm_core::store_conformance!(leased, || Box::new(Leased::new(MemoryStore::new(), 4, 1).unwrap()) as Box<dyn Store>);

#[cfg(feature = "sqlite")]
mod on_sqlite {
    use crm_core::Result;
    use crm_core::store::{
        Abilities, Commit, CommitReply, Durability, Fed, Offset, Read, Row, SqliteOptions, SqliteStore, Store,
    };
    use tempfile::TempDir;

    /// A store in a folder that goes with it.
    struct InFolder {
        store: SqliteStore,
        _folder: TempDir,
    }

    impl Store for InFolder {
        fn abilities(&self) -> Abilities {
            self.store.abilities()
        }
        fn load(&self, reads: &[Read]) -> Result<Vec<Vec<Row>>> {
            self.store.load(reads)
        }
        fn commit(&self, commit: &Commit) -> Result<CommitReply> {
            self.store.commit(commit)
        }
        fn feed(&self, after: Offset, limit: usize) -> Result<Vec<Fed>> {
            self.store.feed(after, limit)
        }
        fn wait_for_entries(&self, after: Offset, wait_ms: u32) -> Result<bool> {
            self.store.wait_for_entries(after, wait_ms)
        }
        fn close(&self) -> Result<()> {
            self.store.close()
        }
    }

    fn in_folder(durability: Durability) -> Box<dyn Store> {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions { durability, ..SqliteOptions::default() };
        let store = SqliteStore::open(&folder.path().join("crm.db"), options).unwrap();
        Box::new(InFolder { store, _folder: folder })
    }

    crm_core::store_conformance!(file_normal, || in_folder(Durability::Normal));
    crm_core::store_conformance!(file_full, || in_folder(Durability::Full));
    crm_core::store_conformance!(in_memory, || Box::new(SqliteStore::in_memory().unwrap()) as Box<dyn Store>);
}
