//! See `rules` for the document part.

mod rules;
pub use rules::*;
