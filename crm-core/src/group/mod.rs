//! Groups that buy together (拼团): seats that are held and paid until there are enough, or until time is over.
//!
//! A [`Group`] is kept in a row of its own, because everybody may join it. Everything is pure. Seats that nobody has bought do not count:
//! a group is never filled up by the library.

mod forming;
mod seat;
mod state;
mod time;

pub use seat::{Seat, SeatState};
pub use state::{Group, GroupState, GroupTerms};
pub use time::GroupPassed;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
