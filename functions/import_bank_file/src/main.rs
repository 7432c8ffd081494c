//! `import_bank_file` on Lambda.

use quita_aws::lambda;
use quita_edge::trigger::bus_event;
use quita_import_bank_file::handle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let function = lambda::function().start()?;
    lambda::run_parsed(&function, bus_event, handle).await
}
