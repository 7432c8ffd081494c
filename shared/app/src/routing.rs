//! Which function hears which events of the bus. `template.yaml` says the same to EventBridge; a
//! test compares the two.

/// Function folder and the detail types it is invoked with.
pub const ROUTES: [(&str, &[&str]); 6] = [
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
    (
        "sweep_reminders",
        &[
            crate::bus::SHARD_DUE,
            crate::bus::DAILY_DUE,
            "charge.issued.v1",
            "payment.matched.v1",
            // What may put its customer into another segment.
            "invoice.paid.v1",
            "chase.ended.v1",
            crate::bus::CARE_CHANGED,
            crate::bus::SEGMENT_CHANGED,
        ],
    ),
    ("import_bank_file", &["import.accepted.v1", crate::bus::IMPORT_DUE]),
    ("reconcile_payments", &[crate::bus::RECONCILE_DUE]),
    ("payment_webhook", &["payment.reported.v1", "refund.asked.v1", crate::bus::CONFIRM_DUE]),
    // And every fact: see [`EVERY_FACT`].
    (EVERY_FACT, &[crate::bus::DELIVERY_DUE]),
];

/// The function that hears every fact as well. Its rule spells that as all but what ends with
/// [`WORK_SUFFIX`], `{"anything-but": {"suffix": "due.v1"}}`, since a list of all of them is longer
/// than EventBridge takes (2,048 characters a pattern).
pub const EVERY_FACT: &str = "deliver_webhooks";
/// What the names of events end with that ask for work instead of telling a fact.
pub const WORK_SUFFIX: &str = "due.v1";

/// The functions that hear an event.
pub fn listeners(detail_type: &str) -> impl Iterator<Item = &'static str> {
    let is_fact = !detail_type.ends_with(WORK_SUFFIX);
    let hears = move |(function, types): &&(&str, &[&str])| {
        types.contains(&detail_type) || (is_fact && *function == EVERY_FACT)
    };
    ROUTES.iter().filter(hears).map(|(function, _)| *function)
}
