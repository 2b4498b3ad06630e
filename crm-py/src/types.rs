//! The table of types, as the package's generator writes it, with the classes of Python beside it.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyType};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

const TABLE: &str = include_str!("shapes.json");

#[derive(Deserialize)]
struct Table {
    records: BTreeMap<String, Vec<Row>>,
    unions: BTreeMap<String, UnionTable>,
    words: BTreeMap<String, Vec<String>>,
    tags: BTreeMap<String, (String, String)>,
}

#[derive(Deserialize)]
struct Row {
    json: String,
    attribute: String,
    kind: Value,
    #[serde(default, deserialize_with = "some")]
    default: Option<Value>,
}

/// Tells `null` from absence.
fn some<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
struct UnionTable {
    tag: String,
    variants: serde_json::Map<String, Value>,
}

/// What a value is.
pub(crate) enum Kind {
    Text,
    Int,
    Bool,
    Decimal,
    /// A decimal that is a number in JSON where it is whole.
    Quantity,
    Time,
    Date,
    List(Box<Kind>),
    Map(Box<Kind>),
    Tuple(Vec<Kind>),
    Record(usize),
    Union(usize),
    Word(usize),
}

/// A field of a record.
pub(crate) struct Field {
    pub(crate) json: String,
    pub(crate) attribute: Py<PyString>,
    pub(crate) kind: Kind,
    /// None: it is required. A `null`: it may be absent.
    pub(crate) default: Option<Value>,
    /// The default as Python sees it, once it was needed.
    pub(crate) default_made: PyOnceLock<Py<PyAny>>,
}

/// A class with fields.
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) class: Py<PyType>,
    pub(crate) fields: Vec<Field>,
    /// The field and the word by which its union knows it, where it is a variant of one.
    pub(crate) tag: Option<(String, String)>,
}

/// One of several classes; a field says which.
pub(crate) struct Union {
    pub(crate) name: String,
    pub(crate) tag: String,
    /// By the word in that field.
    pub(crate) by_tag: HashMap<String, usize>,
    /// By record.
    pub(crate) tag_of: HashMap<usize, String>,
}

/// A class of words.
pub(crate) struct Words {
    pub(crate) name: String,
    pub(crate) members: HashMap<String, Py<PyAny>>,
}

/// Everything.
pub(crate) struct Types {
    pub(crate) records: Vec<Record>,
    pub(crate) unions: Vec<Union>,
    pub(crate) words: Vec<Words>,
    /// The record of a class, by the address of the class.
    by_class: HashMap<usize, usize>,
    by_name: HashMap<String, Named>,
}

#[derive(Clone, Copy)]
enum Named {
    Record(usize),
    Union(usize),
    Word(usize),
}

static TYPES: PyOnceLock<Types> = PyOnceLock::new();

impl Types {
    /// The table, made at first use.
    pub(crate) fn get(py: Python<'_>) -> PyResult<&Self> {
        TYPES.get_or_try_init(py, || Self::load(py))
    }

    fn load(py: Python<'_>) -> PyResult<Self> {
        let table: Table = serde_json::from_str(TABLE).map_err(broken)?;
        let module = py.import("crm_core._types")?;
        let mut by_name = HashMap::new();
        for (place, name) in table.records.keys().enumerate() {
            by_name.insert(name.clone(), Named::Record(place));
        }
        for (place, name) in table.unions.keys().enumerate() {
            by_name.insert(name.clone(), Named::Union(place));
        }
        for (place, name) in table.words.keys().enumerate() {
            by_name.insert(name.clone(), Named::Word(place));
        }
        let (mut records, mut by_class) = (Vec::new(), HashMap::new());
        for (place, (name, rows)) in table.records.into_iter().enumerate() {
            let class = module.getattr(name.as_str())?.cast_into::<PyType>()?;
            by_class.insert(class.as_ptr() as usize, place);
            let fields = rows.into_iter().map(|row| field(py, row, &by_name)).collect::<PyResult<_>>()?;
            let tag = table.tags.get(&name).cloned();
            records.push(Record { name, class: class.unbind(), fields, tag });
        }
        let mut unions = Vec::new();
        for (name, union) in table.unions {
            let (mut by_tag, mut tag_of) = (HashMap::new(), HashMap::new());
            for (tag, record) in union.variants {
                let Some(Named::Record(place)) = record.as_str().and_then(|name| by_name.get(name)) else {
                    return Err(broken(format!("{name}.{tag}")));
                };
                by_tag.insert(tag.clone(), *place);
                tag_of.insert(*place, tag);
            }
            unions.push(Union { name, tag: union.tag, by_tag, tag_of });
        }
        let mut words = Vec::new();
        for (name, texts) in table.words {
            let class = module.getattr(name.as_str())?;
            let members = texts.into_iter().map(|text| Ok((text.clone(), class.call1((text,))?.unbind())));
            words.push(Words { members: members.collect::<PyResult<_>>()?, name });
        }
        Ok(Self { records, unions, words, by_class, by_name })
    }

    /// The record that a class stands for.
    pub(crate) fn record_of(&self, class: &Bound<'_, PyType>) -> Option<usize> {
        self.by_class.get(&(class.as_ptr() as usize)).copied()
    }

    /// A type by its name.
    pub(crate) fn named(&self, name: &str) -> Option<Kind> {
        self.by_name.get(name).map(|named| match named {
            Named::Record(place) => Kind::Record(*place),
            Named::Union(place) => Kind::Union(*place),
            Named::Word(place) => Kind::Word(*place),
        })
    }

    pub(crate) fn record(&self, place: usize) -> PyResult<&Record> {
        self.records.get(place).ok_or_else(|| broken("a record"))
    }

    pub(crate) fn union(&self, place: usize) -> PyResult<&Union> {
        self.unions.get(place).ok_or_else(|| broken("a union"))
    }

    pub(crate) fn word(&self, place: usize) -> PyResult<&Words> {
        self.words.get(place).ok_or_else(|| broken("a word"))
    }
}

fn field(py: Python<'_>, row: Row, by_name: &HashMap<String, Named>) -> PyResult<Field> {
    Ok(Field {
        attribute: PyString::intern(py, &row.attribute).unbind(),
        kind: kind(&row.kind, by_name)?,
        json: row.json,
        default: row.default,
        default_made: PyOnceLock::new(),
    })
}

fn kind(value: &Value, by_name: &HashMap<String, Named>) -> PyResult<Kind> {
    if let Some(word) = value.as_str() {
        return Ok(match word {
            "text" => Kind::Text,
            "int" => Kind::Int,
            "bool" => Kind::Bool,
            "decimal" => Kind::Decimal,
            "quantity" => Kind::Quantity,
            "time" => Kind::Time,
            "date" => Kind::Date,
            _ => return Err(broken(word)),
        });
    }
    let inner = value.get(1).ok_or_else(|| broken(value))?;
    Ok(match value.get(0).and_then(Value::as_str) {
        Some("list") => Kind::List(Box::new(kind(inner, by_name)?)),
        Some("map") => Kind::Map(Box::new(kind(inner, by_name)?)),
        Some("tuple") => {
            let parts = inner.as_array().ok_or_else(|| broken(value))?;
            Kind::Tuple(parts.iter().map(|part| kind(part, by_name)).collect::<PyResult<_>>()?)
        }
        _ => match inner.as_str().and_then(|name| by_name.get(name)) {
            Some(Named::Record(place)) => Kind::Record(*place),
            Some(Named::Union(place)) => Kind::Union(*place),
            Some(Named::Word(place)) => Kind::Word(*place),
            None => return Err(broken(value)),
        },
    })
}

/// The table and the classes of Python do not belong together: the package is not whole.
pub(crate) fn broken(what: impl std::fmt::Display) -> PyErr {
    pyo3::exceptions::PyImportError::new_err(format!("crm_core is not installed completely: {what}"))
}
