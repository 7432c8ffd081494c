use chrono::{DateTime, Utc};
use quita_app::links::SigningKey;

use super::*;
use crate::clock::MovableClock;
use crate::mailbox::LocalMailbox;
use crate::secrets::LocalSecrets;

fn start() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn parts() -> MachineParts {
    let clock: Arc<dyn Clock> = Arc::new(MovableClock::standing_at(start()));
    let secrets = Arc::new(LocalSecrets::memory());
    let config = Config {
        public_url: "http://127.0.0.1:1".to_owned(),
        callback_url: "http://127.0.0.1:1".to_owned(),
        signing_key: SigningKey::new(&secrets.signing_key().unwrap()).unwrap(),
    };
    let mailbox = Arc::new(LocalMailbox::memory(clock.clone()));
    MachineParts::new(Embedded::memory().unwrap(), mailbox, secrets, clock, config)
}

/// An event whose subject is not there: its function cannot handle it.
fn hopeless() -> BusEvent {
    let merchant = crate::merchant::id();
    let invoice = quita_core::ids::InvoiceId::from_ulid("01J0000000000000000000000A").unwrap();
    BusEvent::charge_due(&merchant, &invoice, start())
}

#[tokio::test]
async fn an_event_nobody_can_handle_ends_among_the_dead_letters_and_can_be_driven_again() {
    let machine = Machine::new(parts()).unwrap();
    machine.deps().bus.publish(&[hopeless()]).await.into_iter().for_each(Result::unwrap);
    assert_eq!(machine.pump().await, 1);
    let letters = machine.dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].function.as_str(), &letters[0].event), ("issue_charge", &hopeless()));
    assert_eq!(machine.pump().await, 0, "it is not tried again by itself");
    assert_eq!(machine.redrive(), 1);
    assert_eq!(machine.pump().await, 1);
    assert_eq!(machine.dead_letters().len(), 1);
}

#[tokio::test]
async fn a_dead_process_forgets_nothing() {
    let is_down = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let mut parts = parts();
    let switch = is_down.clone();
    parts.down = Some(Arc::new(move || switch.load(std::sync::atomic::Ordering::SeqCst)));
    let machine = Machine::new(parts).unwrap();
    machine.deps().bus.publish(&[hopeless()]).await.into_iter().for_each(Result::unwrap);
    assert_eq!(machine.pump().await, 0);
    assert_eq!((machine.bus().waiting(), machine.dead_letters().len()), (1, 0));
    is_down.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(machine.pump().await, 1);
}

#[tokio::test]
async fn an_entry_the_bus_refuses_is_relayed_again_with_what_follows() {
    let machine = Machine::new(parts()).unwrap();
    let merchant = crate::merchant::id();
    let row = |seq| quita_table::items::EventRow {
        aggregate: quita_table::keys::Aggregate::Invoice(
            quita_core::ids::InvoiceId::from_ulid("01J0000000000000000000000A").unwrap(),
        ),
        seq,
        at: start(),
        actor: "test".to_owned(),
        name: "invoice.noted".to_owned(),
        data: json!({}),
        postings: Vec::new(),
        changes: quita_core::audit::Changes::default(),
    };
    for seq in 1..=3 {
        let commit = quita_table::Commit::new(&merchant).event(&row(seq));
        machine.deps().store.commit(commit).await.unwrap();
    }
    machine.bus().refuse_next(1);
    for _ in 0..3 {
        machine.pump().await;
    }
    let seen: Vec<_> = machine.bus().history().into_iter().map(|it| it.detail).collect();
    let seen: Vec<_> = seen.iter().map(|detail| detail["sequence"].as_u64().unwrap()).collect();
    // The bus took the rest of the refused call, so that comes twice; nothing is missing.
    assert!(seen.ends_with(&[1, 2, 3]), "{seen:?}");
}

#[tokio::test]
async fn the_checkpoint_outlives_the_machine() {
    let checkpoint = Checkpoint::memory();
    let mut first = parts();
    first.checkpoint = checkpoint.clone();
    let engine = first.engine.clone();
    let machine = Machine::new(first).unwrap();
    let wanted = crate::merchant::demo(
        quita_core::pix_key::PixKey::parse("a@example.com").unwrap(),
        "http://127.0.0.1:1/_local/chat".to_owned(),
        chrono::DateTime::UNIX_EPOCH,
    );
    crate::merchant::ensure(machine.deps(), wanted).await.unwrap();
    assert_eq!(checkpoint.load().unwrap(), None);
    machine.pump().await;
    let place = checkpoint.load().unwrap();
    let last = engine.stream_after(None, 10).unwrap().pop().map(|record| record.sequence);
    assert!(place.is_some() && place == last, "{place:?}");
}
