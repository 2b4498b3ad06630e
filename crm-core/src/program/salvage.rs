//! The part of a document that can still be looked at when other parts are broken, so that all findings come at once.

use super::document::Document;
use super::finding::{FindingCode, Report};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A list of the document whose entries are known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    Points,
    Earn,
    Tiers,
    Campaigns,
    Offers,
    Issue,
    Groups,
}

impl List {
    const ALL: [Self; 7] =
        [Self::Points, Self::Earn, Self::Tiers, Self::Campaigns, Self::Offers, Self::Issue, Self::Groups];

    const fn name(self) -> &'static str {
        match self {
            Self::Points => "points",
            Self::Earn => "earn",
            Self::Tiers => "tiers",
            Self::Campaigns => "campaigns",
            Self::Offers => "offers",
            Self::Issue => "issue",
            Self::Groups => "groups",
        }
    }
}

/// Where the entries stood in the text, and what had to be left out.
#[derive(Debug, Default)]
pub(super) struct Places {
    points: Vec<usize>,
    earn: Vec<usize>,
    tiers: Vec<usize>,
    campaigns: Vec<usize>,
    offers: Vec<usize>,
    issue: Vec<usize>,
    groups: Vec<usize>,
    /// Names of entries that were left out.
    names: BTreeSet<(List, String)>,
    /// Lists of which some entry has no name that can be read.
    unnamed: BTreeSet<List>,
    /// The lifecycle was left out.
    pub(super) lifecycle: bool,
    /// The currencies were left out.
    pub(super) currencies: bool,
}

impl Places {
    fn list(&mut self, list: List) -> &mut Vec<usize> {
        match list {
            List::Points => &mut self.points,
            List::Earn => &mut self.earn,
            List::Tiers => &mut self.tiers,
            List::Campaigns => &mut self.campaigns,
            List::Offers => &mut self.offers,
            List::Issue => &mut self.issue,
            List::Groups => &mut self.groups,
        }
    }

    /// The pointer of the entry that is now at `index`.
    pub(super) fn pointer(&self, list: List, index: usize) -> String {
        let places = match list {
            List::Points => &self.points,
            List::Earn => &self.earn,
            List::Tiers => &self.tiers,
            List::Campaigns => &self.campaigns,
            List::Offers => &self.offers,
            List::Issue => &self.issue,
            List::Groups => &self.groups,
        };
        format!("/{}/{}", list.name(), places.get(index).copied().unwrap_or(index))
    }

    /// Whether an entry of this name may exist among those that were left out.
    pub(super) fn may_have(&self, list: List, name: &str) -> bool {
        self.unnamed.contains(&list) || self.names.contains(&(list, name.to_owned()))
    }

    /// Whether any entry was left out.
    pub(super) fn is_partial(&self, list: List) -> bool {
        self.unnamed.contains(&list) || self.names.iter().any(|(of, _)| *of == list)
    }
}

/// Takes broken parts out of a document that was walked, and reads the rest.
pub(super) fn salvage(mut value: Value, report: &mut Report) -> Option<(Document, Places)> {
    let hard =
        |code: &str| ![FindingCode::UnknownField, FindingCode::DuplicateField].iter().any(|soft| soft.as_str() == code);
    let broken: Vec<String> =
        report.findings().iter().filter(|found| hard(&found.code)).map(|found| found.pointer.clone()).collect();
    let is_broken = |pointer: &str| {
        broken.iter().any(|at| at.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    };
    let fields = value.as_object_mut()?;
    let mut places = Places { lifecycle: is_broken("/lifecycle"), ..Places::default() };
    places.currencies = is_broken("/currencies") || !fields.contains_key("currencies");
    for (name, stand_in) in [
        ("version", json!(1)),
        ("program", json!("program")),
        ("revision", json!(1)),
        ("zone", json!("UTC")),
        ("currencies", json!([])),
    ] {
        if is_broken(&format!("/{name}")) || !fields.contains_key(name) {
            fields.insert(name.to_owned(), stand_in);
        }
    }
    for name in ["country", "basis", "lifecycle", "refunds", "checkout", "gift_cards"] {
        if is_broken(&format!("/{name}")) {
            fields.remove(name);
        }
    }
    for list in List::ALL {
        entries(fields, list, &is_broken, &mut places);
    }
    match serde_json::from_value(value) {
        Ok(document) => Some((document, places)),
        Err(error) => {
            // The walk lets nothing through that the types refuse; should it ever, the refusal is still reported.
            if broken.is_empty() {
                report.add(FindingCode::WrongValue, "", error.to_string());
            }
            None
        }
    }
}

fn entries(fields: &mut Map<String, Value>, list: List, is_broken: &dyn Fn(&str) -> bool, places: &mut Places) {
    let Some(value) = fields.get_mut(list.name()) else { return };
    let Value::Array(items) = value else {
        places.unnamed.insert(list);
        fields.remove(list.name());
        return;
    };
    let mut kept = Vec::new();
    for (place, item) in std::mem::take(items).into_iter().enumerate() {
        if !is_broken(&format!("/{}/{place}", list.name())) {
            places.list(list).push(place);
            kept.push(item);
        } else if let Some(name) = item.get("id").and_then(Value::as_str) {
            places.names.insert((list, name.to_owned()));
        } else {
            places.unnamed.insert(list);
        }
    }
    *items = kept;
}
