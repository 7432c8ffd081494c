//! Fear: a function that may do more than its work needs, so that a fault in one reaches all.

use std::collections::{BTreeMap, BTreeSet};

use quita_core::access::Principal;
use quita_core::ids::{
    ApiKeyId, DeliveryId, EndpointId, InvoiceId, MerchantId, PersonId, SessionId, TaskId,
};
use quita_table::keys::{InvoiceState, Key, List, RecordKey, work_pk};
use quita_table::schema::WORK;
use serde_json::{Value, json};

use crate::files::{array, object, template, text};

const READ: [&str; 2] = ["dynamodb:GetItem", "dynamodb:BatchGetItem"];
const WRITE: &str = "dynamodb:PutItem";
/// Only the guard of a document that is erased.
const DELETE: &str = "dynamodb:DeleteItem";
const QUERY: &str = "dynamodb:Query";
const SECRET: &str = "secretsmanager:GetSecretValue";
/// Storing the bank's credentials of a merchant that is set up.
const KEEP_SECRET: [&str; 2] = ["secretsmanager:CreateSecret", "secretsmanager:PutSecretValue"];
const PUBLISH: &str = "events:PutEvents";
const MAIL: &str = "ses:SendEmail";
/// The same call of SES version 2, with a message that is already encoded, is checked as this.
const RAW_MAIL: &str = "ses:SendRawEmail";
/// A text message, and a letter into its bucket.
const OTHER_CHANNELS: [&str; 2] = ["sms-voice:SendTextMessage", "s3:PutObject"];
/// Registering a merchant's sender and asking what became of it.
const SENDER: [&str; 4] = [
    "ses:CreateEmailIdentity",
    "ses:GetEmailIdentity",
    "ses:PutEmailIdentityMailFromAttributes",
    "ses:TagResource",
];

/// Tag that says whose a sender's domain is.
const OWNER_TAG: &str = "quita:merchant";

/// What each function does, action by action. A change here is a change of what a fault can reach.
fn expected() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let reading = |more: &[&'static str]| READ.into_iter().chain(more.iter().copied()).collect();
    let set_up = [WRITE, QUERY, SECRET, MAIL, RAW_MAIL];
    let set_up: Vec<&str> = set_up.into_iter().chain(KEEP_SECRET).chain(SENDER).collect();
    let sending = [WRITE, QUERY, SECRET, PUBLISH, MAIL, RAW_MAIL];
    let sending: Vec<&str> = sending.into_iter().chain(OTHER_CHANNELS).collect();
    BTreeMap::from([
        ("admin_api", reading(&set_up)),
        ("authorize", reading(&[WRITE, SECRET])),
        ("create_invoice", reading(&[WRITE, SECRET])),
        ("deliver_webhooks", reading(&[WRITE, SECRET])),
        ("import_bank_file", reading(&[WRITE, QUERY, SECRET])),
        ("issue_charge", reading(&[WRITE, SECRET])),
        ("payment_webhook", reading(&[WRITE, QUERY, SECRET])),
        ("portal", reading(&[WRITE, SECRET])),
        ("receivables_api", reading(&[WRITE, DELETE, QUERY, SECRET])),
        ("reconcile_payments", reading(&[WRITE, QUERY, SECRET])),
        ("record_evidence", reading(&[WRITE, SECRET])),
        ("settings_api", reading(&[WRITE, QUERY, SECRET])),
        ("relay_events", BTreeSet::from([PUBLISH, SECRET, QUERY, WRITE])),
        ("sweep_reminders", reading(&sending)),
    ])
}

/// The statements of each function, by its folder.
fn statements(template: &Value) -> BTreeMap<&str, Vec<&Value>> {
    object(&template["Resources"])
        .values()
        .filter(|one| one["Type"] == "AWS::Serverless::Function")
        .map(|one| &one["Properties"])
        .map(|function| {
            let policies = array(&function["Policies"]).iter();
            let statements = policies.flat_map(|policy| array(&policy["Statement"]));
            let code = text(&function["CodeUri"]);
            (code.strip_prefix("functions/").unwrap_or(code), statements.collect())
        })
        .collect()
}

/// One resource or several, as text.
fn resources(statement: &Value) -> Vec<String> {
    match &statement["Resource"] {
        Value::Array(several) => several.iter().map(Value::to_string).collect(),
        one => vec![one.to_string()],
    }
}

/// The functions with a statement that reaches a resource.
fn reaching<'a>(template: &'a Value, resource: &str) -> BTreeSet<&'a str> {
    let reaches = |statement: &&Value| resources(statement).iter().any(|it| it.contains(resource));
    let found = statements(template).into_iter();
    let found = found.filter(|(_, statements)| statements.iter().any(reaches));
    found.map(|(folder, _)| folder).collect()
}

#[test]
fn no_function_may_do_more_than_its_work() {
    let template = template();
    let allowed: BTreeMap<&str, BTreeSet<&str>> = statements(&template)
        .into_iter()
        .map(|(folder, statements)| {
            let actions = statements.iter().flat_map(|one| array(&one["Action"]));
            (folder, actions.map(text).collect())
        })
        .collect();
    assert_eq!(allowed, expected());
}

#[test]
fn no_function_may_reach_into_another_service_or_account() {
    let template = template();
    for (folder, statements) in statements(&template) {
        for statement in statements {
            assert_eq!(statement["Effect"], "Allow", "{folder}");
            for action in array(&statement["Action"]) {
                assert!(!text(action).contains('*'), "{folder} may do {action}");
            }
            for resource in resources(statement) {
                assert_ne!(resource, "\"*\"", "{folder} may reach everything");
                let own = ["Table.Arn", "Bus.Arn", "{LettersBucket.Arn}/letters/"]
                    .iter()
                    .any(|name| resource.contains(name))
                    || resource.contains("${AWS::Region}:${AWS::AccountId}:");
                assert!(own, "{folder} reaches {resource}");
            }
        }
    }
}

/// Every document of a policy that belongs to no function, by the resource's name. A key's own
/// policy is left out: it says `*` for the key itself.
fn other_policies(template: &Value) -> BTreeMap<&str, Vec<&Value>> {
    let mut found = BTreeMap::new();
    for (name, resource) in object(&template["Resources"]) {
        let properties = &resource["Properties"];
        let documents: Vec<&Value> = match text(&resource["Type"]) {
            "AWS::IAM::ManagedPolicy" | "AWS::SQS::QueuePolicy" | "AWS::SNS::TopicPolicy" => {
                vec![&properties["PolicyDocument"]]
            }
            "AWS::IAM::Role" => {
                array(&properties["Policies"]).iter().map(|one| &one["PolicyDocument"]).collect()
            }
            _ => continue,
        };
        let statements = documents.into_iter().flat_map(|one| array(&one["Statement"]));
        found.insert(name.as_str(), statements.collect());
    }
    found
}

#[test]
fn whatever_else_has_a_policy_reaches_everything() {
    let template = template();
    let policies = other_policies(&template);
    assert!(!policies.is_empty());
    for (name, statements) in policies {
        assert!(!statements.is_empty(), "{name}");
        for statement in statements {
            for resource in resources(statement) {
                assert!(!resource.contains('*'), "{name} reaches {resource}");
            }
            // A service that acts for others is let in for one rule or one account only.
            let is_for_service = statement.get("Principal").is_some();
            assert!(!is_for_service || statement.get("Condition").is_some(), "{name}");
        }
    }
}

#[test]
fn a_key_of_ones_own_opens_more_than_table_and_secrets() {
    let template = template();
    let [statement] = &other_policies(&template)["KeyUse"][..] else { panic!("one statement") };
    assert_eq!(statement["Resource"], json!({ "Fn::GetAtt": "Key.Arn" }));
    let through = &statement["Condition"]["StringEquals"]["kms:ViaService"];
    let service =
        |name: &str| json!({ "Fn::Sub": format!("{name}.${{AWS::Region}}.amazonaws.com") });
    let services = ["dynamodb", "secretsmanager", "s3"];
    assert_eq!(*through, json!(services.map(service)));
}

#[test]
fn only_who_talks_to_the_bank_may_read_its_credentials() {
    let template = template();
    let bank = [
        "admin_api",
        "import_bank_file",
        "issue_charge",
        "payment_webhook",
        "reconcile_payments",
        "sweep_reminders",
    ];
    assert_eq!(reaching(&template, "secret:${SecretPrefix}bank/*"), BTreeSet::from(bank));
    assert_eq!(reaching(&template, "secret:*"), BTreeSet::new());
    let operator = "secret:${SecretPrefix}operator-key-??????";
    assert_eq!(reaching(&template, operator), BTreeSet::from(["authorize"]));
    // Every function checks or makes signed tokens.
    let signing = reaching(&template, "secret:${SecretPrefix}signing-key-??????");
    assert_eq!(signing, statements(&template).into_keys().collect());
}

#[test]
fn a_secret_is_written_by_more_than_the_set_up_or_elsewhere_than_for_a_bank() {
    let template = template();
    for (folder, statements) in statements(&template) {
        for statement in statements {
            let actions = array(&statement["Action"]);
            if actions.iter().any(|action| KEEP_SECRET.contains(&text(action))) {
                assert_eq!(folder, "admin_api");
                let reached = resources(statement);
                let kinds = ["${SecretPrefix}bank/*", "${SecretPrefix}whatsapp/*"];
                let is_known = |one: &String| kinds.iter().any(|kind| one.contains(kind));
                assert!(reached.iter().all(is_known), "{reached:?}");
            }
        }
    }
}

#[test]
fn only_who_sends_or_hears_from_whatsapp_may_read_its_tokens() {
    let template = template();
    let all = reaching(&template, "secret:${SecretPrefix}whatsapp/*");
    assert_eq!(all, BTreeSet::from(["admin_api", "record_evidence", "sweep_reminders"]));
    // Who keeps them does not read them.
    let statements = statements(&template);
    let reads = statements["admin_api"].iter().any(|one| {
        array(&one["Action"]).contains(&json!(SECRET))
            && resources(one).iter().any(|it| it.contains("whatsapp/*"))
    });
    assert!(!reads);
}

#[test]
fn an_index_is_asked_by_who_has_no_list_in_it() {
    let template = template();
    let index = |name: &str| reaching(&template, &format!("${{Table.Arn}}/index/{name}"));
    assert_eq!(index(WORK.name), BTreeSet::from(["sweep_reminders"]));
    let by_customer = [
        "import_bank_file",
        "payment_webhook",
        "receivables_api",
        "reconcile_payments",
        "sweep_reminders",
    ];
    assert_eq!(index("by_customer"), BTreeSet::from(by_customer));
    let by_state =
        ["admin_api", "receivables_api", "reconcile_payments", "settings_api", "sweep_reminders"];
    assert_eq!(index("by_state"), BTreeSet::from(by_state));
    assert_eq!(reaching(&template, "/index/*"), BTreeSet::new());
}

/// The conditions of a function's statements that allow an action, each with its resource's end.
fn conditions(template: &Value, folder: &str, action: &str) -> Vec<Value> {
    let all = statements(template);
    let allowing = all[folder].iter().filter(|one| array(&one["Action"]).contains(&json!(action)));
    allowing.map(|one| one["Condition"].clone()).collect()
}

/// Keys that a statement may be about.
fn leading(patterns: &Value) -> Value {
    json!({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": patterns } })
}

#[test]
fn who_only_looks_at_credentials_reads_invoices() {
    let template = template();
    let read = leading(&json!(["M#*#A#*", "M#*#U#*", "M#*#S#*"]));
    for action in READ {
        assert_eq!(conditions(&template, "authorize", action), std::slice::from_ref(&read));
    }
    let write = leading(&json!(["M#*#A#*", "M#*#U#*"]));
    assert_eq!(conditions(&template, "authorize", WRITE), [write]);
}

#[test]
fn who_posts_to_merchants_reads_or_writes_more_than_what_is_posted() {
    let template = template();
    let own = leading(&json!(["M#*#H#*", "M#*#D#*"]));
    for action in [READ[0], READ[1], WRITE] {
        assert_eq!(conditions(&template, "deliver_webhooks", action), std::slice::from_ref(&own));
    }
}

#[test]
fn who_hears_of_messages_reaches_payments_or_merchants() {
    let template = template();
    let keys = ["M#*#I#*", "M#*#C#*", "M#*#T#*", "M#*#G#*", "M#*#W#*"];
    let own = leading(&json!(keys));
    for action in [READ[0], READ[1], WRITE] {
        assert_eq!(conditions(&template, "record_evidence", action), std::slice::from_ref(&own));
    }
}

#[test]
fn who_shows_pages_to_payers_writes_more_than_a_question() {
    let question = leading(&json!(["M#*#I#*", "M#*#T#*"]));
    assert_eq!(conditions(&template(), "portal", WRITE), [question]);
}

#[test]
fn the_relay_writes_more_than_blocks_of_the_audit_chain() {
    let template = template();
    let chain = leading(&json!("M#*#L"));
    for action in [QUERY, WRITE] {
        assert_eq!(conditions(&template, "relay_events", action), std::slice::from_ref(&chain));
    }
}

#[test]
fn the_sweep_lists_more_than_what_is_due_what_a_customer_has_and_what_a_day_asks_for() {
    let due = leading(&json!("W#*"));
    let of_customers = leading(&json!("M#*#C#*"));
    let lists = [
        List::Customers,
        List::Invoices(InvoiceState::Open),
        List::Journal,
        List::Tasks,
        List::ParkedPayments,
        List::People,
    ];
    let any = MerchantId::parse("mer_any").unwrap();
    let pattern = |list: List| list.pk(&any, 0).replace("mer_any", "*").replace("#0", "#*");
    let of_a_day = leading(&json!(lists.map(pattern)));
    assert_eq!(conditions(&template(), "sweep_reminders", QUERY), [due, of_customers, of_a_day]);
}

#[test]
fn an_event_is_published_in_the_name_of_another_source() {
    let template = template();
    let own = json!({ "StringEquals": { "events:source": quita_app::bus::SOURCE } });
    for (folder, actions) in expected() {
        if actions.contains(PUBLISH) {
            assert_eq!(
                conditions(&template, folder, PUBLISH),
                std::slice::from_ref(&own),
                "{folder}"
            );
        }
    }
}

#[test]
fn mail_is_sent_from_whatever_address() {
    let template = template();
    let from = json!({ "StringLike": { "ses:FromAddress": { "Ref": "MailFrom" } } });
    for (folder, actions) in expected() {
        if !actions.contains(MAIL) {
            continue;
        }
        for action in [MAIL, RAW_MAIL] {
            assert_eq!(
                conditions(&template, folder, action),
                std::slice::from_ref(&from),
                "{folder}"
            );
        }
        let set = "configuration-set/${MailConfigurationSet}";
        assert!(reaching(&template, set).contains(folder), "{folder} may send past the set");
    }
}

/// `StringLike` of IAM: `*` stands for any text.
fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| is_like(after, rest)))
        }),
    }
}

#[test]
fn a_domain_is_registered_for_nobody_or_changed_for_somebody_else() {
    let template = template();
    let is_tagged = |kind: &str| json!({ format!("aws:{kind}/{OWNER_TAG}"): "false" });
    let [create, _get, put, tag] = SENDER;
    for action in [create, tag] {
        let [condition] = &conditions(&template, "admin_api", action)[..] else { panic!("one") };
        assert_eq!(condition["Null"], is_tagged("RequestTag"), "{action}");
        let only = json!({ "aws:TagKeys": OWNER_TAG });
        assert_eq!(condition["ForAllValues:StringEquals"], only, "{action}");
    }
    let own = json!({ "Null": is_tagged("ResourceTag") });
    assert_eq!(conditions(&template, "admin_api", put), [own]);
    let tags = &template["Resources"]["MailSender"]["Properties"]["Tags"];
    assert_eq!(*tags, json!([{ "Key": OWNER_TAG, "Value": { "Ref": "MailDomainOwner" } }]));
}

#[test]
fn a_pattern_of_keys_is_not_the_one_the_table_spells() {
    let merchant = MerchantId::parse("mer_aurora").unwrap();
    let ulid = "01JE6X7Q5M8Y2N4C9R0T3V6W8Z";
    let key = ApiKeyId::parse(&format!("key_{ulid}")).unwrap();
    let person = PersonId::parse(&format!("usr_{ulid}")).unwrap();
    let session = SessionId::parse(&format!("ses_{ulid}")).unwrap();
    let invoice = InvoiceId::parse(&format!("inv_{ulid}")).unwrap();
    let record = |key: RecordKey| Key::Record(&key).of(&merchant).pk;
    let template = template();
    let [condition] = &conditions(&template, "authorize", READ[0])[..] else { panic!("one") };
    let patterns = array(&condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
    let may_read = |pk: &str| patterns.iter().any(|pattern| is_like(text(pattern), pk));
    for pk in [
        record(RecordKey::ApiKey(key.clone())),
        record(RecordKey::Person(person.clone())),
        record(RecordKey::Session(session)),
        record(RecordKey::LastUse(Principal::ApiKey(key))),
        record(RecordKey::LastUse(Principal::Person(person))),
    ] {
        assert!(may_read(&pk), "{pk}");
    }
    for pk in [
        Key::Merchant.of(&merchant).pk,
        Key::Invoice(&invoice).of(&merchant).pk,
        record(RecordKey::Endpoints),
        record(RecordKey::AuditBlock(1)),
    ] {
        assert!(!may_read(&pk), "{pk}");
    }
    assert!(is_like("W#*", &work_pk(0)));
    assert!(is_like("M#*#L", &record(RecordKey::AuditBlock(1))));
    assert!(is_like("M#*#H#*", &record(RecordKey::Endpoints)));
    let task = TaskId::parse(&format!("tsk_{ulid}")).unwrap();
    assert!(is_like("M#*#T#*", &record(RecordKey::Task(task))));
    assert!(is_like("M#*#I#*", &Key::Invoice(&invoice).of(&merchant).pk));
    let endpoint = EndpointId::parse(&format!("whe_{ulid}")).unwrap();
    let delivery = DeliveryId::parse(&format!("msg_{ulid}")).unwrap();
    assert!(is_like("M#*#D#*", &record(RecordKey::Delivery(endpoint, delivery))));
}
