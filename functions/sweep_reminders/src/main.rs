//! `sweep_reminders` on Lambda.

use quita_aws::lambda;
use quita_edge::trigger::Trigger;
use quita_sweep_reminders::handle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let function = lambda::function().sends_mail().sends_by_every_channel().publishes().start()?;
    lambda::run_parsed(&function, Trigger::parse, handle).await
}
