use serde_json::{Value, json};

use super::{CsvColumn, CsvMapping};

fn good() -> Value {
    json!({
        "account": {"bank": "001", "number": "98765-X"},
        "encoding": "windows-1252",
        "delimiter": ";",
        "decimal": ",",
        "date_format": "%d/%m/%Y",
        "skip_lines": 2,
        "has_header": true,
        "columns": {"date": "Data", "memo": 3, "amount": "Valor"},
    })
}

fn faults(mapping: &Value) -> Vec<String> {
    let mapping: CsvMapping = serde_json::from_value(mapping.clone()).unwrap();
    match mapping.check() {
        Ok(()) => Vec::new(),
        Err(faults) => faults.into_iter().map(|fault| fault.path).collect(),
    }
}

fn check(pointer: &str, value: Value, expect: &[&str]) {
    let mut mapping = good();
    let shown = value.to_string();
    *mapping.pointer_mut(pointer).unwrap() = value;
    assert_eq!(faults(&mapping), expect, "{pointer} = {shown}");
}

#[test]
fn a_fault_of_a_mapping_is_found_only_with_a_file() {
    assert_eq!(faults(&good()), [""; 0]);
    check("/account/number", json!("-"), &["account.number"]);
    check("/encoding", json!("utf-16"), &["encoding"]);
    check("/delimiter", json!("tab"), &[]);
    check("/delimiter", json!("\t"), &[]);
    check("/delimiter", json!(""), &["delimiter"]);
    check("/delimiter", json!("\""), &["delimiter"]);
    check("/decimal", json!("'"), &["decimal"]);
    check("/date_format", json!("%m/%d/%Y"), &["date_format"]);
    check("/skip_lines", json!(1_001), &["skip_lines"]);
    check("/has_header", json!(false), &["columns.date", "columns.amount"]);
    check("/columns/memo", json!(0), &["columns.memo"]);
    check("/columns/memo", json!(257), &["columns.memo"]);
    check("/columns/memo", json!(" "), &["columns.memo"]);
    check("/columns", json!({"date": 1, "memo": 2}), &["columns.amount"]);
    check("/columns", json!({"date": 1, "memo": 2, "credit": 3}), &["columns.debit"]);
    check("/columns", json!({"date": 1, "memo": 2, "debit": 3}), &["columns.credit"]);
    check("/columns", json!({"date": 1, "memo": 2, "credit": 3, "debit": 4}), &[]);
    check("/columns", json!({"date": 1, "memo": 2, "credit": 3, "debit": 3}), &["columns.debit"]);
    check("/columns", json!({"date": 1, "memo": 2, "amount": 1}), &["columns.amount"]);
    let both = json!({"date": 1, "memo": 2, "amount": 3, "debit": 4});
    check("/columns", both, &["columns.amount"]);
}

#[test]
fn only_the_first_fault_is_told() {
    let mut mapping = good();
    mapping["encoding"] = json!("latin");
    mapping["decimal"] = json!(";");
    mapping["columns"]["date"] = json!(0);
    assert_eq!(faults(&mapping), ["encoding", "decimal", "columns.date"]);
}

#[test]
fn an_amount_without_quotes_is_cut_at_its_comma() {
    let mut mapping = good();
    mapping["delimiter"] = json!(",");
    assert_eq!(faults(&mapping), [""; 0], "a header tells");
    mapping["has_header"] = json!(false);
    mapping["columns"] = json!({"date": 1, "memo": 2, "amount": 3});
    assert_eq!(faults(&mapping), ["decimal"]);
}

#[test]
fn a_misspelt_setting_is_ignored() {
    for pointer in ["", "/columns"] {
        let mut mapping = good();
        mapping.pointer_mut(pointer).unwrap()["ammount"] = json!(1);
        assert!(serde_json::from_value::<CsvMapping>(mapping).is_err());
    }
    for column in [json!(-1), json!(1.5), json!(null), json!([1])] {
        assert!(serde_json::from_value::<CsvColumn>(column).is_err());
    }
}

#[test]
fn a_stored_mapping_comes_back_another() {
    let mapping: CsvMapping = serde_json::from_value(good()).unwrap();
    let stored = serde_json::to_string(&mapping).unwrap();
    assert_eq!(serde_json::from_str::<CsvMapping>(&stored).unwrap(), mapping);
}
