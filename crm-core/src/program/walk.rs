//! A document against its schema: every unknown field, missing field and wrong type at once.
//!
//! The schema is the one in `docs/schema`; it is made from the Rust types, so the two cannot disagree. Only the keywords that occur in
//! it are understood.

use super::finding::{FindingCode, Report};
use super::holds::minutes;
use super::suggest;
use crate::limits::quote;
use crate::value::{Amount, CalendarDate, Currency, Percent, Tag, Timestamp, Zone, segment};
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// The JSON Schema (draft 2020-12) of the program document.
pub const SCHEMA: &str = include_str!("schema.json");

static PARSED: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(SCHEMA).unwrap_or(Value::Null));

/// Checks the document and takes unknown fields out of it, so that the rest can still be looked at.
pub(super) fn walk(document: &mut Value, report: &mut Report) {
    Walk { report, pointer: String::new() }.value(&PARSED, document);
}

struct Walk<'a> {
    report: &'a mut Report,
    pointer: String,
}

impl Walk<'_> {
    fn value(&mut self, schema: &Value, value: &mut Value) {
        let schema = resolve(schema);
        if let Some(options) = schema.get("oneOf").and_then(Value::as_array) {
            return match options.first().and_then(|option| option.get("const")) {
                Some(_) => self.word(options, value),
                None => self.tagged(schema, options, value),
            };
        }
        match (text(schema, "type"), &mut *value) {
            ("object", Value::Object(fields)) => self.object(schema, fields),
            ("array", Value::Array(items)) => self.array(schema, items),
            ("string", Value::String(given)) => self.text(schema, given),
            ("integer", Value::Number(number)) if number.is_i64() || number.is_u64() => self.integer(schema, number),
            ("boolean", Value::Bool(_)) | ("", _) => {}
            _ => self.wrong_type(schema, value),
        }
    }

    fn at(&mut self, name: &str, look: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&segment(name));
        look(self);
        self.pointer.truncate(length);
    }

    fn object(&mut self, schema: &Value, fields: &mut Map<String, Value>) {
        let none = Map::new();
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                let about = known.get(name).map_or("", |field| text(field, "description"));
                let message = format!("field `{name}` is missing");
                self.report.add_with(FindingCode::MissingField, &self.pointer, message, with("add it", about));
            }
        }
        let strangers: Vec<String> = fields.keys().filter(|name| !known.contains_key(*name)).cloned().collect();
        for name in strangers {
            fields.remove(&name);
            let names = known.keys().map(String::as_str);
            let help = suggest::help(&name, names, FindingCode::UnknownField.help());
            let message = format!("field `{}` is unknown here", quote(&name));
            self.at(&name, |walk| walk.report.add_with(FindingCode::UnknownField, &walk.pointer, message, help));
        }
        for (name, value) in fields.iter_mut() {
            if let Some(field) = known.get(name) {
                self.at(name, |walk| walk.value(field, value));
            }
        }
    }

    fn array(&mut self, schema: &Value, items: &mut [Value]) {
        if items.is_empty() && schema.get("minItems").is_some() {
            let help = with("name at least one", text(schema, "description"));
            self.report.add_with(FindingCode::WrongValue, &self.pointer, "the list is empty", help);
        }
        let Some(item) = schema.get("items") else { return };
        for (place, value) in items.iter_mut().enumerate() {
            self.at(&place.to_string(), |walk| walk.value(item, value));
        }
    }

    /// An object whose `type` says which fields it has.
    fn tagged(&mut self, schema: &Value, options: &[Value], value: &mut Value) {
        let tags = || options.iter().map(tag);
        let Value::Object(fields) = value else {
            let plain = value.as_str().filter(|word| tags().any(|tag| tag == *word));
            return match plain {
                Some(word) => {
                    let message = format!("`{word}` is written as text, an object is expected");
                    let help = format!("write {{\"type\": \"{word}\"}}");
                    self.report.add_with(FindingCode::WrongType, &self.pointer, message, help);
                }
                None => self.wrong_type(schema, value),
            };
        };
        let Some(given) = fields.get("type") else {
            let help = suggest::help("", tags(), "add the field");
            self.report.add_with(FindingCode::MissingField, &self.pointer, "field `type` is missing", help);
            return;
        };
        let Some(word) = given.as_str() else {
            let given = given.clone();
            return self.at("type", |walk| walk.wrong_type(&serde_json::json!({ "type": "string" }), &given));
        };
        match options.iter().find(|option| tag(option) == word) {
            Some(option) => self.object(option, fields),
            None => {
                let help = suggest::help(word, tags(), FindingCode::WrongValue.help());
                let message = format!("`{}` is not a known type here", quote(word));
                self.at("type", |walk| walk.report.add_with(FindingCode::WrongValue, &walk.pointer, message, help));
            }
        }
    }

    /// One word out of a few.
    fn word(&mut self, options: &[Value], value: &Value) {
        let words = || options.iter().map(|option| text(option, "const"));
        let Some(given) = value.as_str() else {
            let help = suggest::help("", words(), "write one of the known words");
            let message = format!("{} is not a word", kind(value));
            return self.report.add_with(FindingCode::WrongType, &self.pointer, message, help);
        };
        if !words().any(|word| word == given) {
            let help = suggest::help(given, words(), FindingCode::WrongValue.help());
            let message = format!("`{}` is not a known word here", quote(given));
            self.report.add_with(FindingCode::WrongValue, &self.pointer, message, help);
        }
    }

    fn text(&mut self, schema: &Value, given: &str) {
        let checked = match text(schema, "format") {
            "decimal" => Amount::parse(given).map(drop),
            "currency" => Currency::new(given).map(drop),
            "date-time" => Timestamp::parse(given).map(drop),
            "date" => CalendarDate::parse(given).map(drop),
            "name" => Tag::new(given).map(drop),
            format => return self.word_of(format, given),
        };
        if let Err(error) = checked {
            // The rule for names is one; which kind of name it is, the pointer says.
            let message = error.message().replacen("tag ", "the name ", 1);
            self.report.add_with(FindingCode::WrongValue, &self.pointer, message, error.help());
        }
    }

    /// Formats with a finding of their own.
    fn word_of(&mut self, format: &str, given: &str) {
        let (fits, code, what) = match format {
            "percent" => (Percent::parse(given).is_ok(), FindingCode::WrongValue, "a percentage such as \"12.5\""),
            "iana-zone" => (Zone::new(given).is_ok(), FindingCode::Zone, "an IANA time zone"),
            "country" => (is_country(given), FindingCode::Country, "a country"),
            "clock-time" => (minutes(given).is_some(), FindingCode::ConditionTime, "a time of day"),
            "month-day" => (is_month_day(given), FindingCode::PointsFixedDates, "a day of the year"),
            _ => return,
        };
        if !fits {
            self.report.add(code, &self.pointer, format!("`{}` is not {what}", quote(given)));
        }
    }

    fn integer(&mut self, schema: &Value, number: &serde_json::Number) {
        let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
        let (low, high) = (bound("minimum").unwrap_or(i64::MIN), bound("maximum").unwrap_or(i64::MAX));
        if !number.as_i64().is_some_and(|n| (low..=high).contains(&n)) {
            let message = format!("{number} is outside {low} to {high}");
            self.report.add(FindingCode::OutOfRange, &self.pointer, message);
        }
    }

    fn wrong_type(&mut self, schema: &Value, value: &Value) {
        let expected = match (text(schema, "type"), text(schema, "format")) {
            ("string", "decimal") => "a decimal in a string, such as \"12.50\"",
            ("string", _) => "text",
            ("integer", _) => "a whole number",
            ("boolean", _) => "true or false",
            ("array", _) => "a list",
            _ => "an object",
        };
        let help = match value {
            Value::Null => "leave the field out instead of writing null".to_owned(),
            Value::Number(number) if text(schema, "format") == "decimal" => {
                format!("write it as a string: \"{number}\"")
            }
            _ => with(&format!("write {expected}"), text(schema, "description")),
        };
        let message = format!("{} stands where {expected} is expected", kind(value));
        self.report.add_with(FindingCode::WrongType, &self.pointer, message, help);
    }
}

/// A country that phone numbers can belong to.
fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()) && code.parse::<phonenumber::country::Id>().is_ok()
}

/// `MM-DD` of a leap year.
fn is_month_day(text: &str) -> bool {
    text.len() == 5 && CalendarDate::parse(&format!("2000-{text}")).is_ok()
}

fn with(help: &str, about: &str) -> String {
    if about.is_empty() { help.to_owned() } else { format!("{help}: {}", about.trim_end_matches('.')) }
}

fn resolve(schema: &Value) -> &Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|path| PARSED.pointer(path.strip_prefix('#')?));
    target.unwrap_or(schema)
}

fn text<'a>(schema: &'a Value, key: &str) -> &'a str {
    schema.get(key).and_then(Value::as_str).unwrap_or("")
}

fn tag(option: &Value) -> &str {
    option.pointer("/properties/type/const").and_then(Value::as_str).unwrap_or("")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a flag",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
