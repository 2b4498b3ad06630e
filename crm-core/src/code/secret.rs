//! The key behind codes that nobody can guess.

use crate::error::{Error, ErrorCode, Result};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The merchant's key: 32 random bytes that the host makes once, and keeps as it keeps a password.
///
/// Whoever has it can work out every code of every batch. The same key, form and serial number always give the same code, so it also has to
/// be kept as long as codes of it are valid. Every purpose uses a key derived from it, so that no use of it weakens another.
/// It has no `Display` and no serde; its `Debug` shows nothing.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Takes 32 bytes over. They must come from the randomness of the operating system: this library has none.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits; blanks around them do not count.
    ///
    /// # Errors
    /// `code.secret` for anything else. The message does not show what was given.
    pub fn from_hex(text: &str) -> Result<Self> {
        let wrong = || Error::new(ErrorCode::CodeSecret, "a key is written as 64 hexadecimal digits").field("secret");
        let digits: Option<Vec<u8>> =
            text.trim().chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
        let digits = digits.filter(|digits| digits.len() == 64).ok_or_else(wrong)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit);
        }
        Ok(Self(bytes))
    }

    /// The key for one purpose: HMAC-SHA-256 of its name and parts.
    pub(super) fn derive(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        authenticate(&self.0, purpose, parts)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// HMAC-SHA-256 over a purpose and parts, each with its length, so that no two lists of parts give the same bytes.
pub(super) fn authenticate(key: &[u8; 32], purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    // A key of any length is taken; the type only does not say so.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_never_shown() {
        let text = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
        let secret = Secret::from_hex(&format!(" {text}\n")).unwrap();
        assert_eq!(secret.0.to_vec(), (0..32).collect::<Vec<u8>>());
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        for wrong in ["", "00", &text.replace('f', "g"), &format!("{text}0"), &"é".repeat(32)] {
            let error = Secret::from_hex(wrong).unwrap_err();
            assert_eq!(error.code().as_str(), "code.secret");
            assert!(wrong.is_empty() || !error.message().contains(wrong));
        }
    }

    #[test]
    fn purposes_and_parts_give_other_keys() {
        let secret = Secret::new([7; 32]);
        let keys = [
            secret.derive("a", &[]),
            secret.derive("b", &[]),
            secret.derive("a", &[b""]),
            secret.derive("a", &[b"bc"]),
            secret.derive("a", &[b"b", b"c"]),
            Secret::new([8; 32]).derive("a", &[]),
        ];
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
    }
}
