//! Exact splits of whole minor units.

/// Splits `total` by `weights` with the largest remainder; ties go to the earlier place.
///
/// The parts sum to `total`, and no part exceeds its weight while `total` does not exceed their sum. Nothing is split when
/// the total or every weight is zero or less.
pub(crate) fn spread(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|w| i128::from((*w).max(0))).sum();
    if total <= 0 || sum == 0 {
        return vec![0; weights.len()];
    }
    let mut parts = Vec::with_capacity(weights.len());
    let mut rests = Vec::with_capacity(weights.len());
    let mut missing = total;
    // Nearly always 64 bits are enough, and a division of 128 bits costs ten of 64.
    let small = i64::try_from(sum).ok().filter(|sum| sum.checked_mul(total).is_some());
    for (place, weight) in weights.iter().enumerate() {
        let weight = (*weight).max(0);
        let (part, rest) = match small {
            Some(sum) => (total * weight / sum, i128::from(total * weight % sum)),
            None => {
                let product = i128::from(total) * i128::from(weight);
                (narrow(product / sum), product % sum)
            }
        };
        missing -= part;
        parts.push(part);
        if rest != 0 {
            rests.push((std::cmp::Reverse(rest), place));
        }
    }
    // Fewer are missing than have a rest, and only which of them come first matters.
    let count = usize::try_from(missing).unwrap_or(rests.len());
    if 0 < count && count < rests.len() {
        rests.select_nth_unstable(count);
    }
    for (_, place) in rests.into_iter().take(count) {
        if let Some(part) = parts.get_mut(place) {
            *part += 1;
        }
    }
    parts
}

/// `amount` × `part` ÷ `whole`, rounded half up; for numbers of zero or more. Zero when `whole` is zero.
pub(crate) fn share(amount: i64, part: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    // Nearly always 64 bits are enough, and a division of 128 bits costs ten of 64.
    let small = amount.checked_mul(2).and_then(|twice| twice.checked_mul(part)).and_then(|n| n.checked_add(whole));
    if let (Some(above), Some(below)) = (small, whole.checked_mul(2)) {
        return above / below;
    }
    let (amount, part, whole) = (i128::from(amount), i128::from(part), i128::from(whole));
    narrow((2 * amount * part + whole) / (2 * whole))
}

/// Back to 64 bits. Parts and shares never exceed what they are taken from, which has 64 bits.
pub(crate) fn narrow(wide: i128) -> i64 {
    i64::try_from(wide).unwrap_or(if wide < 0 { i64::MIN } else { i64::MAX })
}
