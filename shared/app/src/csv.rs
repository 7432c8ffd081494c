//! CSV as it goes out (RFC 4180): every cell quoted where it has to be, and none that a spreadsheet
//! takes for a formula.
//!
//! Does not own the columns, nor the reading of files (`quita_bank_files`).

/// Adds a line.
pub(crate) fn line(body: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    body.push_str(&cells.join(","));
    body.push_str("\r\n");
}

/// What makes a cell a formula when it comes first, also in the wide forms that some spreadsheets
/// take for the same. Source: OWASP, "CSV Injection".
const FORMULA: [char; 11] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n'];

/// A text as a cell.
fn cell(text: &str) -> String {
    let formula = text.starts_with(FORMULA);
    let safe = if formula { format!("'{text}") } else { text.to_owned() };
    if safe.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_cannot_become_a_formula_or_another_column() {
        let check = |text: &str, expect: &str| assert_eq!(cell(text), expect);
        check("invoice.opened", "invoice.opened");
        check("1000.00", "1000.00");
        check("a,b", "\"a,b\"");
        check("say \"x\"", "\"say \"\"x\"\"\"");
        check("two\r\nlines", "\"two\r\nlines\"");
        check("=SUM(A1)", "'=SUM(A1)");
        check("+1", "'+1");
        check("-1", "'-1");
        check("@cmd", "'@cmd");
        check("=1,2", "\"'=1,2\"");
        check("＝1", "'＝1");
        check("\n=1", "\"'\n=1\"");
    }
}
