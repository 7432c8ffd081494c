use proptest::prelude::*;
use quita_core::money::Money;

use crate::entry::Movement;
use crate::reader::tests::{prints, read, read_in, shown};
use crate::reader::{Format, Item};

const BB: &[u8] = include_bytes!("../../fixtures/ofx/bb.ofx");
const BRADESCO: &[u8] = include_bytes!("../../fixtures/ofx/bradesco.ofx");
const ITAU: &[u8] = include_bytes!("../../fixtures/ofx/itau.ofx");
const SAFRA: &[u8] = include_bytes!("../../fixtures/ofx/safra.ofx");
const CAIXA: &[u8] = include_bytes!("../../fixtures/ofx/caixa.ofx");
const NUBANK: &[u8] = include_bytes!("../../fixtures/ofx/nubank.ofx");
const XML: &[u8] = include_bytes!("../../fixtures/ofx/xml_in_1252.ofx");
const CARD: &[u8] = include_bytes!("../../fixtures/ofx/card.ofx");
const ALL: [&[u8]; 8] = [BB, BRADESCO, ITAU, SAFRA, CAIXA, NUBANK, XML, CARD];

fn check(file: &[u8], expect: &[&str]) {
    let (items, summary) = read(&Format::Ofx, file).unwrap();
    assert_eq!(shown(&items), expect);
    let bad = items.iter().filter(|item| matches!(item, Item::BadLine(_))).count();
    assert_eq!(summary.bad_lines, u64::try_from(bad).unwrap());
    assert_eq!(summary.entries, u64::try_from(items.len() - bad - 1).unwrap());
}

/// A statement of BRL with `inside` its list of movements.
fn statement(inside: &str) -> String {
    format!(
        "OFXHEADER:100\nCHARSET:1252\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>BRL\
         <BANKACCTFROM><BANKID>1<ACCTID>5</BANKACCTFROM><BANKTRANLIST>\n{inside}\n</BANKTRANLIST>\
         </STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )
}

fn movement(leaves: &str) -> String {
    statement(&format!("<STMTTRN>{leaves}</STMTTRN>"))
}

fn items_of(file: &str) -> Vec<String> {
    shown(&read(&Format::Ofx, file.as_bytes()).unwrap().0)[1..].to_vec()
}

fn refusal(file: &[u8]) -> String {
    let refused = read(&Format::Ofx, file).unwrap_err();
    assert_eq!(read_in(&Format::Ofx, file, 7).unwrap_err(), refused);
    format!("{} {}", refused.line, refused.reason)
}

#[test]
fn unclosed_leaves_and_repeated_ids_lose_a_movement() {
    check(
        BB,
        &[
            "account 001/1234-5/0098765-X",
            "2026-11-03 +1500.00 [20261103001] Pix - Recebido 03/11 10:15 52998224725 JOSÉ DA \
             CONCEIÇÃO",
            "2026-11-03 +1500.00 [20261103001] Pix - Recebido 03/11 10:15 52998224725 JOSÉ DA \
             CONCEIÇÃO",
            "2026-11-04 -12.90 [20261103001] Tarifa Pacote de Serviços",
            "68 its amount is zero, so nothing moved; nothing to do",
        ],
    );
    let items = read(&Format::Ofx, BB).unwrap().0;
    let prints: std::collections::BTreeSet<_> = prints(&items).into_iter().collect();
    assert_eq!(prints.len(), 3);
    let Item::Entry(entry) = &items[1] else { panic!("{items:?}") };
    assert_eq!(entry.line, 44);
    assert_eq!(entry.clues.payer.as_ref().unwrap().as_str(), "52998224725");
}

#[test]
fn commas_and_ampersands_lose_a_movement() {
    check(
        BRADESCO,
        &[
            "account 237/0123/45678-9",
            "2026-11-05 +1234.56 [N1010A&B] TED RECEBIDA SILVA & FILHOS \"MATRIZ\" \
             11.222.333/0001-81",
            "2026-11-05 -89.90 [N1011] PAGTO ELETRÔNICO ÁGUA & ESGOTO",
            "2026-11-06 fee 1.05 [N1012] TARIFA PIX",
        ],
    );
}

#[test]
fn a_body_in_utf_8_is_read_as_declared() {
    check(
        ITAU,
        &[
            "account 341//9876543210",
            "2026-11-10 +250.00 [20261110001] PIX RECEBIDO AÇAÍ DO JOÃO \
             E00416968202611101200abcDEF12345",
            "2026-11-10 -250.00 [20261110002] APLICAÇÃO AUTOMÁTICA",
        ],
    );
    let items = read(&Format::Ofx, ITAU).unwrap().0;
    let Item::Entry(entry) = &items[1] else { panic!("{items:?}") };
    let id = entry.clues.end_to_end_id.as_ref().unwrap();
    assert_eq!(id.as_str(), "E00416968202611101200abcDEF12345");
}

#[test]
fn a_second_memo_is_lost() {
    check(
        SAFRA,
        &[
            "account 422//00200 0581234",
            "2026-11-12 +980.10 [1] PIX RECEBIDO COMÉRCIO DE PEÇAS LTDA 12.ABC.345/01DE-35",
            "2026-11-13 +100.00 [1] DEPÓSITO",
        ],
    );
}

#[test]
fn a_name_in_place_of_a_memo_is_lost() {
    check(
        CAIXA,
        &[
            "account 104/0987/003.00001234-5",
            "2026-11-20 +320.00 [201320] CRED PIX PÃO QUENTE",
            "2026-11-20 +10.00 [000000] CRED TED NF 1234",
            "37 its <DTPOSTED> '20/11/2026' is no date such as 20261130",
        ],
    );
}

#[test]
fn a_hidden_document_or_a_zone_is_misread() {
    check(
        NUBANK,
        &[
            "account 260/1/1234567-8",
            "2026-11-25 +75.50 [65a1b2c3-0000-4d5e-8f90-123456789abc] Transferência recebida pelo \
             Pix - MARIA DAS GRAÇAS - •••.982.247-•• - BCO EXEMPLO S.A. (0999) Agência: 1 Conta: \
             12345-6",
            "2026-11-30 -20.00 [65a1b2c3-0000-4d5e-8f90-123456789abd] Compra no débito - PADARIA \
             D'OURO <CENTRO>",
        ],
    );
    let items = read(&Format::Ofx, NUBANK).unwrap().0;
    let Item::Entry(entry) = &items[1] else { panic!("{items:?}") };
    assert_eq!(entry.clues.payer_name.as_deref(), Some("MARIA DAS GRAÇAS"));
    assert_eq!(entry.clues.payer, None);
}

#[test]
fn xml_is_read_unlike_sgml() {
    check(
        XML,
        &[
            "account 077//112233",
            "2026-11-26 -1234.50 [a&b] Boleto PAGÁVEL <à vista> & cia",
            "2026-11-26 +40.00 [c] ESTORNO DE COMPRA",
        ],
    );
}

#[test]
fn a_card_statement_is_no_statement() {
    check(
        CARD,
        &[
            "account //5555-XXXX-XXXX-1234",
            "2026-11-10 +500.00 [p1] Pagamento recebido",
            "2026-11-11 fee 33.00 [p2] Anuidade",
            "7 its amount is in 'USD'; enter it by hand in BRL",
        ],
    );
}

#[test]
fn another_file_passes_for_ofx() {
    for file in [
        "data;valor\n01/11/2026;10,00\n",
        "<html><body>OFX</body></html>",
        "<!DOCTYPE html>\n<html>",
        "<?xml version=\"1.0\"?><Document><OFX>",
        "<OFX></OFX>",
        "OFXHEADER:100\n<HTML>",
    ] {
        assert!(refusal(file.as_bytes()).contains("this is no OFX file"), "{file}");
    }
    let long = "x".repeat(20_000);
    assert!(refusal(long.as_bytes()).contains("this is no OFX file"));
    let other = statement("").replace("CHARSET:1252", "CHARSET:BIG5");
    assert!(refusal(other.as_bytes()).contains("the encoding 'BIG5' is not read"));
}

#[test]
fn a_file_cut_short_passes_for_whole() {
    for file in ALL {
        let end = file.windows(6).rposition(|part| part.eq_ignore_ascii_case(b"</OFX>")).unwrap();
        for cut in (0..end + 6).step_by(13) {
            assert!(read(&Format::Ofx, &file[..cut]).is_err(), "cut at {cut}");
        }
        assert!(refusal(&file[..end + 5]).contains("ends before </OFX>"));
    }
}

#[test]
fn two_accounts_or_two_files_run_together() {
    let twice = "</BANKTRANLIST></STMTRS><STMTRS><CURDEF>BRL<BANKACCTFROM><BANKID>001\
                 <ACCTID>6</BANKACCTFROM><BANKTRANLIST>";
    assert!(refusal(statement(twice).as_bytes()).contains("account '5' and account '6'"));
    let same = statement(&twice.replace("<ACCTID>6", "<ACCTID>0-5"));
    assert_eq!(items_of(&same), [""; 0]);
    let text = String::from_utf8(NUBANK.to_vec()).unwrap();
    assert!(refusal(format!("{text}{text}").as_bytes()).contains("second OFX file"));
    assert!(refusal(format!("{text}rest").as_bytes()).contains("behind </OFX>"));
    assert!(read(&Format::Ofx, format!("{text}\r\n\u{1a}").as_bytes()).is_ok());
    let inner = statement("<OFX>");
    assert!(refusal(inner.as_bytes()).contains("second <OFX>"));
}

#[test]
fn another_currency_is_taken_for_reais() {
    let dollars = statement("").replace("<CURDEF>BRL", "<CURDEF>USD");
    assert!(refusal(dollars.as_bytes()).contains("the statement is in 'USD'"));
}

#[test]
fn a_movement_without_account_is_booked_somewhere() {
    let file = movement("<DTPOSTED>20261101<TRNAMT>1.00");
    let nameless = file.replace("<ACCTID>5", "");
    assert!(refusal(nameless.as_bytes()).contains("has no <ACCTID>"));
    let homeless = file.replace("<BANKACCTFROM><BANKID>1<ACCTID>5</BANKACCTFROM>", "");
    assert!(refusal(homeless.as_bytes()).contains("before any <BANKACCTFROM>"));
    let empty = "OFXHEADER:100\n<OFX><SIGNONMSGSRSV1></SIGNONMSGSRSV1></OFX>";
    assert!(refusal(empty.as_bytes()).contains("no bank or card statement"));
}

#[test]
fn an_external_entity_is_expanded() {
    for declared in ["<!DOCTYPE x SYSTEM \"file:///etc/passwd\">", "<!ENTITY a \"b\">"] {
        assert!(refusal(statement(declared).as_bytes()).contains("declares"), "{declared}");
    }
    let memo = |memo: &str| {
        items_of(&movement(&format!("<DTPOSTED>20261101<TRNAMT>1<FITID>1<MEMO>{memo}"))).remove(0)
    };
    for (text, expect) in [
        ("a &amp; b &#38; c &#x26; d", "a & b & c & d"),
        ("&lt;b&gt; &quot;&apos;", "<b> \"'"),
        ("AT&T; &nbsp; &xxe; &", "AT&T; &nbsp; &xxe; &"),
        ("&amp;amp; &#0;&#xD800; &#99999999999;", "&amp; &#xD800; &#99999999999;"),
    ] {
        assert_eq!(memo(text), format!("2026-11-01 +1.00 [1] {expect}"), "{text}");
    }
}

#[test]
fn elements_inside_one_another_fill_the_memory() {
    let deep = "<PAYEE>".repeat(1_000);
    assert!(refusal(statement(&deep).as_bytes()).contains("inside one another"));
    let unknown = "<UNKNOWN>".repeat(10_000);
    assert_eq!(items_of(&statement(&unknown)), [""; 0]);
    let long = "m".repeat(9_000);
    assert!(refusal(movement(&format!("<MEMO>{long}")).as_bytes()).contains("over 8192 bytes"));
    let memos = "<MEMO>mmmmmmmm".repeat(10_000);
    let many = movement(&format!("<DTPOSTED>20261101<TRNAMT>1<FITID>1{memos}"));
    assert!(items_of(&many)[0].len() < 20_000);
}

#[test]
fn a_corrupted_movement_disappears() {
    let good = "<STMTTRN><DTPOSTED>20261101<TRNAMT>1<FITID>1<MEMO>a</STMTTRN>";
    for (broken, expect) in [
        ("<TRNAMT>1</STMTTRN>", "an amount stands outside"),
        ("<STMTTRN><DTPOSTED>20261101<FITID>1</STMTTRN>", "it has no <TRNAMT>"),
        ("<STMTTRN><TRNAMT>1<FITID>1</STMTTRN>", "it has no <DTPOSTED>"),
        ("<STMTTRN><DTPOSTED>20261101<TRNAMT>1<TRNAMT>2</STMTTRN>", "two different <TRNAMT>"),
        ("<STMTTRN><DTPOSTED>20261101<TRNAMT>abc</STMTTRN>", "'abc' is not an amount"),
        ("<STMTTRN><DTPOSTED>20261101<TRNAMT>1.500</STMTTRN>", "may mean thousands"),
        ("<STMTTRN><DTPOSTED>00010101<TRNAMT>1</STMTTRN>", "year cannot be right"),
        ("<STMTTRNP><DTTRAN>20261101<TRNAMT>1</STMTTRNP>", "has not booked it yet"),
    ] {
        let items = items_of(&statement(&format!("{good}\n{broken}\n{good}")));
        assert_eq!(items.len(), 3, "{items:?}");
        assert!(items[1].starts_with("6 ") && items[1].contains(expect), "{items:?}");
    }
}

#[test]
fn a_movement_that_is_not_closed_runs_into_the_next() {
    let open = "<STMTTRN><DTPOSTED>20261101<TRNAMT>1<FITID>1<MEMO>a\n";
    assert_eq!(
        items_of(&statement(&open.repeat(2))),
        ["2026-11-01 +1.00 [1] a", "2026-11-01 +1.00 [1] a"]
    );
}

#[test]
fn the_type_is_believed_before_the_sign() {
    for (kind, amount, expect) in [
        ("CREDIT", "-1", "-1.00"),
        ("DEBIT", "1", "+1.00"),
        ("FEE", "-1", "fee 1.00"),
        ("FEE", "1", "+1.00"),
        ("XFER", "-1", "-1.00"),
        ("DEP", "1", "+1.00"),
    ] {
        let file = movement(&format!("<TRNTYPE>{kind}<DTPOSTED>20261101<TRNAMT>{amount}"));
        assert_eq!(items_of(&file), [format!("2026-11-01 {expect} [] ")], "{kind} {amount}");
    }
}

#[test]
fn an_overlapping_statement_counts_a_movement_twice() {
    let (items, _) = read(&Format::Ofx, BB).unwrap();
    // The same account from its second day on, in another encoding, with another header.
    let text = encoding_rs::WINDOWS_1252.decode(BB).0.into_owned();
    let first = text.find("<STMTTRN>").unwrap();
    let second_day = text.rfind("20261104120000[-3:BRT]\r\n<TRNAMT>-12.90").unwrap();
    let from = text[..second_day].rfind("<STMTTRN>").unwrap();
    let later = format!("{}{}", &text[..first], &text[from..]).replace("0098765-X", "98765X");
    let (overlap, _) = read(&Format::Ofx, later.as_bytes()).unwrap();
    assert_eq!(prints(&overlap), prints(&items)[2..]);
}

/// Movements as a bank may list them: day, centavos, one of few ids, one of few memos.
fn movements() -> impl Strategy<Value = Vec<(u32, i64, u8, usize)>> {
    proptest::collection::vec((1..4_u32, -300_i64..300, 0..3_u8, 0..4_usize), 0..20)
}

const MEMOS: [&str; 4] = ["PIX JOSÉ", "ação & cia", "", "<ÀÉ> \"x\""];

proptest! {
    #[test]
    fn a_centavo_or_an_accent_is_lost(mut listed in movements(), latin: bool, closed: bool) {
        listed.sort_unstable();
        let close = |name: &str| if closed { format!("</{name}>") } else { String::new() };
        let list: String = listed.iter().map(|(day, centavos, id, memo)| {
            let sign = if *centavos < 0 { "-" } else { "" };
            let value = centavos.unsigned_abs();
            let memo = MEMOS[*memo].replace('<', "&lt;");
            format!(
                "<STMTTRN><DTPOSTED>202611{day:02}{}<TRNAMT>{sign}{},{:02}{}<FITID>{id}{}\
                 <MEMO>{memo}{}</STMTTRN>\n",
                close("DTPOSTED"), value / 100, value % 100, close("TRNAMT"), close("FITID"),
                close("MEMO"),
            )
        }).collect();
        let text = statement(&list);
        let bytes = if latin {
            encoding_rs::WINDOWS_1252.encode(&text).0.into_owned()
        } else {
            text.into_bytes()
        };
        let (items, summary) = read(&Format::Ofx, &bytes).unwrap();
        let zeros = listed.iter().filter(|(_, centavos, ..)| *centavos == 0).count();
        prop_assert_eq!(summary.bad_lines, u64::try_from(zeros).unwrap());
        let moved: Money = items.iter().map(|item| match item {
            Item::Entry(entry) => match entry.movement {
                Movement::Credit { amount } => amount,
                Movement::Debit { amount } | Movement::Fee { amount } => -amount,
                _ => Money::ZERO,
            },
            Item::Account(_) | Item::BadLine(_) => Money::ZERO,
        }).sum();
        let listed_sum: i64 = listed.iter().map(|(_, centavos, ..)| centavos).sum();
        prop_assert_eq!(moved.centavos(), listed_sum);
        let memos: Vec<&str> = items.iter().filter_map(|item| match item {
            Item::Entry(entry) => Some(entry.memo.as_str()),
            Item::Account(_) | Item::BadLine(_) => None,
        }).collect();
        let expect: Vec<&str> = listed.iter()
            .filter(|(_, centavos, ..)| *centavos != 0)
            .map(|(.., memo)| MEMOS[*memo])
            .collect();
        prop_assert_eq!(memos, expect);
        let unique: std::collections::BTreeSet<_> = prints(&items).into_iter().collect();
        prop_assert_eq!(u64::try_from(unique.len()).unwrap(), summary.entries);
    }

    #[test]
    fn a_chunk_border_changes_what_is_read(file in 0..ALL.len(), chunk in 1..200_usize) {
        let whole = read(&Format::Ofx, ALL[file]).unwrap();
        prop_assert_eq!(read_in(&Format::Ofx, ALL[file], chunk).unwrap(), whole);
    }

    #[test]
    fn a_damaged_file_panics(
        file in 0..ALL.len(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
        chunk in 1..300_usize,
    ) {
        let mut bytes = ALL[file].to_vec();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            // Half of the damage is made of the characters that mean something.
            let marks = b"<>/&;[]!-?\n\0";
            bytes[place] = if byte < 128 { marks[usize::from(byte) % 12] } else { byte };
        }
        let (a, b) = bytes.split_at(cut.index(bytes.len()));
        let turned = [b, a].concat();
        for bytes in [&bytes, &turned] {
            let whole = read(&Format::Ofx, bytes);
            let pieces = read_in(&Format::Ofx, bytes, chunk);
            prop_assert_eq!(whole.is_ok(), pieces.is_ok());
            if let (Ok(whole), Ok(pieces)) = (whole, pieces) {
                prop_assert_eq!(whole, pieces);
            }
        }
    }
}
