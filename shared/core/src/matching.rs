//! Which payment, or which debt, a line of a bank file tells of.
//!
//! Owns the order in which keys are believed ([`way`]) and what is suggested to a person where there
//! is no key ([`candidates`]). Does not own formats, storage, or the crediting itself.
//! Invariants: money recorded before is found before anything is credited; only a key of the bank's
//! or ours posts by itself (endToEndId, txid, *nosso número*), a name or an amount never does.

mod suggest;
mod text;
mod way;

pub use suggest::{
    CANDIDATES_MAX, Candidate, GroupCandidate, PRESELECT_MIN, Reason, candidates,
    candidates_for_group, preselected,
};
pub use way::{Fit, Known, Line, Moved, Way, fit, told_of_charge, way};

#[cfg(test)]
mod tests;
