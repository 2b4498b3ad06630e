//! How an engine reaches its store: at once, or by futures. What loads and commits in turns is written once, over this.

use crate::error::{Error, Result};
use crate::store::{AsyncStore, Commit, CommitReply, Fed, Offset, Read, Row, Store};
use std::future::{Future, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// A store of either kind.
pub(crate) trait Reach: Clone + Send + Sync + 'static {
    /// As [`Store::load`].
    fn load<'a>(&'a self, reads: &'a [Read]) -> impl Future<Output = Result<Vec<Vec<Row>>>> + Send + 'a;

    /// As [`Store::commit`].
    fn commit<'a>(&'a self, commit: &'a Commit) -> impl Future<Output = Result<CommitReply>> + Send + 'a;

    /// As [`Store::feed`].
    fn feed(&self, after: Offset, limit: usize) -> impl Future<Output = Result<Vec<Fed>>> + Send;
}

/// A store that answers at once.
#[derive(Clone)]
pub(crate) struct AtHand(pub(crate) Arc<dyn Store>);

/// A store that answers by futures.
#[derive(Clone)]
pub(crate) struct Away(pub(crate) Arc<dyn AsyncStore>);

impl Reach for AtHand {
    fn load<'a>(&'a self, reads: &'a [Read]) -> impl Future<Output = Result<Vec<Vec<Row>>>> + Send + 'a {
        ready(self.0.load(reads))
    }

    fn commit<'a>(&'a self, commit: &'a Commit) -> impl Future<Output = Result<CommitReply>> + Send + 'a {
        ready(self.0.commit(commit))
    }

    fn feed(&self, after: Offset, limit: usize) -> impl Future<Output = Result<Vec<Fed>>> + Send {
        ready(self.0.feed(after, limit))
    }
}

impl Reach for Away {
    fn load<'a>(&'a self, reads: &'a [Read]) -> impl Future<Output = Result<Vec<Vec<Row>>>> + Send + 'a {
        self.0.load(reads)
    }

    fn commit<'a>(&'a self, commit: &'a Commit) -> impl Future<Output = Result<CommitReply>> + Send + 'a {
        self.0.commit(commit)
    }

    fn feed(&self, after: Offset, limit: usize) -> impl Future<Output = Result<Vec<Fed>>> + Send {
        self.0.feed(after, limit)
    }
}

/// The outcome of work on a store that answers at once: such work has nothing to wait for.
pub(crate) fn now<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(Error::internal("a store that answers at once did not")),
    }
}
