//! How whoever is told about progress says to stop.

use crate::error::{Error, ErrorCode, Result};
use std::ops::ControlFlow;

/// What a function answers that is told about progress: nothing, or whether to go on.
///
/// Work that is told to stop ends with the error `stopped` between two commits: what was committed stays.
///
/// ```
/// use crm_core::{Engine, ErrorCode, engine::SweepReport, store::MemoryStore, value::Timestamp};
/// use std::ops::ControlFlow;
/// let engine = Engine::open(MemoryStore::new())?;
/// let until = Timestamp::parse("2026-03-01T10:00:00Z")?;
/// engine.sweep(until, &mut |_| ())?;
/// engine.sweep(until, &mut |report: &SweepReport| match report.settled {
///     0..10_000 => ControlFlow::Continue(()),
///     _ => ControlFlow::Break(()),
/// })?;
/// # Ok::<(), crm_core::Error>(())
/// ```
pub trait ProgressAnswer {
    /// Whether the work goes on.
    fn goes_on(self) -> bool;
}

impl ProgressAnswer for () {
    fn goes_on(self) -> bool {
        true
    }
}

impl ProgressAnswer for ControlFlow<()> {
    fn goes_on(self) -> bool {
        self.is_continue()
    }
}

/// The same function, with the error for its answer.
pub(crate) fn heeded<'f, P, A: ProgressAnswer, F: FnMut(&P) -> A + ?Sized>(
    progress: &'f mut F,
) -> impl FnMut(&P) -> Result<()> + use<'f, P, A, F> {
    move |now: &P| {
        if progress(now).goes_on() {
            return Ok(());
        }
        Err(Error::new(ErrorCode::Stopped, "whoever is told about progress said to stop"))
    }
}
