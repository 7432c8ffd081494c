//! Shared plumbing of the types that are one validated string.
//!
//! Owns: the serde form of such a type (its canonical text, parsed again on the way in) and the
//! redacted `Debug` of personal data. Does not own any rule of what a valid text is.
//! Invariant: no error made here repeats the text that was refused, so none leaks into a log.

/// Gives a type with `parse(&str)` and `as_str()` its `FromStr` and its serde form, a string.
macro_rules! text_value {
    ($name:ident, $error:ty) => {
        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

/// Gives a type that holds personal data a `Debug` that shows its name only.
macro_rules! redacted_debug {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    };
}

pub(crate) use {redacted_debug, text_value};
