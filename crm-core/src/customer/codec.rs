//! The stored form of a customer: a version byte, then CBOR. Parts that are open-ended are JSON texts inside: they are read
//! seldom, and JSON is the form that is promised to stay readable.

use super::identity::IdentityKey;
use super::profile::{Consent, Identifier};
use super::record::CustomerRecord;
use crate::error::{Error, ErrorCode, Result};
use crate::value::{CustomerId, Tag, Timestamp};
use minicbor::{Decode, Encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// The format written by this release.
const VERSION: u8 = 1;

#[derive(Encode, Decode)]
struct Stored {
    #[n(0)]
    id: CustomerId,
    #[n(1)]
    registered_at: Timestamp,
    #[n(2)]
    identifiers: Option<Vec<(IdentityKey, String)>>,
    #[n(3)]
    profile: Option<String>,
    #[n(4)]
    tags: Option<BTreeSet<Tag>>,
    #[n(5)]
    attributes: Option<String>,
    #[n(6)]
    consents: Option<Vec<String>>,
    #[n(7)]
    referred_by: Option<CustomerId>,
}

impl CustomerRecord {
    /// The stored form.
    ///
    /// # Errors
    /// `internal` when the record cannot be written, which no record that exists should do.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let identifiers = self.identifiers.iter().map(|(key, given)| Ok((key.clone(), json(given)?)));
        let stored = Stored {
            id: self.id.clone(),
            registered_at: self.registered_at,
            identifiers: some(!self.identifiers.is_empty(), || identifiers.collect::<Result<_>>())?,
            profile: some(self.profile != Default::default(), || json(&self.profile))?,
            tags: some(!self.tags.is_empty(), || Ok(self.tags.clone()))?,
            attributes: some(!self.attributes.is_empty(), || json(&self.attributes))?,
            consents: some(!self.consents.is_empty(), || self.consents.iter().map(json).collect())?,
            referred_by: self.referred_by.clone(),
        };
        let mut bytes = vec![VERSION];
        minicbor::encode(&stored, &mut bytes)
            .map_err(|e| Error::internal(format!("customer cannot be written: {e}")))?;
        Ok(bytes)
    }

    /// Reads the stored form back and checks it.
    ///
    /// # Errors
    /// `store.newer` for a format of a later release, `store.corrupt` for anything else that is no stored customer.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let stored: Stored = match bytes {
            [VERSION, rest @ ..] => minicbor::decode(rest).map_err(|e| corrupt("is not a customer").caused_by(e))?,
            [version, ..] if *version > VERSION => {
                return Err(Error::new(
                    ErrorCode::StoreNewer,
                    format!("customer has format {version}, this release reads {VERSION}"),
                ));
            }
            _ => return Err(corrupt("has no known format")),
        };
        let identifiers = stored.identifiers.unwrap_or_default().into_iter();
        let consents = stored.consents.unwrap_or_default();
        let record = Self {
            id: stored.id,
            registered_at: stored.registered_at,
            identifiers: identifiers
                .map(|(key, given)| Ok((key, from_json::<Identifier>(&given)?)))
                .collect::<Result<_>>()?,
            profile: stored.profile.map(|text| from_json(&text)).transpose()?.unwrap_or_default(),
            tags: stored.tags.unwrap_or_default(),
            attributes: stored.attributes.map(|text| from_json(&text)).transpose()?.unwrap_or_default(),
            consents: consents.iter().map(|text| from_json::<Consent>(text)).collect::<Result<_>>()?,
            referred_by: stored.referred_by,
        };
        record.check().map_err(|e| corrupt("breaks a limit").caused_by(e))?;
        Ok(record)
    }
}

fn some<T>(there: bool, value: impl FnOnce() -> Result<T>) -> Result<Option<T>> {
    if there { value().map(Some) } else { Ok(None) }
}

fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::internal("customer cannot be written").caused_by(e))
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| corrupt("holds another kind of value").caused_by(e))
}

fn corrupt(what: &str) -> Error {
    Error::new(ErrorCode::StoreCorrupt, format!("stored customer {what}"))
}
