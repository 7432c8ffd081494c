//! A checkpoint that has seen everything.

use quita_core::ids::EndToEndId;
use quita_core::reconciliation::{
    Callback, CallbackFault, CallbackState, Failing, Listing, Passed, Reconciliation, Report, Run,
    Skew, SkewKind, Stage, Tally, Told,
};

use super::{at, merchant_id};

/// In the middle of a run, with everything a run can have found.
pub fn reconciliation() -> Reconciliation {
    let tally = Tally { found: 240, healed: 2, charges: 10, reissued: 1, passed_over: 1 };
    let started_at = at("2026-12-10T15:45:00Z");
    let until = at("2026-12-10T12:00:00Z");
    let listing = Listing { from: at("2026-12-10T06:00:00Z"), until, end: started_at, page: 3 };
    let stage = Stage::Payments(listing);
    let callback = CallbackState::Repaired { was: CallbackFault::Elsewhere };
    let what = Passed { index: Some(7), id: None, reason: "valor is missing".to_owned() };
    Reconciliation {
        merchant: merchant_id(),
        version: 4,
        next_at: at("2026-12-10T16:00:00Z"),
        complete_until: until,
        daily_at: at("2026-12-11T03:00:00Z"),
        run: Some(Run { started_at, daily: true, stage, tally, skew_told: true }),
        last: Some(Report { started_at: until, finished_at: started_at, daily: false, tally }),
        failing: Some(Failing {
            attempts: 2,
            since: started_at,
            reason: "the bank did not answer".to_owned(),
        }),
        callback: Some(Callback { at: until, state: callback }),
        skew: Some(Skew {
            payment: EndToEndId::parse("E12345678202612101200abcdefghijk").unwrap(),
            kind: SkewKind::LongAfterOrder,
            settled_at: at("2026-12-10T15:00:00Z"),
            initiated_at: Some(until),
            noticed_at: started_at,
        }),
        told: vec![Told { at: until, what }],
        events: 3,
    }
}
