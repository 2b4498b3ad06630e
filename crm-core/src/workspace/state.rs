//! The state of a customer as of the last command: what the row in the `customer` table carries besides the profile.

use super::lazy::Lazy;
use crate::code::Attempts;
use crate::coupon::{ClaimState, LimitHold, Wallet};
use crate::customer::CustomerRecord;
use crate::error::{Error, Result};
use crate::lifecycle::LifeState;
use crate::offer::Receipt;
use crate::points::{Account, CapUse, Formula, LotId, Redemption, Shortfall};
use crate::tier::LadderState;
use crate::value::{
    BatchId, BenefitId, ClaimId, CouponId, Currency, CustomerId, Fingerprint, GiftCardId, GroupId, HoldId, LadderId,
    OfferId, OrderId, PointCurrency, Points, RedemptionId, RefundId, RequestId, RuleId, TierId, Timestamp, bucket_of,
};
use minicbor::{Decode, Encode};
use std::sync::Arc;

/// The hot part of a customer's row.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct CustomerState {
    /// The last entry's place.
    #[n(0)]
    pub(crate) seq: u64,
    /// The instant of the last command; the journal's clock never goes back.
    #[n(1)]
    pub(crate) recorded_at: Timestamp,
    /// One per currency that ever moved.
    #[n(2)]
    pub(crate) accounts: Vec<Account>,
    /// Tiers, stage and activity.
    #[n(3)]
    pub(crate) standing: Lazy<Standing>,
    /// Every change of standing up to here is in the journal.
    #[n(4)]
    pub(crate) told_at: Timestamp,
    /// What caps have seen.
    #[n(5)]
    pub(crate) caps: Vec<CapUse>,
    /// Valid orders so far, in order of arrival.
    #[n(6)]
    pub(crate) orders: u32,
    /// The last calendar year whose birthday was rewarded.
    #[n(7)]
    pub(crate) birthday_year: Option<i32>,
    /// Whether the referral of this customer was rewarded.
    #[n(8)]
    pub(crate) referral_rewarded: bool,
    /// Uses of benefits in their current period.
    #[n(9)]
    pub(crate) benefits: Vec<BenefitUse>,
    /// Whether the registration was reverted with its import.
    #[n(10)]
    pub(crate) unregistered: bool,
    /// Whether they were registered by their first order, and not by themselves.
    #[n(11)]
    pub(crate) implicit: bool,
    /// When time alone changes the standing next after `told_at`.
    #[n(12)]
    pub(crate) standing_due: Option<Timestamp>,
    /// Which rules the standing was worked out by.
    #[n(13)]
    pub(crate) standing_stamp: u64,
    /// Open coupons and claims, once there were any.
    #[n(14)]
    pub(crate) wallet: Option<Lazy<Wallet>>,
    /// When time alone changes the wallet next.
    #[n(15)]
    pub(crate) wallet_due: Option<Timestamp>,
    /// Codes that they tried, where attempts are limited.
    #[n(16)]
    pub(crate) tried: Option<Box<Tried>>,
}

/// Where a customer stands on ladders and in the lifecycle as of the last fact, and what was told about it.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub(crate) struct Standing {
    /// One per ladder.
    #[n(0)]
    pub(crate) ladders: Vec<LadderSlot>,
    /// Stage and activity.
    #[n(1)]
    pub(crate) life: Option<LifeSlot>,
}

/// A ladder's state as of the last fact, and what has been told about it.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct LadderSlot {
    #[n(0)]
    pub(crate) ladder: LadderId,
    /// Which rules made the state; other rules play the journal again.
    #[n(1)]
    pub(crate) stamp: u64,
    #[n(2)]
    pub(crate) state: LadderState,
    /// The tier last written to the journal.
    #[n(3)]
    pub(crate) told: TierId,
}

/// The lifecycle's state as of the last fact, and what has been told about it.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct LifeSlot {
    #[n(0)]
    pub(crate) state: LifeState,
    #[cbor(n(1), with = "crate::value::shared")]
    pub(crate) told_stage: Arc<str>,
    #[cbor(n(2), with = "crate::value::shared")]
    pub(crate) told_activity: Arc<str>,
}

/// Uses of a benefit in one period.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct BenefitUse {
    #[n(0)]
    pub(crate) ladder: LadderId,
    #[n(1)]
    pub(crate) benefit: BenefitId,
    /// First day of the period, in days since 1970.
    #[n(2)]
    pub(crate) period: i64,
    #[n(3)]
    pub(crate) used: u32,
}

/// An award of an order, kept with the order so that a refund needs nothing else.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct AwardRecord {
    #[n(0)]
    pub(crate) currency: PointCurrency,
    /// For a fixed bonus: its rule.
    #[n(1)]
    pub(crate) rule: Option<RuleId>,
    /// For a proportional award: the rule snapshot.
    #[n(2)]
    pub(crate) formula: Option<Formula>,
    #[n(3)]
    pub(crate) granted: Points,
    #[n(4)]
    pub(crate) clawed: Points,
    #[n(5)]
    pub(crate) lots: Vec<LotId>,
    #[n(6)]
    pub(crate) shortfall: Vec<Shortfall>,
    /// Who got it, when it was not the buyer: the referrer.
    #[n(7)]
    pub(crate) to: Option<CustomerId>,
    /// The ways in which points paid for redemptions of this order were given back, is elsewhere; this is the basis flags:
    /// bit 0 tax counted, bit 1 shipping counted.
    #[n(8)]
    pub(crate) basis: u8,
    /// Points that were kept from the money paid back instead of taken.
    #[n(9)]
    #[cbor(default)]
    pub(crate) netted: Points,
}

/// A refund that waited for its order and did not fit it.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct Unfit {
    #[n(0)]
    pub(crate) id: RefundId,
    #[n(1)]
    pub(crate) fingerprint: Fingerprint,
    /// When the money went back.
    #[n(2)]
    pub(crate) at: Timestamp,
    /// The code with which it would have been refused.
    #[n(3)]
    pub(crate) code: String,
}

/// What decide keeps with an order.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub(crate) struct OrderExtra {
    #[n(0)]
    pub(crate) awards: Vec<AwardRecord>,
    /// Its place among the customer's valid orders, for `order_number`.
    #[n(1)]
    pub(crate) number: u32,
    /// Points already given back per redemption of a points tender.
    #[n(2)]
    pub(crate) restored: Vec<Points>,
    /// Refunds that waited for the order and did not fit it.
    #[n(3)]
    pub(crate) unfit: Vec<Unfit>,
    /// Whether it made a referral count.
    #[n(4)]
    #[cbor(default)]
    pub(crate) referral: bool,
    /// What ladders and lifecycle know as its spend, in minor units: what it counted, less what refunds have taken of it.
    #[n(5)]
    #[cbor(default)]
    pub(crate) spend_minor: i64,
    /// What of it counts as spend: the basis flags of the revision under which it was recorded; none for nothing.
    #[n(6)]
    pub(crate) spend_basis: Option<u8>,
    /// The claim that it was paid with.
    #[n(7)]
    pub(crate) claim: Option<ClaimId>,
    /// What it means to gift cards and groups; most orders mean nothing to them, and keep nothing.
    #[n(8)]
    pub(crate) links: Option<Box<OrderLinks>>,
    /// The import that told of its cancellation.
    #[n(9)]
    pub(crate) cancelled_with: Option<BatchId>,
    /// What took orders of this number out by hand, the last one last.
    #[n(10)]
    #[cbor(default)]
    pub(crate) taken_out_by: Vec<TakenOutBy>,
}

/// A request that took an order out by hand, and whose it was.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct TakenOutBy {
    #[n(0)]
    pub(crate) request: RequestId,
    #[n(1)]
    pub(crate) customer: CustomerId,
}

/// What an order means to gift cards and groups.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub(crate) struct OrderLinks {
    /// What was already given back to gift cards, per tender of stored value with a redemption, in minor units.
    #[n(0)]
    pub(crate) restored: Vec<i64>,
    /// Gift cards that it bought and that have not been taken back, with the line that they are on.
    #[n(1)]
    pub(crate) cards: Vec<(GiftCardId, Option<u32>)>,
    /// The group in which it pays for a seat.
    #[n(2)]
    pub(crate) group: Option<GroupId>,
}

/// A thing in a row of its own, with the version of the stored row; 0 for a new one.
#[derive(Clone, Debug)]
pub(crate) struct Versioned<T> {
    pub(crate) version: i64,
    pub(crate) thing: T,
}

/// What a customer has tried of codes.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub(crate) struct Tried {
    #[n(0)]
    pub(crate) attempts: Attempts,
    /// Codes that were found, in their normal form, the last one last.
    #[n(1)]
    pub(crate) found: Vec<String>,
}

/// What a code stands for.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) enum CodeOf {
    /// A coupon of the customer who has the code.
    #[n(0)]
    Coupon(#[n(0)] CouponId),
    /// A coupon of whoever claims with it first.
    #[n(1)]
    Bearer(#[n(0)] Bearer),
}

/// A coupon that nobody has yet.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct Bearer {
    #[n(0)]
    pub(crate) offer: OfferId,
    #[n(1)]
    pub(crate) valid_from: Timestamp,
    #[n(2)]
    pub(crate) valid_until: Option<Timestamp>,
    #[n(3)]
    pub(crate) uses: u32,
}

/// A checkout's claim as it is kept.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct ClaimRecord {
    #[n(0)]
    pub(crate) state: ClaimState,
    #[n(1)]
    pub(crate) at: Timestamp,
    #[n(2)]
    pub(crate) deadline: Timestamp,
    #[n(3)]
    pub(crate) order: Option<OrderId>,
    /// Of what was claimed, so that the same claim again is known.
    #[n(4)]
    pub(crate) print: Fingerprint,
    #[n(5)]
    pub(crate) coupons: Vec<CouponId>,
    #[n(6)]
    pub(crate) counters: Vec<LimitHold>,
    #[n(7)]
    pub(crate) uses: Vec<LimitHold>,
    #[n(8)]
    pub(crate) hold: Option<HoldId>,
    #[n(9)]
    pub(crate) currency: Currency,
    #[n(10)]
    pub(crate) off_minor: i64,
    /// Whether something that it used came back with its order.
    #[n(11)]
    pub(crate) returned: bool,
    /// Cart, quote and rules, as JSON.
    #[n(12)]
    pub(crate) receipt: Lazy<Receipt>,
    /// What it holds or has taken of gift cards.
    #[n(13)]
    #[cbor(default)]
    pub(crate) cards: Vec<ClaimCard>,
    /// The group whose seat its order pays for.
    #[n(14)]
    #[cbor(default)]
    pub(crate) group: Option<GroupId>,
    /// The offers whose uses came back.
    #[n(15)]
    #[cbor(default)]
    pub(crate) returned_offers: Vec<OfferId>,
    /// What its points pay, all of them together, where the program said so on the day of the claim.
    #[n(16)]
    #[cbor(default)]
    pub(crate) points_minor: Option<i64>,
}

/// What a claim holds or has taken of a gift card.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct ClaimCard {
    #[n(0)]
    pub(crate) card: GiftCardId,
    /// The use of the card.
    #[n(1)]
    pub(crate) usage: RedemptionId,
    #[n(2)]
    pub(crate) minor: i64,
}

/// A customer in the workspace, and as a stored thing: then nothing of it changes any more.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) id: CustomerId,
    /// The bucket of the id.
    pub(crate) bucket: u16,
    /// Version of the stored row; 0 for a new one.
    pub(crate) version: i64,
    pub(crate) registered_at: Timestamp,
    /// The cold part.
    pub(crate) profile: Lazy<CustomerRecord>,
    pub(crate) state: CustomerState,
    pub(crate) shown: Shown,
}

/// What the columns of the row show.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) stage: Option<Arc<str>>,
    pub(crate) activity: Option<Arc<str>>,
    pub(crate) tier: Option<Arc<str>>,
    /// Available points of the program's first currency.
    pub(crate) points: Points,
    /// When time alone changes something next.
    pub(crate) due: Option<Timestamp>,
}

impl Shown {
    /// Takes over what was told of tiers and stages.
    pub(crate) fn stand(&mut self, standing: &Standing) {
        self.stage = standing.life.as_ref().map(|slot| slot.told_stage.clone());
        self.activity = standing.life.as_ref().map(|slot| slot.told_activity.clone());
        self.tier = standing.ladders.first().map(|slot| slot.told.shared());
    }
}

impl Customer {
    pub(crate) fn new(record: CustomerRecord, at: Timestamp) -> Self {
        Self {
            id: record.id.clone(),
            bucket: bucket_of(record.id.as_str()),
            version: 0,
            registered_at: record.registered_at,
            profile: Lazy::new(record),
            state: CustomerState {
                seq: 0,
                recorded_at: at,
                accounts: Vec::new(),
                standing: Lazy::new(Standing::default()),
                told_at: Timestamp::MIN,
                caps: Vec::new(),
                orders: 0,
                birthday_year: None,
                referral_rewarded: false,
                benefits: Vec::new(),
                unregistered: false,
                implicit: false,
                standing_due: None,
                standing_stamp: 0,
                wallet: None,
                wallet_due: None,
                tried: None,
            },
            shown: Shown::default(),
        }
    }

    /// Whether nothing of it is stored yet.
    pub(crate) fn is_new(&self) -> bool {
        self.version == 0
    }

    /// The cold part for reading.
    pub(crate) fn record(&self) -> Result<&CustomerRecord> {
        self.profile.get()
    }

    /// The cold part for changing.
    pub(crate) fn record_mut(&mut self) -> Result<&mut CustomerRecord> {
        self.profile.get_mut()
    }

    /// The account of a currency, opened when it is first used.
    pub(crate) fn account(&mut self, currency: &PointCurrency) -> Result<&mut Account> {
        let place = match self.state.accounts.iter().position(|account| account.currency == *currency) {
            Some(place) => place,
            None => {
                self.state.accounts.push(Account::new(currency.clone()));
                self.state.accounts.len().saturating_sub(1)
            }
        };
        self.state.accounts.get_mut(place).ok_or_else(|| Error::internal("account vanished"))
    }

    /// The open coupons and claims.
    pub(crate) fn wallet(&self) -> Result<Option<&Wallet>> {
        self.state.wallet.as_ref().map(Lazy::get).transpose()
    }

    /// Changes the wallet, and works out when time changes it next.
    pub(crate) fn change_wallet<T>(&mut self, change: impl FnOnce(&mut Wallet) -> Result<T>) -> Result<T> {
        let wallet = self.state.wallet.get_or_insert_with(|| Lazy::new(Wallet::default())).get_mut()?;
        let done = change(wallet);
        self.state.wallet_due = wallet.next_due();
        if wallet.is_empty() {
            self.state.wallet = None;
        }
        done
    }

    /// When time alone changes one of the accounts next.
    pub(crate) fn accounts_due(&self) -> Option<Timestamp> {
        self.state.accounts.iter().filter_map(Account::next_due).min()
    }
}

/// A redemption with the currency it was taken from.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct RedemptionRecord {
    #[n(0)]
    pub(crate) currency: PointCurrency,
    #[n(1)]
    pub(crate) redemption: Redemption,
    /// The order that it paid for.
    #[n(2)]
    pub(crate) order: Option<OrderId>,
}

/// Encodes a part of the state.
pub(crate) fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    // Writing into a vector cannot fail.
    let _ = minicbor::encode(value, &mut bytes);
    bytes
}

/// Decodes a part of the state.
pub(crate) fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8], what: &str) -> Result<T> {
    minicbor::decode(bytes).map_err(|error| {
        Error::new(crate::ErrorCode::StoreCorrupt, format!("the stored {what} cannot be read"))
            .caused_by(error.to_string())
    })
}
