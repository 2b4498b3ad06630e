//! From Python's values to the library's, in its JSON form. What is refused names its place.

use crate::errors::{caught, raise};
use crate::types::{Kind, Types};
use crm_core::value::Timestamp;
use crm_core::{Error, ErrorCode};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PyMapping, PySet, PyString, PyTuple, PyType,
};
use serde_json::{Map, Value};
use std::fmt::Write;

/// Why a value was refused, or what Python itself raised.
enum Wrong {
    Refused(Error, String),
    Raised(PyErr),
}

impl From<PyErr> for Wrong {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

type Read<T> = std::result::Result<T, Wrong>;

/// A value of a kind, as JSON.
pub(crate) fn read(value: &Bound<'_, PyAny>, kind: &Kind) -> PyResult<Value> {
    let types = Types::get(value.py())?;
    let made = caught(value.py(), || Ok(Reader { types }.value(value, kind)))?;
    made.map_err(|wrong| match wrong {
        Wrong::Raised(error) => error,
        Wrong::Refused(error, path) => {
            let path = path.strip_prefix('.').unwrap_or(&path);
            let path = path.strip_prefix("do.").unwrap_or(path).to_owned();
            raise(value.py(), &if path.is_empty() { error } else { error.field(path) })
        }
    })
}

/// A value of a named type, as JSON.
pub(crate) fn read_named(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Value> {
    let kind = Types::get(value.py())?.named(name).ok_or_else(|| crate::types::broken(name))?;
    read(value, &kind)
}

/// An instant; what is refused names the argument.
pub(crate) fn read_time(value: &Bound<'_, PyAny>, argument: &str) -> PyResult<Timestamp> {
    let refuse = |error: Error| raise(value.py(), &error.field(argument));
    match caught(value.py(), || Ok(time(value)))? {
        Ok(json) => Timestamp::parse(json.as_str().unwrap_or_default()).map_err(refuse),
        Err(Wrong::Refused(error, _)) => Err(refuse(error)),
        Err(Wrong::Raised(error)) => Err(error),
    }
}

struct Reader<'t> {
    types: &'t Types,
}

impl Reader<'_> {
    fn value(&self, value: &Bound<'_, PyAny>, kind: &Kind) -> Read<Value> {
        match kind {
            Kind::Text => text(value),
            Kind::Int => int(value),
            Kind::Bool => match value.cast::<PyBool>() {
                Ok(flag) => Ok(Value::Bool(flag.is_true())),
                Err(_) => Err(unlike(value, "True or False")),
            },
            Kind::Decimal => decimal(value),
            Kind::Quantity => decimal(value).map(whole),
            Kind::Time => time(value),
            Kind::Date => date(value),
            Kind::List(inner) => self.list(value, inner),
            Kind::Map(inner) => self.map(value, inner),
            Kind::Tuple(kinds) => self.tuple(value, kinds),
            Kind::Word(place) => match value.cast::<PyString>() {
                // A member of the class is a text, too.
                Ok(word) => Ok(Value::String(unicode(word)?.to_owned())),
                Err(_) => Err(unlike(value, &self.types.word(*place)?.name)),
            },
            Kind::Record(place) => {
                if self.types.record_of(&value.get_type()) != Some(*place) {
                    return Err(unlike(value, &self.types.record(*place)?.name));
                }
                self.record(value, *place).map(Value::Object)
            }
            Kind::Union(place) => {
                let union = self.types.union(*place)?;
                let record = self.types.record_of(&value.get_type());
                let Some((record, tag)) = record.and_then(|record| Some((record, union.tag_of.get(&record)?))) else {
                    return Err(unlike(value, &union.name));
                };
                let mut fields = self.record(value, record)?;
                fields.insert(union.tag.clone(), Value::String(tag.clone()));
                Ok(Value::Object(fields))
            }
        }
    }

    fn record(&self, value: &Bound<'_, PyAny>, place: usize) -> Read<Map<String, Value>> {
        let py = value.py();
        let mut fields = Map::new();
        for field in &self.types.record(place)?.fields {
            let part = value.getattr(field.attribute.bind(py))?;
            if part.is_none() && field.default.is_some() {
                continue;
            }
            let read =
                self.value(&part, &field.kind).map_err(|wrong| within(wrong, format_args!(".{}", field.json)))?;
            fields.insert(field.json.clone(), read);
        }
        Ok(fields)
    }

    fn list(&self, value: &Bound<'_, PyAny>, inner: &Kind) -> Read<Value> {
        let item = |(place, item): (usize, Bound<'_, PyAny>)| {
            self.value(&item, inner).map_err(|wrong| within(wrong, format_args!("[{place}]")))
        };
        if let Ok(items) = value.cast::<PyTuple>() {
            return items.iter().enumerate().map(item).collect::<Read<_>>().map(Value::Array);
        }
        if let Ok(items) = value.cast::<PyList>() {
            return items.iter().enumerate().map(item).collect::<Read<_>>().map(Value::Array);
        }
        if value.is_instance_of::<PyString>() || value.cast::<PyMapping>().is_ok() {
            return Err(unlike(value, "a list or a tuple"));
        }
        if value.is_instance_of::<PySet>() || value.is_instance_of::<PyFrozenSet>() {
            return Err(unlike(value, "a list or a tuple, which have an order,"));
        }
        match value.try_iter() {
            Ok(items) => {
                items.enumerate().map(|(place, one)| item((place, one?))).collect::<Read<_>>().map(Value::Array)
            }
            Err(_) => Err(unlike(value, "a list or a tuple")),
        }
    }

    fn map(&self, value: &Bound<'_, PyAny>, inner: &Kind) -> Read<Value> {
        let Ok(items) = value.cast::<PyMapping>() else { return Err(unlike(value, "a dict")) };
        let mut fields = Map::new();
        for pair in items.items()?.iter() {
            let (key, item): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
            let key = key_of(&key)?;
            let read = self.value(&item, inner).map_err(|wrong| within(wrong, format_args!(".{key}")))?;
            fields.insert(key, read);
        }
        Ok(Value::Object(fields))
    }

    fn tuple(&self, value: &Bound<'_, PyAny>, kinds: &[Kind]) -> Read<Value> {
        let Ok(items) = value.cast::<PyTuple>() else { return Err(unlike(value, "a tuple")) };
        if items.len() != kinds.len() {
            return Err(unlike(value, &format!("a tuple of {}", kinds.len())));
        }
        let parts = items.iter().zip(kinds).map(|(item, kind)| self.value(&item, kind));
        parts.collect::<Read<_>>().map(Value::Array)
    }
}

fn within(wrong: Wrong, place: std::fmt::Arguments<'_>) -> Wrong {
    match wrong {
        Wrong::Refused(error, path) => Wrong::Refused(error, format!("{place}{path}")),
        raised @ Wrong::Raised(_) => raised,
    }
}

/// A value of another type than the one that belongs here. It is named by its type alone: it may be somebody's name.
fn unlike(value: &Bound<'_, PyAny>, expected: &str) -> Wrong {
    let found = value.get_type().name().map_or_else(|_| "a value".to_owned(), |name| name.to_string());
    Wrong::Refused(Error::new(ErrorCode::ValueType, format!("`{found}` where {expected} belongs")), String::new())
}

/// What a text says; half a character of two, which Python lets in, is none.
fn unicode<'a>(text: &'a Bound<'_, PyString>) -> Read<&'a str> {
    let refused = || Wrong::Refused(Error::new(ErrorCode::ValueText, "the text is no valid Unicode"), String::new());
    text.to_str().map_err(|_| refused())
}

fn text(value: &Bound<'_, PyAny>) -> Read<Value> {
    match value.cast::<PyString>() {
        Ok(text) => Ok(Value::String(unicode(text)?.to_owned())),
        Err(_) => Err(unlike(value, "a str")),
    }
}

fn key_of(key: &Bound<'_, PyAny>) -> Read<String> {
    match key.cast::<PyString>() {
        Ok(key) => Ok(unicode(key)?.to_owned()),
        Err(_) => Err(unlike(key, "a str as a key")),
    }
}

/// What is given one after the other; a set has no order, and a text is one thing.
pub(crate) fn items<'py>(value: &Bound<'py, PyAny>, argument: &str) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let is_set = value.is_instance_of::<PySet>() || value.is_instance_of::<PyFrozenSet>();
    match value.try_iter() {
        Ok(items) if !is_set && !value.is_instance_of::<PyString>() => items.collect(),
        _ => {
            let found = value.get_type().name()?;
            let message = format!("`{found}` where a list or a tuple, which have an order, belongs");
            Err(raise(value.py(), &Error::new(ErrorCode::ValueType, message).field(argument)))
        }
    }
}

/// A text that is handed over whole, as a str or as the bytes of a file; none where it is neither.
pub(crate) fn whole_text(value: &Bound<'_, PyAny>, argument: &str) -> PyResult<Option<String>> {
    let refuse = |message| raise(value.py(), &Error::new(ErrorCode::ValueText, message).field(argument));
    if let Ok(text) = value.cast::<PyString>() {
        return text
            .to_str()
            .map(|text| Some(text.to_owned()))
            .map_err(|_| refuse("the text is no valid Unicode".to_owned()));
    }
    let Ok(bytes) = value.cast::<PyBytes>() else { return Ok(None) };
    let text = std::str::from_utf8(bytes.as_bytes());
    text.map(|text| Some(text.to_owned())).map_err(|error| refuse(format!("the bytes are no UTF-8: {error}")))
}

fn int(value: &Bound<'_, PyAny>) -> Read<Value> {
    if value.is_instance_of::<PyBool>() || !value.is_instance_of::<PyInt>() {
        return Err(unlike(value, "an int"));
    }
    if let Ok(number) = value.extract::<i64>() {
        return Ok(Value::from(number));
    }
    value.extract::<u64>().map(Value::from).map_err(|_| {
        let error = Error::new(ErrorCode::ValueRange, "the number is out of range: it has more than 64 bits");
        Wrong::Refused(error.limit(i64::MAX).with("least", i64::MIN), String::new())
    })
}

/// As the library writes quantities.
fn whole(json: Value) -> Value {
    match json.as_str().and_then(|text| text.parse::<i64>().ok()) {
        Some(number) => Value::from(number),
        None => json,
    }
}

/// Most digits of a number that is looked at: far above what any amount may have.
const DIGITS_MAX: i64 = 100;

fn decimal(value: &Bound<'_, PyAny>) -> Read<Value> {
    static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let py = value.py();
    if value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
        return Ok(Value::String(value.str()?.to_str()?.to_owned()));
    }
    if !value.is_instance(DECIMAL.import(py, "decimal", "Decimal")?)? {
        return Err(unlike(
            value,
            if value.is_instance_of::<PyFloat>() { "a Decimal, which is exact," } else { "a Decimal" },
        ));
    }
    let text = value.str()?.to_str()?.to_owned();
    if !text.contains(['E', 'e']) {
        return Ok(Value::String(text));
    }
    // `1E+2` is a plain number, too; `1E+999999` is not written out.
    let exponent: i64 = value.call_method0("adjusted")?.extract()?;
    if exponent.abs() > DIGITS_MAX || text.len() > 200 {
        return Ok(Value::String(text));
    }
    Ok(Value::String(value.call_method1("__format__", ("f",))?.extract()?))
}

fn attribute(value: &Bound<'_, PyAny>, name: &str) -> PyResult<u32> {
    value.getattr(name)?.extract()
}

fn day(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let (year, month, day) = (attribute(value, "year")?, attribute(value, "month")?, attribute(value, "day")?);
    Ok(format!("{year:04}-{month:02}-{day:02}"))
}

/// The classes of times.
struct Times {
    datetime: Py<PyType>,
    date: Py<PyType>,
    utc: Py<PyAny>,
}

fn times(py: Python<'_>) -> PyResult<&Times> {
    static TIMES: PyOnceLock<Times> = PyOnceLock::new();
    TIMES.get_or_try_init(py, || {
        let module = py.import("datetime")?;
        Ok(Times {
            datetime: module.getattr("datetime")?.cast_into::<PyType>()?.unbind(),
            date: module.getattr("date")?.cast_into::<PyType>()?.unbind(),
            utc: module.getattr("timezone")?.getattr("utc")?.unbind(),
        })
    })
}

fn time(value: &Bound<'_, PyAny>) -> Read<Value> {
    let py = value.py();
    let times = times(py)?;
    if !value.is_instance(times.datetime.bind(py))? {
        return Err(unlike(value, "a datetime with a zone"));
    }
    // What stands for no time in pandas is a datetime by its class, and has nothing of one.
    let Ok(offset) = value.call_method0("utcoffset") else { return Err(unlike(value, "a datetime with a zone")) };
    if offset.is_none() {
        let error = Error::new(ErrorCode::TimeNaive, "the datetime has no zone");
        return Err(Wrong::Refused(error, String::new()));
    }
    let utc = match value.getattr("tzinfo")?.is(times.utc.bind(py)) {
        true => value.clone(),
        false => match value.call_method1("astimezone", (times.utc.bind(py),)) {
            Ok(utc) => utc,
            Err(_) => {
                let error = Error::new(ErrorCode::TimeRange, "the datetime is outside the years 1 to 9999 in UTC");
                return Err(Wrong::Refused(error, String::new()));
            }
        },
    };
    let mut text = day(&utc)?;
    let (hour, minute, second) = (attribute(&utc, "hour")?, attribute(&utc, "minute")?, attribute(&utc, "second")?);
    let milliseconds = attribute(&utc, "microsecond")? / 1000;
    // Writing to a text cannot fail.
    let _ = write!(text, "T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z");
    Ok(Value::String(text))
}

fn date(value: &Bound<'_, PyAny>) -> Read<Value> {
    let py = value.py();
    let times = times(py)?;
    if !value.is_instance(times.date.bind(py))? || value.is_instance(times.datetime.bind(py))? {
        return Err(unlike(value, "a date"));
    }
    Ok(Value::String(day(value)?))
}

/// A dict as JSON with plain values: texts, whole numbers, flags, lists and dicts of them.
pub(crate) fn read_plain(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    caught(value.py(), || Ok(plain(value, 0)))?.map_err(|wrong| match wrong {
        Wrong::Raised(error) => error,
        Wrong::Refused(error, path) => {
            raise(value.py(), &error.field(path.strip_prefix('.').unwrap_or(&path).to_owned()))
        }
    })
}

/// Deeper documents than this are none of ours.
const DEPTH_MAX: usize = 64;

fn plain(value: &Bound<'_, PyAny>, depth: usize) -> Read<Value> {
    if depth > DEPTH_MAX {
        return Err(unlike(value, "something less deep"));
    }
    if value.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(Value::Bool(flag.is_true()));
    }
    if value.is_instance_of::<PyString>() {
        return text(value);
    }
    if value.is_instance_of::<PyInt>() {
        return int(value);
    }
    if let Ok(items) = value.cast::<PyDict>() {
        let mut fields = Map::new();
        for (key, item) in items.iter() {
            let key = key_of(&key)?;
            let read = plain(&item, depth + 1).map_err(|wrong| within(wrong, format_args!(".{key}")))?;
            fields.insert(key, read);
        }
        return Ok(Value::Object(fields));
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let items = value.try_iter()?.enumerate();
        let read = items
            .map(|(place, item)| plain(&item?, depth + 1).map_err(|wrong| within(wrong, format_args!("[{place}]"))));
        return read.collect::<Read<_>>().map(Value::Array);
    }
    Err(unlike(value, "a plain value of JSON (decimals are texts there)"))
}
