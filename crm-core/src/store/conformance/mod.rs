//! The laws of a store, as plain functions, for any implementation: ours, a wrapper's, a host's own.
//!
//! In the tests of a store, one line makes a `#[test]` of each law:
//!
//! ```
//! use crm_core::store::{MemoryStore, Store};
//! crm_core::store_conformance!(memory, || Box::new(MemoryStore::new()) as Box<dyn Store>);
//! ```
//!
//! A law gets a factory that makes new, empty stores, and answers with what was broken, in a sentence.

mod feed;
mod order;
mod rows;
mod sample;
mod threads;
mod writes;

pub use feed::*;
pub use order::*;
pub use rows::*;
pub use threads::*;
pub use writes::*;

use super::Store;

/// Makes a new, empty store each time.
pub type Factory<'a> = dyn Fn() -> Box<dyn Store> + 'a;

/// A law: checks stores made by the factory; the error says what was broken.
pub type Law = fn(&Factory<'_>) -> Result<(), String>;

/// How one law fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LawResult {
    /// The name that was given to the store.
    pub store: String,
    /// The name of the law.
    pub law: &'static str,
    /// What was broken, if something was.
    pub outcome: Result<(), String>,
}

macro_rules! laws {
    ($d:tt $($law:ident)*) => {
        /// Every law with its name.
        pub const LAWS: &[(&str, Law)] = &[$((stringify!($law), $law)),*];

        /// Makes a module of this name with a `#[test]` for each law; the factory is an expression that can be called to
        /// get a new `Box<dyn Store>`. The words after it, such as `#[ignore]`, go in front of each test.
        #[macro_export]
        macro_rules! store_conformance {
            ($d name:ident, $d factory:expr $d(, $d attribute:meta)*) => {
                mod $d name {
                    #[allow(unused_imports, reason = "the factory may need none of them")]
                    use super::*;
                    $(
                        #[test]
                        $d(#[$d attribute])*
                        fn $law() -> ::std::result::Result<(), ::std::string::String> {
                            $d crate::store::conformance::$law(&$d factory)
                        }
                    )*
                }
            };
        }
    };
}

laws! { $
    commit_is_all_or_nothing
    own_commit_is_read
    empty_commit_is_done
    stale_version_is_refused
    new_row_must_be_new
    check_holds_or_refuses
    unique_index_is_guarded
    any_guard_replaces
    deleted_row_is_gone
    writes_take_effect_in_order
    all_broken_guards_are_named
    conflict_goes_before_limit
    misfits_are_refused
    counter_stays_within
    counter_takes_extremes
    closed_store_refuses
    shared_store_keeps_the_laws
    missing_rows_are_absent
    null_is_not_empty
    nasty_texts_are_kept
    big_rows_are_kept
    numbers_are_exact
    keys_are_ordered_as_values
    prefixes_are_whole_cells
    pages_are_complete
    pages_resume_anywhere
    index_finds_equal_cells
    index_leaves_nulls_out
    due_rows_come_in_order
    due_rows_follow_changes
    no_update_is_lost
    limit_holds_under_threads
    load_is_one_point_in_time
    pages_are_stable_while_writing
    one_new_row_wins
    feed_is_in_order_of_commits
    feed_misses_nothing_while_writing
    waiting_ends_with_an_entry
    waiting_misses_no_entry
    closing_ends_waiting
}

/// Checks all laws; the name goes into the results.
#[must_use]
pub fn run_all(store: &str, factory: &Factory<'_>) -> Vec<LawResult> {
    let result =
        |(law, check): &(&'static str, Law)| LawResult { store: store.to_owned(), law, outcome: check(factory) };
    LAWS.iter().map(result).collect()
}
