//! `relay_events` on Lambda.

use quita_aws::lambda::{self, Messages};
use quita_relay_events::handle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let deps = lambda::start(Messages::NotSent).await?;
    lambda::run(&deps, handle).await
}
