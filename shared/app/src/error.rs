//! The one error of a use case: the outcome is unknown, do the same again.

use std::fmt;

use quita_pix::client::ConfigError;
use quita_pix::error::PixError;
use quita_table::items::ItemError;
use quita_table::{CommitError, StoreError};

/// Something outside did not answer in a way that settles the matter. Whoever called repeats the
/// same call; nothing is half done that a repeat would not finish.
#[derive(Debug, thiserror::Error)]
pub struct Unknown {
    doing: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Unknown {
    pub fn new(
        doing: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { doing, source: source.into() }
    }
}

/// An error with its causes in one line: `outcome unknown while …: connection refused`. A cause
/// that its effect already quotes is not told twice.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let told = cause.to_string();
        if !text.ends_with(&told) {
            text.push_str(": ");
            text.push_str(&told);
        }
        source = cause.source();
    }
    text
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "outcome unknown while {}", self.doing)
    }
}

impl From<StoreError> for Unknown {
    fn from(error: StoreError) -> Self {
        Self::new("reading the table", error)
    }
}

impl From<ItemError> for Unknown {
    fn from(error: ItemError) -> Self {
        StoreError::from(error).into()
    }
}

impl From<CommitError> for Unknown {
    fn from(error: CommitError) -> Self {
        Self::new("writing the table", error)
    }
}

impl From<PixError> for Unknown {
    fn from(error: PixError) -> Self {
        Self::new("asking the bank", error)
    }
}

impl From<ConfigError> for Unknown {
    fn from(error: ConfigError) -> Self {
        Self::new("setting up the bank client", error)
    }
}
