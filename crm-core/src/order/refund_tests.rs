use super::book_tests::{GOODS, amount, example_6, line, order, points};
use super::*;
use crate::error::{ErrorCode, Result};
use crate::value::{Currency, OrderId, Quantity, RefundId, Sku, Timestamp, fingerprint};

fn refund(id: &str, what: RefundWhat) -> Refund {
    let refunded_at = Timestamp::parse("2026-03-10T08:00:00Z").unwrap();
    Refund { id: RefundId::new(id).unwrap(), order: None, refunded_at, what, reason: None }
}

fn take(record: &mut OrderRecord, id: &str, what: RefundWhat) -> Result<RefundEffect> {
    let refund = refund(id, what);
    let row = fingerprint(&refund);
    record.refund(&refund, refund.refunded_at, row)
}

fn some_amount(text: &str) -> RefundWhat {
    RefundWhat::amount(amount(text))
}

fn one_line(line_no: u32, pieces: Option<i64>, money: Option<&str>) -> RefundWhat {
    let quantity = pieces.map(|n| Quantity::from_thousandths(n * 1000));
    RefundWhat::Lines { lines: vec![RefundLine { line_no, quantity, amount: money.map(amount) }] }
}

fn left(record: &OrderRecord) -> Vec<i64> {
    record.basis_left(GOODS, TenderOrder::Proportional, LinesSeen::Some).iter().map(|line| line.net_minor).collect()
}

fn check_refused(record: &mut OrderRecord, what: RefundWhat, code: ErrorCode, field: &str, left: Option<&str>) {
    let before = record.clone();
    let error = take(record, "bad", what).unwrap_err();
    assert_eq!((error.code(), error.details()["field"].as_str()), (code, Some(field)), "{error}");
    assert_eq!(error.details().get("left").and_then(|l| l.as_str()), left, "{error}");
    assert_eq!(*record, before, "a refused refund leaves no trace");
}

#[test]
fn lines_come_back_one_at_a_time_as_in_example_2() {
    let mut record = order(vec![line("a", 1, "19.99"), line("b", 1, "19.99"), line("c", 1, "19.99")]).book().unwrap();
    let effect = take(&mut record, "r1", one_line(2, Some(1), None)).unwrap();
    assert_eq!((effect.amount_minor, effect.full_after), (1999, false));
    assert_eq!(effect.lines, [LineBack { line_no: 2, amount_minor: 1999, thousandths: 1000 }]);
    assert_eq!((left(&record), record.status()), (vec![1999, 0, 1999], OrderStatus::PartlyRefunded));
    take(&mut record, "r2", one_line(1, Some(1), None)).unwrap();
    let effect = take(&mut record, "r3", one_line(3, Some(1), None)).unwrap();
    assert!(effect.full_after);
    assert_eq!((left(&record), record.status()), (vec![0, 0, 0], OrderStatus::FullyRefunded));
    assert_eq!((record.refunds().len(), record.left_minor()), (3, 0));
    let nothing = take(&mut record, "r4", RefundWhat::Full).unwrap_err();
    assert_eq!((nothing.code(), &nothing.details()["left"]), (ErrorCode::RefundExceeds, &"0.00".into()));
}

#[test]
fn units_returned_one_by_one_sum_to_what_was_paid() {
    let mut three = line("a", 3, "3.34");
    three.discount = Some(amount("0.02"));
    let mut record = order(vec![three]).book().unwrap();
    let back: Vec<i64> =
        (1..=3).map(|n| take(&mut record, &n.to_string(), one_line(1, Some(1), None)).unwrap().amount_minor).collect();
    assert_eq!(back, [333, 334, 333], "333⅓, 666⅔ and 1,000, rounded half up");
}

#[test]
fn an_amount_is_spread_by_what_is_left() {
    let mut record = example_6().book().unwrap();
    let effect = take(&mut record, "r1", some_amount("10.00")).unwrap();
    // 1,000 over 1,167, 278 and 701 of 2,146: 543.8, 129.5 and 326.7.
    let back: Vec<i64> = effect.lines.iter().map(|line| line.amount_minor).collect();
    assert_eq!((back, effect.shipping_minor), (vec![544, 129, 327], 0));
    assert_eq!(left(&record), [623, 149, 374]);
    let effect = take(&mut record, "r2", one_line(1, Some(1), None)).unwrap();
    assert_eq!(effect.amount_minor, 1146, "11.67 would be due, 11.46 are left of the order");
    assert_eq!((left(&record), effect.full_after), (vec![0, 0, 0], true));
}

#[test]
fn shipping_comes_last() {
    let mut shipped = order(vec![line("a", 1, "20.00")]);
    shipped.shipping = Some(amount("10.00"));
    let mut record = shipped.book().unwrap();
    let goods = take(&mut record, "r1", one_line(1, Some(1), None)).unwrap();
    assert_eq!((goods.amount_minor, goods.full_after), (2000, true), "a kept shipping keeps no order alive");
    assert_eq!(record.status(), OrderStatus::GoodsRefunded);
    let both = BasisRules { tax: Counted::In, shipping: Counted::In };
    assert!(
        record
            .basis_left(both, TenderOrder::Proportional, LinesSeen::Some)
            .iter()
            .all(|line| *line == LineAmount::default())
    );
    let rest = take(&mut record, "r2", RefundWhat::Full).unwrap();
    assert_eq!((rest.amount_minor, rest.shipping_minor, rest.lines.len()), (1000, 1000, 0));
    let mut record = shipped.book().unwrap();
    let most = take(&mut record, "r1", some_amount("24.00")).unwrap();
    assert_eq!((most.lines[0].amount_minor, most.shipping_minor), (2000, 400));
    assert_eq!(record.refunded_shipping_minor(), 400);
}

#[test]
fn the_same_refund_again_changes_nothing() {
    let mut record = example_6().book().unwrap();
    let first = take(&mut record, "r1", some_amount("10.00")).unwrap();
    let before = record.clone();
    let again = take(&mut record, "r1", some_amount("10.00")).unwrap();
    assert_eq!((again.amount_minor, again.duplicate, first.duplicate), (1000, true, false));
    assert_eq!(record, before);
    let other = take(&mut record, "r1", some_amount("10.01")).unwrap_err();
    assert_eq!(other.code(), ErrorCode::RefundConflict);
    record.cancel(record.paid_at()).unwrap();
    assert!(take(&mut record, "r1", some_amount("10.00")).unwrap().duplicate, "also after a cancellation");
    assert_eq!(take(&mut record, "r2", RefundWhat::Full).unwrap_err().code(), ErrorCode::OrderCancelled);
}

#[test]
fn bad_refunds_are_refused_by_field() {
    let mut record = order(vec![line("a", 2, "10.00"), line("b", 1, "5.00")]).book().unwrap();
    take(&mut record, "r1", one_line(1, Some(1), None)).unwrap();
    let mut check = |what: RefundWhat, code: ErrorCode, field: &str, left: Option<&str>| {
        check_refused(&mut record, what, code, field, left);
    };
    check(some_amount("15.01"), ErrorCode::RefundExceeds, "what.amount", Some("15.00"));
    check(some_amount("-1"), ErrorCode::MoneyNegative, "what.amount", None);
    check(some_amount("0"), ErrorCode::RefundField, "what.amount", None);
    check(some_amount("1.001"), ErrorCode::MoneyPrecision, "what.amount", None);
    check(one_line(3, Some(1), None), ErrorCode::RefundLine, "what.lines[0].line_no", None);
    check(one_line(1, Some(1), Some("10.01")), ErrorCode::RefundExceeds, "what.lines[0].amount", Some("10.00"));
    check(one_line(1, Some(0), None), ErrorCode::OrderQuantity, "what.lines[0].quantity", None);
    check(one_line(1, Some(-1), None), ErrorCode::OrderQuantity, "what.lines[0].quantity", None);
    check(one_line(1, None, None), ErrorCode::RefundField, "what.lines[0].amount", None);
    check(one_line(1, None, Some("-0.01")), ErrorCode::MoneyNegative, "what.lines[0].amount", None);
    check(RefundWhat::Lines { lines: Vec::new() }, ErrorCode::RefundField, "what.lines", None);
    let twice = |line_no| RefundLine { line_no, quantity: Some(Quantity::ONE), amount: None };
    let lines = vec![twice(2), twice(2)];
    let error = take(&mut record, "bad", RefundWhat::Lines { lines }).unwrap_err();
    assert_eq!((error.code(), &error.details()["left"]), (ErrorCode::RefundExceeds, &serde_json::json!(0)));
    let mut other = refund("r9", RefundWhat::Full);
    other.order = Some(OrderId::new("other").unwrap());
    let row = fingerprint(&other);
    assert_eq!(record.refund(&other, other.refunded_at, row).unwrap_err().code(), ErrorCode::RefundField);
}

#[test]
fn cancelled_and_reverted_orders_count_for_nothing() {
    let mut mixed = example_6();
    mixed.tenders = vec![Tender::Money { amount: amount("20.00") }, points("1.46", "p1")];
    let mut record = mixed.book().unwrap();
    take(&mut record, "r1", one_line(3, Some(1), None)).unwrap();
    let mut reverted = record.clone();
    let effect = record.cancel(record.paid_at()).unwrap();
    assert_eq!((effect.amount_minor, effect.full_after), (2146 - 701, true));
    assert_eq!(record.status(), OrderStatus::Cancelled);
    assert_eq!((left(&record), record.left_minor()), (vec![0, 0, 0], 0));
    assert_eq!(record.cancel(record.paid_at()).unwrap_err().code(), ErrorCode::OrderCancelled);
    assert!(reverted.revert());
    assert!(!reverted.revert());
    assert_eq!((reverted.status(), left(&reverted)), (OrderStatus::Reverted, vec![0, 0, 0]));
    assert_eq!(OrderRecord::from_bytes(&reverted.to_bytes().unwrap()).unwrap(), reverted);
    assert_eq!(OrderRecord::from_bytes(&record.to_bytes().unwrap()).unwrap(), record);
}

#[test]
fn free_orders_are_refunded_by_units() {
    let mut record = order(vec![line("gift", 2, "0")]).book().unwrap();
    assert_eq!(record.status(), OrderStatus::Valid);
    assert!(!take(&mut record, "r1", one_line(1, Some(1), None)).unwrap().full_after);
    assert_eq!(
        record.basis_left(GOODS, TenderOrder::Proportional, LinesSeen::Some),
        [LineAmount { net_minor: 0, thousandths: 1000 }]
    );
    assert!(take(&mut record, "r2", RefundWhat::Full).unwrap().full_after);
    assert!(take(&mut record, "r3", RefundWhat::Full).is_err());
}

#[test]
fn tenders_go_back_by_policy() {
    let mut mixed = order(vec![line("a", 1, "100.00")]);
    let stored = Tender::StoredValue { amount: amount("20.00"), redemption: None };
    let money = Tender::Money { amount: amount("40.00") };
    mixed.tenders = vec![money, stored, points("30.00", "p1"), points("10.00", "p2")];
    let split = |steps: &[&str], order: TenderOrder| -> Vec<(i64, Vec<i64>)> {
        let mut record = mixed.book().unwrap();
        let row = |(n, step): (usize, &&str)| {
            let effect = take(&mut record, &n.to_string(), some_amount(step)).unwrap();
            let (money, parts) = record.split_refund(effect.amount_minor, order);
            (money, parts.into_iter().map(|(_, minor)| minor).collect())
        };
        steps.iter().enumerate().map(row).collect()
    };
    let halves = ["50.00", "50.00"];
    assert_eq!(split(&halves, TenderOrder::Proportional), [(3000, vec![1500, 500]), (3000, vec![1500, 500])]);
    assert_eq!(split(&halves, TenderOrder::CashFirst), [(5000, vec![]), (1000, vec![3000, 1000])]);
    assert_eq!(split(&halves, TenderOrder::PointsFirst), [(1000, vec![3000, 1000]), (5000, vec![])]);
    let all = (6000, vec![3000, 1000]);
    for order in [TenderOrder::Proportional, TenderOrder::CashFirst, TenderOrder::PointsFirst] {
        assert_eq!(split(&["100.00"], order).first(), Some(&all));
    }
    let mut plain = example_6().book().unwrap();
    take(&mut plain, "r", some_amount("3.00")).unwrap();
    assert_eq!(plain.split_refund(300, TenderOrder::PointsFirst), (300, vec![]));
}

#[test]
fn gift_cards_go_back_between_money_and_points() {
    let mut mixed = order(vec![line("a", 1, "100.00")]);
    let card = |text: &str, id: &str| Tender::StoredValue {
        amount: amount(text),
        redemption: Some(crate::value::RedemptionId::new(id).unwrap()),
    };
    let money = Tender::Money { amount: amount("40.00") };
    mixed.tenders = vec![money, card("20.00", "g1"), points("30.00", "p1"), card("10.00", "g2")];
    let split = |step: &str, order: TenderOrder| -> (i64, Vec<i64>, Vec<i64>) {
        let mut record = mixed.book().unwrap();
        let effect = take(&mut record, "r", some_amount(step)).unwrap();
        let (money, _) = record.split_refund(effect.amount_minor, order);
        let minor = |back: Vec<TenderBack>| back.into_iter().map(|one| one.refunded_minor).collect();
        (money, minor(record.cards_back(order)), minor(record.points_back(order)))
    };
    assert_eq!(split("50.00", TenderOrder::Proportional), (2000, vec![1000, 500], vec![1500]));
    assert_eq!(split("50.00", TenderOrder::CashFirst), (4000, vec![667, 333], vec![0]));
    assert_eq!(split("50.00", TenderOrder::PointsFirst), (0, vec![1333, 667], vec![3000]));
    for order in [TenderOrder::Proportional, TenderOrder::CashFirst, TenderOrder::PointsFirst] {
        assert_eq!(split("100.00", order), (4000, vec![2000, 1000], vec![3000]));
    }
    let mut record = mixed.book().unwrap();
    take(&mut record, "r", some_amount("1.00")).unwrap();
    assert_eq!(OrderRecord::from_bytes(&record.to_bytes().unwrap()).unwrap(), record);
}

/// Orders that were stored when stored value named no redemption.
#[test]
fn tenders_of_before_are_read() {
    let mut bytes = Vec::new();
    minicbor::Encoder::new(&mut bytes).array(2).unwrap().u8(2).unwrap().i64(500).unwrap();
    assert_eq!(
        minicbor::decode::<BookedTender>(&bytes).unwrap(),
        BookedTender::StoredValue { minor: 500, redemption: None }
    );
}

#[test]
fn articles_are_found_in_the_newest_order_first() {
    let sku = |text: &str| Sku::new(text).unwrap();
    let article = |text: &str, pieces: i64, price: &str| RefundArticle {
        sku: sku(text),
        quantity: Quantity::from_thousandths(pieces * 1000),
        unit_price: amount(price),
    };
    let booked = |id: &str, paid: &str, pieces: i64| {
        let mut one = order(vec![line("x", 1, "9.00"), line("a", pieces, "5.00")]);
        one.id = OrderId::new(id).unwrap();
        one.paid_at = Timestamp::parse(paid).unwrap();
        one.book().unwrap()
    };
    let mut orders = vec![
        booked("o1", "2026-03-01T00:00:00Z", 3),
        booked("o3", "2026-03-03T00:00:00Z", 2),
        booked("o2", "2026-03-02T00:00:00Z", 1),
        booked("late", "2026-03-09T00:00:00Z", 9),
    ];
    let until = Timestamp::parse("2026-03-05T00:00:00Z").unwrap();
    orders[2].cancel(until).unwrap();
    let cny = Currency::new("CNY").unwrap();
    let articles = [article("a", 4, "6.00"), article("a", 2, "1.00"), article("y", 1, "1.00")];
    let found = match_articles(&orders, &articles, cny, until).unwrap();
    let back = |line_no: u32, pieces: i64, text: &str| RefundLine {
        line_no,
        quantity: Some(Quantity::from_thousandths(pieces * 1000)),
        amount: Some(amount(text)),
    };
    let id = |text: &str| OrderId::new(text).unwrap();
    let expect = vec![(id("o3"), vec![back(2, 2, "10.00")]), (id("o1"), vec![back(2, 2, "12.00"), back(2, 1, "1.00")])];
    assert_eq!(found.plan, expect, "6.00 a piece, at most what was paid for the line");
    assert_eq!(found.unmatched, [article("a", 1, "1.00"), article("y", 1, "1.00")]);
    for (order, lines) in found.plan {
        let record = orders.iter_mut().find(|record| *record.id() == order).unwrap();
        take(record, "r1", RefundWhat::Lines { lines }).unwrap();
    }
    let eur = Currency::new("EUR").unwrap();
    assert!(match_articles(&orders, &articles, eur, until).unwrap().plan.is_empty());
    assert!(match_articles(&orders, &[article("a", 0, "1")], cny, until).is_err());
    let within = RefundWhat::Articles { currency: cny, lines: vec![article("a", 1, "2.00")] };
    assert_eq!(take(&mut orders[3], "r2", within).unwrap().amount_minor, 200);
    let unknown = RefundWhat::Articles { currency: cny, lines: vec![article("y", 1, "2.00")] };
    assert_eq!(take(&mut orders[3], "r3", unknown).unwrap_err().code(), ErrorCode::RefundLine);
    let many = RefundWhat::Articles { currency: cny, lines: vec![article("a", 9, "2.00")] };
    assert_eq!(take(&mut orders[3], "r3", many).unwrap_err().code(), ErrorCode::RefundExceeds);
}
