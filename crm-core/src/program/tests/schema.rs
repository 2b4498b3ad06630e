//! The JSON Schema is made from the Rust types of the document. This test writes it and fails when a copy is stale.

use crate::program::Document;
use crate::value;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::path::PathBuf;

/// A value type of the library: text on the border, with a format that the compiler checks with the type's own parser.
macro_rules! text {
    ($($type:ty = $format:literal, $pattern:expr;)*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let mut schema = json_schema!({ "type": "string", "format": $format, "pattern": $pattern });
                if $format == "name" {
                    schema.insert("maxLength".to_owned(), json!(crate::limits::ID_BYTES_MAX));
                }
                schema
            }
        }
    )*};
}

/// ISO 3166-1 alpha-2, as the schema sees it.
pub(crate) struct Country;
/// `HH:MM`, as the schema sees it.
pub(crate) struct ClockTime;
/// `MM-DD`, as the schema sees it.
pub(crate) struct MonthDay;

const NAME: &str = r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$";

text! {
    value::Amount = "decimal", r"^-?[0-9]+(\.[0-9]+)?$";
    value::Currency = "currency", "^[A-Z]{3}$";
    value::Timestamp = "date-time", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$";
    value::CalendarDate = "date", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
    value::AttributeName = "name", NAME;
    value::BenefitId = "name", NAME;
    value::CampaignId = "name", NAME;
    value::Category = "name", NAME;
    value::Channel = "name", NAME;
    value::EventName = "name", NAME;
    value::LadderId = "name", NAME;
    value::LimitId = "name", NAME;
    value::OfferId = "name", NAME;
    value::Party = "name", NAME;
    value::Percent = "percent", r"^[0-9]{1,3}(\.[0-9]+)?$";
    value::PointCurrency = "name", NAME;
    value::Reason = "name", NAME;
    value::RuleId = "name", NAME;
    value::Sku = "name", NAME;
    value::StackGroup = "name", NAME;
    value::StoreId = "name", NAME;
    value::Tag = "name", NAME;
    value::TierId = "name", NAME;
    value::Actor = "name", NAME;
    value::BatchId = "name", NAME;
    value::ClaimId = "name", NAME;
    value::CouponId = "name", NAME;
    value::CustomerId = "name", NAME;
    value::EventId = "name", NAME;
    value::GiftCardId = "name", NAME;
    value::GroupId = "name", NAME;
    value::HoldId = "name", NAME;
    value::OrderId = "name", NAME;
    value::RedemptionId = "name", NAME;
    value::RefundId = "name", NAME;
    value::RequestId = "name", NAME;
    crate::customer::IdentityKey = "identity-key", "^[a-z_]+:.+$";
    value::Zone = "iana-zone", r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$";
    Country = "country", "^[A-Z]{2}$";
    ClockTime = "clock-time", "^([01][0-9]|2[0-3]):[0-5][0-9]$";
    MonthDay = "month-day", "^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";
}

impl JsonSchema for value::Quantity {
    fn schema_name() -> Cow<'static, str> {
        "Quantity".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "format": "quantity", "pattern": r"^[0-9]+(\.[0-9]+)?$" })
    }
}

impl JsonSchema for value::Points {
    fn schema_name() -> Cow<'static, str> {
        "Points".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let most = crate::limits::POINTS_ABS_MAX;
        json_schema!({ "type": "integer", "minimum": -most, "maximum": most })
    }
}

/// The schema of the Rust types, with absence in one form only: a field is left out, it is never null.
pub(super) fn schema() -> Value {
    let mut schema = schemars::schema_for!(Document).to_value();
    tidy(&mut schema);
    let id = "https://github.com/crm-core/crm-core/blob/main/docs/schema/program.v1.schema.json";
    schema["$id"] = json!(id);
    schema["title"] = json!("Program document, version 1");
    schema
}

pub(crate) fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(fields) => {
            if let Some(Value::Array(types)) = fields.get("type")
                && types.contains(&json!("null"))
            {
                let kept = types.iter().find(|kind| **kind != json!("null")).cloned().unwrap();
                fields.insert("type".to_owned(), kept);
            }
            if let Some(Value::Array(options)) = fields.remove("anyOf") {
                assert_eq!((options.len(), &options[1]), (2, &json!({ "type": "null" })), "only options are expected");
                fields.insert("$ref".to_owned(), options[0]["$ref"].clone());
            }
            if fields.get("format") == Some(&json!("uint32")) {
                fields.remove("format");
                fields.entry("maximum").or_insert(json!(u32::MAX));
            }
            if fields.get("format") == Some(&json!("int32")) {
                fields.remove("format");
                fields.entry("minimum").or_insert(json!(i32::MIN));
                fields.entry("maximum").or_insert(json!(i32::MAX));
            }
            if fields.get("format") == Some(&json!("uint64")) {
                fields.remove("format");
                fields.entry("maximum").or_insert(json!(crate::limits::POINTS_ABS_MAX));
            }
            fields.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

/// A file of the repository that a test writes.
pub(crate) fn generated(path: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "{} is stale; run the tests once with UPDATE=1", path.display());
}

#[test]
fn the_schema_is_made_from_the_types() {
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    generated("docs/schema/program.v1.schema.json", &text);
    // The copy inside the crate is what the compiler walks; the package has no `docs`.
    generated("crm-core/src/program/schema.json", &text);
    let mut keywords = std::collections::BTreeSet::new();
    collect_keywords(&schema(), &mut keywords);
    let understood = [
        "$defs",
        "$id",
        "$ref",
        "$schema",
        "additionalProperties",
        "const",
        "default",
        "description",
        "format",
        "items",
        "maxItems",
        "maxLength",
        "maximum",
        "minItems",
        "minimum",
        "oneOf",
        "pattern",
        "properties",
        "required",
        "title",
        "type",
    ];
    assert!(keywords.iter().all(|word| understood.contains(&word.as_str())), "{keywords:?}");
}

/// Validators bring the regular expressions of their language: `\p{…}` stops Python's and needs a flag in JavaScript.
#[test]
fn patterns_are_plain_enough_for_every_validator() {
    fn check(part: &Value) {
        match part {
            Value::Object(fields) => {
                if let Some(Value::String(pattern)) = fields.get("pattern") {
                    let escapes: Vec<_> =
                        pattern.match_indices('\\').filter_map(|(at, _)| pattern.get(at + 1..at + 2)).collect();
                    assert!(escapes.iter().all(|one| ["s", "x", "."].contains(one)), "{pattern}");
                    assert!(!pattern.contains("(?"), "{pattern}");
                }
                fields.values().for_each(check);
            }
            Value::Array(parts) => parts.iter().for_each(check),
            _ => {}
        }
    }
    check(&schema());
}

fn collect_keywords(schema: &Value, out: &mut std::collections::BTreeSet<String>) {
    for (word, value) in schema.as_object().into_iter().flatten() {
        out.insert(word.clone());
        match word.as_str() {
            "properties" | "$defs" => {
                value.as_object().unwrap().values().for_each(|inner| collect_keywords(inner, out))
            }
            "oneOf" => value.as_array().unwrap().iter().for_each(|inner| collect_keywords(inner, out)),
            "items" => collect_keywords(value, out),
            _ => {}
        }
    }
}
