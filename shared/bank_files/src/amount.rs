//! Amounts as Brazilian banks write them in text.
//!
//! Owns: signs, thousands, decimals. Does not own which sign means what in a format.
//! Invariant: an amount that can be read in two ways is refused, never guessed.

/// Digits of the longest amount, decimals included: far more than any account holds, and its
/// centavos fit an `i64`.
const DIGITS_MAX: usize = 15;
/// Digits between two thousands separators.
const GROUP: usize = 3;

/// Why a text is not an amount; each says what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AmountFault {
    #[error("is not an amount; write it such as 1234.56 or 1.234,56")]
    Malformed,
    #[error("may mean thousands or three decimals; write it with two decimals")]
    Ambiguous,
    #[error("has a fraction of a centavo; write it with two decimals")]
    Fraction,
    #[error("has more digits than any account holds; check it")]
    TooLong,
}

/// Signed centavos. `decimal` is the decimal separator where it is known, `,` or `.`; otherwise it
/// is found from the text.
///
/// A minus may stand before or after the number, before or after `R$`; parentheses and a final `D`
/// mean minus too, a final `C` means plus.
pub(crate) fn centavos(text: &str, decimal: Option<char>) -> Result<i64, AmountFault> {
    let (negative, number) = unsigned(text)?;
    let decimal = match decimal {
        Some(decimal) => Some(decimal),
        None => decimal_of(&number)?,
    };
    let (whole, fraction) = match decimal.and_then(|sign| number.rsplit_once(sign)) {
        Some((whole, fraction)) => (whole, fraction),
        None => (number.as_str(), ""),
    };
    let whole = ungrouped(whole, decimal)?;
    if whole.is_empty() && fraction.is_empty() || !digits_only(fraction) {
        return Err(AmountFault::Malformed);
    }
    let (kept, beyond) = fraction.split_at(fraction.len().min(2));
    if beyond.bytes().any(|digit| digit != b'0') {
        return Err(AmountFault::Fraction);
    }
    if whole.len() + 2 > DIGITS_MAX {
        return Err(AmountFault::TooLong);
    }
    let digits = whole.bytes().chain(kept.bytes()).chain("00"[kept.len()..].bytes());
    let value = digits.fold(0, |total: i64, digit| total * 10 + i64::from(digit - b'0'));
    Ok(if negative { -value } else { value })
}

/// Whether there is a minus, and what is left without sign, currency and spaces.
fn unsigned(text: &str) -> Result<(bool, String), AmountFault> {
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut rest = bare.replace('\u{2212}', "-").to_ascii_uppercase();
    let mut signs = Vec::new();
    if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        signs.push(true);
        rest = inner.to_owned();
    }
    let signed = |c: char| match c {
        '-' | 'D' => Some(true),
        '+' | 'C' => Some(false),
        _ => None,
    };
    if let Some(negative) = rest.chars().next_back().and_then(signed) {
        signs.push(negative);
        rest.pop();
    }
    let before = rest.strip_prefix("R$").unwrap_or(&rest).to_owned();
    rest = match before.chars().next().filter(|c| "+-".contains(*c)).and_then(signed) {
        Some(negative) => {
            signs.push(negative);
            before[1..].strip_prefix("R$").unwrap_or(&before[1..]).to_owned()
        }
        None => before,
    };
    match signs.as_slice() {
        [] => Ok((false, rest)),
        // `-100,00 D` says the same twice; `+100,00 D` contradicts itself.
        [first, others @ ..] if others.iter().all(|sign| sign == first) => Ok((*first, rest)),
        _ => Err(AmountFault::Malformed),
    }
}

/// The decimal separator of a number that does not tell which one it uses.
fn decimal_of(number: &str) -> Result<Option<char>, AmountFault> {
    let Some((head, tail)) = number.rsplit_once(['.', ',']) else { return Ok(None) };
    let last = number[head.len()..].chars().next().unwrap_or('.');
    let other = if last == '.' { ',' } else { '.' };
    if head.contains(last) {
        // Repeated, so it parts thousands; the other one before it would make no sense.
        return if head.contains(other) { Err(AmountFault::Malformed) } else { Ok(Some(other)) };
    }
    let may_be_group = tail.len() == GROUP && (1..=GROUP).contains(&head.len());
    if may_be_group && !head.starts_with('0') && !head.contains(other) {
        return Err(AmountFault::Ambiguous);
    }
    Ok(Some(last))
}

/// The digits before the decimal separator, without thousands separators.
fn ungrouped(whole: &str, decimal: Option<char>) -> Result<String, AmountFault> {
    let thousands = if decimal == Some(',') { '.' } else { ',' };
    let mut groups = whole.split(thousands);
    let first = groups.next().unwrap_or_default();
    let grouped = whole.contains(thousands);
    let shaped = !grouped || (1..=GROUP).contains(&first.len());
    let others = groups.clone().all(|group| group.len() == GROUP && digits_only(group));
    if !shaped || !others || !digits_only(first) {
        return Err(AmountFault::Malformed);
    }
    let digits: String = std::iter::once(first).chain(groups).collect();
    let bare = digits.trim_start_matches('0');
    Ok(if bare.is_empty() && !digits.is_empty() { "0".to_owned() } else { bare.to_owned() })
}

fn digits_only(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
