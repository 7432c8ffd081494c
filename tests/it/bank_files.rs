//! Bank files: a file that is not what it says, money that is told of twice, a crash in the middle,
//! and two who import at once. Every centavo is counted once, and a fault applies nothing.

mod refusals;
mod repeats;
mod taking;
mod written;

pub use written::{announced, begun, credit, imported, ofx, put};
