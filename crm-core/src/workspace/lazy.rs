//! Parts of a row that are decoded when somebody looks, and stored again as they came when nobody changed them.

use super::state::{Standing, decode, encode};
use crate::coupon::Wallet;
use crate::customer::CustomerRecord;
use crate::error::{Error, ErrorCode, Result};
use crate::offer::Receipt;
use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};
use std::sync::{Arc, OnceLock};

/// What a lazy part can be.
pub(crate) trait Part: Sized {
    /// Reads the stored form.
    ///
    /// # Errors
    /// `store.corrupt`, `store.newer`.
    fn read(bytes: &[u8]) -> Result<Self>;

    /// The stored form.
    ///
    /// # Errors
    /// `internal`.
    fn write(&self) -> Result<Vec<u8>>;
}

impl Part for Standing {
    fn read(bytes: &[u8]) -> Result<Self> {
        decode(bytes, "standing of a customer")
    }
    fn write(&self) -> Result<Vec<u8>> {
        Ok(encode(self))
    }
}

impl Part for Wallet {
    fn read(bytes: &[u8]) -> Result<Self> {
        decode(bytes, "wallet of a customer")
    }
    fn write(&self) -> Result<Vec<u8>> {
        Ok(encode(self))
    }
}

impl Part for CustomerRecord {
    fn read(bytes: &[u8]) -> Result<Self> {
        Self::from_bytes(bytes)
    }
    fn write(&self) -> Result<Vec<u8>> {
        self.to_bytes()
    }
}

/// As JSON, which other tools can read: it has to last as long as the order.
impl Part for Receipt {
    fn read(bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(|error| {
            Error::new(ErrorCode::StoreCorrupt, "the stored receipt of a claim cannot be read").caused_by(error)
        })
    }
    fn write(&self) -> Result<Vec<u8>> {
        let mut json = Vec::with_capacity(2_048);
        serde_json::to_writer(&mut json, self)?;
        Ok(json)
    }
}

/// A value, its stored bytes, or both; one of them at least. Stored as one byte string. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Lazy<T>(Arc<Forms<T>>);

#[derive(Debug)]
struct Forms<T> {
    bytes: OnceLock<Arc<[u8]>>,
    value: OnceLock<T>,
}

impl<T> Lazy<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Arc::new(Forms { bytes: OnceLock::new(), value: OnceLock::from(value) }))
    }

    pub(crate) fn stored(bytes: Arc<[u8]>) -> Self {
        Self(Arc::new(Forms { bytes: OnceLock::from(bytes), value: OnceLock::new() }))
    }
}

impl<T: Part> Lazy<T> {
    /// The value.
    ///
    /// # Errors
    /// As [`Part::read`] when the stored bytes cannot be read.
    pub(crate) fn get(&self) -> Result<&T> {
        let Forms { bytes, value } = &*self.0;
        if let (None, Some(bytes)) = (value.get(), bytes.get()) {
            // Somebody else may have been faster, with the same value.
            let _ = value.set(T::read(bytes)?);
        }
        value.get().ok_or_else(|| Error::internal("a part of a row is neither stored nor set"))
    }

    /// The stored form, made once.
    ///
    /// # Errors
    /// As [`Part::write`].
    pub(crate) fn bytes(&self) -> Result<&Arc<[u8]>> {
        let Forms { bytes, value } = &*self.0;
        if let (None, Some(value)) = (bytes.get(), value.get()) {
            let _ = bytes.set(value.write()?.into());
        }
        bytes.get().ok_or_else(|| Error::internal("a part of a row is neither stored nor set"))
    }
}

impl<T: Part + Clone> Lazy<T> {
    /// The value for changing.
    ///
    /// # Errors
    /// As [`Lazy::get`].
    pub(crate) fn get_mut(&mut self) -> Result<&mut T> {
        self.get()?;
        if Arc::get_mut(&mut self.0).is_none() {
            *self = Self::new(self.get()?.clone());
        }
        let changed = Arc::get_mut(&mut self.0).and_then(|forms| {
            forms.bytes = OnceLock::new();
            forms.value.get_mut()
        });
        changed.ok_or_else(|| Error::internal("a part of a row was not decoded"))
    }
}

impl<T: PartialEq + Part> PartialEq for Lazy<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get().ok() == other.get().ok()
    }
}

impl<C, T: Part> Encode<C> for Lazy<T> {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> std::result::Result<(), EncodeError<W::Error>> {
        let bytes = self.bytes().map_err(|_| EncodeError::message("nothing to store"))?;
        e.bytes(bytes)?;
        Ok(())
    }
}

impl<'b, C, T> Decode<'b, C> for Lazy<T> {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> std::result::Result<Self, DecodeError> {
        Ok(Self::stored(Arc::from(d.bytes()?)))
    }
}
