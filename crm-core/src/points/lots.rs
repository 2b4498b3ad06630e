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
    Whole(Whole),
    Packed(Packed),
    /// Bytes that cannot be read: [`Lots::check`] refuses them.
    Broken,
}

#[derive(Clone, Default)]
struct Whole {
    lots: Vec<Lot>,
    /// The earliest instant at which time changes one of them, once somebody has asked and until one may have changed.
    due: OnceLock<Option<Timestamp>>,
    /// Whether one may be closed: one was put in so, or may have changed since closed ones were taken out.
    may_close: bool,
}

struct Packed {
    /// The stored lots, one after the other.
    bytes: Arc<[u8]>,
    /// Lots added behind them, packed as well.
    more: Vec<u8>,
    /// How many there are in both.
    count: usize,
    /// What is known of all of them.
    summary: Summary,
    /// All lots, once somebody has looked; none if the bytes cannot be read.
    seen: OnceLock<Option<Arc<Vec<Lot>>>>,
}

/// About as many bytes as a packed lot takes.
const LOT_BYTES: usize = 64;
/// So many bytes behind the stored ones are still copied with each change.
const MORE_BYTES: usize = 512;

/// What the consumption order compares, see [`Lot::order_key`].
type Place = (bool, Timestamp, Timestamp, super::LotId);

/// What is known of some lots without looking at each.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Summary {
    /// Pending, available and held points.
    sums: [Points; 3],
    /// The earliest instant at which time changes one of them.
    due: Option<Timestamp>,
    /// The place of the last of them in consumption order.
    last: Option<Place>,
    /// The highest number among them.
    highest: u64,
}

impl Summary {
    const NOTHING: Self = Self { sums: [Points::ZERO; 3], due: None, last: None, highest: 0 };

    fn of<'a>(lots: impl IntoIterator<Item = &'a Lot>) -> Self {
        lots.into_iter().fold(Self::NOTHING, Self::with)
    }

    /// With one more lot behind the others.
    fn with(self, lot: &Lot) -> Self {
        let [pending, available, held] = self.sums;
        Self {
            sums: [add(pending, lot.pending), add(available, lot.available), add(held, lot.held)],
            due: self.due.into_iter().chain(lot.next_due()).min(),
            last: Some(lot.order_key()),
            highest: self.highest.max(lot.id.0),
        }
    }
}

impl Clone for Packed {
    fn clone(&self) -> Self {
        // With room for what a clone is made for: one more lot.
        let mut more = Vec::with_capacity(self.more.len() + LOT_BYTES);
        more.extend_from_slice(&self.more);
        Self { bytes: self.bytes.clone(), more, seen: self.seen.clone(), ..*self }
    }
}

impl Packed {
    fn of(lots: &[Lot]) -> Self {
        let mut bytes = Vec::with_capacity(LOT_BYTES * lots.len());
        for lot in lots {
            // Writing into a vector cannot fail.
            let _ = minicbor::encode(lot, &mut bytes);
        }
        let (count, summary) = (lots.len(), Summary::of(lots));
        Self { bytes: bytes.into(), more: Vec::new(), count, summary, seen: OnceLock::new() }
    }

    fn unpack(&self) -> Option<Vec<Lot>> {
        let mut lots = Vec::with_capacity(self.count);
        for part in [&*self.bytes, self.more.as_slice()] {
            let mut decoder = Decoder::new(part);
            while decoder.position() < part.len() && lots.len() < self.count {
                lots.push(Lot::decode(&mut decoder, &mut ()).ok()?);
            }
        }
        (lots.len() == self.count && Summary::of(&lots) == self.summary).then_some(lots)
    }
}

impl Lots {
    /// No lots.
    pub(super) const fn new() -> Self {
        Self(Form::Whole(Whole { lots: Vec::new(), due: OnceLock::new(), may_close: false }))
    }

    fn all(&self) -> Option<&[Lot]> {
        match &self.0 {
            Form::Whole(whole) => Some(&whole.lots),
            Form::Packed(packed) => {
                packed.seen.get_or_init(|| packed.unpack().map(Arc::new)).as_deref().map(Vec::as_slice)
            }
            Form::Broken => None,
        }
    }

    fn all_mut(&mut self) -> Option<&mut Vec<Lot>> {
        if let Form::Packed(packed) = &mut self.0 {
            let seen = match packed.seen.take() {
                Some(seen) => seen.map(Arc::unwrap_or_clone),
                None => packed.unpack(),
            };
            self.0 = seen.map_or(Form::Broken, |lots| Form::Whole(Whole { lots, ..Whole::default() }));
        }
        match &mut self.0 {
            Form::Whole(whole) => {
                (whole.due, whole.may_close) = (OnceLock::new(), true);
                Some(&mut whole.lots)
            }
            _ => None,
        }
    }

    /// Packs them for being stored.
    pub(super) fn pack(&mut self) {
        match &mut self.0 {
            Form::Whole(whole) => self.0 = Form::Packed(Packed::of(&whole.lots)),
            Form::Packed(packed) if MORE_BYTES < packed.more.len() => {
                packed.bytes = [&*packed.bytes, &packed.more].concat().into();
                packed.more = Vec::new();
            }
            _ => {}
        }
    }

    /// All of them, leaving none.
    pub(super) fn take_all(&mut self) -> Vec<Lot> {
        self.all_mut().map(std::mem::take).unwrap_or_default()
    }

    /// How many there are, without unpacking them.
    pub(super) fn count(&self) -> usize {
        match &self.0 {
            Form::Whole(whole) => whole.lots.len(),
            Form::Packed(packed) => packed.count,
            Form::Broken => 0,
        }
    }

    /// The earliest instant at which time alone changes one of them.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        match &self.0 {
            Form::Whole(whole) => *whole.due.get_or_init(|| whole.lots.iter().filter_map(Lot::next_due).min()),
            Form::Packed(packed) => packed.summary.due,
            Form::Broken => None,
        }
    }

    /// The points of those that end first, and when; none where none ends.
    pub(super) fn first_end(&self) -> Option<(Timestamp, Points)> {
        let mut first = None;
        let mut look = |end: Option<Timestamp>, open: Points| {
            match (first, end) {
                (_, _) if !open.is_positive() => true,
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
                let mut more = true;
                for part in [&*packed.bytes, packed.more.as_slice()] {
                    let mut decoder = Decoder::new(part);
                    while more && decoder.position() < part.len() {
                        more = match Lot::glance(&mut decoder) {
                            Ok((end, open)) => look(end, open),
                            // For `check` to tell.
                            Err(_) => packed.seen.get_or_init(|| None).is_some(),
                        };
                    }
                }
            }
            _ => {
                let open = |lot: &Lot| add(add(lot.pending, lot.available), lot.held);
                let _ = self.iter().all(|lot| look(lot.expires_at, open(lot)));
            }
        }
        first
    }

    /// Puts a lot at its place in consumption order and returns its index. An open one behind the last is added without unpacking them.
    pub(super) fn place(&mut self, lot: Lot) -> usize {
        let key = lot.order_key();
        if let Form::Packed(packed) = &mut self.0
            && packed.summary.last < Some(key)
            && lot.balanced()
            && lot.is_open()
        {
            packed.seen = OnceLock::new();
            packed.summary = packed.summary.with(&lot);
            packed.count += 1;
            // Writing into a vector cannot fail.
            let _ = minicbor::encode(&lot, &mut packed.more);
            return packed.count.saturating_sub(1);
        }
        let (due, open) = (lot.next_due(), lot.is_open());
        if let Form::Packed(_) = &self.0 {
            let _ = self.all_mut();
        }
        let Form::Whole(whole) = &mut self.0 else { return 0 };
        if let Some(known) = whole.due.get_mut() {
            *known = known.iter().copied().chain(due).min();
        }
        whole.may_close |= !open;
        // Most lots come behind the last one.
        let index = match whole.lots.last() {
            Some(last) if key < last.order_key() => whole.lots.partition_point(|other| other.order_key() < key),
            _ => whole.lots.len(),
        };
        whole.lots.insert(index, lot);
        index
    }

    /// Restores the consumption order after dates changed.
    pub(super) fn reorder(&mut self) {
        if let Some(lots) = self.all_mut() {
            lots.sort_by_key(Lot::order_key);
        }
    }

    /// Whether [`Lots::take_closed`] may find some.
    pub(super) const fn may_close(&self) -> bool {
        matches!(&self.0, Form::Whole(Whole { may_close: true, .. }))
    }

    /// Takes those out of which nothing is open. Stored lots are open, and so are those behind them until something changes one.
    pub(super) fn take_closed(&mut self) -> Vec<Lot> {
        match &mut self.0 {
            Form::Whole(whole) => {
                if !std::mem::take(&mut whole.may_close) || whole.lots.iter().all(Lot::is_open) {
                    return Vec::new();
                }
                // What is closed has nothing that is due: the instant that is known stays.
                let (open, closed) = std::mem::take(&mut whole.lots).into_iter().partition(Lot::is_open);
                whole.lots = open;
                closed
            }
            _ => Vec::new(),
        }
    }

    /// Asserts that every lot is in balance, below the next number and in order; packed ones were checked when they were packed. Returns the
    /// sums: pending, available, held.
    pub(super) fn check(&self, next: u64) -> crate::Result<[i128; 3]> {
        let lots = match &self.0 {
            Form::Whole(whole) => &whole.lots,
            Form::Packed(packed) if !matches!(packed.seen.get(), Some(None)) && packed.summary.highest < next => {
                return Ok(packed.summary.sums.map(|sum| i128::from(sum.get())));
            }
            _ => return Err(Error::new(ErrorCode::StoreCorrupt, "the stored lots cannot be read")),
        };
        let (mut sums, mut last) = ([0; 3], None);
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

// The stored form is an array: count, sums of pending, available and held points, due instant or null, the highest number, and of the last
// lot its end or null, when it was earned and its number; then the lots as one byte string. No lots are an empty array.

impl<C> Encode<C> for Lots {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        let mut packed = Vec::new();
        let (summary, parts): (Summary, [&[u8]; 2]) = match &self.0 {
            Form::Whole(Whole { lots, .. }) => {
                packed.reserve(LOT_BYTES * lots.len());
                for lot in lots {
                    // Writing into a vector cannot fail.
                    let _ = minicbor::encode(lot, &mut packed);
                }
                (Summary::of(lots), [&packed, &[]])
            }
            Form::Packed(packed) => (packed.summary, [&packed.bytes, &packed.more]),
            Form::Broken => return Err(EncodeError::message("lots that cannot be read")),
        };
        let Some((endless, end, earned_at, id)) = summary.last else {
            e.array(0)?;
            return Ok(());
        };
        let long = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let millis = |at: Timestamp| at.millis();
        let [pending, available, held] = summary.sums.map(Points::get);
        e.array(10)?.u64(long(self.count()))?.i64(pending)?.i64(available)?.i64(held)?;
        e.encode(summary.due.map(millis))?.u64(summary.highest)?;
        e.encode((!endless).then_some(end).map(millis))?.i64(earned_at.millis())?.u64(id.0)?;
        e.bytes_len(long(parts.iter().map(|part| part.len()).sum()))?;
        for part in parts {
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
        if length != Some(10) {
            return Err(DecodeError::message("a list of lots has ten parts"));
        }
        let instant = |millis: i64| Timestamp::from_millis(millis).map_err(|_| DecodeError::message("an instant"));
        let count = usize::try_from(d.u64()?).map_err(|_| DecodeError::message("a count of lots"))?;
        let sums = [Points::decode(d, ctx)?, Points::decode(d, ctx)?, Points::decode(d, ctx)?];
        let due = d.decode::<Option<i64>>()?.map(instant).transpose()?;
        let highest = d.u64()?;
        let end = d.decode::<Option<i64>>()?.map(instant).transpose()?;
        let earned_at = instant(d.i64()?)?;
        let last = Some((end.is_none(), end.unwrap_or(Timestamp::MAX), earned_at, super::LotId(d.u64()?)));
        let summary = Summary { sums, due, last, highest };
        let bytes: Arc<[u8]> = Arc::from(d.bytes()?);
        // Every lot takes some bytes, so that a count that was tampered with reserves no memory.
        if bytes.len() < count {
            return Err(DecodeError::message("more lots than bytes"));
        }
        Ok(Self(Form::Packed(Packed { bytes, more: Vec::new(), count, summary, seen: OnceLock::new() })))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{account, order, p, t};
    use super::super::{Account, Credit, Dates, ExpiryPolicy, MovementKind};
    use crate::error::ErrorCode;

    /// Stored lots that were damaged are told, whatever is done with the account, and never taken for none.
    #[test]
    fn damaged_lots_are_refused() {
        let (now, log) = (t("2026-03-01T10:00:00Z"), &mut Vec::new());
        let credit = Credit {
            source: order("o1"),
            rule: None,
            points: p(40),
            kind: MovementKind::Earn,
            dates: Dates::at_once(now),
            expiry: ExpiryPolicy::Never,
        };
        let mut whole = account();
        whole.credit(credit, now, log).unwrap();
        let mut bytes = minicbor::to_vec(&whole).unwrap();
        // The id of the source inside the packed lot becomes a text that is no UTF-8.
        let at = bytes.windows(2).position(|window| window == b"o1").unwrap();
        bytes[at..at + 2].copy_from_slice(&[0xFF, 0xFF]);
        let read: Account = minicbor::decode(&bytes).unwrap();
        let corrupt = |account: &Account| account.check().unwrap_err().code() == ErrorCode::StoreCorrupt;
        let glanced: Account = minicbor::decode(&bytes).unwrap();
        assert!(glanced.first_end().is_none() && corrupt(&glanced));
        let told = minicbor::decode::<Account>(&bytes).unwrap().verify().unwrap_err();
        assert_eq!(told.code(), ErrorCode::StoreCorrupt);
        assert!(read.lots.is_empty() && corrupt(&read));
        let mut spent = minicbor::decode::<Account>(&bytes).unwrap();
        let _ = spent.spend(p(1), now, log);
        assert!(corrupt(&spent));
    }

    /// A closed lot that comes back to packed ones, for a reversal that then takes nothing from it, is handed over for archiving again.
    #[test]
    fn a_reopened_lot_is_archived_again() {
        let (now, log) = (t("2026-03-01T10:00:00Z"), &mut Vec::new());
        let credit = |name: &str| Credit {
            source: order(name),
            rule: None,
            points: p(40),
            kind: MovementKind::Earn,
            dates: Dates::at_once(now),
            expiry: ExpiryPolicy::Never,
        };
        let mut account = account();
        account.credit(credit("o1"), now, log).unwrap();
        account.spend(p(40), now, log).unwrap();
        let closed = account.take_closed();
        assert_eq!(closed.len(), 1);
        account.pack();
        account.reopen(closed[0].clone()).unwrap();
        assert_eq!(account.take_closed(), closed);
        assert!(account.lots.is_empty());
    }
}
