//! Plays a story against an engine and says where it differs.

use super::books;
use super::hands::{Awaited, Hands};
use super::story::{Act, Refused, Step, Story};
use crate::command::Request;
use crate::effect::Done;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::value::{RequestId, Timestamp};
use serde_json::{Map, Value, json};

/// How a story is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweeps {
    /// Only where the story sweeps.
    AsTold,
    /// Before every step as well: it must make no difference to any answer.
    Everywhere,
}

/// Plays a story on a fresh engine. The samples are programs that stories may name.
///
/// # Errors
/// A sentence that says which step differs, and how.
pub fn play(
    story: &Story,
    engine: &Engine,
    sweeps: Sweeps,
    samples: &dyn Fn(&str) -> Option<Value>,
) -> std::result::Result<(), String> {
    play_by(story, engine, engine, sweeps, samples)
}

/// As [`play`], by an engine of futures. The engine that waits is on the same store, and is what the books are checked with.
///
/// # Errors
/// As [`play`].
pub fn play_async(
    story: &Story,
    by: &Awaited<'_>,
    books: &Engine,
    sweeps: Sweeps,
    samples: &dyn Fn(&str) -> Option<Value>,
) -> std::result::Result<(), String> {
    play_by(story, by, books, sweeps, samples)
}

fn play_by(
    story: &Story,
    by: &dyn Hands,
    engine: &Engine,
    sweeps: Sweeps,
    samples: &dyn Fn(&str) -> Option<Value>,
) -> std::result::Result<(), String> {
    let program = match &story.program {
        Value::String(name) => samples(name).ok_or_else(|| format!("there is no sample program `{name}`"))?,
        document => document.clone(),
    };
    let start = story.steps.iter().find_map(|step| step.at).unwrap_or(Timestamp::MIN);
    by.publish_json(&program.to_string(), start).map_err(|error| format!("program: {}", error.to_json()))?;
    let (mut requests, mut clock) = (Vec::new(), start);
    for (place, step) in story.steps.iter().enumerate() {
        let number = place + 1;
        let said = |what: String| format!("step {number}: {what}");
        if let (Sweeps::Everywhere, Some(at)) = (sweeps, step.at) {
            by.sweep(at).map_err(|error| said(format!("sweep: {error}")))?;
        }
        let quiet = sweeps == Sweeps::Everywhere;
        clock = step.at.unwrap_or(clock);
        play_step(step, number, (by, engine, clock), quiet, &mut requests).map_err(said)?;
    }
    // The engine of the books has not seen what was published beside it.
    engine.refresh().map_err(|error| error.to_string())?;
    books::check(engine, &requests)
}

fn play_step(
    step: &Step,
    number: usize,
    (by, engine, clock): (&dyn Hands, &Engine, Timestamp),
    swept: bool,
    requests: &mut Vec<(Request, Done)>,
) -> std::result::Result<(), String> {
    let act = match step.act() {
        Ok(act) => act,
        Err(error) => return judge(step, Err(error), swept),
    };
    match act {
        Act::Do(command) => {
            let at = step.at.ok_or("a command needs `at`")?;
            let request_id = match &step.id {
                Some(id) => id.clone(),
                None => RequestId::new(format!("step-{number}")).map_err(|error| error.to_string())?,
            };
            let request = Request {
                request_id,
                at,
                actor: step.actor.clone(),
                reason: step.reason.clone(),
                batch: step.batch.clone(),
                command: *command,
            };
            let before = books::print(engine)?;
            let preview = by.preview(request.clone());
            if books::print(engine)? != before {
                return Err("preview changed the books".to_owned());
            }
            let done = by.execute(request.clone());
            if preview != done {
                return Err(format!("preview and execution differ: {preview:?} and {done:?}"));
            }
            match &done {
                Ok(done) => requests.push((request, done.clone())),
                Err(_) if books::print(engine)? != before => return Err("a refused step changed the books".to_owned()),
                Err(_) => {}
            }
            judge(step, done.map(|done| view_of(&done)), swept)
        }
        Act::Ask(query) => {
            let answer = by.ask(&query).and_then(|answer| Ok(serde_json::to_value(answer)?));
            judge(step, answer, swept)
        }
        Act::Sweep(until) => {
            let report = by.sweep(until).and_then(|report| Ok(serde_json::to_value(report)?));
            // Where every step was swept before, there is less to settle.
            if swept { report.map(|_| ()).map_err(|error| error.to_string()) } else { judge(step, report, swept) }
        }
        Act::Publish(document) => {
            let published = by.publish_json(&document.to_string(), clock);
            judge(step, published.and_then(|warnings| Ok(serde_json::to_value(warnings)?)), swept)
        }
    }
}

/// What a story sees of a receipt.
fn view_of(done: &Done) -> Value {
    let balances: Map<String, Value> = done
        .receipt
        .balances
        .iter()
        .map(|b| {
            let figures = json!({ "available": b.available, "pending": b.pending, "held": b.held, "debt": b.debt });
            (b.currency.as_str().to_owned(), figures)
        })
        .collect();
    json!({
        "outcome": done.outcome, "balances": balances, "entries": done.receipt.entries,
        "parked": done.receipt.parked, "customer_id": done.receipt.customer_id,
    })
}

fn judge(step: &Step, got: Result<Value>, swept: bool) -> std::result::Result<(), String> {
    match (&step.refused, got) {
        (Some(refused), Err(error)) => judge_refusal(refused, &error),
        (Some(refused), Ok(value)) => Err(format!("should be refused with `{}`, but gave {value}", refused.code)),
        (None, Err(error)) => Err(format!("refused: {}", error.to_json())),
        (None, Ok(value)) => match &step.expect {
            Some(expect) => {
                let mut expect = expect.clone();
                if swept && step.command.is_some() {
                    // Entries that a sweep wrote before the step are not in its receipt.
                    expect.as_object_mut().map(|fields| fields.remove("entries"));
                    expect.as_object_mut().map(|fields| fields.remove("outcome"));
                }
                matches(&expect, &value, "expect")
            }
            None => Ok(()),
        },
    }
}

fn judge_refusal(refused: &Refused, error: &Error) -> std::result::Result<(), String> {
    if refused.code != error.code().as_str() {
        return Err(format!("should be refused with `{}`, but was with {}", refused.code, error.to_json()));
    }
    match &refused.details {
        Some(details) => matches(details, &json!(error.details()), "details"),
        None => Ok(()),
    }
}

/// Whether everything that is expected is there: objects by the named fields, lists element by element.
fn matches(expect: &Value, got: &Value, path: &str) -> std::result::Result<(), String> {
    match (expect, got) {
        (Value::Object(expect), Value::Object(got)) => {
            for (key, value) in expect {
                match got.get(key) {
                    Some(there) => matches(value, there, &format!("{path}.{key}"))?,
                    None if value.is_null() => {}
                    None => {
                        return Err(format!("{path}.{key}: expected {value}, but it is not there; there is {got:?}"));
                    }
                }
            }
            Ok(())
        }
        (Value::Array(expect), Value::Array(got)) => {
            if expect.len() != got.len() {
                let there = Value::Array(got.clone());
                return Err(format!("{path}: expected {} elements, got {}: {there}", expect.len(), got.len()));
            }
            expect.iter().zip(got).enumerate().try_for_each(|(i, (e, g))| matches(e, g, &format!("{path}[{i}]")))
        }
        (expect, got) if expect == got => Ok(()),
        (expect, got) => Err(format!("{path}: expected {expect}, got {got}")),
    }
}
