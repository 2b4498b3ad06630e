//! `crm what-if`: a changed program over the history that is there.

use crate::cli::args::{Global, WhatIf};
use crate::cli::output::Out;
use crate::cli::problem::Finished;
use crate::cli::programs;
use crate::cli::shop::Shop;
use crate::cli::words;
use crm_core::simulate::{PointsSide, PointsTotals, WhatIfOptions, WhatIfTotals, what_if_json};
use crm_core::value::{Money, Points};

pub(crate) fn what_if(global: &Global, task: &WhatIf, out: &mut Out) -> Finished {
    let text = programs::read(&task.program)?;
    let shop = Shop::look(global)?;
    let program = shop.program()?;
    let options = WhatIfOptions { at: shop.instant(global.at)? };
    let counter = out.counter("members played:");
    let mut failed = Ok(());
    let streams = task.members && out.is_json();
    let mut rows = Vec::new();
    let found = what_if_json(
        &shop.engine,
        &text,
        options,
        &mut |progress| counter.set_position(progress.members),
        &mut |member| {
            if streams && failed.is_ok() {
                failed = out.json_line(&member);
            } else if task.members && member.affected {
                rows.extend(member.points.iter().map(|points| {
                    let tiers = member.tiers.iter().map(|tier| moved(tier.before.as_ref(), tier.after.as_ref()));
                    vec![
                        member.customer_id.to_string(),
                        points.currency.to_string(),
                        whole(points.before.balances.available),
                        whole(points.after.balances.available),
                        tiers.collect::<Vec<_>>().join(", "),
                    ]
                }));
            }
            Ok(())
        },
    );
    counter.finish_and_clear();
    let found = found?;
    shop.engine.close()?;
    failed?;
    if streams {
        return out.json_line(&found);
    }
    if out.is_json() {
        return out.json(&found);
    }
    out.line(format!(
        "{} of {} would stand otherwise at {}, over {}",
        words::some(found.affected, "members"),
        words::number(found.members),
        words::local(program.zone(), found.at),
        words::some(found.orders, "orders"),
    ))?;
    tell(&found, out)?;
    if !rows.is_empty() {
        out.heading("Members")?;
        out.table(&["!member", "points", ">available now", ">then", "tiers"], rows)?;
    }
    Ok(())
}

fn tell(found: &WhatIfTotals, out: &mut Out) -> Finished {
    for total in &found.points {
        out.heading(format!("Points: {}", total.currency))?;
        out.table(&["", ">in force", ">changed", ">difference"], figures(total))?;
    }
    for ladder in &found.ladders {
        out.heading(format!("Tiers: {}", ladder.ladder))?;
        let rows = ladder.moves.iter().map(|one| {
            let name = |tier: &Option<crm_core::value::TierId>| {
                tier.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
            };
            vec![name(&one.before), name(&one.after), words::number(one.members)]
        });
        out.table(&["in force", "changed", ">members"], rows.collect())?;
    }
    if !found.stages.is_empty() {
        out.heading("Stages")?;
        let rows = found.stages.iter().map(|one| {
            let name = |stage: &Option<crm_core::simulate::Stage>| {
                stage.as_ref().map_or_else(|| "-".to_owned(), |stage| format!("{}, {}", stage.stage, stage.activity))
            };
            vec![name(&one.before), name(&one.after), words::number(one.members)]
        });
        out.table(&["in force", "changed", ">members"], rows.collect())?;
    }
    if found.coupons_before != found.coupons_after {
        let (before, after) = (words::number(found.coupons_before), words::number(found.coupons_after));
        out.line(format!("coupons issued by rules: {after} instead of {before}"))?;
    }
    for discount in &found.discounts {
        out.line(format!("discounts that were given, the same under both: {} {}", discount.amount, discount.currency))?;
    }
    if 0 < found.left_out_after {
        let facts = words::some(found.left_out_after, "facts");
        out.line(format!("{facts} left out: the changed program refuses them"))?;
    }
    if 0 < found.unlike_books {
        let members = words::some(found.unlike_books, "members");
        out.line(format!("{members} stand otherwise in the books: earlier revisions, or facts that are not kept"))?;
    }
    Ok(())
}

fn figures(total: &PointsTotals) -> Vec<Vec<String>> {
    type Figure = (&'static str, fn(&PointsSide) -> Points);
    const FIGURES: [Figure; 9] = [
        ("issued", |side| side.balances.issued),
        ("available", |side| side.balances.available),
        ("pending", |side| side.balances.pending),
        ("held", |side| side.balances.held),
        ("spent", |side| side.balances.redeemed),
        ("expired", |side| side.balances.expired),
        ("taken back", |side| side.balances.revoked),
        ("owed by members", |side| side.balances.debt),
        ("used and not covered", |side| side.uncovered),
    ];
    let mut rows: Vec<Vec<String>> = FIGURES
        .iter()
        .map(|(name, figure)| {
            let (before, after) = (figure(&total.before).get(), figure(&total.after).get());
            let difference = after.saturating_sub(before);
            let sign = if 0 < difference {
                "+"
            } else if difference < 0 {
                "-"
            } else {
                ""
            };
            let shown = format!("{sign}{}", words::number(difference.unsigned_abs()));
            vec![(*name).to_owned(), signed(before), signed(after), shown]
        })
        .collect();
    for (name, before, after) in [
        ("liability", &total.liability_before, &total.liability_after),
        ("cost of points", &total.cost_before, &total.cost_after),
    ] {
        if before.is_some() || after.is_some() {
            rows.push(vec![name.to_owned(), money(before), money(after), String::new()]);
        }
    }
    rows
}

fn whole(points: Points) -> String {
    signed(points.get())
}

fn signed(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", words::number(number.unsigned_abs()))
}

fn money(money: &Option<Money>) -> String {
    money.as_ref().map_or_else(|| "-".to_owned(), |money| format!("{} {}", money.amount, money.currency))
}

fn moved<T: std::fmt::Display + PartialEq>(before: Option<&T>, after: Option<&T>) -> String {
    let name = |tier: Option<&T>| tier.map_or_else(|| "-".to_owned(), ToString::to_string);
    if before == after { name(before) } else { format!("{} -> {}", name(before), name(after)) }
}
