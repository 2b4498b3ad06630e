//! A story of the corpus: its file format.

use crate::command::Command;
use crate::error::{Error, ErrorCode, Result};
use crate::query::Query;
use crate::value::{Actor, BatchId, Reason, RequestId, Timestamp, read, read_text};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// One story: a program and what happens under it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// What it is about.
    pub name: String,
    /// Why it has to be so, with the arithmetic.
    pub why: String,
    /// A program document, or the name of a sample in `docs/programs`.
    pub program: Value,
    /// What happens.
    pub steps: Vec<Step>,
}

/// One step: exactly one of `do`, `ask`, `sweep`, `publish`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What the step is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The clock of the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The request id; default `step-N`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    /// A command, as JSON: one that cannot be read is refused like any other bad input.
    #[serde(rename = "do", default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Value>,
    /// A question, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Value>,
    /// Settle everybody who is due up to here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Timestamp>,
    /// The next revision of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish: Option<Value>,
    /// What must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Value>,
    /// With which error it must be refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

/// An expected error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// Its code.
    pub code: String,
    /// Details that must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

/// What a step does, read from its JSON.
pub(crate) enum Act {
    Do(Box<Command>),
    Ask(Box<Query>),
    Sweep(Timestamp),
    Publish(Value),
}

impl Step {
    /// What the step does.
    ///
    /// # Errors
    /// `value.json` and the codes of values for a command or question that cannot be read.
    pub(crate) fn act(&self) -> Result<Act> {
        match (&self.command, &self.ask, self.sweep, &self.publish) {
            (Some(json), None, None, None) => Ok(Act::Do(read(json)?)),
            (None, Some(json), None, None) => Ok(Act::Ask(read(json)?)),
            (None, None, Some(until), None) => Ok(Act::Sweep(until)),
            (None, None, None, Some(json)) => Ok(Act::Publish(json.clone())),
            _ => Err(Error::new(ErrorCode::ValueJson, "a step has exactly one of `do`, `ask`, `sweep`, `publish`")),
        }
    }
}

/// The stories below a folder, in the order of their paths. A file that is no story is an error of its own.
///
/// # Errors
/// `import.file` when the folder cannot be read.
pub fn stories(folder: &Path) -> Result<Vec<(PathBuf, Result<Story>)>> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    Ok(files
        .into_iter()
        .map(|path| {
            let story = std::fs::read_to_string(&path)
                .map_err(|error| unreadable(&path, error))
                .and_then(|text| read_text(&text));
            (path, story)
        })
        .collect())
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorCode::ImportFile, format!("cannot read `{}`", path.display())).caused_by(error)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    Ok(())
}
