//! How the parts of an order are written: every absent, empty or usual value costs nothing at the end of a row and one byte
//! before it.

/// The default of a type is its usual value: zero, an empty list, a plain flag.
pub(super) mod usual {
    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{self, Encoder, Write};
    use minicbor::{Decode, Encode};

    pub(in crate::order) fn encode<C, T: Encode<C>, W: Write>(
        value: &T,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        value.encode(e, ctx)
    }

    pub(in crate::order) fn decode<'b, C, T: Decode<'b, C>>(d: &mut Decoder<'b>, ctx: &mut C) -> Result<T, Error> {
        T::decode(d, ctx)
    }

    pub(in crate::order) fn nil<T: Default>() -> Option<T> {
        Some(T::default())
    }

    pub(in crate::order) fn is_nil<T: Default + PartialEq>(value: &T) -> bool {
        *value == T::default()
    }
}

/// A byte string; empty is the usual value.
pub(super) mod bytes {
    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{self, Encoder, Write};

    pub(in crate::order) fn encode<C, W: Write>(
        bytes: &[u8],
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.bytes(bytes)?;
        Ok(())
    }

    pub(in crate::order) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Vec<u8>, Error> {
        Ok(d.bytes()?.to_vec())
    }

    pub(in crate::order) fn nil() -> Option<Vec<u8>> {
        Some(Vec::new())
    }

    pub(in crate::order) fn is_nil(bytes: &[u8]) -> bool {
        bytes.is_empty()
    }
}

/// The host's own form of what is rare: JSON.
pub(super) mod json {
    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{self, Encoder, Write};
    use serde::{Serialize, de::DeserializeOwned};

    pub(in crate::order) fn encode<C, T: Serialize, W: Write>(
        value: &Option<T>,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        let text = serde_json::to_string(value).map_err(|_| encode::Error::message("not to be written as JSON"))?;
        e.str(&text)?;
        Ok(())
    }

    pub(in crate::order) fn decode<C, T: DeserializeOwned>(d: &mut Decoder<'_>, _: &mut C) -> Result<Option<T>, Error> {
        serde_json::from_str(d.str()?).map_err(|_| Error::message("JSON that cannot be read"))
    }

    pub(in crate::order) fn nil<T>() -> Option<Option<T>> {
        Some(None)
    }

    pub(in crate::order) fn is_nil<T>(value: &Option<T>) -> bool {
        value.is_none()
    }
}

/// The format number in front; a row of a later release is refused, not misread.
pub(super) mod version {
    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{self, Encoder, Write};

    pub(in crate::order) const NOW: u8 = 1;

    pub(in crate::order) fn encode<C, W: Write>(
        (): &(),
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.u8(NOW)?;
        Ok(())
    }

    pub(in crate::order) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<(), Error> {
        if d.u8()? == NOW { Ok(()) } else { Err(Error::message("order of another format")) }
    }
}
