//! Places in the feed: the entries of everybody in the order in which they were committed.

use super::row::Row;
use crate::error::{Error, ErrorCode};
use std::fmt;
use std::str::FromStr;

/// A place in the feed of a store: behind so many entries of a commit. Later places are greater. It means something in the store that gave
/// it, and nowhere else; written as `commit.place`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Offset {
    /// The commit, as the store numbers them: in order, with gaps.
    pub commit: i64,
    /// How many of its entries lie before.
    pub place: i64,
}

/// A row of the feed, and the place behind it.
pub type Fed = (Offset, Row);

impl Offset {
    /// Before everything.
    pub const START: Self = Self { commit: 0, place: 0 };

    /// Gives rows their places: those of one commit are counted on from here.
    pub(super) fn number(self, rows: impl IntoIterator<Item = (i64, Row)>) -> Vec<Fed> {
        let mut last = self;
        let numbered = rows.into_iter().map(|(commit, row)| {
            let place = if commit == last.commit { last.place + 1 } else { 1 };
            last = Self { commit, place };
            (last, row)
        });
        numbered.collect()
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.commit, self.place)
    }
}

impl FromStr for Offset {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let number = |text: &str| text.parse().ok().filter(|number| 0 <= *number);
        let read = text
            .split_once('.')
            .and_then(|(commit, place)| Some(Self { commit: number(commit)?, place: number(place)? }));
        // One text per place: texts may be compared for being the same.
        read.filter(|read| read.to_string() == text)
            .ok_or_else(|| Error::new(ErrorCode::ValueText, "an offset has the form `12.3`").field("offset"))
    }
}

impl From<Offset> for String {
    fn from(offset: Offset) -> Self {
        offset.to_string()
    }
}

impl TryFrom<String> for Offset {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

/// What a store says that has no feed.
pub(super) fn none_kept() -> Error {
    Error::new(ErrorCode::StoreNoFeed, "this store keeps no order of its commits")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_place_has_one_text() {
        for (text, commit, place) in [("0.0", 0, 0), ("12.3", 12, 3), ("9223372036854775807.1", i64::MAX, 1)] {
            let offset = Offset { commit, place };
            assert_eq!(offset.to_string(), text);
            assert_eq!(text.parse(), Ok(offset));
            let json = format!("\"{text}\"");
            assert_eq!(serde_json::to_string(&offset).unwrap(), json);
            assert_eq!(serde_json::from_str::<Offset>(&json).unwrap(), offset);
        }
        let broken =
            ["", "12", "12.", ".3", "12.3.4", "-1.2", "1.-2", "+1.2", "01.2", " 1.2", "1.2 ", "9223372036854775808.0"];
        for text in broken {
            let error = text.parse::<Offset>().unwrap_err();
            assert_eq!(
                (error.code(), error.details()["field"].as_str()),
                (ErrorCode::ValueText, Some("offset")),
                "{text}"
            );
        }
    }
}
