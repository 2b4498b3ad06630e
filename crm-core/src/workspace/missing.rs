//! Looking at many things at once, so that what is missing is asked for in one go.

use super::{Decided, Stop};
use crate::store::Read;

/// What is missing so far.
#[derive(Debug, Default)]
pub(crate) struct Missing(Vec<Read>);

impl Missing {
    /// Notes what a look could not find. A refusal behind something that is missing may come of that alone: it has to show again.
    pub(crate) fn note<T>(&mut self, looked: Decided<T>) -> Decided<Option<T>> {
        match looked {
            Ok(found) => Ok(Some(found)),
            Err(Stop::Need(reads)) => {
                self.0.extend(reads);
                Ok(None)
            }
            Err(refusal) if self.0.is_empty() => Err(refusal),
            Err(_) => Err(Stop::Need(std::mem::take(&mut self.0))),
        }
    }

    /// Asks for all of it.
    pub(crate) fn ask(self) -> Decided<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Stop::Need(self.0)) }
    }
}
