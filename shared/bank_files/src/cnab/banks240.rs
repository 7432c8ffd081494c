//! Where CNAB 240 puts the fields of a title, for FEBRABAN and for the banks that differ.
//!
//! Owns: the columns of the file header and of segments T, U and Y-03 as data. Does not own how
//! records belong together.
//! Invariant: a bank that is not in the table is read as FEBRABAN wrote the standard.

use super::occurrence::{CAIXA, FEBRABAN, ITAU, Occurrence};
use super::record::{Columns, columns};

/// Segment U, the same for every bank. Source: FEBRABAN CNAB 240, segment U.
pub(super) mod segment_u {
    use super::{Columns, columns};

    /// *Juros, multa, encargos*, in one amount.
    pub(in super::super) const INTEREST: Columns = columns(18, 32);
    pub(in super::super) const DISCOUNT: Columns = columns(33, 47);
    /// *Abatimento*.
    pub(in super::super) const REBATE: Columns = columns(48, 62);
    /// *Valor pago pelo pagador*.
    pub(in super::super) const PAID: Columns = columns(78, 92);
    /// *Outras despesas*.
    pub(in super::super) const EXPENSES: Columns = columns(108, 122);
    /// *Data da ocorrência*.
    pub(in super::super) const EVENT_ON: Columns = columns(138, 145);
    /// *Data da efetivação do crédito*.
    pub(in super::super) const CREDITED_ON: Columns = columns(146, 153);
}

/// Segment Y-03. Source: FEBRABAN CNAB 240, optional record 03, and Santander H7815: the kind of
/// the Pix key is at 81, the key at 82 to 158.
pub(super) mod segment_y03 {
    use super::{Columns, columns};

    /// *Identificação do registro opcional*.
    pub(in super::super) const OPTION: Columns = columns(18, 19);
    pub(in super::super) const TXID: Columns = columns(159, 193);
}

/// The columns of one bank.
#[derive(Debug)]
pub(super) struct Bank {
    pub(super) code: &'static [u8],
    pub(super) occurrences: &'static [Occurrence],
    /// File header: the branch without its check digit.
    pub(super) branch: Columns,
    /// File header: the account without its check digit.
    pub(super) account: Columns,
    /// File header: the check digit of the account.
    pub(super) account_check: usize,
    /// Segment T: *nosso número*, with its check digit where the bank prints one there.
    pub(super) our_number: Columns,
    /// Segment T: *número do documento*.
    pub(super) document_number: Columns,
    pub(super) face: Columns,
    /// Segment T: *identificação do título na empresa*.
    pub(super) company_use: Columns,
    /// Segment T: 1 for a CPF, 2 for a CNPJ.
    pub(super) payer_kind: usize,
    pub(super) payer: Columns,
    pub(super) payer_name: Columns,
    /// Segment T: *valor da tarifa/custas*.
    pub(super) fee: Columns,
    pub(super) reasons: Columns,
}

/// Source: FEBRABAN CNAB 240, file header and segment T.
const STANDARD: Bank = Bank {
    code: b"",
    occurrences: FEBRABAN,
    branch: columns(53, 57),
    account: columns(59, 70),
    account_check: 71,
    our_number: columns(38, 57),
    document_number: columns(59, 73),
    face: columns(82, 96),
    company_use: columns(106, 130),
    payer_kind: 133,
    payer: columns(134, 148),
    payer_name: columns(149, 188),
    fee: columns(199, 213),
    reasons: columns(214, 223),
};

/// The banks that differ.
const DIFFERENT: [Bank; 4] = [
    // Source: Santander, CNAB 240 H7815, return: a shorter account moves segment T to the left.
    Bank {
        code: b"033",
        branch: columns(33, 36),
        account: columns(38, 46),
        account_check: 47,
        our_number: columns(41, 53),
        document_number: columns(55, 69),
        face: columns(78, 92),
        company_use: columns(101, 125),
        payer_kind: 128,
        payer: columns(129, 143),
        payer_name: columns(144, 183),
        fee: columns(194, 208),
        reasons: columns(209, 218),
        ..STANDARD
    },
    // Source: Caixa, SIGCB CNAB 240, segment T: 17 digits of the number, 11 of the document.
    Bank {
        code: b"104",
        occurrences: CAIXA,
        our_number: columns(40, 56),
        document_number: columns(59, 69),
        ..STANDARD
    },
    // Source: Itaú, collection CNAB 240: portfolio in 38 to 40, number with its check digit after.
    Bank {
        code: b"341",
        occurrences: ITAU,
        branch: columns(54, 57),
        account: columns(66, 70),
        account_check: 72,
        our_number: columns(41, 49),
        document_number: columns(59, 68),
        reasons: columns(214, 221),
        ..STANDARD
    },
    // Source: Sicoob, CNAB 240, segment T: after the number come its parcel and kind.
    Bank { code: b"756", our_number: columns(38, 47), ..STANDARD },
];

/// The columns of the bank with this code.
pub(super) fn bank(code: &[u8]) -> &'static Bank {
    static STANDARD_BANK: Bank = STANDARD;
    static DIFFERENT_BANKS: [Bank; 4] = DIFFERENT;
    DIFFERENT_BANKS.iter().find(|bank| bank.code == code).unwrap_or(&STANDARD_BANK)
}
