//! What is wrong with a piece of input, as data.
//!
//! Owns: the pair of a property path and a reason. Does not own: transport (problem+json is
//! made at the edge) or the rules, which live beside the types they judge.

use serde::{Deserialize, Serialize};

/// One fault of one property. Checks report every fault at once, so callers hold a `Vec`.
///
/// It mirrors the `violacoes` of API Pix problems, in English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Path of the property from the root of the input, as in `instalments[0].amount`.
    pub property: String,
    /// An English sentence fragment that says what to do, without personal data.
    pub reason: String,
}

impl Violation {
    /// Makes a violation of `property` for `reason`.
    pub fn new(property: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { property: property.into(), reason: reason.into() }
    }

    /// The same violation seen from one level up: `due_date` under `terms` is `terms.due_date`.
    #[must_use]
    pub fn under(self, parent: &str) -> Self {
        Self { property: format!("{parent}.{}", self.property), reason: self.reason }
    }
}
