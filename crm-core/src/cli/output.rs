//! Where output goes: tables and sentences for people, JSON for machines, bars only on a terminal.

use crate::cli::problem::{Finished, Problem};
use crate::cli::table;
use comfy_table::Table;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Columns of the narrowest terminal that tables are fitted to, and of most.
const NARROWEST: u16 = 20;
const USUAL: u16 = 80;

/// The standard output of one run.
pub(crate) struct Out {
    json: bool,
    styled: bool,
    stdout: BufWriter<std::io::Stdout>,
}

impl Out {
    pub(crate) fn new(json: bool) -> Self {
        let stdout = std::io::stdout();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { json, styled: stdout.is_terminal() && !plain, stdout: BufWriter::new(stdout) }
    }

    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// One line for people. Control characters in it cannot reach the terminal.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) -> Finished {
        Ok(writeln!(self.stdout, "{}", harmless(text.as_ref()))?)
    }

    /// A heading for people, after an empty line.
    pub(crate) fn heading(&mut self, text: impl AsRef<str>) -> Finished {
        let text = harmless(text.as_ref());
        if self.styled {
            writeln!(self.stdout, "\n\x1b[1m{text}\x1b[0m")?
        } else {
            writeln!(self.stdout, "\n{text}")?
        }
        Ok(())
    }

    /// A value for machines, over several lines.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Finished {
        serde_json::to_writer_pretty(&mut self.stdout, value).map_err(std::io::Error::from)?;
        Ok(writeln!(self.stdout)?)
    }

    /// A value for machines on one line: for streams of values.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> Finished {
        serde_json::to_writer(&mut self.stdout, value).map_err(std::io::Error::from)?;
        Ok(writeln!(self.stdout)?)
    }

    /// A table for people, fitted to the terminal; see [`table::draw`] for what the headings say. Nothing where there are no rows.
    pub(crate) fn table(&mut self, heads: &[&str], rows: Vec<Vec<String>>) -> Finished {
        if rows.is_empty() {
            return Ok(());
        }
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| harmless(cell)).collect()).collect();
        // A terminal that does not know its width says 0.
        let width = Table::new().width().map(|width| if width < NARROWEST { USUAL } else { width });
        Ok(writeln!(self.stdout, "{}", table::draw(heads, &rows, width))?)
    }

    /// The raw stream, for exports.
    pub(crate) fn raw(&mut self) -> &mut dyn Write {
        &mut self.stdout
    }

    pub(crate) fn flush(&mut self) -> Finished {
        Ok(self.stdout.flush()?)
    }

    /// A bar on stderr for work of a known length; hidden where nobody watches.
    pub(crate) fn bar(&self, length: u64, what: &'static str) -> ProgressBar {
        if self.json {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} % {eta:>4}");
        let bar = ProgressBar::new(length).with_message(what);
        style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
    }

    /// A counter on stderr for work of unknown length; hidden where nobody watches.
    pub(crate) fn counter(&self, what: &'static str) -> ProgressBar {
        if self.json {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{spinner} {msg} {human_pos} in {elapsed}");
        let bar = ProgressBar::new_spinner().with_message(what);
        style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
    }
}

/// The text with control characters made visible: names come from strangers, and a terminal obeys what it is sent.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// A file that has its name only once it is whole; whatever had the name before is replaced then.
pub(crate) struct NewFile {
    path: PathBuf,
    unfinished: PathBuf,
    file: BufWriter<File>,
    done: bool,
}

impl NewFile {
    pub(crate) fn create(path: &Path) -> Result<Self, Problem> {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let unfinished = PathBuf::from(name);
        let file = File::create(&unfinished).map_err(|error| Problem::file("write", path, error))?;
        Ok(Self { path: path.to_owned(), unfinished, file: BufWriter::new(file), done: false })
    }

    pub(crate) fn finish(mut self) -> Finished {
        let renamed = self.file.flush().and_then(|()| std::fs::rename(&self.unfinished, &self.path));
        self.done = renamed.is_ok();
        renamed.map_err(|error| Problem::file("write", &self.path, error))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.done {
            let _ = std::fs::remove_file(&self.unfinished);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_sent_what_it_would_obey() {
        assert_eq!(harmless("a\u{1b}[31mb\tc"), "a\u{fffd}[31mb\u{fffd}c");
    }

    #[test]
    fn an_unfinished_file_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut file = NewFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
