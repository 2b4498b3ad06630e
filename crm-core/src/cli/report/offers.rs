//! Offers in the report: what was used, who bears it, and what is left of the limits.

use super::chart::{Bar, Columns, Series, bars};
use super::months::Month;
use super::page::{COLOURS, figure, label, newest, section, table};
use crate::cli::offers::{limit_name, limit_value, minor};
use crate::cli::words;
use crm_core::coupon::ClaimState;
use crm_core::program::Program;
use crm_core::query::{Answer, ClaimView, LimitUse, Query};
use crm_core::value::{Currency, OfferId, Party, Timestamp};
use crm_core::{Engine, Error, Result};
use serde::Serialize;
use std::collections::BTreeMap;

/// What paid checkouts used that did not come back, and how the limits stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct OfferFigures {
    /// In the order of the program; offers that are gone from it come last.
    pub(crate) uses: Vec<OfferUses>,
    pub(crate) currencies: Vec<FundedFigures>,
    /// Of limits over all customers.
    pub(crate) limits: Vec<LimitUse>,
}

/// How often an offer was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct OfferUses {
    pub(crate) offer: OfferId,
    pub(crate) uses: u64,
}

/// Discounts in one currency by who bears them, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FundedFigures {
    pub(crate) currency: Currency,
    pub(crate) parties: Vec<Party>,
    pub(crate) months: Vec<FundedMonth>,
}

/// Of the checkouts of one month, party by party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FundedMonth {
    pub(crate) month: Month,
    pub(crate) borne: Vec<i64>,
}

/// What each party bears by month, of one currency.
type Borne = BTreeMap<(Month, Party), i64>;

impl OfferFigures {
    /// None where the program has no offers and nothing was ever used.
    pub(crate) fn collect(engine: &Engine, program: &Program, at: Timestamp) -> Result<Option<Self>> {
        let mut uses: BTreeMap<OfferId, u64> = BTreeMap::new();
        let mut funded: BTreeMap<String, (Currency, Borne)> = BTreeMap::new();
        engine.each_claim(&mut |claim| {
            if claim.state == ClaimState::Confirmed {
                add(program, &claim, &mut uses, &mut funded);
            }
            Ok(())
        })?;
        if uses.is_empty() && program.offers().next().is_none() {
            return Ok(None);
        }
        let known = program.offers().map(|(offer, _)| offer.id.clone());
        let mut in_order: Vec<_> =
            known.map(|offer| OfferUses { uses: uses.remove(&offer).unwrap_or(0), offer }).collect();
        in_order.extend(uses.into_iter().map(|(offer, uses)| OfferUses { offer, uses }));
        let Answer::Limits { limits } = engine.ask(&Query::Limits { at })? else {
            return Err(Error::internal("limits have the answer to another question"));
        };
        let present = Month::of(program.zone(), at);
        let currencies = funded.into_values().map(|(currency, borne)| by_month(currency, &borne, present)).collect();
        Ok(Some(Self { uses: in_order, currencies, limits }))
    }

    /// The section of the page.
    pub(crate) fn section(&self) -> String {
        let used: Vec<_> = self.uses.iter().filter(|offer| 0 < offer.uses).collect();
        let mut drawn = Vec::new();
        if !used.is_empty() {
            let caption = "Uses by offer";
            let list: Vec<_> = used
                .iter()
                .map(|offer| Bar { name: offer.offer.as_str(), parts: vec![("c0", "uses", offer.uses)] })
                .collect();
            let rows = self.uses.iter().map(|offer| vec![offer.offer.to_string(), words::number(offer.uses)]);
            drawn.push(figure(caption, &bars(caption, &list), &table(&["Offer", "Uses"], rows)));
        }
        drawn.extend(self.currencies.iter().map(FundedFigures::figure));
        if !self.limits.is_empty() {
            drawn.push(format!(
                "<figure><figcaption>Limits over all customers</figcaption><div class=\"scroll\">{}</div></figure>",
                table(&["Limit", "Used", "Held", "Left", "Of"], self.limits.iter().map(limit_row))
            ));
        }
        section("Offers", &drawn)
    }
}

impl FundedFigures {
    fn figure(&self) -> String {
        let caption = format!("Discounts in {} by who bears them, by month of the checkout", self.currency);
        let months = newest(&self.months);
        let series = self.parties.iter().enumerate().map(|(place, party)| Series {
            name: party.as_str(),
            class: COLOURS.get(place % COLOURS.len()).copied().unwrap_or("c0"),
            values: months.iter().map(|month| month.borne.get(place).copied().unwrap_or(0)).collect(),
        });
        let chart = Columns {
            title: caption.clone(),
            labels: months.iter().map(|month| label(month.month)).collect(),
            series: series.collect(),
            currency: Some(self.currency),
        };
        let mut heads = vec!["Month"];
        heads.extend(self.parties.iter().map(Party::as_str));
        let rows = self.months.iter().map(|month| {
            let borne = month.borne.iter().map(|value| words::minor(self.currency, i128::from(*value)));
            std::iter::once(month.month.to_string()).chain(borne).collect()
        });
        figure(&caption, &chart.svg(), &table(&heads, rows))
    }
}

fn limit_row(limit: &LimitUse) -> Vec<String> {
    let values = [limit.used, limit.held, limit.left, limit.max].map(|value| limit_value(limit, value));
    std::iter::once(limit_name(limit)).chain(values).collect()
}

fn add(
    program: &Program,
    claim: &ClaimView,
    uses: &mut BTreeMap<OfferId, u64>,
    funded: &mut BTreeMap<String, (Currency, Borne)>,
) {
    let quote = &claim.receipt.quote;
    let month = Month::of(program.zone(), claim.claimed_at);
    for applied in quote.applied.iter().filter(|applied| !claim.returned_offers.contains(&applied.offer)) {
        *uses.entry(applied.offer.clone()).or_default() += 1;
        for part in &applied.funders {
            let (_, borne) =
                funded.entry(quote.currency.code().to_owned()).or_insert_with(|| (quote.currency, Borne::new()));
            let sum = borne.entry((month, part.party.clone())).or_default();
            *sum = sum.saturating_add(minor(quote.currency, part.amount));
        }
    }
}

/// The months without a gap up to the present one.
fn by_month(currency: Currency, borne: &Borne, present: Month) -> FundedFigures {
    let mut parties: Vec<Party> = borne.keys().map(|(_, party)| party.clone()).collect();
    parties.sort();
    parties.dedup();
    let first = borne.keys().next().map_or(present, |(month, _)| *month);
    let last = borne.keys().next_back().map_or(present, |(month, _)| present.max(*month));
    let of = |month: Month, party: &Party| borne.get(&(month, party.clone())).copied().unwrap_or(0);
    let months = Month::range(first, last)
        .map(|month| FundedMonth { month, borne: parties.iter().map(|party| of(month, party)).collect() });
    FundedFigures { currency, months: months.collect(), parties }
}
