//! From text to a JSON value, without losing what JSON parsers drop silently: a field that is written twice.

use super::finding::{FindingCode, Report, segment};
use crate::limits::{PROGRAM_BYTES_MAX, quote};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads the text; none when it is no JSON at all.
pub(super) fn read(text: &str, report: &mut Report) -> Option<Value> {
    if text.len() > PROGRAM_BYTES_MAX {
        let message = format!("the document has {} bytes, at most {PROGRAM_BYTES_MAX} are allowed", text.len());
        report.add(FindingCode::TooLarge, "", message);
        return None;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut pointer = String::new();
    let seed = Reader { pointer: &mut pointer, report };
    match seed.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value)) {
        Ok(value) => Some(value),
        Err(error) => {
            report.add(FindingCode::Json, "", format!("the document is not JSON: {error}"));
            None
        }
    }
}

struct Reader<'a> {
    pointer: &'a mut String,
    report: &'a mut Report,
}

impl Reader<'_> {
    fn inner(&mut self) -> Reader<'_> {
        Reader { pointer: self.pointer, report: self.report }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        // Only carried to the place where it is refused.
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        let length = self.pointer.len();
        loop {
            self.pointer.push_str(&format!("/{}", list.len()));
            let item = items.next_element_seed(self.inner())?;
            self.pointer.truncate(length);
            match item {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        let length = self.pointer.len();
        while let Some(name) = fields.next_key::<String>()? {
            self.pointer.push('/');
            self.pointer.push_str(&segment(&name));
            let value = fields.next_value_seed(self.inner())?;
            if object.contains_key(&name) {
                let message = format!("field `{}` is written twice", quote(&name));
                self.report.add(FindingCode::DuplicateField, self.pointer.clone(), message);
            }
            self.pointer.truncate(length);
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}
