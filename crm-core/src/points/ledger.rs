//! The double-entry words of the points ledger: books, postings, movements.

use crate::value::{HoldId, Points, Timestamp};
use serde::{Deserialize, Serialize};

/// The number of a lot within its account, counted from 1 in the order of creation. Never used twice.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    minicbor::Encode,
    minicbor::Decode,
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
#[cbor(transparent)]
pub struct LotId(#[n(0)] pub u64);

impl std::fmt::Display for LotId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Where points stand. The postings of a movement add up to 0 over all books.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, minicbor::Encode, minicbor::Decode,
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Book {
    /// Credited, not usable yet.
    #[n(0)]
    Pending,
    /// Usable.
    #[n(1)]
    Available,
    /// Reserved by a hold.
    #[n(2)]
    Held,
    /// Owed by the customer; its sum is zero or less.
    #[n(3)]
    Debt,
    /// Where credits come from; its sum is zero or less.
    #[n(4)]
    Issued,
    /// Spent.
    #[n(5)]
    Redeemed,
    /// Ended unused (breakage).
    #[n(6)]
    Expired,
    /// Taken back, whether out of lots, as debt or unrecovered.
    #[n(7)]
    Revoked,
    /// Taken back in name only: the part that was written off or netted from money. Its sum is zero or less.
    #[n(8)]
    Unrecovered,
    /// Moved to other accounts, less what came from them.
    #[n(9)]
    Transferred,
}

impl Book {
    /// Every book.
    pub const ALL: &'static [Self] = &[
        Self::Pending,
        Self::Available,
        Self::Held,
        Self::Debt,
        Self::Issued,
        Self::Redeemed,
        Self::Expired,
        Self::Revoked,
        Self::Unrecovered,
        Self::Transferred,
    ];
}

/// One signed change of one book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, minicbor::Encode, minicbor::Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Posting {
    /// Which book.
    #[n(0)]
    pub book: Book,
    /// The points it adds (or takes, below 0).
    #[n(1)]
    pub points: Points,
    /// Whose slice moved; none on the sides that belong to no lot (issued, debt, unrecovered).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(2)]
    pub lot: Option<LotId>,
}

/// Why points moved.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, minicbor::Encode, minicbor::Decode,
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum MovementKind {
    /// An award.
    #[n(0)]
    Earn,
    /// Pending points became usable.
    #[n(1)]
    Activate,
    /// Usable points paid a debt.
    #[n(2)]
    Settle,
    /// The last instant of points passed.
    #[n(3)]
    Expire,
    /// Points were spent.
    #[n(4)]
    Spend,
    /// Points were reserved.
    #[n(5)]
    Hold,
    /// Reserved points were spent.
    #[n(6)]
    Capture,
    /// Reserved points were let go.
    #[n(7)]
    Release,
    /// A reservation met its deadline.
    #[n(8)]
    TimeOut,
    /// A redemption was reversed.
    #[n(9)]
    Restore,
    /// An award was taken back.
    #[n(10)]
    ClawBack,
    /// Someone corrected the account.
    #[n(11)]
    Adjust,
    /// Points left for another account.
    #[n(12)]
    TransferOut,
    /// Points came from another account.
    #[n(13)]
    TransferIn,
    /// Activity moved the end of points; each posting names a lot and 0 points.
    #[n(14)]
    Slide,
}

impl MovementKind {
    /// The word for it, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Earn => "earn",
            Self::Activate => "activate",
            Self::Settle => "settle",
            Self::Expire => "expire",
            Self::Spend => "spend",
            Self::Hold => "hold",
            Self::Capture => "capture",
            Self::Release => "release",
            Self::TimeOut => "time_out",
            Self::Restore => "restore",
            Self::ClawBack => "claw_back",
            Self::Adjust => "adjust",
            Self::TransferOut => "transfer_out",
            Self::TransferIn => "transfer_in",
            Self::Slide => "slide",
        }
    }
}

/// One happening on an account: postings that add up to 0.
///
/// Movements that time brings (activate, settle, expire, time out) are dated at their exact instant, however late they are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, minicbor::Encode, minicbor::Decode)]
#[serde(deny_unknown_fields)]
pub struct Movement {
    /// Why.
    #[n(0)]
    pub kind: MovementKind,
    /// When it counts.
    #[n(1)]
    pub effective_at: Timestamp,
    /// What changed.
    #[n(2)]
    pub postings: Vec<Posting>,
    /// The hold that was made or resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(3)]
    pub hold: Option<HoldId>,
}

impl Movement {
    /// The sum of the postings of one book.
    #[must_use]
    pub fn sum(&self, book: Book) -> i64 {
        self.postings.iter().filter(|p| p.book == book).map(|p| p.points.get()).sum()
    }
}
