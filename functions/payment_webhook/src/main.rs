//! `payment_webhook` on Lambda.

use quita_aws::lambda;
use quita_edge::trigger::Trigger;
use quita_payment_webhook::handle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let function = lambda::function().start()?;
    lambda::run_parsed(&function, Trigger::parse, handle).await
}
