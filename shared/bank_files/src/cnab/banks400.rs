//! Where each bank puts the fields of a title in its CNAB 400 return.
//!
//! Owns: the columns as data, one entry a bank. Does not own how records follow each other.
//! Invariant: a bank that is not in the table is not read: its columns would be guessed.

use super::occurrence::{BANCO_DO_BRASIL_400, BRADESCO_400, ITAU, Occurrence, SANTANDER_400};
use super::record::{Columns, columns};
use crate::fault::quoted;

/// Where the account of the file is written.
#[derive(Debug)]
pub(super) struct AccountPlace {
    /// The header does not name it, so the first title does.
    pub(super) in_detail: bool,
    pub(super) branch: Columns,
    /// Parts of the number, in order.
    pub(super) number: &'static [Columns],
    pub(super) check: usize,
}

/// The columns of one bank.
#[derive(Debug)]
pub(super) struct Bank {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) occurrences: &'static [Occurrence],
    /// First character of the record of a title.
    pub(super) detail: u8,
    /// A record of titles that this reader has no columns for, and why.
    pub(super) unread: Option<(u8, &'static str)>,
    pub(super) account: AccountPlace,
    /// *Nosso número*, with its check digit where the bank prints one there.
    pub(super) our_number: Columns,
    /// *Identificação do título na empresa*.
    pub(super) company_use: Columns,
    /// *Tarifa de cobrança*.
    pub(super) fee: Columns,
    /// *Outras despesas*.
    pub(super) expenses: Option<Columns>,
    pub(super) credited_on: Columns,
    pub(super) payer_name: Option<Columns>,
    pub(super) reasons: Columns,
    /// The record after a title that carries its Pix, and the columns of the txid there.
    pub(super) pix: Option<(u8, Columns)>,
}

/// What all four agree on. Source: the layouts named at [`BANKS`].
pub(super) mod common {
    use super::{Columns, columns};

    pub(in super::super) const OCCURRENCE: Columns = columns(109, 110);
    /// *Data da ocorrência*.
    pub(in super::super) const EVENT_ON: Columns = columns(111, 116);
    /// *Seu número*.
    pub(in super::super) const DOCUMENT_NUMBER: Columns = columns(117, 126);
    /// *Valor do título*.
    pub(in super::super) const FACE: Columns = columns(153, 165);
    /// *Abatimento*.
    pub(in super::super) const REBATE: Columns = columns(228, 240);
    pub(in super::super) const DISCOUNT: Columns = columns(241, 253);
    /// *Valor recebido*.
    pub(in super::super) const PAID: Columns = columns(254, 266);
    /// *Juros de mora e multa*.
    pub(in super::super) const INTEREST: Columns = columns(267, 279);
    /// *Número sequencial do registro*.
    pub(in super::super) const SEQUENCE: Columns = columns(395, 400);
}

/// Every bank that is read.
pub(super) static BANKS: [Bank; 4] = [
    // Source: Banco do Brasil, CBR643, return for agreements of 7 digits.
    Bank {
        code: "001",
        name: "Banco do Brasil",
        occurrences: BANCO_DO_BRASIL_400,
        detail: b'7',
        unread: Some((b'1', "a title of an agreement with 6 digits or fewer is not read")),
        account: AccountPlace {
            in_detail: false,
            branch: columns(27, 30),
            number: &[columns(32, 39)],
            check: 40,
        },
        our_number: columns(64, 80),
        company_use: columns(39, 63),
        fee: columns(182, 188),
        expenses: Some(columns(189, 201)),
        credited_on: columns(176, 181),
        payer_name: None,
        reasons: columns(87, 88),
        pix: None,
    },
    // Source: Santander, collection CNAB 400, return, and its record of type 8 (kind of the Pix
    // key at 43, key at 44 to 120).
    Bank {
        code: "033",
        name: "Santander",
        occurrences: SANTANDER_400,
        detail: b'1',
        unread: None,
        account: AccountPlace {
            in_detail: true,
            branch: columns(18, 21),
            number: &[columns(22, 29), columns(384, 384)],
            check: 385,
        },
        our_number: columns(63, 70),
        company_use: columns(38, 62),
        fee: columns(176, 188),
        expenses: Some(columns(189, 201)),
        credited_on: columns(296, 301),
        payer_name: Some(columns(302, 337)),
        reasons: columns(137, 145),
        pix: Some((b'8', columns(121, 155))),
    },
    // Source: Bradesco, collection CNAB 400, return (4008-524-0121): the header names a company
    // code, the titles name the account.
    Bank {
        code: "237",
        name: "Bradesco",
        occurrences: BRADESCO_400,
        detail: b'1',
        unread: None,
        account: AccountPlace {
            in_detail: true,
            branch: columns(25, 29),
            number: &[columns(30, 36)],
            check: 37,
        },
        our_number: columns(71, 82),
        company_use: columns(38, 62),
        fee: columns(176, 188),
        expenses: Some(columns(189, 201)),
        credited_on: columns(296, 301),
        payer_name: None,
        reasons: columns(319, 328),
        pix: None,
    },
    // Source: Itaú, collection CNAB 400, return.
    Bank {
        code: "341",
        name: "Itaú",
        occurrences: ITAU,
        detail: b'1',
        unread: None,
        account: AccountPlace {
            in_detail: false,
            branch: columns(27, 30),
            number: &[columns(33, 37)],
            check: 38,
        },
        our_number: columns(86, 94),
        company_use: columns(38, 62),
        fee: columns(176, 188),
        expenses: None,
        credited_on: columns(296, 301),
        payer_name: Some(columns(325, 354)),
        reasons: columns(378, 385),
        pix: None,
    },
];

/// The bank with this code; the refusal names those that are read.
pub(super) fn bank(code: &str) -> Result<&'static Bank, String> {
    BANKS.iter().find(|bank| bank.code == code).ok_or_else(|| {
        let read: Vec<_> =
            BANKS.iter().map(|bank| format!("{} ({})", bank.name, bank.code)).collect();
        format!(
            "CNAB 400 differs from bank to bank, and that of bank {} is not read; read are \
             {}; ask the bank for CNAB 240",
            quoted(code),
            read.join(", ")
        )
    })
}
