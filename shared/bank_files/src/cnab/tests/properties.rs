//! Whatever the bytes and wherever they are cut.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// No line gives more than one item, but for the one that also tells the account.
fn bounded(items: &[Item], file: &[u8]) -> bool {
    items.len() <= file.split(|byte| *byte == b'\n').count() + 1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..2_000), of_400 in any::<bool>()) {
        let layout = if of_400 { CnabLayout::Cnab400 } else { CnabLayout::Cnab240 };
        let (items, ended) = read_in(layout, &bytes, 97);
        prop_assert!(ended.is_err());
        prop_assert!(items.is_empty());
    }

    #[test]
    fn no_change_of_a_file_panics_or_invents_titles(
        sample in 0_usize..4,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        size in 1_usize..900,
    ) {
        let (layout, lines) = samples()[sample].clone();
        let mut file = joined(&lines);
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        let (items, _) = read_in(layout, &file, size);
        prop_assert!(bounded(&items, &file));
        for entry in entries(&items) {
            if let Movement::TitlePaid(payment) = &entry.movement {
                prop_assert!(payment.paid.is_positive());
            }
        }
    }

    #[test]
    fn any_chunks_give_the_same(
        sample in 0_usize..4,
        size in 1_usize..900,
        change in proptest::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let (layout, lines) = samples()[sample].clone();
        let mut file = joined(&lines);
        if let Some((place, byte)) = change {
            let place = place.index(file.len());
            file[place] = byte;
        }
        prop_assert_eq!(read_in(layout, &file, size), read_in(layout, &file, file.len()));
    }

    #[test]
    fn what_is_paid_is_what_was_written(
        paid in 1_u64..1_000_000_000_000_000,
        face in 0_u64..1_000_000_000_000_000,
        date in (1_970_i32..=2_069, 1_u32..=366),
    ) {
        let Some(on) = chrono::NaiveDate::from_yo_opt(date.0, date.1) else { return Ok(()) };
        let event = on.format("%d%m%Y").to_string();
        let title = Spoken { face, paid, event: &event, ..PAID };
        let items = read_240(&Written240::of("001").title(&title).bytes());
        let entry = only(&items);
        prop_assert_eq!(payment(entry).paid, money(paid));
        prop_assert_eq!(payment(entry).face, money(face));
        prop_assert_eq!(entry.booked_on, on);
    }

    #[test]
    fn titles_of_a_file_are_never_mixed(amounts in vec(1_u64..1_000_000, 1..12)) {
        let written = amounts.iter().fold(Written240::of("001"), |file, amount| {
            file.title(&Spoken { paid: *amount, face: *amount, interest: *amount, ..PAID })
        });
        let items = read_240(&written.bytes());
        let read: Vec<_> = entries(&items)
            .iter()
            .map(|entry| (payment(entry).face, payment(entry).paid, payment(entry).interest))
            .collect();
        let expected: Vec<_> =
            amounts.iter().map(|amount| (money(*amount), money(*amount), money(*amount))).collect();
        prop_assert_eq!(read, expected);
        let mut prints: Vec<_> =
            entries(&items).iter().map(|entry| entry.fingerprint.clone()).collect();
        prints.sort();
        prints.dedup();
        prop_assert_eq!(prints.len(), amounts.len());
    }
}
