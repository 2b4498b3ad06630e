# Made by crm-py/generate.py from the schema of crm-core; do not edit.
"""The errors of the library: one class per code, below one class per area."""

from __future__ import annotations

from crm_core._base import CrmError


class BadValueError(CrmError, ValueError):
    """Every error whose code starts with `value.`."""


class ValueText(BadValueError):
    """`value.text`: give a text without control characters and without blanks around it."""

    code = "value.text"


class ValueTooLong(BadValueError):
    """`value.too_long`: shorten the value to the limit."""

    code = "value.too_long"


class ValueTooMany(BadValueError):
    """`value.too_many`: send fewer items; the limit is in the details."""

    code = "value.too_many"


class ValueJson(BadValueError):
    """`value.json`: send the documented JSON shape; money and decimals are strings, unknown fields are refused."""

    code = "value.json"


class ValueType(BadValueError, TypeError):
    """`value.type`: give a value of the named type; a float is no exact number, a flag is no number, and a time needs
    a zone.
    """

    code = "value.type"


class ValueRange(BadValueError):
    """`value.range`: give a whole number that lies within the limits of the details."""

    code = "value.range"


class ValuePercent(BadValueError):
    """`value.percent`: write a percentage from 0 to 100 with at most four digits after the point, such as "12.5"."""

    code = "value.percent"


class MoneyError(CrmError, ValueError):
    """Every error whose code starts with `money.`."""


class MoneyText(MoneyError):
    """`money.text`: write plain decimal digits, such as "12.50"."""

    code = "money.text"


class MoneyRange(MoneyError):
    """`money.range`: amounts have at most 28 digits and stay below 2^53 minor units."""

    code = "money.range"


class MoneyPrecision(MoneyError):
    """`money.precision`: round to the minor unit of the currency first."""

    code = "money.precision"


class MoneyCurrency(MoneyError):
    """`money.currency`: use an ISO 4217 code that the program accepts."""

    code = "money.currency"


class MoneyNegative(MoneyError):
    """`money.negative`: amounts of an order are zero or more; send a refund for money that goes back."""

    code = "money.negative"


class PointsError(CrmError):
    """Every error whose code starts with `points.`."""


class PointsRange(PointsError):
    """`points.range`: points stay within ±(2^53−1)."""

    code = "points.range"


class PointsAmount(PointsError):
    """`points.amount`: give a whole number of points above zero, and a checkout no more than pay something."""

    code = "points.amount"


class PointsCurrency(PointsError):
    """`points.currency`: use a point currency that the program defines."""

    code = "points.currency"


class PointsNotRedeemable(PointsError):
    """`points.not_redeemable`: qualifying points are counted, not spent; use a redeemable currency."""

    code = "points.not_redeemable"


class PointsInsufficient(PointsError):
    """`points.insufficient`: spend or hold at most the available points."""

    code = "points.insufficient"


class PointsDebtLimit(PointsError):
    """`points.debt_limit`: the account may not go deeper into debt; raise the limit or settle first."""

    code = "points.debt_limit"


class PointsRefundRefused(PointsError):
    """`points.refund_refused`: the points of this order were spent and the program refuses refunds then."""

    code = "points.refund_refused"


class PointsHoldUnknown(PointsError):
    """`points.hold_unknown`: no hold of this customer has this id."""

    code = "points.hold_unknown"


class PointsHoldExists(PointsError):
    """`points.hold_exists`: this hold id was used before; choose a new one."""

    code = "points.hold_exists"


class PointsHoldResolved(PointsError):
    """`points.hold_resolved`: a hold is captured, released or timed out once; it cannot be resolved again."""

    code = "points.hold_resolved"


class PointsHoldDuration(PointsError):
    """`points.hold_duration`: give a deadline after now and within the limit."""

    code = "points.hold_duration"


class PointsRedemptionExists(PointsError):
    """`points.redemption_exists`: this redemption id was used before; choose a new one."""

    code = "points.redemption_exists"


class PointsRedemptionUnknown(PointsError):
    """`points.redemption_unknown`: no redemption of this customer has this id."""

    code = "points.redemption_unknown"


class PointsRedemptionReversed(PointsError):
    """`points.redemption_reversed`: reverse at most what of the redemption has not been reversed yet."""

    code = "points.redemption_reversed"


class PointsRedemptionUsed(PointsError):
    """`points.redemption_used`: the redemption paid for another order; spend the points for each order under an id of
    its own.
    """

    code = "points.redemption_used"


class PointsCap(PointsError):
    """`points.cap`: the rule's cap is reached and its policy is to reject."""

    code = "points.cap"


class PointsDates(PointsError):
    """`points.dates`: points must activate before they expire."""

    code = "points.dates"


class PointsLotsFull(PointsError):
    """`points.lots_full`: the account has too many open lots; give points an expiry or spend some."""

    code = "points.lots_full"


class PointsSameCustomer(PointsError):
    """`points.same_customer`: transfer between two different customers."""

    code = "points.same_customer"


class PointsNothingPending(PointsError):
    """`points.nothing_pending`: no points of this order wait for an event."""

    code = "points.nothing_pending"


class PointsRestoreRefused(PointsError):
    """`points.restore_refused`: the program makes redemptions final; credit points instead."""

    code = "points.restore_refused"


class CustomerError(CrmError):
    """Every error whose code starts with `customer.`."""


class CustomerUnknown(CustomerError):
    """`customer.unknown`: register the customer first, or name one of their identifiers."""

    code = "customer.unknown"


class CustomerExists(CustomerError):
    """`customer.exists`: this customer id is registered already; update it instead."""

    code = "customer.exists"


class CustomerField(CustomerError):
    """`customer.field`: correct the named field."""

    code = "customer.field"


class IdentityError(CrmError, ValueError):
    """Every error whose code starts with `identity.`."""


class IdentityText(IdentityError):
    """`identity.text`: give the identifier in full; masked, placeholder and scientific-notation values identify
    nobody.
    """

    code = "identity.text"


class IdentityTaken(IdentityError):
    """`identity.taken`: the identifier belongs to another customer; merge them or correct it."""

    code = "identity.taken"


class IdentityMissing(IdentityError):
    """`identity.missing`: name the customer by id or by at least one identifier."""

    code = "identity.missing"


class ConsentError(CrmError):
    """Every error whose code starts with `consent.`."""


class ConsentField(ConsentError):
    """`consent.field`: correct the named field."""

    code = "consent.field"


class OrderError(CrmError):
    """Every error whose code starts with `order.`."""


class OrderField(OrderError):
    """`order.field`: correct the named field."""

    code = "order.field"


class OrderLines(OrderError):
    """`order.lines`: an order has 1 to 10,000 lines with distinct line numbers."""

    code = "order.lines"


class OrderQuantity(OrderError):
    """`order.quantity`: quantities have at most 3 digits after the point and stay within 10^9."""

    code = "order.quantity"


class OrderTotal(OrderError):
    """`order.total`: discounts are at most the amount they reduce; tenders add up to the total."""

    code = "order.total"


class OrderCurrency(OrderError):
    """`order.currency`: orders are in a currency that the program accepts, all parts in one."""

    code = "order.currency"


class OrderUnknown(OrderError):
    """`order.unknown`: record the order first, or name it as it was recorded."""

    code = "order.unknown"


class OrderConflict(OrderError):
    """`order.conflict`: an order with this id and other content is recorded; use refunds or a new id."""

    code = "order.conflict"


class OrderCancelled(OrderError):
    """`order.cancelled`: the order is cancelled already."""

    code = "order.cancelled"


class CartError(CrmError):
    """Every error whose code starts with `cart.`."""


class CartLines(CartError):
    """`cart.lines`: a cart has 1 to 10,000 lines with distinct line numbers."""

    code = "cart.lines"


class OfferError(CrmError):
    """Every error whose code starts with `offer.`."""


class OfferRules(OfferError):
    """`offer.rules`: correct the rules of the offer; the program's check names each flaw."""

    code = "offer.rules"


class OfferRefundLine(OfferError):
    """`offer.refund_line`: return lines of the receipt, and at most what was bought and has not come back."""

    code = "offer.refund_line"


class OfferRefundPartial(OfferError):
    """`offer.refund_partial`: an offer of this purchase allows only everything to be returned."""

    code = "offer.refund_partial"


class OfferUnknown(OfferError):
    """`offer.unknown`: use an offer that the program defines."""

    code = "offer.unknown"


class RefundError(CrmError):
    """Every error whose code starts with `refund.`."""


class RefundField(RefundError):
    """`refund.field`: correct the named field."""

    code = "refund.field"


class RefundExceeds(RefundError):
    """`refund.exceeds`: refund at most what is left of the order or line."""

    code = "refund.exceeds"


class RefundLine(RefundError):
    """`refund.line`: name a line of the order."""

    code = "refund.line"


class RefundConflict(RefundError):
    """`refund.conflict`: a refund with this id and other content is recorded; use a new id."""

    code = "refund.conflict"


class RefundNoOrder(RefundError):
    """`refund.no_order`: name the order; a refund without one needs a customer and the program's policy for it."""

    code = "refund.no_order"


class EventError(CrmError):
    """Every error whose code starts with `event.`."""


class EventField(EventError):
    """`event.field`: correct the named field."""

    code = "event.field"


class EventConflict(EventError):
    """`event.conflict`: an event with this id and other content is recorded; use a new id."""

    code = "event.conflict"


class ReferralError(CrmError):
    """Every error whose code starts with `referral.`."""


class ReferralSelf(ReferralError):
    """`referral.self`: nobody refers themselves."""

    code = "referral.self"


class ReferralUnknown(ReferralError):
    """`referral.unknown`: the referrer must be registered."""

    code = "referral.unknown"


class TierError(CrmError):
    """Every error whose code starts with `tier.`."""


class TierUnknown(TierError):
    """`tier.unknown`: use a ladder and a tier that the program defines."""

    code = "tier.unknown"


class TierLock(TierError):
    """`tier.lock`: a lock ends after now."""

    code = "tier.lock"


class BenefitError(CrmError):
    """Every error whose code starts with `benefit.`."""


class BenefitUnknown(BenefitError):
    """`benefit.unknown`: the customer's tier does not grant this benefit."""

    code = "benefit.unknown"


class BenefitUsedUp(BenefitError):
    """`benefit.used_up`: the benefit's limit for this period is reached."""

    code = "benefit.used_up"


class LifecycleError(CrmError):
    """Every error whose code starts with `lifecycle.`."""


class LifecycleOff(LifecycleError):
    """`lifecycle.off`: the program defines no lifecycle."""

    code = "lifecycle.off"


class TimeError(CrmError, ValueError):
    """Every error whose code starts with `time.`."""


class TimeText(TimeError):
    """`time.text`: write RFC 3339, such as `2026-03-01T08:00:00+08:00`."""

    code = "time.text"


class TimeNaive(TimeError):
    """`time.naive`: add the offset from UTC, such as Z or +08:00."""

    code = "time.naive"


class TimeRange(TimeError):
    """`time.range`: use an existing day in the years 1 to 9999."""

    code = "time.range"


class TimeZone(TimeError):
    """`time.zone`: use an IANA name such as Asia/Shanghai."""

    code = "time.zone"


class TimeFuture(TimeError):
    """`time.future`: a fact cannot happen after it is recorded; check the clock or the date."""

    code = "time.future"


class ProgramError(CrmError, ValueError):
    """Every error whose code starts with `program.`."""


class ProgramInvalid(ProgramError):
    """`program.invalid`: correct the findings; each names its place in the document."""

    code = "program.invalid"


class ProgramRevision(ProgramError):
    """`program.revision`: publish under a revision number above the last one."""

    code = "program.revision"


class ProgramEarlier(ProgramError):
    """`program.earlier`: publish at the instant of the last revision or after it; what was told by then stays."""

    code = "program.earlier"


class ProgramMissing(ProgramError):
    """`program.missing`: publish a program first."""

    code = "program.missing"


class RequestError(CrmError):
    """Every error whose code starts with `request.`."""


class RequestReused(RequestError):
    """`request.reused`: the request id was used for another payload; choose a new id for a new request."""

    code = "request.reused"


class RequestTooMany(RequestError):
    """`request.too_many`: split the batch."""

    code = "request.too_many"


class BatchError(CrmError):
    """Every error whose code starts with `batch.`."""


class BatchUnknown(BatchError):
    """`batch.unknown`: no import batch has this id."""

    code = "batch.unknown"


class BatchExists(BatchError):
    """`batch.exists`: this batch id was used before; choose a new one, or none."""

    code = "batch.exists"


class BadImportError(CrmError):
    """Every error whose code starts with `import.`."""


class ImportFile(BadImportError):
    """`import.file`: give a readable file of the named format."""

    code = "import.file"


class ImportHeader(BadImportError):
    """`import.header`: the file lacks columns that the format needs; map them or choose another format."""

    code = "import.header"


class ImportEncoding(BadImportError):
    """`import.encoding`: save the file as UTF-8 or GB18030."""

    code = "import.encoding"


class ImportIssues(BadImportError):
    """`import.issues`: nothing is written; correct the rows of the details, or have problems reported and the rest
    imported.
    """

    code = "import.issues"


class ImportRow(BadImportError):
    """`import.row`: correct the named cell and import again; rows already imported change nothing."""

    code = "import.row"


class QueryError(CrmError, ValueError):
    """Every error whose code starts with `query.`."""


class QueryField(QueryError):
    """`query.field`: correct the named field."""

    code = "query.field"


class CodeError(CrmError, ValueError):
    """Every error whose code starts with `code.`."""


class CodeText(CodeError):
    """`code.text`: give 3 to 32 letters and digits; blanks and dashes do not count."""

    code = "code.text"


class CodeChecksum(CodeError):
    """`code.checksum`: the code is mistyped; read it again, character by character."""

    code = "code.checksum"


class CodeForm(CodeError):
    """`code.form`: use a prefix of up to 12 Latin letters and digits, and 6 to 20 characters behind it."""

    code = "code.form"


class CodeSpace(CodeError):
    """`code.space`: make the codes longer, or fewer."""

    code = "code.space"


class CodeSerial(CodeError):
    """`code.serial`: name a serial number of the batch."""

    code = "code.serial"


class CodeSecret(CodeError):
    """`code.secret`: give the key as 64 hexadecimal digits."""

    code = "code.secret"


class CodeForged(CodeError):
    """`code.forged`: the code was not made with this key for this batch; do not accept it."""

    code = "code.forged"


class CodeRules(CodeError):
    """`code.rules`: correct the named field."""

    code = "code.rules"


class CodeRateLimited(CodeError):
    """`code.rate_limited`: wait until `retry_at`."""

    code = "code.rate_limited"


class CouponError(CrmError):
    """Every error whose code starts with `coupon.`."""


class CouponExists(CouponError):
    """`coupon.exists`: this coupon id was used before; choose a new one."""

    code = "coupon.exists"


class CouponUnknown(CouponError):
    """`coupon.unknown`: no open coupon of this customer has this id."""

    code = "coupon.unknown"


class CouponClosed(CouponError):
    """`coupon.closed`: the coupon was used, revoked, transferred, or is out of time."""

    code = "coupon.closed"


class CouponClaimed(CouponError):
    """`coupon.claimed`: a checkout holds the coupon; wait for it to be confirmed or released."""

    code = "coupon.claimed"


class CouponTooMany(CouponError):
    """`coupon.too_many`: the customer has too many open coupons; revoke some or let them end."""

    code = "coupon.too_many"


class CouponOffer(CouponError):
    """`coupon.offer`: name an offer that needs a coupon."""

    code = "coupon.offer"


class CouponTransfer(CouponError):
    """`coupon.transfer`: the offer's coupons stay with their owner, or the two customers are the same."""

    code = "coupon.transfer"


class CouponCode(CouponError):
    """`coupon.code`: the code is taken; choose another one."""

    code = "coupon.code"


class CouponPrice(CouponError):
    """`coupon.price`: the offer's coupons are not for points."""

    code = "coupon.price"


class CouponDates(CouponError):
    """`coupon.dates`: a coupon ends after it begins and after it is issued."""

    code = "coupon.dates"


class ClaimError(CrmError):
    """Every error whose code starts with `claim.`."""


class ClaimExists(ClaimError):
    """`claim.exists`: this claim id was used for another cart; choose a new one."""

    code = "claim.exists"


class ClaimUnknown(ClaimError):
    """`claim.unknown`: no claim of this customer has this id."""

    code = "claim.unknown"


class ClaimResolved(ClaimError):
    """`claim.resolved`: a claim is confirmed, released or timed out once; it cannot be resolved again."""

    code = "claim.resolved"


class ClaimExpired(ClaimError):
    """`claim.expired`: the claim was out of time; claim again."""

    code = "claim.expired"


class ClaimTooMany(ClaimError):
    """`claim.too_many`: the customer has too many open claims; confirm or release some."""

    code = "claim.too_many"


class ClaimDuration(ClaimError):
    """`claim.duration`: hold for at least a second and within the limit."""

    code = "claim.duration"


class ClaimTotal(ClaimError):
    """`claim.total`: the price has changed; show the customer the new quote and claim again."""

    code = "claim.total"


class ClaimDue(ClaimError):
    """`claim.due`: what gift cards pay has changed; show the customer the new quote and claim again."""

    code = "claim.due"


class ClaimRefused(ClaimError):
    """`claim.refused`: a code, coupon or gift card that was asked for cannot be used; the details say why."""

    code = "claim.refused"


class ClaimOrder(ClaimError):
    """`claim.order`: the order must have the lines, quantities and prices of the claimed cart; record what was
    claimed.
    """

    code = "claim.order"


class GiftCardError(CrmError):
    """Every error whose code starts with `gift_card.`."""


class GiftCardExists(GiftCardError):
    """`gift_card.exists`: this card id was used before; choose a new one."""

    code = "gift_card.exists"


class GiftCardUnknown(GiftCardError):
    """`gift_card.unknown`: no gift card has this id or code."""

    code = "gift_card.unknown"


class GiftCardName(GiftCardError):
    """`gift_card.name`: name the card by its id or by its code, not by both."""

    code = "gift_card.name"


class GiftCardCode(GiftCardError):
    """`gift_card.code`: the code is taken; choose another one."""

    code = "gift_card.code"


class GiftCardAmount(GiftCardError):
    """`gift_card.amount`: give an amount above zero."""

    code = "gift_card.amount"


class GiftCardDates(GiftCardError):
    """`gift_card.dates`: a card ends after it is issued."""

    code = "gift_card.dates"


class GiftCardInsufficient(GiftCardError):
    """`gift_card.insufficient`: use at most what is on the card, capture at most what is held."""

    code = "gift_card.insufficient"


class GiftCardFrozen(GiftCardError):
    """`gift_card.frozen`: the card may not be used; unfreeze it first."""

    code = "gift_card.frozen"


class GiftCardNotFrozen(GiftCardError):
    """`gift_card.not_frozen`: the card is not frozen, or its purchase went back and it stays so."""

    code = "gift_card.not_frozen"


class GiftCardEnded(GiftCardError):
    """`gift_card.ended`: the time of the card is over."""

    code = "gift_card.ended"


class GiftCardHoldUnknown(GiftCardError):
    """`gift_card.hold_unknown`: no hold of this customer on a gift card has this id."""

    code = "gift_card.hold_unknown"


class GiftCardHoldResolved(GiftCardError):
    """`gift_card.hold_resolved`: a hold is captured, released or timed out once; it cannot be resolved again."""

    code = "gift_card.hold_resolved"


class GiftCardHoldDuration(GiftCardError):
    """`gift_card.hold_duration`: give a deadline after now and within the limit."""

    code = "gift_card.hold_duration"


class GiftCardRedemptionExists(GiftCardError):
    """`gift_card.redemption_exists`: this hold or redemption id was used before on a gift card; choose a new one."""

    code = "gift_card.redemption_exists"


class GiftCardRedemptionUnknown(GiftCardError):
    """`gift_card.redemption_unknown`: no redemption of this customer on a gift card has this id."""

    code = "gift_card.redemption_unknown"


class GiftCardRedemptionRestored(GiftCardError):
    """`gift_card.redemption_restored`: restore at most what of the redemption has not come back yet."""

    code = "gift_card.redemption_restored"


class GiftCardTooMany(GiftCardError):
    """`gift_card.too_many`: the card was used too often; move the rest to a new card."""

    code = "gift_card.too_many"


class GroupError(CrmError):
    """Every error whose code starts with `group.`."""


class GroupExists(GroupError):
    """`group.exists`: this group id was used before; choose a new one."""

    code = "group.exists"


class GroupUnknown(GroupError):
    """`group.unknown`: no group has this id."""

    code = "group.unknown"


class GroupRules(GroupError):
    """`group.rules`: name rules for groups that the program has in force."""

    code = "group.rules"


class GroupFull(GroupError):
    """`group.full`: all seats are taken; wait for one to time out, or open another group."""

    code = "group.full"


class GroupEnded(GroupError):
    """`group.ended`: the time of the group is over; open another one."""

    code = "group.ended"


class GroupLimit(GroupError):
    """`group.limit`: the customer has as many seats under these rules as the program allows."""

    code = "group.limit"


class GroupFormed(GroupError):
    """`group.formed`: the group has formed; refund the order instead."""

    code = "group.formed"


class GroupSeatUnknown(GroupError):
    """`group.seat_unknown`: the customer has no seat in the group; join it first."""

    code = "group.seat_unknown"


class GroupSeatLapsed(GroupError):
    """`group.seat_lapsed`: the seat is not held any more; join again, or give the money back."""

    code = "group.seat_lapsed"


class GroupSeatPaid(GroupError):
    """`group.seat_paid`: the seat is paid with another order; give the money of this one back."""

    code = "group.seat_paid"


class GroupOrder(GroupError):
    """`group.order`: pay with a valid order of the same customer that pays for no other seat."""

    code = "group.order"


class GroupNotDue(GroupError):
    """`group.not_due`: only the money of a seat that is `to_refund` goes back this way."""

    code = "group.not_due"


class GroupNotRefunded(GroupError):
    """`group.not_refunded`: give the money of the seat back before its owner joins again."""

    code = "group.not_refunded"


class StoreError(CrmError):
    """Every error whose code starts with `store.`."""


class StoreContended(StoreError):
    """`store.contended`: other writers were faster each time; try again."""

    code = "store.contended"


class StoreBusy(StoreError):
    """`store.busy`: another process holds the database; try again when it is done."""

    code = "store.busy"


class StoreFull(StoreError):
    """`store.full`: free some disk space and try again; what was committed before stays, what was under way was not
    written.
    """

    code = "store.full"


class StoreReadOnly(StoreError):
    """`store.read_only`: give write permission to the file and its folder, or to the user of the database; a standby
    server cannot be written to.
    """

    code = "store.read_only"


class StoreMissing(StoreError):
    """`store.missing`: the database does not exist; make it first."""

    code = "store.missing"


class StoreExists(StoreError):
    """`store.exists`: the target file exists; choose another name or remove it."""

    code = "store.exists"


class StoreCorrupt(StoreError):
    """`store.corrupt`: the file is damaged or not a database of this library; restore a backup."""

    code = "store.corrupt"


class StoreNewer(StoreError):
    """`store.newer`: the file was written by a newer release; upgrade this one."""

    code = "store.newer"


class StoreClosed(StoreError):
    """`store.closed`: the store was closed; open it again."""

    code = "store.closed"


class StoreForked(StoreError):
    """`store.forked`: close the database before the process is forked, or start processes anew (in Python with the
    start method `spawn` or `forkserver`) and open it in each.
    """

    code = "store.forked"


class StoreUnreachable(StoreError):
    """`store.unreachable`: the database server does not answer; whether a commit under way took effect is not known:
    send the same request again, it takes effect once.
    """

    code = "store.unreachable"


class StoreLogin(StoreError):
    """`store.login`: the database server refuses the login; check user and password, and what the server lets in."""

    code = "store.login"


class StoreAddress(StoreError):
    """`store.address`: write `postgres://user:password@host:port/database`."""

    code = "store.address"


class StoreNoFeed(StoreError):
    """`store.no_feed`: only a store that keeps the order of its commits has a feed: memory, SQLite, PostgreSQL on one
    machine.
    """

    code = "store.no_feed"


class StoreUnsupported(StoreError):
    """`store.unsupported`: a store of this kind cannot do that; the message says what can."""

    code = "store.unsupported"


class StoreFailed(StoreError):
    """`store.failed`: the storage failed; the cause is attached."""

    code = "store.failed"


class StoppedError(CrmError):
    """Every error whose code starts with `stopped.`."""


class Stopped(StoppedError):
    """`stopped`: whoever is told about progress said so; what was committed before stays, and the same call again does
    the rest.
    """

    code = "stopped"


class Internal(CrmError):
    """`internal`: a defect of the library; please report it with the message."""

    code = "internal"


BY_CODE: dict[str, type[CrmError]] = {
    "value.text": ValueText,
    "value.too_long": ValueTooLong,
    "value.too_many": ValueTooMany,
    "value.json": ValueJson,
    "value.type": ValueType,
    "value.range": ValueRange,
    "value.percent": ValuePercent,
    "money.text": MoneyText,
    "money.range": MoneyRange,
    "money.precision": MoneyPrecision,
    "money.currency": MoneyCurrency,
    "money.negative": MoneyNegative,
    "points.range": PointsRange,
    "points.amount": PointsAmount,
    "points.currency": PointsCurrency,
    "points.not_redeemable": PointsNotRedeemable,
    "points.insufficient": PointsInsufficient,
    "points.debt_limit": PointsDebtLimit,
    "points.refund_refused": PointsRefundRefused,
    "points.hold_unknown": PointsHoldUnknown,
    "points.hold_exists": PointsHoldExists,
    "points.hold_resolved": PointsHoldResolved,
    "points.hold_duration": PointsHoldDuration,
    "points.redemption_exists": PointsRedemptionExists,
    "points.redemption_unknown": PointsRedemptionUnknown,
    "points.redemption_reversed": PointsRedemptionReversed,
    "points.redemption_used": PointsRedemptionUsed,
    "points.cap": PointsCap,
    "points.dates": PointsDates,
    "points.lots_full": PointsLotsFull,
    "points.same_customer": PointsSameCustomer,
    "points.nothing_pending": PointsNothingPending,
    "points.restore_refused": PointsRestoreRefused,
    "customer.unknown": CustomerUnknown,
    "customer.exists": CustomerExists,
    "customer.field": CustomerField,
    "identity.text": IdentityText,
    "identity.taken": IdentityTaken,
    "identity.missing": IdentityMissing,
    "consent.field": ConsentField,
    "order.field": OrderField,
    "order.lines": OrderLines,
    "order.quantity": OrderQuantity,
    "order.total": OrderTotal,
    "order.currency": OrderCurrency,
    "order.unknown": OrderUnknown,
    "order.conflict": OrderConflict,
    "order.cancelled": OrderCancelled,
    "cart.lines": CartLines,
    "offer.rules": OfferRules,
    "offer.refund_line": OfferRefundLine,
    "offer.refund_partial": OfferRefundPartial,
    "refund.field": RefundField,
    "refund.exceeds": RefundExceeds,
    "refund.line": RefundLine,
    "refund.conflict": RefundConflict,
    "refund.no_order": RefundNoOrder,
    "event.field": EventField,
    "event.conflict": EventConflict,
    "referral.self": ReferralSelf,
    "referral.unknown": ReferralUnknown,
    "tier.unknown": TierUnknown,
    "tier.lock": TierLock,
    "benefit.unknown": BenefitUnknown,
    "benefit.used_up": BenefitUsedUp,
    "lifecycle.off": LifecycleOff,
    "time.text": TimeText,
    "time.naive": TimeNaive,
    "time.range": TimeRange,
    "time.zone": TimeZone,
    "time.future": TimeFuture,
    "program.invalid": ProgramInvalid,
    "program.revision": ProgramRevision,
    "program.earlier": ProgramEarlier,
    "program.missing": ProgramMissing,
    "request.reused": RequestReused,
    "request.too_many": RequestTooMany,
    "batch.unknown": BatchUnknown,
    "batch.exists": BatchExists,
    "import.file": ImportFile,
    "import.header": ImportHeader,
    "import.encoding": ImportEncoding,
    "import.issues": ImportIssues,
    "import.row": ImportRow,
    "query.field": QueryField,
    "code.text": CodeText,
    "code.checksum": CodeChecksum,
    "code.form": CodeForm,
    "code.space": CodeSpace,
    "code.serial": CodeSerial,
    "code.secret": CodeSecret,
    "code.forged": CodeForged,
    "code.rules": CodeRules,
    "code.rate_limited": CodeRateLimited,
    "offer.unknown": OfferUnknown,
    "coupon.exists": CouponExists,
    "coupon.unknown": CouponUnknown,
    "coupon.closed": CouponClosed,
    "coupon.claimed": CouponClaimed,
    "coupon.too_many": CouponTooMany,
    "coupon.offer": CouponOffer,
    "coupon.transfer": CouponTransfer,
    "coupon.code": CouponCode,
    "coupon.price": CouponPrice,
    "coupon.dates": CouponDates,
    "claim.exists": ClaimExists,
    "claim.unknown": ClaimUnknown,
    "claim.resolved": ClaimResolved,
    "claim.expired": ClaimExpired,
    "claim.too_many": ClaimTooMany,
    "claim.duration": ClaimDuration,
    "claim.total": ClaimTotal,
    "claim.due": ClaimDue,
    "claim.refused": ClaimRefused,
    "claim.order": ClaimOrder,
    "gift_card.exists": GiftCardExists,
    "gift_card.unknown": GiftCardUnknown,
    "gift_card.name": GiftCardName,
    "gift_card.code": GiftCardCode,
    "gift_card.amount": GiftCardAmount,
    "gift_card.dates": GiftCardDates,
    "gift_card.insufficient": GiftCardInsufficient,
    "gift_card.frozen": GiftCardFrozen,
    "gift_card.not_frozen": GiftCardNotFrozen,
    "gift_card.ended": GiftCardEnded,
    "gift_card.hold_unknown": GiftCardHoldUnknown,
    "gift_card.hold_resolved": GiftCardHoldResolved,
    "gift_card.hold_duration": GiftCardHoldDuration,
    "gift_card.redemption_exists": GiftCardRedemptionExists,
    "gift_card.redemption_unknown": GiftCardRedemptionUnknown,
    "gift_card.redemption_restored": GiftCardRedemptionRestored,
    "gift_card.too_many": GiftCardTooMany,
    "group.exists": GroupExists,
    "group.unknown": GroupUnknown,
    "group.rules": GroupRules,
    "group.full": GroupFull,
    "group.ended": GroupEnded,
    "group.limit": GroupLimit,
    "group.formed": GroupFormed,
    "group.seat_unknown": GroupSeatUnknown,
    "group.seat_lapsed": GroupSeatLapsed,
    "group.seat_paid": GroupSeatPaid,
    "group.order": GroupOrder,
    "group.not_due": GroupNotDue,
    "group.not_refunded": GroupNotRefunded,
    "store.contended": StoreContended,
    "store.busy": StoreBusy,
    "store.full": StoreFull,
    "store.read_only": StoreReadOnly,
    "store.missing": StoreMissing,
    "store.exists": StoreExists,
    "store.corrupt": StoreCorrupt,
    "store.newer": StoreNewer,
    "store.closed": StoreClosed,
    "store.forked": StoreForked,
    "store.unreachable": StoreUnreachable,
    "store.login": StoreLogin,
    "store.address": StoreAddress,
    "store.no_feed": StoreNoFeed,
    "store.unsupported": StoreUnsupported,
    "store.failed": StoreFailed,
    "stopped": Stopped,
    "internal": Internal,
}
