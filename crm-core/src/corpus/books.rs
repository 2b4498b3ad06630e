//! The books of an engine: what must hold after any story.

use crate::command::{Command, Request};
use crate::effect::{
    Done, Entry, GiftCardExpired, GiftCardFrozen, GiftCardIssued, GiftCardRedeemed, GiftCardRestored, Outcome, What,
};
use crate::engine::{Engine, damaged_rows};
use crate::points::{Account, Book};
use crate::store::{Read, Table};
use crate::value::{CustomerId, GiftCardId, PointCurrency};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A print of everything that is stored: equal prints, equal books.
pub(crate) fn print(engine: &Engine) -> Result<u64, String> {
    let mut hasher = DefaultHasher::new();
    let whole = |table: &Table| Read::Prefix { table: *table, prefix: Vec::new(), after: None, limit: usize::MAX };
    let reads: Vec<Read> = Table::ALL.iter().map(whole).collect();
    for row in engine.store().load(&reads).map_err(|error| error.to_string())?.into_iter().flatten() {
        row.cells().hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// Checks the books of every customer: postings sum to zero, journals add up to the accounts, lots add up to the balances; and that
/// every request sent again has no further effect and gives its receipt.
///
/// # Errors
/// A sentence that says what does not add up.
pub fn check(engine: &Engine, requests: &[(Request, Done)]) -> Result<(), String> {
    add_up(engine)?;
    let mut before = print(engine)?;
    for (request, done) in requests {
        let again = engine
            .execute(request.clone())
            .map_err(|error| format!("request `{}` again: {error}", request.request_id))?;
        // A settling whose receipt is empty leaves no mark, and neither does a refund that waits for its order.
        let marked = done.outcome != Outcome::Unchanged && !done.receipt.entries.is_empty();
        if marked && again.receipt != done.receipt {
            let (first, second) = (&done.receipt, &again.receipt);
            return Err(format!("request `{}` again gave {second:?} and not {first:?}", request.request_id));
        }
        if matches!(request.command, Command::Settle(_)) {
            // One that found nothing to write moves what is due.
            before = print(engine)?;
        } else if print(engine)? != before {
            return Err(format!("request `{}` again changed the books", request.request_id));
        }
    }
    add_up(engine)
}

/// Checks that journals, accounts and lots of everybody agree.
///
/// # Errors
/// A sentence that says what does not add up.
pub fn add_up(engine: &Engine) -> Result<(), String> {
    let books = look_through(engine, &mut || {}).map_err(|error| error.to_string())?;
    if books.wrong.is_empty() { Ok(()) } else { Err(books.wrong.join("; ")) }
}

/// What a look through all books has found.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// How many rows were read.
    pub rows: u64,
    /// A sentence for everything that is wrong: a row that is not what was written, or sums that do not agree.
    pub wrong: Vec<String>,
}

/// Reads every row, and adds up journals, accounts, lots, gift cards and groups. Where rows are not what was written, their sums mean nothing
/// and are left out. `went_on` is called as it goes on, for every row and every thing that is added up.
///
/// # Errors
/// `store.*` where the store fails; what cannot be read is told in the answer.
pub fn look_through(engine: &Engine, went_on: &mut dyn FnMut()) -> crate::Result<Books> {
    let mut rows = 0;
    let wrong = damaged_rows(engine, &mut || {
        rows += 1;
        went_on();
    })?;
    let wrong = if wrong.is_empty() { sums(engine, went_on)? } else { wrong };
    Ok(Books { rows, wrong })
}

fn sums(engine: &Engine, went_on: &mut dyn FnMut()) -> crate::Result<Vec<String>> {
    let mut sums: BTreeMap<(CustomerId, PointCurrency, Book), i64> = BTreeMap::new();
    let mut seqs: BTreeMap<CustomerId, u64> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut cards: BTreeMap<GiftCardId, CardSums> = BTreeMap::new();
    let each = &mut |entry: Entry| {
        went_on();
        tell_card(&entry.what, &mut cards);
        let last = seqs.entry(entry.customer_id.clone()).or_default();
        if entry.seq != *last + 1 {
            wrong.push(format!("journal of `{}` jumps from {last} to {}", entry.customer_id, entry.seq));
        }
        *last = entry.seq;
        for change in &entry.points {
            if change.postings.iter().map(|posting| posting.points.get()).sum::<i64>() != 0 {
                wrong.push(format!("entry {} of `{}` does not sum to zero", entry.seq, entry.customer_id));
            }
            for posting in &change.postings {
                let key = (entry.customer_id.clone(), change.currency.clone(), posting.book);
                *sums.entry(key).or_default() += posting.points.get();
            }
        }
        Ok(())
    };
    engine.each_entry(each)?;
    let each = &mut |customer: crate::engine::StoredCustomer| {
        went_on();
        for account in &customer.accounts {
            account_adds_up(&customer.id, account, &sums, &mut wrong);
        }
        Ok(())
    };
    engine.each_stored(each)?;
    shared_add_up(engine, &mut cards, &mut wrong)?;
    Ok(wrong)
}

/// What journals say of a gift card: issued, redeemed, expired and revoked, in minor units.
type CardSums = [i64; 4];

fn tell_card(what: &What, cards: &mut BTreeMap<GiftCardId, CardSums>) {
    let (card, told) = match what {
        What::GiftCardIssued(GiftCardIssued { card_id, amount_minor, .. }) => (card_id, [*amount_minor, 0, 0, 0]),
        What::GiftCardRedeemed(GiftCardRedeemed { card_id, amount_minor, .. }) => (card_id, [0, *amount_minor, 0, 0]),
        What::GiftCardRestored(GiftCardRestored { card_id, amount_minor, revoked_minor, .. }) => {
            (card_id, [0, -*amount_minor, 0, *revoked_minor])
        }
        What::GiftCardExpired(GiftCardExpired { card_id, amount_minor, .. }) => (card_id, [0, 0, *amount_minor, 0]),
        What::GiftCardFrozen(GiftCardFrozen { card_id, revoked_minor, .. }) => (card_id, [0, 0, 0, *revoked_minor]),
        _ => return,
    };
    let sums = cards.entry(card.clone()).or_default();
    for (sum, part) in sums.iter_mut().zip(told) {
        *sum = sum.saturating_add(part);
    }
}

/// Gift cards and groups add up, and journals say of each card what its books say.
fn shared_add_up(
    engine: &Engine,
    cards: &mut BTreeMap<GiftCardId, CardSums>,
    wrong: &mut Vec<String>,
) -> crate::Result<()> {
    let each_card = &mut |card: crate::giftcard::GiftCard| {
        let books = [card.issued_minor, card.redeemed_minor, card.expired_minor, card.revoked_minor];
        let told = cards.remove(&card.id).unwrap_or_default();
        if books != told {
            wrong.push(format!("gift card `{}`: journals say {told:?}, its books {books:?}", card.id));
        }
        wrong.extend(card.check().err().map(|error| error.to_string()));
        Ok(())
    };
    engine.each_gift_card(each_card)?;
    wrong.extend(cards.keys().map(|card| format!("journals tell of a gift card `{card}` that is not there")));
    let each_group = &mut |group: crate::group::Group| {
        wrong.extend(group.check().err().map(|error| error.to_string()));
        Ok(())
    };
    engine.each_group(each_group)
}

fn account_adds_up(
    id: &CustomerId,
    account: &Account,
    sums: &BTreeMap<(CustomerId, PointCurrency, Book), i64>,
    wrong: &mut Vec<String>,
) {
    if let Err(error) = account.check() {
        wrong.push(format!("account `{}` of `{id}`: {error}", account.currency));
    }
    for book in Book::ALL {
        let journal = sums.get(&(id.clone(), account.currency.clone(), *book)).copied().unwrap_or(0);
        let balance = account.balances.book(*book);
        if journal != balance {
            wrong.push(format!("`{}` of `{id}`: journal says {book:?} {journal}, account {balance}", account.currency));
        }
    }
}
