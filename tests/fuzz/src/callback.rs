//! What must hold of a callback's body, whatever its bytes.
//!
//! It never panics. Items keep their place. What was read is written and read again as the same, so
//! nothing that is understood depends on how a bank spells it.

use chrono::SubsecRound;
use quita_pix::callback::{self, BYTES_MAX, CallbackItem, CallbackPix};
use serde_json::json;

use crate::targets::Answer;

/// Digits of a second that the wire keeps.
const SUBSECOND_DIGITS: u16 = 3;

/// Reads `body` and asserts what must hold.
pub fn check(body: &[u8]) -> Answer {
    let Ok(items) = callback::parse(body) else { return Answer::Refused };
    let mut read = Vec::new();
    for (place, item) in items.into_iter().enumerate() {
        match item {
            CallbackItem::Malformed(malformed) => assert_eq!(malformed.index, place),
            CallbackItem::Pix(pix) => {
                // Whatever it says: that it says it is enough.
                drop(pix.payer());
                read.push(as_on_the_wire(*pix));
            }
        }
    }
    let written = json!({ "pix": read }).to_string();
    // Escapes may make a body longer than it came.
    if written.len() <= BYTES_MAX {
        let again = callback::parse(written.as_bytes()).expect("what was written is a callback");
        let again: Vec<CallbackPix> = again.into_iter().map(pix).collect();
        assert_eq!(again, read, "{written}");
    }
    if read.is_empty() { Answer::Refused } else { Answer::Read }
}

fn pix(item: CallbackItem) -> CallbackPix {
    match item {
        CallbackItem::Pix(pix) => *pix,
        CallbackItem::Malformed(malformed) => panic!("it is not read again: {malformed:?}"),
    }
}

/// With instants as precise as they are written.
fn as_on_the_wire(mut pix: CallbackPix) -> CallbackPix {
    pix.horario = pix.horario.trunc_subsecs(SUBSECOND_DIGITS);
    for refund in &mut pix.devolucoes {
        let times = [&mut refund.horario.solicitacao, &mut refund.horario.liquidacao];
        for time in times.into_iter().flatten() {
            *time = time.trunc_subsecs(SUBSECOND_DIGITS);
        }
    }
    pix
}
