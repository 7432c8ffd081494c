//! What a commit changed of an aggregate, as its event row keeps it.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

/// Most fields one row tells of; an invoice with 48 instalments would else fill its row with them.
pub const FIELDS_MAX: usize = 24;
/// Longest value that is kept, in characters.
pub const VALUE_CHARS_MAX: usize = 120;
/// Field that says how many more changed.
const MORE: &str = "more_fields";
/// What is shown of a value that names a person.
const MASK: &str = "***";

/// A thing whose changes are audited.
pub trait Audited {
    /// The few fields that say how it stands, for comparison with how it stood.
    fn summary(&self) -> Summary;
}

/// How an aggregate stands, field by field. Lives only between a read and a commit.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Summary(BTreeMap<String, Field>);

#[derive(Clone, PartialEq, Eq)]
struct Field {
    value: String,
    personal: bool,
}

/// Without the values, which may be personal.
impl std::fmt::Debug for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Summary {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field. Its value is kept as it is shown here, so it must not name a person.
    #[must_use]
    pub fn with(self, field: impl Into<String>, value: impl Display) -> Self {
        self.put(field.into(), value.to_string(), false)
    }

    /// Adds a field that may have no value.
    #[must_use]
    pub fn with_some(self, field: impl Into<String>, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(field, value),
            None => self,
        }
    }

    /// Adds a field that names a person or leads to one, or is secret: compared, and shown masked.
    #[must_use]
    pub fn personal(self, field: impl Into<String>, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.put(field.into(), value.to_string(), true),
            None => self,
        }
    }

    /// Adds the fields of another summary, each under `{prefix}.{field}`.
    #[must_use]
    pub fn nested(mut self, prefix: impl Display, other: Self) -> Self {
        let fields = other.0.into_iter();
        self.0.extend(fields.map(|(field, value)| (format!("{prefix}.{field}"), value)));
        self
    }

    fn put(mut self, field: String, value: String, personal: bool) -> Self {
        self.0.insert(field, Field { value, personal });
        self
    }
}

/// The fields that changed, each with its value before and after; `None` where there was none.
/// Stored as `{"status": ["open", "paid"]}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Changes(BTreeMap<String, (Option<String>, Option<String>)>);

impl Changes {
    /// What is different between two summaries.
    pub fn between(before: &Summary, after: &Summary) -> Self {
        let changed = |(field, now): (&String, Option<&Field>)| {
            let was = before.0.get(field);
            let told = (was.map(Field::shown), now.map(Field::shown));
            (was.map(|it| &it.value) != now.map(|it| &it.value)).then(|| (field.clone(), told))
        };
        let gone = before.0.keys().filter(|field| !after.0.contains_key(*field));
        let all = after.0.iter().map(|(field, now)| (field, Some(now)));
        let all: BTreeMap<_, _> =
            all.chain(gone.map(|field| (field, None))).filter_map(changed).collect();
        let more = all.len().saturating_sub(FIELDS_MAX);
        let mut kept: BTreeMap<_, _> = all.into_iter().take(FIELDS_MAX).collect();
        if more > 0 {
            kept.insert(MORE.to_owned(), (None, Some(more.to_string())));
        }
        Self(kept)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields with their values before and after, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>, Option<&str>)> {
        self.0.iter().map(|(field, (was, now))| (field.as_str(), was.as_deref(), now.as_deref()))
    }

    /// The same, each field under `{prefix}.{field}`.
    #[must_use]
    pub fn under(self, prefix: &str) -> Self {
        let fields = self.0.into_iter();
        Self(fields.map(|(field, told)| (format!("{prefix}.{field}"), told)).collect())
    }

    /// Both, where one row tells of two things.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

impl Field {
    /// The value as a row may keep it.
    fn shown(&self) -> String {
        if !self.personal {
            let mut chars = self.value.chars();
            let kept: String = chars.by_ref().take(VALUE_CHARS_MAX).collect();
            return if chars.next().is_some() { kept + "…" } else { kept };
        }
        // The host of an address is not personal by itself, and tells a change of provider.
        let host = self.value.rsplit_once('@').map(|(_, host)| host);
        host.filter(|host| !host.contains(char::is_whitespace))
            .map_or_else(|| MASK.to_owned(), |host| format!("{MASK}@{host}"))
    }
}

/// What became of a thing: all of its summary when there was none before.
pub fn changes<T: Audited + ?Sized>(before: Option<&T>, after: &T) -> Changes {
    let before = before.map(Audited::summary).unwrap_or_default();
    Changes::between(&before, &after.summary())
}
