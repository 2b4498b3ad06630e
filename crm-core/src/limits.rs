//! Every bound of the library, each with its reason.

/// Longest id, name of a rule, tag or reason, in bytes: fits any key of any backend with room for the prefix.
pub const ID_BYTES_MAX: usize = 128;
/// Largest number of points in either direction: 2^53−1, the largest integer that every language holds exactly.
pub const POINTS_ABS_MAX: i64 = 9_007_199_254_740_991;
/// Largest amount in minor units in either direction: leaves room for sums in 64 bits, and for JavaScript.
pub const MINOR_ABS_MAX: i64 = 9_007_199_254_740_991;
/// Largest quantity of one order line.
pub const QUANTITY_MAX: i64 = 1_000_000_000;
/// Most lines of one order: ten times the largest order in the reference data (1,114 lines).
pub const ORDER_LINES_MAX: usize = 10_000;
/// Most tenders of one order.
pub const TENDERS_MAX: usize = 32;
/// Most identifiers of one customer.
pub const IDENTIFIERS_MAX: usize = 64;
/// Most tags of one customer, or of one order.
pub const TAGS_MAX: usize = 256;
/// Most custom attributes of one customer, order or event.
pub const ATTRIBUTES_MAX: usize = 256;
/// Most consent statements kept per customer.
pub const CONSENTS_MAX: usize = 1_024;
/// Longest free text (a name, an address line, a note, an attribute's value), in bytes.
pub const TEXT_BYTES_MAX: usize = 4_096;
/// Most open lots of one account: 20 years of an order every day; a state row of about 120 KB.
pub const OPEN_LOTS_MAX: usize = 8_000;
/// Most open holds of one account.
pub const OPEN_HOLDS_MAX: usize = 256;
/// Most open debts kept apart in one account; later ones join the newest. A year of daily refunds, less the weekends.
pub const OPEN_DEBTS_MAX: usize = 256;
/// Longest hold, in seconds: 31 days, the longest pre-authorisation that payment networks grant.
pub const HOLD_SECONDS_MAX: i64 = 31 * 24 * 3600;
/// Most refunds of one order.
pub const REFUNDS_MAX: usize = 1_000;
/// Most refunds parked for an order that has not arrived.
pub const PARKED_REFUNDS_MAX: usize = 100;
/// Largest program document, in bytes.
pub const PROGRAM_BYTES_MAX: usize = 1_048_576;
/// Deepest nesting of a condition.
pub const CONDITION_DEPTH_MAX: usize = 16;
/// Most rules of one program.
pub const RULES_MAX: usize = 1_000;
/// Most findings of one program that are reported; more help nobody.
pub const FINDINGS_MAX: usize = 1_000;
/// Most commands of one call to `execute_many`.
pub const BATCH_COMMANDS_MAX: usize = 100_000;
/// How often a command is decided again after losing a race before it gives up with `store.contended`.
pub const CONFLICT_TRIES_MAX: u32 = 64;
/// How far a fact may lie after the instant at which it is recorded: clocks of tills and servers differ.
pub const CLOCK_SKEW_MILLIS_MAX: i64 = 5 * 60 * 1000;
/// Most rows of one page of a scan.
pub const PAGE_ROWS_MAX: usize = 10_000;

/// Largest import in all its files, in bytes. An import is held in memory as text, so that it can be applied in the order of time
/// whatever the order of its rows: about ten times the reference data (541,909 lines, 48 MB).
pub const IMPORT_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Most rows that one order, refund or closing can have in the files of an import; more are a wrong id column.
pub const IMPORT_ORDER_ROWS_MAX: usize = 2 * ORDER_LINES_MAX;
/// Most issues of an import that are kept in its report; the rest is counted by code.
pub const IMPORT_ISSUES_MAX: usize = 1_000;
/// Most orders of an import per commit.
pub const IMPORT_CHUNK_MAX: usize = 10_000;

/// User input shortened for an error message, so that a 10 MB name does not become a 10 MB message.
#[must_use]
pub fn quote(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = text.chars().take(SHOWN).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
