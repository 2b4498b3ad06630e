//! Whether JSON has the shape of a type, before Python's values are made of it.

use crate::types::{Kind, Types};
use crm_core::{Error, ErrorCode, Result};
use serde_json::Value;

/// Refuses JSON of another shape, with the place of what is wrong. What a text says (a date, an amount) is checked, too.
pub(crate) fn check(types: &Types, value: &Value, kind: &Kind) -> Result<()> {
    match kind {
        Kind::Text => value.as_str().map(|_| ()).ok_or_else(|| unlike(value, "a text")),
        Kind::Int => {
            if value.is_i64() || value.is_u64() {
                Ok(())
            } else {
                Err(unlike(value, "a whole number"))
            }
        }
        Kind::Bool => value.as_bool().map(|_| ()).ok_or_else(|| unlike(value, "true or false")),
        Kind::Quantity if value.is_i64() => Ok(()),
        Kind::Decimal | Kind::Quantity => {
            let text = value.as_str().ok_or_else(|| unlike(value, "a decimal in a text"))?;
            crm_core::value::Amount::parse(text).map(|_| ()).map_err(nameless)
        }
        Kind::Time => {
            let text = value.as_str().ok_or_else(|| unlike(value, "an instant"))?;
            crm_core::value::Timestamp::parse(text).map(|_| ()).map_err(nameless)
        }
        Kind::Date => {
            let text = value.as_str().ok_or_else(|| unlike(value, "a date"))?;
            crm_core::value::CalendarDate::parse(text).map(|_| ()).map_err(nameless)
        }
        Kind::List(inner) => {
            let items = value.as_array().ok_or_else(|| unlike(value, "a list"))?;
            items.iter().enumerate().try_for_each(|(place, item)| {
                check(types, item, inner).map_err(|error| outer(error, &format!("[{place}]")))
            })
        }
        Kind::Map(inner) => {
            let items = value.as_object().ok_or_else(|| unlike(value, "an object"))?;
            items.iter().try_for_each(|(key, item)| check(types, item, inner).map_err(|error| outer(error, key)))
        }
        Kind::Tuple(kinds) => match value.as_array() {
            Some(items) if items.len() == kinds.len() => {
                items.iter().zip(kinds).try_for_each(|(item, kind)| check(types, item, kind))
            }
            _ => Err(unlike(value, &format!("a list of {}", kinds.len()))),
        },
        Kind::Word(place) => {
            let words = types.words.get(*place).ok_or_else(|| Error::internal("no such type"))?;
            match value.as_str() {
                Some(word) if words.members.contains_key(word) => Ok(()),
                _ => Err(unlike(value, &format!("one of the words of {}", words.name))),
            }
        }
        Kind::Record(place) => record(types, value, *place, None),
        Kind::Union(place) => {
            let union = types.unions.get(*place).ok_or_else(|| Error::internal("no such type"))?;
            let tag = value.get(&union.tag).and_then(Value::as_str);
            match tag.and_then(|tag| union.by_tag.get(tag)) {
                Some(place) => record(types, value, *place, Some(&union.tag)),
                None => Err(unlike(value, &format!("an object of {} that says in `{}` which", union.name, union.tag))),
            }
        }
    }
}

fn record(types: &Types, value: &Value, place: usize, tag: Option<&str>) -> Result<()> {
    let record = types.records.get(place).ok_or_else(|| Error::internal("no such type"))?;
    let fields = value.as_object().ok_or_else(|| unlike(value, &format!("an object ({})", record.name)))?;
    let own = record.tag.as_ref().map(|(tag, _)| tag.as_str());
    if let (Some((tag, word)), None) = (&record.tag, tag)
        && fields.get(tag).is_some_and(|found| found.as_str() != Some(word))
    {
        return Err(unlike(value, &format!("`{word}`")).field(tag));
    }
    for name in fields.keys() {
        let known = record.fields.iter().any(|field| &field.json == name);
        if !known && Some(name.as_str()) != tag && Some(name.as_str()) != own {
            let message = format!("unknown field `{}`", crm_core::limits::quote(name));
            return Err(Error::new(ErrorCode::ValueJson, message).field(name));
        }
    }
    for field in &record.fields {
        match fields.get(&field.json) {
            Some(part) if !part.is_null() => {
                check(types, part, &field.kind).map_err(|error| outer(error, &field.json))?
            }
            Some(Value::Null) | None if field.default.is_some() => {}
            _ => {
                let message = format!("missing field `{}`", field.json);
                return Err(Error::new(ErrorCode::ValueJson, message).field(&field.json));
            }
        }
    }
    Ok(())
}

/// Its place is told by whoever holds the value.
fn nameless(error: Error) -> Error {
    error.at_field(String::new())
}

/// Puts the place in front of the one that an inner value named.
fn outer(error: Error, place: &str) -> Error {
    let inner = error.details().get("field").and_then(Value::as_str).unwrap_or_default().to_owned();
    let dot = if inner.is_empty() || inner.starts_with('[') { "" } else { "." };
    error.at_field(format!("{place}{dot}{inner}"))
}

fn unlike(value: &Value, expected: &str) -> Error {
    let found = match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a flag",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Error::new(ErrorCode::ValueJson, format!("{found} where {expected} belongs"))
}
