//! Awards: which rules fire for an order or an event, what they give, and what caps leave of it.

use super::caps::{self, Capped};
use super::context::{Context, change, part};
use super::settle::keep_books;
use super::standing;
use crate::effect::PointsChange;
use crate::lifecycle::LifecycleView;
use crate::order::{BasisRules, BookedLine, Counted, Event, LineAmount, OrderRecord};
use crate::points::{
    self, CapWindow, Credit, CurrencyRules, EarnOn, Formula, Gives, LineBasis, LotId, MovementKind, Part, PartKind,
    ReferralSide, Shortfall, Source, SourceKind, dates,
};
use crate::program::{CustomerFacts, EarnRule, Facts, InOrOut, LineFacts, LineScope, OrderFacts};
use crate::value::{
    Attribute, AttributeName, CalendarDate, CustomerId, LadderId, Points, RuleId, Tag, TierId, Timestamp, Zone,
};
use crate::workspace::state::AwardRecord;
use crate::workspace::{Decided, Workspace};
use std::collections::{BTreeMap, BTreeSet};

/// What makes rules fire that give a fixed number.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trigger<'a> {
    SignUp,
    Birthday,
    Event(&'a Event),
    /// By which order.
    Referral(ReferralSide, &'a OrderRecord),
}

/// What was given: changes that belong to the entry of the fact, and movements of time with instants of their own.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) direct: Vec<PointsChange>,
    pub(crate) own: Vec<(Timestamp, PointsChange)>,
    pub(crate) awards: Vec<AwardRecord>,
}

/// Where a customer stands at the instant of a fact, for conditions.
pub(super) struct Standing {
    tags: BTreeSet<Tag>,
    attributes: BTreeMap<AttributeName, Attribute>,
    birthday: Option<CalendarDate>,
    tiers: Vec<(LadderId, TierId)>,
    life: Option<LifecycleView>,
}

pub(super) fn standing_of(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    at: Timestamp,
) -> Decided<Standing> {
    let mut tiers = Vec::new();
    let ladders = if ws.defers_standing() { &[] } else { context.program.ladders() };
    for (place, compiled) in ladders.iter().enumerate() {
        if let Some(tier) = standing::tier_at(context, ws, id, place, at)? {
            tiers.push((compiled.id().clone(), tier));
        }
    }
    let life = if ws.defers_standing() { None } else { standing::life_at(context, ws, id, at)? };
    let record = ws.known(id)?.record()?;
    let (tags, attributes, birthday) = (record.tags.clone(), record.attributes.clone(), record.profile.birthday);
    Ok(Standing { tags, attributes, birthday, tiers, life })
}

impl Standing {
    pub(super) fn facts<'a>(
        &'a self,
        tiers: &'a [(&'a LadderId, &'a TierId)],
        zone: &Zone,
        at: Timestamp,
        order: Option<OrderFacts<'a>>,
        event: Option<&'a Event>,
    ) -> Facts<'a> {
        Facts {
            at,
            local: zone.local(at),
            customer: CustomerFacts {
                tags: Some(&self.tags),
                attributes: Some(&self.attributes),
                birthday: self.birthday,
                tiers,
                stage: self.life.as_ref().map(|view| &*view.stage),
                activity: self.life.as_ref().map(|view| &*view.activity),
            },
            order,
            event: event.map(|event| &event.attributes),
        }
    }

    pub(super) fn tiers(&self) -> Vec<(&LadderId, &TierId)> {
        self.tiers.iter().map(|(ladder, tier)| (ladder, tier)).collect()
    }
}

fn in_force(rule: &EarnRule, at: Timestamp) -> bool {
    rule.valid.from.is_none_or(|from| from <= at) && rule.valid.until.is_none_or(|until| at < until)
}

/// What a fixed trigger gives to a customer, rule by rule. Each award is a lot of its own.
pub(crate) fn fixed(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    trigger: Trigger<'_>,
    source: &Source,
    at: Timestamp,
    zone: &Zone,
) -> Decided<Given> {
    let fires = |rule: &&EarnRule| {
        in_force(rule, at)
            && match (&rule.on, trigger) {
                (EarnOn::SignUp, Trigger::SignUp) | (EarnOn::Birthday, Trigger::Birthday) => true,
                (EarnOn::Event { name }, Trigger::Event(event)) => *name == event.name,
                (EarnOn::Referral { side }, Trigger::Referral(which, _)) => *side == which,
                _ => false,
            }
    };
    let rules: Vec<&EarnRule> = context.program.document().earn.iter().filter(fires).collect();
    let mut given = Given::default();
    if rules.is_empty() {
        return Ok(given);
    }
    let state = &mut ws.customer_mut(id)?.state;
    points::prune(&mut state.caps, zone, at.min(state.recorded_at));
    let conditional = rules.iter().any(|rule| rule.when.is_some());
    let standing = if conditional { Some(standing_of(context, ws, id, at)?) } else { None };
    let event = if let Trigger::Event(event) = trigger { Some(event) } else { None };
    let order = if let Trigger::Referral(_, order) = trigger { Some(order) } else { None };
    let lines = order.map(line_facts).unwrap_or_default();
    // The referred customer's first, whoever gets the points.
    let order = order.map(|order| order_facts(order, 1, &lines));
    for rule in rules {
        let holds = match (&rule.when, &standing) {
            (Some(condition), Some(standing)) => {
                condition.holds(&standing.facts(&standing.tiers(), zone, at, order, event))
            }
            _ => true,
        };
        if holds {
            bonus(context, ws, id, rule, source, at, &mut given)?;
        }
    }
    Ok(given)
}

/// One fixed award under its caps.
fn bonus(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    rule: &EarnRule,
    source: &Source,
    at: Timestamp,
    given: &mut Given,
) -> Decided<()> {
    let Gives::Fixed { points } = &rule.gives else { return Ok(()) };
    let Some(currency) = context.program.point_currency(&rule.currency) else { return Ok(()) };
    let pending = rule.pending.as_ref().unwrap_or(&currency.pending);
    let capped = Capped { currency, rule: Some(rule), pending, points: *points, at };
    let (granted, shortfall) = caps::under(context, ws, id, &capped)?;
    let expiry = rule.expiry.as_ref().unwrap_or(&currency.expiry);
    let award = Wanted { currency, rule: Some(rule.id.clone()), granted, shortfall, pending, expiry };
    credit(context, ws, id, award, source, at, given, None)
}

struct Wanted<'a> {
    currency: &'a CurrencyRules,
    rule: Option<RuleId>,
    granted: Points,
    shortfall: Vec<Shortfall>,
    pending: &'a points::PendingPolicy,
    expiry: &'a points::ExpiryPolicy,
}

/// Most awards give the first change there is, which needs no copy.
fn append<T>(all: &mut Vec<T>, more: Vec<T>) {
    if all.is_empty() {
        *all = more;
    } else {
        all.extend(more);
    }
}

/// Credits an award as a lot of its own and notes it.
#[allow(clippy::too_many_arguments, reason = "one award is that much")]
fn credit(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    wanted: Wanted<'_>,
    source: &Source,
    at: Timestamp,
    given: &mut Given,
    formula: Option<(Formula, u8)>,
) -> Decided<()> {
    let Wanted { currency, rule, granted, mut shortfall, pending, expiry } = wanted;
    let zone = context.zone();
    let customer = ws.customer_mut(id)?;
    let now = customer.state.recorded_at;
    let account = customer.account(&currency.id)?;
    let dates = account.slid(dates(pending, expiry, zone, at), expiry, zone);
    let mut lot: Option<LotId> = None;
    if granted.is_positive() {
        if dates.waiting || dates.activates_at.is_some_and(|from| now < from) {
            shortfall.push(Shortfall::Pending { activates_at: dates.activates_at });
        }
        if dates.expires_at.is_some_and(|end| end <= now) {
            shortfall.push(Shortfall::AlreadyExpired);
        }
        let mut log = Vec::new();
        let what = Credit {
            source: source.clone(),
            rule: rule.clone(),
            points: granted,
            kind: MovementKind::Earn,
            dates,
            expiry: expiry.clone(),
        };
        lot = Some(account.credit(what, now, &mut log)?);
        account.slide(zone, at, now, &mut log);
        let (mut direct, own) = part(&currency.id, log, at);
        if let Some(first) = direct.first_mut() {
            first.rule.clone_from(&rule);
            first.shortfall.clone_from(&shortfall);
        }
        append(&mut given.direct, direct);
        append(&mut given.own, own);
        if account.has_finished() {
            keep_books(context, ws, id)?;
        }
    } else if !shortfall.is_empty() {
        let nothing = points::Movement { kind: MovementKind::Earn, effective_at: at, postings: Vec::new(), hold: None };
        given.direct.push(PointsChange {
            rule: rule.clone(),
            shortfall: shortfall.clone(),
            ..change(&currency.id, nothing)
        });
    }
    if context.passing {
        return Ok(());
    }
    let (formula, basis) = formula.map_or((None, 0), |(formula, basis)| (Some(formula), basis));
    given.awards.push(AwardRecord {
        currency: currency.id.clone(),
        rule,
        formula,
        granted,
        clawed: Points::ZERO,
        lots: lot.into_iter().collect(),
        shortfall,
        to: None,
        basis,
        netted: Points::ZERO,
    });
    Ok(())
}

/// The flags under which the basis of an award was made, for the refund.
pub(crate) fn basis_flags(context: &Context<'_>) -> u8 {
    let basis = context.program.basis();
    u8::from(basis.tax == InOrOut::In) + 2 * u8::from(basis.shipping == InOrOut::In)
}

/// What counts of an order under these flags.
pub(crate) fn basis_rules(flags: u8) -> BasisRules {
    let counted = |bit: u8| if flags & bit == bit { Counted::In } else { Counted::Out };
    BasisRules { tax: counted(1), shipping: counted(2) }
}

/// Amounts of lines as the award looks at them.
pub(crate) fn line_basis(amounts: impl IntoIterator<Item = LineAmount>) -> Vec<LineBasis> {
    amounts.into_iter().map(|a| LineBasis { net_minor: a.net_minor, thousandths: a.thousandths }).collect()
}

/// The rules that orders set off, of all currencies, in the order of the document.
fn order_rules<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a EarnRule> {
    context.program.document().earn.iter().filter(|rule| rule.on == EarnOn::Order)
}

/// What an order earns, currency by currency: one proportional award, and every fixed bonus.
pub(crate) fn order(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    order: &OrderRecord,
    number: u32,
) -> Decided<Given> {
    let at = order.paid_at();
    let rules: Vec<&EarnRule> = order_rules(context).filter(|rule| in_force(rule, at)).collect();
    let mut given = Given::default();
    if rules.is_empty() {
        return Ok(given);
    }
    let conditional = rules.iter().any(|rule| rule.when.is_some());
    let standing = if conditional { Some(standing_of(context, ws, id, at)?) } else { None };
    let firing = firing(context, rules, standing.as_ref(), order, number);
    let zone = *context.zone();
    if !ws.known(id)?.state.caps.is_empty() {
        let state = &mut ws.customer_mut(id)?.state;
        points::prune(&mut state.caps, &zone, at.min(state.recorded_at));
        state.caps.retain(|used| used.window != CapWindow::Order);
    }
    let source = Source::of(SourceKind::Order, order.id().shared());
    for currency in context.program.point_currencies() {
        if !order_rules(context).any(|rule| rule.currency == currency.id && in_force(rule, at)) {
            continue;
        }
        proportional(context, ws, id, currency, &firing, order, &source, &mut given)?;
        for rule in firing.iter().filter(|rule| rule.currency == currency.id) {
            let touches = rule.lines.as_ref().is_none_or(|scope| has_line(scope, order));
            if !matches!(rule.gives, Gives::Fixed { .. }) || !touches || excluded_channel(context, order) {
                continue;
            }
            let excluded = context.program.basis().exclude.as_ref();
            if eligible(excluded, rule.lines.as_ref(), order, order.lines().len()).is_none_or(|lines| !lines.is_empty())
            {
                bonus(context, ws, id, rule, &source, at, &mut given)?;
            } else {
                let shortfall = vec![Shortfall::Excluded];
                let (pending, expiry) = (&currency.pending, &currency.expiry);
                let rule = Some(rule.id.clone());
                let nothing = Wanted { currency, rule, granted: Points::ZERO, shortfall, pending, expiry };
                credit(context, ws, id, nothing, &source, at, &mut given, None)?;
            }
        }
    }
    Ok(given)
}

fn excluded_channel(context: &Context<'_>, order: &OrderRecord) -> bool {
    order.channel().is_some_and(|channel| context.program.basis().exclude_channels.contains(channel))
}

fn has_line(scope: &LineScope, order: &OrderRecord) -> bool {
    order.lines().iter().any(|line| scope.admits(&line.sku, line.category.as_ref(), line.brand.as_ref(), &line.tags))
}

fn line_facts(order: &OrderRecord) -> Vec<LineFacts<'_>> {
    fn facts(line: &BookedLine) -> LineFacts<'_> {
        let (category, brand) = (line.category.as_ref(), line.brand.as_ref());
        LineFacts { sku: &line.sku, category, brand, tags: &line.tags }
    }
    order.lines().iter().map(facts).collect()
}

/// What conditions see of an order.
fn order_facts<'a>(order: &'a OrderRecord, number: u32, lines: &'a [LineFacts<'a>]) -> OrderFacts<'a> {
    OrderFacts {
        channel: order.channel(),
        store: order.store(),
        tags: Some(order.tags()),
        currency: order.currency(),
        goods_minor: order.goods_net_minor(),
        number: Some(number),
        lines,
    }
}

fn firing<'a>(
    context: &Context<'_>,
    rules: Vec<&'a EarnRule>,
    standing: Option<&Standing>,
    order: &OrderRecord,
    number: u32,
) -> Vec<&'a EarnRule> {
    let Some(standing) = standing else { return rules };
    let lines = line_facts(order);
    let facts_of_order = order_facts(order, number, &lines);
    let tiers = standing.tiers();
    let facts = standing.facts(&tiers, context.zone(), order.paid_at(), Some(facts_of_order), None);
    rules.into_iter().filter(|rule| rule.when.as_ref().is_none_or(|condition| condition.holds(&facts))).collect()
}

/// The proportional award of one currency.
#[allow(clippy::too_many_arguments, reason = "one award is that much")]
fn proportional(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    currency: &CurrencyRules,
    firing: &[&EarnRule],
    order: &OrderRecord,
    source: &Source,
    given: &mut Given,
) -> Decided<()> {
    let flags = basis_flags(context);
    if !context.program.order_parts(&currency.id, order.currency()).any(|(_, kind)| kind.is_some()) {
        return Ok(());
    }
    let lines = line_basis(order.basis_lines(basis_rules(flags)));
    let formula = formula(context, currency, firing, order, lines.len());
    let points = formula.points(&lines)?;
    let at = order.paid_at();
    let (granted, mut shortfall) = if points.is_positive() {
        let capped = Capped { currency, rule: None, pending: &currency.pending, points, at };
        caps::under(context, ws, id, &capped)?
    } else {
        (Points::ZERO, vec![why_nothing(context, &formula, order, &lines)])
    };
    if granted.is_zero() && shortfall.is_empty() {
        shortfall.push(Shortfall::BelowOnePoint);
    }
    let wanted =
        Wanted { currency, rule: None, granted, shortfall, pending: &currency.pending, expiry: &currency.expiry };
    credit(context, ws, id, wanted, source, at, given, Some((formula, flags)))
}

fn why_nothing(context: &Context<'_>, formula: &Formula, order: &OrderRecord, lines: &[LineBasis]) -> Shortfall {
    let bases = formula.parts.iter().filter(|part| !matches!(part.kind, PartKind::Multiplier { .. }));
    if excluded_channel(context, order) {
        Shortfall::Excluded
    } else if bases.clone().count() == 0 {
        Shortfall::NoRule
    } else if bases.clone().all(|part| part.lines.as_ref().is_some_and(Vec::is_empty)) {
        Shortfall::Excluded
    } else if lines.iter().all(|line| line.net_minor == 0) && 0 < order.points_minor() {
        Shortfall::PaidWithPoints
    } else {
        Shortfall::BelowOnePoint
    }
}

/// The rule snapshot of an order for one currency.
fn formula(
    context: &Context<'_>,
    currency: &CurrencyRules,
    firing: &[&EarnRule],
    order: &OrderRecord,
    places: usize,
) -> Formula {
    let mut parts = Vec::new();
    if !excluded_channel(context, order) {
        for (rule, kind) in context.program.order_parts(&currency.id, order.currency()) {
            if let Some(kind) = kind.filter(|_| firing.iter().any(|fires| std::ptr::eq(*fires, rule))) {
                let lines = eligible(context.program.basis().exclude.as_ref(), rule.lines.as_ref(), order, places);
                parts.push(Part { rule: rule.id.clone(), kind, lines });
            }
        }
    }
    let minor_digits = order.currency().digits();
    Formula { parts, rounding: currency.rounding, stacking: currency.stacking, minor_digits }
}

/// The places that a rule looks at: none means all of them. Shipping, where it counts, is the last place and belongs to rules for all lines.
fn eligible(
    excluded: Option<&LineScope>,
    wanted: Option<&LineScope>,
    order: &OrderRecord,
    places: usize,
) -> Option<Vec<u32>> {
    if excluded.is_none() && wanted.is_none() {
        return None;
    }
    let lines = order.lines();
    let admitted = |place: usize| match lines.get(place) {
        Some(line) => {
            let is_in =
                |scope: &LineScope| scope.admits(&line.sku, line.category.as_ref(), line.brand.as_ref(), &line.tags);
            excluded.is_none_or(|scope| !is_in(scope)) && wanted.is_none_or(is_in)
        }
        None => wanted.is_none(),
    };
    let found: Vec<u32> = (0..places).filter(|p| admitted(*p)).filter_map(|p| u32::try_from(p).ok()).collect();
    (found.len() != places).then_some(found)
}
