//! A function's own binary, run as Lambda runs it.
//!
//! Owns the runtime API a function polls, the processes, their environment, their figures, and the
//! reading of `template.yaml` that says which function exists and what wakes it. Does not own the
//! services a function calls: see [`crate::aws`].
//!
//! ```text
//!   let template = Template::read(&path)?;
//!   let mut config = FunctionConfig::new("portal", binary);
//!   config.environment.extend(services.environment());
//!   let function = LambdaFunction::new(config);          // nothing runs yet
//!   let answer = function.invoke(&payload).await?;        // spawns it, then asks
//!   for one in function.figures() { .. }                  // init, first, warm, peak memory
//! ```
//!
//! Invariants: an environment has one invocation at a time, and a process ends with its function.
//! Everything runs on a runtime of its own, so it may be called from any thread and any runtime.

mod clock;
mod environment;
mod figures;
mod function;
mod policy;
mod runtime_api;
pub mod template;

pub use clock::ClockFile;
pub use figures::Figures;
pub use function::{FunctionConfig, InvokeError, LambdaFunction};
pub use policy::Policies;
pub use runtime_api::FunctionError;
pub use template::Template;

#[cfg(test)]
mod tests;
