//! `receivables_api` on Lambda.

use quita_aws::lambda::{self, Messages};
use quita_receivables_api::handle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let deps = lambda::start(Messages::NotSent).await?;
    lambda::run_http(&deps, handle).await
}
