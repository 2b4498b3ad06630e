//! What every check may look at: the document, where its parts stood, and what names mean.

use crate::lifecycle::{Lifecycle, LifecycleRules, preset};
use crate::points::CurrencyRules;
use crate::program::document::{Document, LifecycleChoice};
use crate::program::salvage::{List, Places};
use crate::tier::{Ladder, LadderRules};
use crate::value::Currency;

/// The document under check.
pub(in crate::program) struct Sheet<'a> {
    pub(super) document: &'a Document,
    pub(super) places: &'a Places,
    pub(super) lifecycle: Stages,
}

/// What is known of the lifecycle.
pub(super) enum Stages {
    /// The document has none.
    None,
    /// It has one, but it cannot be read.
    Unknown,
    /// These rules, written out or of a preset.
    Rules(LifecycleRules),
}

/// What a name stands for.
pub(super) enum Named<T> {
    /// This.
    Known(T),
    /// Something that cannot be read; it has findings of its own.
    Broken,
    /// Nothing.
    Unknown,
}

/// The parts of a document that have a compiled form.
#[derive(Debug, Default)]
pub(in crate::program) struct Parts {
    pub(in crate::program) ladders: Vec<Ladder>,
    pub(in crate::program) lifecycle: Option<Lifecycle>,
}

impl<'a> Sheet<'a> {
    pub(in crate::program) fn new(document: &'a Document, places: &'a Places) -> Self {
        let lifecycle = match &document.lifecycle {
            None if places.lifecycle => Stages::Unknown,
            None => Stages::None,
            Some(LifecycleChoice::Rules { rules }) => Stages::Rules(rules.clone()),
            Some(LifecycleChoice::Preset { name }) => preset(name).map_or(Stages::Unknown, Stages::Rules),
        };
        Self { document, places, lifecycle }
    }

    /// The currency of thresholds.
    pub(super) fn main_currency(&self) -> Option<Currency> {
        self.document.currencies.first().copied()
    }

    pub(super) fn currency(&self, name: &str) -> Named<&'a CurrencyRules> {
        match self.document.points.iter().find(|currency| currency.id.as_str() == name) {
            _ if self.places.may_have(List::Points, name) => Named::Broken,
            Some(currency) => Named::Known(currency),
            None => Named::Unknown,
        }
    }

    pub(super) fn ladder(&self, name: &str) -> Named<&'a LadderRules> {
        match self.document.tiers.iter().find(|ladder| ladder.id.as_str() == name) {
            _ if self.places.may_have(List::Tiers, name) => Named::Broken,
            Some(ladder) => Named::Known(ladder),
            None => Named::Unknown,
        }
    }

    pub(super) fn currency_names(&self) -> impl Iterator<Item = &'a str> {
        self.document.points.iter().map(|currency| currency.id.as_str())
    }

    pub(super) fn ladder_names(&self) -> impl Iterator<Item = &'a str> {
        self.document.tiers.iter().map(|ladder| ladder.id.as_str())
    }
}
