//! Exact splits of whole minor units.

/// So many binary digits of a key tell the place of a rest.
const PLACE: u32 = 16;

/// Splits `total` by `weights` with the largest remainder; ties go to the earlier place.
///
/// The parts sum to `total`, and no part exceeds its weight while `total` does not exceed their sum. Nothing is split when
/// the total or every weight is zero or less.
pub(crate) fn spread(total: i64, weights: &[i64]) -> Vec<i64> {
    let mut parts = Vec::with_capacity(weights.len());
    spread_onto(total, weights.iter().copied(), &mut parts, &mut Vec::new());
    parts
}

/// As [`spread`], with memory of the caller: `parts` get the parts after what they have, `keys` are what it works with.
pub(crate) fn spread_onto(
    total: i64,
    weights: impl Iterator<Item = i64> + Clone,
    parts: &mut Vec<i64>,
    keys: &mut Vec<u64>,
) {
    let (mut sum, mut count) = (0_i128, 0_usize);
    for weight in weights.clone() {
        sum += i128::from(weight.max(0));
        count += 1;
    }
    if total <= 0 || sum == 0 {
        return parts.extend(weights.map(|_| 0));
    }
    let start = parts.len();
    parts.reserve(count);
    // Nearly always 64 bits are enough for a product, and for a rest with its place: a division of 128 bits costs ten of 64.
    let fits = |sum: &i64| sum.checked_mul(total).is_some() && *sum < i64::MAX >> PLACE && count < 1 << PLACE;
    let Some(sum) = i64::try_from(sum).ok().filter(fits) else {
        return spread_wide(total, sum, weights, parts);
    };
    keys.clear();
    keys.reserve(count);
    let mut missing = total;
    for (place, weight) in weights.enumerate() {
        let product = total * weight.max(0);
        let part = product / sum;
        let rest = product - part * sum;
        missing -= part;
        parts.push(part);
        if rest != 0 {
            // The larger the rest, the smaller its key; of equal ones the earlier place.
            keys.push((sum - rest).unsigned_abs() << PLACE | place as u64);
        }
    }
    // Fewer are missing than have a rest, and only which of them come first matters.
    let missing = usize::try_from(missing).unwrap_or(keys.len());
    if 0 < missing && missing < keys.len() {
        keys.select_nth_unstable(missing);
    }
    for key in keys.iter().take(missing) {
        let place = usize::try_from(key & ((1 << PLACE) - 1)).unwrap_or(usize::MAX);
        if let Some(part) = parts.get_mut(start + place) {
            *part += 1;
        }
    }
}

fn spread_wide(total: i64, sum: i128, weights: impl Iterator<Item = i64>, parts: &mut Vec<i64>) {
    let start = parts.len();
    let mut rests = Vec::new();
    let mut missing = total;
    for (place, weight) in weights.enumerate() {
        let product = i128::from(total) * i128::from(weight.max(0));
        let part = narrow(product / sum);
        missing -= part;
        parts.push(part);
        if product % sum != 0 {
            rests.push((std::cmp::Reverse(product % sum), place));
        }
    }
    rests.sort_unstable();
    for (_, place) in rests.into_iter().take(usize::try_from(missing).unwrap_or(usize::MAX)) {
        if let Some(part) = parts.get_mut(start + place) {
            *part += 1;
        }
    }
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
