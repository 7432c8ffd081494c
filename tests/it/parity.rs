//! Fears about files that say the same thing twice: a function that is built and never deployed, a
//! route that is documented and leads nowhere, an event nobody hears, an index the code asks for
//! and the table lacks.

mod alarms;
mod durability;
mod gate;
mod schedules;

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use quita_app::access::{api_keys, people};
use quita_app::bus::{
    BusEvent, CHARGE_DUE, CONFIRM_DUE, DAILY_DUE, DELIVERY_DUE, IMPORT_DUE, RECONCILE_DUE,
    SHARD_DUE, SOURCE,
};
use quita_app::clear_flag::FLAG_CLEARED;
use quita_app::evidence::{self, ses};
use quita_app::routing::{EVERY_FACT, ROUTES, WORK_SUFFIX};
use quita_app::rules::{publish, segments};
use quita_app::webhooks::manage_endpoints;
use quita_app::{create_customer, customer_care, onboarding, settings, templates};
use quita_core::ids::{DeliveryId, EndpointId, ImportId, InvoiceId, MerchantId, PaymentId};
use quita_core::invoice::Event;
use quita_core::{approval, erasure};
use quita_local::routes::HTTP_ROUTES;
use quita_table::items::kind;
use quita_table::keys::WORK_SHARDS;
use quita_table::schema as table_schema;
use serde_json::{Value, json};

use crate::files::{array, event_schema, names_in, object, openapi, template, text};
use crate::openapi::operations;
use crate::sample_events::{every_event, every_payment_event};
use crate::schema::faults;

/// Events of a merchant's reconciliation with its bank.
const RECONCILIATION_EVENTS: [&str; 3] = quita_core::reconciliation::Event::NAMES;
/// Events of bank files and of their lines.
const IMPORT_EVENTS: [&str; 5] = quita_core::bank_import::EVENTS;
/// Events of a merchant, its customers, and who may do what for it.
const ADMIN_EVENTS: [&[&str]; 9] = [
    &[settings::CHANGED, create_customer::CREATED, FLAG_CLEARED, templates::PUBLISHED],
    &[api_keys::CREATED, api_keys::ROTATED, api_keys::REVOKED],
    &[people::ADDED, people::CHANGED, people::REMOVED],
    &[publish::PUBLISHED, segments::SEGMENT_CHANGED, customer_care::CARE_CHANGED],
    &onboarding::EVENTS,
    &manage_endpoints::EVENTS,
    &approval::EVENTS,
    &erasure::EVENTS,
    &evidence::EVENTS,
];
/// Who hears what the mail provider tells, and is woken by no event of ours.
const HEARS_MAIL: &str = "record_evidence";
/// Events that ask for work instead of telling a fact.
const WORK_EVENTS: [&str; 7] =
    [CHARGE_DUE, CONFIRM_DUE, SHARD_DUE, RECONCILE_DUE, IMPORT_DUE, DELIVERY_DUE, DAILY_DUE];

/// Resources of one type, by their names.
fn resources(template: &Value, kind: &str) -> BTreeMap<String, Value> {
    let of_kind = object(&template["Resources"]).iter().filter(|(_, one)| one["Type"] == kind);
    let found: BTreeMap<String, Value> =
        of_kind.map(|(name, one)| (name.clone(), one.clone())).collect();
    assert!(!found.is_empty(), "the template has no {kind}");
    found
}

/// The functions of the template by the folder they are built from.
fn functions(template: &Value) -> BTreeMap<String, (String, Value)> {
    let mut found = BTreeMap::new();
    for (name, function) in resources(template, "AWS::Serverless::Function") {
        let code = text(&function["Properties"]["CodeUri"]);
        let folder = code.strip_prefix("functions/").unwrap_or_else(|| panic!("{name}: {code}"));
        assert_eq!(function["Metadata"]["BuildProperties"]["Binary"], folder, "{name}");
        assert!(found.insert(folder.to_owned(), (name, function.clone())).is_none(), "{folder}");
    }
    found
}

/// `create_invoice` as `CreateInvoice`.
fn pascal_case(folder: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    folder.split('_').map(capital).collect()
}

/// Every route of the template with the folder of the function it leads to.
fn routes(template: &Value) -> BTreeMap<String, String> {
    let functions = functions(template);
    let folder_of = |resource: &str| {
        let of = |(_, (name, _)): &(&String, &(String, Value))| name == resource;
        functions.iter().find(of).unwrap_or_else(|| panic!("no function {resource}")).0.clone()
    };
    let integrations = resources(template, "AWS::ApiGatewayV2::Integration");
    let mut found = BTreeMap::new();
    for (name, route) in resources(template, "AWS::ApiGatewayV2::Route") {
        let target = text(&route["Properties"]["Target"]["Fn::Sub"]);
        let integration = target
            .strip_prefix("integrations/${")
            .and_then(|rest| rest.strip_suffix('}'))
            .unwrap_or_else(|| panic!("{name}: {target}"));
        let uri = text(&integrations[integration]["Properties"]["IntegrationUri"]["Fn::GetAtt"]);
        let function = uri.strip_suffix(".Arn").unwrap_or_else(|| panic!("{name}: {uri}"));
        let key = text(&route["Properties"]["RouteKey"]).to_owned();
        assert!(found.insert(key, folder_of(function)).is_none(), "{name} is there twice");
    }
    found
}

/// The events of one type of a function, such as `EventBridgeRule`.
fn triggers<'a>(function: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let events = function["Properties"]["Events"].as_object().into_iter().flatten();
    events.filter(move |(_, event)| event["Type"] == kind).map(|(_, event)| &event["Properties"])
}

#[test]
fn every_function_folder_is_deployed_and_nothing_else() {
    let template = template();
    let deployed = functions(&template);
    assert_eq!(deployed.keys().cloned().collect::<BTreeSet<_>>(), names_in("functions", ""));
    for (folder, (name, _)) in &deployed {
        assert_eq!(*name, pascal_case(folder));
    }
}

#[test]
fn every_documented_path_is_a_route_and_every_route_is_documented() {
    let documented: BTreeSet<String> = operations(&openapi())
        .into_iter()
        .map(|(path, method, _)| format!("{} {path}", method.to_uppercase()))
        .collect();
    let routed: BTreeSet<String> = routes(&template()).into_keys().collect();
    assert_eq!(documented, routed);
}

#[test]
fn every_route_leads_to_the_function_that_has_its_permissions() {
    let local = HTTP_ROUTES
        .iter()
        .map(|(method, path, function)| (format!("{method} {path}"), function.name().to_owned()));
    assert_eq!(routes(&template()), local.collect());
}

#[test]
fn every_function_behind_a_route_may_be_called_by_the_gateway() {
    let template = template();
    let permissions = resources(&template, "AWS::Lambda::Permission");
    let called: BTreeSet<String> = permissions
        .values()
        .filter(|one| one["Properties"]["Principal"] == "apigateway.amazonaws.com")
        .map(|one| text(&one["Properties"]["FunctionName"]["Ref"]).to_owned())
        .collect();
    let routed = routes(&template).into_values().map(|folder| pascal_case(&folder));
    // The gateway asks the authorizer by itself, before any of them.
    let asked = routed.chain(["Authorize".to_owned()]);
    assert_eq!(called, asked.collect());
}

#[test]
fn every_event_the_code_routes_is_what_the_rules_deliver() {
    let template = template();
    let every_fact = json!({ "anything-but": { "suffix": WORK_SUFFIX } });
    let mut ruled = BTreeMap::new();
    for (folder, (_, function)) in functions(&template) {
        for rule in triggers(&function, "EventBridgeRule") {
            if folder == HEARS_MAIL {
                continue;
            }
            assert_eq!(rule["EventBusName"], json!({ "Ref": "Bus" }), "{folder}");
            assert_eq!(rule["Pattern"]["source"], json!([SOURCE]), "{folder}");
            let types = array(&rule["Pattern"]["detail-type"]);
            assert_eq!(types.contains(&every_fact), folder == EVERY_FACT, "{folder}");
            let named = types.iter().filter(|one| **one != every_fact);
            let named: BTreeSet<String> = named.map(|name| text(name).to_owned()).collect();
            assert!(ruled.insert(folder.clone(), named).is_none(), "{folder} has two rules");
        }
    }
    let routed: BTreeMap<String, BTreeSet<String>> = ROUTES
        .iter()
        .map(|(folder, types)| {
            ((*folder).to_owned(), types.iter().map(|name| (*name).to_owned()).collect())
        })
        .collect();
    assert_eq!(ruled, routed);
}

#[test]
fn an_event_of_the_mail_provider_is_not_asked_for_or_never_understood() {
    let template = template();
    let functions = functions(&template);
    let rules: Vec<&Value> = triggers(&functions[HEARS_MAIL].1, "EventBridgeRule").collect();
    let [rule] = rules.as_slice() else { panic!("one rule is expected") };
    assert_eq!(rule["EventBusName"], json!({ "Ref": "Bus" }));
    assert_eq!(rule["Pattern"]["source"], json!([ses::SOURCE]));
    assert_eq!(rule["Pattern"]["detail"]["eventType"], json!(ses::EVENT_TYPES));
    // What SES is asked to tell is heard, under the names its API has for the same.
    let destination = &template["Resources"]["MailEvents"]["Properties"]["EventDestination"];
    let told = array(&destination["MatchingEventTypes"]).iter().map(text);
    let spelled = |name: &str| name.replace(' ', "_").to_uppercase();
    for name in told {
        let name = name.replace("DELIVERY_DELAY", "DELIVERYDELAY");
        assert!(ses::EVENT_TYPES.iter().any(|known| spelled(known) == name), "{name} is not heard");
    }
    // They come by the account's own bus, and a rule brings them over.
    let over = &template["Resources"]["MailEventsToBus"]["Properties"];
    assert_eq!(over["EventPattern"]["source"], json!([ses::SOURCE]));
    assert_eq!(over["Targets"][0]["Arn"], json!({ "Fn::GetAtt": "Bus.Arn" }));
    let queue = json!({ "Fn::GetAtt": "RecordEvidenceDeadLetters.Arn" });
    assert_eq!(over["Targets"][0]["DeadLetterConfig"]["Arn"], queue);
}

#[test]
fn an_event_that_asks_for_work_is_told_to_merchants_as_a_fact() {
    for detail_type in WORK_EVENTS {
        assert!(detail_type.ends_with(WORK_SUFFIX), "{detail_type}");
    }
    let facts = names_in("infra/events", ".json");
    let facts = facts.iter().filter(|name| !WORK_EVENTS.contains(&name.as_str()));
    for detail_type in facts {
        assert!(!detail_type.ends_with(WORK_SUFFIX), "{detail_type} is told to nobody");
    }
}

#[test]
fn every_event_on_the_bus_has_a_schema_and_every_schema_an_event() {
    let invoice = every_event().iter().map(Event::name).collect::<BTreeSet<_>>();
    let payment = every_payment_event();
    let payment = payment.iter().filter_map(quita_core::payment::Event::name);
    let facts = invoice
        .into_iter()
        .chain(payment)
        .chain(RECONCILIATION_EVENTS)
        .chain(IMPORT_EVENTS)
        .chain(ADMIN_EVENTS.into_iter().flatten().copied());
    let facts = facts.map(|name| format!("{name}.v1"));
    let known: BTreeSet<String> = facts.chain(WORK_EVENTS.map(str::to_owned)).collect();
    assert_eq!(names_in("infra/events", ".json"), known);
    for detail_type in &known {
        assert_eq!(event_schema(detail_type)["title"], *detail_type);
    }
    let heard = ROUTES.iter().flat_map(|(_, types)| types.iter());
    for detail_type in heard {
        assert!(known.contains(*detail_type), "{detail_type} is heard and never sent");
    }
}

#[test]
fn every_event_that_asks_for_work_is_what_its_schema_says() {
    let merchant = MerchantId::parse("mer_aurora").unwrap();
    let invoice = InvoiceId::parse("inv_01JE6X7Q5M8Y2N4C9R0T3V6W8Z").unwrap();
    let payment = PaymentId::parse("E18236120202612101345s0123456789").unwrap();
    let import = ImportId::parse("imp_01JE6X7Q5M8Y2N4C9R0T3V6W8Z").unwrap();
    let endpoint = EndpointId::parse("whe_01JE6X7Q5M8Y2N4C9R0T3V6W8Z").unwrap();
    let delivery = DeliveryId::parse("msg_01JE6X7Q5M8Y2N4C9R0T3V6W8Z").unwrap();
    let at = DateTime::UNIX_EPOCH;
    let last_shard = WORK_SHARDS - 1;
    for event in [
        BusEvent::charge_due(&merchant, &invoice, at),
        BusEvent::confirm_due(&merchant, &payment, at),
        BusEvent::reconcile_due(&merchant, at),
        BusEvent::import_due(&merchant, &import, at),
        BusEvent::delivery_due(&merchant, &endpoint, &delivery, at),
        BusEvent::shard_due(last_shard, at),
        BusEvent::daily_due(&merchant, at),
    ] {
        let schema = event_schema(&event.detail_type);
        assert_eq!(faults(&schema, &schema, &event.detail), [""; 0], "{}", event.detail_type);
    }
    let past = event_schema(SHARD_DUE)["properties"]["shard"]["maximum"].clone();
    assert_eq!(past, json!(last_shard));
}

#[test]
fn every_key_index_and_setting_of_the_table_is_the_one_the_code_asks_for() {
    let template = template();
    let table = &template["Resources"]["Table"]["Properties"];
    let wanted = table_schema::create_table("any");
    let set = |value: &Value| array(value).iter().map(Value::to_string).collect::<BTreeSet<_>>();
    for name in ["AttributeDefinitions", "GlobalSecondaryIndexes"] {
        assert_eq!(set(&table[name]), set(&wanted[name]), "{name}");
    }
    assert_eq!(table["KeySchema"], wanted["KeySchema"]);
    assert_eq!(table["BillingMode"], wanted["BillingMode"]);
    let expiry = &table_schema::time_to_live("any")["TimeToLiveSpecification"];
    assert_eq!(table["TimeToLiveSpecification"], *expiry);
    let view = &table["StreamSpecification"]["StreamViewType"];
    assert_eq!(*view, wanted["StreamSpecification"]["StreamViewType"]);
}

#[test]
fn every_event_row_wakes_the_relay_and_no_other_item_does() {
    let template = template();
    let functions = functions(&template);
    let streams: Vec<&Value> =
        functions.values().flat_map(|(_, function)| triggers(function, "DynamoDB")).collect();
    let of_relay: Vec<&Value> = triggers(&functions["relay_events"].1, "DynamoDB").collect();
    assert_eq!(streams, of_relay);
    let [stream] = of_relay.as_slice() else { panic!("one stream is expected") };
    assert_eq!(stream["Stream"], json!({ "Fn::GetAtt": "Table.StreamArn" }));
    let [filter] = array(&stream["FilterCriteria"]["Filters"]) else { panic!("one filter") };
    let pattern: Value = serde_json::from_str(text(&filter["Pattern"])).unwrap();
    let row = json!({ "NewImage": { "kind": { "S": [kind::EVENT] } } });
    assert_eq!(pattern, json!({ "eventName": ["INSERT"], "dynamodb": row }));
}
