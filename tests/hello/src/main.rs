//! The least a Lambda function in Rust can be: what the start of Quita's is measured against.
//!
//! It is in no template and is never deployed; `cargo xtask bench --lambda` builds it.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let echo = |event: LambdaEvent<Value>| async move { Ok::<_, Error>(event.payload) };
    lambda_runtime::run(service_fn(echo)).await
}
