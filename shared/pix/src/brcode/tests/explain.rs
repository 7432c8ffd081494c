//! What a person is told.

use super::super::{FaultKind, Path, explain};
use super::vectors::{GOOD, M12, MANUAL_STATIC};

#[test]
fn a_good_code_is_told_field_by_field() {
    let text = GOOD.iter().find(|good| good.number == 18).unwrap().text;
    let expected = "\
field  byte  length  value           meaning
00        0       2  01              payload format, always 01
26        6      36                  merchant account
26-00    10      14  br.gov.bcb.pix  identifier of Pix
26-01    28      14  +5511987654321  Pix key
52       46       4  0000            merchant category: not informed
53       54       3  986             currency: 986 is the Brazilian real
54       61       7  1234.56         amount: R$ 1,234.56
58       72       2  BR              country
59       78       9  ACME LTDA       merchant name
60       91       9  SAO PAULO       merchant city
62      104      16                  additional data
62-05   108      12  FAT202600001    txid
63      124       4  CE87            checksum, right

valid BR Code, static
";
    assert_eq!(explain(text).to_string(), expected);
}

#[test]
fn a_fault_is_named_with_its_position_under_a_caret() {
    let text = MANUAL_STATIC.replace("1D3D", "1D3C");
    let explanation = explain(&text);
    let fault = explanation.outcome.as_ref().unwrap_err();
    assert_eq!((fault.path, fault.position), (Path::Root(63), text.len() - 4));
    let report = explanation.to_string();
    let expected = "
not a BR Code: checksum is 1D3C, text gives 1D3D (field 63, byte 133)
  ...Tal6008BRASILIA62070503***63041D3C
                                   ^
";
    assert!(report.ends_with(expected), "{report}");
    assert!(report.contains("checksum, should be 1D3D"), "{report}");
}

#[test]
fn fields_before_a_break_are_still_told() {
    let explanation = explain(&MANUAL_STATIC[..100]);
    assert_eq!(explanation.rows.last().map(|row| row.path), Some(Path::Root(58)));
    let fault = explanation.outcome.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Truncated { declared: 13, left: 6 });
}

#[test]
fn a_deviation_is_told_as_one() {
    let report = explain(M12).to_string();
    assert!(report.contains("with deviations some banks refuse"), "{report}");
    assert!(report.contains("served by pix.example.com"), "{report}");
    let caret = report.lines().last().unwrap().find('^').unwrap();
    let shown = report.lines().rev().nth(1).unwrap();
    assert!(shown[caret..].starts_with("https://"), "{report}");
}

#[test]
fn escape_sequences_are_not_passed_to_the_terminal() {
    let report = explain("0004\u{1b}[2J\u{202e}").to_string();
    assert!(!report.contains('\u{1b}') && !report.contains('\u{202e}'), "{report:?}");
}
