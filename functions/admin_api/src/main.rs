//! `admin_api` on Lambda.

use quita_admin_api::handle;
use quita_aws::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let function = lambda::function().sends_mail().looks_after_senders().start()?;
    lambda::run_http(&function, handle).await
}
