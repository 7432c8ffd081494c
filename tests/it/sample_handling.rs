//! One of each kind of what can happen to the handling of an invoice.

use chrono::{DateTime, NaiveDate, Utc};
use quita_core::contact::Email;
use quita_core::ids::{PersonId, TaskId};
use quita_core::invoice::{DisputeOutcome, EscalatedTo, Handled};
use quita_core::money::Money;
use quita_core::task::TaskKind;

const ULID: &str = "01JE6X7Q5M8Y2N4C9R0T3V6W8Z";

/// One of each kind; [`place`] keeps it whole.
pub fn every_handled() -> Vec<Handled> {
    let amount = Money::from_centavos(100_000);
    let day = NaiveDate::from_ymd_opt(2026, 12, 18).unwrap();
    let checked_at = DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap();
    let received = Money::from_centavos(-100);
    let reason = || "why".to_owned();
    let task = || TaskId::from_ulid(ULID).unwrap();
    let owner = || Email::parse("ana@acme.example").ok();
    let kind = TaskKind::Call;
    let step = "due_plus_3".to_owned();
    let handled = vec![
        Handled::PromiseMade { amount, day, by: "Maria".into(), checked_at, replaces: Some(day) },
        Handled::PromiseKept { amount, day, received: amount },
        Handled::PromiseBroken { amount, day, received },
        Handled::PromiseWithdrawn { reason: reason() },
        Handled::DisputeOpened { reason: reason() },
        Handled::DisputeClosed { outcome: DisputeOutcome::Moot, reason: reason() },
        Handled::Paused { reason: reason(), until: None },
        Handled::Resumed,
        Handled::Excluded { reason: reason() },
        Handled::Included,
        Handled::OwnerAssigned { owner: owner() },
        Handled::Noted {
            text: "call".to_owned(),
            mentions: vec![PersonId::from_ulid(ULID).unwrap()],
        },
        Handled::Escalated { to: EscalatedTo::Agency, reason: reason() },
        Handled::EscalationReversed { reason: reason() },
        Handled::SendAsked { instalment: 1, step: step.clone() },
        Handled::TaskOpened { task: task(), kind, step: Some(step), due: day, owner: owner() },
        Handled::QuestionAdded { task: task() },
        Handled::TaskAssigned { task: task(), owner: None },
        Handled::TaskDone {
            task: task(),
            kind,
            outcome: "reached".to_owned(),
            note: "by Friday".to_owned(),
        },
        Handled::TasksCleared { tasks: vec![task()] },
    ];
    let places: Vec<usize> = handled.iter().map(place).collect();
    assert_eq!(places, (0..handled.len()).collect::<Vec<_>>());
    handled
}

/// Where a kind stands in [`every_handled`]. A new kind stops the compiler here: add it to both.
fn place(event: &Handled) -> usize {
    match event {
        Handled::PromiseMade { .. } => 0,
        Handled::PromiseKept { .. } => 1,
        Handled::PromiseBroken { .. } => 2,
        Handled::PromiseWithdrawn { .. } => 3,
        Handled::DisputeOpened { .. } => 4,
        Handled::DisputeClosed { .. } => 5,
        Handled::Paused { .. } => 6,
        Handled::Resumed => 7,
        Handled::Excluded { .. } => 8,
        Handled::Included => 9,
        Handled::OwnerAssigned { .. } => 10,
        Handled::Noted { .. } => 11,
        Handled::Escalated { .. } => 12,
        Handled::EscalationReversed { .. } => 13,
        Handled::SendAsked { .. } => 14,
        Handled::TaskOpened { .. } => 15,
        Handled::QuestionAdded { .. } => 16,
        Handled::TaskAssigned { .. } => 17,
        Handled::TaskDone { .. } => 18,
        Handled::TasksCleared { .. } => 19,
    }
}

#[test]
fn a_row_tells_who_promised_or_what_was_noted_of_a_call() {
    for event in every_handled() {
        let data = quita_app::event_data::event_data(&quita_core::invoice::Event::Handled(event));
        let told = data.to_string();
        assert!(!told.contains("Maria") && !told.contains("by Friday"), "{told}");
    }
}
