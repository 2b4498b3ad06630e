//! Identifiers and their normal forms: two spellings of one phone number are one key.

use super::phone;
use super::profile::{Identifier, IdentifierKind};
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// Why an identifier identifies nobody; the detail `reason` of `identity.text`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Masked,
    SciNotation,
    Placeholder,
    Invalid,
}

impl Refusal {
    const fn reason(self) -> &'static str {
        match self {
            Self::Masked => "masked",
            Self::SciNotation => "sci_notation",
            Self::Placeholder => "placeholder",
            Self::Invalid => "invalid",
        }
    }
}

/// The normal form of an identifier; equal keys are one identity: `phone:+8613800138000`, `email:a@b.c`, `wx_openid:<app>:<id>`.
///
/// `:` and `%` in a scope are written `%3A` and `%25`, so that no two identifiers share a key by accident.
///
/// ```
/// use crm_core::customer::{Identifier, IdentifierKind};
/// let phone = |value: &str| Identifier { kind: IdentifierKind::Phone, scope: None, value: value.into() };
/// assert_eq!(phone("138 0013 8000").key(Some("CN"))?.as_str(), "phone:+8613800138000");
/// assert_eq!(phone("+86-138-0013-8000").key(None)?, phone("13800138000").key(Some("CN"))?);
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityKey(Arc<str>);

impl IdentityKey {
    /// Takes a key over that [`Identifier::key`] made.
    ///
    /// # Errors
    /// `identity.text` for a text that is no such key.
    pub fn parse(text: &str) -> Result<Self> {
        let kind = text.split_once(':').map(|(kind, _)| kind);
        let known = kind.is_some_and(|kind| IdentifierKind::ALL.iter().any(|known| known.as_str() == kind));
        if known && text.len() <= limits::IDENTITY_KEY_BYTES_MAX && !text.chars().any(char::is_control) {
            Ok(Self(Arc::from(text)))
        } else {
            Err(refused("key", Refusal::Invalid))
        }
    }

    /// The key as text; stable for ever, fit to be stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for IdentityKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for IdentityKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for IdentityKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl<C> minicbor::Encode<C> for IdentityKey {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> std::result::Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?;
        Ok(())
    }
}

impl<'b, C> minicbor::Decode<'b, C> for IdentityKey {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> std::result::Result<Self, minicbor::decode::Error> {
        Self::parse(d.str()?).map_err(|_| minicbor::decode::Error::message("not an identity key"))
    }
}

impl IdentifierKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::UserId,
        Self::MemberNo,
        Self::Phone,
        Self::Email,
        Self::WxOpenid,
        Self::WxUnionid,
        Self::AlipayUid,
        Self::YzOpenId,
        Self::TbNick,
        Self::TbOuid,
        Self::TbOmid,
        Self::CardNo,
        Self::Device,
        Self::Cookie,
        Self::Custom,
    ];

    /// Its name in documents and keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserId => "user_id",
            Self::MemberNo => "member_no",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::WxOpenid => "wx_openid",
            Self::WxUnionid => "wx_unionid",
            Self::AlipayUid => "alipay_uid",
            Self::YzOpenId => "yz_open_id",
            Self::TbNick => "tb_nick",
            Self::TbOuid => "tb_ouid",
            Self::TbOmid => "tb_omid",
            Self::CardNo => "card_no",
            Self::Device => "device",
            Self::Cookie => "cookie",
            Self::Custom => "custom",
        }
    }

    /// Whether it needs a scope; the others refuse one.
    #[must_use]
    pub const fn is_scoped(self) -> bool {
        matches!(self, Self::WxOpenid | Self::TbOuid | Self::TbOmid | Self::Custom)
    }
}

impl Identifier {
    /// The normal form. `country` (ISO 3166-1 alpha-2) is for phone numbers written without a country code.
    ///
    /// Phones become E.164. E-mail addresses are lower-cased as a whole: the part before the `@` may distinguish case by the
    /// letter of the standard, but no provider in use does. Everything else is folded to NFKC (full-width digits become plain
    /// ones) and trimmed; case counts.
    ///
    /// # Errors
    /// `identity.text` with the detail `reason`: `masked`, `sci_notation`, `placeholder` or `invalid`; also for a missing scope
    /// and for one that the kind does not take (field `scope`). `value.too_long` above 128 bytes (e-mail 254).
    /// `customer.field` for a country that is none.
    pub fn key(&self, country: Option<&str>) -> Result<IdentityKey> {
        let max = if self.kind == IdentifierKind::Email { limits::EMAIL_BYTES_MAX } else { limits::ID_BYTES_MAX };
        bounded("value", &self.value, max)?;
        let value = match self.kind {
            IdentifierKind::Phone => phone::e164(&self.value, country.map(country_id).transpose()?).map(Cow::Owned),
            IdentifierKind::Email => email(&self.value).map(Cow::Owned),
            kind => plain(&self.value, kind != IdentifierKind::Custom),
        }
        .map_err(|why| refused("value", why))?;
        bounded("value", &value, max)?;
        let kind = self.kind.as_str();
        let key = match self.scope_text()? {
            Some(scope) => format!("{kind}:{scope}:{value}"),
            None => [kind, ":", &value].concat(),
        };
        Ok(IdentityKey(Arc::from(key)))
    }

    fn scope_text(&self) -> Result<Option<String>> {
        let kind = self.kind.as_str();
        match (self.kind.is_scoped(), self.scope.as_deref()) {
            (false, None) => Ok(None),
            (false, Some(_)) => Err(Error::new(ErrorCode::IdentityText, format!("`{kind}` takes no scope"))
                .field("scope")
                .with("reason", Refusal::Invalid.reason())),
            (true, None) => Err(Error::new(ErrorCode::IdentityText, format!("`{kind}` needs a scope"))
                .field("scope")
                .with("reason", Refusal::Invalid.reason())),
            (true, Some(scope)) => {
                bounded("scope", scope, limits::ID_BYTES_MAX)?;
                let scope = plain(scope, false).map_err(|why| refused("scope", why))?;
                bounded("scope", &scope, limits::ID_BYTES_MAX)?;
                Ok(Some(scope.replace('%', "%25").replace(':', "%3A")))
            }
        }
    }
}

fn country_id(country: &str) -> Result<phonenumber::country::Id> {
    country.parse().map_err(|_| {
        let shown = limits::quote(country);
        Error::new(ErrorCode::CustomerField, format!("`{shown}` is not an ISO 3166-1 alpha-2 country")).field("country")
    })
}

/// Never quotes the value: an identifier is personal data.
fn refused(field: &'static str, why: Refusal) -> Error {
    let what = match why {
        Refusal::Masked => "the identifier is masked",
        Refusal::SciNotation => "the identifier is in scientific notation, digits are lost",
        Refusal::Placeholder => "the identifier is a placeholder",
        Refusal::Invalid => "the identifier is not valid for its kind",
    };
    Error::new(ErrorCode::IdentityText, what).field(field).with("reason", why.reason())
}

fn bounded(field: &'static str, text: &str, max: usize) -> Result<()> {
    if text.len() <= max {
        return Ok(());
    }
    let message = format!("identifier {field} has {} bytes, at most {max} are allowed", text.len());
    Err(Error::new(ErrorCode::ValueTooLong, message).field(field).limit(max))
}

/// Full-width characters made plain; ASCII is plain already.
fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfkc().collect()) }
}

fn plain(text: &str, mask_refused: bool) -> std::result::Result<Cow<'_, str>, Refusal> {
    let folded = fold(text);
    let trimmed = folded.trim();
    if trimmed.is_empty() || trimmed.chars().any(char::is_control) {
        return Err(Refusal::Invalid);
    }
    // Platforms mask nicks and member numbers as `t**1`; whoever joins on them joins strangers.
    if mask_refused && trimmed.contains('*') {
        return Err(Refusal::Masked);
    }
    Ok(match folded {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(_) => Cow::Owned(trimmed.to_owned()),
    })
}

fn email(text: &str) -> std::result::Result<String, Refusal> {
    let lower = fold(&fold(text).trim().to_lowercase()).into_owned();
    if lower.contains('*') {
        return Err(Refusal::Masked);
    }
    let (local, domain) = lower.split_once('@').ok_or(Refusal::Invalid)?;
    let odd = |c: char| c.is_control() || c.is_whitespace() || "@<>()[]\\,;:\"".contains(c);
    let local_ok = (1..=64).contains(&local.len())
        && !local.chars().any(odd)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    let label_ok = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    if local_ok && domain.contains('.') && domain.split('.').all(label_ok) { Ok(lower) } else { Err(Refusal::Invalid) }
}
