//! What the two digits of an occurrence mean, bank by bank.
//!
//! Owns: the tables and whether an occurrence moves money. Does not own where the digits stand.
//! Invariant: an occurrence that is in no table, or whose own words leave open whether money came,
//! is never taken for a payment and never passed over when an amount stands beside it.

/// What an occurrence does to money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The title was paid.
    Paid,
    /// It was paid though it had been written off, or was never registered.
    PaidUnexpected,
    /// The bank charged for something.
    Fee,
    /// No money moved.
    Notice,
    /// The bank's words do not say whether money came by this line: with an amount, a person looks.
    Unclear,
}

/// A run of codes with one meaning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occurrence {
    first: u8,
    last: u8,
    pub(super) effect: Effect,
    pub(super) meaning: &'static str,
}

/// Stands for every code that is in no table.
const UNLISTED: Occurrence =
    Occurrence { first: 0, last: 99, effect: Effect::Unclear, meaning: "not a listed occurrence" };

/// The entry of `code` in `table`.
pub(super) fn occurrence(table: &'static [Occurrence], code: u8) -> &'static Occurrence {
    table.iter().find(|entry| (entry.first..=entry.last).contains(&code)).unwrap_or(&UNLISTED)
}

const fn one(code: u8, effect: Effect, meaning: &'static str) -> Occurrence {
    Occurrence { first: code, last: code, effect, meaning }
}

const fn run(first: u8, last: u8, effect: Effect, meaning: &'static str) -> Occurrence {
    Occurrence { first, last, effect, meaning }
}

use Effect::{Fee, Notice, Paid, PaidUnexpected, Unclear};

/// Source: FEBRABAN CNAB 240, *código de movimento retorno* (C044), codes that banks agree on.
/// Codes 31 to 49 differ from bank to bank and are left out on purpose.
pub(super) const FEBRABAN: &[Occurrence] = &[
    one(2, Notice, "registered"),
    one(3, Notice, "registration rejected"),
    one(4, Notice, "moved into another portfolio"),
    one(5, Notice, "moved out of a portfolio"),
    one(6, Paid, "paid"),
    one(7, Notice, "discount confirmed"),
    one(8, Notice, "discount cancelled"),
    one(9, Notice, "written off"),
    one(11, Notice, "open"),
    one(12, Notice, "rebate granted"),
    one(13, Notice, "rebate cancelled"),
    one(14, Notice, "due date changed"),
    one(15, Notice, "payment waived"),
    one(17, PaidUnexpected, "paid after write-off, or unregistered"),
    one(19, Notice, "protest ordered"),
    one(20, Notice, "protest stopped"),
    one(23, Notice, "sent to the notary"),
    one(24, Notice, "withdrawn from the notary"),
    one(25, Notice, "protested and written off"),
    one(26, Notice, "instruction rejected"),
    one(27, Notice, "change of data confirmed"),
    one(28, Fee, "fees and costs"),
    one(29, Notice, "objection of the payer"),
    one(30, Notice, "change of data rejected"),
    one(44, Notice, "paid with a cheque that was returned"),
    one(45, Unclear, "paid with a cheque that was cleared"),
    one(50, Notice, "paid with a cheque that is not cleared yet"),
    one(51, Notice, "electronic presentation accepted by the payer"),
    one(52, Notice, "electronic presentation not accepted by the payer"),
    one(53, Notice, "electronic presentation refused"),
];

/// Source: Caixa, SIGCB CNAB 240, *código de movimento retorno*: as FEBRABAN up to 30.
pub(super) const CAIXA: &[Occurrence] = &[
    one(44, Unclear, "write-off or payment reversed"),
    one(46, Unclear, "paid on-line"),
    one(47, Unclear, "payment on-line reversed"),
    one(1, Notice, "printing confirmed"),
    run(35, 41, Notice, "register of payers changed"),
    one(45, Notice, "data changed"),
    run(61, 62, Notice, "amount changed"),
    one(2, Notice, "registered"),
    one(3, Notice, "registration rejected"),
    run(4, 5, Notice, "moved between portfolios"),
    one(6, Paid, "paid"),
    run(7, 8, Notice, "discount changed"),
    one(9, Notice, "written off"),
    run(12, 13, Notice, "rebate changed"),
    one(14, Notice, "due date changed"),
    one(17, PaidUnexpected, "paid after write-off, or unregistered"),
    one(19, Notice, "protest ordered"),
    one(20, Notice, "protest stopped"),
    one(23, Notice, "sent to the notary"),
    one(24, Notice, "withdrawn from the notary"),
    one(25, Notice, "protested and written off"),
    one(26, Notice, "instruction rejected"),
    one(27, Notice, "change of data confirmed"),
    one(28, Fee, "fees and costs"),
    one(30, Notice, "change of data rejected"),
    run(51, 53, Notice, "electronic presentation"),
];

/// Source: Itaú, layouts of collection CNAB 240 and CNAB 400, *código de ocorrência*. The two
/// share it, and 17 is a rejected change here, not a payment.
pub(super) const ITAU: &[Occurrence] = &[
    one(2, Notice, "registered"),
    one(3, Notice, "registration rejected"),
    one(4, Notice, "data changed, new registration"),
    one(5, Notice, "data changed, written off"),
    one(6, Paid, "paid"),
    one(7, Paid, "paid in part"),
    one(8, Paid, "paid at the notary"),
    one(9, Notice, "written off"),
    one(10, Unclear, "written off because it had been paid"),
    one(11, Notice, "open"),
    one(12, Notice, "rebate granted"),
    one(13, Notice, "rebate cancelled"),
    one(14, Notice, "due date changed"),
    one(15, Notice, "write-off rejected"),
    one(16, Notice, "instruction rejected"),
    one(17, Notice, "change of data rejected"),
    one(18, Notice, "instruction rejected or pending"),
    one(19, Notice, "protest ordered"),
    one(20, Notice, "protest stopped"),
    one(21, Notice, "order not to protest confirmed"),
    one(23, Notice, "sent to the notary"),
    one(24, Notice, "protest rejected or stopped"),
    one(25, Notice, "objection of the payer"),
    run(26, 30, Fee, "fees"),
    one(32, Notice, "protested and written off"),
    run(33, 46, Fee, "fees and costs"),
    one(47, Notice, "written off and moved to discounting"),
    one(48, Fee, "costs of a stop by court"),
    run(51, 56, Fee, "fees and costs"),
    one(57, Notice, "instruction cancelled"),
    one(59, Unclear, "written off by a credit to the account"),
    one(60, Notice, "registration rejected"),
    run(61, 62, Fee, "fees"),
    one(63, Notice, "stopped by court"),
    one(64, Notice, "registered, with its credit shared"),
    one(65, Notice, "paid with a cheque that is not cleared yet"),
    one(69, Notice, "paid with a cheque that was returned"),
    one(71, Notice, "registered, to be reviewed"),
    one(72, Unclear, "credit to the account without a title"),
    one(73, Notice, "registered as simple collection"),
    run(74, 79, Notice, "entry in a register of debtors"),
    run(80, 83, Notice, "entry in a register of debtors, with a fee"),
    run(85, 93, Fee, "fees"),
    one(94, Notice, "order not to register the debtor confirmed"),
];

/// Source: Bradesco, layout of collection CNAB 400, *identificação de ocorrência*.
pub(super) const BRADESCO_400: &[Occurrence] = &[
    one(2, Notice, "registered"),
    one(3, Notice, "registration rejected"),
    one(6, Paid, "paid"),
    one(9, Notice, "written off"),
    one(10, Notice, "written off by the branch"),
    one(11, Notice, "open"),
    one(12, Notice, "rebate granted"),
    one(13, Notice, "rebate cancelled"),
    one(14, Notice, "due date changed"),
    one(15, Paid, "paid at the notary"),
    one(16, Notice, "paid with a cheque that is not cleared yet"),
    one(17, PaidUnexpected, "paid after write-off, or unregistered"),
    one(18, Notice, "collecting bank corrected"),
    one(19, Notice, "protest ordered"),
    one(20, Notice, "protest stopped"),
    one(21, Notice, "company's number corrected"),
    one(22, Unclear, "payment cancelled"),
    one(23, Notice, "sent to the notary"),
    one(24, Notice, "registration rejected"),
    one(27, Notice, "write-off rejected"),
    one(28, Fee, "fees and costs"),
    one(30, Notice, "change of data rejected"),
    one(32, Notice, "instruction rejected"),
    one(33, Notice, "change of data confirmed"),
    one(34, Notice, "withdrawn from the notary"),
    one(35, Notice, "direct debit called off"),
    one(40, Unclear, "payment reversed"),
    one(55, Notice, "stopped by court"),
    run(68, 69, Notice, "sharing of the credit changed"),
];

/// Source: Banco do Brasil, layout CBR643 of CNAB 400, *comando* of the return.
pub(super) const BANCO_DO_BRASIL_400: &[Occurrence] = &[
    one(2, Notice, "registered"),
    one(3, Notice, "instruction rejected"),
    one(5, PaidUnexpected, "paid without registration"),
    one(6, Paid, "paid"),
    one(7, Paid, "paid in part"),
    one(8, Paid, "the rest was paid"),
    one(9, Notice, "written off"),
    one(10, Notice, "write-off asked for"),
    one(11, Notice, "open"),
    one(12, Notice, "rebate granted"),
    one(13, Notice, "rebate cancelled"),
    one(14, Notice, "due date changed"),
    one(15, Paid, "paid at the notary"),
    one(16, Notice, "interest changed"),
    one(19, Notice, "protest ordered"),
    one(20, Unclear, "debit to the account"),
    run(21, 22, Notice, "payer changed"),
    one(23, Notice, "sent to the notary"),
    one(24, Notice, "protest stopped"),
    one(25, Notice, "interest waived"),
    one(26, Notice, "company's number changed"),
    one(28, Fee, "fee for an overdue title"),
    run(31, 34, Notice, "discount changed"),
    run(35, 39, Notice, "fine or time limit changed"),
    run(41, 42, Notice, "company's number or payer changed"),
    one(44, Notice, "paid with a cheque that was returned"),
    one(46, Notice, "paid with a cheque that is not cleared yet"),
    one(72, Notice, "kind of collection changed"),
    run(96, 98, Fee, "costs of a protest"),
];

/// Source: Santander, layout of collection CNAB 400, *código de ocorrência*. 17 is a payment at
/// the notary here.
pub(super) const SANTANDER_400: &[Occurrence] = &[
    one(1, Notice, "no such title"),
    one(2, Notice, "registered"),
    one(3, Notice, "registration rejected"),
    run(4, 5, Notice, "moved between portfolios"),
    one(6, Paid, "paid"),
    one(7, Paid, "paid in part"),
    one(8, Paid, "the rest was paid"),
    one(9, Notice, "written off"),
    one(10, Notice, "written off by instruction or after protest"),
    one(11, Notice, "open"),
    one(12, Notice, "rebate granted"),
    one(13, Notice, "rebate cancelled"),
    one(14, Notice, "due date changed"),
    one(15, Notice, "protest confirmed"),
    one(16, Unclear, "already written off or paid"),
    one(17, Paid, "paid at the notary"),
    run(19, 20, Notice, "order about a protest confirmed"),
    one(21, Notice, "sent to the notary"),
    one(22, Notice, "withdrawn from the notary"),
    one(24, Fee, "costs of the notary"),
    run(25, 26, Notice, "order about a protest"),
    one(27, Notice, "change of data confirmed"),
    one(28, Fee, "fees and costs"),
    one(29, Notice, "objection of the payer"),
    one(30, Notice, "change of data rejected"),
    run(35, 37, Notice, "electronic presentation"),
    one(38, Notice, "order not to protest confirmed"),
];
