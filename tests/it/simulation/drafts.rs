//! Random requests: valid ones of every shape, with dates around weekends and holidays.

use chrono::{Days, NaiveDate};
use fastrand::Rng;
use serde_json::{Value, json};

/// Furthest due date of a request, in days from today.
const DUE_DAYS_MAX: u64 = 40;
/// Due dates that are Saturdays, Sundays, holidays, or lie next to one.
const AWKWARD_DAYS: [&str; 10] = [
    "2026-11-28",
    "2026-11-29",
    "2026-12-24",
    "2026-12-25",
    "2026-12-31",
    "2027-01-01",
    "2027-02-06",
    "2027-02-09",
    "2027-03-26",
    "2027-04-21",
];
/// Documents of the customers of one world.
pub const DOCUMENTS: [&str; 3] = ["12.ABC.345/01DE-35", "11.444.777/0001-61", "529.982.247-25"];

/// A customer that the nth document makes unique.
pub fn customer(nth: usize) -> Value {
    json!({
        "name": format!("Cliente {nth}"),
        "document": DOCUMENTS[nth],
        "emails": [format!("contas{nth}@cliente.example")],
        "phone": format!("+55 11 98765-430{nth}"),
        "address": {
            "street": "Rua A, 1",
            "city": "São Paulo",
            "state": "SP",
            "postal_code": "01310-100",
        },
        "locale": if nth == 1 { "en" } else { "pt-BR" },
    })
}

/// An invoice that is taken if `today` is the day it is asked for.
pub fn invoice(rng: &mut Rng, customer: &str, nth: usize, today: NaiveDate) -> Value {
    let due = due_date(rng, today);
    let amount = rng.i64(10_000..500_000);
    let mut body = json!({
        "customer_id": customer,
        "number": format!("SIM-{nth}"),
        "description": "Serviços prestados",
        "amount": reais(amount),
        "due_date": due,
    });
    if rng.u8(..) < 150 {
        body["late_fee"] = late_fee(rng);
        body["interest"] = interest(rng);
    }
    if rng.u8(..) < 60 {
        body["rebate"] = pick(
            rng,
            [
                json!({ "type": "percent", "value": "1.50" }),
                json!({ "type": "amount", "value": "5.00" }),
            ],
        );
    }
    if rng.u8(..) < 90 {
        body["discount"] = discount(rng, today, due);
    }
    if rng.u8(..) < 90 {
        body["payable_days_after_due"] = pick(rng, [json!(0), json!(5), json!(60)]);
    }
    match rng.u8(0..6) {
        0 => body["instalments"] = json!({ "count": rng.u8(2..=3) }),
        1 => {
            let first = rng.i64(5_000..amount - 4_000);
            let later = due + Days::new(rng.u64(1..20));
            body["instalments"] = json!([
                { "amount": reais(first), "due_date": due },
                { "amount": reais(amount - first), "due_date": later },
            ]);
        }
        _ => {}
    }
    body
}

fn due_date(rng: &mut Rng, today: NaiveDate) -> NaiveDate {
    let last = today + Days::new(DUE_DAYS_MAX);
    let awkward: Vec<NaiveDate> = AWKWARD_DAYS
        .iter()
        .map(|day| day.parse().unwrap())
        .filter(|day| (today..=last).contains(day))
        .collect();
    if !awkward.is_empty() && rng.u8(..) < 100 {
        awkward[rng.usize(..awkward.len())]
    } else if rng.u8(..) < 100 {
        today + Days::new(rng.u64(0..4))
    } else {
        today + Days::new(rng.u64(0..=DUE_DAYS_MAX))
    }
}

fn late_fee(rng: &mut Rng) -> Value {
    pick(
        rng,
        [
            json!({ "type": "percent", "value": "2.00" }),
            json!({ "type": "amount", "value": "7.35" }),
        ],
    )
}

fn interest(rng: &mut Rng) -> Value {
    let (kind, value) = pick(
        rng,
        [
            ("percent_per_month", "1.00"),
            ("percent_per_day", "0.07"),
            ("percent_per_year", "12.00"),
            ("amount_per_day", "0.33"),
        ],
    );
    let days = pick(rng, ["calendar", "business"]);
    json!({ "type": kind, "value": value, "days": days })
}

fn discount(rng: &mut Rng, today: NaiveDate, due: NaiveDate) -> Value {
    let ahead = due.signed_duration_since(today).num_days().unsigned_abs();
    let until = due - Days::new(rng.u64(0..=ahead.min(6)));
    let days = pick(rng, ["calendar", "business"]);
    pick(
        rng,
        [
            json!({ "type": "amount_until", "until": [{ "date": until, "value": "9.99" }] }),
            json!({ "type": "percent_until", "until": [{ "date": until, "value": "3.33" }] }),
            json!({ "type": "amount_per_day", "value": "0.21", "days": days }),
            json!({ "type": "percent_per_day", "value": "0.13", "days": days }),
        ],
    )
}

/// An amount of centavos as requests and the bank write it.
pub fn reais(centavos: i64) -> String {
    format!("{}.{:02}", centavos / 100, centavos % 100)
}

/// One of a few.
pub fn pick<T: Clone, const N: usize>(rng: &mut Rng, options: [T; N]) -> T {
    options[rng.usize(..N)].clone()
}
