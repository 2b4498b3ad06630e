//! Awards: from the rules of an order, frozen in a formula, and its net amounts to whole points. Exact until the one rounding.

use super::{Gives, Rounding, Stacking};
use crate::error::{Error, ErrorCode, Result};
use crate::value::{Amount, Currency, Points, RuleId};
use minicbor::{Decode, Encode};

/// An exact fraction in lowest terms with a positive denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Ratio {
    #[n(0)]
    num: i64,
    #[n(1)]
    den: i64,
}

impl Ratio {
    /// The fraction `num / den`.
    ///
    /// # Errors
    /// `points.range` for a denominator that is not above 0, or beyond 64 bits.
    pub fn new(num: i64, den: i64) -> Result<Self> {
        Self::reduced(i128::from(num), i128::from(den))
    }

    /// The fraction that a decimal is.
    ///
    /// # Errors
    /// `points.range` when its parts need more than 64 bits.
    pub fn of(amount: Amount) -> Result<Self> {
        let (num, den) = parts(amount)?;
        Self::reduced(num, den)
    }

    /// The fraction `amount / per`.
    ///
    /// # Errors
    /// `points.range` unless `per` is above 0, or when the parts need more than 64 bits.
    pub fn of_per(amount: Amount, per: Amount) -> Result<Self> {
        let ((num, den), (per_num, per_den)) = (parts(amount)?, parts(per)?);
        Self::reduced(mul(num, per_den)?, mul(den, per_num)?)
    }

    fn reduced(num: i128, den: i128) -> Result<Self> {
        if den <= 0 {
            return Err(out_of_range());
        }
        let common = gcd(num, den);
        let part = |n: i128| i64::try_from(n / common).map_err(|_| out_of_range());
        Ok(Self { num: part(num)?, den: part(den)? })
    }
}

/// Numerator and denominator of a decimal.
fn parts(amount: Amount) -> Result<(i128, i128)> {
    let normal = amount.decimal().normalize();
    Ok((normal.mantissa(), 10_i128.checked_pow(normal.scale()).ok_or_else(out_of_range)?))
}

/// What one part of a formula gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum PartKind {
    /// Points for the net amount, in proportion.
    #[n(0)]
    PerAmount {
        /// Points for one major unit.
        #[n(0)]
        points: Ratio,
    },
    /// Points for every full step of the net amount of all its lines together.
    #[n(1)]
    PerStep {
        /// Points for one step.
        #[n(0)]
        points: Points,
        /// Minor units of one step; more than 0.
        #[n(1)]
        step_minor: i64,
    },
    /// Points for every unit; a fraction of a unit gives its fraction.
    #[n(2)]
    PerUnit {
        /// Points for one unit.
        #[n(0)]
        points: Ratio,
    },
    /// A bonus on what the other kinds give for its lines.
    #[n(3)]
    Multiplier {
        /// The part added; above −1.
        #[n(0)]
        bonus: Ratio,
    },
}

impl PartKind {
    /// The kind of part that a rule makes for orders in a currency; none for a fixed bonus, which is an award of its own.
    ///
    /// # Errors
    /// `points.range` for rates beyond 64 bits or of 0 money, `money.precision` for a step below the minor unit.
    pub fn of(gives: &Gives, currency: Currency) -> Result<Option<Self>> {
        Ok(match gives {
            Gives::PerAmount { points, per } => Some(Self::PerAmount { points: Ratio::of_per(*points, *per)? }),
            Gives::PerStep { points, step } => {
                Some(Self::PerStep { points: *points, step_minor: currency.minor(*step)? })
            }
            Gives::PerUnit { points } => Some(Self::PerUnit { points: Ratio::of(*points)? }),
            Gives::Multiplier { bonus } => Some(Self::Multiplier { bonus: Ratio::of(*bonus)? }),
            Gives::Fixed { .. } => None,
        })
    }
}

/// One rule's part in an award.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Part {
    /// The rule.
    #[n(0)]
    pub rule: RuleId,
    /// What it gives.
    #[n(1)]
    pub kind: PartKind,
    /// Indexes of the lines it looks at; none for all. An index beyond the lines means nothing.
    #[n(2)]
    pub lines: Option<Vec<u32>>,
}

/// The rules of one order and point currency as they were when it was recorded: the rule snapshot that refunds compute with.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Formula {
    /// The parts, in the order of the program.
    #[n(0)]
    pub parts: Vec<Part>,
    /// The one rounding.
    #[n(1)]
    pub rounding: Rounding,
    /// How multipliers of the same line combine.
    #[n(2)]
    pub stacking: Stacking,
    /// Minor digits of the order's currency.
    #[n(3)]
    pub minor_digits: u32,
}

/// What of one line earns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineBasis {
    /// Net minor units after discounts and refunds; below 0 counts as 0.
    pub net_minor: i64,
    /// Units after refunds, in thousandths; below 0 counts as 0.
    pub thousandths: i64,
}

/// A number of points with where it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Award {
    /// How many points; 0 or more.
    pub points: Points,
    /// The share of each line, in line order; adds up to `points`.
    pub lines: Vec<Points>,
    /// The share of each rule that has one, in formula order; adds up to `points`. A malus has a share below 0.
    pub rules: Vec<(RuleId, Points)>,
}

impl Formula {
    /// The award for the lines as they stand: a function of the formula and the lines alone, so that every way to the same lines ends
    /// in the same award.
    ///
    /// Computes in exact fractions and rounds the sum once; lines and rules get the whole points of their exact shares, and those with
    /// the largest remainders one more, ties in line (or rule) order.
    ///
    /// ```
    /// use crm_core::points::{Formula, LineBasis, Part, PartKind, Ratio, Rounding, Stacking};
    /// use crm_core::value::RuleId;
    /// let base = Part { rule: RuleId::new("base")?, kind: PartKind::PerAmount { points: Ratio::new(1, 1)? }, lines: None };
    /// let formula =
    ///     Formula { parts: vec![base], rounding: Rounding::Floor, stacking: Stacking::Additive, minor_digits: 2 };
    /// let award = formula.award(&[LineBasis { net_minor: 1999, thousandths: 1000 }; 3])?;
    /// assert_eq!(award.points.get(), 59);
    /// assert_eq!(award.lines.iter().map(|p| p.get()).collect::<Vec<_>>(), [20, 20, 19]);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `points.range` when the points leave their range or the fractions need more than 127 bits.
    pub fn award(&self, lines: &[LineBasis]) -> Result<Award> {
        let mut line_shares = vec![0_i128; lines.len()];
        let mut rule_shares = vec![0_i128; self.parts.len()];
        let Exact { total, den } = self.exact(lines, &mut |line, part, share| {
            for cell in [line_shares.get_mut(line), rule_shares.get_mut(part)].into_iter().flatten() {
                *cell = plus(*cell, share)?;
            }
            Ok(())
        })?;
        let points = self.whole(total, den)?;
        let by_part = largest_remainder(&rule_shares, den, points)?;
        let mut rules: Vec<(RuleId, Points)> = Vec::new();
        for (part, share) in self.parts.iter().zip(by_part) {
            match rules.iter_mut().find(|(rule, _)| *rule == part.rule) {
                Some((_, sum)) => *sum = sum.plus(share)?,
                None => rules.push((part.rule.clone(), share)),
            }
        }
        rules.retain(|(_, share)| !share.is_zero());
        Ok(Award { points, lines: largest_remainder(&line_shares, den, points)?, rules })
    }

    /// The points of [`Formula::award`], for whoever does not ask where they come from.
    ///
    /// # Errors
    /// As there.
    pub fn points(&self, lines: &[LineBasis]) -> Result<Points> {
        let Exact { total, den } = self.exact(lines, &mut |_, _, _| Ok(()))?;
        self.whole(total, den)
    }

    /// The award before it is rounded; each share of a line in a part is told, in units of 1 / the denominator.
    fn exact(&self, lines: &[LineBasis], tell: &mut dyn FnMut(usize, usize, i128) -> Result<()>) -> Result<Exact> {
        let mut rates = self.rates(lines)?;
        let scale = rates.iter().try_fold(1, |scale, rate| lcm(scale, rate.den))?;
        for rate in &mut rates {
            rate.by = whole_part(scale, rate.den);
        }
        let one = self.factor_scale()?;
        let multipliers = self.multipliers(lines.len());
        let mut total = 0_i128;
        for (index, line) in lines.iter().enumerate() {
            let mut base = 0_i128;
            for rate in rates.iter().filter(|rate| rate.marks.has(index)) {
                let share = mul(mul(rate.of.amount(line), rate.num)?, rate.by)?;
                base = plus(base, share)?;
                tell(index, rate.part, mul(share, one)?)?;
            }
            total = plus(total, mul(base, one)?)?;
            if base == 0 || multipliers.is_empty() {
                continue;
            }
            for (part, delta) in self.deltas(&multipliers, index, one)? {
                let added = mul(base, delta)?;
                total = plus(total, added)?;
                tell(index, part, added)?;
            }
        }
        Ok(Exact { total, den: mul(scale, one)? })
    }

    fn whole(&self, total: i128, den: i128) -> Result<Points> {
        Points::new(i64::try_from(self.round(total, den)?).map_err(|_| out_of_range())?)
    }

    /// Whether every part looks at all lines and at their amounts only: then the award follows from the sum of the amounts.
    #[must_use]
    pub fn sees_all_lines(&self) -> bool {
        self.parts.iter().all(|part| part.lines.is_none() && !matches!(part.kind, PartKind::PerUnit { .. }))
    }

    fn round(&self, total: i128, den: i128) -> Result<i128> {
        Ok(match self.rounding {
            Rounding::Floor => whole_part(total, den),
            Rounding::HalfUp => plus(mul(total, 2)?, den)?.div_euclid(mul(den, 2)?),
            Rounding::Ceil => plus(total, den - 1)?.div_euclid(den),
        })
    }

    /// What every part but the multipliers gives for each line, exactly.
    fn rates(&self, lines: &[LineBasis]) -> Result<Vec<Rate>> {
        let mut rates = Vec::with_capacity(self.parts.len());
        for (part, spec) in self.parts.iter().enumerate() {
            let marks = spec.marks(lines.len());
            let (of, num, den) = match spec.kind {
                PartKind::Multiplier { .. } => continue,
                PartKind::PerAmount { points } => {
                    let minor = 10_i128.checked_pow(self.minor_digits).ok_or_else(out_of_range)?;
                    (Of::Money, i128::from(points.num), mul(i128::from(points.den), minor)?)
                }
                PartKind::PerUnit { points } => (Of::Units, i128::from(points.num), mul(i128::from(points.den), 1000)?),
                PartKind::PerStep { points, step_minor } => {
                    // Whole steps of the sum; each line has the share of its amount in them.
                    let seen = lines.iter().enumerate().filter(|(index, _)| marks.has(*index));
                    let sum = seen.map(|(_, line)| Of::Money.amount(line)).try_fold(0, plus)?;
                    let steps = if 0 < step_minor { sum / i128::from(step_minor) } else { return Err(out_of_range()) };
                    (Of::Money, mul(steps, i128::from(points.get()))?, sum.max(1))
                }
            };
            let common = gcd(num, den);
            rates.push(Rate { part, marks, of, num: whole_part(num, common), den: whole_part(den, common), by: 1 });
        }
        Ok(rates)
    }

    /// The common denominator of all bonuses: what the factor 1 is in whole numbers.
    fn factor_scale(&self) -> Result<i128> {
        let bonuses = self.parts.iter().filter_map(|part| part.bonus());
        let mut dens = bonuses.map(|bonus| i128::from(bonus.den));
        match self.stacking {
            Stacking::Compounding => dens.try_fold(1, mul),
            Stacking::Additive | Stacking::BestOnly => dens.try_fold(1, lcm),
        }
    }

    /// The multipliers that look at any line: their places, bonuses, and lines.
    fn multipliers(&self, lines: usize) -> Vec<(usize, Ratio, Marks)> {
        let all = self.parts.iter().enumerate().filter(|(_, part)| !part.lines.as_ref().is_some_and(Vec::is_empty));
        all.filter_map(|(index, part)| Some((index, part.bonus()?, part.marks(lines)))).collect()
    }

    /// What each multiplier adds to the factor 1 of a line: (index of the part, added, in units of 1 / `one`).
    fn deltas(&self, multipliers: &[(usize, Ratio, Marks)], line: usize, one: i128) -> Result<Vec<(usize, i128)>> {
        let mut deltas: Vec<(usize, i128)> = Vec::new();
        let mut factor = one;
        for (part, bonus, marks) in multipliers {
            if !marks.has(line) {
                continue;
            }
            let base = if self.stacking == Stacking::Compounding { factor } else { one };
            // Exact: `one` holds every denominator, and a compounded factor still holds those of the multipliers to come.
            let delta = mul(base / i128::from(bonus.den), i128::from(bonus.num))?;
            match deltas.first_mut().filter(|_| self.stacking == Stacking::BestOnly) {
                Some(best) if best.1 < delta => *best = (*part, delta),
                Some(_) => {}
                None => deltas.push((*part, delta)),
            }
            factor = plus(factor, delta)?;
        }
        // Several maluses may add up to more than all; the award is 0 then, and the last of them takes the difference.
        let sum = deltas.iter().try_fold(one, |sum, (_, delta)| plus(sum, *delta))?;
        if let Some(last) = deltas.last_mut().filter(|_| sum < 0) {
            last.1 -= sum;
        }
        Ok(deltas)
    }
}

/// An award before it is rounded, in units of 1 / `den`.
struct Exact {
    total: i128,
    den: i128,
}

/// What one part gives for an amount: `num` / `den`.
struct Rate {
    part: usize,
    marks: Marks,
    of: Of,
    num: i128,
    den: i128,
    /// What brings it to the denominator of all of them.
    by: i128,
}

/// What a part looks at in a line.
#[derive(Clone, Copy)]
enum Of {
    Money,
    Units,
}

impl Of {
    fn amount(self, line: &LineBasis) -> i128 {
        let amount = match self {
            Self::Money => line.net_minor,
            Self::Units => line.thousandths,
        };
        i128::from(amount.max(0))
    }
}

impl Part {
    const fn bonus(&self) -> Option<Ratio> {
        match self.kind {
            PartKind::Multiplier { bonus } => Some(bonus),
            PartKind::PerAmount { .. } | PartKind::PerStep { .. } | PartKind::PerUnit { .. } => None,
        }
    }

    fn marks(&self, lines: usize) -> Marks {
        let Some(eligible) = self.lines.as_ref() else { return Marks(None) };
        let mut marks = vec![false; lines];
        for index in eligible {
            if let Some(mark) = usize::try_from(*index).ok().and_then(|index| marks.get_mut(index)) {
                *mark = true;
            }
        }
        Marks(Some(marks))
    }
}

/// Which lines a part looks at; none means all of them.
struct Marks(Option<Vec<bool>>);

impl Marks {
    fn has(&self, line: usize) -> bool {
        self.0.as_ref().is_none_or(|marks| marks.get(line) == Some(&true))
    }
}

impl Award {
    /// The same award cut to `points` (by a cap): lines and rules keep their proportions, with the largest remainders rounded up.
    /// An award that is not above `points` stays as it is.
    ///
    /// # Errors
    /// `points.range` cannot happen for awards of a formula.
    pub fn cut(self, points: Points) -> Result<Self> {
        let points = points.max(Points::ZERO);
        if self.points <= points {
            return Ok(self);
        }
        let den = i128::from(self.points.get());
        let scaled = |share: &Points| mul(i128::from(share.get()), i128::from(points.get()));
        let lines = self.lines.iter().map(scaled).collect::<Result<Vec<_>>>()?;
        let rules = self.rules.iter().map(|(_, share)| scaled(share)).collect::<Result<Vec<_>>>()?;
        let shares = largest_remainder(&rules, den, points)?;
        let rules = self.rules.into_iter().map(|(rule, _)| rule).zip(shares).filter(|(_, share)| !share.is_zero());
        Ok(Self { points, lines: largest_remainder(&lines, den, points)?, rules: rules.collect() })
    }
}

/// Splits `points` by exact shares in units of 1 / `den` that add up to about as much: everyone gets the whole part of theirs, and the
/// largest remainders one more each until all is given; ties in order.
fn largest_remainder(shares: &[i128], den: i128, points: Points) -> Result<Vec<Points>> {
    let mut whole: Vec<i128> = shares.iter().map(|share| whole_part(*share, den)).collect();
    let given = whole.iter().try_fold(0, |sum, n| plus(sum, *n))?;
    let left = usize::try_from(i128::from(points.get()) - given).unwrap_or(0);
    if 0 < left {
        let rests = shares.iter().zip(&whole).map(|(share, whole)| share.wrapping_sub(whole.wrapping_mul(den)));
        let mut order: Vec<(i128, usize)> = rests.enumerate().map(|(index, rest)| (-rest, index)).collect();
        order.sort_unstable();
        for (_, index) in order.into_iter().take(left) {
            if let Some(n) = whole.get_mut(index) {
                *n += 1;
            }
        }
    }
    whole.into_iter().map(|n| Points::new(i64::try_from(n).map_err(|_| out_of_range())?)).collect()
}

fn out_of_range() -> Error {
    Error::new(ErrorCode::PointsRange, "the rates and amounts are too large or too fine for an exact award")
        .field("points")
}

/// `share / den`, rounded down. A division of 128 bits costs ten of 64, which are nearly always enough.
fn whole_part(share: i128, den: i128) -> i128 {
    match (i64::try_from(share), i64::try_from(den)) {
        (Ok(share), Ok(den)) if 0 < den => i128::from(share.div_euclid(den)),
        _ => share.div_euclid(den),
    }
}

fn mul(a: i128, b: i128) -> Result<i128> {
    if let (Ok(a), Ok(b)) = (i64::try_from(a), i64::try_from(b)) {
        return Ok(i128::from(a).wrapping_mul(i128::from(b))); // Fits, whatever they are.
    }
    a.checked_mul(b).ok_or_else(out_of_range)
}

fn plus(a: i128, b: i128) -> Result<i128> {
    a.checked_add(b).ok_or_else(out_of_range)
}

/// Greatest common divisor; above 0 for `b` above 0.
fn gcd(a: i128, b: i128) -> i128 {
    if let (Ok(a), Ok(b)) = (u64::try_from(a), u64::try_from(b)) {
        let (mut a, mut b) = (a, b);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        return i128::from(a.max(1));
    }
    let (mut a, mut b) = (a.saturating_abs(), b.saturating_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

fn lcm(a: i128, b: i128) -> Result<i128> {
    if a == b {
        return Ok(a.max(1));
    }
    mul(whole_part(a, gcd(a, b)), b)
}
