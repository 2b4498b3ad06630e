//! Gift cards and groups in the report: what is owed on cards and until when, and how groups do.

use super::chart::{Bar, Columns, Label, Series, bars};
use super::months::Month;
use super::page::{figure, label, newest, section, table};
use crate::cli::offers::minor;
use crate::cli::words;
use crm_core::group::{GroupState, SeatState};
use crm_core::query::{Answer, GiftCardLiability, Query};
use crm_core::value::{RuleId, Timestamp};
use crm_core::{Engine, Error, Result};
use serde::Serialize;
use std::collections::BTreeMap;

/// Gift cards and groups as they stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SharedFigures {
    pub(crate) gift_cards: Vec<GiftCardLiability>,
    pub(crate) groups: Vec<GroupFigures>,
}

/// Groups under the same rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct GroupFigures {
    pub(crate) rules: String,
    /// Not over yet: nobody, or not enough have paid.
    pub(crate) open: u64,
    pub(crate) formed: u64,
    /// Over without having formed.
    pub(crate) expired: u64,
    pub(crate) paid_seats: u64,
    /// Seats whose money has to go back.
    pub(crate) to_refund: u64,
}

impl SharedFigures {
    pub(crate) fn collect(engine: &Engine, at: Timestamp) -> Result<Self> {
        let mut last = at;
        engine.each_gift_card(&mut |card| {
            last = last.max(card.as_of);
            Ok(())
        })?;
        let Answer::GiftCardLiability { currencies: gift_cards } =
            engine.ask(&Query::GiftCardLiability { at: last })?
        else {
            return Err(Error::internal("gift cards have the answer to another question"));
        };
        let mut groups: BTreeMap<RuleId, GroupFigures> = BTreeMap::new();
        engine.each_group(&mut |mut group| {
            group.advance(at.max(group.as_of));
            let rules = group.terms.rules.clone();
            let found = groups
                .entry(rules.clone())
                .or_insert_with(|| GroupFigures { rules: rules.to_string(), ..GroupFigures::default() });
            match group.state() {
                GroupState::Open | GroupState::Forming => found.open += 1,
                GroupState::Formed => found.formed += 1,
                GroupState::Expired | GroupState::Refunding | GroupState::Closed => found.expired += 1,
            }
            let count = |state| u64::try_from(group.count(state)).unwrap_or(u64::MAX);
            found.paid_seats = found.paid_seats.saturating_add(count(SeatState::Paid));
            found.to_refund = found.to_refund.saturating_add(count(SeatState::ToRefund));
            Ok(())
        })?;
        Ok(Self { gift_cards, groups: groups.into_values().collect() })
    }

    /// The sections of the page; nothing where there is nothing.
    pub(crate) fn sections(&self) -> String {
        let mut drawn: Vec<String> = Vec::new();
        for cards in &self.gift_cards {
            drawn.push(books(cards));
            drawn.extend((!cards.by_month.is_empty()).then(|| endings(cards)));
        }
        let mut page = section("Gift cards", &drawn);
        if !self.groups.is_empty() {
            page.push_str(&section("Groups", &[self.group_figure()]));
        }
        page
    }

    fn group_figure(&self) -> String {
        let caption = "Groups by their rules";
        let list: Vec<_> = self
            .groups
            .iter()
            .map(|group| Bar {
                name: group.rules.as_str(),
                parts: vec![
                    ("c0", "formed", group.formed),
                    ("c1", "open", group.open),
                    ("c2", "expired", group.expired),
                ],
            })
            .collect();
        let rows = self.groups.iter().map(|group| {
            let numbers = [group.formed, group.open, group.expired, group.paid_seats, group.to_refund];
            std::iter::once(group.rules.clone()).chain(numbers.map(words::number)).collect()
        });
        let heads = ["Rules", "Formed", "Open", "Expired", "Paid seats", "Seats to refund"];
        figure(caption, &bars(caption, &list), &table(&heads, rows))
    }
}

/// What became of everything that was issued.
fn books(cards: &GiftCardLiability) -> String {
    let money = |amount| words::minor(cards.currency, i128::from(minor(cards.currency, amount)));
    let rows = [
        ("Issued", cards.issued),
        ("Redeemed", cards.redeemed),
        ("Expired", cards.expired),
        ("Taken back", cards.revoked),
        ("Outstanding", cards.outstanding),
        ("of it frozen", cards.frozen),
    ];
    let rows = rows.into_iter().map(|(name, amount)| vec![name.to_owned(), money(amount)]);
    let caption = format!("{} gift cards in {}", words::number(cards.cards), cards.currency);
    format!(
        "<figure><figcaption>{caption}</figcaption><div class=\"scroll\">{}</div></figure>",
        table(&["What became of it", "Amount"], rows)
    )
}

/// What is owed, by the month in which the cards end.
fn endings(cards: &GiftCardLiability) -> String {
    let named = |month: &Option<String>| month.as_deref().and_then(Month::parse);
    let shown = newest(&cards.by_month);
    let series = Series {
        name: "ending",
        class: "ending",
        values: shown.iter().map(|month| minor(cards.currency, month.amount)).collect(),
    };
    let never = || Label { name: "never".to_owned(), group: String::new(), full: "without an end".to_owned() };
    let chart = Columns {
        title: format!("Gift cards in {} by the month of their last usable day", cards.currency),
        labels: shown.iter().map(|month| named(&month.month).map_or_else(never, label)).collect(),
        series: vec![series],
        currency: Some(cards.currency),
    };
    let rows = cards.by_month.iter().map(|month| {
        let name = month.month.clone().unwrap_or_else(|| "without an end".to_owned());
        vec![name, words::minor(cards.currency, i128::from(minor(cards.currency, month.amount)))]
    });
    let caption = format!("Liability: when gift cards in {} end", cards.currency);
    figure(&caption, &chart.svg(), &table(&["Last usable month", "Amount"], rows))
}
