//! Hashes that mean the same on every machine and in every release.

use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;

/// 128 bits that stand for a payload; equal payloads have equal fingerprints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct Fingerprint(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

struct Sink(SipHasher24);

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The fingerprint of a value's JSON form, with SipHash-2-4-128 (Aumasson and Bernstein, 2012) under the all-zero key.
#[must_use]
pub fn fingerprint<T: serde::Serialize>(value: &T) -> Fingerprint {
    // JSON comes in small pieces, and a hash takes large ones much faster.
    let mut sink = std::io::BufWriter::with_capacity(512, Sink(SipHasher24::new()));
    // Serialising our own plain types into a sink that never fails cannot fail; a value that somehow does hashes what it wrote.
    let _ = serde_json::to_writer(&mut sink, value);
    let _ = std::io::Write::flush(&mut sink);
    Fingerprint(sink.get_ref().0.finish128().as_bytes())
}

/// The fingerprint of bytes as they are.
#[must_use]
pub fn fingerprint_bytes(bytes: &[u8]) -> Fingerprint {
    let mut hasher = SipHasher24::new();
    hasher.write(bytes);
    Fingerprint(hasher.finish128().as_bytes())
}

/// The bucket of an owner, 0 to 1023: leads every key, so that a store can be split by copying buckets.
#[must_use]
pub fn bucket_of(owner: &str) -> u16 {
    let mut hasher = SipHasher24::new();
    hasher.write(owner.as_bytes());
    u16::try_from(hasher.finish128().h1 % 1024).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marks that were stored have to be known for ever.
    #[test]
    fn a_fingerprint_is_that_of_the_json() {
        for length in [0, 1, 500, 509, 510, 511, 512, 513, 2000] {
            let value = ("a".repeat(length), length, [1, 2, 3], "é\n".repeat(length));
            let json = serde_json::to_vec(&value).unwrap();
            assert_eq!(fingerprint(&value), fingerprint_bytes(&json), "{length}");
        }
    }
}
