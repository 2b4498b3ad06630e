//! The open lots of an account. As they come from the store they are one piece of bytes with their sums beside it, and they stay that way
//! while nobody looks at a single one: most commands add a lot behind the last one, and need no more than the sums.

use super::Lot;
use super::balances::add;
use crate::error::{Error, ErrorCode};
use crate::value::{Points, Timestamp};
use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

/// Lots in consumption order. Reads like a slice; looking at a lot, or changing one, unpacks all of them.
#[derive(Clone)]
pub struct Lots(Form);

#[derive(Clone)]
enum Form {
    Whole(Vec<Lot>),
    Packed(Packed),
    /// Bytes that cannot be read: [`Lots::check`] refuses them.
    Broken,
}

#[derive(Clone)]
struct Packed {
    /// The stored lots, one after the other.
    bytes: Arc<[u8]>,
    count: usize,
    /// Pending, available and held points of all stored lots.
    sums: [Points; 3],
    /// The earliest instant at which time changes one of them.
    due: Option<Timestamp>,
    /// The place of the last of them in consumption order.
    last: Place,
    /// Lots added behind them.
    tail: Vec<Lot>,
    /// All lots, once somebody has looked; none if the bytes cannot be read.
    seen: OnceLock<Option<Vec<Lot>>>,
}

/// What the consumption order compares, see [`Lot::order_key`].
type Place = (bool, Timestamp, Timestamp, super::LotId);

/// What is known of some lots without looking at each.
struct Summary {
    sums: [Points; 3],
    due: Option<Timestamp>,
}

impl Summary {
    fn of<'a>(lots: impl IntoIterator<Item = &'a Lot>, from: Self) -> Self {
        lots.into_iter().fold(from, |mut summary, lot| {
            for (sum, points) in summary.sums.iter_mut().zip([lot.pending, lot.available, lot.held]) {
                *sum = add(*sum, points);
            }
            summary.due = earlier(summary.due, lot.next_due());
            summary
        })
    }

    const fn nothing() -> Self {
        Self { sums: [Points::ZERO; 3], due: None }
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

impl Packed {
    fn unpack(&self) -> Option<Vec<Lot>> {
        let mut decoder = Decoder::new(&self.bytes);
        let mut lots = Vec::with_capacity(self.count + self.tail.len());
        for _ in 0..self.count {
            lots.push(Lot::decode(&mut decoder, &mut ()).ok()?);
        }
        let stored = Summary::of(&lots, Summary::nothing());
        let last = lots.last().map(Lot::order_key);
        let fits = decoder.position() == self.bytes.len()
            && (stored.sums, stored.due, last) == (self.sums, self.due, Some(self.last));
        lots.extend(self.tail.iter().cloned());
        fits.then_some(lots)
    }

    fn summary(&self) -> Summary {
        Summary::of(&self.tail, Summary { sums: self.sums, due: self.due })
    }

    fn last(&self) -> Place {
        self.tail.last().map_or(self.last, Lot::order_key)
    }
}

impl Lots {
    /// No lots.
    pub(super) const fn new() -> Self {
        Self(Form::Whole(Vec::new()))
    }

    fn all(&self) -> Option<&[Lot]> {
        match &self.0 {
            Form::Whole(lots) => Some(lots),
            Form::Packed(packed) => packed.seen.get_or_init(|| packed.unpack()).as_deref(),
            Form::Broken => None,
        }
    }

    fn all_mut(&mut self) -> Option<&mut Vec<Lot>> {
        if let Form::Packed(packed) = &mut self.0 {
            let seen = packed.seen.take().unwrap_or_else(|| packed.unpack());
            self.0 = seen.map_or(Form::Broken, Form::Whole);
        }
        match &mut self.0 {
            Form::Whole(lots) => Some(lots),
            _ => None,
        }
    }

    /// How many there are, without unpacking them.
    pub(super) fn count(&self) -> usize {
        match &self.0 {
            Form::Whole(lots) => lots.len(),
            Form::Packed(packed) => packed.count + packed.tail.len(),
            Form::Broken => 0,
        }
    }

    /// The earliest instant at which time alone changes one of them.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        match &self.0 {
            Form::Whole(lots) => lots.iter().filter_map(Lot::next_due).min(),
            Form::Packed(packed) => packed.summary().due,
            Form::Broken => None,
        }
    }

    /// The points of those that end first, and when; none where none ends.
    pub(super) fn first_end(&self) -> Option<(Timestamp, Points)> {
        let mut first = None;
        let mut look = |lot: &Lot| {
            let open = add(add(lot.pending, lot.available), lot.held);
            match (first, lot.expires_at) {
                (_, _) if !lot.is_open() => true,
                (None, Some(end)) => {
                    first = Some((end, open));
                    true
                }
                (Some((end, sum)), Some(same)) if end == same => {
                    first = Some((end, add(sum, open)));
                    true
                }
                // In consumption order, so none of the others ends at that instant.
                _ => false,
            }
        };
        match &self.0 {
            Form::Packed(packed) if packed.seen.get().is_none() => {
                let mut decoder = Decoder::new(&packed.bytes);
                let mut more = true;
                for _ in 0..packed.count {
                    let lot = more.then(|| Lot::decode(&mut decoder, &mut ()).ok()).flatten();
                    more = lot.is_some_and(|lot| look(&lot));
                }
                let _ = more && packed.tail.iter().all(look);
            }
            _ => {
                let _ = self.iter().all(look);
            }
        }
        first
    }

    /// Puts a lot at its place in consumption order and returns its index. Behind the last one, nothing is unpacked.
    pub(super) fn place(&mut self, lot: Lot) -> usize {
        let key = lot.order_key();
        if let Form::Packed(packed) = &mut self.0
            && packed.last() < key
        {
            packed.seen = OnceLock::new();
            packed.tail.push(lot);
            return self.count().saturating_sub(1);
        }
        let Some(lots) = self.all_mut() else { return 0 };
        let index = lots.partition_point(|other| other.order_key() < key);
        lots.insert(index, lot);
        index
    }

    /// Restores the consumption order after dates changed.
    pub(super) fn reorder(&mut self) {
        if let Some(lots) = self.all_mut() {
            lots.sort_by_key(Lot::order_key);
        }
    }

    /// Takes those out of which nothing is open. Stored lots are open, and so are those behind them until something changes one.
    pub(super) fn take_closed(&mut self) -> Vec<Lot> {
        match &mut self.0 {
            Form::Whole(lots) if lots.iter().any(|lot| !lot.is_open()) => {
                let (open, closed) = std::mem::take(lots).into_iter().partition(Lot::is_open);
                *lots = open;
                closed
            }
            _ => Vec::new(),
        }
    }

    /// Asserts that every lot is in balance, below the next number and in order; of packed ones that were checked before, only those that
    /// were added. Returns the sums: pending, available, held.
    pub(super) fn check(&self, next: u64) -> crate::Result<[i128; 3]> {
        let (mut sums, mut last, lots) = match &self.0 {
            Form::Whole(lots) => ([0; 3], None, lots),
            Form::Packed(packed) if !matches!(packed.seen.get(), Some(None)) => {
                (packed.sums.map(|sum| i128::from(sum.get())), Some(packed.last), &packed.tail)
            }
            _ => return Err(Error::new(ErrorCode::StoreCorrupt, "the stored lots cannot be read")),
        };
        for lot in lots {
            let key = lot.order_key();
            if !lot.balanced() || next <= lot.id.0 {
                return Err(Error::internal(format!("lot {} is out of balance", lot.id)));
            }
            if last.is_some_and(|last| key <= last) {
                return Err(Error::internal(format!("lot {} is out of order", lot.id)));
            }
            last = Some(key);
            for (sum, points) in sums.iter_mut().zip([lot.pending, lot.available, lot.held]) {
                *sum += i128::from(points.get());
            }
        }
        Ok(sums)
    }
}

impl Deref for Lots {
    type Target = [Lot];
    fn deref(&self) -> &[Lot] {
        self.all().unwrap_or_default()
    }
}

impl DerefMut for Lots {
    fn deref_mut(&mut self) -> &mut [Lot] {
        self.all_mut().map_or(&mut [], Vec::as_mut_slice)
    }
}

impl<'a> IntoIterator for &'a Lots {
    type Item = &'a Lot;
    type IntoIter = std::slice::Iter<'a, Lot>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq for Lots {
    fn eq(&self, other: &Self) -> bool {
        self.all() == other.all()
    }
}

impl Eq for Lots {}

impl std::fmt::Debug for Lots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.all().fmt(f)
    }
}

impl serde::Serialize for Lots {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

// The stored form is an array: count, sums of pending, available and held points, due instant or null, and of the last lot its end or null,
// when it was earned and its number; then the lots as one byte string. No lots are an empty array.

impl<C> Encode<C> for Lots {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, ctx: &mut C) -> Result<(), EncodeError<W::Error>> {
        let (head, tail, summary): (&[u8], &[Lot], Summary) = match &self.0 {
            Form::Whole(lots) => (&[], lots, Summary::of(lots, Summary::nothing())),
            Form::Packed(packed) => (&packed.bytes, &packed.tail, packed.summary()),
            Form::Broken => return Err(EncodeError::message("lots that cannot be read")),
        };
        let last = match (&self.0, tail.last()) {
            (_, Some(lot)) => lot.order_key(),
            (Form::Packed(packed), None) => packed.last,
            _ => {
                e.array(0)?;
                return Ok(());
            }
        };
        let mut more = Vec::with_capacity(64 * tail.len());
        for lot in tail {
            minicbor::encode_with(lot, &mut more, ctx).map_err(|_| EncodeError::message("a lot"))?;
        }
        let millis = |at: Timestamp| at.millis();
        let [pending, available, held] = summary.sums.map(Points::get);
        let (endless, end, earned_at, id) = last;
        e.array(9)?.u64(u64::try_from(self.count()).unwrap_or(u64::MAX))?;
        e.i64(pending)?.i64(available)?.i64(held)?.encode(summary.due.map(millis))?;
        e.encode((!endless).then_some(end).map(millis))?.i64(earned_at.millis())?.u64(id.0)?;
        e.bytes_len(u64::try_from(head.len() + more.len()).unwrap_or(u64::MAX))?;
        for part in [head, &more] {
            e.writer_mut().write_all(part).map_err(EncodeError::write)?;
        }
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Lots {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, DecodeError> {
        let length = d.array()?;
        if length == Some(0) {
            return Ok(Self::new());
        }
        if length != Some(9) {
            return Err(DecodeError::message("a list of lots has nine parts"));
        }
        let instant = |millis: i64| Timestamp::from_millis(millis).map_err(|_| DecodeError::message("an instant"));
        let count = usize::try_from(d.u64()?).map_err(|_| DecodeError::message("a count of lots"))?;
        let sums = [Points::decode(d, ctx)?, Points::decode(d, ctx)?, Points::decode(d, ctx)?];
        let due = d.decode::<Option<i64>>()?.map(instant).transpose()?;
        let end = d.decode::<Option<i64>>()?.map(instant).transpose()?;
        let earned_at = instant(d.i64()?)?;
        let last = (end.is_none(), end.unwrap_or(Timestamp::MAX), earned_at, super::LotId(d.u64()?));
        let bytes = Arc::from(d.bytes()?);
        Ok(Self(Form::Packed(Packed { bytes, count, sums, due, last, tail: Vec::new(), seen: OnceLock::new() })))
    }
}
