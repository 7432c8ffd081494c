//! The names that the parts of a rule have outside; the same as in storage.

use super::{Audience, Effect, InstalmentIs, Tone, Unit, Way};

/// Gives an enum all its values, their names, and the value of a name.
macro_rules! named {
    ($type:ident, $count:literal, $($value:ident => $name:literal),+ $(,)?) => {
        impl $type {
            pub const ALL: [Self; $count] = [$(Self::$value),+];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name),+
                }
            }

            /// The one of that name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|known| known.as_str() == name)
            }
        }
    };
}

named!(Tone, 5,
    Informative => "informative",
    Friendly => "friendly",
    Neutral => "neutral",
    Light => "light",
    Firm => "firm",
);
named!(Unit, 3, Days => "days", BusinessDays => "business_days", Hours => "hours");
named!(Audience, 3, Billing => "billing", Approver => "approver", Owner => "owner");
named!(Way, 7,
    Email => "email",
    WhatsApp => "whatsapp",
    Sms => "sms",
    Chat => "chat",
    Letter => "letter",
    CallTask => "call_task",
    Event => "event",
);
named!(Effect, 2, FlagAccount => "flag_account", EndChase => "end_chase");
named!(InstalmentIs, 2, First => "first", Last => "last");
