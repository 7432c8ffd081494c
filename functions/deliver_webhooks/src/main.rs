//! `deliver_webhooks` on Lambda.

use quita_aws::lambda;
use quita_deliver_webhooks::handle;
use quita_edge::trigger::bus_event;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let function = lambda::function().start()?;
    lambda::run_parsed(&function, bus_event, handle).await
}
