//! Every type that crosses the border of the library, as one JSON Schema: bindings make their types and their conversions from it.
//!
//! A test writes it from the Rust types, so that a new field reaches every language or stops the build.

/// The JSON Schema (draft 2020-12): `$defs` holds each type by its name, `properties` what a host sends and gets.
///
/// Formats say what a text or a number stands for: `money`, `decimal`, `quantity`, `percent` (exact decimals), `points`, `date-time`, `date`,
/// `name` and the like. An object with variants says which one it is in its field `type`. `errors` lists every code of an error, with its name
/// in the library, what to do about it, and whether to try again.
pub const SCHEMA: &str = include_str!("interface/schema.json");

#[cfg(all(test, feature = "sqlite", feature = "import"))]
mod tests;
