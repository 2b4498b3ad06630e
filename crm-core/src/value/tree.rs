//! From text to a JSON value, without losing what JSON parsers drop silently: a field that is written twice.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads a text, and tells the pointer and the name of each field that its object has already.
pub(crate) fn tree(text: &str, twice: &mut dyn FnMut(&str, &str)) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Reader { pointer: &mut String::new(), twice }.deserialize(&mut deserializer)?;
    deserializer.end().map(|()| value)
}

/// A name as one segment of a JSON pointer.
pub(crate) fn segment(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

struct Reader<'a> {
    pointer: &'a mut String,
    twice: &'a mut dyn FnMut(&str, &str),
}

impl Reader<'_> {
    fn inner(&mut self) -> Reader<'_> {
        Reader { pointer: self.pointer, twice: self.twice }
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
                (self.twice)(self.pointer, &name);
            }
            self.pointer.truncate(length);
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::tree;
    use serde_json::{Value, json};

    #[test]
    fn what_is_written_once_is_read_as_ever() {
        let text = r#"{ "a": [1, -2, 18446744073709551615, 1.5, "x", null, true, {}], "b/c": { "a": { "a": [] } } }"#;
        let read = tree(text, &mut |pointer, _| assert_eq!(pointer, "")).unwrap();
        assert_eq!(read, serde_json::from_str::<Value>(text).unwrap());
        for text in ["", "{", "[1,]", "{} {}", "nul"] {
            let told = tree(text, &mut |_, _| ()).unwrap_err().to_string();
            assert_eq!(told, serde_json::from_str::<Value>(text).unwrap_err().to_string(), "{text}");
        }
        let deep = "[".repeat(1_000) + &"]".repeat(1_000);
        assert!(tree(&deep, &mut |_, _| ()).is_err(), "as deep as that is refused, not followed");
    }

    #[test]
    fn what_is_written_twice_is_told_with_its_place() {
        let mut told = Vec::new();
        let text = r#"{ "a": 1, "l": [0, { "x/y": 1, "x/y": { "z": 1, "z": 2 } }], "a": 2, "a": 3 }"#;
        let read = tree(text, &mut |pointer, name| told.push(format!("{pointer} {name}"))).unwrap();
        assert_eq!(told, ["/l/1/x~1y/z z", "/l/1/x~1y x/y", "/a a", "/a a"]);
        assert_eq!(read["a"], json!(3));
    }
}
