//! Fears about who gets in: a route without the authorizer, a bank's callback without its
//! certificate, a stack that answers at a second address nobody looks at.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::resources;
use crate::files::{array, openapi, template, text};
use crate::openapi::operations;

/// What a condition chooses: `!If [name, yes, no]`.
fn choice(name: &str, yes: Value, no: Value) -> Value {
    json!({ "Fn::If": [name, yes, no] })
}

fn reference(name: &str) -> Value {
    json!({ "Ref": name })
}

/// Routes that the description leaves open to anybody.
fn documented_as_open() -> BTreeSet<String> {
    let open = |(_, _, operation): &(String, String, Value)| {
        operation["security"].as_array().is_some_and(Vec::is_empty)
    };
    let operations = operations(&openapi()).into_iter().filter(open);
    operations.map(|(path, method, _)| format!("{} {path}", method.to_uppercase())).collect()
}

#[test]
fn a_route_is_let_through_without_asking_who_calls() {
    let open = documented_as_open();
    let mut guarded = 0;
    for (name, route) in resources(&template(), "AWS::ApiGatewayV2::Route") {
        let properties = &route["Properties"];
        let key = text(&properties["RouteKey"]);
        let is_guarded = key.contains(" /v1/");
        assert_eq!(open.contains(key), !is_guarded, "{key} is described otherwise");
        if is_guarded {
            assert_eq!(properties["AuthorizationType"], "CUSTOM", "{name}");
            assert_eq!(properties["AuthorizerId"], reference("Authorizer"), "{name}");
            guarded += 1;
        } else {
            assert!(properties.get("AuthorizationType").is_none(), "{name} asks who calls");
            assert!(properties.get("AuthorizerId").is_none(), "{name} asks who calls");
        }
    }
    assert!(guarded > 0, "nothing asks who calls");
}

#[test]
fn the_authorizer_answers_for_another_header_or_for_too_long() {
    let authorizers = resources(&template(), "AWS::ApiGatewayV2::Authorizer");
    let [(name, authorizer)] = authorizers.iter().collect::<Vec<_>>()[..] else {
        panic!("one authorizer is expected")
    };
    assert_eq!(name, "Authorizer");
    let properties = &authorizer["Properties"];
    assert_eq!(properties["ApiId"], reference("HttpApi"));
    assert_eq!(properties["AuthorizerType"], "REQUEST");
    assert_eq!(properties["AuthorizerPayloadFormatVersion"], "2.0");
    assert_eq!(properties["EnableSimpleResponses"], true);
    assert_eq!(properties["IdentitySource"], json!(["$request.header.Authorization"]));
    assert_eq!(properties["AuthorizerResultTtlInSeconds"], 60);
    let function = text(&properties["AuthorizerUri"]["Fn::Sub"]);
    assert!(function.contains("functions/${Authorize.Arn}/invocations"), "{function}");
}

#[test]
fn a_callback_gets_round_the_banks_certificate() {
    let template = template();
    let api = choice("HasCallbackDomain", reference("CallbackApi"), reference("HttpApi"));
    let mut callbacks = 0;
    for (name, route) in resources(&template, "AWS::ApiGatewayV2::Route") {
        let properties = &route["Properties"];
        let is_callback = text(&properties["RouteKey"]).contains(" /pix/");
        callbacks += usize::from(is_callback);
        let expected = if is_callback { api.clone() } else { reference("HttpApi") };
        assert_eq!(properties["ApiId"], expected, "{name}");
    }
    assert!(callbacks > 0);
    let integration = &template["Resources"]["PaymentWebhookIntegration"]["Properties"];
    assert_eq!(integration["ApiId"], api);
    let source = &template["Resources"]["PaymentWebhookPermission"]["Properties"]["SourceArn"];
    assert_eq!(source["Fn::Sub"][1]["Api"], api);
    let own = &template["Resources"]["CallbackApi"];
    assert_eq!(own["Condition"], "HasCallbackDomain");
    assert_eq!(own["Properties"]["DisableExecuteApiEndpoint"], true);
}

#[test]
fn the_banks_domain_takes_anybodys_certificate() {
    let template = template();
    let domain = &template["Resources"]["CallbackDomain"];
    assert_eq!(domain["Condition"], "HasCallbackDomain");
    let mutual = &domain["Properties"]["MutualTlsAuthentication"];
    assert_eq!(mutual["TruststoreUri"], reference("TruststoreUri"));
    let version =
        choice("HasTruststoreVersion", reference("TruststoreVersion"), reference("AWS::NoValue"));
    assert_eq!(mutual["TruststoreVersion"], version);
    let [configuration] = array(&domain["Properties"]["DomainNameConfigurations"]) else {
        panic!("one configuration")
    };
    assert_eq!(configuration["SecurityPolicy"], "TLS_1_2");
    let proof = choice(
        "HasOwnershipCertificate",
        reference("OwnershipCertificateArn"),
        reference("AWS::NoValue"),
    );
    assert_eq!(configuration["OwnershipVerificationCertificateArn"], proof);
    let mapping = &template["Resources"]["CallbackDomainMapping"]["Properties"];
    assert_eq!(mapping["ApiId"], reference("CallbackApi"));
    assert_eq!(mapping["DomainName"], reference("CallbackDomain"));
}

#[test]
fn the_api_answers_at_an_address_beside_its_domain() {
    let template = template();
    let api = &template["Resources"]["HttpApi"]["Properties"];
    assert_eq!(api["DisableExecuteApiEndpoint"], choice("HasDomain", json!(true), json!(false)));
    for (name, stage) in resources(&template, "AWS::ApiGatewayV2::Stage") {
        let properties = &stage["Properties"];
        let limits = &properties["DefaultRouteSettings"];
        assert_eq!(limits["ThrottlingRateLimit"], reference("ApiRateLimit"), "{name}");
        assert_eq!(limits["ThrottlingBurstLimit"], reference("ApiBurstLimit"), "{name}");
        let log = &properties["AccessLogSettings"];
        assert_eq!(log["DestinationArn"], json!({ "Fn::GetAtt": "HttpLogs.Arn" }), "{name}");
        // Paths hold the tokens of pay pages and callbacks.
        assert!(!text(&log["Format"]).contains("$context.path"), "{name} logs paths");
    }
}
