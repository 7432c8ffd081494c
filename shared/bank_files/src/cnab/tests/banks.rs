//! CNAB 400: the columns of each bank, the sequence of lines, Pix records.

use super::*;

/// The fee of [`PAID`].
const FEE: &str = "0000000000190";

pub(super) fn itau() -> Written400 {
    let own = [
        (2, "0211222333000181"),
        (18, "1234"),
        (24, "567890"),
        (38, "PEDIDO 7"),
        (63, "12345678"),
        (83, "109"),
        (86, "123456789"),
        (176, FEE),
        (296, "231126"),
        (325, "PAGADOR EXEMPLO"),
    ];
    let notice = Spoken { occurrence: "17", paid: 0, ..PAID };
    Written400::of("341", "123400567890").title("1", &PAID, &own).title("1", &notice, &own)
}

fn bradesco() -> Written400 {
    let own = [
        (2, "0211222333000181"),
        (21, "0009"),
        (25, "01234"),
        (30, "00567890"),
        (71, "12345678901P"),
        (176, FEE),
        (296, "231126"),
        (319, "0000000000"),
    ];
    Written400::of("237", "00000000000004628596").title("1", &PAID, &own)
}

fn banco_do_brasil() -> Written400 {
    let own = [
        (18, "12345"),
        (23, "00056789X"),
        (32, "1234567"),
        (64, "12345670000000042"),
        (176, "231126"),
        (182, "0000190"),
    ];
    Written400::of("001", "12345000567890000000").title("7", &PAID, &own)
}

pub(super) fn santander_with_pix() -> Written400 {
    let own = [
        (2, "0211222333000181"),
        (18, "1234"),
        (22, "01300011"),
        (30, "01300011"),
        (63, "00765432"),
        (176, FEE),
        (296, "231126"),
        (302, "PAGADOR EXEMPLO"),
        (383, "I18"),
    ];
    let notice = Spoken { occurrence: "02", paid: 0, ..PAID };
    let fee = Spoken { occurrence: "24", paid: 0, ..PAID };
    Written400::of("033", "12340130001101300011")
        .title("1", &PAID, &own)
        .record(&pix("01JD0000000000000000000000AA01"))
        .title("1", &notice, &own)
        .title("1", &fee, &own)
}

fn pix(txid: &str) -> [(usize, &str); 4] {
    [(1, "8"), (43, "2"), (44, "11222333000181"), (121, txid)]
}

#[test]
fn every_bank_is_read_by_its_own_columns() {
    let check = |file: Written400, bank: &str, branch, number, our_number, payer_name| {
        let items = read_400(&file.bytes());
        assert_eq!(bad_lines(&items), Vec::<&BadLine>::new());
        let expected = FileAccount {
            bank: Some(bank.to_owned()),
            branch: Some(String::from(branch)),
            number: String::from(number),
        };
        assert_eq!(account(&items), Some(&expected));
        assert!(matches!(items[0], Item::Account(_)));
        let entry = entries(&items)[0];
        let expected = TitlePayment {
            face: money(100_000),
            paid: money(102_100),
            interest: money(2_100),
            discount: money(0),
            rebate: money(0),
            fee: money(190),
            credited_on: Some(day("2026-11-23")),
            after_write_off: false,
        };
        assert_eq!(payment(entry), &expected, "{bank}");
        assert_eq!((entry.line, entry.booked_on), (2, day("2026-11-20")));
        assert_eq!(entry.clues.our_number.as_deref(), Some(our_number));
        assert_eq!(entry.clues.document_number.as_deref(), Some("0042/01"));
        assert_eq!(entry.clues.payer_name.as_deref(), payer_name);
    };
    let name = Some("PAGADOR EXEMPLO");
    check(itau(), "341", "1234", "56789-0", "123456789", name);
    check(bradesco(), "237", "01234", "0056789-0", "12345678901P", None);
    check(banco_do_brasil(), "001", "1234", "00056789-0", "12345670000000042", None);
    check(santander_with_pix(), "033", "1234", "013000111-8", "765432", name);
}

#[test]
fn rebate_and_discount_are_not_confused() {
    let title = Spoken { rebate: 1, discount: 20, interest: 300, paid: 4_000, ..PAID };
    let file = Written400::of("341", "123400567890").title("1", &title, &[]);
    let items = read_400(&file.bytes());
    let payment = payment(only(&items));
    let read = [payment.rebate, payment.discount, payment.interest, payment.paid];
    assert_eq!(read, [money(1), money(20), money(300), money(4_000)]);
}

#[test]
fn a_bank_without_columns_is_refused_with_the_banks_that_have_them() {
    let file = Written400::of("422", "").title("1", &PAID, &[]);
    let words = ["'422'", "Itaú (341)", "Bradesco (237)", "Santander (033)", "Brasil (001)"];
    check_refused(CnabLayout::Cnab400, &file.bytes(), 1, &words);
}

#[test]
fn the_same_digits_mean_different_things_at_different_banks() {
    let check = |bank, kind, occurrence, expected: &str| {
        let title = Spoken { occurrence, ..PAID };
        let file = Written400::of(bank, "").title(kind, &title, &[(63, "777")]);
        let told = match read_400(&file.bytes()).last() {
            Some(Item::Entry(entry)) => match &entry.movement {
                Movement::TitlePaid(payment) if payment.after_write_off => "unexpected",
                Movement::TitlePaid(_) => "paid",
                Movement::Fee { .. } => "fee",
                Movement::TitleNotice { .. } => "notice",
                _ => "other",
            },
            _ => "bad",
        };
        assert_eq!(told, expected, "{bank} {occurrence}");
    };
    for (bank, kind, expected) in [
        ("341", "1", ["notice", "notice", "fee", "paid", "bad"]),
        ("237", "1", ["paid", "unexpected", "fee", "bad", "bad"]),
        ("001", "7", ["paid", "bad", "fee", "paid", "bad"]),
        ("033", "1", ["notice", "paid", "fee", "paid", "bad"]),
    ] {
        for (occurrence, expected) in ["15", "17", "28", "08", "99"].into_iter().zip(expected) {
            check(bank, kind, occurrence, expected);
        }
    }
}

#[test]
fn the_pix_record_of_santander_goes_to_the_title_before_it() {
    let items = read_400(&santander_with_pix().bytes());
    let txids: Vec<_> = entries(&items)
        .iter()
        .map(|entry| entry.clues.txid.as_ref().map(|txid| txid.as_str()))
        .collect();
    assert_eq!(txids, [Some("01JD0000000000000000000000AA01"), None, None]);
    let stray = Written400::of("033", "").record(&pix("TX1")).title("1", &PAID, &[]);
    assert_eq!(bad(&read_400(&stray.bytes())), [2]);
    let broken = Written400::of("033", "").title("1", &PAID, &[]).record(&pix("TX 1"));
    let items = read_400(&broken.bytes());
    assert_eq!((bad(&items), entries(&items).len()), (vec![3], 1));
    // Another bank's record of type 8 is something else.
    let other = Written400::of("341", "").title("1", &PAID, &[]).record(&pix("TX1"));
    assert_eq!(only(&read_400(&other.bytes())).clues.txid, None);
}

#[test]
fn lines_that_do_not_count_up_refuse_the_file() {
    let mut lines = itau().lines();
    lines.swap(1, 2);
    check_refused(
        CnabLayout::Cnab400,
        &joined(&lines),
        2,
        &["as 3", "is number 2", "out of order"],
    );
    let mut lines = itau().lines();
    lines[0][394..].copy_from_slice(b"000002");
    check_refused(CnabLayout::Cnab400, &joined(&lines), 1, &["is number 1"]);
    lines[0][394..].copy_from_slice(b"00000x");
    check_refused(CnabLayout::Cnab400, &joined(&lines), 1, &["columns 395 to 400"]);
}

#[test]
fn a_file_for_the_bank_or_of_another_service_is_refused() {
    let mut lines = itau().lines();
    lines[0][..19].copy_from_slice(b"01REMESSA01COBRANCA");
    check_refused(CnabLayout::Cnab400, &joined(&lines), 1, &["remessa"]);
    lines[0][..19].copy_from_slice(b"02RETORNO03PAGAMENT");
    check_refused(CnabLayout::Cnab400, &joined(&lines), 1, &["02RETORNO01COBRANCA"]);
    let mut lines = itau().lines();
    lines[1][0] = b'0';
    check_refused(CnabLayout::Cnab400, &joined(&lines), 2, &["second header"]);
}

#[test]
fn years_of_two_digits_turn_at_a_named_one() {
    let check = |event, expected: &str| {
        let title = Spoken { event, ..PAID };
        let items = read_400(&Written400::of("341", "").title("1", &title, &[]).bytes());
        assert_eq!(only(&items).booked_on, day(expected));
    };
    check("20112000", "2000-11-20");
    check("20112069", "2069-11-20");
    check("20111970", "1970-11-20");
    check("20111999", "1999-11-20");
    check("29022028", "2028-02-29");
}

#[test]
fn a_day_that_does_not_exist_is_told_and_zeros_are_none() {
    let title = Spoken { event: "31112026", ..PAID };
    let items = read_400(&Written400::of("341", "").title("1", &title, &[]).bytes());
    assert_eq!((bad(&items), entries(&items).len()), (vec![2], 0));
    for zeros in ["000000", "      "] {
        let file = Written400::of("341", "").title("1", &PAID, &[(296, zeros)]);
        assert_eq!(payment(only(&read_400(&file.bytes()))).credited_on, None);
    }
}

#[test]
fn titles_of_old_agreements_of_banco_do_brasil_are_told_not_guessed() {
    let file = Written400::of("001", "").title("7", &PAID, &[]).title("1", &PAID, &[]);
    let items = read_400(&file.bytes());
    assert_eq!((bad(&items), entries(&items).len()), (vec![3], 1));
    assert!(bad_lines(&items)[0].reason.contains("6 digits"));
}

#[test]
fn expenses_of_a_notary_are_a_fee_as_well() {
    let title = Spoken { occurrence: "24", paid: 0, ..PAID };
    let file = Written400::of("033", "").title("1", &title, &[(189, "0000000004500")]);
    assert_eq!(only(&read_400(&file.bytes())).movement, Movement::Fee { amount: money(4_500) });
}

#[test]
fn records_of_other_types_are_passed_over() {
    let file =
        Written400::of("341", "").title("1", &PAID, &[]).record(&[(1, "3")]).record(&[(1, "4")]);
    only(&read_400(&file.bytes()));
}
