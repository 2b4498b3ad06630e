//! Batches that are made when somebody asks for them.

use crate::columns::Rows;
use crate::errors::guarded;
use crate::ffi::without_lock;
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use crm_core::{Error, Result};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Where rows come from.
pub(crate) trait Feed: Send {
    /// Adds rows until there are so many, or none are left; whether some may be left.
    fn fill(&mut self, rows: &mut Rows, enough: usize) -> Result<bool>;
}

/// What a walk yields, made into rows.
pub(crate) struct Walked<T, W, P> {
    walk: W,
    page: std::vec::IntoIter<T>,
    put: P,
}

impl<T, W, P> Walked<T, W, P>
where
    T: Send + 'static,
    W: Iterator<Item = Result<Vec<T>>> + Send + 'static,
    P: FnMut(&mut Rows, T) -> Result<()> + Send + 'static,
{
    pub(crate) fn feed(walk: W, put: P) -> Box<dyn Feed> {
        Box::new(Self { walk, page: Vec::new().into_iter(), put })
    }
}

impl<T: Send, W, P> Feed for Walked<T, W, P>
where
    W: Iterator<Item = Result<Vec<T>>> + Send,
    P: FnMut(&mut Rows, T) -> Result<()> + Send,
{
    fn fill(&mut self, rows: &mut Rows, enough: usize) -> Result<bool> {
        while rows.count() < enough {
            match self.page.next() {
                Some(thing) => (self.put)(rows, thing)?,
                None => match self.walk.next() {
                    Some(page) => self.page = page?.into_iter(),
                    None => return Ok(false),
                },
            }
        }
        Ok(true)
    }
}

/// Why the last reading ended early.
pub(crate) type Failed = Arc<Mutex<Option<Error>>>;

/// A stream of batches.
pub(crate) struct Stream {
    pub(crate) schema: SchemaRef,
    pub(crate) rows: Rows,
    pub(crate) feed: Option<Box<dyn Feed>>,
    pub(crate) enough: usize,
    pub(crate) made: i64,
    /// Where the number of rows is left when all of them were read; below zero until then.
    pub(crate) total: Arc<AtomicI64>,
    /// Where it is left why reading ended early: readers pass on no more than a text.
    pub(crate) failed: Failed,
    /// A database connection does not survive a fork.
    pub(crate) process: u32,
}

impl Stream {
    fn batch(&mut self) -> Option<std::result::Result<RecordBatch, ArrowError>> {
        let feed = self.feed.as_mut()?;
        if self.process != std::process::id() {
            self.feed = None;
            return Some(Err(ArrowError::ExternalError(
                "the engine was opened before this process was forked; open one here, on a file that was closed before the fork or on a server".into(),
            )));
        }
        // A panic must not reach the reader, which may not be written in Rust.
        let filled = guarded(|| feed.fill(&mut self.rows, self.enough)).and_then(|filled| filled);
        match filled {
            Ok(true) => {}
            Ok(false) => self.feed = None,
            Err(error) => {
                self.feed = None;
                let told = format!("{} ({}); {}", error.message(), error.code().as_str(), error.help());
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                return Some(Err(ArrowError::ExternalError(told.into())));
            }
        }
        self.made += i64::try_from(self.rows.count()).unwrap_or(0);
        if self.feed.is_none() {
            self.total.store(self.made, Ordering::Relaxed);
        }
        (0 < self.rows.count()).then(|| self.rows.finish())
    }
}

impl Iterator for Stream {
    type Item = std::result::Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        without_lock(|| self.batch())
    }
}

impl RecordBatchReader for Stream {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}
