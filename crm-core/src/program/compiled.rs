//! A program that was checked: what the engine decides with.

use super::check::Parts;
use super::chronicle::{Chronicle, Rules, stamp_of};
use super::condition::Condition;
use super::document::{Basis, Document, EarnRule, RefundRules};
use super::finding::{Finding, FindingCode, Severity};
use super::groups::{GiftCardRules, GroupRules};
use super::offers::{Campaign, Checkout, IssueOn, IssueRule, Needs, Offer};
use crate::code::NormalCode;
use crate::lifecycle::{LifeState, Lifecycle};
use crate::offer::{Basket, Funder, Limit, OfferIndex, OfferRules};
use crate::points::{Cap, CurrencyRules, EarnOn, PartKind, ReferralSide};
use crate::tier::{Ladder, Timeline};
use crate::value::{
    CampaignId, Currency, EventName, LadderId, OfferId, Party, Percent, PointCurrency, RuleId, Timestamp, Zone,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A compiled program: immutable, cheap to share, every reference in it resolved.
#[derive(Debug)]
pub struct Program {
    document: Document,
    zone: Zone,
    main_currency: Currency,
    /// Place in the document of each point currency.
    currencies: BTreeMap<PointCurrency, usize>,
    /// Places in the document of the rules that a fact sets off.
    triggers: Triggers,
    /// For each accepted currency, what each rule gives on orders.
    kinds: Vec<Vec<Option<PartKind>>>,
    ladders: BTreeMap<LadderId, usize>,
    parts: Parts,
    /// Each ladder through the revisions, in the order of the document.
    timelines: Vec<Timeline>,
    standing_stamp: u64,
    chronicle: Chronicle,
    offers: Offers,
    warnings: Vec<Finding>,
}

/// The offers of the document, found by name, by code and by what brings them in.
#[derive(Debug, Default)]
struct Offers {
    /// In the order of the document.
    rules: Vec<OfferRules>,
    places: BTreeMap<OfferId, usize>,
    campaigns: BTreeMap<CampaignId, usize>,
    codes: BTreeMap<NormalCode, usize>,
    /// Of campaigns, in the order of the document.
    zones: Vec<Zone>,
    /// Under which names the limits of offers and of campaigns are counted, but for their periods.
    counters: Vec<Vec<Arc<str>>>,
    shared_counters: Vec<Vec<Arc<str>>>,
    index: OfferIndex,
}

impl Offers {
    fn of(document: &Document, zone: Zone, main: Currency) -> crate::Result<Self> {
        let mut offers = Self::default();
        for (place, campaign) in document.campaigns.iter().enumerate() {
            offers.campaigns.insert(campaign.id.clone(), place);
            offers.zones.push(campaign.zone.as_deref().map_or(Ok(zone), Zone::new)?);
            let name = |limit: &Limit| format!("campaign:{}/{}", campaign.id, limit.id).into();
            offers.shared_counters.push(campaign.limits.iter().map(name).collect());
        }
        for (place, offer) in document.offers.iter().enumerate() {
            offers.places.insert(offer.id.clone(), place);
            let name = |limit: &Limit| format!("offer:{}/{}", offer.id, limit.id).into();
            offers.counters.push(offer.limits.iter().map(name).collect());
            if let Needs::Code { codes } = &offer.needs {
                for code in codes {
                    offers.codes.insert(NormalCode::of(code)?, place);
                }
            }
            let rules = offers.rules_of(document, offer, main)?;
            offers.rules.push(rules);
        }
        offers.index = OfferIndex::new(&offers.rules);
        Ok(offers)
    }

    /// What a quote needs of an offer: borne as its campaign says, or by the merchant.
    fn rules_of(&self, document: &Document, offer: &Offer, main: Currency) -> crate::Result<OfferRules> {
        let campaign = offer.campaign.as_ref().and_then(|id| document.campaigns.get(*self.campaigns.get(id)?));
        let funders = match campaign {
            Some(campaign) if !campaign.funders.is_empty() => campaign.funders.clone(),
            _ => vec![Funder { party: Party::new("merchant")?, share: Percent::WHOLE }],
        };
        Ok(offer.rules(main, funders))
    }
}

#[derive(Debug, Default)]
struct Triggers {
    orders: BTreeMap<PointCurrency, Vec<usize>>,
    events: BTreeMap<EventName, Vec<usize>>,
    sign_up: Vec<usize>,
    birthday: Vec<usize>,
    referrer: Vec<usize>,
    referee: Vec<usize>,
}

impl Triggers {
    fn of(rules: &[EarnRule]) -> Self {
        let mut triggers = Self::default();
        for (place, rule) in rules.iter().enumerate() {
            let list = match &rule.on {
                EarnOn::Order => triggers.orders.entry(rule.currency.clone()).or_default(),
                EarnOn::Event { name } => triggers.events.entry(name.clone()).or_default(),
                EarnOn::SignUp => &mut triggers.sign_up,
                EarnOn::Birthday => &mut triggers.birthday,
                EarnOn::Referral { side: ReferralSide::Referrer } => &mut triggers.referrer,
                EarnOn::Referral { side: ReferralSide::Referee } => &mut triggers.referee,
            };
            list.push(place);
        }
        triggers
    }
}

impl Program {
    pub(super) fn assemble(document: Document, parts: Parts, warnings: Vec<Finding>) -> Result<Self, Vec<Finding>> {
        let unreadable = |code: FindingCode, pointer: &str, message: String| {
            let (code, help) = (code.as_str().to_owned(), code.help().to_owned());
            vec![Finding { code, pointer: pointer.to_owned(), message, help, severity: Severity::Error }]
        };
        let zone = Zone::new(&document.zone)
            .map_err(|error| unreadable(FindingCode::Zone, "/zone", error.message().to_owned()))?;
        let main_currency =
            document.currencies.first().copied().ok_or_else(|| {
                unreadable(FindingCode::Currencies, "/currencies", "no currency is accepted".to_owned())
            })?;
        let currencies = document.points.iter().enumerate().map(|(place, rules)| (rules.id.clone(), place)).collect();
        let ladders = document.tiers.iter().enumerate().map(|(place, rules)| (rules.id.clone(), place)).collect();
        let triggers = Triggers::of(&document.earn);
        let of_currency = |currency: &Currency| {
            document.earn.iter().map(|rule| PartKind::of(&rule.gives, *currency)).collect::<crate::Result<Vec<_>>>()
        };
        let kinds = document.currencies.iter().map(of_currency).collect::<crate::Result<Vec<_>>>();
        let kinds =
            kinds.map_err(|error| unreadable(FindingCode::EarnPrecision, "/earn", error.message().to_owned()))?;
        let offers = Offers::of(&document, zone, main_currency)
            .map_err(|error| unreadable(FindingCode::OfferCode, "/offers", error.message().to_owned()))?;
        let program = Self {
            offers,
            timelines: Vec::new(),
            standing_stamp: 0,
            chronicle: Chronicle::default(),
            kinds,
            zone,
            main_currency,
            currencies,
            triggers,
            ladders,
            parts,
            warnings,
            document,
        };
        Ok(program.after(&Chronicle::default(), Timestamp::MIN))
    }

    /// The program as the next revision after others, published at an instant.
    pub(crate) fn after(mut self, before: &Chronicle, at: Timestamp) -> Self {
        self.chronicle = before.clone();
        self.chronicle.add(at, &Rules::of(&self.document));
        let timeline = |ladder: &Ladder| self.chronicle.timeline(ladder.id()).cloned();
        self.timelines = self.parts.ladders.iter().filter_map(timeline).collect();
        let stamps: Vec<u64> = self.timelines.iter().map(Timeline::stamp).collect();
        let life = self.parts.lifecycle.as_ref().map(|life| life.stamp().0);
        self.standing_stamp = stamp_of(&(&stamps, life, &self.document.zone));
        self
    }

    /// The revisions up to this one.
    pub(crate) const fn chronicle(&self) -> &Chronicle {
        &self.chronicle
    }

    /// From when stages and activity are judged as they are now; none when no revision changed it.
    pub(crate) fn life_since(&self) -> Option<Timestamp> {
        self.chronicle.life_since()
    }

    /// The rules of an earlier revision that made a state, their zone, and the publication of the next ones.
    pub(crate) fn life_before(&self, state: &LifeState) -> Option<(&Lifecycle, &Zone, Timestamp)> {
        self.chronicle.life_before(state)
    }

    /// The last revision that changed how tiers or stages are judged, and when it was published.
    pub(crate) const fn standing_changed(&self) -> Option<(u32, Timestamp)> {
        self.chronicle.changed()
    }

    /// The document it was compiled from.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// The program's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.document.program
    }

    /// The number of this revision.
    #[must_use]
    pub const fn revision(&self) -> u32 {
        self.document.revision
    }

    /// What may not be meant as it is written; nothing here stops the program.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// The zone of days, months and years.
    #[must_use]
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The country of phone numbers without a country code.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.document.country.as_deref()
    }

    /// The currencies that orders may have; at least one.
    #[must_use]
    pub fn currencies(&self) -> &[Currency] {
        &self.document.currencies
    }

    /// The first currency: the one of thresholds in money.
    #[must_use]
    pub const fn main_currency(&self) -> Currency {
        self.main_currency
    }

    /// Whether orders may have this currency.
    #[must_use]
    pub fn accepts(&self, currency: Currency) -> bool {
        self.document.currencies.contains(&currency)
    }

    /// Every point currency, in the order of the document.
    #[must_use]
    pub fn point_currencies(&self) -> &[CurrencyRules] {
        &self.document.points
    }

    /// The rules of a point currency.
    #[must_use]
    pub fn point_currency(&self, id: &PointCurrency) -> Option<&CurrencyRules> {
        self.document.points.get(*self.currencies.get(id)?)
    }

    /// What of an order earns.
    #[must_use]
    pub const fn basis(&self) -> &Basis {
        &self.document.basis
    }

    /// How refunds are handled.
    #[must_use]
    pub const fn refunds(&self) -> &RefundRules {
        &self.document.refunds
    }

    /// An earn rule by name.
    #[must_use]
    pub fn rule(&self, id: &RuleId) -> Option<&EarnRule> {
        self.document.earn.iter().find(|rule| rule.id == *id)
    }

    /// The rules that orders set off for a point currency, in the order of the document.
    pub fn order_rules(&self, currency: &PointCurrency) -> impl Iterator<Item = &EarnRule> + Clone {
        self.rules(self.triggers.orders.get(currency).map_or(&[], Vec::as_slice))
    }

    /// As [`Program::order_rules`], with what each rule gives on orders of this currency; none for `fixed` rules, and for every rule when
    /// the program does not accept the currency.
    pub fn order_parts(
        &self,
        points: &PointCurrency,
        currency: Currency,
    ) -> impl Iterator<Item = (&EarnRule, Option<PartKind>)> + Clone {
        let index = self.document.currencies.iter().position(|accepted| *accepted == currency);
        let kinds = index.and_then(|index| self.kinds.get(index));
        let places: &[usize] = self.triggers.orders.get(points).map_or(&[], Vec::as_slice);
        places.iter().filter_map(move |place| {
            let kind = kinds.and_then(|kinds| kinds.get(*place)).copied().flatten();
            Some((self.document.earn.get(*place)?, kind))
        })
    }

    /// The rules that an event of this name sets off, in the order of the document.
    pub fn event_rules(&self, name: &EventName) -> impl Iterator<Item = &EarnRule> + Clone {
        self.rules(self.triggers.events.get(name).map_or(&[], Vec::as_slice))
    }

    /// The rules that registration sets off, in the order of the document.
    pub fn sign_up_rules(&self) -> impl Iterator<Item = &EarnRule> + Clone {
        self.rules(&self.triggers.sign_up)
    }

    /// The rules that a birthday sets off, in the order of the document.
    pub fn birthday_rules(&self) -> impl Iterator<Item = &EarnRule> + Clone {
        self.rules(&self.triggers.birthday)
    }

    /// The rules that the first valid order of a referred customer sets off for one side, in the order of the document.
    pub fn referral_rules(&self, side: ReferralSide) -> impl Iterator<Item = &EarnRule> + Clone {
        self.rules(match side {
            ReferralSide::Referrer => &self.triggers.referrer,
            ReferralSide::Referee => &self.triggers.referee,
        })
    }

    /// Whether what rules give, points or coupons, hangs on tiers, stages or activity.
    pub(crate) fn gives_by_standing(&self) -> bool {
        let earn = self.document.earn.iter().filter_map(|rule| rule.when.as_ref());
        let issue = self.document.issue.iter().filter_map(|rule| rule.when.as_ref());
        let enters = |rule: &IssueRule| matches!(rule.on, IssueOn::Tier { .. } | IssueOn::Stage { .. });
        earn.chain(issue).any(Condition::asks_standing) || self.document.issue.iter().any(enters)
    }

    /// Whether anything looks back at what was written of a customer: ladders and the lifecycle follow it, and caps count what it let
    /// through in periods that are over.
    pub(crate) fn looks_back(&self) -> bool {
        let capped = |caps: &[Cap]| !caps.is_empty();
        !self.ladders().is_empty()
            || self.lifecycle().is_some()
            || self.document.points.iter().any(|rules| capped(&rules.caps))
            || self.document.earn.iter().any(|rule| capped(&rule.caps))
    }

    fn rules<'a>(&'a self, places: &'a [usize]) -> impl Iterator<Item = &'a EarnRule> + Clone {
        places.iter().filter_map(|place| self.document.earn.get(*place))
    }

    /// Every tier ladder, in the order of the document.
    #[must_use]
    pub fn ladders(&self) -> &[Ladder] {
        &self.parts.ladders
    }

    /// The ladder at this place of the document through the revisions.
    pub(crate) fn timeline(&self, place: usize) -> Option<&Timeline> {
        self.timelines.get(place)
    }

    /// What stands for the rules of every ladder and of the lifecycle together.
    pub(crate) const fn standing_stamp(&self) -> u64 {
        self.standing_stamp
    }

    /// A tier ladder by name.
    #[must_use]
    pub fn ladder(&self, id: &LadderId) -> Option<&Ladder> {
        self.parts.ladders.get(*self.ladders.get(id)?)
    }

    /// Every offer with its rules for a quote, in the order of the document.
    pub fn offers(&self) -> impl Iterator<Item = (&Offer, &OfferRules)> + Clone {
        self.document.offers.iter().zip(&self.offers.rules)
    }

    /// The offers that may mean something of a cart, in the order of the document.
    pub fn offers_touching(&self, basket: &Basket) -> impl Iterator<Item = (&Offer, &OfferRules)> {
        self.offers.index.touching(basket).into_iter().filter_map(|place| self.offer_at(place))
    }

    /// An offer by name, with its rules for a quote.
    #[must_use]
    pub fn offer(&self, id: &OfferId) -> Option<(&Offer, &OfferRules)> {
        self.offer_at(*self.offers.places.get(id)?)
    }

    /// What a quote needs of an offer that need not be in the document, borne as the campaign of the document says.
    pub(crate) fn rules_of(&self, offer: &Offer) -> crate::Result<OfferRules> {
        self.offers.rules_of(&self.document, offer, self.main_currency)
    }

    /// The offer that a public code brings in.
    #[must_use]
    pub fn offer_of_code(&self, code: &NormalCode) -> Option<(&Offer, &OfferRules)> {
        self.offer_at(*self.offers.codes.get(code)?)
    }

    fn offer_at(&self, place: usize) -> Option<(&Offer, &OfferRules)> {
        Some((self.document.offers.get(place)?, self.offers.rules.get(place)?))
    }

    /// A campaign by name, with the zone of its hours and windows.
    #[must_use]
    pub fn campaign(&self, id: &CampaignId) -> Option<(&Campaign, &Zone)> {
        let place = *self.offers.campaigns.get(id)?;
        Some((self.document.campaigns.get(place)?, self.offers.zones.get(place)?))
    }

    /// The rules that issue coupons, in the order of the document.
    #[must_use]
    pub fn issue_rules(&self) -> &[IssueRule] {
        &self.document.issue
    }

    /// Whether a birthday brings anything.
    #[must_use]
    pub fn rewards_birthdays(&self) -> bool {
        !self.triggers.birthday.is_empty() || self.document.issue.iter().any(|rule| rule.on == IssueOn::Birthday)
    }

    /// Whether a referral brings anything.
    #[must_use]
    pub fn rewards_referrals(&self) -> bool {
        let coupons = |rule: &IssueRule| matches!(rule.on, IssueOn::Referral { .. });
        !self.triggers.referrer.is_empty()
            || !self.triggers.referee.is_empty()
            || self.document.issue.iter().any(coupons)
    }

    /// The limits of an offer, each with the name that it is counted by, but for its period.
    pub(crate) fn limits_of_offer(&self, id: &OfferId) -> impl Iterator<Item = (&Limit, &Arc<str>)> {
        let place = self.offers.places.get(id).copied().unwrap_or(usize::MAX);
        let limits = self.document.offers.get(place).map_or(&[][..], |offer| &offer.limits);
        limits.iter().zip(self.offers.counters.get(place).map_or(&[][..], Vec::as_slice))
    }

    /// The same of a campaign.
    pub(crate) fn limits_of_campaign(&self, id: &CampaignId) -> impl Iterator<Item = (&Limit, &Arc<str>)> {
        let place = self.offers.campaigns.get(id).copied().unwrap_or(usize::MAX);
        let limits = self.document.campaigns.get(place).map_or(&[][..], |campaign| &campaign.limits);
        limits.iter().zip(self.offers.shared_counters.get(place).map_or(&[][..], Vec::as_slice))
    }

    /// How a checkout looks for the best offers and holds them.
    #[must_use]
    pub const fn checkout(&self) -> &Checkout {
        &self.document.checkout
    }

    /// How long gift cards are good.
    #[must_use]
    pub const fn gift_cards(&self) -> &GiftCardRules {
        &self.document.gift_cards
    }

    /// Rules for groups by name.
    #[must_use]
    pub fn group_rules(&self, id: &RuleId) -> Option<&GroupRules> {
        self.document.groups.iter().find(|rules| rules.id == *id)
    }

    /// Stages and activity, when the program has them.
    #[must_use]
    pub const fn lifecycle(&self) -> Option<&Lifecycle> {
        self.parts.lifecycle.as_ref()
    }
}
