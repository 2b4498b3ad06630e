//! Orders export of Youzan, joined with its order lines by the order id.

use super::fact::{Draft, Fact, Kind, Read, Reading, Row, line};
use super::group::Layout;
use super::plain::{not_zero, some};
use super::sheet::{Sheet, lacking};
use super::text;
use crate::customer::{Buyer, IdentifierKind, Profile};
use crate::error::{Error, ErrorCode, Result};
use crate::order::{ArticleAmount, OrderLine, TaxMode};
use crate::value::{Amount, Category, Currency, Quantity, StoreId};

const PAYMENT: [&str; 2] = ["订单实付金额", "应收订单金额"];

enum Columns {
    Orders(Orders),
    Lines(Lines),
}

struct Orders {
    id: Option<usize>,
    status: Option<usize>,
    times: Vec<usize>,
    created_at: Option<usize>,
    paid_at: Option<usize>,
    finished_at: Option<usize>,
    paid: Option<usize>,
    shipping: Option<usize>,
    refunded: Option<usize>,
    phone: Option<usize>,
    name: Option<usize>,
    goods: Option<usize>,
    store: Option<usize>,
}

struct Lines {
    id: Option<usize>,
    name: Option<usize>,
    category: Option<usize>,
    codes: Vec<Option<usize>>,
    price: Option<usize>,
    quantity: Option<usize>,
    paid: Option<usize>,
    refunded: Option<usize>,
}

pub(super) struct Youzan {
    sheets: Vec<Columns>,
    currency: Currency,
}

impl Youzan {
    pub(super) fn open(sheets: &[Sheet]) -> Result<Self> {
        let columns = sheets.iter().map(columns).collect::<Result<Vec<_>>>()?;
        if let (true, Some(first)) = (columns.iter().all(|c| matches!(c, Columns::Lines(_))), sheets.first()) {
            return Err(text::file(&first.name, "has the lines of orders; give the orders export with it"));
        }
        Ok(Self { sheets: columns, currency: Currency::new("CNY")? })
    }
}

fn columns(sheet: &Sheet) -> Result<Columns> {
    let at = |names: &[&str]| sheet.column(names);
    let id = at(&["订单号"]);
    if id.is_some() && sheet.has(&["商品名称", "商品数量", "商品单价"]) {
        return Ok(Columns::Lines(Lines {
            id,
            name: at(&["商品名称"]),
            category: at(&["商品类目", "商品类目(或目录)", "商品目录"]),
            codes: vec![at(&["规格编码"]), at(&["商品编码"])],
            price: at(&["商品单价"]),
            quantity: at(&["商品数量"]),
            paid: at(&["商品实际成交金额"]),
            refunded: at(&["商品已退款金额"]),
        }));
    }
    let needed: [&[&str]; 5] = [&["订单号"], &["订单状态"], &["买家付款时间"], &PAYMENT, &["买家手机号"]];
    let missing: Vec<String> = needed
        .iter()
        .filter(|names| at(names).is_none())
        .filter_map(|names| names.first().map(|name| (*name).to_owned()))
        .collect();
    if !missing.is_empty() {
        return Err(lacking(sheet, "youzan", &missing));
    }
    Ok(Columns::Orders(Orders {
        id,
        status: at(&["订单状态"]),
        times: ["买家付款时间", "订单创建时间"].iter().filter_map(|name| at(&[name])).collect(),
        created_at: at(&["订单创建时间"]),
        paid_at: at(&["买家付款时间"]),
        finished_at: at(&["交易成功时间"]),
        paid: at(&PAYMENT),
        shipping: at(&["运费"]),
        refunded: at(&["订单已退款金额"]),
        phone: at(&["买家手机号"]),
        name: at(&["买家姓名", "买家昵称"]),
        goods: at(&["全部商品名称"]),
        store: at(&["归属店铺", "下单网点"]),
    }))
}

impl Layout for Youzan {
    fn key(&self, sheet: usize) -> Option<usize> {
        self.sheets.get(sheet).and_then(|columns| match columns {
            Columns::Orders(columns) => columns.id,
            Columns::Lines(columns) => columns.id,
        })
    }

    fn times(&self, sheet: usize) -> (u8, &[usize]) {
        match self.sheets.get(sheet) {
            Some(Columns::Orders(columns)) => (0, &columns.times),
            _ => (1, &[]),
        }
    }

    fn column(&self, sheet: usize, field: &str) -> Option<usize> {
        match (self.sheets.get(sheet)?, field) {
            (Columns::Orders(columns), "order.id") => columns.id,
            (Columns::Orders(columns), "refund.what.amount") => columns.refunded,
            _ => None,
        }
    }

    fn facts(&self, reading: &mut Reading, rows: &[Row<'_>]) {
        reading.currency = Some(self.currency);
        let head = rows.iter().find_map(|row| match self.sheets.get(row.origin.sheet) {
            Some(Columns::Orders(columns)) => Some((row, columns)),
            _ => None,
        });
        let Some((head, columns)) = head else { return reading.skip(Kind::Order, "items_without_order") };
        reading.repeated(head, rows.iter(), &[columns.status, columns.paid, columns.paid_at, columns.refunded]);
        let status = head.text(columns.status);
        let closed = status.contains("关闭") || status.contains("取消");
        let (kind, taken) = if closed {
            (Kind::Closing, self.closed(reading, columns, head))
        } else if head.get(columns.paid_at).is_empty() {
            return reading.skip(Kind::Order, "unpaid");
        } else {
            (Kind::Order, self.order(reading, columns, head, rows))
        };
        if taken.is_err() {
            reading.refuse(kind);
        }
    }
}

impl Youzan {
    fn order(&self, reading: &mut Reading, columns: &Orders, head: &Row<'_>, rows: &[Row<'_>]) -> Read<()> {
        let Some(paid_at) = reading.time(head, columns.paid_at)? else { return Ok(()) };
        let id = reading.order_id(head, columns.id)?;
        let phone = reading.identifier(head, columns.phone, IdentifierKind::Phone, None, None);
        let Some(phone) = phone else {
            if head.get(columns.phone).is_empty() {
                let error = Error::new(ErrorCode::IdentityMissing, "the order names no buyer");
                reading.note(head, columns.phone, &error);
            }
            reading.skip(Kind::Order, "no_customer");
            return Ok(());
        };
        let paid = reading.price(head, columns.paid)?;
        let shipping = reading.amount(head, columns.shipping)?.unwrap_or_default();
        let (mut lines, articles) = self.lines(reading, rows)?;
        if lines.is_empty() {
            let goods = Amount::new((paid.decimal() - shipping.decimal()).max(Amount::ZERO.decimal()).normalize());
            let whole = line(&head.text(columns.goods), Quantity::ONE, goods);
            lines.push(whole.map_err(|error| reading.note(head, columns.goods, &error))?);
        }
        let store = some(Reading::short(&head.text(columns.store))).map(StoreId::new).transpose();
        let draft = Draft {
            id: id.clone(),
            paid_at,
            placed_at: reading.time(head, columns.created_at)?,
            currency: self.currency,
            lines,
            shipping,
            tax: Amount::ZERO,
            tax_mode: TaxMode::Included,
            paid,
            channel: "youzan",
            store: store.map_err(|error| reading.note(head, columns.store, &error))?,
        };
        let order = draft.order().map_err(|error| reading.note(head, columns.paid, &error))?;
        let refunded = match columns.refunded {
            Some(_) => reading.amount(head, columns.refunded)?,
            None => Some(Amount::new(articles.iter().map(|part| part.amount.decimal()).sum())),
        };
        let refunded_at = reading.time(head, columns.finished_at)?.unwrap_or(paid_at).max(paid_at);
        let profile = Profile { name: some(Reading::short(&head.text(columns.name))), ..Profile::default() };
        let buyer = Buyer::KnownOrNew { identifiers: vec![phone], profile };
        reading.push(head, paid_at, Fact::Order { buyer, order });
        if let Some(amount) = not_zero(refunded) {
            reading.push(head, refunded_at, Fact::RefundedTo { order: id, source: "youzan", amount, articles });
        }
        Ok(())
    }

    /// The lines, and what went back of their articles.
    fn lines(&self, reading: &mut Reading, rows: &[Row<'_>]) -> Read<(Vec<OrderLine>, Vec<ArticleAmount>)> {
        let mut lines = Vec::new();
        let mut back = Vec::new();
        let mut of = None;
        for row in rows {
            let Some(Columns::Lines(columns)) = self.sheets.get(row.origin.sheet) else { continue };
            if *of.get_or_insert(row.origin.sheet) != row.origin.sheet {
                continue;
            }
            let quantity = reading.pieces(row, columns.quantity)?;
            let price = reading.price(row, columns.price)?;
            let code = columns.codes.iter().map(|code| row.text(*code)).find(|code| !code.is_empty());
            let sku = code.unwrap_or_else(|| row.text(columns.name));
            let mut made = line(&sku, quantity, price).map_err(|error| reading.note(row, columns.name, &error))?;
            made.category = some(Reading::short(&row.text(columns.category)))
                .map(Category::new)
                .transpose()
                .map_err(|error| reading.note(row, columns.category, &error))?;
            if let Some(paid) = reading.amount(row, columns.paid)? {
                let list = price.decimal().checked_mul(quantity.decimal());
                let Some(less) = list.and_then(|list| list.checked_sub(paid.decimal())) else {
                    return Err(reading.wrong(row, columns.price, "the price is beyond the largest amount"));
                };
                made.discount = not_zero(Some(Amount::new(less.normalize()))).filter(|less| Amount::ZERO < *less);
            }
            if let Some(amount) = not_zero(reading.amount(row, columns.refunded)?) {
                back.push(ArticleAmount { sku: made.sku.clone(), amount });
            }
            lines.push(made);
        }
        Ok((lines, back))
    }

    fn closed(&self, reading: &mut Reading, columns: &Orders, head: &Row<'_>) -> Read<()> {
        let order = reading.order_id(head, columns.id)?;
        let paid_at = reading.time(head, columns.paid_at)?;
        match paid_at.or(reading.time(head, columns.created_at)?) {
            Some(at) => reading.push(head, at, Fact::Closed { order, paid: paid_at.is_some() }),
            None => reading.skip(Kind::Closing, "closed"),
        }
        Ok(())
    }
}
