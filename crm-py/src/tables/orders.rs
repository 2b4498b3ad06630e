//! Orders and their lines.

use crate::columns::{Head, Is, Rows};
use crm_core::Result;
use crm_core::order::OrderRecord;
use crm_core::value::CustomerId;

pub(super) const ORDERS: &[Head] = &[
    ("order_id", Is::Text, false),
    ("customer_id", Is::Text, false),
    ("paid_at", Is::Time, false),
    ("placed_at", Is::Time, true),
    ("cancelled_at", Is::Time, true),
    ("status", Is::Word, false),
    ("currency", Is::Word, false),
    ("total", Is::Money, false),
    ("goods", Is::Money, false),
    ("shipping", Is::Money, false),
    ("discount", Is::Money, false),
    ("paid_with_points", Is::Money, false),
    ("refunded", Is::Money, false),
    ("lines", Is::Int, false),
    ("channel", Is::Word, true),
    ("store", Is::Word, true),
    ("tags", Is::Texts, false),
    ("revision", Is::Int, false),
    ("batch", Is::Word, true),
];

pub(super) const ORDER_LINES: &[Head] = &[
    ("order_id", Is::Text, false),
    ("customer_id", Is::Text, false),
    ("paid_at", Is::Time, false),
    ("status", Is::Word, false),
    ("line_no", Is::Int, false),
    ("sku", Is::Text, false),
    ("category", Is::Word, true),
    ("brand", Is::Word, true),
    ("tags", Is::Texts, false),
    ("quantity", Is::Quantity, false),
    ("currency", Is::Word, false),
    ("list", Is::Money, false),
    ("discount", Is::Money, false),
    ("order_discount", Is::Money, false),
    ("net", Is::Money, false),
    ("tax", Is::Money, false),
    ("paid_with_points", Is::Money, false),
    ("refunded", Is::Money, false),
    ("refunded_quantity", Is::Quantity, false),
];

pub(super) fn order(rows: &mut Rows, who: &CustomerId, made: &OrderRecord) -> Result<()> {
    let currency = made.currency();
    rows.add(|row| {
        row.text(made.id().as_str())
            .text(who.as_str())
            .time(made.paid_at())
            .time(made.placed_at())
            .time(made.cancelled_at())
            .text(made.status().as_str())
            .text(currency.code())
            .minor(currency, made.total_minor())?
            .minor(currency, made.goods_net_minor())?
            .minor(currency, made.shipping_minor())?
            .minor(currency, made.discount_minor())?
            .minor(currency, made.points_minor())?
            .minor(currency, made.refunded_minor())?
            .count(u64::try_from(made.lines().len()).unwrap_or(u64::MAX))
            .text(made.channel().map(|channel| channel.as_str()))
            .text(made.store().map(|store| store.as_str()))
            .texts(made.tags().iter().map(|tag| tag.as_str()))
            .int(i64::from(made.revision))
            .text(made.batch.as_ref().map(|batch| batch.as_str()));
        Ok(())
    })
}

pub(super) fn lines(rows: &mut Rows, who: &CustomerId, made: &OrderRecord) -> Result<()> {
    let (currency, status) = (made.currency(), made.status().as_str());
    let back = made.refunded_lines();
    made.lines().iter().try_for_each(|line| {
        let back = back.iter().find(|back| back.line_no == line.line_no).copied().unwrap_or_default();
        rows.add(|row| {
            row.text(made.id().as_str())
                .text(who.as_str())
                .time(made.paid_at())
                .text(status)
                .int(i64::from(line.line_no))
                .text(line.sku.as_str())
                .text(line.category.as_ref().map(|word| word.as_str()))
                .text(line.brand.as_ref().map(|word| word.as_str()))
                .texts(line.tags.iter().map(|tag| tag.as_str()))
                .thousandths(line.thousandths)
                .text(currency.code())
                .minor(currency, line.list_minor)?
                .minor(currency, line.discount_minor)?
                .minor(currency, line.order_discount_minor)?
                .minor(currency, line.net_minor)?
                .minor(currency, line.tax_minor)?
                .minor(currency, line.points_minor)?
                .minor(currency, back.amount_minor)?
                .thousandths(back.thousandths);
            Ok(())
        })
    })
}
