use std::collections::BTreeSet;

use super::*;

#[test]
fn the_local_routes_are_the_deployed_routes() {
    let template = include_str!("../../../../template.yaml");
    let deployed: BTreeSet<&str> =
        template.lines().filter_map(|line| line.trim().strip_prefix("RouteKey: ")).collect();
    let local: BTreeSet<String> =
        HTTP_ROUTES.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    assert_eq!(local.iter().map(String::as_str).collect::<BTreeSet<_>>(), deployed);
}

#[test]
fn a_call_reaches_the_function_of_its_method_and_path() {
    #[track_caller]
    fn check(method: &str, path: &str, expected: Option<Function>) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let found = match route(&method, path) {
            Routed::To { function, .. } => Some(function),
            Routed::OtherMethod | Routed::Nowhere => None,
        };
        assert_eq!(found.as_deref(), expected.map(Function::name), "{method} {path}");
    }
    check("POST", "/v1/invoices", Some(Function::CreateInvoice));
    check("GET", "/v1/invoices", Some(Function::ReceivablesApi));
    check("GET", "/v1/invoices/inv_1/instalments/2/qr.png", Some(Function::ReceivablesApi));
    check("GET", "/p/t.o.k", Some(Function::Portal));
    check("POST", "/pix/hook", Some(Function::PaymentWebhook));
    check("POST", "/pix/hook/pix", Some(Function::PaymentWebhook));
    check("GET", "/pix/hook", None);
    check("GET", "/v1/invoices/", None);
    check("GET", "/v1/customers/", None);
    check("DELETE", "/v1/invoices", None);
    check("GET", "/", None);
}

#[test]
fn a_wrong_method_is_told_from_a_wrong_path() {
    assert_eq!(route(&Method::DELETE, "/v1/invoices"), Routed::OtherMethod);
    assert_eq!(route(&Method::GET, "/v2/invoices"), Routed::Nowhere);
}

#[test]
fn parameters_carry_their_names() {
    let Routed::To { route_key, parameters, .. } =
        route(&Method::GET, "/v1/invoices/inv_1/instalments/2/qr.svg")
    else {
        panic!("no route")
    };
    assert_eq!(route_key, "GET /v1/invoices/{invoice_id}/instalments/{number}/qr.svg");
    assert_eq!(parameters["invoice_id"], "inv_1");
    assert_eq!(parameters["number"], "2");
}
