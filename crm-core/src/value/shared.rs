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
