//! Batches of codes that are distinct by construction.

use super::form::{Code, CodeForm};
use super::permute::{Halves, LANES, Permutation};
use super::secret::Secret;
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use std::ops::Range;

/// The codes of a range of serial numbers.
///
/// A code is the place to which a permutation under the secret sends its serial number, among all codes of the form. So two serial numbers never
/// share a code, whatever their count; nothing is kept or compared; any code can be made, and recognised, by itself; and without the secret
/// nobody can tell the next code from those that they have seen. Batches of one secret and one form must have ranges of their own: the same
/// serial number is the same code.
///
/// ```
/// use crm_core::code::{Batch, CodeForm, Secret};
/// let secret = Secret::new([7; 32]); // from the randomness of the operating system
/// let form = CodeForm::with_prefix("SPRING", 12)?;
/// let batch = Batch::new(&secret, form, 0..10_000_000)?;
/// let (serial, code) = batch.codes_from(9_000_000).next().unwrap();
/// assert_eq!(batch.code(9_000_000)?, code);
/// assert_eq!(batch.serial(&code), Some(serial));
/// assert!(batch.form().show(&code).starts_with("SPRING-"));
/// # Ok::<(), crm_core::Error>(())
/// ```
pub struct Batch {
    form: CodeForm,
    serials: Range<u64>,
    permutation: Permutation,
}

impl Batch {
    /// A batch of the serial numbers of a range, which ends before its end.
    ///
    /// # Errors
    /// `code.space` where the form has fewer codes than the range needs, and above 2^53−1.
    pub fn new(secret: &Secret, form: CodeForm, serials: Range<u64>) -> Result<Self> {
        let most = u64::try_from(form.space()).unwrap_or(u64::MAX).min(limits::CODE_SERIALS_MAX);
        if most < serials.end {
            let message =
                format!("codes of {} characters have serial numbers below {most}, not {}", form.length(), serials.end);
            return Err(Error::new(ErrorCode::CodeSpace, message).field("serials").limit(most));
        }
        // Codes with different prefixes have nothing in common.
        let key = secret.derive("crm code batch 1", &[form.prefix().as_bytes()]);
        let digits = u32::try_from(form.digits()).unwrap_or(0);
        let permutation = Permutation::new(&key, super::alphabet::RADIX, digits);
        Ok(Self { form, serials, permutation })
    }

    /// The form of its codes.
    #[must_use]
    pub const fn form(&self) -> &CodeForm {
        &self.form
    }

    /// The range of its serial numbers.
    #[must_use]
    pub const fn serials(&self) -> &Range<u64> {
        &self.serials
    }

    /// The code of a serial number.
    ///
    /// # Errors
    /// `code.serial` outside of the batch.
    pub fn code(&self, serial: u64) -> Result<Code> {
        match self.codes_from(serial).next().filter(|(found, _)| *found == serial) {
            Some((_, code)) => Ok(code),
            None => {
                let Range { start, end } = self.serials;
                let message = format!("serial number {serial} is not among {start} to {end}, exclusive");
                Err(Error::new(ErrorCode::CodeSerial, message).field("serial"))
            }
        }
    }

    /// The serial number of a code; none where the code is not of this batch. So codes need not be stored to be recognised.
    ///
    /// A made-up code is taken for one of the batch with the chance of a guess: the size of the batch over [`CodeForm::space`].
    #[must_use]
    pub fn serial(&self, code: &Code) -> Option<u64> {
        let [upper, lower] = self.form.take_apart(code, self.widths())?;
        let serial = self.permutation.number(self.permutation.back((upper, lower)))?;
        self.serials.contains(&serial).then_some(serial)
    }

    /// All codes of the batch, each with its serial number, in the order of these.
    #[must_use]
    pub fn codes(&self) -> Codes<'_> {
        self.codes_from(self.serials.start)
    }

    /// The codes from a serial number on: to go on where a run was stopped. Takes no longer than from the start; a serial number before the
    /// batch means its start.
    #[must_use]
    pub fn codes_from(&self, serial: u64) -> Codes<'_> {
        let next = serial.clamp(self.serials.start, self.serials.end.max(self.serials.start));
        Codes { batch: self, next, ready: [(0, 0); LANES], at: LANES }
    }

    const fn widths(&self) -> [usize; 2] {
        let digits = self.form.digits();
        [digits / 2, digits - digits / 2]
    }
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").field("form", &self.form).field("serials", &self.serials).finish_non_exhaustive()
    }
}

/// The codes of a batch one after the other, each with its serial number. Takes the same few kilobytes however many they are; `nth` does not
/// make what it leaves out.
pub struct Codes<'a> {
    batch: &'a Batch,
    next: u64,
    /// Codes that are made and not handed out: the one of `next` is at `at`.
    ready: [Halves; LANES],
    at: usize,
}

impl Codes<'_> {
    fn refill(&mut self) {
        // The last ones may lie past the end of the batch, of the space, or of numbers; those are not handed out.
        for (slot, ahead) in self.ready.iter_mut().zip(0_u64..) {
            *slot = self.batch.permutation.halves(self.next.wrapping_add(ahead));
        }
        self.batch.permutation.forth(&mut self.ready);
        self.at = 0;
    }
}

impl Iterator for Codes<'_> {
    type Item = (u64, Code);

    fn next(&mut self) -> Option<(u64, Code)> {
        if self.batch.serials.end <= self.next {
            return None;
        }
        if LANES <= self.at {
            self.refill();
        }
        let (upper, lower) = self.ready.get(self.at).copied()?;
        let [upper_width, lower_width] = self.batch.widths();
        let found = (self.next, self.batch.form.assemble([(upper, upper_width), (lower, lower_width)]));
        (self.next, self.at) = (self.next + 1, self.at + 1);
        Some(found)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.batch.serials.end.saturating_sub(self.next)).ok();
        (left.unwrap_or(usize::MAX), left)
    }

    fn nth(&mut self, n: usize) -> Option<(u64, Code)> {
        let skipped = u64::try_from(n).unwrap_or(u64::MAX);
        self.next = self.next.saturating_add(skipped).min(self.batch.serials.end.max(self.next));
        self.at = self.at.saturating_add(n).min(LANES);
        self.next()
    }
}
