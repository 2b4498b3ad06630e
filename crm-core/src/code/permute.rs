//! A permutation of numbers under a key: FF1 of NIST SP 800-38G with AES-256 and no tweak.
//!
//! FF1 is used as it is standardised, so that others can check the codes of a batch with a tool of their own. The crate `fpe` implements it for numbers of any
//! size and takes 6.7 µs for a code; here both halves fit in 64 bits, and many codes go through the cipher side by side, which is what its
//! hardware is made for. The tests hold this against `fpe` and against the samples of NIST.

use aes::cipher::{BlockCipherEncrypt, KeyInit};
use aes::{Aes256, Block};

/// How many numbers go through the cipher side by side.
pub(super) const LANES: usize = 32;
/// Rounds of FF1.
const ROUNDS: u8 = 10;

/// The two halves of a number: the upper and the lower digits.
pub(super) type Halves = (u64, u64);

/// A bijection over all numbers of a fixed count of digits.
pub(super) struct Permutation {
    cipher: Aes256,
    /// How many numbers the upper and the lower half can be.
    sizes: Halves,
    /// 2^64 divided by these: a multiplication takes a fraction of the time of a division, and ten rounds have one each.
    inverses: Halves,
    /// The last block of a round without round number and half, already joined with what comes before it.
    base: u128,
    /// Bits of a half where it stands in the block.
    half_bits: u32,
    /// What of the block is cut off to get the number that a round adds.
    cut_bits: u32,
}

impl Permutation {
    /// For numbers of 2 to 20 digits. Halves must stay below 2^63, which 10 digits of up to 64 symbols do.
    pub(super) fn new(key: &[u8; 32], radix: u32, digits: u32) -> Self {
        let cipher = Aes256::new(&(*key).into());
        let (upper, lower) = (digits / 2, digits - digits / 2);
        let sizes = (u64::from(radix).pow(upper), u64::from(radix).pow(lower));
        // The bytes that a half takes, and those that a round adds.
        let half_bytes = (64 - (sizes.1 - 1).leading_zeros()).div_ceil(8);
        let added_bytes = 4 * half_bytes.div_ceil(4) + 4;
        let [_, r2, r1, r0] = radix.to_be_bytes();
        let [n3, n2, n1, n0] = digits.to_be_bytes();
        let [.., u0] = upper.to_be_bytes();
        let mut first = Block::from([1, 2, 1, r2, r1, r0, ROUNDS, u0, n3, n2, n1, n0, 0, 0, 0, 0]);
        cipher.encrypt_block(&mut first);
        let base = u128::from_be_bytes(first.into());
        let inverses = (u64::MAX / sizes.0, u64::MAX / sizes.1);
        Self { cipher, sizes, inverses, base, half_bits: 8 * half_bytes, cut_bits: 128 - 8 * added_bytes }
    }

    /// Takes a number apart. One that has more digits loses the first of them.
    pub(super) const fn halves(&self, number: u64) -> Halves {
        (number / self.sizes.1 % self.sizes.0, number % self.sizes.1)
    }

    /// Puts a number together; none above 64 bits.
    pub(super) fn number(&self, (upper, lower): Halves) -> Option<u64> {
        u64::try_from(u128::from(upper) * u128::from(self.sizes.1) + u128::from(lower)).ok()
    }

    /// Sends numbers to their places.
    pub(super) fn forth(&self, numbers: &mut [Halves; LANES]) {
        let mut blocks = [Block::default(); LANES];
        for round in 0..ROUNDS {
            self.fill(&mut blocks, round, numbers.iter().map(|(_, lower)| *lower));
            self.cipher.encrypt_blocks(&mut blocks);
            let (size, inverse) = self.size(round);
            for ((upper, lower), block) in numbers.iter_mut().zip(&blocks) {
                let moved = *upper + self.added(block, size, inverse);
                (*upper, *lower) = (*lower, if moved < size { moved } else { moved - size });
            }
        }
    }

    /// Brings one number back from its place.
    pub(super) fn back(&self, (mut upper, mut lower): Halves) -> Halves {
        for round in (0..ROUNDS).rev() {
            let mut block = [Block::default()];
            self.fill(&mut block, round, std::iter::once(upper));
            self.cipher.encrypt_blocks(&mut block);
            let (size, inverse) = self.size(round);
            let added: u64 = block.iter().map(|block| self.added(block, size, inverse)).sum();
            (lower, upper) = (upper, (lower + (size - added)) % size);
        }
        (upper, lower)
    }

    fn fill(&self, blocks: &mut [Block], round: u8, halves: impl Iterator<Item = u64>) {
        let base = self.base ^ (u128::from(round) << self.half_bits);
        for (block, half) in blocks.iter_mut().zip(halves) {
            *block = Block::from((base ^ u128::from(half)).to_be_bytes());
        }
    }

    /// How many numbers the half can be that a round makes, and the inverse of that.
    const fn size(&self, round: u8) -> (u64, u64) {
        if round.is_multiple_of(2) { (self.sizes.0, self.inverses.0) } else { (self.sizes.1, self.inverses.1) }
    }

    /// What a round adds, modulo the size of the half.
    fn added(&self, block: &Block, size: u64, inverse: u64) -> u64 {
        let added = u128::from_be_bytes((*block).into()) >> self.cut_bits;
        match u64::try_from(added) {
            Ok(added) => {
                // At most two too small: the inverse is rounded down, and so is the product.
                let times = high(u128::from(added) * u128::from(inverse));
                let mut rest = added - times * size;
                while size <= rest {
                    rest -= size;
                }
                rest
            }
            Err(_) => u64::try_from(added % u128::from(size)).unwrap_or(0),
        }
    }
}

/// The upper 64 bits.
fn high(number: u128) -> u64 {
    u64::try_from(number >> 64).unwrap_or(0)
}
