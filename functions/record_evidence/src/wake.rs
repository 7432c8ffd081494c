//! What woke the function: a callback of WhatsApp, or an event of the mail provider.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use quita_app::evidence::ses::SOURCE;
use quita_edge::ApiRequest;
use serde_json::Value;

pub enum Wake {
    Http(Box<ApiRequest>),
    /// The `detail` of an event of SES.
    Mail(Value),
}

/// Without what is inside: addresses, signatures and what people wrote.
impl std::fmt::Debug for Wake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Http(_) => "Http",
            Self::Mail(_) => "Mail",
        })
    }
}

/// The invocation is none of those this function is wired to.
#[derive(Debug, thiserror::Error)]
pub enum UnknownWake {
    /// Its parser's message is left out: it quotes what it stumbled over.
    #[error("the invocation has no shape that is known here")]
    Shape,
    #[error("the event comes from `{source_name}`, not from `{SOURCE}`")]
    Foreign { source_name: String },
}

impl Wake {
    /// Tells an HTTP call from an event by the fields each always has.
    pub fn parse(payload: Value) -> Result<Self, UnknownWake> {
        if payload.get("requestContext").is_some() {
            let request = serde_json::from_value(payload).map_err(|_| UnknownWake::Shape)?;
            return Ok(Self::Http(Box::new(request)));
        }
        let event: EventBridgeEvent =
            serde_json::from_value(payload).map_err(|_| UnknownWake::Shape)?;
        if event.source == SOURCE {
            Ok(Self::Mail(event.detail))
        } else {
            Err(UnknownWake::Foreign { source_name: event.source })
        }
    }
}
