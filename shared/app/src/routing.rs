//! Which function hears which events of the bus. `template.yaml` says the same to EventBridge; a
//! test compares the two.

/// Function folder and the detail types it is invoked with.
pub const ROUTES: [(&str, &[&str]); 5] = [
    (
        "issue_charge",
        &[
            "invoice.opened.v1",
            "charge.reissued.v1",
            "invoice.cancel_requested.v1",
            // What closes a debt without money leaves a charge to remove.
            "instalment.rebate_granted.v1",
            "instalment.credit_noted.v1",
            "instalment.written_off.v1",
            crate::bus::CHARGE_DUE,
        ],
    ),
    ("sweep_reminders", &[crate::bus::SHARD_DUE, "charge.issued.v1", "payment.matched.v1"]),
    ("import_bank_file", &["import.accepted.v1", crate::bus::IMPORT_DUE]),
    ("reconcile_payments", &[crate::bus::RECONCILE_DUE]),
    ("payment_webhook", &["payment.reported.v1", "refund.asked.v1", crate::bus::CONFIRM_DUE]),
];
