//! Who a customer is: profile, identifiers, consent, as they cross the border.

use crate::value::{Actor, Attribute, AttributeName, CalendarDate, CustomerId, Tag, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A name by which a customer is known somewhere: `{"type":"phone","value":"138 0013 8000"}`.
///
/// Platform ids are valid within a scope (an app, a shop, a brand).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// What kind of name.
    #[serde(rename = "type")]
    pub kind: IdentifierKind,
    /// Where it is valid: the WeChat app, the Taobao shop, … Required for the kinds that need one, refused for the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The name.
    pub value: String,
}

/// Kinds of identifiers. A Taobao OAID is none: it differs by shop, app and week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// The shop's own user id.
    UserId,
    /// A member number.
    MemberNo,
    /// A phone number; normal form E.164.
    Phone,
    /// An e-mail address.
    Email,
    /// WeChat open id; scope is the app.
    WxOpenid,
    /// WeChat union id.
    WxUnionid,
    /// Alipay user id.
    AlipayUid,
    /// Youzan open id.
    YzOpenId,
    /// Taobao nick (买家会员名).
    TbNick,
    /// Taobao ouid; scope is the shop.
    TbOuid,
    /// Taobao omid; scope is the brand.
    TbOmid,
    /// The number of a card.
    CardNo,
    /// A device.
    Device,
    /// A browser cookie.
    Cookie,
    /// Anything else; scope names the system.
    Custom,
}

/// What is known about a person. Every field may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The name to address them by, at most 4,096 bytes; stored in NFKC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As they state it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<Gender>,
    /// Their birthday. The year may be unknown to a shop: then it gives 1 to 1900 as it likes; only month and day are used for birthdays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<CalendarDate>,
    /// A BCP 47 language tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Where they live, from the country down to the street.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Free note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// As they state it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    /// A woman.
    Female,
    /// A man.
    Male,
    /// Something else.
    Other,
}

impl Gender {
    /// The word for it in every language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
            Self::Other => "other",
        }
    }
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Province or state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// City.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// District.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// Street, house and the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// Postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
}

/// What to change about a customer. Absent means unchanged; to take a profile field away name it in `clear`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CustomerChange {
    /// Profile fields to set; an absent field stays as it is.
    #[serde(default)]
    pub profile: Profile,
    /// Profile fields to take away: `name`, `gender`, `birthday`, `language`, `address`, `note`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub clear: BTreeSet<String>,
    /// Identifiers to add; each must be free or theirs already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add_identifiers: Vec<Identifier>,
    /// Identifiers to take away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove_identifiers: Vec<Identifier>,
    /// Tags to add.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub add_tags: BTreeSet<Tag>,
    /// Tags to take away.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub remove_tags: BTreeSet<Tag>,
    /// Custom attributes to set.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set_attributes: BTreeMap<AttributeName, Attribute>,
    /// Custom attributes to take away.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub remove_attributes: BTreeSet<AttributeName>,
}

/// One statement about consent: for a purpose over a channel, given or withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// For what: `marketing`, `service`, `profiling`, …
    pub purpose: Tag,
    /// Over which channel: `sms`, `email`, `wechat`, `phone`, …
    pub channel: Tag,
    /// Given or withdrawn.
    pub state: ConsentState,
    /// Who said so.
    pub source: ConsentSource,
    /// When they said so.
    pub stated_at: Timestamp,
    /// Version of the notice they saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Tag>,
}

/// Given or withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    /// Given.
    Granted,
    /// Withdrawn.
    Withdrawn,
}

/// Who made a statement about consent. Only customers can widen it; imports and operators may only restrict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ConsentSource {
    /// The customer themselves.
    Customer,
    /// Someone in the shop.
    Operator {
        /// Who.
        actor: Actor,
    },
    /// A file.
    Import,
}

/// Whose order, refund or event it is.
#[allow(
    clippy::large_enum_variant,
    reason = "one per command, never stored in bulk; a box would show in every host's code"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Buyer {
    /// A registered customer.
    Customer {
        /// Their id.
        id: CustomerId,
    },
    /// Whoever has one of these identifiers, the first that is known counts.
    Known {
        /// The identifiers, the most trusted first.
        identifiers: Vec<Identifier>,
    },
    /// As `known`, but somebody unknown is registered with these identifiers and this profile.
    KnownOrNew {
        /// The identifiers, the most trusted first.
        identifiers: Vec<Identifier>,
        /// For a new customer; a known one keeps what is set and gains what is missing.
        #[serde(default)]
        profile: Profile,
    },
}

impl Buyer {
    /// The id, where they are named by id.
    #[must_use]
    pub fn id(&self) -> Option<&CustomerId> {
        match self {
            Self::Customer { id } => Some(id),
            Self::Known { .. } | Self::KnownOrNew { .. } => None,
        }
    }

    /// The identifiers, where they are named by identifiers.
    #[must_use]
    pub fn identifiers(&self) -> Option<&[Identifier]> {
        match self {
            Self::Customer { .. } => None,
            Self::Known { identifiers } | Self::KnownOrNew { identifiers, .. } => Some(identifiers),
        }
    }
}
