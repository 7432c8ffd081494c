//! CNAB 240: pairs of segments, lots, counts, columns.

use super::*;

#[test]
fn a_payment_is_read_with_every_component() {
    let title = Spoken { discount: 300, rebate: 200, paid: 101_600, ..PAID };
    let items = read_240(&Written240::of("001").title(&title).bytes());
    let expected = FileAccount {
        bank: Some("001".to_owned()),
        branch: Some("01234".to_owned()),
        number: "000000056789-X".to_owned(),
    };
    assert_eq!(account(&items), Some(&expected));
    let entry = only(&items);
    let expected = TitlePayment {
        face: money(100_000),
        paid: money(101_600),
        interest: money(2_100),
        discount: money(300),
        rebate: money(200),
        fee: money(190),
        credited_on: Some(day("2026-11-23")),
        after_write_off: false,
    };
    assert_eq!(payment(entry), &expected);
    assert_eq!((entry.line, entry.booked_on), (3, day("2026-11-20")));
    assert_eq!(entry.clues.our_number.as_deref(), Some("12345678901234567"));
    assert_eq!(entry.clues.document_number.as_deref(), Some("FAT-2026-0042"));
    assert_eq!(entry.clues.payer_name.as_deref(), Some("PAGADOR EXEMPLO SA"));
    assert_eq!(entry.memo, "06 paid");
}

#[test]
fn trap_34_an_alphanumeric_cnpj_and_leading_zeros_survive() {
    let check = |payer, expected: Option<&str>| {
        let items = read_240(&Written240::of("001").title(&Spoken { payer, ..PAID }).bytes());
        let payer = only(&items).clues.payer.clone();
        assert_eq!(payer.as_ref().map(|payer| payer.as_str()), expected);
    };
    check(("2", "012ABC34501DE35"), Some("12ABC34501DE35"));
    check(("2", "000000000000191"), Some("00000000000191"));
    check(("1", "000000000000191"), Some("00000000191"));
    check(("1", "000052998224725"), Some("52998224725"));
    check(("2", "12ABC34501DE35 "), Some("12ABC34501DE35"));
    // No document: a wrong check digit, a rest before it, another kind, nothing.
    check(("2", "012ABC34501DE45"), None);
    check(("1", "112352998224725"), None);
    check(("0", "052998224725000"), None);
    check(("2", "000000000000000"), None);
    check(("1", "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}     "), None);
}

#[test]
fn trap_35_a_number_with_letters_or_inner_zeros_stays_text() {
    let check = |our_number, expected: Option<&str>| {
        let items = read_240(&Written240::of("001").title(&Spoken { our_number, ..PAID }).bytes());
        assert_eq!(only(&items).clues.our_number.as_deref(), expected);
        assert_eq!(only(&items).bank_id.as_deref(), expected);
    };
    check("00000000000000010200", Some("10200"));
    check("14000000000123456-P", Some("14000000000123456-P"));
    check("99999999999999999999", Some("99999999999999999999"));
    check("00000000000000000000", None);
    check("", None);
}

#[test]
fn trap_49_a_title_whose_other_segment_is_missing_is_told_with_its_line() {
    let second = Spoken { our_number: "777", ..PAID };
    let cases = [
        (Written240::of("001").t(&PAID).title(&second), vec![3]),
        (Written240::of("001").title(&second).t(&PAID), vec![5]),
        (Written240::of("001").u(&PAID).title(&second), vec![3]),
        (Written240::of("001").title(&second).u(&PAID), vec![5]),
        (Written240::of("001").title(&second).t(&PAID).lot_end().lot(), vec![5]),
    ];
    for (file, expected) in cases {
        let items = read_240(&file.bytes());
        assert_eq!(bad(&items), expected);
        assert!(bad_lines(&items)[0].reason.contains("has no segment"));
        assert_eq!(entries(&items).len(), 1);
        assert_eq!(entries(&items)[0].clues.our_number.as_deref(), Some("777"));
    }
}

#[test]
fn trap_49_a_segment_u_before_its_t_is_not_joined() {
    let mut lines = Written240::of("001").title(&PAID).lines();
    lines.swap(2, 3);
    let items = read_240(&joined(&lines));
    assert_eq!(entries(&items).len(), 0);
    assert_eq!(bad(&items), [3, 4]);
}

#[test]
fn trap_49_segments_that_merely_stand_together_are_not_joined() {
    // The U says that it is the 9th record of its lot.
    let mut lines = Written240::of("001").title(&PAID).lines();
    lines[3][8..13].copy_from_slice(b"00009");
    let items = read_240(&joined(&lines));
    assert_eq!(entries(&items).len(), 0);
    assert_eq!(bad(&items), [4, 3]);
}

#[test]
fn trap_49_a_segment_u_of_another_lot_is_not_joined() {
    let mut lines = Written240::of("001").title(&PAID).lines();
    lines[3][3..7].copy_from_slice(b"0002");
    let items = read_240(&joined(&lines));
    assert_eq!(entries(&items).len(), 0);
    assert_eq!(bad(&items), [4, 3]);
    assert!(bad_lines(&items)[0].reason.contains("names lot 2 and stands in lot 1"));
    // The same sequence number in the next lot belongs to nothing either.
    let file = Written240::of("001").t(&PAID).lot_end().lot().u(&PAID);
    let mut lines = file.lines();
    lines[5][8..13].copy_from_slice(b"00002");
    let items = read_240(&joined(&lines));
    assert_eq!(entries(&items).len(), 0);
    assert_eq!(bad(&items), [3, 6]);
}

#[test]
fn segments_between_t_and_u_do_not_part_them() {
    let file = Written240::of("001").t(&PAID).detail("W", &[]).u(&PAID);
    assert_eq!(payment(only(&read_240(&file.bytes()))).paid, money(102_100));
}

#[test]
fn a_fault_in_one_segment_is_told_once_and_takes_the_title_along() {
    let file = || Written240::of("001").title(&PAID).y03("TXID").title(&PAID).lines();
    let spoilt = |line: usize, first: usize, text: &[u8]| {
        let mut lines = file();
        lines[line - 1][first - 1..first - 1 + text.len()].copy_from_slice(text);
        read_240(&joined(&lines))
    };
    for (line, first, text, word) in [
        (3, 82, b"12,50", "columns 82 to 96"),
        (3, 199, b"-1234", "columns 199 to 213"),
        (4, 78, b"1 000", "columns 78 to 92"),
        (4, 138, b"31022", "a day that cannot be right"),
        (4, 146, b"99992", "a day that cannot be right"),
    ] {
        let items = spoilt(line, first, text);
        assert_eq!(bad(&items), [line as u64]);
        assert!(bad_lines(&items)[0].reason.contains(word), "{:?}", bad_lines(&items));
        assert_eq!(entries(&items).len(), 1);
    }
}

#[test]
fn the_txid_of_segment_y_03_goes_to_its_title_only() {
    let second = Spoken { our_number: "777", ..PAID };
    let file = Written240::of("001").title(&PAID).title(&second).y03("01JD000000AA01").title(&PAID);
    let items = read_240(&file.bytes());
    let txids: Vec<_> = entries(&items)
        .iter()
        .map(|entry| entry.clues.txid.as_ref().map(|txid| txid.as_str().to_owned()))
        .collect();
    assert_eq!(txids, [None, Some("01JD000000AA01".to_owned()), None]);
    // Between T and U it belongs to them as well; another option of segment Y does not.
    let file = Written240::of("001").t(&PAID).y03("TX1").u(&PAID);
    assert_eq!(only(&read_240(&file.bytes())).clues.txid.as_ref().unwrap().as_str(), "TX1");
    let file = Written240::of("001").title(&PAID).detail("Y", &[(18, "01"), (159, "TX1")]);
    assert_eq!(only(&read_240(&file.bytes())).clues.txid, None);
}

#[test]
fn a_segment_y_03_without_a_title_or_with_a_broken_txid_is_told() {
    let stray = Written240::of("001").y03("TX1").title(&PAID);
    assert_eq!(bad(&read_240(&stray.bytes())), [3]);
    let broken = Written240::of("001").title(&PAID).y03("TX 1/2");
    let items = read_240(&broken.bytes());
    assert_eq!(bad(&items), [5]);
    assert_eq!(entries(&items).len(), 1);
}

#[test]
fn occurrences_are_payments_fees_or_notices() {
    let check = |bank, occurrence, expected: &str| {
        let title = Spoken { occurrence, ..PAID };
        let items = read_240(&Written240::of(bank).title(&title).bytes());
        let told = match items.last() {
            Some(Item::Entry(entry)) => match &entry.movement {
                Movement::TitlePaid(payment) if payment.after_write_off => "unexpected".to_owned(),
                Movement::TitlePaid(_) => "paid".to_owned(),
                Movement::Fee { amount } => format!("fee {amount}"),
                Movement::TitleNotice { occurrence, .. } => format!("notice {occurrence}"),
                other => format!("{other:?}"),
            },
            Some(Item::BadLine(_)) => "bad".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(told, expected, "{bank} {occurrence}");
    };
    for (occurrence, expected) in [
        ("02", "notice 2"),
        ("03", "notice 3"),
        ("06", "paid"),
        ("09", "notice 9"),
        ("14", "notice 14"),
        ("17", "unexpected"),
        ("19", "notice 19"),
        ("23", "notice 23"),
        ("25", "notice 25"),
        ("26", "notice 26"),
        ("27", "notice 27"),
        ("28", "fee 1.90"),
        ("30", "notice 30"),
        ("45", "bad"),
        ("99", "bad"),
        ("A4", "bad"),
        ("+6", "bad"),
        ("", "bad"),
    ] {
        check("001", occurrence, expected);
    }
    // Itaú has its own: 17 is a rejected change, 08 a payment at the notary, 30 a fee.
    check("341", "17", "notice 17");
    check("341", "08", "paid");
    check("341", "30", "fee 1.90");
    check("341", "10", "bad");
    check("104", "46", "bad");
    check("104", "06", "paid");
}

#[test]
fn an_unknown_occurrence_is_passed_on_only_when_no_money_stands_beside_it() {
    let title = Spoken { occurrence: "99", paid: 0, ..PAID };
    let items = read_240(&Written240::of("001").title(&title).bytes());
    let expected = Movement::TitleNotice { occurrence: 99, meaning: "not a listed occurrence" };
    assert_eq!(only(&items).movement, expected);
    // A fee that no field of the entry shows is at least in its words.
    assert_eq!(only(&items).memo, "99 not a listed occurrence, fee 1.90");
}

#[test]
fn a_payment_of_nothing_is_not_a_payment() {
    for occurrence in ["06", "17"] {
        let title = Spoken { occurrence, paid: 0, ..PAID };
        let items = read_240(&Written240::of("001").title(&title).bytes());
        assert_eq!((bad(&items), entries(&items).len()), (vec![3], 0));
        assert!(bad_lines(&items)[0].reason.contains("0.00"));
    }
    let fee = Spoken { occurrence: "28", fee: 0, paid: 0, ..PAID };
    assert_eq!(bad(&read_240(&Written240::of("001").title(&fee).bytes())), [3]);
}

#[test]
fn amounts_that_do_not_add_up_are_the_banks_business() {
    let title = Spoken { paid: 50_000, ..PAID };
    let items = read_240(&Written240::of("001").title(&title).bytes());
    assert_eq!(payment(only(&items)).paid, money(50_000));
}

#[test]
fn zeros_are_no_day() {
    let title = Spoken { credit: "00000000", ..PAID };
    let items = read_240(&Written240::of("001").title(&title).bytes());
    assert_eq!(payment(only(&items)).credited_on, None);
    let title = Spoken { event: "00000000", ..PAID };
    let items = read_240(&Written240::of("001").title(&title).bytes());
    assert_eq!((bad(&items), entries(&items).len()), (vec![3], 0));
}

#[test]
fn a_year_that_nobody_can_mean_is_told() {
    for event in ["20111969", "20112070", "20110026", "26202011"] {
        let title = Spoken { event, ..PAID };
        let items = read_240(&Written240::of("001").title(&title).bytes());
        assert_eq!((bad(&items), entries(&items).len()), (vec![4], 0), "{event}");
    }
}

#[test]
fn the_companys_own_field_stands_in_for_an_empty_document_number() {
    let check = |document, company_use, expected: Option<&str>| {
        let title = Spoken { document, company_use, ..PAID };
        let items = read_240(&Written240::of("001").title(&title).bytes());
        assert_eq!(only(&items).clues.document_number.as_deref(), expected);
    };
    check("FAT-1", "PEDIDO 7", Some("FAT-1"));
    check("", "PEDIDO 7", Some("PEDIDO 7"));
    check("000000000000000", "PEDIDO 7", Some("PEDIDO 7"));
    check("", "", None);
    // Leading zeros of an invoice number are its own.
    check("0042", "", Some("0042"));
}

#[test]
fn trailers_that_count_something_else_refuse_the_file() {
    let lines = Written240::of("001").title(&PAID).lines();
    let check = |line: usize, first: usize, digits: &[u8], words: &[&str]| {
        let mut changed = lines.clone();
        changed[line - 1][first - 1..first - 1 + digits.len()].copy_from_slice(digits);
        check_refused(CnabLayout::Cnab240, &joined(&changed), line as u64, words);
    };
    check(5, 18, b"000005", &["lot 1 counts 5 records, and 4 were read"]);
    check(5, 4, b"0002", &["lot 1 ends as lot 2"]);
    check(6, 18, b"000002", &["counts 2 lots, and 1 were read"]);
    check(6, 24, b"000007", &["counts 7 records, and 6 were read"]);
    check(6, 24, b"00000x", &["columns 24 to 29"]);
    check(2, 8, b"7", &["record type '7'"]);
    check(2, 8, b"3", &["outside of any lot"]);
    check(2, 8, b"0", &["second file header"]);
    check(2, 8, b"5", &["has not begun"]);
    check(3, 8, b"1", &["begins before lot 1 has ended"]);
    check(5, 8, b"9", &["ends before lot 1 has ended"]);
}

#[test]
fn records_of_types_2_and_4_are_passed_over_whether_or_not_they_are_counted() {
    for counted in [true, false] {
        let mut lines = Written240::of("001").title(&PAID).title(&PAID).lines();
        lines[4][7] = b'2';
        lines[5][7] = b'4';
        if !counted {
            lines[7][23..29].copy_from_slice(b"000006");
        }
        only(&read_240(&joined(&lines)));
    }
}

#[test]
fn a_file_for_the_bank_is_not_taken_for_its_return() {
    let mut lines = Written240::of("001").title(&PAID).lines();
    lines[0][142] = b'1';
    check_refused(CnabLayout::Cnab240, &joined(&lines), 1, &["remessa"]);
    lines[0][142] = b' ';
    check_refused(CnabLayout::Cnab240, &joined(&lines), 1, &["column 143"]);
    check_refused(CnabLayout::Cnab240, &joined(&lines[1..]), 1, &["not a file header"]);
}

#[test]
fn santander_has_its_segment_t_and_account_further_left() {
    let mut lines = Written240::of("033").title(&PAID).lines();
    lines[0] = written::line(
        240,
        &[(1, "03300000"), (33, "1234"), (38, "013000111"), (47, "8"), (143, "2")],
    );
    lines[2] = written::line(
        240,
        &[
            (1, "0330001300001T 06"),
            (18, "12340130001118"),
            (41, "0000000765432"),
            (54, "5"),
            (55, "FAT-77"),
            (70, "10112026"),
            (78, "000000000100000"),
            (101, "PEDIDO"),
            (128, "2"),
            (129, "012ABC34501DE35"),
            (144, "PAGADOR SANTANDER"),
            (194, "000000000000250"),
        ],
    );
    let items = read_240(&joined(&lines));
    let (entry, of) = (only(&items), account(&items).unwrap());
    assert_eq!((of.branch.as_deref(), of.number.as_str()), (Some("1234"), "013000111-8"));
    assert_eq!(entry.clues.our_number.as_deref(), Some("765432"));
    assert_eq!(entry.clues.document_number.as_deref(), Some("FAT-77"));
    assert_eq!(entry.clues.payer.as_ref().unwrap().as_str(), "12ABC34501DE35");
    assert_eq!(entry.clues.payer_name.as_deref(), Some("PAGADOR SANTANDER"));
    let payment = payment(entry);
    assert_eq!((payment.face, payment.fee), (money(100_000), money(250)));
    assert_eq!(payment.paid, money(102_100));
}

#[test]
fn banks_that_print_more_than_the_number_there_are_read_without_the_rest() {
    let check = |bank, our_number, expected: &str| {
        let items = read_240(&Written240::of(bank).title(&Spoken { our_number, ..PAID }).bytes());
        assert_eq!(only(&items).clues.our_number.as_deref(), Some(expected));
    };
    // Itaú: portfolio 109, number 12345678, check digit 9.
    check("341", "109123456789", "123456789");
    // Caixa: kind 14 and 15 digits; what surrounds them is the bank's.
    check("104", "00140000001234567890", "14000000123456789");
    // Sicoob: number, parcel, kind.
    check("756", "000012345601014", "123456");
    check("237", "00900000012345678901", "900000012345678901");
}

#[test]
fn itau_writes_its_account_in_fewer_columns() {
    let items = read_240(&Written240::of("341").title(&PAID).bytes());
    let of = account(&items).unwrap();
    assert_eq!((of.branch.as_deref(), of.number.as_str()), (Some("1234"), "56789"));
}
