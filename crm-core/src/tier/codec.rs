//! Shared texts as CBOR strings.

use minicbor::encode::Write;
use minicbor::{Decoder, Encoder};
use std::sync::Arc;

pub(super) fn encode<C, W: Write>(
    text: &Arc<str>,
    e: &mut Encoder<W>,
    _: &mut C,
) -> Result<(), minicbor::encode::Error<W::Error>> {
    e.str(text)?;
    Ok(())
}

pub(super) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Arc<str>, minicbor::decode::Error> {
    Ok(Arc::from(d.str()?))
}
