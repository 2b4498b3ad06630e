//! Who bought again: customers by the month of their first order.

use super::months::Month;
use crm_core::value::{CalendarDate, Timestamp, Zone};
use serde::Serialize;
use std::collections::BTreeMap;

/// Months after the first order that are looked at.
pub(crate) const MONTHS: i32 = 12;

/// Customers whose first order was in one month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Cohort {
    pub(crate) month: Month,
    pub(crate) customers: u64,
    /// How many bought again within 1, 2, … months; none where that time is not over for all of them.
    pub(crate) again: Vec<Option<u64>>,
}

/// Collects the orders of one customer after the other.
pub(crate) struct Cohorts {
    zone: Zone,
    cohorts: BTreeMap<Month, (u64, BTreeMap<i32, u64>)>,
    /// Local days of valid orders of the customer that is being walked over.
    days: Vec<CalendarDate>,
    pub(crate) buyers: u64,
    pub(crate) repeat_buyers: u64,
}

impl Cohorts {
    pub(crate) fn new(zone: Zone) -> Self {
        Self { zone, cohorts: BTreeMap::new(), days: Vec::new(), buyers: 0, repeat_buyers: 0 }
    }

    /// A valid order of the present customer.
    pub(crate) fn order(&mut self, paid_at: Timestamp) {
        self.days.push(self.zone.date(paid_at));
    }

    /// The present customer has no more orders.
    pub(crate) fn next_customer(&mut self) {
        let mut days = std::mem::take(&mut self.days);
        days.sort();
        let Some(first) = days.first().copied() else { return };
        self.buyers += 1;
        let cohort = self.cohorts.entry(Month::of(&self.zone, self.zone.start_of(first))).or_default();
        cohort.0 += 1;
        // Orders of the first day are one visit.
        let Some(second) = days.into_iter().find(|day| first < *day) else { return };
        self.repeat_buyers += 1;
        if let Some(within) = (1..=MONTHS).find(|months| second <= first.plus_months(*months)) {
            *cohort.1.entry(within).or_default() += 1;
        }
    }

    /// The cohorts, as far as they can be judged at an instant.
    pub(crate) fn judge(&self, at: Timestamp) -> Vec<Cohort> {
        let present = Month::of(&self.zone, at);
        let judge = |(month, (customers, within)): (&Month, &(u64, BTreeMap<i32, u64>))| {
            let again = (1..=MONTHS).map(|months| {
                let sum: u64 = within.range(..=months).map(|(_, count)| count).sum();
                // The last customer of the cohort came on the last day of its month.
                (month.plus(months) < present).then_some(sum)
            });
            Cohort { month: *month, customers: *customers, again: again.collect() }
        };
        self.cohorts.iter().map(judge).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_day_counts_within_its_months() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let mut cohorts = Cohorts::new(Zone::UTC);
        for order in ["2026-01-10T10:00:00Z", "2026-01-10T20:00:00Z", "2026-03-10T09:00:00Z"] {
            cohorts.order(at(order));
        }
        cohorts.next_customer();
        cohorts.order(at("2026-01-31T10:00:00Z"));
        cohorts.next_customer();
        cohorts.next_customer();
        let judged = cohorts.judge(at("2026-05-15T00:00:00Z"));
        assert_eq!((cohorts.buyers, cohorts.repeat_buyers), (2, 1));
        assert_eq!(judged.len(), 1);
        assert_eq!(judged[0].customers, 2);
        // Four months after the last day of January is not over in the middle of May.
        assert_eq!(judged[0].again[..5], [Some(0), Some(1), Some(1), None, None]);
    }
}
