//! Parts of a customer's row that are decoded when somebody looks, and stored again as they came when nobody changed them.

use super::state::{decode, encode};
use crate::error::{Error, Result};
use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};
use std::sync::{Arc, OnceLock};

/// A value, its stored bytes, or both. Stored as one byte string. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Lazy<T> {
    bytes: Option<Arc<[u8]>>,
    value: OnceLock<Arc<T>>,
}

impl<T> Lazy<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { bytes: None, value: OnceLock::from(Arc::new(value)) }
    }
}

impl<T: Clone + for<'b> Decode<'b, ()>> Lazy<T> {
    /// The value for changing.
    ///
    /// # Errors
    /// As [`Lazy::get`].
    pub(crate) fn get_mut(&mut self) -> Result<&mut T> {
        self.get()?;
        self.bytes = None;
        let value = self.value.get_mut().ok_or_else(|| Error::internal("a part of a customer was not decoded"))?;
        Ok(Arc::make_mut(value))
    }
}

impl<T: for<'b> Decode<'b, ()>> Lazy<T> {
    /// The value.
    ///
    /// # Errors
    /// `store.corrupt` when the stored bytes cannot be read.
    pub(crate) fn get(&self) -> Result<&T> {
        if let (None, Some(bytes)) = (self.value.get(), &self.bytes) {
            let value = decode(bytes, "standing of a customer")?;
            // Somebody else may have been faster, with the same value.
            let _ = self.value.set(Arc::new(value));
        }
        self.value
            .get()
            .map(|value| &**value)
            .ok_or_else(|| Error::internal("a part of a customer is neither stored nor set"))
    }
}

impl<T: PartialEq + for<'b> Decode<'b, ()>> PartialEq for Lazy<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get().ok() == other.get().ok()
    }
}

impl<C, T: Encode<()>> Encode<C> for Lazy<T> {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> std::result::Result<(), EncodeError<W::Error>> {
        match (&self.bytes, self.value.get()) {
            (Some(bytes), _) => e.bytes(bytes)?,
            (None, Some(value)) => e.bytes(&encode(&**value))?,
            (None, None) => return Err(EncodeError::message("nothing to store")),
        };
        Ok(())
    }
}

impl<'b, C, T> Decode<'b, C> for Lazy<T> {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> std::result::Result<Self, DecodeError> {
        Ok(Self { bytes: Some(Arc::from(d.bytes()?)), value: OnceLock::new() })
    }
}
