//! "Did you mean": the nearest of the names that are allowed.

use crate::limits::{SUGGEST_CHARS_MAX, SUGGEST_LISTED_MAX, quote};

/// The nearest candidate, if it is near enough to be a slip.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    if length > SUGGEST_CHARS_MAX {
        return None;
    }
    let allowed = ((length + 1) / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

/// A help that names the nearest candidate, or all of them while they are few.
pub(super) fn help<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(name) = nearest(word, candidates.iter().copied()) {
        return format!("did you mean `{}`?", quote(name));
    }
    if candidates.is_empty() || candidates.len() > SUGGEST_LISTED_MAX {
        return otherwise.to_owned();
    }
    let names: Vec<String> = candidates.iter().map(|name| format!("`{}`", quote(name))).collect();
    format!("{otherwise}; known are {}", names.join(", "))
}

/// How many letters have to be added, removed or changed, ignoring case.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().flat_map(char::to_lowercase).enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        let mut next = vec![before];
        for (above, b) in row.iter().skip(1).zip(&right) {
            let changed = diagonal + usize::from(a != *b);
            before = changed.min(before + 1).min(above + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let names = ["redeemable", "qualifying", "rounding", "value"];
        assert_eq!(nearest("redemable", names), Some("redeemable"));
        assert_eq!(nearest("Rounding", names), Some("rounding"));
        assert_eq!(nearest("vlaue", names), Some("value"));
        assert_eq!(nearest("colour", names), None);
        assert_eq!(nearest(&"x".repeat(10_000), names), None);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
