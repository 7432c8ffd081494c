//! Payments: one in every place at once, and one that is not there yet.

use quita_core::document::TaxId;
use quita_core::ids::Txid;
use quita_core::payment::{
    Allocation, Attention, Method, OnAccount, ParkReason, Payer, Payment, PaymentState, Refund,
    RefundOrigin, RefundState,
};

use super::{at, cents, customer_id, day, invoice_id, merchant_id, payment_id};

/// In every place at once: two instalments, the customer's account, on its way back, back, and
/// waiting for a person.
pub fn payment() -> Payment {
    let allocation = |instalment, centavos| Allocation {
        invoice: invoice_id(),
        instalment,
        amount: cents(centavos),
    };
    let asked_at = at("2026-12-11T10:00:00Z");
    let refund = |id: &str, centavos, state, origin| Refund {
        id: id.to_owned(),
        amount: cents(centavos),
        state,
        origin,
        reason: None,
        asked_at,
    };
    let asked = RefundState::Asked { attempts: 1, next_try_at: at("2026-12-11T10:01:00Z") };
    let taken = RefundState::Processing { looks: 2, next_look_at: at("2026-12-11T11:00:00Z") };
    let asked = refund("r1", 3_000, asked, RefundOrigin::Merchant);
    Payment {
        merchant: merchant_id(),
        id: payment_id(),
        version: 9,
        method: Method::Pix,
        txid: Txid::for_charge(&invoice_id(), 1, 0),
        amount: cents(100_000),
        paid_at: at("2026-12-10T15:00:00Z"),
        seen_at: at("2026-12-10T15:00:02Z"),
        payer: Some(Payer {
            name: Some("Padaria São João Ltda".to_owned()),
            document: Some(TaxId::parse("11444777000161").unwrap()),
        }),
        memo: Some("NF-1001".into()),
        state: PaymentState::Received,
        allocations: vec![allocation(1, 20_000), allocation(2, 20_000)],
        on_account: Some(OnAccount { customer: customer_id(), amount: cents(20_000) }),
        refunds: vec![
            Refund { reason: Some("paid twice".to_owned()), ..asked },
            refund("r2", 2_000, taken, RefundOrigin::Account),
            refund("D12345678202612111000abcdefghijk", 5_000, RefundState::Returned, {
                RefundOrigin::Dispute
            }),
            refund("r3", 1_000, RefundState::Failed, RefundOrigin::BankError),
        ],
        attention: Some(Attention {
            reason: ParkReason::TakenBack,
            since: at("2026-12-11T09:00:00Z"),
            assignee: Some("ana".to_owned()),
        }),
        settled_on: Some(day("2026-12-11")),
        bank_lines: Vec::new(),
    }
}

/// One that only a callback told of.
pub fn reported() -> Payment {
    Payment {
        version: 1,
        txid: None,
        payer: None,
        memo: None,
        state: PaymentState::Reported { attempts: 3, next_try_at: at("2026-12-10T15:04:00Z") },
        allocations: Vec::new(),
        on_account: None,
        refunds: Vec::new(),
        attention: None,
        settled_on: None,
        ..payment()
    }
}
