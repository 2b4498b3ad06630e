//! Every bound of the library, each with its reason.

/// Longest id, name of a rule, tag or reason, in bytes: fits any key of any backend with room for the prefix.
pub const ID_BYTES_MAX: usize = 128;
/// Largest number of points in either direction: 2^53−1, the largest integer that every language holds exactly.
pub const POINTS_ABS_MAX: i64 = 9_007_199_254_740_991;
/// Largest amount in minor units in either direction: leaves room for sums in 64 bits, and for JavaScript.
pub const MINOR_ABS_MAX: i64 = 9_007_199_254_740_991;
/// Largest quantity of one order line: in thousandths it times the largest unit price fits 128 bits with room to sum.
pub const QUANTITY_MAX: i64 = 1_000_000_000;
/// Most lines of one order: ten times the largest order in the reference data (1,114 lines).
pub const ORDER_LINES_MAX: usize = 10_000;
/// Most tenders of one order: far above any till, and short enough to be looked through for every refund.
pub const TENDERS_MAX: usize = 32;
/// Most identifiers of one customer: some for each of the 15 kinds; each is a row that a command may have to load.
pub const IDENTIFIERS_MAX: usize = 64;
/// Most tags of one customer, or of one order: they travel with every read of it.
pub const TAGS_MAX: usize = 256;
/// Most custom attributes of one customer, order or event: they travel with every read of it.
pub const ATTRIBUTES_MAX: usize = 256;
/// Most consent statements kept per customer: a change a week for 20 years; all of them are loaded to decide what holds.
pub const CONSENTS_MAX: usize = 1_024;
/// Longest free text (a name, an address line, a note, an attribute's value), in bytes: a page of text; longer things belong in a file.
pub const TEXT_BYTES_MAX: usize = 4_096;
/// Most open lots of one account: 20 years of an order every day; a state row of about 120 KB.
pub const OPEN_LOTS_MAX: usize = 8_000;
/// Most open holds of one account: several hundred checkouts at once are no person, and all holds travel with the account.
pub const OPEN_HOLDS_MAX: usize = 256;
/// Most open debts kept apart in one account; later ones join the newest: a year of daily refunds, less the weekends.
pub const OPEN_DEBTS_MAX: usize = 256;
/// Longest hold, in seconds: 31 days, the longest pre-authorisation that payment networks grant.
pub const HOLD_SECONDS_MAX: i64 = 31 * 24 * 3600;
/// Most refunds of one order: one for almost every line of the largest order in the reference data; they travel with the order.
pub const REFUNDS_MAX: usize = 1_000;
/// Most requests that an order number remembers to have been taken out by, so that none of them takes out the next order of that number:
/// nobody sends a request again after so many others of its kind.
pub const TAKEN_OUT_KEPT_MAX: usize = 16;
/// Most refunds parked for an order that has not arrived: all of them lie in one row and are applied in one command.
pub const PARKED_REFUNDS_MAX: usize = 100;
/// Largest program document, in bytes: a thousand rules of 1 KB; it is read as a whole.
pub const PROGRAM_BYTES_MAX: usize = 1_048_576;
/// Deepest nesting of a condition: nobody reads a deeper one, and judging it needs no more stack than this.
pub const CONDITION_DEPTH_MAX: usize = 16;
/// Most rules of one program: each order looks at all that it could set off.
pub const RULES_MAX: usize = 1_000;
/// Most findings of one program that are reported: more help nobody.
pub const FINDINGS_MAX: usize = 1_000;
/// Most commands of one call to `execute_many`: all of them are in memory at once, with what they load.
pub const BATCH_COMMANDS_MAX: usize = 100_000;
/// How often a command is decided again after losing a race before it gives up with `store.contended`: somebody who
/// loses that often is better told than kept waiting.
pub const CONFLICT_TRIES_MAX: u32 = 64;
/// How far a fact may lie after the instant at which it is recorded: clocks of tills and servers differ.
pub const CLOCK_SKEW_MILLIS_MAX: i64 = 5 * 60 * 1000;
/// Most rows of one page of a scan: tens of MB where the rows are large.
pub const PAGE_ROWS_MAX: usize = 10_000;
/// How often one decision may ask for more before that is a defect: each time adds something, and a decision names
/// most of what it needs at once. One that goes through many orders or lots asks for those of each.
pub const ASKS_MAX: u32 = 1_000;
/// Longest e-mail address, in bytes: the longest path that SMTP carries (RFC 5321, 4.5.3.1.3).
pub const EMAIL_BYTES_MAX: usize = 254;
/// Longest identity key, in bytes: kind, two separators, an escaped scope (three bytes for one) and the longest value.
pub const IDENTITY_KEY_BYTES_MAX: usize = 16 + 3 * ID_BYTES_MAX + EMAIL_BYTES_MAX;
/// Longest language tag, in bytes: RFC 5646 asks implementations for at least 35.
pub const LANGUAGE_BYTES_MAX: usize = 35;
/// Highest money value of one point: a hundred million makes every point currency a fortune, and the value of all points stays exact.
pub const POINT_VALUE_MAX: i64 = 100_000_000;
/// Most digits after the point of the money value of one point: far below a minor unit of any currency, and products stay exact.
pub const POINT_VALUE_DIGITS_MAX: u32 = 12;
/// Most tiers of one ladder: ten times the longest ladder seen in use, and a rank fits in two bytes.
pub const TIERS_MAX: usize = 100;
/// Most days of grace: ten years, as the longest rolling window.
pub const GRACE_DAYS_MAX: u32 = 3_660;
/// Longest rolling window of days: ten years, so that a customer's days fit in a row.
pub const ROLLING_DAYS_MAX: u32 = 3_660;
/// Longest rolling window of months: ten years, as in days.
pub const ROLLING_MONTHS_MAX: u32 = 120;
/// Most lifecycle stages: four times the longest model in use (HubSpot, 8).
pub const STAGES_MAX: usize = 32;
/// Most bands of silence: five times the usual three (at risk, dormant, lost).
pub const BANDS_MAX: usize = 16;
/// Most tests of one `any` of a stage: half as many as stages.
pub const STAGE_ANY_MAX: usize = 16;
/// Most custom events that count like an order: each is compared with every event.
pub const ACTIVITY_EVENTS_MAX: usize = 64;
/// Longest window or silence of the lifecycle, in days: ten years, as for tiers.
pub const LIFECYCLE_DAYS_MAX: u32 = 3_660;
/// Largest number of orders or events that a stage may ask for: a thousand a day would take three years.
pub const STAGE_COUNT_MAX: u32 = 1_000_000;
/// Longest unknown name of a document, in characters, for which a similar one is looked for: the search is quadratic.
pub const SUGGEST_CHARS_MAX: usize = 64;
/// Most known names that a help lists: more are no help.
pub const SUGGEST_LISTED_MAX: usize = 24;

/// Most codes of one cart: nobody types more, and each is looked up.
pub const CART_CODES_MAX: usize = 100;
/// Most offers that a search for the best set looks at together; more that depend on each other are left to the end of the order, and
/// the answer says that it is not proven. Sets fit one machine word of 128 bits.
pub const SEARCH_OFFERS_MAX: usize = 128;
/// Most gift cards of one cart: half of the tenders of an order, and each is loaded, held and written.
pub const CART_GIFT_CARDS_MAX: usize = 16;
/// How many combinations a search looks at if nobody says otherwise: some ten milliseconds, far more than wallets in use need.
pub const SEARCH_NODES: u64 = 20_000;
/// Most looked-at combinations for which ties are searched on for coupons that end sooner, once the best amount is proven: 0.1 ms.
pub const TIE_NODES_MAX: u64 = 256;
/// Most near misses of one quote: nobody reads more, and each is worked out on its own.
pub const NEAR_MISSES_MAX: usize = 16;
/// Most slots of a bundle: four times the largest seen in use.
pub const OFFER_SLOTS_MAX: usize = 16;
/// Most units of one slot, or of one group of bought and given ones: a crate.
pub const OFFER_UNITS_MAX: u32 = 10_000;
/// Most steps of a tiered offer, or choices of one on a line: a page of small print.
pub const OFFER_STEPS_MAX: usize = 64;
/// Most parties that share the cost of an offer: the platform, the shop, the brand, and room.
pub const OFFER_FUNDERS_MAX: usize = 16;

/// Largest import in all its files, in bytes. An import is held in memory as text, so that it can be applied in the order of time
/// whatever the order of its rows: about ten times the reference data (541,909 lines, 48 MB).
pub const IMPORT_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Most rows that one order, refund or closing can have in the files of an import; more are a wrong id column.
pub const IMPORT_ORDER_ROWS_MAX: usize = 2 * ORDER_LINES_MAX;
/// Most issues of an import that are kept in its report; the rest is counted by code.
pub const IMPORT_ISSUES_MAX: usize = 1_000;
/// Most issues that a refused import tells in its error: enough to see what is wrong, and an error stays readable.
pub const IMPORT_ISSUES_TOLD_MAX: usize = 20;
/// Longest cell of an import, in bytes: what follows a quote that is never closed is longer, and no text that is kept is.
pub const IMPORT_CELL_BYTES_MAX: usize = 64 * 1024;
/// Most order lines of one commit of an import: bounds memory where orders are huge.
pub const IMPORT_CHUNK_LINES_MAX: usize = 50_000;
/// Most orders of an import per commit: above 1,000 the cost of a commit is spread thin enough, and memory grows with it.
pub const IMPORT_CHUNK_MAX: usize = 10_000;

/// Longest typed code that is read, in bytes: twice the longest code in any script; longer ones are something else that was pasted.
pub const CODE_TEXT_BYTES_MAX: usize = 256;
/// Least letters and digits of a code: shorter ones are hit by chance, and are easily part of something else.
pub const CODE_CHARS_MIN: usize = 3;
/// Most letters and digits of a code: nobody types more, and in any script they fit a name of the library.
pub const CODE_CHARS_MAX: usize = 32;
/// Least characters of a generated code behind its prefix: fewer make a space of below a million, for which FF1 is not meant.
pub const CODE_LENGTH_MIN: usize = 6;
/// Most characters of a generated code behind its prefix: five groups of four, and far more codes than there are serial numbers.
pub const CODE_LENGTH_MAX: usize = 20;
/// Longest prefix of generated codes: what is left of the longest code beside the longest generated part.
pub const CODE_PREFIX_CHARS_MAX: usize = CODE_CHARS_MAX - CODE_LENGTH_MAX;
/// End of all serial numbers of codes: 2^53−1, so that every language holds them exactly.
pub const CODE_SERIALS_MAX: u64 = 9_007_199_254_740_991;
/// Largest number of a batch of signed codes: 29^3−1, what three characters can say.
pub const CODE_BATCH_MAX: u32 = 24_388;
/// Largest serial number of signed codes: 29^6−1, what six characters can say.
pub const CODE_SIGNED_SERIAL_MAX: u64 = 594_823_320;
/// Most units of attempts at codes that can be allowed at once: more are no limit.
pub const CODE_ATTEMPT_UNITS_MAX: u32 = 1_000_000;
/// Longest window of attempts at codes, in milliseconds: 31 days; who is shut out for longer should be so by name.
pub const CODE_ATTEMPT_WINDOW_MS_MAX: i64 = 31 * 24 * 3600 * 1000;

/// Most objects that are looked at for the place of a missing field: each look reads the whole again, and a fault further on is told without
/// its place.
pub const FAULT_PLACES_MAX: usize = 256;

/// How many codes that a customer has found are remembered: several carts full of what somebody types; they travel with the customer's row.
pub const CODES_FOUND_KEPT: usize = 32;

/// Most open coupons of one customer: a coupon a day for more than a year; they travel with the customer's row.
pub const OPEN_COUPONS_MAX: usize = 500;
/// Most open claims of one customer: as for holds of points, several checkouts at once are no person.
pub const OPEN_CLAIMS_MAX: usize = 64;

/// How many claims are looked at first to find room under a limit that is reached: those that end first. Only if all of them are out of time,
/// the rest is looked at as well.
pub const COUNTER_HOLDS_LOOKED_AT: usize = 64;
/// Most holders among which counters are leased: each is a row that is read with the counter.
pub const LEASE_HOLDERS_MAX: usize = 64;
/// How often a commit is tried with other leases before it counts as over its limit and is decided again: others were faster so often.
pub const LEASE_TRIES_MAX: u32 = 8;
/// How long whoever waits for entries goes without a look where nobody tells them, in milliseconds: people do not notice it, and ten looks
/// a second at the end of an index cost nothing.
pub const FEED_LOOK_MS: u64 = 100;
/// How often at most a process tells others on a server that it has committed entries, in milliseconds between two times: telling takes a lock
/// that all commits of the server share.
pub const FEED_TELL_MS: u64 = 50;
/// How long at most those who can be told go without a look, in milliseconds: entries also come when an old transaction ends, of which nobody
/// tells them.
pub const FEED_LOOK_MAX_MS: u64 = 1_000;
/// How long uses of a customer's own limits are kept after the end of their day, week or month, in milliseconds: a claim of that window may be
/// confirmed late as long. 31 days, as a claim may be held.
pub const USES_KEPT_MS: i64 = 31 * 24 * 3_600_000;
/// Longest claim of a checkout, in seconds: as for holds of points.
pub const CLAIM_SECONDS_MAX: u32 = 31 * 24 * 3600;

/// Most uses of one gift card, held ones included: one a day for almost three years; they travel with the card's row.
pub const GIFT_CARD_USES_MAX: usize = 1_000;
/// Most gift cards that one order buys: the refund of the order takes each of them back, in one commit.
pub const ORDER_CARDS_MAX: usize = 100;
/// Most days for which a gift card is good, by default or once more: a hundred years are as good as for ever.
pub const GIFT_CARD_DAYS_MAX: u32 = 36_600;
/// Most seats of one group: far above any group that people fill by asking friends, and all seats travel with the group's row.
pub const GROUP_SEATS_MAX: u32 = 500;
/// Most seats that rules let one customer have: a new seat looks at the groups of all the others.
pub const GROUP_SEATS_EACH_MAX: u32 = 100;
/// How many members who are gone a group still lists: as many as show that somebody plays with it; their journals have them all.
pub const GROUP_GONE_KEPT: usize = 100;

/// A message without the middle of what it quotes, where that is long: its end says what was expected.
#[must_use]
pub(crate) fn shorten(text: &str) -> std::borrow::Cow<'_, str> {
    const SHOWN: usize = 200;
    let Some((head, _)) = text.char_indices().nth(SHOWN) else { return text.into() };
    let Some((tail, _)) = text.char_indices().rev().nth(SHOWN - 1) else { return text.into() };
    match (text.get(..head), text.get(tail..)) {
        (Some(start), Some(end)) if head < tail => format!("{start}…{end}").into(),
        _ => text.into(),
    }
}

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
