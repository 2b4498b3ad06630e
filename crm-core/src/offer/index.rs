//! Which offers can touch a basket at all, found by the names of its lines instead of by asking every offer.

use super::basket::{Basket, Class};
use super::rules::Effect;
use super::terms::OfferRules;
use crate::value::LineScope;
use std::collections::BTreeMap;

/// An index over the offers of a program, built once. It names them by their places in the list that it was built from.
#[derive(Clone, Debug, Default)]
pub struct OfferIndex {
    names: BTreeMap<Name, Vec<usize>>,
    everywhere: Vec<usize>,
    scopes: Vec<Vec<Option<LineScope>>>,
}

/// A name that a scope gives and a line can have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Sku(std::sync::Arc<str>),
    Category(std::sync::Arc<str>),
    Brand(std::sync::Arc<str>),
    Tag(std::sync::Arc<str>),
}

impl OfferIndex {
    /// Indexes offers by the articles, categories, brands or labels that they name. One that names none is looked at for every basket.
    #[must_use]
    pub fn new<'r>(offers: impl IntoIterator<Item = &'r OfferRules>) -> Self {
        let mut index = Self::default();
        for (place, rules) in offers.into_iter().enumerate() {
            let scopes = scopes(rules);
            for scope in &scopes {
                let names = scope.as_ref().map(names).unwrap_or_default();
                if names.is_empty() {
                    index.everywhere.push(place);
                }
                for name in names {
                    index.names.entry(name).or_default().push(place);
                }
            }
            index.scopes.push(scopes);
        }
        index
    }

    /// The places of all offers that are meant for at least one line of the basket, ascending. No other offer can be applied to it, and
    /// the reason of every other one would be that nothing eligible is there.
    #[must_use]
    pub fn touching(&self, basket: &Basket) -> Vec<usize> {
        let mut found = self.everywhere.clone();
        for class in &basket.classes {
            for name in names_of(class) {
                found.extend(self.names.get(&name).into_iter().flatten());
            }
        }
        found.sort_unstable();
        found.dedup();
        found.retain(|place| self.scopes.get(*place).is_some_and(|scopes| touches(scopes, basket)));
        found
    }
}

fn touches(scopes: &[Option<LineScope>], basket: &Basket) -> bool {
    let meant = |scope: &LineScope| basket.classes.iter().any(|class| class.is_in(scope));
    scopes.iter().any(|scope| scope.as_ref().is_none_or(meant))
}

/// The scopes of which at least one has to admit a line; none is every line.
fn scopes(rules: &OfferRules) -> Vec<Option<LineScope>> {
    match (&rules.lines, &rules.effect) {
        (Some(lines), _) => vec![Some(lines.clone())],
        (None, Effect::OneOf { options }) => options.iter().map(|option| Some(option.lines.clone())).collect(),
        (None, Effect::Bundle { slots, .. }) => slots.iter().take(1).map(|slot| Some(slot.lines.clone())).collect(),
        (None, _) => vec![None],
    }
}

/// The names of the first list of a scope that has any: a line in the scope has one of them.
fn names(scope: &LineScope) -> Vec<Name> {
    let lists = [
        scope.skus.iter().map(|sku| Name::Sku(sku.shared())).collect::<Vec<_>>(),
        scope.categories.iter().map(|category| Name::Category(category.shared())).collect(),
        scope.brands.iter().map(|brand| Name::Brand(brand.shared())).collect(),
        scope.tags.iter().map(|tag| Name::Tag(tag.shared())).collect(),
    ];
    lists.into_iter().find(|names| !names.is_empty()).unwrap_or_default()
}

fn names_of(class: &Class) -> impl Iterator<Item = Name> {
    let sku = std::iter::once(Name::Sku(class.sku.shared()));
    let category = class.category.as_ref().map(|category| Name::Category(category.shared()));
    let brand = class.brand.as_ref().map(|brand| Name::Brand(brand.shared()));
    sku.chain(category).chain(brand).chain(class.tags.iter().map(|tag| Name::Tag(tag.shared())))
}
