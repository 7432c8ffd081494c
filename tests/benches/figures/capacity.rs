//! The load on the hottest keys for so many open invoices. Pure, and the reckoning behind
//! `infra/table.md`, "Load at 10 million open invoices".

/// Days an invoice is open.
pub const DAYS_OPEN: u64 = 30;
/// Hours of a working day.
const WORKING_HOURS: u64 = 8;
/// The busiest hour, as a multiple of the mean.
const PEAK: u64 = 3;
/// Reads of the merchant for one invoice: its opening, its payment and its four reminders.
const MERCHANT_READS: u64 = 6;
/// Entries an invoice puts into a list of `by_state`: its opening one, its settlement two.
const STATE_ENTRIES: u64 = 3;
/// Rows of the journal an invoice books.
const JOURNAL_ROWS: u64 = 3;
/// Shards of a list of `by_state`.
const STATE_SHARDS: u64 = 4;
/// Shards of `work`.
const WORK_SHARDS: u64 = 16;
/// Days between two reminders of one invoice.
const REMINDER_DAYS: u64 = 7;
/// Write units of moving one entry of an index.
const MOVE_UNITS: u64 = 2;
/// Most write and read units a second of one partition. Source: DynamoDB developer guide, "Best
/// practices for designing partition keys".
const WRITES_MAX: u64 = 1_000;
const READS_MAX: u64 = 3_000;

/// One line of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub key: &'static str,
    pub load: String,
    /// Per cent of what the partition takes, rounded; `None` where it is no rate.
    pub percent: Option<u64>,
}

/// The load of `open` invoices, all of one merchant; `idle_units` are the read units of a sweep that
/// finds nothing, as measured.
pub fn model(open: u64, idle_units: u64) -> Vec<Row> {
    let a_day = open / DAYS_OPEN;
    let peak = (a_day * PEAK).div_ceil(WORKING_HOURS * 3_600);
    let reads = peak * MERCHANT_READS;
    let state = peak * STATE_ENTRIES / STATE_SHARDS;
    let journal = peak * JOURNAL_ROWS / STATE_SHARDS;
    let due_a_shard = open / REMINDER_DAYS / WORK_SHARDS;
    let moved = due_a_shard * MOVE_UNITS;
    let rate = |key, units: u64, most: u64, what: &str| Row {
        key,
        load: format!("{units} {what}/s at the peak"),
        percent: Some((units * 100 + most / 2) / most),
    };
    vec![
        Row { key: "opened and settled", load: format!("{peak}/s at the peak"), percent: None },
        rate("MERCHANT, its reads", reads, READS_MAX, "RCU"),
        rate("by_state, a shard", state, WRITES_MAX, "WCU"),
        rate("journal, a shard", journal, WRITES_MAX, "WCU"),
        Row {
            key: "work, idle",
            load: format!("{} RCU a day", idle_units * 24 * 60),
            percent: None,
        },
        Row {
            key: "work, a morning's shard",
            load: format!("{due_a_shard} due, {moved} WCU, {} s", moved.div_ceil(WRITES_MAX)),
            percent: None,
        },
    ]
}
