//! Laws of orders and refunds, over orders of any shape.

use super::book_tests::{line, order};
use super::*;
use crate::value::spread::{share, spread};
use crate::value::{Amount, Channel, Fingerprint, Quantity, RedemptionId, RefundId, Tag, Timestamp};
use proptest::prelude::*;

const BOTH: BasisRules = BasisRules { tax: Counted::Out, shipping: Counted::In };

/// Any order: lines of 0.00 to 50.00, weighed and counted, discounts, tax in or on top, shipping, a part paid with points.
fn any_order() -> impl Strategy<Value = Order> {
    let lines = prop::collection::vec((0i64..5_000, 1i64..5_000, any::<bool>(), 0i64..=100, 0i64..=25), 1..8);
    (lines, 0i64..=100, 0i64..2_000, any::<bool>(), 0i64..=100, 0i64..=100).prop_map(
        |(lines, off, shipping, added, points, second)| {
            let mut one = order(lines.into_iter().enumerate().map(|(n, row)| any_line(n, row)).collect());
            let currency = one.currency;
            one.tax_mode = if added { TaxMode::Added } else { TaxMode::Included };
            one.shipping = Some(currency.amount(shipping));
            let booked = one.book().unwrap();
            let goods: i64 = booked.lines().iter().map(|l| l.list_minor - l.discount_minor).sum();
            one.discount = Some(currency.amount(share(goods, off, 100)));
            let total = one.book().unwrap().total_minor();
            let with_points = share(total, points, 100);
            let first = share(with_points, second, 100);
            let part = |minor, id: &str| Tender::Points {
                amount: currency.amount(minor),
                redemption: RedemptionId::new(id).unwrap(),
            };
            let with_card = share(total - with_points, second, 300);
            one.tenders = vec![
                part(first, "p1"),
                Tender::Money { amount: currency.amount(total - with_points - with_card) },
                Tender::StoredValue {
                    amount: currency.amount(with_card),
                    redemption: Some(RedemptionId::new("g1").unwrap()),
                },
                part(with_points - first, "p2"),
            ];
            one.channel = added.then(|| Channel::new("app").unwrap());
            one.tags = (0..off / 40).map(|n| Tag::new(n.to_string()).unwrap()).collect();
            one
        },
    )
}

fn any_line(n: usize, (price, quantity, weighed, discount, tax): (i64, i64, bool, i64, i64)) -> OrderLine {
    let mut one = line(&format!("sku{}", n % 3), 1 + quantity % 5, "0");
    let currency = order(Vec::new()).currency;
    if weighed {
        one.quantity = Quantity::from_thousandths(quantity);
    }
    one.unit_price = currency.amount(price);
    let list = share(price, one.quantity.thousandths(), 1000);
    one.discount = Some(currency.amount(share(list, discount, 100)));
    one.tax = Some(currency.amount(share(list - share(list, discount, 100), tax, 125)));
    one.line_no = weighed.then(|| u32::try_from(n * 10 + 100).unwrap());
    one
}

fn taken(record: &mut OrderRecord, n: usize, what: RefundWhat) -> Option<RefundEffect> {
    let at = record.paid_at();
    let refund = Refund { id: RefundId::new(n.to_string()).unwrap(), order: None, refunded_at: at, what, reason: None };
    record.refund(&refund, at, Fingerprint([0; 16])).ok()
}

/// A step of a refund plan: of a line, some units or some money or both, or an amount of the order, part of it for an article; sizes in
/// per cent.
type Step = (usize, i64, u8);

fn step(record: &OrderRecord, (place, per_cent, kind): Step) -> RefundWhat {
    let currency = record.currency();
    let amount = |minor: i64| Some(currency.amount(minor * per_cent / 100));
    let line = &record.lines()[place % record.lines().len()];
    let quantity = Some(Quantity::from_thousandths(line.thousandths * per_cent / 100));
    let (quantity, amount) = match kind % 5 {
        4 => {
            let (sku, articles) = (line.sku.clone(), record.lines().iter().find(|other| other.sku == line.sku));
            let of_article = articles.map_or(0, |first| first.net_minor * per_cent / 100);
            let amount = currency.amount(of_article + (record.total_minor() - of_article) * per_cent / 200);
            let articles = vec![ArticleAmount { sku, amount: currency.amount(of_article) }];
            return RefundWhat::Amount { amount, articles };
        }
        0 => return RefundWhat::amount(currency.amount(record.total_minor() * per_cent / 200)),
        1 => (quantity, None),
        2 => (quantity, amount(line.net_minor)),
        _ => (None, amount(line.net_minor)),
    };
    RefundWhat::Lines { lines: vec![RefundLine { line_no: line.line_no, quantity, amount }] }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0usize..8, 1i64..=100, any::<u8>()), 0..10)
}

proptest! {
    /// The parts of a split sum to the whole, none is negative, and none exceeds its weight.
    /// To break it: sort the remainders upwards in `spread`, or hand out one unit more.
    #[test]
    fn splits_sum(weights in prop::collection::vec(0i64..1_000_000_000_000, 1..40), per_mille in 0i64..=1000) {
        let total = share(weights.iter().sum(), per_mille, 1000);
        let parts = spread(total, &weights);
        prop_assert_eq!(parts.iter().sum::<i64>(), if weights.iter().all(|w| *w == 0) { 0 } else { total });
        for (part, weight) in parts.iter().zip(&weights) {
            prop_assert!((0..=*weight).contains(part));
            let exact = i128::from(total) * i128::from(*weight);
            let sum: i128 = weights.iter().map(|w| i128::from(*w)).sum();
            prop_assert!((i128::from(*part) * sum - exact).abs() < sum.max(1), "no part is a whole unit off");
        }
    }

    /// Shares of the order's discount sum to the discount, shares of the points to the points, lines and shipping to the total.
    /// To break it: weigh the discount by list prices in `derive`.
    #[test]
    fn bookings_sum(order in any_order()) {
        let record = order.book().unwrap();
        let sum = |of: fn(&BookedLine) -> i64| record.lines().iter().map(of).sum::<i64>();
        prop_assert_eq!(sum(|line| line.order_discount_minor), record.discount_minor());
        prop_assert_eq!(sum(|line| line.net_minor), record.goods_net_minor());
        let rules = BasisRules { tax: Counted::In, shipping: Counted::In };
        let basis: i64 = record.basis(rules).iter().map(|line| line.net_minor).sum();
        prop_assert_eq!(basis, record.paid_minor());
        prop_assert!(record.lines().iter().all(|line| 0 <= line.points_minor && line.points_minor <= line.net_minor));
        prop_assert_eq!(record.basis_left(BOTH, TenderOrder::Proportional, LinesSeen::Some), record.basis(BOTH));
        prop_assert_eq!(record.status(), OrderStatus::Valid);
    }

    /// Whatever comes back in whatever steps never exceeds what was paid, nothing is ever negative, and what is left after a
    /// closing full refund is zero everywhere.
    /// To break it: leave the total out of the bound in `take_line`.
    #[test]
    fn refunds_sum_to_what_was_paid(order in any_order(), steps in steps()) {
        let mut record = order.book().unwrap();
        let mut sum = 0;
        for (n, one) in steps.into_iter().enumerate() {
            let what = step(&record, one);
            let before = record.clone();
            let Some(effect) = taken(&mut record, n, what) else {
                prop_assert_eq!(&record, &before, "a refused refund leaves no trace");
                continue;
            };
            sum += effect.amount_minor;
            prop_assert!(sum <= record.total_minor());
            prop_assert!(0 <= effect.amount_minor && 0 <= effect.shipping_minor);
            let of_lines: i64 = effect.lines.iter().map(|line| line.amount_minor).sum();
            prop_assert_eq!(of_lines + effect.shipping_minor, effect.amount_minor);
            prop_assert!(effect.lines.iter().all(|line| -1 <= line.amount_minor), "a cent of rounding at most");
            for (line, back) in record.lines().iter().zip(record.refunded_lines()) {
                prop_assert!((0..=line.net_minor).contains(&back.amount_minor));
            }
            let gross = BasisRules { tax: Counted::In, shipping: Counted::In };
            for policy in [TenderOrder::CashFirst, TenderOrder::PointsFirst].iter().filter(|_| record.status().is_valid()) {
                let back: i64 = record.points_back(*policy).iter().map(|back| back.refunded_minor).sum();
                let left: i64 =
                    record.basis_left(gross, *policy, LinesSeen::All).iter().map(|line| line.net_minor).sum();
                prop_assert_eq!(left, record.paid_minor() - (sum - back), "the money that has not gone back counts");
                let then = before.basis_left(gross, *policy, LinesSeen::Some);
                for (now, then) in record.basis_left(gross, *policy, LinesSeen::Some).iter().zip(then) {
                    prop_assert!(now.net_minor <= then.net_minor + 1, "a refund never adds, but for a cent of rounding");
                }
            }
            for (now, whole) in record.basis_left(BOTH, TenderOrder::Proportional, LinesSeen::Some).iter().zip(record.basis(BOTH)) {
                prop_assert!((0..=whole.net_minor).contains(&now.net_minor));
                prop_assert!((0..=whole.thousandths).contains(&now.thousandths));
            }
            prop_assert_eq!(sum, record.refunded_minor());
            let status = record.status();
            prop_assert_eq!(effect.full_after, !status.is_valid());
            prop_assert_eq!(status == OrderStatus::FullyRefunded, effect.full_after && record.left_minor() == 0);
        }
        if let Some(effect) = taken(&mut record, 100, RefundWhat::Full) {
            sum += effect.amount_minor;
        }
        prop_assert_eq!(sum, record.total_minor());
        prop_assert!(record.basis_left(BOTH, TenderOrder::Proportional, LinesSeen::Some).iter().all(|line| *line == LineAmount::default()));
    }

    /// What is left depends on the sums that came back, not on the order of the refunds, nor on how an amount is split.
    /// To break it: spread each amount on its own when it arrives, instead of all of them together.
    #[test]
    fn basis_left_depends_on_sums_alone(
        order in any_order(),
        (steps, shuffled) in steps().prop_flat_map(|s| (Just(s.clone()), Just(s).prop_shuffle())),
        cut in 1i64..100,
    ) {
        let booked = order.book().unwrap();
        // Amounts are given: a default depends on what is left, so on what came before it.
        let what = |(place, per_cent, kind): Step| step(&booked, (place, per_cent / 10, if kind % 5 == 1 { 2 } else { kind }));
        let run = |steps: &[Step], cut: i64| {
            let mut record = booked.clone();
            for (n, one) in steps.iter().enumerate() {
                let RefundWhat::Amount { amount, articles } = what(*one) else {
                    taken(&mut record, n * 2, what(*one));
                    continue;
                };
                let halves = |amount: Amount| {
                    let minor = booked.currency().minor(amount).unwrap();
                    [share(minor, cut, 100), minor - share(minor, cut, 100)].map(|part| booked.currency().amount(part))
                };
                for (half, amount) in halves(amount).into_iter().enumerate() {
                    let part = |one: &ArticleAmount| ArticleAmount { sku: one.sku.clone(), amount: halves(one.amount)[half] };
                    let articles = articles.iter().map(part).collect();
                    taken(&mut record, n * 2 + half, RefundWhat::Amount { amount, articles });
                }
            }
            record
        };
        let (a, b) = (run(&steps, cut), run(&shuffled, 100 - cut));
        if a.refunded_minor() == b.refunded_minor() {
            for policy in [TenderOrder::Proportional, TenderOrder::CashFirst, TenderOrder::PointsFirst] {
                for seen in [LinesSeen::All, LinesSeen::Some] {
                    prop_assert_eq!(a.basis_left(BOTH, policy, seen), b.basis_left(BOTH, policy, seen));
                }
            }
            prop_assert_eq!(a.refunded_lines(), b.refunded_lines());
            prop_assert_eq!(a.status(), b.status());
        } else {
            prop_assert!(false, "steps of a tenth always fit: {} and {}", a.refunded_minor(), b.refunded_minor());
        }
    }

    /// The parts of a divided refund sum to it, none is negative, and all of them together are what each tender paid.
    /// To break it: round each part on its own in `split_at`.
    #[test]
    fn divided_refunds_sum(order in any_order(), steps in steps(), policy in 0usize..3) {
        let policy = [TenderOrder::Proportional, TenderOrder::CashFirst, TenderOrder::PointsFirst][policy];
        let mut record = order.book().unwrap();
        let (mut money, mut cards, mut points) = (0, 0, std::collections::BTreeMap::new());
        let whats: Vec<RefundWhat> = steps.into_iter().map(|one| step(&record, one)).chain([RefundWhat::Full]).collect();
        for (n, what) in whats.into_iter().enumerate() {
            let Some(effect) = taken(&mut record, n, what) else { continue };
            let (cash, parts) = record.split_refund(effect.amount_minor, policy);
            let card: i64 = record.cards_back(policy).iter().map(|back| back.refunded_minor).sum();
            prop_assert!(cards <= card);
            let whole = cash + card - cards + parts.iter().map(|(_, minor)| minor).sum::<i64>();
            prop_assert_eq!(whole, effect.amount_minor);
            cards = card;
            prop_assert!(0 <= cash && parts.iter().all(|(_, minor)| 0 < *minor));
            money += cash;
            for (id, minor) in parts {
                *points.entry(id).or_insert(0) += minor;
            }
        }
        prop_assert_eq!(money + cards, record.paid_minor());
        let of_card = |tender: &BookedTender| matches!(tender, BookedTender::StoredValue { .. });
        prop_assert_eq!(cards, record.tenders().iter().filter(|one| of_card(one)).map(BookedTender::minor).sum::<i64>());
        for tender in record.tenders() {
            if let BookedTender::Points { minor, redemption } = tender {
                prop_assert_eq!(points.get(redemption).copied().unwrap_or(0), *minor);
            }
        }
    }

    /// A row read back is the record that was written, whatever happened to it.
    /// To break it: give a field that is present the same value as an absent one.
    #[test]
    fn rows_read_back(order in any_order(), steps in steps(), end in 0u8..3, extra in any::<Vec<u8>>(), revision in any::<u32>()) {
        let mut record = order.book().unwrap();
        record.extra = extra;
        record.revision = revision;
        for (n, one) in steps.into_iter().enumerate() {
            let what = step(&record, one);
            taken(&mut record, n, what);
        }
        match end {
            0 => {}
            1 => drop(record.cancel(Timestamp::from_millis(1).unwrap()).unwrap()),
            _ => drop(record.revert()),
        }
        prop_assert_eq!(OrderRecord::from_bytes(&record.to_bytes().unwrap()).unwrap(), record);
    }
}
