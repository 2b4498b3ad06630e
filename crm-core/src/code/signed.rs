//! Codes that a till can check by itself, without a network and without a list.

use super::alphabet::RADIX;
use super::form::{Code, CodeForm};
use super::secret::{Secret, authenticate};
use crate::error::{Error, ErrorCode, Result};
use crate::limits;

/// Characters of a signed code behind its prefix: 3 for the batch, 6 for the serial number, 10 for the signature, 1 check character.
const LENGTH: usize = 20;
const WIDTHS: [usize; 3] = [3, 6, 10];

/// The key with which a till checks the signed codes of one batch, and with which they are made.
///
/// A signed code carries the number of its batch, its serial number and the first part of an HMAC-SHA-256 over both and the prefix. Who
/// guesses hits with a chance of one in 29^10 = 420,707,233,300,201 a try, however many codes there are. Nothing has to be known about the batch but this key.
///
/// A till that checks a MAC could also make one. Only a public-key signature would keep it from that, and the shortest in use has 64 bytes: 105 characters that nobody types.
/// So each batch has a key of its own, derived from the secret: a till is given the keys of the batches that it accepts, and a stolen till
/// endangers these and no others. That a code is used once only, a till without a network cannot know: it shows when the tills are heard.
///
/// ```
/// use crm_core::code::{Code, Secret, TillKey};
/// let secret = Secret::new([7; 32]); // from the randomness of the operating system
/// let till = TillKey::new(&secret, "", 42)?;
/// let code = till.sign(1_000)?;
/// assert_eq!(TillKey::batch_of("", &code)?, 42, "which key to take");
/// assert_eq!(till.verify(&Code::parse(&code.to_string().to_lowercase())?)?, 1_000);
/// let other = TillKey::new(&Secret::new([8; 32]), "", 42)?;
/// assert_eq!(other.verify(&code).unwrap_err().code().as_str(), "code.forged");
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone)]
pub struct TillKey {
    key: [u8; 32],
    form: CodeForm,
    batch: u32,
}

impl TillKey {
    /// The key of a batch: a number that the host gives to a campaign. The prefix may be empty.
    ///
    /// # Errors
    /// `code.form` for a batch above 24,388 or a prefix that is not 0 to 12 Latin letters and digits.
    pub fn new(secret: &Secret, prefix: &str, batch: u32) -> Result<Self> {
        let form = form(prefix)?;
        if limits::CODE_BATCH_MAX < batch {
            let message = format!("signed codes know batches up to {}, not {batch}", limits::CODE_BATCH_MAX);
            return Err(Error::new(ErrorCode::CodeForm, message).field("batch").limit(limits::CODE_BATCH_MAX));
        }
        let key = secret.derive("crm code till 1", &[form.prefix().as_bytes(), &batch.to_be_bytes()]);
        Ok(Self { key, form, batch })
    }

    /// The form of its codes.
    #[must_use]
    pub const fn form(&self) -> &CodeForm {
        &self.form
    }

    /// The batch whose key this is.
    #[must_use]
    pub const fn batch(&self) -> u32 {
        self.batch
    }

    /// Which batch a signed code says that it is of; nothing is verified by that.
    ///
    /// # Errors
    /// `code.forged` for a code that has not the form of signed ones with this prefix; `code.form` for a prefix that none can have.
    pub fn batch_of(prefix: &str, code: &Code) -> Result<u32> {
        let parts = form(prefix)?.take_apart(code, WIDTHS);
        let batch = parts.and_then(|[batch, ..]| u32::try_from(batch).ok());
        batch.ok_or_else(|| forged("the code has not the form of signed ones"))
    }

    /// The signed code of a serial number.
    ///
    /// # Errors
    /// `code.serial` above 594,823,320.
    pub fn sign(&self, serial: u64) -> Result<Code> {
        if limits::CODE_SIGNED_SERIAL_MAX < serial {
            let most = limits::CODE_SIGNED_SERIAL_MAX;
            let message = format!("signed codes have serial numbers up to {most}, not {serial}");
            return Err(Error::new(ErrorCode::CodeSerial, message).field("serial").limit(most));
        }
        let [batch_width, serial_width, signature_width] = WIDTHS;
        let batch = (u64::from(self.batch), batch_width);
        Ok(self.form.assemble([batch, (serial, serial_width), (self.signature(serial), signature_width)]))
    }

    /// The serial number of a code that was made with this key.
    ///
    /// # Errors
    /// `code.forged` for every other code: another form, another batch, another key, or made up.
    pub fn verify(&self, code: &Code) -> Result<u64> {
        let Some([batch, serial, signature]) = self.form.take_apart(code, WIDTHS) else {
            return Err(forged("the code has not the form of signed ones"));
        };
        // One comparison of whole numbers, which takes as long whichever digits differ.
        if batch == u64::from(self.batch) && signature == self.signature(serial) {
            Ok(serial)
        } else {
            Err(forged("the signature of the code is not of this batch"))
        }
    }

    fn signature(&self, serial: u64) -> u64 {
        let mac = authenticate(&self.key, "crm code 1", &[&serial.to_be_bytes()]);
        // 128 bits modulo a number of 49 bits: no remainder is likelier than another by more than 2^-79.
        let number = mac.iter().take(16).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        let space = (0..10).fold(1, |space, _| space * u128::from(RADIX));
        u64::try_from(number % space).unwrap_or(0)
    }
}

impl std::fmt::Debug for TillKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TillKey").field("form", &self.form).field("batch", &self.batch).finish_non_exhaustive()
    }
}

fn form(prefix: &str) -> Result<CodeForm> {
    if prefix.is_empty() { CodeForm::new(LENGTH) } else { CodeForm::with_prefix(prefix, LENGTH) }
}

fn forged(message: &str) -> Error {
    Error::new(ErrorCode::CodeForged, message).field("code")
}
