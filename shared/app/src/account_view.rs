//! A customer's account as the API shows it: what lies on it, by payment, and what weighs on it.

use quita_core::customer::{AccountCredit, Customer};
use serde::Serialize;

use crate::bus::instant;

/// What lies on a customer's account.
#[derive(Debug, Serialize)]
pub struct AccountView {
    customer_id: String,
    /// Money of the customer that no invoice has.
    balance: String,
    /// The balance by payment.
    credits: Vec<CreditView>,
    carried_late_charges: LateChargesView,
    flag: Option<FlagView>,
}

#[derive(Debug, Serialize)]
struct CreditView {
    payment_id: String,
    amount: String,
}

/// Late charges that go onto the next invoice.
#[derive(Debug, Serialize)]
struct LateChargesView {
    late_fee: String,
    interest: String,
}

#[derive(Debug, Serialize)]
struct FlagView {
    reason: &'static str,
    at: String,
    payment_id: String,
}

impl AccountView {
    pub fn of(customer: &Customer) -> Self {
        let credit = |credit: &AccountCredit| CreditView {
            payment_id: credit.payment.to_string(),
            amount: credit.amount.to_string(),
        };
        Self {
            customer_id: customer.id.to_string(),
            balance: customer.balance().to_string(),
            credits: customer.on_account.iter().map(credit).collect(),
            carried_late_charges: LateChargesView {
                late_fee: customer.carried.fine.to_string(),
                interest: customer.carried.interest.to_string(),
            },
            flag: customer.flag.as_ref().map(|flag| FlagView {
                reason: flag.reason.code(),
                at: instant(flag.at),
                payment_id: flag.payment.to_string(),
            }),
        }
    }
}
