//! The person: profile, identifiers and their normal forms, tags, attributes, consent.

mod codec;
mod consent;
mod identity;
mod phone;
mod profile;
mod record;
mod tidy;

pub use consent::EffectiveConsent;
pub use identity::IdentityKey;
pub use profile::{
    Address, Buyer, Consent, ConsentSource, ConsentState, CustomerChange, Gender, Identifier, IdentifierKind, Profile,
};
pub use record::CustomerRecord;

#[cfg(test)]
mod identity_tests;
#[cfg(test)]
mod record_tests;
