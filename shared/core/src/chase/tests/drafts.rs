//! Fears: a rule that annoys, or goes silent, because a fault in it was not told; a fault that is
//! told without its place.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::properties::rules;
use super::*;
use crate::message::Channel;

/// The shipped messages, and one of a merchant's own that is written for e-mail alone.
fn known(name: &str, channel: Channel) -> Option<Serves> {
    match name {
        "charge_issued" => Some(Serves::Either),
        "due_in_5_days" | "due_today" => Some(Serves::Preventive),
        "one_day_late" | "three_days_late" | "seven_days_late" | "fifteen_days_late" => {
            Some(Serves::Reactive)
        }
        "ours" if channel == Channel::Email => Some(Serves::Either),
        _ => None,
    }
}

fn typed(json: Value) -> Result<Rule, Vec<String>> {
    let draft: RuleDraft = serde_json::from_value(json).unwrap();
    let told = |it: crate::violation::Violation| format!("{}: {}", it.property, it.reason);
    draft.check(&known).map_err(|faults| faults.into_iter().map(told).collect())
}

/// The shipped rule with one thing changed, and the first fault's place; all others are there too.
fn check(at: &str, to: Value, faults: &[&str]) {
    let mut json = serde_json::to_value(RuleDraft::of(&Rule::shipped())).unwrap();
    match json.pointer_mut(at) {
        Some(place) => *place = to.clone(),
        None => {
            let (parent, name) = at.rsplit_once('/').unwrap();
            json.pointer_mut(parent).unwrap()[name] = to.clone();
        }
    }
    let told = typed(json).err().unwrap_or_default();
    let places: Vec<&str> = told.iter().map(|it| it.split(": ").next().unwrap()).collect();
    assert_eq!(places, faults, "{at} = {to}: {told:#?}");
}

fn late(id: &str, days: i64, template: &str) -> Value {
    json!({
        "id": id, "when": { "from": "due", "offset": days, "unit": "days" },
        "how": { "template": template, "tone": "firm" }, "where": ["email"],
    })
}

#[test]
fn the_shipped_rule_is_refused() {
    let json = serde_json::to_value(RuleDraft::of(&Rule::shipped())).unwrap();
    assert_eq!(typed(json).unwrap(), Rule::shipped());
}

#[test]
fn what_is_left_out_is_something_else_than_in_the_shipped_rule() {
    let all = serde_json::to_value(RuleDraft::of(&Rule::shipped())).unwrap();
    let (before, after) = (all["preventive"].clone(), all["reactive"].clone());
    let rule = typed(json!({ "preventive": before, "reactive": after })).unwrap();
    assert_eq!(rule, Rule::shipped());
}

#[test]
fn a_number_or_an_hour_that_makes_no_sense_is_taken() {
    check("/window/opens", json!("8h"), &["window.opens"]);
    check("/window/closes_weekdays", json!("08:00"), &["window.closes_weekdays"]);
    check("/window/closes_saturdays", json!("07:59"), &["window.closes_saturdays"]);
    check("/send_at", json!("24:00"), &["send_at"]);
    check("/min_gap_hours", json!(0), &["min_gap_hours"]);
    check("/min_gap_hours", json!(721), &["min_gap_hours"]);
    check("/caps", json!({ "per_day": 0, "per_week": 61 }), &["caps.per_day", "caps.per_week"]);
    check("/caps", json!({ "per_day": 5, "per_week": 4 }), &["caps.per_week"]);
    check("/hold_out_percent", json!(51), &["hold_out_percent"]);
    check("/rest_after_payment_hours", json!(-1), &["rest_after_payment_hours"]);
    check("/promise_grace_days", json!(31), &["promise_grace_days"]);
    check("/tone_caps", json!({ "vip": "loud" }), &["tone_caps.vip"]);
    check("/tone_caps", json!({ "gold": "light" }), &["tone_caps"]);
}

#[test]
fn a_step_without_a_right_axis_is_taken() {
    check("/reactive/0/id", json!("Late!"), &["reactive[0].id"]);
    check("/reactive/0/id", json!("receipt"), &["reactive[0].id"]);
    check("/reactive/0/id", json!("due_plus_3"), &["reactive[1].id"]);
    check("/reactive/0/when/unit", json!("weeks"), &["reactive[0].when.unit"]);
    check("/reactive/0/when/offset", json!(366), &["reactive[0].when.offset"]);
    check("/reactive/0/when/from", json!("birth"), &["reactive[0].when.from"]);
    check("/preventive/1/when/offset", json!(-61), &["preventive[1].when.offset"]);
    check("/reactive/0/where", json!(["email", "pigeon"]), &["reactive[0].where[1]"]);
    check("/reactive/0/where", json!(["email", "email"]), &["reactive[0].where[1]"]);
    check("/reactive/0/effects", json!(["explode"]), &["reactive[0].effects[0]"]);
    check("/reactive/0/how", Value::Null, &["reactive[0].how"]);
    check("/reactive/0/how/tone", json!("loud"), &["reactive[0].how.tone"]);
    check("/reactive/0/how/audience", json!("mother"), &["reactive[0].how.audience"]);
    check("/reactive/0/where", json!(["call_task"]), &["reactive[0].how"]);
    let nothing = json!({ "id": "x", "when": { "from": "due", "offset": 1, "unit": "days" } });
    check("/reactive/0", nothing, &["reactive[0].where"]);
}

#[test]
fn a_message_is_used_where_it_would_be_false_or_is_not_written() {
    check("/reactive/0/how/template", json!("nobody_wrote_it"), &["reactive[0].how.template"]);
    check("/reactive/0/how/template", json!("due_today"), &["reactive[0].how.template"]);
    check("/preventive/1/how/template", json!("one_day_late"), &["preventive[1].how.template"]);
    // Written for e-mail, and the step goes to the chat as well.
    check("/reactive/0/how/template", json!("ours"), &["reactive[0].where[1]"]);
}

#[test]
fn a_condition_that_nobody_meets_is_taken() {
    let only = json!({ "segments": ["A b"], "amount_from": "2.00", "amount_to": "1.99" });
    let places = ["reactive[0].only.segments[0]", "reactive[0].only.amount_to"];
    check("/reactive/0/only", only, &places);
    let only = json!({ "amount_from": "1,00", "age_days_from": 366, "instalment": "middle" });
    let places = [
        "reactive[0].only.amount_from",
        "reactive[0].only.age_days_from",
        "reactive[0].only.instalment",
    ];
    check("/reactive/0/only", only, &places);
}

#[test]
fn a_rule_has_no_first_step_or_two() {
    check("/preventive/0/id", json!("hello"), &["preventive[0].id", "preventive"]);
    let when = json!({ "from": "due", "offset": -9, "unit": "days" });
    check("/preventive/0/when", when, &["preventive[0].when", "preventive"]);
    check(
        "/preventive/1/when",
        json!({ "from": "on_issue" }),
        &["preventive[1].id", "preventive[1].when"],
    );
    check("/preventive/0/only", json!({ "amount_from": "9.00" }), &["preventive[0].only"]);
}

#[test]
fn a_chase_ends_in_silence() {
    check("/reactive/4/effects", json!(["flag_account"]), &["reactive"]);
    check(
        "/reactive/3/effects",
        json!(["end_chase"]),
        &["reactive[4].effects", "reactive[3].where"],
    );
    check("/reactive/4/only", json!({ "amount_from": "9.00" }), &["reactive[4].only"]);
    // The last step comes before another one.
    check("/reactive/4/when/offset", json!(14), &["reactive[3].when"]);
}

#[test]
fn a_step_is_in_the_wrong_phase() {
    check("/reactive/0/when/offset", json!(-1), &["reactive[0].when"]);
    check("/preventive/1/when/offset", json!(2), &["preventive[1].when"]);
}

#[test]
fn two_steps_fall_on_the_same_instant() {
    check(
        "/reactive/1/when",
        json!({ "from": "due", "offset": 24, "unit": "hours" }),
        &["reactive[1].when"],
    );
    // For other invoices the same instant is another step's.
    let json = serde_json::to_value(RuleDraft::of(&Rule::shipped())).unwrap();
    let mut json = json;
    let mut twin = late("big", 1, "three_days_late");
    twin["only"] = json!({ "amount_from": "50000.00" });
    json["reactive"].as_array_mut().unwrap().push(twin);
    let rule = typed(json).unwrap();
    assert!(rule.step("big").is_some());
}

#[test]
fn a_step_that_can_never_come_about_is_taken() {
    // A week's rest, and the message of the due date comes five days after another.
    check("/min_gap_hours", json!(7 * 24), &["preventive[2].when"]);
    // At an hour at which nothing may go out any more that day.
    check("/send_at", json!("21:00"), &["preventive[2].when"]);
    // The second waits for the end of the gap, and by then the third is due.
    let mut all = serde_json::to_value(RuleDraft::of(&Rule::shipped())).unwrap();
    let steps = [(1, "one_day_late"), (2, "three_days_late"), (4, "seven_days_late")];
    let mut reactive: Vec<Value> =
        steps.iter().map(|(day, what)| late(&format!("late_{day}"), *day, what)).collect();
    reactive.push(all["reactive"][4].clone());
    all["reactive"] = json!(reactive);
    all["preventive"] = json!([all["preventive"][0]]);
    assert!(typed(all.clone()).is_ok());
    all["min_gap_hours"] = json!(72);
    let told = typed(all).unwrap_err();
    assert!(told[0].starts_with("reactive[1].when: ") && told.len() == 1, "{told:?}");
    assert!(told[0].contains("`late_4`") && told[0].contains("minimum gap"), "{told:?}");
}

#[test]
fn a_tone_that_nobody_may_hear_is_taken() {
    let caps = json!({ "standard": "light", "valued": "light", "vip": "friendly" });
    check(
        "/tone_caps",
        caps,
        &["reactive[1].how.tone", "reactive[2].how.tone", "reactive[3].how.tone"],
    );
}

#[test]
fn the_faults_come_one_at_a_time() {
    let told = typed(json!({
        "min_gap_hours": -4,
        "preventive": [],
        "reactive": [late("a", 900, "due_today"), late("b", 1, "nobody")],
    }));
    let told = told.unwrap_err();
    let places: Vec<&str> = told.iter().map(|it| it.split(": ").next().unwrap()).collect();
    assert_eq!(
        places,
        [
            "reactive[0].when.offset",
            "reactive[0].how.template",
            "reactive[1].how.template",
            "min_gap_hours",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_rule_that_is_shown_and_typed_again_is_another(rule in rules()) {
        let shown = serde_json::to_value(RuleDraft::of(&rule)).unwrap();
        let draft: RuleDraft = serde_json::from_value(shown).unwrap();
        prop_assert_eq!(&RuleDraft::of(&rule), &draft);
        let any = |_: &str, _: Channel| Some(Serves::Either);
        // Whether it can all come about is another question.
        let expected = ["never", "last", "same instant"];
        match draft.check(&any) {
            Ok(read) => prop_assert_eq!(&read, &rule),
            Err(faults) => prop_assert!(
                faults.iter().all(|it| expected.iter().any(|why| it.reason.contains(why))),
                "{faults:?}"
            ),
        }
        let stored = serde_json::to_value(&rule).unwrap();
        prop_assert_eq!(serde_json::from_value::<Rule>(stored).unwrap(), rule);
    }
}
