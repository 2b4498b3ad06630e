//! `crm show`: one customer on one screen, or a list of them.

use crate::cli::args::{Global, Show};
use crate::cli::held;
use crate::cli::members;
use crate::cli::offers;
use crate::cli::output::Out;
use crate::cli::problem::{Finished, Problem};
use crate::cli::shop::Shop;
use crate::cli::words;
use crm_core::coupon::{ClaimState, Coupon};
use crm_core::customer::{ConsentState, CustomerRecord};
use crm_core::effect::{Entry, What};
use crm_core::points::Lot;
use crm_core::program::Program;
use crm_core::query::{Answer, ClaimView, GiftCardView, GroupView, LifecycleAnswer, Query, Wallet};
use crm_core::tier::TierExplanation;
use crm_core::value::{ClaimId, CustomerId, PointCurrency, Timestamp};
use crm_core::{Engine, Error, ErrorCode};
use serde_json::json;

pub(crate) fn show(global: &Global, task: &Show, out: &mut Out) -> Finished {
    let shop = Shop::look(global)?;
    let Some(name) = &task.customer else {
        let at = shop.instant_for_all(global.at)?;
        let seen = members::collect(&shop, at, task.last, out.is_json())?;
        if out.is_json() {
            return out.json(&json!({ "at": at, "customers": seen.values, "count": seen.count }));
        }
        return seen.print(out);
    };
    let record = shop.find(name)?;
    let mut entries = journal(&shop.engine, &record.id)?;
    let at = shop.instant_for(global.at, entries.last().map(|entry| entry.recorded_at))?;
    let seen = Seen::look(&shop, record, at, &entries)?;
    // A sweep writes a year of expiries before a year of transitions, an import what is long past: people read by date.
    entries.sort_by_key(|entry| (entry.effective_at, entry.seq));
    let last = entries.len().saturating_sub(task.last);
    let entries: Vec<_> = entries.into_iter().skip(last).collect();
    if out.is_json() {
        let lots: serde_json::Map<_, _> =
            seen.lots.iter().map(|(currency, lots)| (currency.to_string(), json!(lots))).collect();
        return out.json(&json!({
            "at": at, "customer": seen.record, "tiers": seen.tiers, "lifecycle": seen.life, "wallet": seen.wallet,
            "lots": lots, "coupons": seen.coupons, "claims": seen.claims,
            "gift_cards": seen.cards, "groups": seen.groups, "entries": entries,
        }));
    }
    seen.print(&*shop.program()?, out)?;
    if !entries.is_empty() {
        out.heading("Last entries")?;
        print_entries(&*shop.program()?, &entries, out)?;
    }
    Ok(())
}

/// All entries of a customer, page by page.
pub(crate) fn journal(engine: &Engine, customer_id: &CustomerId) -> Result<Vec<Entry>, Problem> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let after = all.last().map_or(0, |entry| entry.seq);
        let query = Query::Statement { customer_id: customer_id.clone(), after, limit: None };
        let Answer::Statement { entries, more } = engine.ask(&query)? else { return Err(odd()) };
        all.extend(entries);
        if !more {
            return Ok(all);
        }
    }
}

/// An answer of another kind than the question.
pub(crate) fn odd() -> Problem {
    Problem::Core(Error::internal("a question has the answer to another one"))
}

pub(crate) fn print_entries(program: &Program, entries: &[Entry], out: &mut Out) -> Finished {
    let rows = entries
        .iter()
        .map(|entry| {
            let when = words::local(program.zone(), entry.effective_at);
            vec![entry.seq.to_string(), when, words::entry(program, entry)]
        })
        .collect();
    out.table(&[">#", "when", "what"], rows)
}

/// Open lots as a table.
pub(crate) fn print_lots(program: &Program, lots: &[Lot], out: &mut Out) -> Finished {
    let zone = program.zone();
    let rows = lots
        .iter()
        .map(|lot| {
            let state = match (lot.pending.get(), lot.held.get()) {
                (0, 0) => String::new(),
                (pending, 0) => format!("{} pending", words::number(pending)),
                (0, held) => format!("{} held", words::number(held)),
                (pending, held) => format!("{} pending, {} held", words::number(pending), words::number(held)),
            };
            vec![
                lot.id.to_string(),
                words::source(&lot.source),
                lot.rule.as_ref().map_or_else(String::new, ToString::to_string),
                words::number(lot.amount.get()),
                words::number(lot.available.get()),
                state,
                lot.activates_at.map_or_else(|| "waits".to_owned(), |at| zone.date(at).to_string()),
                words::through(zone, lot.expires_at),
            ]
        })
        .collect();
    out.table(&[">lot", "from", "rule", ">given", ">usable", "not usable", "usable from", "through"], rows)
}

/// Everything about one customer at one instant.
struct Seen {
    record: CustomerRecord,
    wallet: Wallet,
    lots: Vec<(PointCurrency, Vec<Lot>)>,
    tiers: Vec<TierExplanation>,
    life: Option<LifecycleAnswer>,
    coupons: Vec<Coupon>,
    claims: Vec<ClaimView>,
    cards: Vec<GiftCardView>,
    groups: Vec<GroupView>,
}

/// The claims that hold at an instant, the oldest first.
fn open_claims(
    engine: &Engine,
    customer_id: &CustomerId,
    at: Timestamp,
    entries: &[Entry],
) -> Result<Vec<ClaimView>, Problem> {
    let mut open: Vec<ClaimId> = Vec::new();
    for entry in entries {
        match &entry.what {
            What::Claimed { claim_id, .. } => open.push(claim_id.clone()),
            What::ClaimEnded { claim_id, .. } => open.retain(|known| known != claim_id),
            _ => {}
        }
    }
    let mut claims = Vec::new();
    for claim_id in open {
        let Answer::Claim(claim) = engine.ask(&Query::Claim { customer_id: customer_id.clone(), claim_id, at })? else {
            return Err(odd());
        };
        claims.extend((claim.state == ClaimState::Held).then_some(*claim));
    }
    Ok(claims)
}

impl Seen {
    fn look(shop: &Shop, record: CustomerRecord, at: Timestamp, entries: &[Entry]) -> Result<Self, Problem> {
        let (engine, program) = (&shop.engine, shop.program()?);
        let customer_id = record.id.clone();
        let Answer::Wallet(wallet) = engine.ask(&Query::Wallet { customer_id: customer_id.clone(), at })? else {
            return Err(odd());
        };
        let mut lots = Vec::new();
        for rules in program.point_currencies() {
            let currency = rules.id.clone();
            let query = Query::Lots { customer_id: customer_id.clone(), currency: currency.clone(), at };
            let Answer::Lots { lots: open } = engine.ask(&query)? else { return Err(odd()) };
            lots.push((currency, open));
        }
        let mut tiers = Vec::new();
        for ladder in program.ladders() {
            let ladder = Some(ladder.id().clone());
            let query = Query::Tier { customer_id: customer_id.clone(), ladder, at, known_at: None };
            let Answer::Tier(tier) = engine.ask(&query)? else { return Err(odd()) };
            tiers.push(tier);
        }
        let claims = open_claims(engine, &customer_id, at, entries)?;
        let cards = held::cards(engine, at, entries)?;
        let groups = held::groups(engine, &customer_id, at, entries)?;
        let Answer::Coupons { coupons } = engine.ask(&Query::Coupons { customer_id: customer_id.clone(), at })? else {
            return Err(odd());
        };
        let life = match engine.ask(&Query::Lifecycle { customer_id, at, known_at: None }) {
            Ok(Answer::Lifecycle(life)) => Some(life),
            Err(error) if error.code() == ErrorCode::LifecycleOff => None,
            Ok(_) => return Err(odd()),
            Err(error) => return Err(error.into()),
        };
        Ok(Self { record, wallet, lots, tiers, life, coupons, claims, cards, groups })
    }

    fn print(&self, program: &Program, out: &mut Out) -> Finished {
        let zone = program.zone();
        let record = &self.record;
        let name = record.profile.name.as_deref().map_or_else(String::new, |name| format!(" – {name}"));
        out.line(format!("{}{name}", record.id))?;
        out.line(format!(
            "joined {}; seen at {}, {}",
            words::local(zone, record.registered_at),
            words::local(zone, self.wallet.at),
            zone.name()
        ))?;
        self.print_profile(out)?;
        for tier in &self.tiers {
            let status = &tier.status;
            let until = status.valid_through.map_or_else(|| "no end".to_owned(), |day| format!("through {day}"));
            let mut told =
                format!("{}: {} since {}, {until}", status.ladder, status.tier, words::local(zone, status.since));
            if let Some(goal) = &status.to_reach {
                told.push_str(&format!(
                    "; {} more to {}",
                    words::metric(program, &tier.metric, goal.missing),
                    goal.tier
                ));
            }
            out.line(told)?;
        }
        if let Some(LifecycleAnswer { now, .. }) = &self.life {
            out.line(format!(
                "stage: {} since {}; activity: {} since {}; furthest: {}",
                now.stage,
                words::local(zone, now.stage_since),
                now.activity,
                words::local(zone, now.activity_since),
                now.high_water
            ))?;
        }
        self.print_wallet(program, out)?;
        for (currency, lots) in self.lots.iter().filter(|(_, lots)| !lots.is_empty()) {
            out.heading(format!("Open lots of {currency}, the first to be spent on top"))?;
            print_lots(program, lots, out)?;
        }
        if !self.coupons.is_empty() {
            out.heading("Open coupons")?;
            offers::print_coupons(program, &self.coupons, out)?;
        }
        if !self.claims.is_empty() {
            out.heading("Checkouts that hold offers")?;
            offers::print_claims(program, &self.claims, out)?;
        }
        if !self.cards.is_empty() {
            out.heading("Gift cards")?;
            held::print_cards(program, &self.cards, out)?;
        }
        if !self.groups.is_empty() {
            out.heading("Groups that are not over")?;
            held::print_groups(program, &record.id, &self.groups, out)?;
        }
        Ok(())
    }

    fn print_profile(&self, out: &mut Out) -> Finished {
        let record = &self.record;
        let mut facts = Vec::new();
        let mut add = |name: &str, value: Option<String>| facts.extend(value.map(|value| format!("{name}: {value}")));
        add("birthday", record.profile.birthday.map(|day| day.to_string()));
        add("language", record.profile.language.clone());
        add("city", record.profile.address.as_ref().and_then(|address| address.city.clone()));
        add("country", record.profile.address.as_ref().and_then(|address| address.country.clone()));
        add("note", record.profile.note.clone());
        let tags: Vec<_> = record.tags.iter().map(ToString::to_string).collect();
        add("tags", (!tags.is_empty()).then(|| tags.join(", ")));
        add("brought by", record.referred_by.as_ref().map(ToString::to_string));
        let known: Vec<_> = record.identifiers.iter().map(|(key, _)| key.to_string()).collect();
        add("known as", (!known.is_empty()).then(|| known.join(", ")));
        let consents: Vec<_> = record
            .effective_consents()
            .iter()
            .map(|consent| {
                let state = if consent.state == ConsentState::Granted { "yes" } else { "no" };
                format!("{}/{} {state}", consent.purpose, consent.channel)
            })
            .collect();
        add("consent", (!consents.is_empty()).then(|| consents.join(", ")));
        facts.iter().try_for_each(|fact| out.line(fact))
    }

    fn print_wallet(&self, program: &Program, out: &mut Out) -> Finished {
        out.heading("Points")?;
        let rows = self.wallet.accounts.iter().map(|account| {
            let balances = &account.balances;
            let next = account.next_expiry.as_ref().map_or_else(String::new, |next| {
                format!("{} after {}", words::number(next.points.get()), next.usable_through)
            });
            vec![
                account.currency.to_string(),
                words::number(balances.available.get()),
                words::number(balances.pending.get()),
                words::number(balances.held.get()),
                words::number(balances.debt.get()),
                account.value.as_ref().map_or_else(String::new, words::money),
                next,
            ]
        });
        let rows = rows.collect();
        out.table(&["currency", ">usable", ">pending", ">held", ">owed", ">worth", "next to expire"], rows)?;
        for account in &self.wallet.accounts {
            for hold in &account.holds {
                let until = words::local(program.zone(), hold.until);
                out.line(format!(
                    "hold {}: {} until {until}",
                    hold.hold_id,
                    words::some(hold.points.get(), account.currency.as_str())
                ))?;
            }
        }
        Ok(())
    }
}
