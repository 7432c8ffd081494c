//! What the words of a movement say about who paid what.
//!
//! Owns: the shapes of the ids and documents that are looked for. Does not own what they prove: the
//! payer writes part of these words.
//! Invariant: a clue that is found is valid in itself (check digits, alphabet, length).

use quita_core::document::TaxId;
use quita_core::ids::{EndToEndId, Txid};

use crate::entry::Clues;

/// Characters of the words that are searched: banks print a few hundred at most.
const WORDS_CHARS_MAX: usize = 2_000;
/// Characters of an end-to-end id.
const END_TO_END_LENGTH: usize = 32;
/// Digits after its first letter: bank (8) and minute (12).
const END_TO_END_DIGITS: usize = 20;
/// Shapes of documents, masked ones first: `9` is a digit, `A` a letter or a digit. A bare run of
/// digits may be a telephone, so it comes last.
const DOCUMENT_SHAPES: [&[u8]; 6] = [
    b"AA.AAA.AAA/AAAA-99",
    b"999.999.999-99",
    b"AAAAAAAA/AAAA-99",
    b"999999999-99",
    b"AAAAAAAAAAAA99",
    b"99999999999",
];
/// Characters of the shortest and of the longest document as statements print them.
const DOCUMENT_CHARS: std::ops::RangeInclusive<usize> = 11..=18;

/// The clues in `words`, the bank's and the payer's, and in the `numbers` beside them.
///
/// Documents are looked for in the words only: every hundredth number of 11 digits that a bank
/// counts its movements by would pass for a CPF.
pub(crate) fn clues_in(words: &str, numbers: &str) -> Clues {
    let end = words.char_indices().nth(WORDS_CHARS_MAX).map_or(words.len(), |(end, _)| end);
    let words = &words[..end];
    let all = format!("{words} {numbers}");
    Clues {
        end_to_end_id: runs(&all).find_map(end_to_end_in),
        txid: txid_in(&all),
        payer: document_in(words),
        payer_name: payer_name_in(words),
        ..Clues::default()
    }
}

/// Unbroken letters and digits.
fn runs(text: &str) -> impl Iterator<Item = &str> + Clone {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|run| !run.is_empty())
}

fn end_to_end_in(run: &str) -> Option<EndToEndId> {
    let places = 0..(run.len() + 1).saturating_sub(END_TO_END_LENGTH);
    let candidates = places.map(|from| &run[from..from + END_TO_END_LENGTH]);
    let mut shaped = candidates.filter(|id| has_bank_and_minute(id, b'E'));
    shaped.find_map(|id| EndToEndId::parse(id).ok())
}

/// Whether `id` is the letter and the digits with which ids of payments (`E`) and returns (`D`)
/// start.
fn has_bank_and_minute(id: &str, letter: u8) -> bool {
    let digits = id.as_bytes().get(1..=END_TO_END_DIGITS);
    id.as_bytes().first() == Some(&letter)
        && digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
}

/// One of ours before a stranger's.
fn txid_in(text: &str) -> Option<Txid> {
    let mixed = |run: &&str| {
        run.bytes().any(|byte| byte.is_ascii_digit())
            && run.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    let payment = |run: &&str| end_to_end_in(run).is_some() || has_bank_and_minute(run, b'D');
    let parsed = runs(text).filter(mixed).filter(|run| !payment(run));
    let mut txids = parsed.filter_map(|run| Txid::parse(run).ok());
    let own = |txid: &Txid| txid.charge_ref().is_some() || txid.customer_ref().is_some();
    txids.clone().find(own).or_else(|| txids.find(Txid::is_charge_length))
}

fn document_in(text: &str) -> Option<TaxId> {
    let bytes = text.as_bytes();
    let alphanumeric = |place: usize| bytes.get(place).is_some_and(u8::is_ascii_alphanumeric);
    let starts = (0..bytes.len())
        .filter(|place| alphanumeric(*place) && !place.checked_sub(1).is_some_and(alphanumeric));
    let starts: Vec<usize> = starts.collect();
    let fits = |shape: &[u8], from: usize| {
        let until = from + shape.len();
        let part = bytes.get(from..until).filter(|_| !alphanumeric(until))?;
        let same = |(want, have): (&u8, &u8)| match want {
            b'9' => have.is_ascii_digit(),
            b'A' => have.is_ascii_alphanumeric(),
            _ => want == have,
        };
        let shaped = shape.iter().zip(part).all(same);
        shaped.then(|| std::str::from_utf8(part).ok()).flatten()
    };
    DOCUMENT_SHAPES.iter().find_map(|shape| {
        let mut shaped = starts.iter().filter_map(|from| fits(shape, *from));
        shaped.find_map(|part| TaxId::parse(part).ok())
    })
}

/// The name that stands before a document, as in `Pix recebido - NAME - ***.982.247-** - BANK`.
fn payer_name_in(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(" - ").map(str::trim).collect();
    let place = parts.iter().position(|part| is_printed_document(part))?;
    // The first part is the bank's word for the movement, never a name.
    let name = parts.get(place.checked_sub(1).filter(|before| *before > 0)?)?;
    name.chars().any(char::is_alphabetic).then(|| (*name).to_owned())
}

/// A document with or without its mask, or with some of its digits hidden.
fn is_printed_document(part: &str) -> bool {
    let printed = |c: char| c.is_ascii_digit() || "./-*•xX#".contains(c);
    DOCUMENT_CHARS.contains(&part.chars().count())
        && part.chars().all(printed)
        && part.chars().any(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests;
