//! The life of a Lambda function: start, then one event after the other.
//!
//! Owns the log's form, the loop over events, and how a failure is told to Lambda. Does not own
//! what a function does, nor what its start builds ([`start`]).
//!
//! ```text
//!   let function = lambda::function().publishes().start()?;
//!   lambda::run_parsed(&function, bus_event, handle).await
//! ```
//!
//! Invariants: a failure is logged once, by the runtime, with its chain; no payload is logged, at
//! any level.

mod failed;
mod log;
mod start;

use std::error::Error as StdError;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_runtime::{LambdaEvent, service_fn};
use quita_app::{Deps, Unknown};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument;

pub use failed::Failed;
pub use lambda_runtime::Error;
pub use start::{Function, NotReady, Start, StartError, function};

/// Serves events of one type until Lambda ends the process. `Err` is told to Lambda, which retries
/// and then hands the event to the dead-letter queue.
pub async fn run<Q, A>(
    function: &Function,
    handle: impl AsyncFn(&Deps, Q) -> Result<A, Unknown>,
) -> Result<(), Error>
where
    Q: DeserializeOwned,
    A: Serialize,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Q>| async move {
        let work = async {
            boxed(handle(function.deps().await?, event.payload)).await.map_err(Failed::from)
        };
        work.instrument(invocation()).await
    }))
    .await
}

/// Serves HTTP calls: every answer is an answer, also a 503. Only a function that is not ready
/// fails, which the gateway answers with 500 and Lambda counts as an error.
pub async fn run_http(
    function: &Function,
    handle: impl AsyncFn(&Deps, ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse,
) -> Result<(), Error> {
    let handle = &handle;
    lambda_runtime::run(service_fn(move |call: LambdaEvent<ApiGatewayV2httpRequest>| async move {
        let work =
            async { Ok::<_, Failed>(boxed(handle(function.deps().await?, call.payload)).await) };
        work.instrument(invocation()).await
    }))
    .await
}

/// Serves events that have to be told apart first. One that does not parse fails, as it will each
/// time, and ends in the dead-letter queue, where it can be looked at.
pub async fn run_parsed<T, A, E>(
    function: &Function,
    parse: impl Fn(Value) -> Result<T, E>,
    handle: impl AsyncFn(&Deps, T) -> Result<A, Unknown>,
) -> Result<(), Error>
where
    A: Serialize,
    E: StdError + 'static,
{
    let (parse, handle) = (&parse, &handle);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let event = parse(event.payload).map_err(|error| Failed::malformed(&error))?;
        let work =
            async { boxed(handle(function.deps().await?, event)).await.map_err(Failed::from) };
        work.instrument(invocation()).await
    }))
    .await
}

/// A use case is a deep nest of futures, and the runtime wraps it in more than the compiler's depth
/// limit allows for; on the heap it counts as one.
fn boxed<F: Future>(work: F) -> std::pin::Pin<Box<F>> {
    Box::pin(work)
}

/// The span of one invocation, inside the runtime's own, which has the ids of the request and the
/// trace. Whoever finds out the merchant of a call records it here.
fn invocation() -> tracing::Span {
    tracing::info_span!("invocation", merchant.id = tracing::field::Empty)
}

#[cfg(test)]
mod tests;
