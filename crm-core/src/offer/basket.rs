//! From a cart as it is reported to a cart to calculate with: everything checked, whole minor units, equal lines as one.

use super::cart::{Cart, CartLine};
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::value::spread::share;
use crate::value::{Amount, Category, Currency, LineScope, Percent, Quantity, Sku, Tag, TaxMode};
use std::collections::{BTreeMap, BTreeSet};

/// A cart that was checked, in whole minor units of its currency.
///
/// Equal lines (article, category, brand, tags, unit price, rate of tax) are one class, in the order in which they first appear. All
/// discounts are worked out on classes and handed back to the lines, so that how equal goods are cut into lines changes no sum. Goods by
/// weight are classes of amounts without units; each of their lines is rounded as it stands.
#[derive(Clone, Debug)]
pub struct Basket {
    pub(super) currency: Currency,
    pub(super) tax_mode: TaxMode,
    pub(super) lines: Vec<BasketLine>,
    pub(super) classes: Vec<Class>,
    pub(super) shipping: i64,
    pub(super) shipping_rate: Percent,
    pub(super) stored: Vec<i64>,
    list: i64,
    units: i64,
}

/// A line of a basket.
#[derive(Clone, Debug)]
pub(super) struct BasketLine {
    pub(super) line_no: u32,
    pub(super) list: i64,
    /// Zero for goods by weight.
    pub(super) units: i64,
}

/// Lines that differ in nothing but their number and quantity.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) sku: Sku,
    pub(super) category: Option<Category>,
    pub(super) brand: Option<Category>,
    pub(super) tags: BTreeSet<Tag>,
    pub(super) rate: Percent,
    /// Zero for goods by weight.
    pub(super) units: i64,
    pub(super) list: i64,
    /// Places of its lines.
    pub(super) lines: Vec<usize>,
}

impl Class {
    pub(super) fn is_in(&self, scope: &LineScope) -> bool {
        scope.admits(&self.sku, self.category.as_ref(), self.brand.as_ref(), &self.tags)
    }
}

impl Basket {
    /// The currency of the cart.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// What all lines cost before discounts, in minor units.
    #[must_use]
    pub const fn list_minor(&self) -> i64 {
        self.list
    }

    /// With so much more of goods like those of a class, by weight; none beyond the largest amount.
    pub(super) fn with_goods(&self, class: usize, amount: i64) -> Option<Self> {
        let mut basket = self.clone();
        let like = self.classes.get(class)?;
        let lines = vec![basket.lines.len()];
        let more = Class { units: 0, list: amount, lines, ..like.clone() };
        basket.lines.push(BasketLine { line_no: u32::MAX, list: amount, units: 0 });
        basket.classes.push(more);
        basket.list = self.list.checked_add(amount)?;
        (basket.list <= limits::MINOR_ABS_MAX / 2).then_some(basket)
    }

    /// The highest rate of tax, where tax comes on top at different rates: there the most off is not the lowest price.
    pub(super) fn uneven_tax(&self) -> Option<Percent> {
        let goods = self.classes.iter().filter(|class| class.list > 0).map(|class| class.rate);
        let rates = goods.chain((self.shipping > 0).then_some(self.shipping_rate));
        let (low, high) = (rates.clone().min()?, rates.max()?);
        (self.tax_mode == TaxMode::Added && low < high).then_some(high)
    }

    /// All units; goods by weight have none.
    pub(super) const fn units(&self) -> i64 {
        self.units
    }
}

/// What makes lines equal.
type Likeness<'a> = (&'a Sku, Option<&'a Category>, Option<&'a Category>, &'a BTreeSet<Tag>, i64, Percent, bool);

impl Cart {
    /// Checks the cart and converts it to whole minor units of its currency. A line costs unit price times quantity, rounded half up.
    ///
    /// # Errors
    /// All name their field by its path, such as `lines[3].unit_price`. `cart.lines` for no line, more than 10,000, or a line number that
    /// is 0 or used twice; `order.quantity` for a quantity that is not above 0 and at most 10^9; `money.negative`, `money.precision`,
    /// `money.range` for amounts and their sum; `value.too_many` for tags, codes, gift cards and stored value;
    /// `gift_card.name` and `gift_card.amount` for gift cards.
    pub fn check(&self) -> Result<Basket> {
        at_most("tags", self.tags.len(), limits::TAGS_MAX)?;
        at_most("codes", self.codes.len(), limits::CART_CODES_MAX)?;
        at_most("stored_value", self.stored_value.len(), limits::TENDERS_MAX)?;
        self.check_cards()?;
        if self.lines.is_empty() || self.lines.len() > limits::ORDER_LINES_MAX {
            let message = format!("the cart has {} lines", self.lines.len());
            return Err(Error::new(ErrorCode::CartLines, message).field("lines").limit(limits::ORDER_LINES_MAX));
        }
        let shipping = self.shipping.map_or(Ok(0), |amount| minor(self.currency, amount, "shipping"))?;
        let mut basket = Basket {
            currency: self.currency,
            tax_mode: self.tax_mode,
            lines: Vec::with_capacity(self.lines.len()),
            classes: Vec::new(),
            shipping,
            shipping_rate: self.shipping_tax_rate.unwrap_or(Percent::ZERO),
            stored: self.stored()?,
            list: 0,
            units: 0,
        };
        self.fill(&mut basket)?;
        let sum: i128 = basket.classes.iter().map(|class| i128::from(class.list)).sum();
        // Tax on top at most doubles what is to be paid, and that has room, too.
        if sum + i128::from(shipping) > i128::from(limits::MINOR_ABS_MAX) / 2 {
            let message = "the cart is beyond the largest amount";
            return Err(Error::new(ErrorCode::MoneyRange, message).field("lines").limit(limits::MINOR_ABS_MAX / 2));
        }
        basket.list = basket.classes.iter().map(|class| class.list).sum();
        basket.units = basket.classes.iter().map(|class| class.units).sum();
        Ok(basket)
    }

    fn stored(&self) -> Result<Vec<i64>> {
        let minor = |(at, stored): (usize, &super::cart::StoredValue)| {
            let error = |error: Error| error.within(format!("stored_value[{at}]"));
            minor(self.currency, stored.balance, "balance").map_err(error)
        };
        self.stored_value.iter().enumerate().map(minor).collect()
    }

    fn fill(&self, basket: &mut Basket) -> Result<()> {
        let numbered = self.lines.iter().any(|line| line.line_no.is_some());
        let mut numbers = BTreeSet::new();
        let mut known: BTreeMap<Likeness<'_>, usize> = BTreeMap::new();
        for ((at, place), line) in (0_usize..).zip(1_u32..).zip(&self.lines) {
            let number = line.line_no.unwrap_or(place);
            if number == 0 || (numbered && !numbers.insert(number)) {
                let why = if number == 0 { "is 0, they start at 1" } else { "is used twice" };
                let message = format!("line number `{number}` {why}");
                return Err(Error::new(ErrorCode::CartLines, message).field(format!("lines[{at}].line_no")));
            }
            let found = line.read(self.currency).map_err(|error| error.within(format!("lines[{at}]")))?;
            let (list, units, unit) = found;
            let rate = line.tax_rate.unwrap_or(Percent::ZERO);
            let names = (&line.sku, line.category.as_ref(), line.brand.as_ref(), &line.tags);
            let likeness = (names.0, names.1, names.2, names.3, unit, rate, units == 0);
            let class = *known.entry(likeness).or_insert_with(|| {
                basket.classes.push(line.class(rate));
                basket.classes.len() - 1
            });
            if let Some(class) = basket.classes.get_mut(class) {
                // Each line is within the bound and there are at most 10,000: the sum has room in 64 bits only if it is watched.
                class.list = class.list.checked_add(list).ok_or_else(beyond)?;
                class.units += units;
                class.lines.push(at);
            }
            basket.lines.push(BasketLine { line_no: number, list, units });
        }
        Ok(())
    }
}

impl CartLine {
    /// What the line costs, its units, and what one of them costs.
    fn read(&self, currency: Currency) -> Result<(i64, i64, i64)> {
        at_most("tags", self.tags.len(), limits::TAGS_MAX)?;
        let thousandths = self.quantity.thousandths();
        if thousandths <= 0 || limits::QUANTITY_MAX.saturating_mul(1000) < thousandths {
            let message = format!("quantity `{}` is not above 0 and at most {}", self.quantity, limits::QUANTITY_MAX);
            return Err(Error::new(ErrorCode::OrderQuantity, message).field("quantity").limit(limits::QUANTITY_MAX));
        }
        let unit = minor(currency, self.unit_price, "unit_price")?;
        let one = Quantity::ONE.thousandths();
        let list = share(unit, thousandths, one);
        if list > limits::MINOR_ABS_MAX {
            return Err(beyond());
        }
        Ok((list, if thousandths % one == 0 { thousandths / one } else { 0 }, unit))
    }

    fn class(&self, rate: Percent) -> Class {
        Class {
            sku: self.sku.clone(),
            category: self.category.clone(),
            brand: self.brand.clone(),
            tags: self.tags.clone(),
            rate,
            units: 0,
            list: 0,
            lines: Vec::new(),
        }
    }
}

fn beyond() -> Error {
    let message = "the line is beyond the largest amount";
    Error::new(ErrorCode::MoneyRange, message).field("unit_price").limit(limits::MINOR_ABS_MAX)
}

/// Whole minor units of an amount of zero or more.
pub(super) fn minor(currency: Currency, amount: Amount, field: &'static str) -> Result<i64> {
    let minor = currency.minor(amount).map_err(|error| error.field(field))?;
    if 0 <= minor {
        return Ok(minor);
    }
    Err(Error::new(ErrorCode::MoneyNegative, format!("{field} `{amount}` is below zero")).field(field))
}

fn at_most(field: &'static str, count: usize, max: usize) -> Result<()> {
    if count <= max {
        return Ok(());
    }
    let message = format!("{count} {field}, at most {max} are allowed");
    Err(Error::new(ErrorCode::ValueTooMany, message).field(field).limit(max))
}
