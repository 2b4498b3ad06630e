//! How an engine reaches its store: at once, or by futures. What loads and commits in turns is written once, over this.

use crate::error::{Error, Result};
use crate::store::{AsyncStore, Commit, CommitReply, Read, Row, Store};
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
}

impl Reach for Arc<dyn Store> {
    fn load<'a>(&'a self, reads: &'a [Read]) -> impl Future<Output = Result<Vec<Vec<Row>>>> + Send + 'a {
        ready((**self).load(reads))
    }

    fn commit<'a>(&'a self, commit: &'a Commit) -> impl Future<Output = Result<CommitReply>> + Send + 'a {
        ready((**self).commit(commit))
    }
}

impl Reach for Arc<dyn AsyncStore> {
    fn load<'a>(&'a self, reads: &'a [Read]) -> impl Future<Output = Result<Vec<Vec<Row>>>> + Send + 'a {
        (**self).load(reads)
    }

    fn commit<'a>(&'a self, commit: &'a Commit) -> impl Future<Output = Result<CommitReply>> + Send + 'a {
        (**self).commit(commit)
    }
}

/// The outcome of work on a store that answers at once: such work has nothing to wait for.
pub(crate) fn now<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(Error::internal("a store that answers at once did not")),
    }
}
