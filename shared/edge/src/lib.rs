//! Between API Gateway, the bus, the stream, and typed requests: what every function stands behind.
//!
//! Owns the HTTP shape of things: bodies, limits, credentials, problems, pages, the idempotency
//! header. Does not own a use case (app) or a route (the functions).
//!
//! Invariants: the merchant comes from the credential, never from the body; every limit is named;
//! an answer of 500 and above never carries a cause.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test's panic is its report"))]

pub mod auth;
pub mod bodies;
pub mod http;
pub mod list;
pub mod problem;
pub mod routes;
pub mod trigger;

pub use http::{ApiRequest, ApiResponse, Call};
pub use list::ListView;
pub use problem::Problem;
