//! `payment_webhook` on Lambda.

use quita_aws::lambda::{self, Messages};
use quita_edge::trigger::Trigger;
use quita_payment_webhook::handle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let deps = lambda::start(Messages::NotSent).await?;
    lambda::run_parsed(&deps, Trigger::parse, handle).await
}
