//! `brcode TEXT`: what a Pix code says, for a person.

use quita_pix::brcode::explain;

/// The report, and whether the text is a BR Code.
pub fn report(text: &str) -> (String, bool) {
    let explanation = explain(text);
    let is_valid = explanation.outcome.is_ok();
    let mut report = explanation.to_string();
    if !report.ends_with('\n') {
        report.push('\n');
    }
    (report, is_valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: Manual de Padrões para Iniciação do Pix, static QR example.
    const CODE: &str = concat!(
        "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-426655440000520400005303",
        "9865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D",
    );

    #[test]
    fn a_good_code_is_explained_and_a_spoilt_one_names_its_fault() {
        let (report, is_valid) = report(CODE);
        assert!(is_valid && report.contains("Fulano de Tal"), "{report}");
        let (report, is_valid) = super::report(&CODE.replace("1D3D", "1D3E"));
        assert!(
            !is_valid && report.contains("checksum is 1D3E") && report.contains("byte 133"),
            "{report}"
        );
    }
}
