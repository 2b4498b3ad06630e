//! The figures of the report: whole numbers, collected in walks over the database.

use super::cohort::{Cohort, Cohorts};
use super::months::Month;
use super::offers::OfferFigures;
use super::shared::SharedFigures;
use crm_core::effect::What;
use crm_core::lifecycle::preset;
use crm_core::order::OrderStatus;
use crm_core::points::{Book, Posting};
use crm_core::program::{LifecycleChoice, Program};
use crm_core::query::{Answer, Liability, Query};
use crm_core::value::{Currency, CustomerId, LadderId, Money, PointCurrency, TierId, Timestamp};
use crm_core::{Engine, Error, Result};
use serde::Serialize;
use std::collections::BTreeMap;

/// Everything that the page says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Figures {
    pub(crate) at: Timestamp,
    /// The same in local time.
    pub(crate) local: String,
    pub(crate) program: String,
    pub(crate) revision: u32,
    pub(crate) zone: String,
    pub(crate) members: u64,
    /// Valid orders: paid and not fully refunded or cancelled.
    pub(crate) orders: u64,
    /// What is left of them after refunds, by currency.
    pub(crate) net_sales: Vec<Money>,
    /// Customers with a valid order, and with orders on more than one day.
    pub(crate) buyers: u64,
    pub(crate) repeat_buyers: u64,
    pub(crate) points: Vec<PointFigures>,
    pub(crate) ladders: Vec<LadderFigures>,
    pub(crate) lifecycle: Option<LifecycleFigures>,
    pub(crate) cohorts: Vec<Cohort>,
    /// None where there are no offers.
    pub(crate) offers: Option<OfferFigures>,
    pub(crate) shared: SharedFigures,
    /// Whether something is due that no sweep has written down: reviews are then missing from the tier movements.
    pub(crate) is_due: bool,
}

/// One point currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PointFigures {
    pub(crate) liability: Liability,
    pub(crate) months: Vec<PointMonth>,
}

/// What happened to the points of one currency in one month. `outstanding` is what is there at its end:
/// the sum of `issued − spent − expired − taken_back` of all months so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PointMonth {
    pub(crate) month: Month,
    pub(crate) issued: i64,
    pub(crate) spent: i64,
    pub(crate) expired: i64,
    pub(crate) taken_back: i64,
    pub(crate) outstanding: i64,
}

/// One ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LadderFigures {
    pub(crate) ladder: LadderId,
    /// From the lowest to the highest.
    pub(crate) tiers: Vec<(TierId, u64)>,
    pub(crate) months: Vec<TierMonth>,
}

/// Movements on a ladder in one month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TierMonth {
    pub(crate) month: Month,
    pub(crate) up: u64,
    pub(crate) down: u64,
}

/// Members by stage (rows) and activity (columns).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LifecycleFigures {
    pub(crate) stages: Vec<String>,
    pub(crate) activities: Vec<String>,
    pub(crate) members: Vec<Vec<u64>>,
}

/// What is owed at an instant, or at the last entry if that is later: books show what is known now.
fn liability(engine: &Engine, at: Timestamp) -> Result<(Timestamp, Vec<Liability>)> {
    match engine.ask(&Query::Liability { at }) {
        Ok(Answer::Liability { currencies }) => Ok((at, currencies)),
        Ok(_) => Err(Error::internal("liability has the answer to another question")),
        Err(refused) => {
            let last = refused.details().get("last").and_then(|last| Timestamp::parse(last.as_str()?).ok());
            match last.filter(|last| at < *last) {
                Some(last) => liability(engine, last),
                None => Err(refused),
            }
        }
    }
}

impl Figures {
    pub(crate) fn collect(engine: &Engine, at: Timestamp) -> Result<Self> {
        let program = engine.program()?;
        let (at, currencies) = liability(engine, at)?;
        let mut walk = Walk::new(&program, at);
        walk.customers(engine)?;
        walk.entries(engine)?;
        walk.orders(engine)?;
        let points = currencies.into_iter().map(|liability| PointFigures {
            months: walk.points.get(&liability.currency).map_or_else(Vec::new, |months| running(months, walk.present)),
            liability,
        });
        Ok(Self {
            at,
            local: program.zone().local(at).format("%Y-%m-%d %H:%M").to_string(),
            program: program.name().to_owned(),
            revision: program.revision(),
            zone: program.zone().name().to_owned(),
            points: points.collect(),
            members: walk.members,
            orders: walk.orders,
            net_sales: walk.sales.iter().map(|(_, (currency, sum))| currency.money(*sum)).collect(),
            buyers: walk.cohorts.buyers,
            repeat_buyers: walk.cohorts.repeat_buyers,
            ladders: walk.ladders(&program),
            lifecycle: walk.lifecycle(&program),
            cohorts: walk.cohorts.judge(at),
            offers: OfferFigures::collect(engine, &program, at)?,
            shared: SharedFigures::collect(engine, at)?,
            is_due: engine.next_due()?.is_some_and(|due| due <= at),
        })
    }
}

/// The months without a gap up to the present one, with what is outstanding at the end of each.
fn running(months: &BTreeMap<Month, [i64; 5]>, present: Month) -> Vec<PointMonth> {
    let Some((first, _)) = months.first_key_value() else { return Vec::new() };
    let last = months.last_key_value().map_or(present, |(last, _)| present.max(*last));
    let mut outstanding = 0_i64;
    let mut month_of = |month: Month| {
        let [issued, spent, expired, taken_back, change] = months.get(&month).copied().unwrap_or_default();
        outstanding = outstanding.saturating_add(change);
        PointMonth { month, issued, spent, expired, taken_back, outstanding }
    };
    Month::range(*first, last).map(&mut month_of).collect()
}

/// What the walks add up.
struct Walk<'a> {
    program: &'a Program,
    at: Timestamp,
    present: Month,
    members: u64,
    orders: u64,
    /// By the code of the currency.
    sales: BTreeMap<String, (Currency, i64)>,
    /// Issued, spent, expired, taken back, and the change of what is outstanding.
    points: BTreeMap<PointCurrency, BTreeMap<Month, [i64; 5]>>,
    tiers: BTreeMap<(LadderId, TierId), u64>,
    moves: BTreeMap<LadderId, BTreeMap<Month, (u64, u64)>>,
    stages: BTreeMap<(String, String), u64>,
    cohorts: Cohorts,
}

impl<'a> Walk<'a> {
    fn new(program: &'a Program, at: Timestamp) -> Self {
        Self {
            program,
            at,
            present: Month::of(program.zone(), at),
            members: 0,
            orders: 0,
            sales: BTreeMap::new(),
            points: BTreeMap::new(),
            tiers: BTreeMap::new(),
            moves: BTreeMap::new(),
            stages: BTreeMap::new(),
            cohorts: Cohorts::new(*program.zone()),
        }
    }

    fn customers(&mut self, engine: &Engine) -> Result<()> {
        engine.each_customer(self.at, &mut |customer| {
            self.members += 1;
            for tier in customer.tiers {
                *self.tiers.entry(tier).or_default() += 1;
            }
            if let Some((stage, activity, _)) = customer.stage {
                *self.stages.entry((stage.to_string(), activity.to_string())).or_default() += 1;
            }
            Ok(())
        })?;
        // What time has done since the last entry is in no entry yet; it happens here, in memory, at its exact instants.
        let at = self.at;
        engine.each_stored(&mut |stored| {
            for mut account in stored.accounts {
                let mut log = Vec::new();
                account.advance(at, &mut log);
                for movement in log {
                    self.posted(&account.currency, movement.effective_at, &movement.postings);
                }
            }
            Ok(())
        })
    }

    fn entries(&mut self, engine: &Engine) -> Result<()> {
        engine.each_entry(&mut |entry| {
            for change in &entry.points {
                self.posted(&change.currency, entry.effective_at, &change.postings);
            }
            if let What::Tier { change } = &entry.what
                && let Some(ladder) = self.program.ladder(&change.ladder)
            {
                let month = Month::of(self.program.zone(), change.at);
                let moves = self.moves.entry(change.ladder.clone()).or_default().entry(month).or_default();
                if ladder.rank(&change.from) < ladder.rank(&change.to) { moves.0 += 1 } else { moves.1 += 1 }
            }
            Ok(())
        })
    }

    fn posted(&mut self, currency: &PointCurrency, at: Timestamp, postings: &[Posting]) {
        let sum = |books: &[Book]| {
            let posted = postings.iter().filter(|posting| books.contains(&posting.book));
            posted.map(|posting| posting.points.get()).sum::<i64>()
        };
        let month = Month::of(self.program.zone(), at);
        let slot = self.points.entry(currency.clone()).or_default().entry(month).or_default();
        let changes = [
            -sum(&[Book::Issued]),
            sum(&[Book::Redeemed]),
            sum(&[Book::Expired]),
            // What a debt or a write-off stands for was spent, not taken out of the account.
            sum(&[Book::Revoked, Book::Debt, Book::Unrecovered]),
            sum(&[Book::Pending, Book::Available, Book::Held]),
        ];
        for (sum, change) in slot.iter_mut().zip(changes) {
            *sum = sum.saturating_add(change);
        }
    }

    fn orders(&mut self, engine: &Engine) -> Result<()> {
        let mut whose: Option<CustomerId> = None;
        engine.each_order(&mut |customer, order| {
            if whose.as_ref() != Some(&customer) {
                self.cohorts.next_customer();
                whose = Some(customer);
            }
            if matches!(order.status(), OrderStatus::Valid | OrderStatus::PartlyRefunded) {
                self.orders += 1;
                let currency = order.currency();
                let sum = self.sales.entry(currency.code().to_owned()).or_insert((currency, 0));
                sum.1 = sum.1.saturating_add(order.left_minor());
                self.cohorts.order(order.paid_at());
            }
            Ok(())
        })?;
        self.cohorts.next_customer();
        Ok(())
    }

    fn ladders(&self, program: &Program) -> Vec<LadderFigures> {
        let of = |ladder: &crm_core::tier::Ladder| {
            let id = ladder.id();
            let count = |tier: &TierId| self.tiers.get(&(id.clone(), tier.clone())).copied().unwrap_or(0);
            let tiers = ladder.tiers().map(|tier| (tier.clone(), count(tier))).collect();
            let moves = self.moves.get(id).cloned().unwrap_or_default();
            let (first, last) = (moves.first_key_value(), moves.last_key_value());
            let span = first.zip(last).map(|((first, _), (last, _))| Month::range(*first, self.present.max(*last)));
            let months = span.into_iter().flatten().map(|month| {
                let (up, down) = moves.get(&month).copied().unwrap_or_default();
                TierMonth { month, up, down }
            });
            LadderFigures { ladder: id.clone(), tiers, months: months.collect() }
        };
        program.ladders().iter().map(of).collect()
    }

    fn lifecycle(&self, program: &Program) -> Option<LifecycleFigures> {
        let rules = match program.document().lifecycle.as_ref()? {
            LifecycleChoice::Preset { name } => preset(name)?,
            LifecycleChoice::Rules { rules } => rules.clone(),
        };
        let mut stages: Vec<String> = rules.stages.iter().map(|stage| stage.id.clone()).collect();
        let mut activities: Vec<String> = ["new", "active", "reactivated"].map(str::to_owned).to_vec();
        activities.extend(rules.activity.bands.iter().map(|band| band.id.clone()));
        // Customers who were last judged under an earlier revision may stand in a stage that is gone.
        for (stage, activity) in self.stages.keys() {
            if !stages.contains(stage) {
                stages.push(stage.clone());
            }
            if !activities.contains(activity) {
                activities.push(activity.clone());
            }
        }
        let count = |stage: &String, activity: &String| {
            self.stages.get(&(stage.clone(), activity.clone())).copied().unwrap_or(0)
        };
        let row = |stage: &String| activities.iter().map(|activity| count(stage, activity)).collect();
        let members = stages.iter().map(row).collect();
        Some(LifecycleFigures { stages, activities, members })
    }
}
