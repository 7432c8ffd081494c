//! Laws of the places money can be in, under any commands in any order.

use proptest::prelude::*;

use super::*;

/// Refund ids: few, so that they collide.
const IDS: [&str; 4] = ["a", "b", "c", "med"];

fn any_amount() -> impl Strategy<Value = i64> {
    prop_oneof![1 => -1_i64..=1, 6 => 1_i64..12_000, 2 => Just(10_000_i64)]
}

fn any_told() -> impl Strategy<Value = Told> {
    let origin = prop::sample::select(vec![
        RefundOrigin::Merchant,
        RefundOrigin::Account,
        RefundOrigin::BankError,
        RefundOrigin::Dispute,
    ]);
    prop_oneof![
        3 => origin.prop_map(|origin| Told::Returned { origin }),
        2 => Just(failed()),
        2 => (1_i64..200).prop_map(|minutes| Told::Processing {
            next_look_at: at(PAID) + TimeDelta::minutes(minutes),
        }),
        1 => (1_i64..200).prop_map(|minutes| Told::Nothing {
            why: "timeout".into(),
            next_try_at: at(PAID) + TimeDelta::minutes(minutes),
        }),
    ]
}

fn any_command() -> impl Strategy<Value = Command> {
    let amount = || any_amount().prop_map(cents);
    let id = || prop::sample::select(IDS.to_vec()).prop_map(str::to_owned);
    let instalment =
        || (1_u8..4, 1_u16..3).prop_map(|(nth, instalment)| (invoice(nth), instalment));
    let reason = prop::sample::select(ParkReason::ALL.to_vec());
    prop_oneof![
        1 => Just(Command::NotConfirmed),
        1 => Just(Command::Report { next_try_at: at(PAID) }),
        1 => prop::option::of(instalment()).prop_map(|in_full| Command::Receive { in_full }),
        4 => (instalment(), amount()).prop_map(|((invoice, instalment), amount)| {
            Command::Allocate { invoice, instalment, amount }
        }),
        2 => (instalment(), amount()).prop_map(|((invoice, instalment), amount)| {
            Command::Release { invoice, instalment, amount }
        }),
        2 => (1_u8..3, amount())
            .prop_map(|(nth, amount)| Command::PutOnAccount { customer: customer(nth), amount }),
        2 => amount().prop_map(|amount| Command::TakeFromAccount { amount }),
        1 => reason.prop_map(|reason| Command::Park { reason }),
        1 => Just(Command::Assign { to: "ana".into() }),
        1 => Just(Command::Dismiss { reason: "seen".into() }),
        4 => (id(), amount()).prop_map(|(id, amount)| {
            Command::AskRefund { id, amount, reason: "wrong item".into() }
        }),
        4 => (id(), amount(), any_told())
            .prop_map(|(id, amount, told)| Command::RecordRefund { id, amount, told }),
        1 => Just(Command::Settle { on: at(PAID).date_naive() }),
        1 => Just(Command::ErasePayer),
    ]
}

/// Whether the command tells of a fact, or names what it asks for: told twice it means the same.
fn is_fact(command: &Command, now: DateTime<Utc>) -> bool {
    match command {
        Command::NotConfirmed
        | Command::Receive { .. }
        | Command::Park { .. }
        | Command::Assign { .. }
        | Command::AskRefund { .. }
        | Command::Settle { .. }
        | Command::ErasePayer => true,
        Command::RecordRefund { told, .. } => match told {
            Told::Nothing { .. } => false,
            Told::Processing { next_look_at } => *next_look_at > now,
            Told::Returned { .. } | Told::Failed { .. } => true,
        },
        Command::Report { .. }
        | Command::Allocate { .. }
        | Command::Release { .. }
        | Command::PutOnAccount { .. }
        | Command::TakeFromAccount { .. }
        | Command::Dismiss { .. } => false,
    }
}

fn check_places(payment: &Payment) {
    let places = places(payment);
    assert!(places.iter().all(|place| *place >= 0), "{places:?}");
    let whole = if payment.state.is_received() { payment.amount.centavos() } else { 0 };
    assert_eq!(places.iter().sum::<i64>(), whole, "{places:?}");
    assert_eq!(payment.refundable() + payment.returned() + payment.going_back(), payment.amount);
    assert!(payment.refunds.iter().all(|refund| refund.amount.is_positive()));
    let ids: std::collections::BTreeSet<_> = payment.refunds.iter().map(|it| &it.id).collect();
    assert_eq!(ids.len(), payment.refunds.len(), "a refund id is used once");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_places_add_up_after_any_commands(
        confirmed in prop::bool::weighted(0.8),
        commands in prop::collection::vec(any_command(), 1..30),
    ) {
        let mut payment = reported(pix_id(at(PAID), 1), cents(10_000), at(PAID));
        if confirmed {
            payment = run(payment, Command::Receive { in_full: None }, PAID);
        }
        for (minute, command) in (0_i64..).zip(commands) {
            let now = at(PAID) + TimeDelta::minutes(minute);
            let Ok(events) = decide(&payment, command.clone(), now) else { continue };
            let before = payment.clone();
            for event in &events {
                payment = evolve(payment, event, now);
            }
            prop_assert_eq!(payment.version, before.version + events.len() as u64);
            check_places(&payment);
            for refund in &before.refunds {
                let after = payment.refund(&refund.id).unwrap();
                prop_assert_eq!(after.amount, refund.amount);
                prop_assert!(!refund.state.is_final() || after.state == refund.state);
            }
            if is_fact(&command, now) {
                prop_assert_eq!(decide(&payment, command, now), Ok(vec![]));
            }
            let status = payment.status();
            prop_assert_eq!(status == "parked", {
                payment.state.is_received() && payment.attention.is_some()
            });
            prop_assert!(status != "on_account" || payment.account_amount().is_positive());
        }
    }

    #[test]
    fn what_was_decided_reads_back_as_it_was_stored(
        commands in prop::collection::vec(any_command(), 1..12),
    ) {
        let mut payment = run(parked(), Command::Assign { to: "ana".into() }, PAID);
        for command in commands {
            for event in decide(&payment, command, at(PAID)).unwrap_or_default() {
                let stored = serde_json::to_string(&event).unwrap();
                prop_assert_eq!(&serde_json::from_str::<Event>(&stored).unwrap(), &event);
                payment = evolve(payment, &event, at(PAID));
            }
        }
        let stored = serde_json::to_string(&payment).unwrap();
        prop_assert_eq!(serde_json::from_str::<Payment>(&stored).unwrap(), payment);
    }
}
