//! Stories on a PostgreSQL server, in a schema of their own.

use super::hands::Awaited;
use super::play::{Sweeps, play_async};
use super::story::Story;
use crate::engine::AsyncEngine;
use crate::engine::Engine;
use crate::error::{Error, ErrorCode, Result};
use crate::store::{PostgresOptions, PostgresStore};
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// One schema for all stories, emptied before each.
pub(super) struct Server(Arc<PostgresStore>, Runtime);

impl Server {
    pub(super) fn of_environment() -> Result<Option<Self>> {
        let Ok(address) = std::env::var("CRM_POSTGRES") else { return Ok(None) };
        let schema = format!("crm_corpus_{}", std::process::id());
        let options = PostgresOptions { schema, ..PostgresOptions::default() };
        let failed = |error| Error::new(ErrorCode::StoreFailed, "could not make a runtime").caused_by(error);
        let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(failed)?;
        Ok(Some(Self(Arc::new(PostgresStore::open(&address, &options)?), runtime)))
    }

    /// By an engine of futures, on the same schema.
    pub(super) fn play(
        &self,
        story: &Story,
        books: &Engine,
        samples: &dyn Fn(&str) -> Option<serde_json::Value>,
    ) -> std::result::Result<(), String> {
        let opened = self.1.block_on(AsyncEngine::open_shared(self.0.clone()));
        let engine = opened.map_err(|error| error.to_string())?;
        let by = Awaited { engine: &engine, wait: &|work| self.1.block_on(work) };
        play_async(story, &by, books, Sweeps::AsTold, samples)
    }

    pub(super) fn fresh(&self) -> Result<Engine> {
        self.0.run_sql(PostgresStore::EMPTY)?;
        Engine::open_shared(self.0.clone())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let schema = format!("DROP SCHEMA crm_corpus_{} CASCADE", std::process::id());
        self.0.run_sql(&schema).ok();
    }
}
