//! `crm check-vectors`: plays stories against the engine.

use crate::cli::args::CheckVectors;
use crate::cli::output::Out;
use crate::cli::problem::{Finished, Problem};
use crate::cli::words;
use crm_core::corpus;
use serde_json::json;

pub(crate) fn check(task: &CheckVectors, out: &mut Out) -> Finished {
    let counter = out.counter("plays:");
    let mut plays = 0_u64;
    let mut failures = Vec::new();
    let ran = corpus::run(&task.folder, &mut |played| {
        plays += 1;
        counter.set_position(plays);
        if let Some(failure) = &played.failure {
            failures.push((played.path.display().to_string(), played.way, failure.clone()));
        }
    });
    counter.finish_and_clear();
    ran?;
    if out.is_json() {
        let failures: Vec<_> = failures
            .iter()
            .map(|(path, way, failure)| json!({ "path": path, "way": way, "failure": failure }))
            .collect();
        out.json(&json!({ "plays": plays, "failed": failures.len(), "failures": failures }))?;
    } else if plays == 0 {
        out.line(format!("there are no stories in {}", task.folder.display()))?;
    } else {
        if !failures.is_empty() {
            let rows =
                failures.iter().map(|(path, way, failure)| vec![path.clone(), (*way).to_owned(), failure.clone()]);
            out.table(&["story", "played on", "what differs"], rows.collect())?;
        }
        let failed = u64::try_from(failures.len()).unwrap_or(u64::MAX);
        out.line(format!("{} played, {} differ", words::number(plays), words::number(failed)))?;
    }
    if failures.is_empty() && plays > 0 { Ok(()) } else { Err(Problem::Told) }
}
