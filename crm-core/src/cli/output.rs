//! Where output goes: tables and sentences for people, JSON for machines, bars only on a terminal.

use crate::cli::problem::{Finished, Problem};
use crate::cli::table;
use comfy_table::Table;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::fs::{File, OpenOptions};
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
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if (c.is_control() && c != '\n') || is_unseen(c) { '\u{fffd}' } else { c }).collect()
}

/// What turns the direction of writing round, or cannot be seen at all. Joiners belong to some scripts.
const fn is_unseen(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let unseen = matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    turns || unseen || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A file that has its name only once it is whole; whatever file had the name before is replaced then, with its permissions. A link leads
/// to what it names, and what is no file (a pipe, a device) is written to as it is.
pub(crate) struct NewFile {
    path: PathBuf,
    /// Its name until it is whole.
    unfinished: Option<PathBuf>,
    file: BufWriter<File>,
}

impl NewFile {
    pub(crate) fn create(path: &Path) -> Result<Self, Problem> {
        Self::open(path).map_err(|error| Problem::file("write", path, error))
    }

    fn open(path: &Path) -> std::io::Result<Self> {
        let there = std::fs::metadata(path).ok();
        let is_link = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
        if there.as_ref().is_some_and(|found| !found.is_file()) || (there.is_none() && is_link) {
            let file = OpenOptions::new().write(true).create(is_link).truncate(false).open(path)?;
            return Ok(Self { path: path.to_owned(), unfinished: None, file: BufWriter::new(file) });
        }
        let path = if is_link { std::fs::canonicalize(path)? } else { path.to_owned() };
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let unfinished = PathBuf::from(name);
        let file = BufWriter::new(File::create(&unfinished)?);
        let new = Self { path, unfinished: Some(unfinished), file };
        if let Some(there) = there {
            new.file.get_ref().set_permissions(there.permissions())?;
        }
        Ok(new)
    }

    pub(crate) fn finish(mut self) -> Finished {
        let flushed = self.file.flush();
        let named = flushed.and_then(|()| match &self.unfinished {
            Some(unfinished) => std::fs::rename(unfinished, &self.path),
            None => Ok(()),
        });
        if named.is_ok() {
            self.unfinished = None;
        }
        named.map_err(|error| Problem::file("write", &self.path, error))
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
        if let Some(unfinished) = &self.unfinished {
            let _ = std::fs::remove_file(unfinished);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_sent_what_it_would_obey() {
        assert_eq!(harmless("a\u{1b}[31mb\tc"), "a\u{fffd}[31mb\u{fffd}c");
        assert_eq!(harmless("\u{202e}ab\u{200b}"), "\u{fffd}ab\u{fffd}");
        assert_eq!(harmless("a\u{ad}b\u{e0041}"), "a\u{fffd}b\u{fffd}");
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

    fn write(path: &Path, text: &str) {
        let mut file = NewFile::create(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        assert!(file.finish().is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_there_stays_what_it_is() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link, dangling) = (folder.path().join("a"), folder.path().join("b"), folder.path().join("c"));
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink("a", &link).unwrap();
        symlink("d", &dangling).unwrap();
        write(&link, "new");
        write(&dangling, "new");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(folder.path().join("d")).unwrap(), "new");
        // A pipe of ours in place of a device: it is written to, and still there.
        let (mut reader, writer) = std::io::pipe().unwrap();
        let pipe = PathBuf::from(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&writer)));
        write(&pipe, "through");
        drop(writer);
        let mut read = String::new();
        std::io::Read::read_to_string(&mut reader, &mut read).unwrap();
        assert_eq!(read, "through");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
    }
}
