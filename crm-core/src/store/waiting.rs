//! The contract for hosts that must not block: the same calls, as futures. No runtime is named here.

use super::contract::{Abilities, Commit, CommitReply, Read, Store};
use super::feed::{Fed, Offset, none_kept};
use super::row::Row;
use super::wake::look;
use crate::error::Result;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

/// An answer that is still to come.
pub type Coming<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// A [`Store`] whose calls are futures. Object safe; the same laws.
///
/// A future that is dropped before its end may have had its effect or not, as a whole: a commit is everything or nothing, and the mark of
/// a request tells on the next try. It leaves nothing behind that a later call could stumble over.
pub trait AsyncStore: Send + Sync {
    /// As [`Store::abilities`].
    fn abilities(&self) -> Abilities;

    /// As [`Store::load`].
    fn load<'a>(&'a self, reads: &'a [Read]) -> Coming<'a, Vec<Vec<Row>>>;

    /// As [`Store::commit`].
    fn commit<'a>(&'a self, commit: &'a Commit) -> Coming<'a, CommitReply>;

    /// As [`Store::feed`].
    fn feed(&self, _after: Offset, _limit: usize) -> Coming<'_, Vec<Fed>> {
        Box::pin(ready(Err(none_kept())))
    }

    /// As [`Store::wait_for_entries`]. A store that knows no better sleeps on a thread between two looks.
    fn wait_for_entries(&self, after: Offset, wait_ms: u32) -> Coming<'_, bool> {
        Box::pin(look(|after, limit| self.feed(after, limit), after, wait_ms))
    }

    /// As [`Store::close`].
    fn close(&self) -> Coming<'_, ()>;
}

impl<S: AsyncStore + ?Sized> AsyncStore for Arc<S> {
    fn abilities(&self) -> Abilities {
        (**self).abilities()
    }
    fn load<'a>(&'a self, reads: &'a [Read]) -> Coming<'a, Vec<Vec<Row>>> {
        (**self).load(reads)
    }
    fn commit<'a>(&'a self, commit: &'a Commit) -> Coming<'a, CommitReply> {
        (**self).commit(commit)
    }
    fn feed(&self, after: Offset, limit: usize) -> Coming<'_, Vec<Fed>> {
        (**self).feed(after, limit)
    }
    fn wait_for_entries(&self, after: Offset, wait_ms: u32) -> Coming<'_, bool> {
        (**self).wait_for_entries(after, wait_ms)
    }
    fn close(&self) -> Coming<'_, ()> {
        (**self).close()
    }
}

/// A store that answers at once, for [`crate::engine::AsyncEngine`]: its futures are ready when they are first polled. In memory that costs
/// nothing; a store on a disk holds the thread for as long as the disk takes. Waiting for entries is the exception: it holds nobody up.
#[derive(Clone, Debug)]
pub struct AtOnce<S>(pub S);

impl<S: Store> AsyncStore for AtOnce<S> {
    fn abilities(&self) -> Abilities {
        self.0.abilities()
    }
    fn load<'a>(&'a self, reads: &'a [Read]) -> Coming<'a, Vec<Vec<Row>>> {
        Box::pin(ready(self.0.load(reads)))
    }
    fn commit<'a>(&'a self, commit: &'a Commit) -> Coming<'a, CommitReply> {
        Box::pin(ready(self.0.commit(commit)))
    }
    fn feed(&self, after: Offset, limit: usize) -> Coming<'_, Vec<Fed>> {
        Box::pin(ready(self.0.feed(after, limit)))
    }
    fn close(&self) -> Coming<'_, ()> {
        Box::pin(ready(self.0.close()))
    }
}
