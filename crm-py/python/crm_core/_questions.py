# Made by crm-py/generate.py from the schema of crm-core; do not edit.
"""One method per question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crm_core._types import (
    AnswerBenefits,
    AnswerConsent,
    AnswerCoupons,
    AnswerCustomer,
    AnswerDue,
    AnswerGiftCardLiability,
    AnswerLiability,
    AnswerLimits,
    AnswerLots,
    AnswerQuote,
    AnswerRefundPlan,
    AnswerStatement,
    BenefitLeft,
    Cart,
    ClaimView,
    Coupon,
    CustomerRecord,
    Due,
    GiftCardLiability,
    GiftCardView,
    GroupView,
    Identifier,
    Liability,
    LifecycleAnswer,
    LimitUse,
    Lot,
    OrderExplained,
    Query,
    QueryBenefits,
    QueryClaim,
    QueryConsent,
    QueryCoupons,
    QueryCustomer,
    QueryDue,
    QueryFind,
    QueryGiftCard,
    QueryGiftCardLiability,
    QueryGroup,
    QueryLiability,
    QueryLifecycle,
    QueryLimits,
    QueryLots,
    QueryOrder,
    QueryQuote,
    QueryRefundPlan,
    QueryStatement,
    QueryTier,
    QueryWallet,
    Quote,
    RefundPlan,
    ReturnedLine,
    TierExplanation,
    Wallet,
)


class Questions:
    """Questions to an engine that waits for the store."""

    __slots__ = ()

    def _ask(self, query: Query) -> Any:
        raise NotImplementedError

    def customer(self, customer_id: str) -> CustomerRecord:
        """Who is it?

        `customer_id`: The customer.
        """
        answer: AnswerCustomer = self._ask(QueryCustomer(customer_id=customer_id))
        return answer.customer

    def find(self, identifier: Identifier) -> CustomerRecord:
        """Who has this identifier?

        `identifier`: The identifier, in any of its spellings.
        """
        answer: AnswerCustomer = self._ask(QueryFind(identifier=identifier))
        return answer.customer

    def wallet(self, customer_id: str, at: datetime) -> Wallet:
        """What do they hold at this instant?

        `customer_id`: The customer. `at`: The instant; not before the last entry.
        """
        answer: Wallet = self._ask(QueryWallet(customer_id=customer_id, at=at))
        return answer

    def lots(self, customer_id: str, currency: str, at: datetime) -> Sequence[Lot]:
        """Which lots are open at this instant, in consumption order?

        `customer_id`: The customer. `currency`: The point currency. `at`: The instant; not before the last entry.
        """
        answer: AnswerLots = self._ask(QueryLots(customer_id=customer_id, currency=currency, at=at))
        return answer.lots

    def statement(self, customer_id: str, *, after: int = 0, limit: int | None = None) -> AnswerStatement:
        """What happened, entry by entry?

        `customer_id`: The customer. `after`: Only entries after this one. `limit`: At most so many; default 1,000.
        """
        answer: AnswerStatement = self._ask(QueryStatement(customer_id=customer_id, after=after, limit=limit))
        return answer

    def order(self, order_id: str) -> OrderExplained:
        """What did an order earn, and what became of it?

        `order_id`: The order.
        """
        answer: OrderExplained = self._ask(QueryOrder(order_id=order_id))
        return answer

    def tier(self, customer_id: str, at: datetime, *, known_at: datetime | None = None, ladder: str | None = None) -> TierExplanation:
        """Why this tier, since when, until when, what is needed to keep it or to reach the next?

        `customer_id`: The customer. `at`: At this instant. `known_at`: With what was known then; default everything
        known. `ladder`: The ladder; default the program's first.
        """
        answer: TierExplanation = self._ask(QueryTier(customer_id=customer_id, at=at, known_at=known_at, ladder=ladder))
        return answer

    def lifecycle(self, customer_id: str, at: datetime, *, known_at: datetime | None = None) -> LifecycleAnswer:
        """In which stage, how active?

        `customer_id`: The customer. `at`: At this instant. `known_at`: With what was known then; default everything
        known.
        """
        answer: LifecycleAnswer = self._ask(QueryLifecycle(customer_id=customer_id, at=at, known_at=known_at))
        return answer

    def benefits(self, customer_id: str, at: datetime) -> Sequence[BenefitLeft]:
        """What may they use, how often still?

        `customer_id`: The customer. `at`: The instant; not before the last entry.
        """
        answer: AnswerBenefits = self._ask(QueryBenefits(customer_id=customer_id, at=at))
        return answer.benefits

    def consent(self, customer_id: str) -> AnswerConsent:
        """May they be contacted?

        `customer_id`: The customer.
        """
        answer: AnswerConsent = self._ask(QueryConsent(customer_id=customer_id))
        return answer

    def quote(self, cart: Cart, at: datetime, *, coupons: Sequence[str] | None = None, customer_id: str | None = None) -> Quote:
        """What does a cart cost, with the best of the offers and coupons at hand?

        `cart`: The cart. `at`: The instant; not before the customer's last entry. `coupons`: Which of the
        customer's coupons may be used; default all that are open. `customer_id`: Whose cart it is; none is somebody
        who is not known.
        """
        answer: AnswerQuote = self._ask(QueryQuote(cart=cart, at=at, coupons=coupons, customer_id=customer_id))
        return answer.quote

    def coupons(self, customer_id: str, at: datetime) -> Sequence[Coupon]:
        """Which coupons are open?

        `customer_id`: Whose. `at`: The instant; not before the last entry.
        """
        answer: AnswerCoupons = self._ask(QueryCoupons(customer_id=customer_id, at=at))
        return answer.coupons

    def claim(self, customer_id: str, claim_id: str, at: datetime) -> ClaimView:
        """What does a checkout hold, what did it cost, and what became of it?

        `customer_id`: Whose. `claim_id`: Which. `at`: The instant; not before the last entry.
        """
        answer: ClaimView = self._ask(QueryClaim(customer_id=customer_id, claim_id=claim_id, at=at))
        return answer

    def refund_plan(self, order_id: str, lines: Sequence[ReturnedLine]) -> RefundPlan:
        """What would go back for these units of an order, by the policies of its offers? No refund of lines brings
        delivery back: one in full does, or one of an amount.

        `order_id`: The order. One without a claim gives its own prices back. `lines`: What comes back.
        """
        answer: AnswerRefundPlan = self._ask(QueryRefundPlan(order_id=order_id, lines=lines))
        return answer.plan

    def limits(self, at: datetime) -> Sequence[LimitUse]:
        """How much of the limits over all customers is used, held and left?

        `at`: The instant.
        """
        answer: AnswerLimits = self._ask(QueryLimits(at=at))
        return answer.limits

    def liability(self, at: datetime) -> Sequence[Liability]:
        """What does the merchant owe in points at this instant?

        `at`: The instant; not before the last entry of any customer.
        """
        answer: AnswerLiability = self._ask(QueryLiability(at=at))
        return answer.currencies

    def due(self, until: datetime, *, limit: int | None = None) -> Sequence[Due]:
        """Who is due to be settled up to this instant?

        `until`: The instant. `limit`: At most so many; default 1,000.
        """
        answer: AnswerDue = self._ask(QueryDue(until=until, limit=limit))
        return answer.due

    def gift_card(self, at: datetime, *, card_id: str | None = None, code: str | None = None) -> GiftCardView:
        """What is on a gift card, and what became of the rest?

        `at`: The instant; not before the last thing that happened to it. `card_id`: Which card; or by its code.
        `code`: Its code, in any spelling of case and dashes.
        """
        answer: GiftCardView = self._ask(QueryGiftCard(at=at, card_id=card_id, code=code))
        return answer

    def gift_card_liability(self, at: datetime) -> Sequence[GiftCardLiability]:
        """What does the merchant owe on gift cards at this instant?

        `at`: The instant; not before the last thing that happened to any card.
        """
        answer: AnswerGiftCardLiability = self._ask(QueryGiftCardLiability(at=at))
        return answer.currencies

    def group(self, group_id: str, at: datetime) -> GroupView:
        """Who is in a group, and how far has it come?

        `group_id`: Which. `at`: The instant; not before the last thing that happened to it.
        """
        answer: GroupView = self._ask(QueryGroup(group_id=group_id, at=at))
        return answer


class AsyncQuestions:
    """Questions to an engine that is awaited."""

    __slots__ = ()

    async def _ask(self, query: Query) -> Any:
        raise NotImplementedError

    async def customer(self, customer_id: str) -> CustomerRecord:
        """Who is it?

        `customer_id`: The customer.
        """
        answer: AnswerCustomer = await self._ask(QueryCustomer(customer_id=customer_id))
        return answer.customer

    async def find(self, identifier: Identifier) -> CustomerRecord:
        """Who has this identifier?

        `identifier`: The identifier, in any of its spellings.
        """
        answer: AnswerCustomer = await self._ask(QueryFind(identifier=identifier))
        return answer.customer

    async def wallet(self, customer_id: str, at: datetime) -> Wallet:
        """What do they hold at this instant?

        `customer_id`: The customer. `at`: The instant; not before the last entry.
        """
        answer: Wallet = await self._ask(QueryWallet(customer_id=customer_id, at=at))
        return answer

    async def lots(self, customer_id: str, currency: str, at: datetime) -> Sequence[Lot]:
        """Which lots are open at this instant, in consumption order?

        `customer_id`: The customer. `currency`: The point currency. `at`: The instant; not before the last entry.
        """
        answer: AnswerLots = await self._ask(QueryLots(customer_id=customer_id, currency=currency, at=at))
        return answer.lots

    async def statement(self, customer_id: str, *, after: int = 0, limit: int | None = None) -> AnswerStatement:
        """What happened, entry by entry?

        `customer_id`: The customer. `after`: Only entries after this one. `limit`: At most so many; default 1,000.
        """
        answer: AnswerStatement = await self._ask(QueryStatement(customer_id=customer_id, after=after, limit=limit))
        return answer

    async def order(self, order_id: str) -> OrderExplained:
        """What did an order earn, and what became of it?

        `order_id`: The order.
        """
        answer: OrderExplained = await self._ask(QueryOrder(order_id=order_id))
        return answer

    async def tier(self, customer_id: str, at: datetime, *, known_at: datetime | None = None, ladder: str | None = None) -> TierExplanation:
        """Why this tier, since when, until when, what is needed to keep it or to reach the next?

        `customer_id`: The customer. `at`: At this instant. `known_at`: With what was known then; default everything
        known. `ladder`: The ladder; default the program's first.
        """
        answer: TierExplanation = await self._ask(QueryTier(customer_id=customer_id, at=at, known_at=known_at, ladder=ladder))
        return answer

    async def lifecycle(self, customer_id: str, at: datetime, *, known_at: datetime | None = None) -> LifecycleAnswer:
        """In which stage, how active?

        `customer_id`: The customer. `at`: At this instant. `known_at`: With what was known then; default everything
        known.
        """
        answer: LifecycleAnswer = await self._ask(QueryLifecycle(customer_id=customer_id, at=at, known_at=known_at))
        return answer

    async def benefits(self, customer_id: str, at: datetime) -> Sequence[BenefitLeft]:
        """What may they use, how often still?

        `customer_id`: The customer. `at`: The instant; not before the last entry.
        """
        answer: AnswerBenefits = await self._ask(QueryBenefits(customer_id=customer_id, at=at))
        return answer.benefits

    async def consent(self, customer_id: str) -> AnswerConsent:
        """May they be contacted?

        `customer_id`: The customer.
        """
        answer: AnswerConsent = await self._ask(QueryConsent(customer_id=customer_id))
        return answer

    async def quote(self, cart: Cart, at: datetime, *, coupons: Sequence[str] | None = None, customer_id: str | None = None) -> Quote:
        """What does a cart cost, with the best of the offers and coupons at hand?

        `cart`: The cart. `at`: The instant; not before the customer's last entry. `coupons`: Which of the
        customer's coupons may be used; default all that are open. `customer_id`: Whose cart it is; none is somebody
        who is not known.
        """
        answer: AnswerQuote = await self._ask(QueryQuote(cart=cart, at=at, coupons=coupons, customer_id=customer_id))
        return answer.quote

    async def coupons(self, customer_id: str, at: datetime) -> Sequence[Coupon]:
        """Which coupons are open?

        `customer_id`: Whose. `at`: The instant; not before the last entry.
        """
        answer: AnswerCoupons = await self._ask(QueryCoupons(customer_id=customer_id, at=at))
        return answer.coupons

    async def claim(self, customer_id: str, claim_id: str, at: datetime) -> ClaimView:
        """What does a checkout hold, what did it cost, and what became of it?

        `customer_id`: Whose. `claim_id`: Which. `at`: The instant; not before the last entry.
        """
        answer: ClaimView = await self._ask(QueryClaim(customer_id=customer_id, claim_id=claim_id, at=at))
        return answer

    async def refund_plan(self, order_id: str, lines: Sequence[ReturnedLine]) -> RefundPlan:
        """What would go back for these units of an order, by the policies of its offers? No refund of lines brings
        delivery back: one in full does, or one of an amount.

        `order_id`: The order. One without a claim gives its own prices back. `lines`: What comes back.
        """
        answer: AnswerRefundPlan = await self._ask(QueryRefundPlan(order_id=order_id, lines=lines))
        return answer.plan

    async def limits(self, at: datetime) -> Sequence[LimitUse]:
        """How much of the limits over all customers is used, held and left?

        `at`: The instant.
        """
        answer: AnswerLimits = await self._ask(QueryLimits(at=at))
        return answer.limits

    async def liability(self, at: datetime) -> Sequence[Liability]:
        """What does the merchant owe in points at this instant?

        `at`: The instant; not before the last entry of any customer.
        """
        answer: AnswerLiability = await self._ask(QueryLiability(at=at))
        return answer.currencies

    async def due(self, until: datetime, *, limit: int | None = None) -> Sequence[Due]:
        """Who is due to be settled up to this instant?

        `until`: The instant. `limit`: At most so many; default 1,000.
        """
        answer: AnswerDue = await self._ask(QueryDue(until=until, limit=limit))
        return answer.due

    async def gift_card(self, at: datetime, *, card_id: str | None = None, code: str | None = None) -> GiftCardView:
        """What is on a gift card, and what became of the rest?

        `at`: The instant; not before the last thing that happened to it. `card_id`: Which card; or by its code.
        `code`: Its code, in any spelling of case and dashes.
        """
        answer: GiftCardView = await self._ask(QueryGiftCard(at=at, card_id=card_id, code=code))
        return answer

    async def gift_card_liability(self, at: datetime) -> Sequence[GiftCardLiability]:
        """What does the merchant owe on gift cards at this instant?

        `at`: The instant; not before the last thing that happened to any card.
        """
        answer: AnswerGiftCardLiability = await self._ask(QueryGiftCardLiability(at=at))
        return answer.currencies

    async def group(self, group_id: str, at: datetime) -> GroupView:
        """Who is in a group, and how far has it come?

        `group_id`: Which. `at`: The instant; not before the last thing that happened to it.
        """
        answer: GroupView = await self._ask(QueryGroup(group_id=group_id, at=at))
        return answer
