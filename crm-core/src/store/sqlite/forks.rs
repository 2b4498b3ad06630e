//! Files that are open, so that a forked process does not open what its parent had open.
//!
//! SQLite keeps the locks of a file once for the whole process. A child inherits that memory, not the locks: it would believe that it holds
//! what only its parent holds, and either of them would remove a log that the other one writes to. What was committed would be lost without a
//! word (How To Corrupt An SQLite Database File, section 2.6).

use crate::error::{Error, ErrorCode, Result};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Which files are open, and in which process that was done. A child has those of its parent.
static OPEN: Mutex<Vec<(u32, PathBuf)>> = Mutex::new(Vec::new());

/// A file that this process has open.
#[derive(Debug)]
pub(super) struct Mine {
    process: u32,
    file: PathBuf,
}

impl Mine {
    /// Before SQLite is asked for anything.
    pub(super) fn enter(path: &Path) -> Result<Self> {
        let (process, file) = (std::process::id(), whole(path));
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if open.iter().any(|(other, known)| *other != process && *known == file) {
            let message = format!("`{}` was open when this process was forked from its parent", path.display());
            return Err(Error::new(ErrorCode::StoreForked, message).with("path", path));
        }
        open.push((process, file.clone()));
        Ok(Self { process, file })
    }

    /// Whether it is another process now: a child that was forked.
    pub(super) fn is_forked(&self) -> bool {
        self.process != std::process::id()
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        // What a child inherited stays open as far as SQLite knows there.
        if !self.is_forked() {
            let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
            let place = open.iter().position(|(process, file)| *process == self.process && *file == self.file);
            place.map(|place| open.swap_remove(place));
        }
    }
}

/// One name for a file, however it is written and whether or not it is there.
fn whole(path: &Path) -> PathBuf {
    let folder = |path: &Path| {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        Some(parent.canonicalize().ok()?.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(|| folder(path)).unwrap_or_else(|| path.to_owned())
}
