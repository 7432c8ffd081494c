//! Text that must not reach a log: documents, keys, names, locations, secrets.
//!
//! Invariant: the content leaves only through an explicit call or through serde; there is no
//! `Display`, and `Debug` prints the length alone.

use serde::{Deserialize, Serialize};

/// A string whose `Debug` tells its length and nothing else.
///
/// Used for CPF, CNPJ, names, Pix keys, locations (a location is a bearer capability) and secrets.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The content. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The content, owned.
    #[must_use]
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<hidden, {} bytes>", self.0.len())
    }
}

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Hidden {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl PartialEq<str> for Hidden {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Hidden {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}
