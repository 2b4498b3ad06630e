//! Typed values of custom attributes.

use super::{Amount, CalendarDate, Timestamp};
use serde::{Deserialize, Serialize};

/// The value of a custom attribute: `{"type":"text","value":"M"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Attribute {
    /// Free text, at most 4,096 bytes.
    Text {
        /// The text.
        value: String,
    },
    /// An exact decimal number.
    Number {
        /// The number, as a string.
        value: Amount,
    },
    /// Yes or no.
    Flag {
        /// Which.
        value: bool,
    },
    /// A calendar date.
    Date {
        /// The date.
        value: CalendarDate,
    },
    /// An instant.
    Instant {
        /// The instant.
        value: Timestamp,
    },
}
