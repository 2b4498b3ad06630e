//! `crm explain`: every number in words.

use crate::cli::args::{Global, What};
use crate::cli::clock::Moment;
use crate::cli::output::Out;
use crate::cli::problem::Finished;
use crate::cli::shop::Shop;
use crate::cli::show::{journal, odd, print_entries, print_lots};
use crate::cli::words;
use crm_core::effect::Entry;
use crm_core::points::{Book, Gives};
use crm_core::program::Program;
use crm_core::query::{Answer, AwardExplained, OrderExplained, Query, WalletAccount};
use crm_core::tier::{Evidence, TierExplanation};
use crm_core::value::{Amount, LadderId, Money, OrderId, RuleId};
use serde_json::json;

pub(crate) fn explain(global: &Global, what: &What, out: &mut Out) -> Finished {
    let shop = Shop::look(global)?;
    match what {
        What::Order { order } => explain_order(&shop, order, out),
        What::Tier { customer, ladder, known_at } => {
            explain_tier(&shop, global.at, customer, ladder.as_ref(), *known_at, out)
        }
        What::Points { customer } => explain_points(&shop, global.at, customer, out),
    }
}

fn explain_order(shop: &Shop, order: &str, out: &mut Out) -> Finished {
    let Answer::Order(order) = shop.engine.ask(&Query::Order { order_id: OrderId::new(order)? })? else {
        return Err(odd());
    };
    if out.is_json() {
        return out.json(&order);
    }
    let program = shop.program()?;
    print_order(&program, &order, out)
}

fn print_order(program: &Program, order: &OrderExplained, out: &mut Out) -> Finished {
    let zone = program.zone();
    let paid_at = words::local(zone, order.paid_at);
    out.line(format!(
        "Order {} of {}, paid {paid_at}: {}.",
        order.order_id,
        order.customer_id,
        words::money(&order.total)
    ))?;
    let status = order.status.replace('_', " ");
    if order.refunded.amount == Amount::ZERO {
        out.line(format!("It is {status}."))?;
    } else {
        out.line(format!("It is {status}; {} went back.", words::money(&order.refunded)))?;
    }
    let lines = order.lines.iter().map(|line| {
        let gave: Vec<_> = order
            .awards
            .iter()
            .flat_map(|award| award.lines.iter().map(move |given| (given, &award.currency)))
            .filter(|(given, _)| given.line_no == line.line_no)
            .map(|(given, currency)| words::some(given.points.get(), currency.as_str()))
            .collect();
        vec![
            line.line_no.to_string(),
            line.sku.to_string(),
            line.quantity.to_string(),
            line.net.to_string(),
            line.refunded.to_string(),
            gave.join(", "),
        ]
    });
    out.table(&[">line", "article", ">quantity", ">paid", ">back", ">gave"], lines.collect())?;
    if order.awards.is_empty() {
        out.line("It earned nothing.")?;
    }
    for award in &order.awards {
        print_award(program, order, award, out)?;
    }
    for refund in &order.refunds {
        let reason = refund.reason.as_ref().map_or_else(String::new, |reason| format!(" – {reason}"));
        let when = words::local(zone, refund.refunded_at);
        out.line(format!("Refund {}, {when}: {} {}{reason}.", refund.refund_id, refund.amount, order.total.currency))?;
    }
    Ok(())
}

fn print_award(program: &Program, order: &OrderExplained, award: &AwardExplained, out: &mut Out) -> Finished {
    let (name, revision) = (award.currency.as_str(), order.revision);
    out.heading(format!("It earned {} (revision {revision} of the program)", words::some(award.points.get(), name)))?;
    for rule in &award.rules {
        let how = rule_words(program, order, &rule.rule);
        out.line(format!("  {} by the rule `{}`{how}", words::some(rule.points.get(), name), rule.rule))?;
    }
    if let Some(shipping) = award.lines.iter().find(|line| line.line_no == 0 && !line.points.is_zero()) {
        out.line(format!("  of these, {} for the shipping", words::some(shipping.points.get(), name)))?;
    }
    for reason in &award.shortfall {
        out.line(format!("  {}", words::shortfall(program.zone(), reason)))?;
    }
    if !award.taken_back.is_zero() {
        let left = award.points.get() - award.taken_back.get();
        let taken = words::some(award.taken_back.get(), name);
        out.line(format!("  {taken} were taken back for refunds; {} are left", words::number(left)))?;
    }
    Ok(())
}

/// What a rule gives, if the program in force is the one that the order was decided under.
fn rule_words(program: &Program, order: &OrderExplained, rule: &RuleId) -> String {
    let Some(rule) = program.rule(rule).filter(|_| program.revision() == order.revision) else { return String::new() };
    let currency = order.total.currency;
    let money = |amount: &Amount| words::money(&Money { amount: *amount, currency });
    match &rule.gives {
        Gives::PerAmount { points, per } => format!(": {points} for every {}, in proportion", money(per)),
        Gives::PerStep { points, step } => format!(": {points} for every full {}", money(step)),
        Gives::PerUnit { points } => format!(": {points} for every unit"),
        Gives::Fixed { .. } => ": a fixed number".to_owned(),
        Gives::Multiplier { bonus } => format!(": {bonus} times the award on top"),
    }
}

fn explain_tier(
    shop: &Shop,
    at: Option<Moment>,
    customer: &str,
    ladder: Option<&LadderId>,
    known_at: Option<Moment>,
    out: &mut Out,
) -> Finished {
    let program = shop.program()?;
    let customer_id = shop.find(customer)?.id;
    let at = shop.instant(at)?;
    let known_at = known_at.map(|moment| moment.instant(program.zone()));
    let ladders = match ladder {
        Some(ladder) => vec![Some(ladder.clone())],
        None if program.ladders().is_empty() => vec![None],
        None => program.ladders().iter().map(|ladder| Some(ladder.id().clone())).collect(),
    };
    let mut tiers = Vec::new();
    for ladder in ladders {
        let query = Query::Tier { customer_id: customer_id.clone(), ladder, at, known_at };
        let Answer::Tier(tier) = shop.engine.ask(&query)? else { return Err(odd()) };
        tiers.push(tier);
    }
    if out.is_json() {
        return out.json(&json!({ "customer_id": customer_id, "tiers": tiers }));
    }
    tiers.iter().try_for_each(|tier| print_tier(&program, customer_id.as_str(), tier, out))
}

fn print_tier(program: &Program, customer: &str, tier: &TierExplanation, out: &mut Out) -> Finished {
    let zone = program.zone();
    let status = &tier.status;
    let units = |value: i64| words::metric(program, &tier.metric, value);
    out.heading(format!("Ladder {}: {customer} is {} at {}", status.ladder, status.tier, words::local(zone, tier.at)))?;
    if tier.known_at < tier.at {
        out.line(format!("With what was known at {}.", words::local(zone, tier.known_at)))?;
    }
    let until = status.valid_through.map_or_else(|| "without an end".to_owned(), |day| format!("valid through {day}"));
    out.line(format!("Since {}, {until}.", words::local(zone, status.since)))?;
    if let Some(lock) = &status.lock {
        let until = words::through(zone, Some(lock.until));
        out.line(format!("It is fixed by hand at {} through {until}, by {}: {}.", lock.tier, lock.actor, lock.reason))?;
    }
    if let Some(at) = status.next_review_at {
        out.line(format!("Next review: {}.", words::local(zone, at)))?;
    }
    if let Some(until) = status.grace_until {
        out.line(format!("A review failed; the tier is kept in grace through {}.", words::through(zone, Some(until))))?;
    }
    if let Some(pending) = &status.pending {
        out.line(format!("{} is reached and begins {}.", pending.tier, words::local(zone, pending.at)))?;
    }
    for (goal, aim) in [(&status.to_keep, "keep"), (&status.to_reach, "reach")] {
        if let Some(goal) = goal {
            let by = goal.by.map_or_else(String::new, |day| format!(" through {day}"));
            out.line(format!("To {aim} {}: {} more{by}.", goal.tier, units(goal.missing)))?;
        }
    }
    print_evidence(program, tier, &tier.running, "The window that runs", out)?;
    if let Some(evidence) = &tier.decided_by {
        print_evidence(program, tier, evidence, "The window before, which gave the tier", out)?;
    }
    if !tier.changes.is_empty() {
        out.line("Changes so far:")?;
        let rows = tier.changes.iter().map(|change| {
            let arrow = format!("{} → {}", change.from, change.to);
            vec![words::local(zone, change.at), arrow, words::tier_cause(&change.cause)]
        });
        out.table(&["when", "tier", "why"], rows.collect())?;
    }
    Ok(())
}

fn print_evidence(
    program: &Program,
    tier: &TierExplanation,
    evidence: &Evidence,
    title: &str,
    out: &mut Out,
) -> Finished {
    let span = match (evidence.from, evidence.through) {
        (Some(from), Some(through)) => format!(", {from} to {through}"),
        _ => String::new(),
    };
    let sum = words::metric(program, &tier.metric, evidence.value);
    out.line(format!("{title}{span}: {} of {sum}.", words::metric_name(&tier.metric)))?;
    if evidence.contributions.is_empty() {
        return Ok(());
    }
    let rows = evidence.contributions.iter().map(|given| {
        let when = words::local(program.zone(), given.at);
        vec![when, given.cause.to_string(), words::metric(program, &tier.metric, given.amount)]
    });
    out.table(&["when", "what", ">counted"], rows.collect())
}

fn explain_points(shop: &Shop, at: Option<Moment>, customer: &str, out: &mut Out) -> Finished {
    let program = shop.program()?;
    let customer_id = shop.find(customer)?.id;
    let entries = journal(&shop.engine, &customer_id)?;
    let at = shop.instant_for(at, entries.last().map(|entry| entry.recorded_at))?;
    let Answer::Wallet(wallet) = shop.engine.ask(&Query::Wallet { customer_id: customer_id.clone(), at })? else {
        return Err(odd());
    };
    let moved: Vec<_> = entries.into_iter().filter(|entry| !entry.points.is_empty()).collect();
    let mut lots = Vec::new();
    for account in &wallet.accounts {
        let currency = account.currency.clone();
        let query = Query::Lots { customer_id: customer_id.clone(), currency, at };
        let Answer::Lots { lots: open } = shop.engine.ask(&query)? else { return Err(odd()) };
        lots.push(open);
    }
    if out.is_json() {
        let accounts: Vec<_> = wallet
            .accounts
            .iter()
            .zip(&lots)
            .map(|(account, lots)| json!({ "currency": account.currency, "account": account, "lots": lots }))
            .collect();
        return out.json(&json!({ "customer_id": customer_id, "at": at, "accounts": accounts, "entries": moved }));
    }
    for (account, lots) in wallet.accounts.iter().zip(&lots) {
        print_account(&program, account, &moved, out)?;
        if !lots.is_empty() {
            out.line("They are in these lots; the first is spent first:")?;
            print_lots(&program, lots, out)?;
        }
    }
    if moved.is_empty() {
        return out.line("Nothing has moved any points.");
    }
    out.heading("Every movement so far")?;
    print_entries(&program, &moved, out)
}

fn print_account(program: &Program, account: &WalletAccount, entries: &[Entry], out: &mut Out) -> Finished {
    let balances = &account.balances;
    let name = account.currency.as_str();
    let worth = account.value.as_ref().map_or_else(String::new, |value| format!(", worth {}", words::money(value)));
    out.heading(format!("{} usable{worth}", words::some(balances.available.get(), name)))?;
    let total = balances.total().get();
    let mut parts = vec![format!("{} issued", words::number(balances.issued.get()))];
    let minus = [
        (balances.redeemed, "spent"),
        (balances.expired, "expired"),
        (balances.revoked, "taken back"),
        (balances.offset, "used up by debt"),
    ];
    for (points, what) in minus.into_iter().filter(|(points, _)| !points.is_zero()) {
        parts.push(format!("− {} {what}", words::number(points.get())));
    }
    match balances.transferred.get() {
        0 => {}
        gone if gone > 0 => parts.push(format!("− {} given to others", words::number(gone))),
        got => parts.push(format!("+ {} got from others", words::number(-i128::from(got)))),
    }
    out.line(format!("{} = {} in the account", parts.join(" "), words::number(total)))?;
    let states = [(balances.available, "usable"), (balances.pending, "pending"), (balances.held, "held")];
    let states: Vec<_> =
        states.iter().map(|(points, what)| format!("{} {what}", words::number(points.get()))).collect();
    out.line(format!("{} = {}", words::number(total), states.join(" + ")))?;
    if balances.debt.is_positive() {
        out.line(format!("{} owed: the next award pays them first", words::some(balances.debt.get(), name)))?;
    }
    // The journal knows what was written; time may have moved points since.
    let written: i64 = entries
        .iter()
        .flat_map(|entry| &entry.points)
        .filter(|change| change.currency == account.currency)
        .map(|change| {
            words::posted(change, Book::Pending)
                + words::posted(change, Book::Available)
                + words::posted(change, Book::Held)
        })
        .sum();
    if written != total {
        let (journal, total) = (words::number(written), words::number(total));
        out.line(format!(
            "the journal still says {journal}: time alone made it {total}, and a sweep writes that down"
        ))?;
    }
    if let Some(next) = &account.next_expiry {
        let last = next.usable_through;
        out.line(format!(
            "{} are usable through {last} and end at {}",
            words::some(next.points.get(), name),
            words::local(program.zone(), next.expires_at)
        ))?;
    }
    Ok(())
}
