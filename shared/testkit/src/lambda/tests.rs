//! The function under test is this test binary itself, started again as a process that polls.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::raw_http::ask;

/// Tells the test below that it is the function's process, and how to behave.
const BEHAVIOUR: &str = "TESTKIT_FUNCTION";
const API: &str = "AWS_LAMBDA_RUNTIME_API";

/// A script that starts this binary as a function, since a function has no arguments.
fn script() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("quita-function-{}", fastrand::u64(..)));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("function");
    let this = std::env::current_exe().unwrap();
    let test = "lambda::tests::a_process_that_polls";
    let text = format!("#!/bin/sh\nexec '{}' --exact {test} --nocapture\n", this.display());
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn function(behaviour: &str) -> LambdaFunction {
    let mut config = FunctionConfig::new("sample", script());
    config.timeout = Duration::from_secs(10);
    config.environment.insert(BEHAVIOUR.to_owned(), behaviour.to_owned());
    LambdaFunction::new(config)
}

/// Not a test but where a function's process begins; as a test it has nothing to do.
#[test]
fn a_process_that_polls() {
    let Ok(behaviour) = std::env::var(BEHAVIOUR) else { return };
    let api = std::env::var(API).unwrap();
    let runtime = "/2018-06-01/runtime";
    match behaviour.as_str() {
        "cannot start" => {
            let body = r#"{"errorType":"NoTable","errorMessage":"QUITA_TABLE is missing"}"#;
            ask(&api, "POST", &format!("{runtime}/init/error"), &[], body);
            std::process::exit(1);
        }
        "dies at once" => std::process::exit(3),
        _ => {}
    }
    loop {
        let next = ask(&api, "GET", &format!("{runtime}/invocation/next"), &[], "");
        let id = next.header("lambda-runtime-aws-request-id").unwrap();
        let event: Value = serde_json::from_str(&next.body).unwrap();
        let (end, body) = match event["do"].as_str().unwrap() {
            "die" => std::process::exit(9),
            "hang" => {
                std::thread::sleep(Duration::from_secs(60));
                continue;
            }
            "fail" => ("error", json!({ "errorType": "Unknown", "errorMessage": "no bank" })),
            "tell" => {
                let name = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap();
                let arn = next.header("lambda-runtime-invoked-function-arn").unwrap();
                let inherited = std::env::var("CARGO_MANIFEST_DIR").is_ok();
                let process = std::process::id();
                let told = json!({ "name": name, "arn": arn, "inherited": inherited });
                ("response", json!({ "told": told, "process": process }))
            }
            _ => ("response", event),
        };
        let path = format!("{runtime}/invocation/{id}/{end}");
        assert_eq!(ask(&api, "POST", &path, &[], &body.to_string()).status, 202);
        assert_eq!(ask(&api, "POST", &path, &[], "{}").status, 400, "an answer counts once");
    }
}

fn asked(what: &str) -> Value {
    json!({ "do": what })
}

#[tokio::test]
async fn a_warm_process_is_used_again_and_told_what_lambda_tells() {
    let function = function("");
    assert_eq!(function.figures(), [], "nothing runs before it is needed");
    let first = function.invoke(&asked("tell")).await.unwrap();
    let again = function.invoke(&asked("tell")).await.unwrap();
    assert_eq!(first, again, "the same process");
    assert_eq!(first["told"]["name"], "sample");
    assert_eq!(first["told"]["inherited"], false, "nothing is inherited");
    let arn = first["told"]["arn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:lambda:sa-east-1:") && arn.ends_with(":sample"), "{arn}");
    let [figures] = function.figures().try_into().unwrap();
    assert!(figures.init > Duration::ZERO && figures.first.is_some());
    assert_eq!(figures.warm.len(), 1);
    assert!(figures.peak_memory_bytes > 0);
}

#[tokio::test]
async fn invoked_together_they_run_together() {
    let function = function("");
    let (event, other) = (asked("tell"), asked("tell"));
    let (one, two) = tokio::join!(function.invoke(&event), function.invoke(&other));
    assert_ne!(one.unwrap()["process"], two.unwrap()["process"]);
}

#[tokio::test]
async fn a_failure_is_told_and_the_process_stays() {
    let function = function("");
    let failed = function.invoke(&asked("fail")).await.unwrap_err();
    let InvokeError::Function(error) = failed else { panic!("{failed}") };
    assert_eq!((error.error_type.as_str(), error.error_message.as_str()), ("Unknown", "no bank"));
    assert_eq!(function.invoke(&asked("echo")).await.unwrap(), asked("echo"));
    assert_eq!(function.figures().len(), 1);
}

#[tokio::test]
async fn a_process_that_died_or_hung_is_replaced() {
    let mut config = function("").config().clone();
    config.timeout = Duration::from_millis(700);
    let function = LambdaFunction::new(config);
    for (deed, started) in [("die", 1), ("hang", 2)] {
        let lost = function.invoke(&asked(deed)).await.unwrap_err();
        assert!(matches!(lost, InvokeError::Died { .. } | InvokeError::TimedOut), "{lost}");
        assert_eq!(function.figures().len(), started);
    }
    assert_eq!(function.invoke(&asked("echo")).await.unwrap(), asked("echo"));
}

#[tokio::test]
async fn a_function_that_cannot_start_says_why_and_is_tried_again() {
    let unable = function("cannot start");
    for _ in 0..2 {
        let error = unable.invoke(&asked("echo")).await.unwrap_err();
        assert!(matches!(&error, InvokeError::Init(why) if why.error_type == "NoTable"), "{error}");
    }
    let error = function("dies at once").start().await.unwrap_err();
    assert!(matches!(&error, InvokeError::Died { how, .. } if how.contains('3')), "{error}");
    let missing = FunctionConfig::new("missing", PathBuf::from("/no/such/binary"));
    let error = LambdaFunction::new(missing).start().await.unwrap_err();
    assert!(matches!(error, InvokeError::Spawn(_)), "{error}");
}

#[tokio::test]
async fn no_process_outlives_its_function() {
    let function = function("");
    let process = function.invoke(&asked("tell")).await.unwrap()["process"].as_u64().unwrap();
    let runs = || {
        let status = std::fs::read_to_string(format!("/proc/{process}/status"));
        status.is_ok_and(|status| !status.contains("State:\tZ"))
    };
    assert!(runs());
    drop(function);
    for _ in 0..100 {
        if !runs() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("process {process} is still there");
}

#[test]
fn it_serves_a_thread_whose_runtime_has_no_sockets() {
    let function = function("");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = runtime.block_on(function.invoke(&asked("echo"))).unwrap();
    assert_eq!(answer, asked("echo"));
}

#[tokio::test]
async fn more_than_lambda_takes_is_refused_before_it_is_sent() {
    let function = function("");
    let long = "x".repeat(super::function::PAYLOAD_BYTES_MAX);
    let error = function.invoke(&json!({ "do": long })).await.unwrap_err();
    assert!(matches!(error, InvokeError::TooLarge(_)), "{error}");
    assert_eq!(function.figures(), []);
}
