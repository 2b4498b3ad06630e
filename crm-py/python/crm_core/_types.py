# Made by crm-py/generate.py from the schema of crm-core; do not edit.
# pyright: basic
"""The types of the library: what is sent and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Literal, Union

from crm_core._base import Record, Word, made

__all__ = [
    "ActivatePoints",
    "ActivityRules",
    "Address",
    "AdjustPoints",
    "Answer",
    "AnswerBenefits",
    "AnswerConsent",
    "AnswerCoupons",
    "AnswerCustomer",
    "AnswerDue",
    "AnswerGiftCardLiability",
    "AnswerLiability",
    "AnswerLimits",
    "AnswerLots",
    "AnswerQuote",
    "AnswerRefundPlan",
    "AnswerStatement",
    "Application",
    "ArticleAmount",
    "Attempt",
    "AttemptLimit",
    "Attribute",
    "AttributeColumn",
    "AttributeDate",
    "AttributeFlag",
    "AttributeInstant",
    "AttributeKind",
    "AttributeNumber",
    "AttributeText",
    "AwardExplained",
    "Axis",
    "BackupReport",
    "Balances",
    "Band",
    "Basis",
    "BatchRecord",
    "BatchState",
    "Benefit",
    "BenefitLeft",
    "BenefitLimit",
    "Book",
    "BuyCoupon",
    "Buyer",
    "BuyerCustomer",
    "BuyerKnown",
    "BuyerKnownOrNew",
    "Campaign",
    "CampaignState",
    "CancelOrder",
    "Cap",
    "CapOnRefund",
    "CapWindow",
    "CaptureGiftCard",
    "CaptureHold",
    "CardWhy",
    "CardWhyCurrency",
    "CardWhyEmpty",
    "CardWhyEnded",
    "CardWhyFrozen",
    "CardWhyHeldElsewhere",
    "CardWhyInsufficient",
    "CardWhyRateLimited",
    "CardWhyTooMany",
    "CardWhyTwice",
    "CardWhyUnknown",
    "CardWhyUntried",
    "Cart",
    "CartGiftCard",
    "CartLine",
    "Checkout",
    "ClaimOffers",
    "ClaimState",
    "ClaimView",
    "ClaimedGiftCard",
    "CodeIssue",
    "CodesReport",
    "ColumnMap",
    "Command",
    "Comparison",
    "Condition",
    "ConditionActivity",
    "ConditionAll",
    "ConditionAny",
    "ConditionBirthday",
    "ConditionBirthdayMonth",
    "ConditionChannel",
    "ConditionCustomerAttribute",
    "ConditionCustomerTag",
    "ConditionEventAttribute",
    "ConditionHasLine",
    "ConditionNot",
    "ConditionOrderAmount",
    "ConditionOrderNumber",
    "ConditionOrderTag",
    "ConditionStage",
    "ConditionStore",
    "ConditionTier",
    "ConditionTimeOfDay",
    "ConditionWeekday",
    "ConfirmClaim",
    "Consent",
    "ConsentSource",
    "ConsentSourceCustomer",
    "ConsentSourceImport",
    "ConsentSourceOperator",
    "ConsentState",
    "Contribution",
    "Counts",
    "CountsBudget",
    "CountsUnits",
    "CountsUses",
    "Coupon",
    "CouponOrigin",
    "CouponOriginBirthday",
    "CouponOriginCode",
    "CouponOriginEvent",
    "CouponOriginIssue",
    "CouponOriginPoints",
    "CouponOriginReferral",
    "CouponOriginSignUp",
    "CouponOriginStage",
    "CouponOriginTier",
    "CouponOriginTransfer",
    "CouponState",
    "CouponTerms",
    "CouponValidity",
    "CouponValidityDays",
    "CouponValidityHours",
    "CouponValidityOffer",
    "CouponValidityUntil",
    "CurrencyBalance",
    "CurrencyRules",
    "CustomerChange",
    "CustomerRecord",
    "DebtPolicy",
    "DebtPolicyAllow",
    "DebtPolicyClamp",
    "DebtPolicyNetFromRefund",
    "DebtPolicyOnlyPending",
    "DebtPolicyRefuse",
    "DecimalMark",
    "Document",
    "Done",
    "DryRun",
    "Due",
    "EarnOn",
    "EarnOnBirthday",
    "EarnOnEvent",
    "EarnOnOrder",
    "EarnOnReferral",
    "EarnOnSignUp",
    "EarnPoints",
    "EarnRule",
    "Effect",
    "EffectBundle",
    "EffectBuyGet",
    "EffectEvery",
    "EffectFixedOff",
    "EffectFixedPrice",
    "EffectGift",
    "EffectNthOff",
    "EffectOneOf",
    "EffectPercentOff",
    "EffectShippingOff",
    "EffectTiered",
    "Entry",
    "Event",
    "EventColumnMap",
    "Evidence",
    "Exclusive",
    "Expiring",
    "ExpiryPolicy",
    "ExpiryPolicyDays",
    "ExpiryPolicyEndOf",
    "ExpiryPolicyFixedDates",
    "ExpiryPolicyMonths",
    "ExpiryPolicyNever",
    "ExpiryPolicySliding",
    "FactKind",
    "Finding",
    "Floor",
    "Format",
    "FormatEvents",
    "FormatPlain",
    "FormatRefunds",
    "FormatShopify",
    "FormatTaobao",
    "FormatYouzan",
    "FreezeGiftCard",
    "Funded",
    "Funder",
    "Gender",
    "GiftCardExpired",
    "GiftCardFrozen",
    "GiftCardHeld",
    "GiftCardIssued",
    "GiftCardLiability",
    "GiftCardMonth",
    "GiftCardRedeemed",
    "GiftCardReleased",
    "GiftCardRestored",
    "GiftCardRules",
    "GiftCardState",
    "GiftCardUnfrozen",
    "GiftCardUse",
    "GiftCardView",
    "Given",
    "Gives",
    "GivesFixed",
    "GivesMultiplier",
    "GivesPerAmount",
    "GivesPerStep",
    "GivesPerUnit",
    "GroupExpired",
    "GroupFormed",
    "GroupOpened",
    "GroupRules",
    "GroupState",
    "GroupView",
    "HoldGiftCard",
    "HoldPoints",
    "HoldView",
    "Hours",
    "Identifier",
    "IdentifierColumn",
    "IdentifierKind",
    "ImportCounts",
    "ImportIssue",
    "ImportProgress",
    "ImportReport",
    "InOrOut",
    "IssueCoupon",
    "IssueGiftCard",
    "IssueOn",
    "IssueOnBirthday",
    "IssueOnEvent",
    "IssueOnReferral",
    "IssueOnSignUp",
    "IssueOnStage",
    "IssueOnTier",
    "IssueRule",
    "JoinGroup",
    "LadderRules",
    "LadderTotals",
    "LateConfirm",
    "LeaveGroup",
    "Liability",
    "LiabilityMonth",
    "LifecycleAnswer",
    "LifecycleChoice",
    "LifecycleChoicePreset",
    "LifecycleChoiceRules",
    "LifecycleRules",
    "LifecycleView",
    "Limit",
    "LimitPer",
    "LimitUse",
    "LimitWindow",
    "LineExplained",
    "LineOff",
    "LinePoints",
    "LineScope",
    "LockTier",
    "Lot",
    "LotOrigin",
    "MemberPoints",
    "MemberStage",
    "MemberTier",
    "MemberWhatIf",
    "Metric",
    "MetricNetSpend",
    "MetricOrderCount",
    "MetricQualifyingPoints",
    "MetricVisits",
    "Missing",
    "Money",
    "MovementKind",
    "NearMiss",
    "NearMissAdd",
    "NearMissAddAmount",
    "NearMissAddUnits",
    "Needs",
    "NeedsCode",
    "NeedsCoupon",
    "NeedsGroup",
    "NeedsNothing",
    "Objective",
    "Off",
    "OffAmount",
    "OffPercent",
    "Offer",
    "OfferReceipt",
    "OfferRules",
    "OfferSource",
    "OfferSourceAutomatic",
    "OfferSourceCode",
    "OfferSourceCoupon",
    "OfferSourceGroup",
    "OnReversal",
    "OpenGroup",
    "Order",
    "OrderExplained",
    "OrderLine",
    "Outcome",
    "Overflow",
    "PaySeat",
    "PendingPolicy",
    "PendingPolicyDays",
    "PendingPolicyNone",
    "PendingPolicyUntilEvent",
    "Period",
    "Phase",
    "Pick",
    "PointPrice",
    "PointsChange",
    "PointsOf",
    "PointsSide",
    "PointsSource",
    "PointsSourceKind",
    "PointsTotals",
    "Posting",
    "Profile",
    "Query",
    "QueryBenefits",
    "QueryClaim",
    "QueryConsent",
    "QueryCoupons",
    "QueryCustomer",
    "QueryDue",
    "QueryFind",
    "QueryGiftCard",
    "QueryGiftCardLiability",
    "QueryGroup",
    "QueryLiability",
    "QueryLifecycle",
    "QueryLimits",
    "QueryLots",
    "QueryOrder",
    "QueryQuote",
    "QueryRefundPlan",
    "QueryStatement",
    "QueryTier",
    "QueryWallet",
    "Quote",
    "QuoteSearch",
    "QuotedGiftCard",
    "QuotedLine",
    "QuotedShipping",
    "Receipt",
    "RecordConsent",
    "RecordEvent",
    "RecordOrder",
    "RecordRefund",
    "ReferralSide",
    "Refund",
    "RefundArticle",
    "RefundColumnMap",
    "RefundEffect",
    "RefundExplained",
    "RefundLine",
    "RefundPlan",
    "RefundPolicy",
    "RefundRules",
    "RefundSeat",
    "RefundUnmatched",
    "RefundWhat",
    "RefundWhatAmount",
    "RefundWhatArticles",
    "RefundWhatFull",
    "RefundWhatLines",
    "RefundedLine",
    "Refunds",
    "RegisterCustomer",
    "Rejected",
    "ReleaseClaim",
    "ReleaseGiftCard",
    "ReleaseHold",
    "Request",
    "RestoreGiftCard",
    "RestorePolicy",
    "RestorePolicyGrace",
    "RestorePolicyNone",
    "RestorePolicyStrict",
    "ReturnOn",
    "ReturnPolicy",
    "ReturnedLine",
    "ReverseRedemption",
    "RevertOrder",
    "RevertReport",
    "RevokeCoupon",
    "Rounding",
    "RulePoints",
    "RunnerUp",
    "Seat",
    "SeatLeft",
    "SeatPaid",
    "SeatRefunded",
    "SeatState",
    "SeatTaken",
    "SeatTimedOut",
    "Settle",
    "Severity",
    "Share",
    "Shortfall",
    "ShortfallAlreadyExpired",
    "ShortfallBelowOnePoint",
    "ShortfallCapped",
    "ShortfallExcluded",
    "ShortfallNoRule",
    "ShortfallOther",
    "ShortfallPaidWithPoints",
    "ShortfallPending",
    "Slot",
    "SpendGiftCard",
    "SpendPoints",
    "Stack",
    "Stacking",
    "Stage",
    "StageMove",
    "StageRules",
    "StageTest",
    "StageTestAlways",
    "StageTestAny",
    "StageTestEvents",
    "StageTestOrders",
    "StageTestRegistered",
    "StageTestSilent",
    "StageTestSpend",
    "Step",
    "StepFrom",
    "StepFromAmount",
    "StepFromUnits",
    "StoredValue",
    "Strange",
    "SweepReport",
    "TaxMode",
    "Tender",
    "TenderMoney",
    "TenderOrder",
    "TenderPoints",
    "TenderStoredValue",
    "Threshold",
    "ThresholdBasis",
    "ThresholdOf",
    "ThresholdTax",
    "TierCause",
    "TierCauseGraceEnded",
    "TierCauseLockEnded",
    "TierCauseLocked",
    "TierCauseNextPeriod",
    "TierCauseReached",
    "TierCauseRefundAtOnce",
    "TierCauseReview",
    "TierCauseRevision",
    "TierChange",
    "TierExplanation",
    "TierGoal",
    "TierLocked",
    "TierMove",
    "TierPending",
    "TierRules",
    "TierStatus",
    "Totals",
    "TransferCoupon",
    "TransferPoints",
    "Transition",
    "TransitionCause",
    "TransitionCauseFact",
    "TransitionCauseTimer",
    "TryCode",
    "UnfreezeGiftCard",
    "UnitUse",
    "UnlockTier",
    "Unregister",
    "UpdateCustomer",
    "Upgrade",
    "UseBenefit",
    "UseState",
    "Validity",
    "Verified",
    "Wallet",
    "WalletAccount",
    "Weekday",
    "What",
    "WhatBenefitUsed",
    "WhatCancelled",
    "WhatClaimEnded",
    "WhatClaimReturned",
    "WhatClaimed",
    "WhatCodeTried",
    "WhatConsent",
    "WhatCouponClosed",
    "WhatCouponIssued",
    "WhatCouponRestored",
    "WhatEvent",
    "WhatIf",
    "WhatIfProgress",
    "WhatIfTotals",
    "WhatLifecycle",
    "WhatOrder",
    "WhatPoints",
    "WhatRefund",
    "WhatRegistered",
    "WhatTier",
    "WhatTierLocked",
    "WhatTierUnlocked",
    "WhatUnmatchedRefund",
    "WhatUnregistered",
    "WhatUpdated",
    "Why",
    "WhyBadChecksum",
    "WhyBeatenBy",
    "WhyBudgetExhausted",
    "WhyConflict",
    "WhyCurrencyMismatch",
    "WhyExpired",
    "WhyHeldElsewhere",
    "WhyLimitCampaign",
    "WhyLimitCustomer",
    "WhyMinAmount",
    "WhyMinQuantity",
    "WhyNoEffect",
    "WhyNoEligibleItems",
    "WhyNotFirstOrder",
    "WhyNotFound",
    "WhyNotInSegment",
    "WhyNotRunning",
    "WhyNotStarted",
    "WhyOutsideHours",
    "WhyRateLimited",
    "WhyRevoked",
    "WhySeatLapsed",
    "WhySeatPaid",
    "WhySeatUnknown",
    "WhyUnknown",
    "WhyUntried",
    "WhyUsedUp",
    "WhyWrongOwner",
    "Window",
    "WindowAnniversary",
    "WindowCalendar",
    "WindowLifetime",
    "WindowRollingDays",
    "WindowRollingMonths",
    "WithoutOrder",
]


class Attempt(Word):
    """What came of an attempt."""

    FOUND = "found"
    """The code is known and may be used."""

    UNKNOWN = "unknown"
    """Anything that a public look-up answers with "no such code": never issued, expired, revoked, used up, somebody
    else's.
    """

    CHECKSUM = "checksum"
    """The check character was wrong. A page can check it before it asks, so that mostly machines send such codes."""


class AttributeKind(Word):
    """What an attribute is."""

    TEXT = "text"
    """Free text."""

    NUMBER = "number"
    """An exact decimal number."""

    FLAG = "flag"
    """Yes or no."""

    DATE = "date"
    """A day."""

    INSTANT = "instant"
    """An instant."""


class Axis(Word):
    """Which of the two axes a transition moves along. The high-water mark is no axis: it rises with the stage and
    never falls.
    """

    STAGE = "stage"
    """How far the customer has come."""

    ACTIVITY = "activity"
    """How recently the customer was here."""


class BatchState(Word):
    """How far an import is."""

    RUNNING = "running"
    """Under way, or stopped half-way: running it again goes on with it."""

    DONE = "done"
    """Everything is in."""

    REVERTED = "reverted"
    """Taken back."""


class Book(Word):
    """Where points stand. The postings of a movement add up to 0 over all books."""

    PENDING = "pending"
    """Credited, not usable yet."""

    AVAILABLE = "available"
    """Usable."""

    HELD = "held"
    """Reserved by a hold."""

    DEBT = "debt"
    """Owed by the customer; its sum is zero or less."""

    ISSUED = "issued"
    """Where credits come from; its sum is zero or less."""

    REDEEMED = "redeemed"
    """Spent."""

    EXPIRED = "expired"
    """Ended unused (breakage)."""

    REVOKED = "revoked"
    """Taken back, whether out of lots, as debt or unrecovered."""

    UNRECOVERED = "unrecovered"
    """Taken back in name only: the part that was written off or netted from money. Its sum is zero or less."""

    TRANSFERRED = "transferred"
    """Moved to other accounts, less what came from them."""


class CampaignState(Word):
    """Whether a campaign may run."""

    DRAFT = "draft"
    """Not yet decided on."""

    RUNNING = "running"
    """Yes, within its time."""

    PAUSED = "paused"
    """Not for now."""

    ENDED = "ended"
    """Never again."""


class CapOnRefund(Word):
    """Whether a refund gives room under a cap back."""

    KEEP_USED = "keep_used"
    """No: a cap counts what was awarded."""

    GIVE_BACK = "give_back"
    """Yes, within the period of the award."""


class CapWindow(Word):
    """What a cap counts over."""

    ORDER = "order"
    """One order."""

    DAY = "day"
    """One local day, by the instant the award is effective."""

    WEEK = "week"
    """One local week, Monday to Sunday."""

    MONTH = "month"
    """One local month."""

    YEAR = "year"
    """One local year."""

    LIFETIME = "lifetime"
    """For ever."""

    BALANCE = "balance"
    """The balance held (pending, available and held) after the award."""


class ClaimState(Word):
    """Where a claim stands. All but the first are final."""

    HELD = "held"
    """It holds."""

    CONFIRMED = "confirmed"
    """It was paid: what it held is used."""

    RELEASED = "released"
    """It was given up: what it held is free."""

    EXPIRED = "expired"
    """Its time was over: what it held is free."""


class Comparison(Word):
    """How two values of one type compare."""

    EQUAL = "equal"
    """The same."""

    BELOW = "below"
    """Less."""

    AT_MOST = "at_most"
    """Less or the same."""

    AT_LEAST = "at_least"
    """More or the same."""

    ABOVE = "above"
    """More."""


class ConsentState(Word):
    """Given or withdrawn."""

    GRANTED = "granted"
    """Given."""

    WITHDRAWN = "withdrawn"
    """Withdrawn."""


class CouponState(Word):
    """Where a coupon stands."""

    ISSUED = "issued"
    """It can be used."""

    CLAIMED = "claimed"
    """Claims hold all uses that are left."""

    REDEEMED = "redeemed"
    """All its uses are gone."""

    REVOKED = "revoked"
    """It was taken back."""

    EXPIRED = "expired"
    """Its time is over."""

    TRANSFERRED = "transferred"
    """It belongs to somebody else now."""


class DecimalMark(Word):
    """What stands before the fraction of a number; the other one may group its thousands, as blanks may where the
    comma does it.
    """

    POINT = "point"
    """`1,234.56`."""

    COMMA = "comma"
    """`1.234,56`."""


class DryRun(Word):
    """Whether an import writes."""

    NO = "no"
    """It writes."""

    YES = "yes"
    """Everything is carried out on top of the store and then forgotten: the report is what the import would give,
    nothing is written.
    """


class Exclusive(Word):
    """What an offer excludes."""

    NONE = "none"
    """Nothing but what its group says."""

    GROUP = "group"
    """Every other of its group."""

    ALL = "all"
    """Every other."""


class FactKind(Word):
    """The kinds of facts, in the order in which facts of one instant take effect."""

    REGISTERED = "registered"
    """A registration, or a first identifier."""

    ORDER = "order"
    """A paid order."""

    EVENT = "event"
    """A custom event."""

    PARTIAL_REFUND = "partial_refund"
    """A refund of a part of an order."""

    ORDER_REVERSED = "order_reversed"
    """A full refund or a cancellation."""


class Floor(Word):
    """What a review may not fall below."""

    NONE = "none"
    """Nothing: straight to the tier that the metric gives."""

    ONE_LEVEL = "one_level"
    """One level below the tier held."""

    PERMANENT = "permanent"
    """The tier held: it is never lost at review."""


class Gender(Word):
    """As they state it."""

    FEMALE = "female"
    """A woman."""

    MALE = "male"
    """A man."""

    OTHER = "other"
    """Something else."""


class GiftCardState(Word):
    """Where a card stands."""

    ACTIVE = "active"
    """There is something on it."""

    FROZEN = "frozen"
    """It may not be used for now."""

    USED = "used"
    """Nothing is left on it."""

    EXPIRED = "expired"
    """Its time is over."""


class GroupState(Word):
    """Where a group stands."""

    OPEN = "open"
    """Nobody has paid yet."""

    FORMING = "forming"
    """Somebody has paid, and not enough."""

    FORMED = "formed"
    """Enough have paid. It stays so."""

    EXPIRED = "expired"
    """Its time was over, and money has to go back."""

    REFUNDING = "refunding"
    """Some of the money went back."""

    CLOSED = "closed"
    """Its time was over, and nothing has to go back any more."""


class IdentifierKind(Word):
    """Kinds of identifiers. A Taobao OAID is none: it differs by shop, app and week."""

    USER_ID = "user_id"
    """The shop's own user id."""

    MEMBER_NO = "member_no"
    """A member number."""

    PHONE = "phone"
    """A phone number; normal form E.164."""

    EMAIL = "email"
    """An e-mail address."""

    WX_OPENID = "wx_openid"
    """WeChat open id; scope is the app."""

    WX_UNIONID = "wx_unionid"
    """WeChat union id."""

    ALIPAY_UID = "alipay_uid"
    """Alipay user id."""

    YZ_OPEN_ID = "yz_open_id"
    """Youzan open id."""

    TB_NICK = "tb_nick"
    """Taobao nick (买家会员名)."""

    TB_OUID = "tb_ouid"
    """Taobao ouid; scope is the shop."""

    TB_OMID = "tb_omid"
    """Taobao omid; scope is the brand."""

    CARD_NO = "card_no"
    """The number of a card."""

    DEVICE = "device"
    """A device."""

    COOKIE = "cookie"
    """A browser cookie."""

    CUSTOM = "custom"
    """Anything else; scope names the system."""


class InOrOut(Word):
    """Counted or not."""

    IN = "in"
    """Counted."""

    OUT = "out"
    """Not counted."""


class LateConfirm(Word):
    """What becomes of a claim that is confirmed after its time."""

    REFUSE = "refuse"
    """It is refused."""

    IF_FREE = "if_free"
    """It is confirmed if everything it held is still free."""


class LimitPer(Word):
    """For whom a limit counts together."""

    ALL = "all"
    """Everybody."""

    CUSTOMER = "customer"
    """Each customer."""


class LimitWindow(Word):
    """Over which time a limit counts. Days, weeks and months are local."""

    LIFETIME = "lifetime"
    """For ever."""

    DAY = "day"
    """Each day."""

    WEEK = "week"
    """Each week, from Monday."""

    MONTH = "month"
    """Each month."""


class Missing(Word):
    """What becomes of a column that is missing."""

    REFUSE = "refuse"
    """The file is refused with `import.header`."""

    IGNORE = "ignore"
    """The file has no such data."""


class MovementKind(Word):
    """Why points moved."""

    EARN = "earn"
    """An award."""

    ACTIVATE = "activate"
    """Pending points became usable."""

    SETTLE = "settle"
    """Usable points paid a debt."""

    EXPIRE = "expire"
    """The last instant of points passed."""

    SPEND = "spend"
    """Points were spent."""

    HOLD = "hold"
    """Points were reserved."""

    CAPTURE = "capture"
    """Reserved points were spent."""

    RELEASE = "release"
    """Reserved points were let go."""

    TIME_OUT = "time_out"
    """A reservation met its deadline."""

    RESTORE = "restore"
    """A redemption was reversed."""

    CLAW_BACK = "claw_back"
    """An award was taken back."""

    ADJUST = "adjust"
    """Someone corrected the account."""

    TRANSFER_OUT = "transfer_out"
    """Points left for another account."""

    TRANSFER_IN = "transfer_in"
    """Points came from another account."""

    SLIDE = "slide"
    """Activity moved the end of points; each posting names a lot and 0 points."""


class Objective(Word):
    """What a quote looks for."""

    CUSTOMER_BEST = "customer_best"
    """The lowest price for the customer; of equal ones the coupons that end soonest, those without an end last, then
    the fewest. No coupon is spent where automatic offers give the same price.
    """

    PRIORITY = "priority"
    """Everything that combines, in the order of priority; of two that exclude each other the one of higher priority."""

    MERCHANT_COST = "merchant_cost"
    """Of the combinations to which nothing can be added, the one that costs the merchant least."""

    FEWEST_COUPONS = "fewest_coupons"
    """The lowest price for the customer; of equal ones the fewest coupons."""

    SOONEST_EXPIRY = "soonest_expiry"
    """The coupons that end soonest, as many as combine; of equal ones the lowest price."""


class OnReversal(Word):
    """What a full refund does to the stage that its order led to. The activity is judged without the order either way."""

    RECOMPUTE = "recompute"
    """The stage is judged again without the order."""

    STICKY = "sticky"
    """The stage is kept; the order still counts as it did, and a partial refund does not lower its spend."""


class Outcome(Word):
    """How a receipt came about."""

    APPLIED = "applied"
    """The request was carried out now."""

    REPLAYED = "replayed"
    """It had been carried out before; this is the stored receipt."""

    UNCHANGED = "unchanged"
    """There was nothing to do."""


class Overflow(Word):
    """What happens to the part of an award above a cap."""

    CLIP = "clip"
    """It is cut off, with the reason `capped`."""

    REJECT = "reject"
    """The whole award is zero, with the reason `capped`."""


class Period(Word):
    """A period of the local calendar."""

    DAY = "day"
    """A local day."""

    WEEK = "week"
    """Monday to Sunday."""

    MONTH = "month"
    """A calendar month."""

    QUARTER = "quarter"
    """January–March, April–June, …"""

    YEAR = "year"
    """A calendar year."""


class Phase(Word):
    """When an offer has its turn. Earlier phases are finished before later ones begin."""

    ITEM = "item"
    """Prices of articles."""

    BUNDLE = "bundle"
    """Bundles, buy-and-get."""

    ORDER = "order"
    """Thresholds of the order: 满减."""

    SHOP_COUPON = "shop_coupon"
    """Coupons of the shop."""

    PLATFORM_COUPON = "platform_coupon"
    """Coupons of the platform."""

    SHIPPING = "shipping"
    """Delivery."""


class Pick(Word):
    """Which units an offer that picks some lowers."""

    CHEAPEST = "cheapest"
    """The cheapest of all."""

    GROUPS = "groups"
    """The cheapest of each group, when the dearest units are grouped first: as good for the customer as grouping can
    be.
    """

    DEAREST = "dearest"
    """The dearest of all."""


class PointsSourceKind(Word):
    """What kind of thing points came from."""

    ORDER = "order"
    """An order."""

    EVENT = "event"
    """A custom event."""

    GRANT = "grant"
    """A grant by hand."""

    REFERRAL = "referral"
    """A referral; the id is the order that made it count."""

    SIGN_UP = "sign_up"
    """Registration."""

    BIRTHDAY = "birthday"
    """A birthday; the id is the year."""

    TRANSFER = "transfer"
    """Another account; the id is its customer."""

    ADJUSTMENT = "adjustment"
    """A correction upwards."""

    RESTORE = "restore"
    """A reversed redemption whose points were given new dates; the id is the redemption."""


class ReferralSide(Word):
    """A side of a referral."""

    REFERRER = "referrer"
    """Who brought the other."""

    REFEREE = "referee"
    """Who was brought."""


class RefundEffect(Word):
    """What a refund does to a tier that its order helped to reach."""

    AT_REVIEW = "at_review"
    """Nothing before the next review."""

    AT_ONCE = "at_once"
    """The tier is judged again at once."""


class RefundPolicy(Word):
    """How much goes back when goods come back. Of the offers of an order the strictest policy holds for the whole
    order: `forbid_partial` before `re_evaluate` before `keep_rate` before `pro_rata`.
    """

    PRO_RATA = "pro_rata"
    """What was paid for the unit: its share of the discount is kept."""

    RE_EVALUATE = "re_evaluate"
    """The cart is worked out again on what is kept, with all of its offers; the difference to what was paid goes back.
    What went back before is not asked for again: so it can matter in which steps goods come back, and the customer
    keeps the most that any step came to. What was applied is played again in the same order, and what has no effect
    any more is passed over; no better combination is looked for.
    """

    KEEP_RATE = "keep_rate"
    """The discount's rate on all its lines is kept for what is kept."""

    FORBID_PARTIAL = "forbid_partial"
    """All or nothing."""


class ReturnOn(Word):
    """When a coupon comes back."""

    FULL = "full"
    """When all goods have come back, or their money, whether or not delivery was kept; or when the order is cancelled."""

    CANCELLED = "cancelled"
    """When the order is cancelled."""

    NEVER = "never"
    """Never."""


class Rounding(Word):
    """The one rounding of an award to whole points."""

    FLOOR = "floor"
    """Down."""

    HALF_UP = "half_up"
    """To the nearest, halves up."""

    CEIL = "ceil"
    """Up."""


class SeatState(Word):
    """Where a seat stands."""

    HELD = "held"
    """It waits for its payment."""

    PAID = "paid"
    """It is paid."""

    LEFT = "left"
    """It was given up before it was paid."""

    TIMED_OUT = "timed_out"
    """It was not paid in time."""

    TO_REFUND = "to_refund"
    """It was paid, and the money has to go back."""

    REFUNDED = "refunded"
    """The money went back."""


class Severity(Word):
    """Whether a finding stops the program from being used."""

    ERROR = "error"
    """The program is refused."""

    WARNING = "warning"
    """The program works, but perhaps not as meant."""


class Stacking(Word):
    """How several multipliers combine."""

    ADDITIVE = "additive"
    """+50 % and +20 % are +70 %."""

    COMPOUNDING = "compounding"
    """+50 % and +20 % are +80 %."""

    BEST_ONLY = "best_only"
    """Only the best counts."""


class Strange(Word):
    """What becomes of something that is left out."""

    ISSUE = "issue"
    """It is counted, and reported as an issue."""

    SKIP = "skip"
    """It is counted."""


class TaxMode(Word):
    """Whether prices include tax."""

    INCLUDED = "included"
    """Prices include it."""

    ADDED = "added"
    """It comes on top."""


class TenderOrder(Word):
    """Which tender of a mixed payment goes back first."""

    PROPORTIONAL = "proportional"
    """In proportion to how it was paid."""

    CASH_FIRST = "cash_first"
    """Money first."""

    POINTS_FIRST = "points_first"
    """Points first."""


class ThresholdBasis(Word):
    """Which amount a threshold measures."""

    LIST = "list"
    """Before any discount."""

    PHASE_ENTRY = "phase_entry"
    """What is left when the offer's phase begins."""

    RUNNING = "running"
    """What is left when its turn comes."""


class ThresholdOf(Word):
    """Which lines a threshold measures."""

    ELIGIBLE = "eligible"
    """The offer's own."""

    CART = "cart"
    """All of the cart."""


class ThresholdTax(Word):
    """Whether a threshold measures with tax."""

    AS_PRICED = "as_priced"
    """As prices are written in the cart."""

    GROSS = "gross"
    """With tax."""

    NET = "net"
    """Without tax."""


class Upgrade(Word):
    """When reaching a threshold lifts the customer."""

    NOW = "now"
    """At the instant of the contribution."""

    NEXT_PERIOD = "next_period"
    """At the first instant of the next period (rolling windows: the next local month)."""


class UseState(Word):
    """Where a use of a card stands. All but the first are final."""

    HELD = "held"
    """A checkout holds it."""

    REDEEMED = "redeemed"
    """It was taken."""

    RELEASED = "released"
    """It was let go."""

    TIMED_OUT = "timed_out"
    """Its time was over."""


class Weekday(Word):
    """A day of the week."""

    MON = "mon"
    """Monday."""

    TUE = "tue"
    """Tuesday."""

    WED = "wed"
    """Wednesday."""

    THU = "thu"
    """Thursday."""

    FRI = "fri"
    """Friday."""

    SAT = "sat"
    """Saturday."""

    SUN = "sun"
    """Sunday."""


class WithoutOrder(Word):
    """What to do with a refund that names no order."""

    MATCH_NEWEST = "match_newest"
    """Match its articles to the customer's orders before it, the newest first, as far as units are left; the rest is
    recorded as unmatched and changes nothing.
    """

    REFUSE = "refuse"
    """Refuse it with `refund.no_order`."""

    RECORD_ONLY = "record_only"
    """Record it and change nothing."""


class ActivatePoints(Record):
    """Makes the points of an order usable that wait for an event (`until_event`)."""

    type: ClassVar[Literal["activate_points"]] = "activate_points"

    order_id: str
    """Of which order."""


class ActivityRules(Record):
    """Bands of silence since the last qualifying event, in local calendar days at the same time of day."""

    bands: Sequence[Band]
    """From the shortest silence to the longest; default `at_risk` 60, `dormant` 90, `lost` 180. Without any nobody
    falls silent.
    """

    reactivated_from: str
    """A return from this band or a later one is `reactivated`; from an earlier one `active`. Default `dormant`.
    Without bands it is not looked at.
    """

    events: Sequence[str] = ()
    """Custom events that count like an order. Default none."""


class Address(Record):
    """A postal address."""

    city: str | None = None
    """City."""

    country: str | None = None
    """ISO 3166-1 alpha-2."""

    district: str | None = None
    """District."""

    postal_code: str | None = None
    """Postal code."""

    province: str | None = None
    """Province or state."""

    street: str | None = None
    """Street, house and the rest."""


class AdjustPoints(Record):
    """Corrects a balance by hand; the request needs an actor and a reason."""

    type: ClassVar[Literal["adjust_points"]] = "adjust_points"

    customer_id: str
    """Whose."""

    currency: str
    """Of which currency."""

    points: int
    """More than zero gives, less takes (at most what is available)."""

    usable_through: date | None = None
    """For points given: usable through this local day; default by the currency's policy."""


class AnswerBenefits(Record):
    """To `benefits`."""

    type: ClassVar[Literal["benefits"]] = "benefits"

    benefits: Sequence[BenefitLeft]
    """The benefits."""


class AnswerConsent(Record):
    """To `consent`."""

    type: ClassVar[Literal["consent"]] = "consent"

    effective: Sequence[Consent]
    """What holds now, one per purpose and channel."""

    statements: Sequence[Consent]
    """Every statement."""


class AnswerCoupons(Record):
    """To `coupons`."""

    type: ClassVar[Literal["coupons"]] = "coupons"

    coupons: Sequence[Coupon]
    """The open coupons, in the order of issue."""


class AnswerCustomer(Record):
    """To `customer` and `find`."""

    type: ClassVar[Literal["customer"]] = "customer"

    customer: CustomerRecord
    """The customer."""


class AnswerDue(Record):
    """To `due`."""

    type: ClassVar[Literal["due"]] = "due"

    due: Sequence[Due]
    """Who, and since when, the earliest first."""


class AnswerGiftCardLiability(Record):
    """To `gift_card_liability`."""

    type: ClassVar[Literal["gift_card_liability"]] = "gift_card_liability"

    currencies: Sequence[GiftCardLiability]
    """One per currency that cards were issued in, by its code."""


class AnswerLiability(Record):
    """To `liability`."""

    type: ClassVar[Literal["liability"]] = "liability"

    currencies: Sequence[Liability]
    """One per currency."""


class AnswerLimits(Record):
    """To `limits`."""

    type: ClassVar[Literal["limits"]] = "limits"

    limits: Sequence[LimitUse]
    """Campaign by campaign and offer by offer, in the order of the document. Limits of each article are left out."""


class AnswerLots(Record):
    """To `lots`."""

    type: ClassVar[Literal["lots"]] = "lots"

    lots: Sequence[Lot]
    """The lots."""


class AnswerQuote(Record):
    """To `quote`."""

    type: ClassVar[Literal["quote"]] = "quote"

    quote: Quote
    """The quote."""


class AnswerRefundPlan(Record):
    """To `refund_plan`."""

    type: ClassVar[Literal["refund_plan"]] = "refund_plan"

    plan: RefundPlan
    """The plan."""


class AnswerStatement(Record):
    """To `statement`."""

    type: ClassVar[Literal["statement"]] = "statement"

    entries: Sequence[Entry]
    """The entries."""

    more: bool
    """Whether there are more."""


class Application(Record):
    """An offer that was applied."""

    offer: str
    """The offer."""

    by: OfferSource
    """What brought it in."""

    off: Decimal
    """Off in all."""

    shares: Sequence[Share]
    """How `off` falls on the lines; lines with nothing are left out."""

    shipping: Decimal
    """The part of `off` that falls on delivery."""

    funders: Sequence[Funded]
    """Who bears how much of `off`."""

    campaign: str | None = None
    """Its campaign, if it belongs to one."""

    gift: Given | None = None
    """What comes along for nothing."""


class ArticleAmount(Record):
    """What of an amount is for an article."""

    sku: str
    """The article."""

    amount: Decimal
    """How much, in the order's currency."""


class AttemptLimit(Record):
    """How many codes a customer may try. Each that is unknown costs one attempt, one with a wrong check character
    three, one that is found none.
    """

    allowance: int
    """How many at once."""

    window_seconds: int
    """In which time all of them come back, one after the other."""


class AttributeColumn(Record):
    """A column with an attribute."""

    column: str
    """Its header."""

    name: str | None = None
    """What the attribute is called; default as its column."""

    type: AttributeKind = AttributeKind.TEXT
    """What it is."""


class AttributeDate(Record):
    """A calendar date."""

    type: ClassVar[Literal["date"]] = "date"

    value: date
    """The date."""


class AttributeFlag(Record):
    """Yes or no."""

    type: ClassVar[Literal["flag"]] = "flag"

    value: bool
    """Which."""


class AttributeInstant(Record):
    """An instant."""

    type: ClassVar[Literal["instant"]] = "instant"

    value: datetime
    """The instant."""


class AttributeNumber(Record):
    """An exact decimal number."""

    type: ClassVar[Literal["number"]] = "number"

    value: Decimal
    """The number, as a string."""


class AttributeText(Record):
    """Free text, at most 4,096 bytes."""

    type: ClassVar[Literal["text"]] = "text"

    value: str
    """The text."""


class AwardExplained(Record):
    """An award with its parts."""

    currency: str
    """Of which currency."""

    points: int
    """What was given."""

    taken_back: int
    """What was taken back since."""

    rules: Sequence[RulePoints]
    """What each rule gave, after caps; sums to `points`."""

    lines: Sequence[LinePoints]
    """What each line gave, by line number, after caps; sums to `points`. A fixed bonus belongs to no line."""

    shortfall: Sequence[Shortfall]
    """Why it is less than the rules alone would give."""


class BackupReport(Record):
    """What a backup wrote."""

    pages: int
    """Pages of the file."""

    bytes: int
    """Bytes of the file."""


class Balances(Record):
    """The sums of an account, all 0 or more except `transferred`.

    `issued = pending + available + held + redeemed + expired + revoked + offset + transferred` at all times; every
    one but `issued`, `debt` and `unrecovered` is the sum of that state over the lots, closed ones included.
    """

    pending: int
    """Credited, not usable yet."""

    available: int
    """Usable."""

    held: int
    """Reserved by holds."""

    debt: int
    """Owed; the next usable points pay it. Never above 0 together with `available`."""

    issued: int
    """Ever credited, transfers aside."""

    redeemed: int
    """Spent, less what was restored."""

    expired: int
    """Ended unused."""

    revoked: int
    """Taken back out of lots. What was taken back as debt or not at all is in `debt`, `offset` and `unrecovered`."""

    unrecovered: int
    """Should have been taken back and was not, at least not in points: written off, or netted from the money of a
    refund.
    """

    offset: int
    """Used up by paying debt."""

    transferred: int
    """Moved to other accounts less what came from them; may be below 0."""


class Band(Record):
    """A band of silence."""

    id: str
    """Its name."""

    after_days: int
    """Days of silence after which it begins."""


class Basis(Record):
    """What of an order earns: always after discounts, never the part paid with points."""

    exclude: LineScope | None = None
    """Lines that never earn."""

    exclude_channels: Sequence[str] = ()
    """Channels whose orders never earn."""

    shipping: InOrOut = InOrOut.OUT
    """Whether shipping earns."""

    tax: InOrOut = InOrOut.IN
    """Whether tax earns."""


class BatchRecord(Record):
    """An import, as the store keeps it."""

    batch: str
    """Its id."""

    state: BatchState
    """How far it is."""

    started_at: datetime
    """When: the instant of recording, or of its first fact where history was replayed."""

    source: str
    """Format and name of the source."""

    rows: int
    """Rows in its files."""

    orders: ImportCounts
    """Its orders."""

    refunds: ImportCounts
    """Its refunds."""

    closings: ImportCounts
    """Orders that its shop has closed."""

    customers_new: int
    """Customers it registered."""

    issues: int
    """Problems of its rows."""

    events: ImportCounts = made(default_factory=lambda: ImportCounts(applied=0, unchanged=0, skipped=0, refused=0, waiting=0))
    """Its events."""


class Benefit(Record):
    """A named right of a tier's holders: free delivery, lounge, a birthday cake."""

    id: str
    """Its name."""

    limit: BenefitLimit | None = None
    """How often it may be used in a period; none is without limit."""


class BenefitLeft(Record):
    """A benefit and how often it is left."""

    ladder: str
    """The ladder."""

    benefit: str
    """The benefit."""

    left: int | None = None
    """How often it may still be used in this period; none is without limit."""


class BenefitLimit(Record):
    """How often a benefit may be used."""

    times: int
    """How often."""

    per: Period
    """In which local period."""


class BuyCoupon(Record):
    """Gets a coupon for points."""

    type: ClassVar[Literal["buy_coupon"]] = "buy_coupon"

    customer_id: str
    """Who."""

    coupon_id: str
    """Its id, unique within the customer."""

    offer: str
    """To which offer."""

    redemption_id: str | None = None
    """The id of the redemption that pays for it; default the request's id."""


class BuyerCustomer(Record):
    """A registered customer."""

    type: ClassVar[Literal["customer"]] = "customer"

    id: str
    """Their id."""


class BuyerKnown(Record):
    """Whoever has one of these identifiers, the first that is known counts."""

    type: ClassVar[Literal["known"]] = "known"

    identifiers: Sequence[Identifier]
    """The identifiers, the most trusted first."""


class BuyerKnownOrNew(Record):
    """As `known`, but somebody unknown is registered with these identifiers and this profile."""

    type: ClassVar[Literal["known_or_new"]] = "known_or_new"

    identifiers: Sequence[Identifier]
    """The identifiers, the most trusted first."""

    profile: Profile = made(default_factory=lambda: Profile())
    """For a new customer; a known one keeps what is set and gains what is missing."""


class Campaign(Record):
    """Offers that run together: who bears them, when, and how much of them there is."""

    id: str
    """Its name."""

    funders: Sequence[Funder] = ()
    """Who bears its discounts; the shares sum to 100. Default the party `merchant` alone."""

    hours: Sequence[Hours] = ()
    """At which hours of the week; none is at any."""

    limits: Sequence[Limit] = ()
    """Bounds over all its offers together."""

    state: CampaignState = CampaignState.RUNNING
    """Whether it may run. It runs within `valid` only."""

    valid: Validity = made(default_factory=lambda: Validity())
    """When it runs."""

    zone: str | None = None
    """IANA time zone of its hours, of the windows of its limits and of the days of its coupons; default the program's."""


class CancelOrder(Record):
    """Cancels an order: everything that is left goes back."""

    type: ClassVar[Literal["cancel_order"]] = "cancel_order"

    order_id: str
    """Which."""

    cancelled_at: datetime | None = None
    """When; default the request's instant."""


class Cap(Record):
    """An upper bound on awards."""

    id: str
    """Its name in explanations."""

    per: CapWindow
    """What the bound counts over."""

    points: int
    """The bound."""

    on_refund: CapOnRefund = CapOnRefund.KEEP_USED
    """Whether a refund within the period gives room back. Default `keep_used`."""

    overflow: Overflow = Overflow.CLIP
    """What happens to the part above it."""


class CaptureGiftCard(Record):
    """Takes what is held of a gift card, all or some; the rest is released."""

    type: ClassVar[Literal["capture_gift_card"]] = "capture_gift_card"

    customer_id: str
    """Who held it."""

    hold_id: str
    """Which hold. The redemption gets the same id."""

    amount: Decimal | None = None
    """How much; default all."""

    order_id: str | None = None
    """The order that it helped to pay."""


class CaptureHold(Record):
    """Takes held points, all or some; the rest is released."""

    type: ClassVar[Literal["capture_hold"]] = "capture_hold"

    customer_id: str
    """From whom."""

    hold_id: str
    """Which hold. The redemption gets the same id."""

    points: int | None = None
    """How many; default all."""


class CardWhyCurrency(Record):
    """It is in another currency than the cart."""

    code: ClassVar[Literal["gift_card.currency"]] = "gift_card.currency"

    currency: str
    """In which."""


class CardWhyEmpty(Record):
    """Nothing is left on it."""

    code: ClassVar[Literal["gift_card.empty"]] = "gift_card.empty"


class CardWhyEnded(Record):
    """Its time is over."""

    code: ClassVar[Literal["gift_card.ended"]] = "gift_card.ended"

    until: datetime
    """Since when."""


class CardWhyFrozen(Record):
    """It may not be used for now."""

    code: ClassVar[Literal["gift_card.frozen"]] = "gift_card.frozen"


class CardWhyHeldElsewhere(Record):
    """Other checkouts hold all that is left on it."""

    code: ClassVar[Literal["gift_card.held_elsewhere"]] = "gift_card.held_elsewhere"

    until: datetime
    """Until when at the latest."""


class CardWhyInsufficient(Record):
    """There is less on it than was asked of it."""

    code: ClassVar[Literal["gift_card.insufficient"]] = "gift_card.insufficient"

    available: Decimal
    """What can be used."""

    needed: Decimal
    """What was asked."""


class CardWhyRateLimited(Record):
    """The customer tried too many codes."""

    code: ClassVar[Literal["code.rate_limited"]] = "code.rate_limited"

    until: datetime
    """When to try again."""


class CardWhyTooMany(Record):
    """It was used too often."""

    code: ClassVar[Literal["gift_card.too_many"]] = "gift_card.too_many"


class CardWhyTwice(Record):
    """The cart names it before."""

    code: ClassVar[Literal["gift_card.twice"]] = "gift_card.twice"


class CardWhyUnknown(Record):
    """No card has this id or code."""

    code: ClassVar[Literal["gift_card.unknown"]] = "gift_card.unknown"


class CardWhyUntried(Record):
    """The customer has not found this code: where attempts are limited, `try_code` looks it up, and a quote does not."""

    code: ClassVar[Literal["code.untried"]] = "code.untried"


class Cart(Record):
    """What somebody is about to pay for. Amounts are in major units of `currency`."""

    currency: str
    """The currency of every amount in it."""

    lines: Sequence[CartLine]
    """What is in it."""

    channel: str | None = None
    """Where it is bought: `store`, `taobao`, `app`, …"""

    codes: Sequence[str] = ()
    """Codes as they were typed, in any order."""

    gift_cards: Sequence[CartGiftCard] = ()
    """Gift cards to pay with, used in this order after everything else, tax included."""

    group_id: str | None = None
    """The group in which the customer has a seat, to buy at its price."""

    shipping: Decimal | None = None
    """What delivery costs before discounts."""

    shipping_tax_rate: Decimal | None = None
    """The rate of tax on delivery."""

    store: str | None = None
    """In which shop."""

    stored_value: Sequence[StoredValue] = ()
    """Stored value that is kept elsewhere, to pay with, used in this order after gift cards."""

    tags: Sequence[str] = ()
    """Free labels."""

    tax_mode: TaxMode = TaxMode.INCLUDED
    """Whether the prices include tax (the default) or tax comes on top."""


class CartGiftCard(Record):
    """A gift card to pay with. Its balance is the engine's to know."""

    amount: Decimal | None = None
    """How much of it at most, in the cart's currency, above zero; the card must have it. Default whatever is needed."""

    card_id: str | None = None
    """Which; or by its code."""

    code: str | None = None
    """Its code, in any spelling of case and dashes."""


class CartLine(Record):
    """A line of a cart."""

    sku: str
    """The article."""

    unit_price: Decimal
    """Price of one unit before discounts."""

    brand: str | None = None
    """Its brand."""

    category: str | None = None
    """Its category, as the shop names it."""

    line_no: int | None = None
    """Its number within the cart; default its place, from 1."""

    quantity: Decimal = Decimal("1")
    """How much of it; default one piece. Offers that count units leave goods by weight alone."""

    tags: Sequence[str] = ()
    """Free labels."""

    tax_rate: Decimal | None = None
    """The rate of its tax."""


class Checkout(Record):
    """How a checkout looks for the best offers and holds them."""

    attempts: AttemptLimit | None = None
    """How many codes a customer may try in which time; none is as many as they like. With a limit, codes of coupons
    and of gift cards count once the customer has found them by `try_code`.
    """

    hold_seconds: int = 900
    """How long a claim holds, where the request does not say."""

    late_confirm: LateConfirm = LateConfirm.REFUSE
    """What becomes of a claim that is confirmed after its time."""

    nodes: int = 20000
    """After how many looked-at combinations the search stops and answers with the best so far and the gap to the
    bound.
    """

    objective: Objective = Objective.CUSTOMER_BEST
    """What is best."""


class ClaimOffers(Record):
    """Holds what a quote of a cart applies while a payment runs."""

    type: ClassVar[Literal["claim_offers"]] = "claim_offers"

    customer_id: str
    """Whose checkout it is."""

    claim_id: str
    """Its key, unique within the customer."""

    cart: Cart
    """What is about to be paid for."""

    coupons: Sequence[str] | None = None
    """Which of the customer's coupons may be used; default all that are open. One that is named must be usable."""

    expect_due: Decimal | None = None
    """What the customer was shown as left to pay after gift cards and stored value; something else is refused with
    `claim.due`.
    """

    expect_total: Decimal | None = None
    """What the customer was shown as the total; another one is refused with `claim.total`."""

    hold_seconds: int | None = None
    """How long it holds; default as the program says."""

    points: PointsOf | None = None
    """Points to hold with it, under a hold of the same id. They pay a part of the order that is recorded with the
    claim: what they are worth, unless the order names them among its tenders with an amount of its own.
    """


class ClaimView(Record):
    """A checkout's claim."""

    claim_id: str
    """Its key."""

    customer_id: str
    """Whose it is."""

    state: ClaimState
    """Where it stands."""

    claimed_at: datetime
    """When it was made."""

    deadline: datetime
    """When it times or timed out."""

    returned: bool
    """Whether something that it used came back with that order."""

    receipt: OfferReceipt
    """The cart, the quote, and the rules of the offers that were applied: what a refund goes by."""

    gift_cards: Sequence[ClaimedGiftCard] = ()
    """What it holds or has taken of gift cards."""

    order_id: str | None = None
    """The order that was paid with it."""

    returned_offers: Sequence[str] = ()
    """The offers whose uses came back, each by its return policy."""


class ClaimedGiftCard(Record):
    """What a claim holds or has taken of a gift card."""

    card_id: str
    """Which card."""

    redemption_id: str
    """Of the hold, and of the redemption that comes of it."""

    amount: Decimal
    """How much."""


class CodeIssue(Record):
    """What coupons of codes that nobody has yet are to be; for [`Engine::issue_codes`](crate::Engine::issue_codes)."""

    offer: str
    """To which offer; it needs a coupon."""

    uses: int | None = None
    """How often one can be used; default as the offer's terms say."""

    valid_from: datetime | None = None
    """First instant at which one can be used; default now."""

    valid_until: datetime | None = None
    """First instant after the last one; default as the offer's terms say, counted from now."""


class CodesReport(Record):
    """What became of codes."""

    issued: int
    """Issued now."""

    known: int
    """There before: issued by an earlier run, or named twice. They stay as they are."""


class ColumnMap(Record):
    """Which column is what, in a CSV with one row per order line. Columns are named by their headers; `name#2` is the
    second of that name.
    """

    order_id: str
    """The order. Rows with the same id are one order, wherever they stand."""

    paid_at: str
    """When it was paid; the first row of the order counts."""

    customer: Sequence[IdentifierColumn]
    """Who bought, the most trusted first; the first row of the order counts."""

    unit_price: str
    """Price of one."""

    brand: str | None = None
    """Its brand."""

    category: str | None = None
    """Its category."""

    channel: str | None = None
    """Where all of it was made."""

    channel_column: str | None = None
    """Where it was made; the first row counts."""

    currency: str | None = None
    """The currency of all amounts; default the program's first, unless `currency_column` says."""

    currency_column: str | None = None
    """The currency of the order."""

    customer_name: str | None = None
    """The customer's name."""

    date_formats: Sequence[str] = ()
    """Forms of that time in the notation of `strftime`, tried in turn; none for year-first dates (`2026-01-05
    10:00:00`, `2026/1/5 9:30`, RFC 3339).
    """

    decimal_mark: DecimalMark = DecimalMark.POINT
    """What stands between the whole and its fraction in amounts and quantities; default the point, with grouping
    commas allowed.
    """

    line_discount: str | None = None
    """Discount on the line, in all."""

    missing: Missing = Missing.REFUSE
    """What becomes of columns that are named here and missing in the file. Order, time, price and a customer must be
    there.
    """

    negative_price: Strange = Strange.ISSUE
    """Lines with a price below zero. They are left out either way."""

    order_discount: str | None = None
    """Discount on the order; the first row counts."""

    quantity: str | None = None
    """How many; default one."""

    refund_prefix: str | None = None
    """Ids that begin with this are refunds: their rows are articles that came back (negative quantities), with no
    order named. The program's policy `refunds.without_order` decides what they are matched to.
    """

    refunded_amount: str | None = None
    """What went back of the order in all so far; the first row counts. It is refunded at `refunded_at`, or when the
    order was paid.
    """

    refunded_at: str | None = None
    """When that was."""

    shipping: str | None = None
    """What was charged for delivery; the first row counts."""

    sku: str | None = None
    """The article; without it every line is `item`."""

    store: str | None = None
    """In which shop; the first row counts."""

    without_customer: Strange = Strange.ISSUE
    """Orders and refunds of nobody. They are left out either way."""

    zero_price: Strange | None = None
    """Lines with a price of zero. They are kept without a word unless this says otherwise."""

    zone: str | None = None
    """Where times without an offset are meant; default the program's zone."""


class ConditionActivity(Record):
    """The customer's activity before the fact is one of these."""

    type: ClassVar[Literal["activity"]] = "activity"

    any: Sequence[str]
    """Any of these."""


class ConditionAll(Record):
    """Each of them holds; true when empty."""

    type: ClassVar[Literal["all"]] = "all"

    of: Sequence[Condition]
    """The parts."""


class ConditionAny(Record):
    """At least one of them holds; false when empty."""

    type: ClassVar[Literal["any"]] = "any"

    of: Sequence[Condition]
    """The parts."""


class ConditionBirthday(Record):
    """The local day of the fact is the birthday, or within so many days of it."""

    type: ClassVar[Literal["birthday"]] = "birthday"

    days_after: int = 0
    """Days after it, at most 182."""

    days_before: int = 0
    """Days before it, at most 182."""


class ConditionBirthdayMonth(Record):
    """The local month of the fact is the month of the birthday."""

    type: ClassVar[Literal["birthday_month"]] = "birthday_month"


class ConditionChannel(Record):
    """The order was made over one of these channels."""

    type: ClassVar[Literal["channel"]] = "channel"

    any: Sequence[str]
    """Any of these."""


class ConditionCustomerAttribute(Record):
    """A custom attribute of the customer compares so; a missing one never does."""

    type: ClassVar[Literal["customer_attribute"]] = "customer_attribute"

    name: str
    """Which."""

    is_: Comparison
    """How."""

    value: Attribute
    """With what; of the same type."""


class ConditionCustomerTag(Record):
    """The customer has one of these tags."""

    type: ClassVar[Literal["customer_tag"]] = "customer_tag"

    any: Sequence[str]
    """Any of these."""


class ConditionEventAttribute(Record):
    """A custom attribute of the event compares so."""

    type: ClassVar[Literal["event_attribute"]] = "event_attribute"

    name: str
    """Which."""

    is_: Comparison
    """How."""

    value: Attribute
    """With what; of the same type."""


class ConditionHasLine(Record):
    """Some line of the order is in this scope."""

    type: ClassVar[Literal["has_line"]] = "has_line"

    lines: LineScope
    """The scope."""


class ConditionNot(Record):
    """It does not hold."""

    type: ClassVar[Literal["not"]] = "not"

    of: Condition
    """The part."""


class ConditionOrderAmount(Record):
    """The goods of the order come to at least this much after discounts."""

    type: ClassVar[Literal["order_amount"]] = "order_amount"

    at_least: Decimal
    """In the order's currency."""


class ConditionOrderNumber(Record):
    """It is the customer's n-th valid order, counting from 1, in order of arrival."""

    type: ClassVar[Literal["order_number"]] = "order_number"

    from_: int
    """From here."""

    to: int
    """To here, inclusive."""


class ConditionOrderTag(Record):
    """The order has one of these tags."""

    type: ClassVar[Literal["order_tag"]] = "order_tag"

    any: Sequence[str]
    """Any of these."""


class ConditionStage(Record):
    """The customer is in one of these stages before the fact."""

    type: ClassVar[Literal["stage"]] = "stage"

    any: Sequence[str]
    """Any of these."""


class ConditionStore(Record):
    """The order was made in one of these shops."""

    type: ClassVar[Literal["store"]] = "store"

    any: Sequence[str]
    """Any of these."""


class ConditionTier(Record):
    """The customer holds one of these tiers at the instant of the fact."""

    type: ClassVar[Literal["tier"]] = "tier"

    ladder: str
    """Of this ladder."""

    any: Sequence[str]
    """Any of these."""


class ConditionTimeOfDay(Record):
    """The local time of day of the fact is in `[from, to)`; past midnight when `to` is before `from`."""

    type: ClassVar[Literal["time_of_day"]] = "time_of_day"

    from_: str
    """`HH:MM`, from `00:00` to `23:59`."""

    to: str
    """`HH:MM`, from `00:00` to `23:59`."""


class ConditionWeekday(Record):
    """The local day of the fact is one of these weekdays."""

    type: ClassVar[Literal["weekday"]] = "weekday"

    any: Sequence[Weekday]
    """`mon` … `sun`."""


class ConfirmClaim(Record):
    """Turns what a claim holds into uses."""

    type: ClassVar[Literal["confirm_claim"]] = "confirm_claim"

    customer_id: str
    """Whose."""

    claim_id: str
    """Which."""


class Consent(Record):
    """One statement about consent: for a purpose over a channel, given or withdrawn."""

    purpose: str
    """For what: `marketing`, `service`, `profiling`, …"""

    channel: str
    """Over which channel: `sms`, `email`, `wechat`, `phone`, …"""

    state: ConsentState
    """Given or withdrawn."""

    source: ConsentSource
    """Who said so."""

    stated_at: datetime
    """When they said so."""

    notice: str | None = None
    """Version of the notice they saw."""


class ConsentSourceCustomer(Record):
    """The customer themselves."""

    type: ClassVar[Literal["customer"]] = "customer"


class ConsentSourceImport(Record):
    """A file."""

    type: ClassVar[Literal["import"]] = "import"


class ConsentSourceOperator(Record):
    """Someone in the shop."""

    type: ClassVar[Literal["operator"]] = "operator"

    actor: str
    """Who."""


class Contribution(Record):
    """A fact that was counted."""

    cause: str
    """The order, event or refund."""

    amount: int
    """How much; below 0 for what was taken back."""

    at: datetime
    """When it happened; a refund counts against the window of its order nevertheless."""


class CountsBudget(Record):
    """Money off; a discount above what is left is refused."""

    type: ClassVar[Literal["budget"]] = "budget"

    max: Decimal
    """At most so much, in the offer's currency."""


class CountsUnits(Record):
    """Lowered units; with fewer left, only so many are lowered."""

    type: ClassVar[Literal["units"]] = "units"

    max: int
    """At most so many."""

    each_sku: bool = False
    """Whether each article has the bound for itself."""


class CountsUses(Record):
    """Uses."""

    type: ClassVar[Literal["uses"]] = "uses"

    max: int
    """At most so many."""


class Coupon(Record):
    """A coupon of a customer."""

    id: str
    """Its name, unique within the customer."""

    offer: str
    """To which offer."""

    issued_at: datetime
    """When it was issued to this customer."""

    valid_from: datetime
    """First instant at which it can be used."""

    uses: int
    """How often it can be used in all."""

    used: int
    """How often it was used."""

    origin: CouponOrigin
    """Where it came from."""

    state: CouponState
    """Where it stands."""

    code: str | None = None
    """The code by which it can be named at a checkout, in its normal form."""

    held_by: Sequence[str] = ()
    """The claims that hold a use of it."""

    valid_until: datetime | None = None
    """First instant after the last one."""


class CouponOriginBirthday(Record):
    """It was their birthday."""

    type: ClassVar[Literal["birthday"]] = "birthday"

    year: int
    """Of which year."""


class CouponOriginCode(Record):
    """Its code was typed by the first who knew it."""

    type: ClassVar[Literal["code"]] = "code"


class CouponOriginEvent(Record):
    """Something happened."""

    type: ClassVar[Literal["event"]] = "event"

    event: str
    """Which event."""


class CouponOriginIssue(Record):
    """It was issued."""

    type: ClassVar[Literal["issue"]] = "issue"


class CouponOriginPoints(Record):
    """It was bought with points."""

    type: ClassVar[Literal["points"]] = "points"

    redemption: str
    """By which redemption."""

    points: int
    """For how many."""


class CouponOriginReferral(Record):
    """They brought somebody, or were brought."""

    type: ClassVar[Literal["referral"]] = "referral"

    other: str
    """The other one."""


class CouponOriginSignUp(Record):
    """They signed up."""

    type: ClassVar[Literal["sign_up"]] = "sign_up"


class CouponOriginStage(Record):
    """They entered a stage of the lifecycle."""

    type: ClassVar[Literal["stage"]] = "stage"

    stage: str
    """Which."""


class CouponOriginTier(Record):
    """They reached a tier."""

    type: ClassVar[Literal["tier"]] = "tier"

    ladder: str
    """On which ladder."""

    tier: str
    """Which."""


class CouponOriginTransfer(Record):
    """Somebody gave it."""

    type: ClassVar[Literal["transfer"]] = "transfer"

    from_: str
    """Who."""


class CouponTerms(Record):
    """What the coupons of an offer are like."""

    price: PointPrice | None = None
    """For how many points a customer gets one."""

    transferable: bool = False
    """Whether its owner may give it to somebody else."""

    uses: int | None = None
    """How often one can be used; default once."""

    valid: CouponValidity = made(default_factory=lambda: CouponValidityOffer())
    """How long one is good for; never longer than its offer."""


class CouponValidityDays(Record):
    """To the end of the n-th local day after the day of issue: issued at any hour of the 1st, 3 days end with the 4th."""

    type: ClassVar[Literal["days"]] = "days"

    days: int
    """How many."""


class CouponValidityHours(Record):
    """So many hours, to the second."""

    type: ClassVar[Literal["hours"]] = "hours"

    hours: int
    """How many."""


class CouponValidityOffer(Record):
    """As long as its offer."""

    type: ClassVar[Literal["offer"]] = "offer"


class CouponValidityUntil(Record):
    """To an instant, exclusive."""

    type: ClassVar[Literal["until"]] = "until"

    at: datetime
    """Which."""


class CurrencyBalance(Record):
    """A balance by currency."""

    currency: str
    """Of which currency."""

    available: int
    """Usable now."""

    pending: int
    """Earned, not usable yet."""

    held: int
    """Reserved."""

    debt: int
    """Owed."""


class CurrencyRules(Record):
    """A point currency. Redeemable points are spent; qualifying points are counted for tiers. One currency may be
    both.
    """

    id: str
    """Its name: `points`, `status`, `miles`, …"""

    caps: Sequence[Cap] = ()
    """Upper bounds over all rules of the currency."""

    debt: DebtPolicy = made(default_factory=lambda: DebtPolicyAllow())
    """What happens when a refund takes back more than is left."""

    expiry: ExpiryPolicy = made(default_factory=lambda: ExpiryPolicyNever())
    """When usable points end."""

    pending: PendingPolicy = made(default_factory=lambda: PendingPolicyNone())
    """When earned points become usable."""

    qualifying: bool = False
    """Whether points count for tiers. Default no."""

    redeemable: bool = True
    """Whether points may be spent, held and transferred. Default yes."""

    restore: RestorePolicy = made(default_factory=lambda: RestorePolicyStrict())
    """What a reversed redemption gives back."""

    rounding: Rounding = Rounding.FLOOR
    """The one rounding of an award."""

    stacking: Stacking = Stacking.ADDITIVE
    """How several multipliers combine."""

    value: Decimal | None = None
    """Money value of one point in the program's first currency, for liability and for netting from refunds."""


class CustomerChange(Record):
    """What to change about a customer. Absent means unchanged; to take a profile field away name it in `clear`."""

    add_identifiers: Sequence[Identifier] = ()
    """Identifiers to add; each must be free or theirs already."""

    add_tags: Sequence[str] = ()
    """Tags to add."""

    clear: Sequence[str] = ()
    """Profile fields to take away: `name`, `gender`, `birthday`, `language`, `address`, `note`."""

    profile: Profile = made(default_factory=lambda: Profile())
    """Profile fields to set; an absent field stays as it is."""

    remove_attributes: Sequence[str] = ()
    """Custom attributes to take away."""

    remove_identifiers: Sequence[Identifier] = ()
    """Identifiers to take away."""

    remove_tags: Sequence[str] = ()
    """Tags to take away."""

    set_attributes: Mapping[str, Attribute] = made(default_factory=dict)
    """Custom attributes to set."""


class CustomerRecord(Record):
    """All that is known about one customer, apart from what they bought."""

    id: str
    """Their id."""

    registered_at: datetime
    """When they joined."""

    attributes: Mapping[str, Attribute] = made(default_factory=dict)
    """Custom attributes."""

    consents: Sequence[Consent] = ()
    """Every statement about consent, ordered by subject and time; [`CustomerRecord::consent_state`] says what holds."""

    identifiers: Sequence[tuple[str, Identifier]] = ()
    """What they are known by: normal form and what was given, ordered by the normal form, each once."""

    profile: Profile = made(default_factory=lambda: Profile())
    """Who they are."""

    referred_by: str | None = None
    """Who brought them."""

    tags: Sequence[str] = ()
    """Labels."""


class DebtPolicyAllow(Record):
    """The rest becomes debt that later points settle, up to a limit; beyond the limit it is unrecovered, as with
    `clamp`.
    """

    type: ClassVar[Literal["allow"]] = "allow"

    limit: int | None = None
    """Deepest debt; none is no limit."""


class DebtPolicyClamp(Record):
    """The rest is written off as unrecovered. What a hold has of it is taken when the hold lets go; what it spends
    stays written off.
    """

    type: ClassVar[Literal["clamp"]] = "clamp"


class DebtPolicyNetFromRefund(Record):
    """The rest is taken from the money paid back, at the currency's point value; no more than is paid back, and
    nothing from money of another currency than the program's first.
    """

    type: ClassVar[Literal["net_from_refund"]] = "net_from_refund"


class DebtPolicyOnlyPending(Record):
    """Only pending points of the order are taken; the rest is unrecovered."""

    type: ClassVar[Literal["only_pending"]] = "only_pending"


class DebtPolicyRefuse(Record):
    """The refund is refused with `points.refund_refused`."""

    type: ClassVar[Literal["refuse"]] = "refuse"


class Document(Record):
    """One revision of a merchant's rules. Immutable once published; every entry names the revision it was made under."""

    version: int
    """Version of this format: 1."""

    program: str
    """The program's name."""

    revision: int
    """Number of this revision, from 1; each published one is above the last."""

    zone: str
    """IANA time zone of days, months and years, such as `Asia/Shanghai`."""

    currencies: Sequence[str]
    """Currencies that orders may have; the first is the one of `spend` thresholds. Usually one."""

    basis: Basis = made(default_factory=lambda: Basis(shipping=InOrOut.OUT, tax=InOrOut.IN))
    """What of an order earns."""

    campaigns: Sequence[Campaign] = ()
    """Campaigns."""

    checkout: Checkout = made(default_factory=lambda: Checkout(hold_seconds=900, late_confirm=LateConfirm.REFUSE, nodes=20000, objective=Objective.CUSTOMER_BEST))
    """How a checkout looks for the best offers and holds them."""

    country: str | None = None
    """ISO 3166-1 alpha-2 country of phone numbers written without a country code."""

    earn: Sequence[EarnRule] = ()
    """Rules that give points."""

    gift_cards: GiftCardRules = made(default_factory=lambda: GiftCardRules(restore_days=30))
    """How long gift cards are good."""

    groups: Sequence[GroupRules] = ()
    """Groups that buy together."""

    issue: Sequence[IssueRule] = ()
    """Rules that issue coupons."""

    lifecycle: LifecycleChoice | None = None
    """Stages and activity."""

    offers: Sequence[Offer] = ()
    """Offers."""

    points: Sequence[CurrencyRules] = ()
    """Point currencies."""

    refunds: RefundRules = made(default_factory=lambda: RefundRules(tender=TenderOrder.PROPORTIONAL, without_order=WithoutOrder.MATCH_NEWEST))
    """How refunds are handled."""

    tiers: Sequence[LadderRules] = ()
    """Tier ladders."""


class Done(Record):
    """How a request ended when it was not refused."""

    receipt: Receipt
    """What it did."""

    outcome: Outcome
    """How the receipt came about."""


class Due(Record):
    """Somebody who is due."""

    customer_id: str
    """Who."""

    due_at: datetime
    """Since when."""

    card_id: str | None = None
    """With a gift card that was issued to them."""

    group_id: str | None = None
    """With a group that they opened."""


class EarnOnBirthday(Record):
    """The birthday, at the first instant of the local day, once a calendar year; needs `fixed`. 29 February counts as
    the 28th in other years.
    """

    type: ClassVar[Literal["birthday"]] = "birthday"


class EarnOnEvent(Record):
    """A custom event of this name; needs `fixed`."""

    type: ClassVar[Literal["event"]] = "event"

    name: str
    """Its name, such as `review`."""


class EarnOnOrder(Record):
    """A paid order."""

    type: ClassVar[Literal["order"]] = "order"


class EarnOnReferral(Record):
    """The referred customer's first valid order; needs `fixed`. Conditions on the order look at that order, those on
    the customer at whoever gets the points. When it goes back as a whole, so do the points; then the first order
    that is left counts as the first.
    """

    type: ClassVar[Literal["referral"]] = "referral"

    side: ReferralSide
    """Who gets the points."""


class EarnOnSignUp(Record):
    """Registration; needs `fixed`."""

    type: ClassVar[Literal["sign_up"]] = "sign_up"


class EarnPoints(Record):
    """Gives points outside of the rules."""

    type: ClassVar[Literal["earn_points"]] = "earn_points"

    customer_id: str
    """To whom."""

    currency: str
    """Of which currency."""

    points: int
    """How many; more than zero."""

    earned_at: datetime | None = None
    """When they were earned; default the request's instant. Dates are computed from it."""

    usable_from: date | None = None
    """Usable from this local day; default by the currency's policy, but at once where that waits for the event of an
    order.
    """

    usable_through: date | None = None
    """Usable through this local day, whatever happens; default by the currency's policy."""


class EarnRule(Record):
    """A rule that gives points."""

    id: str
    """Its name in explanations."""

    currency: str
    """The point currency it gives."""

    on: EarnOn
    """What makes it fire."""

    gives: Gives
    """What it gives."""

    caps: Sequence[Cap] = ()
    """Bounds of this rule alone; only for `fixed`, on whole currencies for the rest."""

    expiry: ExpiryPolicy | None = None
    """Other dates than the currency's; only for `fixed`."""

    lines: LineScope | None = None
    """The lines it looks at; none is all that the basis admits."""

    pending: PendingPolicy | None = None
    """Other dates than the currency's; only for `fixed`."""

    valid: Validity = made(default_factory=lambda: Validity())
    """When it is in force, by the instant of the fact."""

    when: Condition | None = None
    """What else must hold."""


class EffectBundle(Record):
    """Units that fill all slots, for one price together, where they cost more."""

    type: ClassVar[Literal["bundle"]] = "bundle"

    slots: Sequence[Slot]
    """What is in it."""

    price: Decimal
    """Of one bundle."""

    max: int | None = None
    """At most so many bundles; default as many as there are."""


class EffectBuyGet(Record):
    """For so many units bought, so many others for less: 3 for 2 is buy 2, get 1."""

    type: ClassVar[Literal["buy_get"]] = "buy_get"

    buy: int
    """How many are bought at their price."""

    get: int
    """How many more come for less."""

    get_lines: LineScope | None = None
    """Which units come for less; default those of the offer's own lines."""

    max: int | None = None
    """At most so many times; default as often as the units suffice."""

    off: Decimal = Decimal("100")
    """How much of their price is off; default all of it."""

    pick: Pick = Pick.CHEAPEST
    """Which of them."""


class EffectEvery(Record):
    """So much off for every full step of the eligible amount: 每满300减50."""

    type: ClassVar[Literal["every"]] = "every"

    step: Decimal
    """The step."""

    amount: Decimal
    """Off for each."""

    max: int | None = None
    """At most so many times; default no bound."""


class EffectFixedOff(Record):
    """So much off the eligible lines together, at most what they cost."""

    type: ClassVar[Literal["fixed_off"]] = "fixed_off"

    amount: Decimal
    """How much."""


class EffectFixedPrice(Record):
    """Each eligible unit for this price, where it costs more."""

    type: ClassVar[Literal["fixed_price"]] = "fixed_price"

    price: Decimal
    """Of one unit."""


class EffectGift(Record):
    """Something added for nothing. It takes nothing off the cart."""

    type: ClassVar[Literal["gift"]] = "gift"

    sku: str
    """The article."""

    units: int = 1
    """How many of it."""


class EffectNthOff(Record):
    """Every n-th eligible unit for less: 第二件半价 is n 2, off 50."""

    type: ClassVar[Literal["nth_off"]] = "nth_off"

    n: int
    """Which: 2 is every second unit."""

    off: Decimal
    """How much of its price is off."""

    max: int | None = None
    """At most so many times; default as often as the units suffice."""

    pick: Pick = Pick.CHEAPEST
    """Which units count as the n-th ones."""


class EffectOneOf(Record):
    """One of several, on one line: the one that serves the objective best."""

    type: ClassVar[Literal["one_of"]] = "one_of"

    options: Sequence[LineOff]
    """What there is to choose from."""


class EffectPercentOff(Record):
    """A part of the eligible lines off."""

    type: ClassVar[Literal["percent_off"]] = "percent_off"

    percent: Decimal
    """How much of them."""

    cap: Decimal | None = None
    """At most so much."""


class EffectShippingOff(Record):
    """Delivery for less."""

    type: ClassVar[Literal["shipping_off"]] = "shipping_off"

    cap: Decimal | None = None
    """At most so much."""

    percent: Decimal = Decimal("100")
    """How much of it is off; default all."""


class EffectTiered(Record):
    """The highest step that is reached."""

    type: ClassVar[Literal["tiered"]] = "tiered"

    steps: Sequence[Step]
    """From the lowest to the highest."""


class Entry(Record):
    """One thing that happened to one customer. Entries are never changed; a correction is a new entry that points at
    the old one.
    """

    seq: int
    """Place in the customer's journal, from 1."""

    customer_id: str
    """Whose."""

    effective_at: datetime
    """When it counts from."""

    recorded_at: datetime
    """When it was recorded."""

    request_id: str
    """The request that caused it."""

    revision: int
    """Revision of the program it was made under."""

    what: What
    """What happened."""

    actor: str | None = None
    """Who did it."""

    batch: str | None = None
    """The import it came with."""

    points: Sequence[PointsChange] = ()
    """What it did to the points, currency by currency. The postings of each change sum to zero."""

    reason: str | None = None
    """Why."""


class Event(Record):
    """Something else a customer did: a review, a check-in, a visit, a share. Idempotent on its id within the customer."""

    id: str
    """Its id."""

    name: str
    """Its kind."""

    happened_at: datetime
    """When it happened."""

    attributes: Mapping[str, Attribute] = made(default_factory=dict)
    """What else is known about it."""


class EventColumnMap(Record):
    """Which column is what, in a sheet with one event per row."""

    event_id: str
    """The event; unique within its customer."""

    happened_at: str
    """When it happened."""

    attributes: Sequence[AttributeColumn] = ()
    """What else is known; an empty cell is no attribute."""

    customer: Sequence[IdentifierColumn] = ()
    """Who it was where the row has no id of the customer; the most trusted first."""

    customer_id: str | None = None
    """The customer's own id."""

    date_formats: Sequence[str] = ()
    """Forms of that time in the notation of `strftime`, tried in turn; none for year-first dates."""

    decimal_mark: DecimalMark = DecimalMark.POINT
    """What stands between the whole and its fraction in numbers; default the point."""

    missing: Missing = Missing.REFUSE
    """What becomes of columns that are named here and missing. The event, its time and a customer must be there."""

    name: str | None = None
    """The kind of all of them, and of rows that name none."""

    name_column: str | None = None
    """Its kind: `review`, `check_in`, …."""

    register: bool = False
    """Whether somebody unknown is registered; otherwise the row is refused."""

    without_customer: Strange = Strange.ISSUE
    """Events of nobody. They are left out either way."""

    zone: str | None = None
    """Where times without an offset are meant; default the program's zone."""


class Evidence(Record):
    """A window with what was counted in it."""

    value: int
    """The metric: the sum of the contributions."""

    contributions: Sequence[Contribution]
    """What was counted, in order."""

    from_: date | None = None
    """Its first local date; none for lifetime."""

    through: date | None = None
    """Its last local date; none for lifetime."""


class Expiring(Record):
    """Points that end at an instant."""

    usable_through: date
    """The last local day on which they are usable."""

    expires_at: datetime
    """The first instant at which they are not."""

    points: int
    """How many."""


class ExpiryPolicyDays(Record):
    """Last usable day = day of activation + days."""

    type: ClassVar[Literal["days"]] = "days"

    days: int
    """1 to 36,500."""


class ExpiryPolicyEndOf(Record):
    """Last usable day = last day of the period, `after` periods after the one of activation (0: the same)."""

    type: ClassVar[Literal["end_of"]] = "end_of"

    period: Period
    """Month, quarter or year."""

    after: int = 0
    """How many periods later, 0 to 1,200."""


class ExpiryPolicyFixedDates(Record):
    """Last usable day = the next of these days of the year, at least `min_days` after activation."""

    type: ClassVar[Literal["fixed_dates"]] = "fixed_dates"

    dates: Sequence[str]
    """Days of the year `MM-DD`; `02-29` is the last of February."""

    min_days: int = 0
    """Fewest days of validity, 0 to 36,500."""


class ExpiryPolicyMonths(Record):
    """Last usable day = day of activation + months, clamped to the month's end."""

    type: ClassVar[Literal["months"]] = "months"

    months: int
    """1 to 1,200."""


class ExpiryPolicyNever(Record):
    """Never."""

    type: ClassVar[Literal["never"]] = "never"


class ExpiryPolicySliding(Record):
    """Last usable day = day of the customer's last activity (an earn or a spend of this currency) + months."""

    type: ClassVar[Literal["sliding"]] = "sliding"

    months: int
    """1 to 1,200."""


class Finding(Record):
    """One thing that is wrong, or doubtful, in a program document."""

    code: str
    """Stable code, such as `program.unknown_field`; see [`FindingCode`]."""

    pointer: str
    """JSON pointer (RFC 6901) to the place in the document; empty for the whole document."""

    message: str
    """What is wrong there."""

    help: str
    """What to do about it."""

    severity: Severity
    """Whether the program can be used nevertheless."""


class FormatEvents(Record):
    """Events by a column map; [`EventColumnMap::default`] is our own form."""

    type: ClassVar[Literal["events"]] = "events"

    columns: EventColumnMap = made(default_factory=lambda: EventColumnMap(event_id='event_id', happened_at='happened_at', customer=(IdentifierColumn(column='member_no', type=IdentifierKind.MEMBER_NO), IdentifierColumn(column='phone', type=IdentifierKind.PHONE), IdentifierColumn(column='email', type=IdentifierKind.EMAIL),), customer_id='customer_id', decimal_mark=DecimalMark.POINT, missing=Missing.IGNORE, name_column='name', register=False, without_customer=Strange.ISSUE))
    """Which column is what."""


class FormatPlain(Record):
    """Any CSV with one row per order line, described by a column map; [`ColumnMap::default`] is our own form."""

    type: ClassVar[Literal["plain"]] = "plain"

    columns: ColumnMap = made(default_factory=lambda: ColumnMap(order_id='order_id', paid_at='paid_at', customer=(IdentifierColumn(column='member_no', type=IdentifierKind.MEMBER_NO), IdentifierColumn(column='phone', type=IdentifierKind.PHONE), IdentifierColumn(column='email', type=IdentifierKind.EMAIL),), unit_price='unit_price', brand='brand', category='category', channel_column='channel', currency_column='currency', customer_name='name', decimal_mark=DecimalMark.POINT, line_discount='line_discount', missing=Missing.IGNORE, negative_price=Strange.ISSUE, order_discount='order_discount', quantity='quantity', refunded_amount='refunded_amount', refunded_at='refunded_at', shipping='shipping', sku='sku', store='store', without_customer=Strange.ISSUE))
    """Which column is what."""


class FormatRefunds(Record):
    """Refunds by a column map; [`RefundColumnMap::default`] is our own form."""

    type: ClassVar[Literal["refunds"]] = "refunds"

    columns: RefundColumnMap = made(default_factory=lambda: RefundColumnMap(refund_id='refund_id', refunded_at='refunded_at', amount='amount', currency_column='currency', customer=(IdentifierColumn(column='member_no', type=IdentifierKind.MEMBER_NO), IdentifierColumn(column='phone', type=IdentifierKind.PHONE), IdentifierColumn(column='email', type=IdentifierKind.EMAIL),), customer_id='customer_id', decimal_mark=DecimalMark.POINT, line_no='line_no', missing=Missing.IGNORE, order_id='order_id', quantity='quantity', reason='reason', sku='sku', unit_price='unit_price', without_customer=Strange.ISSUE))
    """Which column is what."""


class FormatShopify(Record):
    """The orders export of Shopify."""

    type: ClassVar[Literal["shopify"]] = "shopify"


class FormatTaobao(Record):
    """Order sheet of Taobao or Tmall, with its item and refund sheets where there are some."""

    type: ClassVar[Literal["taobao"]] = "taobao"


class FormatYouzan(Record):
    """Orders export of Youzan, with its order lines where there are some."""

    type: ClassVar[Literal["youzan"]] = "youzan"


class FreezeGiftCard(Record):
    """Keeps a gift card from being used; the request needs an actor and a reason."""

    type: ClassVar[Literal["freeze_gift_card"]] = "freeze_gift_card"

    customer_id: str
    """In whose journal it stands."""

    card_id: str
    """Which card."""


class Funded(Record):
    """What a party bears."""

    party: str
    """Who."""

    amount: Decimal
    """How much."""


class Funder(Record):
    """Who bears how much of a discount."""

    party: str
    """Who."""

    share: Decimal
    """How much of it; all shares sum to 100."""


class GiftCardExpired(Record):
    """The time of a gift card was over with something on it."""

    card_id: str
    """Which."""

    currency: str
    """Of the amount."""

    amount_minor: int
    """How much, in minor units."""


class GiftCardFrozen(Record):
    """A gift card may not be used any more: by hand, or because its purchase went back."""

    card_id: str
    """Which."""

    currency: str
    """Of the amounts."""

    revoked_minor: int
    """What was taken back with the purchase, in minor units."""

    unrecovered_minor: int
    """What was spent of it before, and is not recovered, in minor units."""

    order_id: str | None = None
    """The order that had bought it and went back; none when it was frozen by hand."""


class GiftCardHeld(Record):
    """A checkout holds a part of a gift card."""

    card_id: str
    """Which."""

    hold_id: str
    """Under which name."""

    currency: str
    """Of the amount."""

    amount_minor: int
    """How much, in minor units."""

    until: datetime
    """Until when at the latest."""


class GiftCardIssued(Record):
    """A gift card was issued to the customer."""

    card_id: str
    """Which."""

    currency: str
    """Of its amounts."""

    amount_minor: int
    """What is on it, in minor units."""

    order_id: str | None = None
    """The order that bought it."""

    valid_until: datetime | None = None
    """First instant after its last one."""


class GiftCardLiability(Record):
    """What a merchant owes on gift cards of one currency. `issued` is `outstanding`, `redeemed`, `expired` and
    `revoked`, to the cent.
    """

    currency: str
    """The currency."""

    cards: int
    """How many cards were ever issued."""

    issued: Decimal
    """Ever issued."""

    outstanding: Decimal
    """What can be used or is held."""

    frozen: Decimal
    """What of it is on frozen cards."""

    redeemed: Decimal
    """Ever taken, less what came back."""

    expired: Decimal
    """Ended unused: breakage."""

    revoked: Decimal
    """Taken back with purchases."""

    by_month: Sequence[GiftCardMonth]
    """By local month of the last usable day; none is without an end. What is held of a card that has ended is in its
    month. Sums to `outstanding`.
    """


class GiftCardMonth(Record):
    """What of gift cards ends in one month."""

    amount: Decimal
    """How much."""

    month: str | None = None
    """`YYYY-MM`; none for cards without an end."""


class GiftCardRedeemed(Record):
    """A part of a gift card was taken."""

    card_id: str
    """Which."""

    redemption_id: str
    """Under which name."""

    currency: str
    """Of the amount."""

    amount_minor: int
    """How much, in minor units."""

    order_id: str | None = None
    """The order that it helped to pay."""


class GiftCardReleased(Record):
    """What was held of a gift card is free again: given up, out of time, or because the card was frozen."""

    card_id: str
    """Which."""

    hold_id: str
    """Which hold."""

    currency: str
    """Of the amount."""

    amount_minor: int
    """How much, in minor units."""

    state: UseState
    """How it ended: `released` or `timed_out`."""


class GiftCardRestored(Record):
    """What was taken of a gift card came back to it."""

    card_id: str
    """Which."""

    redemption_id: str
    """Of which redemption."""

    currency: str
    """Of the amounts."""

    amount_minor: int
    """How much, in minor units."""

    revoked_minor: int
    """How much of it was taken back at once, because the purchase of the card went back before."""

    valid_until: datetime | None = None
    """First instant after the card's last one; a card that had ended got a new one."""


class GiftCardRules(Record):
    """How long gift cards are good."""

    restore_days: int = 30
    """A card that has ended is good for so many local days more when value comes back to it; with 0 the value ends at
    once.
    """

    valid_days: int | None = None
    """To the end of the n-th local day after the day of issue, where the request does not say; none is for ever."""


class GiftCardUnfrozen(Record):
    """A frozen gift card may be used again."""

    card_id: str
    """Which."""


class GiftCardUse(Record):
    """A part of a gift card that is held or was taken."""

    id: str
    """Of the hold, and of the redemption that comes of it."""

    customer_id: str
    """Who uses the card."""

    state: UseState
    """Where it stands."""

    amount: Decimal
    """What was held, or spent at once."""

    taken: Decimal
    """What was taken."""

    restored: Decimal
    """What of it came back."""

    at: datetime
    """Since when."""

    order_id: str | None = None
    """The order that it helped to pay."""

    until: datetime | None = None
    """When a hold times or timed out."""


class GiftCardView(Record):
    """A gift card as it stands at an instant. What was issued is `available`, `held`, `redeemed`, `expired` and
    `revoked`, to the cent.
    """

    card_id: str
    """Which."""

    customer_id: str
    """To whom it was issued."""

    state: GiftCardState
    """Where it stands."""

    currency: str
    """Of its amounts."""

    issued: Decimal
    """What it was issued with."""

    available: Decimal
    """What can be used."""

    held: Decimal
    """What checkouts hold."""

    redeemed: Decimal
    """What was taken, less what came back."""

    expired: Decimal
    """What ended unused."""

    revoked: Decimal
    """What was taken back with its purchase."""

    unrecovered: Decimal
    """What of `redeemed` should have been taken back with its purchase and was spent already."""

    issued_at: datetime
    """When it was issued."""

    uses: Sequence[GiftCardUse]
    """What is held and what was taken, the oldest first."""

    code: str | None = None
    """Its code, in its normal form."""

    order_id: str | None = None
    """The order that bought it."""

    valid_until: datetime | None = None
    """First instant at which it cannot be used any more."""


class Given(Record):
    """What comes along for nothing."""

    sku: str
    """The article."""

    units: int
    """How many."""


class GivesFixed(Record):
    """A fixed number of points. On orders it takes a line that earns, and is taken back only by a full refund, apart
    from the proportional award.
    """

    type: ClassVar[Literal["fixed"]] = "fixed"

    points: int
    """How many."""


class GivesMultiplier(Record):
    """A bonus on the proportional award of the currency: `"0.5"` is +50 %."""

    type: ClassVar[Literal["multiplier"]] = "multiplier"

    bonus: Decimal
    """The part added; an exact decimal above −1."""


class GivesPerAmount(Record):
    """`points` for every `per` of the eligible net amount, in proportion (not in steps)."""

    type: ClassVar[Literal["per_amount"]] = "per_amount"

    points: Decimal
    """How many points; an exact decimal."""

    per: Decimal
    """For how much money, in the order's currency."""


class GivesPerStep(Record):
    """`points` for every full `step` of the eligible net amount."""

    type: ClassVar[Literal["per_step"]] = "per_step"

    points: int
    """How many points for a step."""

    step: Decimal
    """How much money makes a step."""


class GivesPerUnit(Record):
    """`points` for every unit of the eligible lines."""

    type: ClassVar[Literal["per_unit"]] = "per_unit"

    points: Decimal
    """How many points; an exact decimal."""


class GroupExpired(Record):
    """The customer's group has not formed in time."""

    group_id: str
    """Which."""

    to_refund: Sequence[str]
    """Whose money has to go back."""


class GroupFormed(Record):
    """The customer's group has formed."""

    group_id: str
    """Which."""

    member: str
    """With whose seat."""


class GroupOpened(Record):
    """The customer opened a group."""

    group_id: str
    """Which."""

    rules: str
    """Under which rules."""

    forms_by: datetime
    """First instant at which it cannot form any more."""


class GroupRules(Record):
    """Rules for groups that buy together: what members get, how many it takes, and how long there is."""

    id: str
    """Its name."""

    size: int
    """How many paid seats form a group."""

    hours: int
    """How long a group has to form."""

    campaign: str | None = None
    """The campaign of the price: who bears what it takes off, when it can be had, and how much of that there is. An
    offer has its own.
    """

    currency: str | None = None
    """Of the price; default the program's first."""

    lines: LineScope | None = None
    """The lines that the price is for, each of their units; none is all."""

    max_size: int | None = None
    """How many seats there are; default as many as form it."""

    offer: str | None = None
    """The offer that members get; either this or a price."""

    per_customer: int | None = None
    """How many seats one customer may have under these rules, held and paid, over all groups; none is without limit."""

    price: Decimal | None = None
    """The price that members pay; either this or an offer."""

    seat_seconds: int = 900
    """How long a seat waits for its payment."""

    stack: Stack | None = None
    """How the price combines with offers. An offer has its own."""

    valid: Validity = made(default_factory=lambda: Validity())
    """When groups may be opened. One that is open runs its time."""


class GroupView(Record):
    """A group as it stands at an instant."""

    group_id: str
    """Which."""

    customer_id: str
    """Who opened it."""

    rules: str
    """Under which rules; the rest is what they said then."""

    state: GroupState
    """Where it stands."""

    opened_at: datetime
    """When it was opened."""

    forms_by: datetime
    """First instant at which it cannot form any more, nor take anybody in."""

    size: int
    """How many paid seats form it."""

    max_size: int
    """How many seats there are."""

    paid: int
    """How many seats are paid."""

    free: int
    """How many seats are free."""

    seats: Sequence[Seat]
    """The members, in the order in which they joined."""

    formed_at: datetime | None = None
    """When it formed."""

    offer: str | None = None
    """The offer that members get."""

    price: Money | None = None
    """The price that members pay."""


class HoldGiftCard(Record):
    """Holds a part of a gift card while a payment runs."""

    type: ClassVar[Literal["hold_gift_card"]] = "hold_gift_card"

    customer_id: str
    """Who."""

    amount: Decimal
    """How much, in the currency of the card; more than zero."""

    hold_id: str
    """Its id, unique over all holds and redemptions of cards."""

    until: datetime
    """When it times out by itself."""

    card_id: str | None = None
    """Which card; or by its code."""

    code: str | None = None
    """Its code, in any spelling of case and dashes."""


class HoldPoints(Record):
    """Reserves points while a payment runs."""

    type: ClassVar[Literal["hold_points"]] = "hold_points"

    customer_id: str
    """From whom."""

    currency: str
    """Of which currency."""

    points: int
    """How many; more than zero."""

    hold_id: str
    """Its id."""

    until: datetime
    """When it times out by itself."""


class HoldView(Record):
    """An open hold."""

    hold_id: str
    """Its id."""

    points: int
    """How many points."""

    until: datetime
    """When it times out."""


class Hours(Record):
    """Hours of the week, local. A window that ends before it begins goes past midnight."""

    from_: str
    """`HH:MM`."""

    to: str
    """`HH:MM`, exclusive; `24:00` is not written, `00:00` ends at midnight."""

    days: Sequence[Weekday] = ()
    """On which days it begins; empty is every day."""


class Identifier(Record):
    """A name by which a customer is known somewhere: `{"type":"phone","value":"138 0013 8000"}`.

    Platform ids are valid within a scope (an app, a shop, a brand).
    """

    type: IdentifierKind
    """What kind of name."""

    value: str
    """The name."""

    scope: str | None = None
    """Where it is valid: the WeChat app, the Taobao shop, … Required for the kinds that need one, refused for the
    others.
    """


class IdentifierColumn(Record):
    """A column with an identifier."""

    column: str
    """Its header."""

    type: IdentifierKind
    """Of which kind."""

    scope: str | None = None
    """Where it is valid, for kinds that need it."""

    strip_suffix: str | None = None
    """Cut off at the end: `.0`, where a spreadsheet made numbers of the ids."""


class ImportCounts(Record):
    """How facts of one kind ended."""

    applied: int
    """Recorded now."""

    unchanged: int
    """Recorded before, with the same content."""

    skipped: int
    """Left out by the format's rules; see the table of reasons."""

    refused: int
    """Not taken because of a problem; see the issues."""

    waiting: int
    """Refunds and closings that wait for an order that has not arrived."""


class ImportIssue(Record):
    """A problem of one row. The rest of the file is imported all the same."""

    file: str
    """In which file."""

    row: int
    """In which row: of a file as a spreadsheet numbers them, the header being row 1; of a table by its place, from 0."""

    code: str
    """The stable code."""

    message: str
    """What is wrong."""

    help: str
    """What to do about it."""

    column: str | None = None
    """In which column, where one is at fault."""

    value: str | None = None
    """What the cell says, shortened; of identifiers only the beginning."""


class ImportProgress(Record):
    """How far an import is."""

    rows_total: int
    """Rows in all files."""

    rows_done: int
    """Rows that are dealt with."""

    applied: int
    """Orders, refunds, closings and events recorded so far."""

    issues: int
    """Problems so far."""


class ImportReport(Record):
    """What an import did, or in a dry run would do."""

    batch: str
    """Its id: the handle for [`super::revert`]."""

    dry_run: DryRun
    """Whether anything was written."""

    rows: int
    """Rows in all files, headers apart."""

    orders: ImportCounts
    """Paid orders."""

    refunds: ImportCounts
    """Refunds."""

    closings: ImportCounts
    """Orders that the shop has closed: cancelled, or waiting to be where the order is not told yet; skipped where it
    was never paid.
    """

    customers_new: int
    """Customers who were not known before."""

    skipped: Mapping[str, int]
    """What was left out and why, such as `unpaid`, `no_customer`, `closed`; the sum of all `skipped`."""

    skipped_lines: Mapping[str, int]
    """Lines of orders that were left out and why: `zero_price`, `negative_price`."""

    issues: Sequence[ImportIssue]
    """The first problems that were found, at most 1,000; file by file in the order of their rows."""

    issues_total: int
    """All problems, kept or not."""

    issues_by_code: Mapping[str, int]
    """All problems by code."""

    events: ImportCounts = made(default_factory=lambda: ImportCounts(applied=0, unchanged=0, skipped=0, refused=0, waiting=0))
    """Events."""

    first_at: datetime | None = None
    """The earliest fact."""

    last_at: datetime | None = None
    """The latest fact."""

    refunds_unmatched: int = 0
    """Refunds among the recorded ones of which some or all goods were found in no order of their customer: that part
    is noted, and changes no order. They are not tried again when orders are told later.
    """


class IssueCoupon(Record):
    """Issues a coupon."""

    type: ClassVar[Literal["issue_coupon"]] = "issue_coupon"

    customer_id: str
    """To whom."""

    coupon_id: str
    """Its id, unique within the customer."""

    offer: str
    """To which offer; it needs a coupon."""

    code: str | None = None
    """A code by which it can be named at a checkout, unique over all customers."""

    uses: int | None = None
    """How often it can be used; default as the offer's terms say."""

    valid_from: datetime | None = None
    """First instant at which it can be used; default the request's."""

    valid_until: datetime | None = None
    """First instant after the last one; default as the offer's terms say. Never after the offer's own end."""


class IssueGiftCard(Record):
    """Issues a gift card."""

    type: ClassVar[Literal["issue_gift_card"]] = "issue_gift_card"

    customer_id: str
    """To whom. In their journal stands what time does to the card."""

    card_id: str
    """Its id, unique over all cards."""

    currency: str
    """Of its amounts; one that orders may have."""

    amount: Decimal
    """What is on it; more than zero."""

    code: str | None = None
    """A code by which it can be named, unique over all cards."""

    line_no: int | None = None
    """The line of that order: when all of it comes back, so does the card, whatever becomes of the other lines."""

    order_id: str | None = None
    """The order that bought it, recorded before. When it goes back as a whole, what is left on the card is taken back."""

    valid_until: datetime | None = None
    """First instant at which it cannot be used any more; default as the program says."""


class IssueOnBirthday(Record):
    """The first instant of the birthday, once a year."""

    type: ClassVar[Literal["birthday"]] = "birthday"


class IssueOnEvent(Record):
    """A custom event."""

    type: ClassVar[Literal["event"]] = "event"

    name: str
    """Of this name."""


class IssueOnReferral(Record):
    """The first valid order of somebody who was referred."""

    type: ClassVar[Literal["referral"]] = "referral"

    side: ReferralSide
    """Who gets it."""


class IssueOnSignUp(Record):
    """The customer is registered."""

    type: ClassVar[Literal["sign_up"]] = "sign_up"


class IssueOnStage(Record):
    """The customer enters one of these stages of the lifecycle, each time."""

    type: ClassVar[Literal["stage"]] = "stage"

    any: Sequence[str]
    """Any of these."""


class IssueOnTier(Record):
    """The customer enters one of these tiers, from below or from above, each time."""

    type: ClassVar[Literal["tier"]] = "tier"

    ladder: str
    """Of this ladder."""

    any: Sequence[str]
    """Any of these."""


class IssueRule(Record):
    """A rule that issues coupons when something happens."""

    id: str
    """Its name; the ids of its coupons begin with it."""

    offer: str
    """To which offer; it needs a coupon."""

    on: IssueOn
    """What makes it fire."""

    coupons: int = 1
    """How many coupons."""

    valid: Validity = made(default_factory=lambda: Validity())
    """When it is in force, by the instant of what happens."""

    when: Condition | None = None
    """What else must hold."""


class JoinGroup(Record):
    """Takes a seat of a group until it is paid or out of time."""

    type: ClassVar[Literal["join_group"]] = "join_group"

    customer_id: str
    """Who."""

    group_id: str
    """Which group."""


class LadderRules(Record):
    """A ladder of tiers. Several may stand side by side; each looks at one metric over one window. Its rules hold from
    the publication of their revision on: a tier held is kept until the next review, a higher one that the metric
    reaches is gained then.
    """

    id: str
    """Its name."""

    metric: Metric
    """What is counted."""

    window: Window
    """Over which time."""

    tiers: Sequence[TierRules]
    """From the lowest to the highest; the first has threshold 0 and is held by everybody."""

    floor: Floor = Floor.NONE
    """What a review may not fall below."""

    grace_days: int = 0
    """Local days after a failed review during which the old tier is kept and can still be retained."""

    refund: RefundEffect = RefundEffect.AT_REVIEW
    """What a refund does to a tier that its order helped to reach."""

    upgrade: Upgrade = Upgrade.NOW
    """When reaching a threshold lifts the customer."""


class LadderTotals(Record):
    """One ladder, all members together."""

    ladder: str
    """Which."""

    moves: Sequence[TierMove]
    """From which tier to which, and how many; those who stay included. Sums to all members."""


class LeaveGroup(Record):
    """Gives the seat up; one that was paid has to be refunded then."""

    type: ClassVar[Literal["leave_group"]] = "leave_group"

    customer_id: str
    """Whose seat."""

    group_id: str
    """Of which group."""


class Liability(Record):
    """What a merchant owes in one currency."""

    currency: str
    """The currency."""

    outstanding: int
    """Pending, available and held points of all customers."""

    debt: int
    """What customers owe."""

    issued: int
    """Ever issued."""

    redeemed: int
    """Ever redeemed, less what was reversed."""

    expired: int
    """Ever expired: breakage."""

    revoked: int
    """Ever taken back."""

    offset: int
    """Ever used up by paying debt. With `outstanding`, `redeemed`, `expired` and `revoked` it sums to `issued`."""

    by_month: Sequence[LiabilityMonth]
    """By local month of the last usable day; none is without expiry. Sums to `outstanding`."""

    value: Money | None = None
    """Their value, where the currency has one."""


class LiabilityMonth(Record):
    """What ends in one month."""

    points: int
    """How many."""

    month: str | None = None
    """`YYYY-MM`; none for points without expiry."""


class LifecycleAnswer(Record):
    """Stage and activity, and how they came about."""

    customer_id: str
    """The customer."""

    now: LifecycleView
    """What holds at the instant."""

    history: Sequence[Transition]
    """Every transition up to the instant, the oldest first."""


class LifecycleChoicePreset(Record):
    """One of the presets: `retail`, `youzan4`, `aipl`, `o5a`, `hubspot`, `restaurant3`, `value3`."""

    type: ClassVar[Literal["preset"]] = "preset"

    name: str
    """Its name."""


class LifecycleChoiceRules(Record):
    """Rules of its own."""

    type: ClassVar[Literal["rules"]] = "rules"

    rules: LifecycleRules
    """The rules."""


class LifecycleRules(Record):
    """Two axes: how far a customer has come (stage), and how recently they were here (activity)."""

    stages: Sequence[StageRules]
    """From the first to the furthest; a customer is in the furthest stage whose test holds, at least in the first."""

    activity: ActivityRules = made(default_factory=lambda: ActivityRules(bands=(Band(id='at_risk', after_days=60), Band(id='dormant', after_days=90), Band(id='lost', after_days=180),), reactivated_from='dormant'))
    """Bands of silence."""

    on_reversal: OnReversal = OnReversal.RECOMPUTE
    """What a full refund does to the stage that its order led to."""


class LifecycleView(Record):
    """Where a customer stands."""

    stage: str
    """The stage."""

    stage_since: datetime
    """Since when."""

    activity: str
    """`new`, `active`, `reactivated` or a band of silence."""

    activity_since: datetime
    """Since when."""

    high_water: str
    """The furthest stage ever reached; a stage that silence leads to is none."""

    last_active_at: datetime | None = None
    """The last qualifying event that still stands."""

    next_due: datetime | None = None
    """The first instant at which time alone moves the customer."""


class Limit(Record):
    """A bound on how often, how many or how much."""

    id: str
    """Its name, unique in its offer or campaign."""

    counts: Counts
    """What is counted."""

    per: LimitPer = LimitPer.ALL
    """For whom together."""

    window: LimitWindow = LimitWindow.LIFETIME
    """Over which time."""


class LimitUse(Record):
    """How much of a limit over all customers is used, in its period."""

    limit: str
    """Its name."""

    max: int
    """The bound."""

    used: int
    """What was used and has not come back."""

    held: int
    """What open checkouts hold."""

    left: int
    """What is left: never below zero, unless the bound was lowered."""

    campaign: str | None = None
    """The campaign whose limit it is; none for an offer's."""

    currency: str | None = None
    """Of which currency its numbers are, in minor units; none for uses and units."""

    offer: str | None = None
    """The offer whose limit it is; none for a campaign's."""


class LineExplained(Record):
    """A line with what it earned."""

    line_no: int
    """Its number."""

    sku: str
    """The article."""

    quantity: Decimal
    """How much of it."""

    net: Decimal
    """What was paid for it."""

    refunded: Decimal
    """What went back."""


class LineOff(Record):
    """Something off one line."""

    lines: LineScope
    """Which lines qualify; it takes one of them."""

    off: Off
    """What it gives."""


class LinePoints(Record):
    """What a line gave."""

    line_no: int
    """The line; 0 is shipping."""

    points: int
    """How many points."""


class LineScope(Record):
    """Lines of an order or a cart. A line is in it when every list that is not empty names it, and no `not_` list
    does.
    """

    brands: Sequence[str] = ()
    """Brands."""

    categories: Sequence[str] = ()
    """Categories."""

    not_brands: Sequence[str] = ()
    """Not these brands."""

    not_categories: Sequence[str] = ()
    """Not these categories."""

    not_skus: Sequence[str] = ()
    """Not these articles."""

    not_tags: Sequence[str] = ()
    """Not lines with any of these labels."""

    skus: Sequence[str] = ()
    """Articles."""

    tags: Sequence[str] = ()
    """Labels of lines; a line with any of them is named."""


class LockTier(Record):
    """Fixes a tier by hand until a date; the request needs an actor and a reason."""

    type: ClassVar[Literal["lock_tier"]] = "lock_tier"

    customer_id: str
    """Whose."""

    ladder: str
    """On which ladder."""

    tier: str
    """At which tier."""

    through: date
    """Through this local day."""


class Lot(Record):
    """One credit and where its points are now. Its amount never changes; its points move between the states."""

    id: int
    """Its number in the account."""

    source: PointsSource
    """What the points are for."""

    amount: int
    """How many were credited."""

    pending: int
    """Not usable yet."""

    available: int
    """Usable."""

    held: int
    """Reserved by holds."""

    spent: int
    """Spent."""

    expired: int
    """Ended unused."""

    revoked: int
    """Taken back."""

    offset: int
    """Used up by paying debt."""

    transferred: int
    """Moved to other lots: of other accounts, or given new dates by a grace restore."""

    earned_at: datetime
    """When it was earned; decides the order of consumption among equal ends."""

    waiting: bool
    """Whether it waits for an event."""

    activates_at: datetime | None = None
    """First usable instant; none while it waits for an event."""

    expires_at: datetime | None = None
    """First instant after the last usable one; none for never (or, while waiting, not yet known)."""

    expiry: ExpiryPolicy | None = None
    """The policy that dates it again: when its event comes, or at activity if sliding. None for fixed dates."""

    origin: LotOrigin | None = None
    """The lot that its points came from."""

    rule: str | None = None
    """The rule that gave them."""


class LotOrigin(Record):
    """The lot that points were part of before they came into this one."""

    lot: int
    """Which lot."""

    customer: str | None = None
    """Whose lot; none for another lot of the same account (points that a grace restore gave new dates)."""


class MemberPoints(Record):
    """Points of a member in one currency."""

    currency: str
    """Which."""

    before: PointsSide
    """Under the program in force."""

    after: PointsSide
    """Under the changed program."""


class MemberStage(Record):
    """Stage and activity of a member."""

    after: Stage | None = None
    """Under the changed program; none where it has no lifecycle."""

    before: Stage | None = None
    """Under the program in force; none where it has no lifecycle."""


class MemberTier(Record):
    """The tier of a member on one ladder."""

    ladder: str
    """Which ladder."""

    after: str | None = None
    """Under the changed program; none where it has no such ladder."""

    before: str | None = None
    """Under the program in force; none where it has no such ladder."""


class MemberWhatIf(Record):
    """What a changed program makes of one member."""

    customer_id: str
    """Who."""

    affected: bool
    """Whether anything differs."""

    orders: int
    """Orders among the facts."""

    points: Sequence[MemberPoints]
    """One per point currency of either program."""

    tiers: Sequence[MemberTier]
    """One per ladder of either program."""

    coupons_before: int
    """Coupons that rules issued, under the program in force."""

    coupons_after: int
    """Coupons that rules issued, under the changed program."""

    stage: MemberStage | None = None
    """Stage and activity, where either program has a lifecycle."""


class MetricNetSpend(Record):
    """Money paid for orders after discounts and refunds, without the part paid with points."""

    type: ClassVar[Literal["net_spend"]] = "net_spend"


class MetricOrderCount(Record):
    """Valid orders: paid and not fully refunded."""

    type: ClassVar[Literal["order_count"]] = "order_count"


class MetricQualifyingPoints(Record):
    """Qualifying points earned (less those taken back); spending and expiry do not lower it."""

    type: ClassVar[Literal["qualifying_points"]] = "qualifying_points"

    currency: str
    """Of which currency."""


class MetricVisits(Record):
    """Custom events of one name."""

    type: ClassVar[Literal["visits"]] = "visits"

    event: str
    """Its name."""


class Money(Record):
    """An exact amount of one currency: `{"amount":"12.50","currency":"CNY"}`."""

    amount: Decimal
    """How much, in major units."""

    currency: str
    """Of which currency."""


class NearMiss(Record):
    """Something that a little more would bring."""

    offer: str
    """Which offer."""

    by: OfferSource
    """What would bring it in."""

    add: NearMissAdd
    """What to add."""

    save: Decimal
    """What that saves at least. An amount is thought of as goods by weight; an offer that picks units may pick what is
    added instead.
    """


class NearMissAddAmount(Record):
    """So much of eligible articles."""

    type: ClassVar[Literal["amount"]] = "amount"

    amount: Decimal
    """How much."""


class NearMissAddUnits(Record):
    """So many units of eligible articles."""

    type: ClassVar[Literal["units"]] = "units"

    units: int
    """How many."""


class NeedsCode(Record):
    """One of these public codes, in any spelling of case and dashes. Several of them bring it in once."""

    type: ClassVar[Literal["code"]] = "code"

    codes: Sequence[str]
    """The codes."""


class NeedsCoupon(Record):
    """A coupon that was issued to the customer, or whose code was typed."""

    type: ClassVar[Literal["coupon"]] = "coupon"


class NeedsGroup(Record):
    """A seat in a group that buys together, whose rules name the offer."""

    type: ClassVar[Literal["group"]] = "group"


class NeedsNothing(Record):
    """Nothing: it is there for everybody whom its condition admits."""

    type: ClassVar[Literal["nothing"]] = "nothing"


class OffAmount(Record):
    """An amount."""

    type: ClassVar[Literal["amount"]] = "amount"

    amount: Decimal
    """How much."""


class OffPercent(Record):
    """A part."""

    type: ClassVar[Literal["percent"]] = "percent"

    percent: Decimal
    """How much of it."""

    cap: Decimal | None = None
    """At most so much."""


class Offer(Record):
    """An offer: what it takes off, from whom and what, and how it combines."""

    id: str
    """Its name in explanations."""

    effect: Effect
    """What it does."""

    campaign: str | None = None
    """Its campaign."""

    coupon: CouponTerms | None = None
    """What its coupons are like; only for `needs: coupon`."""

    currency: str | None = None
    """Of its amounts, and of the carts it is for; default the program's first."""

    limits: Sequence[Limit] = ()
    """Bounds of this offer alone."""

    lines: LineScope | None = None
    """The lines it is meant for; none is all."""

    needs: Needs = made(default_factory=lambda: NeedsNothing())
    """What brings it into a cart."""

    phase: Phase = Phase.ORDER
    """When it has its turn."""

    priority: int = 0
    """The higher, the earlier within its phase where the objective is `priority`."""

    refund: RefundPolicy = RefundPolicy.PRO_RATA
    """How much goes back when goods come back."""

    returns: ReturnPolicy = made(default_factory=lambda: ReturnPolicy(grace_days=0, on=ReturnOn.FULL))
    """Whether coupon and uses come back with them."""

    stack: Stack = made(default_factory=lambda: Stack(exclusive=Exclusive.NONE))
    """How it combines."""

    threshold: Threshold | None = None
    """What the cart must reach."""

    units: UnitUse = made(default_factory=lambda: UnitUse(consumes=False, respects=False))
    """How it treats units that other offers used."""

    valid: Validity = made(default_factory=lambda: Validity())
    """When it is in force, beside its campaign's time."""

    when: Condition | None = None
    """What else must hold. Conditions on the order look at the cart before discounts."""


class OfferReceipt(Record):
    """A quote that was paid, with all that a refund needs: it does not depend on the program, or the prices, of a
    later day.
    """

    cart: Cart
    """What was bought."""

    quote: Quote
    """What it cost."""

    rules: Sequence[OfferRules] = ()
    """The rules of the offers that were applied, each once."""


class OfferRules(Record):
    """The rules of an offer, as far as a quote and a refund need them. A receipt keeps them, so that a refund years
    later does not depend on the program of that day.
    """

    id: str
    """Its name."""

    currency: str
    """Of its amounts."""

    effect: Effect
    """What it does."""

    campaign: str | None = None
    """Its campaign."""

    funders: Sequence[Funder] = ()
    """Who bears it; the shares sum to 100. Empty is the merchant alone."""

    lines: LineScope | None = None
    """The lines it is meant for; none is all."""

    phase: Phase = Phase.ORDER
    """When it has its turn."""

    priority: int = 0
    """The higher, the earlier within its phase where the objective is priority."""

    refund: RefundPolicy = RefundPolicy.PRO_RATA
    """How much goes back when goods come back."""

    returns: ReturnPolicy = made(default_factory=lambda: ReturnPolicy(grace_days=0, on=ReturnOn.FULL))
    """Whether coupon and uses come back."""

    stack: Stack = made(default_factory=lambda: Stack(exclusive=Exclusive.NONE))
    """How it combines."""

    threshold: Threshold | None = None
    """What the cart must reach."""

    units: UnitUse = made(default_factory=lambda: UnitUse(consumes=False, respects=False))
    """How it treats units."""


class OfferSourceAutomatic(Record):
    """Nothing: it is there for everybody it is meant for."""

    type: ClassVar[Literal["automatic"]] = "automatic"


class OfferSourceCode(Record):
    """A public code, in its normal form."""

    type: ClassVar[Literal["code"]] = "code"

    code: str
    """The code."""


class OfferSourceCoupon(Record):
    """A coupon of the customer."""

    type: ClassVar[Literal["coupon"]] = "coupon"

    coupon: str
    """Which."""


class OfferSourceGroup(Record):
    """A seat in a group that buys together."""

    type: ClassVar[Literal["group"]] = "group"

    group: str
    """Which."""


class OpenGroup(Record):
    """Opens a group that buys together, and takes its first seat."""

    type: ClassVar[Literal["open_group"]] = "open_group"

    customer_id: str
    """Who. In their journal stands what happens to the group as a whole."""

    group_id: str
    """Its id, unique over all groups."""

    rules: str
    """Under which rules of the program. What they say now holds for the group to its end."""


class Order(Record):
    """A paid order. Idempotent on its id; amounts are in major units of `currency`."""

    id: str
    """Its id, unique over all customers."""

    paid_at: datetime
    """When it was paid: the instant that counts for points, tiers and lifecycle."""

    currency: str
    """The currency of every amount in it."""

    lines: Sequence[OrderLine]
    """What was bought."""

    channel: str | None = None
    """Where it was made: `store`, `taobao`, `app`, …"""

    discount: Decimal | None = None
    """A discount on the whole order, spread over the lines by their amounts after line discounts."""

    placed_at: datetime | None = None
    """When it was placed, if known."""

    shipping: Decimal | None = None
    """What was charged for delivery."""

    store: str | None = None
    """In which shop."""

    tags: Sequence[str] = ()
    """Free labels."""

    tax_mode: TaxMode = TaxMode.INCLUDED
    """Whether the prices include tax (the default) or tax comes on top."""

    tenders: Sequence[Tender] = ()
    """How it was paid; empty means in full with money. Otherwise the parts add up to the total."""


class OrderExplained(Record):
    """An order, with every number explained."""

    order_id: str
    """The order."""

    customer_id: str
    """Whose."""

    paid_at: datetime
    """When it was paid."""

    status: str
    """`valid`, `partly_refunded`, `goods_refunded` (delivery was kept), `fully_refunded`, `cancelled`, `reverted`."""

    total: Money
    """What was paid in all."""

    refunded: Money
    """What went back so far."""

    revision: int
    """Revision of the program whose rules made the awards."""

    lines: Sequence[LineExplained]
    """Its lines."""

    awards: Sequence[AwardExplained]
    """What it earned."""

    refunds: Sequence[RefundExplained]
    """What went back."""

    unmatched: Sequence[RefundUnmatched] = ()
    """Refunds that came before the order and did not fit it: they changed nothing."""


class OrderLine(Record):
    """A line of an order."""

    sku: str
    """The article."""

    unit_price: Decimal
    """Price of one unit before discounts."""

    brand: str | None = None
    """Its brand."""

    category: str | None = None
    """Its category, as the shop names it."""

    discount: Decimal | None = None
    """Discount on this line, in all."""

    line_no: int | None = None
    """Its number within the order; default its place, from 1."""

    quantity: Decimal = Decimal("1")
    """How much of it; default one piece."""

    tags: Sequence[str] = ()
    """Free labels, which rules may ask for."""

    tax: Decimal | None = None
    """Tax of this line, in all; included in the price or on top as `tax_mode` says."""


class PaySeat(Record):
    """Pays the seat with an order."""

    type: ClassVar[Literal["pay_seat"]] = "pay_seat"

    customer_id: str
    """Whose seat."""

    group_id: str
    """Of which group."""

    order_id: str
    """The order, recorded before, of the same customer. When it goes back as a whole before the group has formed, the
    seat is free again.
    """


class PendingPolicyDays(Record):
    """At the first instant of the local day `days` days after the day they were earned."""

    type: ClassVar[Literal["days"]] = "days"

    days: int
    """1 to 3650."""


class PendingPolicyNone(Record):
    """At once."""

    type: ClassVar[Literal["none"]] = "none"


class PendingPolicyUntilEvent(Record):
    """When the host says so: `activate_points` for the order."""

    type: ClassVar[Literal["until_event"]] = "until_event"


class PointPrice(Record):
    """A price in points."""

    currency: str
    """Of which currency."""

    points: int
    """How many."""


class PointsChange(Record):
    """What an entry did to one point currency."""

    currency: str
    """Of which currency."""

    kind: MovementKind
    """What kind of movement."""

    postings: Sequence[Posting]
    """The postings; they sum to zero."""

    hold: str | None = None
    """The hold concerned."""

    original_at: datetime | None = None
    """For points taken back: the instant they count against."""

    other: str | None = None
    """The customer on the other side of a transfer or a referral."""

    redemption: str | None = None
    """The redemption concerned."""

    rule: str | None = None
    """The rule that gave a fixed number; proportional awards list their rules with the order."""

    shortfall: Sequence[Shortfall] = ()
    """Why it is zero or less than the rules alone would give."""


class PointsOf(Record):
    """So many points of a currency."""

    currency: str
    """Of which currency."""

    points: int
    """How many; more than zero."""


class PointsSide(Record):
    """Points under one of the programs."""

    balances: Balances
    """All sums of the accounts."""

    uncovered: int
    """Points that were used and are not there: such a use is left out, whole, as the program would have refused it."""


class PointsSource(Record):
    """Where points came from. Equal sources are the same thing: all lots of an order share one."""

    kind: PointsSourceKind
    """What kind of thing."""

    id: str
    """Its id among things of that kind."""


class PointsTotals(Record):
    """One point currency, all members together."""

    currency: str
    """Which."""

    before: PointsSide
    """Under the program in force."""

    after: PointsSide
    """Under the changed program."""

    cost_after: Money | None = None
    """What the points cost under the changed program."""

    cost_before: Money | None = None
    """What the points cost under the program in force: the value of those issued, less those taken back."""

    liability_after: Money | None = None
    """What is owed under the changed program."""

    liability_before: Money | None = None
    """What is owed in points under the program in force: the value of pending, available and held points, where the
    currency has one.
    """


class Posting(Record):
    """One signed change of one book."""

    book: Book
    """Which book."""

    points: int
    """The points it adds (or takes, below 0)."""

    lot: int | None = None
    """Whose slice moved; none on the sides that belong to no lot (issued, debt, unrecovered)."""


class Profile(Record):
    """What is known about a person. Every field may be absent."""

    address: Address | None = None
    """Where they live, from the country down to the street."""

    birthday: date | None = None
    """Their birthday. The year may be unknown to a shop: then it gives 1 to 1900 as it likes; only month and day are
    used for birthdays.
    """

    gender: Gender | None = None
    """As they state it."""

    language: str | None = None
    """A BCP 47 language tag."""

    name: str | None = None
    """The name to address them by, at most 4,096 bytes; stored in NFKC."""

    note: str | None = None
    """Free note."""


class QueryBenefits(Record):
    """What may they use, how often still?"""

    type: ClassVar[Literal["benefits"]] = "benefits"

    customer_id: str
    """The customer."""

    at: datetime
    """The instant; not before the last entry."""


class QueryClaim(Record):
    """What does a checkout hold, what did it cost, and what became of it?"""

    type: ClassVar[Literal["claim"]] = "claim"

    customer_id: str
    """Whose."""

    claim_id: str
    """Which."""

    at: datetime
    """The instant; not before the last entry."""


class QueryConsent(Record):
    """May they be contacted?"""

    type: ClassVar[Literal["consent"]] = "consent"

    customer_id: str
    """The customer."""


class QueryCoupons(Record):
    """Which coupons are open?"""

    type: ClassVar[Literal["coupons"]] = "coupons"

    customer_id: str
    """Whose."""

    at: datetime
    """The instant; not before the last entry."""


class QueryCustomer(Record):
    """Who is it?"""

    type: ClassVar[Literal["customer"]] = "customer"

    customer_id: str
    """The customer."""


class QueryDue(Record):
    """Who is due to be settled up to this instant?"""

    type: ClassVar[Literal["due"]] = "due"

    until: datetime
    """The instant."""

    limit: int | None = None
    """At most so many; default 1,000."""


class QueryFind(Record):
    """Who has this identifier?"""

    type: ClassVar[Literal["find"]] = "find"

    identifier: Identifier
    """The identifier, in any of its spellings."""


class QueryGiftCard(Record):
    """What is on a gift card, and what became of the rest?"""

    type: ClassVar[Literal["gift_card"]] = "gift_card"

    at: datetime
    """The instant; not before the last thing that happened to it."""

    card_id: str | None = None
    """Which card; or by its code."""

    code: str | None = None
    """Its code, in any spelling of case and dashes."""


class QueryGiftCardLiability(Record):
    """What does the merchant owe on gift cards at this instant?"""

    type: ClassVar[Literal["gift_card_liability"]] = "gift_card_liability"

    at: datetime
    """The instant; not before the last thing that happened to any card."""


class QueryGroup(Record):
    """Who is in a group, and how far has it come?"""

    type: ClassVar[Literal["group"]] = "group"

    group_id: str
    """Which."""

    at: datetime
    """The instant; not before the last thing that happened to it."""


class QueryLiability(Record):
    """What does the merchant owe in points at this instant?"""

    type: ClassVar[Literal["liability"]] = "liability"

    at: datetime
    """The instant; not before the last entry of any customer."""


class QueryLifecycle(Record):
    """In which stage, how active?"""

    type: ClassVar[Literal["lifecycle"]] = "lifecycle"

    customer_id: str
    """The customer."""

    at: datetime
    """At this instant."""

    known_at: datetime | None = None
    """With what was known then; default everything known."""


class QueryLimits(Record):
    """How much of the limits over all customers is used, held and left?"""

    type: ClassVar[Literal["limits"]] = "limits"

    at: datetime
    """The instant."""


class QueryLots(Record):
    """Which lots are open at this instant, in consumption order?"""

    type: ClassVar[Literal["lots"]] = "lots"

    customer_id: str
    """The customer."""

    currency: str
    """The point currency."""

    at: datetime
    """The instant; not before the last entry."""


class QueryOrder(Record):
    """What did an order earn, and what became of it?"""

    type: ClassVar[Literal["order"]] = "order"

    order_id: str
    """The order."""


class QueryQuote(Record):
    """What does a cart cost, with the best of the offers and coupons at hand?"""

    type: ClassVar[Literal["quote"]] = "quote"

    cart: Cart
    """The cart."""

    at: datetime
    """The instant; not before the customer's last entry."""

    coupons: Sequence[str] | None = None
    """Which of the customer's coupons may be used; default all that are open."""

    customer_id: str | None = None
    """Whose cart it is; none is somebody who is not known."""


class QueryRefundPlan(Record):
    """What would go back for these units of an order, by the policies of its offers? No refund of lines brings
    delivery back: one in full does, or one of an amount.
    """

    type: ClassVar[Literal["refund_plan"]] = "refund_plan"

    order_id: str
    """The order. One without a claim gives its own prices back."""

    lines: Sequence[ReturnedLine]
    """What comes back."""


class QueryStatement(Record):
    """What happened, entry by entry?"""

    type: ClassVar[Literal["statement"]] = "statement"

    customer_id: str
    """The customer."""

    after: int = 0
    """Only entries after this one."""

    limit: int | None = None
    """At most so many; default 1,000."""


class QueryTier(Record):
    """Why this tier, since when, until when, what is needed to keep it or to reach the next?"""

    type: ClassVar[Literal["tier"]] = "tier"

    customer_id: str
    """The customer."""

    at: datetime
    """At this instant."""

    known_at: datetime | None = None
    """With what was known then; default everything known."""

    ladder: str | None = None
    """The ladder; default the program's first."""


class QueryWallet(Record):
    """What do they hold at this instant?"""

    type: ClassVar[Literal["wallet"]] = "wallet"

    customer_id: str
    """The customer."""

    at: datetime
    """The instant; not before the last entry."""


class Quote(Record):
    """What a cart costs with the best of its offers. Amounts are in major units of `currency`, every one exact."""

    currency: str
    """Of every amount."""

    as_of: datetime
    """For which instant it was worked out."""

    revision: int
    """The revision of the program that it was worked out with."""

    lines: Sequence[QuotedLine]
    """The lines of the cart, in its order."""

    shipping: QuotedShipping
    """Delivery."""

    applied: Sequence[Application]
    """What was applied, in this order."""

    rejected: Sequence[Rejected]
    """What was not, and why."""

    totals: Totals
    """Sums."""

    search: QuoteSearch
    """How sure it is that nothing better exists."""

    gift_cards: Sequence[QuotedGiftCard] = ()
    """The gift cards of the cart, in its order."""

    near: Sequence[NearMiss] = ()
    """What a little more would bring."""


class QuoteSearch(Record):
    """How a quote was found, and what is known about better ones."""

    optimal: bool
    """Whether it is proven that nothing serves the objective better."""

    bound: Decimal
    """No combination takes more off than this."""

    nodes: int
    """How many combinations were looked at."""

    gap: Decimal | None = None
    """`bound` less what was taken off, when it is not proven to be the best."""

    runner_up: RunnerUp | None = None
    """The next best: another set, or the same in another order."""


class QuotedGiftCard(Record):
    """A gift card of a cart as a quote has it."""

    pays: Decimal
    """How much it pays; nothing when nothing is left to pay."""

    left: Decimal
    """What can be used of it after that."""

    card_id: str | None = None
    """Which; none for a code that no card has."""

    code: str | None = None
    """The code by which it was named, in its normal form."""

    why: CardWhy | None = None
    """Why it cannot pay."""


class QuotedLine(Record):
    """A line of a quote."""

    line_no: int
    """Its number in the cart."""

    list: Decimal
    """Unit price times quantity."""

    discount: Decimal
    """Off, by all that was applied."""

    net: Decimal
    """`list` less `discount`."""

    tax: Decimal
    """Its tax, in `net` or on top as the cart says."""


class QuotedShipping(Record):
    """Delivery in a quote."""

    list: Decimal
    """Before discounts."""

    discount: Decimal
    """Off."""

    net: Decimal
    """`list` less `discount`."""

    tax: Decimal
    """Its tax, in `net` or on top as the cart says."""


class Receipt(Record):
    """What a request did: the entries it wrote and the balances after it. Stored, and returned again to the same
    request.
    """

    request_id: str
    """The request."""

    entries: Sequence[Entry]
    """What happened; empty when there was nothing to do (the same order again, nothing due). A change of a customer
    that changes nothing is one entry without fields, so that its request is remembered.
    """

    balances: Sequence[CurrencyBalance]
    """Balances of every currency of the customer after it."""

    customer_id: str | None = None
    """The customer it was about; none for a refund that waits for its order."""

    parked: bool = False
    """True for a refund that waits for its order."""


class RecordConsent(Record):
    """Records a statement about consent."""

    type: ClassVar[Literal["record_consent"]] = "record_consent"

    customer_id: str
    """Whose."""

    consent: Consent
    """The statement."""


class RecordEvent(Record):
    """Records a custom event."""

    type: ClassVar[Literal["record_event"]] = "record_event"

    buyer: Buyer
    """Whose."""

    event: Event
    """The event."""


class RecordOrder(Record):
    """Records a paid order: points, tiers and lifecycle follow. Idempotent on the order id."""

    type: ClassVar[Literal["record_order"]] = "record_order"

    buyer: Buyer
    """Whose."""

    order: Order
    """The order."""

    claim_id: str | None = None
    """The claim that it was paid with: its cart's lines get the discounts of its quote, and what it holds is used."""


class RecordRefund(Record):
    """Records a refund, in full or in part. One for an order that has not arrived is parked until it does. If it does
    not fit then (above what was paid, or of a line that the order has not), nothing goes back: the entry
    `unmatched_refund` of the order's receipt says why, and so does the order (`unmatched`). A refund with another
    id puts it right.
    """

    type: ClassVar[Literal["record_refund"]] = "record_refund"

    refund: Refund
    """The refund."""

    buyer: Buyer | None = None
    """Whose; may be left out when the refund names its order."""


class Refund(Record):
    """A refund, in full or in part. Idempotent on its id."""

    id: str
    """Its id, unique within its order; where it names none, within the customer."""

    refunded_at: datetime
    """When the money went back. Clocks differ, so it may lie before the order's `paid_at`: it counts from then at the
    earliest.
    """

    what: RefundWhat
    """What went back."""

    order: str | None = None
    """The order; none where the source does not say (the program's policy decides)."""

    reason: str | None = None
    """Why."""


class RefundArticle(Record):
    """An article that came back without its order."""

    sku: str
    """The article."""

    quantity: Decimal
    """How many units."""

    unit_price: Decimal
    """Price of one unit."""


class RefundColumnMap(Record):
    """Which column is what, in a sheet of refunds. Rows with the same refund id and order are one refund.

    A refund that names its order gives back lines (`line_no`, with `quantity`, `amount` or both), an amount, or,
    where the sheet has no column with amounts, everything. One that names none is a list of articles (`sku`,
    `quantity`, `unit_price`) of a customer.
    """

    refund_id: str
    """The refund."""

    refunded_at: str
    """When the money went back; the first row of the refund counts."""

    amount: str | None = None
    """How much went back: for the line, or in all."""

    currency: str | None = None
    """The currency of those prices; default the program's first, unless `currency_column` says."""

    currency_column: str | None = None
    """The currency of the refund."""

    customer: Sequence[IdentifierColumn] = ()
    """Who it was, where no order is named; the most trusted first. Somebody unknown is registered."""

    customer_id: str | None = None
    """The customer's own id, where no order is named."""

    date_formats: Sequence[str] = ()
    """Forms of that time in the notation of `strftime`, tried in turn; none for year-first dates."""

    decimal_mark: DecimalMark = DecimalMark.POINT
    """What stands between the whole and its fraction in amounts and quantities; default the point."""

    line_no: str | None = None
    """The line of the order."""

    missing: Missing = Missing.REFUSE
    """What becomes of columns that are named here and missing. The refund, its time, and an order or a customer must
    be there.
    """

    order_id: str | None = None
    """The order."""

    quantity: str | None = None
    """How many units came back; a sign is ignored."""

    reason: str | None = None
    """Why."""

    sku: str | None = None
    """The article, where no order is named."""

    unit_price: str | None = None
    """The price of one, where no order is named."""

    without_customer: Strange = Strange.ISSUE
    """Refunds of nobody that name no order. They are left out either way."""

    zone: str | None = None
    """Where times without an offset are meant; default the program's zone."""


class RefundExplained(Record):
    """A refund."""

    refund_id: str
    """Its id."""

    refunded_at: datetime
    """When the money went back."""

    amount: Decimal
    """How much."""

    reason: str | None = None
    """Why."""


class RefundLine(Record):
    """A line of a refund."""

    line_no: int
    """The line of the order."""

    amount: Decimal | None = None
    """How much went back; none is the share of the units in what was paid for the line."""

    quantity: Decimal | None = None
    """How many units came back; none is an amount without goods."""


class RefundPlan(Record):
    """What goes back for goods that come back now."""

    lines: Sequence[RefundedLine]
    """Of the lines. Others than those that come back now may be among them, with a quantity of zero: what comes back
    now can set free what a rule kept back before, and worked out again, what is kept can cost less than it did.
    """

    amount: Decimal
    """In all, for goods. Where an amount of the order was refunded before, goods that come back bring their price all
    the same while money of the order is left, so a part of it may fall on delivery.
    """

    shipping_left: Decimal
    """What of delivery has not gone back. Returned goods do not bring it, not the last ones either: a refund in full
    does, or one of an amount.
    """

    all_goods: bool
    """Whether all goods have come back then."""

    full: bool
    """Whether nothing is left then: all goods have come back, and nothing is left of delivery."""


class RefundRules(Record):
    """How refunds are handled."""

    tender: TenderOrder = TenderOrder.PROPORTIONAL
    """Which tender of a mixed payment goes back first."""

    without_order: WithoutOrder = WithoutOrder.MATCH_NEWEST
    """What to do with a refund that names no order."""


class RefundSeat(Record):
    """Notes that the money of a seat went back."""

    type: ClassVar[Literal["refund_seat"]] = "refund_seat"

    customer_id: str
    """Whose seat; it is `to_refund`."""

    group_id: str
    """Of which group."""

    refund_id: str | None = None
    """By which refund."""


class RefundUnmatched(Record):
    """A refund that came before its order and did not fit it."""

    refund_id: str
    """Its id."""

    refunded_at: datetime
    """When the money went back."""

    why: str
    """The code with which it would have been refused, had the order been there."""


class RefundWhatAmount(Record):
    """An amount, spread over the lines by what is left of them; what of it is for named articles comes from their
    lines first.
    """

    type: ClassVar[Literal["amount"]] = "amount"

    amount: Decimal
    """How much, in the order's currency."""

    articles: Sequence[ArticleAmount] = ()
    """How much of it is for which articles; together at most `amount`. What is above what is left of the lines with
    the SKU, or names one that the order does not have, is spread like the rest.
    """


class RefundWhatArticles(Record):
    """Articles, where no order is named: matched to earlier orders by the program's policy. Their prices say how much
    money went back, as an amount does: how offers of those orders would refund them is not asked. Name the order to
    have it asked.
    """

    type: ClassVar[Literal["articles"]] = "articles"

    currency: str
    """The currency of the prices."""

    lines: Sequence[RefundArticle]
    """Which."""


class RefundWhatFull(Record):
    """Everything that is left of the order, shipping included. If refunds from before it are told later, that was
    less.
    """

    type: ClassVar[Literal["full"]] = "full"


class RefundWhatLines(Record):
    """Units or amounts of lines."""

    type: ClassVar[Literal["lines"]] = "lines"

    lines: Sequence[RefundLine]
    """Which."""


class RefundedLine(Record):
    """What came back of a line, and what for."""

    line_no: int
    """Of which line."""

    quantity: Decimal
    """How much of it."""

    amount: Decimal
    """What goes back, with tax; in major units of the receipt's currency."""


class Refunds(Record):
    """What came back and what was refunded so far, in all."""

    lines: Sequence[RefundedLine] = ()
    """Of the lines; a line may be named several times."""

    shipping: Decimal = Decimal("0")
    """Of delivery."""


class RegisterCustomer(Record):
    """Registers a customer. Refused with `customer.exists` or `identity.taken`."""

    type: ClassVar[Literal["register_customer"]] = "register_customer"

    customer_id: str
    """The new customer's id."""

    attributes: Mapping[str, Attribute] = made(default_factory=dict)
    """Custom attributes."""

    identifiers: Sequence[Identifier] = ()
    """What they are known by."""

    profile: Profile = made(default_factory=lambda: Profile())
    """Who they are."""

    referred_by: str | None = None
    """Who brought them."""

    registered_at: datetime | None = None
    """When they joined; default the request's instant."""

    tags: Sequence[str] = ()
    """Labels."""


class Rejected(Record):
    """Something that was not applied."""

    by: OfferSource
    """What would have brought it in."""

    why: Why
    """Why not."""

    offer: str | None = None
    """The offer, where one is known."""


class ReleaseClaim(Record):
    """Gives up what a claim holds."""

    type: ClassVar[Literal["release_claim"]] = "release_claim"

    customer_id: str
    """Whose."""

    claim_id: str
    """Which."""


class ReleaseGiftCard(Record):
    """Gives up what is held of a gift card."""

    type: ClassVar[Literal["release_gift_card"]] = "release_gift_card"

    customer_id: str
    """Who held it."""

    hold_id: str
    """Which hold."""


class ReleaseHold(Record):
    """Gives held points back."""

    type: ClassVar[Literal["release_hold"]] = "release_hold"

    customer_id: str
    """To whom."""

    hold_id: str
    """Which hold."""


class Request(Record):
    """One attempt to change something.

    Running a request twice has one effect: the same id with the same command gives the stored receipt, with another
    command `request.reused`. `at` is the clock of the host and may differ between tries.
    """

    request_id: str
    """The caller's name for this attempt; time-ordered ids (UUIDv7) store best. Unique per customer."""

    at: datetime
    """The instant at which the command is carried out; nothing in the library reads a clock."""

    do: Command
    """What to do."""

    actor: str | None = None
    """Who does it."""

    batch: str | None = None
    """The import it belongs to."""

    reason: str | None = None
    """Why."""


class RestoreGiftCard(Record):
    """Gives back what was taken of a gift card, all or some."""

    type: ClassVar[Literal["restore_gift_card"]] = "restore_gift_card"

    customer_id: str
    """Who had taken it."""

    redemption_id: str
    """Which redemption."""

    amount: Decimal | None = None
    """How much; default all that has not come back yet."""


class RestorePolicyGrace(Record):
    """As strict, but slices that have expired, or would within the grace, are usable through `days` days from the
    reversal.
    """

    type: ClassVar[Literal["grace"]] = "grace"

    days: int
    """1 to 3650."""


class RestorePolicyNone(Record):
    """Nothing: redemptions are final."""

    type: ClassVar[Literal["none"]] = "none"


class RestorePolicyStrict(Record):
    """The lots with their old dates; what has expired meanwhile stays expired."""

    type: ClassVar[Literal["strict"]] = "strict"


class ReturnPolicy(Record):
    """Whether a coupon and its uses come back with the goods."""

    grace_days: int = 0
    """A coupon that has ended meanwhile is good for so many days more; default it comes back ended."""

    on: ReturnOn = ReturnOn.FULL
    """When."""


class ReturnedLine(Record):
    """Goods that come back."""

    line_no: int
    """Of which line."""

    quantity: Decimal
    """How much of it."""


class ReverseRedemption(Record):
    """Gives spent points back, all or some, to the lots they came from."""

    type: ClassVar[Literal["reverse_redemption"]] = "reverse_redemption"

    customer_id: str
    """To whom."""

    redemption_id: str
    """Which redemption."""

    points: int | None = None
    """How many; default all that is left of it."""


class RevertOrder(Record):
    """Takes an order back that came with an import, as if it had never been there. What a claim had taken for it comes
    back, and the claim pays for no order any more. Reverting a batch sends this.
    """

    type: ClassVar[Literal["revert_order"]] = "revert_order"

    order_id: str
    """Which."""


class RevertReport(Record):
    """What taking an import back did."""

    batch: str
    """The import."""

    orders: int
    """Orders that are gone, as if they had never been there."""

    customers: int
    """Customers that are gone."""

    customers_kept: int
    """Customers it had registered who stay, because they have orders from elsewhere."""

    refunds_kept: int
    """Refunds and cancellations that it brought for orders from elsewhere; they stay. So do those that wait for their
    order, uncounted: also what became known otherwise of the orders that are gone waits for them to come again.
    """

    failed: int
    """Orders and customers that could not be taken back; run it again."""

    events_kept: int = 0
    """Events that it brought; they stay."""


class RevokeCoupon(Record):
    """Takes a coupon back; the request needs an actor and a reason."""

    type: ClassVar[Literal["revoke_coupon"]] = "revoke_coupon"

    customer_id: str
    """From whom."""

    coupon_id: str
    """Which."""


class RulePoints(Record):
    """What a rule gave."""

    rule: str
    """The rule."""

    points: int
    """How many points."""


class RunnerUp(Record):
    """The second best combination."""

    offers: Sequence[str]
    """What it applies, in this order."""

    off: Decimal
    """What it takes off."""


class Seat(Record):
    """A seat of a group."""

    customer_id: str
    """Whose."""

    state: SeatState
    """Where it stands."""

    joined_at: datetime
    """Since when they have it."""

    until: datetime
    """When it times or timed out, unless it is paid before."""

    order_id: str | None = None
    """The order that paid for it."""

    paid_at: datetime | None = None
    """When it was paid."""

    refund_id: str | None = None
    """The refund that gave the money back."""


class SeatLeft(Record):
    """The customer gave the seat up."""

    group_id: str
    """In which group."""

    to_refund: bool
    """Whether its money has to go back."""


class SeatPaid(Record):
    """The customer paid for the seat."""

    group_id: str
    """In which group."""

    order_id: str
    """With which order."""


class SeatRefunded(Record):
    """The money of the customer's seat went back."""

    group_id: str
    """In which group."""

    order_id: str
    """The order that had paid for it."""

    refund_id: str | None = None
    """By which refund, where that was told."""


class SeatTaken(Record):
    """The customer has a seat in a group."""

    group_id: str
    """In which."""

    until: datetime
    """When it times out unless it is paid."""


class SeatTimedOut(Record):
    """A seat of the customer's group was not paid in time."""

    group_id: str
    """In which group."""

    member: str
    """Whose it was."""


class Settle(Record):
    """Writes what time alone has done to one customer up to the request's instant. Sweeps send this."""

    type: ClassVar[Literal["settle"]] = "settle"

    customer_id: str
    """To whom."""

    card_id: str | None = None
    """To a gift card, too, that was issued to them."""

    group_id: str | None = None
    """To a group, too, that they opened."""


class Share(Record):
    """The part of a discount that falls on a line."""

    line_no: int
    """The line."""

    off: Decimal
    """Off it."""

    units: int
    """How many of its units the offer lowered; for goods by weight none."""

    funders: Sequence[Funded]
    """Who bears how much of `off`."""


class ShortfallAlreadyExpired(Record):
    """Given, but its last day had passed already."""

    type: ClassVar[Literal["already_expired"]] = "already_expired"


class ShortfallBelowOnePoint(Record):
    """The eligible amount is too small for one point."""

    type: ClassVar[Literal["below_one_point"]] = "below_one_point"


class ShortfallCapped(Record):
    """A cap cut it."""

    type: ClassVar[Literal["capped"]] = "capped"

    cap: str
    """Which cap."""

    points: int
    """How many points were cut."""


class ShortfallExcluded(Record):
    """Nothing in the order was eligible."""

    type: ClassVar[Literal["excluded"]] = "excluded"


class ShortfallNoRule(Record):
    """No rule's conditions held."""

    type: ClassVar[Literal["no_rule"]] = "no_rule"


class ShortfallOther(Record):
    """In the words of the host."""

    type: ClassVar[Literal["other"]] = "other"

    reason: str
    """The words."""


class ShortfallPaidWithPoints(Record):
    """It was paid with points or stored value that never earns."""

    type: ClassVar[Literal["paid_with_points"]] = "paid_with_points"


class ShortfallPending(Record):
    """The points exist but wait for their activation."""

    type: ClassVar[Literal["pending"]] = "pending"

    activates_at: datetime | None = None
    """From when they are usable; none while they wait for an event."""


class Slot(Record):
    """A place in a bundle."""

    lines: LineScope
    """What may fill it."""

    units: int = 1
    """How many units it takes."""


class SpendGiftCard(Record):
    """Takes a part of a gift card."""

    type: ClassVar[Literal["spend_gift_card"]] = "spend_gift_card"

    customer_id: str
    """Who."""

    amount: Decimal
    """How much, in the currency of the card; more than zero."""

    card_id: str | None = None
    """Which card; or by its code."""

    code: str | None = None
    """Its code, in any spelling of case and dashes."""

    order_id: str | None = None
    """The order that it helped to pay."""

    redemption_id: str | None = None
    """A name for it, unique over all holds and redemptions of cards; default the request id. Tenders and
    `restore_gift_card` point at it.
    """


class SpendPoints(Record):
    """Takes points for something."""

    type: ClassVar[Literal["spend_points"]] = "spend_points"

    customer_id: str
    """From whom."""

    currency: str
    """Of which currency."""

    points: int
    """How many; more than zero."""

    order_id: str | None = None
    """The order it helped to pay."""

    redemption_id: str | None = None
    """A name for it; default the request id. Reversals and tenders point at it."""


class Stack(Record):
    """How an offer combines with others."""

    exclusive: Exclusive = Exclusive.NONE
    """What it excludes."""

    group: str | None = None
    """Its group, of which only some combine."""

    max_per_group: int | None = None
    """How many of its group combine; the smallest number that a member states holds. Default 1."""


class Stage(Record):
    """Where somebody stands in the lifecycle."""

    stage: str
    """The stage."""

    activity: str
    """How active."""


class StageMove(Record):
    """Members who are in one stage before and in one after."""

    members: int
    """How many."""

    after: Stage | None = None
    """Under the changed program; none where it has no lifecycle."""

    before: Stage | None = None
    """Under the program in force; none where it has no lifecycle."""


class StageRules(Record):
    """A stage."""

    id: str
    """Its name: `prospect`, `first_purchase`, …"""

    test: StageTest
    """When a customer is in it."""


class StageTestAlways(Record):
    """Always."""

    type: ClassVar[Literal["always"]] = "always"


class StageTestAny(Record):
    """One of several tests holds."""

    type: ClassVar[Literal["any"]] = "any"

    of: Sequence[StageTest]
    """The tests, at most 16, without further nesting."""


class StageTestEvents(Record):
    """At least so many custom events of one name."""

    type: ClassVar[Literal["events"]] = "events"

    name: str
    """Its name."""

    at_least: int
    """How many."""

    within_days: int | None = None
    """In how many days; none is ever."""


class StageTestOrders(Record):
    """At least so many valid orders (paid, not fully refunded)."""

    type: ClassVar[Literal["orders"]] = "orders"

    at_least: int
    """How many."""

    within_days: int | None = None
    """In how many days; none is ever."""


class StageTestRegistered(Record):
    """Known by at least one identifier or by registration."""

    type: ClassVar[Literal["registered"]] = "registered"


class StageTestSilent(Record):
    """Silence: the activity band of this name is reached (AIPL's 流失). A stage with this test is no progress and leaves
    the high-water mark alone.
    """

    type: ClassVar[Literal["silent"]] = "silent"

    band: str
    """The band."""


class StageTestSpend(Record):
    """At least so much net spend of valid orders."""

    type: ClassVar[Literal["spend"]] = "spend"

    at_least: Decimal
    """How much, in the program's first currency."""

    within_days: int | None = None
    """In how many days; none is ever."""


class Step(Record):
    """A step of a tiered offer: from so much or so many, so much off."""

    from_: StepFrom
    """Where it begins."""

    off: Off
    """What it gives."""


class StepFromAmount(Record):
    """At an eligible amount, measured as the offer's threshold is."""

    type: ClassVar[Literal["amount"]] = "amount"

    amount: Decimal
    """How much."""


class StepFromUnits(Record):
    """At a number of eligible units."""

    type: ClassVar[Literal["units"]] = "units"

    units: int
    """How many."""


class StoredValue(Record):
    """A balance that is kept elsewhere, to pay with. It is a tender: it takes nothing off the price and changes no
    tax.
    """

    id: str
    """Its name."""

    balance: Decimal
    """How much of it may be used, in the cart's currency."""


class SweepReport(Record):
    """What a sweep has done."""

    settled: int
    """Customers whom time had changed."""

    entries: int
    """Entries written for them."""

    failed: int
    """Customers that could not be settled; each is reported by [`Engine::execute`] with a settle command."""


class TenderMoney(Record):
    """Money, by any means."""

    type: ClassVar[Literal["money"]] = "money"

    amount: Decimal
    """How much."""


class TenderPoints(Record):
    """Points. This part never earns; a refund gives it back to the redemption."""

    type: ClassVar[Literal["points"]] = "points"

    amount: Decimal
    """How much of the price it covered. What a point is worth is for the host to say."""

    redemption: str
    """The redemption (`spend_points`, or a hold or a claim that was captured) that took the points: of this customer,
    known when the order is recorded (else `points.redemption_unknown`), and of this order alone (else
    `points.redemption_used`). An order of an import, whose request has a `batch`, may name one that is not known
    here, of another system: nothing goes back to it.
    """


class TenderStoredValue(Record):
    """A gift card or other stored value; earns like money."""

    type: ClassVar[Literal["stored_value"]] = "stored_value"

    amount: Decimal
    """How much."""

    redemption: str | None = None
    """The redemption (`spend_gift_card` or a captured hold) that took it from a gift card; a refund gives it back to
    the card. One that is not known here is another system's: what goes back to it goes back like money.
    """


class Threshold(Record):
    """What a cart must reach before an offer applies."""

    amount: Decimal | None = None
    """At least so much."""

    basis: ThresholdBasis = ThresholdBasis.PHASE_ENTRY
    """Which amount is measured."""

    of: ThresholdOf = ThresholdOf.ELIGIBLE
    """Measured on which lines."""

    tax: ThresholdTax = ThresholdTax.AS_PRICED
    """With or without tax."""

    units: int | None = None
    """At least so many units."""


class TierCauseGraceEnded(Record):
    """The days of grace after a failed review ran out."""

    type: ClassVar[Literal["grace_ended"]] = "grace_ended"


class TierCauseLockEnded(Record):
    """A lock ended, by its date or by hand; the tier is what it would be without the lock."""

    type: ClassVar[Literal["lock_ended"]] = "lock_ended"


class TierCauseLocked(Record):
    """It was locked by hand."""

    type: ClassVar[Literal["locked"]] = "locked"


class TierCauseNextPeriod(Record):
    """A threshold was reached in the period before, on a ladder that lifts at the next period."""

    type: ClassVar[Literal["next_period"]] = "next_period"


class TierCauseReached(Record):
    """A threshold was reached."""

    type: ClassVar[Literal["reached"]] = "reached"

    cause: str
    """By which order, event, …."""


class TierCauseRefundAtOnce(Record):
    """A refund, on a ladder that judges refunds at once."""

    type: ClassVar[Literal["refund_at_once"]] = "refund_at_once"

    cause: str
    """The refund."""


class TierCauseReview(Record):
    """A review found less than the retention, and there are no days of grace; or a tier kept by the floor came to its
    next review. Up only when a refund of something that was never counted left a rolling window.
    """

    type: ClassVar[Literal["review"]] = "review"


class TierCauseRevision(Record):
    """New rules were published: they lift whom the metric carries higher, and a tier that they do not have becomes
    what the metric gives.
    """

    type: ClassVar[Literal["revision"]] = "revision"

    revision: int
    """Of which revision."""


class TierChange(Record):
    """A change of the tier that a customer has."""

    ladder: str
    """On which ladder."""

    from_: str
    """The tier before."""

    to: str
    """The tier from now on."""

    at: datetime
    """The exact instant, whenever it was noticed."""

    cause: TierCause
    """Why."""


class TierExplanation(Record):
    """To `tier`."""

    type: ClassVar[Literal["tier"]] = "tier"

    at: datetime
    """The instant asked about."""

    known_at: datetime
    """What was known: facts recorded up to here."""

    metric: Metric
    """What the ladder counts, and so the unit of every amount."""

    status: TierStatus
    """The tier, until when, and what is missing."""

    running: Evidence
    """The window that runs now: what the next review or upgrade looks at."""

    changes: Sequence[TierChange]
    """Every change so far, in order."""

    decided_by: Evidence | None = None
    """The window that gave the tier held now, when that is the period before the one that runs."""


class TierGoal(Record):
    """How much of the metric is missing: "spend `missing` by the end of `by` to reach or keep `tier`"."""

    tier: str
    """Which tier."""

    missing: int
    """How much more, in whole units; above 0."""

    by: date | None = None
    """The last local date on which this much is enough; none without a limit of time."""


class TierLocked(Record):
    """A lock, as it is shown."""

    tier: str
    """The tier set by hand."""

    until: datetime
    """The first instant at which it no longer holds."""

    actor: str
    """By whom."""

    reason: str
    """Why."""


class TierMove(Record):
    """Members who stand on one tier before and on one after."""

    members: int
    """How many."""

    after: str | None = None
    """Under the changed program; none where it has no such ladder."""

    before: str | None = None
    """Under the program in force; none where it has no such ladder."""


class TierPending(Record):
    """A tier that begins later."""

    tier: str
    """Which tier."""

    at: datetime
    """Its first instant, if the metric still gives it then."""


class TierRules(Record):
    """A tier."""

    id: str
    """Its name, under which whoever has the tier keeps it in the next revision."""

    threshold: Decimal
    """Reached at this much of the metric, inclusive: money (`"500.00"`), points or a count as a decimal string."""

    benefits: Sequence[Benefit] = ()
    """What it grants."""

    retain: Decimal | None = None
    """Kept at review at this much, inclusive; default the threshold."""


class TierStatus(Record):
    """Where a customer stands on a ladder at the clock of the state. Amounts are whole units of the metric."""

    ladder: str
    """On which ladder."""

    tier: str
    """The tier that the customer has."""

    since: datetime
    """Since when."""

    value: int
    """The metric in the window that runs."""

    grace_until: datetime | None = None
    """Until when (exclusively) the tier is kept although a review failed."""

    lock: TierLocked | None = None
    """The lock in force; `tier` is the lock's, everything else below speaks of the tier without it."""

    next_review_at: datetime | None = None
    """The next review; none when there is nothing to review."""

    pending: TierPending | None = None
    """A higher tier that is reached already and begins later, if nothing that counts for it leaves the window before."""

    to_keep: TierGoal | None = None
    """What is missing to keep the tier beyond `valid_through`; none when nothing is."""

    to_reach: TierGoal | None = None
    """What is missing to the next higher tier; none on the highest."""

    valid_through: date | None = None
    """The last local date on which it (or the lock) holds if nothing more is earned; none when it cannot be lost."""


class Totals(Record):
    """The sums of a quote."""

    list: Decimal
    """All lines before discounts."""

    discount: Decimal
    """Off the lines."""

    shipping: Decimal
    """Delivery after its discounts."""

    shipping_discount: Decimal
    """Off delivery."""

    tax: Decimal
    """Tax, of lines and delivery."""

    total: Decimal
    """What is to be paid in all, with tax."""

    stored_value: Decimal
    """The part of it that gift cards and other stored value pay."""

    due: Decimal
    """What is left to pay."""


class TransferCoupon(Record):
    """Gives a coupon to another customer."""

    type: ClassVar[Literal["transfer_coupon"]] = "transfer_coupon"

    from_: str
    """From whom."""

    to: str
    """To whom."""

    coupon_id: str
    """Which."""


class TransferPoints(Record):
    """Moves points to another customer; they keep their dates."""

    type: ClassVar[Literal["transfer_points"]] = "transfer_points"

    from_: str
    """From whom."""

    to: str
    """To whom."""

    currency: str
    """Of which currency."""

    points: int
    """How many; more than zero."""


class Transition(Record):
    """A customer moved."""

    axis: Axis
    """Along which axis."""

    to: str
    """To where."""

    at: datetime
    """At which instant: that of the fact, or the exact boundary that time passed."""

    cause: TransitionCause
    """What caused it."""

    rule: str
    """The rule that now holds: a JSON pointer into the lifecycle rules, such as `/stages/2` or `/activity/bands/0`."""

    from_: str | None = None
    """From where; nothing at the customer's first fact."""


class TransitionCauseFact(Record):
    """A fact."""

    type: ClassVar[Literal["fact"]] = "fact"

    kind: FactKind
    """Of which kind."""

    id: str | None = None
    """The id of the order or event; a registration has none."""


class TransitionCauseTimer(Record):
    """Time alone: a window was left, or a band of silence began."""

    type: ClassVar[Literal["timer"]] = "timer"


class TryCode(Record):
    """Notes that a customer typed a code, and tells whether it was found. Refused with `code.rate_limited` without an
    attempt left.
    """

    type: ClassVar[Literal["try_code"]] = "try_code"

    customer_id: str
    """Who."""

    code: str
    """What they typed, in any spelling of case and dashes: a public code, one of a coupon or of a gift card."""


class UnfreezeGiftCard(Record):
    """Lets a frozen gift card be used again; the request needs an actor and a reason."""

    type: ClassVar[Literal["unfreeze_gift_card"]] = "unfreeze_gift_card"

    customer_id: str
    """In whose journal it stands."""

    card_id: str
    """Which card."""


class UnitUse(Record):
    """How an offer treats units that another one used."""

    consumes: bool = False
    """Whether it uses the units up that it counts or lowers."""

    respects: bool = False
    """Whether it leaves units alone that another one used up."""


class UnlockTier(Record):
    """Ends a tier lock."""

    type: ClassVar[Literal["unlock_tier"]] = "unlock_tier"

    customer_id: str
    """Whose."""

    ladder: str
    """On which ladder."""


class Unregister(Record):
    """Takes a registration back that came with an import, if the customer has no order. Reverting a batch sends this."""

    type: ClassVar[Literal["unregister"]] = "unregister"

    customer_id: str
    """Whose."""


class UpdateCustomer(Record):
    """Changes profile, identifiers, tags or attributes."""

    type: ClassVar[Literal["update_customer"]] = "update_customer"

    customer_id: str
    """Whom."""

    change: CustomerChange
    """What to change."""


class UseBenefit(Record):
    """Uses a benefit of the customer's tier once."""

    type: ClassVar[Literal["use_benefit"]] = "use_benefit"

    customer_id: str
    """Whose."""

    ladder: str
    """On which ladder."""

    benefit: str
    """Which."""


class Validity(Record):
    """The days on which a rule is in force."""

    from_: datetime | None = None
    """First instant."""

    until: datetime | None = None
    """First instant after it."""


class Verified(Record):
    """What a file was found to be."""

    pages: int
    """Pages of the file."""

    bytes: int
    """Bytes of the file."""

    schema_version: int
    """The version of its tables; older ones are upgraded when the file is opened."""

    rows: Mapping[str, int]
    """How many rows each table has, by its name in SQL."""


class Wallet(Record):
    """What a customer holds."""

    customer_id: str
    """The customer."""

    at: datetime
    """The instant."""

    accounts: Sequence[WalletAccount]
    """One per currency of the program, in its order."""


class WalletAccount(Record):
    """What a customer holds of one currency."""

    currency: str
    """The currency."""

    balances: Balances
    """All balances."""

    holds: Sequence[HoldView]
    """Open holds."""

    next_expiry: Expiring | None = None
    """What expires next, and when."""

    value: Money | None = None
    """Money value of what is available, where the currency has a value."""


class WhatBenefitUsed(Record):
    """A benefit was used."""

    type: ClassVar[Literal["benefit_used"]] = "benefit_used"

    ladder: str
    """On which ladder."""

    benefit: str
    """Which."""

    used: int
    """How often in this period, this time included."""


class WhatCancelled(Record):
    """An order was cancelled; nothing is left of it."""

    type: ClassVar[Literal["cancelled"]] = "cancelled"

    order_id: str
    """Which."""

    order_paid_at: datetime
    """When it was paid."""

    amount_minor: int
    """What went back, in minor units of the order's currency."""

    spend_minor: int
    """How much less counts as spend, in minor units of the program's first currency."""

    was_valid: bool
    """Whether the order was still valid before (some of the goods were left)."""

    netted_minor: int
    """What is kept from the money for points that were spent already, in minor units."""

    reverted: bool
    """True when an import was reverted: the order is treated as if it had never been there."""

    corrects: bool = False
    """Whether it corrects what was told of this cancellation, because a refund from before it was told after it:
    amounts and points are differences then, `was_valid` is what holds.
    """


class WhatClaimEnded(Record):
    """A claim was confirmed, released, or out of time."""

    type: ClassVar[Literal["claim_ended"]] = "claim_ended"

    claim_id: str
    """Which."""

    state: ClaimState
    """How."""

    order_id: str | None = None
    """The order that was paid with it."""


class WhatClaimReturned(Record):
    """What a claim had used came back with its order."""

    type: ClassVar[Literal["claim_returned"]] = "claim_returned"

    claim_id: str
    """Which."""

    order_id: str
    """With which order."""


class WhatClaimed(Record):
    """A checkout holds coupons and limits."""

    type: ClassVar[Literal["claimed"]] = "claimed"

    claim_id: str
    """Under which key."""

    until: datetime
    """Until when at the latest."""

    currency: str
    """Of `off_minor` and `total_minor`."""

    off_minor: int
    """What its offers take off, in minor units."""

    total_minor: int
    """What is to be paid in all, in minor units."""

    offers: Sequence[str]
    """The offers, in the order in which they apply."""

    coupons: Sequence[str]
    """The coupons among what it uses."""


class WhatCodeTried(Record):
    """The customer typed a code."""

    type: ClassVar[Literal["code_tried"]] = "code_tried"

    attempt: Attempt
    """What came of it."""

    code: str | None = None
    """The code in its normal form, where it was found."""


class WhatConsent(Record):
    """A statement about consent was recorded."""

    type: ClassVar[Literal["consent"]] = "consent"

    subject: str
    """Purpose and channel, as `marketing/sms`."""

    granted: bool
    """Whether it is given afterwards."""


class WhatCouponClosed(Record):
    """A coupon is closed: used up, revoked, given away, out of time."""

    type: ClassVar[Literal["coupon_closed"]] = "coupon_closed"

    coupon_id: str
    """Which."""

    offer: str
    """To which offer."""

    state: CouponState
    """Where it stands now."""


class WhatCouponIssued(Record):
    """A coupon was issued to the customer."""

    type: ClassVar[Literal["coupon_issued"]] = "coupon_issued"

    coupon_id: str
    """Which."""

    offer: str
    """To which offer."""

    origin: CouponOrigin
    """Where it came from."""

    valid_until: datetime | None = None
    """First instant after its last one."""


class WhatCouponRestored(Record):
    """A use of a coupon came back with a returned order."""

    type: ClassVar[Literal["coupon_restored"]] = "coupon_restored"

    coupon_id: str
    """Which."""

    offer: str
    """To which offer."""

    valid_until: datetime | None = None
    """First instant after its last one."""


class WhatEvent(Record):
    """A custom event was recorded."""

    type: ClassVar[Literal["event"]] = "event"

    event_id: str
    """Which."""

    name: str
    """Its kind."""


class WhatIf(Record):
    """All of it: the totals, and a row for each member."""

    totals: WhatIfTotals
    """All members together."""

    members: Sequence[MemberWhatIf]
    """Each of them, in an order that depends on the books alone."""


class WhatIfProgress(Record):
    """How far a simulation has come."""

    members: int
    """Members who were played."""

    orders: int
    """Their orders."""


class WhatIfTotals(Record):
    """What a changed program makes of everybody: `before` is under the program in force, `after` under the changed
    one, both worked out from the same facts. Every total is the sum over the members.
    """

    at: datetime
    """The instant at which both stand: facts recorded after it do not count."""

    revision_before: int
    """Revision of the program in force."""

    revision_after: int
    """Revision of the changed program, as its document says."""

    members: int
    """Members who were registered by then."""

    affected: int
    """Members of whom anything differs."""

    orders: int
    """Orders among the facts."""

    points: Sequence[PointsTotals]
    """Point currency by point currency: those of the program in force in its order, then those that are new."""

    ladders: Sequence[LadderTotals]
    """Ladder by ladder, in the same order."""

    stages: Sequence[StageMove]
    """From which stage to which, and how many."""

    discounts: Sequence[Money]
    """Discounts of the orders that were not cancelled, currency by currency: what was paid is a fact, so they are the
    same under both.
    """

    coupons_before: int
    """Coupons that rules issued, under the program in force."""

    coupons_after: int
    """Coupons that rules issued, under the changed program."""

    left_out_before: int
    """Facts that the program in force refuses, such as orders in a currency that it does not accept."""

    left_out_after: int
    """Facts that the changed program refuses."""

    unlike_books: int
    """Members who stand otherwise in the books than the program in force makes of the facts: they were told under
    earlier revisions, or by facts that the books have not kept.
    """


class WhatLifecycle(Record):
    """Stage or activity changed."""

    type: ClassVar[Literal["lifecycle"]] = "lifecycle"

    transition: Transition
    """How."""


class WhatOrder(Record):
    """An order was recorded."""

    type: ClassVar[Literal["order"]] = "order"

    order_id: str
    """Which."""

    spend_minor: int
    """What of it counts as spend, in minor units of the program's first currency; 0 for orders in others."""


class WhatPoints(Record):
    """Points moved: by a command, or by time."""

    type: ClassVar[Literal["points"]] = "points"


class WhatRefund(Record):
    """A refund of an order was recorded."""

    type: ClassVar[Literal["refund"]] = "refund"

    refund_id: str
    """Which."""

    order_id: str
    """Of which order."""

    order_paid_at: datetime
    """When that was paid."""

    amount_minor: int
    """What went back, in minor units of the order's currency."""

    spend_minor: int
    """How much less counts as spend, in minor units of the program's first currency."""

    all_goods: bool
    """Whether the last of the goods went back with it: the order counts no more, and coupons come back. Delivery may
    be left.
    """

    netted_minor: int
    """What is kept from the money for points that were spent already (`net_from_refund`), in minor units."""

    full: bool
    """Whether the last of the order went back with it: nothing is left, delivery neither."""

    corrects: bool = False
    """Whether it corrects what was told of this refund, because an older one of its order was told after it: amounts
    and points are differences then, `all_goods` and `full` are what holds.
    """


class WhatRegistered(Record):
    """The customer was registered."""

    type: ClassVar[Literal["registered"]] = "registered"


class WhatTier(Record):
    """A tier changed."""

    type: ClassVar[Literal["tier"]] = "tier"

    change: TierChange
    """How."""


class WhatTierLocked(Record):
    """A tier was fixed by hand."""

    type: ClassVar[Literal["tier_locked"]] = "tier_locked"

    ladder: str
    """On which ladder."""

    tier: str
    """At which tier."""

    until: datetime
    """Until (exclusive)."""


class WhatTierUnlocked(Record):
    """A tier lock was ended by hand."""

    type: ClassVar[Literal["tier_unlocked"]] = "tier_unlocked"

    ladder: str
    """On which ladder."""


class WhatUnmatchedRefund(Record):
    """A refund was recorded that changes nothing: it names no order and matched none, or it came before its order and
    did not fit it.
    """

    type: ClassVar[Literal["unmatched_refund"]] = "unmatched_refund"

    refund_id: str
    """Which."""

    amount_minor: int
    """Its amount in minor units."""

    currency: str
    """Of which currency."""

    order_id: str | None = None
    """The order that it waited for, if it named one."""

    why: str | None = None
    """Why it did not fit: the code with which it would have been refused, had the order been there."""


class WhatUnregistered(Record):
    """A registration was reverted with its import."""

    type: ClassVar[Literal["unregistered"]] = "unregistered"


class WhatUpdated(Record):
    """Fields of the customer changed."""

    type: ClassVar[Literal["updated"]] = "updated"

    fields: Sequence[str]
    """Which: `name`, `tags.add:vip`, …; never their contents. None when the request changed nothing and is only
    remembered.
    """


class WhyBadChecksum(Record):
    """The code was mistyped: its check character is wrong."""

    code: ClassVar[Literal["coupon.bad_checksum"]] = "coupon.bad_checksum"


class WhyBeatenBy(Record):
    """What was applied serves the objective better than any combination with it."""

    code: ClassVar[Literal["offer.beaten_by"]] = "offer.beaten_by"

    set: Sequence[str]
    """What was applied."""

    by: Decimal
    """By how much; where tax comes on top at different rates, with it."""


class WhyBudgetExhausted(Record):
    """The discount is above what is left of the budget."""

    code: ClassVar[Literal["offer.budget_exhausted"]] = "offer.budget_exhausted"

    limit: str
    """By which limit."""

    left: Decimal
    """What is left."""


class WhyConflict(Record):
    """It does not combine with one that was applied."""

    code: ClassVar[Literal["offer.conflict"]] = "offer.conflict"

    with_: str
    """With which."""

    group: str | None = None
    """By which group; none when one of the two excludes everything."""


class WhyCurrencyMismatch(Record):
    """It is in another currency."""

    code: ClassVar[Literal["offer.currency_mismatch"]] = "offer.currency_mismatch"


class WhyExpired(Record):
    """It has ended."""

    code: ClassVar[Literal["offer.expired"]] = "offer.expired"

    until: datetime
    """When."""


class WhyHeldElsewhere(Record):
    """Another checkout holds it."""

    code: ClassVar[Literal["coupon.held_elsewhere"]] = "coupon.held_elsewhere"

    until: datetime
    """Until when at the latest."""


class WhyLimitCampaign(Record):
    """Everybody together had it as often as allowed."""

    code: ClassVar[Literal["offer.limit_campaign"]] = "offer.limit_campaign"

    limit: str
    """By which limit."""


class WhyLimitCustomer(Record):
    """The customer had it as often as allowed."""

    code: ClassVar[Literal["offer.limit_customer"]] = "offer.limit_customer"

    limit: str
    """By which limit."""


class WhyMinAmount(Record):
    """The cart is too small."""

    code: ClassVar[Literal["offer.min_amount"]] = "offer.min_amount"

    need: Decimal
    """What is needed."""

    have: Decimal
    """What there is."""


class WhyMinQuantity(Record):
    """The cart has too few units."""

    code: ClassVar[Literal["offer.min_quantity"]] = "offer.min_quantity"

    need: int
    """How many are needed."""

    have: int
    """How many there are."""


class WhyNoEffect(Record):
    """It would take nothing off."""

    code: ClassVar[Literal["offer.no_effect"]] = "offer.no_effect"


class WhyNoEligibleItems(Record):
    """No line of the cart is meant."""

    code: ClassVar[Literal["offer.no_eligible_items"]] = "offer.no_eligible_items"


class WhyNotFirstOrder(Record):
    """It is meant for another order of the customer than this one."""

    code: ClassVar[Literal["offer.not_first_order"]] = "offer.not_first_order"


class WhyNotFound(Record):
    """Nothing has this code. One that has ended or belongs to somebody else is answered so, too."""

    code: ClassVar[Literal["coupon.not_found"]] = "coupon.not_found"


class WhyNotInSegment(Record):
    """The customer is not among those it is meant for."""

    code: ClassVar[Literal["offer.not_in_segment"]] = "offer.not_in_segment"


class WhyNotRunning(Record):
    """The campaign is not running."""

    code: ClassVar[Literal["offer.not_running"]] = "offer.not_running"


class WhyNotStarted(Record):
    """It begins later."""

    code: ClassVar[Literal["offer.not_started"]] = "offer.not_started"

    from_: datetime
    """When."""


class WhyOutsideHours(Record):
    """Not at this hour."""

    code: ClassVar[Literal["offer.outside_hours"]] = "offer.outside_hours"


class WhyRateLimited(Record):
    """The customer tried too many codes."""

    code: ClassVar[Literal["code.rate_limited"]] = "code.rate_limited"

    until: datetime
    """When to try again."""


class WhyRevoked(Record):
    """The coupon was taken back."""

    code: ClassVar[Literal["coupon.revoked"]] = "coupon.revoked"


class WhySeatLapsed(Record):
    """The seat is not held any more."""

    code: ClassVar[Literal["group.seat_lapsed"]] = "group.seat_lapsed"


class WhySeatPaid(Record):
    """The seat is paid already: one seat is one order."""

    code: ClassVar[Literal["group.seat_paid"]] = "group.seat_paid"


class WhySeatUnknown(Record):
    """The customer has no seat in the group."""

    code: ClassVar[Literal["group.seat_unknown"]] = "group.seat_unknown"


class WhyUnknown(Record):
    """There is no such group."""

    code: ClassVar[Literal["group.unknown"]] = "group.unknown"


class WhyUntried(Record):
    """The customer has not found this code: where attempts are limited, `try_code` looks it up, and a quote does not."""

    code: ClassVar[Literal["code.untried"]] = "code.untried"


class WhyUsedUp(Record):
    """The coupon has no uses left."""

    code: ClassVar[Literal["coupon.used_up"]] = "coupon.used_up"


class WhyWrongOwner(Record):
    """The coupon belongs to somebody else."""

    code: ClassVar[Literal["coupon.wrong_owner"]] = "coupon.wrong_owner"


class WindowAnniversary(Record):
    """Years from the day of registration; otherwise as calendar."""

    type: ClassVar[Literal["anniversary"]] = "anniversary"


class WindowCalendar(Record):
    """Calendar periods. A tier reached in one is valid through the end of the next; the review at the end of a period
    looks at it.
    """

    type: ClassVar[Literal["calendar"]] = "calendar"

    period: Period
    """Month, quarter or year."""


class WindowLifetime(Record):
    """Everything ever; no review."""

    type: ClassVar[Literal["lifetime"]] = "lifetime"


class WindowRollingDays(Record):
    """The last n local days, today included; a contribution leaves at the first instant of its day + n. Reviewed
    whenever one leaves.
    """

    type: ClassVar[Literal["rolling_days"]] = "rolling_days"

    days: int
    """1 to 3660."""


class WindowRollingMonths(Record):
    """The last n months; a contribution leaves at the first instant of its day + n months."""

    type: ClassVar[Literal["rolling_months"]] = "rolling_months"

    months: int
    """1 to 120."""


Answer = Union[AnswerCustomer, AnswerQuote, AnswerCoupons, ClaimView, AnswerRefundPlan, AnswerLimits, Wallet, AnswerLots, AnswerStatement, OrderExplained, TierExplanation, LifecycleAnswer, AnswerBenefits, AnswerConsent, AnswerLiability, AnswerDue, GiftCardView, AnswerGiftCardLiability, GroupView]
"""An answer."""
Attribute = Union[AttributeText, AttributeNumber, AttributeFlag, AttributeDate, AttributeInstant]
"""The value of a custom attribute: `{"type":"text","value":"M"}`."""
Buyer = Union[BuyerCustomer, BuyerKnown, BuyerKnownOrNew]
"""Whose order, refund or event it is."""
CardWhy = Union[CardWhyUnknown, CardWhyTwice, CardWhyCurrency, CardWhyFrozen, CardWhyEnded, CardWhyEmpty, CardWhyHeldElsewhere, CardWhyInsufficient, CardWhyTooMany, CardWhyUntried, CardWhyRateLimited]
"""Why a gift card cannot pay. The code is stable."""
Command = Union[RegisterCustomer, UpdateCustomer, RecordConsent, RecordOrder, RecordRefund, CancelOrder, RecordEvent, EarnPoints, SpendPoints, HoldPoints, CaptureHold, ReleaseHold, ReverseRedemption, AdjustPoints, TransferPoints, ActivatePoints, LockTier, UnlockTier, UseBenefit, Settle, RevertOrder, Unregister, IssueCoupon, RevokeCoupon, TransferCoupon, BuyCoupon, ClaimOffers, ConfirmClaim, ReleaseClaim, TryCode, IssueGiftCard, HoldGiftCard, CaptureGiftCard, ReleaseGiftCard, SpendGiftCard, RestoreGiftCard, FreezeGiftCard, UnfreezeGiftCard, OpenGroup, JoinGroup, PaySeat, LeaveGroup, RefundSeat]
"""What to do."""
Condition = Union[ConditionAll, ConditionAny, ConditionNot, ConditionTier, ConditionStage, ConditionActivity, ConditionCustomerTag, ConditionCustomerAttribute, ConditionChannel, ConditionStore, ConditionOrderTag, ConditionOrderAmount, ConditionOrderNumber, ConditionHasLine, ConditionBirthday, ConditionBirthdayMonth, ConditionWeekday, ConditionTimeOfDay, ConditionEventAttribute]
"""What must hold for a rule to fire."""
ConsentSource = Union[ConsentSourceCustomer, ConsentSourceOperator, ConsentSourceImport]
"""Who made a statement about consent. Only customers can widen it; imports and operators may only restrict."""
Counts = Union[CountsUses, CountsUnits, CountsBudget]
"""What a limit counts."""
CouponOrigin = Union[CouponOriginIssue, CouponOriginTransfer, CouponOriginPoints, CouponOriginCode, CouponOriginSignUp, CouponOriginBirthday, CouponOriginReferral, CouponOriginTier, CouponOriginStage, CouponOriginEvent]
"""Where a coupon came from."""
CouponValidity = Union[CouponValidityOffer, CouponValidityDays, CouponValidityHours, CouponValidityUntil]
"""How long a coupon is good for."""
DebtPolicy = Union[DebtPolicyAllow, DebtPolicyClamp, DebtPolicyOnlyPending, DebtPolicyNetFromRefund, DebtPolicyRefuse]
"""What happens when a clawback finds fewer points than it needs."""
EarnOn = Union[EarnOnOrder, EarnOnEvent, EarnOnSignUp, EarnOnBirthday, EarnOnReferral]
"""What makes an earn rule fire."""
Effect = Union[EffectFixedOff, EffectPercentOff, EffectFixedPrice, EffectBundle, EffectBuyGet, EffectNthOff, EffectTiered, EffectEvery, EffectOneOf, EffectShippingOff, EffectGift]
"""What an offer does to a cart."""
ExpiryPolicy = Union[ExpiryPolicyNever, ExpiryPolicyDays, ExpiryPolicyMonths, ExpiryPolicyEndOf, ExpiryPolicyFixedDates, ExpiryPolicySliding]
"""When usable points end. Days and months count from the day of activation; the last local day is usable to its end."""
Format = Union[FormatPlain, FormatShopify, FormatTaobao, FormatYouzan, FormatRefunds, FormatEvents]
"""The form of the files."""
Gives = Union[GivesPerAmount, GivesPerStep, GivesPerUnit, GivesFixed, GivesMultiplier]
"""What an earn rule gives."""
IssueOn = Union[IssueOnSignUp, IssueOnBirthday, IssueOnReferral, IssueOnEvent, IssueOnTier, IssueOnStage]
"""What makes a rule issue coupons."""
LifecycleChoice = Union[LifecycleChoicePreset, LifecycleChoiceRules]
"""The lifecycle of a program: a preset by name, or rules of its own."""
Metric = Union[MetricQualifyingPoints, MetricNetSpend, MetricOrderCount, MetricVisits]
"""What a ladder counts. Refunds count against the period of their order."""
NearMissAdd = Union[NearMissAddAmount, NearMissAddUnits]
"""What to add to a cart."""
Needs = Union[NeedsNothing, NeedsCoupon, NeedsCode, NeedsGroup]
"""What brings an offer into a cart."""
Off = Union[OffAmount, OffPercent]
"""How much is off."""
OfferSource = Union[OfferSourceAutomatic, OfferSourceCoupon, OfferSourceGroup, OfferSourceCode]
"""What brings an offer into a quote."""
PendingPolicy = Union[PendingPolicyNone, PendingPolicyDays, PendingPolicyUntilEvent]
"""When earned points become usable."""
Query = Union[QueryCustomer, QueryFind, QueryWallet, QueryLots, QueryStatement, QueryOrder, QueryTier, QueryLifecycle, QueryBenefits, QueryConsent, QueryQuote, QueryCoupons, QueryClaim, QueryRefundPlan, QueryLimits, QueryLiability, QueryDue, QueryGiftCard, QueryGiftCardLiability, QueryGroup]
"""A question."""
RefundWhat = Union[RefundWhatFull, RefundWhatLines, RefundWhatAmount, RefundWhatArticles]
"""What a refund gives back."""
RestorePolicy = Union[RestorePolicyStrict, RestorePolicyGrace, RestorePolicyNone]
"""What a reversed redemption gives back."""
Shortfall = Union[ShortfallCapped, ShortfallExcluded, ShortfallPaidWithPoints, ShortfallBelowOnePoint, ShortfallNoRule, ShortfallPending, ShortfallAlreadyExpired, ShortfallOther]
"""Why an award is zero or smaller than the rules alone would give."""
StageTest = Union[StageTestAlways, StageTestRegistered, StageTestOrders, StageTestSpend, StageTestEvents, StageTestAny, StageTestSilent]
"""When a customer is in a stage. Windows are local calendar days at the same time of day: a fact at `t` counts in `[t,
t + days)`.
"""
StepFrom = Union[StepFromAmount, StepFromUnits]
"""Where a step begins."""
Tender = Union[TenderMoney, TenderPoints, TenderStoredValue]
"""A part of the payment."""
TierCause = Union[TierCauseReached, TierCauseReview, TierCauseRefundAtOnce, TierCauseGraceEnded, TierCauseLocked, TierCauseLockEnded, TierCauseNextPeriod, TierCauseRevision]
"""Why a tier changed."""
TransitionCause = Union[TransitionCauseFact, TransitionCauseTimer]
"""What caused a transition."""
What = Union[WhatRegistered, WhatUpdated, WhatConsent, WhatOrder, WhatRefund, WhatCancelled, WhatUnmatchedRefund, WhatEvent, WhatPoints, WhatTier, WhatTierLocked, WhatTierUnlocked, WhatLifecycle, WhatBenefitUsed, WhatUnregistered, WhatCouponIssued, WhatCouponClosed, WhatCouponRestored, WhatClaimed, WhatClaimEnded, WhatClaimReturned, GiftCardIssued, GiftCardHeld, GiftCardReleased, GiftCardRedeemed, GiftCardRestored, GiftCardExpired, GiftCardFrozen, GiftCardUnfrozen, GroupOpened, SeatTaken, SeatPaid, SeatLeft, SeatTimedOut, SeatRefunded, GroupFormed, GroupExpired, WhatCodeTried]
"""What happened."""
Why = Union[WhyNotFound, WhyBadChecksum, WhyRevoked, WhyUsedUp, WhyNotStarted, WhyExpired, WhyNotRunning, WhyOutsideHours, WhyWrongOwner, WhyNotInSegment, WhyNotFirstOrder, WhyUnknown, WhySeatUnknown, WhySeatLapsed, WhySeatPaid, WhyNoEligibleItems, WhyMinAmount, WhyMinQuantity, WhyCurrencyMismatch, WhyLimitCustomer, WhyLimitCampaign, WhyBudgetExhausted, WhyHeldElsewhere, WhyConflict, WhyBeatenBy, WhyNoEffect, WhyUntried, WhyRateLimited]
"""Why an offer was not applied. The code is stable."""
Window = Union[WindowCalendar, WindowRollingDays, WindowRollingMonths, WindowAnniversary, WindowLifetime]
"""Over which time a ladder counts."""
