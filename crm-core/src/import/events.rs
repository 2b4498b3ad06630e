//! Events in a sheet of their own, by its column map.

use super::cell;
use super::columns::{DecimalMark, IdentifierColumn, Missing, Strange};
use super::fact::{Fact, Kind, Read, Reading, Row};
use super::find::Finder;
use super::group::Layout;
use super::sheet::Sheet;
use super::table::Use;
use crate::error::{Error, ErrorCode, Result};
use crate::order::Event;
use crate::value::{Attribute, AttributeName, CalendarDate, EventId, EventName, Zone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which column is what, in a sheet with one event per row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EventColumnMap {
    /// The event; unique within its customer.
    pub event_id: String,
    /// When it happened.
    pub happened_at: String,
    /// Forms of that time in the notation of `strftime`, tried in turn; none for year-first dates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub date_formats: Vec<String>,
    /// Where times without an offset are meant; default the program's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// What stands between the whole and its fraction in numbers; default the point.
    #[serde(default)]
    pub decimal_mark: DecimalMark,
    /// Its kind: `review`, `check_in`, ….
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_column: Option<String>,
    /// The kind of all of them, and of rows that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<EventName>,
    /// The customer's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// Who it was where the row has no id of the customer; the most trusted first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub customer: Vec<IdentifierColumn>,
    /// Whether somebody unknown is registered; otherwise the row is refused.
    #[serde(default)]
    pub register: bool,
    /// What else is known; an empty cell is no attribute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<AttributeColumn>,
    /// Events of nobody. They are left out either way.
    #[serde(default)]
    pub without_customer: Strange,
    /// What becomes of columns that are named here and missing. The event, its time and a customer must be there.
    #[serde(default)]
    pub missing: Missing,
}

/// A column with an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AttributeColumn {
    /// Its header.
    pub column: String,
    /// What the attribute is called; default as its column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<AttributeName>,
    /// What it is.
    #[serde(rename = "type", default)]
    pub kind: AttributeKind,
}

/// What an attribute is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttributeKind {
    /// Free text.
    #[default]
    Text,
    /// An exact decimal number.
    Number,
    /// Yes or no.
    Flag,
    /// A day.
    Date,
    /// An instant.
    Instant,
}

impl EventColumnMap {
    /// Reads a map from its JSON text.
    ///
    /// # Errors
    /// `value.json` for what is not a map, `import.header` for a form of dates that is none.
    pub fn from_json(text: &str) -> Result<Self> {
        let map: Self = crate::value::read_text(text)?;
        super::columns::check_formats(&map.date_formats)?;
        Ok(map)
    }
}

impl Default for EventColumnMap {
    /// Our own form: `event_id, happened_at, name` and one of `customer_id, member_no, phone, email`.
    fn default() -> Self {
        let some = |name: &str| Some(name.to_owned());
        Self {
            event_id: "event_id".to_owned(),
            happened_at: "happened_at".to_owned(),
            date_formats: Vec::new(),
            zone: None,
            decimal_mark: DecimalMark::Point,
            name_column: some("name"),
            name: None,
            customer_id: some("customer_id"),
            customer: IdentifierColumn::usual(),
            register: false,
            attributes: Vec::new(),
            without_customer: Strange::Issue,
            missing: Missing::Ignore,
        }
    }
}

struct Places {
    event_id: usize,
    happened_at: [usize; 1],
    name: Option<usize>,
    customer_id: Option<usize>,
    customer: Vec<Option<usize>>,
    attributes: Vec<Option<usize>>,
    used: Vec<(usize, Use)>,
}

pub(super) struct Events {
    map: EventColumnMap,
    /// What each attribute is called.
    names: Vec<AttributeName>,
    sheets: Vec<Places>,
}

impl Events {
    pub(super) fn open(map: &EventColumnMap, sheets: &[Sheet]) -> Result<Self> {
        super::columns::check_formats(&map.date_formats)?;
        let name = |(at, one): (usize, &AttributeColumn)| match &one.name {
            Some(name) => Ok(name.clone()),
            None => AttributeName::new(&one.column).map_err(|error| error.within(format!("attributes[{at}].column"))),
        };
        let names = map.attributes.iter().enumerate().map(name).collect::<Result<_>>()?;
        let sheets = sheets.iter().map(|sheet| places(map, sheet)).collect::<Result<_>>()?;
        Ok(Self { map: map.clone(), names, sheets })
    }
}

const fn usage(kind: AttributeKind) -> Use {
    match kind {
        AttributeKind::Text => Use::Word,
        AttributeKind::Number => Use::Number,
        AttributeKind::Flag => Use::Flag,
        AttributeKind::Date => Use::Day,
        AttributeKind::Instant => Use::Time,
    }
}

fn places(map: &EventColumnMap, sheet: &Sheet) -> Result<Places> {
    let mut find = Finder::new(sheet, map.missing);
    let mut found = Places {
        event_id: find.must(&map.event_id, Use::Word),
        happened_at: [find.must(&map.happened_at, Use::Time)],
        name: find.may(map.name_column.as_deref(), Use::Word),
        customer_id: find.may(map.customer_id.as_deref(), Use::Word),
        customer: find.customer(&map.customer),
        attributes: map.attributes.iter().map(|one| find.may(Some(&one.column), usage(one.kind))).collect(),
        used: Vec::new(),
    };
    if found.name.is_none() && map.name.is_none() {
        find.lacks(std::iter::once(map.name_column.as_deref().unwrap_or("name")));
    }
    if found.customer_id.is_none() && found.customer.iter().all(Option::is_none) {
        find.lacks(map.customer_id.iter().chain(map.customer.iter().map(|who| &who.column)).map(String::as_str));
    }
    found.used = find.finish("events")?;
    Ok(found)
}

impl Layout for Events {
    fn key(&self, sheet: usize) -> Option<usize> {
        self.sheets.get(sheet).map(|places| places.event_id)
    }

    fn times(&self, sheet: usize) -> (u8, &[usize]) {
        (0, self.sheets.get(sheet).map_or(&[], |places| &places.happened_at))
    }

    fn calls(&self) -> &'static str {
        "event id"
    }

    fn used(&self, sheet: usize) -> &[(usize, Use)] {
        self.sheets.get(sheet).map_or(&[], |places| &places.used)
    }

    fn in_order(&self) -> bool {
        true
    }

    fn kind(&self) -> Kind {
        Kind::Event
    }

    fn column(&self, sheet: usize, field: &str) -> Option<usize> {
        let places = self.sheets.get(sheet)?;
        match field {
            "event.id" => Some(places.event_id),
            "event.name" => places.name,
            _ => None,
        }
    }

    fn facts(&self, reading: &mut Reading, rows: &[Row<'_>]) {
        // An id is one event's of its customer: rows of one id are events of several customers, or the same one again.
        for row in rows {
            if let Some(places) = self.sheets.get(row.origin.sheet)
                && self.event(reading, places, row).is_err()
            {
                reading.refuse(Kind::Event);
            }
        }
    }
}

impl Events {
    fn event(&self, reading: &mut Reading, places: &Places, row: &Row<'_>) -> Read<()> {
        let who = (self.map.customer.as_slice(), places.customer.as_slice());
        let Some(buyer) = reading.buyer(row, places.customer_id, who, self.map.register)? else {
            reading.skip(Kind::Event, "no_customer");
            if self.map.without_customer == Strange::Issue {
                let column = places.customer_id.or(places.customer.iter().copied().flatten().next());
                reading.note(row, column, &Error::new(ErrorCode::IdentityMissing, "the row names no customer"));
            }
            return Ok(());
        };
        let column = Some(places.event_id);
        let id = EventId::new(row.text(column)).map_err(|error| reading.note(row, column, &error))?;
        let [time] = places.happened_at;
        let Some(happened_at) = reading.time(row, Some(time))? else {
            return Err(reading.wrong(row, Some(time), "the time is missing"));
        };
        let name = match (row.text(places.name), &self.map.name) {
            (text, Some(name)) if text.is_empty() => name.clone(),
            (text, _) => EventName::new(text).map_err(|error| reading.note(row, places.name, &error))?,
        };
        let mut attributes = BTreeMap::new();
        for ((one, name), place) in self.map.attributes.iter().zip(&self.names).zip(&places.attributes) {
            if let Some(value) = attribute(reading, row, *place, one.kind)? {
                attributes.insert(name.clone(), value);
            }
        }
        reading.push(row, happened_at, Fact::Event { buyer, event: Event { id, name, happened_at, attributes } });
        Ok(())
    }
}

/// What a cell says of an attribute; nothing where it is empty.
fn attribute(
    reading: &mut Reading,
    row: &Row<'_>,
    column: Option<usize>,
    kind: AttributeKind,
) -> Read<Option<Attribute>> {
    let text = row.get(column);
    if text.is_empty() {
        return Ok(None);
    }
    Ok(match kind {
        AttributeKind::Text => Some(Attribute::Text { value: text.to_owned() }),
        AttributeKind::Number => reading.number(row, column)?.map(|value| Attribute::Number { value }),
        AttributeKind::Flag => match cell::yes_or_no(text) {
            Some(value) => Some(Attribute::Flag { value }),
            None => return Err(reading.wrong(row, column, "the cell says neither yes nor no")),
        },
        AttributeKind::Date => match CalendarDate::parse(text) {
            Ok(value) => Some(Attribute::Date { value }),
            Err(error) => return Err(reading.note(row, column, &error)),
        },
        // It may well lie ahead: the day of a booking, the end of a trial.
        AttributeKind::Instant => match reading.instant(row, column) {
            Ok(value) => Some(Attribute::Instant { value }),
            Err(error) => return Err(reading.note(row, column, &error)),
        },
    })
}
