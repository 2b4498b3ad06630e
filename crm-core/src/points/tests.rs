//! The worked examples of `docs/design/points-and-tiers`, numbers taken from the document, and the edges of each function.

use super::*;
use crate::error::ErrorCode;
use crate::value::{
    Amount, Currency, CustomerId, HoldId, PointCurrency, Points, RedemptionId, RuleId, Timestamp, Zone,
};

pub(super) fn p(points: i64) -> Points {
    Points::new(points).unwrap()
}

pub(super) fn t(text: &str) -> Timestamp {
    let full = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        _ => text.to_owned(),
    };
    Timestamp::parse(&full).unwrap()
}

pub(super) fn account() -> Account {
    Account::new(PointCurrency::new("points").unwrap())
}

pub(super) fn order(id: &str) -> Source {
    Source::new(SourceKind::Order, id)
}

/// An account with its log, which checks itself after every step.
struct Ledger {
    account: Account,
    log: Vec<Movement>,
}

impl Ledger {
    fn new() -> Self {
        Self { account: account(), log: Vec::new() }
    }

    fn credit_with(
        &mut self,
        id: &str,
        points: i64,
        pending: &PendingPolicy,
        expiry: &ExpiryPolicy,
        at: &str,
        now: &str,
    ) -> LotId {
        let credit = Credit {
            source: order(id),
            rule: None,
            points: p(points),
            kind: MovementKind::Earn,
            dates: dates(pending, expiry, &Zone::UTC, t(at)),
            expiry: expiry.clone(),
        };
        let lot = self.account.credit(credit, t(now), &mut self.log).unwrap();
        self.verify();
        lot
    }

    fn earn(&mut self, id: &str, points: i64, at: &str) -> LotId {
        self.credit_with(id, points, &PendingPolicy::None, &ExpiryPolicy::Never, at, at)
    }

    /// Credits points through a last usable day (UTC).
    fn through(&mut self, id: &str, points: i64, last: Option<&str>, at: &str) -> LotId {
        let expires_at = last.map(|day| Zone::UTC.end_of(crate::value::CalendarDate::parse(day).unwrap()));
        let credit = Credit {
            source: order(id),
            rule: None,
            points: p(points),
            kind: MovementKind::Earn,
            dates: Dates { expires_at, ..Dates::at_once(t(at)) },
            expiry: ExpiryPolicy::Never,
        };
        let lot = self.account.credit(credit, t(at), &mut self.log).unwrap();
        self.verify();
        lot
    }

    fn spend(&mut self, points: i64, at: &str) -> Vec<(u64, i64)> {
        let allocations = self.account.spend(p(points), t(at), &mut self.log).unwrap();
        self.verify();
        pairs(&allocations)
    }

    fn claw(&mut self, lots: &[LotId], points: i64, policy: DebtPolicy, at: &str) -> ClawBack {
        let report = self.account.claw_back(lots, p(points), &policy, t(at), &mut self.log).unwrap();
        self.verify();
        report
    }

    fn available(&self, at: &str) -> i64 {
        self.account.usable_at(t(at)).get()
    }

    #[track_caller]
    fn verify(&self) {
        self.account.check().unwrap();
        verify_log(&self.account, &self.log);
    }
}

pub(super) fn pairs(allocations: &[Allocation]) -> Vec<(u64, i64)> {
    allocations.iter().map(|a| (a.lot.0, a.points.get())).collect()
}

/// Every movement adds up to 0, and the movements of each book add up to its balance.
#[track_caller]
pub(super) fn verify_log(account: &Account, log: &[Movement]) {
    for movement in log {
        assert_eq!(movement.postings.iter().map(|p| p.points.get()).sum::<i64>(), 0, "{movement:?}");
    }
    for book in Book::ALL {
        let sum: i64 = log.iter().map(|m| m.sum(*book)).sum();
        assert_eq!(sum, account.balances.book(*book), "{book:?}");
    }
}

fn allow() -> DebtPolicy {
    DebtPolicy::Allow { limit: None }
}

#[test]
fn example_1_consumption_by_end_and_expiry_at_its_instant() {
    let mut b = Ledger::new();
    b.through("a", 100, Some("2026-12-31"), "2026-01-01");
    b.through("b", 50, Some("2026-06-30"), "2026-01-01");
    b.through("c", 200, None, "2026-01-01");
    assert_eq!(b.spend(120, "2026-06-01"), [(2, 50), (1, 70)]);
    assert_eq!(b.available("2026-07-02"), 230);
    assert_eq!(b.available("2026-12-31T23:59:59.999Z"), 230);
    assert_eq!(b.available("2027-01-01"), 200);
    assert_eq!(b.account.next_due(), Some(t("2027-01-01")));
    b.account.advance(t("2027-03-03"), &mut b.log);
    b.verify();
    let last = b.log.last().unwrap();
    assert_eq!((last.kind, last.effective_at, last.sum(Book::Expired)), (MovementKind::Expire, t("2027-01-01"), 30));
    assert_eq!(b.account.take_closed().len(), 2);
    assert_eq!(b.account.expiring(), []);
}

fn formula(parts: Vec<Part>, rounding: Rounding, stacking: Stacking) -> Formula {
    Formula { parts, rounding, stacking, minor_digits: 2 }
}

fn part(rule: &str, kind: PartKind, lines: Option<Vec<u32>>) -> Part {
    Part { rule: RuleId::new(rule).unwrap(), kind, lines }
}

fn per_unit_of_money(points: i64) -> PartKind {
    PartKind::PerAmount { points: Ratio::new(points, 1).unwrap() }
}

fn bonus(text: &str) -> PartKind {
    PartKind::Multiplier { bonus: Ratio::of(Amount::parse(text).unwrap()).unwrap() }
}

fn lines(minor: &[i64]) -> Vec<LineBasis> {
    minor.iter().map(|net_minor| LineBasis { net_minor: *net_minor, thousandths: 1000 }).collect()
}

fn numbers(points: &[Points]) -> Vec<i64> {
    points.iter().map(|p| p.get()).collect()
}

#[test]
fn example_2_one_rounding_and_refunds_in_any_order() {
    let base = formula(vec![part("base", per_unit_of_money(1), None)], Rounding::Floor, Stacking::Additive);
    let award = base.award(&lines(&[1999, 1999, 1999])).unwrap();
    assert_eq!((award.points.get(), numbers(&award.lines)), (59, vec![20, 20, 19]));
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut net = [1999, 1999, 1999];
        let mut held = award.points.get();
        let mut clawed = Vec::new();
        for line in order {
            net[line] = 0;
            let target = base.award(&lines(&net)).unwrap().points.get();
            clawed.push(held - target);
            held = target;
        }
        assert_eq!(clawed, [20, 20, 19]);
    }
}

#[test]
fn example_3_debt_is_settled_by_the_next_points() {
    let mut b = Ledger::new();
    let o1 = b.earn("o1", 100, "2026-01-01");
    b.spend(80, "2026-01-02");
    let report = b.claw(&[o1], 100, allow(), "2026-01-03");
    assert_eq!((report.from_available.get(), report.debt.get()), (20, 80));
    assert_eq!((b.account.balances.revoked.get(), b.account.balances.debt.get()), (20, 80));
    let o2 = b.earn("o2", 50, "2026-01-04");
    assert_eq!((b.account.balances.debt.get(), b.account.balances.available.get()), (30, 0));
    let o3 = b.earn("o3", 45, "2026-01-05");
    assert_eq!((b.account.balances.debt.get(), b.account.balances.available.get()), (0, 15));
    assert_eq!(b.account.take_closed().len(), 2, "o1 and o2 are used up");
    assert_eq!(b.account.closed_of(&[o1, o2, o3]), [o1, o2]);
    assert_eq!(
        b.account.claw_back(&[o2], p(50), &allow(), t("2026-01-06"), &mut b.log).unwrap_err().code(),
        ErrorCode::Internal
    );
}

#[test]
fn example_3_continued_and_variants() {
    let start = || {
        let mut b = Ledger::new();
        let o1 = b.earn("o1", 100, "2026-01-01");
        b.spend(80, "2026-01-02");
        (b, o1)
    };
    let (mut b, o1) = start();
    b.claw(&[o1], 100, allow(), "2026-01-03");
    let o2 = b.earn("o2", 50, "2026-01-04");
    b.earn("o3", 45, "2026-01-05");
    let report = b.claw(&[o2], 50, allow(), "2026-01-06");
    assert_eq!((report.from_other.get(), report.debt.get()), (15, 35));
    assert_eq!((b.account.balances.available.get(), b.account.balances.debt.get()), (0, 35));
    assert_eq!(b.account.debts[0].cause, Some(order("o2")));

    let outcome = |policy: DebtPolicy| {
        let (mut b, o1) = start();
        let report = b.claw(&[o1], 100, policy, "2026-01-03");
        (b.account.balances.available.get(), b.account.balances.debt.get(), report)
    };
    let (available, debt, report) = outcome(DebtPolicy::Clamp);
    assert_eq!((available, debt, report.unrecovered.get()), (0, 0, 80));
    let (available, debt, report) = outcome(DebtPolicy::OnlyPending);
    assert_eq!((available, debt, report.unrecovered.get()), (20, 0, 100));
    let (available, debt, report) = outcome(DebtPolicy::NetFromRefund);
    assert_eq!((available, debt, report.net_from_refund.get(), report.unrecovered.get()), (0, 0, 80, 0));
    let (available, debt, report) = outcome(DebtPolicy::Allow { limit: Some(p(50)) });
    assert_eq!((available, debt, report.unrecovered.get()), (0, 50, 30));

    let (mut b, o1) = start();
    let (before, length) = (b.account.clone(), b.log.len());
    let refused = b.account.claw_back(&[o1], p(100), &DebtPolicy::Refuse, t("2026-01-03"), &mut b.log).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::PointsRefundRefused);
    assert_eq!((b.account, b.log.len()), (before, length));
}

fn hold_id(id: &str) -> HoldId {
    HoldId::new(id).unwrap()
}

#[test]
fn example_4_holds_capture_in_part_and_time_out() {
    let mut b = Ledger::new();
    b.through("a", 60, Some("2026-05-31"), "2026-01-01");
    b.through("b", 40, Some("2026-12-31"), "2026-01-01");
    let (ten, later) = (t("2026-05-20T10:00:00Z"), t("2026-05-20T10:00:02Z"));
    let minutes = |at: Timestamp| at.plus_millis(15 * 60 * 1000);
    let h1 = b.account.hold(hold_id("h1"), p(70), minutes(ten), ten, &mut b.log).unwrap();
    assert_eq!(pairs(&h1), [(1, 60), (2, 10)]);
    let h2 = b.account.hold(hold_id("h2"), p(40), minutes(ten), ten, &mut b.log).unwrap_err();
    assert_eq!((h2.code(), &h2.details()["available"]), (ErrorCode::PointsInsufficient, &serde_json::json!(30)));
    let h3 = b.account.hold(hold_id("h3"), p(30), minutes(later), later, &mut b.log).unwrap();
    assert_eq!(pairs(&h3), [(2, 30)]);
    let five = t("2026-05-20T10:05:00Z");
    let captured = b.account.capture(&hold_id("h1"), Some(p(50)), five, &mut b.log).unwrap();
    assert_eq!(pairs(&captured), [(1, 50)]);
    let released = b.log.last().unwrap();
    assert_eq!((released.kind, released.sum(Book::Available)), (MovementKind::Release, 20));
    assert_eq!(b.available("2026-05-20T10:15:01.999Z"), 20);
    assert_eq!(b.available("2026-05-20T10:15:02Z"), 50);
    b.account.advance(t("2026-05-20T11:00:00Z"), &mut b.log);
    b.verify();
    assert_eq!(b.log.last().unwrap().effective_at, minutes(later));
    let resolved = b.account.take_resolved();
    assert_eq!(resolved.iter().map(|(h, o)| (h.id.as_str(), *o)).collect::<Vec<_>>(), [("h3", HoldOutcome::TimedOut)]);
    let again = b.account.capture(&hold_id("h1"), None, t("2026-05-20T11:00:00Z"), &mut b.log).unwrap_err();
    assert_eq!(again.code(), ErrorCode::PointsHoldUnknown);
}

#[test]
fn example_5_pending_then_valid_through_the_last_day() {
    let mut b = Ledger::new();
    let (pending, expiry) = (PendingPolicy::Days { days: 14 }, ExpiryPolicy::Days { days: 365 });
    let lot = b.credit_with("o", 90, &pending, &expiry, "2026-03-01", "2026-03-01");
    let report = b.claw(&[lot], 30, allow(), "2026-03-10");
    assert_eq!(report.from_pending.get(), 30);
    let early = b.account.spend(p(1), t("2026-03-14"), &mut b.log).unwrap_err();
    assert_eq!(early.code(), ErrorCode::PointsInsufficient);
    assert_eq!(b.available("2026-03-14T23:59:59.999Z"), 0);
    assert_eq!(b.available("2026-03-15"), 60);
    assert_eq!(b.available("2027-03-15T23:59:59Z"), 60);
    assert_eq!(b.available("2027-03-16"), 0);
    assert_eq!(b.account.lot(lot).unwrap().expires_at, Some(t("2027-03-16")));
}

#[test]
fn example_6_multipliers_are_exact() {
    // 12.49 − 0.82, 3 × 0.99 − 0.19, and 7.50 − 0.49 that earns nothing.
    let net = lines(&[1167, 278, 701]);
    let award = |rounding, stacking| {
        let parts = vec![
            part("base", per_unit_of_money(1), Some(vec![0, 1])),
            part("gold", bonus("0.5"), None),
            part("campaign", bonus("0.2"), None),
        ];
        let award = formula(parts, rounding, stacking).award(&net).unwrap();
        assert_eq!(numbers(&award.lines).iter().sum::<i64>(), award.points.get());
        assert_eq!(award.rules.iter().map(|(_, p)| p.get()).sum::<i64>(), award.points.get());
        assert_eq!(award.lines[2], Points::ZERO);
        award.points.get()
    };
    assert_eq!(award(Rounding::Floor, Stacking::Additive), 24);
    assert_eq!(award(Rounding::HalfUp, Stacking::Additive), 25);
    assert_eq!(award(Rounding::Floor, Stacking::Compounding), 26);
    assert_eq!(award(Rounding::Ceil, Stacking::Compounding), 27);
    // 14.45 × 1.5 = 21.675.
    assert_eq!(award(Rounding::Floor, Stacking::BestOnly), 21);
    let hundred = formula(vec![part("base", per_unit_of_money(100), None)], Rounding::Floor, Stacking::Additive);
    assert_eq!(hundred.award(&lines(&[115])).unwrap().points.get(), 115);
}

#[test]
fn a_multiplier_of_some_lines_multiplies_their_share_only() {
    let parts = vec![part("base", per_unit_of_money(1), None), part("books", bonus("1"), Some(vec![1]))];
    let award = formula(parts, Rounding::Floor, Stacking::Additive).award(&lines(&[1000, 500])).unwrap();
    assert_eq!((award.points.get(), numbers(&award.lines)), (20, vec![10, 10]));
    let by_rule: Vec<_> = award.rules.iter().map(|(rule, points)| (rule.as_str(), points.get())).collect();
    assert_eq!(by_rule, [("base", 15), ("books", 5)]);
    let cut = award.cut(p(10)).unwrap();
    assert_eq!((cut.points.get(), numbers(&cut.lines)), (10, vec![5, 5]));
    assert_eq!(cut.rules.iter().map(|(_, points)| points.get()).sum::<i64>(), 10);
}

#[test]
fn steps_and_units_and_rules_of_the_document() {
    let cny = Currency::new("CNY").unwrap();
    let amount = |text: &str| Amount::parse(text).unwrap();
    let award = |gives: Gives, lines: &[LineBasis]| {
        let kind = PartKind::of(&gives, cny).unwrap().unwrap();
        formula(vec![part("r", kind, None)], Rounding::Floor, Stacking::Additive).award(lines).unwrap().points.get()
    };
    // Two full steps of 10.00 in 29.99.
    assert_eq!(award(Gives::PerStep { points: p(5), step: amount("10") }, &lines(&[1500, 1499])), 10);
    // 1 point for every 3.00: 29.99 / 3 = 9.99…
    assert_eq!(award(Gives::PerAmount { points: amount("1"), per: amount("3") }, &lines(&[1500, 1499])), 9);
    let weighed = [LineBasis { net_minor: 0, thousandths: 2500 }];
    assert_eq!(award(Gives::PerUnit { points: amount("2") }, &weighed), 5);
    assert_eq!(PartKind::of(&Gives::Fixed { points: p(1) }, cny).unwrap(), None);
    let zero = PartKind::of(&Gives::PerAmount { points: amount("1"), per: amount("0") }, cny).unwrap_err();
    assert_eq!(zero.code(), ErrorCode::PointsRange);
    assert_eq!(
        Formula::award(&formula(vec![], Rounding::Ceil, Stacking::Additive), &lines(&[5])).unwrap().points,
        p(0)
    );
}

#[test]
fn awards_beyond_the_range_are_refused() {
    let parts = vec![part("base", per_unit_of_money(i64::MAX), None)];
    let error = formula(parts, Rounding::Floor, Stacking::Additive).award(&lines(&[i64::MAX])).unwrap_err();
    assert_eq!(error.code(), ErrorCode::PointsRange);
}

#[test]
fn example_8_a_refund_of_forty_percent() {
    let base = formula(vec![part("base", per_unit_of_money(1), None)], Rounding::Floor, Stacking::Additive);
    let held = base.award(&lines(&[5000])).unwrap().points.get();
    assert_eq!((held, held - base.award(&lines(&[3000])).unwrap().points.get()), (50, 20));
}

#[test]
fn a_backdated_credit_lives_and_dies_in_one_command() {
    let mut b = Ledger::new();
    let (pending, expiry) = (PendingPolicy::Days { days: 2 }, ExpiryPolicy::Days { days: 10 });
    b.credit_with("o", 10, &pending, &expiry, "2026-01-01", "2026-03-01");
    let kinds: Vec<_> = b.log.iter().map(|m| (m.kind, m.effective_at)).collect();
    assert_eq!(
        kinds,
        [
            (MovementKind::Earn, t("2026-01-01")),
            (MovementKind::Activate, t("2026-01-03")),
            (MovementKind::Expire, t("2026-01-14"))
        ]
    );
    assert_eq!((b.account.balances.expired.get(), b.account.balances.available.get()), (10, 0));
    assert_eq!(b.account.take_closed().len(), 1);
}

#[test]
fn points_that_wait_for_an_event_are_valid_from_it() {
    let mut b = Ledger::new();
    let lot =
        b.credit_with("o", 10, &PendingPolicy::UntilEvent, &ExpiryPolicy::Days { days: 1 }, "2026-01-01", "2026-01-01");
    assert_eq!(b.available("2027-01-01"), 0);
    let now = t("2026-02-01T12:00:00Z");
    assert_eq!(b.account.activate_source(&order("o"), &Zone::UTC, now, &mut b.log).unwrap(), p(10));
    b.verify();
    assert_eq!(b.account.lot(lot).unwrap().expires_at, Some(t("2026-02-03")));
    let again = b.account.activate_source(&order("o"), &Zone::UTC, now, &mut b.log).unwrap_err();
    assert_eq!(again.code(), ErrorCode::PointsNothingPending);
}

#[test]
fn activity_slides_the_end_and_never_brings_it_forward() {
    let mut b = Ledger::new();
    let sliding = ExpiryPolicy::Sliding { months: 12 };
    let lot = b.credit_with("o", 10, &PendingPolicy::None, &sliding, "2026-01-31", "2026-01-31");
    assert_eq!(b.account.lot(lot).unwrap().expires_at, Some(t("2027-02-01")));
    b.account.slide(&Zone::UTC, t("2026-06-10"), t("2026-06-10"), &mut b.log);
    b.verify();
    assert_eq!(b.account.lot(lot).unwrap().expires_at, Some(t("2027-06-11")));
    let length = b.log.len();
    b.account.slide(&Zone::UTC, t("2026-06-01"), t("2026-06-01"), &mut b.log);
    assert_eq!(b.log.len(), length);
    assert_eq!(b.available("2027-06-10T23:00:00Z"), 10);
    assert_eq!(b.available("2027-06-11"), 0);
}

fn redemption(id: &str, allocations: Vec<Allocation>, at: &str) -> Redemption {
    let id = RedemptionId::new(id).unwrap();
    Redemption::new(id, RedemptionKind::Spend, RedemptionStatus::Spent, allocations, t(at)).unwrap()
}

#[test]
fn a_partial_restore_goes_in_reverse_and_keeps_the_dates() {
    let mut b = Ledger::new();
    b.through("a", 60, Some("2026-05-31"), "2026-01-01");
    b.through("b", 40, Some("2026-12-31"), "2026-01-01");
    let allocations = b.account.spend(p(100), t("2026-02-01"), &mut b.log).unwrap();
    let mut spent = redemption("s", allocations, "2026-02-01");
    let closed = b.account.take_closed();
    assert_eq!(b.account.closed_needed(&spent), [LotId(1), LotId(2)]);
    for lot in closed {
        b.account.reopen(lot).unwrap();
    }
    let strict = RestorePolicy::Strict;
    let report = b.account.restore(&mut spent, p(50), &strict, &Zone::UTC, t("2026-07-01"), &mut b.log).unwrap();
    b.verify();
    assert_eq!((report.usable.get(), report.expired.get()), (40, 10));
    assert_eq!(numbers(&spent.reversed), [10, 40]);
    assert_eq!(b.available("2027-01-01"), 0);
    let rest = b.account.restore(&mut spent, p(51), &strict, &Zone::UTC, t("2026-07-01"), &mut b.log).unwrap_err();
    assert_eq!(rest.code(), ErrorCode::PointsRedemptionReversed);
    let none = RestorePolicy::None;
    let refused = b.account.restore(&mut spent, p(1), &none, &Zone::UTC, t("2026-07-01"), &mut b.log).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::PointsRestoreRefused);
}

#[test]
fn a_grace_restore_gives_new_dates_in_a_new_lot() {
    let mut b = Ledger::new();
    let a = b.through("a", 60, Some("2026-05-31"), "2026-01-01");
    b.through("b", 40, Some("2026-12-31"), "2026-01-01");
    let allocations = b.account.spend(p(100), t("2026-02-01"), &mut b.log).unwrap();
    let mut spent = redemption("s", allocations, "2026-02-01");
    let grace = RestorePolicy::Grace { days: 30 };
    let report = b.account.restore(&mut spent, p(100), &grace, &Zone::UTC, t("2026-07-01"), &mut b.log).unwrap();
    b.verify();
    assert_eq!((report.usable.get(), report.redated.get(), report.expired.get()), (100, 60, 0));
    let new = b.account.lot(report.new_lots[0]).unwrap();
    assert_eq!((new.expires_at, new.earned_at), (Some(t("2026-08-01")), t("2026-01-01")));
    assert_eq!(new.origin, Some(Origin { customer: None, lot: a }));
    assert_eq!(b.available("2026-07-31T23:59:59Z"), 100);
    assert_eq!(b.available("2026-08-01"), 40);
}

#[test]
fn a_restore_pays_debt_first() {
    let mut b = Ledger::new();
    let lot = b.earn("o", 100, "2026-01-01");
    let allocations = b.account.spend(p(80), t("2026-01-02"), &mut b.log).unwrap();
    b.claw(&[lot], 50, allow(), "2026-01-03");
    let mut spent = redemption("s", allocations, "2026-01-02");
    let strict = RestorePolicy::Strict;
    let report = b.account.restore(&mut spent, p(80), &strict, &Zone::UTC, t("2026-01-04"), &mut b.log).unwrap();
    b.verify();
    assert_eq!((report.usable.get(), report.settled.get(), b.account.balances.available.get()), (80, 30, 50));
}

#[test]
fn held_points_outlive_their_end_and_go_when_let_go() {
    let mut b = Ledger::new();
    let lot = b.through("a", 10, Some("2026-01-31"), "2026-01-01");
    let now = t("2026-01-30");
    b.account.hold(hold_id("h"), p(6), t("2026-02-10"), now, &mut b.log).unwrap();
    b.account.advance(t("2026-02-05"), &mut b.log);
    assert_eq!((b.account.balances.expired.get(), b.account.balances.held.get()), (4, 6));
    let report = b.claw(&[lot], 10, DebtPolicy::Clamp, "2026-02-05");
    assert_eq!((report.from_expired.get(), report.unrecovered.get()), (4, 6));
    b.account.release(&hold_id("h"), t("2026-02-06"), &mut b.log).unwrap();
    b.verify();
    // Ended points count as returned, those that the hold kept from it as well.
    let Balances { expired, available, revoked, unrecovered, .. } = b.account.balances;
    assert_eq!([expired, available, revoked, unrecovered].map(Points::get), [0, 0, 10, 0]);
}

#[test]
fn a_transfer_keeps_dates_and_names_its_origin() {
    let mut from = Ledger::new();
    from.through("a", 60, Some("2026-05-31"), "2026-01-01");
    from.through("b", 40, None, "2026-01-02");
    let slices = from.account.transfer_out(p(70), t("2026-02-01"), &mut from.log).unwrap();
    from.verify();
    let mut to = Ledger::new();
    let ann = CustomerId::new("ann").unwrap();
    let ids = to.account.transfer_in(&slices, &ann, t("2026-02-01"), &mut to.log).unwrap();
    to.verify();
    let first = to.account.lot(ids[0]).unwrap();
    assert_eq!((first.expires_at, first.earned_at), (Some(t("2026-06-01")), t("2026-01-01")));
    assert_eq!(first.origin, Some(Origin { customer: Some(ann), lot: LotId(1) }));
    assert_eq!((from.account.balances.transferred.get(), to.account.balances.transferred.get()), (70, -70));
}

#[test]
fn refusals_change_nothing() {
    let mut b = Ledger::new();
    b.earn("o", 10, "2026-01-01");
    let (before, length, now) = (b.account.clone(), b.log.len(), t("2026-01-02"));
    let mut codes = vec![b.account.spend(p(11), now, &mut b.log).unwrap_err().code()];
    codes.push(b.account.spend(p(0), now, &mut b.log).unwrap_err().code());
    codes.push(b.account.debit(p(11), now, &mut b.log).unwrap_err().code());
    codes.push(b.account.hold(hold_id("h"), p(1), now, now, &mut b.log).unwrap_err().code());
    let far = now.plus_millis(crate::limits::HOLD_SECONDS_MAX * 1000 + 1);
    codes.push(b.account.hold(hold_id("h"), p(1), far, now, &mut b.log).unwrap_err().code());
    codes.push(b.account.release(&hold_id("h"), now, &mut b.log).unwrap_err().code());
    let credit = |points: i64, dates: Dates| Credit {
        source: order("x"),
        rule: None,
        points: p(points),
        kind: MovementKind::Adjust,
        dates,
        expiry: ExpiryPolicy::Never,
    };
    codes.push(b.account.credit(credit(0, Dates::at_once(now)), now, &mut b.log).unwrap_err().code());
    let backwards = Dates { expires_at: Some(now), ..Dates::at_once(now) };
    codes.push(b.account.credit(credit(1, backwards), now, &mut b.log).unwrap_err().code());
    let most = credit(crate::limits::POINTS_ABS_MAX, Dates::at_once(now));
    codes.push(b.account.credit(most, now, &mut b.log).unwrap_err().code());
    assert_eq!(
        codes,
        [
            ErrorCode::PointsInsufficient,
            ErrorCode::PointsAmount,
            ErrorCode::PointsInsufficient,
            ErrorCode::PointsHoldDuration,
            ErrorCode::PointsHoldDuration,
            ErrorCode::PointsHoldUnknown,
            ErrorCode::PointsAmount,
            ErrorCode::PointsDates,
            ErrorCode::PointsRange,
        ]
    );
    assert_eq!((b.account, b.log.len()), (before, length));
}

#[test]
fn the_lot_limit_holds_at_the_bound_and_one_past_it() {
    let mut b = Ledger::new();
    let now = t("2026-01-01");
    let credit = || Credit {
        source: order("x"),
        rule: None,
        points: p(1),
        kind: MovementKind::Earn,
        dates: Dates::at_once(now),
        expiry: ExpiryPolicy::Never,
    };
    for _ in 0..crate::limits::OPEN_LOTS_MAX {
        b.account.credit(credit(), now, &mut b.log).unwrap();
    }
    let full = b.account.credit(credit(), now, &mut b.log).unwrap_err();
    assert_eq!(full.code(), ErrorCode::PointsLotsFull);
    b.account.spend(p(1), now, &mut b.log).unwrap();
    b.account.credit(credit(), now, &mut b.log).unwrap();
    b.verify();
}

#[test]
fn a_plain_lot_is_small() {
    let mut b = Ledger::new();
    b.credit_with("o", 120, &PendingPolicy::None, &ExpiryPolicy::Days { days: 365 }, "2026-03-01", "2026-03-01");
    let stored = minicbor::to_vec(&b.account.lots[0]).unwrap();
    // Array, id, kind, 1 + 1 bytes of source id, 2 of amount, 5 + 5 of dates, bits.
    assert!(stored.len() <= 20, "{} bytes", stored.len());
    assert_eq!(minicbor::decode::<Lot>(&stored).unwrap(), b.account.lots[0]);
}

#[test]
fn expiry_policies_name_the_last_day() {
    #[track_caller]
    fn check(expiry: ExpiryPolicy, from: &str, end: &str) {
        assert_eq!(expires_at(&expiry, &Zone::UTC, t(from)), Some(t(end)), "{expiry:?}");
    }
    use crate::value::Period;
    check(ExpiryPolicy::Days { days: 1 }, "2026-03-15T10:00:00Z", "2026-03-17");
    check(ExpiryPolicy::Months { months: 1 }, "2026-01-31", "2026-03-01");
    check(ExpiryPolicy::EndOf { period: Period::Month, after: 0 }, "2026-02-10", "2026-03-01");
    check(ExpiryPolicy::EndOf { period: Period::Quarter, after: 1 }, "2026-02-10", "2026-07-01");
    check(ExpiryPolicy::EndOf { period: Period::Year, after: 1 }, "2026-02-10", "2028-01-01");
    let fixed = |min_days| ExpiryPolicy::FixedDates { dates: vec!["06-30".into(), "02-29".into()], min_days };
    check(fixed(0), "2026-02-28", "2026-03-01");
    check(fixed(0), "2026-07-01", "2027-03-01");
    check(fixed(0), "2027-07-01", "2028-03-01");
    check(fixed(10), "2026-06-25", "2027-03-01");
    assert_eq!(expires_at(&ExpiryPolicy::Never, &Zone::UTC, t("2026-01-01")), None);
    let shanghai = Zone::new("Asia/Shanghai").unwrap();
    // 20:00Z on 1 March is 2 March there; the last day is 3 March, which ends at 16:00Z.
    let end = expires_at(&ExpiryPolicy::Days { days: 1 }, &shanghai, t("2026-03-01T20:00:00Z"));
    assert_eq!(end, Some(t("2026-03-03T16:00:00Z")));
}

fn cap(per: CapWindow, points: i64, overflow: Overflow, on_refund: CapOnRefund) -> Cap {
    Cap { id: RuleId::new("cap").unwrap(), per, points: p(points), overflow, on_refund }
}

#[test]
fn caps_clip_reject_and_give_room_back_within_the_period() {
    let day = cap(CapWindow::Day, 100, Overflow::Clip, CapOnRefund::GiveBack);
    let (zone, at, next) = (Zone::new("Asia/Shanghai").unwrap(), t("2026-03-01T10:00:00Z"), t("2026-03-01T16:00:00Z"));
    let mut uses = Vec::new();
    let clip_at = |uses: &[CapUse], at| clip(p(80), &[&day], uses, &zone, at, p(0));
    assert_eq!(clip_at(&uses, at), (p(80), vec![]));
    note(&day, &mut uses, &zone, at, p(80));
    let cut = Shortfall::Capped { cap: day.id.clone(), points: p(60) };
    assert_eq!(clip_at(&uses, at), (p(20), vec![cut]));
    assert_eq!(clip_at(&uses, next), (p(80), vec![]), "the next local day has its own room");
    give_back(&day, &mut uses, &zone, at, p(50));
    assert_eq!(room(&day, &uses, &zone, at, p(0)), p(70));
    give_back(&day, &mut uses, &zone, next, p(50));
    assert_eq!(room(&day, &uses, &zone, next, p(0)), p(100), "there was nothing to give back");
    prune(&mut uses, &zone, at);
    assert_eq!(uses.len(), 1);
    prune(&mut uses, &zone, next);
    assert_eq!(uses, []);

    let reject = cap(CapWindow::Lifetime, 100, Overflow::Reject, CapOnRefund::KeepUsed);
    note(&reject, &mut uses, &zone, at, p(21));
    let all = Shortfall::Capped { cap: reject.id.clone(), points: p(80) };
    assert_eq!(clip(p(80), &[&reject], &uses, &zone, next, p(0)), (p(0), vec![all]));
    give_back(&reject, &mut uses, &zone, at, p(21));
    assert_eq!(room(&reject, &uses, &zone, at, p(0)), p(79), "its uses are kept");

    let balance = cap(CapWindow::Balance, 100, Overflow::Clip, CapOnRefund::KeepUsed);
    assert_eq!(room(&balance, &uses, &zone, at, p(130)), p(0));
    assert_eq!(clip(p(80), &[&balance], &uses, &zone, at, p(30)).0, p(70));
}

#[test]
fn holds_of_several_deadlines_time_out_in_one_sweep() {
    let mut b = Ledger::new();
    b.earn("o", 10, "2026-01-01");
    let now = t("2026-01-02");
    b.account.hold(hold_id("late"), p(1), t("2026-01-04"), now, &mut b.log).unwrap();
    b.account.hold(hold_id("early"), p(2), t("2026-01-03"), now, &mut b.log).unwrap();
    b.account.hold(hold_id("open"), p(3), t("2026-01-09"), now, &mut b.log).unwrap();
    b.account.advance(t("2026-01-05"), &mut b.log);
    b.verify();
    let resolved = b.account.take_resolved();
    assert_eq!(resolved.iter().map(|(hold, _)| hold.id.as_str()).collect::<Vec<_>>(), ["early", "late"]);
    assert_eq!(b.account.balances.held.get(), 3);
}

#[test]
fn points_let_go_before_their_end_still_end() {
    let mut b = Ledger::new();
    b.through("a", 10, Some("2026-01-31"), "2026-01-01");
    b.account.hold(hold_id("h"), p(10), t("2026-02-05"), t("2026-01-10"), &mut b.log).unwrap();
    // Stored and read while everything is held: nothing but the hold is waited for then.
    b.account = minicbor::decode(&minicbor::to_vec(&b.account).unwrap()).unwrap();
    b.account.advance(t("2026-01-11"), &mut b.log);
    assert_eq!(b.account.next_due(), Some(t("2026-02-05")));
    b.account.release(&hold_id("h"), t("2026-01-15"), &mut b.log).unwrap();
    assert_eq!(b.available("2026-01-31T23:59:59.999Z"), 10);
    assert_eq!(b.available("2026-02-01"), 0);
}
