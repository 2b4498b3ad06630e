//! Where a sheet has the columns that a map names.

use super::columns::{IdentifierColumn, Missing};
use super::sheet::{Sheet, lacking};
use super::table::Use;
use crate::error::Result;

/// Looks for columns, and keeps what is missing and what each is read as.
pub(super) struct Finder<'a> {
    sheet: &'a Sheet,
    refuse: bool,
    missing: Vec<String>,
    used: Vec<(usize, Use)>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(sheet: &'a Sheet, missing: Missing) -> Self {
        Self { sheet, refuse: missing == Missing::Refuse, missing: Vec::new(), used: Vec::new() }
    }

    /// A column that must be there.
    pub(super) fn must(&mut self, name: &str, usage: Use) -> usize {
        match self.sheet.column(&[name]) {
            Some(place) => self.keep(place, usage),
            None => {
                self.missing.push(name.to_owned());
                0
            }
        }
    }

    /// A column that may be there.
    pub(super) fn may(&mut self, name: Option<&str>, usage: Use) -> Option<usize> {
        let name = name?;
        let place = self.sheet.column(&[name]);
        if place.is_none() && self.refuse {
            self.missing.push(name.to_owned());
        }
        place.map(|place| self.keep(place, usage))
    }

    /// The columns of who it was.
    pub(super) fn customer(&mut self, customer: &[IdentifierColumn]) -> Vec<Option<usize>> {
        customer.iter().map(|who| self.may(Some(&who.column), Use::Word)).collect()
    }

    /// Notes that none of these columns is there, and one has to be.
    pub(super) fn lacks<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        if self.missing.is_empty() {
            self.missing.extend(names.map(str::to_owned));
        }
    }

    fn keep(&mut self, place: usize, usage: Use) -> usize {
        self.used.push((place, usage));
        place
    }

    /// What each column is read as, if nothing is missing.
    pub(super) fn finish(self, format: &str) -> Result<Vec<(usize, Use)>> {
        if self.missing.is_empty() { Ok(self.used) } else { Err(lacking(self.sheet, format, &self.missing)) }
    }
}
