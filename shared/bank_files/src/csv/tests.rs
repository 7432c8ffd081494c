use proptest::prelude::*;
use serde_json::{Value, json};

use crate::csv::CsvMapping;
use crate::reader::tests::{plain_mapping, prints, read, read_in, shown};
use crate::reader::{Format, Item};

const NUBANK: &[u8] = include_bytes!("../../fixtures/csv/nubank.csv");
const BB: &[u8] = include_bytes!("../../fixtures/csv/bb.csv");
const TWO_COLUMNS: &[u8] = include_bytes!("../../fixtures/csv/two_columns.csv");
const PLAIN: &[u8] = include_bytes!("../../fixtures/csv/plain.csv");

fn mapping(value: Value) -> Format {
    Format::Csv(serde_json::from_value::<CsvMapping>(value).unwrap())
}

fn nubank() -> Format {
    mapping(json!({
        "account": {"bank": "260", "number": "1234567-8"}, "encoding": "utf-8", "delimiter": ",",
        "decimal": ".", "date_format": "%d/%m/%Y", "has_header": true,
        "columns": {"date": "Data", "amount": "valor", "memo": "DESCRIÇÃO", "id": "Identificador"},
    }))
}

fn bb() -> Format {
    mapping(json!({
        "account": {"number": "98765-X"}, "encoding": "windows-1252", "delimiter": ";",
        "decimal": ",", "date_format": "%d/%m/%Y", "has_header": true,
        "columns": {"date": 1, "amount": "Valor", "memo": "Histórico", "id": "Número do documento"},
    }))
}

fn two_columns() -> Format {
    mapping(json!({
        "account": {"number": "45678-9"}, "encoding": "windows-1252", "delimiter": ";",
        "decimal": ",", "date_format": "%d/%m/%y", "has_header": true, "skip_lines": 3,
        "columns": {"date": "Data", "credit": "Crédito (R$)", "debit": "Débito (R$)",
                    "memo": "Histórico", "id": "Docto."},
    }))
}

fn plain() -> Format {
    mapping(json!({
        "account": {"number": "1"}, "encoding": "utf-8", "delimiter": "|", "decimal": ".",
        "date_format": "%Y%m%d", "has_header": false,
        "columns": {"date": 1, "amount": 3, "memo": 2},
    }))
}

fn all() -> [(Format, &'static [u8]); 4] {
    [(nubank(), NUBANK), (bb(), BB), (two_columns(), TWO_COLUMNS), (plain(), PLAIN)]
}

fn check(format: &Format, file: &[u8], expect: &[&str]) {
    assert_eq!(shown(&read(format, file).unwrap().0), expect);
}

/// What comes of rows `date;memo;amount`, behind the account.
fn rows(text: &str) -> Vec<String> {
    shown(&read(&Format::Csv(plain_mapping()), text.as_bytes()).unwrap().0)[1..].to_vec()
}

#[test]
fn quoted_commas_and_line_ends_break_a_row() {
    check(
        &nubank(),
        NUBANK,
        &[
            "account 260//1234567-8",
            "2026-11-25 +75.50 [65a1b2c3-0000-4d5e-8f90-123456789abc] Transferência recebida pelo \
             Pix - MARIA DAS GRAÇAS - •••.982.247-•• - BCO EXEMPLO",
            "2026-11-26 -20.00 [65a1b2c3-0000-4d5e-8f90-123456789abd] Compra no débito - PADARIA, \
             CONFEITARIA \"D'OURO\"",
            "2026-11-27 +1234.56 [65a1b2c3-0000-4d5e-8f90-123456789abe] Pix recebido em duas \
             linhas 11.222.333/0001-81",
        ],
    );
    let items = read(&nubank(), NUBANK).unwrap().0;
    let Item::Entry(last) = &items[3] else { panic!("{items:?}") };
    assert_eq!(last.line, 5, "behind the blank line");
    assert_eq!(last.clues.payer.as_ref().unwrap().as_str(), "11222333000181");
}

#[test]
fn a_balance_is_counted_as_money() {
    check(
        &bb(),
        BB,
        &[
            "account //98765-X",
            "2 it is a balance, not a movement; nothing to do",
            "2026-11-03 +1500.00 [101] Pix - Recebido JOSÉ",
            "2026-11-04 -12.90 [102] Tarifa Pacote de Serviços",
            "5 it is a balance, not a movement; nothing to do",
        ],
    );
}

#[test]
fn a_debit_column_is_added() {
    check(
        &two_columns(),
        TWO_COLUMNS,
        &[
            "account //45678-9",
            "2026-11-05 +1234.56 [1010] TED RECEBIDA SILVA & FILHOS",
            "2026-11-05 -89.90 [1011] PAGTO ELETRÔNICO",
            "2026-11-06 -1.05 [1012] TARIFA",
            "8 its date '' is not %d/%m/%y; a total has none and needs nothing",
        ],
    );
}

#[test]
fn a_byte_order_mark_spoils_the_first_row() {
    check(
        &plain(),
        PLAIN,
        &[
            "account //1",
            "2026-11-10 +250.00 [] PIX RECEBIDO AÇAÍ",
            "2026-11-10 -250.00 [] APLICAÇÃO",
        ],
    );
}

/// One behind skipped lines is text, so the quote behind it opens nothing, whether a chunk holds all
/// of it or a part.
#[test]
fn a_cut_inside_a_second_byte_order_mark_changes_what_is_read() {
    let mut skipping = plain_mapping();
    skipping.skip_lines = 1;
    for (format, file) in [
        (Format::Csv(skipping), "Extrato\n\u{feff}\"2026-11-01\";a;1,00\n"),
        (Format::Csv(plain_mapping()), "\u{feff}\u{feff}\"2026-11-01\";a;1,00\n"),
    ] {
        let whole = read(&format, file.as_bytes()).unwrap();
        let Item::BadLine(bad) = &whole.0[1] else { panic!("{whole:?}") };
        assert!(bad.reason.contains("its date"), "{}", bad.reason);
        assert_eq!(read_in(&format, file.as_bytes(), 1).unwrap(), whole);
    }
}

#[test]
fn a_row_with_a_fault_takes_others_with_it() {
    for (row, expect) in [
        ("2026-11-31;a;1,00", "its date '2026-11-31' is not %Y-%m-%d"),
        ("31/11/2026;a;1,00", "its date"),
        ("26-11-01;a;1,00", "year cannot be right"),
        ("2026-11-01;a;0,00", "its amount is zero"),
        ("2026-11-01;a;", "its amount '' is not an amount"),
        ("2026-11-01;a", "its amount '' is not an amount"),
        ("2026-11-01;a;1.00", "its amount '1.00' is not an amount"),
        ("TOTAL;;10,00", "a total has none"),
        ("2026-11-01;Saldo do dia;10,00", "it is a balance"),
    ] {
        let text = format!("2026-11-01;a;1,00\r\n\r\n{row}\r\n2026-11-02 10:30;b;2,00\r\n");
        let items = rows(&text);
        assert_eq!(items.len(), 3, "{items:?}");
        assert!(items[1].starts_with("3 ") && items[1].contains(expect), "{items:?}");
        assert_eq!(items[2], "2026-11-02 +2.00 [] b");
    }
}

#[test]
fn an_open_quote_swallows_rows() {
    // Both quotes close each other, and the amount of the first row would be lost.
    let swallowed = rows("2026-11-01;\"a;1,00\n2026-11-02;\"b;2,00\n2026-11-03;c;3,00\n");
    assert_eq!(swallowed.len(), 2, "{swallowed:?}");
    assert!(swallowed[0].contains("the lines 1 to 2 run together"), "{swallowed:?}");
    assert_eq!(swallowed[1], "2026-11-03 +3.00 [] c");
    let to_the_end = rows("2026-11-01;a;1,00\n2026-11-02;b;2,00;\"x\n2026-11-03;c;3,00\n");
    assert_eq!(to_the_end.len(), 2, "{to_the_end:?}");
    assert!(to_the_end[1].contains("a quote is not closed"), "{to_the_end:?}");
    // A lone inch sign is no quote.
    assert_eq!(rows("2026-11-01;TV 42\" LG;1,00\n"), ["2026-11-01 +1.00 [] TV 42\" LG"]);

    let long = format!("2026-11-01;\"a;1,00\n{}", "2026-11-02;b;2,00\n".repeat(100));
    let refused = read(&Format::Csv(plain_mapping()), long.as_bytes()).unwrap_err();
    assert!(refused.line == 1 && refused.reason.contains("a quote is open"), "{refused}");
}

#[test]
fn a_shifted_row_is_read() {
    // The decimal comma is a delimiter here: `10,50` would be 10 reais.
    let format = mapping(json!({
        "account": {"number": "1"}, "encoding": "utf-8", "delimiter": ",", "decimal": ",",
        "date_format": "%Y-%m-%d", "has_header": true,
        "columns": {"date": "d", "amount": "v", "memo": "m"},
    }));
    let text = "d,m,v\n2026-11-01,a,10,50\n2026-11-01,b,\"10,50\"\n2026-11-01,10\n";
    let items = shown(&read(&format, text.as_bytes()).unwrap().0);
    assert!(items[1].starts_with("2 it has 4 columns, but the header 3"), "{items:?}");
    assert_eq!(items[2], "2026-11-01 +10.50 [] b");
    assert!(items[3].starts_with("4 it has 2 columns, but the header 3"), "{items:?}");
}

#[test]
fn another_encoding_is_read_with_wrong_accents() {
    let mut wrong = plain_mapping();
    wrong.encoding = "windows-1252".into();
    let refused = read(&Format::Csv(wrong), "2026-11-01;ação;1,00\n".as_bytes()).unwrap_err();
    assert!(refused.reason.contains("set encoding to utf-8"), "{refused}");
    let latin = encoding_rs::WINDOWS_1252.encode("\n2026-11-01;ação;1,00\n").0.into_owned();
    let refused = read(&Format::Csv(plain_mapping()), &latin).unwrap_err();
    assert!(refused.line == 2 && refused.reason.contains("windows-1252"), "{refused}");
}

#[test]
fn a_header_without_the_column_is_guessed() {
    for (text, expect) in [
        ("Data,Valor,Descrição\n", "no column 'Identificador'"),
        ("Data,Valor,Identificador,Descrição,Valor\n", "several columns 'valor'"),
        ("", "the file is empty"),
        ("\n\n", "ends before its header"),
    ] {
        let refused = read(&nubank(), text.as_bytes()).unwrap_err();
        assert!(refused.reason.contains(expect), "{refused}");
    }
}

#[test]
fn an_endless_row_is_held() {
    let wide = ";".repeat(1_000);
    let long = "x".repeat(100_000);
    for text in [wide, long] {
        assert!(read(&Format::Csv(plain_mapping()), text.as_bytes()).is_err());
    }
}

#[test]
fn an_export_with_the_newest_first_counts_a_movement_twice() {
    let noon = "2026-11-02;PIX A;5,00\n2026-11-01;PIX Z;5,00\n";
    let night = "2026-11-02;PIX B;5,00\n2026-11-02;PIX A;5,00\n2026-11-01;PIX Z;5,00\n";
    let of = |text: &str| prints(&read(&Format::Csv(plain_mapping()), text.as_bytes()).unwrap().0);
    assert_eq!(of(noon), of(night)[1..]);
}

/// Day, centavos, memo.
fn row() -> impl Strategy<Value = (u32, i64, String)> {
    (1..28_u32, -99_999_i64..99_999, "[a-z \";\n]{0,12}")
}

proptest! {
    #[test]
    fn a_chunk_border_changes_what_is_read(file in 0..4_usize, chunk in 1..100_usize) {
        let (format, bytes) = &all()[file];
        let whole = read(format, bytes).unwrap();
        prop_assert_eq!(read_in(format, bytes, chunk).unwrap(), whole);
    }

    #[test]
    fn a_damaged_file_panics(
        file in 0..4_usize,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        chunk in 1..300_usize,
    ) {
        let (format, bytes) = &all()[file];
        let mut bytes = bytes.to_vec();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = if byte < 128 { b"\";,|\r\n\0-"[usize::from(byte) % 8] } else { byte };
        }
        let (whole, pieces) = (read(format, &bytes), read_in(format, &bytes, chunk));
        prop_assert_eq!(whole.is_ok(), pieces.is_ok());
        if let (Ok(whole), Ok(pieces)) = (whole, pieces) {
            prop_assert_eq!(whole, pieces);
        }
    }

    #[test]
    fn a_centavo_is_lost(listed in proptest::collection::vec(row(), 0..20)) {
        let text: String = listed.iter().map(|(day, centavos, memo)| {
            let sign = if *centavos < 0 { "-" } else { "" };
            let value = centavos.unsigned_abs();
            let memo = memo.replace('"', "\"\"");
            format!("2026-11-{day:02};\"{memo}\";{sign}{},{:02}\n", value / 100, value % 100)
        }).collect();
        let text = format!("\n{text}");
        let (items, summary) = read(&Format::Csv(plain_mapping()), text.as_bytes()).unwrap();
        let zeros = listed.iter().filter(|(_, centavos, _)| *centavos == 0).count();
        prop_assert_eq!(summary.bad_lines, u64::try_from(zeros).unwrap());
        prop_assert_eq!(summary.entries, u64::try_from(listed.len() - zeros).unwrap());
        let expect: Vec<String> = listed.iter().filter(|(_, centavos, _)| *centavos != 0)
            .map(|(day, centavos, _)| {
                let sign = if *centavos < 0 { '-' } else { '+' };
                let value = centavos.unsigned_abs();
                format!("2026-11-{day:02} {sign}{}.{:02} []", value / 100, value % 100)
            }).collect();
        let seen: Vec<String> = shown(&items).into_iter().filter(|line| line.contains("[]"))
            .map(|line| line.split("[]").next().unwrap().to_owned() + "[]").collect();
        prop_assert_eq!(seen, expect);
    }
}
