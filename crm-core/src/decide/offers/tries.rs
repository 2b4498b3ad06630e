//! Codes that customers type: found or not, counted, and remembered.

use super::super::context::Context;
use super::super::giftcards;
use super::super::settle::settle;
use super::gather::{code_name, is_over, unknown};
use crate::code::{Attempt, AttemptRules, NormalCode};
use crate::command::TryCode;
use crate::coupon::Wallet;
use crate::effect::What;
use crate::limits::CODES_FOUND_KEPT;
use crate::offer::{CardWhy, Why};
use crate::value::{CustomerId, Timestamp};
use crate::workspace::state::{CodeOf, Tried, decode};
use crate::workspace::{Decided, Missing, Workspace};

/// Why a code is not even looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Barred {
    /// The customer has not found it.
    Untried,
    /// Nor can they try before this instant.
    Until(Timestamp),
}

impl From<Barred> for Why {
    fn from(barred: Barred) -> Self {
        match barred {
            Barred::Untried => Self::Untried,
            Barred::Until(until) => Self::RateLimited { until },
        }
    }
}

impl From<Barred> for CardWhy {
    fn from(barred: Barred) -> Self {
        match barred {
            Barred::Untried => Self::Untried,
            Barred::Until(until) => Self::RateLimited { until },
        }
    }
}

fn rules(context: &Context<'_>) -> crate::Result<Option<AttemptRules>> {
    context.program.checkout().attempts.map(|limit| limit.rules()).transpose()
}

/// Whether a quote may look a code up that is no public one: where guesses are counted, only if the customer has found it or has it.
pub(crate) fn barred(
    context: &Context<'_>,
    ws: &Workspace,
    customer: Option<&CustomerId>,
    code: &NormalCode,
    at: Timestamp,
) -> Decided<Option<Barred>> {
    let Some(rules) = rules(context)? else { return Ok(None) };
    let Some(id) = customer else { return Ok(Some(Barred::Untried)) };
    let customer = ws.known(id)?;
    let own = customer.wallet()?.map_or(&[][..], Wallet::coupons);
    let tried = customer.state.tried.as_deref();
    if own.iter().any(|coupon| coupon.code.as_deref() == Some(code.as_str()))
        || tried.is_some_and(|tried| tried.found.iter().any(|found| found == code.as_str()))
    {
        return Ok(None);
    }
    let free_at = tried.map_or(at, |tried| tried.attempts.free_at(at, &rules));
    Ok(Some(if free_at <= at { Barred::Untried } else { Barred::Until(free_at) }))
}

pub(crate) fn try_code(context: &Context<'_>, ws: &mut Workspace, command: &TryCode) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let now = settle(context, ws, id)?;
    let rules = rules(context)?;
    let mut tried = ws.known(id)?.state.tried.as_deref().cloned().unwrap_or_default();
    if let Some(rules) = &rules {
        // Before anything is looked up.
        tried.attempts.allows(now, rules).map_err(|error| error.field("code"))?;
    }
    let normal = NormalCode::of(&command.code).ok();
    let attempt = match &normal {
        Some(code) => look_up(context, ws, id, code, now)?,
        None => Attempt::Unknown,
    };
    let code = normal.filter(|_| attempt == Attempt::Found).map(|code| code.as_str().to_owned());
    if let Some(rules) = &rules {
        tried.attempts.attempt(now, rules, attempt)?;
        if let Some(code) = &code {
            tried.found.retain(|known| known != code);
            tried.found.push(code.clone());
            let over = tried.found.len().saturating_sub(CODES_FOUND_KEPT);
            tried.found.drain(..over);
        }
        ws.customer_mut(id)?.state.tried = (tried != Tried::default()).then(|| Box::new(tried));
    }
    context.write(ws, id, now, What::CodeTried { attempt, code }, Vec::new())?;
    Ok(id.clone())
}

/// What comes of a code for a customer. Whatever they could not use is the same to them as what never was.
fn look_up(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    code: &NormalCode,
    now: Timestamp,
) -> Decided<Attempt> {
    if context.program.offer_of_code(code).is_some() {
        return Ok(Attempt::Found);
    }
    let names = [code_name(code.as_str()), giftcards::code_name(code.as_str())];
    let mut missing = Missing::default();
    for name in &names {
        missing.note(ws.identity(name).map(|_| ()))?;
    }
    missing.ask()?;
    let [coupon, card] = names;
    if ws.identity(&card)?.is_some_and(|identity| identity.body.is_some()) {
        return Ok(Attempt::Found);
    }
    let found = match ws.identity(&coupon)? {
        None => false,
        Some(identity) => match (&identity.customer, identity.body.as_deref()) {
            (Some(owner), _) => owner == id,
            (None, None) => false,
            (None, Some(body)) => match decode(body, "code")? {
                CodeOf::Bearer(bearer) => !is_over(context, &bearer, now),
                CodeOf::Coupon(_) => false,
            },
        },
    };
    Ok(match found {
        true => Attempt::Found,
        false if unknown(code) == Why::BadChecksum => Attempt::Checksum,
        false => Attempt::Unknown,
    })
}
