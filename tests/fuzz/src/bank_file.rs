//! What must hold of a bank file, whatever its format and bytes.
//!
//! It never panics. Wherever it is cut, the same comes out. What is read keeps what its types say:
//! the account comes once and first, amounts are positive, places are inside of the file, no two
//! entries share a fingerprint, texts are clean, and the tally is that of what came out.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use quita_bank_files::{Entry, FileRefused, Format, Item, Movement, Reader, Summary, TitlePayment};
use quita_core::money::Money;

use crate::targets::Answer;

type Outcome = Result<(Vec<Item>, Summary), FileRefused>;

/// Reads `bytes` whole and in pieces, and asserts what must hold.
pub fn check(format: &Format, bytes: &[u8]) -> Answer {
    let whole = read(format, [bytes]);
    for pieces in [bytes.chunks(1).collect(), uneven(bytes)] {
        assert_same(&whole, &read(format, pieces), bytes);
    }
    match whole {
        Ok((items, summary)) => {
            assert_sound(&items, &summary, bytes);
            Answer::Read
        }
        Err(refused) => {
            assert_clean(&refused.reason);
            Answer::Refused
        }
    }
}

fn read<'a>(format: &Format, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let (mut reader, mut items) = (Reader::new(format.clone()), Vec::new());
    for piece in pieces {
        reader.push(piece, &mut items)?;
    }
    let summary = reader.finish(&mut items)?;
    Ok((items, summary))
}

/// Pieces of a few lengths, also of none, that differ from file to file but not from run to run.
fn uneven(bytes: &[u8]) -> Vec<&[u8]> {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    // At least one length is not zero.
    let mut lengths = (hasher.finish() | 1).to_le_bytes().into_iter().cycle();
    let (mut pieces, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let length = lengths.next().map_or(1, usize::from).min(rest.len());
        let (piece, behind) = rest.split_at(length);
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

fn assert_same(whole: &Outcome, cut: &Outcome, bytes: &[u8]) {
    match (whole, cut) {
        (Ok(whole), Ok(cut)) => assert_eq!(whole, cut, "the cuts change what comes out"),
        // A binary zero is told for a piece at once, before the lines in front of it are read.
        (Err(_), Err(_)) if bytes.contains(&0) => {}
        (Err(whole), Err(cut)) => assert_eq!(whole, cut, "the cuts change the refusal"),
        (Ok(_), Err(refused)) => panic!("in pieces it is refused: {refused}"),
        (Err(refused), Ok(_)) => panic!("only in pieces it is read; whole: {refused}"),
    }
}

fn assert_sound(items: &[Item], summary: &Summary, bytes: &[u8]) {
    let mut prints = BTreeSet::new();
    let (mut account, mut bad_lines) = (None, 0);
    for item in items {
        match item {
            Item::Account(found) => {
                assert!(prints.is_empty(), "the account comes behind an entry");
                assert_eq!(account.replace(found), None, "the account comes twice");
            }
            Item::Entry(entry) => {
                assert!(account.is_some(), "an entry comes before the account");
                assert_entry(entry, summary);
                assert!(prints.insert(&entry.fingerprint), "two entries share a fingerprint");
            }
            Item::BadLine(bad) => {
                assert!((1..=summary.lines).contains(&bad.line), "{bad:?} of {}", summary.lines);
                assert_clean(&bad.reason);
                bad_lines += 1;
            }
        }
    }
    let days = || {
        items.iter().filter_map(|item| match item {
            Item::Entry(entry) => Some(entry.booked_on),
            Item::Account(_) | Item::BadLine(_) => None,
        })
    };
    let counted = Summary {
        account: account.cloned(),
        entries: prints.len() as u64,
        bad_lines,
        lines: bytes.split_inclusive(|byte| *byte == b'\n').count() as u64,
        bytes: bytes.len() as u64,
        from: days().min(),
        until: days().max(),
    };
    assert_eq!(*summary, counted, "the tally is not what came out");
}

fn assert_entry(entry: &Entry, summary: &Summary) {
    assert!((1..=summary.lines).contains(&entry.line), "{entry:?} of {}", summary.lines);
    match &entry.movement {
        Movement::Credit { amount } | Movement::Debit { amount } | Movement::Fee { amount } => {
            assert!(amount.is_positive(), "{entry:?}");
        }
        Movement::TitlePaid(TitlePayment {
            face, paid, interest, discount, rebate, fee, ..
        }) => {
            let all = [face, paid, interest, discount, rebate, fee];
            assert!(all.iter().all(|amount| **amount >= Money::ZERO), "{entry:?}");
        }
        Movement::TitleNotice { .. } => {}
    }
    let clues = &entry.clues;
    let texts = [&entry.bank_id, &clues.our_number, &clues.document_number, &clues.payer_name];
    texts.into_iter().flatten().chain([&entry.memo]).for_each(|text| assert_clean(text));
}

fn assert_clean(text: &str) {
    assert!(!text.chars().any(char::is_control), "{text:?} has control characters");
}
