//! The normal form of whatever was typed, and codes that a merchant words freely.

use super::fold::fold;
use crate::error::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// The form under which a code is kept and looked up: two texts that people take for the same code have the same.
///
/// It is made of any typed text, whether a generated [`Code`](super::Code) is meant or a [`PublicCode`]: capitals, half width, without blanks
/// and dashes, `O` as `0`, `I` and `L` as `1`, `S` as `5`, `U` as `V`. 3 to 32 letters and digits of any script, at most 128 bytes. It is for
/// machines; people are shown the text of a [`PublicCode`], or [`CodeForm::show`](super::CodeForm::show).
///
/// ```
/// use crm_core::code::NormalCode;
/// assert_eq!(NormalCode::of(" ｓｐｒｉｎｇ – lO ")?, NormalCode::of("SPRING10")?);
/// assert_eq!(NormalCode::of("春节-10")?.as_str(), "春节10");
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NormalCode(Arc<str>);

impl NormalCode {
    /// Folds a typed text.
    ///
    /// # Errors
    /// `code.text` for fewer than 3 or more than 32 letters and digits, for any other character, and above 256 bytes of typed text.
    pub fn of(typed: &str) -> Result<Self> {
        fold(typed).map(|folded| Self(Arc::from(folded)))
    }

    pub(super) fn folded(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// The letters and digits that count.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A code that a merchant words freely, such as `SPRING10` or `春节快乐`: the text that people are shown, and its normal form.
///
/// It has no check character and can be guessed, so it is for offers that are limited otherwise. Two public codes with one normal form are one
/// code to people: whoever keeps them compares [`normal`](Self::normal).
///
/// ```
/// use crm_core::code::{NormalCode, PublicCode};
/// let code = PublicCode::new("Spring-10")?;
/// assert_eq!(code.as_str(), "Spring-10");
/// assert_eq!(code.normal(), &NormalCode::of("spring lo")?);
/// assert_eq!(PublicCode::new("50 % off").unwrap_err().code().as_str(), "code.text");
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicCode {
    normal: NormalCode,
    text: Arc<str>,
}

impl PublicCode {
    /// Checks the text and keeps it as it is, without the blanks around it.
    ///
    /// # Errors
    /// `code.text` as for [`NormalCode::of`].
    pub fn new(text: &str) -> Result<Self> {
        Ok(Self { normal: NormalCode::of(text)?, text: Arc::from(text.trim()) })
    }

    /// The text as it was worded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The form for look-up.
    #[must_use]
    pub const fn normal(&self) -> &NormalCode {
        &self.normal
    }
}

/// Codes of all kinds cross every border as texts, and are checked where they come in.
macro_rules! as_text {
    ($name:ident, $read:expr) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{:?}", self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self> {
                $read(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                $read(&text).map_err(Error::in_serde)
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> std::result::Result<(), minicbor::encode::Error<W::Error>> {
                e.str(self.as_str())?;
                Ok(())
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> std::result::Result<Self, minicbor::decode::Error> {
                $read(d.str()?).map_err(minicbor::decode::Error::message)
            }
        }
    };
}

as_text!(NormalCode, NormalCode::of);
as_text!(PublicCode, PublicCode::new);
