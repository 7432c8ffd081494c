//! `relay_events` on Lambda.

use quita_aws::lambda;
use quita_relay_events::handle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let function = lambda::function().publishes().start()?;
    lambda::run(&function, handle).await
}
