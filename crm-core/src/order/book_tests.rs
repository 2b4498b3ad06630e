use super::*;
use crate::error::{Error, ErrorCode};
use crate::value::{
    Amount, Attribute, AttributeName, Currency, EventId, EventName, OrderId, Quantity, RedemptionId, Sku, Tag,
    Timestamp,
};
use proptest::prelude::*;

pub(super) fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

pub(super) fn line(sku: &str, quantity: i64, price: &str) -> OrderLine {
    OrderLine {
        line_no: None,
        sku: Sku::new(sku).unwrap(),
        category: None,
        brand: None,
        tags: std::collections::BTreeSet::new(),
        quantity: Quantity::from_thousandths(quantity * 1000),
        unit_price: amount(price),
        discount: None,
        tax: None,
    }
}

pub(super) fn order(lines: Vec<OrderLine>) -> Order {
    Order {
        id: OrderId::new("536365").unwrap(),
        paid_at: Timestamp::parse("2026-03-01T08:00:00Z").unwrap(),
        placed_at: None,
        currency: Currency::new("CNY").unwrap(),
        lines,
        discount: None,
        shipping: None,
        tax_mode: TaxMode::Included,
        tenders: Vec::new(),
        channel: None,
        store: None,
        tags: Default::default(),
    }
}

pub(super) fn points(text: &str, redemption: &str) -> Tender {
    Tender::Points { amount: amount(text), redemption: RedemptionId::new(redemption).unwrap() }
}

pub(super) fn example_6() -> Order {
    let mut order = order(vec![line("a", 1, "12.49"), line("b", 3, "0.99"), line("c", 1, "7.50")]);
    order.discount = Some(amount("1.50"));
    order
}

/// Tax counts, shipping does not: the default of programs.
pub(super) const GOODS: BasisRules = BasisRules { tax: Counted::In, shipping: Counted::Out };

fn refused(order: &Order) -> (ErrorCode, String) {
    let error: Error = order.book().unwrap_err();
    assert!(error.message().len() < 300);
    (error.code(), error.details()["field"].as_str().unwrap().to_owned())
}

fn nets(record: &OrderRecord, rules: BasisRules) -> Vec<i64> {
    record.basis(rules).iter().map(|line| line.net_minor).collect()
}

#[test]
fn order_discount_is_spread_as_in_example_6() {
    let record = example_6().book().unwrap();
    let shares: Vec<i64> = record.lines().iter().map(|line| line.order_discount_minor).collect();
    assert_eq!(shares, [82, 19, 49]);
    assert_eq!(nets(&record, GOODS), [1167, 278, 701], "eligible without line 3: 14.45");
    assert_eq!((record.goods_net_minor(), record.total_minor(), record.paid_minor()), (2146, 2146, 2146));
    assert_eq!(record.status(), OrderStatus::Valid);
}

#[test]
fn prices_times_quantities_round_half_up() {
    let weighed = |thousandths: i64, price: &str| {
        let mut one = line("a", 1, price);
        one.quantity = Quantity::from_thousandths(thousandths);
        order(vec![one]).book().unwrap().total_minor()
    };
    assert_eq!(weighed(255, "10.00"), 255);
    assert_eq!(weighed(500, "0.01"), 1, "half a cent goes up");
    assert_eq!(weighed(499, "0.01"), 0);
    assert_eq!(weighed(1, "9.99"), 1);
    let mut yen = order(vec![line("a", 3, "333")]);
    yen.currency = Currency::new("JPY").unwrap();
    assert_eq!(yen.book().unwrap().total_minor(), 999);
    yen.lines[0].unit_price = amount("333.5");
    assert_eq!(refused(&yen), (ErrorCode::MoneyPrecision, "lines[0].unit_price".into()));
}

#[test]
fn tax_counts_or_not_in_both_modes() {
    let mut taxed = order(vec![line("a", 1, "11.90"), line("b", 1, "10.70")]);
    taxed.lines[0].tax = Some(amount("1.90"));
    taxed.lines[1].tax = Some(amount("0.70"));
    taxed.shipping = Some(amount("5.00"));
    let (tax, shipping) = (Counted::Out, Counted::In);
    let record = taxed.book().unwrap();
    assert_eq!(record.total_minor(), 2760);
    assert_eq!(nets(&record, BasisRules { tax, shipping }), [1000, 1000, 500]);
    assert_eq!(nets(&record, BasisRules { tax: Counted::In, shipping: Counted::Out }), [1190, 1070]);
    taxed.tax_mode = TaxMode::Added;
    let record = taxed.book().unwrap();
    assert_eq!((record.lines()[0].net_minor, record.total_minor()), (1380, 3020));
    assert_eq!(nets(&record, BasisRules { tax, shipping }), [1190, 1070, 500]);
    taxed.tax_mode = TaxMode::Included;
    taxed.discount = Some(amount("22.60"));
    let record = taxed.book().unwrap();
    assert_eq!(nets(&record, BasisRules { tax, shipping }), [0, 0, 500], "tax never makes the basis negative");
}

#[test]
fn the_part_paid_with_points_never_counts() {
    let mut mixed = order(vec![line("a", 2, "30.00"), line("b", 1, "30.00")]);
    mixed.shipping = Some(amount("10.00"));
    mixed.tenders = vec![Tender::Money { amount: amount("60.00") }, points("30.00", "r1"), points("10.00", "r2")];
    let record = mixed.book().unwrap();
    let shares: Vec<i64> = record.lines().iter().map(|line| line.points_minor).collect();
    assert_eq!(shares, [2400, 1200], "4,000 over 6,000, 3,000 and 1,000 of shipping");
    assert_eq!((record.points_minor(), record.paid_minor()), (4000, 6000));
    let rules = BasisRules { tax: Counted::In, shipping: Counted::In };
    let units = |thousandths, net_minor| LineAmount { net_minor, thousandths };
    assert_eq!(record.basis(rules), [units(1200, 3600), units(600, 1800), units(0, 600)]);
}

#[test]
fn bad_orders_are_refused_by_field() {
    let good = || order(vec![line("a", 1, "1.00"), line("b", 2, "2.00")]);
    let with = |change: &dyn Fn(&mut Order)| {
        let mut order = good();
        change(&mut order);
        refused(&order)
    };
    let is = |code: ErrorCode, field: &str| (code, field.to_owned());
    assert!(good().book().is_ok());
    assert_eq!(with(&|o| o.lines.clear()), is(ErrorCode::OrderLines, "lines"));
    assert_eq!(with(&|o| o.lines = vec![line("a", 1, "1"); 10_001]), is(ErrorCode::OrderLines, "lines"));
    assert!(order(vec![line("a", 1, "1"); 10_000]).book().is_ok(), "at the bound");
    assert_eq!(with(&|o| o.lines[0].line_no = Some(2)), is(ErrorCode::OrderLines, "lines[1].line_no"));
    assert_eq!(with(&|o| o.lines[0].line_no = Some(0)), is(ErrorCode::OrderLines, "lines[0].line_no"));
    let negative = is(ErrorCode::MoneyNegative, "lines[1].unit_price");
    assert_eq!(with(&|o| o.lines[1].unit_price = amount("-0.01")), negative);
    for quantity in [0, -1000, 1_000_000_000_001, i64::MAX, i64::MIN] {
        let refusal = with(&|o| o.lines[1].quantity = Quantity::from_thousandths(quantity));
        assert_eq!(refusal, is(ErrorCode::OrderQuantity, "lines[1].quantity"), "{quantity}");
    }
    assert_eq!(with(&|o| o.lines[0].discount = Some(amount("1.01"))), is(ErrorCode::OrderTotal, "lines[0].discount"));
    assert_eq!(with(&|o| o.lines[0].tax = Some(amount("1.01"))), is(ErrorCode::OrderTotal, "lines[0].tax"));
    assert_eq!(with(&|o| o.lines[0].tax = Some(amount("-1"))), is(ErrorCode::MoneyNegative, "lines[0].tax"));
    assert_eq!(with(&|o| o.discount = Some(amount("5.01"))), is(ErrorCode::OrderTotal, "discount"));
    assert_eq!(with(&|o| o.discount = Some(amount("-5"))), is(ErrorCode::MoneyNegative, "discount"));
    assert_eq!(with(&|o| o.shipping = Some(amount("0.001"))), is(ErrorCode::MoneyPrecision, "shipping"));
    assert_eq!(with(&|o| o.tenders = vec![points("4.99", "r")]), is(ErrorCode::OrderTotal, "tenders"));
    assert_eq!(with(&|o| o.tenders = vec![points("-1", "r")]), is(ErrorCode::MoneyNegative, "tenders[0].amount"));
    assert_eq!(with(&|o| o.tenders = vec![points("1", "r"); 33]), is(ErrorCode::ValueTooMany, "tenders"));
    let tags = |o: &mut Order| o.tags = (0..257).map(|n| Tag::new(n.to_string()).unwrap()).collect();
    assert_eq!(with(&tags), is(ErrorCode::ValueTooMany, "tags"));
}

#[test]
fn huge_amounts_are_refused_not_wrapped() {
    let price = |text: &str, quantity: i64| refused(&order(vec![line("a", quantity, text)]));
    let range = |field: &str| (ErrorCode::MoneyRange, field.to_owned());
    assert_eq!(price("9999999999999999999999999999", 1), range("lines[0].unit_price"));
    assert_eq!(price("90071992547409.92", 1), range("lines[0].unit_price"));
    assert_eq!(price("90071992547409.91", 1_000_000_000), range("lines[0].unit_price"));
    assert_eq!(Amount::parse(&"9".repeat(29)).unwrap_err().code(), ErrorCode::MoneyRange);
    let most = order(vec![line("a", 1, "90071992547409.91")]);
    assert_eq!(most.book().unwrap().total_minor(), crate::limits::MINOR_ABS_MAX);
    let mut more = most.clone();
    more.lines.push(line("b", 1, "0.01"));
    assert_eq!(refused(&more), range("lines"));
    let mut shipped = most;
    shipped.shipping = Some(amount("0.01"));
    assert_eq!(refused(&shipped), range("lines"));
    let many = order(vec![line("a", 1, "90071992547409.91"); 10_000]);
    assert_eq!(refused(&many), range("lines"));
}

#[test]
fn events_are_bounded() {
    let mut event = Event {
        id: EventId::new("e").unwrap(),
        name: EventName::new("review").unwrap(),
        happened_at: Timestamp::from_millis(0).unwrap(),
        attributes: Default::default(),
    };
    event.check().unwrap();
    let text = Attribute::Text { value: "x".repeat(10_000_000) };
    event.attributes.insert(AttributeName::new("text").unwrap(), text);
    let error = event.check().unwrap_err();
    assert_eq!((error.code(), &error.details()["field"]), (ErrorCode::ValueTooLong, &"attributes.text".into()));
}

#[test]
fn a_plain_order_of_twenty_lines_takes_220_bytes() {
    let lines = (0..20).map(|n| line(&format!("85{n:03}A"), 6, "2.55")).collect();
    let bytes = order(lines).book().unwrap().to_bytes().unwrap();
    assert!(bytes.len() <= 220, "{} bytes", bytes.len());
    let one = order(vec![line("85123A", 6, "2.55")]).book().unwrap().to_bytes().unwrap();
    assert!(bytes.len() - one.len() <= 19 * 8 + 1, "{} bytes for 19 lines", bytes.len() - one.len());
}

/// A row as the first release wrote it. When this fails, old databases cannot be read: add a version instead.
#[test]
fn rows_of_version_1_read_the_same() {
    let record = example_6().book().unwrap();
    let hex: String = record.to_bytes().unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    let head = "820189663533363336351b0000019ca869500063434e5950a91109a9ddaf707038723bb6b217cc20";
    let lines = "52000161e10901000162a90203000163ee0501";
    assert_eq!(hex, format!("{head}{lines}f6f6001896"), "no channel, no store, no shipping, 1.50 off");
    assert_eq!(OrderRecord::from_bytes(&record.to_bytes().unwrap()).unwrap(), record);
    let mut newer = record.to_bytes().unwrap();
    newer[1] = 2;
    assert_eq!(OrderRecord::from_bytes(&newer).unwrap_err().code(), ErrorCode::StoreNewer);
    assert_eq!(OrderRecord::from_bytes(&newer[..20]).unwrap_err().code(), ErrorCode::StoreNewer);
    assert_eq!(OrderRecord::from_bytes(b"").unwrap_err().code(), ErrorCode::StoreCorrupt);
}

/// A row with amounts that no order can have is refused before anything is added up.
#[test]
fn rows_beyond_the_limits_are_corrupt() {
    let row = example_6().book().unwrap().to_bytes().unwrap();
    let with_price = |price: i64| {
        let mut record = OrderRecord::from_bytes(&row).unwrap();
        record.facts.lines[0].list_minor = price;
        let read = record.to_bytes().map(|row| OrderRecord::from_bytes(&row));
        read.map_or_else(|error| Err(error.code()), |read| read.map(drop).map_err(|error| error.code()))
    };
    assert_eq!(with_price(1248), Ok(()));
    for price in [i64::MAX, crate::limits::MINOR_ABS_MAX] {
        assert_eq!(with_price(price), Err(ErrorCode::StoreCorrupt), "{price}");
    }
    for price in [i64::MIN, -1] {
        assert_eq!(with_price(price), Err(ErrorCode::Internal), "{price} is not even written");
    }
}

proptest! {
    /// No damage of a stored row makes reading it panic, and what is read holds its sums.
    /// To break it: let `decode_derived` skip `refunds_hold` or `sums_hold`.
    #[test]
    fn damaged_rows_never_panic(flips in prop::collection::vec((0usize..120, any::<u8>()), 1..4)) {
        let mut mixed = example_6();
        mixed.tenders = vec![Tender::Money { amount: amount("20.00") }, points("1.46", "r1")];
        let mut bytes = mixed.book().unwrap().to_bytes().unwrap();
        for (place, byte) in flips {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        if let Ok(record) = OrderRecord::from_bytes(&bytes) {
            prop_assert!(record.basis_left(GOODS, TenderOrder::Proportional, LinesSeen::Some).iter().all(|line| 0 <= line.net_minor));
            prop_assert!(0 <= record.left_minor());
        }
    }
}
