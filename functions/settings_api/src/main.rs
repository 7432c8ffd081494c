//! `settings_api` on Lambda.

use quita_aws::lambda;
use quita_settings_api::handle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let function = lambda::function().start()?;
    lambda::run_http(&function, handle).await
}
