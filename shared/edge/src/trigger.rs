//! What woke a function that can be woken in more than one way.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use quita_app::bus::{BusEvent, SOURCE};
use serde_json::Value;

use crate::http::ApiRequest;

/// `detail-type` of EventBridge's own schedules.
const SCHEDULED: &str = "Scheduled Event";

/// A call, an event of ours, or the clock.
pub enum Trigger {
    Http(Box<ApiRequest>),
    Bus(BusEvent),
    Schedule,
}

/// Without headers and body: they hold credentials and what people wrote.
impl std::fmt::Debug for Trigger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http(_) => f.write_str("Http"),
            Self::Bus(event) => f.debug_tuple("Bus").field(event).finish(),
            Self::Schedule => f.write_str("Schedule"),
        }
    }
}

/// The invocation is none of those this function is wired to.
#[derive(Debug, thiserror::Error)]
pub enum UnknownTrigger {
    /// Its parser's message is left out: it quotes what it stumbled over.
    #[error("the invocation has no shape that is known here")]
    Shape,
    #[error("the event comes from `{source_name}`, not from `{SOURCE}`")]
    Foreign { source_name: String },
}

impl Trigger {
    /// Tells an HTTP call from an event by the fields each always has.
    pub fn parse(payload: Value) -> Result<Self, UnknownTrigger> {
        if payload.get("requestContext").is_some() {
            let request = serde_json::from_value(payload).map_err(|_| UnknownTrigger::Shape)?;
            return Ok(Self::Http(Box::new(request)));
        }
        if payload.get("detail-type").and_then(Value::as_str) == Some(SCHEDULED) {
            return Ok(Self::Schedule);
        }
        bus_event(payload).map(Self::Bus)
    }
}

/// Reads an event of ours as EventBridge delivers it.
pub fn bus_event(payload: Value) -> Result<BusEvent, UnknownTrigger> {
    let event: EventBridgeEvent =
        serde_json::from_value(payload).map_err(|_| UnknownTrigger::Shape)?;
    if event.source != SOURCE {
        return Err(UnknownTrigger::Foreign { source_name: event.source });
    }
    Ok(BusEvent {
        detail_type: event.detail_type,
        at: event.time.unwrap_or_default(),
        detail: event.detail,
    })
}
