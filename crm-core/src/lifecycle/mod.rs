//! Where a customer stands: how far they have come (stage), how recently they were here (activity), and the furthest they ever came
//! (high water).
//!
//! Rules are data ([`LifecycleRules`], or one of the [`PRESETS`]); [`Lifecycle::compile`] checks them and reports every finding at
//! once. Facts move a customer and so does silence: every [`Transition`] carries the exact instant of its boundary, never the moment
//! at which somebody looked, and [`Lifecycle::next_due`] says when to look again.
//!
//! [`Lifecycle::replay`] over all facts of a customer is the definition. [`Lifecycle::apply`] and [`Lifecycle::advance`] reach the
//! same answer step by step from a small [`LifeState`]; where the state does not know enough they answer [`Applied::Late`], change
//! nothing, and the caller replays.
//!
//! ```
//! use crm_core::lifecycle::{LifeFact, LifeFactKind, Lifecycle, preset};
//! use crm_core::value::{Timestamp, Zone};
//!
//! let rules = preset("retail").unwrap();
//! let lifecycle = Lifecycle::compile(&rules, 2).unwrap();
//! let zone = Zone::new("Asia/Shanghai")?;
//! let at = Timestamp::parse("2026-01-05T10:00:00+08:00")?;
//!
//! let mut state = lifecycle.start(at);
//! let mut out = Vec::new();
//! let order = LifeFactKind::Order { order: "o-1".into(), net_minor: 12_50 };
//! lifecycle.apply(&zone, &mut state, &LifeFact { effective_at: at, recorded_at: at, seq: 1, kind: order }, &mut out);
//!
//! let view = lifecycle.view(&state);
//! assert_eq!((&*view.stage, &*view.activity), ("first_purchase", "active"));
//! assert_eq!(view.next_due, Some(Timestamp::parse("2026-03-06T10:00:00+08:00")?), "60 days of silence");
//! # Ok::<(), crm_core::Error>(())
//! ```

mod check;
mod compile;
mod fact;
mod outlook;
mod presets;
mod rules;
mod state;
mod step;
mod transition;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

pub use compile::{Finding, Lifecycle};
pub use fact::{LifeFact, LifeFactKind};
pub use presets::{PRESETS, preset};
pub use rules::{ActivityRules, Band, LifecycleRules, OnReversal, StageRules, StageTest};
pub use state::LifeState;
pub use step::Applied;
pub use transition::{Axis, FactKind, LifecycleView, Transition, TransitionCause};
