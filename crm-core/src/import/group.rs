//! Rows that belong together, in the order of time.

use super::cell::{clean, fold, is_scientific};
use super::fact::{Kind, Reading, Row};
use super::report::Origin;
use super::sheet::Sheet;
use super::table::Use;
use crate::error::{Error, ErrorCode, Result};
use crate::value::Timestamp;
use std::collections::HashMap;

/// What a format knows about its sheets.
pub(super) trait Layout {
    /// Where a sheet has the order id.
    fn key(&self, sheet: usize) -> Option<usize>;

    /// Where a sheet has the time that places an order among the others: columns to try in turn. Sheets with a lower rank go first.
    fn times(&self, sheet: usize) -> (u8, &[usize]);

    /// What the key is called.
    fn calls(&self) -> &'static str {
        "order id"
    }

    /// Which columns of a sheet are read, and as what; formats that only files have need not tell.
    fn used(&self, _sheet: usize) -> &[(usize, Use)] {
        &[]
    }

    /// What its groups are, where nothing of one can be read.
    fn kind(&self) -> Kind {
        Kind::Order
    }

    /// Whether every fact is one of its group's time: none has to wait for later groups.
    fn in_order(&self) -> bool {
        false
    }

    /// Where a sheet has what the engine calls by this name, in a refusal.
    fn column(&self, sheet: usize, field: &str) -> Option<usize>;

    /// Makes facts of all rows of one order, sheet by sheet as they were given.
    fn facts(&self, reading: &mut Reading, rows: &[Row<'_>]);
}

/// A row and the group it belongs to; groups are numbered in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Member {
    pub(super) group: u32,
    pub(super) origin: Origin,
}

struct Group {
    rank: u8,
    at: Timestamp,
    first: Origin,
}

/// All rows, group by group in the order of time; and the time of the first group.
pub(super) fn members(
    sheets: &mut [Sheet],
    layout: &dyn Layout,
    reading: &mut Reading,
) -> Result<(Vec<Member>, Option<Timestamp>)> {
    let mut numbers: HashMap<Box<str>, u32> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    let mut members: Vec<Member> = Vec::new();
    for (place, sheet) in sheets.iter_mut().enumerate() {
        let key = layout.key(place);
        let (rank, times) = layout.times(place);
        sheet.scan(&mut |sheet, number, record| {
            let row = Row { sheet, record, origin: Origin { sheet: place, row: number } };
            let Some(name) = name_of(layout, reading, &row, key) else { return };
            let group = match numbers.get(name.as_ref()) {
                Some(group) => *group,
                None => {
                    let group = u32::try_from(groups.len()).unwrap_or(u32::MAX);
                    numbers.insert(name.as_ref().into(), group);
                    groups.push(Group { rank: u8::MAX, at: Timestamp::MAX, first: row.origin });
                    group
                }
            };
            members.push(Member { group, origin: row.origin });
            let Some(known) = groups.get_mut(usize::try_from(group).unwrap_or(usize::MAX)) else { return };
            if rank < known.rank
                && let Some(at) = times.iter().find_map(|column| reading.instant(&row, Some(*column)).ok())
            {
                (known.rank, known.at) = (rank, at);
            }
        })?;
    }
    let first = sort(&groups, &mut members);
    Ok((members, first))
}

/// Numbers the groups anew, in the order of time, and sorts the rows by them.
fn sort(groups: &[Group], members: &mut [Member]) -> Option<Timestamp> {
    let count = u32::try_from(groups.len()).unwrap_or(u32::MAX);
    let mut order: Vec<(Timestamp, Origin, u32)> =
        groups.iter().zip(0..count).map(|(group, number)| (group.at, group.first, number)).collect();
    order.sort_unstable();
    let mut ranks = vec![0_u32; groups.len()];
    for ((_, _, number), rank) in order.iter().zip(0..count) {
        if let Some(slot) = ranks.get_mut(usize::try_from(*number).unwrap_or(usize::MAX)) {
            *slot = rank;
        }
    }
    for member in &mut *members {
        member.group = usize::try_from(member.group).ok().and_then(|at| ranks.get(at)).copied().unwrap_or(u32::MAX);
    }
    members.sort_unstable();
    order.first().map(|(at, ..)| *at).filter(|at| *at < Timestamp::MAX)
}

/// The order id of a row. Empty rows have none; rows with cells and no id are a problem.
fn name_of<'a>(
    layout: &dyn Layout,
    reading: &mut Reading,
    row: &Row<'a>,
    key: Option<usize>,
) -> Option<std::borrow::Cow<'a, str>> {
    let name = fold(row.get(key));
    if name.is_empty() {
        if row.record.iter().any(|cell| !clean(cell).is_empty()) {
            reading.wrong(row, key, format!("the row has no {}", layout.calls()));
        }
        return None;
    }
    if is_scientific(&name) {
        let error = Error::new(
            ErrorCode::ImportRow,
            format!("the {} is in scientific notation, digits are lost", layout.calls()),
        )
        .with("reason", "sci_notation");
        reading.note(row, key, &error);
        return None;
    }
    Some(name)
}
