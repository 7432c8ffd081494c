//! What the world does: callbacks that come late, twice or never, sweeps side by side, faults,
//! crashes, and time.

use std::time::Duration;

use chrono::TimeDelta;
use quita_app::chase_invoice::chase_invoice;
use quita_app::issue_charge::issue_charge;
use quita_local::mailbox::MailFault;
use quita_psp_sandbox::{CallbackFault, FaultRates as BankRates, HttpFault, RANDOM_DELAY_S_MAX};
use quita_testkit::fault::FaultRates;

use super::drafts::pick;
use super::player::Player;

/// Highest rate of each fault of the table, per thousand calls.
const TABLE_RATE_MAX: u16 = 40;
/// Highest rate of each fault of the bank, per hundred calls.
const BANK_RATE_MAX: u32 = 8;
/// Most calls of the table until a planned crash.
const CRASH_CALLS_MAX: u64 = 25;

impl Player {
    /// One pass of the bank's callbacks, some of them in trouble.
    pub async fn deliver(&mut self) {
        let due = self.due_callbacks();
        let fresh: Vec<String> =
            due.iter().filter(|(_, delayed)| !delayed).map(|(e2eid, _)| e2eid.clone()).collect();
        let troubled = if self.chance(40) { self.rng.usize(0..=fresh.len().min(3)) } else { 0 };
        let mut faults = Vec::new();
        for e2eid in &fresh[..troubled] {
            let fault = self.callback_fault();
            if fault == CallbackFault::Drop {
                self.dropped.insert(e2eid.clone());
            }
            self.world.bank.faults().next_callback(fault.clone());
            faults.push(fault);
        }
        let report = self.world.bank.deliver_callbacks().await;
        self.note(format_args!("deliver {} callbacks, {faults:?}: {report:?}", due.len()));
        self.remember(&due, report.abandoned);
    }

    /// Callbacks the next pass sends, and whether each was held back before.
    fn due_callbacks(&self) -> Vec<(String, bool)> {
        let now = self.world.now();
        let pending = self.world.bank.pending_callbacks().into_iter();
        let due = pending.filter(|callback| callback.not_before.is_none_or(|at| at <= now));
        due.map(|callback| (callback.e2eid, callback.not_before.is_some())).collect()
    }

    fn remember(&mut self, due: &[(String, bool)], abandoned: usize) {
        if abandoned > 0 {
            // Which ones cannot be told, so all of them may be lost.
            self.dropped.extend(due.iter().map(|(e2eid, _)| e2eid.clone()));
            return;
        }
        let pending = self.world.bank.pending_callbacks();
        let left = |e2eid: &str| pending.iter().any(|callback| callback.e2eid == e2eid);
        let done = due.iter().map(|(e2eid, _)| e2eid).filter(|it| !left(it));
        let told: Vec<String> = done.filter(|it| !self.dropped.contains(*it)).cloned().collect();
        self.told.extend(told);
    }

    fn callback_fault(&mut self) -> CallbackFault {
        let delay = Duration::from_secs(self.rng.u64(1..=RANDOM_DELAY_S_MAX));
        pick(
            &mut self.rng,
            [
                CallbackFault::Drop,
                CallbackFault::Duplicate,
                CallbackFault::Delay(delay),
                CallbackFault::Reorder,
                CallbackFault::WrongAmount("0.01".to_owned()),
                CallbackFault::Forged,
            ],
        )
    }

    pub async fn pump(&self) {
        let handled = self.world.machine.pump().await;
        self.note(format_args!("pump: {handled} events"));
    }

    /// The minute's schedule. That it fails is a trouble like others: the next one follows.
    pub async fn sweep(&self) {
        let swept = self.world.machine.sweep().await;
        self.note(format_args!("sweep: {swept:?}"));
    }

    pub async fn two_sweeps(&self) {
        let machine = &self.world.machine;
        let swept = tokio::join!(machine.sweep(), machine.sweep());
        self.note(format_args!("two sweeps: {swept:?}"));
    }

    /// Functions at work on one invoice at the same time, and the bank calls in between.
    pub async fn race(&mut self) {
        let Some(id) = self.some_invoice() else { return };
        let merchant = Self::merchant();
        let machine = self.world.machine.clone();
        let deps = machine.deps();
        let due = self.due_callbacks();
        let key = self.fresh_key();
        let body = r#"{"reason":"the race wants it"}"#;
        let cancel = format!("/v1/invoices/{id}/cancel");
        let reissue = format!("/v1/invoices/{id}/instalments/1/charges");
        let kind = self.rng.u8(0..6);
        self.note(format_args!("race {kind} for {id}"));
        match kind {
            0 => {
                let chase = || chase_invoice(deps, &merchant, &id);
                drop(tokio::join!(chase(), chase(), machine.pump()));
            }
            1 => {
                let issue = || issue_charge(deps, &merchant, &id);
                drop(tokio::join!(issue(), issue(), chase_invoice(deps, &merchant, &id)));
            }
            2 => {
                let issue = || issue_charge(deps, &merchant, &id);
                let cancel = async {
                    drop(self.post(&cancel, &key, body).await);
                    issue().await
                };
                drop(tokio::join!(issue(), cancel));
            }
            3 => {
                let issue = || issue_charge(deps, &merchant, &id);
                let reissue = async {
                    drop(self.post(&reissue, &key, body).await);
                    issue().await
                };
                drop(tokio::join!(issue(), reissue, chase_invoice(deps, &merchant, &id)));
            }
            4 => {
                let issue = issue_charge(deps, &merchant, &id);
                let told = self.world.bank.deliver_callbacks();
                let cancel = self.post(&cancel, &key, body);
                let report = tokio::join!(told, issue, cancel).0;
                self.remember(&due, report.abandoned);
            }
            _ => {
                let told = self.world.bank.deliver_callbacks();
                let chase = || chase_invoice(deps, &merchant, &id);
                let report = tokio::join!(chase(), told, chase(), machine.pump()).1;
                self.remember(&due, report.abandoned);
            }
        }
    }

    /// Minutes to weeks.
    pub fn jump(&mut self) {
        let by = match self.rng.u8(0..20) {
            0..8 => TimeDelta::minutes(self.rng.i64(1..30)),
            8..13 => TimeDelta::hours(self.rng.i64(1..24)),
            13..19 => TimeDelta::hours(self.rng.i64(24..24 * 7)),
            _ => TimeDelta::hours(self.rng.i64(24 * 7..24 * 40)),
        } + TimeDelta::seconds(self.rng.i64(0..60));
        self.advance(by);
        self.note(format_args!("jump {} min", by.num_minutes()));
    }

    /// New rates of random faults, or none.
    pub fn weather(&mut self) {
        let calm = self.chance(40);
        let mut per_thousand = || if calm { 0 } else { self.rng.u16(0..=TABLE_RATE_MAX) };
        let table = FaultRates {
            before_commit: per_thousand(),
            after_commit: per_thousand(),
            throttle: per_thousand(),
            conflict: per_thousand(),
        };
        let mut per_cent = || match calm {
            true => 0.0,
            false => f64::from(self.rng.u32(0..=BANK_RATE_MAX)) / 100.0,
        };
        let bank = BankRates {
            before_commit: per_cent(),
            after_commit: per_cent(),
            too_many_requests: per_cent(),
            internal_error: per_cent(),
            unavailable: per_cent(),
            ..BankRates::default()
        };
        self.world.faults.set_rates(table);
        self.world.bank.faults().set_rates(bank);
        self.note(format_args!("weather: {table:?} {bank:?}"));
    }

    /// One thing that fails next.
    pub fn mishap(&mut self) {
        match self.rng.u8(0..4) {
            0 => {
                let fault = pick(
                    &mut self.rng,
                    [
                        MailFault::NotNow,
                        MailFault::Refuse,
                        MailFault::UnknownBefore,
                        MailFault::UnknownAfter,
                    ],
                );
                self.world.mailbox.fail_next(fault);
                self.note(format_args!("next mail: {fault:?}"));
            }
            1 => {
                let entries = self.rng.usize(1..=12);
                self.world.machine.bus().refuse_next(entries);
                self.note(format_args!("bus refuses {entries}"));
            }
            2 => {
                let Some(charge) = self.some_charge(true) else { return };
                self.world.bank.remove_charge(&charge.txid).unwrap();
                self.note(format_args!("the bank takes {} out", charge.txid));
                self.taken_out.insert(charge.txid);
            }
            _ => {
                let fault = pick(
                    &mut self.rng,
                    [
                        HttpFault::TimeoutAfterCommit,
                        HttpFault::TimeoutBeforeCommit,
                        HttpFault::TooManyRequests { retry_after_s: 60 },
                        HttpFault::InternalError,
                        HttpFault::Unavailable,
                    ],
                );
                let calls = self.rng.usize(1..=4);
                self.world.bank.faults().next_calls(calls, fault);
                self.note(format_args!("next {calls} bank calls: {fault:?}"));
            }
        }
    }

    /// The process will die between two of its next calls, or in the middle of one.
    pub fn plan_crash(&mut self) {
        let calls = self.rng.u64(0..=CRASH_CALLS_MAX);
        let during = self.chance(50);
        if during {
            self.world.faults.crash_during(calls);
        } else {
            self.world.faults.crash_after(calls);
        }
        self.note(format_args!("crash after {calls} calls, during: {during}"));
    }

    /// Brings a dead process back: with its memory, or a new one.
    pub fn rise(&mut self) {
        if self.chance(30) {
            self.restart();
        } else {
            self.world.faults.revive();
            self.note("revived");
        }
    }

    pub fn restart(&mut self) {
        self.world.restart();
        self.note("restarted");
    }
}
