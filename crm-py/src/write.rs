//! From the library's values, in its JSON form, to Python's.

use crate::errors::caught;
use crate::types::{Field, Kind, Types, broken};
use crm_core::value::Timestamp;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyString, PyTuple, PyType};
use serde::Serialize;
use serde_json::Value;

/// A value of a named type.
pub(crate) fn write_named<'py>(py: Python<'py>, value: &impl Serialize, name: &str) -> PyResult<Bound<'py, PyAny>> {
    write_value(py, &serde_json::to_value(value).map_err(broken)?, name)
}

/// A value of a named type, out of its JSON.
pub(crate) fn write_value<'py>(py: Python<'py>, json: &Value, name: &str) -> PyResult<Bound<'py, PyAny>> {
    write(py, json, &Types::get(py)?.named(name).ok_or_else(|| broken(name))?)
}

/// An instant.
pub(crate) fn write_time(py: Python<'_>, at: Timestamp) -> PyResult<Bound<'_, PyAny>> {
    write(py, &Value::String(at.to_string()), &Kind::Time)
}

/// A list of values of a named type.
pub(crate) fn write_all<'py>(py: Python<'py>, values: &[impl Serialize], name: &str) -> PyResult<Bound<'py, PyTuple>> {
    let made = values.iter().map(|value| write_named(py, value, name)).collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, made)
}

/// A value of a kind, out of its JSON.
pub(crate) fn write<'py>(py: Python<'py>, value: &Value, kind: &Kind) -> PyResult<Bound<'py, PyAny>> {
    caught(py, || Writer { py, types: Types::get(py)?, tools: Tools::get(py)? }.value(value, kind))
}

/// What values are made with.
struct Tools {
    decimal: Py<PyType>,
    datetime: Py<PyType>,
    date: Py<PyType>,
    utc: Py<PyAny>,
    new: Py<PyAny>,
    set: Py<PyAny>,
}

impl Tools {
    fn get(py: Python<'_>) -> PyResult<&Self> {
        static TOOLS: PyOnceLock<Tools> = PyOnceLock::new();
        TOOLS.get_or_try_init(py, || {
            let class = |module: &str, name: &str| -> PyResult<Py<PyType>> {
                Ok(py.import(module)?.getattr(name)?.cast_into::<PyType>()?.unbind())
            };
            let object = py.import("builtins")?.getattr("object")?;
            Ok(Self {
                decimal: class("decimal", "Decimal")?,
                datetime: class("datetime", "datetime")?,
                date: class("datetime", "date")?,
                utc: py.import("datetime")?.getattr("timezone")?.getattr("utc")?.unbind(),
                new: object.getattr("__new__")?.unbind(),
                set: object.getattr("__setattr__")?.unbind(),
            })
        })
    }
}

struct Writer<'py, 't> {
    py: Python<'py>,
    types: &'t Types,
    tools: &'t Tools,
}

impl<'py> Writer<'py, '_> {
    fn value(&self, value: &Value, kind: &Kind) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        let unlike = || broken(value);
        match kind {
            Kind::Text => Ok(PyString::new(py, value.as_str().ok_or_else(unlike)?).into_any()),
            Kind::Int => match (value.as_i64(), value.as_u64()) {
                (Some(number), _) => Ok(number.into_pyobject(py)?.into_any()),
                (None, Some(number)) => Ok(number.into_pyobject(py)?.into_any()),
                (None, None) => Err(unlike()),
            },
            Kind::Bool => Ok(PyBool::new(py, value.as_bool().ok_or_else(unlike)?).to_owned().into_any()),
            // A whole quantity is a number in JSON.
            Kind::Decimal | Kind::Quantity => match (value.as_str(), value.as_i64()) {
                (Some(text), _) => self.tools.decimal.bind(py).call1((text,)),
                (None, Some(number)) => self.tools.decimal.bind(py).call1((number,)),
                (None, None) => Err(unlike()),
            },
            Kind::Time => self.time(value.as_str().ok_or_else(unlike)?),
            Kind::Date => self.date(value.as_str().ok_or_else(unlike)?),
            Kind::List(inner) => {
                let items = value.as_array().ok_or_else(unlike)?;
                let made = items.iter().map(|item| self.value(item, inner)).collect::<PyResult<Vec<_>>>()?;
                Ok(PyTuple::new(py, made)?.into_any())
            }
            Kind::Map(inner) => {
                let made = PyDict::new(py);
                for (key, item) in value.as_object().ok_or_else(unlike)? {
                    made.set_item(key, self.value(item, inner)?)?;
                }
                Ok(made.into_any())
            }
            Kind::Tuple(kinds) => {
                let items = value.as_array().ok_or_else(unlike)?;
                let made = items.iter().zip(kinds).map(|(item, kind)| self.value(item, kind));
                Ok(PyTuple::new(py, made.collect::<PyResult<Vec<_>>>()?)?.into_any())
            }
            Kind::Word(place) => {
                let word = value.as_str().and_then(|text| self.types.word(*place).ok()?.members.get(text));
                Ok(word.ok_or_else(unlike)?.bind(py).clone())
            }
            Kind::Record(place) => self.record(value, *place),
            Kind::Union(place) => {
                let union = self.types.union(*place)?;
                let tag = value.get(&union.tag).and_then(Value::as_str).ok_or_else(unlike)?;
                self.record(value, *union.by_tag.get(tag).ok_or_else(unlike)?)
            }
        }
    }

    fn record(&self, value: &Value, place: usize) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        let record = self.types.record(place)?;
        let made = self.tools.new.bind(py).call1((record.class.bind(py),))?;
        let set = self.tools.set.bind(py);
        for field in &record.fields {
            let part = match value.get(&field.json) {
                Some(part) if !part.is_null() => self.value(part, &field.kind)?,
                _ => self.default(field, &record.name)?,
            };
            set.call1((&made, field.attribute.bind(py), part))?;
        }
        Ok(made)
    }

    fn default(&self, field: &Field, record: &str) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        let Some(default) = &field.default else { return Err(broken(format!("{record}.{}", field.json))) };
        if let Kind::Map(_) = field.kind {
            // A dict can be changed: everybody gets their own.
            return self.value(default, &field.kind);
        }
        let made = field.default_made.get_or_try_init(py, || match default {
            Value::Null => Ok::<_, PyErr>(py.None()),
            value => Ok(self.value(value, &field.kind)?.unbind()),
        })?;
        Ok(made.bind(py).clone())
    }

    /// `2026-03-01T00:00:00.123Z`, as the library writes it.
    fn time(&self, text: &str) -> PyResult<Bound<'py, PyAny>> {
        let number = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<u32>().ok());
        let parts = (number(0, 4), number(5, 7), number(8, 10), number(11, 13), number(14, 16), number(17, 19));
        let (Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)) = parts else {
            return Err(broken(text));
        };
        let microsecond = number(20, 23).map_or(0, |milliseconds| milliseconds * 1000);
        let utc = self.tools.utc.bind(self.py);
        self.tools.datetime.bind(self.py).call1((year, month, day, hour, minute, second, microsecond, utc))
    }

    fn date(&self, text: &str) -> PyResult<Bound<'py, PyAny>> {
        let number = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<u32>().ok());
        let (Some(year), Some(month), Some(day)) = (number(0, 4), number(5, 7), number(8, 10)) else {
            return Err(broken(text));
        };
        self.tools.date.bind(self.py).call1((year, month, day))
    }
}

/// JSON as dicts, tuples and plain values.
pub(crate) fn write_plain<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(flag) => PyBool::new(py, *flag).to_owned().into_any(),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into_pyobject(py)?.into_any(),
            (None, Some(number)) => number.into_pyobject(py)?.into_any(),
            (None, None) => PyString::new(py, &number.to_string()).into_any(),
        },
        Value::String(text) => PyString::new(py, text).into_any(),
        Value::Array(items) => {
            let made = items.iter().map(|item| write_plain(py, item)).collect::<PyResult<Vec<_>>>()?;
            PyTuple::new(py, made)?.into_any()
        }
        Value::Object(fields) => {
            let made = PyDict::new(py);
            for (key, item) in fields {
                made.set_item(key, write_plain(py, item)?)?;
            }
            made.into_any()
        }
    })
}
