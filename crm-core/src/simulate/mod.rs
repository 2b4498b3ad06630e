//! What would have been: a changed program over the history that is there, in memory, and what it makes of every member.
//!
//! [`what_if`] reads the facts of the store (registrations, orders, refunds, cancellations, events, what was given, spent, held, moved and locked
//! by hand) and plays them twice, member by member: under the program in force and under the changed one. The rules are those of every command;
//! nothing is written. Decision 17 says what counts as a fact, and what is done where the books have forgotten something.

mod answer;
mod compare;
mod run;
mod walk;

pub use answer::{
    LadderTotals, MemberPoints, MemberStage, MemberTier, MemberWhatIf, PointsSide, PointsTotals, Stage, StageMove,
    TierMove, WhatIf, WhatIfProgress, WhatIfTotals,
};
pub use run::{Histories, WhatIfOptions, what_if, what_if_json};
