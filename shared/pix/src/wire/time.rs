//! Instants on the wire.
//!
//! API Pix shows RFC 3339 in UTC (`2020-09-10T13:03:33.902Z`); banks also send no milliseconds,
//! a numeric offset, or no offset at all. Without an offset the text is taken as UTC, which is
//! what the specification prescribes.

use chrono::{DateTime, NaiveDateTime, Utc};

/// Reads an instant in any of the shapes banks send; `None` when it is no instant.
#[must_use]
pub fn parse_horario(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.with_timezone(&Utc));
    }
    ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f%z"]
        .iter()
        .find_map(|shape| DateTime::parse_from_str(text, shape).ok())
        .map(|instant| instant.with_timezone(&Utc))
        .or_else(|| {
            ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
                .iter()
                .find_map(|shape| NaiveDateTime::parse_from_str(text, shape).ok())
                .map(|civil| civil.and_utc())
        })
}

/// An instant as written in queries: whole seconds and `Z`, which every bank accepts.
pub(crate) fn format_horario(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `#[serde(with)]` for a required instant.
pub(crate) mod horario {
    use super::{DateTime, Utc, parse_horario};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::borrow::Cow;

    pub(crate) fn serialize<S: Serializer>(
        value: &DateTime<Utc>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_str(&value.format("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<DateTime<Utc>, D::Error> {
        let text = Cow::<str>::deserialize(input)?;
        parse_horario(&text).ok_or_else(|| D::Error::custom("not an RFC 3339 instant"))
    }
}

/// `#[serde(with)]` for an optional instant; an unreadable one is as good as absent, because no
/// decision rests on it. Needs `default`.
pub(crate) mod horario_opcional {
    use super::{DateTime, Utc, parse_horario};
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde dictates this signature")]
    pub(crate) fn serialize<S: Serializer>(
        value: &Option<DateTime<Utc>>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(instant) => super::horario::serialize(instant, out),
            None => out.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        Ok(Option::<String>::deserialize(input)?.as_deref().and_then(parse_horario))
    }
}
