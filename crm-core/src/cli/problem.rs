//! How a command ends when it does not end well, and the exit code for it.

use crate::cli::output::harmless;
use crm_core::{Error, ErrorCode};
use serde_json::json;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The engine refused, a document has findings, rows have issues, a story differs.
pub(crate) const REFUSED: u8 = 1;
/// The command line is wrong.
pub(crate) const USAGE: u8 = 2;
/// The database or a file failed.
pub(crate) const FAULT: u8 = 3;

/// Ctrl-C: 128 and the number of the signal, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// What every command returns.
pub(crate) type Finished = Result<(), Problem>;

/// Why a command did not end well.
#[derive(Debug)]
pub(crate) enum Problem {
    /// A refusal or a fault of the library.
    Core(Error),
    /// The command line is wrong.
    Usage(String),
    /// A file that the command line itself reads or writes.
    File { doing: &'static str, path: PathBuf, source: io::Error },
    /// Findings, issues or refusals that are printed already.
    Told,
    /// Whoever read the output has seen enough.
    Enough,
    /// The output cannot be written.
    Output(io::Error),
}

impl Problem {
    /// The fault of a file; `doing` completes the sentence "could not …".
    pub(crate) fn file(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File { doing, path: path.to_owned(), source }
    }

    /// The exit code of the process.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Core(error) if error.code() == ErrorCode::Stopped => INTERRUPTED,
            Self::Core(error) => {
                let code = error.code().as_str();
                if code.starts_with("store.") || code == "import.file" || code == "internal" { FAULT } else { REFUSED }
            }
            Self::Usage(_) => USAGE,
            Self::File { .. } | Self::Output(_) => FAULT,
            Self::Told => REFUSED,
            Self::Enough => 0,
        }
    }

    /// Says it on stderr: in words, or as one line of JSON.
    pub(crate) fn tell(&self, as_json: bool) {
        if !matches!(self, Self::Told | Self::Enough) {
            let told = if as_json { self.to_json().to_string() } else { self.to_words() };
            // There is nobody left to tell when stderr is gone.
            let _ = writeln!(io::stderr(), "{told}");
        }
    }

    /// The form of [`Error::to_json`], whatever the cause.
    fn to_json(&self) -> serde_json::Value {
        let own = |code: &str, message: String, details: serde_json::Value, help: &str, retry: &str| json!({ "code": code, "message": message, "details": details, "help": help, "retry": retry });
        match self {
            Self::Core(error) => error.to_json(),
            Self::Usage(message) => own("usage", message.clone(), json!({}), USAGE_HELP, "no"),
            Self::File { doing, path, source } => {
                let message = format!("could not {doing} `{}`: {source}", path.display());
                own("file", message, json!({ "path": path.display().to_string() }), FILE_HELP, "later")
            }
            Self::Output(error) => own("file", format!("could not write: {error}"), json!({}), FILE_HELP, "later"),
            Self::Told | Self::Enough => json!({}),
        }
    }

    fn to_words(&self) -> String {
        harmless(&self.in_words())
    }

    fn in_words(&self) -> String {
        match self {
            Self::Core(error) => {
                let mut told =
                    format!("error: {}\n  code: {}\n  help: {}", error.message(), error.code().as_str(), error.help());
                if let Some(field) = error.details().get("field").and_then(serde_json::Value::as_str) {
                    told.push_str(&format!("\n  at: {field}"));
                }
                let mut cause = std::error::Error::source(error);
                while let Some(inner) = cause {
                    told.push_str(&format!("\n  cause: {inner}"));
                    cause = inner.source();
                }
                if let Some(batch) = stopped_import(error) {
                    told.push_str(&format!(
                        "\n  note: what import `{batch}` recorded before stays; the same command goes on where it stopped"
                    ));
                }
                told
            }
            Self::Usage(message) => format!("error: {message}\n  help: {USAGE_HELP}"),
            Self::File { doing, path, source } => {
                format!("error: could not {doing} `{}`: {source}\n  help: {FILE_HELP}", path.display())
            }
            Self::Output(error) => format!("error: could not write the output: {error}"),
            Self::Told | Self::Enough => String::new(),
        }
    }
}

/// The import that a failing store, or Ctrl-C, has stopped half-way.
fn stopped_import(error: &Error) -> Option<&str> {
    let half_way = error.code() == ErrorCode::Stopped || error.code().as_str().starts_with("store.");
    error.details().get("batch").and_then(serde_json::Value::as_str).filter(|_| half_way)
}

const USAGE_HELP: &str = "`crm help`, or the command with `--help`, says how it is used";
const FILE_HELP: &str = "check the name, the folder and the permissions";

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

/// For what is written to stdout.
impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Enough } else { Self::Output(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_wrote_turns_no_message_round() {
        let told = Problem::Core(Error::new(ErrorCode::OrderUnknown, "no order `\u{202e}1`")).to_words();
        assert!(told.contains("no order `\u{fffd}1`"), "{told}");
    }

    #[test]
    fn a_stopped_import_says_how_it_goes_on() {
        let told = |code| Problem::Core(Error::new(code, "something").with("batch", "b1")).to_words();
        assert!(told(ErrorCode::StoreFull).contains("import `b1` recorded before stays"));
        assert!(told(ErrorCode::Stopped).contains("import `b1` recorded before stays"));
        assert!(!told(ErrorCode::BatchExists).contains("stays"));
    }
}
