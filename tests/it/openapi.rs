//! Fears about `infra/openapi.yaml`: a reference that leads nowhere, an example that the schema
//! refuses, an error that is documented otherwise than it is answered.

use std::collections::{BTreeMap, BTreeSet};

use quita_core::access::{Lapsed, Permission};
use quita_core::violation::Violation;
use quita_edge::Problem;
use quita_edge::problem::TYPE_BASE;
use quita_edge::routes::Access;
use serde_json::Value;

use crate::files::{array, object, openapi, text};
use crate::schema::{faults, resolve};

/// Members of a path that are methods.
const METHODS: [&str; 4] = ["get", "post", "put", "delete"];
/// Writes that write nothing, one that its own bytes are known by, and decisions: a request is
/// decided about once, however often that is said.
const WITHOUT_KEY: [&str; 10] = [
    "/v1/sweeps/dry_run",
    "/v1/quotes",
    "/v1/templates/preview",
    "/v1/session/end",
    "/v1/bank_files/{bank_file_id}/parts/{part}",
    "/v1/invoices/{invoice_id}/links",
    "/v1/approvals/{approval_id}/approve",
    "/v1/approvals/{approval_id}/reject",
    "/v1/rules/{rule_name}/check",
    "/v1/segments/recompute",
];

/// What an address that shows pages may answer an error with.
const PAGE_ERRORS: [&str; 2] = ["text/html", "application/problem+json"];

/// Path, method and operation of everything documented, with the path's own parameters added.
pub fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in object(&document["paths"]) {
        for (method, operation) in object(item) {
            if method == "parameters" {
                continue;
            }
            assert!(METHODS.contains(&method.as_str()), "{path} has `{method}`");
            let mut operation = operation.clone();
            let own = array(&operation["parameters"]).iter();
            let all: Vec<Value> = own.chain(array(&item["parameters"])).cloned().collect();
            operation["parameters"] = Value::Array(all);
            found.push((path.clone(), method.clone(), operation));
        }
    }
    assert!(!found.is_empty(), "nothing is documented");
    found
}

/// The object itself, or what its `$ref` leads to.
fn seen<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    value["$ref"].as_str().map_or(value, |reference| resolve(document, reference))
}

fn every_reference(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(reference) if name == "$ref" => found.push(reference.to_owned()),
                    _ => every_reference(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| every_reference(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = openapi();
    let mut references = Vec::new();
    every_reference(&document, &mut references);
    for reference in &references {
        resolve(&document, reference);
    }
    for (kind, components) in object(&document["components"]) {
        if kind == "securitySchemes" {
            continue;
        }
        for name in object(components).keys() {
            let reference = format!("#/components/{kind}/{name}");
            assert!(references.contains(&reference), "{reference} is not used");
        }
    }
}

#[test]
fn every_operation_says_what_it_does_under_a_name_of_its_own() {
    let document = openapi();
    let tags: BTreeSet<&str> =
        array(&document["tags"]).iter().map(|tag| text(&tag["name"])).collect();
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let at = format!("{method} {path}");
        assert!(names.insert(text(&operation["operationId"]).to_owned()), "{at}: name is taken");
        assert!(!text(&operation["summary"]).is_empty(), "{at}");
        assert!(array(&operation["tags"]).iter().all(|tag| tags.contains(text(tag))), "{at}");
        let statuses: Vec<&String> = object(&operation["responses"]).keys().collect();
        assert!(statuses.iter().any(|status| status.starts_with('2')), "{at} never succeeds");
        for status in ["429", "500"] {
            assert!(statuses.iter().any(|known| *known == status), "{at} never answers {status}");
        }
    }
}

#[test]
fn every_path_parameter_is_described_and_none_is_made_up() {
    let document = openapi();
    for (path, method, operation) in operations(&document) {
        let described: BTreeSet<&str> = array(&operation["parameters"])
            .iter()
            .map(|parameter| seen(&document, parameter))
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| text(&parameter["name"]))
            .collect();
        let spelled: BTreeSet<&str> = path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        assert_eq!(described, spelled, "{method} {path}");
    }
}

#[test]
fn every_write_takes_a_key_and_tells_a_replay() {
    let document = openapi();
    for (path, method, operation) in operations(&document) {
        let at = format!("{method} {path}");
        let writes = matches!(method.as_str(), "post" | "put")
            && path.starts_with("/v1/")
            && !WITHOUT_KEY.contains(&path.as_str());
        let takes_key = array(&operation["parameters"])
            .iter()
            .any(|parameter| seen(&document, parameter)["name"] == "Idempotency-Key");
        assert_eq!(takes_key, writes, "{at}");
        for (status, response) in object(&operation["responses"]) {
            let response = seen(&document, response);
            let tells = response["headers"].get("Idempotency-Replayed").is_some();
            assert_eq!(tells, writes && status.starts_with('2'), "{at} {status}");
        }
    }
}

#[test]
fn every_route_of_v1_needs_a_key_and_answers_problems() {
    let document = openapi();
    for (path, method, operation) in operations(&document) {
        let at = format!("{method} {path}");
        let is_open = operation.get("security").is_some_and(|needs| array(needs).is_empty());
        assert_eq!(is_open, !path.starts_with("/v1/"), "{at}");
        let responses = object(&operation["responses"]);
        let is_callback = path.starts_with("/pix/") || path.starts_with("/whatsapp/");
        assert_eq!(responses.contains_key("401"), !is_open || is_callback, "{at}");
        // A page of the portal tells a person what is wrong; the gateway itself answers 429.
        let errors = responses.iter().filter(|(status, _)| !status.starts_with('2'));
        for (status, response) in errors.filter(|(status, _)| *status != "429") {
            let kinds: Vec<&String> =
                object(&seen(&document, response)["content"]).keys().collect();
            let is_page = path.starts_with("/p/") || path.starts_with("/sign_in/");
            let page = is_page && kinds.iter().all(|kind| PAGE_ERRORS.contains(&kind.as_str()));
            // The gateway answers 401 and 403 for itself as well.
            let refused = matches!(status.as_str(), "401" | "403") && path.starts_with("/v1/");
            let expected: &[&str] = match refused {
                true => &["application/json", "application/problem+json"],
                false => &["application/problem+json"],
            };
            assert!(page || kinds == expected, "{at} {status}: {kinds:?}");
        }
    }
}

/// What a caller needs is in the code's own tables of routes; the document says the same.
#[test]
fn a_permission_is_documented_otherwise_than_it_is_asked_for() {
    let tables = [
        quita_create_invoice::ROUTES,
        quita_receivables_api::ROUTES,
        quita_admin_api::ROUTES,
        quita_settings_api::ROUTES,
    ];
    let asked: BTreeMap<String, String> = tables
        .into_iter()
        .flatten()
        .map(|route| {
            let access = match route.access {
                Access::Open => "open".to_owned(),
                Access::Operator => "operator".to_owned(),
                Access::Needs(permission) => permission.to_string(),
            };
            (route.key.to_owned(), access)
        })
        .collect();
    let signed = ["/p/", "/pix/", "/whatsapp/"];
    let ours = |path: &str| !signed.iter().any(|start| path.starts_with(start));
    let documented: BTreeMap<String, String> = operations(&openapi())
        .into_iter()
        .filter(|(path, _, _)| ours(path))
        .map(|(path, method, operation)| {
            let is_open = operation.get("security").is_some_and(|needs| array(needs).is_empty());
            let access = match operation["x-permission"].as_str() {
                Some(permission) => permission,
                None if operation["x-operator"] == true => "operator",
                None if is_open => "open",
                None => "nothing",
            };
            (format!("{} {path}", method.to_uppercase()), access.to_owned())
        })
        .collect();
    assert_eq!(documented, asked);
}

/// The examples of one media type.
fn examples<'a>(document: &'a Value, media: &'a Value) -> Vec<&'a Value> {
    let named = media["examples"].as_object().into_iter().flatten();
    let named = named.map(|(_, example)| &seen(document, example)["value"]);
    media.get("example").into_iter().chain(named).collect()
}

#[test]
fn every_example_is_what_its_schema_says() {
    let document = openapi();
    let mut checked = 0;
    for (path, method, operation) in operations(&document) {
        let responses = object(&operation["responses"]).values();
        let bodies = responses.chain(operation.get("requestBody"));
        for body in bodies.map(|body| seen(&document, body)) {
            for (kind, media) in body["content"].as_object().into_iter().flatten() {
                for example in examples(&document, media) {
                    let found = faults(&document, &media["schema"], example);
                    assert_eq!(found, [""; 0], "{method} {path} {kind}");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 20, "only {checked} examples were found");
}

/// One of each problem.
fn every_problem() -> Vec<Problem> {
    let all = vec![
        Problem::Malformed { detail: "x".to_owned() },
        Problem::IdempotencyKeyMissing,
        Problem::Unauthorized,
        Problem::Lapsed(Lapsed::Expired),
        Problem::Forbidden(Permission::MoveMoney),
        Problem::OperatorOnly,
        Problem::NotFound,
        Problem::MethodNotAllowed,
        Problem::LinkOver,
        Problem::Conflict { detail: "x".to_owned() },
        Problem::BodyTooLarge { bytes_max: 1 },
        Problem::Invalid(vec![Violation::new("amount", "use another")]),
        Problem::IdempotencyKeyReused,
        Problem::Internal,
        Problem::Unavailable,
        Problem::NotNow { detail: "x".to_owned() },
    ];
    // A new variant stops the compiler here: add it above.
    for problem in &all {
        match problem {
            Problem::Malformed { .. }
            | Problem::IdempotencyKeyMissing
            | Problem::Unauthorized
            | Problem::Lapsed(_)
            | Problem::Forbidden(_)
            | Problem::OperatorOnly
            | Problem::NotFound
            | Problem::MethodNotAllowed
            | Problem::LinkOver
            | Problem::Conflict { .. }
            | Problem::BodyTooLarge { .. }
            | Problem::Invalid(_)
            | Problem::IdempotencyKeyReused
            | Problem::Internal
            | Problem::Unavailable
            | Problem::NotNow { .. } => {}
        }
    }
    all
}

#[test]
fn every_problem_stands_in_the_table_with_its_status() {
    let document = openapi();
    let told: BTreeSet<(String, String)> = text(&document["info"]["description"])
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let slug = cells.get(1)?.strip_prefix('`')?.strip_suffix('`')?;
            Some((slug.to_owned(), (*cells.get(2)?).to_owned()))
        })
        .collect();
    let answered: BTreeSet<(String, String)> = every_problem()
        .iter()
        .map(|problem| (problem.slug().to_owned(), problem.status().to_string()))
        .collect();
    assert_eq!(told, answered);
    let types = &document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"];
    let types: BTreeSet<String> = array(types).iter().map(|known| text(known).to_owned()).collect();
    let known = answered.iter().map(|(slug, _)| format!("{TYPE_BASE}{slug}")).collect();
    assert_eq!(types, known);
}

#[test]
fn every_problem_is_answered_in_the_documented_shape() {
    let document = openapi();
    let schema = &document["components"]["schemas"]["Problem"];
    for problem in every_problem() {
        let response = serde_json::to_value(problem.response("request-1")).unwrap();
        let body: Value = serde_json::from_str(text(&response["body"])).unwrap();
        assert_eq!(faults(&document, schema, &body), [""; 0], "{body}");
        assert_eq!(body["status"], response["statusCode"], "{body}");
    }
}
