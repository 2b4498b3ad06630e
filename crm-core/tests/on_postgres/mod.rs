//! A schema of its own on the server of `CRM_POSTGRES`, for one test.
#![allow(dead_code, reason = "each test uses some of it")]

use crm_core::Result;
use crm_core::store::{
    Abilities, Commit, CommitReply, Fed, Offset, PostgresOptions, PostgresProfile, PostgresStore, Read, Row, Store,
};
use std::sync::atomic::{AtomicU32, Ordering};

/// The address of the server.
pub(crate) fn address() -> String {
    std::env::var("CRM_POSTGRES").expect("CRM_POSTGRES is the address of a server: tests/with-postgres cargo test …")
}

/// A name that nobody has used.
pub(crate) fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("crm_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Runs statements as a person would.
pub(crate) fn sql(statements: &str) -> std::result::Result<(), tokio_postgres::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, driver) = tokio_postgres::connect(&address(), tokio_postgres::NoTls).await?;
        let driver = tokio::spawn(driver);
        let done = client.batch_execute(statements).await;
        drop(client);
        driver.await.ok();
        done
    })
}

/// One number as a person would ask for it.
pub(crate) fn number(query: &str) -> i64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, driver) = tokio_postgres::connect(&address(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(driver);
        client.query_one(query, &[]).await.unwrap().get(0)
    })
}

/// A store in a schema that goes with it.
pub(crate) struct InSchema {
    pub(crate) store: PostgresStore,
    pub(crate) schema: String,
    options: PostgresOptions,
}

impl InSchema {
    pub(crate) fn new() -> Self {
        Self::with(PostgresOptions::default())
    }

    /// As on many machines: the tables are made by hand, of the library's statements. Here one server plays all of them, so it is only
    /// told what should lie where.
    pub(crate) fn spread() -> Self {
        let schema = name();
        sql(&format!(
            "CREATE SCHEMA {schema}; SET search_path = {schema};
             CREATE FUNCTION create_reference_table(regclass) RETURNS void LANGUAGE sql AS '';
             CREATE FUNCTION create_distributed_table(regclass, text, colocate_with text) RETURNS void LANGUAGE sql AS '';
             CREATE FUNCTION create_distributed_function(regprocedure, text DEFAULT '', colocate_with text DEFAULT '')
                RETURNS void LANGUAGE sql AS '';
             {}",
            PostgresStore::schema_sql(&schema, PostgresProfile::Citus)
        ))
        .unwrap();
        let options =
            PostgresOptions { schema: schema.clone(), profile: PostgresProfile::Citus, ..PostgresOptions::default() };
        Self { store: PostgresStore::open(&address(), &options).unwrap(), schema, options }
    }

    pub(crate) fn with(options: PostgresOptions) -> Self {
        let schema = name();
        let options = PostgresOptions { schema: schema.clone(), ..options };
        Self { store: PostgresStore::open(&address(), &options).unwrap(), schema, options }
    }

    /// The same rows, opened as another process would.
    pub(crate) fn reopened(&self) -> PostgresStore {
        PostgresStore::open(&address(), &self.options).unwrap()
    }
}

impl Drop for InSchema {
    fn drop(&mut self) {
        self.store.close().unwrap();
        sql(&format!("SET client_min_messages = warning; DROP SCHEMA IF EXISTS {} CASCADE", self.schema)).unwrap();
    }
}

impl Store for InSchema {
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
