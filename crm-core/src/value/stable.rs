//! Hashes that mean the same on every machine and in every release.

use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;

/// 128 bits that stand for a payload; equal payloads have equal fingerprints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct Fingerprint(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

/// A hash that is given what it is to hash in large pieces: JSON comes in small ones, and it takes large ones much faster.
struct Sink {
    hasher: SipHasher24,
    pending: [u8; 512],
    length: usize,
}

impl Sink {
    fn hash(&mut self) {
        self.hasher.write(self.pending.get(..self.length).unwrap_or_default());
        self.length = 0;
    }
}

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.pending.len() < self.length + bytes.len() {
            self.hash();
        }
        match self.pending.get_mut(self.length..self.length + bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.length += bytes.len();
            }
            None => self.hasher.write(bytes),
        }
        Ok(bytes.len())
    }
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.write(bytes).map(drop)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The fingerprint of a value's JSON form, with SipHash-2-4-128 (Aumasson and Bernstein, 2012) under the all-zero key.
#[must_use]
pub fn fingerprint<T: serde::Serialize>(value: &T) -> Fingerprint {
    let mut sink = Sink { hasher: SipHasher24::new(), pending: [0; 512], length: 0 };
    // Serialising our own plain types into a sink that never fails cannot fail; a value that somehow does hashes what it wrote.
    let _ = serde_json::to_writer(&mut sink, value);
    sink.hash();
    Fingerprint(sink.hasher.finish128().as_bytes())
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
