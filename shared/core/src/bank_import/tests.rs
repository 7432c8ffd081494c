//! The fears about an import: a part that changes under the reader, pieces that overlap, a line
//! that is counted nowhere.

use proptest::prelude::*;

use super::*;

fn at() -> DateTime<Utc> {
    "2026-12-12T08:00:00Z".parse().unwrap()
}

fn import() -> BankImport {
    BankImport {
        merchant: MerchantId::parse("mer_acme").unwrap(),
        id: ImportId::parse("imp_01K5A2B3C4D5E6F7G8H9J0KMNP").unwrap(),
        version: 1,
        created_at: at(),
        name: "dezembro.ofx".to_owned(),
        format: FileFormat::Ofx,
        account: Account { bank: "001".to_owned(), branch: None, number: "1234".to_owned() },
        csv: None,
        parts: Vec::new(),
        summary: None,
        done: 0,
        counts: Counts::default(),
        state: ImportState::Uploading,
    }
}

fn part(bytes: u64) -> FilePart {
    FilePart { bytes, digest: format!("digest of {bytes}") }
}

fn with_parts(sizes: &[u64]) -> BankImport {
    (1..).zip(sizes).fold(import(), |import, (nth, bytes)| {
        match import.with_part(nth, part(*bytes), u64::MAX) {
            Ok(PartTaken::New(after)) => *after,
            other => panic!("{other:?}"),
        }
    })
}

#[test]
fn a_part_is_taken_in_order_and_never_changes() {
    let two = with_parts(&[10, 20]);
    let check = |nth: u16, bytes: u64, expected: Result<PartTaken, PartRefused>| {
        assert_eq!(two.with_part(nth, part(bytes), 100), expected, "part {nth} of {bytes}");
    };
    check(1, 10, Ok(PartTaken::Known));
    check(2, 20, Ok(PartTaken::Known));
    check(2, 21, Err(PartRefused::OtherBytes));
    check(0, 10, Err(PartRefused::OutOfOrder { next: 3 }));
    check(4, 10, Err(PartRefused::OutOfOrder { next: 3 }));
    check(3, 0, Err(PartRefused::Empty));
    check(3, 71, Err(PartRefused::TooLarge { bytes_max: 100 }));
    let Ok(PartTaken::New(after)) = two.with_part(3, part(70), 100) else { panic!("it fits") };
    assert_eq!((after.bytes(), after.version), (100, two.version + 1));
}

#[test]
fn a_file_of_endless_parts_is_not_taken() {
    let full = with_parts(&vec![1; usize::from(PARTS_MAX)]);
    let refused = full.with_part(PARTS_MAX + 1, part(1), u64::MAX);
    assert_eq!(refused, Err(PartRefused::OutOfOrder { next: PARTS_MAX }));
}

#[test]
fn no_part_comes_to_a_file_that_is_being_imported() {
    let summary = FileSummary { entries: 0, lines: 1, bytes: 10, from: None, until: None };
    let under_way = with_parts(&[10]).accepted(summary, at());
    assert_eq!(under_way.with_part(1, part(10), 100), Ok(PartTaken::Known));
    let refused = under_way.with_part(2, part(10), 100);
    assert_eq!(refused, Err(PartRefused::Closed { state: "importing" }));
}

#[test]
fn work_is_due_only_while_lines_are_left() {
    let summary = FileSummary { entries: 3, lines: 9, bytes: 10, from: None, until: None };
    let under_way = with_parts(&[10]).accepted(summary, at());
    assert_eq!(under_way.work().map(|work| work.at), Some(at()));
    for still in [
        import(),
        import().refused(Vec::new(), 0, at()),
        under_way.finished(at()),
        under_way.stopped("why", at()),
    ] {
        assert_eq!(still.work(), None, "{}", still.state.as_str());
    }
}

#[test]
fn faults_past_the_limit_are_counted() {
    let fault = |line| LineFault { line, reason: "no date".to_owned() };
    let many: Vec<LineFault> = (1..=250).map(fault).collect();
    let refused = import().refused(many, 300, at());
    let ImportState::Refused { faults, more, .. } = refused.state else { panic!("refused") };
    assert_eq!((faults.len(), more), (FAULTS_KEPT, 300 - FAULTS_KEPT as u64));
}

#[test]
fn every_outcome_is_counted_once() {
    let after = import().gone_on(&Outcome::ALL, at());
    assert_eq!(after.counts.total(), Outcome::ALL.len() as u64);
    assert_eq!(after.done, Outcome::ALL.len() as u64);
    let each = [
        after.counts.settled,
        after.counts.matched,
        after.counts.unmatched,
        after.counts.amount_differs,
        after.counts.fees,
        after.counts.debits,
        after.counts.notices,
        after.counts.already_known,
    ];
    assert_eq!(each, [1; 8]);
}

#[test]
fn one_boleto_has_one_number_however_it_is_written() {
    let check = |text: &str, expected: Option<&str>| {
        assert_eq!(our_number(text).as_deref(), expected, "{text}");
    };
    check("00000000000109000123", Some("109000123"));
    check("109/00012-3", Some("109000123"));
    check(" 14-p ", Some("14P"));
    check("000", None);
    check("", None);
    check("#", None);
    check("123456789012345678901", None);
}

proptest! {
    #[test]
    fn the_pieces_of_two_parts_never_share_a_place(
        sizes in prop::collection::vec(1..=PART_BYTES_MAX as u64, 1..=16),
    ) {
        let places: Vec<u32> = with_parts(&sizes).chunks().collect();
        prop_assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
        let held = places.len() as u64 * CHUNK_BYTES as u64;
        prop_assert!(held >= sizes.iter().sum::<u64>());
    }
}
