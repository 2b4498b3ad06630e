//! Shared texts (`Arc<str>`) as CBOR strings, for `#[cbor(with = "crate::value::shared")]`.

use minicbor::encode::Write;
use minicbor::{Decoder, Encoder};
use std::sync::Arc;

pub(crate) fn encode<C, W: Write>(
    text: &Arc<str>,
    e: &mut Encoder<W>,
    _: &mut C,
) -> Result<(), minicbor::encode::Error<W::Error>> {
    e.str(text)?;
    Ok(())
}

pub(crate) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Arc<str>, minicbor::decode::Error> {
    Ok(Arc::from(d.str()?))
}

/// The same for a text that may be missing.
pub(crate) mod maybe {
    use minicbor::encode::Write;
    use minicbor::{Decoder, Encoder};
    use std::sync::Arc;

    #[allow(clippy::ref_option, reason = "the form that the derive calls")]
    pub(crate) fn encode<C, W: Write>(
        text: &Option<Arc<str>>,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        match text {
            Some(text) => e.str(text)?,
            None => e.null()?,
        };
        Ok(())
    }

    pub(crate) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Option<Arc<str>>, minicbor::decode::Error> {
        if d.datatype()? == minicbor::data::Type::Null {
            d.null()?;
            return Ok(None);
        }
        Ok(Some(Arc::from(d.str()?)))
    }
}
