//! Answers about one customer or one order. A question is settled first, in memory, so no answer depends on a sweep.

use super::benefits;
use super::context::{Context, order_name};
use super::explain;
use super::facts::{all_life_facts, all_tier_facts};
use super::giftcards;
use super::groups;
use super::offers;
use super::settle::{next_due, settle};
use super::standing::follow;
use super::tiers::ladder;
use crate::command::{Command, Request, Settle};
use crate::effect::Entry;
use crate::error::{Error, ErrorCode};
use crate::limits::PAGE_ROWS_MAX;
use crate::points::{Account, Lot};
use crate::program::Program;
use crate::query::{Answer, Expiring, HoldView, LifecycleAnswer, Query, Wallet, WalletAccount};
use crate::tier::Ladder;
use crate::value::{CustomerId, PointCurrency, RequestId, Timestamp};
use crate::workspace::state::Customer;
use crate::workspace::{Decided, Workspace};
use std::cell::OnceCell;
use std::sync::Arc;

/// Answers a question about one customer or one order.
pub(crate) fn ask(program: &Program, ws: &mut Workspace, query: &Query) -> Decided<Answer> {
    match query {
        Query::Customer { customer_id } => {
            let customer = ws.known(customer_id)?.record()?.clone();
            Ok(Answer::Customer { customer })
        }
        Query::Find { identifier } => {
            let key = identifier.key(program.country()).map_err(|error| error.within("identifier"))?;
            let owner = ws.identity(&key.as_str().to_owned())?.and_then(|identity| identity.customer.clone());
            let unknown =
                || Error::new(ErrorCode::CustomerUnknown, "nobody is known by this identifier").field("identifier");
            let customer = ws.known(&owner.ok_or_else(unknown)?)?.record()?.clone();
            Ok(Answer::Customer { customer })
        }
        Query::Wallet { customer_id, at } => wallet(program, ws, customer_id, *at),
        Query::Lots { customer_id, currency, at } => {
            known_currency(program, currency)?;
            brought_to(program, ws, customer_id, *at)?;
            let mut lots = ws.known_mut(customer_id)?.account(currency)?.hand_over()?;
            lots.retain(Lot::is_open);
            Ok(Answer::Lots { lots })
        }
        Query::Statement { customer_id, after, limit } => {
            ws.known(customer_id)?;
            let limit = limit.unwrap_or(1_000).min(PAGE_ROWS_MAX);
            let entries = ws.journal(customer_id)?.into_iter().filter(|entry| *after < entry.seq);
            let mut entries: Vec<_> = entries.take(limit.saturating_add(1)).collect();
            let more = limit < entries.len();
            entries.truncate(limit);
            let entries = entries.into_iter().map(Arc::unwrap_or_clone).collect();
            Ok(Answer::Statement { entries, more })
        }
        Query::Order { order_id } => explain::order(program, ws, order_id),
        Query::Tier { customer_id, ladder: name, at, known_at } => {
            let request = looking(customer_id, *at)?;
            let context = Context::new(program, &request);
            let (place, _) = ladder(&context, name.as_ref())?;
            let joined_at = ws.known(customer_id)?.registered_at;
            let known_at = known_at.unwrap_or(Timestamp::MAX);
            let journal = known_journal(ws, customer_id, known_at)?;
            let facts_of = |ladder: &Ladder| all_tier_facts(ladder.metric(), ladder, &journal);
            let explained = program.timeline(place).and_then(|all| all.explain(joined_at, &facts_of, *at, known_at));
            Ok(Answer::Tier(explained.ok_or_else(|| Error::internal("a ladder without rules"))?))
        }
        Query::Lifecycle { customer_id, at, known_at } => lifecycle(program, ws, customer_id, *at, *known_at),
        Query::Benefits { customer_id, at } => {
            let request = looking(customer_id, *at)?;
            let context = Context::new(program, &request);
            let last = ws.known(customer_id)?.state.recorded_at;
            if *at < last {
                return Err(past(*at, last).into());
            }
            Ok(Answer::Benefits { benefits: benefits::left(&context, ws, customer_id, *at)? })
        }
        Query::Consent { customer_id } => {
            let record = ws.known(customer_id)?.record()?;
            Ok(Answer::Consent { effective: record.effective_consents(), statements: record.consents.clone() })
        }
        Query::Quote { customer_id, cart, coupons, at } => {
            let request = looking(customer_id.as_ref().unwrap_or(&CustomerId::new("nobody")?), *at)?;
            if let Some(id) = customer_id {
                brought_to(program, ws, id, *at)?;
            }
            let context = Context::new(program, &request);
            offers::answer::quoted(&context, ws, customer_id.as_ref(), cart, coupons.as_deref(), *at)
        }
        Query::Coupons { customer_id, at } => {
            brought_to(program, ws, customer_id, *at)?;
            offers::answer::coupons(ws, customer_id)
        }
        Query::Claim { customer_id, claim_id, at } => {
            brought_to(program, ws, customer_id, *at)?;
            offers::answer::claim(ws, customer_id, claim_id)
        }
        Query::RefundPlan { order_id, lines } => offers::answer::refund_plan(ws, order_id, lines),
        Query::GiftCard { card_id, code, at } => giftcards::answer::card(ws, card_id.as_ref(), code.as_deref(), *at),
        Query::Group { group_id, at } => groups::answer::group(ws, group_id, *at),
        Query::Liability { .. } | Query::Due { .. } | Query::Limits { .. } | Query::GiftCardLiability { .. } => {
            Err(Error::internal("a question about everybody is not asked here").into())
        }
    }
}

/// The reads that a question is sure to need.
pub(crate) fn scope(program: &Program, query: &Query) -> Vec<crate::store::Read> {
    use crate::workspace::rows::{read_claim, read_customer, read_gift_card, read_group, read_identity, read_journal};
    match query {
        Query::Customer { customer_id }
        | Query::Wallet { customer_id, .. }
        | Query::Lots { customer_id, .. }
        | Query::Benefits { customer_id, .. }
        | Query::Coupons { customer_id, .. }
        | Query::Consent { customer_id } => vec![read_customer(customer_id)],
        Query::Claim { customer_id, claim_id, .. } => {
            vec![read_customer(customer_id), read_claim(&(customer_id.clone(), claim_id.clone()))]
        }
        Query::Quote { customer_id, .. } => customer_id.iter().map(read_customer).collect(),
        Query::Statement { customer_id, .. }
        | Query::Tier { customer_id, .. }
        | Query::Lifecycle { customer_id, .. } => {
            vec![read_customer(customer_id), read_journal(customer_id)]
        }
        Query::Find { identifier } => {
            identifier.key(program.country()).map(|key| read_identity(&key.as_str().to_owned())).into_iter().collect()
        }
        Query::Order { order_id } | Query::RefundPlan { order_id, .. } => vec![read_identity(&order_name(order_id))],
        Query::GiftCard { card_id, .. } => card_id.iter().map(read_gift_card).collect(),
        Query::Group { group_id, .. } => vec![read_group(group_id)],
        Query::Liability { .. } | Query::Due { .. } | Query::Limits { .. } | Query::GiftCardLiability { .. } => {
            Vec::new()
        }
    }
}

fn known_currency(program: &Program, currency: &PointCurrency) -> Decided<()> {
    if program.point_currency(currency).is_some() {
        return Ok(());
    }
    let message = format!("the program has no point currency `{currency}`");
    Err(Error::new(ErrorCode::PointsCurrency, message).field("currency").into())
}

/// A request that only lets time pass, for looking.
fn looking(id: &CustomerId, at: Timestamp) -> Decided<Request> {
    Ok(Request {
        request_id: RequestId::new("look")?,
        at,
        actor: None,
        reason: None,
        batch: None,
        command: Command::Settle(Settle { customer_id: id.clone(), card_id: None, group_id: None }),
    })
}

/// What stands in the state is what is known now: it cannot say what stood there before.
pub(crate) fn past(at: Timestamp, last: Timestamp) -> Error {
    let message = format!("`{at}` is before the last entry, recorded at `{last}`; ask the statement for the past");
    Error::new(ErrorCode::QueryField, message).field("at").with("last", last)
}

/// Brings a customer to an instant, in memory only.
fn brought_to(program: &Program, ws: &mut Workspace, id: &CustomerId, at: Timestamp) -> Decided<Timestamp> {
    let customer = ws.known(id)?;
    let last = customer.state.recorded_at;
    if at < last {
        return Err(past(at, last).into());
    }
    if next_due(program, customer)?.is_none_or(|due| at < due) {
        // Time has brought nothing since.
        return Ok(at);
    }
    let request = looking(id, at)?;
    let context = Context::new(program, &request);
    let now = settle(&context, ws, id)?;
    follow(&context, ws, id)?;
    Ok(now)
}

/// Whether time alone has changed somebody between the last entry and an instant; not where the entry is the later one.
pub(crate) fn has_due(program: &Program, customer: &Customer, at: Timestamp) -> crate::Result<bool> {
    Ok(customer.state.recorded_at <= at && next_due(program, customer)?.is_some_and(|due| due <= at))
}

/// As [`brought_to`], for walks over everybody.
pub(crate) fn bring(program: &Program, ws: &mut Workspace, id: &CustomerId, at: Timestamp) -> Decided<Customer> {
    brought_to(program, ws, id, at)?;
    Ok(ws.known(id)?.clone())
}

fn wallet(program: &Program, ws: &mut Workspace, id: &CustomerId, at: Timestamp) -> Decided<Answer> {
    brought_to(program, ws, id, at)?;
    let accounts = &ws.known(id)?.state.accounts;
    let mut views = Vec::with_capacity(program.point_currencies().len());
    for rules in program.point_currencies() {
        let (known, empty) = (accounts.iter().find(|account| account.currency == rules.id), OnceCell::new());
        let account = known.unwrap_or_else(|| empty.get_or_init(|| Account::new(rules.id.clone())));
        let value = rules.value.map(|value| program.main_currency().worth_of(account.balances.available, value));
        let next_expiry = account.first_end().map(|(expires_at, points)| Expiring {
            usable_through: program.zone().date(expires_at.plus_millis(-1)),
            expires_at,
            points,
        });
        account.check()?;
        let holds = account.holds.iter().map(|hold| HoldView {
            hold_id: hold.id.clone(),
            points: hold.points,
            until: hold.deadline,
        });
        views.push(WalletAccount {
            currency: rules.id.clone(),
            balances: account.balances,
            value,
            next_expiry,
            holds: holds.collect(),
        });
    }
    Ok(Answer::Wallet(Wallet { customer_id: id.clone(), at, accounts: views }))
}

/// The journal as it was known: what was put right later, or taken out, stands as it was told.
fn known_journal(ws: &mut Workspace, id: &CustomerId, known_at: Timestamp) -> Decided<Vec<Arc<Entry>>> {
    let mut journal = ws.journal(id)?;
    journal.retain(|entry| entry.recorded_at <= known_at);
    Ok(journal)
}

fn lifecycle(
    program: &Program,
    ws: &mut Workspace,
    id: &CustomerId,
    at: Timestamp,
    known_at: Option<Timestamp>,
) -> Decided<Answer> {
    let Some(life) = program.lifecycle() else {
        return Err(Error::new(ErrorCode::LifecycleOff, "the program defines no lifecycle").into());
    };
    ws.known(id)?;
    let journal = known_journal(ws, id, known_at.unwrap_or(Timestamp::MAX))?;
    let mut facts = all_life_facts(&journal, ws.known(id)?);
    facts.retain(|fact| fact.effective_at <= at);
    let mut history = Vec::new();
    let state = life.replay(program.zone(), &facts, at, &mut history);
    Ok(Answer::Lifecycle(LifecycleAnswer { customer_id: id.clone(), now: life.view(&state), history }))
}
