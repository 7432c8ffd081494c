//! The name a merchant gives a rule; an invoice keeps it with the version.

use crate::text::text_value;

/// Longest name.
const NAME_CHARS_MAX: usize = 32;

/// Why a text is not the name of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rule's name has 1 to {NAME_CHARS_MAX} lower-case letters, digits and underscores")]
pub struct RuleNameError;

/// The name of a rule: 1 to 32 of `[a-z0-9_]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleName(String);

impl RuleName {
    /// # Errors
    /// When it is not 1 to 32 of `[a-z0-9_]`.
    pub fn parse(text: &str) -> Result<Self, RuleNameError> {
        let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let fits = (1..=NAME_CHARS_MAX).contains(&text.len()) && text.bytes().all(lower);
        if fits { Ok(Self(text.to_owned())) } else { Err(RuleNameError) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_value!(RuleName, RuleNameError);
