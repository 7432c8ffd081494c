//! Return files as a whole: lines, lengths, ends, fixtures. The layouts have their own files.

mod banks;
mod febraban;
mod properties;
mod written;

use quita_core::money::Money;

use super::{Cnab, CnabLayout};
use crate::entry::{Entry, FileAccount, Movement, TitlePayment};
use crate::fault::{BadLine, FileRefused};
use crate::reader::{Format, Item, Parser, Reader};
use written::{PAID, Spoken, Written240, Written400, joined};

/// Reads a file in chunks of `size` bytes.
fn read_in(layout: CnabLayout, file: &[u8], size: usize) -> (Vec<Item>, Result<(), FileRefused>) {
    let mut parser = Cnab::new(layout);
    let mut items = Vec::new();
    let chunks = file.chunks(size);
    let pushed = chunks.map(|chunk| parser.push(chunk, &mut items)).find(Result::is_err);
    let ended = pushed.unwrap_or_else(|| parser.finish(&mut items));
    (items, ended)
}

/// Reads a file that has to be accepted.
fn read(layout: CnabLayout, file: &[u8]) -> Vec<Item> {
    let (items, ended) = read_in(layout, file, usize::MAX);
    assert_eq!(ended, Ok(()));
    items
}

fn read_240(file: &[u8]) -> Vec<Item> {
    read(CnabLayout::Cnab240, file)
}

fn read_400(file: &[u8]) -> Vec<Item> {
    read(CnabLayout::Cnab400, file)
}

/// Why a file is refused.
fn refusal(layout: CnabLayout, file: &[u8]) -> FileRefused {
    read_in(layout, file, usize::MAX).1.expect_err("the file has a fault")
}

/// The file is refused on `line`, with every one of `words` in the reason.
fn check_refused(layout: CnabLayout, file: &[u8], line: u64, words: &[&str]) {
    let refused = refusal(layout, file);
    assert_eq!(refused.line, line, "{refused}");
    for word in words {
        assert!(refused.reason.contains(word), "{word}: {refused}");
    }
}

fn entries(items: &[Item]) -> Vec<&Entry> {
    let entries = items.iter().filter_map(|item| match item {
        Item::Entry(entry) => Some(&**entry),
        _ => None,
    });
    entries.collect()
}

fn bad_lines(items: &[Item]) -> Vec<&BadLine> {
    let bad_lines = items.iter().filter_map(|item| match item {
        Item::BadLine(bad) => Some(bad),
        _ => None,
    });
    bad_lines.collect()
}

/// The numbers of the bad lines.
fn bad(items: &[Item]) -> Vec<u64> {
    bad_lines(items).iter().map(|bad| bad.line).collect()
}

fn account(items: &[Item]) -> Option<&FileAccount> {
    items.iter().find_map(|item| match item {
        Item::Account(account) => Some(account),
        _ => None,
    })
}

/// The only entry of a file without bad lines.
fn only(items: &[Item]) -> &Entry {
    assert_eq!(bad_lines(items), Vec::<&BadLine>::new());
    let entries = entries(items);
    assert_eq!(entries.len(), 1);
    entries[0]
}

fn payment(entry: &Entry) -> &TitlePayment {
    match &entry.movement {
        Movement::TitlePaid(payment) => payment,
        other => panic!("not a payment: {other:?}"),
    }
}

fn money(centavos: u64) -> Money {
    Money::from_centavos(i64::try_from(centavos).unwrap())
}

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

/// A file of each layout with a payment, Pix, a notice and a fee where the layout has them.
fn samples() -> [(CnabLayout, Vec<Vec<u8>>); 4] {
    let notice = Spoken { occurrence: "02", our_number: "7001", paid: 0, ..PAID };
    let fee = Spoken { occurrence: "28", our_number: "7002", paid: 0, ..PAID };
    let of_240 = Written240::of("001")
        .title(&PAID)
        .y03("01JD0000000000000000000000AA01")
        .title(&notice)
        .lot_end()
        .lot()
        .title(&fee);
    [
        (CnabLayout::Cnab240, of_240.lines()),
        (CnabLayout::Cnab240, Written240::of("001").lines()),
        (CnabLayout::Cnab400, banks::santander_with_pix().lines()),
        (CnabLayout::Cnab400, banks::itau().lines()),
    ]
}

#[test]
fn a_file_that_was_cut_off_after_any_line_is_refused() {
    for (layout, lines) in samples() {
        assert_eq!(read_in(layout, &joined(&lines), 100).1, Ok(()));
        for kept in 0..lines.len() {
            let refused = refusal(layout, &joined(&lines[..kept]));
            assert_eq!(refused.line, kept.max(1) as u64);
            assert!(refused.reason.contains("cut off"), "{refused}");
        }
    }
}

#[test]
fn a_file_that_was_cut_off_at_any_byte_is_refused() {
    for (layout, lines) in samples() {
        let file = joined(&lines);
        // The last line end may be missing.
        for kept in 0..file.len() - 2 {
            let refused = read_in(layout, &file[..kept], usize::MAX - 1).1;
            assert!(refused.is_err(), "{kept} of {}", file.len());
        }
        for kept in file.len() - 2..file.len() {
            assert_eq!(read_in(layout, &file[..kept], usize::MAX - 1).1, Ok(()));
        }
    }
}

#[test]
fn a_line_that_was_lost_or_doubled_in_transfer_is_noticed() {
    for (layout, lines) in samples() {
        for place in 0..lines.len() {
            let mut lost = lines.clone();
            lost.remove(place);
            assert!(read_in(layout, &joined(&lost), 64).1.is_err(), "lost {place}");
            let mut doubled = lines.clone();
            doubled.insert(place, lines[place].clone());
            assert!(read_in(layout, &joined(&doubled), 64).1.is_err(), "doubled {place}");
        }
    }
}

#[test]
fn unix_line_ends_and_the_dos_end_of_file_are_read_as_well() {
    for (layout, lines) in samples() {
        let expected = read(layout, &joined(&lines));
        let unix = lines.join(&b'\n');
        assert_eq!(read(layout, &unix), expected);
        for tail in ["\n", "\r\n", "\x1a", "\r\n\x1a", "\r\n\x1a\r\n", "\r\n\r\n"] {
            let file = [unix.as_slice(), tail.as_bytes()].concat();
            assert_eq!(read(layout, &file), expected, "{tail:?}");
        }
    }
}

#[test]
fn trap_49_records_without_line_ends_are_refused_with_what_to_ask_for() {
    for (layout, lines) in samples() {
        check_refused(layout, &lines.concat(), 1, &["no line ends", "CR LF"]);
        let pair = lines[..2].concat();
        check_refused(layout, &pair, 1, &["no line ends", "CR LF"]);
    }
}

#[test]
fn trap_49_a_file_saved_again_as_utf_8_is_refused_with_its_line_and_length() {
    let mut lines = Written240::of("001").title(&PAID).lines();
    // "JOÃO" in windows-1252, one byte a character, is right.
    lines[2][148..152].copy_from_slice(b"JO\xc3O");
    let items = read_240(&joined(&lines));
    assert_eq!(only(&items).clues.payer_name.as_deref(), Some("JOÃODOR EXEMPLO SA"));
    let text: String = lines[2].iter().map(|byte| char::from(*byte)).collect();
    lines[2] = text.into_bytes();
    let words = ["241 bytes instead of 240", "UTF-8", "as the bank made it"];
    check_refused(CnabLayout::Cnab240, &joined(&lines), 3, &words);
}

#[test]
fn a_line_of_another_length_is_refused_with_its_length() {
    let lines = Written240::of("001").title(&PAID).lines();
    let check = |change: &dyn Fn(&mut Vec<u8>), words: &[&str]| {
        let mut changed = lines.clone();
        change(&mut changed[3]);
        check_refused(CnabLayout::Cnab240, &joined(&changed), 4, words);
    };
    check(&|line| line.truncate(200), &["200 bytes instead of 240", "trimmed"]);
    check(&|line| line.clear(), &["0 bytes instead of 240"]);
    check(&|line| line.push(b' '), &["241 bytes instead of 240", "changed"]);
    check(&|line| line.resize(400, b' '), &["400 bytes instead of 240", "other CNAB"]);
    check(&|line| line.resize(480, b' '), &["480 bytes instead of 240", "no line ends"]);
    check(&|line| line.resize(5_000, b' '), &["no line ends"]);
}

#[test]
fn a_second_file_behind_the_first_is_not_passed_over() {
    for (layout, lines) in samples() {
        let twice = [lines.clone(), lines.clone()].concat();
        check_refused(layout, &joined(&twice), lines.len() as u64 + 1, &["after the file trailer"]);
    }
}

#[test]
fn a_file_named_as_the_other_layout_is_refused_on_its_first_line() {
    let [(_, of_240), _, (_, of_400), _] = samples();
    check_refused(CnabLayout::Cnab400, &joined(&of_240), 1, &["other CNAB"]);
    check_refused(CnabLayout::Cnab240, &joined(&of_400), 1, &["other CNAB"]);
}

#[test]
fn the_same_title_in_two_files_has_the_same_fingerprint_and_another_occurrence_has_not() {
    let file = |titles: &[&Spoken]| {
        let written = titles.iter().fold(Written240::of("001"), |file, title| file.title(title));
        read_240(&written.bytes())
    };
    let written_off = Spoken { occurrence: "09", paid: 0, ..PAID };
    let registered = Spoken { occurrence: "02", paid: 0, ..PAID };
    let [first, second] = [file(&[&registered, &PAID]), file(&[&PAID, &written_off])];
    let prints = |items: &[Item]| -> Vec<_> {
        entries(items).iter().map(|entry| entry.fingerprint.clone()).collect()
    };
    let (first, second) = (prints(&first), prints(&second));
    assert_eq!(first[1], second[0]);
    assert_ne!(first[0], first[1]);
    assert_ne!(first[0], second[1]);
    assert_ne!(second[0], second[1]);
    // Another title of that day and amount does not count for this one.
    let other = Spoken { our_number: "777", ..PAID };
    assert_eq!(prints(&file(&[&other, &PAID]))[1], second[0]);
}

#[test]
fn the_account_is_told_once_and_before_any_title() {
    for (layout, lines) in samples() {
        let items = read(layout, &joined(&lines));
        assert!(matches!(items[0], Item::Account(_)));
        let told = items.iter().filter(|item| matches!(item, Item::Account(_)));
        assert_eq!(told.count(), 1);
    }
}

/// The committed files are what the builder writes, so nothing in them comes from an account.
#[test]
fn the_fixtures_are_what_they_say_and_are_read() {
    let written = [
        ("febraban_001.ret", include_bytes!("../../fixtures/cnab/febraban_001.ret").as_slice()),
        ("santander_pix_033.ret", include_bytes!("../../fixtures/cnab/santander_pix_033.ret")),
        ("itau_341.ret", include_bytes!("../../fixtures/cnab/itau_341.ret")),
    ];
    let [of_240, _, santander, itau] = samples();
    for ((name, file), (layout, lines)) in written.into_iter().zip([of_240, santander, itau]) {
        assert!(file == joined(&lines), "{name}");
        let format = match layout {
            CnabLayout::Cnab240 => Format::Cnab240,
            CnabLayout::Cnab400 => Format::Cnab400,
        };
        let (mut reader, mut items) = (Reader::new(format), Vec::new());
        reader.push(file, &mut items).unwrap();
        let summary = reader.finish(&mut items).unwrap();
        assert_eq!(items, read(layout, file), "{name}");
        assert_eq!((summary.bad_lines, summary.lines), (0, lines.len() as u64), "{name}");
    }
}
