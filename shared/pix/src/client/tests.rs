//! The client against a scripted bank on loopback.

mod bank;
mod ensure;
mod lists;
mod mtls;
mod observe;
mod outcomes;
mod setup;
mod tokens;
mod webhooks;
