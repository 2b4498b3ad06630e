//! `crm do` and `crm ask`: commands and questions in JSON, for trying things and for scripts.

use crate::cli::args::{Ask, Do, Global};
use crate::cli::clock;
use crate::cli::output::Out;
use crate::cli::problem::{Finished, Problem};
use crate::cli::shop::Shop;
use crate::cli::words;
use crm_core::command::Request;
use crm_core::effect::{Done, Outcome};
use crm_core::program::Program;
use crm_core::query::Query;
use crm_core::value::{Timestamp, read, read_text};
use crm_core::{Error, ErrorCode};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::Path;

/// Lines per commit: large enough that the commit is not the cost.
const LINES_PER_COMMIT: usize = 500;

/// How far ahead of the clock, or of `--at`, a line may say that it is: a day.
const AHEAD_MS: i64 = 24 * 60 * 60 * 1_000;

/// A line of the input and what became of it.
struct Line {
    number: u64,
    request: Result<Request, Error>,
}

pub(crate) fn execute(global: &Global, task: &Do, out: &mut Out) -> Finished {
    let shop = if task.dry_run { Shop::look(global)? } else { Shop::open(global)? };
    let program = shop.program()?;
    let at = shop.instant(global.at)?;
    let stdin = task.file == Path::new("-");
    // Somebody who types wants to see the answer to each line.
    let per_commit = if task.dry_run || (stdin && std::io::stdin().is_terminal()) { 1 } else { LINES_PER_COMMIT };
    let reader: Box<dyn BufRead> = if stdin {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let file = File::open(&task.file).map_err(|error| Problem::file("read", &task.file, error))?;
        Box::new(BufReader::new(file))
    };
    let mut waiting = Vec::new();
    let mut refused = 0_u64;
    let mut number = 0_u64;
    for text in reader.split(b'\n') {
        let text = text.map_err(|error| Problem::file("read", &task.file, error))?;
        number += 1;
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        waiting.push(Line { number, request: request(&text, number, at) });
        if per_commit <= waiting.len() {
            refused += carry_out(&shop, &program, std::mem::take(&mut waiting), task.dry_run, out)?;
            out.flush()?;
        }
    }
    refused += carry_out(&shop, &program, waiting, task.dry_run, out)?;
    if refused == 0 { Ok(()) } else { Err(Problem::Told) }
}

/// Reads a request, with the instant and a fresh id where it has none.
fn request(text: &[u8], number: u64, at: Timestamp) -> Result<Request, Error> {
    let text = std::str::from_utf8(text);
    let text = text.map_err(|error| Error::new(ErrorCode::ValueJson, format!("the line is no UTF-8: {error}")))?;
    // Read without what this adds, it is refused with its place in the command.
    let Ok(mut value) = read_text::<Value>(text) else { return Request::from_json(text) };
    if let Some(fields) = value.as_object_mut() {
        fields.entry("at").or_insert_with(|| json!(at));
        fields.entry("request_id").or_insert_with(|| json!(format!("crm:{}:{number}", clock::now().millis())));
    }
    let request = Request::from_value(&value)?;
    // What is written lasts: a clock that is wrong by years would stand before everything that comes.
    if at.plus_millis(AHEAD_MS) < request.at {
        let message =
            format!("`{}` is more than a day ahead of `{at}`; where that is meant, say it with `--at`", request.at);
        return Err(Error::new(ErrorCode::TimeFuture, message).field("at").limit(at));
    }
    Ok(request)
}

/// How many of the lines were refused.
fn carry_out(shop: &Shop, program: &Program, lines: Vec<Line>, dry: bool, out: &mut Out) -> Result<u64, Problem> {
    let requests: Vec<_> = lines.iter().filter_map(|line| line.request.as_ref().ok().cloned()).collect();
    let outcomes = if dry {
        requests.into_iter().map(|request| shop.engine.preview(request)).collect()
    } else {
        shop.engine.execute_many(requests)?
    };
    let mut outcomes = outcomes.into_iter();
    let mut refused = 0;
    for line in lines {
        let outcome = match line.request {
            Ok(_) => outcomes.next().unwrap_or_else(|| Err(Error::internal("no outcome"))),
            Err(error) => Err(error),
        };
        refused += u64::from(outcome.is_err());
        if out.is_json() {
            let value = match &outcome {
                Ok(done) => json!({ "line": line.number, "done": done }),
                Err(error) => json!({ "line": line.number, "refused": error.to_json() }),
            };
            out.json_line(&value)?;
        } else {
            tell(program, line.number, &outcome, dry, out)?;
        }
        // The store failed rather than the engine refusing: the lines after it would only fail the same way.
        if let Err(error) = outcome
            && error.code().as_str().starts_with("store.")
        {
            return Err(error.into());
        }
    }
    Ok(refused)
}

fn tell(program: &Program, number: u64, outcome: &Result<Done, Error>, dry: bool, out: &mut Out) -> Finished {
    let done = match outcome {
        Ok(done) => done,
        Err(error) => {
            out.line(format!("{number}: refused: {} ({})", error.message(), error.code().as_str()))?;
            return out.line(format!("   help: {}", error.help()));
        }
    };
    let receipt = &done.receipt;
    let how = match done.outcome {
        Outcome::Applied if dry => "would be done",
        Outcome::Applied if receipt.parked => "waits for its order",
        Outcome::Applied => "done",
        Outcome::Replayed => "done before; this is the receipt of then",
        Outcome::Unchanged => "nothing to do",
    };
    let whose = receipt.customer_id.as_ref().map_or_else(String::new, |id| format!(" for {id}"));
    out.line(format!("{number}: {how}{whose}"))?;
    for entry in &receipt.entries {
        out.line(format!("   #{} {}", entry.seq, words::entry(program, entry)))?;
    }
    for balance in receipt.balances.iter().filter(|_| !receipt.entries.is_empty()) {
        let mut told = format!("   {}: {} usable", balance.currency, words::number(balance.available.get()));
        for (points, what) in [(balance.pending, "pending"), (balance.held, "held"), (balance.debt, "owed")] {
            if !points.is_zero() {
                told.push_str(&format!(", {} {what}", words::number(points.get())));
            }
        }
        out.line(told)?;
    }
    Ok(())
}

/// Kinds of questions that are about an instant.
const WITH_INSTANT: [&str; 13] = [
    "wallet",
    "lots",
    "tier",
    "lifecycle",
    "benefits",
    "quote",
    "coupons",
    "claim",
    "limits",
    "gift_card",
    "gift_card_liability",
    "group",
    "liability",
];

pub(crate) fn ask(global: &Global, task: &Ask, out: &mut Out) -> Finished {
    let shop = Shop::look(global)?;
    let text = if task.question == "-" {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        read.map_err(|error| Problem::file("read", Path::new("-"), error))?;
        text
    } else {
        task.question.clone()
    };
    let mut value: Value = read_text(&text)?;
    let at = shop.instant(global.at)?;
    if let Some(fields) = value.as_object_mut() {
        let kind = fields.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        if WITH_INSTANT.contains(&kind.as_str()) {
            fields.entry("at").or_insert_with(|| json!(at));
        } else if kind == "due" {
            fields.entry("until").or_insert_with(|| json!(at));
        }
    }
    let query: Query = read(&value)?;
    out.json(&shop.engine.ask(&query)?)
}
