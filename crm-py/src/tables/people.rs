//! Who the customers are, and where they stand.

use crate::columns::{Head, Is, Rows};
use crm_core::Result;
use crm_core::engine::CustomerSummary;

pub(super) const CUSTOMERS: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("as_of", Is::Time, false),
    ("registered_at", Is::Time, false),
    ("name", Is::Text, true),
    ("gender", Is::Word, true),
    ("birthday", Is::Day, true),
    ("language", Is::Word, true),
    ("country", Is::Word, true),
    ("province", Is::Word, true),
    ("city", Is::Word, true),
    ("district", Is::Word, true),
    ("street", Is::Text, true),
    ("postal_code", Is::Text, true),
    ("identifiers", Is::Texts, false),
    ("tags", Is::Texts, false),
    ("orders", Is::Int, false),
    ("stage", Is::Word, true),
    ("activity", Is::Word, true),
    ("referred_by", Is::Text, true),
];

pub(super) const TIERS: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("as_of", Is::Time, false),
    ("ladder", Is::Word, false),
    ("tier", Is::Word, false),
];

pub(super) const STAGES: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("as_of", Is::Time, false),
    ("stage", Is::Word, false),
    ("activity", Is::Word, false),
    ("high_water", Is::Word, false),
];

pub(super) fn customer(rows: &mut Rows, who: &CustomerSummary) -> Result<()> {
    let (record, profile) = (&who.record, &who.record.profile);
    let address = profile.address.as_ref();
    let stage = who.stage.as_ref();
    rows.add(|row| {
        row.text(who.id.as_str())
            .time(who.as_of)
            .time(who.registered_at)
            .text(profile.name.as_deref())
            .text(profile.gender.map(|gender| gender.as_str()))
            .day(profile.birthday)
            .text(profile.language.as_deref())
            .text(address.and_then(|address| address.country.as_deref()))
            .text(address.and_then(|address| address.province.as_deref()))
            .text(address.and_then(|address| address.city.as_deref()))
            .text(address.and_then(|address| address.district.as_deref()))
            .text(address.and_then(|address| address.street.as_deref()))
            .text(address.and_then(|address| address.postal_code.as_deref()))
            .texts(record.identifiers.iter().map(|(key, _)| key.as_str()))
            .texts(record.tags.iter().map(|tag| tag.as_str()))
            .int(i64::from(who.orders))
            .text(stage.map(|(stage, _, _)| &**stage))
            .text(stage.map(|(_, activity, _)| &**activity))
            .text(record.referred_by.as_ref().map(|id| id.as_str()));
        Ok(())
    })
}

pub(super) fn tiers(rows: &mut Rows, who: &CustomerSummary) -> Result<()> {
    who.tiers.iter().try_for_each(|(ladder, tier)| {
        rows.add(|row| {
            row.text(who.id.as_str()).time(who.as_of).text(ladder.as_str()).text(tier.as_str());
            Ok(())
        })
    })
}

pub(super) fn stage(rows: &mut Rows, who: &CustomerSummary) -> Result<()> {
    who.stage.iter().try_for_each(|(stage, activity, high_water)| {
        rows.add(|row| {
            row.text(who.id.as_str()).time(who.as_of).text(&**stage).text(&**activity).text(&**high_water);
            Ok(())
        })
    })
}
