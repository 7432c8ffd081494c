//! `record_evidence` on Lambda.

use quita_aws::lambda;
use quita_record_evidence::{Wake, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let function = lambda::function().start()?;
    lambda::run_parsed(&function, Wake::parse, handle).await
}
