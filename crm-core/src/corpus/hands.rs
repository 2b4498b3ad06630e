//! Who carries the steps of a story out: an engine that waits, or one of futures.

use crate::command::Request;
use crate::effect::Done;
use crate::engine::{AsyncEngine, Engine, SweepReport};
use crate::error::Result;
use crate::program::Finding;
use crate::query::{Answer, Query};
use crate::value::Timestamp;
use std::pin::Pin;

/// What a story does with an engine.
pub(super) trait Hands {
    fn publish_json(&self, text: &str, at: Timestamp) -> Result<Vec<Finding>>;
    fn preview(&self, request: Request) -> Result<Done>;
    fn execute(&self, request: Request) -> Result<Done>;
    fn ask(&self, query: &Query) -> Result<Answer>;
    fn sweep(&self, until: Timestamp) -> Result<SweepReport>;
}

impl Hands for Engine {
    fn publish_json(&self, text: &str, at: Timestamp) -> Result<Vec<Finding>> {
        self.publish_json(text, at)
    }
    fn preview(&self, request: Request) -> Result<Done> {
        self.preview(request)
    }
    fn execute(&self, request: Request) -> Result<Done> {
        self.execute(request)
    }
    fn ask(&self, query: &Query) -> Result<Answer> {
        self.ask(query)
    }
    fn sweep(&self, until: Timestamp) -> Result<SweepReport> {
        self.sweep(until, &mut |_| {})
    }
}

/// An engine of futures, and who waits for them.
pub struct Awaited<'a> {
    /// The engine.
    pub engine: &'a AsyncEngine,
    /// Runs a future to its end.
    pub wait: Wait<'a>,
}

/// Runs a future to its end.
pub type Wait<'a> = &'a dyn Fn(Pin<Box<dyn Future<Output = ()> + Send + '_>>);

impl Awaited<'_> {
    fn wait<T: Send>(&self, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let mut outcome = Err(crate::error::Error::internal("nobody waited for the future"));
        (self.wait)(Box::pin(async { outcome = work.await }));
        outcome
    }
}

impl Hands for Awaited<'_> {
    fn publish_json(&self, text: &str, at: Timestamp) -> Result<Vec<Finding>> {
        self.wait(self.engine.publish_json(text, at))
    }
    fn preview(&self, request: Request) -> Result<Done> {
        self.wait(self.engine.preview(request))
    }
    fn execute(&self, request: Request) -> Result<Done> {
        self.wait(self.engine.execute(request))
    }
    fn ask(&self, query: &Query) -> Result<Answer> {
        self.wait(self.engine.ask(query))
    }
    fn sweep(&self, until: Timestamp) -> Result<SweepReport> {
        let mut progress = |_: &SweepReport| {};
        self.wait(self.engine.sweep(until, &mut progress))
    }
}
