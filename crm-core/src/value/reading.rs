//! From JSON to values, with the place of what is wrong.
//!
//! What a reader of JSON says about a fault has no place in it once a variant was chosen by its `type`. So the place is looked for
//! afterwards: reading goes on in one order and stops at the first fault, so what is spoiled before the fault gives another error, what
//! is spoiled behind it the same one. Nothing of this runs while all is well.

use super::tree::{segment, tree};
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Reads a value out of JSON; what is refused names its place in `field`, such as `order.lines[3].unit_price`.
///
/// ```
/// use crm_core::{order::Order, value};
/// let json = serde_json::json!({ "id": "o1", "paid_at": "2026-03-01T10:00:00Z", "currency": "EUR",
///     "lines": [{ "sku": "tea", "unit_price": "1.00" }, { "sku": "jam", "unit_price": "NaN" }] });
/// let refused = value::read::<Order>(&json).unwrap_err();
/// assert_eq!(refused.code().as_str(), "money.text");
/// assert_eq!(refused.details()["field"], "lines[1].unit_price");
/// ```
///
/// # Errors
/// `value.json` for another shape, and the codes of the values themselves.
pub fn read<T: DeserializeOwned>(json: &Value) -> Result<T> {
    T::deserialize(json).map_err(|error| locate::<T>(json, error))
}

/// Reads a value out of a JSON text, as [`read`]; a field that is written twice is refused with its place, too.
///
/// # Errors
/// `value.json` for another shape or no JSON at all, and the codes of the values themselves.
pub fn read_text<T: DeserializeOwned>(text: &str) -> Result<T> {
    let mut twice = None;
    let json = tree(text, &mut |pointer, name| {
        twice.get_or_insert_with(|| (pointer.to_owned(), name.to_owned()));
    })?;
    match twice {
        // Whichever of the two was meant, the other one must not be lost.
        Some((pointer, name)) => {
            let message = format!("field `{}` is written twice", limits::quote(&name));
            Err(Error::new(ErrorCode::ValueJson, message).field(shown(&pointer).unwrap_or(name)))
        }
        None => read(&json),
    }
}

fn locate<T: DeserializeOwned>(json: &Value, error: serde_json::Error) -> Error {
    let mut search = Search::<T> { json: json.clone(), told: error.to_string(), shape: std::marker::PhantomData };
    let found = search.place();
    let error = Error::from(error);
    match found.and_then(|pointer| shown(&pointer)) {
        Some(field) => error.at_field(field),
        None => error,
    }
}

/// A JSON pointer as fields are shown: `/lines/3/sku` is `lines[3].sku`.
fn shown(pointer: &str) -> Option<String> {
    let mut field = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty() {
            field.push_str(&format!("[{part}]"));
            continue;
        }
        if !field.is_empty() {
            field.push('.');
        }
        field.push_str(&part.replace("~1", "/").replace("~0", "~"));
    }
    (!field.is_empty()).then_some(field)
}

struct Search<T> {
    json: Value,
    told: String,
    shape: std::marker::PhantomData<T>,
}

impl<T: DeserializeOwned> Search<T> {
    fn place(&mut self) -> Option<String> {
        let mut leaves = Vec::new();
        collect(&self.json, &mut String::new(), &mut leaves);
        // The last place that still matters is the fault, or what stands right before it.
        let count = leaves.partition_point(|leaf| self.matters(leaf));
        let last = count.checked_sub(1).and_then(|index| leaves.get(index));
        if let Some(name) = named(&self.told, "unknown field `") {
            return self.stranger(&leaves, &name);
        }
        if let Some(name) = named(&self.told, "missing field `") {
            return Some(self.gap(&leaves, last.map_or("", String::as_str), &name));
        }
        // A list or an object where a plain value belongs is refused before anything in it is read.
        let whole = leaves.get(count).and_then(|next| {
            let around =
                |pointer: &&str| !last.is_some_and(|last| last == pointer || last.starts_with(&format!("{pointer}/")));
            ancestors(next).filter(around).find(|pointer| self.matters(pointer)).map(str::to_owned)
        });
        whole.or_else(|| last.cloned())
    }

    /// Whether another value at a place gives another error. One of the two spoilers is of another kind than what is told.
    fn matters(&mut self, pointer: &str) -> bool {
        [json!({ "\u{0}": null }), json!([[]])].into_iter().any(|spoiler| {
            let Some(slot) = self.json.pointer_mut(pointer) else { return false };
            let kept = std::mem::replace(slot, spoiler);
            let changes = T::deserialize(&self.json).err().is_none_or(|error| error.to_string() != self.told);
            if let Some(slot) = self.json.pointer_mut(pointer) {
                *slot = kept;
            }
            changes
        })
    }

    /// Where the field of this name stands that nobody knows.
    fn stranger(&mut self, leaves: &[String], name: &str) -> Option<String> {
        let part = segment(name);
        let mut seen: Option<String> = None;
        for leaf in leaves {
            for pointer in ancestors(leaf).filter(|pointer| pointer.rsplit('/').next() == Some(part.as_str())) {
                if seen.as_deref() == Some(pointer) {
                    continue;
                }
                seen = Some(pointer.to_owned());
                let (parent, _) = pointer.rsplit_once('/')?;
                let fields = self.json.pointer_mut(parent).and_then(Value::as_object_mut);
                let Some(kept) = fields.and_then(|fields| fields.remove(name)) else { continue };
                let changes = T::deserialize(&self.json).err().is_none_or(|error| error.to_string() != self.told);
                if let Some(fields) = self.json.pointer_mut(parent).and_then(Value::as_object_mut) {
                    fields.insert(name.to_owned(), kept);
                }
                if changes {
                    return Some(pointer.to_owned());
                }
            }
        }
        None
    }

    /// Which object lacks the field: one around the last place that matters, or, where a `type` is missing and nothing in the object was
    /// looked at, one behind it.
    fn gap(&mut self, leaves: &[String], last: &str, name: &str) -> String {
        let missing = |parent: &str| format!("{parent}/{}", segment(name));
        let around = ancestors(last).map(str::to_owned);
        let behind = leaves.iter().skip_while(|leaf| *leaf != last).flat_map(|leaf| {
            let all: Vec<&str> = ancestors(leaf).collect();
            all.into_iter().rev().map(str::to_owned)
        });
        let mut looked = std::collections::BTreeSet::new();
        for parent in around.chain(behind) {
            if limits::FAULT_PLACES_MAX <= looked.len() {
                break;
            }
            if looked.insert(parent.clone()) && self.fills(&parent, name) {
                return missing(&parent);
            }
        }
        missing("")
    }

    /// Whether an object knows a field that it lacks, and it is this one that is missed.
    fn fills(&mut self, parent: &str, name: &str) -> bool {
        let Some(fields) = self.json.pointer_mut(parent).and_then(Value::as_object_mut) else { return false };
        if fields.contains_key(name) {
            return false;
        }
        fields.insert(name.to_owned(), json!([[]]));
        let told = T::deserialize(&self.json).err().map(|error| error.to_string());
        if let Some(fields) = self.json.pointer_mut(parent).and_then(Value::as_object_mut) {
            fields.remove(name);
        }
        told.is_none_or(|told| told != self.told && named(&told, "unknown field `").is_none())
    }
}

/// A place and everything around it, from the inside out; the whole is the empty text.
fn ancestors(pointer: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(pointer), |pointer| pointer.rsplit_once('/').map(|(parent, _)| parent))
}

/// The name that a sentence begins with.
fn named(told: &str, beginning: &str) -> Option<String> {
    told.strip_prefix(beginning)?.split_once('`').map(|(name, _)| name.to_owned())
}

/// The places of plain values and of empty lists and objects, in the order in which they are read: the `type` of an object comes first.
fn collect(json: &Value, pointer: &mut String, leaves: &mut Vec<String>) {
    let length = pointer.len();
    let mut inside = |part: &str, value: &Value| {
        pointer.push('/');
        pointer.push_str(&segment(part));
        collect(value, pointer, leaves);
        pointer.truncate(length);
    };
    match json {
        Value::Object(fields) if !fields.is_empty() => {
            let tag = fields.get("type").map(|tag| ("type", tag));
            let rest = fields.iter().map(|(name, value)| (name.as_str(), value)).filter(|(name, _)| *name != "type");
            tag.into_iter().chain(rest).for_each(|(name, value)| inside(name, value));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(place, value)| inside(&place.to_string(), value));
        }
        _ => leaves.push(pointer.clone()),
    }
}
