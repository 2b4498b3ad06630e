//! The loop of the engine as a value without I/O: it says what to load and what to commit, and is told what came of it.
//!
//! One piece of logic serves every driver; a host with a store of its own can drive it by hand.

use crate::command::Request;
use crate::decide::settle::show;
use crate::decide::{Verdict, decide, foresee, scope};
use crate::effect::Done;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::{ASKS_MAX, CONFLICT_TRIES_MAX};
use crate::program::Program;
use crate::store::{Commit, CommitReply, Read, Row};
use crate::workspace::{Stop, Workspace};
use foldhash::{HashSet, HashSetExt};
use std::sync::Arc;

/// What the driver has to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Load this and call [`Work::loaded`].
    Load(Vec<Read>),
    /// Commit this and call [`Work::replied`].
    Commit(Commit),
    /// Finished: [`Work::finish`] has the outcomes.
    Finished,
}

/// One or more requests on their way through load, decide and commit.
///
/// Many requests share one commit; each has its own outcome, and a refused one leaves no trace. On a conflict everything is loaded and
/// decided again: deciding is cheap and pure, and requests of one commit may build on each other.
pub struct Work {
    program: Arc<Program>,
    requests: Vec<Request>,
    outcomes: Vec<Option<Result<Done>>>,
    workspace: Workspace,
    /// The next request to decide.
    next: usize,
    tries: u32,
    /// How often the request at `next` asked for more.
    asked: u32,
    stage: Stage,
    /// Everything asked for so far, for a single request.
    scope: Vec<Read>,
    /// Whether requests count as new until a commit tells otherwise, which saves looking for the mark of each.
    assumes_new: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Start,
    Foreseeing,
    Deciding,
    Committing,
    Finished,
}

impl Work {
    /// Starts work on some requests, carried out in their order.
    #[must_use]
    pub fn new(program: Arc<Program>, requests: Vec<Request>) -> Self {
        let keeps_undo = requests.len() != 1;
        let outcomes = requests.iter().map(|_| None).collect();
        Self {
            program,
            requests,
            outcomes,
            workspace: Workspace::assuming_new(keeps_undo),
            next: 0,
            tries: 0,
            asked: 0,
            stage: Stage::Start,
            scope: Vec::new(),
            assumes_new: true,
        }
    }

    /// Starts work on a request that will not be committed: whether it was carried out before is looked up first.
    pub(super) fn for_preview(program: Arc<Program>, request: Request) -> Self {
        let work = Self::new(program, vec![request]);
        Self { workspace: Workspace::new(false), assumes_new: false, ..work }
    }

    fn new_workspace(&self) -> Workspace {
        let keeps_undo = !self.single();
        if self.assumes_new { Workspace::assuming_new(keeps_undo) } else { Workspace::new(keeps_undo) }
    }

    fn single(&self) -> bool {
        self.requests.len() == 1
    }

    /// What to do next. Call it again after every [`Work::loaded`] and [`Work::replied`].
    ///
    /// # Errors
    /// `store.corrupt` or `internal`; nothing was committed then.
    pub fn step(&mut self) -> Result<Step> {
        match self.stage {
            Stage::Start => {
                self.stage = if self.single() { Stage::Deciding } else { Stage::Foreseeing };
                let mut reads: Vec<Read> = Vec::with_capacity(4 * self.requests.len());
                self.requests.iter().for_each(|r| scope(&self.program, r, !self.assumes_new, &mut reads));
                dedupe(&mut reads);
                if self.single() {
                    self.scope.clone_from(&reads);
                }
                if reads.is_empty() { self.step() } else { Ok(Step::Load(reads)) }
            }
            Stage::Foreseeing => {
                self.stage = Stage::Deciding;
                let (workspace, marks) = (&mut self.workspace, !self.assumes_new);
                let foreseen = |request| foresee(&self.program, workspace, request, marks);
                let mut reads: Vec<Read> = self.requests.iter().flat_map(foreseen).collect();
                reads.retain(|read| !self.workspace.has(read));
                dedupe(&mut reads);
                if reads.is_empty() { self.decide() } else { Ok(Step::Load(reads)) }
            }
            Stage::Deciding => self.decide(),
            Stage::Committing => Err(Error::internal("a commit is under way")),
            Stage::Finished => Ok(Step::Finished),
        }
    }

    fn decide(&mut self) -> Result<Step> {
        while let Some(request) = self.requests.get(self.next) {
            let decided = decide(&self.program, &mut self.workspace, request);
            // Only the commit of a mark finds out that it is there already: without one, it has to be looked up.
            let commits = matches!(decided, Ok(Verdict { changed: true, .. })) && self.workspace.is_marked();
            if !commits
                && !matches!(decided, Err(Stop::Need(_)))
                && let Some(read) = self.workspace.assumed()
            {
                return self.look_for_marks(read);
            }
            match decided {
                Ok(Verdict { done, changed }) => {
                    if changed {
                        self.workspace.accept();
                    } else {
                        self.drop_changes();
                    }
                    self.note(Ok(done));
                }
                Err(Stop::Refuse(error)) => {
                    self.drop_changes();
                    self.note(Err(error));
                }
                Err(Stop::Need(reads)) => return self.widen(reads),
            }
        }
        let commit = self.workspace.flush(|customer| show(&self.program, customer))?;
        if commit.writes.is_empty() {
            self.stage = Stage::Finished;
            return Ok(Step::Finished);
        }
        self.stage = Stage::Committing;
        Ok(Step::Commit(commit))
    }

    /// Asks for more. A single request keeps no undo: it loads its whole, wider scope again, at one point in time, and starts afresh.
    fn widen(&mut self, mut reads: Vec<Read>) -> Result<Step> {
        self.workspace.abort();
        reads.retain(|read| !self.workspace.has(read));
        self.asked += 1;
        if reads.is_empty() || ASKS_MAX < self.asked {
            return Err(Error::internal("a decision asks for the same thing again"));
        }
        if self.single() {
            self.workspace = self.new_workspace();
            self.scope.append(&mut reads);
            reads.clone_from(&self.scope);
        }
        dedupe(&mut reads);
        Ok(Step::Load(reads))
    }

    /// Looks for the mark of the request under way, and for those of all that follow: where one was carried out before, others were too.
    fn look_for_marks(&mut self, read: Read) -> Result<Step> {
        self.assumes_new = false;
        self.workspace.abort();
        self.workspace.assume_nothing();
        let mut reads = vec![read];
        let workspace = &mut self.workspace;
        let rest = self.requests.iter().skip(self.next.saturating_add(1));
        reads.extend(rest.flat_map(|request| foresee(&self.program, workspace, request, true)));
        self.widen(reads)
    }

    /// Nothing of the request under way remains.
    fn drop_changes(&mut self) {
        if self.single() {
            self.workspace = self.new_workspace();
        } else {
            self.workspace.abort();
        }
    }

    fn note(&mut self, outcome: Result<Done>) {
        if let Some(slot) = self.outcomes.get_mut(self.next) {
            *slot = Some(outcome);
        }
        self.next += 1;
        self.asked = 0;
    }

    /// Takes over what was loaded.
    ///
    /// # Errors
    /// `store.corrupt` when a row cannot be read.
    pub fn loaded(&mut self, reads: &[Read], rows: Vec<Vec<Row>>) -> Result<()> {
        self.workspace.absorb(reads, rows)
    }

    /// Takes over how the commit ended.
    ///
    /// # Errors
    /// `store.contended` when other writers were faster too often.
    pub fn replied(&mut self, reply: &CommitReply) -> Result<()> {
        match reply {
            CommitReply::Done => {
                self.stage = Stage::Finished;
                Ok(())
            }
            CommitReply::Conflict { .. } | CommitReply::OverLimit { .. } => {
                self.tries += 1;
                if CONFLICT_TRIES_MAX <= self.tries {
                    let message = format!("other writers were faster {} times", self.tries);
                    return Err(Error::new(ErrorCode::StoreContended, message));
                }
                self.assumes_new = false;
                self.workspace = self.new_workspace();
                self.outcomes.iter_mut().for_each(|slot| *slot = None);
                self.next = 0;
                self.stage = Stage::Start;
                Ok(())
            }
        }
    }

    /// The outcomes, one per request in their order.
    #[must_use]
    pub fn finish(self) -> Vec<Result<Done>> {
        let lost = || Err(Error::internal("the work was not finished"));
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(lost)).collect()
    }
}

fn dedupe(reads: &mut Vec<Read>) {
    if reads.len() < 2 {
        return;
    }
    let mut seen = HashSet::with_capacity(reads.len());
    let first: Vec<bool> = reads.iter().map(|read| seen.insert(read)).collect();
    let mut first = first.into_iter();
    reads.retain(|_| first.next().unwrap_or(true));
}
