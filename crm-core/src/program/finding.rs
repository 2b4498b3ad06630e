//! Findings: what is wrong with a document, all of it at once, each with its place and what to do.

use crate::limits;
use serde::{Deserialize, Serialize};

/// One thing that is wrong, or doubtful, in a program document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Stable code, such as `program.unknown_field`; see [`FindingCode`].
    pub code: String,
    /// JSON pointer (RFC 6901) to the place in the document; empty for the whole document.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Whether the program can be used nevertheless.
    pub severity: Severity,
}

/// Whether a finding stops the program from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The program is refused.
    Error,
    /// The program works, but perhaps not as meant.
    Warning,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = if self.pointer.is_empty() { "/" } else { &self.pointer };
        write!(f, "{place}: {} ({}); {}", self.message, self.code, self.help)
    }
}

macro_rules! findings {
    ($($variant:ident = $code:literal, $severity:ident, $help:literal;)*) => {
        /// The stable code of a finding. Codes are never renamed; new ones may be added.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FindingCode {
            $(#[doc = $help] $variant,)*
        }

        impl FindingCode {
            /// Every code, for reference pages and for bindings.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it crosses every border.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What to do about it, in a sentence.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }

            /// Whether it stops the program from being used.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }
        }
    };
}

findings! {
    TooLarge = "program.too_large", Error, "shorten the document, or split it into several programs";
    TooMany = "program.too_many", Error, "remove entries, or join several into one";
    Json = "program.json", Error, "write valid JSON";
    Version = "program.version", Error, "write version 1, or upgrade the library to one that knows this version";
    UnknownField = "program.unknown_field", Error, "remove the field or correct its name";
    DuplicateField = "program.duplicate_field", Error, "write each field once";
    MissingField = "program.missing_field", Error, "add the field";
    WrongType = "program.wrong_type", Error, "write the type that the field has";
    WrongValue = "program.wrong_value", Error, "write a value that the field may have";
    OutOfRange = "program.out_of_range", Error, "write a number within the range";
    Zone = "program.zone", Error, "use an IANA name such as Asia/Shanghai";
    Country = "program.country", Error, "use an ISO 3166-1 alpha-2 code such as CN";
    Currencies = "program.currencies", Error, "name each currency once";
    DuplicateId = "program.duplicate_id", Error, "give each a name of its own; explanations and counters go by it";
    PointsPurpose = "points.purpose", Error, "make the currency redeemable, qualifying, or both";
    PointsValue = "points.value", Error, "give one point a value above zero, at most 100,000,000 and with at most 12 digits after the point, or leave it out";
    PointsDebtValue = "points.debt_value", Error, "give the currency a `value`, or choose another debt policy";
    PointsDebtLimit = "points.debt_limit", Error, "give a limit above zero; use `clamp` for no debt at all";
    PointsFixedDates = "points.fixed_dates", Error, "list days of the year as MM-DD, such as 06-30, each once";
    PointsPeriod = "points.period", Error, "use the end of a month, quarter or year; for shorter validity use `days`";
    PointsSlidingPending = "points.sliding_pending", Error, "sliding validity counts from activity, so points must be usable well before it ends: shorten `pending` or lengthen `expiry`";
    PointsSlidingUntilEvent = "points.sliding_until_event", Warning, "points that wait for an event may end before it; consider validity in days or months, which counts from activation";
    PointsRoundingMints = "points.rounding_mints", Warning, "use `floor` or `half_up`: rounded up, every split of an order gives up to one more point";
    CapBound = "cap.bound", Error, "give a bound above zero; remove the rule to give nothing";
    CapNotAllowed = "earn.cap_not_allowed", Error, "caps of a rule need `fixed`; put this one on the currency";
    CapOrder = "earn.cap_order", Error, "a cap per order needs a rule on orders; count over a day, week, month, year or lifetime";
    CapUntilEvent = "cap.until_event", Warning, "points that wait for an event count towards the balance and may block it for good; cap a period instead";
    EarnCurrency = "earn.currency_unknown", Error, "name a point currency of the document";
    EarnNeedsFixed = "earn.needs_fixed", Error, "only orders have an amount; give a `fixed` number of points";
    EarnAmount = "earn.amount", Error, "give numbers above zero; a multiplier's bonus is above -1";
    EarnPrecision = "earn.precision", Error, "write fewer digits: a step has at most those of the minor unit of every currency of orders";
    EarnNoEffect = "earn.no_effect", Warning, "remove the multiplier or give it a bonus other than zero";
    EarnNoBase = "earn.no_base", Error, "a multiplier raises what `per_amount`, `per_step` or `per_unit` rules of its currency give on orders; add one";
    EarnDates = "earn.dates_not_allowed", Error, "only `fixed` rules have dates of their own; put these on the currency";
    EarnUntilEvent = "earn.until_event", Error, "`activate_points` names an order; give the rule a `pending` of `none` or `days`";
    EarnLines = "earn.lines_not_allowed", Error, "only rules on orders look at lines";
    EarnNever = "earn.never", Error, "give a validity that ends after it begins";
    ScopeNever = "scope.never", Error, "remove from one list what the other takes away";
    ScopeEverything = "scope.everything", Error, "name what to exclude; an empty scope is every line";
    ConditionDepth = "condition.depth", Error, "flatten the condition";
    ConditionNever = "condition.never", Error, "correct the condition; as it is, it can never hold";
    ConditionTime = "condition.time", Error, "write the time of day as HH:MM, from 00:00 to 23:59";
    ConditionOrder = "condition.order", Error, "conditions on the order need a rule on orders or referrals";
    ConditionEvent = "condition.event", Error, "conditions on attributes of the event need a rule on events";
    ConditionComparison = "condition.comparison", Error, "text and flags compare with `equal` only";
    ConditionAmount = "condition.amount", Error, "write an amount above zero with at most the digits of the currency";
    ConditionLadder = "condition.ladder_unknown", Error, "name a tier ladder of the document";
    ConditionTier = "condition.tier_unknown", Error, "name a tier of the ladder";
    ConditionLifecycle = "condition.no_lifecycle", Error, "add a `lifecycle` to the document, or remove the condition";
    ConditionStage = "condition.stage_unknown", Error, "name a stage of the lifecycle";
    ConditionActivity = "condition.activity_unknown", Error, "name `new`, `active`, `reactivated` or a band of the lifecycle";
    TierCurrency = "tier.currency_unknown", Error, "name a point currency of the document";
    TierNotQualifying = "tier.not_qualifying", Error, "set `qualifying` on the currency, or count another one";
    TierNothingCounts = "tier.nothing_counts", Warning, "add an earn rule that gives these points; without one only `earn_points` and `adjust_points` move anybody up";
    TierWindow = "tier.window", Error, "use a month, quarter or year; rolling windows have 1 to 3,660 days or 1 to 120 months";
    TierGrace = "tier.grace", Error, "shorten the grace";
    TierEmpty = "tier.empty", Error, "add a first tier with threshold 0, which everybody holds";
    TierTooMany = "tier.too_many", Error, "remove tiers";
    TierDuplicate = "tier.duplicate", Error, "give each tier of a ladder a name of its own";
    TierFirst = "tier.first_threshold", Error, "put a tier with threshold 0 first; everybody holds it";
    TierUnreachable = "tier.unreachable", Error, "list tiers from the lowest threshold to the highest, each above the last";
    TierRetain = "tier.retain", Error, "make the retention at most the threshold";
    TierScale = "tier.scale", Error, "write at most the digits of the currency; points and counts are whole";
    TierNegative = "tier.negative", Error, "write zero or more";
    TierRange = "tier.range", Error, "write a smaller number";
    TierBenefit = "tier.benefit", Error, "name each benefit of a tier once, with a limit above zero or none";
    LifecycleNoStages = "lifecycle.no_stages", Error, "add a first stage; everybody is in it";
    LifecycleName = "lifecycle.name", Error, "use a name of 1 to 128 bytes other than `new`, `active` and `reactivated`";
    LifecycleDuplicate = "lifecycle.duplicate", Error, "give each stage and each band a name of its own";
    LifecycleBounds = "lifecycle.bounds", Error, "write a number within the range";
    LifecycleAmount = "lifecycle.amount", Error, "write an amount above zero with at most the digits of the first currency";
    LifecycleNested = "lifecycle.nested", Error, "put all tests into the outer `any`";
    LifecycleBand = "lifecycle.unknown_band", Error, "name a band of `activity`";
    LifecycleBandsOrder = "lifecycle.bands_order", Error, "list bands from the shortest silence to the longest";
    LifecycleUnreachable = "lifecycle.unreachable", Error, "put the stage further down, or make the further one harder to reach";
    OfferCampaign = "offer.campaign_unknown", Error, "name a campaign of the document";
    OfferCurrency = "offer.currency", Error, "name one of the program's currencies";
    OfferCode = "offer.code", Error, "give each public code 3 to 32 letters and digits, and use it once; case, blanks, dashes and look-alikes make no difference";
    OfferCoupon = "offer.coupon", Error, "terms of coupons need `needs: coupon`; a price is a positive number of points that can be spent";
    OfferNever = "offer.never", Error, "give a time that ends after it begins";
    OfferFunders = "offer.funders", Error, "name each party once, with shares above zero that sum to 100";
    OfferLimit = "offer.limit", Error, "give a bound above zero, with at most the digits of the currency";
    OfferRules = "offer.rules", Error, "correct the named part of the offer";
    OfferReachesZero = "offer.reaches_zero", Warning, "raise a threshold, or put the offers into one stack group";
    OfferStacksWithItself = "offer.stacks_with_itself", Warning, "put it into a stack group of its own, make it exclusive, or bound its uses";
    IssueOffer = "issue.offer", Error, "name an offer of the document that needs a coupon";
    LifecyclePreset = "lifecycle.preset_unknown", Error, "name one of the presets, or write `rules`";
    GroupOffer = "group.offer_unknown", Error, "name an offer of the document";
    GroupOfferOpen = "group.offer_open", Warning, "give the offer `needs: {type: group}` if it is meant for groups alone";
    GroupOfferIdle = "group.offer_idle", Warning, "name the offer in rules for groups, or let something else bring it in";
    GroupPrice = "group.price", Error, "give members either an offer, or a price of zero or more in a currency that is accepted and with at most its digits";
    GroupSize = "group.size", Error, "have at least as many seats as form the group";
    GroupNever = "group.never", Error, "give a time that ends after it begins";
}

/// Collects findings, up to a bound.
#[derive(Debug, Default)]
pub(super) struct Report {
    findings: Vec<Finding>,
}

impl Report {
    /// Adds a finding with the usual help of its code.
    pub(super) fn add(&mut self, code: FindingCode, pointer: impl Into<String>, message: impl Into<String>) {
        self.add_with(code, pointer, message, code.help());
    }

    /// Adds a finding with a help of its own.
    pub(super) fn add_with(
        &mut self,
        code: FindingCode,
        pointer: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Finding {
            code: code.as_str().to_owned(),
            pointer: pointer.into(),
            message: message.into(),
            help: help.into(),
            severity: code.severity(),
        });
    }

    /// Adds a finding that another room made.
    pub(super) fn push(&mut self, finding: Finding) {
        if self.findings.len() < limits::FINDINGS_MAX {
            self.findings.push(finding);
        }
    }

    /// Everything that was found so far.
    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Everything that was found.
    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// The warnings when there is nothing worse; everything otherwise.
    ///
    /// # Errors
    /// All findings, if at least one is an error.
    pub(super) fn into_warnings(self) -> Result<Vec<Finding>, Vec<Finding>> {
        if self.findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(self.findings);
        }
        Ok(self.findings)
    }
}
