//! `crm check-program` and `crm publish`.

use crate::cli::args::{CheckProgram, Global, Publish};
use crate::cli::clock;
use crate::cli::output::Out;
use crate::cli::problem::{Finished, Problem};
use crate::cli::shop::Shop;
use crm_core::program::{Finding, Program, Severity, sample};
use crm_core::{Error, ErrorCode};
use serde_json::json;
use std::path::Path;

/// The text of a program: a file, or a sample by name.
pub(crate) fn read(name: &str) -> Result<String, Problem> {
    let path = Path::new(name);
    match (std::fs::read(path), sample(name)) {
        (Ok(bytes), _) => String::from_utf8(bytes)
            .map_err(|error| Problem::file("read", path, std::io::Error::other(error.utf8_error()))),
        (Err(_), Some(text)) => Ok(text.to_owned()),
        (Err(error), None) if error.kind() == std::io::ErrorKind::NotFound => {
            let why = "there is no such file, and no sample of this name; samples are supermarket, cafe and mall";
            Err(Problem::file("read", path, std::io::Error::new(error.kind(), why)))
        }
        (Err(error), None) => Err(Problem::file("read", path, error)),
    }
}

pub(crate) fn check(task: &CheckProgram, out: &mut Out) -> Finished {
    let text = read(&task.program)?;
    let (findings, program) = match Program::from_json(&text) {
        Ok(program) => (program.warnings().to_vec(), Some(program)),
        Err(findings) => (findings, None),
    };
    if out.is_json() {
        out.json(&json!({
            "valid": program.is_some(), "program": program.as_ref().map(Program::name),
            "revision": program.as_ref().map(Program::revision), "findings": findings,
        }))?;
    } else {
        print_findings(&findings, out)?;
        match &program {
            Some(program) => {
                out.line(format!("`{}`, revision {}, can be published", program.name(), program.revision()))?
            }
            None => out.line("the program cannot be published")?,
        }
    }
    if program.is_some() { Ok(()) } else { Err(Problem::Told) }
}

pub(crate) fn print_findings(findings: &[Finding], out: &mut Out) -> Finished {
    if findings.is_empty() {
        return out.line("no findings");
    }
    let rows = findings.iter().map(|finding| {
        let severity = if finding.severity == Severity::Error { "error" } else { "warning" };
        let place = if finding.pointer.is_empty() { "/" } else { &finding.pointer };
        vec![severity.to_owned(), place.to_owned(), finding.message.clone(), finding.help.clone(), finding.code.clone()]
    });
    out.table(&["severity", "place", "what", "help", "code"], rows.collect())
}

pub(crate) fn publish(global: &Global, task: &Publish, out: &mut Out) -> Finished {
    let text = read(&task.program)?;
    // A faulty program is refused before a database is made for it.
    if let Err(findings) = Program::from_json(&text) {
        if !out.is_json() {
            print_findings(&findings, out)?;
            out.line("nothing was published")?;
            return Err(Problem::Told);
        }
        let message = format!("the program has {} findings", findings.len());
        return Err(Error::new(ErrorCode::ProgramInvalid, message).with("findings", findings).into());
    }
    put_in_force(&Shop::open_or_make(global)?, &text, global, out)
}

fn put_in_force(shop: &Shop, text: &str, global: &Global, out: &mut Out) -> Finished {
    let before = match shop.engine.program() {
        Ok(program) => Some(program.revision()),
        Err(error) if error.code() == ErrorCode::ProgramMissing => None,
        Err(error) => return Err(error.into()),
    };
    let at = clock::or_now(global.at, &crm_core::value::Zone::UTC);
    let warnings = shop.engine.publish_json(text, at)?;
    let program = shop.program()?;
    shop.engine.close()?;
    let changed = before != Some(program.revision());
    if out.is_json() {
        return out.json(&json!({
            "program": program.name(), "revision": program.revision(), "changed": changed, "warnings": warnings,
        }));
    }
    if !warnings.is_empty() {
        print_findings(&warnings, out)?;
    }
    let how = if changed { "is in force" } else { "was in force already" };
    out.line(format!("`{}`, revision {}, {how}", program.name(), program.revision()))
}
