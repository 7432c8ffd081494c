//! `authorize` on Lambda.

use quita_authorize::handle;
use quita_aws::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let function = lambda::function().start()?;
    lambda::run(&function, handle).await
}
