//! An order with every number explained.

use super::award::line_basis;
use super::orders::find_order;
use crate::error::{Error, ErrorCode};
use crate::order::OrderRecord;
use crate::program::Program;
use crate::query::{
    Answer, AwardExplained, LineExplained, LinePoints, OrderExplained, RefundExplained, RefundUnmatched, RulePoints,
};
use crate::value::{OrderId, Quantity};
use crate::workspace::state::AwardRecord;
use crate::workspace::{Decided, Workspace};

/// Explains an order: its lines, what each earned by which rule, what came back.
pub(crate) fn order(_: &Program, ws: &mut Workspace, order_id: &OrderId) -> Decided<Answer> {
    let Some((customer_id, order, extra)) = find_order(ws, order_id)? else {
        let message = format!("order `{order_id}` is not recorded");
        return Err(Error::new(ErrorCode::OrderUnknown, message).field("order_id").into());
    };
    let currency = order.currency();
    let back = order.refunded_lines();
    let lines = order.lines().iter().enumerate().map(|(place, line)| LineExplained {
        line_no: line.line_no,
        sku: line.sku.clone(),
        quantity: Quantity::from_thousandths(line.thousandths),
        net: currency.amount(line.net_minor),
        refunded: currency.amount(back.get(place).map_or(0, |back| back.amount_minor)),
    });
    let awards = extra.awards.iter().map(|award| explain_award(&order, award)).collect::<Result<Vec<_>, _>>()?;
    let refunds = order.refunds().iter().map(|refund| RefundExplained {
        refund_id: refund.id.clone(),
        refunded_at: refund.at,
        amount: currency.amount(refund.amount_minor),
        reason: refund.reason.clone(),
    });
    let unmatched = extra.unfit.into_iter().map(|unfit| RefundUnmatched {
        refund_id: unfit.id,
        refunded_at: unfit.at,
        why: unfit.code,
    });
    Ok(Answer::Order(OrderExplained {
        order_id: order_id.clone(),
        customer_id,
        paid_at: order.paid_at(),
        status: order.status().as_str().to_owned(),
        total: currency.money(order.total_minor()),
        refunded: currency.money(order.refunded_minor()),
        revision: order.revision,
        lines: lines.collect(),
        awards,
        refunds: refunds.collect(),
        unmatched: unmatched.collect(),
    }))
}

fn explain_award(order: &OrderRecord, award: &AwardRecord) -> Result<AwardExplained, Error> {
    let (rules, lines) = match (&award.formula, &award.rule) {
        (Some(formula), _) => {
            let amounts = order.basis(super::award::basis_rules(award.basis));
            let split = formula.award(&line_basis(amounts))?.cut(award.granted)?;
            let rules = split.rules.into_iter().map(|(rule, points)| RulePoints { rule, points }).collect();
            let numbers = order.lines().iter().map(|line| line.line_no).chain(std::iter::once(0));
            let lines = numbers.zip(split.lines).map(|(line_no, points)| LinePoints { line_no, points }).collect();
            (rules, lines)
        }
        (None, Some(rule)) => (vec![RulePoints { rule: rule.clone(), points: award.granted }], Vec::new()),
        (None, None) => (Vec::new(), Vec::new()),
    };
    Ok(AwardExplained {
        currency: award.currency.clone(),
        points: award.granted,
        taken_back: award.clawed,
        rules,
        lines,
        shortfall: award.shortfall.clone(),
    })
}
