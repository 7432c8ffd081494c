//! Hundreds of small worlds, each played by a seed: commands, payments of any amount, callbacks that
//! come late, twice or never, refunds, bank files, faults, crashes between any two steps, and time. At
//! rest every centavo has its place, and the books say the same.
//!
//! A failure names its seed and prints what was done. To play one seed again:
//!
//! ```text
//! SIM_SEED=7 cargo test -p quita-tests --test it simulation::one_seed -- --nocapture
//! ```
//!
//! `SIM_SEED=2001-3000` plays seeds that no test plays, as `cargo xtask sim` does. What they find goes
//! into [`FOUND`].

mod accounts;
mod books;
mod causes;
mod chase;
mod checks;
mod daily;
mod deeds;
mod drafts;
mod handling;
mod people;
mod player;
mod troubles;

use chrono::TimeDelta;

use player::{Player, Trace};

/// Fewest and most deeds of one world.
const DEEDS: std::ops::RangeInclusive<usize> = 24..=38;
/// Quiet rounds at the end; each is longer than a claim's lease, a callback's delay, and every few
/// of them than the longest wait between two tries.
const ROUNDS_MAX: usize = 40;
/// Seeds that once found something. They are played first.
const FOUND: &[u64] = &[5, 47, 129, 475, 735, 863, 995, 1043, 1485, 1857];

#[test]
fn seeds_that_found_something() {
    play_all(FOUND.iter().copied());
}

#[test]
fn seeds_from_1_to_250() {
    play_all(1..=250);
}

#[test]
fn seeds_from_251_to_500() {
    play_all(251..=500);
}

/// The seed of `SIM_SEED`, with its trace, or a range of seeds; nothing without either.
#[test]
fn one_seed() {
    let Ok(asked) = std::env::var("SIM_SEED") else {
        return println!("skipped: SIM_SEED names no seed");
    };
    if let Some((first, last)) = asked.split_once('-') {
        return play_all(first.parse().unwrap()..=last.parse().unwrap());
    }
    let seed = asked.parse().unwrap();
    let trace = Trace::default();
    let outcome = play(seed, trace.clone());
    println!("{}", trace.lock().unwrap().join("\n"));
    outcome.unwrap();
}

fn play_all(seeds: impl Iterator<Item = u64>) {
    let mut failures = Vec::new();
    for seed in seeds {
        let trace = Trace::default();
        if let Err(why) = play(seed, trace.clone()) {
            let steps = trace.lock().unwrap().len();
            failures.push(format!("seed {seed}, {steps} steps: {why}"));
        }
    }
    assert!(
        failures.is_empty(),
        "play one again with SIM_SEED=<seed> cargo test -p quita-tests --test it \
         simulation::one_seed -- --nocapture\n{}",
        failures.join("\n")
    );
}

/// Stack of the thread a world is played on: the calls of a whole system nest deep in a debug build.
const STACK_BYTES: usize = 16 << 20;

/// Plays a world on a thread and a runtime of its own, so that nothing of it is left afterwards.
fn play(seed: u64, trace: Trace) -> Result<(), String> {
    let world = std::thread::Builder::new().stack_size(STACK_BYTES);
    let played = world.spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut player = Player::new(seed, trace).await;
            player.play().await;
            player.rest().await;
            checks::all(&player).await
        })
    });
    match played.unwrap().join() {
        Ok(wrongs) if wrongs.is_empty() => Ok(()),
        Ok(wrongs) => Err(wrongs.join("\n    ")),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            Err(format!("panicked: {}", text.or(panic.downcast_ref().copied()).unwrap_or("?")))
        }
    }
}

impl Player {
    async fn play(&mut self) {
        self.world.reconciliation_due(self.world.now()).await;
        self.rule_of_this_world().await;
        self.days_of_this_world().await;
        self.ask_customer().await;
        if self.chance(70) {
            self.weather();
        }
        for _ in 0..self.rng.usize(DEEDS) {
            // A dead process stays dead for some deeds.
            if self.world.faults.is_down() && self.chance(60) {
                self.rise();
            }
            self.deed().await;
        }
    }

    async fn deed(&mut self) {
        match self.rng.u8(0..100) {
            0..12 => self.ask_invoice().await,
            12..14 => self.ask_again().await,
            14..15 => self.ask_customer().await,
            15..17 => self.cancel().await,
            17..19 => self.reissue().await,
            19..29 => self.pay(),
            29..31 => self.pay_wrongly(),
            31..32 => self.pay_key(),
            32..34 => self.pay_own_code(),
            34..36 => self.refund(),
            36..38 => self.forge().await,
            38..39 => self.knock().await,
            39..49 => self.person().await,
            49..53 => self.handle().await,
            53..60 => self.deliver().await,
            60..66 => self.pump().await,
            66..71 => self.sweep().await,
            71..73 => self.two_sweeps().await,
            73..78 => self.race().await,
            78..86 => self.jump(),
            86..88 => self.weather(),
            88..94 => self.mishap(),
            94..99 => self.plan_crash(),
            _ => self.restart(),
        }
    }

    /// Everything works again, what is outstanding arrives, and time passes until nothing moves.
    async fn rest(&mut self) {
        self.world.faults.set_rates(Default::default());
        self.world.faults.revive();
        self.world.bank.faults().clear();
        self.world.machine.bus().refuse_next(0);
        self.note("calm");
        for nth in 0..self.asked.len() {
            self.repeat_request(nth).await;
        }
        // Whatever callbacks missed is in the bank's own lists, some of which are read once a day.
        self.advance(TimeDelta::hours(26));
        self.world.bank.deliver_callbacks().await;
        self.world.sweep().await;
        self.world.reconcile().await;
        self.until_nothing_moves().await;
        self.next_morning();
        self.until_nothing_moves().await;
    }

    async fn until_nothing_moves(&mut self) {
        for round in 0..ROUNDS_MAX {
            let minutes = if round % 4 == 0 { 61 } else { 11 };
            self.advance(TimeDelta::minutes(minutes));
            self.world.usage();
            let due = self.callbacks_to_come();
            let report = self.world.bank.deliver_callbacks().await;
            self.told.extend(due.into_iter().filter(|_| report.failed + report.abandoned == 0));
            self.sweep().await;
            let usage = self.world.usage();
            if round > 2 && usage.puts + usage.transactions == 0 && report.posts == 0 {
                return;
            }
        }
        self.wrongs.push("the world does not come to rest".to_owned());
    }

    fn callbacks_to_come(&self) -> Vec<String> {
        let now = quita_app::ports::Clock::now(self.world.clock.as_ref());
        let pending = self.world.bank.pending_callbacks().into_iter();
        pending
            .filter(|callback| callback.not_before.is_none_or(|at| at <= now))
            .map(|callback| callback.e2eid)
            .collect()
    }
}
