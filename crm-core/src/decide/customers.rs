//! Customers: registration, changes, consent.

use super::award::{self, Trigger};
use super::context::{Context, change};
use super::offers::{self, Occasion};
use super::settle::{birthday_told, keep_books, settle};
use crate::command::{RecordConsent, RegisterCustomer, UpdateCustomer};
use crate::customer::{ConsentState, CustomerChange, CustomerRecord, Identifier, Profile};
use crate::effect::{PointsChange, What};
use crate::error::{Error, ErrorCode};
use crate::limits::IDENTIFIERS_MAX;
use crate::points::{DebtPolicy, Source, SourceKind};
use crate::value::{CustomerId, Timestamp, fingerprint};
use crate::workspace::state::Customer;
use crate::workspace::{Decided, Identity, Stop, Workspace};
use std::collections::BTreeSet;

pub(crate) fn register(context: &Context<'_>, ws: &mut Workspace, command: &RegisterCustomer) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let at = command.registered_at.unwrap_or(context.request.at);
    context.check_time(at, "registered_at")?;
    if let Some(known) = ws.customer(id)?
        && !known.state.unregistered
    {
        return Err(Error::new(ErrorCode::CustomerExists, format!("customer `{id}` is registered already"))
            .field("customer_id")
            .into());
    }
    if let Some(referrer) = &command.referred_by {
        if referrer == id {
            return Err(Error::new(ErrorCode::ReferralSelf, "a customer cannot refer themselves")
                .field("referred_by")
                .into());
        }
        if ws.customer(referrer)?.is_none() {
            let message = format!("referrer `{referrer}` is not registered");
            return Err(Error::new(ErrorCode::ReferralUnknown, message).field("referred_by").into());
        }
    }
    let mut record = CustomerRecord::new(id.clone(), at, command.referred_by.clone())?;
    let change = CustomerChange {
        profile: command.profile.clone(),
        add_identifiers: command.identifiers.clone(),
        add_tags: command.tags.clone(),
        set_attributes: command.attributes.clone(),
        ..CustomerChange::default()
    };
    // Before the change, which knows the same identifiers as `add_identifiers`: the path in a refusal is the one of this command.
    for (place, identifier) in command.identifiers.iter().enumerate().take(IDENTIFIERS_MAX) {
        identifier.key(context.program.country()).map_err(|error| error.within(format!("identifiers[{place}]")))?;
    }
    record.apply_change(&change, context.program.country())?;
    born(context, &command.profile)?;
    enrol(context, ws, record, &command.identifiers, false)?;
    Ok(id.clone())
}

/// A birthday lies behind: the shop's own day of the request is the last one.
pub(crate) fn born(context: &Context<'_>, profile: &Profile) -> crate::error::Result<()> {
    let today = context.zone().date(context.request.at);
    match profile.birthday {
        Some(day) if today < day => {
            let message = format!("{day} is after the day of the request, {today}");
            Err(Error::new(ErrorCode::CustomerField, message).field("profile.birthday"))
        }
        _ => Ok(()),
    }
}

/// The id under which somebody unknown is registered: the same person gets the same whatever brings them, and it says nothing about them.
pub(crate) fn id_of(context: &Context<'_>, identifiers: &[Identifier]) -> crate::error::Result<CustomerId> {
    nth_id_of(context, identifiers, 1)
}

/// The same for whoever is the n-th to be known by the first identifier: phone numbers are given up, and given out again.
fn nth_id_of(context: &Context<'_>, identifiers: &[Identifier], nth: u32) -> crate::error::Result<CustomerId> {
    let first =
        identifiers.first().ok_or_else(|| Error::new(ErrorCode::IdentityMissing, "the buyer has no identifier"))?;
    let key = first.key(context.program.country())?;
    let hash = if nth == 1 { fingerprint(&key.as_str()) } else { fingerprint(&(key.as_str(), nth)) };
    let name: String = hash.0.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    CustomerId::new(format!("c-{name}"))
}

/// Registers whoever made an order under identifiers that nobody has.
pub(crate) fn register_unknown(
    context: &Context<'_>,
    ws: &mut Workspace,
    identifiers: &[Identifier],
    profile: &Profile,
    at: Timestamp,
) -> Decided<CustomerId> {
    let (mut nth, mut id) = (1, id_of(context, identifiers)?);
    // Whoever had the identifier before is somebody else, and keeps the id.
    while ws.customer(&id)?.is_some_and(|customer| !customer.state.unregistered) {
        nth += 1;
        id = nth_id_of(context, identifiers, nth)?;
    }
    let mut record = CustomerRecord::new(id.clone(), at, None)?;
    let change =
        CustomerChange { profile: profile.clone(), add_identifiers: identifiers.to_vec(), ..CustomerChange::default() };
    record.apply_change(&change, context.program.country())?;
    enrol(context, ws, record, identifiers, true)?;
    Ok(id)
}

/// Puts a new customer in place: identities, entry, sign-up awards.
pub(crate) fn enrol(
    context: &Context<'_>,
    ws: &mut Workspace,
    record: CustomerRecord,
    identifiers: &[Identifier],
    implicit: bool,
) -> Decided<()> {
    let (id, at) = (record.id.clone(), record.registered_at);
    claim(context, ws, &id, identifiers, "identifiers")?;
    let old = ws.customer(&id)?.cloned();
    let mut customer = Customer::new(record, context.request.at);
    if let Some(old) = old {
        // Somebody whose registration was reverted comes back: the journal goes on.
        customer.version = old.version;
        customer.state.seq = old.state.seq;
        customer.state.recorded_at = old.state.recorded_at.max(context.request.at);
        customer.state.accounts = old.state.accounts;
        customer.state.wallet = old.state.wallet;
        customer.state.wallet_due = old.state.wallet_due;
    }
    customer.state.implicit = implicit;
    ws.put_customer(id.clone(), Some(customer));
    let source = Source::new(SourceKind::SignUp, id.as_str());
    context.write(ws, &id, at, What::Registered, Vec::new())?;
    let given = award::fixed(context, ws, &id, Trigger::SignUp, &source, at, context.zone())?;
    if !given.direct.is_empty() {
        context.write(ws, &id, at, What::Points, given.direct)?;
    }
    context.write_own(ws, &id, given.own)?;
    offers::issue(context, ws, &id, &Occasion::SignUp, at)?;
    keep_books(context, ws, &id)
}

/// Takes identifiers for a customer; each must be free or theirs.
fn claim(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    identifiers: &[Identifier],
    path: &str,
) -> Decided<()> {
    let mut missing = Vec::new();
    let mut free = BTreeSet::new();
    for (place, identifier) in identifiers.iter().enumerate() {
        let at = |error: Error| error.within(format!("{path}[{place}]"));
        let key = identifier.key(context.program.country()).map_err(at)?;
        match ws.identity(&key.as_str().to_owned()) {
            Err(Stop::Need(reads)) => missing.extend(reads),
            Err(refusal) => return Err(refusal),
            Ok(Some(taken)) if taken.customer.as_ref().is_some_and(|owner| owner != id) => {
                let message = "the identifier belongs to another customer";
                let error = Error::new(ErrorCode::IdentityTaken, message).with("customer_id", taken.customer.clone());
                return Err(at(error).into());
            }
            Ok(Some(taken)) if taken.customer.is_some() => {}
            Ok(other) => {
                let version = other.map_or(0, |identity| identity.version);
                free.insert((key.as_str().to_owned(), version));
            }
        }
    }
    if !missing.is_empty() {
        return Err(Stop::Need(missing));
    }
    for (name, version) in free {
        ws.put_identity(name, Some(Identity { version, customer: Some(id.clone()), body: None }));
    }
    Ok(())
}

/// A known customer gains what an order says and they lack: free identifiers and empty profile fields. What belongs to others stays theirs.
pub(crate) fn complete(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    identifiers: &[Identifier],
    profile: &Profile,
) -> Decided<()> {
    let country = context.program.country();
    let mut free = Vec::new();
    for identifier in identifiers {
        let key = identifier.key(country)?;
        let taken = ws.identity(&key.as_str().to_owned())?.is_some_and(|identity| identity.customer.is_some());
        if !taken {
            free.push(identifier.clone());
        }
    }
    if free.is_empty() && *profile == Profile::default() {
        return Ok(());
    }
    let mut record = ws.known(id)?.record()?.clone();
    let mut fields =
        record.apply_change(&CustomerChange { add_identifiers: free.clone(), ..CustomerChange::default() }, country)?;
    if record.fill_missing(profile)? {
        fields.push("profile".to_owned());
    }
    if fields.is_empty() {
        return Ok(());
    }
    settle(context, ws, id)?;
    claim(context, ws, id, &free, "identifiers")?;
    put_record(context, ws, id, record)?;
    let at = ws.known(id)?.state.recorded_at;
    context.write(ws, id, at, What::Updated { fields }, Vec::new())
}

/// Puts a changed record in place; what follows from the change follows from here on.
pub(crate) fn put_record(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    record: CustomerRecord,
) -> Decided<()> {
    let customer = ws.customer_mut(id)?;
    let now = customer.state.recorded_at;
    let other_birthday = customer.record()?.profile.birthday != record.profile.birthday;
    *customer.record_mut()? = record;
    if other_birthday { birthday_told(context, ws, id, now) } else { Ok(()) }
}

pub(crate) fn update(context: &Context<'_>, ws: &mut Workspace, command: &UpdateCustomer) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let now = settle(context, ws, id)?;
    let country = context.program.country();
    let mut record = ws.known(id)?.record()?.clone();
    let before: Vec<String> = record.identifiers.iter().map(|(key, _)| key.as_str().to_owned()).collect();
    let fields = record.apply_change(&command.change, country).map_err(|error| error.within("change"))?;
    born(context, &command.change.profile).map_err(|error| error.within("change"))?;
    claim(context, ws, id, &command.change.add_identifiers, "change.add_identifiers")?;
    let after: BTreeSet<String> = record.identifiers.iter().map(|(key, _)| key.as_str().to_owned()).collect();
    for name in before.into_iter().filter(|name| !after.contains(name)) {
        let version = ws.identity(&name)?.map_or(0, |identity| identity.version);
        ws.put_identity(name, Some(Identity { version, customer: None, body: None }));
    }
    if !fields.is_empty() {
        put_record(context, ws, id, record)?;
    }
    // INVARIANT: written even when nothing changed. A change is not idempotent by an id of its own, so its request has to be
    // remembered, or a late retry would undo what came in between.
    context.write(ws, id, now, What::Updated { fields }, Vec::new())?;
    Ok(id.clone())
}

pub(crate) fn consent(context: &Context<'_>, ws: &mut Workspace, command: &RecordConsent) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let consent = &command.consent;
    context.check_time(consent.stated_at, "consent.stated_at")?;
    settle(context, ws, id)?;
    let mut record = ws.known(id)?.record()?.clone();
    if !record.record_consent(consent).map_err(|error| error.within("consent"))? {
        return Ok(id.clone());
    }
    let granted = record
        .consent_state(&consent.purpose, &consent.channel)
        .is_some_and(|effective| effective.state == ConsentState::Granted);
    *ws.customer_mut(id)?.record_mut()? = record;
    let subject = format!("{}/{}", consent.purpose, consent.channel);
    context.write(ws, id, consent.stated_at, What::Consent { subject, granted }, Vec::new())?;
    Ok(id.clone())
}

/// Takes a registration back that came with a reverted import, if nothing has happened since.
pub(crate) fn unregister(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId) -> Decided<CustomerId> {
    let now = settle(context, ws, id)?;
    if 0 < ws.known(id)?.state.orders {
        return Ok(id.clone());
    }
    let names: Vec<String> =
        ws.known(id)?.record()?.identifiers.iter().map(|(key, _)| key.as_str().to_owned()).collect();
    for name in names {
        let version = ws.identity(&name)?.map_or(0, |identity| identity.version);
        ws.put_identity(name, Some(Identity { version, customer: None, body: None }));
    }
    super::offers::claims::give_up_all(context, ws, id, now)?;
    let changes = take_all_back(ws, id, now)?;
    context.write(ws, id, now, What::Unregistered, changes)?;
    keep_books(context, ws, id)?;
    ws.customer_mut(id)?.state.unregistered = true;
    Ok(id.clone())
}

/// Takes back what the registration gave: whoever comes back is welcomed once more, and must not hold the gift twice.
fn take_all_back(ws: &mut Workspace, id: &CustomerId, now: Timestamp) -> Decided<Vec<PointsChange>> {
    let mut changes = Vec::new();
    for account in &mut ws.customer_mut(id)?.state.accounts {
        let left = account.balances.pending.plus(account.balances.available)?;
        if !left.is_positive() {
            continue;
        }
        let lots: Vec<_> = account.lots.iter().map(|lot| lot.id).collect();
        let currency = account.currency.clone();
        let mut log = Vec::new();
        account.claw_back(&lots, left, &DebtPolicy::Clamp, now, &mut log)?;
        changes.extend(log.into_iter().map(|movement| change(&currency, movement)));
    }
    Ok(changes)
}
