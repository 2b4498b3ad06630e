//! Order sheet of Taobao and Tmall, joined with its item and refund sheets by the order id.

use super::fact::{Draft, Fact, Kind, Read, Reading, Row, line};
use super::group::Layout;
use super::plain::{not_zero, some};
use super::sheet::{Sheet, lacking};
use super::text;
use crate::customer::{Buyer, Identifier, IdentifierKind, Profile};
use crate::error::{Error, ErrorCode, Result};
use crate::order::{ArticleAmount, OrderLine, Refund, RefundWhat, TaxMode};
use crate::value::{Amount, Currency, OrderId, Quantity, RefundId, Sku, StoreId, Timestamp};

/// Parts of status texts that say the order was paid, and that it was not.
const PAID: [&str; 6] = ["交易成功", "已发货", "部分发货", "买家已付款", "等待卖家发货", "等待买家确认"];
const UNPAID: [&str; 3] = ["等待买家付款", "未付款", "未创建支付宝交易"];

const ID: [&str; 2] = ["订单编号", "主订单编号"];
const NICK: [&str; 2] = ["买家会员名", "买家会员名称"];
const PAYMENT: [&str; 3] = ["买家实际支付金额", "买家实付金额", "总金额"];
const TITLE: [&str; 2] = ["标题", "宝贝标题"];

enum Columns {
    Orders(Orders),
    Items(Items),
    Refunds(Refunds),
}

struct Orders {
    id: Option<usize>,
    nick: Option<usize>,
    phones: Vec<Option<usize>>,
    name: Option<usize>,
    status: Option<usize>,
    times: Vec<usize>,
    created_at: Option<usize>,
    paid_at: Option<usize>,
    paid: Option<usize>,
    shipping: Option<usize>,
    title: Option<usize>,
    store: Option<usize>,
}

struct Items {
    id: Option<usize>,
    title: Option<usize>,
    price: Option<usize>,
    quantity: Option<usize>,
    /// The shop's own code of the article, in the columns where shops keep it.
    codes: Vec<Option<usize>>,
}

struct Refunds {
    id: Option<usize>,
    refund_id: Option<usize>,
    amount: Option<usize>,
    /// What names the article, the shop's own code first.
    articles: [Option<usize>; 2],
    times: Vec<usize>,
    finished_at: Option<usize>,
    status: Option<usize>,
}

/// What became of an order.
enum Taken {
    Yes,
    NoCustomer,
}

pub(super) struct Taobao {
    sheets: Vec<Columns>,
    currency: Currency,
}

impl Taobao {
    pub(super) fn open(sheets: &[Sheet]) -> Result<Self> {
        let columns = sheets.iter().map(columns).collect::<Result<Vec<_>>>()?;
        if let (true, Some(first)) = (columns.iter().all(|c| matches!(c, Columns::Items(_))), sheets.first()) {
            return Err(text::file(&first.name, "has the items of orders; give the order sheet with it"));
        }
        Ok(Self { sheets: columns, currency: Currency::new("CNY")? })
    }

    fn orders(&self, row: &Row<'_>) -> Option<&Orders> {
        match self.sheets.get(row.origin.sheet) {
            Some(Columns::Orders(columns)) => Some(columns),
            _ => None,
        }
    }

    fn items(&self, row: &Row<'_>) -> Option<&Items> {
        match self.sheets.get(row.origin.sheet) {
            Some(Columns::Items(columns)) => Some(columns),
            _ => None,
        }
    }

    fn refunds(&self, row: &Row<'_>) -> Option<&Refunds> {
        match self.sheets.get(row.origin.sheet) {
            Some(Columns::Refunds(columns)) => Some(columns),
            _ => None,
        }
    }
}

fn columns(sheet: &Sheet) -> Result<Columns> {
    let at = |names: &[&str]| sheet.column(names);
    let id = at(&ID);
    if id.is_some() && sheet.has(&["买家退款金额"]) {
        return Ok(Columns::Refunds(Refunds {
            id,
            refund_id: at(&["退款编号"]),
            amount: at(&["买家退款金额"]),
            articles: [at(&["商家编码"]), at(&TITLE)],
            times: ["退款完结时间", "退款的申请时间"].iter().filter_map(|name| at(&[name])).collect(),
            finished_at: at(&["退款完结时间"]),
            status: at(&["退款状态"]),
        }));
    }
    if id.is_some() && sheet.has(&["购买数量"]) && at(&TITLE).is_some() {
        return Ok(Columns::Items(Items {
            id,
            title: at(&TITLE),
            price: at(&["价格", "商品价格"]),
            quantity: at(&["购买数量"]),
            codes: vec![at(&["商家编码"]), at(&["外部系统编号"])],
        }));
    }
    let needed: [&[&str]; 4] = [&ID, &NICK, &["订单状态"], &PAYMENT];
    let missing: Vec<String> = needed
        .iter()
        .filter(|names| at(names).is_none())
        .filter_map(|names| names.first().map(|name| (*name).to_owned()))
        .collect();
    if !missing.is_empty() {
        return Err(lacking(sheet, "taobao", &missing));
    }
    let paid_at = ["订单付款时间", "买家付款时间"];
    let created_at = ["订单创建时间", "买家下单时间"];
    Ok(Columns::Orders(Orders {
        id,
        nick: at(&NICK),
        phones: vec![at(&["买家手机号"]), at(&["联系手机"])],
        name: at(&["买家姓名", "收货人姓名"]),
        status: at(&["订单状态"]),
        times: [at(&paid_at), at(&created_at)].into_iter().flatten().collect(),
        created_at: at(&created_at),
        paid_at: at(&paid_at),
        paid: at(&PAYMENT),
        shipping: at(&["买家应付邮费"]),
        title: at(&["宝贝标题", "标题"]),
        store: at(&["店铺名称"]),
    }))
}

impl Layout for Taobao {
    fn key(&self, sheet: usize) -> Option<usize> {
        self.sheets.get(sheet).and_then(|columns| match columns {
            Columns::Orders(columns) => columns.id,
            Columns::Items(columns) => columns.id,
            Columns::Refunds(columns) => columns.id,
        })
    }

    fn times(&self, sheet: usize) -> (u8, &[usize]) {
        match self.sheets.get(sheet) {
            Some(Columns::Orders(columns)) => (0, &columns.times),
            Some(Columns::Refunds(columns)) => (1, &columns.times),
            _ => (2, &[]),
        }
    }

    fn column(&self, sheet: usize, field: &str) -> Option<usize> {
        match (self.sheets.get(sheet)?, field) {
            (Columns::Orders(columns), "order.id") => columns.id,
            (Columns::Refunds(columns), "refund.id") => columns.refund_id,
            (Columns::Refunds(columns), "refund.what.amount") => columns.amount,
            _ => None,
        }
    }

    fn facts(&self, reading: &mut Reading, rows: &[Row<'_>]) {
        reading.currency = Some(self.currency);
        let head = rows.iter().find_map(|row| Some((row, self.orders(row)?)));
        let Some((head, columns)) = head else {
            let before = reading.report.refunds;
            self.all_refunds(reading, rows);
            if before == reading.report.refunds && reading.items.is_empty() {
                reading.skip(Kind::Order, "items_without_order");
            }
            return;
        };
        let others = rows.iter().filter(|row| self.orders(row).is_some());
        reading.repeated(head, others, &[columns.status, columns.paid, columns.paid_at]);
        let status = head.text(columns.status);
        let is = |parts: &[&str]| parts.iter().any(|part| status.contains(part));
        if is(&["交易关闭"]) {
            let taken = self.closed(reading, columns, head, rows);
            if taken.is_err() {
                reading.refuse(Kind::Closing);
            }
        } else if is(&UNPAID) {
            reading.skip(Kind::Order, "unpaid");
        } else if is(&PAID) {
            match self.order(reading, columns, head, rows) {
                Ok(Taken::Yes) => self.all_refunds(reading, rows),
                Ok(Taken::NoCustomer) => {
                    reading.skip(Kind::Order, "no_customer");
                    self.no_refunds(reading, rows, "no_customer");
                }
                Err(_) => {
                    reading.refuse(Kind::Order);
                    self.no_refunds(reading, rows, "order_refused");
                }
            }
        } else {
            reading.wrong(head, columns.status, "the status is not one that is known");
            reading.refuse(Kind::Order);
        }
    }
}

impl Taobao {
    fn order(&self, reading: &mut Reading, columns: &Orders, head: &Row<'_>, rows: &[Row<'_>]) -> Read<Taken> {
        let created_at = reading.time(head, columns.created_at)?;
        let Some(paid_at) = reading.time(head, columns.paid_at)?.or(created_at) else {
            return Err(reading.wrong(head, columns.paid_at.or(columns.created_at), "the time is missing"));
        };
        let id = reading.order_id(head, columns.id)?;
        let identifiers = customer(reading, columns, head);
        if identifiers.is_empty() {
            return Ok(Taken::NoCustomer);
        }
        let paid = reading.price(head, columns.paid)?;
        let shipping = reading.amount(head, columns.shipping)?.unwrap_or_default();
        let mut lines = self.lines(reading, rows)?;
        if lines.is_empty() {
            let goods = Amount::new((paid.decimal() - shipping.decimal()).max(Amount::ZERO.decimal()).normalize());
            let whole = line(&head.text(columns.title), Quantity::ONE, goods);
            lines.push(whole.map_err(|error| reading.note(head, columns.title, &error))?);
        }
        let store = some(Reading::short(&head.text(columns.store))).map(StoreId::new).transpose();
        let draft = Draft {
            id,
            paid_at,
            placed_at: created_at,
            currency: self.currency,
            lines,
            shipping,
            tax: Amount::ZERO,
            tax_mode: TaxMode::Included,
            paid,
            channel: "taobao",
            store: store.map_err(|error| reading.note(head, columns.store, &error))?,
        };
        let order = draft.order().map_err(|error| reading.note(head, columns.paid, &error))?;
        let profile = Profile { name: some(Reading::short(&head.text(columns.name))), ..Profile::default() };
        reading.push(head, paid_at, Fact::Order { buyer: Buyer::KnownOrNew { identifiers, profile }, order });
        Ok(Taken::Yes)
    }

    /// The items of the first item sheet that has some for this order.
    fn lines(&self, reading: &mut Reading, rows: &[Row<'_>]) -> Read<Vec<OrderLine>> {
        let mut lines = Vec::new();
        let mut of = None;
        for row in rows {
            let Some(columns) = self.items(row) else { continue };
            if *of.get_or_insert(row.origin.sheet) != row.origin.sheet {
                continue;
            }
            let quantity = reading.pieces(row, columns.quantity)?;
            let price = reading.price(row, columns.price)?;
            let code = columns.codes.iter().map(|code| row.text(*code)).find(|code| !code.is_empty());
            let sku = code.unwrap_or_else(|| row.text(columns.title));
            lines.push(line(&sku, quantity, price).map_err(|error| reading.note(row, columns.title, &error))?);
        }
        Ok(lines)
    }

    fn all_refunds(&self, reading: &mut Reading, rows: &[Row<'_>]) {
        for row in rows {
            if let Some(columns) = self.refunds(row)
                && refund(reading, columns, row).is_err()
            {
                reading.refuse(Kind::Refund);
            }
        }
    }

    /// Leaves out the refunds of an order that is left out itself.
    fn no_refunds(&self, reading: &mut Reading, rows: &[Row<'_>], reason: &str) {
        for _ in rows.iter().filter(|row| self.refunds(row).is_some()) {
            reading.skip(Kind::Refund, reason);
        }
    }

    /// A closed order: its refunds say nothing new, everything that is left of it goes back.
    fn closed(&self, reading: &mut Reading, columns: &Orders, head: &Row<'_>, rows: &[Row<'_>]) -> Read<()> {
        let order: OrderId = reading.order_id(head, columns.id)?;
        let mut at: Option<Timestamp> = None;
        for row in rows {
            if let Some(refunds) = self.refunds(row) {
                at = at.max(reading.time(row, refunds.finished_at)?);
                reading.skip(Kind::Refund, "closed");
            }
        }
        for column in [columns.paid_at, columns.created_at] {
            at = at.or(reading.time(head, column)?);
        }
        match at {
            Some(at) => {
                // A sheet without that column does not say.
                let paid = columns.paid_at.is_none() || !head.get(columns.paid_at).is_empty();
                reading.push(head, at, Fact::Closed { order, paid });
            }
            None => reading.skip(Kind::Closing, "closed"),
        }
        Ok(())
    }
}

/// The nick first: it is the buyer's, the phone may be the receiver's.
fn customer(reading: &mut Reading, columns: &Orders, head: &Row<'_>) -> Vec<Identifier> {
    let mut found: Vec<Identifier> =
        reading.identifier(head, columns.nick, IdentifierKind::TbNick, None, None).into_iter().collect();
    for column in &columns.phones {
        if !found.iter().any(|known| known.kind == IdentifierKind::Phone) {
            found.extend(reading.identifier(head, *column, IdentifierKind::Phone, None, None));
        }
    }
    if found.is_empty() && head.get(columns.nick).is_empty() {
        let error = Error::new(ErrorCode::IdentityMissing, "the order names no buyer");
        reading.note(head, columns.nick, &error);
    }
    found
}

/// A refund that is finished; one that is still open is left out.
fn refund(reading: &mut Reading, columns: &Refunds, row: &Row<'_>) -> Read<()> {
    let status = row.text(columns.status);
    let Some(at) = reading.time(row, columns.finished_at)? else {
        reading.skip(Kind::Refund, "refund_open");
        return Ok(());
    };
    if !status.is_empty() && !status.contains("成功") && !status.contains("完成") {
        reading.skip(Kind::Refund, "refund_open");
        return Ok(());
    }
    let order = reading.order_id(row, columns.id)?;
    let amount = reading.price(row, columns.amount)?;
    if not_zero(Some(amount)).is_none() {
        reading.skip(Kind::Refund, "zero");
        return Ok(());
    }
    let id = match row.text(columns.refund_id) {
        id if id.is_empty() => format!("taobao:{order}:refund"),
        id => id,
    };
    let id = RefundId::new(id).map_err(|error| reading.note(row, columns.refund_id, &error))?;
    // An amount even where all that was paid goes back: the same refund must be the same in a sheet that comes without its order.
    // The article as it stands, too: whether the order has it is known when both are there.
    let named = columns.articles.iter().map(|column| Reading::short(&row.text(*column))).find(|name| !name.is_empty());
    let articles = match named {
        Some(name) => {
            let sku = Sku::new(name)
                .map_err(|error| reading.note(row, columns.articles.into_iter().flatten().next(), &error))?;
            vec![ArticleAmount { sku, amount }]
        }
        None => Vec::new(),
    };
    let what = RefundWhat::Amount { amount, articles };
    let refund = Refund { id, order: Some(order), refunded_at: at, what, reason: None };
    reading.push(row, at, Fact::Refund { buyer: None, refund });
    Ok(())
}
