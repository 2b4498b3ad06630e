//! `crm feed`: what happened to everybody, in the order of the commits, for scripts that follow it.

use crate::cli::args::{Feed, Global};
use crate::cli::output::Out;
use crate::cli::problem::Finished;
use crate::cli::shop::Shop;
use crate::cli::words;
use crm_core::effect::Entry;
use crm_core::program::Program;
use crm_core::store::Offset;
use serde_json::json;

/// Entries per page: large enough that reading is not the cost, small enough to be told at once.
const ENTRIES: usize = 500;
/// How long one wait takes at most, in milliseconds; then another one begins.
const WAIT_MS: u32 = 60_000;

pub(crate) fn feed(global: &Global, task: &Feed, out: &mut Out) -> Finished {
    let shop = Shop::look(global)?;
    let (mut after, mut left) = (task.after, task.limit.unwrap_or(u64::MAX));
    while 0 < left {
        let page = shop.engine.feed(after, ENTRIES.min(usize::try_from(left).unwrap_or(ENTRIES)))?;
        if page.is_empty() {
            if !task.follow {
                break;
            }
            while !shop.engine.wait_for_entries(after, WAIT_MS)? {}
            // What comes may be of a program that was published meanwhile.
            shop.engine.refresh()?;
            continue;
        }
        let program = shop.program()?;
        for (place, entry) in page {
            print(&program, place, &entry, out)?;
            (after, left) = (place, left - 1);
        }
        // Whole lines only: whoever is interrupted has told nothing by halves.
        out.flush()?;
    }
    Ok(())
}

fn print(program: &Program, place: Offset, entry: &Entry, out: &mut Out) -> Finished {
    if out.is_json() {
        return out.json_line(&json!({ "offset": place, "entry": entry }));
    }
    let when = words::local(program.zone(), entry.effective_at);
    out.line(format!("{place}  {when}  {}  {}", entry.customer_id, words::entry(program, entry)))
}
