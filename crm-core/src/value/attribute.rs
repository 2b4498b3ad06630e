//! Typed values of custom attributes.

use super::{Amount, AttributeName, CalendarDate, Timestamp};
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

impl Attribute {
    /// Checks a set of attributes: how many there are, and how long their texts are.
    ///
    /// # Errors
    /// `value.too_many` above 256 attributes, `value.too_long` for a text above 4,096 bytes.
    pub fn check_all(attributes: &BTreeMap<AttributeName, Self>) -> Result<()> {
        if attributes.len() > limits::ATTRIBUTES_MAX {
            return Err(Error::new(
                ErrorCode::ValueTooMany,
                format!("{} attributes, at most {} are allowed", attributes.len(), limits::ATTRIBUTES_MAX),
            )
            .field("attributes")
            .limit(limits::ATTRIBUTES_MAX));
        }
        for (name, attribute) in attributes {
            if let Self::Text { value } = attribute
                && value.len() > limits::TEXT_BYTES_MAX
            {
                return Err(Error::new(
                    ErrorCode::ValueTooLong,
                    format!("attribute has {} bytes, at most {} are allowed", value.len(), limits::TEXT_BYTES_MAX),
                )
                .field(format!("attributes.{name}"))
                .limit(limits::TEXT_BYTES_MAX));
            }
        }
        Ok(())
    }
}
