//! Money in every world at rest: what the bank holds is here once, every centavo has one place, and
//! the books say the same as the invoices, the payments and the customers' accounts.

use std::collections::{BTreeMap, BTreeSet};

use quita_core::ids::{InvoiceId, PaymentId};
use quita_core::journal::Account;
use quita_core::money::Money;
use quita_core::payment::{ParkReason, Payment, PaymentState};

use quita_psp_sandbox::RefundStatus;

use super::books::Books;
use super::player::{Fate, Player};

pub fn all(player: &Player, books: &Books) -> Vec<String> {
    let mut wrongs = at_the_bank(player, books);
    wrongs.extend(fates(player, books));
    wrongs.extend(places(books));
    wrongs.extend(accounts(books));
    wrongs.extend(journal(books));
    wrongs
}

/// Money in is money accounted: what the bank holds is here once, with its amount and with what went
/// back of it. What is only told is nothing.
fn at_the_bank(player: &Player, books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    let mut known = BTreeSet::new();
    for pix in player.world.bank.pixs() {
        known.insert(pix.e2eid.clone());
        let Some(payment) = books.payments.get(&pix.e2eid) else {
            wrongs.push(format!("{} of {} is not accounted for", pix.e2eid, pix.valor));
            continue;
        };
        if payment.amount.centavos() != pix.valor.0 {
            wrongs.push(format!("{} of {} counts {}", pix.e2eid, pix.valor, payment.amount));
        }
        if !payment.state.is_received() {
            wrongs.push(format!("{} is real and {:?}", pix.e2eid, payment.state));
        }
        let back = pix.refunds.iter().filter(|it| it.status == RefundStatus::Devolvido);
        let there: i64 = back.map(|refund| refund.valor.0).sum();
        let here = payment.returned().centavos();
        if here != there {
            wrongs.push(format!("{} gave {there} centavos back, here {here}", pix.e2eid));
        }
    }
    for (id, payment) in books.payments.iter().filter(|(id, _)| !known.contains(*id)) {
        let told_only = payment.id.end_to_end().is_some();
        if told_only && payment.state != PaymentState::Unknown {
            wrongs.push(format!("{id} was invented and is {:?}", payment.state));
        }
    }
    wrongs
}

/// What a payer did right is counted by itself; what leads nowhere waits for a person.
fn fates(player: &Player, books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    for made in &player.made {
        let Some(payment) = books.payments.get(&made.e2eid) else { continue };
        let waits = payment.attention.as_ref().map(|attention| attention.reason);
        let touched = player.touched.contains(&made.e2eid);
        let fits = match made.fate {
            Fate::Counted => {
                touched || !matches!(waits, Some(ParkReason::UnknownTxid | ParkReason::NoTxid))
            }
            Fate::Stray => touched || waits.is_some(),
            Fate::Open => true,
        };
        if !fits {
            wrongs.push(format!("{} was paid {:?} and waits {waits:?}", made.e2eid, made.fate));
        }
    }
    wrongs
}

type Places = BTreeMap<(PaymentId, InvoiceId, u16), Money>;

/// Every centavo has one place, and both sides of it agree.
fn places(books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    let mut credited = Places::new();
    for invoice in books.invoices.values() {
        for instalment in &invoice.instalments {
            for matched in &instalment.payments {
                let place = (matched.payment.clone(), invoice.id.clone(), instalment.number);
                *credited.entry(place).or_default() += matched.kept();
                if matched.split.received() != matched.amount || matched.kept() < Money::ZERO {
                    wrongs.push(format!("{} counts {matched:?}", invoice.id));
                }
            }
            if instalment.debt.principal < Money::ZERO {
                wrongs.push(format!("{} owes {:?}", invoice.id, instalment.debt));
            }
        }
    }
    let mut allocated = Places::new();
    for payment in books.payments.values() {
        for it in &payment.allocations {
            let place = (payment.id.clone(), it.invoice.clone(), it.instalment);
            *allocated.entry(place).or_default() += it.amount;
        }
        wrongs.extend(misplaced(books, payment));
    }
    credited.retain(|_, amount| !amount.is_zero());
    if credited != allocated {
        wrongs.push(format!("invoices have {credited:?}, payments gave {allocated:?}"));
    }
    wrongs
}

fn misplaced(books: &Books, payment: &Payment) -> Option<String> {
    let parts = [payment.allocated(), payment.account_amount(), payment.returned()];
    let nowhere = payment.unidentified();
    if nowhere < Money::ZERO || parts.iter().any(|part| *part < Money::ZERO) {
        return Some(format!("{} has a negative place: {payment:?}", payment.id));
    }
    let dismissed = books.rows_of(payment).any(|row| row.name == "payment.dismissed");
    if nowhere.is_positive() && payment.attention.is_none() && !dismissed {
        return Some(format!("{nowhere} of {} wait for nobody", payment.id));
    }
    None
}

/// A customer's account holds what payments put there.
fn accounts(books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    let mut put = BTreeMap::new();
    for payment in books.payments.values() {
        if let Some(there) = &payment.on_account {
            put.insert((there.customer.clone(), payment.id.clone()), there.amount);
        }
    }
    let mut held = BTreeMap::new();
    for customer in books.customers.values() {
        for credit in &customer.on_account {
            held.insert((customer.id.clone(), credit.payment.clone()), credit.amount);
        }
    }
    if put != held {
        wrongs.push(format!("payments put {put:?} on accounts, they hold {held:?}"));
    }
    wrongs
}

/// The books balance at every instant, and their balances are those of the aggregates.
fn journal(books: &Books) -> Vec<String> {
    let mut wrongs = Vec::new();
    let mut balances: BTreeMap<Account, Money> = BTreeMap::new();
    for row in books.events.values().flatten() {
        let sum: Money = row.postings.iter().map(|posting| posting.amount).sum();
        if !sum.is_zero() {
            wrongs.push(format!("{} of {:?} is out of balance by {sum}", row.name, row.aggregate));
        }
        for posting in &row.postings {
            *balances.entry(posting.account).or_default() += posting.amount;
        }
    }
    let of = |account: Account| balances.get(&account).copied().unwrap_or_default();
    let payments = || books.payments.values().filter(|payment| payment.state.is_received());
    let receivable: Money = books.invoices.values().map(|invoice| invoice.receivable()).sum();
    let held: Money = payments().map(|it| it.amount - it.returned()).sum();
    let compared = [
        ("receivables", of(Account::Receivables), receivable),
        ("unidentified", -of(Account::Unidentified), payments().map(Payment::unidentified).sum()),
        (
            "unapplied",
            -of(Account::Unapplied),
            books.customers.values().map(|it| it.balance()).sum(),
        ),
        ("refunds", -of(Account::Refunds), payments().map(Payment::going_back).sum()),
        ("clearing and bank", of(Account::Clearing) + of(Account::Bank) + of(Account::Fees), held),
    ];
    for (name, booked, counted) in compared {
        if booked != counted {
            wrongs.push(format!("the books have {booked} as {name}, the table {counted}"));
        }
    }
    wrongs
}
