//! The person: profile, identifiers and their normal forms, tags, attributes, consent.

mod profile;

pub use profile::{
    Address, Buyer, Consent, ConsentSource, ConsentState, CustomerChange, Gender, Identifier, IdentifierKind, Profile,
};
