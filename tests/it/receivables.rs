//! Fears about the statement for a lender: a debt that is in it twice or not at all, sums that are a
//! centavo off, a day that nobody can tell of, a name that a spreadsheet runs.

use quita_app::receivables_report::LINES_MAX;
use quita_core::money::Money;
use quita_psp_sandbox::PayOptions;
use serde_json::{Value, json};

use crate::files::openapi;
use crate::schema::faults;
use crate::world::{World, at, text, txid};

const PATH: &str = "/v1/reports/receivables";

/// The statement, as documented, whose sums are those of its lines.
async fn statement(world: &World, query: &str) -> Value {
    let told = world.get(&format!("{PATH}{query}")).await;
    let schema = json!({ "$ref": "#/components/schemas/ReceivablesStatement" });
    assert_eq!(faults(&openapi(), &schema, &told), [""; 0]);
    let lines = told["lines"].as_array().unwrap();
    let mut all = (0, Money::ZERO, Money::ZERO);
    for bucket in told["ageing"].as_array().unwrap() {
        let of_bucket = lines.iter().filter(|line| line["bucket"] == bucket["bucket"]);
        let (count, late, outstanding) = sums(of_bucket);
        assert_eq!(shown(bucket), (count, late, outstanding), "{bucket}");
        all = (all.0 + count, all.1 + late, all.2 + outstanding);
    }
    assert_eq!(shown(&told["totals"]), all);
    assert_eq!(all.0, lines.len() as u64, "a line is in no bucket");
    told
}

fn money(value: &Value, name: &str) -> Money {
    Money::parse(text(value, name)).unwrap()
}

fn shown(sum: &Value) -> (u64, Money, Money) {
    (sum["count"].as_u64().unwrap(), money(sum, "late_charges"), money(sum, "outstanding"))
}

fn sums<'a>(lines: impl Iterator<Item = &'a Value>) -> (u64, Money, Money) {
    lines.fold((0, Money::ZERO, Money::ZERO), |(count, late, outstanding), line| {
        let added = money(line, "late_fee") + money(line, "interest");
        let parts = money(line, "principal") - money(line, "rebate") - money(line, "discount");
        assert_eq!(money(line, "outstanding"), parts + added, "{line}");
        (count + 1, late + added, outstanding + money(line, "outstanding"))
    })
}

/// Number, instalment, days past due and bucket of each line.
fn lines(told: &Value) -> Vec<(&str, u64, u64, &str)> {
    let of = |line: &'_ Value, name: &str| line[name].as_u64().unwrap();
    let all = told["lines"].as_array().unwrap().iter();
    all.map(|line| {
        let (number, bucket) = (text(line, "number"), text(line, "bucket"));
        (number, of(line, "instalment"), of(line, "days_past_due"), bucket)
    })
    .collect()
}

#[tokio::test]
async fn a_debt_is_shown_twice_or_not_at_all_or_a_centavo_off() {
    let world = World::new().await;
    let customer = world.customer().await;
    let make = async |number: &str, fields: Value| {
        let mut body = fields;
        body["number"] = json!(number);
        world.invoice(&customer, body).await
    };
    let paid = make("paid", json!({})).await;
    let part = make("part", json!({})).await;
    let canceled = make("canceled", json!({})).await;
    make("parts", json!({ "instalments": { "count": 3 } })).await;
    let disputed = make("disputed", json!({ "due_date": "2026-11-30" })).await;
    let until = json!([{ "date": "2027-03-01", "value": "5.00" }]);
    let discount = json!({ "type": "percent_until", "until": until });
    make("ahead", json!({ "due_date": "2027-03-10", "discount": discount })).await;
    world.clock.set(at("2026-12-08 12:00")).unwrap();
    world.pay(&txid(&paid, 1)).await;
    let some = PayOptions { amount: Some("400.00".into()), ..Default::default() };
    world.pay_with(&txid(&part, 1), some).await;
    let path = |invoice: &Value, what: &str| format!("/v1/invoices/{}/{what}", text(invoice, "id"));
    let reason = json!({ "reason": "em dobro" });
    world.post(&path(&canceled, "cancel"), &reason).await;
    world.post(&path(&disputed, "dispute"), &reason).await;
    world.settle().await;

    world.clock.set(at("2027-01-20 12:00")).unwrap();
    let told = statement(&world, "?as_of=2027-01-20").await;
    assert_eq!(
        lines(&told),
        [
            ("disputed", 1, 51, "31_to_60"),
            ("part", 1, 41, "31_to_60"),
            ("parts", 1, 41, "31_to_60"),
            ("parts", 2, 9, "1_to_30"),
            ("parts", 3, 0, "not_due"),
            ("ahead", 1, 0, "not_due"),
        ]
    );
    let all = told["lines"].as_array().unwrap();
    assert_eq!((&all[0]["disputed"], &all[1]["disputed"]), (&json!(true), &json!(false)));
    assert_eq!((text(&all[1], "amount"), text(&all[1], "principal")), ("1000.00", "600.00"));
    assert_eq!((text(&all[5], "discount"), text(&all[5], "outstanding")), ("50.00", "950.00"));
    assert_eq!(text(&all[0], "document"), "12ABC34501DE35");
    // What the invoices themselves say is owed.
    let listed = world.get("/v1/invoices?limit=100").await;
    let owed: Money =
        listed["items"].as_array().unwrap().iter().map(|it| money(it, "outstanding")).sum();
    assert_eq!(money(&told["totals"], "outstanding"), owed);
    let history = &told["history"];
    assert_eq!((text(history, "from"), text(history, "to")), ("2026-01-20", "2027-01-20"));
    // Five of R$ 1,000.00 stand; one of them was paid, two days early.
    assert_eq!((&history["invoices"], text(history, "invoiced")), (&json!(5), "5000.00"));
    assert_eq!((text(history, "received"), &history["closed"]), ("1400.00", &json!(1)));
    assert_eq!(history["average_days_beyond_terms"], json!(-2));
    assert_eq!((&history["complete"], &told["next_cursor"]), (&json!(true), &Value::Null));
}

#[tokio::test]
async fn a_day_that_nobody_can_tell_of_is_told_of() {
    let world = World::new().await;
    for route in [PATH.to_owned(), format!("{PATH}.csv")] {
        for day in ["2026-11-22", "2026-11-24", "2026-1-1", "today", ""] {
            let answer = world.call("GET", &format!("{route}?as_of={day}"), "").await;
            assert_eq!((answer.status, answer.properties()), (422, vec!["as_of".into()]), "{day}");
        }
        let answer = world.call("GET", &format!("{route}?as_of=2026-11-22"), "").await;
        assert!(answer.body.contains("today, 2026-11-23"), "{}", answer.body);
        let answer = world.call("GET", &format!("{route}?cursor=bm9wZQ"), "").await;
        assert_eq!(answer.properties(), ["cursor"]);
        for query in ["", "?as_of=2026-11-23"] {
            let answer = world.call("GET", &format!("{route}{query}"), "").await;
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    }
    let none = statement(&world, "").await;
    assert_eq!(shown(&none["totals"]), (0, Money::ZERO, Money::ZERO));
    // Late in the evening it is tomorrow in UTC, and still today where the merchant is.
    world.clock.set(at("2026-11-23 23:30")).unwrap();
    assert_eq!(text(&statement(&world, "").await, "as_of"), "2026-11-23");
}

#[tokio::test]
async fn a_name_is_run_by_a_lenders_spreadsheet_or_moves_the_columns() {
    let world = World::new().await;
    let name = "=HYPERLINK(\"http://x\",\"São João\")";
    let customer = world.customer_with(json!({ "name": name })).await;
    world.invoice(&customer, json!({ "number": "-1+1" })).await;
    let answer = world.call("GET", &format!("{PATH}.csv"), "").await;
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    let file = "attachment; filename=\"receivables-2026-11-23.csv\"";
    assert_eq!((answer.header("content-disposition"), answer.header("link")), (Some(file), None));
    let rows: Vec<&str> = answer.body.split_terminator("\r\n").collect();
    let [head, row] = rows.as_slice() else { panic!("{}", answer.body) };
    assert_eq!(head.split(',').count(), 20);
    let name = "\"'=HYPERLINK(\"\"http://x\"\",\"\"São João\"\")\"";
    let start = format!("2026-11-23,{customer},{name},12ABC34501DE35,inv_");
    assert!(row.starts_with(&start), "{row}");
    let end = ",'-1+1,1,2026-11-23,2026-12-10,2026-12-10,1000.00,1000.00,0.00,0.00,0.00,0.00,\
               1000.00,0,not_due,false";
    assert!(row.ends_with(end), "{row}");
}

#[tokio::test]
async fn a_page_of_a_large_statement_is_taken_for_all_of_it() {
    let world = World::new().await;
    let customer = world.customer().await;
    for nth in 0..=100 {
        let mut body = World::invoice_body(&customer);
        (body["number"], body["instalments"]) = (json!(format!("n-{nth}")), json!({ "count": 48 }));
        let answer = world.post("/v1/invoices", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    let first = statement(&world, "").await;
    assert!(first["lines"].as_array().unwrap().len() >= LINES_MAX, "it ends where it is large");
    let cursor = text(&first, "next_cursor");
    let rest = statement(&world, &format!("?as_of=2026-11-23&cursor={cursor}")).await;
    assert_eq!((&rest["next_cursor"], &rest["history"]), (&Value::Null, &Value::Null));
    let (a, b) = (shown(&first["totals"]), shown(&rest["totals"]));
    assert_eq!((a.0 + b.0, a.2 + b.2), (101 * 48, Money::from_centavos(101 * 100_000)));
    let csv = world.call("GET", &format!("{PATH}.csv"), "").await;
    assert_eq!(csv.body.lines().count() as u64, a.0 + 1);
    let link = csv.header("link").unwrap();
    let next =
        format!("</v1/reports/receivables.csv?as_of=2026-11-23&cursor={cursor}>; rel=\"next\"");
    assert_eq!((link, csv.header("next-cursor")), (next.as_str(), Some(cursor)));
    let others = crate::tenants::Other::of(&world).await;
    let theirs = others.get(&format!("{PATH}?cursor={cursor}")).await;
    assert_eq!(theirs["lines"], json!([]), "a cursor leads into no other merchant's list");
}
