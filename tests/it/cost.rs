//! Fears about the reckoning of costs and loads: a price that is taken a thousandfold, a model that
//! says something else than `infra/table.md`.

#[allow(dead_code, reason = "the benchmark prints more of it")]
#[path = "../benches/figures/capacity.rs"]
mod capacity;
#[allow(dead_code, reason = "the benchmark prints more of it")]
#[path = "../benches/figures/prices.rs"]
mod prices;

use rust_decimal::Decimal;

use prices::{Prices, Used};

fn check(used: Used, dollars: &str) {
    let expected: Decimal = dollars.parse().unwrap();
    assert_eq!(Prices::published().of(&used).normalize(), expected.normalize(), "{used:?}");
}

#[test]
fn a_unit_of_use_costs_what_is_published() {
    let many = Decimal::from(1_000_000);
    check(Used::default(), "0");
    check(Used { invocations: many, ..Used::default() }, "0.20");
    check(Used { read_units: many, ..Used::default() }, "0.125");
    check(Used { write_units: many, ..Used::default() }, "0.625");
    check(Used { http_requests: many, ..Used::default() }, "1");
    check(Used { events: many, ..Used::default() }, "1");
    check(Used { mails: Decimal::ONE_THOUSAND, ..Used::default() }, "0.10");
    check(Used { secret_calls: Decimal::from(10_000), ..Used::default() }, "0.05");
    check(Used { log_bytes: Decimal::from(1_000_000_000), ..Used::default() }, "0.50");
    // A function of 256 MB that runs four seconds is one GB-second.
    let second = Decimal::from(256 * 4_000);
    check(Used { megabyte_millis: second, ..Used::default() }, "0.0000133334");
}

#[test]
fn a_use_a_thousand_times_costs_a_thousand_times() {
    let one = Used {
        invocations: Decimal::TWO,
        megabyte_millis: Decimal::from(512),
        read_units: Decimal::new(5, 1),
        write_units: Decimal::TEN,
        http_requests: Decimal::ONE,
        events: Decimal::TWO,
        mails: Decimal::ONE,
        secret_calls: Decimal::new(1, 2),
        log_bytes: Decimal::from(800),
    };
    let prices = Prices::published();
    let thousand = prices.of(&one.times(Decimal::ONE_THOUSAND));
    assert_eq!(thousand, prices.of(&one) * Decimal::ONE_THOUSAND);
}

#[test]
fn a_price_without_a_confirmation_is_told() {
    let prices = Prices::published();
    assert_eq!(prices.unverified(), ["mail"]);
    assert_eq!((prices.region.as_str(), prices.checked.len()), ("us-east-1", 10));
}

#[test]
fn the_model_says_what_the_tables_description_says() {
    let loads: Vec<_> =
        capacity::model(10_000_000, 8).into_iter().map(|row| (row.load, row.percent)).collect();
    let told = |load: &str, percent| (load.to_owned(), percent);
    assert_eq!(
        loads,
        [
            told("35/s at the peak", None),
            told("210 RCU/s at the peak", Some(7)),
            told("26 WCU/s at the peak", Some(3)),
            told("26 WCU/s at the peak", Some(3)),
            told("11520 RCU a day", None),
            told("89285 due, 178570 WCU, 179 s", None),
        ]
    );
}
