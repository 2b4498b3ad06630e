//! Tiers by hand: locks.

use super::context::Context;
use super::points::signed;
use super::settle::settle;
use crate::command::{LockTier, UnlockTier};
use crate::effect::What;
use crate::error::{Error, ErrorCode};
use crate::tier::Ladder;
use crate::value::{CustomerId, LadderId};
use crate::workspace::{Decided, Workspace};

/// The ladder of this name; none named is the program's first.
pub(crate) fn ladder<'a>(context: &Context<'a>, name: Option<&LadderId>) -> Decided<(usize, &'a Ladder)> {
    let ladders = context.program.ladders();
    let found = match name {
        Some(name) => ladders.iter().enumerate().find(|(_, compiled)| compiled.id() == name),
        None => ladders.iter().enumerate().next(),
    };
    found.ok_or_else(|| {
        let message =
            name.map_or("the program has no ladder".to_owned(), |name| format!("the program has no ladder `{name}`"));
        Error::new(ErrorCode::TierUnknown, message).field("ladder").into()
    })
}

pub(crate) fn lock(context: &Context<'_>, ws: &mut Workspace, command: &LockTier) -> Decided<CustomerId> {
    signed(context)?;
    let id = &command.customer_id;
    let (_, compiled) = ladder(context, Some(&command.ladder))?;
    if !compiled.contains(&command.tier) {
        let message = format!("ladder `{}` has no tier `{}`", command.ladder, command.tier);
        return Err(Error::new(ErrorCode::TierUnknown, message).field("tier").into());
    }
    let now = settle(context, ws, id)?;
    let until = context.zone().end_of(command.through);
    if until <= now {
        return Err(Error::new(ErrorCode::TierLock, format!("`{}` is past", command.through)).field("through").into());
    }
    let what = What::TierLocked { ladder: command.ladder.clone(), tier: command.tier.clone(), until };
    context.write(ws, id, now, what, Vec::new())?;
    Ok(id.clone())
}

pub(crate) fn unlock(context: &Context<'_>, ws: &mut Workspace, command: &UnlockTier) -> Decided<CustomerId> {
    let id = &command.customer_id;
    ladder(context, Some(&command.ladder))?;
    let now = settle(context, ws, id)?;
    context.write(ws, id, now, What::TierUnlocked { ladder: command.ladder.clone() }, Vec::new())?;
    Ok(id.clone())
}
