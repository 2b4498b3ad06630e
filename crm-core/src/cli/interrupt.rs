//! Ctrl-C in the middle of long work: it ends between two commits, and says what stays.

use crate::cli::problem::INTERRUPTED;
use signal_hook::consts::SIGINT;
use signal_hook::flag;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Whether Ctrl-C ends the process at once: outside of long work, and within it when it was pressed before.
static AT_ONCE: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Long work, as long as this lives. The first Ctrl-C asks it to end; whoever presses it a second time does not want to wait.
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    pub(crate) fn watch() -> Self {
        let at_once = AT_ONCE.get_or_init(|| {
            let at_once = Arc::new(AtomicBool::new(true));
            // In this order: a press that sets the flag has found it down. Where a signal cannot be listened to it ends the process as ever.
            flag::register_conditional_shutdown(SIGINT, i32::from(INTERRUPTED), Arc::clone(&at_once))
                .and_then(|_| flag::register(SIGINT, Arc::clone(&at_once)))
                .ok();
            at_once
        });
        at_once.store(false, Ordering::SeqCst);
        Self(Arc::clone(at_once))
    }

    /// The answer to progress.
    pub(crate) fn goes_on(&self) -> ControlFlow<()> {
        if self.0.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signal_hook::low_level::raise;

    /// To see it fail: let one Ctrl-C count for the next long work too, or register the two actions in the opposite order (the process of
    /// the tests ends then).
    #[test]
    fn the_first_press_ends_the_work_under_way_and_no_other() {
        let work = Interrupt::watch();
        assert!(work.goes_on().is_continue());
        raise(SIGINT).unwrap();
        assert!(work.goes_on().is_break());
        drop(work);
        assert!(Interrupt::watch().goes_on().is_continue());
    }
}
