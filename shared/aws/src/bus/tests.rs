use chrono::DateTime;
use serde_json::{Value, json};

use super::*;
use crate::replay::{Answer, Replay, refusal};

fn event(number: usize) -> BusEvent {
    BusEvent {
        detail_type: "invoice.paid.v1".to_owned(),
        at: DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        detail: json!({ "sequence": number }),
    }
}

fn events(count: usize) -> Vec<BusEvent> {
    (0..count).map(event).collect()
}

fn taken(count: usize) -> Answer {
    let entries: Vec<Value> = (0..count).map(|n| json!({ "EventId": n.to_string() })).collect();
    Answer::Http(200, json!({ "FailedEntryCount": 0, "Entries": entries }).to_string())
}

/// Publishes, and tells each outcome as `ok` or its whole chain.
async fn publish(service: &Replay, events: &[BusEvent]) -> Vec<String> {
    let bus = EventBridgeBus::new(&service.clients(), "quita-bus".to_owned());
    let outcomes = bus.publish(events).await;
    assert_eq!(outcomes.len(), events.len());
    let tell = |outcome: Result<(), Unknown>| match outcome {
        Ok(()) => "ok".to_owned(),
        Err(error) => quita_app::chain(&error),
    };
    outcomes.into_iter().map(tell).collect()
}

fn lost(why: &str) -> String {
    format!("outcome unknown while publishing an event: {why}")
}

#[tokio::test(start_paused = true)]
async fn an_event_is_emitted_whole() {
    let service = Replay::new([taken(1)]);
    assert_eq!(publish(&service, &events(1)).await, ["ok"]);
    assert_eq!(service.asked()[0].target, "AWSEvents.PutEvents");
    assert_eq!(
        service.body(),
        json!({ "Entries": [{
            "Source": "quita",
            "DetailType": "invoice.paid.v1",
            "Detail": r#"{"sequence":0}"#,
            "Time": 1_790_000_000,
            "EventBusName": "quita-bus",
        }] })
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_holds_ten_entries_and_keeps_their_order() {
    let service = Replay::new([taken(10), taken(2)]);
    assert_eq!(publish(&service, &events(12)).await, vec!["ok"; 12]);
    let sent: Vec<Vec<Value>> = service
        .asked()
        .iter()
        .map(|call| {
            let entries = call.body["Entries"].as_array().unwrap();
            entries.iter().map(|entry| entry["Detail"].clone()).collect()
        })
        .collect();
    let detail = |n| json!(event(n).detail.to_string());
    assert_eq!(
        sent,
        [(0..10).map(detail).collect::<Vec<_>>(), (10..12).map(detail).collect::<Vec<_>>()]
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_keeps_below_its_size() {
    let large = BusEvent { detail: json!("x".repeat(100 * 1024)), ..event(0) };
    let huge = BusEvent { detail: json!("x".repeat(300 * 1024)), ..event(0) };
    let service = Replay::new([taken(2), taken(1), taken(1)]);
    let events = [large.clone(), large.clone(), large, huge];
    assert_eq!(publish(&service, &events).await, vec!["ok"; 4]);
    let sizes: Vec<usize> =
        service.asked().iter().map(|call| call.body["Entries"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [2, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_200_with_a_failed_entry_is_not_taken_for_delivered() {
    let answer = json!({
        "FailedEntryCount": 1,
        "Entries": [
            { "EventId": "1" },
            { "ErrorCode": "ThrottlingException", "ErrorMessage": "slow down" },
            { "EventId": "3" },
        ],
    });
    let service = Replay::ok(answer);
    let outcomes = publish(&service, &events(3)).await;
    assert_eq!(
        outcomes,
        ["ok".to_owned(), lost("ThrottlingException: slow down"), "ok".to_owned()]
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_short_of_entries_vouches_for_none_of_the_missing() {
    let service = Replay::new([taken(1)]);
    let outcomes = publish(&service, &events(2)).await;
    assert_eq!(outcomes, ["ok".to_owned(), lost("the answer has no entry for it")]);
}

#[tokio::test(start_paused = true)]
async fn after_a_failed_call_the_rest_is_not_tried() {
    let service = Replay::new([refusal(400, "ValidationException")]);
    let outcomes = publish(&service, &events(11)).await;
    let failed = lost("ValidationException: the reason (status 400, request unnamed)");
    assert_eq!(outcomes[..10], vec![failed; 10]);
    assert_eq!(outcomes[10], lost("an earlier call failed; not tried"));
    assert_eq!(service.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_breaks_is_tried_again() {
    let service = Replay::new([Answer::Broken, taken(1)]);
    assert_eq!(publish(&service, &events(1)).await, ["ok"]);
    assert_eq!(service.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_to_publish_is_no_call() {
    let service = Replay::new([taken(0)]);
    assert_eq!(publish(&service, &[]).await, Vec::<String>::new());
    assert!(service.asked().is_empty());
}
