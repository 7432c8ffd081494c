//! What the Cloud API's errors mean: whether the same message may be sent later, and what a person
//! can do about it.
//!
//! Source: WhatsApp Business Platform, "Cloud API error codes". An error that is not listed is final
//! with a status of 4xx, and says nothing with one of 5xx.

use std::time::Duration;

/// Until a person may have changed something.
pub(super) const A_PERSON: Duration = Duration::from_secs(60 * 60);
/// Until there is room again for a number that sends too fast.
pub(super) const THROTTLED: Duration = Duration::from_secs(60);
/// Between two messages to one recipient.
const PAIR: Duration = Duration::from_secs(10);
/// The first pause of a template.
const PAUSED: Duration = Duration::from_secs(3 * 60 * 60);

/// The access token is over.
pub(super) const TOKEN_OVER: i64 = 190;

/// One error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    code: i64,
    /// How long the message waits; `None` refuses it for good.
    pub wait: Option<Duration>,
    pub what_to_do: &'static str,
}

const fn later(code: i64, wait: Duration, what_to_do: &'static str) -> Refusal {
    Refusal { code, wait: Some(wait), what_to_do }
}

const fn never(code: i64, what_to_do: &'static str) -> Refusal {
    Refusal { code, wait: None, what_to_do }
}

const REFUSALS: [Refusal; 28] = [
    later(2, THROTTLED, "WhatsApp is down for a moment; it is sent again"),
    later(4, THROTTLED, "the app calls WhatsApp too often; it is sent again"),
    later(10, A_PERSON, "allow the app to send messages for the business at Meta"),
    later(TOKEN_OVER, A_PERSON, "the access token is over: set a new one"),
    later(200, A_PERSON, "allow the app to send messages for the business at Meta"),
    later(368, A_PERSON, "Meta has restricted the business: see its account quality"),
    later(80007, THROTTLED, "the business sends too fast; it is sent again"),
    later(130429, THROTTLED, "the number sends too fast; it is sent again"),
    never(
        130472,
        "Meta keeps this recipient out of messages for an experiment: use another channel",
    ),
    later(131016, THROTTLED, "WhatsApp is down for a moment; it is sent again"),
    never(131021, "sender and recipient are the same number: correct the customer's phone"),
    never(131026, "the phone does not take WhatsApp messages: use another channel"),
    later(131031, A_PERSON, "Meta has locked the business account: see its account quality"),
    later(131042, A_PERSON, "set up how Meta is paid for messages"),
    later(131045, A_PERSON, "register the number for the Cloud API"),
    never(131047, "the customer wrote longer than 24 hours ago: send an approved template"),
    later(131048, A_PERSON, "Meta holds the number back for its quality: see the WhatsApp Manager"),
    never(131049, "Meta did not deliver it, so as not to tire the recipient: use another channel"),
    never(131050, "the recipient wants no such messages on WhatsApp: use another channel"),
    later(131056, PAIR, "too many messages to this recipient; it is sent again"),
    never(132000, "the template has other parameters at Meta: submit it anew as it is shown here"),
    never(132001, "Meta knows no such template in this language: submit it, or set its name"),
    never(132005, "the text is too long for the template: shorten the template"),
    never(132007, "Meta takes the template's content for a breach of its policy: change it"),
    never(132012, "a parameter is not what the template has at Meta: submit it anew"),
    later(132015, PAUSED, "Meta has paused the template for its quality: improve it"),
    never(132016, "Meta has shut the template off for its quality: submit another"),
    later(133010, A_PERSON, "register the number for the Cloud API"),
];

/// What is known of an error.
pub(super) fn of(code: i64) -> Option<&'static Refusal> {
    REFUSALS.iter().find(|known| known.code == code)
}
