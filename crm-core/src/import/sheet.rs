//! One file, or one table at hand: headers, rows, and the way back to a row that was seen before.

use super::cell::clean;
use super::table::{self, CellType, Cells, Use};
use super::text;
use crate::error::{Error, ErrorCode, Result};
use crate::limits::IMPORT_CELL_BYTES_MAX;
use crate::value::{Fingerprint, fingerprint, fingerprint_bytes};
use csv::{Position, Reader, ReaderBuilder, StringRecord};
use std::collections::{BTreeMap, HashMap};
use std::io::Cursor;
use std::sync::Arc;

/// So many bytes of a table are worked into its print at a time.
const PRINTED_AT_ONCE: usize = 1 << 16;

/// A file, decoded, or a table, with its headers.
pub(super) struct Sheet {
    pub(super) name: String,
    /// Cleaned; the second of two equal ones is `name#2`.
    pub(super) headers: Vec<String>,
    body: Body,
}

enum Body {
    File(File),
    Table {
        cells: Arc<dyn Cells>,
        /// The columns that are read, in ascending order.
        wanted: Vec<usize>,
        rows: u32,
    },
}

pub(super) struct File {
    name: String,
    text: String,
    delimiter: u8,
    /// Where each row begins; an empty line is a row as well, for a spreadsheet counts it.
    places: Vec<u32>,
    rows: u64,
}

impl Sheet {
    pub(super) fn open(name: &str, mut text: String) -> Result<Self> {
        let hint = separator_hint(&text);
        if let Some((_, length)) = hint {
            text.drain(..length);
        }
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let count = |mark: u8| first.bytes().filter(|byte| *byte == mark).count();
        // The last of several maxima wins, so the comma comes last.
        let delimiter = [b'|', b'\t', b';', b','].into_iter().max_by_key(|mark| count(*mark)).unwrap_or(b',');
        let delimiter = hint.map_or(delimiter, |(mark, _)| mark);
        let file = File { name: name.to_owned(), text, delimiter, places: Vec::new(), rows: 0 };
        let mut record = StringRecord::new();
        let read = file.reader().read_record(&mut record).map_err(|cause| file.broken(cause))?;
        if !read {
            return Err(text::file(name, "is empty"));
        }
        Ok(Self { name: name.to_owned(), headers: named(record.iter()), body: Body::File(file) })
    }

    /// A table at hand.
    pub(super) fn of(name: &str, cells: Arc<dyn Cells>) -> Result<Self> {
        let rows = table::rows(name, &*cells)?;
        let headers = named(cells.columns().iter().map(|column| column.name.as_str()));
        Ok(Self { name: name.to_owned(), headers, body: Body::Table { cells, wanted: Vec::new(), rows } })
    }

    /// Settles which columns of a table are read, and refuses those that cannot be. A file has them all.
    pub(super) fn want(&mut self, used: &[(usize, Use)]) -> Result<()> {
        if let Body::Table { cells, wanted, .. } = &mut self.body {
            if used.is_empty() {
                return Err(text::file(&self.name, "is a table, which only a column map can read"));
            }
            table::check(&self.name, cells.columns(), used)?;
            *wanted = used.iter().map(|(place, _)| *place).collect();
            wanted.sort_unstable();
            wanted.dedup();
        }
        Ok(())
    }

    /// Whether it is a table at hand.
    pub(super) const fn is_table(&self) -> bool {
        matches!(self.body, Body::Table { .. })
    }

    /// Whether the cells of a column have a type, and so one form.
    pub(super) fn is_plain(&self, column: Option<usize>) -> bool {
        self.cells(column).is_some_and(CellType::is_plain)
    }

    /// What the cells of a column are; none in a file, whose cells are text.
    pub(super) fn cells(&self, column: Option<usize>) -> Option<CellType> {
        match (&self.body, column) {
            (Body::Table { cells, .. }, Some(place)) => cells.columns().get(place).map(|column| column.cells),
            _ => None,
        }
    }

    /// What to call a row: as a spreadsheet numbers the lines of a file, whose header is row 1; as a table numbers its rows, from 0.
    pub(super) fn number(&self, row: u32) -> u64 {
        match self.body {
            Body::File(_) => u64::from(row) + 2,
            Body::Table { .. } => u64::from(row),
        }
    }

    /// The place of the first of these columns that is there; `name#1` is the first of several.
    pub(super) fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| {
            let name = name.strip_suffix("#1").unwrap_or(name);
            self.headers.iter().position(|header| header == name)
        })
    }

    /// Whether all of these columns are there.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.column(&[name]).is_some())
    }

    /// Walks over all rows but the header, and keeps where each begins.
    pub(super) fn scan(&mut self, each: &mut dyn FnMut(&Self, u32, &StringRecord)) -> Result<()> {
        let mut record = StringRecord::new();
        if let Body::Table { rows, .. } = self.body {
            let mut reader = self.rows();
            for number in 0..rows {
                reader.read(number, &mut record)?;
                each(self, number, &record);
            }
            return Ok(());
        }
        let mut places = Vec::new();
        let mut rows = 0;
        if let Body::File(file) = &self.body {
            let mut reader = file.reader();
            let mut header = true;
            while reader.read_record(&mut record).map_err(|cause| file.broken(cause))? {
                let byte = record.position().map_or(0, Position::byte);
                let place = u32::try_from(byte).map_err(|_| text::file(&self.name, "is too large"))?;
                places.resize(places.len() + file.empty_lines(byte), place);
                if std::mem::take(&mut header) {
                    continue;
                }
                let number = u32::try_from(places.len()).unwrap_or(u32::MAX);
                places.push(place);
                rows += 1;
                each(self, number, &record);
            }
        }
        if let Body::File(file) = &mut self.body {
            (file.places, file.rows) = (places, rows);
        }
        Ok(())
    }

    /// Reads rows again, by their numbers.
    pub(super) fn rows(&self) -> Rows<'_> {
        match &self.body {
            Body::File(file) => Rows::File { file, reader: Box::new(file.reader()), next: None },
            Body::Table { cells, wanted, .. } => Rows::Table { cells: &**cells, wanted },
        }
    }

    pub(super) fn row_count(&self) -> u64 {
        match &self.body {
            Body::File(file) => file.rows,
            Body::Table { rows, .. } => u64::from(*rows),
        }
    }

    /// Stands for the content: of a table, for the columns that are read.
    pub(super) fn print(&self) -> Result<Fingerprint> {
        let rows = match &self.body {
            Body::File(file) => return Ok(fingerprint_bytes(file.text.as_bytes())),
            Body::Table { rows, .. } => *rows,
        };
        let (mut reader, mut record) = (self.rows(), StringRecord::new());
        let mut bytes = self.headers.join("\0").into_bytes();
        for number in 0..rows {
            reader.read(number, &mut record)?;
            for cell in &record {
                bytes.extend_from_slice(cell.as_bytes());
                bytes.push(0);
            }
            if PRINTED_AT_ONCE <= bytes.len() {
                let print = fingerprint_bytes(&bytes);
                bytes.clear();
                bytes.extend_from_slice(&print.0);
            }
        }
        Ok(fingerprint_bytes(&bytes))
    }

    /// Why a row cannot be taken as it is, if so.
    pub(super) fn misfit(&self, number: u32, record: &StringRecord) -> Option<String> {
        let long = record.iter().any(|cell| IMPORT_CELL_BYTES_MAX < cell.len());
        let Body::File(file) = &self.body else {
            return long.then(|| format!("a cell has more than {IMPORT_CELL_BYTES_MAX} bytes"));
        };
        if record.as_slice().contains('\n') && (record.len() != self.headers.len() || !file.well_quoted(number)) {
            return Some("a quote in the row is not closed, or a lone one; it swallows what follows".to_owned());
        }
        if long {
            return Some(format!(
                "a cell has more than {IMPORT_CELL_BYTES_MAX} bytes; a quote before it is not closed"
            ));
        }
        let more = record.iter().skip(self.headers.len()).any(|cell| !clean(cell).is_empty());
        more.then(|| format!("the row has {} cells, the header has {}", record.len(), self.headers.len()))
    }
}

impl File {
    fn reader(&self) -> Reader<Cursor<&[u8]>> {
        ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .buffer_capacity(4 * 1024)
            .from_reader(Cursor::new(self.text.as_bytes()))
    }

    fn broken(&self, cause: csv::Error) -> Error {
        text::file(&self.name, "is not readable as CSV").caused_by(cause)
    }

    /// How many empty lines the reader has skipped from a place on.
    fn empty_lines(&self, place: u64) -> usize {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let rest = self.text.as_bytes().get(place..).unwrap_or_default();
        let before = place.checked_sub(1).and_then(|last| self.text.as_bytes().get(last));
        // The reader stops in the middle of a CRLF.
        let rest = if before == Some(&b'\r') { rest.strip_prefix(b"\n").unwrap_or(rest) } else { rest };
        let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let (lines, _) = ends.fold((0, 0), |(lines, last), byte| match (last, byte) {
            (b'\r', b'\n') => (lines, *byte),
            _ => (lines + 1, *byte),
        });
        lines
    }

    /// Whether every quoted cell of a row ends with its quote. The reader goes on where one does not, and takes later rows for the cell.
    fn well_quoted(&self, number: u32) -> bool {
        let place = |number: usize| self.places.get(number).and_then(|place| usize::try_from(*place).ok());
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        let Some(start) = place(number) else { return false };
        let end = place(number.saturating_add(1)).unwrap_or(self.text.len());
        let row = self.text.as_bytes().get(start..end).unwrap_or_default();
        let mut bytes = row.trim_ascii_start().iter().copied().peekable();
        let ends = |byte: u8| byte == self.delimiter || matches!(byte, b'\r' | b'\n');
        let (mut begins, mut quoted) = (true, false);
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' if quoted && bytes.next_if_eq(&b'"').is_some() => {}
                b'"' if quoted => {
                    if bytes.peek().is_some_and(|next| !ends(*next)) {
                        return false;
                    }
                    quoted = false;
                }
                b'"' if begins => quoted = true,
                _ => {}
            }
            begins = !quoted && ends(byte);
        }
        !quoted
    }
}

/// Headers as they are looked for: cleaned, and the second of two equal ones with its number.
fn named<'a>(headers: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let each = headers.map(|header| {
        let header = clean(header).to_owned();
        let times = seen.entry(header.clone()).and_modify(|times| *times += 1).or_insert(1);
        if *times == 1 { header } else { format!("{header}#{times}") }
    });
    each.collect()
}

/// The separator that a first line of `sep=;` names, and the length of that line: a note to spreadsheets, which do not count it as a row.
fn separator_hint(text: &str) -> Option<(u8, usize)> {
    let (line, _) = text.split_once('\n')?;
    let mark = line.trim_end_matches('\r').strip_prefix("sep=")?;
    let [mark @ (b',' | b';' | b'\t' | b'|')] = mark.as_bytes() else { return None };
    Some((*mark, line.len() + 1))
}

/// Rows of a sheet in any order; one after the other costs no search.
pub(super) enum Rows<'a> {
    File { file: &'a File, reader: Box<Reader<Cursor<&'a [u8]>>>, next: Option<u32> },
    Table { cells: &'a dyn Cells, wanted: &'a [usize] },
}

impl Rows<'_> {
    pub(super) fn read(&mut self, number: u32, record: &mut StringRecord) -> Result<()> {
        match self {
            Self::Table { cells, wanted } => read_cells(*cells, wanted, number, record),
            Self::File { file, reader, next } => {
                let lost = || Error::internal("a row of an import is gone");
                if *next != Some(number) {
                    let place = file.places.get(usize::try_from(number).unwrap_or(usize::MAX)).ok_or_else(lost)?;
                    let mut position = Position::new();
                    position.set_byte(u64::from(*place));
                    reader.seek(position).map_err(|cause| file.broken(cause))?;
                }
                *next = number.checked_add(1);
                if reader.read_record(record).map_err(|cause| file.broken(cause))? { Ok(()) } else { Err(lost()) }
            }
        }
    }
}

/// A row of a table, each cell at the place of its column; the others are empty.
fn read_cells(cells: &dyn Cells, wanted: &[usize], number: u32, record: &mut StringRecord) -> Result<()> {
    record.clear();
    let mut places = wanted.iter();
    cells.read(u64::from(number), wanted, &mut |text| {
        let Some(place) = places.next() else { return };
        while record.len() < *place {
            record.push_field("");
        }
        record.push_field(text);
    })
}

/// `import.header`: which columns a file lacks, and which format it looks like.
pub(super) fn lacking(sheet: &Sheet, format: &str, missing: &[String]) -> Error {
    let nearest = nearest(sheet);
    let mut message = format!(
        "`{}` lacks {} of format `{format}`: {}",
        crate::limits::quote(&sheet.name),
        if missing.len() == 1 { "a column" } else { "columns" },
        missing.iter().map(|name| format!("`{}`", crate::limits::quote(name))).collect::<Vec<_>>().join(", "),
    );
    if let Some(nearest) = nearest.filter(|name| *name != format && !sheet.is_table()) {
        message.push_str(&format!("; it looks like `{nearest}`"));
    }
    let mut similar = BTreeMap::new();
    for name in missing {
        let free = sheet.headers.iter().map(String::as_str).filter(|header| !missing.iter().any(|one| one == header));
        if let Some(found) = crate::program::nearest(name, free) {
            message.push_str(&format!("; near `{}` is `{}`", crate::limits::quote(name), crate::limits::quote(found)));
            similar.insert(name.as_str(), found);
        }
    }
    if similar.is_empty() && sheet.is_table() {
        let names: Vec<_> = sheet.headers.iter().map(|name| format!("`{}`", crate::limits::quote(name))).collect();
        message.push_str(&format!("; it has {}", if names.is_empty() { "none".to_owned() } else { names.join(", ") }));
    }
    Error::new(ErrorCode::ImportHeader, message)
        .with("file", &sheet.name)
        .with("missing", missing)
        .with("similar", similar)
        .with("nearest", nearest)
}

/// What each format is recognised by.
const SIGNS: [(&str, &[&str]); 4] = [
    ("shopify", &["Name", "Financial Status", "Paid at", "Lineitem quantity", "Lineitem name", "Lineitem price"]),
    (
        "taobao",
        &["订单编号", "买家会员名", "订单状态", "退款编号", "买家退款金额", "购买数量", "标题", "买家实际支付金额"],
    ),
    ("youzan", &["订单号", "买家付款时间", "订单实付金额", "买家手机号", "商品名称", "商品数量", "商品单价"]),
    ("plain", &["order_id", "paid_at", "unit_price", "sku", "quantity", "phone", "email", "member_no"]),
];

/// The format whose headers a sheet has most of, if it has three.
pub(super) fn nearest(sheet: &Sheet) -> Option<&'static str> {
    let score = |signs: &[&str]| signs.iter().filter(|sign| sheet.column(&[sign]).is_some()).count();
    let best = SIGNS.iter().rev().max_by_key(|(_, signs)| score(signs))?;
    (3 <= score(best.1)).then_some(best.0)
}

/// A short print of the content of all files, whatever their order.
pub(super) fn print(sheets: &[Sheet]) -> Result<String> {
    let mut prints = sheets.iter().map(Sheet::print).collect::<Result<Vec<_>>>()?;
    prints.sort_unstable();
    let print = fingerprint(&prints.iter().map(|print| print.0).collect::<Vec<_>>());
    Ok(print.0.iter().take(4).map(|byte| format!("{byte:02x}")).collect())
}
