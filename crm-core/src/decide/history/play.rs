//! A history under the rules of a program.

use super::{Deed, Fact, History};
use crate::command::{Command, Request, Settle};
use crate::customer::CustomerRecord;
use crate::decide::context::{Context, order_name};
use crate::decide::settle::{check_books, settle};
use crate::decide::{carry_out, customers, orders, refunds, standing};
use crate::effect::What;
use crate::error::{Error, ErrorCode, Result};
use crate::points::Balances;
use crate::program::Program;
use crate::value::{CustomerId, PointCurrency, Points, RequestId, Timestamp};
use crate::workspace::rows::extra_of;
use crate::workspace::state::{Customer, Standing, encode};
use crate::workspace::{Decided, Identity, Stop, Workspace};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What came of one history.
#[derive(Clone, Debug, Default)]
pub(crate) struct Played {
    /// Who they are then; none when the registration itself was left out.
    pub(crate) customer: Option<Arc<Customer>>,
    /// Whether the customer differs from how the books have them.
    pub(crate) differs: bool,
    /// What the customer had used and was not there.
    pub(crate) uncovered: Vec<Uncovered>,
    /// Facts that the rules refuse, such as orders in a currency that they do not accept.
    pub(crate) left_out: u64,
    /// Coupons that rules issued.
    pub(crate) coupons: u64,
}

/// Points that were used and are not there under these rules: the use is left out, whole.
#[derive(Clone, Debug)]
pub(crate) struct Uncovered {
    /// The redemption or hold.
    name: Option<Arc<str>>,
    pub(crate) currency: PointCurrency,
    pub(crate) points: Points,
}

/// Plays histories under one program.
pub(crate) struct Player<'p> {
    program: &'p Program,
    ws: Workspace,
    request: Request,
    /// Whether every fact can be undone; the first try hopes that none has to.
    careful: bool,
    /// Coupons that rules issued, by whom they are for.
    coupons: BTreeMap<CustomerId, u64>,
}

/// Why a try ended.
enum Halt {
    /// A fact was refused half-way, and has to be taken back.
    Again,
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

fn failed(stop: Stop) -> Halt {
    Halt::Failed(match stop {
        Stop::Refuse(error) => error,
        Stop::Need(_) => Error::internal("a history asks for what is not there"),
    })
}

impl<'p> Player<'p> {
    pub(crate) fn new(program: &'p Program) -> Result<Self> {
        let nobody = Settle { customer_id: CustomerId::new("nobody")?, card_id: None, group_id: None };
        let request = Request {
            request_id: RequestId::new("history")?,
            at: Timestamp::MIN,
            actor: None,
            reason: None,
            batch: None,
            command: Command::Settle(nobody),
        };
        Ok(Self {
            program,
            ws: Workspace::whole(!program.gives_by_standing(), !program.looks_back()),
            request,
            careful: false,
            coupons: BTreeMap::new(),
        })
    }

    pub(crate) fn program(&self) -> &'p Program {
        self.program
    }

    /// Plays histories that meet each other, or a single one, and lets time pass up to an instant.
    ///
    /// # Errors
    /// `internal`; whatever the rules refuse is left out and counted.
    pub(crate) fn play(&mut self, histories: &[&History], at: Timestamp) -> Result<Vec<Played>> {
        self.careful = false;
        loop {
            self.ws.forget();
            match self.attempt(histories, at) {
                Ok(played) => return Ok(played),
                Err(Halt::Failed(error)) => return Err(error),
                Err(Halt::Again) if self.careful => return Err(Error::internal("a fact was refused twice")),
                Err(Halt::Again) => self.careful = true,
            }
        }
    }

    fn attempt(&mut self, histories: &[&History], at: Timestamp) -> std::result::Result<Vec<Played>, Halt> {
        let mut played: Vec<Played> = histories.iter().map(|_| Played::default()).collect();
        self.coupons.clear();
        if let ([history], [one]) = (histories, played.as_mut_slice()) {
            for fact in &history.facts {
                self.fact(history, fact, one)?;
            }
        } else {
            self.merged(histories, &mut played)?;
        }
        for (history, one) in histories.iter().zip(&mut played) {
            self.end(history, at, one).map_err(failed)?;
        }
        // Whoever brought somebody may get one when the facts of the other are played, so they are known at the end.
        for (history, one) in histories.iter().zip(&mut played) {
            one.coupons = self.coupons.get(&history.id).copied().unwrap_or(0);
        }
        Ok(played)
    }

    /// In the order in which the facts were recorded; whoever got points waits for those who gave them.
    fn merged(&mut self, histories: &[&History], played: &mut [Played]) -> std::result::Result<(), Halt> {
        let mut next: Vec<usize> = histories.iter().map(|_| 0).collect();
        let mut sent: Vec<&RequestId> = Vec::new();
        loop {
            let heads = histories.iter().zip(&next).enumerate();
            let heads = heads.filter_map(|(place, (history, next))| Some((place, history.facts.get(*next)?)));
            let waits = |fact: &Fact| matches!(fact.deed, Deed::Arrived) && !sent.contains(&&fact.request_id);
            let Some((place, fact)) = heads.min_by_key(|(place, fact)| (waits(fact), fact.at, *place)) else {
                return Ok(());
            };
            if let (Some(history), Some(one), Some(next)) =
                (histories.get(place), played.get_mut(place), next.get_mut(place))
            {
                *next += 1;
                if let Deed::Command(request) = &fact.deed
                    && matches!(request.command, Command::TransferPoints(_))
                {
                    sent.push(&fact.request_id);
                }
                self.fact(history, fact, one)?;
            }
        }
    }

    fn fact(&mut self, history: &History, fact: &Fact, played: &mut Played) -> std::result::Result<(), Halt> {
        let often = matches!(fact.deed, Deed::Order(_) | Deed::Back { .. });
        let undoes = self.careful || !often;
        self.ws.keep_undo(undoes);
        self.request.at = fact.at;
        if !self.ws.forgets() {
            // Only entries name it.
            self.request.request_id.clone_from(&fact.request_id);
        }
        match self.carry(history, fact) {
            Ok(()) => {
                self.remember();
                Ok(())
            }
            Err(Stop::Refuse(error)) if is_refusal(&error) => {
                if !undoes {
                    return Err(Halt::Again);
                }
                self.ws.abort();
                played.leave_out(&fact.deed)?;
                Ok(())
            }
            Err(stop) => Err(failed(stop)),
        }
    }

    /// Lets time pass for one customer.
    fn settle(&mut self, id: &CustomerId, at: Timestamp) -> Decided<()> {
        self.ws.keep_undo(false);
        self.request.at = at;
        let context = Context::new(self.program, &self.request);
        settle(&context, &mut self.ws, id)?;
        follow(&context, &mut self.ws, id)?;
        self.remember();
        Ok(())
    }

    /// Accepts what was done, and counts the coupons.
    fn remember(&mut self) {
        for entry in self.ws.fresh().iter().filter(|entry| matches!(entry.what, What::CouponIssued { .. })) {
            *self.coupons.entry(entry.customer_id.clone()).or_default() += 1;
        }
        self.ws.remember();
    }

    fn carry(&mut self, history: &History, fact: &Fact) -> Decided<()> {
        let ws = &mut self.ws;
        let id = &history.id;
        if let Deed::Command(request) = &fact.deed {
            let context = Context::new(self.program, request);
            let id = carry_out(&context, ws)?.unwrap_or_else(|| id.clone());
            return later(&context, ws, &id);
        }
        let context = Context::new(self.program, &self.request);
        match &fact.deed {
            Deed::Register { record, implicit } => {
                customers::enrol(&context, ws, CustomerRecord::clone(record), &[], *implicit)?;
            }
            Deed::Change(record) => {
                settle(&context, ws, id)?;
                customers::put_record(&context, ws, id, CustomerRecord::clone(record))?;
            }
            Deed::Order(place) => {
                let Some(told) = history.orders.get(*place) else { return Ok(()) };
                let order = &told.record;
                if !self.program.accepts(order.currency()) {
                    let message = format!("orders in {} are not accepted", order.currency());
                    return Err(Error::new(ErrorCode::OrderCurrency, message).field("order.currency").into());
                }
                settle(&context, ws, id)?;
                let context = Context { passing: !told.kept, ..context };
                let mut extra = orders::count(&context, ws, id, order)?;
                if told.kept {
                    // Nothing is known of it here but that what it had taken comes back with an order that never was.
                    extra.claim = extra_of(order)?.claim;
                    let mut order = order.clone();
                    order.extra = encode(&extra);
                    let name = Identity { version: 0, customer: Some(id.clone()), body: None };
                    ws.put_identity(order_name(order.id()), Some(name));
                    ws.put_order((id.clone(), order.id().clone()), Some(order));
                }
            }
            Deed::Back { order, piece } => {
                let Some(told) = history.orders.get(*order) else { return Ok(()) };
                let Some(piece) = told.pieces.get(*piece) else { return Ok(()) };
                refunds::come_back(&context, ws, told.record.id(), &told.pieces, (piece, told.in_pieces))?;
            }
            Deed::TakenOut { order, at, reverted } => {
                refunds::take_out(&context, ws, order, *at, *reverted)?;
            }
            Deed::Event(event) => {
                orders::happened(&context, ws, id, event)?;
            }
            Deed::Arrived | Deed::Command(_) => return Ok(()),
        }
        later(&context, ws, id)
    }

    /// Lets time pass for one customer to the end, and looks.
    fn end(&mut self, history: &History, at: Timestamp, played: &mut Played) -> Decided<()> {
        let id = &history.id;
        let known = |ws: &Workspace| {
            ws.customers.get(id).and_then(|slot| slot.value.as_ref()).is_some_and(|c| !c.state.unregistered)
        };
        if !known(&self.ws) {
            played.differs = history.books.is_some();
            return Ok(());
        }
        if let Some(books) = &history.books {
            self.settle(id, books.state.recorded_at)?;
            let now = self.ws.known(id)?;
            played.differs = !same(now, books)?;
        }
        self.settle(id, at)?;
        check_books(&mut self.ws, id)?;
        played.customer = self.ws.customers.get(id).and_then(|slot| slot.value.clone());
        Ok(())
    }
}

impl Played {
    /// Notes a fact that the rules refuse.
    fn leave_out(&mut self, deed: &Deed) -> Result<()> {
        let Deed::Command(request) = deed else {
            self.left_out += 1;
            return Ok(());
        };
        let uncovered = |name: Option<Arc<str>>, currency: &PointCurrency, points: Points| Uncovered {
            name,
            currency: currency.clone(),
            points,
        };
        match &request.command {
            Command::SpendPoints(spend) => {
                let name = spend.redemption_id.as_ref().map(|id| id.shared());
                self.uncovered.push(uncovered(name, &spend.currency, spend.points));
            }
            Command::TransferPoints(moved) => self.uncovered.push(uncovered(None, &moved.currency, moved.points)),
            Command::AdjustPoints(taken) if !taken.points.is_positive() => {
                self.uncovered.push(uncovered(None, &taken.currency, taken.points.negated()));
            }
            // A hold that is let go has cost nothing.
            Command::HoldPoints(hold) => {
                self.uncovered.push(uncovered(Some(hold.hold_id.shared()), &hold.currency, Points::ZERO));
            }
            Command::CaptureHold(capture) => self.named(capture.hold_id.as_str(), capture.points)?,
            Command::ReleaseHold(_) => {}
            Command::ReverseRedemption(back) => {
                self.named(back.redemption_id.as_str(), back.points.map(Points::negated))?;
            }
            _ => self.left_out += 1,
        }
        Ok(())
    }

    /// Something that was not covered is used, or given back.
    fn named(&mut self, name: &str, points: Option<Points>) -> Result<()> {
        if let Some(known) = self.uncovered.iter_mut().find(|known| known.name.as_deref() == Some(name)) {
            known.points = known.points.plus(points.unwrap_or(Points::ZERO))?.max(Points::ZERO);
        }
        Ok(())
    }
}

/// As [`follow`], unless nobody looks before the end.
fn later(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId) -> Decided<()> {
    if ws.defers_standing() { Ok(()) } else { follow(context, ws, id) }
}

/// Follows the facts through tiers and lifecycle, for everybody whom they touch.
fn follow(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId) -> Decided<()> {
    let mut others: Vec<CustomerId> = Vec::new();
    for entry in ws.fresh() {
        if entry.customer_id != *id && !others.contains(&entry.customer_id) {
            others.push(entry.customer_id.clone());
        }
    }
    std::iter::once(id).chain(&others).try_for_each(|customer| standing::follow(context, ws, customer))
}

/// What the rules say no to, and what is a failure.
fn is_refusal(error: &Error) -> bool {
    error.code() != ErrorCode::Internal && !error.code().as_str().starts_with("store.")
}

/// Whether a customer holds and is the same as in the books.
fn same(one: &Customer, books: &Customer) -> Result<bool> {
    let held = |customer: &Customer| -> Vec<(PointCurrency, Balances)> {
        let accounts = customer.state.accounts.iter().filter(|account| account.balances != Balances::default());
        let mut held: Vec<_> = accounts.map(|account| (account.currency.clone(), account.balances)).collect();
        held.sort_by(|a, b| a.0.cmp(&b.0));
        held
    };
    let (standing, theirs) = (one.state.standing.get()?, books.state.standing.get()?);
    let tiers = |standing: &Standing| -> Vec<_> {
        standing.ladders.iter().map(|slot| (slot.ladder.clone(), slot.told.clone())).collect()
    };
    let stage =
        |standing: &Standing| standing.life.as_ref().map(|slot| (slot.told_stage.clone(), slot.told_activity.clone()));
    Ok(held(one) == held(books) && tiers(standing) == tiers(theirs) && stage(standing) == stage(theirs))
}
