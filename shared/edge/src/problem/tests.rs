use aws_lambda_events::encodings::Body;
use quita_core::violation::Violation;

use super::*;

/// One of each, so that a new one is seen here.
fn all() -> Vec<Problem> {
    vec![
        Problem::Malformed { detail: "at `amount`: expected a string".into() },
        Problem::IdempotencyKeyMissing,
        Problem::Unauthorized,
        Problem::NotFound,
        Problem::MethodNotAllowed,
        Problem::Conflict { detail: "the invoice is already paid".into() },
        Problem::BodyTooLarge { bytes_max: 65_536 },
        Problem::Invalid(vec![Violation::new("instalments[0].amount", "use 0.01 or more")]),
        Problem::IdempotencyKeyReused,
        Problem::Internal,
        Problem::Unavailable,
    ]
}

#[test]
fn the_contract_of_problems_does_not_change_unseen() {
    let shown: Vec<String> = all()
        .iter()
        .map(|problem| {
            let response = problem.response("req-1");
            let Some(Body::Text(body)) = response.body else { panic!("no body") };
            format!("{} {body}", response.status_code)
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn no_cause_leaves_with_an_error_of_ours() {
    let secret = Unknown::new("asking the bank", "client_secret=hunter2");
    let Some(Body::Text(body)) = Problem::from(secret).response("req-1").body else {
        panic!("no body");
    };
    assert!(!body.contains("hunter2") && !body.contains("bank"), "{body}");
}
