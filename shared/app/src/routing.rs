//! Which function hears which events of the bus. `template.yaml` says the same to EventBridge; a
//! test compares the two.

/// Function folder and the detail types it is invoked with.
pub const ROUTES: [(&str, &[&str]); 3] = [
    (
        "issue_charge",
        &[
            "invoice.opened.v1",
            "charge.reissued.v1",
            "invoice.cancel_requested.v1",
            crate::bus::CHARGE_DUE,
        ],
    ),
    ("sweep_reminders", &[crate::bus::SHARD_DUE, "charge.issued.v1", "payment.matched.v1"]),
    ("payment_webhook", &["payment.reported.v1", crate::bus::CONFIRM_DUE]),
];
