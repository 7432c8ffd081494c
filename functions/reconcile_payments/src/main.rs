//! `reconcile_payments` on Lambda.

use quita_aws::lambda::{self, Messages};
use quita_edge::trigger::bus_event;
use quita_reconcile_payments::handle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let deps = lambda::start(Messages::NotSent).await?;
    lambda::run_parsed(&deps, bus_event, handle).await
}
