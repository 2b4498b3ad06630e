//! A customer as the store keeps them.

use super::identity::IdentityKey;
use super::profile::{Consent, CustomerChange, Identifier, Profile};
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::value::{Attribute, AttributeName, CalendarDate, CustomerId, Tag, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// All that is known about one customer, apart from what they bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CustomerRecord {
    /// Their id.
    pub id: CustomerId,
    /// When they joined.
    pub registered_at: Timestamp,
    /// What they are known by: normal form and what was given, ordered by the normal form, each once.
    #[serde(default)]
    pub identifiers: Vec<(IdentityKey, Identifier)>,
    /// Who they are.
    #[serde(default)]
    pub profile: Profile,
    /// Labels.
    #[serde(default)]
    pub tags: BTreeSet<Tag>,
    /// Custom attributes.
    #[serde(default)]
    pub attributes: BTreeMap<AttributeName, Attribute>,
    /// Every statement about consent, ordered by subject and time; [`CustomerRecord::consent_state`] says what holds.
    #[serde(default)]
    pub consents: Vec<Consent>,
    /// Who brought them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referred_by: Option<CustomerId>,
}

impl CustomerRecord {
    /// A customer of whom nothing else is known yet; [`CustomerRecord::apply_change`] adds the rest.
    ///
    /// # Errors
    /// `referral.self` for a customer who brought themselves.
    pub fn new(id: CustomerId, registered_at: Timestamp, referred_by: Option<CustomerId>) -> Result<Self> {
        if referred_by.as_ref() == Some(&id) {
            return Err(Error::new(ErrorCode::ReferralSelf, "a customer cannot bring themselves").field("referred_by"));
        }
        Ok(Self {
            id,
            registered_at,
            identifiers: Vec::new(),
            profile: Profile::default(),
            tags: BTreeSet::new(),
            attributes: BTreeMap::new(),
            consents: Vec::new(),
            referred_by,
        })
    }

    /// Checks every bound of the record.
    ///
    /// # Errors
    /// `value.too_many` for identifiers, tags, attributes or consents; `value.too_long` and the other errors of
    /// [`Profile::tidied`] for a text.
    pub fn check(&self) -> Result<()> {
        at_most("identifiers", self.identifiers.len(), limits::IDENTIFIERS_MAX)?;
        at_most("tags", self.tags.len(), limits::TAGS_MAX)?;
        at_most("consents", self.consents.len(), limits::CONSENTS_MAX)?;
        Attribute::check_all(&self.attributes)?;
        self.profile.tidied().map_err(|error| error.within("profile"))?;
        Ok(())
    }

    /// Applies a change, wholly or not at all, and names what it changed: `name`, `identifiers.add:phone`, `tags.add:vip`,
    /// `attributes.set:size`, …, sorted. Contents are never named. An empty list means that nothing changed.
    ///
    /// A field that is both cleared and set is set. `country` is for phone numbers without a country code.
    ///
    /// # Errors
    /// Those of [`CustomerRecord::check`] and of [`Identifier::key`]; `customer.field` for an unknown name in `clear`.
    pub fn apply_change(&mut self, change: &CustomerChange, country: Option<&str>) -> Result<Vec<String>> {
        // INVARIANT: a refused change leaves no trace; test `refused_change_leaves_no_trace`.
        let mut next = self.clone();
        let mut changed = BTreeSet::new();
        next.change_profile(change)?;
        next.change_identifiers(change, country, &mut changed)?;
        for tag in &change.remove_tags {
            if next.tags.remove(tag) {
                changed.insert(format!("tags.remove:{tag}"));
            }
        }
        for tag in &change.add_tags {
            if next.tags.insert(tag.clone()) {
                changed.insert(format!("tags.add:{tag}"));
            }
        }
        for name in &change.remove_attributes {
            if next.attributes.remove(name).is_some() {
                changed.insert(format!("attributes.remove:{name}"));
            }
        }
        for (name, value) in &change.set_attributes {
            if next.attributes.insert(name.clone(), value.clone()).as_ref() != Some(value) {
                changed.insert(format!("attributes.set:{name}"));
            }
        }
        next.check()?;
        changed.extend(self.profile.differing(&next.profile).into_iter().map(str::to_owned));
        *self = next;
        Ok(changed.into_iter().collect())
    }

    /// Gains the profile fields that are missing; what is set stays. True when something was gained.
    ///
    /// # Errors
    /// Those of [`Profile::tidied`].
    pub fn fill_missing(&mut self, profile: &Profile) -> Result<bool> {
        let tidy = profile.tidied().map_err(|error| error.within("profile"))?;
        Ok(self.profile.fill_missing(&tidy))
    }

    /// The day on which the birthday is kept in a year; see [`Profile::birthday_in`].
    #[must_use]
    pub fn birthday_in(&self, year: i32) -> Option<CalendarDate> {
        self.profile.birthday_in(year)
    }

    /// Whether the customer is known by this identity.
    #[must_use]
    pub fn has_identity(&self, key: &IdentityKey) -> bool {
        self.identifiers.binary_search_by(|(known, _)| known.cmp(key)).is_ok()
    }

    fn change_profile(&mut self, change: &CustomerChange) -> Result<()> {
        let mut kept = std::mem::take(&mut self.profile);
        for field in &change.clear {
            kept.clear(field)?;
        }
        let mut next = change.profile.tidied().map_err(|error| error.within("profile"))?;
        next.fill_missing(&kept);
        self.profile = next;
        Ok(())
    }

    fn change_identifiers(
        &mut self,
        change: &CustomerChange,
        country: Option<&str>,
        changed: &mut BTreeSet<String>,
    ) -> Result<()> {
        at_most("add_identifiers", change.add_identifiers.len(), limits::IDENTIFIERS_MAX)?;
        at_most("remove_identifiers", change.remove_identifiers.len(), limits::IDENTIFIERS_MAX)?;
        for (place, identifier) in change.remove_identifiers.iter().enumerate() {
            let key = identifier.key(country).map_err(|e| e.within(format!("remove_identifiers[{place}]")))?;
            if let Ok(found) = self.identifiers.binary_search_by(|(known, _)| known.cmp(&key)) {
                self.identifiers.remove(found);
                changed.insert(format!("identifiers.remove:{}", identifier.kind.as_str()));
            }
        }
        for (place, identifier) in change.add_identifiers.iter().enumerate() {
            let key = identifier.key(country).map_err(|e| e.within(format!("add_identifiers[{place}]")))?;
            if let Err(free) = self.identifiers.binary_search_by(|(known, _)| known.cmp(&key)) {
                self.identifiers.insert(free, (key, identifier.clone()));
                changed.insert(format!("identifiers.add:{}", identifier.kind.as_str()));
            }
        }
        Ok(())
    }
}

impl Profile {
    fn clear(&mut self, field: &str) -> Result<()> {
        match field {
            "name" => self.name = None,
            "gender" => self.gender = None,
            "birthday" => self.birthday = None,
            "language" => self.language = None,
            "address" => self.address = None,
            "note" => self.note = None,
            other => {
                let message = format!("`{}` is not a profile field", limits::quote(other));
                return Err(Error::new(ErrorCode::CustomerField, message).field("clear"));
            }
        }
        Ok(())
    }

    fn differing(&self, other: &Self) -> Vec<&'static str> {
        let Self { name, gender, birthday, language, address, note } = self;
        let differs = [
            ("name", *name != other.name),
            ("gender", *gender != other.gender),
            ("birthday", *birthday != other.birthday),
            ("language", *language != other.language),
            ("address", *address != other.address),
            ("note", *note != other.note),
        ];
        differs.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect()
    }
}

fn at_most(field: &'static str, count: usize, max: usize) -> Result<()> {
    if count <= max {
        return Ok(());
    }
    let message = format!("{count} {field}, at most {max} are allowed");
    Err(Error::new(ErrorCode::ValueTooMany, message).field(field).limit(max))
}
